//! What people paste so that a client that insists on the platform's hosts reaches `bizauth dev` instead, and believes it.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::hosts::{KAPI, KAUTH};

/// The password of Java's store of trust. It keeps nothing secret: there are only certificates in it.
pub const STORE_PASSWORD: &str = "changeit";

/// Whom a snippet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Topic {
    /// curl
    Curl,
    /// A container under Docker Compose
    Compose,
    /// Python: requests, httpx, aiohttp, urllib
    Python,
    /// Node
    Node,
    /// Java and what else runs on the JVM
    Java,
    /// Whatever honours HTTPS_PROXY
    Proxy,
}

impl Topic {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Topic; 6] = [Topic::Curl, Topic::Compose, Topic::Python, Topic::Node, Topic::Java, Topic::Proxy];

    fn title(self) -> &'static str {
        match self {
            Topic::Curl => "curl",
            Topic::Compose => "Docker Compose",
            Topic::Python => "Python (requests, httpx, aiohttp, urllib)",
            Topic::Node => "Node",
            Topic::Java => "Java",
            Topic::Proxy => "any client that honours HTTPS_PROXY",
        }
    }
}

/// What the snippets are made of.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where `bizauth dev` listens.
    pub listen: SocketAddr,
    /// The authority's certificate.
    pub certificate: PathBuf,
}

/// A word as a POSIX shell reads it back, whatever is in it.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Place {
    /// The snippets for these topics, each under its title.
    pub fn snippets(&self, topics: &[Topic]) -> String {
        let mut text = String::new();
        for (nth, topic) in topics.iter().enumerate() {
            let gap = if nth == 0 { "" } else { "\n" };
            // Writing to a String cannot fail.
            let _ = write!(text, "{gap}# {}\n{}", topic.title(), self.snippet(*topic));
        }
        text
    }

    /// The snippet for one topic: shell, but for compose, which is YAML.
    pub fn snippet(&self, topic: Topic) -> String {
        let (ca, at, port) = (self.path(), self.listen, self.listen.port());
        match topic {
            Topic::Curl => {
                let ip = match at {
                    SocketAddr::V4(at) => at.ip().to_string(),
                    SocketAddr::V6(at) => format!("[{}]", at.ip()),
                };
                format!(
                    "curl --cacert {ca} --resolve {KAUTH}:{port}:{ip} --resolve {KAPI}:{port}:{ip} \\\n  \
                     https://{KAPI}:{port}/v1/business/tokeninfo\n\
                     # with the URL as it stands in the documentation, on port 443:\n\
                     curl --cacert {ca} --connect-to ::{at} https://{KAPI}/v1/business/tokeninfo\n"
                )
            }
            Topic::Compose => self.compose(),
            Topic::Python => format!(
                "export REQUESTS_CA_BUNDLE={ca} SSL_CERT_FILE={ca}\n{}",
                "# and one of: the proxy below; the two hosts in /etc/hosts, with bizauth dev on port 443\n"
            ),
            Topic::Node => format!(
                "export NODE_EXTRA_CA_CERTS={ca}\n{}",
                "# fetch() heeds the proxy below from Node 24 on, with:  export NODE_USE_ENV_PROXY=1\n"
            ),
            Topic::Java => {
                let store = quoted(&self.truststore());
                let (host, port) = (at.ip(), at.port());
                format!(
                    "rm -f {store}\nkeytool -importcert -noprompt -alias bizauth-dev -file {ca} \\\n  \
                     -keystore {store} -storetype PKCS12 -storepass {STORE_PASSWORD}\n\
                     export JAVA_TOOL_OPTIONS={}\n",
                    quoted(&java_options(&self.truststore(), Some((&host.to_string(), port))))
                )
            }
            Topic::Proxy => format!(
                "# bizauth dev --proxy\nexport HTTPS_PROXY=http://{at} HTTP_PROXY=http://{at} NO_PROXY={NO_PROXY}\n\
                 export https_proxy=http://{at} http_proxy=http://{at} no_proxy={NO_PROXY}\n"
            ),
        }
    }

    fn compose(&self) -> String {
        // What YAML reads between double quotes is what JSON does.
        let inside = "/etc/bizauth-dev-ca.pem";
        let mount = serde_json::Value::from(format!("{}:{inside}:ro", self.certificate.display()));
        let beyond = match self.listen.ip().is_loopback() || self.listen.port() != 443 {
            true => {
                "# containers call the hosts on port 443 of this machine: run\n\
                     #   bizauth dev --listen 0.0.0.0:443 --listen-beyond-loopback\n"
            }
            false => "",
        };
        format!(
            "{beyond}services:\n  app:\n    extra_hosts:\n      - \"{KAUTH}:host-gateway\"\n      - \"{KAPI}:host-gateway\"\n    \
             volumes:\n      - {mount}\n    environment:\n      SSL_CERT_FILE: {inside}\n      REQUESTS_CA_BUNDLE: {inside}\n      \
             NODE_EXTRA_CA_CERTS: {inside}\n"
        )
    }

    fn path(&self) -> String {
        quoted(&self.certificate.display().to_string())
    }

    fn truststore(&self) -> String {
        self.certificate.with_file_name(TRUSTSTORE).display().to_string()
    }
}

/// Java's store of trust, beside the certificate.
pub const TRUSTSTORE: &str = "truststore.p12";
/// What no proxy is asked about: this machine.
pub const NO_PROXY: &str = "localhost,127.0.0.1,::1";

/// What a JVM is told: whom to trust, and perhaps through which proxy to go.
pub fn java_options(truststore: &str, proxy: Option<(&str, u16)>) -> String {
    let store = format!("-Djavax.net.ssl.trustStore={truststore}");
    // The JVM splits at blanks, but not within quotes.
    let store = if store.contains(char::is_whitespace) { format!("\"{store}\"") } else { store };
    let mut options = format!("{store} -Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}");
    if let Some((host, port)) = proxy {
        for scheme in ["http", "https"] {
            let _ = write!(options, " -D{scheme}.proxyHost={host} -D{scheme}.proxyPort={port}");
        }
        options.push_str(" -Dhttp.nonProxyHosts=localhost|127.*|[::1]");
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place { listen: "127.0.0.1:8080".parse().unwrap(), certificate: path.into() }
    }

    #[test]
    fn a_path_with_anything_in_it_stays_one_word() {
        for word in ["/a b", "it's", "$HOME `x` \"y\" \\", "", "a\nb"] {
            let ran = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output();
            assert_eq!(String::from_utf8(ran.unwrap().stdout).unwrap(), word);
        }
        let text = place("/o'brien/ca dir/ca.pem").snippets(&Topic::ALL);
        assert!(text.contains(r"--cacert '/o'\''brien/ca dir/ca.pem' --resolve"), "{text}");
        assert!(text.contains(r#"- "/o'brien/ca dir/ca.pem:/etc/bizauth-dev-ca.pem:ro""#), "{text}");
        assert!(text.contains(r#""-Djavax.net.ssl.trustStore=/o'\''brien/ca dir/truststore.p12" -D"#), "{text}");
    }

    #[test]
    fn every_snippet_names_what_its_reader_needs() {
        let place = place("/ca.pem");
        for (topic, words) in [
            (Topic::Curl, &["--resolve kapi.kakao.com:8080:127.0.0.1", "--connect-to ::127.0.0.1:8080"][..]),
            (Topic::Compose, &["kauth.kakao.com:host-gateway", "0.0.0.0:443 --listen-beyond-loopback"]),
            (Topic::Python, &["REQUESTS_CA_BUNDLE='/ca.pem'", "SSL_CERT_FILE='/ca.pem'"]),
            (Topic::Node, &["NODE_EXTRA_CA_CERTS='/ca.pem'"]),
            (Topic::Java, &["keytool -importcert", "-Dhttps.proxyPort=8080", "-keystore '/truststore.p12'"]),
            (Topic::Proxy, &["HTTPS_PROXY=http://127.0.0.1:8080", "NO_PROXY=localhost"]),
        ] {
            let text = place.snippet(topic);
            assert!(words.iter().all(|word| text.contains(word)) && text.ends_with('\n'), "{topic:?}: {text}");
        }
        let open = Place { listen: "0.0.0.0:443".parse().unwrap(), ..place };
        assert!(!open.snippet(Topic::Compose).contains("run"), "it does already");
    }
}
