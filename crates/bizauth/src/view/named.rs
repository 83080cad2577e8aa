//! What groups and consent items are called: an operator's own words first, then those that are built in.

use bizauth_core::scope::{Group, Item, Risk, Wording};

use super::words::{Language, Words};

fn own(wording: &Wording, language: Language) -> Option<String> {
    let text = match language {
        Language::Ko => &wording.ko,
        Language::En => &wording.en,
    };
    Some(text.clone()).filter(|text| !text.is_empty())
}

/// The name of an item.
pub fn item_name(words: &Words, language: Language, item: &Item) -> String {
    own(&item.name, language).or_else(|| words.item_name(&item.id.0, language)).unwrap_or_else(|| item.id.0.clone())
}

/// What an item allows.
pub fn item_about(words: &Words, language: Language, item: &Item) -> String {
    own(&item.about, language).or_else(|| words.item_about(&item.id.0, language)).unwrap_or_default()
}

/// Why an item deserves a second look.
pub fn risk_text(words: &Words, language: Language, risk: Risk) -> String {
    let key = match risk {
        Risk::Spends => "risk-spends",
        Risk::Deletes => "risk-deletes",
        Risk::Personal => "risk-personal",
    };
    words.say(language, key)
}

/// The name of a group.
pub fn group_name(words: &Words, language: Language, group: &Group) -> String {
    own(&group.name, language).or_else(|| words.group_name(&group.id.0, language)).unwrap_or_else(|| group.id.0.clone())
}
