//! What was planted is there: asked of the store as the doors ask it.

use std::time::Duration;

use bizauth_core::app::{AppKind, Role};
use bizauth_core::asset::AssetId;
use bizauth_core::ips::RuleType;
use bizauth_core::key::AppKey;
use bizauth_core::secret::Credential;
use bizauth_core::time::Time;
use bizauth_core::token::{Ending, IDLE_LIFETIME, LentAsset, Standing};
use bizauth_core::user::UserState;
use bizauth_store::{Alive, AuditVerdict, Store};
use tempfile::TempDir;

use super::*;
use crate::entropy::Entropy;

/// 2026-11-21T00:00:00Z, nine in the morning in Seoul.
const NOW: Time = Time::from_millis(1_795_219_200_000);
const BASE: &str = "http://127.0.0.1:8080";

struct World {
    store: Store,
    planted: Planted,
    _folder: TempDir,
}

/// A password costs a second in a build without optimisation: once is enough.
async fn hashes() -> Hashes {
    static ONCE: tokio::sync::OnceCell<Hashes> = tokio::sync::OnceCell::const_new();
    ONCE.get_or_init(async || Hashes::default()).await.clone()
}

async fn world(seed: &Seed) -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::throwaway(&folder.path().join("bizauth.db"), (7, 0)).unwrap();
    store.migrate(NOW).await.unwrap();
    let entropy = Entropy::seeded(seed.random.unwrap_or(1), 0);
    let planted = plant(&store, seed, NOW, &hashes().await).await.unwrap();
    let planted = own(&store, seed, planted, BASE, &entropy).await.unwrap();
    World { store, planted, _folder: folder }
}

impl World {
    async fn standing(&self, name: &str) -> Standing {
        let (id, secret) = Credential::Token.read(&self.planted.token(name).unwrap().value).unwrap();
        let found = self.store.token(bizauth_core::id::TokenId(id), &secret).await.unwrap().token.unwrap();
        found.standing(IDLE_LIFETIME, NOW)
    }

    async fn lent(&self, name: &str) -> Vec<String> {
        let lent = self.store.lent(self.planted.token(name).unwrap().id).await.unwrap();
        let word = |lent: bizauth_core::token::Lent| match lent.what {
            LentAsset::All => format!("{}:*", lent.group),
            LentAsset::One(_, id) => format!("{}:{id}", lent.group),
        };
        lent.into_iter().map(word).collect()
    }
}

#[tokio::test]
async fn the_demo_is_planted_whole() {
    let it = world(&Seed::demo()).await;
    let app = it.planted.app("Ad report demo").unwrap();
    let key = app.first(KeyKind::RestApi).unwrap();
    assert_eq!(key.redirect_uris, [format!("{BASE}/dev/callback")]);
    let client = it.store.client(&AppKey::read(&key.value).unwrap(), NOW).await.unwrap().unwrap();
    assert_eq!((client.items.len(), client.permissions.len()), (8, 1));
    assert!(client.key.admits_secret(key.secret.as_deref()) && !client.key.admits_secret(None));
    assert!(app.keys.iter().all(|key| AppKey::read(&key.value).is_some()));
    let test = it.store.app(it.planted.app("Ad report test").unwrap().id).await.unwrap().unwrap();
    assert_eq!((test.app.kind, test.parent, test.app.parent_is_biz), (AppKind::Test, Some(app.id), true));
    for (name, standing) in
        [("demo", Standing::Active), ("unused", Standing::Unused), ("revoked", Standing::Ended(Ending::Revoked(NOW)))]
    {
        assert_eq!(it.standing(name).await, standing, "{name}");
    }
    assert_eq!(it.lent("demo").await, ["moment:482911", "moment:482920", "keyword:*"]);
    assert_eq!(it.lent("unused").await, ["keyword:730030"], "all that is held, where nothing is named");
    let lender = it.planted.user("lender@example.com").unwrap();
    let alive = Alive::at(NOW, IDLE_LIFETIME, Duration::from_secs(600));
    assert_eq!(it.store.connected_app(lender.id, app.id, alive).await.unwrap().unwrap().app.tokens, 1);
    for (email, state) in
        [("dormant", UserState::Dormant), ("blocked", UserState::Blocked), ("withdrawn", UserState::Withdrawn)]
    {
        let user = it.store.user_by_email(&format!("{email}@example.com")).await.unwrap().unwrap();
        assert_eq!(user.user.state, state);
    }
    assert_eq!(it.planted.first_person().as_deref(), Some("owner@example.com"));
    assert!(matches!(it.store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
}

/// The demo's list is the documents' own, with its dates moved.
#[tokio::test]
async fn without_a_list_there_is_the_documents_own() {
    let it = world(&Seed::default()).await;
    let list = it.store.published_ips().await.unwrap().unwrap().list;
    let document = bizauth_client::IpDocument::from_json(include_bytes!("../../ip_list/ips.json")).unwrap();
    let theirs = crate::ip_document::list_from_document(&document).unwrap();
    assert_eq!(list.updated().to_string(), "2026-11-21", "the day in Seoul");
    let (ours, theirs): (Vec<_>, Vec<_>) = (list.services().collect(), theirs.services().collect());
    assert_eq!(ours.len(), theirs.len());
    for ((rule, one), (other_rule, other)) in ours.into_iter().zip(theirs) {
        assert_eq!((rule, &one.name, &one.ips, &one.ports), (other_rule, &other.name, &other.ips, &other.ports));
        let steps = |service: &bizauth_core::ips::Service| {
            let step =
                |it: &bizauth_core::ips::Step| (it.change, (it.date - service.updated).get_days(), it.ips.clone());
            service.steps.iter().map(step).collect::<Vec<_>>()
        };
        assert_eq!(steps(one), steps(other), "{}", one.name);
    }
    let none = world(&read("ips = {}", "-").unwrap()).await;
    let list = none.store.published_ips().await.unwrap().unwrap().list;
    assert_eq!(list.services().filter(|(rule, _)| *rule == RuleType::Inbound).count(), 0, "an empty one if asked for");
}

#[tokio::test]
async fn every_switch_of_a_seed_is_set() {
    let seed = r#"
        maintenance = true
        [[groups]]
        id = "pixel"
        needs_permission = true
        has_ad_accounts = false
        items = [{ id = "pixel_read", yields_channels = true, needs_all = true }]
        [[groups]]
        id = "moment"
        items = [{ id = "moment_export", name_en = "Export", risky = true }]
        [[users]]
        email = "Kim@Example.com"
        external_id = "E-1"
        email_verified = false
        in_business_centre = false
        assets = [{ group = "pixel", id = "p1", role = "viewer", lendable = false }, { group = "moment", id = "1", kind = "channel" }]
        [[users]]
        email = "lee@example.com"
        operator = true
        assets = [{ group = "pixel", id = "p1", name = "Pixel one" }]
        [[users]]
        email = "park@example.com"
        developer_sanctioned = true
        [[apps]]
        name = "Child"
        kind = "test"
        parent = "One"
        [[apps]]
        name = "One"
        company = "Works"
        owner = "kim@example.com"
        members = [{ email = "LEE@example.com" }]
        permissions = ["pixel", "moment"]
        items = ["moment_export", { id = "pixel_read", purpose = "Because" }]
        daily_quota = 3
        [[apps.keys]]
        value = "0123456789abcdef0123456789abcdef"
        secret = "ThirtyTwoLettersAndDigitsForTest"
        secret_on = false
        pkce_required = true
        redirect_uris = ["https://app.example.com/a", "{base_url}/b"]
        login_redirect_uris = ["{base_url}/login"]
        callers = ["203.0.113.9", "2001:db8::/32"]
        [[apps.keys]]
        kind = "admin"
        may_read_ips = false
        [[apps.keys]]
        kind = "admin"
        disabled = true
        [[apps]]
        name = "Two"
        kind = "basic"
        sanctioned = true
        [[apps]]
        name = "Three"
        owner = "park@example.com"
    "#;
    let it = world(&read(seed, "-").unwrap()).await;
    let store = &it.store;
    assert!(store.maintenance().await.unwrap());
    let catalogue = store.catalogue().await.unwrap();
    let pixel = catalogue.group("pixel").unwrap();
    assert_eq!((pixel.has_assets, pixel.has_ad_accounts, pixel.needs_permission), (true, false, true));
    assert_eq!(
        (pixel.name.en.as_str(), catalogue.item("moment_export").unwrap().name.en.as_str()),
        ("pixel", "Export")
    );
    assert!(catalogue.item("pixel_read").is_some_and(|item| item.yields_channels && item.needs_all && !item.risky));
    let kim = store.user_by_email("kim@example.com").await.unwrap().unwrap();
    assert_eq!(
        (kim.external_id.as_deref(), kim.user.email_verified, kim.user.in_business_centre),
        (Some("E-1"), false, false)
    );
    let named = [("pixel".into(), AssetId("p1".to_owned())), ("moment".into(), AssetId("1".to_owned()))];
    let held = store.holdings_named(kim.user.id, &named).await.unwrap();
    let told = |at: usize| {
        (
            held[at].asset.0.as_str(),
            held[at].kind.word(),
            held[at].name.as_str(),
            held[at].role.as_str(),
            held[at].lendable,
        )
    };
    let mut all = [told(0), told(1)];
    all.sort_unstable();
    assert_eq!(all, [("1", "channel", "1", "owner", true), ("p1", "channel", "Pixel one", "viewer", false)]);
    assert!(store.user_by_email("lee@example.com").await.unwrap().unwrap().is_operator);
    let one = it.planted.app("One").unwrap();
    let record = store.app(one.id).await.unwrap().unwrap().app;
    assert_eq!((record.company.as_str(), record.daily_quota, record.sanctioned), ("Works", Some(3), false));
    assert_eq!(it.planted.apps[0].name, "Child", "in the seed's order, although parents come first");
    let lee = it.planted.user("lee@example.com").unwrap().id;
    let (_, role) = store.app_for_member(one.id, lee).await.unwrap().unwrap();
    assert_eq!(role, bizauth_core::app::Role::Editor);
    assert_eq!(store.items_of(one.id).await.unwrap()[1], ("pixel_read".into(), "Because".to_owned()));
    let keys = store.keys_of(one.id, NOW).await.unwrap();
    assert_eq!(keys[0].value.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert_eq!(keys[0].redirect_uris, ["https://app.example.com/a".to_owned(), format!("{BASE}/b")]);
    assert!(!keys[0].key.secret_on && keys[0].secret == Some(Digest::of(b"ThirtyTwoLettersAndDigitsForTest")));
    assert_eq!([&keys[0], &keys[1]].map(|it| it.key.pkce_required), [true, false]);
    let callers: Vec<String> = keys[0].key.callers.iter().map(ToString::to_string).collect();
    assert_eq!(callers, ["203.0.113.9/32", "2001:db8::/32"]);
    assert_eq!((keys[1].key.may_read_ips, keys[1].key.disabled), (false, false));
    assert_eq!((keys[2].key.may_read_ips, keys[2].key.disabled), (true, true));
    let names: Vec<&str> = one.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["rest_api", "admin", "admin 2"]);
    assert_eq!(one.keys[0].login_redirect_uris, [format!("{BASE}/login")]);
    for (app, sanctioned) in [("Two", true), ("Three", true)] {
        let record = store.app(it.planted.app(app).unwrap().id).await.unwrap().unwrap();
        assert_eq!(record.app.sanctioned, sanctioned, "{app}");
    }
}

#[tokio::test]
async fn roles_are_those_of_the_seed() {
    let seed = r#"
        [[users]]
        email = "kim@example.com"
        assets = [
            { group = "moment", id = "1" },
            { group = "moment", id = "2", role = "관리자" },
            { group = "keyword", id = "3", role = "viewer", lendable = false },
        ]
        [[users]]
        email = "lee@example.com"
        [[users]]
        email = "park@example.com"
        [[apps]]
        name = "Owned"
        owner = "kim@example.com"
        members = [{ email = "lee@example.com", role = "owner" }, { email = "park@example.com", role = "editor" }]
        [[apps]]
        name = "Unowned"
        members = [{ email = "lee@example.com" }]
    "#;
    let it = world(&read(seed, "-").unwrap()).await;
    let id = |email: &str| it.planted.user(email).unwrap().id;
    let role = async |app: &str, email: &str| {
        let app = it.planted.app(app).unwrap().id;
        it.store.app_for_member(app, id(email)).await.unwrap().map(|(_, role)| role)
    };
    for (app, email, wanted) in [
        ("Owned", "kim@example.com", Some(Role::Owner)),
        ("Owned", "lee@example.com", Some(Role::Owner)),
        ("Owned", "park@example.com", Some(Role::Editor)),
        ("Unowned", "lee@example.com", Some(Role::Editor)),
        ("Unowned", "kim@example.com", None),
    ] {
        assert_eq!(role(app, email).await, wanted, "{app} {email}");
    }
    let named = [("moment", "1"), ("moment", "2"), ("keyword", "3")];
    let named = named.map(|(group, id)| (group.into(), AssetId(id.to_owned())));
    let mut held = it.store.holdings_named(id("kim@example.com"), &named).await.unwrap();
    held.sort_by(|one, other| one.asset.0.cmp(&other.asset.0));
    let told: Vec<_> = held.iter().map(|it| (it.role.as_str(), it.lendable)).collect();
    assert_eq!(told, [("owner", true), ("관리자", true), ("viewer", false)]);
}

#[tokio::test]
async fn fates_come_after_the_tokens_and_end_them() {
    let user = |name: &str, rest: &str| {
        format!(
            "[[users]]\nemail = \"{name}@example.com\"\nassets = [{{ group = \"keyword\", id = \"{name}\" }}]\n{rest}\n"
        )
    };
    let app = |name: &str, rest: &str| {
        format!("[[apps]]\nname = \"{name}\"\nkeys = [{{}}, {{ name = \"other\" }}]\n{rest}\n")
    };
    let token = |name: &str, app: &str, user: &str, rest: &str| {
        format!(
            "[[tokens]]\nname = \"{name}\"\napp = \"{app}\"\nuser = \"{user}@example.com\"\nscope = [\"keyword_delete\"]\n{rest}\n"
        )
    };
    let seed = [
        user("kim", ""),
        user("blocked", "state = \"blocked\""),
        user("dormant", "state = \"dormant\""),
        app("One", ""),
        app("Gone", "sanctioned = true"),
        token("alive", "One", "kim", "key = \"other\""),
        token("taken back", "One", "kim", "state = \"withdrawn\""),
        token("of the blocked", "One", "blocked", ""),
        token("of the dormant", "One", "dormant", ""),
        token("of the sanctioned", "Gone", "kim", ""),
    ];
    let it = world(&read(&seed.concat(), "-").unwrap()).await;
    for (name, standing) in [
        ("alive", Standing::Active),
        ("taken back", Standing::Ended(Ending::Withdrawn(NOW))),
        ("of the blocked", Standing::AccountEnded),
        ("of the dormant", Standing::Active),
        ("of the sanctioned", Standing::AppSanctioned),
    ] {
        assert_eq!(it.standing(name).await, standing, "{name}");
    }
    let one = it.planted.app("One").unwrap();
    let record = it.store.token_of(one.id, it.planted.token("alive").unwrap().id).await.unwrap().unwrap();
    assert_eq!(record.key.0, one.keys[1].id);
}

#[tokio::test]
async fn one_number_makes_one_world() {
    let mut seed = Seed { random: Some(42), ..Seed::demo() };
    let told = async |seed: &Seed| {
        let it = world(seed).await;
        let head = it.store.audit_head().await.unwrap();
        // The head of the log proves what was written, when, and in which order.
        format!("{} {:?}", serde_json::to_string(&it.planted).unwrap(), head.digest)
    };
    let first = told(&seed).await;
    assert_eq!(first, told(&seed).await, "keys, secrets, ids and all");
    seed.random = Some(43);
    let other = told(&seed).await;
    assert_ne!(first, other);
    let demo = seed.tokens[0].literal();
    assert!(first.contains(&demo) && other.contains(&demo), "a ready token is the same everywhere");
    assert!(first.contains(r#""kind":"rest_api""#) && first.contains(r#""state":"active""#), "{first}");
}

#[tokio::test]
async fn what_the_reader_would_have_refused_is_not_planted() {
    let mut seed = Seed::demo();
    seed.users.truncate(1);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::throwaway(&folder.path().join("bizauth.db"), (7, 0)).unwrap();
    store.migrate(NOW).await.unwrap();
    let refused = plant(&store, &seed, NOW, &hashes().await).await;
    assert!(refused.unwrap_err().to_string().contains("a token's user"));
}
