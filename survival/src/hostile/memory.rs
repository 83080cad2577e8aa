//! The memory of the server: what is resident now, and the highest that it came to in between, which the kernel keeps.

use std::fs;

use crate::world::Server;

/// Memory from a moment on, in megabytes.
pub(super) struct Memory<'s> {
    server: &'s Server,
    /// Resident at the beginning.
    pub(super) before: f64,
    /// The kernel's mark at the beginning.
    mark: f64,
    highest: f64,
}

impl Memory<'_> {
    /// From now on.
    pub(super) fn of(server: &Server) -> Memory<'_> {
        // Sets the mark back to what is resident now: proc_pid_clear_refs(5). Where that is refused, the old mark stands:
        // a peak above it is seen all the same, and of one below it what is resident when somebody looks.
        let _ = fs::write(format!("/proc/{}/clear_refs", server.pid().as_raw_nonzero()), "5");
        let before = server.memory();
        Memory { server, before, mark: mark(server), highest: before }
    }

    /// The highest until now.
    pub(super) fn highest(&mut self) -> f64 {
        let mark = mark(self.server);
        let reached = if mark > self.mark { mark } else { self.server.memory() };
        self.highest = self.highest.max(reached);
        self.highest
    }
}

/// The highest that was ever resident, or since the mark was set back.
fn mark(server: &Server) -> f64 {
    server.status("VmHWM")
}
