//! Half-open connections: somebody knocks under the addresses of others, and never comes in (a SYN flood, RFC 4987). The
//! kernel answers them and the server hears nothing; that honest callers get in all the same, through the queue with which
//! it listens and by SYN cookies once that is full, is what is tried.
//!
//! It takes a network in which the answers to those addresses get lost; loopback alone would answer them. So the program
//! runs itself once more, in a network namespace, and hands on what that one tells.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::acts::{End, PAUSE, Tally};
use super::attacks::{Attack, address};
use super::{served, under};
use crate::Effort;
use crate::report::Report;
use crate::world::{Engine, Scene};

/// Says that this is the network of the program's own.
const WITHIN: &str = "SURVIVAL_NETWORK";
/// Where the knocks seem to come from: a network for trials (RFC 2544), which has 2^17 addresses.
const THEM: u32 = Ipv4Addr::new(198, 18, 0, 0).to_bits();
const ADDRESSES: u32 = 1 << 17;
/// A wire without anybody at its other end; and addresses of loopback may be answered from over it.
const NETWORK: &str = "ip link set lo up; ip link add near type veth peer name far; ip link set near arp off up; \
    ip link set far up; ip route add 198.18.0.0/15 dev near; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet";
/// How many knock at first, which is more than a queue of ours holds.
const FIRST: usize = 6000;
/// How many knock at once after that.
const AT_ONCE: usize = 100;
/// Within this the queue must be full.
const SOON: Duration = Duration::from_secs(5);
/// With fewer than so many half open at the end it was no flood.
const MANY: usize = 500;

/// Runs it. `program`: the one of the command line, `survival`.
///
/// # Errors
/// There is no `unshare`, or no network may be made; what could not be set up.
pub async fn run(program: PathBuf, effort: Effort) -> anyhow::Result<Report> {
    if std::env::var_os(WITHIN).is_some() {
        return flooded(effort).await;
    }
    let account = NamedTempFile::new()?;
    // As root in a user namespace: what it may do to the network it may do to this one only.
    let mut command = Command::new("unshare");
    command.args(["-rn", "--"]).arg(program).args(["half-open", "--seed", &effort.seed.to_string(), "--json"]);
    command.arg(account.path()).args(effort.of(None, Some("--long"))).env(WITHIN, "1");
    let ended = spawn_blocking(move || command.output()).await?.context("it takes `unshare`, of util-linux")?;
    let said = || format!("in a network of its own: {}", String::from_utf8_lossy(&ended.stderr));
    let told: Value = serde_json::from_slice(&std::fs::read(account.path())?).with_context(said)?;
    Report::from_json(&told["reports"][0]).with_context(said)
}

async fn flooded(effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of("half-open connections");
    let made = spawn_blocking(|| Command::new("sh").args(["-ec", NETWORK]).output()).await??;
    if !made.status.success() {
        bail!("no network, which takes `ip`, of iproute2: {}", String::from_utf8_lossy(&made.stderr));
    }
    let scene = Scene::set(Engine::Sqlite, 1).await?;
    let (server, healthy) = served(&scene).await?;
    under(Attack::half_open(), &server, &healthy, effort, &mut report).await?;
    let to = address(&server);
    let attacking = Attack::half_open().begin(&server).await?;
    let since = Instant::now();
    // Once the queue is full the kernel sends cookies.
    let before = cookies()?;
    while cookies()? == before && since.elapsed() < SOON {
        sleep(PAUSE).await;
    }
    let (newcomers, mut late) = (effort.of(50, 1000), 0);
    for _ in 0..newcomers {
        // Who is not heard at first knocks again after a second.
        let came = timeout(Duration::from_millis(900), TcpStream::connect(to)).await;
        late += usize::from(!matches!(came, Ok(Ok(_))));
    }
    let (half, cookies) = (half_open(to.port())?, cookies()?);
    attacking.ended().await;
    report.promise(cookies > before, || format!("no SYN cookie was sent: {half} were half open"));
    report.promise(late == 0, || format!("{late} of {newcomers} newcomers were not heard at once"));
    report.say(format!(
        "{} of {newcomers} newcomers were heard at once, while {half} were half open and {cookies} had been sent a SYN cookie",
        newcomers - late
    ));
    report.figure("half-open", half);
    report.figure("newcomers", newcomers);
    Ok(report)
}

/// The knocks of one who never comes in, each from elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Knocks(Arc<AtomicU32>);

impl Knocks {
    /// Knocks until it is to stop; nobody's end if the kernel would not have it so.
    pub(super) async fn flood(&self, to: SocketAddr, stop: &AtomicBool, tally: &Tally) -> std::io::Result<End> {
        let SocketAddr::V4(to) = to else { return Ok(End::Nobody) };
        let raw = socket_with(AddressFamily::INET, SocketType::RAW, SocketFlags::CLOEXEC, Some(ipproto::RAW))?;
        let mut knocks = FIRST;
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..knocks {
                let knock = knock(self.0.fetch_add(1, Ordering::Relaxed), to);
                sendto(&raw, &knock, SendFlags::empty(), &to)?;
            }
            tally.tried(knocks);
            knocks = AT_ONCE;
            sleep(PAUSE).await;
        }
        Ok(if half_open(to.port())? < MANY { End::Nobody } else { End::Ours })
    }
}

/// A packet of IPv4 with a SYN in it (RFC 791, RFC 9293). The kernel fills in the checksum of the first.
fn knock(number: u32, to: SocketAddrV4) -> [u8; 40] {
    let from = Ipv4Addr::from_bits(THEM + number % ADDRESSES);
    let [high, low] = ((number / ADDRESSES) as u16 | 0x8000).to_be_bytes();
    let mut packet = [0; 40];
    // Version and length of the header; the length of all; hops to live; TCP.
    (packet[0], packet[3], packet[8], packet[9]) = (0x45, 40, 64, 6);
    packet[12..16].copy_from_slice(&from.octets());
    packet[16..20].copy_from_slice(&to.ip().octets());
    packet[20..22].copy_from_slice(&[high, low]);
    packet[22..24].copy_from_slice(&to.port().to_be_bytes());
    packet[24..28].copy_from_slice(&number.to_be_bytes());
    // Length of the header in words, SYN, a window.
    (packet[32], packet[33], packet[34]) = (5 << 4, 0x02, 0xff);
    let sum = checksum(&packet[12..]);
    packet[36..38].copy_from_slice(&sum.to_be_bytes());
    packet
}

/// Of addresses and segment, with the protocol and the segment's length, as TCP wants it.
fn checksum(addresses_and_segment: &[u8]) -> u16 {
    let words = addresses_and_segment.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let sum = words.sum::<u32>() + 6 + 20;
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

/// How many have knocked at a port of ours and not come in (`SYN_RECV`).
fn half_open(port: u16) -> std::io::Result<usize> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let here = format!(":{port:04X}");
    let at = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&here)) && fields.nth(1) == Some("03")
    };
    Ok(table.lines().filter(at).count())
}

/// How many SYN cookies the kernel has sent in this network.
fn cookies() -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/net/netstat")?;
    let mut lines = table.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let at = names.split_whitespace().position(|name| name == "SyncookiesSent").context("no SyncookiesSent")?;
    Ok(values.split_whitespace().nth(at).context("no value")?.parse()?)
}
