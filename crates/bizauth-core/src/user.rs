//! People: the state of an account, and what an e-mail address must look like to be one.

use crate::id::UserId;

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// In good standing.
    Active,
    /// Unused for so long that the platform put it to sleep.
    Dormant,
    /// Blocked by the operator.
    Blocked,
    /// Closed by its owner.
    Withdrawn,
}

impl UserState {
    /// All of them.
    pub const ALL: [UserState; 4] = [UserState::Active, UserState::Dormant, UserState::Blocked, UserState::Withdrawn];

    /// The word used in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            UserState::Active => "active",
            UserState::Dormant => "dormant",
            UserState::Blocked => "blocked",
            UserState::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`UserState::word`].
    pub fn read(word: &str) -> Option<Self> {
        UserState::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether entering this state ends all the account's tokens for good (a dormant account's go on).
    pub const fn ends_tokens(self) -> bool {
        matches!(self, UserState::Blocked | UserState::Withdrawn)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id; apps never see it.
    pub id: UserId,
    /// The primary e-mail address, in lower case.
    pub email: String,
    /// Whether the address is verified and valid.
    pub email_verified: bool,
    /// In good standing or not.
    pub state: UserState,
    /// Whether it has joined the business centre.
    pub in_business_centre: bool,
    /// Counts the events that ended all its tokens at once.
    pub era: i64,
}

/// The address as it is kept and compared: lower case, without surrounding space. `None` if it cannot be one.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.rsplit_once('@')?;
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let shaped = !name.is_empty() && host.len() > 2 && !host.starts_with('.') && !host.ends_with('.');
    (text.len() <= 254 && clean && shaped && !name.contains('@')).then_some(text)
}

/// The shortest password that can be chosen (NIST SP 800-63B, section 3.1.1.2: length, and no rules of composition).
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_kept_in_lower_case() {
        for (text, kept) in [
            (" Kim@Example.com ", Some("kim@example.com")),
            ("김@예시.한국", Some("김@예시.한국")),
            ("kim", None),
            ("@example.com", None),
            ("kim@", None),
            ("a@b@c.de", None),
            ("k im@example.com", None),
            ("kim\0@example.com", None),
        ] {
            assert_eq!(email(text).as_deref(), kept, "{text:?}");
        }
    }
}
