//! The seed of a world: all that is there when it begins, as a seed file spells it. Plain values; `read.rs` makes them of
//! TOML or JSON, `check/mod.rs` finds what cannot be, `plant.rs` writes them through the store's own sentences.

mod check;
mod decode;
mod hashes;
mod lists;
mod plant;
mod planted;
#[cfg(test)]
mod planting;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use bizauth_core::secret::{Credential, Digest, Secret};
use bizauth_core::time::Time;
use serde::{Deserialize, Serialize};

use super::{consents, faults};

pub use hashes::Hashes;
pub use plant::{own, plant};
pub use planted::{Planted, PlantedApp, PlantedKey, PlantedToken, PlantedUser};
pub use read::{Mistake, read};
pub use schema::{commented, schema};
pub use words::{AssetKind, Direction, KeyKind, Kind, Role, State, TokenState};

/// The password of people who are given none. It opens a throwaway database on loopback.
pub const PASSWORD: &str = "bizauth-dev";

/// What stands for the server's own address in a redirect URI.
pub const BASE_URL: &str = "{base_url}";

/// A world as it begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Where the schema of this file is: for editors alone.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What all keys, codes and tokens that are not given here follow from. Without: the system's chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<u64>,
    /// The world's clock.
    #[serde(default)]
    pub clock: Clock,
    /// Every kapi call answers -9798.
    #[serde(default)]
    pub maintenance: bool,
    /// What the catalogue has beside the platform's own groups and items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// The accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    /// The apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<App>,
    /// Business tokens that are there already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
    /// The IP list. Without: the documents' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ips: Option<Ips>,
    /// What the first calls answer instead of the truth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<faults::Plan>,
    /// Who answers consent screens when no person does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<consents::Rule>,
}

/// How a world's clock begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Where it begins, by RFC 3339. Without: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// It stands still until somebody moves it.
    #[serde(default)]
    pub frozen: bool,
}

/// A group of consent items beside the platform's; or, by the id of one of those, more items for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id: letters, digits and `-`.
    pub id: String,
    /// Its name in Korean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_ko: Option<String>,
    /// Its name in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// Whether it has assets: yes, unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_assets: Option<bool>,
    /// Whether ad accounts are among them: yes, unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_ad_accounts: Option<bool>,
    /// Whether apps need a feature permission for it: no, unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_permission: Option<bool>,
    /// Its consent items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<GroupItem>,
}

/// A consent item beside the platform's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupItem {
    /// Its id, which begins with its group's and `_`.
    pub id: String,
    /// Its name in Korean.
    #[serde(default)]
    pub name_ko: String,
    /// Its name in English.
    #[serde(default)]
    pub name_en: String,
    /// What it lets an app do, in Korean.
    #[serde(default)]
    pub about_ko: String,
    /// What it lets an app do, in English.
    #[serde(default)]
    pub about_en: String,
    /// Marked on the consent screen as one to think about twice.
    #[serde(default)]
    pub risky: bool,
    /// Asked for only together with others.
    #[serde(default)]
    pub never_alone: bool,
    /// Demands `resource_ids=<group>:*`.
    #[serde(default)]
    pub needs_all: bool,
    /// Lets userinfo show the e-mail address.
    #[serde(default)]
    pub shares_email: bool,
    /// Lets tokeninfo list `channel_public_ids`.
    #[serde(default)]
    pub yields_channels: bool,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its e-mail address.
    pub email: String,
    /// Its password.
    #[serde(default = "password")]
    pub password: String,
    /// Its state.
    #[serde(default)]
    pub state: State,
    /// Whether it has joined the business centre.
    #[serde(default = "yes")]
    pub in_business_centre: bool,
    /// Whether its address is verified.
    #[serde(default = "yes")]
    pub email_verified: bool,
    /// Whether it operates the platform.
    #[serde(default)]
    pub operator: bool,
    /// Whether it is under sanction as a developer, and with it every app it owns.
    #[serde(default)]
    pub developer_sanctioned: bool,
    /// What it is called elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is good for, for the banner.
    #[serde(default)]
    pub note: String,
    /// The business assets it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
}

/// A business asset in the hands of an account. Several may hold the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its group.
    pub group: String,
    /// The platform's id.
    pub id: String,
    /// Its name. Without: what another holder calls it, or its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ad account or channel. Without: an ad account where the group has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AssetKind>,
    /// The account's role on it.
    #[serde(default = "owner")]
    pub role: String,
    /// Whether the account may lend it.
    #[serde(default = "yes")]
    pub lendable: bool,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Its name, by which the rest of the file speaks of it.
    pub name: String,
    /// The company behind it.
    #[serde(default = "company")]
    pub company: String,
    /// Basic, Biz or test.
    #[serde(default)]
    pub kind: Kind,
    /// For a test app: the name of the Biz app it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its owner's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its other members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// The consent items that are switched on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// The groups for which it has the feature permission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// Whether it is under sanction.
    #[serde(default)]
    pub sanctioned: bool,
    /// How many kapi calls it has a day. Without: as many as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_quota: Option<u32>,
    /// Its keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
}

/// A member of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The account's e-mail address.
    pub email: String,
    /// Owner or editor.
    #[serde(default)]
    pub role: Role,
}

/// A consent item that is switched on for an app: its id alone, or with its purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What people read.
    pub purpose: String,
}

/// A key of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its kind.
    #[serde(default)]
    pub kind: KeyKind,
    /// A name for people. Without: the word of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 32 lowercase hexadecimal digits. Without: drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Of a REST API key: the business client secret, 32 letters and digits. Without: drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Of a REST API key: whether the token endpoint asks for the secret.
    #[serde(default = "yes")]
    pub secret_on: bool,
    /// Of a REST API key: whether an authorize request must send a PKCE challenge.
    #[serde(default)]
    pub pkce_required: bool,
    /// Of a REST API key: its business redirect URIs. `{base_url}` is the server's own address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Of a REST API key: redirect URIs that are registered for login only. Nothing knows them but explanations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub login_redirect_uris: Vec<String>,
    /// Of a REST API key: from which addresses and networks it may be used. None is anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<String>,
    /// Whether it is switched off.
    #[serde(default)]
    pub disabled: bool,
    /// Of an admin key: whether it may call `system/ips`.
    #[serde(default = "yes")]
    pub may_read_ips: bool,
}

/// A business token that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name. Its value follows from it, the same in each world.
    pub name: String,
    /// Its value, if another is wanted: a whole business token, `bzt_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The name of the app it was given to.
    pub app: String,
    /// The name or the value of the REST API key it was given to. Without: the app's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The e-mail address of who agreed.
    pub user: String,
    /// What was agreed to.
    pub scope: Vec<String>,
    /// What was lent, as `group:id` or `group:*`. For a group of the scope that is not named: all that the account holds
    /// and may lend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<String>,
    /// How it stands.
    #[serde(default)]
    pub state: TokenState,
}

/// The IP list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ips {
    /// When it was changed last. Without: today.
    #[serde(default = "today")]
    pub updated: String,
    /// Its services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
}

/// A service of the IP list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Whether the platform calls from it or answers on it.
    pub direction: Direction,
    /// Its name.
    pub name: String,
    /// Its TCP ports.
    #[serde(default = "https")]
    pub ports: Vec<u16>,
    /// Its addresses in CIDR notation.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// When it was changed last. Without: when the list was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// What joins it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additions: Vec<Step>,
    /// What leaves it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Step>,
}

/// An announced change of the IP list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The day: `2026-12-01`, or counted from the world's first: `+7d`.
    pub date: String,
    /// The addresses in CIDR notation.
    pub addresses: Vec<String>,
}

fn yes() -> bool {
    true
}

fn password() -> String {
    PASSWORD.to_owned()
}

fn company() -> String {
    "Example".to_owned()
}

fn owner() -> String {
    "owner".to_owned()
}

fn today() -> String {
    "today".to_owned()
}

fn https() -> Vec<u16> {
    vec![443]
}

impl Seed {
    /// What `bizauth dev` shows when no other seed is named.
    ///
    /// # Panics
    /// If the built-in file has a mistake, which a test rules out.
    pub fn demo() -> Self {
        read(commented(), "default.toml").expect("the built-in seed has no mistake")
    }
}

impl Clock {
    /// Where the world's clock begins; `None` is now.
    pub fn begins(&self) -> Option<Time> {
        let at: jiff::Timestamp = self.at.as_deref()?.parse().ok()?;
        Some(Time::from_millis(at.as_millisecond()))
    }
}

impl Key {
    /// Whether a ready token means this key.
    fn is_called(&self, named: &str) -> bool {
        self.name.as_deref() == Some(named) || self.value.as_deref() == Some(named)
    }

    /// Whether its client secret is left to chance.
    pub fn draws_secret(&self) -> bool {
        self.kind == KeyKind::RestApi && self.secret.is_none()
    }

    /// Its redirect URIs on a server that answers at `base_url`.
    pub fn redirect_uris_at(&self, base_url: &str) -> Vec<String> {
        self.redirect_uris.iter().map(|uri| uri.replace(BASE_URL, base_url)).collect()
    }

    /// The same for login.
    pub fn login_redirect_uris_at(&self, base_url: &str) -> Vec<String> {
        self.login_redirect_uris.iter().map(|uri| uri.replace(BASE_URL, base_url)).collect()
    }
}

impl Token {
    /// Its value: as given, or as it follows from its name.
    pub fn literal(&self) -> String {
        self.value.clone().unwrap_or_else(|| {
            let digest = Digest::of(format!("bizauth dev token {}", self.name).as_bytes());
            let mut low = [0; 8];
            low[4..].copy_from_slice(&digest.0[..4]);
            // Less than any id that is drawn, and with as many digits as a person expects.
            let id = (1 << 33) | i64::from_be_bytes(low);
            let secret = Secret::from_bytes(Digest::of(&digest.0).0);
            Credential::Token.spell(id, &secret)
        })
    }
}
