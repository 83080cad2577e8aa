//! Answers whose status and fields are the same each time, kept as hyper takes them and as they are written: where a
//! server answers two hundred thousand a second, neither is made anew.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, DATE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

/// RFC 6797, for a year.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Bytes of a body from which on it is sent by itself: whoever takes a long list slowly must not hold a copy of it.
const LONG: usize = 8 * 1024;

/// A status and its fields. The length of the body is none of them.
#[derive(Debug)]
pub struct Head {
    status: StatusCode,
    fields: HeaderMap,
    written: Vec<u8>,
}

impl Head {
    /// With these.
    pub fn new(status: StatusCode, fields: HeaderMap) -> Arc<Head> {
        let mut written = Vec::with_capacity(256);
        write_head(&mut written, status, &fields);
        Arc::new(Head { status, fields, written })
    }
}

/// An answer with such a head.
#[derive(Clone, Debug)]
pub struct Given {
    /// What is always the same.
    pub head: Arc<Head>,
    /// What is not.
    pub body: Bytes,
}

impl IntoResponse for Given {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.head.status;
        self.head.fields.clone_into(response.headers_mut());
        response
    }
}

/// What a handler answers.
#[derive(Debug)]
pub enum Answer {
    /// As it was kept, and whether a browser is to come over TLS from now on.
    Given(Given, bool),
    /// Any other.
    Response(Response),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Answer {
        Answer::Response(response)
    }
}

impl<E: IntoResponse> From<Result<Given, E>> for Answer {
    fn from(given: Result<Given, E>) -> Answer {
        match given {
            Ok(given) => Answer::Given(given, false),
            Err(error) => Answer::Response(error.into_response()),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Answer::Response(response) => response,
            Answer::Given(given, over_tls) => {
                let mut answer = Answer::Response(given.into_response());
                if over_tls {
                    answer.ask_for_tls();
                }
                answer.into_response()
            }
        }
    }
}

impl Answer {
    /// Its status.
    pub fn status(&self) -> StatusCode {
        match self {
            Answer::Given(given, _) => given.head.status,
            Answer::Response(response) => response.status(),
        }
    }

    /// Says that a browser is to come over TLS from now on.
    pub fn ask_for_tls(&mut self) {
        match self {
            Answer::Given(_, over_tls) => *over_tls = true,
            Answer::Response(response) => drop(response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS)),
        }
    }

    /// Writes it to a connection that ends with it if it `leaves`, as hyper does; `date` is the field's. What is given back
    /// is a body that is too long to be copied, and follows.
    ///
    /// # Errors
    /// The body cannot be had.
    pub async fn write(self, out: &mut Vec<u8>, date: &[u8], leaves: bool) -> Result<Bytes, axum::Error> {
        let (status, body) = match self {
            Answer::Given(given, over_tls) => {
                out.extend_from_slice(&given.head.written);
                if over_tls {
                    write_field(out, &STRICT_TRANSPORT_SECURITY, ONLY_TLS.as_bytes());
                }
                (given.head.status, given.body)
            }
            Answer::Response(response) => {
                let (head, body) = response.into_parts();
                write_head(out, head.status, &head.headers);
                (head.status, body.collect().await?.to_bytes())
            }
        };
        // RFC 9110, section 8.6: those have no content, and the length of one would be of what they stand for.
        let has_content = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if has_content {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if leaves {
            write_field(out, &CONNECTION, b"close");
        }
        write_field(out, &DATE, date);
        out.extend_from_slice(b"\r\n");
        if !has_content {
            return Ok(Bytes::new());
        }
        if body.len() > LONG {
            return Ok(body);
        }
        out.extend_from_slice(&body);
        Ok(Bytes::new())
    }
}

/// The status and these fields, but for the length, which is written with the body.
fn write_head(out: &mut Vec<u8>, status: StatusCode, fields: &HeaderMap) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("<none>").as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in fields.iter().filter(|(name, _)| *name != CONTENT_LENGTH) {
        write_field(out, name, value.as_bytes());
    }
}

fn write_field(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
