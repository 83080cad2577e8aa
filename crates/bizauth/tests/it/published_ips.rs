//! Publisher and follower, a year with the clock: versions published on some days, a schedule that acts on others, every
//! list signed and checked. On every day wire, export and follower have what single addresses, reckoned one by one, give.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use bizauth::ip_list::{signing, terms, today};
use bizauth_core::ips::{Change, Cidr, Cover, IpList, Service, Step};
use bizauth_ips::fetch::{FetchError, Outcome, Reason};
use bizauth_store::{NewVersion, Publication};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::followed_ips::Follower;
use crate::kapi_ips::{document, publish_document, set_clock};
use crate::world::{World, days};

/// 2026-01-01 12:00 in Seoul.
const NEW_YEAR: i64 = 1_767_236_400_000;

/// A generator of our own, so that a year is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A block within `1.1.1.0/24`, by its last bytes.
fn block(dice: &mut Dice) -> (BTreeSet<u8>, Cidr) {
    let bits = dice.roll(5);
    let first = (dice.roll(256) as u8) & (0xff_u8 << bits);
    let set = (0..1_u16 << bits).map(|n| first + n as u8).collect();
    (set, format!("1.1.1.{first}/{}", 32 - bits).parse().unwrap())
}

struct Announced {
    date: Date,
    change: Change,
    set: BTreeSet<u8>,
    cidr: Cidr,
}

/// What single addresses give on a day: on one day exclusions first.
fn reckoned(schedule: &[Announced], day: Date) -> BTreeSet<u8> {
    let mut due: Vec<&Announced> = schedule.iter().filter(|it| it.date <= day).collect();
    due.sort_by_key(|it| (it.date, it.change));
    let mut set: BTreeSet<u8> = (0..128).collect();
    for it in due {
        match it.change {
            Change::Exclusion => set.retain(|host| !it.set.contains(host)),
            Change::Addition => set.extend(&it.set),
        }
    }
    set
}

fn hosts(cover: &Cover) -> BTreeSet<u8> {
    (0..=255).filter(|host| cover.holder_of(Ipv4Addr::new(1, 1, 1, *host).into()).is_some()).collect()
}

fn read(lines: &str) -> Cover {
    Cover::of(lines.lines().map(|line| line.parse().unwrap()))
}

/// The newest version with one step more, as a draft would have it.
async fn with_step(world: &World, step: Step) -> IpList {
    let day = today(&world.state.config, world.now());
    let list = match world.store().published_ips().await.unwrap() {
        Some(newest) => newest.list.folded(day).unwrap(),
        None => {
            let ips = vec!["1.1.1.0/25".parse().unwrap()];
            let service = Service { name: "callback".into(), ips, ports: vec![443], updated: day, steps: Vec::new() };
            IpList::new(vec![service], Vec::new(), day).unwrap()
        }
    };
    let mut service = list.inbound()[0].clone();
    service.steps.push(step);
    service.updated = day;
    IpList::new(vec![service], Vec::new(), day).unwrap()
}

async fn publishes(world: &World, list: IpList) -> Publication {
    let terms = terms(&world.state.config, world.now());
    world.by().publish_ips(NewVersion::of(list, terms)).await.unwrap()
}

#[tokio::test]
async fn every_day_of_a_year_is_as_the_reckoning_by_single_addresses_has_it() {
    let room = tempfile::TempDir::new().unwrap();
    let key = signing::make(&room.path().join("key"), &bizauth::entropy::Entropy::System).unwrap();
    let world = World::with(|config| config.ip_signing_key = Some(room.path().join("key"))).await;
    set_clock(&world, NEW_YEAR);
    let more =
        format!("public_key = {:?}\nsignature = \"{}/ip-list/list.json.minisig\"\n", key.public_key(), world.base);
    let follower = Follower::with(&world, &more).await;
    let (mut dice, mut schedule) = (Dice(5), Vec::<Announced>::new());
    let (mut refused, mut fetches, mut turns, mut away) = (0, 0, 0, false);
    let mut yesterday = None;
    for n in 0..365 {
        let day = today(&world.state.config, world.now());
        // News on every third day: one step more, for some day within a month. What lint refuses is not published.
        let news = n == 0 || dice.roll(3) == 0;
        if news {
            let (set, cidr) = block(&mut dice);
            let change = if dice.roll(2) == 0 { Change::Addition } else { Change::Exclusion };
            let date = day + (1 + dice.roll(30) as i64).days();
            let list = with_step(&world, Step::new(change, date, vec![cidr.clone()])).await;
            match publishes(&world, list).await {
                Publication::Done(_) => schedule.push(Announced { date, change, set, cidr }),
                Publication::Refused(_) => refused += 1,
                Publication::Overtaken => panic!("nobody else publishes"),
            }
            assert!(!schedule.is_empty(), "the first list is published");
        }
        let truth = reckoned(&schedule, day);
        turns += usize::from(yesterday.as_ref().is_some_and(|before| *before != truth));
        yesterday = Some(truth.clone());
        assert_eq!(hosts(&read(&world.get("/ip-list/list.txt").await.body)), truth, "{day}");
        // A month ahead, as far as it is announced today.
        let later = day + 31.days();
        let ahead = world.get(&format!("/ip-list/list.txt?at={later}")).await.body;
        assert_eq!(hosts(&read(&ahead)), reckoned(&schedule, later), "{day} for {later}");
        // The follower is away on some days without news, never on two that follow: the wire has the next day of change.
        away = !news && !away && dice.roll(3) == 0;
        if !away {
            match follower.considers().await {
                Ok(Outcome::Believed(_)) => fetches += 1,
                Ok(Outcome::Confirmed) => {}
                Err(error) => panic!("{day}: {error}"),
            }
        }
        assert_eq!(hosts(&follower.lets_through()), truth, "{day}, away: {away}");
        world.advance(days(1));
    }
    // So that it is a test of something.
    assert!(refused > 5 && fetches > 60 && turns > 30, "{refused} refused, {fetches} fetches, {turns} turns");
    let serials: Vec<u64> = follower.folder().journal.versions.iter().filter_map(|kept| kept.serial).collect();
    assert!(serials.len() > 5 && serials.is_sorted_by(|a, b| a < b), "{serials:?}");
    assert!(schedule.iter().any(|it| it.cidr.network().prefix_len() < 32));
}

#[tokio::test]
async fn a_follower_believes_what_its_publisher_signed_and_nothing_else() {
    let room = tempfile::TempDir::new().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| room.path().join(name));
    let key = signing::make(&ours, &bizauth::entropy::Entropy::System).unwrap();
    let stranger = signing::make(&theirs, &bizauth::entropy::Entropy::System).unwrap();
    // Everything needs the app key here, the signature too: the follower sends it to its own platform.
    let world = World::with(|config| {
        config.ip_signing_key = Some(ours);
        config.ip_list_public = false;
    })
    .await;
    publish_document(&world, &document()).await;
    set_clock(&world, 1_688_050_799_999);
    let settings =
        |key: &str| format!("public_key = {key:?}\nsignature = \"{}/ip-list/list.json.minisig\"\n", world.base);
    let follower = Follower::with(&world, &settings(&key.public_key())).await;
    assert_eq!(follower.believes().await, []);
    assert_eq!(follower.folder().journal.versions[0].serial, Some(100_000));
    // At midnight it is another list of the same version, and a later serial.
    world.advance(days(1));
    assert!(!follower.believes().await.is_empty());
    assert_eq!(follower.folder().journal.versions[1].serial, Some(100_001));
    // A node whose clock is behind answers with the list of yesterday.
    set_clock(&world, 1_688_050_799_999);
    match follower.considers().await {
        Err(FetchError::Refused { reason: Reason::Older, detail }) => {
            assert_eq!(detail, "its serial is 100000, and 100001 was believed already");
        }
        other => panic!("{other:?}"),
    }
    let other = Follower::with(&world, &settings(&stranger.public_key())).await;
    assert!(matches!(other.considers().await, Err(FetchError::Refused { reason: Reason::Signature, .. })));
}
