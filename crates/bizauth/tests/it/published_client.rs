//! A published OAuth client that no one here wrote completes the flow, with its usual settings for a secret in the
//! body.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, RedirectUrl, Scope, TokenResponse,
    TokenUrl,
};

use crate::world::{BusinessToken, World};

#[tokio::test]
async fn the_oauth2_crate_completes_the_flow() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let url = |path: &str| format!("{}/oauth/business/{path}", world.base);
    let client = BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_client_secret(ClientSecret::new(app.client_secret.clone()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(url("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(url("token")).unwrap())
        .set_redirect_uri(RedirectUrl::new(app.redirect_uri.clone()).unwrap());
    let (challenge, verifier) = oauth2::PkceCodeChallenge::new_random_sha256();
    let scopes = ["moment_management", "biz_account_email"].map(|scope| Scope::new(scope.to_owned()));
    let (address, state) =
        client.authorize_url(CsrfToken::new_random).add_scopes(scopes).set_pkce_challenge(challenge).url();

    let here = address.as_str().strip_prefix(&world.base).unwrap();
    let screen = kim.asked(here).await;
    let back = kim.answers(&screen, "agree", &[("asset.moment", "11")]).await;
    let back: std::collections::HashMap<String, String> =
        url::Url::parse(back.location()).unwrap().query_pairs().into_owned().collect();
    assert_eq!(&back["state"], state.secret());

    let http =
        oauth2::reqwest::ClientBuilder::new().redirect(oauth2::reqwest::redirect::Policy::none()).build().unwrap();
    let code = AuthorizationCode::new(back["code"].clone());
    let token = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    assert_eq!(
        (token.expires_in(), token.refresh_token().is_some()),
        (None, false),
        "integrators fail here as they fail live"
    );
    let scopes: Vec<&str> = token.scopes().unwrap().iter().map(|scope| scope.as_str()).collect();
    assert_eq!(scopes, ["moment_management", "biz_account_email"]);
    let token = BusinessToken(token.access_token().secret().clone());
    assert_eq!(world.tokeninfo(&token).await.status, 200);
}
