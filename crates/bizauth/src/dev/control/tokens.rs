//! `/_dev/tokens`: the business tokens of a world, a new one through the whole flow, and ending one for a reason.

use axum::extract::Extension;
use axum::http::{Method, Request, StatusCode};
use bizauth_core::code::Challenge;
use bizauth_core::id::{AppId, TokenId};
use bizauth_core::secret::Credential;
use bizauth_core::token::Standing;
use bizauth_core::user::UserState;
use bizauth_store::{Actor, Bearer, By, Turn, Who};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::consents::Assets;
use super::super::script::{self, Decision, Unscripted};
use super::super::seed::{KeyKind, PlantedApp};
use super::super::world::Stage;
use super::clock::beyond;
use super::{Body, Desk, Json, Refused, Said};
use crate::http::pages::callback::VERIFIER;
use crate::http::reply::escape;

/// The most tokens of an app that are listed.
const MOST: i64 = 1000;

/// A token that is wanted.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// The app: a key of it, or its name in the seed. Without: the first that can have one.
    app: Option<String>,
    /// Who agrees. Without: the seed's first person.
    user: Option<String>,
    /// The consent items. Without: all that are switched on and need no `group:*`.
    #[serde(default)]
    scope: Vec<String>,
    /// What is lent.
    #[serde(default)]
    assets: Assets,
}

/// Why a token is to die.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reason {
    Revoked,
    Unused,
    Withdrawn,
    AccountBlocked,
    AppSanctioned,
    KeyDeleted,
    AssetLost,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kill {
    /// The token, its business token ID, or its name in the seed.
    token: String,
    reason: Reason,
}

pub(super) async fn list(Extension(desk): Extension<Desk>) -> Said {
    let stage = desk.world.stage();
    let (now, idle) = (stage.now(), stage.state.config.token_idle_lifetime);
    let mut tokens: Vec<Value> = Vec::new();
    for app in stage.state.store.apps(MOST).await? {
        for record in stage.state.store.tokens_of(app.app.id, None, MOST).await? {
            let token = record.token;
            let ready = stage.planted.tokens.iter().find(|ready| ready.id == token.id);
            tokens.push(json!({
                "id": token.id.to_string(),
                "app": app.app.name,
                "user": token.user.email,
                "scope": token.items.iter().map(|item| item.0.as_str()).collect::<Vec<_>>(),
                "standing": word(token.standing(idle, now)),
                "name": ready.map(|ready| &ready.name),
                "value": ready.map(|ready| &ready.value),
            }));
        }
    }
    Ok(Json(json!({ "tokens": tokens })))
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Ended(_) => "ended",
        Standing::AppSanctioned => "app-sanctioned",
        Standing::AppEnded => "app-ended",
        Standing::AccountEnded => "account-ended",
        Standing::Unused => "unused",
        Standing::NotMember => "not-a-member",
    }
}

/// Consent and redemption, through the endpoints themselves.
pub(super) async fn issue(Extension(desk): Extension<Desk>, Body(wish): Body<Wish>) -> Said<(StatusCode, Json<Value>)> {
    let stage = desk.world.stage();
    let refuse = |why: String| Refused(422, "this token cannot be had", why);
    let can = |app: &&PlantedApp| app.first(KeyKind::RestApi).is_some_and(|key| !key.redirect_uris.is_empty());
    let app = match &wish.app {
        Some(named) => stage
            .planted
            .apps
            .iter()
            .filter(can)
            .find(|app| app.name == *named || app.keys.iter().any(|key| key.value == *named)),
        None => stage.planted.apps.iter().find(can),
    };
    let app =
        app.ok_or_else(|| refuse("the seed has no such app with a REST API key and a redirect URI".to_owned()))?;
    let (key, uri) = app
        .first(KeyKind::RestApi)
        .and_then(|key| Some((key, key.redirect_uris.first()?)))
        .ok_or_else(|| refuse("the app has no redirect URI".to_owned()))?;
    let scope = match wish.scope.is_empty() {
        true => usual_scope(&stage, app.id).await?,
        false => wish.scope,
    };
    let by = wish.user.or_else(|| stage.planted.first_person());
    let by = by.ok_or_else(|| refuse("the seed has no account".to_owned()))?;
    let authorize = format!(
        "/oauth/business/authorize?response_type=code&client_id={}&redirect_uri={}&scope={}&code_challenge={}\
         &code_challenge_method=S256",
        key.value,
        escape(uri),
        escape(&scope.join(",")),
        Challenge::of(VERIFIER).text()
    );
    let address = authorize.parse().map_err(|_| refuse("the redirect URI fits no address".to_owned()))?;
    let decision = Decision { by: Some(by.clone()), assets: wish.assets, ..Decision::default() };
    let agreed = script::play(&stage.state, &address, &by, &decision).await;
    let agreed = agreed.map_err(|Unscripted(why)| refuse(why))?;
    let location = agreed.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).map(str::to_owned);
    let Some(code) = code else {
        let body = axum::body::to_bytes(agreed.into_body(), usize::MAX).await.unwrap_or_default();
        return Err(refuse(format!("the consent was refused: {}", String::from_utf8_lossy(&body))));
    };
    let secret = key.secret.as_deref().map(|secret| format!("&client_secret={secret}")).unwrap_or_default();
    let form = format!(
        "grant_type=authorization_code&client_id={}&redirect_uri={}&code={code}{secret}&code_verifier={VERIFIER}",
        key.value,
        escape(uri)
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri("/oauth/business/token")
        .header("host", "localhost")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(form))
        .map_err(|error| refuse(error.to_string()))?;
    let (status, said) = super::super::switchboard::json_of(&stage, request).await;
    let token = said["access_token"].as_str().filter(|_| status == StatusCode::OK);
    let Some(token) = token else { return Err(refuse(format!("the code was refused: {said}"))) };
    desk.worlds.mark(token, &desk.world.id);
    let id = Credential::Token.read(token).map(|(id, _)| id.to_string());
    let mut told = said.clone();
    told["id"] = json!(id);
    told["user"] = json!(by);
    told["app"] = json!(app.name);
    Ok((StatusCode::CREATED, Json(told)))
}

/// What an app may ask for without `group:*`.
async fn usual_scope(stage: &Stage, app: AppId) -> Said<Vec<String>> {
    let catalogue = stage.state.store.catalogue().await?;
    let permissions = stage.state.store.permissions_of(app).await?;
    let on = stage.state.store.items_of(app).await?;
    let may = |item: &&bizauth_core::scope::Item| {
        let group = catalogue.groups.iter().find(|group| group.id == item.group);
        let permitted = group.is_some_and(|group| !group.needs_permission || permissions.contains(&group.id));
        permitted && !item.needs_all && on.iter().any(|(id, _)| *id == item.id)
    };
    Ok(catalogue.items.iter().filter(may).map(|item| item.id.0.clone()).collect())
}

pub(super) async fn kill(Extension(desk): Extension<Desk>, Body(kill): Body<Kill>) -> Said {
    let stage = desk.world.stage();
    let id = named(&stage, &kill.token);
    let bearer = match id {
        Some(id) => stage.state.store.bearer(id).await?.map(|bearer| (id, bearer)),
        None => None,
    };
    let Some((id, bearer)) = bearer else {
        let why = "give the token itself, its business token ID, or its name in the seed".to_owned();
        return Err(Refused(404, "no such token", why));
    };
    let now = stage.now();
    let actor = Actor { who: Who::Server, name: "bizauth dev".to_owned(), from: None, at: now };
    let by = &stage.state.store.by(actor);
    let also = carry_out(&stage, by, kill.reason, id, &bearer).await?;
    let idle = stage.state.config.token_idle_lifetime;
    let record = stage.state.store.token_of(bearer.app, id).await?;
    let standing = record.map(|record| word(record.token.standing(idle, stage.now())));
    Ok(Json(json!({ "id": id.to_string(), "standing": standing, "also": also })))
}

fn named(stage: &Stage, text: &str) -> Option<TokenId> {
    let of_value = Credential::Token.read(text).map(|(id, _)| TokenId(id));
    let of_name = || stage.planted.tokens.iter().find(|ready| ready.name == text).map(|ready| ready.id);
    of_value.or_else(of_name).or_else(|| text.parse().ok().map(TokenId))
}

/// Does what kills the token in life, and says what else that touches.
async fn carry_out(stage: &Stage, by: &By, reason: Reason, id: TokenId, bearer: &Bearer) -> Said<&'static str> {
    match reason {
        Reason::Revoked => {
            by.revoke_token_of(bearer.app, id).await?;
            Ok("nothing else")
        }
        Reason::Unused => {
            let long_ago = stage.now().minus(beyond(stage.state.config.token_idle_lifetime));
            stage.state.store.neglect_token(id, long_ago).await?;
            Ok("nothing else: its last use lies further back now")
        }
        Reason::Withdrawn => {
            by.withdraw_token(bearer.user, bearer.app, id).await?;
            Ok("the consent behind it is withdrawn")
        }
        Reason::AccountBlocked => {
            by.set_user_state(bearer.user, UserState::Blocked).await?;
            Ok("the account is blocked: all its tokens have ended, and stay so")
        }
        Reason::AppSanctioned => {
            by.set_sanction(bearer.app, true).await?;
            Ok("the app is under sanction: all its tokens have ended, and stay so")
        }
        Reason::KeyDeleted => {
            by.delete_key(bearer.key).await?;
            Ok("the key is deleted: all tokens issued to it have ended, and it never comes back")
        }
        Reason::AssetLost => {
            let turn = Turn::First;
            let lent = stage.state.store.lent_with(id, &turn, MOST).await?.rows;
            for record in lent {
                let held = stage.state.store.holdings_of(bearer.user, &Turn::First, MOST).await?.rows;
                for holding in held.iter().filter(|held| held.group == record.group) {
                    let lost = record.asset.as_ref().is_none_or(|one| one.id == holding.asset);
                    if lost {
                        by.lose_asset(bearer.user, holding.group.clone(), holding.asset.clone()).await?;
                    }
                }
            }
            Ok("the account has lost what it had lent: the token lives on and speaks for none of it")
        }
    }
}
