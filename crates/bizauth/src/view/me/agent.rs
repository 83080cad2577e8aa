//! What a browser says it is, in words: `Chrome on Windows`. A guess for its owner's eye, nothing is decided by it.

use crate::view::Frame;

/// Later ones call themselves earlier ones too, so the order matters.
const BROWSERS: [(&str, &str); 11] = [
    ("KAKAOTALK", "KakaoTalk"),
    ("Whale/", "Whale"),
    ("NAVER(", "NAVER"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The browser and its system, as far as they are known.
pub fn agent(frame: &Frame, told: Option<&str>) -> String {
    let told = told.unwrap_or_default();
    let known =
        |list: &'static [(&str, &str)]| list.iter().find(|(mark, _)| told.contains(mark)).map(|(_, name)| *name);
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => frame.fill2("agent-both", &("browser", browser), &("system", system)),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => frame.say("agent-unknown"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::view::{Language, Words};

    #[test]
    fn a_browser_is_told_in_words() {
        let frame = Frame::new(Arc::new(Words::new()), Language::En, "/");
        for (told, words) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/124.0 Safari/537.36 Edg/124.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 SamsungBrowser/24.0 Chrome/117.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Firefox on Linux"),
            ("curl/8.5.0", "Unknown browser"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(agent(&frame, Some(told)), words);
        }
        assert_eq!(agent(&frame, None), "Unknown browser");
    }
}
