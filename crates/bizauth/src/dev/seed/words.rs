//! The words of a seed that are one of a few, each with what the rules make of it.

use bizauth_core::app::{self, AppKind};
use bizauth_core::asset;
use bizauth_core::ips::RuleType;
use bizauth_core::key;
use bizauth_core::user::UserState;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $core:ty { $($(#[$word_doc:meta])* $word:ident = $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$word_doc])* $word,)* }

        impl From<$name> for $core {
            fn from(word: $name) -> Self {
                match word { $($name::$word => $value,)* }
            }
        }
    )*};
}

words! {
    /// The state of an account.
    State = UserState {
        /// In good standing.
        #[default]
        Active = UserState::Active,
        /// Put to sleep.
        Dormant = UserState::Dormant,
        /// Blocked by the operator.
        Blocked = UserState::Blocked,
        /// Closed by its owner.
        Withdrawn = UserState::Withdrawn,
    }
    /// The kind of an app.
    Kind = AppKind {
        /// As it is created.
        Basic = AppKind::Basic,
        /// With a verified business behind it.
        #[default]
        Biz = AppKind::Biz,
        /// A child of a Biz app, for its members only.
        Test = AppKind::Test,
    }
    /// The kind of a key.
    KeyKind = key::KeyKind {
        /// For mobile apps.
        Native = key::KeyKind::Native,
        /// The `client_id`.
        #[default]
        RestApi = key::KeyKind::RestApi,
        /// For web pages.
        #[serde(rename = "javascript")]
        JavaScript = key::KeyKind::JavaScript,
        /// For administration.
        Admin = key::KeyKind::Admin,
    }
    /// What a member may do.
    Role = app::Role {
        /// Everything.
        Owner = app::Role::Owner,
        /// The daily work.
        #[default]
        Editor = app::Role::Editor,
    }
    /// The kind of an asset.
    AssetKind = asset::AssetKind {
        /// In `ad_account_ids`.
        #[default]
        AdAccount = asset::AssetKind::AdAccount,
        /// In `channel_public_ids`.
        Channel = asset::AssetKind::Channel,
    }
    /// Which of the two IP lists.
    Direction = RuleType {
        /// The platform calls from these.
        Inbound = RuleType::Inbound,
        /// The platform answers on these.
        #[default]
        Outbound = RuleType::Outbound,
    }
}

/// How a ready token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// Alive.
    #[default]
    Active,
    /// Revoked by its app.
    Revoked,
    /// It lay unused for too long.
    Unused,
    /// The person took the consent back.
    Withdrawn,
}

impl KeyKind {
    /// The word in records and in seeds.
    pub fn word(self) -> &'static str {
        key::KeyKind::from(self).word()
    }
}
