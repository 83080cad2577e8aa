//! HTTP/2 answers that nobody takes. A caller may keep a stream's window shut for ever and look alive all the same: the
//! socket takes our bytes, pings are answered, and hyper waits. So each stream runs under a watch, which resets it
//! when its answer has made no progress for too long. Its neighbours on the connection go on.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    static STREAM: Progress;
}

/// Since when the answer of a stream waits for its caller; nothing while there is no answer to take.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Mutex<Option<Instant>>>);

impl Progress {
    /// Of the stream that is being served; none on HTTP/1, where the socket tells.
    pub(super) fn of_this_stream() -> Option<Progress> {
        STREAM.try_with(Clone::clone).ok()
    }

    /// The answer is there, or more of it was taken.
    pub(super) fn moved(&self) {
        *self.since() = Some(Instant::now());
    }

    /// All of it was handed over.
    pub(super) fn ended(&self) {
        *self.since() = None;
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the streams of HTTP/2 connections, each under its watch.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    /// How long an answer may make no progress.
    pub(super) stalled: Duration,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        let progress = Progress::default();
        let stream = Box::pin(stream);
        let watched = Watched { stream, progress: progress.clone(), stalled: self.stalled, alarm: None };
        tokio::spawn(STREAM.scope(progress, watched));
    }
}

/// A stream that ends by itself, or is dropped (which resets it) when its answer stands still.
struct Watched<F> {
    stream: Pin<Box<F>>,
    progress: Progress,
    stalled: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let since = *self.progress.since();
        let Some(since) = since else { return Poll::Pending };
        let ends = since + self.stalled;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(ends)));
        if alarm.deadline() != ends {
            alarm.as_mut().reset(ends);
        }
        match alarm.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                tracing::debug!("an answer on HTTP/2 that nobody takes is given up");
                Poll::Ready(())
            }
        }
    }
}
