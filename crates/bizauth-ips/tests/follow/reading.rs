//! Bad input: refused with position and reason, whatever it is.

use bizauth_ips::document::{self, LARGEST, Unreadable};
use proptest::prelude::*;

use super::desk::SEED;

fn refuses(text: &str, told: &str) {
    let error = document::read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(told), "{error:?} does not say {told:?}");
}

/// The page itself has comments and ellipses in its sample; whoever saves it has no list.
#[test]
fn the_sample_as_it_is_printed_is_refused_at_its_first_ellipsis() {
    refuses(include_str!("as-documented.txt"), "it is not an IP list: expected value at line 17 column 1");
}

#[test]
fn what_is_no_list_is_told_by_place_and_reason() {
    refuses("", "it is empty");
    refuses(" \n\t ", "it is empty");
    refuses("\n<!doctype html><title>Sign in</title>", "it is an HTML or XML page");
    refuses("{\"inbound\": [", "EOF while parsing a list at line 1 column 13");
    refuses("{\"inbound\": [], // none\n", "key must be a string at line 1 column 17");
    refuses("[]", "at line 1 column");
    refuses("null", "invalid type: null");
    let with = |from: &str, to: &str| {
        assert!(SEED.contains(from), "{from}");
        SEED.replacen(from, to, 1)
    };
    for (from, to, told) in [
        ("[\n        443\n      ]", "443", "invalid type: integer `443`, expected a sequence at line"),
        ("443", "\"443\"", "invalid type: string \"443\", expected u16 at line"),
        ("443", "65536", "invalid value: integer `65536`, expected u16 at line"),
        ("443", "-1", "invalid value: integer `-1`, expected u16 at line"),
        ("443", "0", "inbound[0] \"callback\": 0 is not a port"),
        ("\"callback\"", "7", "invalid type: integer `7`, expected a string at line"),
        (
            "2023-06-28",
            "2023-02-30",
            "inbound[0] \"callback\" updatedDate \"2023-02-30\" is not a date written YYYY-MM-DD",
        ),
        ("2023-06-28", "28.06.2023", "\"28.06.2023\" is not a date written YYYY-MM-DD"),
        (
            "2023-06-30",
            "2023-06-30T00:00:00Z",
            "addition.date \"2023-06-30T00:00:00Z\" is not a date written YYYY-MM-DD",
        ),
        ("211.249.203.104/24", "211.249.203.104", "ips[0] \"211.249.203.104\" has no prefix length"),
        ("211.249.203.104/24", "fe80::1%eth0/64", "ips[0] \"fe80::1%eth0/64\" has a zone (%)"),
        ("211.249.203.104/24", "211.249.203.104/64", "ips[0] \"211.249.203.104/64\" has a prefix length above 32"),
        ("211.249.203.104/24", "211.249.203.104:1::/24", "does not begin with an IPv4 or IPv6 address"),
        ("211.249.203.104/24", "...", "ips[0] \"...\" has no prefix length"),
        ("211.249.203.104/24", "211.249.203.104/24\\u0000", "does not end in a plain decimal prefix length"),
        ("\"211.249.203.104/24\"", "null", "invalid type: null, expected a string at line"),
        ("\"inbound\"", "\"inbounds\"", "inbound is missing"),
        ("\"scrap\"", "\"callback\"", "inbound[1] \"callback\": an earlier service of this list has the same name"),
    ] {
        refuses(&with(from, to), told);
    }
}

#[test]
fn a_hundred_megabytes_are_refused_by_their_length() {
    let mut huge = SEED.as_bytes().to_vec();
    huge.resize(100 << 20, b' ');
    assert_eq!(document::read(&huge), Err(Unreadable::TooLong));
    huge.truncate(LARGEST);
    assert!(document::read(&huge).is_ok());
}

/// Nested deeper than any list, so that a reader that recurses would end the process.
#[test]
fn a_tower_of_brackets_is_refused() {
    refuses(&"[".repeat(1 << 20), "at line 1 column");
    refuses(&"{\"inbound\":".repeat(1 << 16), "at line 1 column");
}

proptest! {
    /// The entry for a fuzzer: any bytes, and any bytes put into a list.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..2000_usize, cut in 0..40_usize) {
        let _ = document::read(&bytes);
        let mut list = SEED.as_bytes().to_vec();
        let at = at.min(list.len());
        let end = (at + cut).min(list.len());
        list.splice(at..end, bytes);
        if let Err(error) = document::read(&list) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
