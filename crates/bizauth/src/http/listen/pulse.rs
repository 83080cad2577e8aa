//! The pulse of one connection: what it is doing, since when, and whether that has lasted too long. Fed from two
//! sides: the stream reports bytes, the service reports requests.
//!
//! hyper alone cannot tell these apart: its one timer runs from the end of an answer to the end of the next header,
//! and knows neither a caller who sends half of the HTTP/2 preface nor one who never takes the answer.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::Version;
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::Limits;
use super::streams::Progress;

/// How long a connection that was told to close may take to do so.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// The number of requests in flight on all connections of a listener.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Whether nearly all places of a listener are taken. Then silence between requests has the bound of a header: who waits
/// at the door comes before who has stopped talking.
#[derive(Clone, Debug, Default)]
pub(super) struct Crowded(Arc<AtomicBool>);

impl Crowded {
    /// So many places are free of so many.
    pub(super) fn note(&self, free: usize, of: usize) {
        self.0.store(free < of.div_ceil(10), Relaxed);
    }
}

/// What a connection should do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing; look again then.
    Wait(Instant),
    /// Close in good order; look again then.
    Close(Instant),
    /// End at once.
    Drop,
}

pub(super) struct Pulse {
    header: Duration,
    idle: Duration,
    crowded: Crowded,
    state: Mutex<State>,
    in_flight: InFlight,
}

struct State {
    running: usize,
    /// When the connection began, or the last request ended.
    quiet_since: Instant,
    /// When the header that is being read began: for the first one, with the connection.
    header_since: Option<Instant>,
    /// On HTTP/2 bytes also come from pings and settings, and say nothing about a header.
    multiplexed: bool,
    closing: bool,
}

impl Pulse {
    pub(super) fn new(limits: &Limits, in_flight: InFlight, crowded: Crowded) -> Pulse {
        let now = Instant::now();
        let state = State { running: 0, quiet_since: now, header_since: Some(now), multiplexed: false, closing: false };
        Pulse { header: limits.header, idle: limits.idle, crowded, state: Mutex::new(state), in_flight }
    }

    /// A request's header has been read.
    pub(super) fn begin(self: &Arc<Pulse>, version: Version) -> Beat {
        let mut state = self.state();
        state.running += 1;
        state.header_since = None;
        state.multiplexed = version == Version::HTTP_2;
        self.in_flight.0.fetch_add(1, Relaxed);
        Beat(Arc::clone(self))
    }

    pub(super) fn first_check(&self) -> Instant {
        self.state().quiet_since + self.header
    }

    pub(super) fn next(&self) -> Next {
        let now = Instant::now();
        let mut state = self.state();
        // Looks at least this often, so that a header begun after the last look is not overlooked for long.
        let soon = now + self.header.min(self.idle);
        if state.running > 0 {
            return Next::Wait(soon);
        }
        if state.closing || state.header_since.is_some_and(|since| since + self.header <= now) {
            return Next::Drop;
        }
        let idle = if self.crowded.0.load(Relaxed) { self.idle.min(self.header) } else { self.idle };
        let idle_ends = state.quiet_since + idle;
        if idle_ends <= now && state.header_since.is_none() {
            state.closing = true;
            return Next::Close(now + FAREWELL);
        }
        let header_ends = state.header_since.map(|since| since + self.header);
        Next::Wait(header_ends.unwrap_or(idle_ends).min(soon))
    }

    /// Whether no request is in flight.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().running == 0
    }

    fn received(&self) {
        let mut state = self.state();
        if state.running == 0 && !state.multiplexed && state.header_since.is_none() {
            state.header_since = Some(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and a state is whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request in flight: from its header to the last byte of the answer's body. Where hyper answers, the caller's hanging
/// up ends it, too.
pub(super) struct Beat(Arc<Pulse>);

impl Beat {
    pub(super) fn follow(self, body: Body) -> Followed {
        let progress = Progress::of_this_stream();
        progress.iter().for_each(Progress::moved);
        Followed { body, progress, _beat: self }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.quiet_since = Instant::now();
        self.0.in_flight.0.fetch_sub(1, Relaxed);
    }
}

/// An answer's body that ends its beat when it is gone.
pub(super) struct Followed {
    body: Body,
    progress: Option<Progress>,
    _beat: Beat,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Asked for the next piece: the one before was taken.
        self.progress.iter().for_each(Progress::moved);
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(None) = frame {
            self.progress.iter().for_each(Progress::ended);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that tells the pulse what it reads, and fails when the caller takes nothing for too long.
pub(super) struct Paced<S> {
    stream: S,
    pulse: Arc<Pulse>,
    stalled: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// What is read before the stream is.
    before: Bytes,
    /// Whether the pulse hears of every byte that comes.
    noted: bool,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pulse: Arc<Pulse>, stalled: Duration) -> Paced<S> {
        Paced { stream, pulse, stalled, waiting: None, before: Bytes::new(), noted: true }
    }

    /// The same for a reader that either has a whole request at once, or gives back what it read.
    pub(super) fn unnoted(self) -> Paced<S> {
        Paced { noted: false, ..self }
    }

    /// The same once more from these bytes on, which were given back.
    pub(super) fn from(self, before: Bytes) -> Paced<S> {
        Paced { before, noted: true, ..self }
    }

    fn pace<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let stalled = self.stalled;
        ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep(stalled))).as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller takes nothing of the answer")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let now = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before.split_to(now));
            self.pulse.received();
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if self.noted && buffer.filled().len() > before {
            self.pulse.received();
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.pace(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.pace(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.pace(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(context);
        self.pace(context, closed)
    }
}
