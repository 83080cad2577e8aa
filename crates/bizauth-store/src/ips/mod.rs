//! The IP list: each publication is a version of its own, and none is ever overwritten. The draft of the next one is in
//! `drafts.rs`, who is told of it in `webhooks.rs`.

mod drafts;
mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};

use bizauth_core::ips::{Change, Cidr, IpList, Remark, RuleType, Service, Step, Terms};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

pub use drafts::{Draft, Kept};
pub use webhooks::{Delivery, Due, Tried, Webhook};

use crate::Store;
use crate::audit::{self, By};
use crate::db::{Error, FromValue, Result, Row, Tx, Value, commit, roll_back};
use crate::leaf::{Leaf, Turn};

/// What a publication says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts publications from 1.
    pub serial: i64,
    /// When.
    pub published_at: Time,
    /// The SHA-256 of [`IpList::text`]; versions from before it was kept have none.
    pub content: Option<Digest>,
    /// By whom, for people.
    pub author: String,
    /// Why; empty if nobody said.
    pub reason: String,
}

/// A version of the IP list.
#[derive(Clone, Debug)]
pub struct Published {
    /// Counts publications from 1.
    pub serial: i64,
    /// What else it says of itself.
    pub version: Version,
    /// The list with its whole schedule.
    pub list: Arc<IpList>,
}

/// The versions read last, the newest reading at the end. A version never changes, so what is kept here cannot be stale:
/// which one is the newest is asked of the database each time.
pub(crate) type Latest = Mutex<Vec<Published>>;

/// So many versions are kept: what the feed is made of, which strangers may ask for as often as they like.
const KEPT: usize = 9;

/// A list that is to be published.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The list. Steps that nobody announced yet are announced by whoever publishes it.
    pub list: IpList,
    /// What it is judged by.
    pub terms: Terms,
    /// The revision of the draft that it is; the draft ends with it.
    pub draft: Option<i64>,
    /// The version that it follows, if it may follow no other. 0 for the first.
    pub follows: Option<i64>,
}

impl NewVersion {
    /// A list that follows whatever there is.
    pub fn of(list: IpList, terms: Terms) -> Self {
        NewVersion { list, terms, draft: None, follows: None }
    }
}

/// What became of a list that was to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It is the newest version.
    Done(i64),
    /// It must not be published, and why.
    Refused(Vec<Remark>),
    /// The draft changed meanwhile, or another version was published. Nothing was done.
    Overtaken,
}

impl By {
    /// Publishes a list if it may be: it is the newest version from now on. Every webhook is told.
    pub async fn publish_ips(&self, new: NewVersion) -> Result<Publication> {
        const VERSION: &str = "INSERT INTO ip_versions (serial, published_at, updated, content, author, reason)
             VALUES ((SELECT COALESCE(MAX(serial), 0) + 1 FROM ip_versions), $1, $2, $3, $4, $5) RETURNING serial";
        const SEE: &str = "SELECT serial, updated FROM ip_versions ORDER BY serial DESC LIMIT 1";
        const SERVICE: &str = "INSERT INTO ip_services (serial, direction, position, name, ports, updated) VALUES ($1, $2, $3, $4, $5, $6)";
        const DRAFT: &str = "DELETE FROM ip_drafts WHERE id = 1 AND revision = $1";
        let refusals = new.list.verdict(None, &new.terms).refusals;
        if !refusals.is_empty() {
            return Ok(Publication::Refused(refusals));
        }
        let (actor, now, ids) = (self.actor.clone(), self.actor.at, self.store.ids.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = audit::Change::new("ip_list.publish", ("ip_list", "newest"), SEE, []);
                let note = change.begin(tx, &actor).await?;
                if let Some(revision) = new.draft
                    && tx.execute(DRAFT, &[revision.into()]).await? == 0
                {
                    return roll_back(Publication::Overtaken);
                }
                let about = [
                    now.into(),
                    new.list.updated().to_string().into(),
                    new.list.content().into(),
                    actor.name.clone().into(),
                    actor.reason().into(),
                ];
                let serial: i64 = tx.row(VERSION, &about).await?.ok_or(Error::Swallowed)?.get("serial")?;
                if new.follows.is_some_and(|before| before + 1 != serial) {
                    return roll_back(Publication::Overtaken);
                }
                for (place, (rule, service)) in (0_i64..).zip(new.list.services()) {
                    let ports: Vec<String> = service.ports.iter().map(ToString::to_string).collect();
                    let row = [
                        serial.into(),
                        rule.as_str().into(),
                        place.into(),
                        service.name.clone().into(),
                        ports.join(" ").into(),
                        service.updated.to_string().into(),
                    ];
                    tx.execute(SERVICE, &row).await?;
                    keep_prefixes(tx, (serial, rule, place), service).await?;
                    keep_steps(tx, (serial, rule, place), service, &actor.name).await?;
                }
                webhooks::announce(tx, &ids, ("published", serial, ""), now, now).await?;
                note.end(tx).await?;
                commit(Publication::Done(serial))
            })
            .await
    }
}

impl Store {
    /// The newest version, if any was ever published.
    pub async fn published_ips(&self) -> Result<Option<Published>> {
        let reading = self.reading();
        if let Some((memory, _)) = reading
            && let Some(known) = memory.ip_list.find(|turn| memory.watch.ip_list_stands(turn))
        {
            return Ok(Some(known));
        }
        // Boxed: who finds it remembered carries no room for reading it.
        let Some(newest) = Box::pin(self.newest_ips()).await? else { return Ok(None) };
        if let Some((memory, turn)) = reading {
            memory.ip_list.keep(turn, &newest);
        }
        Ok(Some(newest))
    }

    async fn newest_ips(&self) -> Result<Option<Published>> {
        const NEWEST: &str = "SELECT serial, published_at, updated, content, author, reason FROM ip_versions
             ORDER BY serial DESC LIMIT 1";
        let Some(row) = self.db.row(NEWEST, &[]).await? else { return Ok(None) };
        self.known_or_whole(&row).await.map(Some)
    }

    /// The version of this serial.
    pub async fn ip_version(&self, serial: i64) -> Result<Option<Published>> {
        const VERSION: &str =
            "SELECT serial, published_at, updated, content, author, reason FROM ip_versions WHERE serial = $1";
        if let Some(known) = self.known_version(serial) {
            return Ok(Some(known));
        }
        match self.db.row(VERSION, &[serial.into()]).await? {
            Some(row) => self.known_or_whole(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The version that was the newest just before `end`.
    pub async fn ip_version_before(&self, end: Time) -> Result<Option<Published>> {
        // Serials and times ascend together, but for nodes whose clocks differ: the serial decides.
        const VERSION: &str = "SELECT serial, published_at, updated, content, author, reason FROM ip_versions
             WHERE published_at < $1 ORDER BY serial DESC LIMIT 1";
        match self.db.row(VERSION, &[end.into()]).await? {
            Some(row) => self.known_or_whole(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// What publications say of themselves, newest first.
    pub async fn ip_versions(&self, turn: &Turn<i64>, most: i64) -> Result<Leaf<Version>> {
        const DOWN: &str = "SELECT serial, published_at, updated, content, author, reason FROM ip_versions
             WHERE serial < $1 ORDER BY serial DESC LIMIT $2";
        const UP: &str = "SELECT serial, published_at, updated, content, author, reason FROM ip_versions
             WHERE serial > $1 ORDER BY serial LIMIT $2";
        let sql = if turn.is_back() { UP } else { DOWN };
        let from = turn.key().copied().unwrap_or(i64::MAX);
        let rows = self.db.rows(sql, &[from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(Version::read).collect::<Result<Vec<_>>>()?, most))
    }

    fn known_version(&self, serial: i64) -> Option<Published> {
        let mut known = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|it| it.serial == serial)?;
        let found = known.remove(at);
        known.push(found.clone());
        Some(found)
    }

    async fn known_or_whole(&self, row: &Row) -> Result<Published> {
        let serial: i64 = row.get("serial")?;
        if let Some(known) = self.known_version(serial) {
            return Ok(known);
        }
        let fresh = self.whole(row).await?;
        let mut known = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|it| it.serial != serial);
        if known.len() == KEPT {
            known.remove(0);
        }
        known.push(fresh.clone());
        Ok(fresh)
    }

    async fn whole(&self, row: &Row) -> Result<Published> {
        let version = Version::read(row)?;
        let list = self.read_list(version.serial, row.get("updated")?).await?;
        // Nothing overwrites a version; if something did, it is not answered with.
        if version.content.is_some_and(|content| content != list.content()) {
            return Err(column("ip_versions", "content"));
        }
        Ok(Published { serial: version.serial, version, list: Arc::new(list) })
    }

    async fn read_list(&self, serial: i64, updated: Day) -> Result<IpList> {
        const SERVICES: &str = "SELECT direction, position, name, ports, updated FROM ip_services WHERE serial = $1 ORDER BY direction, position";
        const PREFIXES: &str = "SELECT direction, service, step, change, date, cidr FROM ip_prefixes WHERE serial = $1
             ORDER BY direction, service, step, position";
        const STEPS: &str = "SELECT direction, service, step, note, announced_by FROM ip_steps WHERE serial = $1";
        let mut said = std::collections::HashMap::new();
        for row in self.db.rows(STEPS, &[serial.into()]).await? {
            let place: (RuleType, i64, i64) = (row.get("direction")?, row.get("service")?, row.get("step")?);
            said.insert(place, (row.get::<String>("note")?, row.get::<String>("announced_by")?));
        }
        let mut prefixes = Vec::new();
        for row in self.db.rows(PREFIXES, &[serial.into()]).await? {
            prefixes.push(Prefix::read(&row)?);
        }
        let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
        for row in self.db.rows(SERVICES, &[serial.into()]).await? {
            let (rule, place): (RuleType, i64) = (row.get("direction")?, row.get("position")?);
            let of_service = prefixes.iter().filter(|prefix| prefix.rule == rule && prefix.service == place);
            let said = |step| said.get(&(rule, place, step)).cloned().unwrap_or_default();
            let service = read_service(&row, of_service, said)?;
            match rule {
                RuleType::Inbound => inbound.push(service),
                RuleType::Outbound => outbound.push(service),
            }
        }
        IpList::new(inbound, outbound, updated.0).map_err(|_| column("ip_services", "name"))
    }
}

impl Version {
    fn read(row: &Row) -> Result<Self> {
        Ok(Version {
            serial: row.get("serial")?,
            published_at: row.get("published_at")?,
            content: row.get("content")?,
            author: row.get("author")?,
            reason: row.get("reason")?,
        })
    }
}

async fn keep_steps(tx: &mut Tx<'_>, at: (i64, RuleType, i64), service: &Service, author: &str) -> Result<()> {
    const STEP: &str = "INSERT INTO ip_steps (serial, direction, service, step, note, announced_by)
         VALUES ($1, $2, $3, $4, $5, $6)";
    for (place, step) in (1_i64..).zip(&service.steps) {
        let announcer = if step.announced_by.is_empty() { author } else { &step.announced_by };
        let row: [Value; 6] =
            [at.0.into(), at.1.as_str().into(), at.2.into(), place.into(), step.note.as_str().into(), announcer.into()];
        tx.execute(STEP, &row).await?;
    }
    Ok(())
}

async fn keep_prefixes(tx: &mut Tx<'_>, at: (i64, RuleType, i64), service: &Service) -> Result<()> {
    const PREFIX: &str = "INSERT INTO ip_prefixes (serial, direction, service, step, position, change, date, cidr)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let listed = [("listed", service.updated, &service.ips)];
    let steps = service.steps.iter().map(|step| (step.change.as_str(), step.date, &step.ips));
    for (step, (change, date, ips)) in (0_i64..).zip(listed.into_iter().chain(steps)) {
        for (position, cidr) in (0_i64..).zip(ips) {
            let row = [
                at.0.into(),
                at.1.as_str().into(),
                at.2.into(),
                step.into(),
                position.into(),
                change.into(),
                date.to_string().into(),
                cidr.as_published().into(),
            ];
            tx.execute(PREFIX, &row).await?;
        }
    }
    Ok(())
}

struct Prefix {
    rule: RuleType,
    service: i64,
    step: i64,
    change: String,
    date: Day,
    cidr: Cidr,
}

impl Prefix {
    fn read(row: &Row) -> Result<Self> {
        let cidr = Cidr::parse(&row.get::<String>("cidr")?).map_err(|_| column("ip_prefixes", "cidr"))?;
        Ok(Prefix {
            rule: row.get("direction")?,
            service: row.get("service")?,
            step: row.get("step")?,
            change: row.get("change")?,
            date: row.get("date")?,
            cidr,
        })
    }
}

fn read_service<'p>(
    row: &Row,
    prefixes: impl Iterator<Item = &'p Prefix>,
    said: impl Fn(i64) -> (String, String),
) -> Result<Service> {
    let (mut ips, mut steps, mut last) = (Vec::new(), Vec::<Step>::new(), 0);
    for prefix in prefixes {
        let Some(change) = Change::read(&prefix.change) else {
            ips.push(prefix.cidr.clone());
            continue;
        };
        match steps.last_mut().filter(|_| last == prefix.step) {
            Some(step) => step.ips.push(prefix.cidr.clone()),
            None => {
                let (note, announced_by) = said(prefix.step);
                steps.push(Step { change, date: prefix.date.0, ips: vec![prefix.cidr.clone()], note, announced_by });
            }
        }
        last = prefix.step;
    }
    let ports = crate::users::words(&row.get::<String>("ports")?, "ports")?;
    Ok(Service { name: row.get("name")?, ips, ports, updated: row.get::<Day>("updated")?.0, steps })
}

fn column(table: &'static str, column: &'static str) -> Error {
    Error::Column { table, column, wanted: "what was published", found: "something else" }
}

/// A date, as `YYYY-MM-DD`.
struct Day(jiff::civil::Date);

impl FromValue for Day {
    fn from_value(value: &Value) -> Option<Self> {
        String::from_value(value)?.parse().ok().map(Day)
    }
}

impl FromValue for RuleType {
    fn from_value(value: &Value) -> Option<Self> {
        RuleType::read(&String::from_value(value)?)
    }
}
