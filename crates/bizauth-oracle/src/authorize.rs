//! The authorize request: its query, and every check that needs only the app, in the order of the contract.

use bizauth_core::app::{App, AppKind, Client};
use bizauth_core::authorize::{Asked, Query, Refused, Wanted};
use bizauth_core::fault::KauthFault;
use bizauth_core::id::{AppId, KeyId};
use bizauth_core::key::{AppKey, Key, KeyKind};
use bizauth_core::scope::{Catalogue, GroupId, ItemId};

use crate::plain::{form_decoded, has_control, pairs};
use crate::scope::{resource, words};

/// The key that the app of these tests has.
pub const CLIENT_ID: &str = "0123456789abcdef0123456789abcdef";
/// Its redirect URI.
pub const REDIRECT_URI: &str = "https://app.example.com/cb";

/// What became of a request, in plain words.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Page(KauthFault),
    /// To this address, with this state.
    Redirect(KauthFault, String, Option<String>),
    Asked(Request),
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    uri: String,
    state: Option<String>,
    items: Vec<String>,
    /// Group and what of it: nothing for a choice, `*`, or ids.
    wanted: Vec<(String, Vec<String>)>,
    challenge: Option<String>,
}

/// The first byte says what app is asking, the rest is the query.
pub fn query(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Ok(raw) = std::str::from_utf8(rest) else { return };
    let (catalogue, wildcard) = (Catalogue::platform(), first & 0x80 != 0);
    let query = Query::read(raw);
    // As the door finds it: by a value that has the form of a key, and is this one.
    let known = query.client_id().and_then(AppKey::read).is_some_and(|key| key.expose() == CLIENT_ID);
    let client = known.then(|| client(first & 0x0f, wildcard));
    let judged = query.judge(client.as_ref(), &catalogue, wildcard);
    let naive = judge(raw, client.as_ref(), &catalogue, wildcard);
    let found = match &judged {
        Ok(asked) => Verdict::Asked(plain(asked)),
        Err(Refused::Page(refusal)) => Verdict::Page(refusal.fault),
        Err(Refused::Redirect(to, state, refusal)) => {
            Verdict::Redirect(refusal.fault, to.uri().to_owned(), state.clone().map(|state| state.0))
        }
    };
    assert_eq!(found, naive, "{first:#x} {raw:?}");
    if let Ok(asked) = judged {
        comes_back(&asked, client.as_ref(), &catalogue, wildcard);
    }
}

/// Whoever signs in on the way comes back to the same request.
fn comes_back(asked: &Asked, client: Option<&Client>, catalogue: &Catalogue, wildcard: bool) {
    let way = asked.to_query(CLIENT_ID);
    assert!(way.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{way:?} goes into an address");
    let mut again = Query::read(&way).judge(client, catalogue, wildcard).unwrap_or_else(|why| panic!("{way}: {why:?}"));
    let decoded = |asked: &Asked| asked.state.as_ref().and_then(|state| form_decoded(&state.0));
    assert_eq!(decoded(asked), decoded(&again), "{way}");
    again.state.clone_from(&asked.state);
    assert_eq!(*asked, again, "{way}");
}

fn plain(asked: &Asked) -> Request {
    let ids = |wanted: &Wanted| match wanted {
        Wanted::Choice => Vec::new(),
        Wanted::All => vec!["*".to_owned()],
        Wanted::Named(ids) => ids.iter().map(|id| id.0.clone()).collect(),
    };
    Request {
        uri: asked.destination.uri().to_owned(),
        state: asked.state.clone().map(|state| state.0),
        items: asked.items.iter().map(|id| id.0.clone()).collect(),
        wanted: asked.wanted.iter().map(|(group, wanted)| (group.0.clone(), ids(wanted))).collect(),
        challenge: asked.challenge.as_ref().map(|challenge| challenge.text().to_owned()),
    }
}

/// An app for each number: what it has and what it lacks.
fn client(number: u8, wildcard: bool) -> Client {
    let kind = match number {
        1 => AppKind::Basic,
        2 | 3 => AppKind::Test,
        _ => AppKind::Biz,
    };
    let catalogue = Catalogue::platform();
    let all: Vec<ItemId> = catalogue.items.iter().map(|item| item.id.clone()).collect();
    let sanctioned = number == 4;
    let app = App {
        id: AppId(1),
        name: String::new(),
        company: String::new(),
        kind,
        parent_is_biz: number == 3,
        sanctioned,
        era: 0,
        daily_quota: None,
        icon: None,
    };
    let key = Key {
        id: KeyId(1),
        app: AppId(1),
        kind: if number == 5 { KeyKind::Admin } else { KeyKind::RestApi },
        disabled: number == 6,
        secret_on: true,
        secrets: Vec::new(),
        callers: Vec::new(),
        may_read_ips: true,
        pkce_required: number == 9,
    };
    let redirect_uris =
        if wildcard { vec!["https://*.example.com/cb".to_owned()] } else { vec![REDIRECT_URI.to_owned()] };
    let items = if number == 7 { all[..2].to_vec() } else { all };
    let permissions = if number == 8 { Vec::new() } else { vec!["moment".into()] };
    Client { app, key, redirect_uris, items, permissions }
}

/// The group of an item: what stands before its first `_`, but for one.
fn group_of(item: &str) -> &str {
    match item {
        "biz_account_email" => "personal",
        item => item.split('_').next().unwrap_or_default(),
    }
}

/// Checks 1 to 9, one after the other, each as its sentence stands.
fn judge(raw: &str, client: Option<&Client>, catalogue: &Catalogue, wildcard: bool) -> Verdict {
    use KauthFault as Fault;
    let sent: Vec<(Option<String>, Option<String>, &str)> =
        pairs(raw).into_iter().map(|(name, value)| (form_decoded(name), form_decoded(value), value)).collect();
    let first = |name: &str| -> Option<String> {
        let found = sent.iter().find(|(known, ..)| known.as_deref() == Some(name))?;
        found.1.clone()
    };
    // 1 to 3: the key, its kind, its app.
    let Some(client) = client else { return Verdict::Page(Fault::UnknownKey) };
    if client.key.kind != KeyKind::RestApi {
        return Verdict::Page(Fault::NotRestApiKey);
    }
    if client.key.disabled {
        return Verdict::Page(Fault::UnknownKey);
    }
    if client.app.sanctioned {
        return Verdict::Page(Fault::AppSanctioned);
    }
    // 4: byte for byte, or one label in the place of the star.
    let uri = first("redirect_uri").unwrap_or_default();
    let of_a_shop = || {
        let label = uri.strip_prefix("https://")?.strip_suffix(".example.com/cb")?;
        let letters = label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        (letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')).then_some(())
    };
    if if wildcard { of_a_shop().is_none() } else { uri != REDIRECT_URI } {
        return Verdict::Page(Fault::UnregisteredRedirectUri);
    }
    // 5 and 6: what the app is, and what it was granted.
    if client.app.kind == AppKind::Basic || (client.app.kind == AppKind::Test && !client.app.parent_is_biz) {
        return Verdict::Page(Fault::NotBizApp);
    }
    let items = words(&first("scope").unwrap_or_default());
    let known: Vec<&String> = items.iter().filter(|item| catalogue.items.iter().any(|it| it.id.0 == **item)).collect();
    if known.iter().any(|item| group_of(item) == "moment")
        && !client.permissions.contains(&GroupId("moment".to_owned()))
    {
        return Verdict::Page(Fault::NoFeaturePermission);
    }
    // 7: the one mistake that is told to the app.
    if first("response_type").as_deref() != Some("code") {
        let state = sent.iter().find(|(known, ..)| known.as_deref() == Some("state"));
        let state = state.map(|(.., raw)| (*raw).to_owned()).filter(|raw| raw.len() <= 6144);
        return Verdict::Redirect(Fault::UnsupportedResponseType, uri, state);
    }
    // 8: every item known, and switched on.
    let on = |item: &String| known.contains(&item) && client.items.iter().any(|id| id.0 == *item);
    if items.is_empty() || !items.iter().all(on) {
        return Verdict::Page(Fault::UnknownConsentItem);
    }
    // 9: whatever else contradicts the rules. One code for all of it, so their order does not show.
    let bad = Verdict::Page(Fault::BadAuthorizeParameter);
    if items == ["biz_account_email"] {
        return bad;
    }
    let named: Vec<&(Option<String>, Option<String>, &str)> =
        sent.iter().filter(|(name, ..)| name.as_deref() == Some("resource_ids")).collect();
    let mut resources: Vec<(String, String)> = Vec::new();
    for (_, value, _) in &named {
        let Some(resource) = resource(value.as_deref().unwrap_or_default()) else { return bad };
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    let mut wanted = Vec::new();
    for group in ["moment", "keyword"] {
        let asked = items.iter().any(|item| group_of(item) == group);
        let ids: Vec<String> = resources.iter().filter(|(of, _)| of == group).map(|(_, id)| id.clone()).collect();
        let (all, creates) = (ids.contains(&"*".to_owned()), items.contains(&format!("{group}_create")));
        if (!asked && !ids.is_empty()) || (creates && !all) || (all && ids.len() > 1) {
            return bad;
        }
        wanted.extend(asked.then(|| (group.to_owned(), ids)));
    }
    if named.len() > 200 || resources.iter().any(|(group, _)| group != "moment" && group != "keyword") {
        return bad;
    }
    let has = |name: &str| sent.iter().any(|(known, ..)| known.as_deref() == Some(name));
    let challenge = first("code_challenge");
    if client.key.pkce_required || has("code_challenge") || has("code_challenge_method") {
        let letters = |text: &String| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let good = challenge.as_ref().is_some_and(|text| text.len() == 43 && letters(text));
        if !good || first("code_challenge_method").as_deref() != Some("S256") {
            return bad;
        }
    }
    let names = ["client_id", "response_type", "redirect_uri", "scope", "state", "resource_ids", "code_challenge"];
    let mut seen: Vec<&str> = Vec::new();
    for (name, value, raw) in &sent {
        let (Some(name), Some(value)) = (name, value) else { return bad };
        let known = names.contains(&name.as_str()) || name == "code_challenge_method";
        let twice = name != "resource_ids" && seen.contains(&name.as_str());
        if !known || twice || value.len() > 2048 || raw.len() > 6144 || has_control(value) {
            return bad;
        }
        seen.push(name);
    }
    let state = sent.iter().find(|(known, ..)| known.as_deref() == Some("state")).map(|(.., raw)| (*raw).to_owned());
    Verdict::Asked(Request { uri, state, items, wanted, challenge })
}
