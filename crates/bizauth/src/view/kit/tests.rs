//! The kit by itself; how its parts look together is for the eye, on the pages of `sample`.

use std::sync::Arc;

use bizauth_core::time::Time;

use super::{Fields, When};
use crate::view::{Account, Frame, Language, Place, Words};

fn frame(language: Language, here: &str) -> Frame {
    Frame::new(Arc::new(Words::new()), language, here)
}

#[test]
fn a_form_keeps_what_was_typed_and_says_what_was_refused() {
    let mut fields = Fields::typed([("name", "  A "), ("tick", "x"), ("tick", "y")]);
    assert_eq!((fields.value("name"), fields.value("none")), ("  A ", ""));
    assert!(fields.checked("tick", "x") && fields.checked("tick", "y") && !fields.checked("tick", "z"));
    assert!(fields.is_fine() && fields.told("name", false).is_none());
    fields.refuse("name", "first".to_owned());
    fields.refuse("name", "second".to_owned());
    fields.refuse("tick", "third".to_owned());
    assert_eq!((fields.error("name"), fields.error("none"), fields.is_fine()), (Some("first"), None, false));
    assert_eq!(fields.told("name", true).as_deref(), Some("field-name-hint field-name-error"));
    fields.refuse("read", "fourth".to_owned());
    let fields = fields.for_form("rename").called("tick", "Ticks").called("read", "I have read it.");
    let errors: Vec<_> = fields.errors().collect();
    let wanted = [("rename-name", "first"), ("rename-tick", "Ticks: third"), ("rename-read", "I have read it. fourth")];
    assert_eq!(errors, wanted.map(|(id, told)| (id.to_owned(), told.to_owned())));
}

#[test]
fn a_confirmation_is_the_name_itself() {
    let frame = frame(Language::En, "/");
    for (typed, fine) in [("달빛상점", true), (" 달빛상점 ", true), ("달빛", false), ("", false)] {
        let mut fields = Fields::typed([("confirm", typed)]);
        fields.confirm(&frame, "달빛상점");
        assert_eq!(fields.is_fine(), fine, "{typed:?}");
    }
}

#[test]
fn times_are_read_on_the_clock_of_seoul() {
    let (ko, en) = (frame(Language::Ko, "/"), frame(Language::En, "/"));
    // One second before midnight in Seoul, and at midnight.
    let before = When::from(Time::from_millis(1_773_413_999_000));
    let at = When::from(Time::from_millis(1_773_414_000_000));
    assert_eq!(before.datetime(), "2026-03-13T14:59:59Z");
    assert_eq!((before.day(&en), at.day(&en)), ("13 March 2026".to_owned(), "14 March 2026".to_owned()));
    assert_eq!(before.text(&en), "13 March 2026, 23:59 KST");
    assert_eq!(before.exact(&en), "13 March 2026, 23:59:59 KST");
    assert_eq!(at.text(&ko), "2026년 3월 14일 00:00 (한국\u{a0}시간)");
    let end = When::from(Time::from_millis(i64::MAX));
    assert!(!end.text(&en).is_empty(), "the end of time has words too");
}

#[test]
fn one_link_at_the_top_is_the_current_one() {
    let table = [
        (Place::Console, "/console", Some("/console")),
        (Place::Console, "/console/apps/5?q=me", Some("/console")),
        (Place::Me, "/me", Some("/me")),
        (Place::Me, "/me/apps/3", Some("/me")),
        (Place::Me, "/me/account/password", Some("/me/account")),
        (Place::Me, "/menu", None),
        (Place::Operator, "/operator?x", Some("/operator")),
        (Place::Operator, "/operator/apps/7", Some("/operator/apps")),
    ];
    for (place, here, current) in table {
        let account = Some(Account { email: "a@b.example".to_owned(), form_token: "t".to_owned() });
        let frame = Frame { place, account, ..frame(Language::En, here) };
        let links = frame.top();
        let marked: Vec<_> = links.iter().filter(|link| link.current).map(|link| link.href.as_str()).collect();
        assert_eq!(marked, current.into_iter().collect::<Vec<_>>(), "{here}");
        assert!(Frame { account: None, ..frame.clone() }.top().is_empty(), "nobody is there to navigate");
        assert!(Frame { place: Place::Public, ..frame }.top().is_empty(), "nothing leads away from a decision");
    }
}
