//! A follower with a folder of its own, a file as its source, and a clock that the test sets.

use std::fs;
use std::path::{Path, PathBuf};

use bizauth_ips::Timestamp;
use bizauth_ips::apply::{self, ApplyError, Planned};
use bizauth_ips::fetch::{self, Arrived, FetchError, Insist, Offer, Outcome};
use bizauth_ips::session::Session;
use bizauth_ips::settings::Settings;
use bizauth_ips::state::Folder;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The platform's own sample, without the comments that keep it from being JSON.
pub(crate) const SEED: &str = include_str!("seed.json");

/// Both families, other scripts, names that collide, a service that waits for its addresses.
pub(crate) const MIXED: &str = include_str!("mixed.json");

/// A follower.
pub(crate) struct Desk {
    pub(crate) folder: Room,
    /// What the configuration says beside source and state.
    pub(crate) rest: String,
}

/// Where a follower works.
pub(crate) enum Room {
    Own(TempDir),
    Others(PathBuf),
}

impl Room {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Room::Own(folder) => folder.path(),
            Room::Others(folder) => folder,
        }
    }
}

impl Desk {
    /// A follower of a file that is not there yet. The lists of tests are of private addresses, and dates count to
    /// the day.
    pub(crate) fn new(rest: &str) -> Desk {
        let rest = format!("early_days = 0\nlate_days = 0\nallow_reserved = true\n{rest}");
        Desk { folder: Room::Own(TempDir::new().unwrap()), rest }
    }

    /// The follower of another process.
    pub(crate) fn at(folder: PathBuf, rest: String) -> Desk {
        Desk { folder: Room::Others(folder), rest }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn settings(&self) -> Settings {
        let (source, state) = (self.path("list.json"), self.path("state"));
        let text = format!("source = {source:?}\nstate = {state:?}\n{}", self.rest);
        Settings::read(&text.replace("{HERE}", self.folder.path().to_str().unwrap())).unwrap()
    }

    pub(crate) fn open(&self) -> Folder {
        Folder::open(&self.path("state")).unwrap()
    }

    /// The publisher has this list from now on.
    pub(crate) fn publishes(&self, list: &str) {
        fs::write(self.path("list.json"), list).unwrap();
    }

    /// The follower fetches on this day, at noon in Seoul.
    pub(crate) async fn fetches(&self, day: &str) -> Result<Outcome, FetchError> {
        self.fetches_with(day, Insist::No).await
    }

    pub(crate) async fn fetches_with(&self, day: &str, insist: Insist) -> Result<Outcome, FetchError> {
        let (settings, mut folder) = (self.settings(), self.open());
        let Arrived::Offer(offer) = fetch::ask(&settings, None, None).await? else { panic!("a file is always read") };
        fetch::consider(&mut folder, &settings, &offer, noon(day), insist)
    }

    /// The follower is offered these bytes.
    pub(crate) fn is_offered(&self, body: &[u8], day: &str) -> Result<Outcome, FetchError> {
        let offer = Offer { body: body.to_vec(), ..Offer::default() };
        fetch::consider(&mut self.open(), &self.settings(), &offer, noon(day), Insist::No)
    }

    /// The follower puts on this day what is due.
    pub(crate) fn applies(&self, day: &str) -> Result<Vec<String>, ApplyError> {
        self.applies_at(noon(day), None)
    }

    pub(crate) fn applies_at(&self, now: Timestamp, session: Option<Session>) -> Result<Vec<String>, ApplyError> {
        let (settings, mut folder) = (self.settings(), self.open());
        let plans: Result<Vec<Planned<'_>>, ApplyError> =
            apply::plan(&settings, &folder, now).unwrap().into_iter().collect();
        apply::carry_out(&settings, &mut folder, &plans?, now, session)
    }

    /// How what is there differs, for the only place.
    pub(crate) fn finds(&self, day: &str) -> apply::Finding {
        let (settings, folder) = (self.settings(), self.open());
        let mut plans = apply::plan(&settings, &folder, noon(day)).unwrap();
        plans.remove(0).unwrap().finding
    }
}

/// Noon in Seoul.
pub(crate) fn noon(day: &str) -> Timestamp {
    format!("{day}T12:00:00+09:00").parse().unwrap()
}

/// A list with one service in each direction. Steps are `+DATE NETWORKS` and `-DATE NETWORKS`.
pub(crate) fn list(updated: &str, ips: &str, steps: &[&str]) -> String {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let change = |sign: char| -> Vec<Value> {
        let of_sign = steps.iter().filter_map(|step| step.strip_prefix(sign));
        of_sign.map(|step| json!({ "date": &step[..10], "ips": words(&step[10..]) })).collect()
    };
    let inbound = json!({
        "service": "callback",
        "ips": words(ips),
        "ports": [443],
        "updatedDate": updated,
        "addition": change('+'),
        "exclusion": change('-'),
    });
    json!({ "inbound": [inbound], "outbound": [], "updatedDate": updated }).to_string()
}
