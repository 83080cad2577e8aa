//! The follower against this server, and as a process: the list goes through publisher, wire and follower into every
//! target; commands end as documented.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bizauth_client::SecretString;
use bizauth_core::ips::{Cover, Difference};
use bizauth_ips::fetch::{self, Arrived, FetchError, Insist, Outcome};
use bizauth_ips::picture::Picture;
use bizauth_ips::settings::{Place, Settings};
use bizauth_ips::state::Folder;
use bizauth_ips::{Timestamp, apply, document, targets};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{World, days};

/// 2023-06-29T23:59:59.999+09:00: the last instant before the documents' first announcement takes effect.
const EVE: i64 = 1_688_050_799_999;

/// A follower of a world's list.
pub struct Follower<'w> {
    world: &'w World,
    key: SecretString,
    pub settings: Settings,
    _room: TempDir,
}

impl<'w> Follower<'w> {
    pub async fn of(world: &'w World) -> Follower<'w> {
        Follower::with(world, "").await
    }

    /// With more in its configuration.
    pub async fn with(world: &'w World, more: &str) -> Follower<'w> {
        let key = world.app().await.client_id.into();
        let room = TempDir::new().unwrap();
        let state = room.path().join("state");
        let text = format!(
            "source = {:?}\nstate = {state:?}\nearly_days = 0\nlate_days = 0\nmax_shrink_percent = 0\n{more}",
            world.base
        );
        Follower { world, key, settings: Settings::read(&text).unwrap(), _room: room }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.world.now().millis()).unwrap()
    }

    pub fn folder(&self) -> Folder {
        Folder::open(&self.settings.state).unwrap()
    }

    pub async fn asks(&self) -> Arrived {
        let known = self.folder().journal.versions.last().and_then(|kept| kept.etag.clone());
        fetch::ask(&self.settings, Some(&self.key), known.as_deref()).await.unwrap()
    }

    /// What differs in the list that it believes from now on.
    pub async fn believes(&self) -> Vec<Difference> {
        match self.considers().await.unwrap() {
            Outcome::Believed(differences) => differences,
            Outcome::Confirmed => panic!("the list is another"),
        }
    }

    /// What becomes of what it is given.
    pub async fn considers(&self) -> Result<Outcome, FetchError> {
        let Arrived::Offer(offer) = self.asks().await else { return Ok(Outcome::Confirmed) };
        fetch::consider(&mut self.folder(), &self.settings, &offer, self.now(), Insist::No)
    }

    pub fn lets_through(&self) -> Cover {
        let wanted = apply::wanted(&self.settings, &self.folder(), self.now()).unwrap();
        Cover::of(wanted.iter().flat_map(|it| it.cover.networks().to_vec()))
    }
}

/// What the documents' list has in force on a day.
fn in_force(day: &str) -> Cover {
    let list = document::read(include_bytes!("../../src/ip_list/ips.json")).unwrap().on(day.parse().unwrap());
    let services = list.inbound.into_iter().chain(list.outbound).flatten();
    Cover::of(services.flat_map(|it| it.ips).map(|cidr| cidr.network()))
}

#[tokio::test]
async fn the_list_goes_through_publisher_wire_and_follower_into_every_target() {
    let world = World::new().await;
    let follower = Follower::of(&world).await;
    crate::kapi_ips::publish(&world).await;
    crate::kapi_ips::set_clock(&world, EVE);
    let (trials, mut tried) = (TempDir::new().unwrap(), std::collections::BTreeSet::new());
    assert_eq!(follower.believes().await, []);
    assert_eq!(follower.asks().await, Arrived::NotModified);
    for (day, is_last) in [("2023-06-29", false), ("2023-06-30", false), ("2023-07-01", true)] {
        assert_eq!(follower.lets_through(), in_force(day), "{day}");
        let wanted = apply::wanted(&follower.settings, &follower.folder(), follower.now()).unwrap();
        for target in targets::ALL {
            let picture = Picture::new(&Place::of(target), &wanted, &Cover::default()).unwrap();
            assert_eq!(picture.union(), in_force(day), "{day}");
            let text = (target.render)(&picture).unwrap();
            // Its own tool reads it, where it is a program of this machine; that of the kernel's targets needs a network
            // of its own, in the follower's tests.
            if let Some(trial) = &target.trial {
                let result = apply::try_out(trial, &text, trials.path());
                assert!(result.is_ok(), "{} {day}: {}", target.name, result.unwrap_err());
                tried.insert(target.name);
            }
            for network in picture.union().networks().iter().take(3) {
                assert!(text.contains(&network.to_string()), "{} {day}: {network}", target.name);
            }
        }
        if is_last {
            break;
        }
        // At midnight the schedule has it already; the list that is fetched then brings nothing that is not announced.
        world.advance(days(1));
        let differences = follower.believes().await;
        assert!(differences.iter().all(|it| it.gone.unannounced.is_empty() && it.come.unannounced.is_empty()), "{day}");
    }
    assert_eq!(tried.into_iter().collect::<Vec<_>>(), ["apache", "caddy", "haproxy", "nginx", "squid"]);
}

/// A follower as a process, of a list in a file.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(TempDir::new().unwrap());
        let path = |name: &str| desk.0.path().join(name);
        let text = format!(
            "source = {:?}\nstate = {:?}\nmetrics_file = {:?}\n[[target]]\nkind = \"plain\"\nfile = {:?}\n",
            path("list.json"),
            path("state"),
            path("ips.prom"),
            path("out.txt")
        );
        fs::write(path("ips.toml"), text).unwrap();
        desk.publishes(include_str!("../../src/ip_list/ips.json"));
        desk
    }

    fn publishes(&self, list: &str) {
        fs::write(self.0.path().join("list.json"), list).unwrap();
    }

    /// The configuration says more of its target.
    fn says(&self, more: &str) {
        self.configures(|text| text + more);
    }

    /// The list is asked for there, instead of read from its file.
    fn asks(&self, url: &str) {
        self.configures(|text| {
            text.replacen(&format!("{:?}", self.0.path().join("list.json")), &format!("{url:?}"), 1)
        });
    }

    fn configures(&self, change: impl FnOnce(String) -> String) {
        let file = self.0.path().join("ips.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, change(text)).unwrap();
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bizauth"));
        command.arg("ips").args(words.split(' ')).env("BIZAUTH_IPS_CONFIG", self.0.path().join("ips.toml"));
        command
    }

    /// The exit status, and what was written to stdout and stderr.
    fn runs(&self, words: &str) -> (i32, String, String) {
        let output = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn ends(&self, words: &str, status: i32) -> String {
        let (found, out, notes) = self.runs(words);
        assert_eq!(found, status, "{words}: {out}{notes}");
        out + &notes
    }

    fn out(&self) -> Option<String> {
        fs::read_to_string(self.0.path().join("out.txt")).ok()
    }
}

#[test]
fn commands_of_the_follower_end_as_documented() {
    let desk = Desk::new();
    assert!(desk.ends("plan", 1).contains("no list was fetched yet"));
    desk.ends("fetch", 0);
    assert!(desk.ends("plan", 3).contains("to be made, 14 networks"));
    assert!(desk.ends("apply --dry-run", 3).contains("to be made"));
    assert_eq!(desk.out(), None);
    assert!(desk.ends("apply", 0).contains("changed plain-bizauth"));
    assert!(desk.out().unwrap().contains("211.249.203.0/24\n"));
    assert!(desk.ends("apply", 0).contains("nothing to change"));
    desk.ends("plan", 0);
    desk.ends("status", 0);
    let metrics = fs::read_to_string(desk.0.path().join("ips.prom")).unwrap();
    assert!(metrics.contains("bizauth_ips_list_stale 0\n"), "{metrics}");

    // What is refused is told, and nothing changes.
    let before = desk.out();
    desk.publishes("<html>Sign in</html>");
    assert!(desk.ends("fetch", 4).contains("the list was refused (page): it is an HTML or XML page"));
    desk.ends("plan", 0);
    assert_eq!(desk.out(), before);
    let status: Value = serde_json::from_str(&desk.runs("status --json").1).unwrap();
    assert_eq!((&status["well"], &status["last_refusal"]["reason"]), (&true.into(), &"page".into()));

    // What somebody changed is told, and put right.
    fs::write(desk.0.path().join("out.txt"), "0.0.0.0/0\n").unwrap();
    assert!(desk.ends("status", 5).contains("drifted"));
    assert!(desk.ends("plan", 3).contains("+0.0.0.0/0"));
    desk.ends("apply", 0);
    assert_eq!(desk.out(), before);

    // Another list, and back.
    let list = include_str!("../../src/ip_list/ips.json").replace("27.0.236.0/22", "27.0.236.0/22\", \"27.1.0.0/22");
    desk.publishes(&list);
    desk.ends("fetch", 0);
    assert!(desk.ends("apply", 0).contains("changed"));
    assert_ne!(desk.out(), before);
    desk.ends("rollback", 0);
    assert_eq!(desk.out(), before);
    desk.ends("fetch", 4);
    desk.ends("fetch --insist", 0);

    // A follower at work keeps others out; looking is allowed.
    let lock = Folder::open(&desk.0.path().join("state")).unwrap();
    desk.ends("fetch", 7);
    desk.ends("apply", 7);
    desk.ends("status", 0);
    drop(lock);

    // A file of somebody else's.
    fs::remove_dir_all(desk.0.path().join("state")).unwrap();
    desk.publishes(include_str!("../../src/ip_list/ips.json"));
    fs::write(desk.0.path().join("out.txt"), "mine\n").unwrap();
    desk.ends("fetch", 0);
    assert!(desk.ends("apply", 6).contains("was not made by bizauth"));
    assert_eq!(desk.out().as_deref(), Some("mine\n"));
}

#[test]
fn the_agent_fetches_and_applies_until_it_is_told_to_end() {
    let desk = Desk::new();
    let mut agent: Child = desk.command("watch").stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(agent.stderr.take().unwrap()).lines();
    let first = told.next().unwrap().unwrap();
    assert!(first.starts_with("changed plain-bizauth"), "{first}");
    assert!(desk.out().unwrap().contains("211.249.203.0/24\n"));
    desk.ends("apply", 7);
    assert_eq!(ended(agent), Some(0));
    desk.ends("plan", 0);
}

/// The exit status of an agent that is told to end.
fn ended(mut agent: Child) -> Option<i32> {
    assert!(Command::new("kill").arg(agent.id().to_string()).status().unwrap().success());
    agent.wait().unwrap().code()
}

#[test]
fn an_agent_that_is_told_to_end_finishes_what_it_applies() {
    for signal in ["TERM", "INT", "HUP"] {
        let desk = Desk::new();
        // The program that takes the file into use tells the agent, while that waits for it.
        desk.says(&format!("reload = [\"sh\", \"-c\", \"kill -{signal} $PPID\"]\n"));
        let (status, _, told) = desk.runs("watch");
        assert_eq!((status, told.lines().count()), (0, 1), "{signal}: {told}");
        assert!(told.starts_with("changed plain-bizauth"), "{signal}: {told}");
        desk.ends("plan", 0);
    }
}

#[test]
fn an_agent_that_is_told_to_end_waits_for_no_answer() {
    let desk = Desk::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    desk.asks(&format!("http://{}", silent.local_addr().unwrap()));
    let agent = desk.command("watch").env("BIZAUTH_IPS_KEY", "k").spawn().unwrap();
    let caller = silent.accept().unwrap();
    assert_eq!(ended(agent), Some(0));
    drop(caller);
    assert_eq!(desk.out(), None);
}
