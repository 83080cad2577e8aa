//! Why not: what would have passed. The wire answer stays exact; this is for the log, and for a header where a caller
//! asks for one. It looks where the rules do not: at other keys, other worlds, the log itself.

mod kapi;
mod near;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bizauth_core::fault::{Answer, KauthFault, Standing as Vouched};
use bizauth_core::id::{CodeId, KeyId};
use bizauth_core::key::AppKey;
use bizauth_core::secret::{Credential, Digest};

use super::faults::{Endpoint, Row};
use super::journal::Entry;
use super::seed::PlantedKey;
use super::switchboard::Received;
use super::world::{Stage, World};
use super::worlds::Worlds;
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::state::AppState;
use near::{difference, differing, span};

/// The parameters that each endpoint reads.
const fn read_by(endpoint: Endpoint) -> &'static [&'static str] {
    match endpoint {
        Endpoint::Authorize => &[
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "resource_ids",
            "code_challenge",
            "code_challenge_method",
        ],
        Endpoint::Token => &["grant_type", "client_id", "client_secret", "redirect_uri", "code", "code_verifier"],
        Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke => &[],
        Endpoint::Ips => &["rule_type"],
    }
}

/// The parameters of a call that nobody reads.
pub fn unread(received: &Received) -> Vec<String> {
    let Some(endpoint) = received.endpoint_called() else { return Vec::new() };
    let query = Form::parse(received.parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let of_query = query.names().filter(|name| endpoint == Endpoint::Token || !read_by(endpoint).contains(name));
    let form = received.form.clone().unwrap_or_default();
    let of_form = form.names().filter(|name| endpoint != Endpoint::Token || !read_by(endpoint).contains(name));
    // A POST to the authorize address is a script's: its form is read by this mode.
    let of_form = of_form.filter(|_| endpoint != Endpoint::Authorize);
    let mut names: Vec<String> = of_query.map(|name| format!("query {name}")).collect();
    names.extend(of_form.map(|name| format!("form {name}")));
    names
}

/// Who is signed in with this browser: the e-mail address.
pub async fn person(it: &AppState, parts: &Parts) -> Option<String> {
    let Ok(browser) = Browser::from_request_parts(&mut parts.clone(), it).await;
    browser.session.map(|session| session.user.email)
}

/// Which rule decided, in a sentence.
pub fn decided(entry: &Entry) -> String {
    let status = entry.answer.as_ref().and_then(|answer| answer.status).unwrap_or_default();
    let endpoint = Endpoint::ALL.into_iter().find(|known| Some(known.word()) == entry.endpoint.as_deref());
    let (Some(endpoint), Some(name)) = (endpoint, entry.fault.as_deref()) else {
        return match (entry.endpoint.as_deref(), status) {
            (Some("authorize"), 302) => "the person answered".to_owned(),
            (Some("authorize"), 303) => "the request is sound: on to the person".to_owned(),
            (Some("token"), 200) => "every check passed: the code bought a token".to_owned(),
            (Some("ips"), 304) => "the list is the one that the caller has".to_owned(),
            (Some(_), 200) => "every check passed".to_owned(),
            (Some(_), 500..) => "a fault that is none of the platform's".to_owned(),
            _ => format!("answered with {status}"),
        };
    };
    let row = Row::answered(endpoint, name);
    let (vouched, meaning, answer) = match row {
        Some(Row::Kauth(fault)) => (fault.row().standing, fault.row().meaning, Some(fault.row().answer)),
        Some(Row::Kapi(fault)) => (fault.row().standing, fault.row().meaning, None),
        None => return format!("refused with {name}"),
    };
    let vouched = match vouched {
        Vouched::Documented => "documented",
        Vouched::Observed => "observed",
        Vouched::Ours => "ours",
    };
    let form = match answer {
        Some(Answer::Page) if endpoint == Endpoint::Authorize => ", a page that never redirects",
        Some(Answer::Redirect) => ", told to the redirect URI",
        _ => "",
    };
    let code = row.map(Row::code).unwrap_or_default();
    format!("{code} {name} ({vouched}{form}): {}", meaning.trim()).trim_start().to_owned()
}

/// Refusals that no other request would have escaped.
const OURS: [&str; 4] = ["TemporaryFailure", "StoreDown", "Temporary", "Broken"];

/// What would have passed, where that can be told.
pub async fn explain(
    worlds: &Worlds,
    world: &World,
    stage: &Stage,
    received: &Received,
    entry: &Entry,
) -> Option<String> {
    let why = Why { worlds, world, stage, received };
    let fault = entry.fault.as_deref()?;
    if fault == KauthFault::WrongMethod.row().name {
        let allowed = entry.answer.as_ref().and_then(|answer| answer.header("allow")).unwrap_or_default();
        return Some(format!("{allowed} would pass; {} is no method of this address", received.parts.method));
    }
    if OURS.contains(&fault) {
        return None;
    }
    match entry.endpoint.as_deref()? {
        "authorize" => why.authorize(fault).await,
        "token" => why.token(fault).await,
        "ips" => why.key(fault),
        _ => why.bearer(fault).await,
    }
}

struct Why<'w> {
    worlds: &'w Worlds,
    world: &'w World,
    stage: &'w Stage,
    received: &'w Received,
}

impl Why<'_> {
    fn keys(&self) -> impl Iterator<Item = (&str, &PlantedKey)> {
        self.stage.planted.apps.iter().flat_map(|app| app.keys.iter().map(|key| (app.name.as_str(), key)))
    }

    fn key_of(&self, id: KeyId) -> String {
        let found = self.keys().find(|(_, key)| key.id == id);
        found.map_or("a key made since".to_owned(), |(app, key)| format!("the key {} of {app}", key.name))
    }

    /// What is known of a key that does not open.
    fn unknown_key(&self, sent: &str) -> String {
        if sent.is_empty() || sent == "null" {
            return "no client_id was sent; HTTP Basic is not read".to_owned();
        }
        let elsewhere: Vec<String> = self.worlds.of_mark(sent).into_iter().filter(|id| *id != self.world.id).collect();
        if !elsewhere.is_empty() {
            return format!("this key is of another world: {}", elsewhere.join(", "));
        }
        if let Some((app, key)) = self.keys().find(|(_, key)| key.value == sent) {
            return format!(
                "this is the {} key of {app}; it is disabled or deleted, or of the wrong kind",
                key.kind.word()
            );
        }
        if let Some((app, key)) = self.keys().find(|(_, key)| key.value == sent.trim().to_lowercase()) {
            return format!("this is the {} key of {app} with other letters or blanks around it", key.kind.word());
        }
        if self.keys().any(|(_, key)| key.secret.as_deref() == Some(sent)) {
            return "this is a client secret, not a key".to_owned();
        }
        if AppKey::read(sent).is_none() {
            return "a key is 32 lowercase hexadecimal digits".to_owned();
        }
        let near = self.keys().map(|(app, key)| (differing(&key.value, sent), app, key)).min_by_key(|near| near.0);
        match near {
            Some((n, app, key)) if n <= 3 => {
                format!("it differs in {n} digits from the {} key of {app}", key.kind.word())
            }
            _ => "no app of this world has it".to_owned(),
        }
    }

    async fn authorize(&self, fault: &str) -> Option<String> {
        let query = Form::parse(self.received.parts.uri.query().unwrap_or_default()).unwrap_or_default();
        let sent = |name: &str| query.get(name).unwrap_or_default().to_owned();
        let client = match AppKey::read(&sent("client_id")) {
            Some(key) => self.stage.state.store.client(&key, self.stage.now()).await.ok().flatten(),
            None => None,
        };
        let is = |row: KauthFault| row.row().name == fault;
        if is(KauthFault::UnknownKey) {
            return Some(self.unknown_key(&sent("client_id")));
        }
        let client = client?;
        if is(KauthFault::NotRestApiKey) {
            let rest = self.keys().find(|(app, key)| *app == client.app.name && key.kind.word() == "rest-api");
            let kind = client.key.kind.word();
            return Some(match rest {
                Some((_, key)) => format!("this is the {kind} key; the REST API key of the app is {}", key.value),
                None => format!("this is the {kind} key; the app has no REST API key"),
            });
        }
        if is(KauthFault::UnregisteredRedirectUri) {
            return Some(self.redirect(&sent("redirect_uri"), &client));
        }
        if is(KauthFault::NotBizApp) {
            return Some(format!(
                "{} is a {} app; a Biz app, or a test app of one, would pass",
                client.app.name,
                client.app.kind.word()
            ));
        }
        if is(KauthFault::NoFeaturePermission) {
            let has: Vec<&str> = client.permissions.iter().map(|group| group.0.as_str()).collect();
            return Some(format!("the app has the permissions [{}]; an operator grants the others", has.join(", ")));
        }
        if is(KauthFault::UnknownConsentItem) {
            let on: Vec<&str> = client.items.iter().map(|item| item.0.as_str()).collect();
            return Some(format!("switched on for this app are: {}", on.join(", ")));
        }
        if is(KauthFault::UnsupportedResponseType) {
            return Some("response_type=code would pass".to_owned());
        }
        if is(KauthFault::BadAuthorizeParameter) && client.key.pkce_required && sent("code_challenge").is_empty() {
            return Some(
                "this key requires PKCE: send code_challenge, the base64url of the SHA-256 of a code_verifier, with \
                 code_challenge_method=S256, and the code_verifier with the code"
                    .to_owned(),
            );
        }
        if is(KauthFault::BadAuthorizeParameter) {
            return Some(
                "each _create item needs resource_ids=<group>:*, biz_account_email is never alone, a resource is of a \
                 group that the scope asks for, and nothing is sent twice or unknown"
                    .to_owned(),
            );
        }
        self.account(fault, &client.app.name).await
    }

    /// Checks 11 to 15 are about the account.
    async fn account(&self, fault: &str, app: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.received.body).into_owned();
        let named = self.received.form.as_ref().and_then(|form| form.get("user").or(form.get("as"))).map(str::to_owned);
        let named = named.or_else(|| {
            let word: serde_json::Value = serde_json::from_str(&body).ok()?;
            word["user"].as_str().or(word["as"].as_str()).map(str::to_owned)
        });
        let signed_in = person(&self.stage.state, &self.received.parts).await;
        let email = named.or(signed_in).or_else(|| self.stage.planted.first_person())?;
        let user = self.stage.state.store.user_by_email(&email).await.ok().flatten()?.user;
        let is = |row: KauthFault| row.row().name == fault;
        if is(KauthFault::NotMember) {
            return Some(format!("{email} is no member of the test app {app}"));
        }
        if is(KauthFault::NotBusinessUser) {
            return Some(format!("{email} has not joined the business centre"));
        }
        if is(KauthFault::AccountNotActive) {
            return Some(format!("{email} is {}", user.state.word()));
        }
        if is(KauthFault::NoBusinessAsset) {
            let turn = bizauth_store::Turn::First;
            let held = self.stage.state.store.holdings_of(user.id, &turn, 20).await.ok()?.rows;
            let told: Vec<String> = held
                .iter()
                .map(|held| {
                    format!("{}:{}{}", held.group, held.asset.0, if held.lendable { "" } else { " (not lendable)" })
                })
                .collect();
            return Some(match told.is_empty() {
                true => format!("{email} holds no asset at all"),
                false => format!("{email} holds {}", told.join(", ")),
            });
        }
        if is(KauthFault::IssuanceLimit) {
            let most = self.stage.state.config.issuance_limit;
            return Some(format!("{email} has issued {most} codes to this app today, which is the limit"));
        }
        None
    }

    fn redirect(&self, sent: &str, client: &bizauth_core::app::Client) -> String {
        let login = self.keys().find(|(_, key)| key.login_redirect_uris.iter().any(|uri| uri == sent));
        if let Some((app, _)) = login {
            return format!("this is a login redirect URI of {app}; business authentication has its own list");
        }
        let other =
            self.keys().find(|(_, key)| key.id != client.key.id && key.redirect_uris.iter().any(|uri| uri == sent));
        if let Some((app, key)) = other {
            return format!("it is registered for another key: {} of {app}", key.name);
        }
        if sent.is_empty() {
            return format!("none was sent; registered are: {}", client.redirect_uris.join(", "));
        }
        match client.redirect_uris.iter().find_map(|uri| Some((uri, difference(uri, sent)?))) {
            Some((uri, how)) => format!("{uri} is registered: {how}"),
            None => format!("registered are: {}", client.redirect_uris.join(", ")),
        }
    }

    async fn token(&self, fault: &str) -> Option<String> {
        let form = self.received.form.clone().unwrap_or_default();
        let sent = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let is = |row: KauthFault| row.row().name == fault;
        if is(KauthFault::MalformedTokenRequest) {
            return Some("sent as application/x-www-form-urlencoded, with grant_type, client_id, redirect_uri and code once each".to_owned());
        }
        if is(KauthFault::UnsupportedGrantType) {
            return Some("grant_type=authorization_code is the only one; there are no refresh tokens".to_owned());
        }
        if is(KauthFault::UnknownClient) {
            return Some(match sent("client_id").as_str() {
                "" if self.received.parts.headers.contains_key("authorization") => {
                    "HTTP Basic is not read; send client_id and client_secret in the form".to_owned()
                }
                key => self.unknown_key(key),
            });
        }
        if is(KauthFault::BadClientSecret) {
            return Some(self.secret(&sent("client_id"), form.get("client_secret")));
        }
        if is(KauthFault::CallerNotAllowed) {
            let key = AppKey::read(&sent("client_id"))?;
            let found = self.stage.state.store.key(&key, self.stage.now()).await.ok().flatten()?;
            let nets: Vec<String> = found.key.callers.iter().map(ToString::to_string).collect();
            return Some(format!("the key may be used from: {}", nets.join(", ")));
        }
        if is(KauthFault::TokenRateLimit) {
            let rate = self.stage.state.config.token_rate;
            return Some(format!(
                "a key may have {rate} tokens a minute; too many wrong credentials count against it too"
            ));
        }
        let text = sent("code");
        let Some((id, secret)) = Credential::Code.read(&text) else {
            return Some(match Credential::Token.read(&text) {
                Some(_) => "this is a business token, not a code".to_owned(),
                None => "this was never a code of this platform: it may be cut off, or escaped twice".to_owned(),
            });
        };
        let seen = self.stage.state.store.code_seen(CodeId(id)).await.ok().flatten();
        let Some(seen) = seen.filter(|seen| seen.digest == secret.digest()) else {
            return Some("this code is of another world, or of one that went back to its seed".to_owned());
        };
        if is(KauthFault::WrongApp) {
            return Some(format!("the code was issued to {}", self.key_of(seen.key)));
        }
        if is(KauthFault::RedirectUriMismatch) {
            let how = difference(&seen.redirect_uri, &sent("redirect_uri")).unwrap_or_default();
            return Some(format!("the authorize request had {}: {how}", seen.redirect_uri));
        }
        if is(KauthFault::BadVerifier) {
            return Some(
                match (seen.has_challenge, form.get("code_verifier").is_some()) {
                    (false, _) => "no code_challenge was sent with the authorize request, so no code_verifier may be",
                    (true, false) => "a code_challenge was sent with the authorize request: code_verifier is missing",
                    (true, true) => "the code_verifier is not the one whose SHA-256 was the code_challenge",
                }
                .to_owned(),
            );
        }
        let now = self.stage.now();
        if let Some(spent) = seen.redeemed_at {
            let by = self.buyer_of(&text).map(|n| format!(" by request {n}")).unwrap_or_default();
            let killed = "; the token that it bought is dead now";
            return Some(format!("the code was spent {} ago{by}{killed}", span(now.since(spent).as_millis())));
        }
        if now >= seen.expires_at {
            return Some(format!("the code expired {} ago", span(now.since(seen.expires_at).as_millis())));
        }
        Some("the consent behind the code has ended: its account, app or key is not as it was".to_owned())
    }

    /// The request that redeemed a code.
    fn buyer_of(&self, code: &str) -> Option<u64> {
        let bought = |entry: &&std::sync::Arc<Entry>| {
            entry.endpoint.as_deref() == Some("token")
                && entry.answer.as_ref().and_then(|answer| answer.status) == Some(200)
                && entry.request.body.contains(code)
        };
        self.stage.journal.all().iter().find(bought).map(|entry| entry.n)
    }

    fn secret(&self, client_id: &str, sent: Option<&str>) -> String {
        let Some(sent) = sent else { return "the client secret of this key is ON, and none was sent".to_owned() };
        let same = |key: &&PlantedKey, text: &str| {
            key.secret.as_deref().is_some_and(|known| Digest::of(known.as_bytes()) == Digest::of(text.as_bytes()))
        };
        if let Some((app, key)) = self.keys().find(|(_, key)| same(key, sent) && key.value != client_id) {
            return format!("this secret belongs to another key: {} of {app}", key.name);
        }
        if self.keys().any(|(_, key)| key.value == client_id && same(&key, sent.trim())) {
            return "the secret has blanks or a line break around it".to_owned();
        }
        if self.keys().any(|(_, key)| key.value == sent) {
            return "this is a key, not a secret".to_owned();
        }
        if self.keys().any(|(_, key)| key.value == client_id && same(&key, sent)) {
            return "it is the secret of the seed: a new one was issued since, and the overlap is over".to_owned();
        }
        "no key of this world has this secret".to_owned()
    }
}
