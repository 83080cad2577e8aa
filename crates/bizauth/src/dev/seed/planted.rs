//! What is there once a seed was planted: what a banner, a test and the control API speak of.

use std::fmt::Display;
use std::str::FromStr;

use bizauth_core::id::{AppId, KeyId, TokenId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{KeyKind, Kind, State, TokenState};

/// All that a seed has brought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Planted {
    /// The apps, in the seed's order.
    pub apps: Vec<PlantedApp>,
    /// The accounts, in the seed's order.
    pub users: Vec<PlantedUser>,
    /// The ready tokens, in the seed's order.
    pub tokens: Vec<PlantedToken>,
}

/// An app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlantedApp {
    /// Its name.
    pub name: String,
    /// Its id.
    #[serde(serialize_with = "written", deserialize_with = "numbered")]
    pub id: AppId,
    /// Its kind.
    pub kind: Kind,
    /// Its keys, in the seed's order.
    pub keys: Vec<PlantedKey>,
}

/// A key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlantedKey {
    /// Its id.
    #[serde(serialize_with = "written", deserialize_with = "numbered")]
    pub id: KeyId,
    /// Its kind.
    pub kind: KeyKind,
    /// Its name for people.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Of a REST API key: its business client secret.
    pub secret: Option<String>,
    /// Of a REST API key: whether it requires a PKCE challenge, as the seed says.
    #[serde(default)]
    pub pkce_required: bool,
    /// Of a REST API key: its business redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Of a REST API key: what would be its redirect URIs for login. Only explanations know them.
    pub login_redirect_uris: Vec<String>,
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlantedUser {
    /// Its e-mail address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// Its id.
    #[serde(serialize_with = "written", deserialize_with = "numbered")]
    pub id: UserId,
    /// Its state.
    pub state: State,
    /// Whether it operates the platform.
    pub operator: bool,
    /// What it is good for.
    pub note: String,
}

/// A ready token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlantedToken {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its business token ID.
    #[serde(serialize_with = "written", deserialize_with = "numbered")]
    pub id: TokenId,
    /// The name of its app.
    pub app: String,
    /// The address of who agreed.
    pub user: String,
    /// How it stands.
    pub state: TokenState,
}

/// Ids are told as texts: not every language can count so far.
fn written<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Reads what [`written`] wrote.
fn numbered<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("an id is a number"))
}

impl Planted {
    /// The app of this name.
    pub fn app(&self, name: &str) -> Option<&PlantedApp> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// The app and the key of this value.
    pub fn key(&self, value: &str) -> Option<(&PlantedApp, &PlantedKey)> {
        let of_app = |app: &'_ PlantedApp| app.keys.iter().position(|key| key.value == value);
        self.apps.iter().find_map(|app| of_app(app).map(|at| (app, &app.keys[at])))
    }

    /// The account of this address.
    pub fn user(&self, email: &str) -> Option<&PlantedUser> {
        self.users.iter().find(|user| user.email == email)
    }

    /// The first account in good standing that does not operate the platform: who acts where nobody is named.
    pub fn first_person(&self) -> Option<String> {
        let fits = |user: &&PlantedUser| user.state == State::Active && !user.operator;
        self.users.iter().find(fits).or(self.users.first()).map(|user| user.email.clone())
    }

    /// The ready token of this name.
    pub fn token(&self, name: &str) -> Option<&PlantedToken> {
        self.tokens.iter().find(|token| token.name == name)
    }
}

impl PlantedApp {
    /// Its first key of this kind.
    pub fn first(&self, kind: KeyKind) -> Option<&PlantedKey> {
        self.keys.iter().find(|key| key.kind == kind)
    }
}
