//! Programs of the operator: a key with scopes, and calls whose answers are held against the API's description.

use bizauth_core::operator::Scope;
use bizauth_core::secret::Credential;
use serde_json::Value;

use super::{Answer, World};

/// A program with an operator key.
pub struct Program {
    pub key: String,
    pub base: String,
    pub http: reqwest::Client,
}

impl World {
    /// A program that may do this.
    pub async fn program(&self, scopes: &[Scope]) -> Program {
        let secret = self.state.entropy.secret();
        let digest = secret.digest();
        let id = self.by().create_operator_key("robot".to_owned(), scopes.to_vec(), digest, None).await.unwrap();
        let key = Credential::OperatorKey.spell(id.0, &secret);
        Program { key, base: self.operators.clone(), http: self.http.clone() }
    }
}

impl Program {
    /// A request with the key.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method.parse().unwrap(), format!("{}/operator/v1{path}", self.base));
        request.header("authorization", format!("Bearer {}", self.key))
    }

    /// Its answer.
    pub async fn sends(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request).await
    }

    /// A request without a body.
    pub async fn asks(&self, method: &str, path: &str) -> Answer {
        self.sends(self.request(method, path)).await
    }

    /// `GET`, which must succeed.
    pub async fn gets(&self, path: &str) -> Value {
        let answer = self.asks("GET", path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A request with a JSON body.
    pub async fn says(&self, method: &str, path: &str, body: Value) -> Answer {
        self.sends(self.request(method, path).json(&body)).await
    }

    /// The same, which must have this status.
    pub async fn gets_from(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let answer = self.says(method, path, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
}
