//! `GET /console/errors?code=` and `POST /console/errors`: what a refusal means, and what to do about it.
//!
//! A code may stand in an address, to be passed on. What was pasted may hold a code, a token or a secret, and never does.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::pages::html;
use crate::http::reply::see;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::console::{ErrorsPage, errors};
use crate::view::kit::Crumb;

const HERE: &str = "/console/errors";

/// What is known of the code in the address; everything, if there is none.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    show(&it, &visit, visit.form().get("code").unwrap_or_default())
}

/// What is known of what was typed. A code leads to its own address; anything else is answered here and now.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let typed = visit.form().text("code").unwrap_or_default().trim();
    match typed {
        "" => Ok(see(HERE)),
        typed if errors::is_named(&visit.frame(&it), typed) => Ok(see(&errors::address(typed))),
        typed => show(&it, &visit, typed),
    }
}

fn show(it: &AppState, visit: &Visit, typed: &str) -> Page {
    let frame = visit.frame(it);
    let console = Crumb::new(frame.say("nav-console"), "/console");
    let page = ErrorsPage::new(frame.below([console]), typed, visit.form_to(HERE));
    Ok(html(StatusCode::OK, &page, None))
}
