//! `POST /console/apps/{app}/icon` and `…/icon/delete`. The picture is drawn anew in `crate::icon`.

use axum::extract::State;

use super::page::head;
use super::settings::{Forms, frame, show};
use super::typed;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::icon;
use crate::view::console::icon_refusal;

/// The longest body: a file that is too long by little is told so beside its field.
pub const LONGEST_BODY: usize = 2 * icon::LONGEST;

/// Sets the icon.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    let drawn = match visit.file("icon").map(|file| file.bytes.clone()) {
        None => Err(None),
        Some(file) => it.painter.draw(file).await.map_err(Some),
    };
    let why = match drawn {
        Ok(png) => match visit.by(&it).set_icon(head.id, png).await? {
            true => return Ok(visit.see(&format!("{}/settings", head.path()), "icon-set")),
            false => return Err(PageError::NotFound),
        },
        Err(why) => why,
    };
    let mut picture = typed(&visit, &[]);
    picture.refuse("icon", icon_refusal(&frame(&it, &visit, &head), why));
    show(&it, &visit, Forms { picture, ..Forms::default() }).await
}

/// Takes it away. That there was none is as good.
pub async fn delete(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    visit.by(&it).remove_icon(head.id).await?;
    Ok(visit.see(&format!("{}/settings", head.path()), "icon-removed"))
}
