//! Answers that break off: before their first byte, or in the middle. What came before the break gets through.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

/// How long what was already answered has to leave this machine before the connection goes.
const FLUSH: Duration = Duration::from_millis(20);

/// In the extensions of a response: the connection is cut before any of it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// The connection is cut instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cut off on purpose")]
pub(super) struct CutOff;

/// A body whose error cuts the connection. hyper drops what it has buffered when a body fails, so the error waits until
/// that is sent.
pub(super) struct Flushing {
    body: Body,
    failing: Option<(axum::Error, Pin<Box<Sleep>>)>,
    cut: Arc<Notify>,
}

impl Flushing {
    pub(super) fn new(body: Body, cut: Arc<Notify>) -> Self {
        Flushing { body, failing: None, cut }
    }
}

impl hyper::body::Body for Flushing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.failing.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Err(error)) => self.failing = Some((error, Box::pin(sleep(FLUSH)))),
                frame => return Poll::Ready(frame),
            }
        }
        if let Some((_, sleep)) = &mut self.failing {
            ready!(sleep.as_mut().poll(context));
        }
        self.cut.notify_one();
        Poll::Ready(self.failing.take().map(|(error, _)| Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.failing.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
