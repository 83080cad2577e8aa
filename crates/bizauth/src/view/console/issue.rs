//! Issuing a business token to test with: what to ask for, and afterwards what the consent brought.

use askama::Template;

use crate::view::Frame;
use crate::view::console::AnswerView;
use crate::view::kit::{Fields, Pick, Post, Titled};

/// What the consent screen shall ask for.
#[derive(Template)]
#[template(path = "console/issue.html")]
pub struct IssuePage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of the app's first page.
    pub app: String,
    /// What was typed.
    pub fields: Fields,
    /// On to the consent screen.
    pub post: Post,
    /// The REST API keys of the app.
    pub keys: Vec<Pick>,
    /// What is switched on, by group.
    pub groups: Vec<IssueGroup>,
    /// What has to be registered first, with the key that was chosen.
    pub register: Option<Register>,
    /// The redirect URI of this tool.
    pub callback: String,
    /// After how many days without use a token ends.
    pub idle_days: usize,
}

/// The items of one group that are switched on.
pub struct IssueGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its items, each an id and a name.
    pub items: Vec<Pick>,
    /// The name of the field of its assets, if it has any.
    pub assets: Option<String>,
    /// The name of the field that asks for all of them.
    pub all: String,
    /// The ids of those items that can only be asked for with all assets.
    pub needs_all: Vec<String>,
}

/// A redirect URI that is not registered yet.
pub struct Register {
    /// Registers it.
    pub post: Post,
    /// The key.
    pub key: String,
    /// The name of the key.
    pub key_name: String,
}

impl Titled for IssuePage {
    fn title(&self) -> String {
        self.frame.say("test-issue")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("issue-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

impl IssuePage {
    /// Refuses a field for what the authorize endpoint would say.
    pub fn refuse(&mut self, field: &str, code: &str, description: &str) {
        let words = self.frame.words.fault(code, self.frame.language);
        let (cause, remedy) = words.map_or((description.to_owned(), String::new()), |it| (it.cause, it.remedy));
        let args = [("code", code.into()), ("cause", cause.as_str().into()), ("remedy", remedy.as_str().into())];
        let sentence = self.frame.words.say_with(self.frame.language, "issue-refused", &args);
        self.fields.refuse(field, sentence);
    }

    /// Refuses a form without a REST API key.
    pub fn refuse_key(&mut self, another_kind: bool) {
        let key = self.frame.say("issue-key");
        let sentence =
            if another_kind { self.frame.say("test-admin-key") } else { self.frame.fill("test-missing", "name", key) };
        self.fields.refuse("key", sentence);
    }

    /// Refuses a form without items.
    pub fn choose_items(&mut self) {
        self.fields.refuse("item", self.frame.say("issue-choose-items"));
    }

    /// Refuses a group of which all assets and some were asked for.
    pub fn refuse_both(&mut self, field: &str) {
        self.fields.refuse(field, self.frame.say("issue-either"));
    }

    /// Refuses a key at which the tool's address is not registered.
    pub fn refuse_unregistered(&mut self) {
        self.fields.refuse("key", self.frame.say("issue-register"));
    }

    /// Refuses a key that has ten redirect URIs.
    pub fn refuse_full(&mut self) {
        self.fields.refuse("key", self.frame.say("issue-full"));
    }

    /// Refuses the tool's own address.
    pub fn refuse_address(&mut self, why: &str) {
        self.fields.refuse("key", self.frame.fill("issue-flaw", "why", why));
    }

    fn back(&self) -> String {
        format!("{}/test", self.app)
    }

    fn id(&self, name: &str) -> String {
        self.fields.id(name)
    }

    fn item_id(&self, pick: &Pick) -> String {
        self.fields.id(&format!("item-{}", pick.value))
    }

    /// Whether an item can only be asked for with all assets of its group.
    fn needs_all(&self, group: &IssueGroup, item: &Pick) -> bool {
        group.needs_all.contains(&item.value)
    }

    fn tied(&self, name: &str) -> String {
        self.fields.told(name, true).unwrap_or_default()
    }
}

/// What the consent brought: a code to trade, or a refusal.
#[derive(Template)]
#[template(path = "console/redeem.html")]
pub struct RedeemPage {
    /// The frame around the page.
    pub frame: Frame,
    /// Where another token is issued.
    pub again: String,
    /// The code.
    pub code: Option<String>,
    /// What the code can only be traded with, if it was asked for with a PKCE challenge.
    pub verifier: Option<String>,
    /// `error` and `error_description`, as sent.
    pub error: Option<(String, String)>,
    /// The REST API key.
    pub key: String,
    /// Its name.
    pub key_name: String,
    /// Whether the client secret is asked for.
    pub secret_on: bool,
    /// What was typed.
    pub fields: Fields,
    /// Trades the code.
    pub post: Post,
    /// What the token endpoint said, if it refused.
    pub answer: Option<AnswerView>,
}

impl Titled for RedeemPage {
    fn title(&self) -> String {
        self.frame.say(match self.code {
            Some(_) => "redeem-title",
            None => "redeem-no-code",
        })
    }

    fn lead(&self) -> Option<String> {
        self.code.as_ref().map(|_| self.frame.say("redeem-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

impl RedeemPage {
    /// Refuses the client secret.
    pub fn refuse_secret(&mut self) {
        self.fields.refuse("client_secret", self.frame.say("redeem-wrong-secret"));
    }

    fn look_up(&self, error: &&String) -> String {
        super::errors::address(error)
    }
}
