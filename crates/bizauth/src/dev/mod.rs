//! `bizauth dev`: the whole platform on throwaway databases, with a control surface. The same server and the same rules.
//!
//! A request comes in at the `front`, the `switchboard` finds its world and what is staged for it, the world's router
//! answers as `bizauth serve` would, the `journal` has it. Control is all that is added.

pub mod authority;
mod banner;
pub mod consents;
pub mod control;
pub mod faults;
pub mod front;
pub mod guard;
pub mod hosts;
pub mod journal;
pub mod mark;
pub mod replay;
pub mod script;
pub mod seed;
pub mod snapshots;
pub mod snippets;
pub mod strike;
pub mod switchboard;
pub mod templates;
pub mod why;
pub mod world;
pub mod worlds;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bizauth_core::time::Time;
use bizauth_store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::http::listen::Listen;
use crate::http::state::AppState;
use crate::serve;
use authority::Authority;
use front::Front;
use guard::Guard;
use seed::{Hashes, Seed};
use templates::Templates;
use world::Ground;
use worlds::{NewWorld, Source, Worlds};

pub use banner::Banner;
pub use seed::PASSWORD;

/// When the schema of every world was made: the same for all, so that two worlds of one seed are alike byte for byte.
const BEFORE: Time = Time::from_millis(1_767_193_200_000);

/// Who chose the settings of a demo.
const COMMAND: &str = "bizauth dev";

/// Why the demo does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder for the throwaway databases.
    #[error("cannot use a temporary folder")]
    Folder(#[source] std::io::Error),
    /// The server.
    #[error(transparent)]
    Serve(#[from] serve::Error),
    /// The demo data could not be written.
    #[error("the demo data could not be written: {0}")]
    Seed(&'static str),
    /// A seed, or a run, that cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl From<bizauth_store::Error> for Error {
    fn from(error: bizauth_store::Error) -> Self {
        Error::Serve(error.into())
    }
}

/// What the default world begins with.
#[derive(Default)]
pub struct Setup {
    /// Its seed; without, the demo's.
    pub seed: Option<Source>,
    /// What its chance follows from; without, the seed's word, or another one each time.
    pub random: Option<u64>,
    /// When it begins; without, the seed's word, or else now.
    pub at: Option<Time>,
    /// Whether its clock stands; without, the seed's word, or else it runs.
    pub frozen: Option<bool>,
    /// What is logged; without, as the settings have it.
    pub log: Option<String>,
}

/// A platform that listens, and is not yet running.
pub struct Dev {
    /// What its banner says.
    pub banner: Banner,
    worlds: Arc<Worlds>,
    listener: TcpListener,
    authority: Option<Arc<Authority>>,
    proxy: Option<Arc<Guard>>,
    operators: TcpListener,
    address: SocketAddr,
}

/// A temporary folder for its owner alone.
fn private_folder() -> std::io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let owner_only = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("bizauth-dev-").permissions(owner_only).tempdir()
}

/// Where this machine reaches a listener of `address`: all addresses are no address to call.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(all) if all.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, all.port()).into(),
        SocketAddr::V6(all) if all.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, all.port()).into(),
        one => one,
    }
}

/// What worlds are made on, for a platform at `base_url` with these settings.
///
/// # Errors
/// The folder, or the database of the schema.
pub async fn ground(base_url: String, config: Config) -> Result<Ground, Error> {
    let folder = private_folder().map_err(Error::Folder)?;
    mark::folder(folder.path()).map_err(Error::Folder)?;
    let schema = schema(folder.path()).await?;
    // The state needs a store; nobody asks this one.
    let state = AppState::new(Store::throwaway(&schema, (0, 0))?, config);
    let (templates, hashes) = (Templates::default(), Hashes::default());
    Ok(Ground { state, folder, schema, templates, hashes, base_url, guard: OnceLock::new() })
}

/// A database with the schema in one file, which is what every seed is planted in a copy of.
async fn schema(folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join("schema.db");
    let store = Store::throwaway(&path, (0, 0))?;
    store.migrate(BEFORE).await?;
    mark::database(&store).await?;
    store.close().await;
    Ok(path)
}

/// The seed that is there when no other is named.
pub fn demo() -> Source {
    Source { seed: Seed::demo(), file: "default.toml".to_owned(), text: seed::commented().to_owned() }
}

impl Dev {
    /// Makes the default world, and listens.
    ///
    /// # Errors
    /// Why not.
    pub async fn start(listen: SocketAddr, setup: Setup) -> Result<Dev, Error> {
        let listener = serve::bind(listen)?;
        let local = |listener: &TcpListener, asked| {
            listener.local_addr().map_err(|source| serve::Error::Bind { address: asked, source })
        };
        let address = local(&listener, listen)?;
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let operators = serve::bind(loopback)?;
        let beside = local(&operators, loopback)?;
        // The platform's own page of settings shows what runs, not what would run without a word.
        let mut chosen = vec![("listen", address.to_string()), ("operator_listen", beside.to_string())];
        chosen.extend(setup.log.clone().map(|log| ("log", log)));
        let config = Config::default().chosen_by(COMMAND, &chosen);
        let ground = ground(format!("http://{}", reachable(address)), config).await?;
        let first = NewWorld { random: setup.random, at: setup.at, frozen: setup.frozen, ..NewWorld::default() };
        let worlds = Worlds::begin(ground, setup.seed.unwrap_or_else(demo), first).await?;
        let banner = Banner::of(&worlds.first(), format!("http://{beside}"));
        Ok(Dev { banner, worlds: Arc::new(worlds), listener, authority: None, proxy: None, operators, address })
    }

    /// Serves TLS with certificates of `authority`, and is a proxy that `proxy` watches over.
    pub fn behind(self, authority: Option<Arc<Authority>>, proxy: Option<Arc<Guard>>) -> Dev {
        if let Some(proxy) = &proxy {
            // It is told once, before anything runs.
            let _ = self.worlds.ground.guard.set(proxy.clone());
        }
        Dev { authority, proxy, ..self }
    }

    /// Where this machine reaches it.
    pub fn address(&self) -> SocketAddr {
        reachable(self.address)
    }

    /// Answers until `stop`.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Dev { worlds, listener, authority, proxy, operators, .. } = self;
        let beside = switchboard::operators(worlds.clone());
        let beside = tokio::spawn(Listen::new(operators, beside).until(std::future::pending()));
        let sweeper = tokio::spawn(sweep(worlds.clone()));
        let router = switchboard::router(worlds.clone());
        Front { listener, router, authority, proxy }.until(stop).await;
        sweeper.abort();
        beside.abort();
    }
}

/// Clears away what has ended in worlds whose clock runs. Where it is moved by hand, that is done at once.
async fn sweep(worlds: Arc<Worlds>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        for world in worlds.all() {
            let stage = world.stage();
            if let Err(error) = stage.state.store.sweep(1000, stage.now()).await {
                crate::http::reply::log_breakage(&error);
            }
        }
    }
}
