//! Consent items and the groups they belong to: the catalogue as data, and how `scope` is read against it.
//!
//! The catalogue is kept in the store, because an operator may add groups and items. What is built in is the
//! platform's own list, which the store is born with.

use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }
    )*};
}

names! {
    /// The id of a consent item, such as `moment_management`.
    ItemId;
    /// The id of an asset group (the documents' *ScopeGroup*), such as `moment`.
    GroupId;
}

/// A group of consent items, and of the assets they speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `personal`, `moment`, `keyword`, or what an operator added.
    pub id: GroupId,
    /// The name a person reads, in Korean and in English.
    pub name: Wording,
    /// Whether the group has assets that can be lent. `personal` has none.
    pub has_assets: bool,
    /// Whether ad accounts are among them: only then tokeninfo lists `ad_account_ids` for it.
    pub has_ad_accounts: bool,
    /// Whether an app needs the operator's permission before it may ask for anything in this group.
    pub needs_permission: bool,
}

/// A consent item: one permission, in a person's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id apps put into `scope`.
    pub id: ItemId,
    /// The group it belongs to.
    pub group: GroupId,
    /// The name a person reads.
    pub name: Wording,
    /// What it lets the app do, in a sentence.
    pub about: Wording,
    /// Marked on the consent screen as one to think about twice.
    pub risky: bool,
    /// May be asked only together with others (`biz_account_email`).
    pub never_alone: bool,
    /// Demands `resource_ids=<group>:*` (the `_create` items).
    pub needs_all: bool,
    /// Lets userinfo show the e-mail address.
    pub shares_email: bool,
    /// Lets tokeninfo list `channel_public_ids` in its group.
    pub yields_channels: bool,
}

/// Why a consent item of the platform deserves a second look. Which items are marked is the catalogue's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// It can spend the person's money.
    Spends,
    /// What it does cannot be undone.
    Deletes,
    /// It reads personal data of the person's customers.
    Personal,
}

impl Risk {
    /// The risk of one of the platform's own items.
    pub fn of(item: &str) -> Option<Self> {
        match item {
            "moment_create" | "moment_management" | "keyword_create" | "keyword_management" => Some(Risk::Spends),
            "moment_delete" | "keyword_delete" => Some(Risk::Deletes),
            "moment_bizform_result_read" => Some(Risk::Personal),
            _ => None,
        }
    }
}

impl Item {
    /// Why to think twice about this item, if it is marked. Of an operator's own item nobody knows but that it is.
    pub fn risk(&self) -> Option<Risk> {
        self.risky.then(|| Risk::of(&self.id.0).unwrap_or(Risk::Spends))
    }
}

/// A text for people in both languages; empty where the built-in words are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

/// All groups and items, in the order in which answers and screens list them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// personal, moment, keyword, then others.
    pub groups: Vec<Group>,
    /// The items of all groups.
    pub items: Vec<Item>,
}

impl Catalogue {
    /// The platform's own groups and items, with which a new store is born. Their words are built into the pages.
    pub fn platform() -> Self {
        let group = |id: &str, has_assets, needs_permission| Group {
            id: id.into(),
            name: Wording::default(),
            has_assets,
            has_ad_accounts: has_assets,
            needs_permission,
        };
        let item = |id: &str, group: &str| Item {
            id: id.into(),
            group: group.into(),
            name: Wording::default(),
            about: Wording::default(),
            risky: Risk::of(id).is_some(),
            never_alone: id == "biz_account_email",
            needs_all: id.ends_with("_create"),
            shares_email: id == "biz_account_email",
            // No public page names the item that yields channels; an operator's own may.
            yields_channels: false,
        };
        Catalogue {
            groups: vec![group("personal", false, false), group("moment", true, true), group("keyword", true, false)],
            items: vec![
                item("biz_account_email", "personal"),
                item("moment_create", "moment"),
                item("moment_management", "moment"),
                item("moment_delete", "moment"),
                item("moment_bizform_result_read", "moment"),
                item("keyword_create", "keyword"),
                item("keyword_management", "keyword"),
                item("keyword_delete", "keyword"),
            ],
        }
    }

    /// The item with this id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id.0 == id)
    }

    /// The group with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id.0 == id)
    }

    /// The groups that `items` belong to, in the catalogue's order, each with its items in the order asked.
    pub fn grouped<'c>(&'c self, items: &[ItemId]) -> Vec<(&'c Group, Vec<&'c Item>)> {
        let asked = |group: &Group| -> Vec<&'c Item> {
            items.iter().filter_map(|id| self.item(&id.0)).filter(|item| item.group == group.id).collect()
        };
        self.groups.iter().map(|group| (group, asked(group))).filter(|(_, items)| !items.is_empty()).collect()
    }
}

/// Whether a new group may have this id: its items begin with it and `_`, so there is no `_` in it.
pub fn begins_items(group: &GroupId) -> bool {
    !group.0.contains('_')
}

/// Whether an item of this id belongs to a group: its group is what stands before its first `_`.
pub fn belongs_to(item: &ItemId, group: &GroupId) -> bool {
    item.0.split_once('_').is_some_and(|(prefix, rest)| prefix == group.0 && !rest.is_empty())
}

/// The ids in a `scope`: separated by commas (documented) or white space (generic OAuth libraries send it), each once,
/// in the order asked.
pub fn ids(scope: &str) -> Vec<ItemId> {
    let mut ids: Vec<ItemId> = Vec::new();
    for word in scope.split([',', ' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        if ids.iter().all(|id| id.0 != word) {
            ids.push(word.into());
        }
    }
    ids
}

/// The ids separated by `separator`: a space on the wire of the token endpoint, a comma in records.
pub fn joined(ids: &[ItemId], separator: &str) -> String {
    ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_begins_with_its_group() {
        for (item, group, belongs) in [
            ("moment_create", "moment", true),
            ("moment_bizform_result_read", "moment", true),
            ("momentum_create", "moment", false),
            ("moment", "moment", false),
            ("moment_", "moment", false),
            ("biz_account_email", "personal", false),
        ] {
            assert_eq!(belongs_to(&item.into(), &group.into()), belongs, "{item}");
        }
    }

    #[test]
    fn a_new_group_has_no_underscore() {
        for (group, may) in [("moment", true), ("my-shop", true), ("my_shop", false), ("_", false)] {
            assert_eq!(begins_items(&group.into()), may, "{group}");
        }
    }

    #[test]
    fn scope_is_a_list_in_the_order_asked() {
        for (scope, read) in [
            ("moment_create,moment_delete", "moment_create moment_delete"),
            ("b a", "b a"),
            ("a,,b , a", "a b"),
            (" ,\t", ""),
            ("A,a", "A a"),
        ] {
            assert_eq!(joined(&ids(scope), " "), read, "{scope:?}");
        }
    }
}
