//! `/operator/ip-list`: the published list, its versions, and what it is on any day. Nothing is changed here; the draft is
//! in `draft.rs`, who is told in `webhooks.rs`.

pub mod draft;
pub mod webhooks;

use axum::extract::State;
use bizauth_core::ips::{date_at, revise};
use bizauth_store::Published;

use super::desk::{ROWS, Typed, refused, shown, turn};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::ip_document::strict_date;
use crate::ip_list::draft::Working;
use crate::ip_list::today;
use crate::view::kit::Fields;
use crate::view::operator::ip_list::{PATH, Preview, Seen, home, preview as previewed, version as versioned};
use crate::view::operator::slips;

/// `GET /operator/ip-list`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let seen = Seen {
        published: it.store.published_ips().await?,
        draft: it.store.ip_draft().await?,
        versions: it.store.ip_versions(&turn(visit.form()), ROWS).await?,
        today: today(&it.config, visit.at()),
    };
    shown(&it, &visit, |desk| home(desk, &seen))
}

async fn named(it: &AppState, serial: i64) -> Result<Published, PageError> {
    it.store.ip_version(serial).await?.ok_or(PageError::NotFound)
}

/// `GET /operator/ip-list/versions/{serial}`.
pub async fn version(State(it): State<AppState>, visit: Visit) -> Page {
    let published = named(&it, visit.param("serial")?).await?;
    let before = it.store.ip_version(published.serial - 1).await?;
    let day = date_at(published.version.published_at.millis(), &it.config.ip_zone);
    let changes = revise(before.map(|before| before.list.on(day)).as_ref(), &published.list.on(day));
    shown(&it, &visit, |desk| versioned(desk, &published, &changes, day))
}

/// `GET /operator/ip-list/preview?at=&serial=` or `?of=draft`.
pub async fn preview(State(it): State<AppState>, visit: Visit) -> Page {
    let mut typed = Typed::of(&it, &visit, &["at", "of", "serial"]);
    let at = typed.line("at");
    let usual = today(&it.config, visit.at());
    let day = if at.is_empty() { Some(usual) } else { strict_date(&at) };
    if day.is_none() {
        typed.refuse("at", slips::DATE);
    }
    let (of, serial) = (visit.form().get("of") == Some("draft"), visit.form().get("serial"));
    let (list, number, of) = match (of, serial) {
        (true, _) => {
            let draft = Working::open(&it.store, &it.config, visit.at()).await?;
            let list = draft.judged().list.map_err(|_| PageError::NotFound)?;
            (list, None, Some(("of", "draft".to_owned())))
        }
        (false, Some(serial)) => {
            let published = named(&it, serial.parse().map_err(|_| PageError::NotFound)?).await?;
            ((*published.list).clone(), Some(published.serial), Some(("serial", published.serial.to_string())))
        }
        (false, None) => {
            let published = it.store.published_ips().await?.ok_or(PageError::NotFound)?;
            ((*published.list).clone(), Some(published.serial), None)
        }
    };
    let fine = typed.is_fine();
    let fields = if at.is_empty() { Fields::new() } else { typed.fields };
    let page = Preview { list: &list, day: day.unwrap_or(usual), of, serial: number, fields };
    let here = format!("{PATH}/preview");
    match fine {
        true => shown(&it, &visit, |desk| previewed(desk, page)),
        false => refused(&it, &visit, &here, |desk| previewed(desk, page)),
    }
}
