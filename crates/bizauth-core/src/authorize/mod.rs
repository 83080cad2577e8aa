//! The authorize request: how its query is read, and every check in its order, each with its code.
//!
//! Checks 1 to 9 need only the app ([`Query::judge`]); 11 to 15 need the person ([`Asked::admit`]); between them the
//! person signs in. Until the redirect URI is proved a refusal can only be a page: [`Refused::Redirect`] holds a
//! [`Destination`], and only a proved redirect URI makes one.

use crate::app::Client;
use crate::asset::{AssetId, Resource};
use crate::code::Challenge;
use crate::fault::{Answer, KauthFault, Refusal};
use crate::key::KeyKind;
use crate::redirect::Destination;
use crate::scope::{self, Catalogue, GroupId, ItemId, joined};
use crate::user::{User, UserState};

/// The longest value of any parameter, in bytes.
const LONGEST: usize = 2048;
/// The most assets one request may name.
const MOST_RESOURCES: usize = 200;

/// The parameters of the seed's table, and those of RFC 7636.
const KNOWN: [&str; 8] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "resource_ids",
    "code_challenge",
    "code_challenge_method",
];

/// A query as it came, split but not judged.
#[derive(Clone, Debug)]
pub struct Query {
    pairs: Vec<Pair>,
}

#[derive(Clone, Debug)]
struct Pair {
    name: Option<String>,
    /// `None` if it is not UTF-8.
    value: Option<String>,
    /// As it was sent, still encoded.
    raw: String,
}

/// A refusal on its way out of the authorize door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Shown to the person; never redirects.
    Page(Refusal<KauthFault>),
    /// Sent to the app.
    Redirect(Destination, Option<State>, Refusal<KauthFault>),
}

/// `state`, exactly as it was sent: the encoded text itself, so that it goes back byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(pub String);

/// What an app asks a person for, proved as far as the app is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where the answer goes.
    pub destination: Destination,
    /// Goes back with the answer.
    pub state: Option<State>,
    /// The consent items in the order asked, each once.
    pub items: Vec<ItemId>,
    /// For each group of the items that has assets, in the catalogue's order: which of them.
    pub wanted: Vec<(GroupId, Wanted)>,
    /// The PKCE challenge, if one was sent.
    pub challenge: Option<Challenge>,
}

/// Which assets of a group an app asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None named: the person picks on the screen.
    Choice,
    /// These, fixed.
    Named(Vec<AssetId>),
    /// `group:*`: all of them, present and future.
    All,
}

/// What the records know of the person, as far as checks 11 to 15 ask.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub user: User,
    /// Whether it is a member of the asking app.
    pub is_member: bool,
    /// Whether it holds a business asset at all.
    pub holds_any: bool,
    /// The groups of which it may lend at least one asset.
    pub lendable_groups: Vec<GroupId>,
    /// Of the assets named in the request, those it may lend.
    pub lendable_named: Vec<(GroupId, AssetId)>,
    /// Codes it has issued to the app today.
    pub issued_today: i64,
}

impl Query {
    /// Splits a raw query string. Reading never fails: what is malformed is found by the check that looks at it.
    pub fn read(raw: &str) -> Self {
        let pair = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            Pair { name: decode(name), value: decode(value), raw: value.to_owned() }
        };
        Query { pairs: raw.split('&').filter(|text| !text.is_empty()).map(pair).collect() }
    }

    /// The value of `client_id`, to look the app up by. Echoed in the refusal, so that a typo can be seen.
    pub fn client_id(&self) -> Option<&str> {
        self.first("client_id")
    }

    /// Checks 1 to 9 of the authorize request, in their order.
    ///
    /// # Errors
    /// The first check that fails, as a page or as a redirect, as the catalogue says.
    pub fn judge(&self, client: Option<&Client>, catalogue: &Catalogue, wildcard: bool) -> Result<Asked, Refused> {
        let page = |refusal: Refusal<KauthFault>| Refused::Page(refusal);
        let client_id = self.client_id().unwrap_or("null");
        let client = client.ok_or_else(|| page(KauthFault::UnknownKey.about(client_id)))?;
        if client.key.kind != KeyKind::RestApi {
            return Err(page(KauthFault::NotRestApiKey.into()));
        }
        if client.key.disabled {
            return Err(page(KauthFault::UnknownKey.about(client_id)));
        }
        if client.app.sanctioned {
            return Err(page(KauthFault::AppSanctioned.into()));
        }
        let sent = self.first("redirect_uri").unwrap_or_default();
        let destination = Destination::prove(sent, &client.redirect_uris, wildcard)
            .ok_or_else(|| page(KauthFault::UnregisteredRedirectUri.about(sent)))?;
        let refuse = |refusal: Refusal<KauthFault>| self.refuse(refusal, &destination);

        if !client.app.counts_as_biz() {
            return Err(refuse(KauthFault::NotBizApp.into()));
        }
        let items = scope::ids(self.first("scope").unwrap_or_default());
        let lacks = |id: &GroupId| {
            catalogue.group(&id.0).is_some_and(|group| group.needs_permission) && !client.permissions.contains(id)
        };
        if let Some((group, _)) = catalogue.grouped(&items).into_iter().find(|(group, _)| lacks(&group.id)) {
            return Err(refuse(KauthFault::NoFeaturePermission.about(&group.id.0)));
        }
        let response_type = self.first("response_type").unwrap_or("null");
        if response_type != "code" {
            return Err(refuse(KauthFault::UnsupportedResponseType.about(response_type)));
        }
        if items.is_empty() {
            return Err(refuse(KauthFault::UnknownConsentItem.about("scope is missing")));
        }
        let off = |id: &&ItemId| catalogue.item(&id.0).is_none() || !client.items.contains(id);
        let off: Vec<ItemId> = items.iter().filter(off).cloned().collect();
        if !off.is_empty() {
            return Err(refuse(KauthFault::UnknownConsentItem.about(joined(&off, ", "))));
        }
        let bad = |why: String| refuse(KauthFault::BadAuthorizeParameter.about(why));
        let wanted = self.wanted(&items, catalogue).map_err(bad)?;
        let challenge = self.challenge(client.key.pkce_required).map_err(bad)?;
        self.well_formed().map_err(bad)?;
        Ok(Asked { state: self.state(), destination, items, wanted, challenge })
    }

    /// Page or redirect is a column of the catalogue; a redirect needs a proved destination, which is at hand here.
    fn refuse(&self, refusal: Refusal<KauthFault>, destination: &Destination) -> Refused {
        match refusal.fault.row().answer {
            Answer::Redirect => Refused::Redirect(destination.clone(), self.state(), refusal),
            Answer::Page | Answer::Json => Refused::Page(refusal),
        }
    }

    /// The part of check 9 that is about consent items and `resource_ids`.
    fn wanted(&self, items: &[ItemId], catalogue: &Catalogue) -> Result<Vec<(GroupId, Wanted)>, String> {
        let asked: Vec<_> = items.iter().filter_map(|id| catalogue.item(&id.0)).collect();
        if asked.iter().all(|item| item.never_alone) {
            return Err(format!("{} cannot be requested alone", joined(items, ", ")));
        }
        let sent: Vec<&Pair> = self.named("resource_ids").collect();
        if sent.len() > MOST_RESOURCES {
            return Err(format!("more than {MOST_RESOURCES} resource_ids"));
        }
        let mut resources: Vec<Resource> = Vec::new();
        for pair in sent {
            let text = pair.value.as_deref().unwrap_or_default();
            let resource = Resource::read(text)
                .ok_or_else(|| format!("resource_ids must be ScopeGroup:ResourceId or ScopeGroup:*: {text}"))?;
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        let groups = catalogue.grouped(items);
        let lends = |id: &GroupId| groups.iter().any(|(group, _)| group.has_assets && group.id == *id);
        if let Some(foreign) = resources.iter().find(|resource| !lends(resource.group())) {
            return Err(format!("resource_ids of a group that scope does not ask for: {}", foreign.group()));
        }
        let wants_all = |id: &GroupId| resources.contains(&Resource::All(id.clone()));
        if let Some(item) = asked.iter().find(|item| item.needs_all && !wants_all(&item.group)) {
            return Err(format!("{} must be requested with resource_ids={}:*", item.id, item.group));
        }
        let wanted = |id: &GroupId| {
            let one = |resource: &Resource| match resource {
                Resource::One(group, asset) if group == id => Some(asset.clone()),
                _ => None,
            };
            let named: Vec<AssetId> = resources.iter().filter_map(one).collect();
            match (wants_all(id), named.is_empty()) {
                (true, true) => Ok((id.clone(), Wanted::All)),
                (false, true) => Ok((id.clone(), Wanted::Choice)),
                (false, false) => Ok((id.clone(), Wanted::Named(named))),
                (true, false) => Err(format!("resource_ids names {id}:* and single assets of it")),
            }
        };
        groups.iter().filter(|(group, _)| group.has_assets).map(|(group, _)| wanted(&group.id)).collect()
    }

    /// The part of check 9 that is about PKCE (RFC 7636, section 4.3; `plain` protects nothing and is refused). Whoever
    /// takes the challenge out of the address of a key that requires one is refused here (CVE-2024-23647).
    fn challenge(&self, required: bool) -> Result<Option<Challenge>, String> {
        match (self.first("code_challenge"), self.first("code_challenge_method")) {
            (None, None) if required => Err("code_challenge is missing: this REST API key requires PKCE".to_owned()),
            (None, None) => Ok(None),
            (None, Some(_)) => Err("code_challenge_method without code_challenge".to_owned()),
            (Some(_), method) if method != Some("S256") => Err("code_challenge_method must be S256".to_owned()),
            (Some(text), _) => match Challenge::read(text) {
                Some(challenge) => Ok(Some(challenge)),
                None => Err("code_challenge must be 43 characters of base64url".to_owned()),
            },
        }
    }

    /// The rest of check 9: unknown, repeated or malformed parameters.
    fn well_formed(&self) -> Result<(), String> {
        for (at, pair) in self.pairs.iter().enumerate() {
            let name = pair.name.as_deref().ok_or("a parameter name is not UTF-8")?;
            if !KNOWN.contains(&name) {
                return Err(format!("unknown parameter: {name}"));
            }
            let value = pair.value.as_deref().ok_or_else(|| format!("{name} is not UTF-8"))?;
            if value.len() > LONGEST || pair.raw.len() > 3 * LONGEST {
                return Err(format!("{name} is longer than {LONGEST} bytes"));
            }
            if value.chars().any(char::is_control) {
                return Err(format!("{name} holds a control character"));
            }
            if name != "resource_ids" && self.pairs[..at].iter().any(|earlier| earlier.name == pair.name) {
                return Err(format!("{name} was sent twice"));
            }
        }
        Ok(())
    }

    fn named<'q, 'n>(&'q self, name: &'n str) -> impl Iterator<Item = &'q Pair> + use<'q, 'n> {
        self.pairs.iter().filter(move |pair| pair.name.as_deref() == Some(name))
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.named(name).next()?.value.as_deref()
    }

    fn state(&self) -> Option<State> {
        let raw = &self.named("state").next()?.raw;
        (raw.len() <= 3 * LONGEST).then(|| State(raw.clone()))
    }
}

/// A form-encoded name or value; `None` if it is not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

impl Asked {
    /// Checks 11 to 15, once the person is known. All of them are pages.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn admit(&self, client: &Client, person: &Person, issuance_limit: i64) -> Result<(), Refusal<KauthFault>> {
        if client.app.kind == crate::app::AppKind::Test && !person.is_member {
            return Err(KauthFault::NotMember.into());
        }
        if !person.user.in_business_centre {
            return Err(KauthFault::NotBusinessUser.into());
        }
        if person.user.state != UserState::Active {
            return Err(KauthFault::AccountNotActive.into());
        }
        self.lendable(person)?;
        if issuance_limit > 0 && person.issued_today >= issuance_limit {
            return Err(KauthFault::IssuanceLimit.into());
        }
        Ok(())
    }

    /// Check 14. "Holds a business asset at all" is documented; the rest is our reading of it.
    fn lendable(&self, person: &Person) -> Result<(), Refusal<KauthFault>> {
        if !person.holds_any {
            return Err(KauthFault::NoBusinessAsset.about("the account holds none"));
        }
        for (group, wanted) in &self.wanted {
            match wanted {
                // An empty group is fine: that is how a first ad account gets created.
                Wanted::All => {}
                Wanted::Choice if person.lendable_groups.contains(group) => {}
                Wanted::Choice => return Err(KauthFault::NoBusinessAsset.about(&group.0)),
                Wanted::Named(assets) => {
                    let foreign = |asset: &&AssetId| {
                        !person.lendable_named.iter().any(|(of, known)| of == group && known == *asset)
                    };
                    if let Some(asset) = assets.iter().find(foreign) {
                        return Err(KauthFault::NoBusinessAsset.about(format!("{group}:{asset}")));
                    }
                }
            }
        }
        Ok(())
    }

    /// The query of an authorize request that asks for the same: the way back when someone else signs in.
    pub fn to_query(&self, client_id: &str) -> String {
        let escape = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let mut query = format!(
            "client_id={client_id}&response_type=code&redirect_uri={}&scope={}",
            escape(self.destination.uri()),
            escape(&joined(&self.items, ","))
        );
        for (group, wanted) in &self.wanted {
            let ids: Vec<&str> = match wanted {
                Wanted::Choice => Vec::new(),
                Wanted::All => vec!["*"],
                Wanted::Named(ids) => ids.iter().map(|id| id.0.as_str()).collect(),
            };
            query.extend(ids.iter().map(|id| format!("&resource_ids={}", escape(&format!("{group}:{id}")))));
        }
        if let Some(challenge) = &self.challenge {
            query.push_str(&format!("&code_challenge={}&code_challenge_method=S256", challenge.text()));
        }
        if let Some(state) = &self.state {
            query.push_str(&format!("&{}", state.to_query()));
        }
        query
    }

    /// The assets that the request names, for the records to look up.
    pub fn named(&self) -> Vec<(GroupId, AssetId)> {
        let mut all = Vec::new();
        for (group, wanted) in &self.wanted {
            if let Wanted::Named(assets) = wanted {
                all.extend(assets.iter().map(|asset| (group.clone(), asset.clone())));
            }
        }
        all
    }
}

impl State {
    /// `state=…` as a part of a query: as it was sent, but for bytes that have no place in a header.
    pub fn to_query(&self) -> String {
        let mut out = String::from("state=");
        for byte in self.0.bytes() {
            match byte {
                b'!'..=b'~' if byte != b'#' => out.push(char::from(byte)),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
