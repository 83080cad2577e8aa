//! Answering an authorize request in the place of a person: by a rule, by the caller's own word, or by somebody who
//! decides while it waits. The consent screen's own code does it, with all its checks.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use bizauth_core::asset::Resource;
use bizauth_core::authorize::Wanted;
use bizauth_core::id::{PendingId, SessionId};
use bizauth_core::secret::Credential;
use bizauth_store::{SignedIn, Turn};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::consents::{Action, Assets, Which};
use super::world::lock;
use crate::http::form::Form;
use crate::http::guard::{Asker, Browser};
use crate::http::kauth::authorize;
use crate::http::pages::consent;
use crate::http::state::AppState;

/// How many assets of a group one script ticks: what a consent screen can.
const MOST: i64 = 1000;

/// What is decided about one authorize request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What is done.
    #[serde(default)]
    pub action: Action,
    /// Who does it: an e-mail address.
    #[serde(default, rename = "as", alias = "user", skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What is lent.
    #[serde(default)]
    pub assets: Assets,
    /// Refuse with this code of the authorize table instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Why a script could not answer, in words for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unscripted(pub String);

impl From<bizauth_store::Error> for Unscripted {
    fn from(error: bizauth_store::Error) -> Self {
        Unscripted(format!("the store does not answer: {error}"))
    }
}

/// Goes through the consent of `uri` as the account `by`: what the app hears, or what the person would see instead.
///
/// # Errors
/// The script asks for what nobody could do on the screen.
pub async fn play(it: &AppState, uri: &Uri, by: &str, decision: &Decision) -> Result<Response, Unscripted> {
    let Some(user) = it.store.user_by_email(by).await? else {
        return Err(Unscripted(format!("no account has the e-mail address {by}")));
    };
    let (secret, draw) = (it.entropy.secret(), it.entropy.bytes::<8>());
    // No session of a browser has an id below zero, so that nothing can be answered twice over.
    let id = SessionId(-1 - (i64::from_be_bytes(draw) & (i64::MAX >> 1)));
    let signed = SignedIn { id, user: user.user, is_operator: false, used_at: it.clock.now(), life: Duration::ZERO };
    let here = uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
    let browser = Browser::played(signed, secret, "127.0.0.1".to_owned(), here);
    let headers = programs();
    let shown = authorize::get(State(it.clone()), Asker::default(), browser, headers, uri.clone()).await;
    match screen_in(&shown) {
        Some(screen) => answer(it, &screen, decision).await,
        // It was refused before there was a screen.
        None => Ok(shown),
    }
}

/// The id of the consent screen that an answer leads to.
pub fn screen_in(answer: &Response) -> Option<String> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    let id = location.strip_prefix("/consent?id=")?.split('&').next()?;
    Credential::Pending.read(id).map(|_| id.to_owned())
}

/// Answers the screen of this id, whoever it was shown to.
///
/// # Errors
/// There is no such screen, or nobody could answer it so.
pub async fn answer(it: &AppState, screen: &str, decision: &Decision) -> Result<Response, Unscripted> {
    let (id, secret) =
        Credential::Pending.read(screen).ok_or_else(|| Unscripted("this is no consent screen's id".to_owned()))?;
    let now = it.clock.now();
    let parked = it.store.parked(PendingId(id), &secret, now).await?;
    let parked = parked.ok_or_else(|| Unscripted("this consent screen is long gone".to_owned()))?;
    let Some(user) = it.store.account(parked.user).await? else {
        return Err(Unscripted("the account of this consent screen is gone".to_owned()));
    };
    let signed =
        SignedIn { id: parked.session, user: user.user, is_operator: false, used_at: now, life: Duration::ZERO };
    let browser = Browser::played(signed, it.entropy.secret(), "127.0.0.1".to_owned(), consent::address(screen));
    let mut fields = vec![("id".to_owned(), screen.to_owned())];
    match decision.action {
        Action::Deny => fields.push(("action".to_owned(), "cancel".to_owned())),
        _ => {
            fields.push(("action".to_owned(), "agree".to_owned()));
            for (group, wanted) in &parked.asked.wanted {
                if *wanted != Wanted::Choice {
                    continue;
                }
                let ticked = ticked(it, &parked, group, &decision.assets).await?;
                fields.extend(ticked.into_iter().map(|(name, value)| (format!("{name}.{group}"), value)));
            }
        }
    }
    let form = Form::of(fields).map_err(Unscripted)?;
    let answer = consent::answer(it, &browser, &programs(), &form).await;
    let unfit = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).filter(|to| to.starts_with("/consent?"));
    match unfit {
        Some(_) => {
            Err(Unscripted(format!("{} may not lend this: {}", browser_email(&browser), told(&decision.assets))))
        }
        None => Ok(answer),
    }
}

fn browser_email(browser: &Browser) -> &str {
    browser.session.as_ref().map_or("nobody", |session| session.user.email.as_str())
}

fn told(assets: &Assets) -> String {
    match assets {
        Assets::These(these) => these.join(", "),
        _ => "nothing in one of the groups".to_owned(),
    }
}

/// The fields of a group on the form: which choice, and what is ticked.
async fn ticked(
    it: &AppState,
    parked: &bizauth_store::Parked,
    group: &bizauth_core::scope::GroupId,
    assets: &Assets,
) -> Result<Vec<(&'static str, String)>, Unscripted> {
    let every = vec![("choice", "all".to_owned())];
    // What was ticked when the screen was parked (the choice of last time) is shown, so that only the script counts.
    let holdings = it.store.holdings_page((parked.user, group), "", &Turn::First, MOST).await?.rows;
    let shown = holdings.iter().map(|held| ("shown", held.asset.0.clone()));
    let pick = |ids: Vec<String>| {
        let some = std::iter::once(("choice", "some".to_owned()));
        some.chain(shown).chain(ids.into_iter().map(|id| ("asset", id))).collect()
    };
    match assets {
        Assets::Word(Which::Every) => Ok(every),
        Assets::Word(Which::All) | Assets::Default => {
            Ok(pick(holdings.iter().filter(|held| held.lendable).map(|held| held.asset.0.clone()).collect()))
        }
        Assets::These(these) => {
            let mut ids = Vec::new();
            for asset in these {
                match Resource::read(asset) {
                    Some(Resource::All(of)) if of == *group => return Ok(every),
                    Some(Resource::One(of, id)) if of == *group => ids.push(id.0),
                    _ => {}
                }
            }
            Ok(pick(ids))
        }
    }
}

/// A script is a program: what it is refused with, it gets as JSON.
fn programs() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(axum::http::header::ACCEPT, HeaderValue::from_static("application/json"));
    headers
}

/// What waits for somebody to decide it.
#[derive(Debug, Default)]
pub struct Held {
    waiting: Mutex<BTreeMap<u64, Waiting>>,
    screens: Mutex<BTreeMap<u64, String>>,
}

#[derive(Debug)]
struct Waiting {
    uri: String,
    decide: oneshot::Sender<Decision>,
}

/// Something that waits, for whoever decides.
#[derive(Clone, Debug, Serialize)]
pub struct Open {
    /// The number of its request in the log, by which it is decided.
    pub n: u64,
    /// `held`: the request has no answer yet; `screen`: a person has a screen before them.
    pub kind: &'static str,
    /// The authorize request, or the address of the screen.
    pub uri: String,
}

impl Held {
    /// Waits until request `n` is decided. `None`: the world went away under it.
    pub async fn wait(&self, n: u64, uri: &Uri) -> Option<Decision> {
        let (decide, decided) = oneshot::channel();
        lock(&self.waiting).insert(n, Waiting { uri: uri.to_string(), decide });
        decided.await.ok()
    }

    /// Remembers that request `n` put a screen before a person.
    pub fn show(&self, n: u64, screen: String) {
        lock(&self.screens).insert(n, screen);
    }

    /// All that waits, in the order of arrival.
    pub fn open(&self) -> Vec<Open> {
        let mut open: Vec<Open> = Vec::new();
        lock(&self.waiting).retain(|n, waiting| {
            let there = !waiting.decide.is_closed();
            open.extend(there.then(|| Open { n: *n, kind: "held", uri: waiting.uri.clone() }));
            there
        });
        let screens = lock(&self.screens);
        open.extend(screens.iter().map(|(n, id)| Open { n: *n, kind: "screen", uri: consent::address(id) }));
        open.sort_by_key(|open| open.n);
        open
    }

    /// Decides a request that has no answer yet. `false`: none waits under this number.
    pub fn decide(&self, n: u64, decision: Decision) -> bool {
        let waiting = lock(&self.waiting).remove(&n);
        waiting.is_some_and(|waiting| waiting.decide.send(decision).is_ok())
    }

    /// The screen that request `n` put before a person, and forgets it.
    pub fn take_screen(&self, n: u64) -> Option<String> {
        lock(&self.screens).remove(&n)
    }
}
