//! Planting a seed: everything it has is written through the store's own sentences, so that what stands there afterwards
//! is what people, developers and operators could have brought about themselves.
//!
//! Tokens are given while everybody is in good standing; the states and sanctions of the seed come after them and end
//! them as they would.
//!
//! It is done once for a seed and a day: worlds are copies of what was planted. What tells one from the other, the keys
//! and secrets that the seed does not give and what is addressed by where the world answers, is made by [`own`].

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bizauth_core::asset::{AssetId, AssetKind, Holding, Resource};
use bizauth_core::id::{AppId, HoldingId, KeyId, TokenId, UserId};
use bizauth_core::ips::{IpList, Terms, date_at, seoul};
use bizauth_core::key::{AppKey, caller};
use bizauth_core::scope::{Catalogue, GroupId, ItemId};
use bizauth_core::secret::{Credential, Digest};
use bizauth_core::time::Time;
use bizauth_core::user;
use bizauth_store::{
    Actor, Added, AddedUri, AssetRecord, By, KeptItems, MadeAccount, NewApp, NewKey, NewUser, NewVersion, Publication,
    Staged, StagedKey, StagedToken, Store, Who,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join, try_join_all};

use super::check::catalogue;
use super::lists::ip_list;
use super::{
    App, Hashes, Key, KeyKind, Kind, Planted, PlantedApp, PlantedKey, PlantedToken, PlantedUser, Seed, State, Token,
    TokenState, User,
};
use crate::dev::Error;
use crate::entropy::Entropy;

/// Where what is planted answers, until a world is made of it: nowhere (RFC 6761, section 6.4).
const ELSEWHERE: &str = "https://base-url.invalid";
/// How long ago a token died of disuse was used: no server waits so long.
const LONG_AGO: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);

/// Writes everything that `seed` has into a store whose schema is there. Keys and secrets that it does not give are
/// anything, and redirect URIs lead nowhere, until [`own`] makes them a world's.
///
/// # Errors
/// What the store says; and a seed that [`super::read`] would have refused.
pub async fn plant(store: &Store, seed: &Seed, now: Time, passwords: &Hashes) -> Result<Planted, Error> {
    let mut hashing: HashMap<&str, tokio::task::JoinHandle<Result<String, Error>>> = HashMap::new();
    for user in &seed.users {
        hashing.entry(&user.password).or_insert_with(|| {
            let (passwords, password) = (passwords.clone(), user.password.clone());
            tokio::spawn(async move { passwords.of(&password).await })
        });
    }
    let by = store.by(Actor { who: Who::Server, name: "bizauth dev".to_owned(), from: None, at: now });
    let catalogue = catalogue(seed);
    let field = Field { store, by: &by, entropy: &Entropy::seeded(0, 0), now, catalogue: &catalogue };
    field.groups(seed).await?;
    let terms = Terms::throwaway(date_at(now.millis(), &seoul()));
    let published = by.publish_ips(NewVersion::of(published(seed, now)?, terms)).await?;
    done(matches!(published, Publication::Done(_)), "the IP list")?;
    let mut apps = field.apps(seed).await?;
    field.keys(seed, &mut apps).await?;
    let mut hashes = HashMap::new();
    for (password, hash) in hashing {
        hashes.insert(password, hash.await.map_err(|_| Error::Seed("a password"))??);
    }
    let users = field.people(seed, &hashes).await?;
    let mut planted = Planted { apps, users, tokens: Vec::new() };
    field.members(seed, &planted).await?;
    planted.tokens = field.tokens(seed, &planted).await?;
    field.fates(seed, &planted).await?;
    if seed.maintenance {
        by.set_maintenance(true).await?;
    }
    Ok(planted)
}

/// Gives a copy of what was planted what is its own: what the seed leaves to chance is drawn from `entropy`, in the
/// seed's order, and what stands below the server's own address does so at `base_url`.
///
/// # Errors
/// As [`plant`].
pub async fn own(
    store: &Store,
    seed: &Seed,
    mut planted: Planted,
    base_url: &str,
    entropy: &Entropy,
) -> Result<Planted, Error> {
    let (mut staged, mut addressed) = (Vec::new(), Vec::new());
    let apps = seed.apps.iter().zip(&mut planted.apps);
    for (key, there) in apps.flat_map(|(app, there)| app.keys.iter().zip(&mut there.keys)) {
        let value = key.value.is_none().then(|| entropy.app_key());
        let secret = key.draws_secret().then(|| entropy.client_secret());
        if there.redirect_uris.iter().any(|uri| uri.starts_with(ELSEWHERE)) {
            addressed.push(there.id);
        }
        there.redirect_uris = key.redirect_uris_at(base_url);
        there.login_redirect_uris = key.login_redirect_uris_at(base_url);
        if let Some(value) = &value {
            value.expose().clone_into(&mut there.value);
        }
        let digest = secret.as_ref().map(|secret| Digest::of(secret.as_bytes()));
        there.secret = secret.or(there.secret.take());
        staged.push(StagedKey { id: there.id, kind: key.kind.into(), value, secret: digest });
    }
    let moved = store.stage_redirect_uris(addressed, ELSEWHERE.to_owned(), base_url.to_owned());
    // Handed over together, they are one commit.
    let (keyed, moved) = try_join(store.stage_keys(staged), moved).await?;
    done(keyed, "a key")?;
    done(moved, "a redirect URI")?;
    Ok(planted)
}

/// The seed's IP list, or the demo's, on the day that `now` is on.
fn published(seed: &Seed, now: Time) -> Result<IpList, Error> {
    let today = date_at(now.millis(), &seoul());
    let listed = match &seed.ips {
        Some(ips) => ip_list(ips, today),
        None => Seed::demo().ips.map_or_else(|| Err(Vec::new()), |ips| ip_list(&ips, today)),
    };
    listed.map_err(|_| Error::Seed("the IP list"))
}

/// What a sentence found that it should have found.
fn done(found: bool, what: &'static str) -> Result<(), Error> {
    if found { Ok(()) } else { Err(Error::Seed(what)) }
}

/// One sentence. Several that do not depend on each other are said at once, in one commit; they are written in the order
/// in which they stand here, because each is handed over before the next one begins. Two in one deed would mix.
type Deed<'d> = BoxFuture<'d, Result<(), Error>>;

/// A sentence, and what it must have found.
fn deed<'d, T>(
    sentence: impl Future<Output = bizauth_store::Result<T>> + Send + 'd,
    found: impl FnOnce(T) -> bool + Send + 'd,
    what: &'static str,
) -> Deed<'d> {
    async move {
        let said = sentence.await?;
        done(found(said), what)
    }
    .boxed()
}

fn yes(found: bool) -> bool {
    found
}

/// Where a seed is planted.
struct Field<'f> {
    store: &'f Store,
    by: &'f By,
    entropy: &'f Entropy,
    now: Time,
    catalogue: &'f Catalogue,
}

impl Field<'_> {
    async fn groups(&self, seed: &Seed) -> Result<(), Error> {
        let platform = Catalogue::platform();
        for group in &seed.groups {
            if platform.group(&group.id).is_none() {
                let added = self.by.add_group(group.as_core(), group.items_as_core()).await?;
                done(added == Added::Done, "a group")?;
                continue;
            }
            for item in group.items_as_core() {
                done(self.by.add_item(item).await? == Added::Done, "a consent item")?;
            }
        }
        Ok(())
    }

    /// The apps without their keys, in the seed's order: parents are made before their test apps.
    async fn apps(&self, seed: &Seed) -> Result<Vec<PlantedApp>, Error> {
        let mut ids: HashMap<&str, AppId> = HashMap::new();
        for tests in [false, true] {
            let these = || seed.apps.iter().filter(|app| (app.kind == Kind::Test) == tests);
            let made = try_join_all(these().map(|app| self.app(app, &ids))).await?;
            ids.extend(these().map(|app| app.name.as_str()).zip(made));
        }
        let planted = |app: &App| {
            let id = ids.get(app.name.as_str()).copied()?;
            Some(PlantedApp { name: app.name.clone(), id, kind: app.kind, keys: Vec::new() })
        };
        let apps = seed.apps.iter().map(planted).collect::<Option<Vec<_>>>().ok_or(Error::Seed("an app"))?;
        let mut deeds = Vec::new();
        for (app, PlantedApp { id, .. }) in seed.apps.iter().zip(&apps) {
            if !app.items.is_empty() {
                let items = app.items.iter().map(|item| (ItemId(item.id.clone()), item.purpose.clone()));
                let kept = self.by.keep_items(*id, Vec::new(), items.collect());
                deeds.push(deed(kept, |kept| matches!(kept, KeptItems::Kept(_)), "a consent item of an app"));
            }
            for group in &app.permissions {
                let granted = self.by.grant_permission(*id, group.as_str().into());
                deeds.push(deed(granted, yes, "a feature permission"));
            }
            if let Some(most) = app.daily_quota {
                deeds.push(deed(self.by.set_daily_quota(*id, Some(most.into())), yes, "a quota"));
            }
        }
        try_join_all(deeds).await?;
        Ok(apps)
    }

    async fn app(&self, app: &App, ids: &HashMap<&str, AppId>) -> Result<AppId, Error> {
        let parent = match &app.parent {
            Some(name) => Some(*ids.get(name.as_str()).ok_or(Error::Seed("a test app's parent"))?),
            None => None,
        };
        let (name, company) = (app.name.clone(), app.company.clone());
        let new = NewApp { name, company, kind: app.kind.into(), parent, owner: None };
        self.by.create_app(new).await?.ok_or(Error::Seed("an app"))
    }

    async fn keys(&self, seed: &Seed, apps: &mut [PlantedApp]) -> Result<(), Error> {
        let mut drawn = Vec::new();
        for (at, app) in seed.apps.iter().enumerate() {
            for (place, key) in app.keys.iter().enumerate() {
                drawn.push((at, key, self.draw(&app.keys[..place], key)?));
            }
        }
        let create = |(at, key, (value, planted)): &(usize, &Key, (AppKey, PlantedKey))| {
            let new = NewKey {
                app: apps[*at].id,
                kind: key.kind.into(),
                value: value.clone(),
                name: planted.name.clone(),
                secret: planted.secret.as_ref().map(|secret| Digest::of(secret.as_bytes())),
            };
            async { self.by.create_key(new).await?.ok_or(Error::Seed("a key")) }
        };
        let ids = try_join_all(drawn.iter().map(create)).await?;
        let mut deeds = Vec::new();
        for ((at, key, (_, planted)), id) in drawn.into_iter().zip(ids) {
            for uri in &planted.redirect_uris {
                let added = self.by.add_redirect_uri(id, uri.clone());
                deeds.push(deed(added, |added| added == AddedUri::Added, "a redirect URI"));
            }
            self.limit(id, key, &mut deeds)?;
            apps[at].keys.push(PlantedKey { id, ..planted });
        }
        try_join_all(deeds).await?;
        Ok(())
    }

    /// A key that is still to be made; those before it are of the same app.
    fn draw(&self, before: &[Key], key: &Key) -> Result<(AppKey, PlantedKey), Error> {
        let value = match &key.value {
            Some(value) => AppKey::read(value).ok_or(Error::Seed("the value of a key"))?,
            None => self.entropy.app_key(),
        };
        let secret =
            (key.kind == KeyKind::RestApi).then(|| key.secret.clone().unwrap_or_else(|| self.entropy.client_secret()));
        let of_kind = before.iter().filter(|known| known.kind == key.kind).count();
        let name = key.name.clone().unwrap_or_else(|| match of_kind {
            0 => key.kind.word().to_owned(),
            more => format!("{} {}", key.kind.word(), more + 1),
        });
        let planted = PlantedKey {
            id: KeyId(0),
            kind: key.kind,
            name,
            value: value.expose().to_owned(),
            secret,
            pkce_required: key.pkce_required,
            redirect_uris: key.redirect_uris_at(ELSEWHERE),
            login_redirect_uris: key.login_redirect_uris_at(ELSEWHERE),
        };
        Ok((value, planted))
    }

    /// What a key may not do.
    fn limit<'d>(&'d self, id: KeyId, key: &Key, deeds: &mut Vec<Deed<'d>>) -> Result<(), Error> {
        if !key.callers.is_empty() {
            let callers: Option<Vec<_>> = key.callers.iter().map(|text| caller(text)).collect();
            let callers = callers.ok_or(Error::Seed("a key's callers"))?;
            let set = async move { self.by.set_callers(id, &callers).await };
            deeds.push(deed(set, yes, "a key's callers"));
        }
        if key.kind == KeyKind::RestApi && !key.secret_on {
            deeds.push(deed(self.by.set_secret_on(id, false), yes, "a key's secret"));
        }
        if key.pkce_required {
            deeds.push(deed(self.by.set_pkce_required(id, true), yes, "a key's PKCE"));
        }
        if key.kind == KeyKind::Admin && !key.may_read_ips {
            deeds.push(deed(self.by.set_may_read_ips(id, false), yes, "what an admin key may do"));
        }
        if key.disabled {
            deeds.push(deed(self.by.set_key_disabled(id, true), yes, "a key"));
        }
        Ok(())
    }

    async fn people(&self, seed: &Seed, hashes: &HashMap<&str, String>) -> Result<Vec<PlantedUser>, Error> {
        let make = async |user: &User| {
            let email = user::email(&user.email).ok_or(Error::Seed("an e-mail address"))?;
            let new = NewUser {
                email: email.clone(),
                email_verified: user.email_verified,
                password: hashes.get(user.password.as_str()).cloned().unwrap_or_default(),
                in_business_centre: user.in_business_centre,
                is_operator: user.operator,
            };
            let made = self.by.make_account(new, user.external_id.clone()).await?;
            let MadeAccount::Done(id) = made else { return Err(Error::Seed("an account")) };
            let (password, note) = (user.password.clone(), user.note.clone());
            Ok(PlantedUser { email, password, id, state: user.state, operator: user.operator, note })
        };
        let planted = try_join_all(seed.users.iter().map(make)).await?;
        self.assets(seed, &planted).await?;
        Ok(planted)
    }

    async fn assets(&self, seed: &Seed, users: &[PlantedUser]) -> Result<(), Error> {
        let all = || seed.users.iter().flat_map(|user| &user.assets);
        let mut names: HashMap<(&str, &str), &str> = HashMap::new();
        for asset in all() {
            let named = names.entry((&asset.group, &asset.id)).or_insert(&asset.id);
            if let Some(name) = &asset.name {
                *named = name;
            }
        }
        let mut there: BTreeSet<(&str, &str)> = BTreeSet::new();
        // The assets stand before those who hold them: they are written in this order.
        let (mut deeds, mut held) = (Vec::new(), Vec::new());
        for (user, planted) in seed.users.iter().zip(users) {
            for asset in &user.assets {
                let key = (asset.group.as_str(), asset.id.as_str());
                let group = self.catalogue.group(&asset.group).ok_or(Error::Seed("an asset's group"))?;
                let kind: AssetKind = asset.kind_in(group.has_ad_accounts);
                let (group, id) = (group.id.clone(), AssetId(asset.id.clone()));
                let name = names.get(&key).copied().unwrap_or_default().to_owned();
                if there.insert(key) {
                    let record = AssetRecord { group: group.clone(), id: id.clone(), kind, name: name.clone() };
                    deeds.push(deed(self.by.keep_asset(record), yes, "an asset"));
                }
                let (role, lendable) = (asset.role.clone(), asset.lendable);
                let holding = Holding { id: HoldingId(0), group, asset: id, kind, name, role, lendable };
                held.push(deed(self.by.hold_asset(planted.id, holding), yes, "a held asset"));
            }
        }
        deeds.append(&mut held);
        try_join_all(deeds).await?;
        Ok(())
    }

    async fn members(&self, seed: &Seed, planted: &Planted) -> Result<(), Error> {
        let mut deeds = Vec::new();
        for (app, there) in seed.apps.iter().zip(&planted.apps) {
            let owner = app.owner.iter().map(|email| (email, bizauth_core::app::Role::Owner));
            let others = app.members.iter().map(|member| (&member.email, member.role.into()));
            for (email, role) in owner.chain(others) {
                let joined = self.by.add_member(there.id, account(planted, email)?, role.word());
                deeds.push(deed(joined, yes, "a member"));
            }
        }
        try_join_all(deeds).await?;
        Ok(())
    }

    /// The ready tokens. Those whose consent is taken back are given first: the person takes back all that the app has.
    async fn tokens(&self, seed: &Seed, planted: &Planted) -> Result<Vec<PlantedToken>, Error> {
        let withdrawn = |token: &&Token| token.state == TokenState::Withdrawn;
        try_join_all(seed.tokens.iter().filter(withdrawn).map(|token| self.token(seed, planted, token))).await?;
        let pairs: BTreeSet<(&str, &str)> =
            seed.tokens.iter().filter(withdrawn).map(|it| (it.user.as_str(), it.app.as_str())).collect();
        for (email, app) in pairs {
            let app = planted.app(app).ok_or(Error::Seed("a token's app"))?.id;
            done(self.by.withdraw_consents(account(planted, email)?, app).await? > 0, "a withdrawal")?;
        }
        let others = seed.tokens.iter().filter(|token| !withdrawn(token));
        try_join_all(others.map(|token| self.token(seed, planted, token))).await?;
        let told = |token: &Token| {
            let value = token.literal();
            let (id, _) = Credential::Token.read(&value)?;
            let (name, app, state) = (token.name.clone(), token.app.clone(), token.state);
            Some(PlantedToken { name, value, id: TokenId(id), app, user: user::email(&token.user)?, state })
        };
        let planted = seed.tokens.iter().map(told).collect::<Option<Vec<_>>>().ok_or(Error::Seed("a token"))?;
        for token in planted.iter().filter(|token| token.state == TokenState::Revoked) {
            let (id, secret) = Credential::Token.read(&token.value).ok_or(Error::Seed("a token"))?;
            self.store.revoke_token((TokenId(id), secret.digest()), self.now).await?;
        }
        Ok(planted)
    }

    async fn token(&self, seed: &Seed, planted: &Planted, token: &Token) -> Result<(), Error> {
        let (id, secret) = Credential::Token.read(&token.literal()).ok_or(Error::Seed("the value of a token"))?;
        let app = planted.app(&token.app).ok_or(Error::Seed("a token's app"))?;
        let of_app = seed.apps.iter().find(|known| known.name == app.name).ok_or(Error::Seed("a token's app"))?;
        let fits = |key: &Key| key.kind == KeyKind::RestApi && token.key.as_ref().is_none_or(|it| key.is_called(it));
        let key = of_app.keys.iter().position(fits).and_then(|at| app.keys.get(at));
        let holder = user::email(&token.user);
        let at = planted.users.iter().position(|user| Some(&user.email) == holder.as_ref());
        let (user, record) = at.map(|at| (&seed.users[at], &planted.users[at])).ok_or(Error::Seed("a token's user"))?;
        let when = if token.state == TokenState::Unused { self.now.minus(LONG_AGO) } else { self.now };
        let staged = StagedToken {
            token: (TokenId(id), secret.digest()),
            key: key.ok_or(Error::Seed("a token's key"))?.id,
            user: record.id,
            items: token.scope.iter().map(|item| item.as_str().into()).collect(),
            lent: self.lent(token, user),
            shown: "{\"staged\":\"by the seed; nobody was shown a screen\"}".to_owned(),
            agreed_at: when,
            used_at: when,
        };
        let staged = self.by.stage_token(staged).await?;
        done(matches!(staged, Staged::Done(_)), "a token")
    }

    /// What was lent with a token: as it is named, and where a group is not, all that the account may lend of it.
    fn lent(&self, token: &Token, user: &User) -> Vec<(GroupId, Option<AssetId>)> {
        let asked: Vec<ItemId> = token.scope.iter().map(|id| id.as_str().into()).collect();
        let named: Vec<Resource> = token.assets.iter().filter_map(|text| Resource::read(text)).collect();
        let mut lent = Vec::new();
        for (group, _) in self.catalogue.grouped(&asked).into_iter().filter(|(group, _)| group.has_assets) {
            let before = lent.len();
            lent.extend(named.iter().filter(|it| *it.group() == group.id).map(|resource| match resource {
                Resource::All(group) => (group.clone(), None),
                Resource::One(group, asset) => (group.clone(), Some(asset.clone())),
            }));
            if lent.len() == before {
                let held = user.assets.iter().filter(|asset| asset.group == group.id.0 && asset.lendable);
                lent.extend(held.map(|asset| (group.id.clone(), Some(AssetId(asset.id.clone())))));
            }
        }
        lent
    }

    /// States and sanctions, which end tokens.
    async fn fates(&self, seed: &Seed, planted: &Planted) -> Result<(), Error> {
        let mut deeds = Vec::new();
        for (user, there) in seed.users.iter().zip(&planted.users) {
            if user.state != State::Active {
                deeds.push(deed(self.by.set_user_state(there.id, user.state.into()), yes, "the state of an account"));
            }
            if user.developer_sanctioned {
                deeds.push(deed(self.by.set_developer_sanction(there.id, true), yes, "a sanction"));
            }
        }
        for (app, there) in seed.apps.iter().zip(&planted.apps) {
            if app.sanctioned {
                deeds.push(deed(self.by.set_sanction(there.id, true), yes, "a sanction"));
            }
        }
        try_join_all(deeds).await?;
        Ok(())
    }
}

/// The account of this address.
fn account(planted: &Planted, email: &str) -> Result<UserId, Error> {
    let email = user::email(email).ok_or(Error::Seed("an e-mail address"))?;
    Ok(planted.user(&email).ok_or(Error::Seed("an account"))?.id)
}
