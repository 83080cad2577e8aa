//! The IP list: each publication is a version of its own, and none is ever overwritten.

use std::sync::{Arc, Mutex, PoisonError};

use bizauth_core::ips::{Change, Cidr, IpList, RuleType, Service, Step};

use crate::Store;
use crate::audit::{self, By};
use crate::db::{Error, FromValue, Result, Row, Tx, Value, commit};

/// The newest version of the IP list.
#[derive(Clone, Debug)]
pub struct Published {
    /// Counts publications from 1.
    pub serial: i64,
    /// The list with its whole schedule.
    pub list: Arc<IpList>,
}

/// The version read last. A version never changes, so what is kept here cannot be stale: which one is the newest is
/// asked of the database each time.
pub(crate) type Latest = Mutex<Option<Published>>;

impl By {
    /// Publishes a list: it is the newest version from now on. Says its serial.
    pub async fn publish_ips(&self, list: IpList) -> Result<i64> {
        const VERSION: &str = "INSERT INTO ip_versions (serial, published_at, updated)
             SELECT COALESCE(MAX(serial), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT) FROM ip_versions RETURNING serial";
        const SEE: &str = "SELECT serial, updated FROM ip_versions ORDER BY serial DESC LIMIT 1";
        const SERVICE: &str = "INSERT INTO ip_services (serial, direction, position, name, ports, updated) VALUES ($1, $2, $3, $4, $5, $6)";
        let (actor, now) = (self.actor.clone(), self.actor.at);
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = audit::Change::new("ip_list.publish", ("ip_list", "newest"), SEE, []);
                let note = change.begin(tx, &actor).await?;
                let version = tx.row(VERSION, &[now.into(), list.updated().to_string().into()]).await?;
                let serial: i64 = version.ok_or(Error::Closed)?.get("serial")?;
                for (place, (rule, service)) in (0_i64..).zip(list.services()) {
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
                }
                note.end(tx).await?;
                commit(serial)
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
        let Some(newest) = self.newest_ips().await? else { return Ok(None) };
        if let Some((memory, turn)) = reading {
            memory.ip_list.keep(turn, &newest);
        }
        Ok(Some(newest))
    }

    async fn newest_ips(&self) -> Result<Option<Published>> {
        const NEWEST: &str = "SELECT serial, updated FROM ip_versions ORDER BY serial DESC LIMIT 1";
        let Some(row) = self.db.row(NEWEST, &[]).await? else { return Ok(None) };
        let serial: i64 = row.get("serial")?;
        let known = self.published.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.serial == serial) {
            return Ok(Some(known));
        }
        let fresh = Published { serial, list: Arc::new(self.read_list(serial, row.get("updated")?).await?) };
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        Ok(Some(fresh))
    }

    async fn read_list(&self, serial: i64, updated: Day) -> Result<IpList> {
        const SERVICES: &str = "SELECT direction, position, name, ports, updated FROM ip_services WHERE serial = $1 ORDER BY direction, position";
        const PREFIXES: &str = "SELECT direction, service, step, change, date, cidr FROM ip_prefixes WHERE serial = $1
             ORDER BY direction, service, step, position";
        let mut prefixes = Vec::new();
        for row in self.db.rows(PREFIXES, &[serial.into()]).await? {
            prefixes.push(Prefix::read(&row)?);
        }
        let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
        for row in self.db.rows(SERVICES, &[serial.into()]).await? {
            let (rule, place): (RuleType, i64) = (row.get("direction")?, row.get("position")?);
            let of_service = prefixes.iter().filter(|prefix| prefix.rule == rule && prefix.service == place);
            let service = read_service(&row, of_service)?;
            match rule {
                RuleType::Inbound => inbound.push(service),
                RuleType::Outbound => outbound.push(service),
            }
        }
        IpList::new(inbound, outbound, updated.0).map_err(|_| column("ip_services", "name"))
    }
}

async fn keep_prefixes(tx: &mut Tx<'_>, at: (i64, RuleType, i64), service: &Service) -> Result<()> {
    const PREFIX: &str = "INSERT INTO ip_prefixes (serial, direction, service, step, position, change, date, cidr)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let listed = [("listed", service.updated, &service.ips)];
    let word = |change| if change == Change::Addition { "addition" } else { "exclusion" };
    let steps = service.steps.iter().map(|step| (word(step.change), step.date, &step.ips));
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

fn read_service<'p>(row: &Row, prefixes: impl Iterator<Item = &'p Prefix>) -> Result<Service> {
    let (mut ips, mut steps, mut last) = (Vec::new(), Vec::<Step>::new(), 0);
    for prefix in prefixes {
        let change = match prefix.change.as_str() {
            "addition" => Change::Addition,
            "exclusion" => Change::Exclusion,
            _ => {
                ips.push(prefix.cidr.clone());
                continue;
            }
        };
        match steps.last_mut().filter(|_| last == prefix.step) {
            Some(step) => step.ips.push(prefix.cidr.clone()),
            None => steps.push(Step { change, date: prefix.date.0, ips: vec![prefix.cidr.clone()] }),
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
