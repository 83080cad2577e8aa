//! The few decodings that everybody needs, byte by byte.

/// `%41` is `A`; a `%` without two hexadecimal digits behind it stands for itself.
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.extend(u8::try_from(16 * high + low));
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// A name or value of a form: `+` is a space, then as [`percent_decoded`]. `None` if that is not UTF-8.
pub fn form_decoded(text: &str) -> Option<String> {
    let spaced: String = text.chars().map(|c| if c == '+' { ' ' } else { c }).collect();
    String::from_utf8(percent_decoded(&spaced)).ok()
}

/// The pairs of a query or of a form, still encoded. Nothing between two `&` is no pair; without `=` the value is empty.
pub fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for piece in text.split('&') {
        match piece.find('=') {
            _ if piece.is_empty() => {}
            Some(at) => pairs.push((&piece[..at], &piece[at + 1..])),
            None => pairs.push((piece, "")),
        }
    }
    pairs
}

/// Whether any of the characters is a control character.
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| (c as u32) < 0x20 || (0x7f..0xa0).contains(&(c as u32)))
}
