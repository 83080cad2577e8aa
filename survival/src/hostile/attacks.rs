//! The attacks: from where, how often, what they may cost, and what is to become of them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bizauth::http::listen::Limits;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::acts::{Act, LONG_BODY, PAUSE, Tally, connect};
use super::healthy::CALLERS;
use super::open::Open;
use crate::world::Server;

/// Connections of an attack that needs no more.
const SOME: usize = 200;
/// Connections of one address: as many as the server lets it have.
const PER_ADDRESS: usize = 1000;
/// Connections that come before it is asked whether the server has taken them in.
const WAVE: usize = 500;

/// One way to do harm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attack {
    name: &'static str,
    unit: &'static str,
    connections: usize,
    /// How much more memory than before it may cost, in megabytes.
    memory: f64,
    fate: Fate,
    act: Act,
}

/// What the server does with the connections of an attack while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It ends each of them.
    Ended,
    /// It holds all of them at the same time.
    Held,
    /// It may bear them: its bounds are longer than the attack.
    Borne,
}

impl Attack {
    /// All of a few connections each.
    pub(super) fn small() -> Vec<Attack> {
        use Fate::{Borne, Ended, Held};
        let attack = |name, unit, connections, fate, act| Attack { name, unit, connections, memory: 40.0, fate, act };
        let drip = |begun, drop| Act::Drip { begun, drop };
        vec![
            attack("slow headers", "bytes dripped", SOME, Borne, drip("GET / HTTP/1.1\r\nHost: a\r\n", "x")),
            attack("slow bodies", "bytes dripped", SOME, Borne, drip(LONG_BODY, "a")),
            attack("silent connections", "connections", SOME, Held, Act::Silence),
            attack("connect and vanish", "connections", 4, Borne, Act::Vanish),
            attack("half-closed connections", "connections", 8, Ended, Act::HalfClose),
            attack("huge headers", "headers", 8, Ended, Act::Giant),
            attack("pipelined garbage", "connections", 8, Ended, Act::Garbage),
            attack("rapid reset", "streams", 8, Ended, Act::RapidReset),
            attack("shut windows", "streams", 20, Borne, Act::ShutWindow),
            attack("endless continuation", "frames", 8, Ended, Act::Continuation),
            attack("ping flood", "frames", 8, Borne, Act::PingFlood),
        ]
    }

    /// So many who only come and stay.
    pub(super) fn idle(connections: usize) -> Attack {
        let (name, unit) = ("idle connections", "connections");
        Attack { name, unit, connections, memory: 200.0, fate: Fate::Held, act: Act::Silence }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn unit(&self) -> &'static str {
        self.unit
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn memory(&self) -> f64 {
        self.memory
    }

    pub(super) fn fate(&self) -> Fate {
        self.fate
    }

    /// Begins. Where all connections are to be held at the same time, they are when it returns, or cannot be.
    pub(super) async fn begin(&self, server: &Server) -> anyhow::Result<Attacking> {
        let to = address(server);
        let mut it = Attacking::default();
        if self.fate == Fate::Held {
            // It hangs up on silence after ten seconds, and on a busy machine so many may take longer to come.
            for _ in 0..3 {
                it = Attacking::default();
                it.crowd(server, self.connections).await?;
                if it.held >= wanted(self.connections) {
                    break;
                }
            }
            return Ok(it);
        }
        // Each from a house of its own: a caller who ends a connection first has its port taken for a minute, and looking for
        // the next free one would be all that the machine did.
        for number in 0..self.connections {
            let (act, from, stop, tally) = (self.act, house(number), it.stop.clone(), it.tally.clone());
            it.attackers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    act.once(from, to, &stop, &tally).await;
                    sleep(PAUSE).await;
                }
            });
        }
        Ok(it)
    }
}

/// How many connections the server has when it holds so many silent ones, those of the healthy callers among them; it has no
/// more than its places.
pub(super) fn wanted(silent: usize) -> usize {
    (silent + CALLERS).min(Limits::default().connections)
}

/// The address of an attacker's house.
fn house(number: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number % 250).unwrap_or(2)).into()
}

/// An attack in progress.
#[derive(Default)]
pub(super) struct Attacking {
    stop: Arc<AtomicBool>,
    attackers: JoinSet<()>,
    tally: Arc<Tally>,
    silent: Vec<TcpStream>,
    /// How many connections the server had when the last of the silent ones had come.
    held: usize,
}

impl Attacking {
    /// Connects so many, who say nothing.
    async fn crowd(&mut self, server: &Server, connections: usize) -> anyhow::Result<()> {
        let (to, open) = (address(server), Open::of(server)?);
        // In waves: what comes faster than it is taken in overflows the kernel's queue, and knocks again a second later.
        for first in (0..connections).step_by(WAVE) {
            for number in first..connections.min(first + WAVE) {
                self.silent.extend(connect(house(number / PER_ADDRESS), to).await);
            }
            let here = wanted(self.silent.len());
            self.held = open.once(|open| open >= here, Duration::from_secs(5)).await?;
        }
        self.tally.tried.fetch_add(self.silent.len(), Ordering::Relaxed);
        Ok(())
    }

    /// How many connections have come and say nothing, and how many the server then had.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.silent.len(), self.held)
    }

    /// Ends it: what became of it.
    pub(super) async fn ended(mut self) -> Arc<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        // Some wait for an answer that never comes.
        let _ = timeout(Duration::from_secs(1), async { while self.attackers.join_next().await.is_some() {} }).await;
        self.attackers.shutdown().await;
        self.tally
    }
}

/// Where the server answers.
pub(super) fn address(server: &Server) -> SocketAddr {
    let named = server.base.trim_start_matches("http://").parse();
    named.unwrap_or_else(|_| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
}
