//! Who may do what, one row for each page and action. The router is made of these rows and of nothing else, so there is
//! no route without a rule, and the gate stands before every one.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};
use bizauth_store::Limit;

use super::gate::{Terms, gate};
use super::state::AppState;
use super::{LONGEST_BODY, door};
use crate::view::Place;

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody who is signed in.
    SignedIn,
    /// A member of the `{app}` in the path.
    Editor,
    /// An owner of the `{app}` in the path.
    Owner,
    /// An operator of this platform.
    Operator,
}

/// One page or action.
#[derive(Debug)]
pub struct Rule {
    /// `GET` shows and changes nothing, `POST` changes and proves its form.
    pub method: Method,
    /// The path, as the router takes it.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
    /// The longest body in bytes.
    pub body: usize,
    /// How often one account may do this, beside the limit on all that it does.
    pub limit: Option<Limit>,
    route: MethodRouter<AppState>,
}

impl Rule {
    /// A page.
    pub fn get<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Rule { method: Method::GET, path, who, body: 0, limit: None, route: routing::get(handler) }
    }

    /// An action.
    pub fn post<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Rule { method: Method::POST, path, who, body: LONGEST_BODY, limit: None, route: routing::post(handler) }
    }

    /// Lets a body be this long: for actions that take a file.
    pub fn body(self, bytes: usize) -> Self {
        Rule { body: bytes, ..self }
    }

    /// Lets one account do this only so often.
    pub fn limit(self, limit: Limit) -> Self {
        Rule { limit: Some(limit), ..self }
    }
}

/// The part of the product that a path belongs to.
pub fn place_of(path: &str) -> Place {
    match path.split('/').nth(1) {
        Some("console") => Place::Console,
        Some("me") => Place::Me,
        Some("operator") => Place::Operator,
        _ => Place::Public,
    }
}

/// Where a place begins.
pub fn home_of(place: Place) -> &'static str {
    match place {
        Place::Public => "/",
        Place::Console => "/console",
        Place::Me => "/me",
        Place::Operator => "/operator",
    }
}

/// The routes of a table, each behind the gate.
pub fn routes(rules: Vec<Rule>, state: &AppState) -> Router<AppState> {
    let lay = |routes: Router<AppState>, rule: Rule| {
        let terms = Terms { who: rule.who, place: place_of(rule.path), body: rule.body, limit: rule.limit };
        let gate = from_fn_with_state((state.clone(), terms), gate);
        routes.route(rule.path, rule.route.route_layer(gate))
    };
    let routes = rules.into_iter().fold(Router::new(), lay).method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}
