//! `GET /me/apps/{connected}/consents/{consent}`: what was agreed to, in the words that were shown then, and what was
//! taken back since.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::asset::AssetId;
use bizauth_core::id::ConsentId;
use bizauth_store::{TakenBack, Turn};
use serde_json::Value;

use super::{agreed, named, path_of};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::turn::turn;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Language;
use crate::view::kit::{Crumb, Turning};
use crate::view::me::{ConsentPaper, ItemLine, PaperAsset, PaperGroup, PaperLent, TakenBackLine};

/// Lines of what was taken back on a page.
const TAKEN: i64 = 50;
/// Of how much that was taken back the paper itself is marked.
const MARKED: i64 = 10_000;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, name) = agreed(&it, &visit).await?;
    let id: ConsentId = visit.param("consent")?;
    let mine = (visit.user().id, app);
    let (shown, agreed_at, withdrawn_at) = it.store.consent_shown(mine, id).await?.ok_or(PageError::NotFound)?;
    let (frame, catalogue) = (visit.frame(&it), it.store.catalogue().await?);
    let shown: Value = serde_json::from_str(&shown).unwrap_or(Value::Null);
    let unsaid = frame.say("me-risky");
    let mut groups: Vec<PaperGroup> =
        shown["groups"].as_array().into_iter().flatten().map(|it| group(it, &unsaid)).collect();
    let taken = it.store.taken_back(id, &turn(visit.form()), TAKEN).await?;
    let here = format!("{}/consents/{id}", path_of(app));
    let taken_pager = Turning { anchor: "taken", ..Turning::alone(&here) }.of(&taken, |line| line.position.to_string());
    let marked = it.store.taken_back(id, &Turn::First, MARKED).await?.rows;
    for gone in &marked {
        if let Some(group) = groups.iter_mut().find(|group| group.id == gone.group.0) {
            group.gone.push((gone.asset.clone(), gone.at.into()));
        }
    }
    // Of one group at one instant: an asset was taken out of all, one thing that stands in two rows.
    let with = |taken: &TakenBack, all: bool| {
        marked.iter().any(|it| (it.asset == "*") == all && it.group == taken.group && it.at == taken.at)
    };
    // What came after the consent is not on the paper: its name is today's.
    let known = |taken: &TakenBack| groups.iter().find(|group| group.id == taken.group.0)?.name_of(&taken.asset);
    let unknown = taken.rows.iter().filter(|it| it.asset != "*" && known(it).is_none());
    let unknown: Vec<_> = unknown.map(|it| (it.group.clone(), AssetId(it.asset.clone()))).collect();
    let held = it.store.holdings_named(visit.user().id, &unknown).await?;
    let mut lines: Vec<TakenBackLine> = Vec::new();
    // It is told once: this asset out of all.
    for taken in taken.rows.iter().filter(|it| it.asset != "*" || !with(it, false)) {
        let today = || held.iter().find(|it| it.group == taken.group && it.asset.0 == taken.asset);
        let group = groups.iter().find(|group| group.id == taken.group.0);
        lines.push(TakenBackLine {
            group: group.map_or_else(|| named(&it, &frame, &catalogue, &taken.group.0), |group| group.name.clone()),
            name: known(taken).or_else(|| today().map(|it| it.name.clone())),
            asset: taken.asset.clone(),
            out_of_all: taken.asset != "*" && with(taken, true),
            at: taken.at.into(),
        });
    }
    let crumbs = [Crumb::new(frame.say("nav-connected"), "/me"), Crumb::new(name, path_of(app))];
    let page = ConsentPaper {
        taken: lines,
        taken_pager,
        language: Language::from_code(&text(&shown["language"])).unwrap_or(frame.language),
        app: text(&shown["app"]),
        developer: text(&shown["developer"]),
        account: text(&shown["account"]),
        returns_to: text(&shown["returns_to"]),
        client_id: text(&shown["client_id"]),
        groups,
        agreed_at: agreed_at.into(),
        withdrawn_at: withdrawn_at.map(Into::into),
        frame: frame.below(crumbs),
    };
    Ok(html(StatusCode::OK, &page, None))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn group(group: &Value, unsaid: &str) -> PaperGroup {
    let list = |value: &Value| -> Vec<PaperAsset> { value.as_array().into_iter().flatten().map(asset).collect() };
    PaperGroup {
        id: text(&group["group"]),
        name: text(&group["name"]),
        items: group["items"].as_array().into_iter().flatten().map(|it| item(it, unsaid)).collect(),
        listed: list(&group["listed"]),
        lent: match &group["lent"] {
            Value::String(_) => PaperLent::All,
            Value::Array(_) => PaperLent::These(list(&group["lent"])),
            _ => PaperLent::NoAssets,
        },
        gone: Vec::new(),
    }
}

/// `unsaid`: what stands for a mark whose words were not kept.
fn item(item: &Value, unsaid: &str) -> ItemLine {
    let marked = item["risk_marked"].as_bool().unwrap_or(false);
    ItemLine {
        name: text(&item["name"]),
        about: text(&item["about"]),
        purpose: Some(text(&item["purpose"])).filter(|purpose| !purpose.is_empty()),
        risk: item["risk"].as_str().map(str::to_owned).or_else(|| marked.then(|| unsaid.to_owned())),
    }
}

fn asset(asset: &Value) -> PaperAsset {
    PaperAsset {
        id: text(&asset["id"]),
        name: text(&asset["name"]),
        lendable: asset["lendable"].as_bool().unwrap_or(true),
    }
}
