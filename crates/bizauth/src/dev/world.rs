//! A world: a whole platform of its own, with its seed, keys, clock, chance, faults, rules and log.
//!
//! What runs in it is a [`Stage`]. Going back to the seed or to a snapshot puts another stage in its place; calls that
//! are still under way end on the old one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use axum::Router;
use bizauth_core::code::Challenge;
use bizauth_core::id::AppId;
use bizauth_core::time::Time;
use bizauth_store::Store;
use tempfile::TempDir;
use tokio::task::AbortHandle;

use super::consents::Rules;
use super::faults::Faults;
use super::guard::Guard;
use super::journal::Journal;
use super::mark;
use super::script::Held;
use super::seed::{Hashes, Planted, own};
use super::snapshots::Snapshot;
use super::templates::Templates;
use super::worlds::Source;
use super::{COMMAND, Error};
use crate::clock::{Clock, Course, Steered};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::http::limits::FullWindows;
use crate::http::pages::callback::VERIFIER;
use crate::http::state::{AppState, Demo};
use crate::serve::DATABASE_FILE;
use crate::usage::Counters;

/// What all worlds of a process share: nothing that a request could tell them apart by.
pub struct Ground {
    /// A state whose words, workers and metrics every world uses.
    pub state: AppState,
    /// The folder below which every stage has its own.
    pub folder: TempDir,
    /// A database with the schema, and nothing in it.
    pub schema: PathBuf,
    /// Seeds that were planted already.
    pub templates: Templates,
    /// Passwords that were hashed already.
    pub hashes: Hashes,
    /// Where the default world answers.
    pub base_url: String,
    /// Watches over the proxy, if there is one.
    pub guard: OnceLock<Arc<Guard>>,
}

/// How a world begins.
#[derive(Clone)]
pub struct Beginning {
    /// What is in it.
    pub source: Arc<Source>,
    /// The number that its chance follows from.
    pub random: u64,
    /// When it began, by its clock.
    pub at: Time,
    /// How its clock goes from there.
    pub course: Course,
}

/// A world, and what was kept of it.
pub struct World {
    /// How it is addressed.
    pub id: String,
    /// Where it answers: the base of its addresses.
    pub base_url: String,
    /// How it began, and begins again.
    pub beginning: Beginning,
    stage: RwLock<Arc<Stage>>,
    /// Its snapshots by name.
    pub snapshots: Mutex<BTreeMap<String, Arc<Snapshot>>>,
}

/// What runs in a world at a time.
pub struct Stage {
    /// What every handler gets.
    pub state: AppState,
    /// Its clock.
    pub clock: Arc<Steered>,
    /// What the seed put in.
    pub planted: Planted,
    /// What was asked and answered.
    pub journal: Journal,
    /// What the next calls answer instead of the truth.
    pub faults: Mutex<Faults>,
    /// Who answers authorize requests.
    pub rules: Mutex<Rules>,
    /// Authorize requests and screens that wait for somebody to decide them.
    pub held: Held,
    /// The number of its node, which goes into its ids.
    pub node: u16,
    router: OnceLock<Router>,
    operators: OnceLock<Router>,
    keeper: OnceLock<AbortHandle>,
    teller: OnceLock<AbortHandle>,
    folder: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        for task in [&self.keeper, &self.teller].into_iter().filter_map(OnceLock::get) {
            task.abort();
        }
    }
}

/// What these locks guard is whole between any two statements.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Makes a world with this id.
    ///
    /// # Errors
    /// The folder, the database, or the seed.
    pub async fn make(ground: &Ground, id: String, base_url: String, beginning: Beginning) -> Result<World, Error> {
        let stage = RwLock::new(Arc::new(Stage::first(ground, &base_url, &beginning).await?));
        Ok(World { id, base_url, beginning, stage, snapshots: Mutex::default() })
    }

    /// What runs now.
    pub fn stage(&self) -> Arc<Stage> {
        self.stage.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another stage in the place of what runs now.
    pub fn put(&self, stage: Stage) -> Arc<Stage> {
        let stage = Arc::new(stage);
        *self.stage.write().unwrap_or_else(PoisonError::into_inner) = stage.clone();
        stage
    }

    /// Back to the seed. Snapshots stay.
    ///
    /// # Errors
    /// As [`World::make`]; then the world is as it was.
    pub async fn reset(&self, ground: &Ground) -> Result<Arc<Stage>, Error> {
        Ok(self.put(Stage::first(ground, &self.base_url, &self.beginning).await?))
    }
}

impl Stage {
    async fn first(ground: &Ground, base_url: &str, beginning: &Beginning) -> Result<Stage, Error> {
        let entropy = Entropy::seeded(beginning.random, 0);
        let node = entropy.node();
        let (clock, steered) = Clock::steered(beginning.course);
        let folder = folder_in(ground.folder.path())?;
        let Beginning { source, at, .. } = beginning;
        let template = ground.templates.of(ground, source, *at).await?;
        let store = template.copy_to(folder.path(), node)?;
        let planted = own(&store, &source.seed, template.planted.clone(), base_url, &entropy).await?;
        let (mut faults, mut rules) = (Faults::default(), Rules::default());
        for plan in &source.seed.faults {
            faults.plan(plan.clone());
        }
        for rule in &source.seed.consents {
            rules.rule(rule.clone());
        }
        let parts = Parts { store, clock, entropy, steered, node, planted, faults, rules, journal: Journal::default() };
        Ok(Stage::over(ground, base_url, parts, folder))
    }

    /// A stage over a database that is there already.
    ///
    /// # Errors
    /// The folder or the database.
    pub fn again(ground: &Ground, world: &World, snapshot: &Snapshot) -> Result<Stage, Error> {
        let folder = folder_in(ground.folder.path())?;
        snapshot.write_to(folder.path())?;
        let store = Store::throwaway(&folder.path().join(DATABASE_FILE), (snapshot.node, snapshot.ids))?;
        let (clock, steered) = Clock::steered(snapshot.course());
        let parts = Parts {
            store,
            clock,
            steered,
            entropy: Entropy::seeded(world.beginning.random, snapshot.drawn),
            node: snapshot.node,
            planted: snapshot.planted.clone(),
            faults: snapshot.faults.clone(),
            rules: snapshot.rules.clone(),
            journal: Journal::with(snapshot.entries.iter().cloned().map(Arc::new).collect()),
        };
        Ok(Stage::over(ground, &world.base_url, parts, folder))
    }

    fn over(ground: &Ground, base_url: &str, parts: Parts, folder: TempDir) -> Stage {
        let own = [("data", folder.path().display().to_string())];
        let mut config = Config::clone(&ground.state.config).chosen_by(COMMAND, &own);
        folder.path().clone_into(&mut config.data);
        let demo = demo(base_url, &parts.planted);
        let state = AppState {
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            usage: Arc::new(Counters::new(config.ip_zone.clone())),
            config: Arc::new(config),
            full_windows: FullWindows::default(),
            // Another world, another list under the same number.
            editions: Arc::default(),
            dev: Some(Arc::new(demo)),
            ..ground.state.clone()
        };
        Stage {
            state,
            clock: parts.steered,
            planted: parts.planted,
            journal: parts.journal,
            faults: Mutex::new(parts.faults),
            rules: Mutex::new(parts.rules),
            held: Held::default(),
            node: parts.node,
            router: OnceLock::new(),
            operators: OnceLock::new(),
            keeper: OnceLock::new(),
            teller: OnceLock::new(),
            folder,
        }
    }

    /// Where its database is, for commands beside the running platform.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server of this world: the very one that `bizauth serve` runs.
    pub fn router(&self) -> Router {
        let make = || {
            let (usage, store) = (self.state.usage.clone(), self.state.store.clone());
            let keeper = tokio::spawn(async move { usage.run(&store, std::future::pending()).await });
            // The first to come here is the only one.
            let _ = self.keeper.set(keeper.abort_handle());
            crate::http::router(self.state.clone())
        };
        self.router.get_or_init(make).clone()
    }

    /// What it answers its operators.
    pub fn operators(&self) -> Router {
        let store = self.state.store.clone();
        let probe = move || {
            let store = store.clone();
            async move { store.ping().await.map_err(|_| "the store does not answer".to_owned()) }
        };
        let make = || {
            // Webhooks are made here, and nobody waits for them before.
            let _ = self.teller.set(tokio::spawn(crate::serve::tell(self.state.clone())).abort_handle());
            crate::http::operator::router(self.state.clone(), probe)
        };
        self.operators.get_or_init(make).clone()
    }

    /// The time in this world.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The app that a text names: by one of its keys, or by its name in the seed.
    pub fn app_named(&self, text: &str) -> Option<AppId> {
        let named = |app: &&super::seed::PlantedApp| app.name == text || app.keys.iter().any(|key| key.value == text);
        self.planted.apps.iter().find(named).map(|app| app.id)
    }

    /// Whether `named` (a key, or an app's name in the seed) is the app that sent `key`.
    pub fn is_app(&self, named: &str, key: &str) -> bool {
        named == key || self.app_named(named).is_some_and(|app| self.app_named(key) == Some(app))
    }
}

struct Parts {
    store: Store,
    clock: Clock,
    steered: Arc<Steered>,
    entropy: Entropy,
    node: u16,
    planted: Planted,
    faults: Faults,
    rules: Rules,
    journal: Journal,
}

/// A folder of its owner's alone.
pub(super) fn folder_in(parent: &Path) -> Result<TempDir, Error> {
    use std::os::unix::fs::PermissionsExt;
    let owner_only = std::fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix("stage-").permissions(owner_only).tempdir_in(parent);
    let folder = folder.map_err(Error::Folder)?;
    mark::folder(folder.path()).map_err(Error::Folder)?;
    Ok(folder)
}

/// What the page at the end of the demo's flow shows: the first REST API key that has a redirect URI.
fn demo(base_url: &str, planted: &Planted) -> Demo {
    let keys = planted.apps.iter().flat_map(|app| &app.keys);
    let key = keys.filter(|key| !key.redirect_uris.is_empty()).min_by_key(|key| key.id.0);
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let redirect_uri = text(key.and_then(|key| key.redirect_uris.first()));
    let rest_api_key = text(key.map(|key| &key.value));
    let verifier = key.is_some_and(|key| key.pkce_required).then_some(VERIFIER);
    let challenge =
        verifier.map(|it| format!("&code_challenge={}&code_challenge_method=S256", Challenge::of(it).text()));
    Demo {
        base_url: base_url.to_owned(),
        authorize_url: format!(
            "{base_url}/oauth/business/authorize?client_id={rest_api_key}&response_type=code&redirect_uri={}&scope={}&state=demo{}",
            crate::http::reply::escape(&redirect_uri),
            "biz_account_email,moment_management,keyword_management",
            challenge.unwrap_or_default()
        ),
        verifier,
        rest_api_key,
        client_secret: text(key.and_then(|key| key.secret.as_ref())),
        redirect_uri,
    }
}
