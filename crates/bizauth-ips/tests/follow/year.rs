//! A year with the clock: a schedule of many changes, a platform that publishes day by day and sometimes fails, and a
//! follower that is sometimes away. On every day the file holds what single addresses, reckoned one by one, give.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use bizauth_core::ips::{Change, Cover, IpList, Service, Step};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::desk::{Desk, list};

/// A generator of our own, so that a year is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Addresses `10.0.0.x` by number, and blocks of them.
fn block(dice: &mut Dice) -> (BTreeSet<u8>, String) {
    let bits = dice.roll(5);
    let first = (dice.roll(256) as u8) & (0xff << bits);
    let set = (0..1_u16 << bits).map(|n| first + n as u8).collect();
    (set, format!("10.0.0.{first}/{}", 32 - bits))
}

struct Announced {
    date: Date,
    change: Change,
    set: BTreeSet<u8>,
    text: String,
    /// The day from which the platform tells of it.
    told: Date,
}

#[tokio::test]
async fn every_day_of_a_year_is_as_the_reckoning_by_single_addresses_has_it() {
    let (start, mut dice) = (date(2024, 1, 1), Dice(7));
    let mut schedule = Vec::new();
    for _ in 0..80 {
        let told = start + (dice.roll(340) as i64).days();
        let ahead = 1 + dice.roll(25) as i64;
        let change = if dice.roll(2) == 0 { Change::Addition } else { Change::Exclusion };
        let (set, text) = block(&mut dice);
        schedule.push(Announced { date: told + ahead.days(), change, set, text, told });
    }
    // The sample's rule: on one day exclusions first.
    schedule.sort_by_key(|it| (it.date, it.change));
    let (first, first_text) = ((0..=255).collect::<BTreeSet<u8>>(), "10.0.0.0/24");
    // The truth, by single addresses: what is in force on each day.
    let mut truth = BTreeMap::new();
    let mut now = first.clone();
    for n in 0..400 {
        let today = start + i64::from(n).days();
        for it in schedule.iter().filter(|it| it.date == today) {
            match it.change {
                Change::Exclusion => now.retain(|host| !it.set.contains(host)),
                Change::Addition => now.extend(&it.set),
            }
        }
        truth.insert(today, now.clone());
    }
    let (early, late) = (2_i64, 3_i64);
    let rest = "[[target]]\nkind = \"plain\"\nfile = \"{HERE}/out.txt\"\n";
    let mut desk = Desk::new("");
    desk.rest =
        format!("early_days = {early}\nlate_days = {late}\nallow_reserved = true\nmax_shrink_percent = 0\n{rest}");
    let (mut fetches, mut failures, mut changes) = (0, 0, 0);
    for n in 0..366 {
        let today = start + i64::from(n).days();
        // What the platform's endpoint says today: addresses in force, and every step it has told and not yet taken.
        let in_force = published(first_text, &schedule, today);
        let weather = dice.roll(10);
        // A follower that was never told of a change cannot make it: it fetches on the day something is told.
        let news = n == 0 || schedule.iter().any(|it| it.told == today);
        if news || weather < 5 {
            desk.publishes(&in_force);
            desk.fetches(&today.to_string()).await.unwrap_or_else(|error| panic!("{today}: {error}"));
            fetches += 1;
        } else if weather < 7 {
            desk.publishes("<html>down for maintenance</html>");
            assert!(desk.fetches(&today.to_string()).await.is_err());
            failures += 1;
        }
        changes += desk.applies(&today.to_string()).unwrap().len();
        let found: BTreeSet<u8> = {
            let text = fs::read_to_string(desk.path("out.txt")).unwrap();
            let cover = Cover::of(text.lines().map(|line| line.parse().unwrap()));
            (0..=255).filter(|host| cover.holder_of([10, 0, 0, *host].into()).is_some()).collect()
        };
        // Nothing in force may be missing, on this day or the next two; nothing may stay that left over three days
        // ago, or that nobody had told of yet.
        let known = |day: Date| -> BTreeSet<u8> {
            let told = |it: &&Announced| it.date <= today || it.told <= today;
            let mut set = first.clone();
            for it in schedule.iter().filter(told).filter(|it| it.date <= day) {
                match it.change {
                    Change::Exclusion => set.retain(|host| !it.set.contains(host)),
                    Change::Addition => set.extend(&it.set),
                }
            }
            set
        };
        let window = (-late..=early).map(|days| today + days.days()).filter(|day| *day >= start);
        let wanted: BTreeSet<u8> = window.flat_map(known).collect();
        assert_eq!(found, wanted, "{today}");
        assert!(truth[&today].is_subset(&found), "{today}");
    }
    assert!(
        fetches > 100 && failures > 30 && changes > 30,
        "{fetches} fetches, {failures} failures, {changes} changes"
    );
}

fn published(first: &str, schedule: &[Announced], today: Date) -> String {
    let cidr = |text: &str| text.parse().unwrap();
    let step = |it: &Announced| Step::new(it.change, it.date, vec![cidr(&it.text)]);
    let service = Service {
        name: "callback".into(),
        ips: vec![cidr(first)],
        ports: vec![443],
        updated: date(2024, 1, 1),
        steps: schedule.iter().filter(|it| it.told <= today).map(step).collect(),
    };
    let whole = IpList::new(vec![service], vec![], date(2024, 1, 1)).unwrap();
    let edition = whole.on(today);
    let service = &edition.inbound.as_ref().unwrap()[0];
    let ips: Vec<&str> = service.ips.iter().map(bizauth_core::ips::Cidr::as_published).collect();
    let steps: Vec<String> = service
        .steps
        .iter()
        .map(|step| {
            let sign = if step.change == Change::Addition { '+' } else { '-' };
            format!("{sign}{} {}", step.date, step.ips[0])
        })
        .collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    list(&edition.updated.to_string(), &ips.join(" "), &steps)
}
