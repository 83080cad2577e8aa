//! What went wrong in servers like this one with who may see and do what: other people's tokens, scopes that grew, limits
//! on one entry only, secrets shown again. `docs/advisories.md` has all the names.

use bizauth::http::{console, limits, me, operator};
use bizauth::view::Notice;
use bizauth_core::app::AppKind;
use bizauth_core::asset::AssetKind;
use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::key::KeyKind;
use bizauth_core::operator::Scope;
use bizauth_core::secret::{Credential, Digest};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, Rgba, RgbaImage};
use serde_json::{Value, json};

use crate::console_icons;
use crate::console_keys::a_developer;
use crate::world::sources::files;
use crate::world::{Answer, BusinessToken, PASSWORD, World, minutes, sources};

const SCOPE: &str = "scope=moment_management";
const PICK: &[(&str, &str)] = &[("asset.moment", "11")];

/// Only the token itself opens what stands behind it. Neither another app's credentials nor its people's pages do.
#[tokio::test]
async fn cve_2026_37979_no_app_reads_anothers_tokens() {
    let world = World::new().await;
    let (eve, theirs) = a_developer(&world).await;
    let (app, lee) = (world.app().await, world.owner("lee@example.com").await);
    let token = lee.lends(&world, &app).await;
    let (id, _) = Credential::Token.read(&token.0).unwrap();
    let other = eve.lends(&world, &theirs).await;
    let (_, admin) = world.key(&theirs, KeyKind::Admin).await;
    for (name, value) in [
        ("authorization", format!("KakaoAK {admin}")),
        ("authorization", format!("Basic {}:{}", theirs.client_id, theirs.client_secret)),
        ("x-access-token", token.0.clone()),
    ] {
        for query in [format!("?token={}", token.0), format!("?access_token={}", token.0), format!("?id={id}")] {
            let request = world.request("GET", &format!("/v1/business/tokeninfo{query}")).header(name, &value);
            Answer::of(request).await.declines(KapiFault::NoKey, "");
        }
    }
    let request = world.request("GET", &format!("/v1/business/tokeninfo?token={}&id={id}", token.0));
    let told = Answer::of(request.header("authorization", format!("Bearer {}", other.0))).await;
    assert_ne!(told.json()["id"], json!(id.to_string()), "one's own token speaks for itself only");
    for path in [format!("/console/apps/{}/tokens/{id}", theirs.id), format!("/console/apps/{}/tokens/{id}", app.id)] {
        eve.opens(&path).await.says(Notice::NotFound);
    }
    assert!(
        !eve.opens(&format!("/console/apps/{}/tokens?q={id}", theirs.id))
            .await
            .body
            .contains(&format!("/tokens/{id}\""))
    );
}

/// Every page and every answer about an app that has secrets, for its owner and for an operator: none of them has any.
#[tokio::test]
async fn cve_2020_10187_answers_are_allow_lists_and_secrets_are_shown_once() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let boss = world.operator("boss@example.com").await.at(&world.operators);
    boss.signs_in().await;
    let robot = world.program(&Scope::ALL).await;
    let (admin_id, admin) = world.key(&app, KeyKind::Admin).await;
    let token = kim.lends(&world, &app).await;
    let code = kim.consents(&app, SCOPE, PICK).await;
    let (token_id, secret) = Credential::Token.read(&token.0).unwrap();
    let user = world.store().user_by_email("kim@example.com").await.unwrap().unwrap();
    let digest = Digest::of(app.client_secret.as_bytes()).hex();
    let hidden = [
        &app.client_secret,
        &admin,
        &token.0,
        &code,
        &robot.key,
        &user.password,
        &digest,
        &secret.digest().hex(),
        &Digest::of(admin.as_bytes()).hex(),
    ];
    let named = [
        ("{app}", app.id.to_string()),
        ("{key}", admin_id.to_string()),
        ("{token}", token_id.to_string()),
        ("{application}", app.id.to_string()),
        ("{connected}", app.id.to_string()),
        ("{account}", kim.id.to_string()),
        ("{user}", kim.id.to_string()),
        ("{group}", "moment".to_owned()),
        ("{asset}", "11".to_owned()),
        ("{item}", "moment_create".to_owned()),
    ];
    let piece = |piece: &str| match named.iter().find(|(name, _)| *name == piece) {
        Some((_, value)) => value.clone(),
        None if piece.starts_with('{') => "7".to_owned(),
        None => piece.to_owned(),
    };
    let filled = |path: &str| path.split('/').map(piece).collect::<Vec<_>>().join("/");
    let mut seen = 0;
    let clean = |path: &str, answer: &Answer| {
        for secret in hidden {
            assert!(!answer.body.contains(secret.as_str()), "{path} shows {secret}");
        }
    };
    let pages = [(&kim, console::table()), (&kim, me::table()), (&boss, operator::pages_table())];
    for (who, table) in pages {
        for rule in table.iter().filter(|rule| rule.method == "GET" && !rule.path.ends_with("/callback")) {
            let path = filled(rule.path);
            let answer = who.opens(&path).await;
            clean(&path, &answer);
            seen += usize::from(answer.status == 200);
        }
    }
    let of_key = format!("/console/apps/{}/keys/{}", app.id, app.key);
    clean(&of_key, &kim.opens(&of_key).await);
    for rule in operator::v1::table().iter().filter(|rule| rule.method == "GET") {
        let path = filled(rule.path);
        let answer = robot.asks("GET", path.strip_prefix("/operator/v1").unwrap()).await;
        clean(&path, &answer);
        seen += usize::from(answer.status == 200);
    }
    assert!(seen > 45, "only {seen} of the pages and answers were there to be looked at");
    clean("/metrics", &boss.opens("/metrics").await);
}

/// There is one sentence that makes a token, one that makes a code, and one grant.
#[tokio::test]
async fn cve_2026_79652_every_token_comes_from_a_consent() {
    let (store, doors) = (sources("bizauth-store"), sources("bizauth"));
    for (makes, home) in [
        ("INSERT INTO tokens", "codes.rs"),
        ("INSERT INTO codes", "consents.rs"),
        ("INSERT INTO consents", "consents.rs"),
    ] {
        let found = store.iter().chain(&doors).filter(|(_, text)| text.contains(makes)).map(|(path, _)| path.as_str());
        // A past made to order, which nobody asks for but the dev mode: see below.
        assert_eq!(found.filter(|path| *path != "staged.rs").collect::<Vec<_>>(), [home], "{makes}");
    }
    for (path, text) in doors {
        let staged = text.contains("stage_token(") || text.contains("neglect_token(");
        assert!(!staged || path.starts_with("dev/"), "{path} stages a token");
    }
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    for grant in [
        "client_credentials",
        "password",
        "refresh_token",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let mut fields: Vec<_> = app.trade("x").into_iter().filter(|(name, _)| *name != "grant_type").collect();
        fields.extend([("grant_type", grant), ("username", "kim@example.com"), ("password", PASSWORD)]);
        world.trade(&fields).await.refuses(KauthFault::UnsupportedGrantType, grant);
    }
    for kind in ["token", "code token", "id_token", "none"] {
        let address =
            app.authorize(SCOPE).replace("response_type=code", &format!("response_type={}", kind.replace(' ', "%20")));
        let told = kim.opens(&address).await;
        assert!(told.location().contains("error=invalid_request") && !told.location().contains("code="), "{told:?}");
    }
    // Agreeing last time is no agreement this time.
    kim.consents(&app, SCOPE, PICK).await;
    for prompt in ["", "&prompt=none", "&approval_prompt=auto"] {
        let told = kim.asked(&app.authorize(&format!("{SCOPE}{prompt}"))).await;
        assert!(told.header("location").is_none(), "{told:?}");
    }
}

#[tokio::test]
async fn cve_2026_18570_what_is_absent_is_most_restrictive() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    for scope in ["", "scope=", "scope=%20", "scope=,"] {
        kim.asked(&app.authorize(scope)).await.shows(KauthFault::UnknownConsentItem);
    }
    // No resource_ids: nothing is lent but what is picked; nothing picked: nothing is agreed to.
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    let told = kim.answers(&screen, "agree", &[]).await;
    assert!(told.status == 303 && told.location().starts_with("/consent?"), "{told:?}");
    let token = kim.lends(&world, &app).await;
    let lent = world.tokeninfo(&token).await.json()["biz_agreements"].clone();
    assert_eq!(lent, json!([{"group": "moment", "scope": ["moment_management"], "ad_account_ids": ["11"]}]));
    // A star is written, or chosen; an empty, half or foreign one is none.
    for ids in [
        "resource_ids=",
        "resource_ids=moment",
        "resource_ids=moment:",
        "resource_ids=*",
        "resource_ids=*:*",
        "resource_ids=keyword:*",
    ] {
        kim.asked(&app.authorize(&format!("{SCOPE}&{ids}"))).await.shows(KauthFault::BadAuthorizeParameter);
    }
    kim.asked(&app.authorize("scope=moment_create")).await.shows(KauthFault::BadAuthorizeParameter);
    // A secret that is on and was never issued, or is not sent, opens nothing.
    let mut fields = app.trade("x");
    fields.retain(|(name, _)| *name != "client_secret");
    world.trade(&fields).await.refuses(KauthFault::BadClientSecret, "");
    world.trade(&[fields, vec![("client_secret", "")]].concat()).await.refuses(KauthFault::BadClientSecret, "");
    // A key for programs without a scope may do nothing, and there is none.
    let nothing = world.program(&[]).await;
    assert_eq!(nothing.asks("GET", "/maintenance").await.status, 403);
}

#[tokio::test]
async fn cve_2024_52287_no_scope_is_wider_than_configured() {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let screen = kim.asked(&app.authorize("scope=moment_management,moment_delete")).await;
    assert!(world.by().switch_item_off(app.id, "moment_delete".into()).await.unwrap());
    // Before the screen, behind it, and however the list is written.
    for scope in [
        "moment_delete",
        "moment_management,moment_delete",
        "moment_management%20moment_delete",
        "moment_management,MOMENT_DELETE",
        "moment_management,*",
        "openid",
    ] {
        kim.asked(&app.authorize(&format!("scope={scope}"))).await.shows(KauthFault::UnknownConsentItem);
    }
    let told = kim.answers(&screen, "agree", PICK).await;
    told.shows(KauthFault::UnknownConsentItem);
    let code = kim.consents(&app, SCOPE, PICK).await;
    let fields = [app.trade(&code), vec![("scope", "moment_management moment_delete")]].concat();
    let bought = world.trade(&fields).await;
    assert_eq!(bought.json()["scope"], "moment_management", "what is sent along with a code widens nothing");
    assert!(world.by().take_permission(app.id, "moment".into()).await.unwrap());
    kim.asked(&app.authorize(SCOPE)).await.shows(KauthFault::NoFeaturePermission);
}

/// Each entry at which a one-time or recovery code is looked at counts against the same tries.
#[tokio::test]
async fn cve_2024_32868_and_cve_2025_64102_codes_are_limited_at_every_entry() {
    const HERE: &str = "/me/account/two-factor";
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let phone = kim.switches_on(&world).await;
    let wrong = phone.wrong(&world);
    let mut left = 10;
    for entry in ["codes", "disable"] {
        let (page, fields) = (format!("{HERE}/{entry}"), [("current", PASSWORD), ("code", wrong.as_str())]);
        for _ in 0..4 {
            assert_eq!(kim.submits(&page, &page, &fields).await.status, 422);
            left -= 1;
        }
    }
    kim.signs_out().await;
    assert_eq!(kim.tries_password(PASSWORD, "/me").await.status, 303);
    for given in [wrong.as_str(), "aaaa-aaaa-aaaa-aaaa"] {
        let told = kim.tries_code(given).await;
        if told.status == 401 {
            left -= 1;
        }
    }
    while left > 0 {
        assert_eq!(kim.tries_code(&wrong).await.status, 401);
        left -= 1;
    }
    world.advance(minutes(1));
    let told = kim.tries_code(&phone.code(&world)).await;
    assert_eq!(told.status, 429, "nobody looks any more, here either");
    let told = kim.tries_code(&phone.recovery[0]).await;
    assert_eq!(told.status, 429);
}

/// A stranger who invents addresses blocks nobody, neither by the account's tries nor by the address's.
#[tokio::test]
async fn rauthy_trusted_proxies_a_spoofed_address_blocks_nobody() {
    let world = World::new().await;
    let (kim, eve) = (world.newcomer("kim@example.com").await, world.newcomer("eve@example.com").await);
    kim.signs_in().await;
    kim.signs_out().await;
    let token = eve.opens("/login").await.input("/login", "form_token");
    for n in 0..12 {
        let form = [("email", "kim@example.com"), ("password", "wrong"), ("next", "/"), ("form_token", token.as_str())];
        let request = eve.browser.post(format!("{}/login", world.base)).form(&form);
        let told = Answer::of(request.header("x-forwarded-for", format!("198.51.100.{n}"))).await;
        assert_eq!(told.status, if n < 10 { 401 } else { 429 }, "invented addresses do not give new tries");
    }
    kim.signs_in().await;
    for n in 0..12 {
        let counted = format!("198.51.100.{n}");
        let limit = bizauth_store::Limit { kind: "login address", most: 100, window: minutes(15) };
        assert_eq!(world.store().taken(limit, &counted, world.now()).await.unwrap(), 0);
    }
    assert_eq!(
        limits::neighbourhood("2001:db8::1".parse().unwrap()),
        limits::neighbourhood("2001:db8::2".parse().unwrap())
    );
}

/// A picture is drawn anew: nothing that was written into the file is served, be it in its metadata or behind its end.
#[tokio::test]
async fn rauthy_audit_2025_what_hides_in_a_picture_is_not_served() {
    const HIDDEN: &[u8] = b"<script>alert(1)</script>";
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let drawn = DynamicImage::from(RgbaImage::from_pixel(80, 80, Rgba([10, 120, 200, 255])));
    let file = |with: &dyn Fn(&mut Vec<u8>)| {
        let mut file = Vec::new();
        with(&mut file);
        assert!(file.windows(HIDDEN.len()).any(|part| part == HIDDEN));
        file
    };
    let png = |file: &mut Vec<u8>, encoded: &dyn Fn(&mut PngEncoder<&mut Vec<u8>>)| {
        let mut encoder = PngEncoder::new(file);
        encoded(&mut encoder);
        drawn.write_with_encoder(encoder).unwrap();
    };
    let jpeg = |file: &mut Vec<u8>, exif: &[u8]| {
        let mut encoder = JpegEncoder::new(file);
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        drawn.to_rgb8().write_with_encoder(encoder).unwrap();
    };
    let webp = |file: &mut Vec<u8>, exif: &[u8]| {
        let mut encoder = WebPEncoder::new_lossless(file);
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        drawn.write_with_encoder(encoder).unwrap();
    };
    for (what, file) in [
        ("a place in a PNG", file(&|file| png(file, &|it| it.set_exif_metadata(HIDDEN.to_vec()).unwrap()))),
        ("a place in a JPEG", file(&|file| jpeg(file, HIDDEN))),
        ("a place in a WebP", file(&|file| webp(file, HIDDEN))),
        ("the end of a PNG", file(&|file| (png(file, &|_| {}), file.extend(HIDDEN)).1)),
        ("the end of a JPEG", file(&|file| (jpeg(file, b"x"), file.extend(HIDDEN)).1)),
        ("the end of a WebP", file(&|file| (webp(file, b"x"), file.extend(HIDDEN)).1)),
    ] {
        let sent = console_icons::sends(&kim, app.id, "x.png", file).await;
        assert_eq!(sent.status, 303, "{what}: {sent:?}");
        let digest = console_icons::icon(&world, app.id).await.unwrap();
        let served = world.http.get(format!("{}/icons/{}", world.base, digest.hex())).send().await.unwrap();
        assert_eq!(served.headers()["content-type"], "image/png", "{what}");
        let served = served.bytes().await.unwrap();
        assert!(!served.windows(HIDDEN.len()).any(|part| part == HIDDEN), "{what} is served");
        // The picture and no more: each chunk by its length and name, up to the last byte.
        let (mut at, mut chunks) = (8, Vec::new());
        while at < served.len() {
            let length = u32::from_be_bytes(served[at..at + 4].try_into().unwrap());
            chunks.push(String::from_utf8_lossy(&served[at + 4..at + 8]).into_owned());
            at += 12 + usize::try_from(length).unwrap();
        }
        chunks.dedup();
        assert_eq!((chunks, at), (["IHDR", "IDAT", "IEND"].map(str::to_owned).to_vec(), served.len()), "{what}");
        let picture = image::load_from_memory(&served).unwrap().to_rgb8();
        let off = |a: u8, b: u8| a.abs_diff(b) > 6;
        let [red, green, blue] = picture.get_pixel(128, 128).0;
        assert!(!off(red, 10) && !off(green, 120) && !off(blue, 200), "{what}: it is the same picture");
    }
}

/// Drawings with scripts, bounds, what listens where, and what lies in the repository.
#[tokio::test]
async fn rauthy_audit_2025_uploads_bounds_compares_keys_and_ports() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let (page, act) = (format!("/console/apps/{}/settings", app.id), format!("/console/apps/{}/icon", app.id));
    let token = kim.form_token(&page, &act).await;
    for drawing in
        ["<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "<?xml version='1.0'?><svg/>"]
    {
        let body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n--x\r\ncontent-disposition: form-data; \
             name=\"icon\"; filename=\"x.svg\"\r\ncontent-type: image/svg+xml\r\n\r\n{drawing}\r\n--x--\r\n"
        );
        let request = kim.browser.post(format!("{}{act}", world.base));
        let told = Answer::of(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await;
        assert_eq!(told.status, 422, "{told:?}");
    }
    let robot = world.program(&Scope::ALL).await;
    let described: Value = serde_json::from_str(include_str!("../../src/http/operator/v1/openapi.json")).unwrap();
    let mut n_lists = 0;
    for rule in operator::v1::table().iter().filter(|rule| rule.method == "GET" && !rule.path.contains('{')) {
        let parameters = described["paths"][rule.path]["get"]["parameters"].as_array();
        let is_list = parameters.is_some_and(|all| all.iter().any(|it| it["name"] == "limit"));
        n_lists += usize::from(is_list);
        let path = rule.path.strip_prefix("/operator/v1").unwrap();
        let usual = robot.asks("GET", path).await.status;
        let unknown = robot.asks("GET", &format!("{path}?unknown=1")).await.status;
        assert!([usual, 422].contains(&unknown), "{path}: {unknown}");
        for (limit, is_good) in
            [("1", true), ("0", false), ("-1", false), ("99999999999999999999", false), ("x", false)]
        {
            let wanted = match is_list {
                true if is_good => usual,
                true => 422,
                // What is no list knows no such parameter: it is like any other that is not known.
                false => unknown,
            };
            assert_eq!(robot.asks("GET", &format!("{path}?limit={limit}")).await.status, wanted, "{path}, {limit}");
        }
    }
    assert!(n_lists > 6, "only {n_lists} lists were found");
    let config = bizauth::config::Config::default();
    assert!(config.listen.ip().is_loopback() && config.operator_listen.ip().is_loopback());
    // No test can hear how long a comparison takes: what is compared is a digest, which nobody can approach letter by
    // letter, and the sources say with what.
    let core = sources("bizauth-core");
    for (name, compares) in [
        ("secret.rs", "self.0.ct_eq(&other.0).into()"),
        ("key.rs", "known.0.ct_eq(&sent.0)"),
        ("code.rs", "as_bytes().ct_eq(self.0.as_bytes())"),
        ("second_factor.rs", "as_bytes().ct_eq(code.as_bytes())"),
    ] {
        assert!(core.iter().any(|(path, text)| path == name && text.contains(compares)), "{name} compares otherwise");
    }
    let marks = ["PRIVATE KEY", "RSA", "EC", "OPENSSH", "ENCRYPTED"];
    for file in files() {
        assert!(
            !marks.iter().any(|mark| file.text.contains(&format!("-----BEGIN {mark}"))),
            "{} holds a key",
            file.path
        );
    }
}

/// Someone who may read everything of an app may still write nothing that is not theirs.
#[tokio::test]
async fn ghsa_xxwr_vvr3_2g9f_who_may_see_may_not_therefore_change() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let lee = world.newcomer("lee@example.com").await;
    lee.signs_in().await;
    assert!(world.by().add_member(app.id, lee.id, "editor").await.unwrap());
    let members = format!("/console/apps/{}/members", app.id);
    let token = lee.form_token("/", "/logout").await;
    for action in ["invite", "transfer", &format!("{}/role", kim.id)] {
        lee.posts(&format!("{members}/{action}"), &[("form_token", &token), ("role", "editor")])
            .await
            .says(Notice::OwnersOnly);
    }
    for path in ["/operator/accounts", "/operator/apps"] {
        lee.at(&world.operators).opens(path).await.says(Notice::OperatorsOnly);
    }
    let theirs = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    lee.opens(&format!("/console/apps/{}", theirs.id)).await.says(Notice::NotFound);
    // What one holds is nobody else's to lend, though a screen may name it.
    world.gives(&kim, "moment", "77", AssetKind::AdAccount, true).await;
    lee.asked(&theirs.authorize(&format!("{SCOPE}&resource_ids=moment:77"))).await.shows(KauthFault::NoBusinessAsset);
    let forged = BusinessToken("bzt_x".to_owned());
    world.revoke(&forged).await.declines(KapiFault::NoSuchToken, "");
}
