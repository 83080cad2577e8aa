//! Callers who mean well: a few connections that ask for a token's state, again and again.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::task::JoinSet;

use crate::world::{Server, program, tokeninfo};

/// How many there are.
pub(super) const CALLERS: usize = 8;

/// What became of a turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) answered: usize,
    pub(super) failed: Vec<String>,
}

/// The callers, who keep their connections from turn to turn; one of them comes anew each time.
pub(super) struct Healthy {
    clients: Vec<Client>,
    base: String,
    token: String,
}

impl Healthy {
    pub(super) fn of(server: &Server, token: &str) -> anyhow::Result<Healthy> {
        let clients = (0..CALLERS).map(|_| program()).collect::<anyhow::Result<_>>()?;
        Ok(Healthy { clients, base: server.base.clone(), token: token.to_owned() })
    }

    /// Asks for so long.
    pub(super) async fn turn(&self, span: Duration) -> Turn {
        let mut callers = JoinSet::new();
        for (number, client) in self.clients.iter().enumerate() {
            let (base, token, kept) = (self.base.clone(), self.token.clone(), client.clone());
            callers.spawn(async move {
                let (since, mut turn) = (Instant::now(), Turn::default());
                while since.elapsed() < span {
                    // New callers must get in too, not only those who are in already.
                    let client = match (number, turn.answered % 50) {
                        (0, 0) => program().unwrap_or_else(|_| kept.clone()),
                        _ => kept.clone(),
                    };
                    match tokeninfo(&client, &base, &token).await {
                        Ok(said) if said.status == 200 => turn.answered += 1,
                        other => turn.failed.push(format!("{other:?}")),
                    }
                }
                turn
            });
        }
        callers.join_all().await.into_iter().fold(Turn::default(), |mut all, turn| {
            all.answered += turn.answered;
            all.failed.extend(turn.failed);
            all
        })
    }
}
