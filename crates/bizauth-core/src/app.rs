//! Apps: their kinds, and what an app is allowed to ask for.

use crate::id::AppId;
use crate::key::Key;
use crate::scope::{GroupId, ItemId};
use crate::secret::Digest;

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
    /// What its icon is found by, if it has one.
    pub icon: Option<Digest>,
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

/// How many characters the name of an app or of its company may have.
pub const LONGEST_NAME: usize = 60;

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// There is nothing to read in it.
    Empty,
    /// It has more than [`LONGEST_NAME`] characters.
    TooLong,
    /// It holds characters that cannot be seen, or that turn the text around them.
    Unreadable,
}

/// The name of an app or of its company, as people read it on the consent screen: trimmed, on one line, and with nothing
/// in it that makes it look like something else.
///
/// # Errors
/// Why it cannot be one.
pub fn name(text: &str) -> Result<String, BadName> {
    // Soft hyphens, joiners, marks and overrides of direction, fillers, tags.
    let invisible = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let text = text.trim();
    match text {
        "" => Err(BadName::Empty),
        _ if text.chars().any(|c| c.is_control() || invisible(c)) => Err(BadName::Unreadable),
        _ if text.chars().count() > LONGEST_NAME => Err(BadName::TooLong),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_that_can_be_read() {
        assert_eq!(name("  달빛 상점 2 "), Ok("달빛 상점 2".to_owned()));
        assert_eq!(name(&"가".repeat(60)), Ok("가".repeat(60)));
        assert_eq!(name(&"가".repeat(61)), Err(BadName::TooLong));
        assert_eq!(name(" \t\u{3000}"), Err(BadName::Empty));
        for text in ["a\nb", "a\0b", "a\u{202e}b", "a\u{200b}b", "\u{3164}", "a\u{7f}"] {
            assert_eq!(name(text), Err(BadName::Unreadable), "{text:?}");
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert!(Role::ALL.iter().all(|role| Role::read(role.word()) == Some(*role)));
        assert_eq!(Role::read("Owner"), None);
    }
}
