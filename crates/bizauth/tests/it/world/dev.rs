//! `bizauth dev` in a test: on a port of its own, with what its control surface says.

use std::net::{Ipv4Addr, SocketAddr};

use bizauth::dev::{Dev, Setup};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A platform of a test's own. `base` is that of the world it speaks to.
pub struct Platform {
    pub base: String,
    pub root: String,
    pub operators: String,
    pub http: reqwest::Client,
    _stop: Option<oneshot::Sender<()>>,
}

/// Status, header and body of an answer.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The value of a parameter of the address it leads to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let to = url::Url::parse(&self.header("location")).ok()?;
        to.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl Platform {
    /// With the demo's seed, a clock that stands, and chance that follows from 7.
    pub async fn new() -> Platform {
        Platform::with(Setup { random: Some(7), frozen: Some(true), ..Setup::default() }).await
    }

    pub async fn with(setup: Setup) -> Platform {
        let dev = Dev::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), setup).await.unwrap();
        let (base, operators) = (dev.banner.base_url.clone(), dev.banner.operator_url.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(dev.run(async { drop(stopped.await) }));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Platform { root: base.clone(), base, operators, http, _stop: Some(stop) }
    }

    /// The same process, another world.
    pub async fn world(&self, wish: Value) -> Platform {
        let made = self.post("/_dev/worlds", wish).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let base = made.json()["base_url"].as_str().unwrap().to_owned();
        let (root, operators) = (self.root.clone(), self.operators.clone());
        Platform { base, root, operators, http: self.http.clone(), _stop: None }
    }

    pub async fn ask(&self, request: reqwest::RequestBuilder) -> Heard {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Heard { status, headers, text: answer.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Heard {
        self.ask(self.http.get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Heard {
        self.ask(self.http.post(format!("{}{path}", self.base)).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Heard {
        self.ask(self.http.delete(format!("{}{path}", self.base))).await
    }

    /// What is in the world.
    pub async fn told(&self) -> Value {
        self.get("/_dev/world").await.json()
    }

    /// The app that the demo is about: key, secret, redirect URI.
    pub async fn client(&self) -> (String, String, String) {
        let told = self.told().await;
        let apps = told["apps"].as_array().unwrap().clone();
        let keys = apps.iter().flat_map(|app| app["keys"].as_array().unwrap().clone()).collect::<Vec<_>>();
        let has = |key: &&Value| key["redirect_uris"].as_array().is_some_and(|uris| !uris.is_empty());
        let key = keys.iter().find(has).expect("an app with a redirect URI");
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        (text("value"), text("secret"), key["redirect_uris"][0].as_str().unwrap().to_owned())
    }

    /// The address of an authorize request.
    pub async fn authorize(&self, scope: &str, more: &str) -> String {
        let (key, _, uri) = self.client().await;
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        format!(
            "{}/oauth/business/authorize?response_type=code&client_id={key}&redirect_uri={uri}&scope={scope}{more}",
            self.base
        )
    }

    /// Consent without a browser.
    pub async fn agrees(&self, scope: &str, form: &[(&str, &str)]) -> Heard {
        let address = self.authorize(scope, "").await;
        self.ask(self.http.post(address).form(form)).await
    }

    pub async fn redeems(&self, code: &str) -> Heard {
        let (key, secret, uri) = self.client().await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &key),
            ("client_secret", &secret),
            ("redirect_uri", &uri),
            ("code", code),
        ];
        self.ask(self.http.post(format!("{}/oauth/business/token", self.base)).form(&form)).await
    }

    /// A token, through the endpoints.
    pub async fn token(&self) -> String {
        let agreed = self.agrees("moment_management", &[]).await;
        let code = agreed.parameter("code").unwrap_or_else(|| panic!("{} {}", agreed.status, agreed.text));
        let bought = self.redeems(&code).await;
        assert_eq!(bought.status, 200, "{}", bought.text);
        bought.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn tokeninfo(&self, token: &str) -> Heard {
        self.ask(self.http.get(format!("{}/v1/business/tokeninfo", self.base)).bearer_auth(token)).await
    }

    /// Moves the clock: what fell in between.
    pub async fn advance(&self, span: &str) -> Vec<Value> {
        let moved = self.post("/_dev/clock", json!({ "advance": span })).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        moved.json()["happenings"].as_array().unwrap().clone()
    }
}
