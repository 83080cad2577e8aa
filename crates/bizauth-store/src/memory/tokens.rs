//! Living tokens, as many as the setting allows, in [`BYTES`] each: one that lends many assets takes the room of several.
//!
//! What tokens have in common (their app, and all of their answer but the ids in it) is kept once. Where there is no
//! room the next in turn that was not asked for lately makes it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bizauth_core::id::{AppId, AppUserId, TokenId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_core::token::Token;
use hashbrown::HashTable;

use super::lock;
use crate::db::{Kind, Mark, Watch};

/// More than most machines have cores, so that two that look at once seldom meet.
const SHARDS: usize = 64;
/// Entries that are allocated together: growing must not copy what is there.
const CHUNK: usize = 64;
/// What a token may take, taken over all of them: the setting times this is what they take at most.
const BYTES: usize = 140;
/// What one takes whose ids are short: its entry, its place in the table, and what the table keeps free.
const SHORT: usize = size_of::<Entry>() + 12;
/// What longer ids take beside their own bytes: two allocations, who counts the users, and what the allocator leaves
/// unused between them (measured: `bench hot --only memory`).
const BESIDE: usize = 96;
/// Ids of so many bytes are kept however small the setting is.
const FEW: usize = 1024;
/// As many texts are looked through for ones that no token uses any more.
const SOME: usize = 1024;

/// What tells one text of an answer from another.
pub(crate) const BLANK: char = '\0';

/// A token that was alive when it was read, as far as its callers ask about it. Only time can still end it: whatever else
/// could has been looked at before it is handed out.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The business token ID.
    pub id: TokenId,
    /// The person, as the app knows them.
    pub app_user: AppUserId,
    /// When it was last used, to within [`bizauth_core::token::USE_NOTED_EVERY`].
    pub used_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    frame: Arc<Frame>,
    ids: Ids,
}

/// What many tokens share.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Frame {
    app: AppId,
    daily_quota: Option<i64>,
    text: Box<str>,
}

/// What fills the blanks of a text, ended by [`BLANK`]s; short ones need no memory of their own.
#[derive(Clone, Debug)]
enum Ids {
    Short(u8, [u8; 14]),
    Long(Arc<Box<str>>),
}

impl Ids {
    fn new(text: String) -> Self {
        let mut short = [0; 14];
        match text.len() {
            length @ 0..=14 => {
                short[..length].copy_from_slice(text.as_bytes());
                Ids::Short(length as u8, short)
            }
            _ => Ids::Long(Arc::new(text.into_boxed_str())),
        }
    }

    /// The bytes that it takes beside the entry.
    fn weight(&self) -> usize {
        match self {
            Ids::Short(..) => 0,
            Ids::Long(text) => text.len() + BESIDE,
        }
    }

    fn text(&self) -> &str {
        match self {
            Ids::Short(length, bytes) => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default(),
            Ids::Long(text) => text,
        }
    }
}

impl Seen {
    /// As the records tell it, with what the door says of it: `text` with a [`BLANK`] wherever one of `blanks` belongs.
    pub(crate) fn new(token: &Token, text: String, blanks: &[String]) -> Self {
        let mut ids = String::new();
        for blank in blanks {
            ids.push_str(blank);
            ids.push(BLANK);
        }
        let frame = Frame { app: token.app.id, daily_quota: token.app.daily_quota, text: text.into_boxed_str() };
        Seen {
            id: token.id,
            app_user: token.app_user,
            used_at: token.used_at,
            updated_at: token.updated_at,
            frame: Arc::new(frame),
            ids: Ids::new(ids),
        }
    }

    /// The app it was issued to.
    pub fn app(&self) -> AppId {
        self.frame.app
    }

    /// How many calls that app has a day.
    pub fn daily_quota(&self) -> Option<i64> {
        self.frame.daily_quota
    }

    /// Writes what the door says of the token.
    pub fn write(&self, out: &mut String) {
        let mut ids = self.ids.text().split(BLANK);
        let mut parts = self.frame.text.split(BLANK);
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push_str(ids.next().unwrap_or_default());
            out.push_str(part);
        }
    }
}

/// What was read of a token, and what it was read from.
pub(crate) struct Reading {
    pub(crate) turn: u64,
    pub(crate) digest: Digest,
    pub(crate) consent: i64,
    pub(crate) user: i64,
    pub(crate) key: i64,
}

struct Entry {
    id: i64,
    digest: [u8; 32],
    turn: u64,
    marks: [Mark; 3],
    asked: bool,
    app_user: i64,
    used_at: Time,
    updated_at: Time,
    frame: Arc<Frame>,
    ids: Ids,
}

/// Tokens by their id.
pub(crate) struct Tokens {
    shards: Box<[Mutex<Shard>]>,
    frames: Mutex<HashSet<Arc<Frame>>>,
    /// For each shard.
    most: usize,
}

#[derive(Default)]
struct Shard {
    places: HashTable<u32>,
    chunks: Vec<Vec<Entry>>,
    /// Entries that there are, also free ones.
    count: usize,
    /// Entries of no token.
    free: Vec<u32>,
    /// What all long ids take.
    long: usize,
    hand: usize,
}

impl Shard {
    fn entry(&self, at: u32) -> &Entry {
        &self.chunks[at as usize / CHUNK][at as usize % CHUNK]
    }

    fn entry_mut(&mut self, at: u32) -> &mut Entry {
        &mut self.chunks[at as usize / CHUNK][at as usize % CHUNK]
    }

    fn find(&self, hash: u64, id: i64) -> Option<u32> {
        self.places.find(hash, |at| self.entry(*at).id == id).copied()
    }

    /// Whether so many more bytes are within the bounds.
    fn has_room(&self, more: usize, most: usize) -> bool {
        self.count * SHORT + self.long + more <= most * BYTES
    }

    /// The place of the next token of this kind, of which there must be one, that was not asked for since the hand came by
    /// last. Its token is forgotten.
    fn give_way(&mut self, kind: impl Fn(&Entry) -> bool) -> u32 {
        loop {
            self.hand = (self.hand + 1) % self.count;
            let at = self.hand as u32;
            if !kind(self.entry(at)) || std::mem::replace(&mut self.entry_mut(at).asked, false) {
                continue;
            }
            if self.forget(at) {
                return at;
            }
        }
    }

    /// Takes the token of this place out; false where there is none.
    fn forget(&mut self, at: u32) -> bool {
        // A free entry is in no table.
        let hash = spread(self.entry(at).id);
        let Ok(found) = self.places.find_entry(hash, |place| *place == at) else { return false };
        found.remove();
        self.long -= self.entry(at).ids.weight();
        self.entry_mut(at).ids = Ids::new(String::new());
        true
    }

    fn keep(&mut self, entry: Entry, most: usize) {
        let (hash, weight) = (spread(entry.id), entry.ids.weight());
        if let Some(at) = self.find(hash, entry.id) {
            self.forget(at);
            self.free.push(at);
        }
        // It would take the room of too many.
        if weight > (most * BYTES / 16).max(FEW) {
            return;
        }
        while self.long > 0 && !self.has_room(weight, most) {
            let at = self.give_way(|entry| entry.ids.weight() > 0);
            self.free.push(at);
        }
        self.long += weight;
        let at = match self.free.pop() {
            None if self.count == 0 || (self.count < most && self.has_room(SHORT, most)) => self.push(entry),
            free => {
                let at = free.unwrap_or_else(|| self.give_way(|_| true));
                *self.entry_mut(at) = entry;
                at
            }
        };
        let Shard { places, chunks, .. } = self;
        places.insert_unique(hash, at, |at| spread(chunks[*at as usize / CHUNK][*at as usize % CHUNK].id));
    }

    /// Behind all others.
    fn push(&mut self, entry: Entry) -> u32 {
        if self.count.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(entry);
        }
        self.count += 1;
        (self.count - 1) as u32
    }
}

/// Ids count up: their order must not become the table's.
fn spread(id: i64) -> u64 {
    let mixed = id.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

impl Tokens {
    /// Room for at most so many.
    pub(crate) fn new(most: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Tokens { shards, frames: Mutex::default(), most: most.div_ceil(SHARDS) }
    }

    fn shard(&self, id: i64) -> &Mutex<Shard> {
        &self.shards[(spread(id) >> 40) as usize % SHARDS]
    }

    /// The token with this id and digest, if all that it was read from is as it was.
    pub(crate) fn find(&self, watch: &Watch, id: TokenId, digest: &Digest) -> Option<Seen> {
        let mut shard = lock(self.shard(id.0));
        let at = shard.find(spread(id.0), id.0)?;
        let entry = shard.entry_mut(at);
        let [consent, user, key] = entry.marks;
        let marks = [Mark::of(Kind::Token, id.0), consent, user, key];
        if Digest(entry.digest) != *digest || !watch.stands(entry.turn, &marks) {
            return None;
        }
        entry.asked = true;
        Some(Seen {
            id,
            app_user: AppUserId(entry.app_user),
            used_at: entry.used_at,
            updated_at: entry.updated_at,
            frame: entry.frame.clone(),
            ids: entry.ids.clone(),
        })
    }

    /// Remembers a token that is alive as it was read.
    pub(crate) fn keep(&self, seen: &Seen, from: &Reading) {
        if self.most == 0 {
            return;
        }
        let marks = [Mark::of(Kind::Consent, from.consent), Mark::of(Kind::User, from.user)];
        let entry = Entry {
            id: seen.id.0,
            digest: from.digest.0,
            turn: from.turn,
            marks: [marks[0], marks[1], Mark::of(Kind::KeyState, from.key)],
            asked: false,
            app_user: seen.app_user.0,
            used_at: seen.used_at,
            updated_at: seen.updated_at,
            frame: self.shared(&seen.frame),
            ids: seen.ids.clone(),
        };
        lock(self.shard(seen.id.0)).keep(entry, self.most);
    }

    /// The same frame as all others that say the same.
    fn shared(&self, frame: &Arc<Frame>) -> Arc<Frame> {
        let mut frames = lock(&self.frames);
        if let Some(known) = frames.get(frame) {
            return known.clone();
        }
        if frames.len() % SOME == SOME - 1 {
            // The one here is no use of it.
            frames.retain(|known| Arc::strong_count(known) > 1);
        }
        frames.insert(frame.clone());
        frame.clone()
    }

    /// How many are remembered, and what they take.
    #[cfg(test)]
    fn count(&self) -> (usize, usize) {
        let each = self.shards.iter().map(|shard| {
            let shard = lock(shard);
            (shard.places.len(), shard.count * SHORT + shard.long)
        });
        each.fold((0, 0), |(count, bytes), (more, taken)| (count + more, bytes + taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: i64, text: &str, blanks: &[&str]) -> Seen {
        let ids: String = blanks.iter().map(|blank| format!("{blank}{BLANK}")).collect();
        let frame = Frame { app: AppId(1), daily_quota: None, text: text.into() };
        let time = Time::from_millis(5);
        let (frame, ids) = (Arc::new(frame), Ids::new(ids));
        Seen { id: TokenId(id), app_user: AppUserId(id), used_at: time, updated_at: time, frame, ids }
    }

    fn reading() -> Reading {
        Reading { turn: 1, digest: Digest([7; 32]), consent: 1, user: 2, key: 3 }
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 104, "{}", size_of::<Entry>());
    }

    #[test]
    fn blanks_are_filled_in_their_order() {
        for (text, blanks, written) in [
            ("plain", &[][..], "plain"),
            ("[\0]", &["\"1\""], "[\"1\"]"),
            ("a\0b\0c", &["", "\"a long one\",\"and another\""], "ab\"a long one\",\"and another\"c"),
        ] {
            let mut out = String::new();
            seen(1, text, blanks).write(&mut out);
            assert_eq!(out, written);
        }
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let (watch, tokens) = (Watch::new(), Tokens::new(640));
        watch.alone_again(false);
        let asked = || (0..64).filter_map(|id| tokens.find(&watch, TokenId(id), &Digest([7; 32]))).count();
        for id in 0..64 {
            tokens.keep(&seen(id, "text", &[]), &reading());
        }
        for id in 64..6400 {
            tokens.keep(&seen(id, "text", &[]), &reading());
            if id % 64 == 0 {
                asked();
            }
        }
        assert!(tokens.count().0 <= 640, "{:?}", tokens.count());
        assert!(asked() >= 60, "{}", asked());
        assert_eq!(lock(&tokens.frames).len(), 1, "one text for all");
        assert!(tokens.find(&watch, TokenId(6399), &Digest([8; 32])).is_none(), "another secret");
        watch.not_alone();
        assert_eq!(asked(), 0);
    }

    /// The bound is one of bytes: who lends many assets takes the room of several, and gives it back.
    #[test]
    fn long_ids_take_the_room_of_several() {
        const MOST: usize = 64 * 100;
        let (watch, tokens) = (Watch::new(), Tokens::new(MOST));
        watch.alone_again(false);
        let long = "\"1234567\",".repeat(20);
        let find = |id| tokens.find(&watch, TokenId(id), &Digest([7; 32])).is_some();
        let bound = MOST * BYTES + 64 * FEW;
        for id in 0..30_000 {
            let lent: &[&str] = if id % 3 == 0 { &[&long] } else { &["\"1\""] };
            tokens.keep(&seen(id, "[\0]", lent), &reading());
            assert!(id < 3 || find(id - 1), "the newest is there: {id}");
            if id % 1000 == 0 {
                assert!(tokens.count().1 <= bound, "{:?}", tokens.count());
            }
        }
        let (mixed, _) = tokens.count();
        assert!((MOST / 4..MOST).contains(&mixed), "{mixed}");
        for id in 30_000..60_000 {
            tokens.keep(&seen(id, "[\0]", &[&long]), &reading());
            assert!(find(id), "{id}");
        }
        assert!(tokens.count().1 <= bound, "{:?}", tokens.count());
        for id in 60_000..160_000 {
            tokens.keep(&seen(id, "[\0]", &["\"1\""]), &reading());
        }
        assert_eq!(tokens.shards.iter().map(|shard| lock(shard).long).sum::<usize>(), 0, "the long ones gave way");
        tokens.keep(&seen(1, "[\0]", &["\"1\""]), &reading());
        assert!(find(1));
        tokens.keep(&seen(1, "[\0]", &[&long.repeat(100)]), &reading());
        assert!(!find(1), "it would take the room of too many");
    }

    /// A token that is read anew, and now lends more, is held against the bound like any other.
    #[test]
    fn what_is_kept_again_and_longer_makes_room_too() {
        const MOST: usize = 64 * 100;
        let (watch, tokens) = (Watch::new(), Tokens::new(MOST));
        watch.alone_again(false);
        for id in 0..6000 {
            tokens.keep(&seen(id, "[\0]", &["\"1\""]), &reading());
        }
        let long = "\"1234567\",".repeat(20);
        for id in 0..6000 {
            tokens.keep(&seen(id, "[\0]", &[&long]), &reading());
            let seen = tokens.find(&watch, TokenId(id), &Digest([7; 32])).expect("the newest is there");
            let mut text = String::new();
            seen.write(&mut text);
            assert_eq!(text, format!("[{long}]"));
        }
        let (count, bytes) = tokens.count();
        assert!(bytes <= MOST * BYTES + 64 * FEW, "{count} tokens take {bytes} bytes");
        let all: usize = (0..6000).filter(|id| tokens.find(&watch, TokenId(*id), &Digest([7; 32])).is_some()).count();
        assert_eq!(all, count);
    }
}
