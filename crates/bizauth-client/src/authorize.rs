//! The address of the consent page: `GET /oauth/business/authorize`. The person's browser opens it, not this client.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::form_urlencoded::Serializer;

use crate::Client;

/// What an app asks a person for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeRequest {
    client_id: String,
    redirect_uri: String,
    scopes: Vec<String>,
    resource_ids: Vec<String>,
    state: Option<String>,
    challenge: Option<String>,
}

impl AuthorizeRequest {
    /// A request of the app with this REST API key, answered at this registered redirect URI, byte for byte.
    pub fn new(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: client_id.into(),
            redirect_uri: redirect_uri.into(),
            scopes: Vec::new(),
            resource_ids: Vec::new(),
            state: None,
            challenge: None,
        }
    }

    /// Asks for these consent items as well, by id.
    pub fn scopes<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> AuthorizeRequest {
        self.scopes.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Names these assets, each as `ScopeGroup:ResourceId`, or all of a group as `ScopeGroup:*`.
    ///
    /// The `_create` consent items demand the latter. With none named, the person picks on the consent screen.
    pub fn resource_ids<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> AuthorizeRequest {
        self.resource_ids.extend(ids.into_iter().map(Into::into));
        self
    }

    /// The value that comes back with the answer, which guards against forged answers; unique for each request.
    pub fn state(mut self, state: impl Into<String>) -> AuthorizeRequest {
        self.state = Some(state.into());
        self
    }

    /// Binds the code to this verifier with PKCE S256 (RFC 7636). bizauth knows it; the real platform does not say.
    pub fn verifier(mut self, verifier: &Verifier) -> AuthorizeRequest {
        self.challenge = Some(verifier.challenge());
        self
    }
}

/// The secret half of a PKCE pair (RFC 7636 §4.1), to be kept until the code is traded.
#[derive(Clone, Debug)]
pub struct Verifier(SecretString);

impl Verifier {
    /// A verifier of 43 characters from 32 random bytes; where they come from is the caller's choice.
    pub fn from_random(bytes: &[u8; 32]) -> Verifier {
        Verifier(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The public half: the SHA-256 of the verifier in base64url (RFC 7636 §4.2).
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose_secret()))
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl Client {
    /// The address at which a person is asked for consent.
    pub fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("client_id", &request.client_id);
        query.append_pair("response_type", "code");
        query.append_pair("redirect_uri", &request.redirect_uri);
        // "Multiple values can be passed, separated by commas."
        query.append_pair("scope", &request.scopes.join(","));
        query.extend_pairs(request.resource_ids.iter().map(|id| ("resource_ids", id)));
        query.extend_pairs(request.state.iter().map(|state| ("state", state)));
        if let Some(challenge) = &request.challenge {
            query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
        }
        // A plus is a space only to those who read forms; every reader understands %20. A typed plus is %2B by now.
        let query = query.finish().replace('+', "%20");
        format!("{}?{query}", self.hosts.kauth("/oauth/business/authorize"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hosts;

    #[test]
    fn every_parameter_reaches_the_query_as_given() {
        let client = Client::new(Hosts::two("https://kauth.kakao.com", "https://kapi.kakao.com").unwrap()).unwrap();
        let request = AuthorizeRequest::new("key", "https://app.example/back?a=1&b=%2F")
            .scopes(["moment_create", "keyword_management"])
            .resource_ids(["moment:*", "keyword:77"])
            .state("a b+c&d=한");
        let start = "https://kauth.kakao.com/oauth/business/authorize?client_id=key&response_type=code\
                     &redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Fa%3D1%26b%3D%252F\
                     &scope=moment_create%2Ckeyword_management\
                     &resource_ids=moment%3A*&resource_ids=keyword%3A77&state=a%20b%2Bc%26d%3D%ED%95%9C";
        assert_eq!(client.authorize_url(&request), start);

        let verifier = Verifier::from_random(&[7; 32]);
        let url = client.authorize_url(&request.verifier(&verifier));
        let challenge = verifier.challenge();
        assert_eq!(url, format!("{start}&code_challenge={challenge}&code_challenge_method=S256"));
        assert!(!format!("{verifier:?}").contains(verifier.0.expose_secret()));
    }

    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        // RFC 7636, appendix B.
        let verifier = Verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned().into());
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
