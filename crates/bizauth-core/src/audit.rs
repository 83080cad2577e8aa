//! The audit log's chain: every entry's digest covers the entry and the digest before it.
//!
//! Whoever alters, removes or inserts an entry changes every digest after it. Whoever can rewrite all of them is caught
//! by a head that was noted elsewhere: the last sequence number with its digest.

use sha2::{Digest as _, Sha256};

use crate::secret::Digest;
use crate::time::Time;

/// One entry, as it goes into the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place: 1, 2, 3, … without a gap.
    pub seq: i64,
    /// When.
    pub at: Time,
    /// What kind of actor: `account`, `unproved`, `operator_key`, `command_line`, `server`.
    pub actor_kind: String,
    /// Which account or operator key.
    pub actor_id: Option<i64>,
    /// Its name at that time, such as an e-mail address.
    pub actor: String,
    /// The address it came from.
    pub address: Option<String>,
    /// What was done, `noun.verb`.
    pub act: String,
    /// What kind of thing it was done to.
    pub on_kind: String,
    /// Which one.
    pub on_id: String,
    /// More about it, a JSON object.
    pub about: String,
    /// What was different before, a JSON object.
    pub before: String,
    /// What is different now, a JSON object.
    pub after: String,
}

impl Entry {
    /// The entry's digest behind `previous`, which only the very first entry lacks.
    pub fn chain(&self, previous: Option<Digest>) -> Digest {
        let mut hash = Sha256::new();
        hash.update(b"bizauth audit 1");
        hash.update(previous.map_or([0; 32], |digest| digest.0));
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at.millis().to_be_bytes());
        hash.update(self.actor_id.map_or([0xff; 8], i64::to_be_bytes));
        let address = self.address.as_deref();
        let texts = [&self.actor_kind, &self.actor, &self.act, &self.on_kind, &self.on_id];
        let facts = [&self.about, &self.before, &self.after];
        for text in texts.into_iter().chain(facts) {
            // With its length in front no text can be moved from one field to the next.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update(address.map_or([0xff; 8], |text| (text.len() as u64).to_be_bytes()));
        hash.update(address.unwrap_or_default());
        Digest(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            seq: 2,
            at: Time::from_millis(5),
            actor_kind: "account".to_owned(),
            actor_id: Some(7),
            actor: "a@example.com".to_owned(),
            address: Some("192.0.2.1".to_owned()),
            act: "app.rename".to_owned(),
            on_kind: "app".to_owned(),
            on_id: "9".to_owned(),
            about: "{}".to_owned(),
            before: r#"{"name":"A"}"#.to_owned(),
            after: r#"{"name":"B"}"#.to_owned(),
        }
    }

    #[test]
    fn every_field_and_the_entry_before_change_the_digest() {
        let changes: [fn(&mut Entry); 14] = [
            |it| it.seq = 3,
            |it| it.at = Time::from_millis(6),
            |it| it.actor_kind = "server".to_owned(),
            |it| it.actor_id = None,
            |it| it.actor_id = Some(8),
            |it| it.actor = "b@example.com".to_owned(),
            |it| it.address = None,
            |it| it.address = Some(String::new()),
            |it| it.act = "app.delete".to_owned(),
            |it| it.on_kind = "key".to_owned(),
            |it| it.on_id = "8".to_owned(),
            |it| it.about = r#"{"x":1}"#.to_owned(),
            |it| it.before = "{}".to_owned(),
            |it| std::mem::swap(&mut it.before, &mut it.after),
        ];
        let first = Digest::of(b"first");
        let mut seen = vec![entry().chain(Some(first)), entry().chain(None), entry().chain(Some(Digest::of(b"other")))];
        for change in changes {
            let mut altered = entry();
            change(&mut altered);
            seen.push(altered.chain(Some(first)));
        }
        for (at, digest) in seen.iter().enumerate() {
            assert!(!seen[..at].contains(digest), "{at}");
        }
        assert!(entry().chain(Some(first)) == seen[0], "and it is the same each time");
    }

    #[test]
    fn a_text_cannot_move_to_its_neighbour() {
        let (mut a, mut b) = (entry(), entry());
        (a.on_kind, a.on_id) = ("app1".to_owned(), "2".to_owned());
        (b.on_kind, b.on_id) = ("app".to_owned(), "12".to_owned());
        assert!(a.chain(None) != b.chain(None));
    }
}
