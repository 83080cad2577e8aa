//! Threads that serve connections, one for each core, each with a runtime of its own: a connection stays where it was
//! put, and no thread takes another's work or wakes it.

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The threads. Dropped, they end with what they still hold: drain first.
pub struct Workers {
    threads: Vec<Worker>,
    turn: AtomicUsize,
}

struct Worker {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Workers {
    /// As many as there are cores for this process.
    ///
    /// # Errors
    /// The system gives no thread, or no means to wait for sockets.
    pub fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = (0..count).map(|_| Worker::start()).collect::<io::Result<_>>()?;
        Ok(Workers { threads, turn: AtomicUsize::new(0) })
    }

    /// Serves an accepted connection on the thread whose turn it is.
    pub(super) fn serve<F>(&self, socket: TcpStream, serve: impl FnOnce(tokio::net::TcpStream) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        self.threads[turn].handle.spawn(async move {
            // It fails only if the thread cannot wait for one more socket; then the caller is hung up on.
            if let Ok(socket) = tokio::net::TcpStream::from_std(socket) {
                serve(socket).await;
            }
        });
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let work = move || {
            // Its other end is dropped, and that is the word.
            let _ = runtime.block_on(stopped);
        };
        let thread = thread::Builder::new().name("connections".to_owned()).spawn(work)?;
        Ok(Worker { handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
