//! A call as a line for a shell: what can be pasted into a terminal does what was done here, and says no secret.

use super::call::{Call, Word};

/// A continued line of a command.
const NEXT: &str = " \\\n  ";

/// The command that makes `call` at `origin`.
pub fn line(call: &Call, origin: &str) -> String {
    let mut line = format!("curl -X {} {}", call.method, quote(&format!("{origin}{}", call.target())));
    for (name, value) in &call.headers {
        line.push_str(NEXT);
        line.push_str("-H ");
        line.push_str(&pair(&format!("{name}: "), value));
    }
    for (name, value) in &call.body {
        line.push_str(NEXT);
        line.push_str("--data-urlencode ");
        line.push_str(&pair(&format!("{name}="), value));
    }
    line
}

/// One argument: `before` and a value. A hidden value stands as a variable of the shell, which double quotes let
/// through; `before` is ours and holds nothing that they would.
fn pair(before: &str, value: &[Word]) -> String {
    if value.iter().all(|word| matches!(word, Word::Plain(_))) {
        return quote(&format!("{before}{}", Word::expose(value)));
    }
    let mut argument = format!("\"{before}");
    for word in value {
        match word {
            Word::Plain(text) => text.chars().for_each(|c| {
                if matches!(c, '"' | '\\' | '$' | '`') {
                    argument.push('\\');
                }
                argument.push(c);
            }),
            Word::Hidden(name, _) => argument.push_str(&format!("${{{name}}}")),
        }
    }
    argument.push('"');
    argument
}

/// `text` as one argument of a POSIX shell, whatever is in it. Nothing within single quotes means anything to a shell
/// but the next single quote.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use axum::http::Method;
    use proptest::prelude::*;

    use super::*;

    /// What a real shell hands to a command.
    fn arguments(line: &str) -> Vec<String> {
        let script = format!("curl() {{ for it do printf '%s\\0' \"$it\"; done; }}\n{line}");
        let out = Command::new("sh").arg("-c").arg(script).env("CLIENT_SECRET", "s'e\"c $x `y`").output().unwrap();
        assert!(out.status.success() && out.stderr.is_empty(), "{line}: {out:?}");
        let text = String::from_utf8(out.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    fn call(target: &str, value: &str) -> Call {
        let mut call = Call::new(Method::POST, target);
        call.header("Authorization", vec![Word::plain(value)]);
        call.field("redirect_uri", Word::plain(value));
        call.field("client_secret", Word::Hidden("CLIENT_SECRET", "never seen".to_owned()));
        call
    }

    #[test]
    fn a_secret_is_a_variable() {
        let line = line(&call("/oauth/business/token", "KakaoAK 0"), "https://a.example");
        assert_eq!(
            line,
            "curl -X POST 'https://a.example/oauth/business/token' \\\n  -H 'Authorization: KakaoAK 0' \\\n  \
             --data-urlencode 'redirect_uri=KakaoAK 0' \\\n  --data-urlencode \"client_secret=${CLIENT_SECRET}\""
        );
        assert_eq!(arguments(&line).last().unwrap(), "client_secret=s'e\"c $x `y`");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_back_what_was_quoted(text in "[^\\x00]{0,60}") {
            let out = Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(&text))).output().unwrap();
            prop_assert_eq!(String::from_utf8(out.stdout).unwrap(), text);
        }

        #[test]
        fn a_shell_takes_the_whole_line_apart_again(value in "[ -~가-힣\n]{0,40}", mixed in "[ -~]{0,20}") {
            let mut call = call("/v1/x?a=%27", &value);
            call.field("mixed", Word::plain(""));
            call.header("X-Mixed", vec![Word::plain(&mixed), Word::Hidden("CLIENT_SECRET", String::new())]);
            let wanted = [
                "-X".to_owned(),
                "POST".to_owned(),
                "https://a.example/v1/x?a=%27".to_owned(),
                "-H".to_owned(),
                format!("Authorization: {value}"),
                "-H".to_owned(),
                format!("X-Mixed: {mixed}s'e\"c $x `y`"),
                "--data-urlencode".to_owned(),
                format!("redirect_uri={value}"),
                "--data-urlencode".to_owned(),
                "client_secret=s'e\"c $x `y`".to_owned(),
                "--data-urlencode".to_owned(),
                "mixed=".to_owned(),
            ];
            prop_assert_eq!(arguments(&line(&call, "https://a.example")), wanted);
        }
    }
}
