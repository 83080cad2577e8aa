//! `GET` and `POST /consent`: the screen on which a person lends assets, and the answer to it.
//!
//! Reading the form and answering are here; what is ticked in `picks`, what is shown in `screen`, what is written down
//! of it in `record`. A screen has one answer, belongs to one session, and every check is made again when it comes.

mod picks;
mod record;
mod screen;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bizauth_core::app::Client;
use bizauth_core::asset::AssetId;
use bizauth_core::authorize::Wanted;
use bizauth_core::consent::{Unfit, grant};
use bizauth_core::fault::KauthFault;
use bizauth_core::id::PendingId;
use bizauth_core::key::AppKey;
use bizauth_core::scope::GroupId;
use bizauth_core::secret::{Credential, Secret};
use bizauth_store::{Actor, Approval, NewConsent, Parked, Turn, Who};

use super::{fault_in, login, say};
use crate::http::form::Form;
use crate::http::guard::{Browser, admit};
use crate::http::reply::{log_breakage, redirect_with_code, redirect_with_error, see};
use crate::http::state::AppState;
use crate::view::{Frame, Language, Notice};

use picks::Picks;
pub use picks::first_picks;

/// Listed assets that are written down with a consent, for each group.
const RECORDED: i64 = 1000;

/// The address of a parked screen.
pub fn address(id: &str) -> String {
    format!("/consent?id={id}")
}

/// A screen with what proves the right to it.
struct Screen {
    id: String,
    secret: Secret,
    parked: Parked,
    client: Client,
}

/// Why no screen can be shown or answered.
enum Missing {
    /// Never was, or long gone.
    Gone,
    /// Answered, or too old.
    Answered,
    /// It was shown to another session: this is the way to one's own.
    Elsewhere(String),
    /// The store does not answer.
    Unavailable,
}

impl From<bizauth_store::Error> for Missing {
    fn from(error: bizauth_store::Error) -> Self {
        log_breakage(&error);
        Missing::Unavailable
    }
}

async fn find(it: &AppState, browser: &Browser, id: Option<&str>) -> Result<Screen, Missing> {
    let id = id.unwrap_or_default();
    let now = it.clock.now();
    let (pending, secret) = Credential::Pending.read(id).ok_or(Missing::Gone)?;
    if browser.unavailable {
        return Err(Missing::Unavailable);
    }
    let parked = it.store.parked(PendingId(pending), &secret, now).await?.ok_or(Missing::Gone)?;
    let again = format!("/oauth/business/authorize?{}", parked.asked.to_query(&parked.client_id));
    match &browser.session {
        None => return Err(Missing::Elsewhere(login::address(&again))),
        Some(session) if session.id != parked.session => return Err(Missing::Elsewhere(again)),
        Some(_) if parked.over => return Err(Missing::Answered),
        Some(_) => {}
    }
    let key = AppKey::read(&parked.client_id).ok_or(Missing::Gone)?;
    let client = it.store.client(&key, now).await?.ok_or(Missing::Gone)?;
    Ok(Screen { id: id.to_owned(), secret, parked, client })
}

impl Missing {
    /// `id`: the screen asked for, to which a change of language leads back.
    fn answer(self, it: &AppState, browser: &Browser, id: Option<&str>) -> Response {
        let notice = match self {
            Missing::Elsewhere(address) => return see(&address),
            Missing::Gone => Notice::ConsentGone,
            Missing::Answered => Notice::ConsentAnswered,
            Missing::Unavailable => Notice::Unavailable,
        };
        say(frame_of(it, browser, id), notice, None)
    }
}

/// The frame of a page about this screen, also where it answers a POST.
fn frame_of(it: &AppState, browser: &Browser, id: Option<&str>) -> Frame {
    let mut frame = browser.frame(it);
    frame.here = id.filter(|id| Credential::Pending.read(id).is_some()).map_or("/".to_owned(), address);
    frame
}

/// The screen. The query carries what only matters to the eye: search, page, and what was wrong with the last answer.
pub async fn get(State(it): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let query = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    match find(&it, &browser, query.get("id")).await {
        Ok(found) => match screen::show(&it, &browser, &found, &query).await {
            Ok(page) => page,
            Err(error) => Missing::from(error).answer(&it, &browser, query.get("id")),
        },
        Err(missing) => missing.answer(&it, &browser, query.get("id")),
    }
}

/// The answer: agree or cancel; or a search or another page, which keep what is ticked and show the screen again.
pub async fn post(
    State(it): State<AppState>,
    browser: Browser,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let form = Form::read(&headers, &body.unwrap_or_default()).unwrap_or_default();
    let id = form.get("id").unwrap_or_default();
    if browser.unavailable {
        return Missing::Unavailable.answer(&it, &browser, Some(id));
    }
    // Bound to session and screen: a token from elsewhere fits neither (CVE-2022-39222).
    if !browser.owns_form(&purpose(id), form.get("form_token")) {
        let back = Credential::Pending.read(id).map(|_| address(id));
        return say(frame_of(&it, &browser, Some(id)), Notice::FormExpired, back);
    }
    answer(&it, &browser, &headers, &form).await
}

/// The answer to a form whose token is right, or that never had one because `bizauth dev` filled it in.
pub(crate) async fn answer(it: &AppState, browser: &Browser, headers: &HeaderMap, form: &Form) -> Response {
    let id = form.get("id").unwrap_or_default();
    let found = match find(it, browser, Some(id)).await {
        Ok(found) => found,
        Err(missing) => return missing.answer(it, browser, Some(id)),
    };
    let answered = match form.get("action").unwrap_or("find") {
        "cancel" => cancel(it, browser, &found).await,
        "agree" => agree(it, browser, &found, form, headers).await,
        action => look(it, &found, form, action).await,
    };
    answered.unwrap_or_else(|missing| missing.answer(it, browser, Some(id)))
}

/// What the form token of a screen is for.
fn purpose(id: &str) -> String {
    format!("consent {id}")
}

async fn cancel(it: &AppState, browser: &Browser, found: &Screen) -> Result<Response, Missing> {
    let Some(session) = &browser.session else { return Err(Missing::Gone) };
    let (pending, asked) = (&found.parked, &found.parked.asked);
    match it.store.decline(pending.id, found.secret.digest(), session.id, it.clock.now()).await? {
        true => Ok(redirect_with_error(&asked.destination, &KauthFault::AccessDenied.into(), asked.state.as_ref())),
        false => Err(Missing::Answered),
    }
}

/// Keeps the ticks, and shows the screen with another search or page.
async fn look(it: &AppState, found: &Screen, form: &Form, action: &str) -> Result<Response, Missing> {
    let picks = Picks::read(&found.parked.picks).updated(&found.parked.asked, form);
    // Only what is there to be lent is worth remembering.
    let holdings = it.store.holdings_named(found.parked.user, &picks.named()).await?;
    let picks = picks.only(&holdings);
    it.store.keep_picks(found.parked.id, found.secret.digest(), picks.to_text()).await?;
    let mut address = address(&found.id);
    let (verb, group) = action.split_once(':').unwrap_or((action, ""));
    let (group, place) = group.split_once(':').unwrap_or((group, ""));
    for (known, wanted) in &found.parked.asked.wanted {
        if *wanted != Wanted::Choice {
            continue;
        }
        if let Some(search) = form.get(&format!("find.{known}")) {
            address.push_str(&format!("&find.{known}={}", crate::http::reply::escape(search)));
        }
        // The group that was turned or searched starts where that leads; any other stays where it is.
        let place = match (known.0 == group, verb) {
            (true, "after" | "before") => Some(format!("{verb}:{place}")),
            (true, _) => None,
            (false, _) => form.get(&format!("at.{known}")).map(str::to_owned),
        };
        if let Some(place) = place.filter(|place| screen::turn(place) != Turn::First) {
            address.push_str(&format!("&page.{known}={}", crate::http::reply::escape(&place)));
        }
    }
    if let ("language", Some(language)) = (verb, Language::from_code(group)) {
        let next = crate::http::reply::escape(&address);
        return Ok(see(&format!("/language?to={}&next={next}", language.code())));
    }
    if found.parked.asked.wanted.iter().any(|(known, _)| known.0 == group) {
        address.push_str(&format!("#group-{group}"));
    }
    Ok(see(&address))
}

/// Every check again, then all or nothing: the answer, the consent with its assets, the code.
async fn agree(
    it: &AppState,
    browser: &Browser,
    found: &Screen,
    form: &Form,
    headers: &HeaderMap,
) -> Result<Response, Missing> {
    let Screen { parked, client, secret, .. } = found;
    let Some(session) = &browser.session else { return Err(Missing::Gone) };
    let refuse =
        |refusal| Ok(fault_in(frame_of(it, browser, Some(&found.id)), headers, &refusal, Some(&client.app.name)));
    let catalogue = it.store.catalogue().await?;
    if let Some(refusal) = still_asked(found, &catalogue, it.config.wildcard_redirects) {
        return refuse(refusal);
    }
    if let Err(refusal) = admit(it, browser, client, &parked.asked).await? {
        return refuse(refusal);
    }
    let picks = Picks::read(&parked.picks).updated(&parked.asked, form);
    let mut named: Vec<(GroupId, AssetId)> = parked.asked.named();
    named.extend(picks.named());
    let holdings = it.store.holdings_named(session.user.id, &named).await?;
    let granted = grant(&parked.asked, |group| picks.choice(group), &holdings);
    let grants = match granted {
        Ok(grants) if picks.unclear().next().is_none() => grants,
        refused => {
            let mut to = address(&found.id);
            for (group, unfit) in refused.err().into_iter().flatten().filter(|(group, _)| !picks.is_unclear(group)) {
                let why = match unfit {
                    Unfit::NothingPicked => "nothing",
                    Unfit::NotLendable => "gone",
                };
                to.push_str(&format!("&unfit.{group}={why}"));
            }
            for group in picks.unclear() {
                to.push_str(&format!("&unfit.{group}=both"));
            }
            // What is gone cannot stay ticked, or the person could never get past it.
            let kept = picks.only(&holdings);
            it.store.keep_picks(parked.id, secret.digest(), kept.to_text()).await?;
            return Ok(see(&to));
        }
    };
    let purposes = it.store.items_of(client.app.id).await?;
    let mut listed = Vec::new();
    for (group, _) in parked.asked.wanted.iter().filter(|(_, wanted)| *wanted == Wanted::Choice) {
        let of_group = (session.user.id, group);
        listed.extend(it.store.holdings_page(of_group, "", &Turn::First, RECORDED).await?.rows);
    }
    let (now, code) = (it.clock.now(), it.entropy.secret());
    let shown = record::Shown {
        screen: found,
        purposes: &purposes,
        catalogue: &catalogue,
        grants: &grants,
        holdings: &holdings,
        listed: &listed,
    };
    let shown = record::to_json(it, browser, &shown);
    let consent = NewConsent {
        pending: (parked.id, secret.digest()),
        session: session.id,
        app: (client.app.id, client.app.era),
        key: client.key.id,
        user: (session.user.id, session.user.era),
        items: parked.asked.items.clone(),
        grants,
        shown,
        destination: parked.asked.destination.clone(),
        challenge: parked.asked.challenge.clone(),
        code: code.digest(),
        code_expires_at: now.plus(it.config.code_lifetime),
        limit: it.issuance_limit(),
    };
    let (who, name) = (Who::Account(session.user.id), session.user.email.clone());
    let person = Actor { who, name, from: Some(browser.address.clone()), at: now };
    match it.store.by(person).approve(consent).await? {
        Approval::Kept(id) => {
            let code = Credential::Code.spell(id.0, &code);
            Ok(redirect_with_code(&parked.asked.destination, &code, parked.asked.state.as_ref()))
        }
        Approval::Over => Err(Missing::Answered),
        Approval::LimitReached => refuse(KauthFault::IssuanceLimit.into()),
    }
}

/// Checks 1 to 9 once more, on the app as it is now: an hour may lie between question and answer.
fn still_asked(
    found: &Screen,
    catalogue: &bizauth_core::scope::Catalogue,
    wildcard: bool,
) -> Option<bizauth_core::fault::Refusal<KauthFault>> {
    use bizauth_core::authorize::{Query, Refused};
    let query = Query::read(&found.parked.asked.to_query(&found.parked.client_id));
    match query.judge(Some(&found.client), catalogue, wildcard) {
        Ok(_) => None,
        Err(Refused::Page(refusal) | Refused::Redirect(_, _, refusal)) => Some(refusal),
    }
}
