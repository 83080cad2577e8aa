//! An app, a person with assets, and what they do with each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::authorize::{Asked, State, Wanted};
use bizauth_core::code::Code;
use bizauth_core::consent::Grant;
use bizauth_core::fault::KauthFault;
use bizauth_core::id::{AppId, CodeId, HoldingId, KeyId, PendingId, SessionId, TokenId, UserId};
use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::redirect::Destination;
use bizauth_core::scope::{Catalogue, GroupId};
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::{DAY, Time};
use bizauth_core::token::{IDLE_LIFETIME, Lent, Token};
use bizauth_store::{
    Actor, Approval, AssetRecord, Limit, NewApp, NewConsent, NewKey, NewPending, NewSession, NewUser, Redemption,
    Sight, Store, Who,
};

/// The instant at which everything begins. Tests move on from here by adding to it.
pub(crate) const NOW: Time = Time::from_millis(1_790_000_000_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const NO_LIMIT: Limit = Limit { kind: "nothing", most: 0, window: DAY };
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";

/// A number that no other call in this process gets.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn secret() -> Secret {
    Secret::from_bytes(Digest::of(&number().to_be_bytes()).0)
}

pub(crate) fn digest() -> Digest {
    secret().digest()
}

pub(crate) fn app_key() -> AppKey {
    AppKey::from_bytes(u128::from(number()).to_be_bytes())
}

/// Whoever changes something at this time.
pub(crate) fn someone(at: Time) -> Actor {
    Actor { who: Who::CommandLine, name: "tester".to_owned(), from: None, at }
}

pub(crate) fn yes(_: &Code) -> Result<(), KauthFault> {
    Ok(())
}

pub(crate) async fn a_user(store: &Store, name: &str) -> UserId {
    let new = NewUser {
        email: format!("{name}-{}@example.com", number()),
        email_verified: true,
        password: "$argon2id$none".to_owned(),
        in_business_centre: true,
        is_operator: false,
    };
    store.by(someone(NOW)).create_user(new).await.unwrap().unwrap()
}

/// A browser that signs in for the first time.
pub(crate) fn a_browser(session: (Digest, Time), device: (Digest, Time)) -> NewSession {
    let (address, agent) = (Some("192.0.2.7".to_owned()), Some("Mozilla/5.0".to_owned()));
    NewSession { session, device, earlier: None, known: None, address, agent }
}

pub(crate) async fn an_app(store: &Store, owner: UserId) -> AppId {
    let new = NewApp {
        name: "Ad reports".to_owned(),
        company: "Example".to_owned(),
        kind: AppKind::Biz,
        parent: None,
        owner: Some(owner),
    };
    store.by(someone(NOW)).create_app(new).await.unwrap().unwrap()
}

/// A REST API key without a client secret.
pub(crate) async fn a_key(store: &Store, app: AppId) -> KeyId {
    let new = NewKey { app, kind: KeyKind::RestApi, value: app_key(), name: "a key".to_owned(), secret: None };
    store.by(someone(NOW)).create_key(new).await.unwrap().unwrap()
}

pub(crate) async fn an_asset(store: &Store, group: &str, id: &str, name: &str) {
    let asset = AssetRecord {
        group: group.into(),
        id: AssetId(id.to_owned()),
        kind: AssetKind::AdAccount,
        name: name.to_owned(),
    };
    assert!(store.by(someone(NOW)).keep_asset(asset).await.unwrap());
}

/// A person's hold on an asset that exists, as it has to be told to the store.
pub(crate) fn hold(group: &str, id: &str) -> Holding {
    Holding {
        id: HoldingId(0),
        group: group.into(),
        asset: AssetId(id.to_owned()),
        kind: AssetKind::AdAccount,
        name: String::new(),
        role: "owner".to_owned(),
        lendable: true,
    }
}

/// Makes assets that `user` holds.
pub(crate) async fn give(store: &Store, user: UserId, group: &str, assets: &[(&str, &str)]) {
    for (id, name) in assets {
        an_asset(store, group, id, name).await;
        assert!(store.by(someone(NOW)).hold_asset(user, hold(group, id)).await.unwrap());
    }
}

/// The store's record of what `user` holds among these.
pub(crate) async fn held(store: &Store, user: UserId, named: &[(&str, &str)]) -> Vec<Holding> {
    let named: Vec<_> = named.iter().map(|(group, id)| (GroupId::from(*group), AssetId((*id).to_owned()))).collect();
    store.holdings_named(user, &named).await.unwrap()
}

pub(crate) fn these(group: &str, holdings: &[Holding]) -> (GroupId, Grant) {
    let of_group = holdings.iter().filter(|held| held.group.0 == group);
    (group.into(), Grant::These(of_group.map(|held| (held.id, held.asset.clone())).collect()))
}

pub(crate) fn all(group: &str) -> (GroupId, Grant) {
    (group.into(), Grant::All)
}

/// A code as its app got it.
pub(crate) type GivenCode = (CodeId, Digest);
/// A token as its app got it.
pub(crate) type GivenToken = (TokenId, Secret);

/// An app with a key, and a person who may lend it something.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) developer: UserId,
    pub(crate) app: AppId,
    pub(crate) key: KeyId,
    pub(crate) user: UserId,
}

impl Scene {
    pub(crate) async fn set(store: &Store) -> Self {
        let (developer, user) = (a_user(store, "developer").await, a_user(store, "kim").await);
        let app = an_app(store, developer).await;
        Scene { store: store.clone(), developer, app, key: a_key(store, app).await, user }
    }

    /// Shows the person a consent screen.
    pub(crate) async fn shows(&self) -> (PendingId, Digest, SessionId) {
        let (digest, session) = (digest(), SessionId(7));
        let asked = Asked {
            destination: Destination::recall(CALLBACK.to_owned()),
            state: Some(State("a%20b".to_owned())),
            items: vec!["moment_management".into()],
            wanted: vec![("moment".into(), Wanted::Choice)],
            challenge: None,
        };
        let new = NewPending {
            digest,
            session,
            user: self.user,
            client_id: "the key".to_owned(),
            asked,
            picks: "moment:1".to_owned(),
            expires_at: NOW.plus(10 * MINUTE),
        };
        (self.store.park(new, NOW).await.unwrap(), digest, session)
    }

    /// The agreement to a screen, for a code with this digest.
    pub(crate) async fn agreement(
        &self,
        screen: (PendingId, Digest, SessionId),
        grants: Vec<(GroupId, Grant)>,
        code: Digest,
    ) -> NewConsent {
        let app = self.store.app(self.app).await.unwrap().unwrap().app;
        let user = self.store.users(1000).await.unwrap().into_iter().find(|it| it.user.id == self.user).unwrap().user;
        NewConsent {
            pending: (screen.0, screen.1),
            session: screen.2,
            app: (self.app, app.era),
            key: self.key,
            user: (self.user, user.era),
            items: vec!["moment_management".into(), "biz_account_email".into()],
            grants,
            shown: "what was shown".to_owned(),
            destination: Destination::recall(CALLBACK.to_owned()),
            challenge: None,
            code,
            code_expires_at: NOW.plus(10 * MINUTE),
            limit: NO_LIMIT,
        }
    }

    /// The person agrees to lend `grants`.
    pub(crate) async fn lends(&self, grants: Vec<(GroupId, Grant)>) -> GivenCode {
        let code = digest();
        let new = self.agreement(self.shows().await, grants, code).await;
        match self.store.by(someone(NOW)).approve(new).await.unwrap() {
            Approval::Kept(id) => (id, code),
            other => panic!("{other:?}"),
        }
    }

    /// The person agrees to lend all of a group.
    pub(crate) async fn agrees(&self) -> GivenCode {
        self.lends(vec![all("moment")]).await
    }

    /// The app trades a code, with nothing in its way.
    pub(crate) async fn trades(&self, code: GivenCode) -> Redemption {
        self.store.redeem_code(code, self.key, digest(), NO_LIMIT, yes, NOW).await.unwrap()
    }

    /// The app trades a code that is good.
    pub(crate) async fn buys(&self, code: GivenCode) -> GivenToken {
        let secret = secret();
        match self.store.redeem_code(code, self.key, secret.digest(), NO_LIMIT, yes, NOW).await.unwrap() {
            Redemption::Issued { token, .. } => (token, secret),
            other => panic!("{other:?}"),
        }
    }

    /// Whether a token is alive.
    pub(crate) async fn is_alive(&self, token: &GivenToken) -> bool {
        is_alive(&self.store, token).await
    }

    /// What a token speaks for: `moment:1`, `moment:*`.
    pub(crate) async fn lent(&self, token: &GivenToken) -> Vec<String> {
        let lent = self.store.lent(token.0).await.unwrap();
        let word = |lent: &bizauth_core::token::Lent| match &lent.what {
            bizauth_core::token::LentAsset::All => format!("{}:*", lent.group),
            bizauth_core::token::LentAsset::One(_, id) => format!("{}:{id}", lent.group),
        };
        lent.iter().map(word).collect()
    }
}

/// Whether a token is alive, as this node sees it: what is read and what is remembered must not contradict each other.
pub(crate) async fn is_alive(store: &Store, token: &GivenToken) -> bool {
    let found = store.token(token.0, &token.1).await.unwrap();
    let alive = found.token.is_some_and(|token| token.admit(IDLE_LIFETIME, NOW).is_ok());
    let digest = token.1.digest();
    assert!(alive || store.remembered(token.0, &digest).is_none(), "remembered beyond its end");
    // So that whoever asks next may be told from memory.
    for _ in 0..2 {
        let seen = match store.look_at(token.0, &digest, NOW, nothing).await.unwrap() {
            Sight::Remembered(_) => true,
            Sight::Read { token, .. } => token.is_some_and(|found| found.0.admit(IDLE_LIFETIME, NOW).is_ok()),
        };
        assert_eq!(alive, seen, "what is read and what is seen");
    }
    alive
}

fn nothing(_: &Token, _: &[Lent], _: &Catalogue) -> (String, Vec<String>) {
    (String::new(), Vec::new())
}
