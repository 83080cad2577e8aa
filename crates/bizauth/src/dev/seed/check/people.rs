//! The accounts of a seed, and what they hold.

use std::collections::BTreeMap;

use bizauth_core::asset::AssetKind;
use bizauth_core::user::{PASSWORD_LENGTH, email};

use super::{Judge, plain};
use crate::dev::seed::decode::quoted;
use crate::dev::seed::{Asset, State, User};

/// So long a role or a name from elsewhere may be.
const LONGEST: usize = 200;

impl Judge<'_> {
    pub(super) fn people(&mut self) {
        let seed = self.seed;
        let kept: Vec<(String, Option<String>)> = seed.users.iter().enumerate().map(at_address).collect();
        let known = kept.iter().filter_map(|(path, email)| Some((path.clone(), email.as_deref()?)));
        self.unique("an account", known);
        let called = seed.users.iter().enumerate();
        let called =
            called.filter_map(|(at, it)| Some((format!("users[{at}].external_id"), it.external_id.as_deref()?)));
        self.unique("an account called", called);
        // What an asset is called, and what it is, is the same for all who hold it.
        let mut assets: BTreeMap<(&str, &str), (&str, Option<&str>, AssetKind)> = BTreeMap::new();
        for (at, user) in seed.users.iter().enumerate() {
            self.person(&format!("users[{at}]"), user);
            let ids = user.assets.iter().map(|asset| (asset.group.as_str(), asset.id.as_str()));
            let ids: Vec<_> = ids.collect();
            for (place, asset) in user.assets.iter().enumerate() {
                let path = format!("users[{at}].assets[{place}]");
                if ids[..place].contains(&ids[place]) {
                    self.note(format!("{path}.id"), format!("{} holds it already", user.email));
                    continue;
                }
                let Some(kind) = self.asset(&path, asset) else { continue };
                let (_, name, known) = assets.entry(ids[place]).or_insert((&user.email, None, kind));
                let (name_differs, kind_differs) =
                    (matches!((&asset.name, &name), (Some(one), Some(other)) if one != other), *known != kind);
                let (was, known) = (name.unwrap_or_default().to_owned(), *known);
                *name = name.or(asset.name.as_deref());
                if name_differs {
                    self.note_of(format!("{path}.name"), "another account that holds it calls it otherwise", [was]);
                }
                if kind_differs {
                    self.note_of(format!("{path}.kind"), "another account holds it as something else", [known.word()]);
                }
            }
        }
    }

    fn person(&mut self, path: &str, user: &User) {
        if email(&user.email).is_none() {
            self.note_of(
                format!("{path}.email"),
                format!("{} is no e-mail address", quoted(&user.email)),
                ["kim@example.com"],
            );
        }
        if !PASSWORD_LENGTH.contains(&user.password.chars().count()) {
            self.note(format!("{path}.password"), "a password has 8 to 256 characters");
        }
        if user.operator && user.state != State::Active {
            self.note_of(format!("{path}.state"), "an operator is an account in good standing", ["active"]);
        }
        let called = user.external_id.as_ref().map(|id| id.chars().count());
        if called.is_some_and(|length| !(1..=LONGEST).contains(&length)) {
            self.note(format!("{path}.external_id"), format!("a name from elsewhere has 1 to {LONGEST} characters"));
        }
    }

    /// What kind of asset it is; `None` where that cannot be said.
    fn asset(&mut self, path: &str, asset: &Asset) -> Option<AssetKind> {
        if !plain(&asset.id) {
            let what = format!("{} is no id of an asset: 1 to 64 letters, digits, _ or -", quoted(&asset.id));
            self.note(format!("{path}.id"), what);
        }
        let is_line =
            |text: &str| !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.contains(char::is_control);
        if !is_line(&asset.role) {
            self.note(format!("{path}.role"), format!("a role is a line of 1 to {LONGEST} characters"));
        }
        if asset.name.as_ref().is_some_and(|name| !is_line(name)) {
            self.note(format!("{path}.name"), format!("a name is a line of 1 to {LONGEST} characters"));
        }
        let group = self.group(format!("{path}.group"), &asset.group)?;
        if !group.has_assets {
            let with = self.catalogue.groups.iter().filter(|group| group.has_assets).map(|group| group.id.0.clone());
            let with: Vec<String> = with.collect();
            self.note_of(format!("{path}.group"), format!("the group {} has no assets", group.id), with);
            return None;
        }
        let kind = asset.kind_in(group.has_ad_accounts);
        if kind == AssetKind::AdAccount && !group.has_ad_accounts {
            let what = format!("the group {} has no ad accounts", group.id);
            self.note_of(format!("{path}.kind"), what, [AssetKind::Channel.word()]);
            return None;
        }
        Some(kind)
    }
}

fn at_address((at, user): (usize, &User)) -> (String, Option<String>) {
    (format!("users[{at}].email"), email(&user.email))
}

impl Asset {
    /// What kind of asset it is in a group that has ad accounts, or none.
    pub(in crate::dev::seed) fn kind_in(&self, has_ad_accounts: bool) -> AssetKind {
        match self.kind {
            Some(kind) => kind.into(),
            None if has_ad_accounts => AssetKind::AdAccount,
            None => AssetKind::Channel,
        }
    }
}
