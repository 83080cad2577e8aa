//! How many connections the server says that it has open.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::time::sleep;

use crate::world::{Server, program};

/// Asks the server's operator door.
pub(super) struct Open<'s> {
    server: &'s Server,
    operator: Client,
}

impl Open<'_> {
    pub(super) fn of(server: &Server) -> anyhow::Result<Open<'_>> {
        Ok(Open { server, operator: program()? })
    }

    /// The number, once it is as it should be, or after some time.
    pub(super) async fn once(&self, wanted: impl Fn(usize) -> bool, within: Duration) -> anyhow::Result<usize> {
        let since = Instant::now();
        loop {
            let asked = self.operator.get(format!("{}/metrics", self.server.operators));
            let metrics = asked.send().await?.text().await?;
            let line = metrics.lines().find_map(|line| line.strip_prefix("bizauth_http_connections "));
            let open = line.and_then(|number| number.parse().ok()).unwrap_or(0);
            if wanted(open) || since.elapsed() > within {
                return Ok(open);
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}
