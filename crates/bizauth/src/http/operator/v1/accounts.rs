//! `/operator/v1/accounts`: people, their standing, and what an operator may do about it.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::{AppId, UserId};
use bizauth_core::operator::Scope;
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;
use bizauth_core::user::UserState;
use bizauth_store::{AccountChange, AccountChanged, AccountName, Leaf, MadeAccount, NewUser, Turn, UserRecord};
use serde_json::{Value, json};

use super::body::{self, Object};
use super::gate::Call;
use super::listing::{self, flag, limit, page, turn};
use super::problem::{Answer, Mistake, Problem, done, fine, said};
use crate::http::state::AppState;
use crate::password::{self, Unfit};

const EXTERNAL_ID_TAKEN: &str = "the external id is taken by another account";

/// An account, as it is told.
pub fn told(it: &UserRecord) -> Value {
    json!({
        "id": it.user.id.to_string(),
        "email": it.user.email,
        "email_verified": it.user.email_verified,
        "state": it.user.state.word(),
        "business_centre": it.user.in_business_centre,
        "developer_sanctioned": it.developer_sanctioned,
        "operator": it.is_operator,
        "external_id": it.external_id,
        "created_at": it.created_at.to_utc(),
    })
}

/// The account in the path.
pub async fn named(it: &AppState, call: &Call) -> Result<UserRecord, Problem> {
    let id: UserId = call.id("account")?;
    it.store.account(id).await?.ok_or_else(|| Problem::not_found(format!("account {id}")))
}

/// How a body names an account: exactly one of `id`, `email` and `external_id`.
pub fn name(mut object: Object) -> Option<AccountName> {
    let at = object.at("");
    let (id, email) = (object.take("id", body::id::<UserId>), object.take("email", body::email));
    let external = object.take("external_id", body::external_id);
    let found = match (id, email, external) {
        (Some(id), None, None) => Some(AccountName::Id(id)),
        (None, Some(email), None) => Some(AccountName::Email(email)),
        (None, None, Some(id)) => Some(AccountName::External(id)),
        _ => {
            object.refuse(at.trim_end_matches('/').to_owned(), "names an account by one of id, email and external_id");
            None
        }
    };
    object.close();
    found
}

/// A list by address, or the one account with this address or external id.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "q", "email", "external_id", "blocked"])?;
    let query = call.query();
    let one = match (query.get("email"), query.get("external_id")) {
        (Some(email), None) => Some(it.store.account_named(email).await?.filter(|_| email.contains('@'))),
        (None, Some(id)) => Some(match it.store.account_called(id).await? {
            Some(id) => it.store.account(id).await?,
            None => None,
        }),
        (None, None) => None,
        _ => return Err(Problem::invalid(vec![Mistake::of("email", "cannot be asked together with external_id")])),
    };
    let leaf = match one {
        _ if flag(&call, "blocked")? => it.store.blocked_accounts(&turn(&call)?, limit(&call)?).await?,
        Some(found) => Leaf { rows: found.into_iter().collect(), before: false, after: false },
        None => it.store.accounts_page(query.get("q").unwrap_or_default(), &turn(&call)?, limit(&call)?).await?,
    };
    Ok(fine(&page(&leaf, told, |it| it.user.id.to_string())))
}

/// Whoever can become an operator can do everything: nobody makes one, or takes one over, with a key that cannot.
fn may_touch_operators(call: &Call) -> Result<(), Problem> {
    let lacking = Scope::ALL.into_iter().find(|scope| !scope.is_within(&call.key().scopes));
    lacking.map_or(Ok(()), |scope| Err(Problem::missing_scope(scope)))
}

/// The account in the path; one that operates the platform only for a key that may do everything.
pub(super) async fn touched(it: &AppState, call: &Call) -> Result<UserRecord, Problem> {
    let found = named(it, call).await?;
    if found.is_operator {
        may_touch_operators(call)?;
    }
    Ok(found)
}

/// Makes an account. Without a password it gets a temporary one, told once.
pub async fn post(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let email = body.need("email", body::email);
    let email_verified = body.take("email_verified", body::truth).unwrap_or(true);
    let given = body.take("password", body::text);
    let in_business_centre = body.take("business_centre", body::truth).unwrap_or(false);
    let is_operator = body.take("operator", body::truth).unwrap_or(false);
    let external_id = body.take("external_id", body::external_id);
    body.finish()?;
    let email = email.ok_or_else(Problem::broken)?;
    if is_operator {
        may_touch_operators(&call)?;
    }
    let temporary = given.is_none().then(|| it.entropy.temporary_password());
    let secret = given.or_else(|| temporary.clone()).unwrap_or_default();
    let password = hashed(&it, secret).await?;
    let new = NewUser { email, email_verified, password, in_business_centre, is_operator };
    let id = match call.by(&it).make_account(new, external_id).await? {
        MadeAccount::Done(id) => id,
        MadeAccount::EmailTaken => return Err(Problem::conflict("there is an account with this address")),
        MadeAccount::ExternalIdTaken => return Err(Problem::conflict(EXTERNAL_ID_TAKEN)),
    };
    let found = it.store.account(id).await?.ok_or_else(Problem::broken)?;
    let mut told = told(&found);
    if let Some(temporary) = temporary {
        told["temporary_password"] = json!(temporary);
    }
    Ok(said(StatusCode::CREATED, &told))
}

/// One account.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    let found = named(&it, &call).await?;
    let mut told = told(&found);
    told["second_factor"] =
        json!(it.store.second_factor(found.user.id).await?.is_some_and(|it| it.confirmed_at.is_some()));
    Ok(fine(&told))
}

/// Changes an account, in one sentence: all of it, or nothing.
pub async fn patch(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let states = UserState::ALL.map(UserState::word).join(", ");
    let wanted = AccountChange {
        state: body.take("state", body::one_of(UserState::read, &states)),
        operator: body.take("operator", body::truth),
        external_id: body.take_or_null("external_id", body::external_id),
        email_verified: body.take("email_verified", body::truth),
        business_centre: body.take("business_centre", body::truth),
        developer_sanctioned: body.take("developer_sanctioned", body::truth),
    };
    let reason = body::reason(&mut body, wanted.state.is_some() || wanted.developer_sanctioned.is_some());
    body.finish()?;
    if wanted.operator == Some(true) {
        may_touch_operators(&call)?;
    }
    let id = touched(&it, &call).await?.user.id;
    match call.because(&it, reason).change_account(id, wanted).await? {
        AccountChanged::Done => get(State(it), call).await,
        AccountChanged::NotFound => Err(Problem::not_found(format!("account {id}"))),
        AccountChanged::LastOperator => Err(Problem::conflict("this is the last operator in good standing")),
        AccountChanged::NotActive => Err(Problem::conflict("only an account in good standing can become an operator")),
        AccountChanged::ExternalIdTaken => Err(Problem::conflict(EXTERNAL_ID_TAKEN)),
    }
}

/// Gives an account a temporary password, told once, and signs it out everywhere.
pub async fn password(State(it): State<AppState>, call: Call) -> Answer {
    let id = touched(&it, &call).await?.user.id;
    let temporary = it.entropy.temporary_password();
    let hash = hashed(&it, temporary.clone()).await?;
    call.by(&it).set_password(id, hash).await?;
    Ok(fine(&json!({ "temporary_password": temporary })))
}

/// Takes the second step of signing in from an account.
pub async fn factor(State(it): State<AppState>, call: Call) -> Answer {
    let id = touched(&it, &call).await?.user.id;
    call.by(&it).remove_second_factor(id).await?;
    Ok(done())
}

/// The apps it is a member of.
pub async fn apps(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let id = named(&it, &call).await?.user.id;
    let leaf = it.store.memberships(id, &turn::<AppId>(&call)?, limit(&call)?).await?;
    let item = |it: &bizauth_store::MemberOf| json!({ "app": it.app.to_string(), "name": it.name, "kind": it.kind.word(), "role": it.role });
    Ok(fine(&page(&leaf, item, |it| it.app.to_string())))
}

/// The apps it ever lent something to.
pub async fn lent(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let id = named(&it, &call).await?.user.id;
    let leaf = it.store.lent_apps(id, &turn::<AppId>(&call)?, limit(&call)?).await?;
    let item = |it: &bizauth_store::LentApp| json!({ "app": it.app.to_string(), "name": it.name, "agreed_at": it.agreed_at.map(Time::to_utc) });
    Ok(fine(&page(&leaf, item, |it| it.app.to_string())))
}

/// What it holds.
pub async fn assets(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let id = named(&it, &call).await?.user.id;
    let turn = match call.query().get("after") {
        None => Turn::First,
        Some(text) => {
            let (group, asset) = text.split_once(':').ok_or_else(listing::stale)?;
            Turn::After((GroupId::from(group), asset.to_owned()))
        }
    };
    let leaf = it.store.holdings_of(id, &turn, limit(&call)?).await?;
    let item = |it: &bizauth_core::asset::Holding| {
        json!({
            "group": it.group.0,
            "id": it.asset.0,
            "kind": it.kind.word(),
            "name": it.name,
            "role": it.role,
            "lendable": it.lendable,
        })
    };
    Ok(fine(&page(&leaf, item, |it| format!("{}:{}", it.group, it.asset))))
}

async fn hashed(it: &AppState, secret: String) -> Result<String, Problem> {
    password::hashed(secret, &it.entropy).await.map_err(|unfit| match unfit {
        Unfit::Length => Problem::invalid(vec![Mistake::at("/password", unfit.to_string())]),
        Unfit::Hash(_) => Problem::broken(),
    })
}
