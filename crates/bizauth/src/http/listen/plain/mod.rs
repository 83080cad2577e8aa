//! Plain requests, answered before hyper is asked: two fifths of what a token check cost was what stands between the
//! socket and its handler.
//!
//! Plain is a request of HTTP/1.1 for an address that [`Hot`] knows, which came whole in what was read at once, and whose
//! end cannot be argued about: one length at most, written in digits, and nothing that asks for another framing. hyper's
//! own parser reads it. The first request that is anything else goes to hyper with all that follows on its connection,
//! before a byte of its answer was sent: there is one judge of what is odd, slow, large or wrong, and it is not here.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::Full;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Peer;
use super::pulse::Pulse;
use crate::clock::Clock;
use crate::http::hot::Hot;
use crate::usage::Endpoint;

/// Bytes that are read at once. Calls of programs have a few hundred.
const ROOM: usize = 4096;
/// Fields of a plain request.
const FIELDS: usize = 32;

/// What was read and is hyper's to answer.
#[derive(Debug)]
pub(super) struct Rest {
    /// The beginning of it.
    pub(super) read: Bytes,
    /// Whether something was answered before: then it is too late for another version of HTTP.
    pub(super) spoken: bool,
}

/// Answers plain requests until the caller hangs up or, told to, we do: nothing is left for hyper then. Who hangs up in the
/// middle of a request is noticed when its answer is there.
///
/// # Errors
/// The caller is gone, or takes nothing.
pub(super) async fn serve<S>(
    stream: &mut S,
    hot: &Hot,
    peer: Peer,
    pulse: &Arc<Pulse>,
    leaving: &AtomicBool,
) -> io::Result<Option<Rest>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut head, mut dates, mut spoken) = (Head::default(), Dates::default(), false);
    let (mut received, mut said) = (BytesMut::new(), Vec::new());
    let leaves = || leaving.load(Ordering::Relaxed);
    loop {
        received.reserve(ROOM);
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
        while !received.is_empty() {
            let Some(Read { endpoint, until, body }) = head.next(&received, |parts| hot.knows(parts)) else {
                return Ok((!leaves()).then(|| Rest { read: received.freeze(), spoken }));
            };
            let beat = pulse.begin(Version::HTTP_11);
            let body = Bytes::copy_from_slice(&received[until..until + body]);
            received.advance(until + body.len());
            let answer = hot.answer(endpoint, &head.parts, Full::new(body), peer).await;
            let last = leaves();
            let long = answer.write(&mut said, dates.now(), last).await.map_err(io::Error::other)?;
            stream.write_all(&said).await?;
            said.clear();
            stream.write_all(&long).await?;
            stream.flush().await?;
            drop(beat);
            spoken = true;
            if last {
                return Ok(None);
            }
        }
        // Told while the answer was on its way.
        if leaves() {
            return Ok(None);
        }
    }
}

/// A request that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Who answers it.
    pub endpoint: Endpoint,
    /// Where its head ends and its body begins.
    pub until: usize,
    /// How long its body is.
    pub body: usize,
}

/// The head that was read last. Programs send the same again and again, but for the token it is about.
#[derive(Debug)]
pub struct Head {
    parts: Parts,
    /// What it came to, what stood before the value of its one `Authorization`, and what behind. Without such a field all
    /// of it stood before.
    last: Option<(Read, Vec<u8>, Option<Vec<u8>>)>,
}

impl Default for Head {
    fn default() -> Head {
        Head { parts: Request::new(()).into_parts().0, last: None }
    }
}

impl Head {
    /// Reads the plain request that these bytes begin with, if it is one and all of it is there, for an address that is
    /// known: the last one over again, or another.
    pub fn next(&mut self, bytes: &[u8], knows: impl FnOnce(&Parts) -> Option<Endpoint>) -> Option<Read> {
        self.again(bytes).or_else(|| self.read(bytes, knows))
    }

    /// What the head of the request that was read says.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Reads a request whose head is the last one over again, but for the value of `Authorization`: all that can differ is
    /// that value, so nothing else is looked at anew.
    fn again(&mut self, bytes: &[u8]) -> Option<Read> {
        let (read, before, behind) = self.last.as_ref()?;
        let rest = bytes.strip_prefix(before.as_slice())?;
        let Some(behind) = behind else { return (rest.len() >= read.body).then_some(*read) };
        let (value, rest) = rest.split_at(rest.iter().position(|byte| *byte == b'\r')?);
        let rest = rest.strip_prefix(behind.as_slice())?;
        // A parser leaves such blanks out.
        let is_bare = value.first().is_some_and(u8::is_ascii_graphic) && value.last().is_some_and(u8::is_ascii_graphic);
        if !is_bare || rest.len() < read.body {
            return None;
        }
        let known = self.parts.headers.get_mut(AUTHORIZATION)?;
        if known.as_bytes() != value {
            *known = HeaderValue::from_bytes(value).ok()?;
        }
        Some(Read { until: bytes.len() - rest.len(), ..*read })
    }

    /// Reads a plain request, if these bytes begin with one and have all of it, for an address that is known.
    fn read(&mut self, bytes: &[u8], knows: impl FnOnce(&Parts) -> Option<Endpoint>) -> Option<Read> {
        self.last = None;
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(until)) = request.parse(bytes) else { return None };
        let (Some(method), Some(target), Some(1)) = (request.method, request.path, request.version) else {
            return None;
        };
        let parts = &mut self.parts;
        parts.method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            _ => return None,
        };
        // The form of a request to a proxy is nothing that is plain here.
        parts.uri = target.starts_with('/').then(|| Uri::try_from(target).ok())??;
        parts.version = Version::HTTP_11;
        parts.headers.clear();
        for field in &*request.headers {
            let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
            parts.headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
        }
        let body = length_of_body(&parts.headers)?;
        let read = Read { endpoint: knows(parts)?, until, body };
        let mut proofs = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("authorization"));
        self.last = match (proofs.next(), proofs.next()) {
            (Some(proof), None) => {
                let from = proof.value.as_ptr().addr() - bytes.as_ptr().addr();
                let behind = bytes[from + proof.value.len()..until].to_vec();
                Some((read, bytes[..from].to_vec(), Some(behind)))
            }
            (None, _) => Some((read, bytes[..until].to_vec(), None)),
            _ => None,
        };
        (bytes.len() - until >= body).then_some(read)
    }
}

/// The length of the body of a request with these fields, if it is plain: RFC 9112, section 6.3.
fn length_of_body(headers: &HeaderMap) -> Option<usize> {
    let odd = [TRANSFER_ENCODING, UPGRADE, EXPECT].iter().any(|name| headers.contains_key(name));
    let goes_on = headers.get_all(CONNECTION).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"keep-alive"));
    if odd || !goes_on || !headers.contains_key(HOST) {
        return None;
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return Some(0) };
    let length = length.to_str().ok()?;
    // No more digits than what is read at once can have.
    let digits = (1..=4).contains(&length.len()) && length.bytes().all(|byte| byte.is_ascii_digit());
    (digits && lengths.next().is_none()).then(|| length.parse().ok())?
}

/// What the field `date` says, written once a second.
#[derive(Default)]
struct Dates {
    second: Option<i64>,
    text: String,
}

impl Dates {
    fn now(&mut self) -> &[u8] {
        // As hyper has it: the system's, also where the platform's stands still.
        let second = Clock::System.now().millis().div_euclid(1000);
        if self.second != Some(second) {
            self.text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second.unsigned_abs()));
            self.second = Some(second);
        }
        self.text.as_bytes()
    }
}
