//! What all pages about one app have in common: which app it is, and the way to the other pages about it.
//!
//! A page takes `frame: app_sections(frame, &head)`. The tile of an app is a macro in `templates/console/app_mark.html`.

use bizauth_core::app::{App, AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_core::secret::Digest;

use crate::view::Frame;
use crate::view::kit::{Badge, Crumb, Section, Tone};

/// An app, as the pages about it name it.
#[derive(Clone, Debug)]
pub struct AppHead {
    /// The app.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// Where its icon is, if it has one.
    pub icon: Option<String>,
    /// Basic, Biz or test.
    pub kind: AppKind,
    /// Whether it is under sanction.
    pub sanctioned: bool,
    /// What the person may do with it.
    pub role: Role,
}

impl AppHead {
    /// `app`, for someone with this role.
    pub fn of(app: &App, role: Role) -> Self {
        Self {
            id: app.id,
            name: app.name.clone(),
            icon: app.icon.map(icon_url),
            kind: app.kind,
            sanctioned: app.sanctioned,
            role,
        }
    }

    /// The address of its first page; the others are below it.
    pub fn path(&self) -> String {
        format!("/console/apps/{}", self.id)
    }

    /// The first letter of its name, where there is no icon.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }

    /// Whether the person is an owner.
    pub fn is_mine(&self) -> bool {
        self.role == Role::Owner
    }

    /// Its kind, and a sanction.
    pub fn badges(&self, frame: &Frame) -> Vec<Badge> {
        let sanction = self.sanctioned.then(|| Badge::new(Tone::Bad, frame.say("app-sanctioned")));
        [kind_badge(frame, self.kind)].into_iter().chain(sanction).collect()
    }
}

/// Where the icon with this digest is served.
pub fn icon_url(digest: Digest) -> String {
    format!("/icons/{}", digest.hex())
}

/// The first letter of an app's name, for its tile.
pub fn initial(name: &str) -> String {
    name.chars().find(|c| c.is_alphanumeric()).unwrap_or('·').to_uppercase().to_string()
}

/// The kind of an app.
pub fn kind_badge(frame: &Frame, kind: AppKind) -> Badge {
    match kind {
        AppKind::Basic => Badge::new(Tone::Plain, frame.say("app-kind-basic")),
        AppKind::Biz => Badge::new(Tone::Good, frame.say("app-kind-biz")),
        AppKind::Test => Badge::new(Tone::Warn, frame.say("app-kind-test")),
    }
}

/// The role of a member.
pub fn role_badge(frame: &Frame, role: Role) -> Badge {
    match role {
        Role::Owner => Badge::new(Tone::Good, frame.say("member-owner")),
        Role::Editor => Badge::new(Tone::Plain, frame.say("member-editor")),
    }
}

/// The pages about an app: words, and the end of the address.
const PAGES: [(&str, &str); 8] = [
    ("app-overview", ""),
    ("app-keys", "/keys"),
    ("app-items", "/items"),
    ("app-tokens", "/tokens"),
    ("app-test", "/test"),
    ("app-usage", "/usage"),
    ("app-members", "/members"),
    ("app-settings", "/settings"),
];

/// The frame of a page about an app: the way down to it, and the other pages about the app beside it. The page is known
/// by its address, so a form that comes back refused is told with `Frame::here` as well.
pub fn app_sections(frame: Frame, app: &AppHead) -> Frame {
    let (path, top) = (frame.path().to_owned(), app.path());
    let holds = |href: &str| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let links: Vec<(String, String)> = PAGES.iter().map(|(key, end)| (frame.say(key), format!("{top}{end}"))).collect();
    let nearest = links.iter().filter(|(_, href)| holds(href)).max_by_key(|(_, href)| href.len()).cloned();
    let mut crumbs = vec![Crumb::new(frame.say("nav-console"), "/console")];
    if path != top {
        crumbs.push(Crumb::new(app.name.clone(), top.clone()));
    }
    if let Some((text, href)) = nearest.as_ref().filter(|(_, href)| *href != path && *href != top) {
        crumbs.push(Crumb::new(text.clone(), href.clone()));
    }
    let here = nearest.map(|(_, href)| href);
    let list =
        links.into_iter().map(|(text, href)| Section { current: Some(&href) == here.as_ref(), text, href }).collect();
    frame.below(crumbs).among(app.name.clone(), list)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::view::{Language, Words};

    fn at(here: &str) -> Frame {
        let head = AppHead {
            id: AppId(5),
            name: "달빛상점".to_owned(),
            icon: None,
            kind: AppKind::Biz,
            sanctioned: false,
            role: Role::Owner,
        };
        app_sections(Frame::new(Arc::new(Words::new()), Language::En, here), &head)
    }

    #[test]
    fn a_page_stands_among_the_pages_about_its_app() {
        for (here, current, crumbs) in [
            ("/console/apps/5", "Overview", 1),
            ("/console/apps/5?q=x", "Overview", 1),
            ("/console/apps/5/keys", "Platform keys", 2),
            ("/console/apps/5/keys/7?x=/settings", "Platform keys", 3),
            ("/console/apps/5/rename", "Overview", 2),
        ] {
            let frame = at(here);
            let sections = frame.sections.unwrap();
            let found: Vec<_> = sections.list.iter().filter(|it| it.current).map(|it| it.text.as_str()).collect();
            assert_eq!(found, [current], "{here}");
            assert_eq!(frame.crumbs.len(), crumbs, "{here}");
        }
    }
}
