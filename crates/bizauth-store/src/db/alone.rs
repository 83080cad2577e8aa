//! The proof that no other process writes to the file, by locks beside it.
//!
//! Whoever opens the file is a *guest*: it holds a shared lock on `…-guests` for as long as it may write. Who wants to
//! remember needs all guests gone and a lock on `…-memory`; a new guest waits until that one is given up, which a thread
//! of the one who remembers sees to within [`GLANCE`]. The kernel gives locks back however a process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often the one who remembers looks for guests.
const GLANCE: Duration = Duration::from_millis(10);
/// How long a guest waits for the one who remembers, who may be stopped or at a broken disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// The locks beside a file, of one who has opened it.
pub(super) struct Locks {
    guests: File,
    memory: File,
    /// Held by who tries to become the one who remembers: of two at once neither could tell that the other writes.
    turn: File,
}

impl Locks {
    /// Becomes a guest, once nobody remembers any more.
    pub(super) fn guest(path: &Path) -> io::Result<Self> {
        let open = |word: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(word);
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(name)
        };
        let locks = Locks { guests: open("-guests")?, memory: open("-memory")?, turn: open("-turn")? };
        locks.visit()?;
        Ok(locks)
    }

    fn visit(&self) -> io::Result<()> {
        self.guests.lock_shared()?;
        let since = Instant::now();
        while !held(self.memory.try_lock_shared())? {
            if since.elapsed() > PATIENCE {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "a server has the file and does not answer"));
            }
            thread::sleep(GLANCE / 5);
        }
        self.memory.unlock()
    }

    /// Whether there are guests beside us; we are none ourselves.
    fn lonely(&self) -> io::Result<bool> {
        match self.guests.try_lock() {
            Ok(()) => self.guests.unlock().map(|()| true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Becomes the one who remembers, if there is no other guest. `begin` is run when nobody else can write any more and
    /// nobody can come yet.
    fn take(&self, begin: impl FnOnce() -> bool) -> io::Result<bool> {
        if !held(self.turn.try_lock())? {
            return Ok(false);
        }
        // From a shared lock to the whole one leads no way that is never without: hence the turn.
        self.guests.unlock()?;
        let taken = held(self.guests.try_lock())? && held(self.memory.try_lock())? && begin();
        if taken {
            self.guests.unlock()?;
        } else {
            self.memory.unlock()?;
            self.guests.lock_shared()?;
        }
        self.turn.unlock()?;
        Ok(taken)
    }

    /// A guest again.
    fn give(&self) -> io::Result<()> {
        self.guests.lock_shared()?;
        self.memory.unlock()
    }
}

fn held(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Looks after the locks until `stop` is dropped: `pause` before others may write, `resume` when none can any more, which
/// may fail; `stay` now and then while it holds. `looked` is dropped after the first look. At the end we are a guest again,
/// for as long as somebody keeps the locks.
pub(super) fn look_after(
    locks: &Locks,
    looked: Sender<()>,
    stop: &Receiver<()>,
    (pause, resume, stay): (impl Fn(), impl Fn() -> bool, impl Fn()),
) {
    let (mut remembers, mut looked) = (false, Some(looked));
    loop {
        let done = match remembers {
            false => locks.take(&resume).map(|taken| remembers = taken),
            true => locks.lonely().and_then(|lonely| {
                if lonely {
                    stay();
                    return Ok(());
                }
                pause();
                remembers = false;
                locks.give()
            }),
        };
        looked.take();
        // Locks that do not work prove nothing, and are not tried again.
        if done.is_err() || stop.recv_timeout(GLANCE) != Err(RecvTimeoutError::Timeout) {
            pause();
            // If even this fails the lock on the memory stays: nobody remembers beside us.
            let _ = locks.give();
            return;
        }
    }
}
