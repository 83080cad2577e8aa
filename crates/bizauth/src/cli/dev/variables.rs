//! The variables that tell a client about a platform, and how each reader wants them written.

use serde_json::Value;

use super::running::Running;
use super::trust_stores;
use crate::cli::output::Output;
use crate::cli::refusal::refuse;
use crate::dev::guard::Others;
use crate::dev::snippets::{NO_PROXY, java_options, quoted};

/// A variable and its value.
pub(super) type Variable = (&'static str, String);

/// Which word of the banner is which variable.
const WORDS: [(&str, &str); 11] = [
    ("BIZAUTH_URL", "base_url"),
    ("BIZAUTH_CONTROL_URL", "control_url"),
    ("BIZAUTH_OPERATOR_URL", "operator_url"),
    ("BIZAUTH_CLIENT_ID", "rest_api_key"),
    ("BIZAUTH_CLIENT_SECRET", "client_secret"),
    ("BIZAUTH_REDIRECT_URI", "redirect_uri"),
    ("BIZAUTH_AUTHORIZE_URL", "authorize_url"),
    ("BIZAUTH_ADMIN_KEY", "admin_key"),
    ("BIZAUTH_JAVASCRIPT_KEY", "javascript_key"),
    ("BIZAUTH_NATIVE_APP_KEY", "native_app_key"),
    ("BIZAUTH_TOKEN", "token"),
];

/// What a proxy of the caller's own would be named by: beside ours it would lead past us.
pub(super) const OTHER_PROXIES: [&str; 2] = ["ALL_PROXY", "all_proxy"];

/// Those that a banner has words for.
pub(super) fn of(banner: &Value) -> Vec<Variable> {
    let word = |(name, key): &(&'static str, &str)| Some((*name, banner[*key].as_str()?.to_owned()));
    WORDS.iter().filter_map(word).collect()
}

/// Those that lead a client with the platform's hosts in it here, and make it believe what it finds.
pub(super) fn intercepting(running: &Running, output: &mut Output) -> anyhow::Result<Vec<Variable>> {
    let (Some(others), Some(certificate)) = (running.proxy, &running.certificate) else {
        return Err(refuse(
            "this platform is no proxy",
            "start it with --proxy, and --ca-dir where there is no home folder",
        ));
    };
    let trusted = match others {
        Others::Refuse => certificate.clone(),
        // Where others are reached, theirs must be believed as well.
        Others::Pass => trust_stores::bundle(certificate)?,
    };
    let (proxy, trusted) = (format!("http://{}", running.address), trusted.display().to_string());
    let mut variables: Vec<Variable> = Vec::new();
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
        variables.push((name, proxy.clone()));
    }
    for name in ["NO_PROXY", "no_proxy"] {
        variables.push((name, NO_PROXY.to_owned()));
    }
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        variables.push((name, trusted.clone()));
    }
    variables.push(("NODE_EXTRA_CA_CERTS", certificate.display().to_string()));
    variables.push(("NODE_USE_ENV_PROXY", "1".to_owned()));
    if let Some(store) = trust_stores::of_java(certificate, output) {
        let host = running.address.ip().to_string();
        let ours = java_options(&store.display().to_string(), Some((&host, running.address.port())));
        let before = std::env::var("JAVA_TOOL_OPTIONS").map(|own| format!("{own} ")).unwrap_or_default();
        variables.push(("JAVA_TOOL_OPTIONS", format!("{before}{ours}")));
    }
    Ok(variables)
}

/// For whom variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// POSIX shells: export NAME='value'
    Sh,
    /// fish: set -gx NAME 'value'
    Fish,
    /// One JSON object
    Json,
    /// A .env file
    Dotenv,
}

impl Format {
    /// The variables, a line each; or one document.
    pub(super) fn render(self, variables: &[Variable]) -> String {
        let lines = |line: &dyn Fn(&Variable) -> String| variables.iter().map(line).collect::<String>();
        match self {
            Format::Sh => lines(&|(name, value)| format!("export {name}={}\n", quoted(value))),
            Format::Fish => lines(&|(name, value)| {
                format!("set -gx {name} '{}'\n", value.replace('\\', r"\\").replace('\'', r"\'"))
            }),
            Format::Dotenv => lines(&|(name, value)| format!("{name}={}\n", dotenv(value))),
            Format::Json => {
                let object: serde_json::Map<String, Value> =
                    variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
                format!("{}\n", Value::Object(object))
            }
        }
    }
}

/// Between single quotes readers of .env files change nothing; what cannot stand there is escaped between double ones.
fn dotenv(value: &str) -> String {
    if !value.contains(['\'', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut text = String::from('"');
    for letter in value.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '"' | '\\' | '$' | '`' => text.extend(['\\', letter]),
            plain => text.push(plain),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_is_a_setting_of_the_server() {
        let settings: Vec<String> = crate::config::arguments()
            .iter()
            .map(|arg| format!("BIZAUTH_{}", arg.get_id().as_str().to_uppercase()))
            .collect();
        assert!(settings.contains(&"BIZAUTH_LISTEN".to_owned()));
        for (name, _) in WORDS {
            assert!(!settings.contains(&name.to_owned()), "{name} would configure `bizauth serve`");
        }
    }

    #[test]
    fn what_a_banner_does_not_say_is_left_out() {
        let banner = serde_json::json!({ "base_url": "http://127.0.0.1:1", "token": null });
        assert_eq!(of(&banner), [("BIZAUTH_URL", "http://127.0.0.1:1".to_owned())]);
    }

    #[test]
    fn any_value_survives_any_format() {
        for value in ["plain", "it's", "a\nb", "$HOME `x` \"q\" \\n", ""] {
            let variables = [("NAME", value.to_owned())];
            let script = format!("{}printf %s \"$NAME\"", Format::Sh.render(&variables));
            let ran = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(ran.stdout).unwrap(), value);
            let read: Value = serde_json::from_str(&Format::Json.render(&variables)).unwrap();
            assert_eq!(read["NAME"], value);
        }
        let write = |format: Format, value: &str| format.render(&[("NAME", value.to_owned())]);
        assert_eq!(write(Format::Fish, r"it's \"), "set -gx NAME 'it\\'s \\\\'\n");
        assert_eq!(write(Format::Dotenv, "a $b"), "NAME='a $b'\n");
        assert_eq!(write(Format::Dotenv, "it's $b\n"), "NAME=\"it's \\$b\\n\"\n");
    }
}
