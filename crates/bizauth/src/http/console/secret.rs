//! `/console/apps/{app}/keys/{key}/secret/…`: the client secret of a REST API key, ON or OFF, issued and issued again.

use std::time::Duration;

use axum::extract::State;
use bizauth_core::secret::Digest;
use bizauth_store::{IssuedSecret, KeyRecord, Replaces};

use super::key::{Forms, done, find_rest, path, show};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Frame;
use crate::view::kit::{Fields, Pick};

/// For how long the old secret may live on beside the new one, in hours.
const OVERLAPS: [(&str, &str, u64); 5] = [
    ("none", "overlap-none", 0),
    ("1h", "overlap-hour", 1),
    ("1d", "overlap-day", 24),
    ("7d", "overlap-week", 7 * 24),
    ("30d", "overlap-month", 30 * 24),
];

/// The same to choose from.
pub(super) fn overlaps(frame: &Frame) -> Vec<Pick> {
    OVERLAPS.iter().map(|(value, key, _)| Pick::new(*value, frame.say(key))).collect()
}

/// Tells one client secret from the next, and nothing else of it.
pub(super) fn mark(record: &KeyRecord) -> String {
    record.secret.map_or_else(|| "none".to_owned(), |digest| Digest::of(&digest.0).hex()[..16].to_owned())
}

/// Asks for the client secret again.
pub async fn on(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find_rest(&it, &visit).await?.key.id;
    done(&visit, id, visit.by(&it).set_secret_on(id, true).await?, "secret-on")
}

/// No longer asks for the client secret, once the risk is understood.
pub async fn off(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find_rest(&it, &visit).await?;
    let id = record.key.id;
    if visit.form().get("understood") != Some("yes") {
        let mut forms = Forms::fresh(&record);
        forms.switch.refuse("understood", visit.frame(&it).say("secret-understand-first"));
        return Ok(show(&it, &visit, record, forms, None));
    }
    done(&visit, id, visit.by(&it).set_secret_on(id, false).await?, "secret-off")
}

/// Issues another client secret, which the next page shows once. The old one lives on for the chosen time.
pub async fn issue(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find_rest(&it, &visit).await?;
    let (id, frame) = (record.key.id, visit.frame(&it));
    let chosen = visit.form().get("overlap").unwrap_or_default();
    let mut forms = Forms::fresh(&record);
    forms.issue = Fields::typed([("overlap", chosen)]).for_form("issue");
    // A key that has no secret has none that could live on.
    let hours = match OVERLAPS.iter().find(|(value, ..)| *value == chosen) {
        Some((.., hours)) => Some(*hours),
        None => record.secret.is_none().then_some(0),
    };
    let Some(hours) = hours else {
        forms.issue.refuse("overlap", frame.say("overlap-missing"));
        return Ok(show(&it, &visit, record, forms, None));
    };
    let secret = it.entropy.client_secret();
    let until = visit.at().plus(Duration::from_secs(hours * 60 * 60));
    let issued = match visit.form().get("seen") == Some(mark(&record).as_str()) {
        true => {
            let replaces = Replaces::This(record.secret);
            visit.by(&it).replace_secret(id, replaces, Digest::of(secret.as_bytes()), until).await?
        }
        false => IssuedSecret::Meanwhile,
    };
    match issued {
        IssuedSecret::Issued => Ok(visit.show_once(visit.see(&path(&visit, id), "secret-issued"), &secret)),
        IssuedSecret::Meanwhile => {
            forms.issue.refuse("overlap", frame.say("secret-meanwhile"));
            let record = find_rest(&it, &visit).await?;
            Ok(show(&it, &visit, record, forms, None))
        }
        IssuedSecret::NoSuchKey => Err(PageError::NotFound),
    }
}

/// Ends the old client secret before its time.
pub async fn end_overlap(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find_rest(&it, &visit).await?.key.id;
    // It may have ended by itself meanwhile.
    visit.by(&it).end_overlap(id).await?;
    done(&visit, id, true, "secret-overlap-ended")
}
