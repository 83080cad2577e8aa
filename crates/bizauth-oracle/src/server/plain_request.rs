//! Plain requests, which the server reads without hyper: what it takes is what a naive reader takes it for, and what hyper
//! would have made of the same bytes.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use bizauth::http::listen::plain::Head;
use bizauth::usage::Endpoint;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;

/// What stands between two things that came on the same connection.
const BREAK: &[u8] = b"\n---\n";
/// Fields of a plain request.
const FIELDS: usize = 32;

/// A request that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    method: String,
    path: String,
    query: Option<String>,
    /// Name in small letters and value, those of one name in their order.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// The reader of plain requests. Each text between two breaks is what had come when the server looked, and begins where the
/// last request ended.
pub fn plain_request(bytes: &[u8]) {
    let mut head = Head::default();
    for come in texts(bytes).into_iter().take(8) {
        let (mut rest, mut taken) = (come, Vec::new());
        while !rest.is_empty() {
            let naive = naive(rest);
            let Some(read) = head.next(rest, |_| Some(Endpoint::Tokeninfo)) else {
                let plain = naive
                    .filter(|(asked, _)| is_ordinary(&asked.path) && is_ordinary(asked.query.as_deref().unwrap_or("")));
                assert_eq!(plain, None, "nothing is odd about it: {:?}", String::from_utf8_lossy(rest));
                break;
            };
            let end = read.until + read.body;
            let asked = asked(head.parts(), &rest[read.until..end]);
            assert_eq!(Some((asked.clone(), end)), naive, "{:?}", String::from_utf8_lossy(rest));
            taken.push(asked);
            rest = &rest[end..];
        }
        if !taken.is_empty() {
            let mut served = by_hyper(come);
            served.truncate(taken.len());
            assert_eq!(served, taken, "{:?}", String::from_utf8_lossy(come));
        }
    }
}

fn texts(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut texts, mut from) = (Vec::new(), 0);
    while let Some(at) = bytes[from..].windows(BREAK.len()).position(|window| window == BREAK) {
        texts.push(&bytes[from..from + at]);
        from += at + BREAK.len();
    }
    texts.push(&bytes[from..]);
    texts
}

fn asked(parts: &Parts, body: &[u8]) -> Asked {
    Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        fields: fields(&parts.headers),
        body: body.to_vec(),
    }
}

fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    sorted(headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect())
}

/// By name; those of one name stay in their order.
fn sorted(mut fields: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    fields
}

/// The plain request at the beginning, and where it ends, by RFC 9112: a line of three words, fields, an empty line, and a
/// body of one length. A line may end without its carriage return (section 2.2), and empty ones may come before.
fn naive(bytes: &[u8]) -> Option<(Asked, usize)> {
    let mut at = 0;
    let mut line = || {
        let length = bytes[at..].iter().position(|byte| *byte == b'\n')?;
        let line = &bytes[at..at + length];
        at += length + 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    };
    let mut first = line()?;
    while first.is_empty() {
        first = line()?;
    }
    let words: Vec<&str> = std::str::from_utf8(first).ok()?.split(' ').collect();
    let [method @ ("GET" | "POST"), target, "HTTP/1.1"] = words[..] else { return None };
    if !target.starts_with('/') || target.chars().any(|c| c.is_ascii_control()) {
        return None;
    }
    let mut fields = Vec::new();
    loop {
        let line = line()?;
        if line.is_empty() {
            break;
        }
        fields.push(field(line)?);
    }
    let of = |wanted: &str| {
        let values = fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_slice());
        values.collect::<Vec<_>>()
    };
    let odd = ["transfer-encoding", "upgrade", "expect"].iter().any(|name| !of(name).is_empty());
    let goes_on = of("connection").iter().all(|value| value.eq_ignore_ascii_case(b"keep-alive"));
    if fields.len() > FIELDS || odd || !goes_on || of("host").is_empty() {
        return None;
    }
    let length = match of("content-length")[..] {
        [] => 0,
        [digits] if (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {
            digits.iter().fold(0, |number, digit| 10 * number + usize::from(digit - b'0'))
        }
        _ => return None,
    };
    let body = bytes.get(at..at + length)?.to_vec();
    // A fragment has no business there; hyper leaves it out.
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let asked = Asked { method: method.to_owned(), path: path.to_owned(), query, fields: sorted(fields), body };
    Some((asked, at + length))
}

/// `name: value`, without the blanks around the value.
fn field(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, mut value) = (&line[..colon], &line[colon + 1..]);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let is_text = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    let good = !name.is_empty() && name.iter().all(is_token) && value.iter().all(is_text);
    good.then(|| (String::from_utf8_lossy(name).to_lowercase(), value.to_vec()))
}

/// Whether a path or a query has only letters of RFC 3986: then nothing but the head's other parts can be odd.
fn is_ordinary(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte))
}

/// What hyper makes of bytes that came at once, until it wants more of them.
fn by_hyper(bytes: &[u8]) -> Vec<Asked> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let heard = Arc::clone(&heard);
        async move {
            let (parts, body) = request.into_parts();
            if let Ok(body) = body.collect().await {
                let asked = asked(&parts, &body.to_bytes());
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let caller = Caller { sends: bytes };
    {
        let mut connection = pin!(http1::Builder::new().header_read_timeout(None).serve_connection(caller, service));
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&bell));
        while bell.0.swap(false, Ordering::Relaxed) {
            if connection.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                break;
            }
        }
    }
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *heard)
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A caller who has sent this, takes whatever is answered, and stays.
struct Caller<'b> {
    sends: &'b [u8],
}

impl Read for Caller<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.sends.is_empty() {
            return Poll::Pending;
        }
        let (now, later) = self.sends.split_at(self.sends.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.sends = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Caller<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
