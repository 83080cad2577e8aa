//! Token checks where each one reads its row over a connection: whoever asks while others wait for the database is asked
//! for together with those who come meanwhile. Nothing is remembered: a round begins after all that it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bizauth_core::id::TokenId;
use bizauth_core::scope::Catalogue;
use bizauth_core::token::Lent;
use tokio::sync::oneshot;

use crate::Store;
use crate::catalogue::{self, GROUPS, ITEMS};
use crate::db::{Error, Result, Row, Value};
use crate::tokens::{read_lent, token_columns, token_joins};

/// How many tokens a round asks for: as many as the statements have places.
const MOST: usize = 16;
/// How many rounds are under way at once: while one is at the database the next gathers.
const ROUNDS: usize = 4;

/// The places of [`MOST`] ids.
macro_rules! ids {
    () => {
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    };
}

/// What a round found.
pub(crate) struct Round {
    pub(crate) maintenance: bool,
    pub(crate) tokens: HashMap<i64, Row>,
    pub(crate) lent: HashMap<i64, Vec<Lent>>,
    pub(crate) catalogue: Catalogue,
}

/// Those who wait.
#[derive(Default)]
pub(crate) struct Gather(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<Wish>,
    running: usize,
}

struct Wish {
    id: TokenId,
    told: oneshot::Sender<Result<Arc<Round>>>,
}

impl Gather {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who asks for others, until nobody waits; also a broken one gives its place back.
struct Leader {
    gather: Arc<Gather>,
    leads: bool,
}

impl Leader {
    /// The next who are asked for. If there is nobody the place is given back in the same instant: whoever comes after
    /// must not count on a leader who has looked for the last time.
    fn next(&mut self) -> Option<Vec<Wish>> {
        let mut state = self.gather.state();
        if state.waiting.is_empty() {
            state.running -= 1;
            self.leads = false;
            return None;
        }
        let some = state.waiting.len().min(MOST);
        Some(state.waiting.drain(..some).collect())
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.leads {
            self.gather.state().running -= 1;
        }
    }
}

impl Store {
    /// What there is of this token, read in a round that begins now or later.
    pub(crate) async fn gathered(&self, id: TokenId) -> Result<Arc<Round>> {
        let (told, answer) = oneshot::channel();
        let leads = {
            let mut state = self.gather.state();
            state.waiting.push(Wish { id, told });
            let leads = state.running < ROUNDS;
            state.running += usize::from(leads);
            leads
        };
        if leads {
            let (store, mut leader) = (self.clone(), Leader { gather: self.gather.clone(), leads: true });
            // A task of its own: those who wait must not depend on one of them staying.
            tokio::spawn(async move {
                while let Some(wishes) = leader.next() {
                    let round = store.round(&wishes).await.map(Arc::new);
                    for wish in wishes {
                        let _ = wish.told.send(round.clone());
                    }
                }
            });
        }
        answer.await.map_err(|_| Error::Closed)?
    }

    async fn round(&self, wishes: &[Wish]) -> Result<Round> {
        const TOKENS: &str = concat!(
            "SELECT s.maintenance, t.digest, ",
            token_columns!(),
            " FROM settings s LEFT JOIN tokens t ON t.id IN ",
            ids!(),
            token_joins!(),
            " WHERE s.id = 1"
        );
        const LENT: &str = concat!(
            "SELECT t.id AS token_id, l.group_id, l.asset_id, l.holding_id, x.kind
             FROM tokens t JOIN lent_assets l ON l.consent_id = t.consent_id
             LEFT JOIN holdings h ON h.id = l.holding_id AND h.user_id = t.user_id AND h.lendable = 1
             LEFT JOIN assets x ON x.group_id = h.group_id AND x.asset_id = h.asset_id
             WHERE t.id IN ",
            ids!(),
            " AND l.withdrawn_at IS NULL AND (l.holding_id IS NULL OR h.id IS NOT NULL) ORDER BY t.id, l.position"
        );
        // Places that are left are filled by saying the same again. Empty, they would make a plan for this very round look
        // cheaper than the one for all rounds, and PostgreSQL would plan each round anew, at ten times the cost of the round.
        let ids: Vec<Value> = wishes.iter().cycle().take(MOST).map(|wish| wish.id.into()).collect();
        let [tokens, lent, groups, items] =
            self.db.together([(TOKENS, &ids[..]), (LENT, &ids[..]), (GROUPS, &[]), (ITEMS, &[])]).await?;
        let maintenance = tokens.first().map_or(Ok(false), |row| row.get("maintenance"))?;
        let catalogue = catalogue::read(&groups, &items)?;
        let mut round = Round { maintenance, tokens: HashMap::new(), lent: HashMap::new(), catalogue };
        for row in tokens {
            if let Some(id) = row.get::<Option<i64>>("token_id")? {
                round.tokens.insert(id, row);
            }
        }
        for row in &lent {
            round.lent.entry(row.get("token_id")?).or_default().push(read_lent(row)?);
        }
        Ok(round)
    }
}
