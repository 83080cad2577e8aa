//! The REST API test: real calls with the app's own keys and tokens, and a token issued through the real consent.

use bizauth_core::app::AppKind;
use bizauth_core::key::KeyKind;
use bizauth_store::AuditFilter;

use crate::world::{Answer, App, BusinessToken, Person, World};

async fn a_developer(world: &World) -> (Person, App) {
    let kim = world.owner("kim@example.com").await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    kim.signs_in().await;
    (kim, app)
}

fn tool(app: &App) -> String {
    format!("/console/apps/{}/test", app.id)
}

/// Sends a call with the tool.
async fn send(kim: &Person, app: &App, api: &str, fields: &[(&str, &str)]) -> Answer {
    let (page, action) = (format!("{}?api={api}", tool(app)), format!("{}/send", tool(app)));
    let answer = kim.submits(&page, &action, fields).await;
    answer.is_a_strict_page();
    answer
}

fn curl(answer: &Answer) -> String {
    answer.all("#curl").join("")
}

#[tokio::test]
async fn a_call_goes_to_the_real_endpoint_and_shows_what_came_back() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let token = kim.lends(&world, &app).await;
    for api in ["tokeninfo", "userinfo"] {
        let asked = world.call("GET", &format!("/v1/business/{api}"), &token).await.json();
        let shown = send(&kim, &app, api, &[("token", &token.0)]).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        assert_eq!(shown.all("#answer + .facts .badge"), ["200 OK"]);
        let body: serde_json::Value = serde_json::from_str(&shown.all(".answer-body")[0]).unwrap();
        assert_eq!(body, asked);
        assert!(shown.all("tbody tr").iter().any(|row| row.starts_with("content-type application/json")), "{shown:?}");
        let curl = curl(&shown);
        assert!(curl.contains(&format!("curl -X GET '{}/v1/business/{api}'", world.base)), "{curl}");
        assert!(curl.contains("\"Authorization: Bearer ${BUSINESS_TOKEN}\""), "{curl}");
        assert!(!curl.contains(&token.0), "a token is no part of a command line");
        // The token goes along to the next endpoint, in a form.
        assert_eq!(shown.values(&format!("form[action='{}'] input[name=token]", tool(&app))), [token.0.as_str()]);
        assert!(!shown.body.contains(&format!("?token={}", token.0)));
    }
    let opened = kim
        .posts(
            &tool(&app),
            &hidden(&send(&kim, &app, "userinfo", &[("token", &token.0)]).await, &tool(&app), &[("api", "revoke")]),
        )
        .await;
    assert_eq!((opened.status, opened.values("#field-token")), (200, vec![token.0.clone()]));
    assert_eq!(world.tokeninfo(&token).await.status, 200, "opening a page revokes nothing");
    let revoked = send(&kim, &app, "revoke", &[("token", &token.0)]).await;
    assert_eq!(revoked.all("#answer + .facts .badge"), ["200 OK"]);
    assert_eq!(world.tokeninfo(&token).await.status, 401);
    let dead = send(&kim, &app, "tokeninfo", &[("token", &token.0)]).await;
    assert_eq!(dead.all("#answer + .facts .badge"), ["401 Unauthorized"]);
    assert_eq!(dead.all("#answer + .facts a"), ["Look up -401"]);
    let (page, look) = (dead.body, "/console/errors?code=NoSuchToken");
    assert!(page.contains(look) && kim.opens(look).await.status == 200);
}

/// The hidden fields of the form that posts to `action`, with others.
fn hidden<'a>(page: &Answer, action: &str, more: &'a [(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept =
        page.hidden(action).into_iter().map(|(name, value)| -> (&'a str, &'a str) { (name.leak(), value.leak()) });
    kept.chain(more.iter().copied()).collect()
}

#[tokio::test]
async fn the_ip_list_is_asked_for_with_a_platform_key_from_the_browsers_address() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let (admin, _) = world.key(&app, KeyKind::Admin).await;
    let (native, value) = world.key(&app, KeyKind::Native).await;
    let page = kim.opens(&format!("{}?api=ips", tool(&app))).await;
    let offered = page.values("#field-key option");
    assert_eq!(offered, [String::new(), app.key.to_string(), native.to_string()], "the admin key is not offered");
    let native = native.to_string();
    let shown = send(&kim, &app, "ips", &[("key", &native), ("rule_type", "inbound")]).await;
    let curl = curl(&shown);
    assert!(
        curl.contains("/v1/system/ips?rule_type=inbound'")
            && curl.contains(&format!("'Authorization: KakaoAK {value}'")),
        "{curl}"
    );
    // Nothing is published in this world, and the endpoint itself says so.
    assert_eq!(shown.all("#answer + .facts .badge"), ["503 Service Unavailable"]);

    let refused = send(&kim, &app, "ips", &[("key", &admin.to_string())]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.all("#field-key-error"), ["The admin key cannot be used here. Choose another key."]);
    assert!(refused.all(".answer-body").is_empty(), "nothing was called");

    assert!(world.by().set_callers(app.key, &["203.0.113.0/24".parse().unwrap()]).await.unwrap());
    let shown = send(&kim, &app, "ips", &[("key", &app.key.to_string())]).await;
    assert!(shown.all(".answer-body")[0].contains("ip mismatched! callerIp=127.0.0.1"), "{shown:?}");
}

#[tokio::test]
async fn what_belongs_to_another_app_does_not_exist() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let other = world.app().await;
    let token = kim.lends(&world, &other).await;
    let key = other.key.to_string();
    for (api, fields) in [
        ("tokeninfo", [("token", token.0.as_str())]),
        ("revoke", [("token", token.0.as_str())]),
        ("ips", [("key", key.as_str())]),
        ("token", [("key", key.as_str())]),
    ] {
        assert_eq!(send(&kim, &app, api, &fields).await.status, 404, "{api}");
    }
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let issue = format!("{}/issue", tool(&app));
    assert_eq!(kim.opens(&format!("{issue}?key={key}")).await.status, 404);
    assert_eq!(kim.submits(&issue, &issue, &[("key", &key), ("item", "moment_management")]).await.status, 404);
    let register = format!("{}/register", tool(&app));
    assert_eq!(kim.submits(&issue, &register, &[("key", &key)]).await.status, 404);
}

#[tokio::test]
async fn what_is_missing_is_said_beside_its_field_and_nothing_is_lost() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let refused = send(&kim, &app, "tokeninfo", &[("token", "")]).await;
    assert_eq!(
        (refused.status, refused.all("#field-token-error")),
        (422, vec!["Authorization is required.".to_owned()])
    );
    let refused = send(&kim, &app, "tokeninfo", &[("token", "한글")]).await;
    assert_eq!((refused.status, refused.values("#field-token")), (422, vec!["한글".to_owned()]));
    let key = app.key.to_string();
    let fields = [("key", key.as_str()), ("grant_type", "x"), ("redirect_uri", "https://a.example/"), ("code", "")];
    let refused = send(&kim, &app, "token", &fields).await;
    assert_eq!((refused.status, refused.all("#field-code-error")), (422, vec!["code is required.".to_owned()]));
    assert_eq!(refused.values("#field-redirect_uri"), ["https://a.example/"]);
}

#[tokio::test]
async fn a_code_is_traded_and_secrets_are_in_no_command_line() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let code = kim.consents(&app, "scope=moment_management", &[("asset.moment", "11")]).await;
    let key = app.key.to_string();
    let fields = |secret| {
        [
            ("key", key.as_str()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", app.redirect_uri.as_str()),
            ("code", code.as_str()),
            ("client_secret", secret),
        ]
    };
    let wrong = send(&kim, &app, "token", &fields("wrong-secret")).await;
    assert_eq!(wrong.all("#answer + .facts .badge"), ["401 Unauthorized"]);
    assert_eq!(wrong.all("#answer + .facts a"), ["Look up KOE010"]);
    let right = send(&kim, &app, "token", &fields(&app.client_secret)).await;
    assert_eq!(right.all("#answer + .facts .badge"), ["200 OK"], "{right:?}");
    assert!(!right.body.contains(&app.client_secret), "the secret is not shown again");
    let curl = curl(&right);
    for word in ["client_secret=${CLIENT_SECRET}", "code=${AUTHORIZE_CODE}", &format!("'client_id={}'", app.client_id)]
    {
        assert!(curl.contains(word), "{word} is not in {curl}");
    }
    assert!(!curl.contains(&code), "{curl}");
    let token = right.values(&format!("form[action='{}'] input[name=token]", tool(&app)));
    assert_eq!(world.tokeninfo(&BusinessToken(token[0].clone())).await.status, 200);
}

#[tokio::test]
async fn authorize_is_an_address_for_a_person() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let page = kim.opens(&format!("{}?api=authorize", tool(&app))).await;
    assert_eq!(page.values("#field-redirect_uri"), [app.redirect_uri.as_str()]);
    let key = app.key.to_string();
    let fields = [
        ("key", key.as_str()),
        ("response_type", "code"),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("scope", "moment_management"),
        ("state", "a b&c"),
        ("resource_ids", "moment:11\n\n moment:12 "),
    ];
    let shown = send(&kim, &app, "authorize", &fields).await;
    let link = shown.all("#link ~ .link-line a").join("");
    let path = link.strip_prefix(&world.base).unwrap_or_else(|| panic!("{link}"));
    assert!(path.ends_with("&state=a%20b%26c&resource_ids=moment%3A11&resource_ids=moment%3A12"), "{path}");
    assert!(curl(&shown).contains(&link));
    assert!(shown.all(".answer-body").is_empty());
    let screen = kim.asked(path).await;
    assert_eq!(screen.status, 200, "{screen:?}");
}

/// Asks for a consent through the tool and agrees; the address that comes back, below the server's origin.
async fn agreed(world: &World, kim: &Person, app: &App) -> String {
    let issue = format!("{}/issue", tool(app));
    let key = app.key.to_string();
    let asked = [("key", key.as_str()), ("item", "moment_management")];
    let on = kim.submits(&issue, &issue, &asked).await;
    assert_eq!(on.status, 303, "{on:?}");
    let screen = kim.asked(on.location()).await;
    let back = kim.answers(&screen, "agree", &[("asset.moment", "11")]).await;
    assert_eq!(back.status, 302, "{back:?}");
    back.location().strip_prefix(&world.base).unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_issued_through_the_real_consent() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let (issue, register) = (format!("{}/issue", tool(&app)), format!("{}/register", tool(&app)));
    let key = app.key.to_string();
    let asked = [("key", key.as_str()), ("item", "moment_management")];
    let first = kim.submits(&issue, &issue, &asked).await;
    assert_eq!(first.status, 422, "the tool's own address is not registered");
    assert_eq!(first.all("#field-key-error"), ["This page’s redirect URI is not registered"]);
    assert_eq!(first.all("#callback"), [format!("{}/console/test/callback", world.base)]);
    let registered = kim.posts(&register, &hidden(&first, &register, &[])).await;
    assert_eq!(registered.leads(), format!("{issue}?key={key} test-uri-added"));
    let page = kim.opens(registered.location()).await;
    assert_eq!(page.all(".done"), ["The redirect URI has been registered."]);
    assert!(page.all("#register").is_empty());
    // Only beside a tick of one of these does the page say that all assets have to be asked for.
    assert!(page.values("input[data-needs-all]").iter().all(|item| item.ends_with("_create")), "{page:?}");
    assert_eq!(page.all(".once-chosen").is_empty(), page.values("input[data-needs-all]").is_empty());
    let adding = AuditFilter { act: Some("redirect_uri.add".into()), ..AuditFilter::default() };
    let noted = world.store().audit_page(&adding, None, 1).await.unwrap();
    assert_eq!((noted[0].entry.actor.as_str(), noted[0].entry.on_id.clone()), (kim.email.as_str(), app.id.to_string()));

    let back = agreed(&world, &kim, &app).await;
    let shown = kim.opens(&back).await;
    assert_eq!(shown.all("h1"), ["The consent brought a code"], "{shown:?}");
    let redeem = format!("{}/redeem", tool(&app));
    let wrong = kim.posts(&redeem, &hidden(&shown, &redeem, &[("client_secret", "wrong")])).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.all("#field-client_secret-error"), ["This is not the client secret of the key."]);
    // A wrong secret spends no code.
    let right = kim.posts(&redeem, &hidden(&wrong, &redeem, &[("client_secret", app.client_secret.as_str())])).await;
    assert_eq!(right.status, 200, "{right:?}");
    let token = BusinessToken(right.values("#field-token")[0].clone());
    assert_eq!(
        right.all("[data-copy] #issued"),
        std::slice::from_ref(&token.0),
        "it is shown once, to be copied: {right:?}"
    );
    let told = world.tokeninfo(&token).await.json();
    assert_eq!(told["biz_agreements"][0]["ad_account_ids"][0], "11", "{told}");
    let used = kim
        .posts(
            &format!("{}/send", tool(&app)),
            &hidden(&right, &format!("{}/send", tool(&app)), &[("token", &token.0)]),
        )
        .await;
    assert_eq!(used.all("#answer + .facts .badge"), ["200 OK"]);
    assert!(used.all("#issued").is_empty());
    let again = kim.posts(&redeem, &hidden(&wrong, &redeem, &[("client_secret", app.client_secret.as_str())])).await;
    assert_eq!(again.status, 422);
    assert!(again.all(".answer-body")[0].contains("KOE320"), "{again:?}");
}

/// The tool makes challenge and verifier itself; and whoever takes the address of authorize is told what to do.
#[tokio::test]
async fn a_key_that_requires_pkce_is_tested_like_any_other() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    world.by().add_redirect_uri(app.key, format!("{}/console/test/callback", world.base)).await.unwrap();
    assert!(world.by().set_pkce_required(app.key, true).await.unwrap());
    let back = agreed(&world, &kim, &app).await;
    // What is switched meanwhile changes nothing for a consent that is under way.
    assert!(world.by().set_pkce_required(app.key, false).await.unwrap());
    let shown = kim.opens(&back).await;
    let verifier = shown.all("#verifier").join("");
    assert!(verifier.len() == 43 && !back.contains(&verifier), "{shown:?}");
    let redeem = format!("{}/redeem", tool(&app));
    let wrong = kim.posts(&redeem, &hidden(&shown, &redeem, &[("client_secret", "wrong")])).await;
    assert_eq!((wrong.status, wrong.all("#verifier")), (422, vec![verifier.clone()]));
    let right = kim.posts(&redeem, &hidden(&wrong, &redeem, &[("client_secret", app.client_secret.as_str())])).await;
    assert_eq!(right.status, 200, "{right:?}");
    assert!(kim.opens(&agreed(&world, &kim, &app).await).await.all("#verifier").is_empty());

    assert!(world.by().set_pkce_required(app.key, true).await.unwrap());
    let code = kim.opens(&agreed(&world, &kim, &app).await).await;
    let (key, callback) = (app.key.to_string(), format!("{}/console/test/callback", world.base));
    let (verifier, code) = (code.all("#verifier").join(""), code.all("#code").join(""));
    let trade = [
        ("key", key.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", callback.as_str()),
        ("code", code.as_str()),
        ("client_secret", app.client_secret.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let traded = send(&kim, &app, "token", &trade).await;
    assert_eq!(traded.all("#answer + .facts .badge"), ["200 OK"], "{traded:?}");
    let curl = curl(&traded);
    assert!(curl.contains("code_verifier=${CODE_VERIFIER}") && !curl.contains(&verifier), "{curl}");

    let bare = [
        ("key", key.as_str()),
        ("response_type", "code"),
        ("redirect_uri", callback.as_str()),
        ("scope", "moment_management"),
    ];
    let told = send(&kim, &app, "authorize", &bare).await;
    assert_eq!(told.status, 422);
    assert!(told.all("#field-code_challenge-error").join("").contains("requires PKCE"), "{told:?}");
    let challenge =
        [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    let made = send(&kim, &app, "authorize", &[&bare[..], &challenge].concat()).await;
    let link = made.all("#link ~ .link-line a").join("");
    assert_eq!(kim.asked(link.strip_prefix(&world.base).unwrap()).await.status, 200, "{link}");
}

#[tokio::test]
async fn a_consent_comes_back_to_whoever_asked_for_it_and_to_nobody_else() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let callback = format!("{}/console/test/callback", world.base);
    world.by().add_redirect_uri(app.key, callback).await.unwrap();
    let lee = world.newcomer("lee@example.com").await;
    world.by().add_member(app.id, lee.id, "editor").await.unwrap();
    lee.signs_in().await;
    let back = agreed(&world, &kim, &app).await;
    assert_eq!(lee.opens(&back).await.status, 403, "another person's session");
    let forged = back.replace(&format!("state={}.", app.id), "state=1.");
    assert_ne!(forged, back);
    for address in [forged.as_str(), "/console/test/callback", "/console/test/callback?code=x&state=x.y.z.w"] {
        let shown = kim.opens(address).await;
        assert_eq!(shown.status, 403, "{address}");
        assert!(shown.all("form[action$=redeem]").is_empty());
    }
    assert_eq!(kim.opens(&back).await.status, 200);
    let declined =
        kim.opens(&back.replace("code=", "error=access_denied&error_description=User%20denied%20access&x=")).await;
    assert_eq!(declined.all("h1"), ["The consent brought no code"]);
    assert_eq!(declined.all("h2"), ["access_denied"]);
    world.advance(crate::world::minutes(121));
    assert_eq!(kim.opens(&back).await.status, 403, "too old");
    let fresh = agreed(&world, &kim, &app).await;
    world.by().add_member(app.id, lee.id, "owner").await.unwrap();
    assert_eq!(world.by().end_membership(app.id, kim.id).await.unwrap(), bizauth_store::Membership::Changed);
    assert_eq!(kim.opens(&fresh).await.status, 404, "a member no more");
}

#[tokio::test]
async fn what_authorize_would_refuse_is_refused_before_beside_its_field() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let callback = format!("{}/console/test/callback", world.base);
    world.by().add_redirect_uri(app.key, callback).await.unwrap();
    let issue = format!("{}/issue", tool(&app));
    let key = app.key.to_string();
    let (email, create, manage) =
        (("item", "biz_account_email"), ("item", "moment_create"), ("item", "moment_management"));
    for (fields, field, sentence) in [
        (vec![], "#field-item-error", "Tick at least one consent item."),
        (vec![email], "#field-item-error", "KOE233"),
        (vec![create], "#field-item-error", "KOE233"),
        (
            vec![manage, ("all.moment", "yes"), ("assets.moment", "11")],
            "[id='field-assets.moment-error']",
            "Choose all assets or name some",
        ),
        (vec![manage, ("assets.keyword", "21")], "#field-item-error", "KOE233"),
    ] {
        let asked: Vec<(&str, &str)> = fields.iter().copied().chain([("key", key.as_str())]).collect();
        let refused = kim.submits(&issue, &issue, &asked).await;
        assert_eq!(refused.status, 422, "{fields:?}");
        assert!(refused.all(field).join("").contains(sentence), "{fields:?}: {refused:?}");
        let ticked = refused.values("input[name=item][checked]").len();
        assert_eq!(ticked, fields.iter().filter(|(name, _)| *name == "item").count(), "what was ticked stays ticked");
    }
    let asked = [create, ("all.moment", "yes"), ("key", key.as_str())];
    let on = kim.submits(&issue, &issue, &asked).await;
    assert!(on.location().contains("resource_ids=moment%3A%2A"), "{on:?}");
    assert_eq!(kim.asked(on.location()).await.status, 200);
    // A key that is full, or off.
    for n in 0..8 {
        world.by().add_redirect_uri(app.key, format!("https://app.example.com/{n}")).await.unwrap();
    }
    let (other, _, _) = world.rest_key(app.id, "https://app.example.com/").await;
    for n in 0..9 {
        world.by().add_redirect_uri(other, format!("https://app.example.com/{n}")).await.unwrap();
    }
    let other = other.to_string();
    let register = format!("{}/register", tool(&app));
    let full = kim.submits(&format!("{issue}?key={other}"), &register, &[("key", &other)]).await;
    assert_eq!(full.status, 422);
    assert!(full.all("#field-key-error")[0].contains("ten redirect URIs"), "{full:?}");
}

#[tokio::test]
async fn an_app_without_keys_is_told_what_to_do_next() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    world.by().delete_key(app.key).await.unwrap();
    let page = kim.opens(&format!("{}/issue", tool(&app))).await;
    assert_eq!(page.all(".nothing-title"), ["The app has no REST API key"]);
    for api in ["authorize", "token", "tokeninfo", "userinfo", "revoke", "ips", "nonsense"] {
        let page = kim.opens(&format!("{}?api={api}", tool(&app))).await;
        assert_eq!(page.status, 200, "{api}");
        page.is_a_strict_page();
    }
}
