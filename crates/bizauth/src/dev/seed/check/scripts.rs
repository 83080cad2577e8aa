//! The faults and the consent rules of a seed: whom they are about, and which codes there are.

use bizauth_core::asset::Resource;
use bizauth_core::fault::{Answer, KapiFault, KauthFault};

use super::Judge;
use crate::dev::consents::Assets;
use crate::dev::faults::Endpoint;
use crate::dev::seed::decode::quoted;

/// The codes of an endpoint's door and the names of their rows.
fn codes(endpoint: Endpoint) -> (Vec<String>, Vec<&'static str>) {
    let mut codes: Vec<String> = Vec::new();
    let mut names = Vec::new();
    let mut row = |code: String, name| {
        names.push(name);
        if !code.is_empty() && !codes.contains(&code) {
            codes.push(code);
        }
    };
    match endpoint {
        Endpoint::Authorize | Endpoint::Token => {
            let pages = endpoint == Endpoint::Authorize;
            // What nobody but one of the two endpoints answers stands in its part of the table.
            let shared = |code: &str| matches!(code, "KOE001" | "KOE002" | "KOE003");
            let rows = KauthFault::ALL.iter().map(|fault| fault.row());
            rows.filter(|it| shared(it.code) || (it.answer != Answer::Json) == pages)
                .for_each(|it| row(it.code.to_owned(), it.name));
        }
        Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke | Endpoint::Ips => {
            KapiFault::ALL.iter().map(|fault| fault.row()).for_each(|it| row(it.code.to_string(), it.name));
        }
    }
    (codes, names)
}

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

    fn code(&mut self, path: String, endpoint: Endpoint, code: &str) {
        let (codes, names) = codes(endpoint);
        if !codes.iter().any(|known| known == code) && !names.contains(&code) {
            self.note_of(path, format!("this endpoint never answers {}", quoted(code)), codes);
        }
    }

    pub(super) fn faults(&mut self) {
        for (at, plan) in self.seed.faults.iter().enumerate() {
            let path = format!("faults[{at}]");
            if let Some(app) = &plan.app {
                self.app_or_key(format!("{path}.app"), app);
            }
            if let Some(code) = &plan.code {
                self.code(format!("{path}.code"), plan.endpoint, code);
            }
            if plan.status.is_some_and(|status| !(500..=599).contains(&status)) {
                self.note_of(format!("{path}.status"), "a broken gateway answers with 500 to 599", ["500 to 599"]);
            }
            if plan.code.is_some() && plan.status.is_some() {
                self.note(format!("{path}.status"), "a fault answers with a code or with a status, not with both");
            }
            if plan.code.is_none() && plan.status.is_none() && plan.mishap.is_none() && plan.latency_ms.is_none() {
                self.note_of(path.clone(), "a fault does something", ["code", "status", "mishap", "latency_ms"]);
            }
            if plan.times == Some(0) {
                self.note(format!("{path}.times"), "a fault strikes once at least");
            }
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
            if let Some(code) = &rule.code {
                self.code(format!("{path}.code"), Endpoint::Authorize, code);
            }
            if let Assets::These(these) = &rule.assets {
                for (place, text) in these.iter().enumerate() {
                    self.scripted(format!("{path}.assets[{place}]"), text);
                }
            }
            if rule.times == Some(0) {
                self.note(format!("{path}.times"), "a rule decides one request at least");
            }
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
