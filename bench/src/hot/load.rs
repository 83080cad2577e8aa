//! The load generator: keep-alive HTTP/1.1 connections on one thread over epoll, each with one request under way.
//!
//! It reads no more of an answer than its status and where it ends, so that it is never what is measured.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// What is asked. One script drives all connections.
pub(crate) trait Script {
    /// Writes the next request of a connection into `out`; `last` is its last answer, empty at first. `false`: there is
    /// nothing more to ask.
    fn next(&mut self, connection: usize, last: &[u8], out: &mut Vec<u8>) -> bool;
}

/// What a turn of load came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Answers in the time measured.
    pub(crate) answers: u64,
    /// Of these, how many had another status than was wanted.
    pub(crate) refused: u64,
    /// The time measured, in seconds.
    pub(crate) seconds: f64,
    /// Time from a request's planned moment to its answer, sorted; only under a paced load.
    pub(crate) waits: Vec<Duration>,
}

impl Outcome {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// The wait that so much of all stay below.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let at = (self.waits.len() as f64 * part) as usize;
        self.waits.get(at.min(self.waits.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

struct Connection {
    socket: TcpStream,
    request: Vec<u8>,
    sent: usize,
    answer: Vec<u8>,
    busy: bool,
    since: Instant,
}

/// How a turn is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drive {
    /// Connections.
    pub(crate) connections: usize,
    /// How long.
    pub(crate) span: Duration,
    /// The status that counts as an answer.
    pub(crate) status: u16,
    /// Requests a second; without, as many as go.
    pub(crate) pace: Option<f64>,
    /// Whether the load has its core to itself. A database that stands beside it must not have to wait for its turn.
    pub(crate) alone: bool,
}

/// Asks for one turn.
pub(crate) fn run(address: SocketAddr, drive: Drive, script: &mut impl Script) -> anyhow::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let begun = Instant::now();
    let mut all = Vec::with_capacity(drive.connections);
    for at in 0..drive.connections {
        let socket = std::net::TcpStream::connect(address).context("the server is not there")?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        poll.registry().register(&mut socket, Token(at), Interest::READABLE)?;
        let (request, answer) = (Vec::with_capacity(1024), Vec::with_capacity(4096));
        all.push(Connection { socket, request, sent: 0, answer, busy: false, since: begun });
    }
    let begun = Instant::now();
    let until = begun + drive.span;
    let mut outcome = Outcome::default();
    let mut idle: Vec<usize> = (0..all.len()).rev().collect();
    let mut planned = 0_u64;
    let mut dry = false;
    loop {
        let now = Instant::now();
        if now >= until || (dry && idle.len() == all.len()) {
            outcome.seconds = now.duration_since(begun).as_secs_f64();
            outcome.waits.sort_unstable();
            return Ok(outcome);
        }
        while !dry && let Some(at) = idle.last().copied() {
            let due = drive.pace.map(|pace| begun + Duration::from_secs_f64(planned as f64 / pace));
            if due.is_some_and(|due| due > Instant::now()) {
                break;
            }
            let connection = &mut all[at];
            connection.request.clear();
            if !script.next(at, &connection.answer, &mut connection.request) {
                dry = true;
                break;
            }
            idle.pop();
            planned += 1;
            connection.since = due.unwrap_or(now);
            connection.start()?;
        }
        // Alone, the thread spins. Asleep it would have to be woken by the side that is measured, with
        // each answer while it keeps up with it, and hardly ever by a side that is so fast that it never rests.
        let patience = if drive.alone { Duration::ZERO } else { Duration::from_millis(1) };
        match poll.poll(&mut events, Some(patience)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            let at = event.token().0;
            let connection = &mut all[at];
            let Some(status) = connection.read()? else { continue };
            outcome.answers += 1;
            outcome.refused += u64::from(status != drive.status);
            if drive.pace.is_some() {
                outcome.waits.push(connection.since.elapsed());
                idle.push(at);
                continue;
            }
            connection.request.clear();
            if script.next(at, &connection.answer, &mut connection.request) {
                connection.start()?;
            } else {
                dry = true;
                idle.push(at);
            }
        }
    }
}

impl Connection {
    fn start(&mut self) -> anyhow::Result<()> {
        (self.busy, self.sent) = (true, 0);
        self.answer.clear();
        while self.sent < self.request.len() {
            match self.socket.write(&self.request[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The status, once the answer is whole.
    fn read(&mut self) -> anyhow::Result<Option<u16>> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => bail!("the server hung up after {:?}", String::from_utf8_lossy(&self.answer)),
                Ok(n) => {
                    self.answer.extend_from_slice(&buffer[..n]);
                    if n < buffer.len() {
                        // Usually all of it: what was not there yet makes another event.
                        if let Some(status) = self.whole()? {
                            return Ok(Some(status));
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.whole(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn whole(&mut self) -> anyhow::Result<Option<u16>> {
        if !self.busy {
            return Ok(None);
        }
        let Some((status, length)) = shape(&self.answer)? else { return Ok(None) };
        if self.answer.len() < length {
            return Ok(None);
        }
        self.busy = false;
        Ok(Some(status))
    }
}

/// The status and the whole length of an answer, once its head is there.
pub(crate) fn shape(answer: &[u8]) -> anyhow::Result<Option<(u16, usize)>> {
    let Some(head) = find(answer, b"\r\n\r\n") else { return Ok(None) };
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let status = status.context("no status")?;
    let length = match field(&answer[..head + 2], "content-length") {
        Some(text) => text.parse::<usize>()?,
        None if status == 304 || status == 204 => 0,
        None => bail!("an answer without a length"),
    };
    Ok(Some((status, head + 4 + length)))
}

/// Where `needle` begins.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle[0];
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|byte| *byte == first) {
        if hay[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// A field of an answer's head; `head` ends with the last field's line end.
pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if line[..colon].eq_ignore_ascii_case(name.as_bytes()) {
            return std::str::from_utf8(&line[colon + 1..]).ok().map(str::trim);
        }
    }
    None
}

/// One request, for its whole answer.
pub(crate) fn ask(address: SocketAddr, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut socket = std::net::TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    socket.write_all(request)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if shape(&answer)?.is_some_and(|(_, length)| answer.len() >= length) {
            return Ok(answer);
        }
        match socket.read(&mut buffer)? {
            0 => bail!("the server hung up"),
            n => answer.extend_from_slice(&buffer[..n]),
        }
    }
}
