//! A call of an endpoint: put together from a form, sent through the server's own router, its answer read.
//!
//! It goes through everything that a call from outside goes through (hosts, limits, counting, the log), so nothing here
//! knows what an endpoint does.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{HOST, USER_AGENT};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::config::Origin;
use crate::http::door::Door;
use crate::http::listen::Peer;
use crate::http::reply::escape;
use crate::http::state::AppState;

/// How much of an answer is shown.
const LONGEST: usize = 256 * 1024;

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Shown as it is.
    Plain(String),
    /// A secret: a variable of this name stands for it wherever the call is shown.
    Hidden(&'static str, String),
}

impl Word {
    /// A piece that may be seen.
    pub fn plain(text: &str) -> Self {
        Word::Plain(text.to_owned())
    }

    /// The value itself, for the call.
    pub fn expose(words: &[Word]) -> String {
        words
            .iter()
            .map(|word| match word {
                Word::Plain(text) | Word::Hidden(_, text) => text.as_str(),
            })
            .collect()
    }
}

/// A call. No `Debug`: it holds secrets.
pub struct Call {
    /// The method.
    pub method: Method,
    path: String,
    query: Vec<(String, String)>,
    /// Its own headers.
    pub headers: Vec<(&'static str, Vec<Word>)>,
    /// The fields of its form.
    pub body: Vec<(&'static str, Vec<Word>)>,
}

impl Call {
    /// A call of `path`, without anything else.
    pub fn new(method: Method, path: &str) -> Self {
        Call { method, path: path.to_owned(), query: Vec::new(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a parameter of the query.
    pub fn parameter(&mut self, name: &str, value: &str) {
        self.query.push((name.to_owned(), value.to_owned()));
    }

    /// Adds a header.
    pub fn header(&mut self, name: &'static str, value: Vec<Word>) {
        self.headers.push((name, value));
    }

    /// Adds a field of the form.
    pub fn field(&mut self, name: &'static str, value: Word) {
        self.body.push((name, vec![value]));
    }

    /// Path and query.
    pub fn target(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    /// Sends it through the router as the browser's own address would.
    pub async fn run(&self, it: &AppState, from: &Caller) -> Answered {
        let started = Instant::now();
        let Some(request) = self.request(it, from) else { return Answered::unsent() };
        let response = match crate::http::router(it.clone()).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, mut body) = response.into_parts();
        let (mut bytes, mut cut) = (Vec::new(), false);
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(more) = frame.into_data() else { continue };
            let room = LONGEST - bytes.len();
            bytes.extend_from_slice(&more[..more.len().min(room)]);
            cut = more.len() > room;
            if cut {
                break;
            }
        }
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Answered {
            status: parts.status,
            headers: parts.headers.iter().map(header).collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            cut,
            took: started.elapsed(),
        }
    }

    /// `None` if a value fits into no header, which the form has looked at before.
    fn request(&self, it: &AppState, from: &Caller) -> Option<Request> {
        let mut request = Request::builder().method(self.method.clone()).uri(self.target());
        let authority = from.origin(it, Door::of(&self.path));
        let authority = authority.split_once("://").map_or("", |(_, authority)| authority);
        request = request.header(HOST, authority).header(USER_AGENT, "bizauth console");
        for (name, value) in &self.headers {
            request = request.header(*name, Word::expose(value));
        }
        for hop in from.headers.get_all("x-forwarded-for") {
            request = request.header("x-forwarded-for", hop);
        }
        let fields: Vec<String> =
            self.body.iter().map(|(name, value)| format!("{name}={}", escape(&Word::expose(value)))).collect();
        let mut request = request.body(Body::from(fields.join("&"))).ok()?;
        if let Some(peer) = from.extensions.get::<Peer>() {
            request.extensions_mut().insert(*peer);
        }
        Some(request)
    }
}

/// Where the browser is, and how it reached us.
pub struct Caller {
    /// Its connection.
    pub extensions: Extensions,
    /// What it and the proxies before us say.
    pub headers: HeaderMap,
}

impl Caller {
    /// The origin at which the server answers for `door`, as this browser knows it: the configured one, or the host
    /// that it asked. A host named `kauth.*` has a sibling for kapi.
    pub fn origin(&self, it: &AppState, door: Door) -> String {
        let configured = it.config.origin.as_ref().map(|origin| Origin::as_str(origin).to_owned());
        let origin = configured.unwrap_or_else(|| {
            let host = self.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
            let host = if !host.is_empty() && host.bytes().all(plain) { host } else { "127.0.0.1" };
            let over_tls = self.extensions.get::<Peer>().is_some_and(|peer| peer.tls);
            format!("{}://{}", if over_tls { "https" } else { "http" }, host.to_ascii_lowercase())
        });
        match door {
            Door::Kapi => origin.replacen("://kauth.", "://kapi.", 1),
            _ => origin,
        }
    }
}

/// An answer, as it is shown.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// Every header.
    pub headers: Vec<(String, String)>,
    /// The body, or its beginning.
    pub body: String,
    /// Whether there was more.
    pub cut: bool,
    /// How long it took within the server.
    pub took: Duration,
}

impl Answered {
    fn unsent() -> Self {
        let (status, took) = (StatusCode::BAD_REQUEST, Duration::ZERO);
        Answered { status, headers: Vec::new(), body: String::new(), cut: false, took }
    }

    /// A field of a JSON body, as text.
    pub fn field(&self, name: &str) -> Option<String> {
        match serde_json::from_str::<Value>(&self.body).ok()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The code of a refusal, at either door.
    pub fn code(&self) -> Option<String> {
        self.field("error_code").or_else(|| self.field("code"))
    }
}

/// The content type that the documents ask for.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded;charset=utf-8");

/// A JSON text with a line for each member, everything else as it was sent: no order and no number is touched.
pub fn pretty(body: &str) -> String {
    if serde_json::from_str::<Value>(body).is_err() {
        return body.to_owned();
    }
    let (mut out, mut depth, mut in_text, mut escaped) = (String::with_capacity(body.len() * 2), 0_usize, false, false);
    let mut letters = body.chars().peekable();
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(letter) = letters.next() {
        if in_text {
            out.push(letter);
            in_text = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        break_line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            letter if letter.is_ascii_whitespace() => {}
            letter => {
                in_text = letter == '"';
                out.push(letter);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_is_laid_out_and_nothing_else_is() {
        for (body, laid_out) in [
            (r#"{"b":1,"a":[ ],"c":{}}"#, "{\n  \"b\": 1,\n  \"a\": [],\n  \"c\": {}\n}"),
            (r#"{"msg":"a\"{,: \\","code":-401}"#, "{\n  \"msg\": \"a\\\"{,: \\\\\",\n  \"code\": -401\n}"),
            (r#"[1.50,[true]]"#, "[\n  1.50,\n  [\n    true\n  ]\n]"),
            ("<html>{}</html>", "<html>{}</html>"),
            ("", ""),
        ] {
            assert_eq!(pretty(body), laid_out, "{body}");
        }
    }

    #[test]
    fn a_query_is_escaped_and_a_secret_is_sent() {
        let mut call = Call::new(Method::GET, "/oauth/business/authorize");
        call.parameter("scope", "a,b");
        call.parameter("state", "한 &=#");
        assert_eq!(call.target(), "/oauth/business/authorize?scope=a%2Cb&state=%ED%95%9C%20%26%3D%23");
        let words = [Word::plain("Bearer "), Word::Hidden("BUSINESS_TOKEN", "bzt_1".to_owned())];
        assert_eq!(Word::expose(&words), "Bearer bzt_1");
    }

    proptest! {
        #[test]
        fn laying_out_changes_no_value(text in "\\PC{0,40}", number in any::<i64>()) {
            let body = serde_json::json!({ "a": [text, number, null], "b": { "c": text } }).to_string();
            let read: Value = serde_json::from_str(&pretty(&body)).unwrap();
            prop_assert_eq!(read, serde_json::from_str::<Value>(&body).unwrap());
        }
    }
}
