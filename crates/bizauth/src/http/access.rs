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
    /// Whether it may take ten times as long as others.
    pub slow: bool,
    /// Whether its form holds secrets, which are never shown again.
    pub secret: bool,
    route: MethodRouter<AppState>,
}

impl Rule {
    /// A page.
    pub fn get<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Rule {
            method: Method::GET,
            path,
            who,
            body: 0,
            limit: None,
            slow: false,
            secret: false,
            route: routing::get(handler),
        }
    }

    /// An action.
    pub fn post<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let (method, route) = (Method::POST, routing::post(handler));
        Rule { method, path, who, body: LONGEST_BODY, limit: None, slow: false, secret: false, route }
    }

    /// Lets a body be this long: for actions that take a file.
    pub fn body(self, bytes: usize) -> Self {
        Rule { body: bytes, ..self }
    }

    /// Lets one account do this only so often.
    pub fn limit(self, limit: Limit) -> Self {
        Rule { limit: Some(limit), ..self }
    }

    /// Lets it take ten times as long as others: for what looks at much, and would be half an answer if it were cut off.
    pub fn slow(self) -> Self {
        Rule { slow: true, ..self }
    }

    /// Says that its form holds secrets.
    pub fn secret(self) -> Self {
        Rule { secret: true, ..self }
    }
}

/// The part of the product that a path belongs to, with or without its query.
pub fn place_of(path: &str) -> Place {
    match path.split(['/', '?']).nth(1) {
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

/// Of how many pieces the address of the page is that a form was on: the longest beginning of its own that is a page.
fn page_of(path: &str, pages: &[&str]) -> Option<usize> {
    let begins = |page: &&&str| path.strip_prefix(**page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    pages.iter().filter(begins).map(|page| page.split('/').count()).max()
}

/// The routes of a table, each behind the gate.
pub fn routes(rules: Vec<Rule>, state: &AppState) -> Router<AppState> {
    let pages: Vec<&str> = rules.iter().filter(|rule| rule.method == Method::GET).map(|rule| rule.path).collect();
    let slow: Vec<&str> = rules.iter().filter(|rule| rule.slow).map(|rule| rule.path).collect();
    let lay = |routes: Router<AppState>, rule: Rule| {
        let (place, page) = (place_of(rule.path), page_of(rule.path, &pages));
        let terms = Terms { who: rule.who, place, body: rule.body, page, secret: rule.secret, limit: rule.limit };
        let gate = from_fn_with_state((state.clone(), terms), gate);
        routes.route(rule.path, rule.route.route_layer(gate))
    };
    let (slow, quick): (Vec<Rule>, Vec<Rule>) = rules.into_iter().partition(|rule| slow.contains(&rule.path));
    let laid = |rules: Vec<Rule>| rules.into_iter().fold(Router::new(), lay);
    let quick = laid(quick).method_not_allowed_fallback(door::wrong_method);
    let slow = laid(slow).method_not_allowed_fallback(door::wrong_method);
    door::guarded(quick, state).merge(door::guarded_patiently(slow, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_on_the_page_above_it() {
        let pages = ["/me", "/me/account", "/operator/accounts", "/operator/accounts/{account}"];
        for (path, page) in [
            ("/me/account/sessions/{session}/end", Some("/me/account")),
            ("/me/accounts", Some("/me")),
            ("/operator/accounts/{account}/state", Some("/operator/accounts/{account}")),
            ("/console/apps/new", None),
        ] {
            assert_eq!(page_of(path, &pages), page.map(|page| page.split('/').count()), "{path}");
        }
    }
}
