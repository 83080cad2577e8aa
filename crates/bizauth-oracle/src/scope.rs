//! `scope` and `resource_ids`.

use bizauth_core::asset::Resource;
use bizauth_core::scope::{ItemId, belongs_to, ids, joined};

/// Both readers on the same text.
pub fn scope(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let found = ids(text);
    assert_eq!(found.iter().map(|id| id.0.clone()).collect::<Vec<_>>(), words(text), "{text:?}");
    // Whatever separates them, they are the same items.
    for separator in [",", " ", ", "] {
        assert_eq!(ids(&joined(&found, separator)), found, "{text:?} joined by {separator:?}");
    }
    for id in &found {
        let group = id.0.find('_').map(|at| &id.0[..at]);
        let belongs = group.is_some_and(|group| belongs_to(id, &group.into()));
        assert_eq!(belongs, group.is_some_and(|group| id.0.len() > group.len() + 1), "{id}");
        assert!(!belongs_to(id, &ItemId(format!("{id}x")).0.as_str().into()));
    }
    for text in text.split('\n').chain([text]) {
        let read = Resource::read(text).map(|resource| match resource {
            Resource::All(group) => (group.0, "*".to_owned()),
            Resource::One(group, id) => (group.0, id.0),
        });
        assert_eq!(read, resource(text), "{text:?}");
    }
}

/// The words of a list, each once, in the order of their first.
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word): (Vec<String>, String) = (Vec::new(), String::new());
    for c in text.chars().chain([',']) {
        if !",\t\r\n ".contains(c) {
            word.push(c);
            continue;
        }
        if !word.is_empty() && !words.contains(&word) {
            words.push(word.clone());
        }
        word.clear();
    }
    words
}

/// `group:id` or `group:*`.
pub fn resource(text: &str) -> Option<(String, String)> {
    const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let plain = |part: &str| (1..=64).contains(&part.chars().count()) && part.chars().all(|c| PLAIN.contains(c));
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [group, id] if plain(group) && (id == "*" || plain(id)) => Some((group.to_owned(), id.to_owned())),
        _ => None,
    }
}
