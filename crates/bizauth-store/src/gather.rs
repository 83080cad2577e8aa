//! Token checks where each one reads its row over a connection: whoever asks while others wait for the database is asked
//! for together with those who come meanwhile. A round begins after all that it answers.
//!
//! A round reads the tokens' own rows, and what has changed of all else since the last one. Of a token of which nothing
//! has, the rest is remembered; the others are read with all they depend on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bizauth_core::id::TokenId;
use bizauth_core::scope::Catalogue;
use bizauth_core::secret::Digest;
use bizauth_core::token::Lent;
use tokio::sync::oneshot;

use crate::Store;
use crate::catalogue::{self, GROUPS, ITEMS};
use crate::db::{Changes, Error, Result, Row, Value, ids};
use crate::memory::{Reading, Seen, Tokens};
use crate::tokens::{read_lent, token_columns, token_joins};

/// How many tokens a round asks for: as many as the statements have places.
const MOST: usize = 32;
/// How many rounds are under way at once: while one is at the database the next gathers.
const ROUNDS: usize = 4;

/// What there is of a token.
#[derive(Clone)]
pub(crate) enum Gathered {
    /// It is alive as it was remembered, but for time.
    Remembered(Box<Seen>),
    /// What was read of it, and of its neighbours in the round.
    Read(Arc<Round>),
}

/// What was read of the tokens of a round of which not enough was remembered.
pub(crate) struct Round {
    /// The turn in which the reading began.
    pub(crate) turn: Option<u64>,
    pub(crate) maintenance: bool,
    pub(crate) tokens: HashMap<i64, Row>,
    pub(crate) lent: HashMap<i64, Vec<Lent>>,
    pub(crate) catalogue: Catalogue,
}

/// Those who wait, and what is remembered of those who came before.
#[derive(Default)]
pub(crate) struct Gather {
    state: Mutex<State>,
    memory: Option<(Changes, Tokens)>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Wish>,
    running: usize,
}

struct Wish {
    id: TokenId,
    digest: Digest,
    told: oneshot::Sender<Result<Gathered>>,
}

impl Wish {
    fn tell(self, what: Result<Gathered>) {
        // Whoever asked may have left.
        let _ = self.told.send(what);
    }
}

impl Gather {
    /// One that remembers at most so many tokens.
    pub(crate) fn remembering(changes: Changes, tokens: usize) -> Self {
        Gather { state: Mutex::default(), memory: Some((changes, Tokens::new(tokens))) }
    }

    /// Remembers a token that is alive, as it was read in a round of this turn.
    pub(crate) fn keep(&self, seen: &Seen, from: &Reading) {
        if let Some((_, tokens)) = &self.memory {
            tokens.keep(seen, from);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// What there is of the token with this id, in a round that begins now or later. What is remembered is told only to
    /// whoever knows the digest.
    pub(crate) async fn gathered(&self, id: TokenId, digest: &Digest) -> Result<Gathered> {
        let (told, answer) = oneshot::channel();
        let leads = {
            let mut state = self.gather.state();
            state.waiting.push(Wish { id, digest: *digest, told });
            let leads = state.running < ROUNDS;
            state.running += usize::from(leads);
            leads
        };
        if leads {
            let (store, mut leader) = (self.clone(), Leader { gather: self.gather.clone(), leads: true });
            // A task of its own: those who wait must not depend on one of them staying.
            tokio::spawn(async move {
                while let Some(wishes) = leader.next() {
                    store.answer(wishes).await;
                    // Those who share this core and are about to ask shall be in the next round.
                    tokio::task::yield_now().await;
                }
            });
        }
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Tells all of these what there is of their tokens.
    async fn answer(&self, mut wishes: Vec<Wish>) {
        let turn = match &self.gather.memory {
            Some(memory) => {
                wishes = match remember(memory, wishes).await {
                    wishes if wishes.is_empty() => return,
                    wishes => wishes,
                };
                // Before anything is read: what changes meanwhile must not be remembered as it was.
                memory.0.watch.turn()
            }
            None => None,
        };
        let round = self.round(turn, &wishes).await.map(|round| Gathered::Read(Arc::new(round)));
        for wish in wishes {
            wish.tell(round.clone());
        }
    }

    async fn round(&self, turn: Option<u64>, wishes: &[Wish]) -> Result<Round> {
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
        let ids = places(wishes);
        let [tokens, lent, groups, items] =
            self.db.together([(TOKENS, &ids[..]), (LENT, &ids[..]), (GROUPS, &[]), (ITEMS, &[])]).await?;
        let maintenance = tokens.first().map_or(Ok(false), |row| row.get("maintenance"))?;
        let catalogue = catalogue::read(&groups, &items)?;
        let mut round = Round { turn, maintenance, tokens: HashMap::new(), lent: HashMap::new(), catalogue };
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

/// The ids of a round. Places that are left are filled by saying the same again: empty, they would make a plan for this
/// very round look cheaper than the one for all rounds, and PostgreSQL would plan each round anew, at ten times its cost.
fn places(wishes: &[Wish]) -> Vec<Value> {
    wishes.iter().cycle().take(MOST).map(|wish| wish.id.into()).collect()
}

/// Tells those whose tokens are as they are remembered, and gives the others back.
async fn remember((changes, tokens): &(Changes, Tokens), wishes: Vec<Wish>) -> Vec<Wish> {
    let living = match changes.living(places(&wishes)).await {
        Ok(living) => living,
        Err(error) => {
            wishes.into_iter().for_each(|wish| wish.tell(Err(error.clone())));
            return Vec::new();
        }
    };
    let mut unknown = Vec::new();
    for wish in wishes {
        let used_at = living.iter().find(|(id, _)| *id == wish.id.0).map(|(_, used_at)| *used_at);
        match used_at.and_then(|used_at| Some((used_at, tokens.find(&changes.watch, wish.id, &wish.digest)?))) {
            Some((used_at, mut seen)) => {
                seen.used_at = used_at;
                wish.tell(Ok(Gathered::Remembered(Box::new(seen))));
            }
            None => unknown.push(wish),
        }
    }
    unknown
}
