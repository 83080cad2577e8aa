//! `/operator/assets/import`: hands in a file, which is looked at and kept.

use axum::extract::State;
use axum::http::StatusCode;

use super::imports::{importer, standing};
use crate::asset_file::Format;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::turn::turn;
use crate::http::visit::{Page, Visit};
use crate::view::import::FILE_MISSING;
use crate::view::kit::{Crumb, Fields, Turning};
use crate::view::{ImportPage, ImportRow};

/// Files on a page.
const RECENT: i64 = 20;
const HERE: &str = "/operator/assets/import";

/// The form.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    show(&it, &visit, StatusCode::OK, Fields::new()).await
}

/// Looks at the file. Nothing is changed yet.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let frame = visit.frame(&it);
    let mut fields = Fields::new();
    let Some(file) = visit.file("file") else {
        fields.refuse("file", frame.say(FILE_MISSING));
        return show(&it, &visit, StatusCode::UNPROCESSABLE_ENTITY, fields).await;
    };
    let format = Format::guess(&file.filename, &file.bytes);
    match importer(&it, &visit).check(&file.filename, format, file.bytes.to_vec()).await? {
        Ok(id) => Ok(visit.see(&format!("/operator/assets/imports/{id}"), "import-checked")),
        Err(why) => {
            let (key, about) = why.words();
            fields.refuse("file", frame.fill(key, "value", about.as_str()));
            show(&it, &visit, StatusCode::UNPROCESSABLE_ENTITY, fields).await
        }
    }
}

async fn show(it: &AppState, visit: &Visit, status: StatusCode, fields: Fields) -> Page {
    let row = |import: bizauth_store::ImportRecord| ImportRow {
        href: format!("/operator/assets/imports/{}", import.id),
        standing: standing(&import, visit.at()),
        name: import.name,
        by: import.maker,
        at: import.made_at.into(),
    };
    let files = it.store.imports(&turn(visit.form()), RECENT, visit.at()).await?;
    let pager = Turning { anchor: "recent", ..Turning::alone(HERE) }.of(&files, |import| import.id.to_string());
    let recent = files.rows.into_iter().map(row).collect();
    let check = visit.form_to(HERE);
    let frame = visit.frame(it);
    let above = Crumb::new(frame.say("nav-assets"), "/operator/assets");
    let frame = frame.below([above]);
    Ok(html(status, &ImportPage { frame, fields, check, recent, pager }, None))
}
