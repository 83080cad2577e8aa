//! A future beside another one in the same task, which is not asked how it is each time the other one moves: a connection
//! wakes for each request, and the clocks beside it hardly ever.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// What `future` gives. It is polled first, and then only after it was woken itself.
pub(super) fn aside<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: AtomicWaker::new() });
    let waker = Waker::from(Arc::clone(&bell));
    Aside { future: Box::pin(future), bell, waker }
}

struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

struct Aside<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl<F: Future> Future for Aside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let it = &mut *self;
        // Registered before the bell is looked at: a ring in between wakes the task once more.
        it.bell.task.register(context.waker());
        if it.bell.rung.swap(false, Ordering::Acquire) {
            return it.future.as_mut().poll(&mut Context::from_waker(&it.waker));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_again_only_when_it_was_woken_itself() {
        let asked = Cell::new(0);
        let (send, mut word) = oneshot::channel();
        let mut beside = pin!(aside(poll_fn(|context| {
            asked.set(asked.get() + 1);
            Pin::new(&mut word).poll(context)
        })));
        let other = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = other => {}
            _ = beside.as_mut() => panic!("nobody has said anything"),
        }
        assert_eq!(asked.get(), 1);
        let (said, ()) = tokio::join!(beside, async { send.send(7).unwrap() });
        assert_eq!((said, asked.get()), (Ok(7), 2));
    }
}
