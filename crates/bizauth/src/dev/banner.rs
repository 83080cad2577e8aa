//! What the demo says of itself: for people a page of text, for scripts one line of JSON.

use std::fmt;

use serde_json::{Value, json};

use super::control::rfc3339;
use super::seed::{KeyKind, PlantedApp};
use super::world::World;
use crate::http::pages::callback::trade_command;
use crate::http::state::Demo;

/// All one needs to begin. Its secrets belong to a throwaway database on loopback.
#[derive(Clone, Debug)]
pub struct Banner {
    /// Where the demo answers.
    pub base_url: String,
    /// Where it answers its operator.
    pub operator_url: String,
    /// The demo app's REST API key.
    pub rest_api_key: String,
    /// Its business client secret.
    pub client_secret: String,
    /// Its redirect URI, served by the demo itself.
    pub redirect_uri: String,
    /// Its consent screen, asking for a little of everything.
    pub authorize_url: String,
    /// What the code of that is traded with, if the key requires PKCE.
    pub verifier: Option<&'static str>,
    /// Its admin key.
    pub admin_key: String,
    /// Its JavaScript key.
    pub javascript_key: String,
    /// Its native app key.
    pub native_app_key: String,
    /// A business token that works from the start, if the seed has one.
    pub token: Option<String>,
    /// Where the platform is steered.
    pub control_url: String,
    /// The time in it, and whether its clock stands.
    pub clock: (String, bool),
    /// The throwaway data folder, for commands beside the running demo.
    pub data: String,
    /// People to sign in as.
    pub users: Vec<Person>,
}

/// Someone to sign in as.
#[derive(Clone, Debug)]
pub struct Person {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What they are good for.
    pub note: String,
}

impl Banner {
    /// Of the default world, whose operators are answered at `operator_url`.
    pub fn of(world: &World, operator_url: String) -> Self {
        let stage = world.stage();
        let demo = stage.state.dev.clone();
        let demo = demo.as_deref();
        let text = |of: fn(&Demo) -> &String| demo.map(of).cloned().unwrap_or_default();
        let app = stage
            .planted
            .apps
            .iter()
            .find(|app| app.keys.iter().any(|key| demo.is_some_and(|demo| demo.rest_api_key == key.value)));
        let key =
            |kind| app.and_then(|app: &PlantedApp| app.first(kind)).map(|key| key.value.clone()).unwrap_or_default();
        let person = |user: &super::seed::PlantedUser| Person {
            email: user.email.clone(),
            password: user.password.clone(),
            note: user.note.clone(),
        };
        Banner {
            base_url: world.base_url.clone(),
            operator_url,
            rest_api_key: text(|demo| &demo.rest_api_key),
            client_secret: text(|demo| &demo.client_secret),
            redirect_uri: text(|demo| &demo.redirect_uri),
            authorize_url: text(|demo| &demo.authorize_url),
            verifier: demo.and_then(|demo| demo.verifier),
            admin_key: key(KeyKind::Admin),
            javascript_key: key(KeyKind::JavaScript),
            native_app_key: key(KeyKind::Native),
            token: stage
                .planted
                .tokens
                .iter()
                .find(|token| token.state == super::seed::TokenState::Active)
                .map(|token| token.value.clone()),
            control_url: format!("{}/_dev", world.base_url),
            clock: (rfc3339(stage.now()), super::control::stands(&stage)),
            data: stage.folder().display().to_string(),
            users: stage.planted.users.iter().map(person).collect(),
        }
    }

    /// What a client of this world is set up with.
    pub fn client(&self) -> Value {
        json!({
            "base_url": self.base_url,
            "control_url": self.control_url,
            "rest_api_key": self.rest_api_key,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "authorize_url": self.authorize_url,
            "admin_key": self.admin_key,
            "javascript_key": self.javascript_key,
            "native_app_key": self.native_app_key,
            "token": self.token,
        })
    }

    /// One JSON document without a line break.
    pub fn to_json(&self) -> String {
        let user = |user: &Person| json!({ "email": user.email, "password": user.password, "note": user.note });
        let mut told = self.client();
        told["operator_url"] = json!(self.operator_url);
        told["clock"] = json!({ "now": self.clock.0, "frozen": self.clock.1 });
        told["data"] = json!(self.data);
        told["users"] = self.users.iter().map(user).collect();
        told.to_string()
    }

    fn trade_command(&self) -> String {
        let demo = Demo {
            base_url: self.base_url.clone(),
            rest_api_key: self.rest_api_key.clone(),
            client_secret: self.client_secret.clone(),
            redirect_uri: self.redirect_uri.clone(),
            verifier: self.verifier,
            authorize_url: String::new(),
        };
        trade_command(&demo, None)
    }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bizauth dev listens on {} (test only: everything is gone when it stops)\n", self.base_url)?;
        let none = "none in this seed".to_owned();
        let clock = format!("{}{}", self.clock.0, if self.clock.1 { " (stands still)" } else { "" });
        for (name, value) in [
            ("REST API key", &self.rest_api_key),
            ("client secret", &self.client_secret),
            ("redirect URI", &self.redirect_uri),
            ("admin key", &self.admin_key),
            ("JavaScript key", &self.javascript_key),
            ("native app key", &self.native_app_key),
            ("business token", self.token.as_ref().unwrap_or(&none)),
            ("control", &self.control_url),
            ("clock", &clock),
            ("for operators", &self.operator_url),
            ("data folder", &self.data),
        ] {
            writeln!(f, "  {name:<16}{value}")?;
        }
        writeln!(f)?;
        for user in &self.users {
            writeln!(f, "  {:<24}{:<14}{}", user.email, user.password, user.note)?;
        }
        writeln!(f, "\n1. Open the consent screen, sign in, choose, agree:\n\n{}", self.authorize_url)?;
        writeln!(
            f,
            "\n2. Trade the code (the page you land on has this line with the code in it):\n\n{}",
            self.trade_command()
        )?;
        writeln!(
            f,
            "\n3. Ask about a token (this one is there from the start; put yours in its place):\n\ncurl -X GET \"{}/v1/business/tokeninfo\" \\\n  -H \"Authorization: Bearer {}\"",
            self.base_url,
            self.token.as_deref().unwrap_or("${BUSINESS_ACCESS_TOKEN}")
        )?;
        writeln!(
            f,
            "\nWhat was asked and answered, and why: {} (`--log info` prints a line for each request)",
            self.control_url
        )
    }
}
