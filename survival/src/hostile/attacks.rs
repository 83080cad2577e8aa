//! The attacks: what each does, from where, and how often.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::frames;
use crate::Effort;
use crate::report::Report;
use crate::world::Server;

/// Connections of an attack that needs no more.
const SOME: usize = 200;
/// Connections of one address: as many as the server lets it have.
const PER_ADDRESS: usize = 1000;
/// A pause between two acts, so that the attacker does not merely take the processor away from the server.
const PAUSE: Duration = Duration::from_millis(5);

/// One way to do harm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attack {
    name: &'static str,
    unit: &'static str,
    connections: usize,
    act: Act,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Sends `begun`, then a byte of `drop` now and then.
    Drip { begun: &'static str, drop: &'static str },
    /// Connects and says nothing.
    Silence,
    /// Connects and is gone, as fast as it can.
    Vanish,
    /// Sends a header of 64 KB.
    Giant,
    /// Sends garbage behind a good request on the same connection.
    Garbage,
    /// Opens HTTP/2 streams and resets them at once (CVE-2023-44487).
    RapidReset,
    /// Asks on a hundred HTTP/2 streams and takes none of the answers.
    ShutWindow,
    /// Never ends a header of HTTP/2 (CVE-2024-27316).
    Continuation,
    /// Pings and settings, which must all be answered (CVE-2019-9512, CVE-2019-9515).
    PingFlood,
}

impl Attack {
    /// All of them, with so many idle connections.
    pub(super) fn all(idle: usize) -> Vec<Attack> {
        const SLOW_BODY: &str = "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\
                                 Content-Type: application/x-www-form-urlencoded\r\n\r\n";
        let attack = |name, unit, connections, act| Attack { name, unit, connections, act };
        vec![
            attack(
                "slow headers",
                "bytes dripped",
                SOME,
                Act::Drip { begun: "GET / HTTP/1.1\r\nHost: a\r\n", drop: "x" },
            ),
            attack("slow bodies", "bytes dripped", SOME, Act::Drip { begun: SLOW_BODY, drop: "a" }),
            attack("silent connections", "connections", SOME, Act::Silence),
            attack("connect and vanish", "connections", 4, Act::Vanish),
            attack("huge headers", "headers", 8, Act::Giant),
            attack("pipelined garbage", "connections", 8, Act::Garbage),
            attack("rapid reset", "streams", 8, Act::RapidReset),
            attack("shut windows", "streams", 20, Act::ShutWindow),
            attack("endless continuation", "frames", 8, Act::Continuation),
            attack("ping flood", "frames", 8, Act::PingFlood),
            attack("idle connections", "connections", idle, Act::Silence),
        ]
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn unit(&self) -> &'static str {
        self.unit
    }

    /// Begins, and returns once every attacker has begun.
    pub(super) async fn begin(&self, server: &Server, stop: Arc<AtomicBool>) -> Attacking {
        let to = address(server);
        let (made, mut attackers) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        let mut silent = Vec::new();
        for number in 0..self.connections {
            let from = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number / PER_ADDRESS).unwrap_or(250));
            match self.act {
                // No task each: they only have to be there.
                Act::Silence => silent.extend(connect(from.into(), to).await),
                act => {
                    let (stop, made) = (stop.clone(), made.clone());
                    attackers.spawn(async move {
                        while !stop.load(Ordering::Relaxed) {
                            // A connection that the server ended is an attack that it has dealt with.
                            let _ = act.once(from.into(), to, &stop, &made).await;
                            tokio::time::sleep(PAUSE).await;
                        }
                    });
                }
            }
        }
        made.fetch_add(silent.len(), Ordering::Relaxed);
        Attacking { attackers, made, _silent: silent }
    }
}

/// An attack in progress.
pub(super) struct Attacking {
    attackers: JoinSet<()>,
    made: Arc<AtomicUsize>,
    _silent: Vec<TcpStream>,
}

impl Attacking {
    /// Waits for its end: how often harm was tried.
    pub(super) async fn ended(mut self) -> usize {
        // Some wait for an answer that never comes.
        let _ = timeout(Duration::from_secs(1), async { while self.attackers.join_next().await.is_some() {} }).await;
        self.attackers.shutdown().await;
        self.made.load(Ordering::Relaxed)
    }
}

fn address(server: &Server) -> SocketAddr {
    let named = server.base.trim_start_matches("http://").parse();
    named.unwrap_or_else(|_| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
}

async fn connect(from: IpAddr, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    // Elsewhere than on Linux loopback is one address only: then they come from where everybody comes from.
    let _ = socket.bind(SocketAddr::new(from, 0));
    timeout(Duration::from_secs(5), socket.connect(to)).await.ok()?.ok()
}

impl Act {
    /// One connection's worth of harm.
    async fn once(self, from: IpAddr, to: SocketAddr, stop: &AtomicBool, made: &AtomicUsize) -> std::io::Result<()> {
        let Some(mut socket) = connect(from, to).await else { return Ok(()) };
        let going = || !stop.load(Ordering::Relaxed);
        let count = |n| made.fetch_add(n, Ordering::Relaxed);
        match self {
            Act::Silence | Act::Vanish => {
                count(1);
            }
            Act::Drip { begun, drop } => {
                socket.write_all(begun.as_bytes()).await?;
                while going() {
                    socket.write_all(drop.as_bytes()).await?;
                    count(1);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            Act::Giant => {
                let header = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}", "y".repeat(64 * 1024));
                count(1);
                socket.write_all(header.as_bytes()).await?;
                drain(&mut socket).await;
            }
            Act::Garbage => {
                count(1);
                let garbage = "\u{0}\u{16}\u{3}\u{1}GET GET GET / HTTP/7\r\n: :\r\n\r\n".repeat(64);
                let asked = format!("GET /login HTTP/1.1\r\nHost: a\r\n\r\n{garbage}");
                socket.write_all(asked.as_bytes()).await?;
                drain(&mut socket).await;
            }
            Act::RapidReset => {
                socket.write_all(&frames::preface(false)).await?;
                for turn in 0..10_000_u32 {
                    let stream = 1 + 2 * turn;
                    let reset = frames::frame(frames::RST_STREAM, 0, stream, &[0, 0, 0, 8]);
                    socket.write_all(&[frames::ask(stream), reset].concat()).await?;
                    count(1);
                    if turn % 20 == 19 {
                        tokio::time::sleep(PAUSE).await;
                    }
                    if !going() {
                        break;
                    }
                }
            }
            Act::ShutWindow => {
                socket.write_all(&frames::preface(true)).await?;
                for turn in 0..100 {
                    socket.write_all(&frames::ask(1 + 2 * turn)).await?;
                    count(1);
                }
                while going() {
                    let mut bytes = [0; 4096];
                    // The headers come, the bodies wait.
                    if timeout(Duration::from_millis(100), socket.read(&mut bytes))
                        .await
                        .is_ok_and(|read| read.is_err())
                    {
                        break;
                    }
                }
            }
            Act::Continuation => {
                socket.write_all(&[frames::preface(false), frames::ask_without_end(1)].concat()).await?;
                // A literal header field, "x: y", a few hundred of them in each frame.
                let fields = [0x00, 1, b'x', 1, b'y'].repeat(400);
                while going() {
                    socket.write_all(&frames::frame(frames::CONTINUATION, 0, 1, &fields)).await?;
                    count(1);
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Act::PingFlood => {
                socket.write_all(&frames::preface(false)).await?;
                let flood = [frames::frame(frames::PING, 0, 0, &[7; 8]), frames::frame(frames::SETTINGS, 0, 0, &[])];
                let flood = flood.concat().repeat(10);
                while going() {
                    // Nothing of what comes back is read.
                    timeout(Duration::from_millis(200), socket.write_all(&flood)).await.unwrap_or(Ok(()))?;
                    count(20);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Ok(())
    }
}

/// Reads until the server is done with us, but not for long.
async fn drain(socket: &mut TcpStream) {
    let mut bytes = [0; 4096];
    let reading = async { while let Ok(1..) = socket.read(&mut bytes).await {} };
    let _ = timeout(Duration::from_secs(1), reading).await;
}

/// In the long form: an HTTP/2 answer that nobody takes is given up within the bound that the server sets, also where the
/// caller looks alive: it answers pings. (One who does not loses the connection.)
pub(super) async fn gives_up_on_stalled(server: &Server, effort: Effort, report: &mut Report) -> anyhow::Result<()> {
    if !effort.long {
        return Ok(());
    }
    let Some(mut socket) = connect(Ipv4Addr::LOCALHOST.into(), address(server)).await else { return Ok(()) };
    socket.write_all(&[frames::preface(true), frames::ask(1)].concat()).await?;
    let since = Instant::now();
    let reset = timeout(Duration::from_secs(60), async {
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await?;
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            socket.read_exact(&mut payload).await?;
            match (head[3], head[4]) {
                (frames::RST_STREAM, _) if head[8] == 1 => return Ok::<_, std::io::Error>(()),
                (frames::PING, 0) => socket.write_all(&frames::frame(frames::PING, 1, 0, &payload)).await?,
                _ => {}
            }
        }
    })
    .await;
    report.promise(matches!(reset, Ok(Ok(()))), || format!("an HTTP/2 answer that nobody takes: {reset:?}"));
    report.say(format!("an HTTP/2 answer that nobody takes: given up after {:.0} s", since.elapsed().as_secs_f64()));
    Ok(())
}
