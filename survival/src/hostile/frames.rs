//! HTTP/2 by hand, as far as it takes to misuse it: RFC 9113 and the static table of HPACK.

/// Kinds of frames.
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

/// The same, without an end of the header: CONTINUATION frames follow.
pub(super) fn ask_without_end(stream: u32) -> Vec<u8> {
    frame(HEADERS, 0x1, stream, &[0x82, 0x86, 0x84, 0x41, 1, b'a'])
}
