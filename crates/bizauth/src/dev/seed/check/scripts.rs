//! The faults and the consent rules of a seed: whom they are about, and which codes there are.

use bizauth_core::asset::Resource;

use super::{Judge, Wrong};
use crate::dev::consents::Assets;
use crate::dev::faults::{Endpoint, Row};
use crate::dev::seed::decode::quoted;

impl Judge<'_> {
    /// Notes what is neither an app's name nor one of the keys that are given.
    fn app_or_key(&mut self, path: String, named: &str) {
        let seed = self.seed;
        let keys =
            |value: &str| seed.apps.iter().flat_map(|app| &app.keys).any(|it| it.value.as_deref() == Some(value));
        if !seed.apps.iter().any(|app| app.name == named) && !keys(named) {
            let all: Vec<&str> = seed.apps.iter().map(|app| app.name.as_str()).collect();
            self.note_of(path, format!("there is no app, and no key, {}", quoted(named)), all);
        }
    }

    /// Notes a code that the endpoint never answers.
    fn code(&mut self, path: String, endpoint: Endpoint, code: &str) {
        if Row::find(endpoint, code).is_ok() {
            return;
        }
        let mut codes: Vec<String> = Vec::new();
        for row in Row::of(endpoint) {
            let code = if row.code().is_empty() { row.name().to_owned() } else { row.code() };
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        self.note_of(path, format!("{} never answers {}", endpoint.word(), quoted(code)), codes);
    }

    pub(super) fn faults(&mut self) {
        for (at, plan) in self.seed.faults.iter().enumerate() {
            let path = format!("faults[{at}]");
            if let Some(app) = &plan.app {
                self.app_or_key(format!("{path}.app"), app);
            }
            let before = self.wrong.len();
            if let Some(code) = &plan.code {
                self.code(format!("{path}.code"), plan.endpoint, code);
            }
            if plan.status.is_some_and(|status| !(500..=599).contains(&status)) {
                self.note_of(
                    format!("{path}.status"),
                    "a broken gateway answers with a status of its own",
                    ["500 to 599"],
                );
            }
            // What is left to say has no better place than the fault as a whole.
            let left = (self.wrong.len() == before).then(|| plan.check().err()).flatten();
            self.wrong.extend(left.map(|why| Wrong::new(path, why)));
        }
    }

    pub(super) fn consents(&mut self) {
        let seed = self.seed;
        for (at, rule) in seed.consents.iter().enumerate() {
            let path = format!("consents[{at}]");
            if let Some(app) = &rule.app {
                self.app_or_key(format!("{path}.app"), app);
            }
            for (field, email) in [("user", &rule.user), ("as", &rule.by)] {
                if let Some(email) = email {
                    self.someone(format!("{path}.{field}"), email);
                }
            }
            for (place, item) in rule.scope.iter().enumerate() {
                self.item(format!("{path}.scope[{place}]"), item);
            }
            let before = self.wrong.len();
            if let Some(code) = &rule.code {
                self.code(format!("{path}.code"), Endpoint::Authorize, code);
            }
            if let Assets::These(these) = &rule.assets {
                for (place, text) in these.iter().enumerate() {
                    self.scripted(format!("{path}.assets[{place}]"), text);
                }
            }
            let left = (self.wrong.len() == before).then(|| rule.check().err()).flatten();
            self.wrong.extend(left.map(|why| Wrong::new(path, why)));
        }
    }

    /// Notes what is no asset that anybody holds, nor all of a group.
    fn scripted(&mut self, path: String, text: &str) {
        let held = self.seed.users.iter().flat_map(|user| &user.assets);
        let held: Vec<String> = held.map(|asset| format!("{}:{}", asset.group, asset.id)).collect();
        match Resource::read(text) {
            Some(Resource::All(group)) => {
                self.group(path, &group.0);
            }
            Some(Resource::One(..)) if held.iter().any(|known| known == text) => {}
            Some(Resource::One(..)) => self.note_of(path, format!("nobody holds {}", quoted(text)), held),
            None => self.note_of(path, format!("{} is not group:id or group:*", quoted(text)), held),
        }
    }
}
