//! `GET /me/apps/{connected}`: what one app may do, on what, with which tokens, and what was agreed to.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::asset::AssetId;
use bizauth_core::id::{AppId, ConsentId, TokenId};
use bizauth_core::scope::GroupId;
use bizauth_store::LOOKED_AT;

use super::apps::line;
use super::{List, Lists, alive, connected, lines, named, path_of};
use crate::http::pages::html;
use crate::http::reply::escape;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::kit::Crumb;
use crate::view::me::{AppPage, AssetLine, ConsentLine, ConsentState, TokenLine};

/// Assets and tokens on a page.
const PAGE: i64 = 20;
/// Consents on a page.
const CONSENTS: i64 = 10;

const OF_ASSETS: List = List { after: "assets", before: "assets_before", anchor: "assets" };
const OF_TOKENS: List = List { after: "tokens", before: "tokens_before", anchor: "tokens" };
const OF_CONSENTS: List = List { after: "consents", before: "consents_before", anchor: "consents" };

/// The page. The query: `q`, what an asset's name contains; `assets`, `tokens`, `consents`, where each list goes on.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let id: AppId = visit.param("connected")?;
    let (form, path, now) = (visit.form(), path_of(id), alive(&it, &visit));
    let mine = (visit.user().id, id);
    let search = form.get("q").unwrap_or_default().trim().to_owned();
    // What is looked for among the assets stays.
    let base = if search.is_empty() { path.clone() } else { format!("{path}?q={}", escape(&search)) };
    let lists = Lists { form, base };

    let of_assets = lists.turn(&OF_ASSETS, |text| {
        text.split_once(':').map(|(group, id)| (GroupId::from(group), AssetId(id.to_owned())))
    });
    let of_tokens = lists.turn(&OF_TOKENS, |text| text.parse::<TokenId>().ok());
    let of_consents = lists.turn(&OF_CONSENTS, |text| text.parse::<ConsentId>().ok());
    // Each of these walks hundreds of rows, and none needs another: asked for at once.
    let (connection, tokens, consents, catalogue) = tokio::try_join!(
        connected(&it, &visit),
        async { Ok(it.store.living_tokens(mine, &of_tokens, PAGE, now).await?) },
        async { Ok(it.store.consents_given(mine, &of_consents, CONSENTS, now).await?) },
        async { Ok(it.store.catalogue().await?) },
    )?;
    let app = &connection.app;
    let assets = it.store.reached_assets(&connection, &search, &of_assets, PAGE).await?;
    let assets_pager = lists.pager(&OF_ASSETS, &assets, |it| format!("{}:{}", it.group, it.id));
    let tokens_pager = lists.pager(&OF_TOKENS, &tokens, |it| it.id.to_string());
    let consents_pager = lists.pager(&OF_CONSENTS, &consents, |it| it.id.to_string());

    let frame = visit.frame(&it);
    let frame = frame.clone().below([Crumb::new(frame.say("nav-connected"), "/me")]);
    let wholes = app.reach.iter().filter(|reach| reach.whole);
    let wholes = wholes.map(|reach| named(&it, &frame, &catalogue, &reach.group.0)).collect();
    let asset = |held: &bizauth_store::ReachedAsset| AssetLine {
        id: held.id.0.clone(),
        name: held.name.clone(),
        group: named(&it, &frame, &catalogue, &held.group.0),
        withdraw: format!("{path}/assets/withdraw?asset={}", escape(&format!("{}:{}", held.group, held.id))),
    };
    let token = |token: &bizauth_store::LivingToken| TokenLine {
        id: token.id.to_string(),
        issued: token.id.drawn_at().into(),
        used_at: token.used_at.into(),
        consent: format!("{path}/consents/{}", token.consent),
        agreed_at: token.agreed_at.into(),
        withdraw: format!("{path}/tokens/{}/withdraw", token.id),
    };
    let consent = |given: &bizauth_store::ConsentRecord| ConsentLine {
        href: format!("{path}/consents/{}", given.id),
        agreed_at: given.agreed_at.into(),
        groups: lines(&it.words, &frame, &catalogue, &given.items),
        state: match (given.withdrawn_at, given.tokens) {
            (Some(_), _) => ConsentState::Withdrawn.badge(&frame),
            (None, 0) => ConsentState::Idle.badge(&frame),
            (None, _) => ConsentState::Live.badge(&frame),
        },
        taken_at: given.taken_at.filter(|_| given.withdrawn_at.is_none()).map(Into::into),
    };
    let mut groups = lines(&it.words, &frame, &catalogue, &app.items);
    for (line, (group, _)) in groups.iter_mut().zip(catalogue.grouped(&app.items)) {
        let reaches = |reach: &bizauth_store::Reach| reach.group == group.id && (reach.whole || reach.assets > 0);
        line.nowhere = group.has_assets && !app.reach.iter().any(reaches);
    }
    let view = AppPage {
        app: line(&it, &frame, &catalogue, app),
        cut: app.cut.then_some(LOOKED_AT),
        groups,
        wholes,
        assets: assets.rows.iter().map(asset).collect(),
        searchable: !assets_pager.is_moot() || !search.is_empty(),
        search,
        assets_pager,
        tokens: tokens.rows.iter().map(token).collect(),
        tokens_pager,
        consents: consents.rows.iter().map(consent).collect(),
        consents_pager,
        withdraw: app.since.map(|_| format!("{path}/withdraw")),
        path,
        frame,
    };
    Ok(html(StatusCode::OK, &view, None))
}
