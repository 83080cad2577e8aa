//! What the demo says of itself: for people a page of text, for scripts one line of JSON.

use std::fmt;

use serde_json::json;

use super::seed::{KeyKind, Planted, PlantedUser};
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
    /// Its admin key.
    pub admin_key: String,
    /// Its JavaScript key.
    pub javascript_key: String,
    /// Its native app key.
    pub native_app_key: String,
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
    /// What there is to say of a platform at `base_url`: of the first key of each kind, and of everybody.
    pub(super) fn of(base_url: &str, planted: &Planted) -> Self {
        let first = |kind| planted.apps.iter().find_map(|app| app.first(kind));
        let value = |kind| first(kind).map(|key| key.value.clone()).unwrap_or_default();
        let rest_api = first(KeyKind::RestApi);
        let person = |user: &PlantedUser| Person {
            email: user.email.clone(),
            password: user.password.clone(),
            note: user.note.clone(),
        };
        Banner {
            base_url: base_url.to_owned(),
            operator_url: String::new(),
            rest_api_key: value(KeyKind::RestApi),
            client_secret: rest_api.and_then(|key| key.secret.clone()).unwrap_or_default(),
            redirect_uri: rest_api.and_then(|key| key.redirect_uris.first().cloned()).unwrap_or_default(),
            admin_key: value(KeyKind::Admin),
            javascript_key: value(KeyKind::JavaScript),
            native_app_key: value(KeyKind::Native),
            data: String::new(),
            users: planted.users.iter().map(person).collect(),
        }
    }

    /// The consent screen of the demo app, asking for a little of everything.
    pub fn authorize_url(&self) -> String {
        let escape = crate::http::reply::escape;
        format!(
            "{}/oauth/business/authorize?client_id={}&response_type=code&redirect_uri={}&scope={}&state=demo",
            self.base_url,
            self.rest_api_key,
            escape(&self.redirect_uri),
            "biz_account_email,moment_management,keyword_management"
        )
    }

    /// One JSON document without a line break.
    pub fn to_json(&self) -> String {
        let user = |user: &Person| json!({ "email": user.email, "password": user.password, "note": user.note });
        json!({
            "base_url": self.base_url,
            "operator_url": self.operator_url,
            "rest_api_key": self.rest_api_key,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "admin_key": self.admin_key,
            "javascript_key": self.javascript_key,
            "native_app_key": self.native_app_key,
            "authorize_url": self.authorize_url(),
            "data": self.data,
            "users": self.users.iter().map(user).collect::<Vec<_>>(),
        })
        .to_string()
    }

    fn trade_command(&self) -> String {
        let demo = Demo {
            base_url: self.base_url.clone(),
            rest_api_key: self.rest_api_key.clone(),
            client_secret: self.client_secret.clone(),
            redirect_uri: self.redirect_uri.clone(),
            authorize_url: String::new(),
        };
        trade_command(&demo, None)
    }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bizauth dev listens on {} (test only: everything is gone when it stops)\n", self.base_url)?;
        for (name, value) in [
            ("REST API key", &self.rest_api_key),
            ("client secret", &self.client_secret),
            ("redirect URI", &self.redirect_uri),
            ("admin key", &self.admin_key),
            ("JavaScript key", &self.javascript_key),
            ("native app key", &self.native_app_key),
            ("for operators", &self.operator_url),
            ("data folder", &self.data),
        ] {
            writeln!(f, "  {name:<16}{value}")?;
        }
        writeln!(f)?;
        for user in &self.users {
            writeln!(f, "  {:<24}{:<14}{}", user.email, user.password, user.note)?;
        }
        writeln!(f, "\n1. Open the consent screen, sign in, choose, agree:\n\n{}", self.authorize_url())?;
        writeln!(
            f,
            "\n2. Trade the code (the page you land on has this line with the code in it):\n\n{}",
            self.trade_command()
        )?;
        writeln!(
            f,
            "\n3. Ask about the token:\n\ncurl -X GET \"{}/v1/business/tokeninfo\" \\\n  -H \"Authorization: Bearer ${{BUSINESS_ACCESS_TOKEN}}\"",
            self.base_url
        )
    }
}
