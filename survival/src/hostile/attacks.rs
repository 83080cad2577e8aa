//! The attacks: from where, how often, what they may cost, and what is to become of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bizauth::entropy::Entropy;
use bizauth::http::listen::Limits;
use bizauth::http::reply::escape;
use bizauth_core::secret::Credential;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::HEALTHY;
use super::acts::{Act, Asked, LONG_BODY, PAUSE, Tally, connect};
use super::half_open::Knocks;
use super::healthy::CALLERS;
use super::open::Open;
use crate::world::{App, Server};

/// Connections of an attack that needs no more.
const SOME: usize = 200;
/// Connections of one address: as many as the server lets it have.
const PER_ADDRESS: usize = 1000;
/// Connections that come before it is asked whether the server has taken them in.
const WAVE: usize = 500;

/// One way to do harm.
#[derive(Clone, Debug)]
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
    /// All of a few connections each. `app`: of which the attackers are a developer.
    pub(super) fn small(app: &App) -> Vec<Attack> {
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
            attack("questions given up", "streams", 2, Borne, Act::Abandon(Asked::Token(a_token()))),
            attack("trades given up", "streams", 2, Borne, Act::Abandon(Asked::Trade(a_trade(app)))),
            attack("trades hung up on", "connections", 2, Borne, Act::HangUp { form: a_trade(app) }),
            attack("endless continuation", "frames", 8, Ended, Act::Continuation),
            attack("ping flood", "frames", 8, Borne, Act::PingFlood),
        ]
    }

    /// So many who only come and stay.
    pub(super) fn idle(connections: usize) -> Attack {
        let (name, unit) = ("idle connections", "connections");
        Attack { name, unit, connections, memory: 200.0, fate: Fate::Held, act: Act::Silence }
    }

    /// One who knocks under many addresses and never comes in.
    pub(super) fn half_open() -> Attack {
        let (name, unit, act) = ("half-open connections", "SYNs", Act::HalfOpen(Knocks::default()));
        Attack { name, unit, connections: 1, memory: 40.0, fate: Fate::Borne, act }
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
                if it.complete(self.connections) {
                    break;
                }
            }
            return Ok(it);
        }
        // Each from a house of its own: a caller who ends a connection first has its port taken for a minute, and looking for
        // the next free one would be all that the machine did.
        for number in 0..self.connections {
            let (act, from, stop, tally) = (self.act.clone(), house(number), it.stop.clone(), it.tally.clone());
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

/// A token that there is not, which takes a look into the records.
fn a_token() -> Arc<str> {
    Credential::Token.spell(1, &Entropy::System.secret()).into()
}

/// The form of a trade of a code that there is not, by an app that there is, which takes a transaction.
fn a_trade(app: &App) -> Arc<str> {
    let code = Credential::Code.spell(1, &Entropy::System.secret());
    let fields = app.trade(&code);
    fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&").into()
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
    /// Why the last that did not come did not.
    refused: Option<std::io::Error>,
    /// How many connections the server had when the last of the silent ones had come, and how many it should have had.
    held: usize,
    wanted: usize,
}

impl fmt::Display for Attacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attacking { silent, held, wanted, .. } = self;
        write!(f, "{} connections were made, the server had {held} of {wanted} open", silent.len())?;
        self.refused.iter().try_for_each(|why| write!(f, "; the next was not made: {why}"))
    }
}

impl Attacking {
    /// Connects so many, who say nothing.
    async fn crowd(&mut self, server: &Server, connections: usize) -> anyhow::Result<()> {
        let (to, open) = (address(server), Open::of(server)?);
        // Those of the healthy callers, unless the crowd before this one was so large that they had to go.
        let others = open.once(|open| open <= HEALTHY, Duration::from_secs(5)).await?.min(CALLERS);
        // In waves: what comes faster than it is taken in overflows the kernel's queue, and knocks again a second later.
        for first in (0..connections).step_by(WAVE) {
            for number in first..connections.min(first + WAVE) {
                match connect(house(number / PER_ADDRESS), to).await {
                    Ok(silent) => self.silent.push(silent),
                    Err(error) => self.refused = Some(error),
                }
            }
            // The server has no more than its places.
            self.wanted = (others + self.silent.len()).min(Limits::default().connections);
            self.held = open.once(|open| open >= self.wanted, Duration::from_secs(5)).await?;
            if self.held < self.wanted || self.refused.is_some() {
                // By the time that the last had come the first would have been hung up on.
                break;
            }
        }
        self.tally.tried.fetch_add(self.silent.len(), Ordering::Relaxed);
        Ok(())
    }

    /// How many connections the server had when all had come who say nothing.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether so many have come who say nothing, and the server had them all.
    pub(super) fn complete(&self, connections: usize) -> bool {
        self.silent.len() == connections && self.held >= self.wanted
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
