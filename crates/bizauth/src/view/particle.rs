//! Korean particles: which of 은/는, 이/가, 을/를, 과/와, 으로/로 … follows a word.
//!
//! The choice hangs on how the word *sounds* at its end, so Hangul is read from the code point, digits by their
//! Sino-Korean names, Latin letters by the usual transcription of English words. Where nothing can be known both
//! forms are written, as Korean print does: `은(는)`.

/// How a word ends, to the ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Vowel,
    /// A final ㄹ, which 으로/로 treats like a vowel.
    Rieul,
    Consonant,
    Unknown,
}

/// Chooses from a pair like `은/는` (after a consonant / after a vowel) the particle that follows `word`.
///
/// A trailing parenthesis is not heard: in `달빛상점(본점)` the particle follows `달빛상점`.
pub fn choose(word: &str, pair: &str) -> String {
    let Some((consonant, vowel)) = pair.split_once('/') else { return pair.to_owned() };
    match ending(word) {
        Ending::Vowel => vowel.to_owned(),
        Ending::Rieul if consonant == format!("으{vowel}") => vowel.to_owned(),
        Ending::Rieul | Ending::Consonant => consonant.to_owned(),
        Ending::Unknown if consonant == format!("으{vowel}") => format!("(으){vowel}"),
        Ending::Unknown => format!("{consonant}({vowel})"),
    }
}

fn ending(word: &str) -> Ending {
    let heard = heard(word);
    let Some(last) = heard.chars().last() else { return Ending::Unknown };
    match last {
        '가'..='힣' => match (last as u32 - '가' as u32) % 28 {
            0 => Ending::Vowel,
            8 => Ending::Rieul,
            _ => Ending::Consonant,
        },
        // 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구; a final zero is read 십, 백, 천, 만 …, consonants all.
        '1' | '7' | '8' => Ending::Rieul,
        '0' | '3' | '6' => Ending::Consonant,
        '2' | '4' | '5' | '9' => Ending::Vowel,
        '+' => Ending::Vowel,
        '%' => Ending::Vowel,
        _ if last.is_ascii_alphabetic() => latin(heard),
        _ => Ending::Unknown,
    }
}

/// The word without what is not read aloud at its end: spaces, quotes, full stops, and a closing parenthesis with
/// what it holds, unless nothing stands before it.
fn heard(word: &str) -> &str {
    let silent = |c: char| !c.is_alphanumeric() && !matches!(c, ')' | '）' | ']' | '+' | '%');
    let word = word.trim_end_matches(silent);
    for (open, close) in [('(', ')'), ('（', '）'), ('[', ']')] {
        let Some(inner) = word.strip_suffix(close) else { continue };
        return match inner.rfind(open) {
            Some(at) if inner[..at].chars().any(char::is_alphanumeric) => heard(&inner[..at]),
            Some(at) => heard(&inner[at + open.len_utf8()..]),
            None => heard(inner),
        };
    }
    word
}

/// The last Latin word: spelt out when it is an abbreviation, else as English words are transcribed into Hangul.
fn latin(text: &str) -> Ending {
    let start = text.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    // A non-ASCII separator is longer than a byte, so step to the next boundary.
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let word = &text[start..];
    let lower = word.to_ascii_lowercase();
    let letters = lower.as_bytes();
    let last = letters[letters.len() - 1];
    let vowel = |letter: u8| b"aeiou".contains(&letter);
    // Spelt letter by letter: 엘, 알 end in ㄹ, 엠, 엔 in another consonant, all other letter names in a vowel.
    let spelt = letters.len() == 1 || !letters.iter().any(|letter| vowel(*letter) || *letter == b'y');
    if spelt || (word.len() <= 4 && word.bytes().all(|letter| letter.is_ascii_uppercase())) {
        return match last {
            b'l' | b'r' => Ending::Rieul,
            b'm' | b'n' => Ending::Consonant,
            _ => Ending::Vowel,
        };
    }
    let before = letters[letters.len() - 2];
    let lone_vowel = vowel(before) && (letters.len() < 3 || !vowel(letters[letters.len() - 3]));
    match last {
        b'l' => Ending::Rieul,
        b'm' | b'n' => Ending::Consonant,
        b'g' if before == b'n' => Ending::Consonant,
        b'e' if before == b'l' => Ending::Rieul,
        b'e' if matches!(before, b'm' | b'n') => Ending::Consonant,
        b'k' if before == b'c' || vowel(before) => Ending::Consonant,
        b'c' | b'b' if vowel(before) => Ending::Consonant,
        b'p' if vowel(before) || before == b'p' => Ending::Consonant,
        b't' if lone_vowel => Ending::Consonant,
        _ => Ending::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_particle_follows_the_sound() {
        let table = [
            ("달빛상점", "은/는", "은"),
            ("카카오", "은/는", "는"),
            ("리포트 스튜디오", "이/가", "가"),
            ("광고도우미", "을/를", "를"),
            ("광고계정", "을/를", "을"),
            ("서울", "으로/로", "로"),
            ("부산", "으로/로", "으로"),
            ("제주", "으로/로", "로"),
            ("서울", "과/와", "과"),
            ("한빛", "이라는/라는", "이라는"),
            // What stands in parentheses is not heard, unless it is all there is.
            ("달빛상점(강남)", "이/가", "이"),
            ("카카오 (테스트)", "은/는", "는"),
            ("(주)리포트웍스", "이/가", "가"),
            ("(주)", "이/가", "가"),
            ("‘달빛’", "을/를", "을"),
            ("카카오.", "은/는", "는"),
            ("리포트［베타］", "은/는", "는"),
            // Digits by their Sino-Korean names.
            ("상점 1", "으로/로", "로"),
            ("상점 3", "으로/로", "으로"),
            ("상점 10", "이/가", "이"),
            ("상점 2", "이/가", "가"),
            ("상점 7", "은/는", "은"),
            // English words as they are transcribed.
            ("Report Studio", "이/가", "가"),
            ("Google", "은/는", "은"),
            ("Google", "으로/로", "로"),
            ("Adwin", "이/가", "이"),
            ("AdMarket", "이/가", "이"),
            ("BookShop", "을/를", "을"),
            ("Report", "은/는", "는"),
            ("Ads", "은/는", "는"),
            ("Marketing", "은/는", "은"),
            ("Line", "이/가", "이"),
            ("Store", "이/가", "가"),
            ("Meet", "이/가", "가"),
            // Abbreviations letter by letter.
            ("KPI", "은/는", "는"),
            ("URL", "은/는", "은"),
            ("CRM", "으로/로", "으로"),
            ("SQL", "으로/로", "로"),
            ("광고 B", "은/는", "는"),
            ("Disney+", "은/는", "는"),
            // Nothing to hear.
            ("", "은/는", "은(는)"),
            ("東京", "으로/로", "(으)로"),
            ("🚀", "이/가", "이(가)"),
            ("카카오", "까지", "까지"),
        ];
        for (word, pair, particle) in table {
            assert_eq!(choose(word, pair), particle, "{word} + {pair}");
        }
    }
}
