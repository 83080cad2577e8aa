//! The keys of an app: all of them by kind, and one with what can be set on it.

use askama::Template;
use bizauth_core::key::{KEYS_PER_KIND, KeyKind};
use bizauth_core::redirect::URIS_PER_KEY;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Post, Titled, Tone, When};

/// The words for a kind of key; attributes say what it is for.
pub const fn kind_key(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Native => "key-kind-native",
        KeyKind::RestApi => "key-kind-rest",
        KeyKind::JavaScript => "key-kind-js",
        KeyKind::Admin => "key-kind-admin",
    }
}

/// How a key that is there stands.
pub fn key_badge(frame: &Frame, disabled: bool) -> Badge {
    match disabled {
        false => Badge::new(Tone::Good, frame.say("key-active")),
        true => Badge::new(Tone::Warn, frame.say("key-disabled")),
    }
}

/// A key without a name is called by what is known of it.
pub fn key_name(frame: &Frame, name: &str) -> String {
    if name.is_empty() { frame.say("key-unnamed") } else { name.to_owned() }
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Its id, which is also the end of its address.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value; an admin key's is not known.
    pub value: Option<String>,
    /// How it stands.
    pub state: Badge,
    /// When it was made.
    pub created: When,
    /// When it was last used.
    pub used: Option<When>,
}

/// The keys of one kind.
#[derive(Clone, Debug)]
pub struct KindView {
    /// The kind.
    pub kind: KeyKind,
    /// Its keys, oldest first.
    pub rows: Vec<KeyRow>,
}

impl KindView {
    fn key(&self) -> &'static str {
        kind_key(self.kind)
    }

    fn word(&self) -> &'static str {
        self.kind.word()
    }
}

/// `GET /console/apps/{app}/keys`.
#[derive(Template)]
#[template(path = "console/keys.html")]
pub struct KeysPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of this page; its keys are below it.
    pub path: String,
    /// The four kinds.
    pub kinds: Vec<KindView>,
    /// The form for another key.
    pub create: Post,
    /// What was typed into it.
    pub fields: Fields,
    /// The kinds to choose from.
    pub picks: Vec<Pick>,
}

impl KeysPage {
    fn most(&self) -> usize {
        KEYS_PER_KIND
    }
}

impl KeysPage {
    fn tells_use(&self) -> bool {
        self.kinds.iter().flat_map(|kind| &kind.rows).any(|row| row.used.is_some())
    }
}

impl Titled for KeysPage {
    fn title(&self) -> String {
        self.frame.say("keys-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("keys-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

/// A registered redirect URI.
#[derive(Clone, Debug)]
pub struct UriRow {
    /// It, byte for byte.
    pub uri: String,
    /// The form that takes it away.
    pub remove: Post,
}

/// What only a REST API key has.
#[derive(Clone, Debug)]
pub struct RestView {
    /// Its redirect URIs.
    pub uris: Vec<UriRow>,
    /// The form for another one, and what was typed into it.
    pub add: (Post, Fields),
    /// Whether the client secret is ON.
    pub secret_on: bool,
    /// Whether it was ever given a client secret.
    pub has_secret: bool,
    /// The form that switches the client secret ON or OFF, and whether the risk was ticked.
    pub switch: (Post, Fields),
    /// The form that issues a client secret.
    pub issue: (Post, Fields),
    /// What tells which secret the form replaces.
    pub seen: String,
    /// For how long the old one may live on.
    pub overlaps: Vec<Pick>,
    /// Until when the old one lives on, and the form that ends it.
    pub overlap: Option<(When, Post)>,
    /// Whether authorize requests must send a PKCE challenge, and the form that changes that.
    pub pkce: (bool, Post),
    /// The form of the allowed callers, and what was typed into it.
    pub callers: (Post, Fields),
    /// The visitor's own address, if the callers leave it out.
    pub left_out: Option<String>,
}

impl RestView {
    fn count(&self) -> usize {
        self.uris.len()
    }

    fn most(&self) -> usize {
        URIS_PER_KEY
    }
}

/// `GET /console/apps/{app}/keys/{key}`.
#[derive(Template)]
#[template(path = "console/key.html")]
pub struct KeyPage {
    /// The frame around the page.
    pub frame: Frame,
    /// Its kind.
    pub kind: KeyKind,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value; an admin key's is not known.
    pub value: Option<String>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// When it was made.
    pub created: When,
    /// When it was last used.
    pub used: Option<When>,
    /// An admin key or a client secret that is shown this once.
    pub shown: Option<String>,
    /// The form of its name.
    pub rename: (Post, Fields),
    /// The form that switches it off or on.
    pub switch: Post,
    /// The form that deletes it, and what was typed into it.
    pub delete: (Post, Fields),
    /// What has to be typed for that.
    pub confirm: String,
    /// For a REST API key.
    pub rest: Option<RestView>,
    /// For an admin key: whether it may call `system/ips`, and the form that changes that.
    pub ips: Option<(bool, Post)>,
}

impl KeyPage {
    fn kind_name(&self) -> String {
        self.frame.say(kind_key(self.kind))
    }

    fn badge(&self) -> Badge {
        key_badge(&self.frame, self.disabled)
    }

    /// What is shown once is named for what it is.
    fn shown_name(&self) -> String {
        match self.kind {
            KeyKind::Admin => self.frame.say("key-kind-admin"),
            _ => self.frame.say("secret-title"),
        }
    }
}

impl Titled for KeyPage {
    fn title(&self) -> String {
        key_name(&self.frame, &self.name)
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.part(kind_key(self.kind), "about"))
    }

    fn forms(&self) -> Vec<&Fields> {
        let rest = self.rest.iter().flat_map(|it| [&it.add.1, &it.switch.1, &it.issue.1, &it.callers.1]);
        [&self.rename.1].into_iter().chain(rest).chain([&self.delete.1]).collect()
    }
}
