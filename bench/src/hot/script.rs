//! What is asked on the hot paths.

use super::load::Script;
use super::place::{self, CLIENT_ID, CLIENT_SECRET};

/// One request again and again.
pub(crate) struct Same(pub(crate) Vec<u8>);

impl Script for Same {
    fn next(&mut self, _: usize, _: &[u8], out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0);
        true
    }
}

/// `GET tokeninfo` of tokens in no order, as resource servers ask.
pub(crate) struct Tokeninfo {
    tokens: Vec<[u8; 58]>,
    at: usize,
    step: usize,
}

const BEARER: &[u8] = b"Authorization: Bearer ";

impl Tokeninfo {
    pub(crate) fn new(count: i64) -> Self {
        let spelled = |number| place::token(number).into_bytes().try_into().expect("58 bytes");
        // A prime step that is no divisor of the count visits every one before any comes again.
        Tokeninfo { tokens: (0..count).map(spelled).collect(), at: 0, step: 7919 }
    }

    /// The tokens in their order: for a first visit of each.
    pub(crate) fn in_order(mut self) -> Self {
        self.step = 1;
        self
    }
}

impl Script for Tokeninfo {
    fn next(&mut self, _: usize, _: &[u8], out: &mut Vec<u8>) -> bool {
        self.at = (self.at + self.step) % self.tokens.len();
        out.extend_from_slice(b"GET /v1/business/tokeninfo HTTP/1.1\r\nHost: kapi.example.com\r\n");
        out.extend_from_slice(BEARER);
        out.extend_from_slice(&self.tokens[self.at]);
        out.extend_from_slice(b"\r\n\r\n");
        true
    }
}

/// One tokeninfo.
pub(crate) fn tokeninfo(number: i64) -> Vec<u8> {
    let token = place::token(number);
    format!("GET /v1/business/tokeninfo HTTP/1.1\r\nHost: kapi.example.com\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// `GET system/ips`, perhaps with the tag that is known already.
pub(crate) fn ips(tag: Option<&str>) -> Vec<u8> {
    let known = tag.map(|tag| format!("If-None-Match: {tag}\r\n")).unwrap_or_default();
    format!(
        "GET /v1/system/ips HTTP/1.1\r\nHost: kapi.example.com\r\nAuthorization: KakaoAK {CLIENT_ID}\r\n{known}\r\n"
    )
    .into_bytes()
}

/// Each code once, in the order in which they were issued.
pub(crate) struct Redeem {
    pub(crate) next: i64,
    pub(crate) count: i64,
}

impl Script for Redeem {
    fn next(&mut self, _: usize, _: &[u8], out: &mut Vec<u8>) -> bool {
        if self.next >= self.count {
            return false;
        }
        out.extend_from_slice(&redeem(&place::code(self.next)));
        self.next += 1;
        true
    }
}

/// One redemption.
pub(crate) fn redeem(code: &str) -> Vec<u8> {
    let form = format!(
        "grant_type=authorization_code&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code={code}"
    );
    format!(
        "POST /oauth/business/token HTTP/1.1\r\nHost: kauth.example.com\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// Each token is given back once.
pub(crate) struct Revoke {
    pub(crate) next: i64,
    pub(crate) count: i64,
}

impl Script for Revoke {
    fn next(&mut self, _: usize, _: &[u8], out: &mut Vec<u8>) -> bool {
        if self.next >= self.count {
            return false;
        }
        let token = place::token(self.next);
        self.next += 1;
        let head = "POST /v1/business/revoke HTTP/1.1\r\nHost: kapi.example.com\r\nContent-Length: 0\r\n";
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(BEARER);
        out.extend_from_slice(token.as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        true
    }
}
