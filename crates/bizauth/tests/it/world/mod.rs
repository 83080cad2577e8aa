//! The world of a test: a server on a port of its own, a database of its own, a clock that stands still until moved.
//!
//! Actors, not requests: apps redeem, people consent, tokens ask. What they do goes through HTTP; what an operator set
//! up before goes through the same sentences of the store as the command line.

mod answer;
mod app;
mod authenticator;
pub mod dev;
mod jar;
mod operator_key;
mod person;
pub mod process;
pub mod sources;

use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bizauth::clock::Clock;
use bizauth::config::Config;
use bizauth::entropy::Entropy;
use bizauth::http::limits::FullWindows;
use bizauth::http::state::AppState;
use bizauth::{password, serve};
use bizauth_core::time::Time;
use bizauth_store::{Actor, By, Store, Who};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use answer::Answer;
pub use app::{App, BusinessToken, the_one_bought};
pub use authenticator::Authenticator;
pub use jar::Jar;
pub use operator_key::Program;
pub use person::Person;
pub use process::Process;
pub use sources::sources;

#[path = "../../../../bizauth-store/tests/it/postgres.rs"]
pub mod postgres;

/// 2026-11-21 12:00 in Seoul.
pub const NOON: Time = Time::from_millis(1_795_230_000_000);

/// Everybody's password, hashed once.
pub const PASSWORD: &str = "correct horse";
static HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD, &Entropy::System).unwrap());

/// How many tokens a server remembers.
const REMEMBERED: usize = 1000;

/// A server of a test's own.
pub struct World {
    pub state: AppState,
    pub base: String,
    /// Where the same server answers its operators.
    pub operators: String,
    pub http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    url: Option<String>,
    folder: TempDir,
}

/// Where the databases of this run live: `None` is the embedded one.
pub fn database_url() -> Option<String> {
    match std::env::var("BIZAUTH_TEST_DB") {
        Ok(engine) if engine == "postgres" => Some(postgres::database()),
        Ok(engine) if !engine.is_empty() && engine != "sqlite" => {
            panic!("BIZAUTH_TEST_DB: sqlite or postgres, not {engine}")
        }
        _ => None,
    }
}

impl World {
    /// With the default settings.
    pub async fn new() -> Self {
        World::with(|_| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let url = database_url();
        let store = match &url {
            Some(url) => Store::postgres(url, 8, 7).unwrap(),
            None => Store::embedded(&folder.path().join("bizauth.db"), 7).unwrap(),
        };
        store.migrate(NOON).await.unwrap();
        let store = store.remembering(REMEMBERED).unwrap();
        let mut config = Config::default();
        config.token_rate = 0;
        config.data = folder.path().to_owned();
        change(&mut config);
        let mut state = AppState::new(store, config);
        state.clock = Clock::set_to(NOON);
        World::over(state, folder, url).await
    }

    async fn over(state: AppState, folder: TempDir, url: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let beside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let operators = format!("http://{}", beside.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = state.clone();
        tokio::spawn(async move {
            let told = async { drop(stopped.await) };
            tokio::select! {
                _ = serve::run(running.clone(), listener, None, None, told) => {}
                () = serve::serve_operators(beside, running, Arc::default()) => {}
            }
        });
        World { state, base, operators, http: client(), stop: Some(stop), url, folder }
    }

    /// A server that runs as a process of its own; we reach its PostgreSQL database as an operator would.
    pub async fn around(process: &Process, url: &str) -> World {
        World::beside(process, Store::postgres(url, 2, 9).unwrap(), Some(url.to_owned()))
    }

    /// The same with an embedded database, in this file.
    pub async fn around_file(process: &Process, file: &Path) -> World {
        World::beside(process, Store::embedded(file, 9).unwrap(), None)
    }

    fn beside(process: &Process, store: Store, url: Option<String>) -> World {
        let state = AppState::new(store, Config::default());
        let (base, operators) = (process.base.clone(), process.operator.clone());
        World { state, base, operators, http: client(), stop: None, url, folder: TempDir::new().unwrap() }
    }

    /// Another server over the same records, which waits for an answer a fifth of a second.
    pub async fn impatient(&self) -> World {
        let mut state = self.state.clone();
        let mut config = (*state.config).clone();
        config.request_timeout = Duration::from_millis(200);
        state.config = std::sync::Arc::new(config);
        World::over(state, TempDir::new().unwrap(), self.url.clone()).await
    }

    /// Another node over the same records. On PostgreSQL it is a server as any other: with connections, memory and a
    /// number of its own it has nothing in common with the first but the database and the clock. The embedded database
    /// is served by one process only, by design; there it is a second listener over the same store and memory, and only
    /// the limits that are known to be reached are its own.
    pub async fn another_node(&self) -> World {
        static NEXT: AtomicU16 = AtomicU16::new(10);
        let state = match &self.url {
            Some(url) => {
                let store = Store::postgres(url, 8, NEXT.fetch_add(1, Ordering::Relaxed)).unwrap();
                let mut state = AppState::new(store.remembering(REMEMBERED).unwrap(), (*self.state.config).clone());
                state.clock = self.state.clock.clone();
                state
            }
            None => AppState { full_windows: FullWindows::default(), ..self.state.clone() },
        };
        World::over(state, TempDir::new().unwrap(), self.url.clone()).await
    }

    /// The same records after everything was stopped, in a process that knows nothing.
    pub async fn restarted(mut self) -> World {
        drop(self.stop.take());
        self.store().close().await;
        let folder = std::mem::replace(&mut self.folder, TempDir::new().unwrap());
        let store = match &self.url {
            Some(url) => Store::postgres(url, 8, 7).unwrap(),
            None => Store::embedded(&folder.path().join("bizauth.db"), 7).unwrap(),
        };
        let mut state = AppState::new(store.remembering(REMEMBERED).unwrap(), (*self.state.config).clone());
        state.clock = self.state.clock.clone();
        World::over(state, folder, self.url.clone()).await
    }

    /// Changes the database behind the server's back: a script for SQLite, and one for PostgreSQL.
    pub async fn alter(&self, [sqlite, postgres]: [&str; 2]) {
        match &self.url {
            None => {
                let path = self.folder.path().join("bizauth.db");
                // As another process of ours would: until it is gone the server remembers nothing.
                let _beside = Store::embedded(&path, 8).unwrap();
                rusqlite::Connection::open(path).unwrap().execute_batch(sqlite).unwrap();
            }
            Some(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(postgres).await.unwrap();
            }
        }
    }

    /// Keeps everybody from writing codes and tokens until it is dropped. Reading goes on.
    pub async fn writes_held(&self) -> Box<dyn std::any::Any> {
        match &self.url {
            None => {
                let path = self.folder.path().join("bizauth.db");
                let beside = Store::embedded(&path, 8).unwrap();
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                Box::new((connection, beside))
            }
            Some(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute("BEGIN; LOCK TABLE codes, tokens IN EXCLUSIVE MODE").await.unwrap();
                Box::new(client)
            }
        }
    }

    /// The records, as an operator reaches them.
    pub fn store(&self) -> &Store {
        &self.state.store
    }

    /// The records in an operator's hands.
    pub fn by(&self) -> By {
        self.store().by(Actor { who: Who::CommandLine, name: "tester".to_owned(), from: None, at: self.now() })
    }

    /// The time in this world.
    pub fn now(&self) -> Time {
        self.state.clock.now()
    }

    /// Lets time pass.
    pub fn advance(&self, span: Duration) {
        self.state.clock.advance(span);
    }

    /// `GET` without anything else.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(format!("{}{path}", self.base))).await
    }

    /// A request of any kind.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }
}

/// A program: it keeps no cookies and follows no redirect.
fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// So many minutes.
pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// So many days.
pub fn days(n: u64) -> Duration {
    Duration::from_secs(24 * 60 * 60 * n)
}
