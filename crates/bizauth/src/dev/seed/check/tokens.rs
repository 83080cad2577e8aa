//! The ready tokens of a seed: only what could have been issued.

use std::collections::BTreeMap;

use bizauth_core::asset::Resource;
use bizauth_core::scope::ItemId;
use bizauth_core::secret::Credential;

use super::Judge;
use crate::dev::seed::decode::quoted;
use crate::dev::seed::{App, KeyKind, Token};

impl Judge<'_> {
    pub(super) fn tokens(&mut self) {
        let seed = self.seed;
        let named = seed.tokens.iter().enumerate();
        self.unique("a token", named.map(|(at, token)| (format!("tokens[{at}].name"), token.name.as_str())));
        let mut ids: BTreeMap<i64, usize> = BTreeMap::new();
        for (at, token) in seed.tokens.iter().enumerate() {
            let path = format!("tokens[{at}]");
            if token.name.trim().is_empty() {
                self.note(format!("{path}.name"), "a token has a name");
            }
            match Credential::Token.read(&token.literal()) {
                None => {
                    let what = "the value of a token is bzt_ and 54 letters, digits, - or _, as one was issued";
                    self.note_of(format!("{path}.value"), what, ["no value: it follows from the name".to_owned()]);
                }
                Some((id, _)) => {
                    if let Some(other) = ids.insert(id, at) {
                        let other = quoted(&seed.tokens[other].name);
                        self.note(format!("{path}.value"), format!("the token {other} has this id already"));
                    }
                }
            }
            self.token(&path, token);
        }
    }

    fn token(&mut self, path: &str, token: &Token) {
        let seed = self.seed;
        match seed.apps.iter().find(|app| app.name == token.app) {
            Some(app) => self.given_to(path, app, token.key.as_deref()),
            None => {
                let all: Vec<&str> = seed.apps.iter().map(|app| app.name.as_str()).collect();
                self.note_of(format!("{path}.app"), format!("there is no app {}", quoted(&token.app)), all);
            }
        }
        let holder = self.someone(format!("{path}.user"), &token.user);
        if token.scope.is_empty() {
            self.note(format!("{path}.scope"), "a token was given for one consent item at least");
        }
        let named = token.scope.iter().enumerate();
        self.unique("a consent item", named.map(|(at, item)| (format!("{path}.scope[{at}]"), item.as_str())));
        for (at, item) in token.scope.iter().enumerate() {
            self.item(format!("{path}.scope[{at}]"), item);
        }
        let Some(holder) = holder else { return };
        let asked: Vec<ItemId> = token.scope.iter().map(|id| id.as_str().into()).collect();
        let groups = self.catalogue.grouped(&asked).into_iter();
        let groups: Vec<String> =
            groups.filter(|(group, _)| group.has_assets).map(|(group, _)| group.id.0.clone()).collect();
        let placed = token.assets.iter().enumerate();
        self.unique("an asset", placed.map(|(at, asset)| (format!("{path}.assets[{at}]"), asset.as_str())));
        for (at, text) in token.assets.iter().enumerate() {
            self.lent(format!("{path}.assets[{at}]"), text, holder, &groups);
        }
        for group in groups {
            let of_group = |text: &String| text.split_once(':').is_some_and(|(named, _)| named == group);
            let lends = || seed.users[holder].assets.iter().any(|asset| asset.group == group && asset.lendable);
            if !token.assets.iter().any(of_group) && !lends() {
                let what = format!("{} holds nothing in the group {group} that could have been lent", token.user);
                self.note_of(format!("{path}.assets"), what, [format!("{group}:*")]);
            }
        }
    }

    fn given_to(&mut self, path: &str, app: &App, key: Option<&str>) {
        let keys = || app.keys.iter().filter(|key| key.kind == KeyKind::RestApi);
        match key {
            None if keys().next().is_none() => {
                self.note(format!("{path}.app"), format!("the app {} has no REST API key", quoted(&app.name)));
            }
            Some(named) if !keys().any(|key| key.is_called(named)) => {
                let all: Vec<String> = keys().filter_map(|key| key.name.clone().or(key.value.clone())).collect();
                let what = format!("the app {} has no REST API key {}", quoted(&app.name), quoted(named));
                self.note_of(format!("{path}.key"), what, all);
            }
            _ => {}
        }
    }

    fn lent(&mut self, path: String, text: &str, holder: usize, groups: &[String]) {
        let user = &self.seed.users[holder];
        let held = user.assets.iter().map(|asset| format!("{}:{}", asset.group, asset.id));
        let all = groups.iter().map(|group| format!("{group}:*"));
        let allowed: Vec<String> =
            held.filter(|it| groups.iter().any(|group| it.starts_with(&format!("{group}:")))).chain(all).collect();
        let what = match Resource::read(text) {
            None => format!("{} is not group:id or group:*", quoted(text)),
            Some(named) if !groups.contains(&named.group().0) => {
                format!("nothing in the scope is about assets of the group {}", named.group())
            }
            Some(Resource::One(..)) if !allowed.iter().any(|held| held == text) => {
                format!("{} does not hold {}", user.email, quoted(text))
            }
            Some(_) => return,
        };
        self.note_of(path, what, allowed);
    }
}
