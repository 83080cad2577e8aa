//! What is to be put into a place: the services of its choice with their networks, under names that any target takes.
//!
//! A picture is canonical: the same list, day and settings give the same one, in the same order, and so the same text.

use std::collections::BTreeMap;

use bizauth_core::ips::{Allowed, Cover, RuleType};

use crate::settings::{Enforce, Place};
use crate::state::digest_of;

/// What is to be put into a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The name of the place: of the table, of the sets, of the variables.
    pub name: String,
    /// One for each service, sorted by list and name.
    pub groups: Vec<Group>,
    /// Which lists are enforced.
    pub enforce: Enforce,
    /// Addresses that are let through where a list is enforced.
    pub allow: Cover,
}

/// One service, as a target sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name as published.
    pub service: String,
    /// The list and the service in lower-case letters, digits and `_`, unlike that of any other group.
    pub slug: String,
    /// TCP ports, ascending.
    pub ports: Vec<u16>,
    /// The networks; may be none.
    pub cover: Cover,
}

/// The longest slug.
const SLUG_MAX: usize = 48;

impl Picture {
    /// What is to be put into `place` of all that is allowed.
    ///
    /// A service that the place names and the list does not know is an error: a misspelled name must not pass for a
    /// service that has no addresses.
    pub fn new(place: &Place, allowed: &[Allowed], allow: &Cover) -> Result<Picture, Unlisted> {
        let of_list = |it: &&Allowed| place.list.is_none_or(|list| it.rule == list);
        let chosen: Vec<&Allowed> = allowed.iter().filter(of_list).collect();
        if let Some(name) = place.services.iter().find(|name| !chosen.iter().any(|it| it.service == **name)) {
            return Err(Unlisted(name.clone()));
        }
        let is_chosen = |it: &&Allowed| place.services.is_empty() || place.services.contains(&it.service);
        // Told apart among all that are there, so that choosing fewer does not rename any.
        let slugs = slugs(allowed);
        let group = |it: &Allowed| Group {
            rule: it.rule,
            service: it.service.clone(),
            slug: slugs[&(it.rule, it.service.as_str())].clone(),
            ports: it.ports.clone(),
            cover: it.cover.clone(),
        };
        let groups = chosen.into_iter().filter(is_chosen).map(group).collect();
        Ok(Picture { name: place.name.clone(), groups, enforce: place.enforce, allow: allow.clone() })
    }

    /// The services of one list.
    pub fn of(&self, rule: RuleType) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |group| group.rule == rule)
    }

    /// Whether the lists of `rule` are enforced.
    pub fn enforces(&self, rule: RuleType) -> bool {
        match rule {
            RuleType::Inbound => self.enforce.inbound,
            RuleType::Outbound => self.enforce.outbound,
        }
    }

    /// All ports of the services of one list, ascending.
    pub fn ports(&self, rule: RuleType) -> Vec<u16> {
        let mut ports: Vec<u16> = self.of(rule).flat_map(|group| group.ports.iter().copied()).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Every address of every service, in the fewest networks.
    pub fn union(&self) -> Cover {
        Cover::of(self.groups.iter().flat_map(|group| group.cover.networks().iter().copied()))
    }

    /// How many networks all services have together.
    pub fn networks(&self) -> usize {
        self.groups.iter().map(|group| group.cover.networks().len()).sum()
    }
}

/// A service that a place names and the list does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list has no service {0:?}")]
pub struct Unlisted(pub String);

fn slugs(allowed: &[Allowed]) -> BTreeMap<(RuleType, &str), String> {
    let mut count = BTreeMap::<String, usize>::new();
    for it in allowed {
        *count.entry(slug(it.rule, &it.service)).or_default() += 1;
    }
    let named = |it: &Allowed| {
        let plain = slug(it.rule, &it.service);
        // What tells two names apart may be just what is not in the slug.
        match count[&plain] == 1 && plain.len() <= SLUG_MAX && it.service.is_ascii() {
            true => plain,
            false => shortened(&plain, &it.service, SLUG_MAX),
        }
    };
    allowed.iter().map(|it| ((it.rule, it.service.as_str()), named(it))).collect()
}

/// `slug` in at most `longest` bytes, told apart by a digest of `from`.
pub fn shortened(slug: &str, from: &str, longest: usize) -> String {
    let stem: String = slug.chars().take(longest - 7).collect();
    format!("{}_{}", stem.trim_end_matches('_'), &digest_of(from.as_bytes())[..6])
}

/// `in_callback`, `out_kapi_kakao_com`.
fn slug(rule: RuleType, service: &str) -> String {
    let name = service.split_once("://").map_or(service, |(_, rest)| rest);
    let mut slug = match rule {
        RuleType::Inbound => "in".to_owned(),
        RuleType::Outbound => "out".to_owned(),
    };
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        slug.push('_');
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}
