//! HTTP/2 by hand, as far as it takes to misuse it: RFC 9113 and the static table of HPACK.

/// Kinds of frames.
pub(super) const DATA: u8 = 0;
/// See above.
pub(super) const HEADERS: u8 = 1;
/// See above.
pub(super) const RST_STREAM: u8 = 3;
/// See above.
pub(super) const SETTINGS: u8 = 4;
/// See above.
pub(super) const PING: u8 = 6;
/// See above.
pub(super) const GOAWAY: u8 = 7;
/// See above.
pub(super) const CONTINUATION: u8 = 9;

/// What opens a connection, with a window of nothing for every answer if `shut`.
pub(super) fn preface(shut: bool) -> Vec<u8> {
    let settings = if shut { frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]) } else { frame(SETTINGS, 0, 0, &[]) };
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings].concat()
}

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET /login` on a stream: a page of some kilobytes.
pub(super) fn ask(stream: u32) -> Vec<u8> {
    // GET, http; :path as a literal; :authority as a literal.
    let block = [&[0x82, 0x86, 0x44, 6][..], b"/login", &[0x41, 1, b'a']].concat();
    frame(HEADERS, 0x5, stream, &block)
}

/// `GET /v1/business/tokeninfo` on a stream, about this token.
pub(super) fn ask_about(stream: u32, token: &str) -> Vec<u8> {
    // GET, http; :path, :authority and authorization as literals.
    let (path, bearer) = (literal("/v1/business/tokeninfo"), literal(&format!("Bearer {token}")));
    let block = [&[0x82, 0x86, 0x44][..], &path, &[0x41, 1, b'a', 0x0f, 8], &bearer].concat();
    frame(HEADERS, 0x5, stream, &block)
}

/// `POST /oauth/business/token` on a stream, with this form.
pub(super) fn trade(stream: u32, form: &str) -> Vec<u8> {
    // POST, http; :path, :authority and content-type as literals.
    let (path, kind) = (literal("/oauth/business/token"), literal("application/x-www-form-urlencoded"));
    let block = [&[0x83, 0x86, 0x44][..], &path, &[0x41, 1, b'a', 0x0f, 16], &kind].concat();
    [frame(HEADERS, 0x4, stream, &block), frame(DATA, 0x1, stream, form.as_bytes())].concat()
}

/// A string of fewer than 127 bytes, as it is.
fn literal(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap_or(0)], text.as_bytes()].concat()
}

/// Gives a stream up (CANCEL).
pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])
}

/// `GET /` without an end of the header: CONTINUATION frames follow.
pub(super) fn ask_without_end(stream: u32) -> Vec<u8> {
    frame(HEADERS, 0x1, stream, &[0x82, 0x86, 0x84, 0x41, 1, b'a'])
}
