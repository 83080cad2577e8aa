//! The apps of a seed: whose they are, and what they may ask for.

use std::collections::BTreeSet;

use bizauth_core::app::{self, BadName, LONGEST_NAME};

use super::Judge;
use crate::dev::seed::decode::quoted;
use crate::dev::seed::{App, Kind};

/// So long a purpose may be.
const LONGEST_PURPOSE: usize = 200;

impl Judge<'_> {
    pub(super) fn apps(&mut self) {
        let seed = self.seed;
        let named = seed.apps.iter().enumerate().map(|(at, app)| (format!("apps[{at}].name"), app.name.as_str()));
        self.unique("an app", named);
        for (at, app) in seed.apps.iter().enumerate() {
            let path = format!("apps[{at}]");
            self.name(format!("{path}.name"), &app.name);
            self.name(format!("{path}.company"), &app.company);
            self.parent(&path, app);
            self.members(&path, app);
            self.items(&path, app);
            for (place, group) in app.permissions.iter().enumerate() {
                self.group(format!("{path}.permissions[{place}]"), group);
            }
        }
        self.keys();
    }

    fn name(&mut self, path: String, name: &str) {
        let what = match app::name(name) {
            Ok(kept) if kept == name => return,
            Ok(_) => "a name has no space around it".to_owned(),
            Err(BadName::Empty) => "a name has something to read in it".to_owned(),
            Err(BadName::TooLong) => format!("a name has at most {LONGEST_NAME} characters"),
            Err(BadName::Unreadable) => "a name has no characters that cannot be seen".to_owned(),
        };
        self.note(path, what);
    }

    fn parent(&mut self, path: &str, app: &App) {
        let seed = self.seed;
        let biz = || seed.apps.iter().filter(|app| app.kind == Kind::Biz).map(|app| app.name.as_str());
        match (&app.parent, app.kind) {
            (None, Kind::Test) => {
                self.note_of(format!("{path}.parent"), "a test app belongs to a Biz app", biz().collect::<Vec<_>>());
            }
            (Some(name), Kind::Test) if !biz().any(|known| known == name) => {
                let what = format!("there is no Biz app {}", quoted(name));
                self.note_of(format!("{path}.parent"), what, biz().collect::<Vec<_>>());
            }
            (Some(_), Kind::Basic | Kind::Biz) => self.note(format!("{path}.parent"), "only a test app has a parent"),
            (None, _) | (Some(_), Kind::Test) => {}
        }
    }

    fn members(&mut self, path: &str, app: &App) {
        let mut known = BTreeSet::new();
        if let Some(owner) = &app.owner {
            known.extend(self.someone(format!("{path}.owner"), owner));
        }
        for (place, member) in app.members.iter().enumerate() {
            let path = format!("{path}.members[{place}].email");
            let Some(at) = self.someone(path.clone(), &member.email) else { continue };
            if !known.insert(at) {
                self.note(path, format!("{} is a member already", quoted(&member.email)));
            }
        }
    }

    fn items(&mut self, path: &str, app: &App) {
        let named = app.items.iter().enumerate();
        self.unique("a consent item", named.map(|(at, item)| (format!("{path}.items[{at}]"), item.id.as_str())));
        for (place, item) in app.items.iter().enumerate() {
            let path = format!("{path}.items[{place}]");
            self.item(path.clone(), &item.id);
            let length = item.purpose.chars().count();
            if !(1..=LONGEST_PURPOSE).contains(&length) || item.purpose.chars().any(char::is_control) {
                self.note(
                    format!("{path}.purpose"),
                    format!("a purpose is a line of 1 to {LONGEST_PURPOSE} characters"),
                );
            }
        }
    }
}
