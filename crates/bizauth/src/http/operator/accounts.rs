//! `/operator/accounts`: the accounts, a new one, and what is done to one of them.

use axum::extract::State;
use axum::response::Response;
use bizauth_core::id::{SessionId, UserId};
use bizauth_core::user::UserState;
use bizauth_store::{Leaf, NewUser, Turn};

use super::desk::{ROWS, Typed, refused, shown, turn, turn_by};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::password;
use crate::view::Notice;
use crate::view::kit::Fields;
use crate::view::operator::accounts::{Account, holding_key, list, new, one, path};
use crate::view::operator::slips;

/// Rows of the lists on an account's page.
const FEW: i64 = 10;

/// `GET /operator/accounts`: all, those that are blocked, those whose address begins so, or the one that is called so:
/// by this platform's id or by its name elsewhere.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let sought = visit.form().get("q").unwrap_or_default().trim();
    let (turn, blocked) = (turn(visit.form()), visit.form().get("show") == Some("blocked"));
    if blocked {
        let leaf = it.store.blocked_accounts(&turn, ROWS).await?;
        return shown(&it, &visit, |desk| list(desk, sought, blocked, leaf));
    }
    let exact = match sought.parse::<UserId>() {
        Ok(id) => it.store.account(id).await?,
        Err(_) => None,
    };
    let mut leaf = match exact {
        Some(record) => Leaf { rows: vec![record], before: false, after: false },
        None => it.store.accounts_page(sought, &turn, ROWS).await?,
    };
    // A name elsewhere may also be how an address begins: whoever is called exactly so stands first.
    if turn == Turn::First
        && !sought.is_empty()
        && let Some(called) = it.store.account_called(sought).await?
        && let Some(record) = it.store.account(called).await?
    {
        leaf.rows.retain(|other| other.user.id != called);
        leaf.rows.insert(0, record);
    }
    shown(&it, &visit, |desk| list(desk, sought, blocked, leaf))
}

/// `GET /operator/accounts/new`.
pub async fn blank(State(it): State<AppState>, visit: Visit) -> Page {
    let fields = Fields::typed([("verified", "yes"), ("centre", "yes"), ("password", "temporary")]);
    shown(&it, &visit, |desk| new(desk, fields))
}

/// `POST /operator/accounts/new`: makes it, with a password that is shown once or one that nobody knows.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let mut typed = Typed::of(&it, &visit, &["email", "verified", "centre", "operator", "password"]);
    let email = typed.email("email");
    let temporary = typed.choice("password", |word| ["temporary", "none"].contains(&word).then(|| word == "temporary"));
    if typed.is_fine() && it.store.user_by_email(&email).await?.is_some() {
        typed.refuse("email", slips::EMAIL_TAKEN);
    }
    let here = "/operator/accounts/new";
    if !typed.is_fine() {
        return refused(&it, &visit, here, |desk| new(desk, typed.fields));
    }
    let (secret, password) = temporary_password(&it).await?;
    let account = NewUser {
        email,
        email_verified: typed.ticked("verified"),
        password,
        in_business_centre: typed.ticked("centre"),
        is_operator: typed.ticked("operator"),
    };
    let Some(id) = visit.by(&it).create_user(account).await? else {
        typed.refuse("email", slips::EMAIL_TAKEN);
        return refused(&it, &visit, here, |desk| new(desk, typed.fields));
    };
    let response = visit.see(&path(id), "op-account-made");
    Ok(if temporary == Some(true) { visit.show_once(response, &secret) } else { response })
}

/// A password of our own making, and its hash.
async fn temporary_password(it: &AppState) -> Result<(String, String), PageError> {
    let secret = it.entropy.temporary_password();
    let hash = password::hashed(secret.clone(), &it.entropy).await.map_err(|_| PageError::Notice(Notice::Broken))?;
    Ok((secret, hash))
}

/// All about the account in the path.
async fn account(it: &AppState, visit: &Visit, refused: Option<(&'static str, Fields)>) -> Result<Account, PageError> {
    let id = visit.param("account")?;
    let record = it.store.account(id).await?.ok_or(PageError::NotFound)?;
    let form = visit.form();
    let of = form.get("list").unwrap_or_default();
    let apps = |name| if of == name { turn(form) } else { Turn::First };
    let held = if of == "holdings" { turn_by(form, holding_key) } else { Turn::First };
    let sessions = if of == "sessions" { turn(form) } else { Turn::First };
    Ok(Account {
        second_factor: it.store.second_factor(id).await?.is_some_and(|factor| factor.confirmed_at.is_some()),
        sessions: it.store.sessions_page(id, &sessions, FEW, visit.at()).await?,
        member_of: it.store.memberships(id, &apps("members"), FEW).await?,
        lent: it.store.lent_apps(id, &apps("lent"), FEW).await?,
        holdings: it.store.holdings_of(id, &held, FEW).await?,
        record,
        refused,
        password: None,
    })
}

/// `GET /operator/accounts/{account}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let mut account = account(&it, &visit, None).await?;
    account.password = visit.shown_once();
    shown(&it, &visit, |desk| one(desk, account))
}

/// The page again, with the form that was refused.
async fn again(it: &AppState, visit: &Visit, form: &'static str, typed: Typed<'_>) -> Page {
    let account = account(it, visit, Some((form, typed.fields))).await?;
    let here = path(account.record.user.id);
    refused(it, visit, &here, |desk| one(desk, account))
}

/// The account in the path, which must be there.
async fn known(it: &AppState, visit: &Visit) -> Result<UserId, PageError> {
    let id = visit.param("account")?;
    it.store.account(id).await?.map(|record| record.user.id).ok_or(PageError::NotFound)
}

/// `POST …/state`: another state, for a reason; what ends tokens has to be confirmed.
pub async fn state(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["state", "reason", "sure"]);
    let (state, reason) = (typed.choice("state", UserState::read), typed.reason("reason"));
    if state.is_some_and(UserState::ends_tokens) {
        typed.sure("sure");
    }
    let Some(state) = state.filter(|_| typed.is_fine()) else { return again(&it, &visit, "state", typed).await };
    if !visit.by(&it).because(reason).set_user_state(id, state).await? {
        typed.refuse("state", slips::LAST_OPERATOR);
        return again(&it, &visit, "state", typed).await;
    }
    Ok(visit.see(&path(id), "op-account-state"))
}

/// `POST …/centre`: joins or leaves the business centre.
pub async fn centre(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    visit.by(&it).set_business_centre(id, visit.form().get("on") == Some("yes")).await?;
    Ok(visit.see(&path(id), "op-account-changed"))
}

/// `POST …/verified`: its address is verified, or is not.
pub async fn verified(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    visit.by(&it).set_email_verified(id, visit.form().get("on") == Some("yes")).await?;
    Ok(visit.see(&path(id), "op-account-changed"))
}

/// `POST …/sanction`.
pub async fn sanction(State(it): State<AppState>, visit: Visit) -> Page {
    set_sanction(&it, &visit, true).await
}

/// `POST …/lift`.
pub async fn lift(State(it): State<AppState>, visit: Visit) -> Page {
    set_sanction(&it, &visit, false).await
}

async fn set_sanction(it: &AppState, visit: &Visit, on: bool) -> Page {
    let id = known(it, visit).await?;
    let mut typed = Typed::of(it, visit, &["reason", "sure"]);
    let reason = typed.reason("reason");
    if on {
        typed.sure("sure");
    }
    if !typed.is_fine() {
        return again(it, visit, "sanction", typed).await;
    }
    visit.by(it).because(reason).set_developer_sanction(id, on).await?;
    Ok(visit.see(&path(id), if on { "op-account-sanctioned" } else { "op-account-lifted" }))
}

/// `POST …/make`.
pub async fn make(State(it): State<AppState>, visit: Visit) -> Page {
    set_operator(&it, &visit, true).await
}

/// `POST …/unmake`.
pub async fn unmake(State(it): State<AppState>, visit: Visit) -> Page {
    set_operator(&it, &visit, false).await
}

async fn set_operator(it: &AppState, visit: &Visit, on: bool) -> Page {
    let id = known(it, visit).await?;
    let mut typed = Typed::of(it, visit, &["sure"]);
    typed.sure("sure");
    if typed.is_fine() && !visit.by(it).set_operator(id, on).await? {
        typed.refuse("sure", if on { slips::NOT_ACTIVE } else { slips::LAST_OPERATOR });
    }
    if !typed.is_fine() {
        return again(it, visit, "operator", typed).await;
    }
    Ok(visit.see(&path(id), if on { "op-account-made-operator" } else { "op-account-unmade-operator" }))
}

/// `POST …/password`: another one, shown once; whoever was signed in is not any more.
pub async fn reset(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["sure"]);
    typed.sure("sure");
    if !typed.is_fine() {
        return again(&it, &visit, "password", typed).await;
    }
    let (secret, hash) = temporary_password(&it).await?;
    visit.by(&it).set_password(id, hash).await?;
    let response = visit.see(&path(id), "op-account-password");
    Ok(visit.show_once(response, &secret))
}

/// `POST …/factor`: takes the second step of signing in away.
pub async fn factor(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    visit.by(&it).remove_second_factor(id).await?;
    Ok(visit.see(&path(id), "op-account-factor"))
}

/// `POST …/end`: signs one browser out.
pub async fn end(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    let session = visit.form().get("session").and_then(|text| text.parse::<SessionId>().ok());
    if !visit.by(&it).end_session(id, session.ok_or(PageError::NotFound)?).await? {
        return Err(PageError::NotFound);
    }
    Ok(ended(&visit, id))
}

/// `POST …/end-all`: signs all browsers out.
pub async fn end_all(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    visit.by(&it).end_sessions(id).await?;
    Ok(ended(&visit, id))
}

fn ended(visit: &Visit, id: UserId) -> Response {
    visit.see(&path(id), "op-account-ended")
}
