//! What an operator key may do: scopes of the operator API, by what they speak of.

/// One scope of an operator key. Whoever may write may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See accounts, their sessions and memberships.
    AccountsRead,
    /// Make accounts and change them.
    AccountsWrite,
    /// See apps and what they ask for.
    AppsRead,
    /// Change apps, grant and refuse.
    AppsWrite,
    /// See assets, who holds them, directories and imports.
    AssetsRead,
    /// Change assets and holders, keep a directory in step, import.
    AssetsWrite,
    /// See asset groups and consent items.
    CatalogueRead,
    /// Add and change asset groups and consent items.
    CatalogueWrite,
    /// See the IP list with its history and draft, and who is told of it.
    IpListRead,
    /// Change the draft, publish, and choose who is told.
    IpListWrite,
    /// See maintenance mode and operator keys.
    PlatformRead,
    /// Switch maintenance mode; make and revoke operator keys.
    PlatformWrite,
    /// Read, export and verify the audit log. Nobody writes it.
    AuditRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 13] = [
        Scope::AccountsRead,
        Scope::AccountsWrite,
        Scope::AppsRead,
        Scope::AppsWrite,
        Scope::AssetsRead,
        Scope::AssetsWrite,
        Scope::CatalogueRead,
        Scope::CatalogueWrite,
        Scope::IpListRead,
        Scope::IpListWrite,
        Scope::PlatformRead,
        Scope::PlatformWrite,
        Scope::AuditRead,
    ];

    /// The word used in records, in the API and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Scope::AccountsRead => "accounts:read",
            Scope::AccountsWrite => "accounts:write",
            Scope::AppsRead => "apps:read",
            Scope::AppsWrite => "apps:write",
            Scope::AssetsRead => "assets:read",
            Scope::AssetsWrite => "assets:write",
            Scope::CatalogueRead => "catalogue:read",
            Scope::CatalogueWrite => "catalogue:write",
            Scope::IpListRead => "ip-list:read",
            Scope::IpListWrite => "ip-list:write",
            Scope::PlatformRead => "platform:read",
            Scope::PlatformWrite => "platform:write",
            Scope::AuditRead => "audit:read",
        }
    }

    /// Reads [`Scope::word`].
    pub fn read(word: &str) -> Option<Self> {
        Scope::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// The scope that lets its holder do all of this and more.
    const fn wider(self) -> Option<Scope> {
        match self {
            Scope::AccountsRead => Some(Scope::AccountsWrite),
            Scope::AppsRead => Some(Scope::AppsWrite),
            Scope::AssetsRead => Some(Scope::AssetsWrite),
            Scope::CatalogueRead => Some(Scope::CatalogueWrite),
            Scope::IpListRead => Some(Scope::IpListWrite),
            Scope::PlatformRead => Some(Scope::PlatformWrite),
            _ => None,
        }
    }

    /// Whether a key with these scopes may do this.
    pub fn is_within(self, held: &[Scope]) -> bool {
        held.contains(&self) || self.wider().is_some_and(|wider| held.contains(&wider))
    }

    /// The same scopes in their order, each once.
    pub fn tidy(mut scopes: Vec<Scope>) -> Vec<Scope> {
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_may_read_and_nothing_else() {
        for held in Scope::ALL {
            assert_eq!(Scope::read(held.word()), Some(held));
            for asked in Scope::ALL {
                let (area, verb) = held.word().split_once(':').unwrap();
                let same_area = asked.word().split_once(':').is_some_and(|(other, _)| other == area);
                let expected = held == asked || (same_area && verb == "write");
                assert_eq!(asked.is_within(&[held]), expected, "{held:?} asked for {asked:?}");
            }
        }
        assert_eq!(Scope::read("audit:write"), None);
    }

    #[test]
    fn scopes_are_kept_once_and_in_order() {
        let scopes = vec![Scope::AuditRead, Scope::AppsRead, Scope::AuditRead];
        assert_eq!(Scope::tidy(scopes), [Scope::AppsRead, Scope::AuditRead]);
    }
}
