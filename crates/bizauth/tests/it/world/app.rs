//! Apps: what a developer has, and what their server does.

use bizauth_core::app::AppKind;
use bizauth_core::fault::KauthFault;
use bizauth_core::id::{AppId, KeyId, UserId};
use bizauth_core::key::KeyKind;
use bizauth_core::secret::Digest;
use bizauth_store::{NewApp, NewKey};
use tokio::task::JoinHandle;

use super::{Answer, World};

/// A Biz app with everything switched on, unless made otherwise.
#[derive(Clone, Debug)]
pub struct App {
    pub id: AppId,
    pub key: KeyId,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
}

/// A token that an app was given.
#[derive(Clone, Debug)]
pub struct BusinessToken(pub String);

impl World {
    /// A Biz app.
    pub async fn app(&self) -> App {
        self.app_of(AppKind::Biz, None, None).await
    }

    /// An app of any kind.
    pub async fn app_of(&self, kind: AppKind, parent: Option<AppId>, owner: Option<UserId>) -> App {
        let store = self.store();
        let new = NewApp { name: "Ad report".to_owned(), company: "Example Inc.".to_owned(), kind, parent, owner };
        let id = self.by().create_app(new).await.unwrap().unwrap();
        for item in store.catalogue().await.unwrap().items {
            assert!(self.by().switch_item_on(id, item.id, "For the report".to_owned()).await.unwrap());
        }
        assert!(self.by().grant_permission(id, "moment".into()).await.unwrap());
        let redirect_uri = "https://app.example.com/callback".to_owned();
        let (key, client_id, client_secret) = self.rest_key(id, &redirect_uri).await;
        App { id, key, client_id, client_secret, redirect_uri }
    }

    /// Another REST API key of an app.
    pub async fn rest_key(&self, app: AppId, redirect_uri: &str) -> (KeyId, String, String) {
        let (value, secret) = (self.state.entropy.app_key(), self.state.entropy.client_secret());
        let digest = Some(Digest::of(secret.as_bytes()));
        let new = NewKey { app, kind: KeyKind::RestApi, value: value.clone(), name: String::new(), secret: digest };
        let key = self.by().create_key(new).await.unwrap().unwrap();
        self.by().add_redirect_uri(key, redirect_uri.to_owned()).await.unwrap();
        (key, value.expose().to_owned(), secret)
    }

    /// A key of another kind.
    pub async fn key(&self, app: &App, kind: KeyKind) -> (KeyId, String) {
        let value = self.state.entropy.app_key();
        let new = NewKey { app: app.id, kind, value: value.clone(), name: String::new(), secret: None };
        let key = self.by().create_key(new).await.unwrap().unwrap();
        (key, value.expose().to_owned())
    }

    /// Any call with a token.
    pub async fn call(&self, method: &str, path: &str, token: &BusinessToken) -> Answer {
        Answer::of(self.request(method, path).header("authorization", format!("Bearer {}", token.0))).await
    }

    /// `GET /v1/business/tokeninfo`.
    pub async fn tokeninfo(&self, token: &BusinessToken) -> Answer {
        self.call("GET", "/v1/business/tokeninfo", token).await
    }

    /// `POST /v1/business/revoke`.
    pub async fn revoke(&self, token: &BusinessToken) -> Answer {
        self.call("POST", "/v1/business/revoke", token).await
    }

    /// `POST /oauth/business/token` with these fields.
    pub async fn trade(&self, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.request("POST", "/oauth/business/token").form(fields)).await
    }
}

/// The one token that many redemptions of one code bought; all others heard that there is no such code.
pub async fn the_one_bought(calls: Vec<JoinHandle<Answer>>, code: &str) -> BusinessToken {
    let mut bought = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        match answer.status {
            200 => bought.push(BusinessToken(answer.json()["access_token"].as_str().unwrap().to_owned())),
            _ => answer.refuses(KauthFault::CodeNotFound, code),
        }
    }
    assert_eq!(bought.len(), 1);
    bought.remove(0)
}

impl App {
    /// The authorize address, with these parameters behind the usual ones.
    pub fn authorize(&self, rest: &str) -> String {
        let uri = bizauth::http::reply::escape(&self.redirect_uri);
        let id = &self.client_id;
        format!("/oauth/business/authorize?client_id={id}&response_type=code&redirect_uri={uri}&{rest}")
    }

    /// The fields of a good token request.
    pub fn trade<'a>(&'a self, code: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code", code),
            ("client_secret", &self.client_secret),
        ]
    }

    /// Trades a code as its documents say.
    pub async fn redeems(&self, world: &World, code: &str) -> Answer {
        world.trade(&self.trade(code)).await
    }

    /// Trades a code, and is given a token.
    pub async fn buys(&self, world: &World, code: &str) -> BusinessToken {
        let answer = self.redeems(world, code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        BusinessToken(answer.json()["access_token"].as_str().unwrap().to_owned())
    }
}
