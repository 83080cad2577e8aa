//! What tells several platforms apart. A name becomes that of a file, so it is a plain word.

use std::fmt;
use std::str::FromStr;

/// The name of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Default for Name {
    fn default() -> Self {
        Name("default".to_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match text.len() {
            1..=64 if text.bytes().all(plain) => Ok(Name(text.to_owned())),
            _ => Err("a name is 1 to 64 letters, digits, - and _"),
        }
    }
}

impl Name {
    /// What leads other commands to this platform.
    pub(super) fn flag(&self) -> String {
        if *self == Name::default() { String::new() } else { format!(" --name {self}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for (text, good) in
            [("ci-1_A", true), ("", false), ("a/b", false), ("..", false), ("a.json", false), (&"a".repeat(65), false)]
        {
            assert_eq!(text.parse::<Name>().is_ok(), good, "{text}");
        }
        assert_eq!((Name::default().flag(), Name("a".into()).flag()), (String::new(), " --name a".to_owned()));
    }
}
