//! Apps: their kinds, and what an app is allowed to ask for.

use crate::id::AppId;
use crate::key::Key;
use crate::scope::{GroupId, ItemId};

/// What kind of app it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// An app as it is created.
    Basic,
    /// An app with a verified business behind it: only these may use Business Authentication.
    Biz,
    /// A child of another app, for trying things out; only its members may sign in.
    Test,
}

impl AppKind {
    /// The word used in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            AppKind::Basic => "basic",
            AppKind::Biz => "biz",
            AppKind::Test => "test",
        }
    }

    /// Reads [`AppKind::word`].
    pub fn read(word: &str) -> Option<Self> {
        [AppKind::Basic, AppKind::Biz, AppKind::Test].into_iter().find(|kind| kind.word() == word)
    }
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// The name people see on the consent screen.
    pub name: String,
    /// The developer's company, shown beside it.
    pub company: String,
    /// Basic, Biz or test.
    pub kind: AppKind,
    /// For a test app: whether its parent is a Biz app.
    pub parent_is_biz: bool,
    /// The app or the developer who owns it is under sanction.
    pub sanctioned: bool,
    /// Counts the events that ended all its tokens at once. A token is alive only in the era it was issued in.
    pub era: i64,
    /// Calls of kapi a day; `None` is no limit.
    pub daily_quota: Option<i64>,
}

impl App {
    /// Whether it counts as a Biz app. A test app does if its parent is one.
    pub fn counts_as_biz(&self) -> bool {
        match self.kind {
            AppKind::Basic => false,
            AppKind::Biz => true,
            AppKind::Test => self.parent_is_biz,
        }
    }
}

/// What a member may do with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, also who else is a member and whether the app lives on.
    Owner,
    /// The daily work: keys, consent items, tools.
    Editor,
}

impl Role {
    /// Both of them.
    pub const ALL: [Role; 2] = [Role::Owner, Role::Editor];

    /// The word used in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Editor => "editor",
        }
    }

    /// Reads [`Role::word`].
    pub fn read(word: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// An app as one of its keys presents it at the kauth door.
#[derive(Clone, Debug)]
pub struct Client {
    /// The app.
    pub app: App,
    /// The key it came with.
    pub key: Key,
    /// The business redirect URIs of that key, as registered.
    pub redirect_uris: Vec<String>,
    /// The consent items that are switched on for the app.
    pub items: Vec<ItemId>,
    /// The groups for which the operator granted the feature permission.
    pub permissions: Vec<GroupId>,
}
