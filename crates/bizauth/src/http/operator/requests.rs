//! `/operator/requests`: what apps ask for, and the decisions.

use axum::extract::State;
use bizauth_core::id::RequestId;
use bizauth_store::{Decided, Decision};

use super::desk::{ROWS, Typed, refused, shown, turn};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Fields;
use crate::view::operator::requests::{list, one, path};
use crate::view::operator::slips;

/// `GET /operator/requests`: what waits, oldest first; with `over` what was decided, newest first.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let over = visit.form().get("over").is_some();
    let (catalogue, turn) = (it.store.catalogue().await?, turn(visit.form()));
    let leaf = match over {
        true => it.store.decided_requests(&turn, ROWS).await?,
        false => it.store.open_requests(&turn, ROWS).await?,
    };
    shown(&it, &visit, |desk| list(desk, over, &catalogue, leaf))
}

/// `GET /operator/requests/{request}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let request = it.store.request_seen(visit.param("request")?).await?.ok_or(PageError::NotFound)?;
    let catalogue = it.store.catalogue().await?;
    shown(&it, &visit, |desk| one(desk, &request, &catalogue, Fields::new()))
}

/// `POST /operator/requests/{request}/decide`: once. Whoever comes second is told what the first said.
pub async fn decide(State(it): State<AppState>, visit: Visit) -> Page {
    let id: RequestId = visit.param("request")?;
    let mut typed = Typed::of(&it, &visit, &["decision", "answer"]);
    let decision = typed.choice("decision", |word| match word {
        "grant" => Some(Decision::Grant),
        "refuse" => Some(Decision::Refuse),
        _ => None,
    });
    // Whoever is refused is told why.
    let answer = match decision {
        Some(Decision::Refuse) => typed.reason("answer"),
        _ => typed.may_reason("answer"),
    };
    if let Some(decision) = decision.filter(|_| typed.is_fine()) {
        match visit.by(&it).decide_request(id, decision, answer).await? {
            Decided::Done => {
                let done = if decision == Decision::Grant { "op-request-granted" } else { "op-request-refused" };
                return Ok(visit.see(&path(id), done));
            }
            Decided::Before(known) => match known.decided_by {
                Some(who) => typed.refuse_about("decision", slips::DECIDED, &who),
                None => typed.refuse("decision", slips::TAKEN_BACK),
            },
            Decided::NotFound => return Err(PageError::NotFound),
            Decided::Impossible => typed.refuse("decision", slips::IMPOSSIBLE),
        }
    }
    let request = it.store.request_seen(id).await?.ok_or(PageError::NotFound)?;
    let catalogue = it.store.catalogue().await?;
    refused(&it, &visit, &path(id), |desk| one(desk, &request, &catalogue, typed.fields))
}
