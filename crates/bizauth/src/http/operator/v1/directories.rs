//! `/operator/v1/directories`: asset directories that live elsewhere and keep us in step. Everything may be told again.

use axum::extract::State;
use bizauth_core::asset::AssetKind;
use bizauth_store::{
    AssetRecord, DirectoryChange, DirectoryRecord, Effect, Fate, Followed, Misfit, Step, WantedAsset, WantedHolder,
};
use serde_json::{Value, json};

use super::accounts;
use super::body::{self, Object};
use super::gate::Call;
use super::listing::{self, cut, limit, page};
use super::problem::{Answer, Mistake, Problem, done, fine};
use crate::http::state::AppState;

/// The most changes at once, and the most holders of one asset.
const MOST: usize = 1000;
/// The longest cursor, in bytes.
const LONGEST_CURSOR: usize = 500;

fn told(it: &DirectoryRecord) -> Value {
    json!({ "source": it.source, "cursor": it.cursor, "updated_at": it.updated_at.to_utc() })
}

fn fate(effect: &Effect) -> &'static str {
    match effect.asset {
        Fate::Added => "added",
        Fate::Removed => "removed",
        Fate::Same if effect.is_nothing() => "same",
        Fate::Same | Fate::Changed => "changed",
    }
}

fn effect(it: &Effect) -> Value {
    json!({ "result": fate(it), "gained": it.gained, "altered": it.altered, "lost": it.lost })
}

fn source(call: &Call) -> Result<String, Problem> {
    let text = call.piece("source");
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain);
    let bad = || Problem::invalid(vec![Mistake::of("source", "must be 1 to 64 small letters, digits, _ or -")]);
    fits.then(|| text.to_owned()).ok_or_else(bad)
}

fn external_id(call: &Call) -> Result<String, Problem> {
    let read = body::external_id(&json!(call.piece("external_id")));
    read.map_err(|detail| Problem::invalid(vec![Mistake::of("external_id", detail)]))
}

/// An asset and all who hold it.
fn wanted(body: &mut Object) -> Option<WantedAsset> {
    let group = body.need("group", body::group_id);
    let id = body.need("id", body::asset_id);
    let kind = body.need("kind", body::one_of(AssetKind::read, "ad_account, channel"));
    let name = body.need("name", body::words);
    let holder = |mut holder: Object| {
        let account = match holder.object("account") {
            Some(account) => accounts::name(account),
            None => {
                holder.refuse(holder.at("account"), "is missing");
                None
            }
        };
        let role = holder.need("role", body::words);
        let lendable = holder.take("lendable", body::truth).unwrap_or(true);
        holder.close();
        Some(WantedHolder { account: account?, role: role?, lendable })
    };
    // All are read before any is missed: whoever sent them hears of every mistake.
    let holders: Vec<Option<_>> = body.objects("holders", MOST).into_iter().map(holder).collect();
    let holders: Option<Vec<_>> = holders.into_iter().collect();
    Some(WantedAsset { asset: AssetRecord { group: group?, id: id?, kind: kind?, name: name? }, holders: holders? })
}

/// What the store refuses, in words and with its place below `pointer`.
fn mistake(pointer: &str, misfit: &Misfit) -> Mistake {
    let at = |rest: &str, detail: String| Mistake::at(format!("{pointer}{rest}"), detail);
    match misfit {
        Misfit::NoSuchGroup => at("/group", "there is no such group with assets".to_owned()),
        Misfit::NotOfThisKind => at("/kind", "the group has no ad accounts".to_owned()),
        Misfit::NoSuchAccount(n) => at(&format!("/holders/{n}/account"), "there is no such account".to_owned()),
        Misfit::HolderTwice(n) => at(&format!("/holders/{n}/account"), "this account is named before".to_owned()),
        Misfit::NamesAnother(other) => {
            at("/id", format!("the external id names the asset {other} already; delete it first"))
        }
        Misfit::KeptBy(source, id) => at("/id", format!("the asset is kept by the directory {source} as {id}")),
    }
}

/// Those that ever told something.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let limit = limit(&call)?;
    let rows = it.store.directories(call.query().get("after").unwrap_or_default(), limit + 1).await?;
    Ok(fine(&page(&cut(rows, limit), told, |it| it.source.clone())))
}

/// How far one has come.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    let source = source(&call)?;
    let found = it.store.directory(&source).await?;
    Ok(fine(&told(&found.ok_or_else(|| Problem::not_found(format!("directory {source}")))?)))
}

/// What it calls our assets.
pub async fn assets(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let (source, limit) = (source(&call)?, limit(&call)?);
    let after = call.query().get("after").unwrap_or_default();
    let rows = it.store.directory_assets(&source, after, limit + 1).await?;
    let item = |it: &bizauth_store::DirectoryAsset| json!({ "external_id": it.external_id, "group": it.group.0, "id": it.asset.0 });
    Ok(fine(&page(&cut(rows, limit), item, |it| it.external_id.clone())))
}

/// Says what an asset is and who holds it; whoever is not named does not.
pub async fn put(State(it): State<AppState>, call: Call) -> Answer {
    let (source, external_id) = (source(&call)?, external_id(&call)?);
    let mut body = call.object()?;
    let wanted = wanted(&mut body);
    body.finish()?;
    let wanted = wanted.ok_or_else(Problem::broken)?;
    let changes = vec![DirectoryChange::Put { external_id, wanted }];
    match call.by(&it).follow_directory(source, changes, None).await? {
        Followed::Done(effects) => Ok(fine(&effect(&effects.first().copied().unwrap_or_default()))),
        Followed::Refused(misfits) => {
            Err(Problem::invalid(misfits.iter().map(|(_, misfit)| mistake("", misfit)).collect()))
        }
        Followed::OutOfStep(_) => Err(Problem::broken()),
    }
}

/// Says that there is no such asset. That there was none before is fine.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    let (source, external_id) = (source(&call)?, external_id(&call)?);
    call.by(&it).follow_directory(source, vec![DirectoryChange::Delete { external_id }], None).await?;
    Ok(done())
}

/// Puts and deletes in their order, together with the directory's cursor: all of it or nothing.
pub async fn changes(State(it): State<AppState>, call: Call) -> Answer {
    let source = source(&call)?;
    let cursor = |value: &Value| match body::text(value)? {
        text if text.len() > LONGEST_CURSOR => Err(format!("has {} bytes, at most {LONGEST_CURSOR} fit", text.len())),
        text => Ok(text),
    };
    let mut body = call.object()?;
    let (after, next) = (body.take("after", cursor), body.need("cursor", cursor));
    let changes: Vec<Option<_>> = body.objects("changes", MOST).into_iter().map(change).collect();
    body.finish()?;
    let changes: Option<Vec<_>> = changes.into_iter().collect();
    let (Some(cursor), Some(changes)) = (next, changes) else { return Err(Problem::broken()) };
    match call.by(&it).follow_directory(source, changes, Some(Step { after, cursor: cursor.clone() })).await? {
        Followed::Done(effects) => {
            let effects: Vec<Value> = effects.iter().map(effect).collect();
            Ok(fine(&json!({ "cursor": cursor, "results": effects })))
        }
        Followed::Refused(misfits) => {
            let at = |(n, misfit): &(usize, Misfit)| mistake(&format!("/changes/{n}/put"), misfit);
            Err(Problem::invalid(misfits.iter().map(at).collect()))
        }
        Followed::OutOfStep(stands) => {
            let detail = "the directory stands elsewhere than after says; nothing was changed";
            Err(Problem::conflict(detail).with("cursor", json!(stands)))
        }
    }
}

/// `{"put": {…}}` or `{"delete": {"external_id": …}}`.
fn change(mut element: Object) -> Option<DirectoryChange> {
    let found = match (element.object("put"), element.object("delete")) {
        (Some(mut put), None) => {
            let (external_id, wanted) = (put.need("external_id", body::external_id), wanted(&mut put));
            put.close();
            external_id.zip(wanted).map(|(external_id, wanted)| DirectoryChange::Put { external_id, wanted })
        }
        (None, Some(mut delete)) => {
            let external_id = delete.need("external_id", body::external_id);
            delete.close();
            external_id.map(|external_id| DirectoryChange::Delete { external_id })
        }
        _ => {
            element.refuse(element.at("").trim_end_matches('/').to_owned(), "has one of put and delete");
            None
        }
    };
    element.close();
    found
}
