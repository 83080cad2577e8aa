//! Where every request of `bizauth dev` comes in: to which world, what is staged for it, and what is written down.
//!
//! The answer itself is the world's router's, which is the one that `bizauth serve` runs. Nothing here decides a rule.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use super::consents::{self, Action};
use super::control::{self, Json};
use super::faults::{Endpoint, Planned, Row};
use super::journal::{Entry, Half, Portable};
use super::script::{self, Decision, Unscripted};
use super::strike::{self, Call};
use super::why;
use super::world::{Stage, World, lock};
use super::worlds::{COOKIE, DEFAULT, Lost, PREFIX, Worlds};
use crate::http::form::Form;
use crate::http::pages::NUMBER;
use crate::http::reply::Faulted;

/// The longest request that is taken: an import of the operator's, with room to spare.
const LONGEST: usize = 64 * 1024 * 1024;
/// Asks for the log's explanation in a header of the answer.
const EXPLAIN: HeaderName = HeaderName::from_static("x-bizauth-explain");
/// That explanation, percent-encoded where it must be.
const WHY: HeaderName = HeaderName::from_static("x-bizauth-why");

/// Everything that `bizauth dev` answers its operators: each world has its own, and is named the same way.
pub fn operators(worlds: Arc<Worlds>) -> Router {
    async fn receive(State(worlds): State<Arc<Worlds>>, request: Request) -> Response {
        match worlds.meant(request.headers(), request.uri(), None) {
            Ok(world) => match world.stage().operators().oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            },
            Err(none) => lost(&none),
        }
    }
    Router::new().fallback(receive).with_state(worlds)
}

/// Everything that `bizauth dev` answers.
pub fn router(worlds: Arc<Worlds>) -> Router {
    Router::new().fallback(receive).with_state(worlds)
}

/// One request, whole, on its way through a world.
pub struct Received {
    /// All but its body; the address within the world.
    pub parts: Parts,
    /// Its body.
    pub body: Bytes,
    /// Its form, where the body is one.
    pub form: Option<Form>,
}

impl Received {
    /// Which of the six endpoints it calls.
    pub fn endpoint_called(&self) -> Option<Endpoint> {
        Endpoint::of(self.parts.uri.path())
    }

    /// The `client_id` or key that it carries.
    fn key(&self) -> String {
        let sent = self.parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        if let Some(key) = sent.and_then(|value| value.strip_prefix("KakaoAK ")) {
            return key.trim().to_owned();
        }
        let of_form = self.form.as_ref().and_then(|form| form.get("client_id")).map(str::to_owned);
        let query = || Form::parse(self.parts.uri.query().unwrap_or_default()).ok();
        of_form.or_else(|| query()?.get("client_id").map(str::to_owned)).unwrap_or_default()
    }

    fn request(&self) -> Request {
        Request::from_parts(self.parts.clone(), Body::from(self.body.clone()))
    }
}

async fn receive(State(worlds): State<Arc<Worlds>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST).await else {
        return problem(413, "the body is too long or broke off", format!("at most {LONGEST} bytes are taken"));
    };
    let prefixed = within(&parts.uri);
    let form = Form::read(&parts.headers, &body).ok();
    let world = match &prefixed {
        Some((id, uri)) => {
            parts.uri = uri.clone();
            worlds.named(id)
        }
        None => worlds.meant(&parts.headers, &parts.uri, form.as_ref()),
    };
    let world = match world {
        Ok(world) => world,
        Err(none) => return lost(&none),
    };
    let received = Received { parts, body, form };
    let mut answer = answer(&worlds, &world, received).await;
    if world.id != DEFAULT && answer.headers().get(CONTENT_TYPE).is_some_and(is_page) || leads_on(&answer, &world) {
        // Pages lead to each other by absolute paths: from here on the browser says which world it is in.
        if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", world.id)) {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    answer
}

fn is_page(kind: &HeaderValue) -> bool {
    kind.as_bytes().starts_with(b"text/html")
}

/// Whether an answer of another world than the default leads a browser to a page.
fn leads_on(answer: &Response, world: &World) -> bool {
    let location = answer.headers().get("location").and_then(|to| to.to_str().ok());
    world.id != DEFAULT && location.is_some_and(|to| to.starts_with('/'))
}

/// The world that a path names, and the path within it.
fn within(uri: &Uri) -> Option<(String, Uri)> {
    let rest = uri.path().strip_prefix(PREFIX)?;
    let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((id.to_owned(), format!("/{path}{query}").parse().ok()?))
}

/// The answer of a world, written down.
pub async fn answer(worlds: &Arc<Worlds>, world: &Arc<World>, received: Received) -> Response {
    let stage = world.stage();
    if control::is_control(received.parts.uri.path()) && received.parts.method == Method::GET {
        // Looking on is not part of what happened.
        return match control::not_from_a_page(&received) {
            Ok(()) => control::answer(worlds, world, received).await,
            Err(refused) => refused.into_response(),
        };
    }
    let (n, at) = (stage.journal.arrive(), stage.now());
    let here = Portable::of(&worlds.ground.base_url);
    let mut request = Half::of(&received.parts.headers, &received.body, &here);
    request.method = Some(received.parts.method.as_str().to_owned());
    request.uri = Some(here.hide(&received.parts.uri.to_string()));
    let mut entry = Entry {
        n,
        at: at.millis(),
        endpoint: received.endpoint_called().map(|endpoint| endpoint.word().to_owned()),
        control: control::is_control(received.parts.uri.path()),
        request,
        answer: None,
        fault: None,
        code: None,
        decided: None,
        why: None,
        unread: Vec::new(),
        staged: None,
    };
    let is_script = received.parts.method == Method::POST && received.endpoint_called() == Some(Endpoint::Authorize);
    if (entry.control || is_script)
        && let Err(refused) = control::not_from_a_page(&received)
    {
        return refused.into_response();
    }
    if entry.control {
        let answer = control::answer(worlds, world, received).await;
        let (parts, body) = whole(answer).await;
        entry.answer = Some(taken_down(&parts, &body, &here));
        // A reset or a restore put another log in the place of this one: what led there is not part of what follows.
        stage.journal.keep(entry);
        return Response::from_parts(parts, Body::from(body));
    }
    entry.unread = why::unread(&received);
    // A page that refuses leads to what the log says of it.
    let mut received = received;
    received.parts.headers.insert(NUMBER, HeaderValue::from(n));
    // Written down at once: a test that looks while a reply is held finds the request.
    stage.journal.keep(entry.clone());
    let struck = received.endpoint_called().and_then(|endpoint| {
        let key = received.key();
        lock(&stage.faults).strike(endpoint, |named| stage.is_app(named, &key))
    });
    let answer = match &struck {
        Some(struck) => {
            entry.staged = Some(format!("fault {}", struck.id));
            by_plan(&stage, n, struck, &received, &mut entry).await
        }
        None => by_truth(&stage, n, &received, &mut entry).await,
    };
    let (mut parts, body) = whole(answer).await;
    entry.answer = Some(taken_down(&parts, &body, &here));
    if let Some(Faulted(name)) = parts.extensions.get::<Faulted>() {
        entry.fault = Some((*name).to_owned());
        entry.code = received.endpoint_called().and_then(|at| Row::answered(at, name)).map(Row::code);
    }
    entry.decided = Some(why::decided(&entry));
    if entry.fault.is_some() && struck.is_none() {
        entry.why = why::explain(worlds, world, &stage, &received, &entry).await;
    }
    if received.endpoint_called() == Some(Endpoint::Token) && parts.status == StatusCode::OK {
        let token = serde_json::from_slice::<serde_json::Value>(&body).ok();
        if let Some(token) = token.as_ref().and_then(|token| token["access_token"].as_str()) {
            worlds.mark(token, &world.id);
        }
    }
    if received.parts.headers.contains_key(EXPLAIN) {
        let why = entry.why.clone().or(entry.decided.clone()).unwrap_or_default();
        if let Ok(why) = HeaderValue::from_str(&ascii(&why)) {
            parts.headers.insert(WHY, why);
        }
    }
    stage.journal.keep(entry);
    let answer = Response::from_parts(parts, Body::from(body));
    match struck.and_then(|struck| struck.plan.mishap) {
        Some(mishap) => strike::mishap(mishap, answer).await,
        None => answer,
    }
}

/// As a planned fault has it.
async fn by_plan(stage: &Stage, n: u64, struck: &Planned, received: &Received, entry: &mut Entry) -> Response {
    let plan = &struck.plan;
    if let Some(millis) = plan.latency_ms {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if let Some(status) = plan.status {
        return strike::gateway(status);
    }
    let row = plan.code.as_deref().and_then(|code| Row::find(plan.endpoint, code).ok());
    if let Some(row) = row {
        let call = Call { headers: &received.parts.headers, uri: &received.parts.uri, form: received.form.as_ref() };
        if let Some(answer) = strike::refuse(&stage.state, plan.endpoint, row, &call).await {
            return answer;
        }
    }
    by_truth(stage, n, received, entry).await
}

/// As the platform has it; an authorize request perhaps by a script in the place of a person.
async fn by_truth(stage: &Stage, n: u64, received: &Received, entry: &mut Entry) -> Response {
    if received.endpoint_called() != Some(Endpoint::Authorize) {
        return ask(stage, received.request()).await;
    }
    let posted = received.parts.method == Method::POST;
    if !posted && received.parts.method != Method::GET {
        return ask(stage, received.request()).await;
    }
    let word = match posted.then(|| own_word(received)).transpose() {
        Ok(word) => word,
        Err(why) => return problem(400, "this decision cannot be read", why),
    };
    let decision = match by_rule(stage, received, word.as_ref()).await {
        Some((rule, decision)) => {
            entry.staged = Some(format!("consent rule {rule}"));
            Some(decision)
        }
        None => word,
    };
    let Some(mut decision) = decision else { return by_person(stage, n, received).await };
    if decision.action == Action::Hold {
        let Some(decided) = stage.held.wait(n, &received.parts.uri).await else {
            return problem(410, "nobody decided this request", "its world went back to another state".to_owned());
        };
        decision = Decision { by: decided.by.or(decision.by), ..decided };
    }
    by_script(stage, n, received, &decision, entry).await
}

async fn by_script(stage: &Stage, n: u64, received: &Received, decision: &Decision, entry: &mut Entry) -> Response {
    if let Some(row) = decision.code.as_deref().and_then(|code| Row::find(Endpoint::Authorize, code).ok()) {
        let call = Call { headers: &received.parts.headers, uri: &received.parts.uri, form: None };
        if let Some(answer) = strike::refuse(&stage.state, Endpoint::Authorize, row, &call).await {
            return answer;
        }
    }
    match decision.action {
        Action::Abandon if received.parts.method == Method::POST => StatusCode::NO_CONTENT.into_response(),
        Action::Abandon | Action::Ask | Action::Hold => by_person(stage, n, received).await,
        Action::Approve | Action::Deny => {
            let Some(by) = decision.by.clone().or_else(|| stage.planted.first_person()) else {
                return problem(422, "nobody can answer", "the seed has no account; name one with \"as\"".to_owned());
            };
            entry.staged.get_or_insert_with(|| format!("answered as {by}"));
            match script::play(&stage.state, &received.parts.uri, &by, decision).await {
                Ok(answer) => answer,
                Err(Unscripted(why)) => problem(422, "nobody could answer so", why),
            }
        }
    }
}

/// As a person has it: the pages. Their screen can be answered over the control API too.
async fn by_person(stage: &Stage, n: u64, received: &Received) -> Response {
    if received.parts.method == Method::POST {
        let get = Request::builder().uri(received.parts.uri.clone()).body(Body::empty());
        return ask(stage, get.unwrap_or_default()).await;
    }
    let answer = ask(stage, received.request()).await;
    if let Some(screen) = script::screen_in(&answer) {
        stage.held.show(n, screen);
    }
    answer
}

/// What the caller of a POST says itself: form or JSON; with neither, the first person agrees.
fn own_word(received: &Received) -> Result<Decision, String> {
    if received.body.is_empty() {
        return Ok(Decision::default());
    }
    let kind = received.parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(&received.body).map_err(|error| error.to_string());
    }
    let Some(form) = &received.form else { return Err("send a form or JSON".to_owned()) };
    let mut word = serde_json::Map::new();
    for (name, value) in form.pairs() {
        let these = |value: &str| value.split([',', ' ']).filter(|one| !one.is_empty()).map(Into::into).collect();
        let value = match (name, value) {
            ("assets", "all" | "every") | ("user" | "as" | "action" | "code", _) => value.into(),
            ("assets", these_ones) => serde_json::Value::Array(these(these_ones)),
            _ => return Err(format!("unknown field {name}; allowed are user, action, assets, code")),
        };
        word.insert(name.to_owned(), value);
    }
    serde_json::from_value(word.into()).map_err(|error| error.to_string())
}

/// The rule that decides an authorize request, if there is one.
async fn by_rule(stage: &Stage, received: &Received, word: Option<&Decision>) -> Option<(u64, Decision)> {
    let query = Form::parse(received.parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let scope: Vec<String> = query.get("scope").unwrap_or_default().split([',', ' ']).map(str::to_owned).collect();
    let client_id = query.get("client_id").unwrap_or_default();
    let signed_in = match word {
        Some(word) => word.by.clone(),
        None => why::person(&stage.state, &received.parts).await,
    };
    let request = consents::Request { client_id, user: signed_in.as_deref(), scope: &scope, state: query.get("state") };
    let ruled = lock(&stage.rules).decide(&request, |named| stage.is_app(named, client_id))?;
    let rule = ruled.rule;
    let by = rule.by.or(signed_in).or(rule.user);
    Some((ruled.id, Decision { action: rule.action, by, assets: rule.assets, code: rule.code }))
}

/// Asks the world's own router.
async fn ask(stage: &Stage, request: Request) -> Response {
    match stage.router().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

/// Asks the world's own router, and reads the JSON of its answer.
pub async fn json_of(stage: &Stage, request: Request) -> (StatusCode, serde_json::Value) {
    let (parts, body) = whole(ask(stage, request).await).await;
    (parts.status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    // It came from memory, and ends.
    (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

fn taken_down(parts: &axum::http::response::Parts, body: &[u8], here: &Portable) -> Half {
    let mut half = Half::of(&parts.headers, body, here);
    half.status = Some(parts.status.as_u16());
    half
}

/// What a header can carry.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect()
}

/// The answer to a request whose world is none.
pub fn lost(lost: &Lost) -> Response {
    let (status, document) = lost.problem();
    as_problem(status, document)
}

/// A problem document (RFC 9457).
pub fn problem(status: u16, title: &str, detail: String) -> Response {
    as_problem(status, serde_json::json!({ "title": title, "status": status, "detail": detail }))
}

fn as_problem(status: u16, document: serde_json::Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = (status, Json(document)).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_name_a_world() {
        let at = |text: &str| within(&text.parse().unwrap()).map(|(id, uri)| (id, uri.to_string()));
        assert_eq!(at("/_w/w1/v1/system/ips?a=b"), Some(("w1".to_owned(), "/v1/system/ips?a=b".to_owned())));
        assert_eq!(at("/_w/w1"), Some(("w1".to_owned(), "/".to_owned())));
        assert_eq!(at("/v1/system/ips"), None);
    }
}
