//! What cannot be although it can be read: names that nobody bears, values that no server would take, states that rule
//! each other out. Everything is told at once, each with its path.

mod apps;
mod keys;
mod people;
mod scripts;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use bizauth_core::asset::Resource;
use bizauth_core::scope::{self, Catalogue, GroupId, ItemId, Wording};
use bizauth_core::user;
use jiff::civil::Date;

use super::decode::quoted;
use super::lists::ip_list;
use super::{Group, Seed};

/// So many of the allowed values are told.
const TOLD: usize = 20;

/// Something that cannot be, and what it is about.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) what: String,
    pub(super) allowed: Vec<String>,
}

impl Wrong {
    pub(super) fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Wrong { path: path.into(), what: what.into(), allowed: Vec::new() }
    }

    /// The same with what may stand there.
    pub(super) fn of<S: ToString>(
        path: impl Into<String>,
        what: impl Into<String>,
        allowed: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut allowed: Vec<String> = allowed.into_iter().map(|word| word.to_string()).collect();
        if allowed.len() > TOLD {
            allowed.truncate(TOLD);
            allowed.push("…".to_owned());
        }
        Wrong { allowed, ..Wrong::new(path, what) }
    }
}

/// Everything that is wrong with a seed that can be read.
pub(super) fn check(seed: &Seed) -> Vec<Wrong> {
    let mut judge = Judge::new(seed);
    judge.clock();
    judge.groups();
    judge.people();
    judge.apps();
    judge.tokens();
    judge.faults();
    judge.consents();
    if let Some(ips) = &seed.ips {
        // Which day it is decides nothing but how far a date may be counted.
        judge.wrong.extend(ip_list(ips, Date::constant(2026, 1, 1)).err().into_iter().flatten());
    }
    judge.wrong
}

/// The platform's catalogue with what the seed adds.
pub(super) fn catalogue(seed: &Seed) -> Catalogue {
    let mut catalogue = Catalogue::platform();
    for group in &seed.groups {
        if catalogue.group(&group.id).is_none() {
            catalogue.groups.push(group.as_core());
        }
        catalogue.items.extend(group.items_as_core());
    }
    catalogue
}

impl Group {
    /// The group as the rules know it.
    pub(super) fn as_core(&self) -> scope::Group {
        let has_assets = self.has_assets.unwrap_or(true);
        let word = |given: &Option<String>| given.clone().unwrap_or_else(|| self.id.clone());
        scope::Group {
            id: GroupId(self.id.clone()),
            name: Wording { ko: word(&self.name_ko), en: word(&self.name_en) },
            has_assets,
            has_ad_accounts: self.has_ad_accounts.unwrap_or(has_assets),
            needs_permission: self.needs_permission.unwrap_or(false),
        }
    }

    /// Its items as the rules know them.
    pub(super) fn items_as_core(&self) -> Vec<scope::Item> {
        let or_id = |text: &str, id: &str| if text.is_empty() { id.to_owned() } else { text.to_owned() };
        let item = |item: &super::GroupItem| scope::Item {
            id: ItemId(item.id.clone()),
            group: GroupId(self.id.clone()),
            name: Wording { ko: or_id(&item.name_ko, &item.id), en: or_id(&item.name_en, &item.id) },
            about: Wording { ko: item.about_ko.clone(), en: item.about_en.clone() },
            risky: item.risky,
            never_alone: item.never_alone,
            needs_all: item.needs_all,
            shares_email: item.shares_email,
            yields_channels: item.yields_channels,
        };
        self.items.iter().map(item).collect()
    }
}

/// Who goes through a seed and notes what is wrong with it.
struct Judge<'s> {
    seed: &'s Seed,
    catalogue: Catalogue,
    /// The accounts' addresses as they are kept, each with its place.
    people: BTreeMap<String, usize>,
    wrong: Vec<Wrong>,
}

impl<'s> Judge<'s> {
    fn new(seed: &'s Seed) -> Self {
        let people = seed.users.iter().enumerate().filter_map(|(at, it)| Some((user::email(&it.email)?, at)));
        // Of two with one address the first counts; the second is told of.
        let people = people.rev().collect();
        Judge { seed, catalogue: catalogue(seed), people, wrong: Vec::new() }
    }

    fn note(&mut self, path: impl Into<String>, what: impl Into<String>) {
        self.wrong.push(Wrong::new(path, what));
    }

    fn note_of<S: ToString>(
        &mut self,
        path: impl Into<String>,
        what: impl Into<String>,
        allowed: impl IntoIterator<Item = S>,
    ) {
        self.wrong.push(Wrong::of(path, what, allowed));
    }

    /// Notes all but the first of those that bear one name.
    fn unique<'n>(&mut self, thing: &str, named: impl IntoIterator<Item = (String, &'n str)>) {
        let mut seen = BTreeSet::new();
        for (path, name) in named {
            if !seen.insert(name) {
                self.note(path, format!("there is {thing} {} already", quoted(name)));
            }
        }
    }

    /// Notes an address that is no account's.
    fn someone(&mut self, path: String, email: &str) -> Option<usize> {
        let known = user::email(email).and_then(|email| self.people.get(&email).copied());
        if known.is_none() {
            let all: Vec<&str> = self.seed.users.iter().map(|user| user.email.as_str()).collect();
            self.note_of(path, format!("there is no account {}", quoted(email)), all);
        }
        known
    }

    /// Notes a consent item that nobody knows.
    fn item(&mut self, path: String, id: &str) -> bool {
        let known = self.catalogue.item(id).is_some();
        if !known {
            let all: Vec<String> = self.catalogue.items.iter().map(|item| item.id.0.clone()).collect();
            self.note_of(path, format!("there is no consent item {}", quoted(id)), all);
        }
        known
    }

    /// Notes a group that nobody knows.
    fn group(&mut self, path: String, id: &str) -> Option<scope::Group> {
        let known = self.catalogue.group(id).cloned();
        if known.is_none() {
            let all: Vec<String> = self.catalogue.groups.iter().map(|group| group.id.0.clone()).collect();
            self.note_of(path, format!("there is no group {}", quoted(id)), all);
        }
        known
    }

    fn clock(&mut self) {
        let Some(at) = &self.seed.clock.at else { return };
        let allowed = ["2026-12-01T09:00:00+09:00", "2026-12-01T00:00:00Z"];
        match at.parse::<jiff::Timestamp>() {
            Ok(time) if time.as_millisecond() >= 0 => {}
            Ok(_) => self.note_of("clock.at", "a clock begins in 1970 or later", allowed),
            Err(_) => {
                let what = format!("{} is no moment with an offset from UTC, as RFC 3339 writes it", quoted(at));
                self.note_of("clock.at", what, allowed);
            }
        }
    }

    fn groups(&mut self) {
        let (seed, platform) = (self.seed, Catalogue::platform());
        let path = |at: usize| format!("groups[{at}]");
        let named = seed.groups.iter().enumerate().map(|(at, group)| (format!("{}.id", path(at)), group.id.as_str()));
        self.unique("a group", named);
        let mut items: BTreeSet<String> = platform.items.iter().map(|item| item.id.0.clone()).collect();
        for (at, group) in seed.groups.iter().enumerate() {
            let path = path(at);
            if !plain(&group.id) || !scope::begins_items(&group.id.as_str().into()) {
                self.note(format!("{path}.id"), "the id of a group has 1 to 64 letters, digits or -");
            }
            let given = [
                ("name_ko", group.name_ko.is_some()),
                ("name_en", group.name_en.is_some()),
                ("has_assets", group.has_assets.is_some()),
                ("has_ad_accounts", group.has_ad_accounts.is_some()),
                ("needs_permission", group.needs_permission.is_some()),
            ];
            if platform.group(&group.id).is_some() {
                for (field, _) in given.into_iter().filter(|(_, given)| *given) {
                    let what = format!("the group {} is the platform's own: only items can be added to it", group.id);
                    self.note_of(format!("{path}.{field}"), what, ["items"]);
                }
            }
            if group.has_assets == Some(false) && group.has_ad_accounts == Some(true) {
                let what = "a group without assets has no ad accounts";
                self.note_of(format!("{path}.has_ad_accounts"), what, [false]);
            }
            for (place, item) in group.items.iter().enumerate() {
                let path = format!("{path}.items[{place}].id");
                let belongs = scope::belongs_to(&item.id.as_str().into(), &group.id.as_str().into());
                if !plain(&item.id) || !belongs {
                    let what = format!("{} is no id of an item of this group", quoted(&item.id));
                    self.note_of(path, what, [format!("{}_…", group.id)]);
                } else if !items.insert(item.id.clone()) {
                    self.note(path, format!("there is a consent item {} already", quoted(&item.id)));
                }
            }
        }
    }
}

/// Whether an id can be named in `resource_ids`: 1 to 64 letters, digits, `_` or `-`.
fn plain(id: &str) -> bool {
    Resource::read(&format!("{id}:*")).is_some()
}
