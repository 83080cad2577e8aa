//! The REST API test: an endpoint, its parameters as the documents describe them, and what came of the call.
//!
//! What a call is and does, is not known here.

use askama::Template;

use crate::usage::Endpoint;
use crate::view::Frame;
use crate::view::console::errors::{self, FaultRow};
use crate::view::kit::{Badge, Fields, Pick, Post, Titled, Tone};

/// The page.
#[derive(Template)]
#[template(path = "console/test.html")]
pub struct TestPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of the page.
    pub path: String,
    /// The endpoint to call.
    pub endpoint: Endpoint,
    /// The endpoints there are.
    pub apis: Vec<ApiLink>,
    /// The token at hand: it goes along when another endpoint is chosen.
    pub token: String,
    /// Whether this token was issued just now: it is shown once, to be copied.
    pub issued: bool,
    /// Chooses another endpoint and takes the token along.
    pub open: Post,
    /// Sends the call.
    pub send: Post,
    /// What was typed.
    pub fields: Fields,
    /// What can be typed.
    pub parameters: Vec<FieldView>,
    /// What came of it.
    pub answer: Option<AnswerView>,
    /// For authorize: the address that a person opens.
    pub link: Option<String>,
    /// The same call for a shell.
    pub curl: Option<String>,
}

/// An endpoint to choose.
pub struct ApiLink {
    /// Its method.
    pub method: &'static str,
    /// Which.
    pub endpoint: Endpoint,
    /// Whether it is chosen.
    pub current: bool,
}

/// A parameter.
pub struct FieldView {
    /// Its name in the documents.
    pub name: &'static str,
    /// The name of the field.
    pub field: &'static str,
    /// Its type in the documents.
    pub kind: &'static str,
    /// Where it is sent: `Header`, `Query`, `Body`.
    pub part: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// How it is typed.
    pub input: Input,
}

/// How a parameter is typed.
pub enum Input {
    /// One line.
    Text,
    /// One on each line.
    Lines,
    /// A secret: it is not shown again.
    Secret,
    /// One of these.
    Choice(Vec<Pick>),
}

/// What came of a call.
pub struct AnswerView {
    /// `200 OK`.
    pub status: String,
    /// Whether it succeeded.
    pub good: bool,
    /// How long it took, in milliseconds.
    pub took: String,
    /// Every header.
    pub headers: Vec<(String, String)>,
    /// The body, laid out.
    pub body: String,
    /// Whether the body was longer than is shown.
    pub cut: bool,
    /// What a refusal means.
    pub refusal: Option<FaultRow>,
}

impl AnswerView {
    pub(super) fn badge(&self) -> Badge {
        Badge::new(if self.good { Tone::Good } else { Tone::Bad }, self.status.clone())
    }

    pub(super) fn look_up(&self, row: &FaultRow) -> String {
        errors::address(row.name)
    }
}

impl Titled for TestPage {
    fn title(&self) -> String {
        self.frame.say("app-test")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("test-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

impl TestPage {
    /// What a key without a name is called.
    pub fn unnamed(frame: &Frame, id: &str) -> String {
        frame.fill("test-unnamed", "id", id)
    }

    /// What a key that is switched off is called.
    pub fn switched_off(frame: &Frame, name: &str) -> String {
        frame.fill("test-key-off", "name", name)
    }

    /// That a parameter is not there.
    pub fn missing(&self, name: &str) -> String {
        self.frame.fill("test-missing", "name", name)
    }

    /// That a parameter does not fit into a header.
    pub fn letters(&self, name: &str) -> String {
        self.frame.fill("test-letters", "name", name)
    }

    /// That the key wants a PKCE challenge, and who makes one.
    pub fn no_challenge(&self) -> String {
        self.frame.say("test-no-challenge")
    }

    /// That the admin key is not for this.
    pub fn no_admin_key(&self) -> String {
        self.frame.say("test-admin-key")
    }

    /// Says at the top that this token was issued, and shows it.
    pub fn show_issued(&mut self, token: String) {
        self.frame.done = Some(self.frame.say("done-token-issued"));
        (self.token, self.issued) = (token, true);
    }

    fn about(&self) -> String {
        self.frame.say(match self.endpoint {
            Endpoint::Authorize => "test-authorize",
            Endpoint::Token => "test-token",
            Endpoint::Tokeninfo => "test-tokeninfo",
            Endpoint::Userinfo => "test-userinfo",
            Endpoint::Revoke => "test-revoke",
            Endpoint::Ips => "test-ips",
        })
    }

    fn method(&self) -> &'static str {
        self.apis.iter().find(|api| api.current).map_or("GET", |api| api.method)
    }

    /// What the documents say about a parameter.
    fn told(&self, parameter: &FieldView) -> String {
        self.frame.say(match (self.endpoint, parameter.name) {
            (_, "client_id") => "test-client-id",
            (_, "response_type") => "test-response-type",
            (Endpoint::Token, "redirect_uri") => "test-redirect-uri-again",
            (_, "redirect_uri") => "test-redirect-uri",
            (_, "scope") => "test-scope",
            (_, "state") => "test-state",
            (_, "resource_ids") => "test-resource-ids",
            (_, "grant_type") => "test-grant-type",
            (_, "code") => "test-code",
            (_, "code_challenge") => "test-code-challenge",
            (_, "code_challenge_method") => "test-code-challenge-method",
            (_, "code_verifier") => "test-code-verifier",
            (_, "client_secret") => "test-client-secret",
            (_, "rule_type") => "test-rule-type",
            (Endpoint::Ips, _) => "test-app-key",
            _ => "test-business-token",
        })
    }

    fn tied(&self, parameter: &FieldView) -> String {
        self.fields.told(parameter.field, true).unwrap_or_default()
    }

    /// Whether the call asks for a token, so that the page offers to issue one.
    fn wants_token(&self) -> bool {
        matches!(self.endpoint, Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke)
    }

    fn is_final(&self) -> bool {
        self.endpoint == Endpoint::Revoke
    }
}
