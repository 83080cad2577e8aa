//! What is there before anything is hurt: a database with an app, its key, and people who may lend.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::{Context, bail};
use bizauth::clock::Clock;
use bizauth::entropy::Entropy;
use bizauth::password;
use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::{AppId, HoldingId, KeyId, UserId};
use bizauth_core::key::KeyKind;
use bizauth_core::secret::Digest;
use bizauth_store::{Actor, AssetRecord, NewApp, NewKey, NewUser, Store, Who};
use clap::ValueEnum;
use tempfile::TempDir;

use super::{Browser, Cluster, Server, command};

/// Everybody's password, hashed once.
pub const PASSWORD: &str = "correct horse";
static HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD, &Entropy::System).unwrap_or_default());

/// One of the two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// A PostgreSQL that the program makes for itself.
    Postgres,
}

impl Engine {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "embedded",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// An app with a REST API key, as its developer knows it.
#[derive(Clone, Debug)]
pub struct App {
    /// The app's id.
    pub id: AppId,
    /// The key's id.
    pub key: KeyId,
    /// The key itself.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: String,
    /// Where codes go.
    pub redirect_uri: String,
}

/// A database with an app and people in it.
pub struct Scene {
    /// Over which engine.
    pub engine: Engine,
    /// The app.
    pub app: App,
    folder: TempDir,
    url: Option<String>,
    people: Vec<String>,
}

impl Scene {
    /// On an engine: the embedded one in a folder of its own, or a fresh database of a cluster that nobody harms.
    ///
    /// # Errors
    /// The database cannot be made.
    pub async fn set(engine: Engine, people: usize) -> anyhow::Result<Scene> {
        match engine {
            Engine::Sqlite => Scene::over(None, people).await,
            Engine::Postgres => Scene::over(Some(Cluster::shared().await?), people).await,
        }
    }

    /// In the database at `url`, or in an embedded one.
    ///
    /// # Errors
    /// The database cannot be made.
    pub async fn over(url: Option<String>, people: usize) -> anyhow::Result<Scene> {
        Scene::in_folder(TempDir::new()?, url, people).await
    }

    /// In the database at `url`, or in an embedded one in `data` below this folder.
    ///
    /// # Errors
    /// The database cannot be made.
    pub async fn in_folder(folder: TempDir, url: Option<String>, people: usize) -> anyhow::Result<Scene> {
        let data = folder.path().join("data");
        let store = match &url {
            Some(url) => Store::postgres(url, 2, Entropy::System.node())?,
            None => {
                std::fs::create_dir_all(&data)?;
                Store::embedded(&data.join(bizauth::serve::DATABASE_FILE), Entropy::System.node())?
            }
        };
        store.migrate(Clock::System.now()).await?;
        let app = made_app(&store).await?;
        let mut names = Vec::new();
        for number in 0..people {
            names.push(made_person(&store, number).await?);
        }
        // Closed before any server starts: what follows is theirs alone.
        store.close().await;
        let engine = if url.is_some() { Engine::Postgres } else { Engine::Sqlite };
        Ok(Scene { engine, app, folder, url, people: names })
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A place beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How to connect to the database, where it is PostgreSQL.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The flags that say where the records are.
    pub fn records(&self) -> Vec<String> {
        self.records_at(self.url())
    }

    /// The same, with the database reached by another way.
    pub fn records_at(&self, url: Option<&str>) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), self.data().display().to_string()];
        if let Some(url) = url {
            flags.extend(["--database".to_owned(), url.to_owned()]);
        }
        flags
    }

    /// The flags of a server without the limits that a program's load would run into.
    pub fn flags(&self) -> Vec<String> {
        self.flags_at(self.url())
    }

    /// The same, with the database reached by another way.
    pub fn flags_at(&self, url: Option<&str>) -> Vec<String> {
        let unlimited = ["--issuance-limit", "0", "--token-rate", "0", "--trusted-proxies", "127.0.0.1/32"];
        [self.records_at(url), unlimited.map(str::to_owned).to_vec()].concat()
    }

    /// Makes a master key whose place is said in a file of settings, as several nodes need it: the flags that name the file.
    ///
    /// # Errors
    /// The key cannot be made.
    pub async fn with_master_key(&self) -> anyhow::Result<Vec<String>> {
        let (file, settings) = (self.master_key_file(), self.beside("bizauth.toml"));
        std::fs::create_dir_all(self.data())?;
        std::fs::write(&settings, format!("master_key = \"{}\"\n", file.display()))?;
        let how = ["--config".to_owned(), settings.display().to_string()];
        self.tell(&["master-key", "create", &how[0], &how[1]]).await?;
        Ok(how.to_vec())
    }

    /// Where the master key is.
    pub fn master_key_file(&self) -> PathBuf {
        self.data().join("master.key")
    }

    /// A server over these records.
    ///
    /// # Errors
    /// It does not start.
    pub async fn serve(&self) -> anyhow::Result<Server> {
        Server::start(&self.flags()).await
    }

    /// The browser of one of the people, signed in nowhere.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn browser(&self, number: usize) -> anyhow::Result<Browser> {
        Browser::of(self.people.get(number).context("there are not so many people")?)
    }

    /// `bizauth NOUN VERB …` over these records: its stdout.
    ///
    /// # Errors
    /// It failed; with what it said.
    pub async fn tell(&self, words: &[&str]) -> anyhow::Result<String> {
        let words = words.iter().map(|word| (*word).to_owned()).chain(self.records()).collect::<Vec<_>>();
        let mut command = command(&words)?;
        let ended = tokio::task::spawn_blocking(move || command.output()).await??;
        if !ended.status.success() {
            bail!("`bizauth {}` failed: {}", words.join(" "), String::from_utf8_lossy(&ended.stderr));
        }
        Ok(String::from_utf8(ended.stdout)?)
    }
}

fn operator() -> Actor {
    Actor { who: Who::CommandLine, name: "survival".to_owned(), from: None, at: Clock::System.now() }
}

async fn made_app(store: &Store) -> anyhow::Result<App> {
    let by = store.by(operator());
    let (name, company) = ("Ad report".to_owned(), "Example Inc.".to_owned());
    let app = by.create_app(NewApp { name, company, kind: AppKind::Biz, parent: None, owner: None }).await?;
    let app = app.context("the app was not made")?;
    for item in store.catalogue().await?.items {
        by.switch_item_on(app, item.id, "For the report".to_owned()).await?;
    }
    by.grant_permission(app, "moment".into()).await?;
    let (value, client_secret) = (Entropy::System.app_key(), Entropy::System.client_secret());
    let (secret, client_id) = (Some(Digest::of(client_secret.as_bytes())), value.expose().to_owned());
    let key = by.create_key(NewKey { app, kind: KeyKind::RestApi, value, name: String::new(), secret }).await?;
    let key = key.context("the key was not made")?;
    let redirect_uri = "https://app.example.com/callback".to_owned();
    by.add_redirect_uri(key, redirect_uri.clone()).await?;
    Ok(App { id: app, key, client_id, client_secret, redirect_uri })
}

async fn made_person(store: &Store, number: usize) -> anyhow::Result<String> {
    let email = format!("person{number}@example.com");
    let password = HASH.clone();
    let new = NewUser { email, email_verified: true, password, in_business_centre: true, is_operator: false };
    let (by, email) = (store.by(operator()), new.email.clone());
    let user: UserId = by.create_user(new).await?.context("the account was not made")?;
    let (group, name, role): (_, _, _) = ("moment".into(), "Account 11".to_owned(), "owner".to_owned());
    let record = AssetRecord { group, id: AssetId("11".to_owned()), kind: AssetKind::AdAccount, name: name.clone() };
    by.keep_asset(record.clone()).await?;
    let (group, asset, kind, id) = (record.group, record.id, record.kind, HoldingId(0));
    by.hold_asset(user, Holding { id, group, asset, kind, name, role, lendable: true }).await?;
    Ok(email)
}

impl App {
    /// The fields of a good token request.
    pub fn trade<'a>(&'a self, code: &'a str) -> HashMap<&'static str, &'a str> {
        HashMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code", code),
        ])
    }

    /// The authorize address.
    pub fn authorize(&self) -> String {
        let uri = bizauth::http::reply::escape(&self.redirect_uri);
        format!(
            "/oauth/business/authorize?client_id={}&response_type=code&redirect_uri={uri}&scope=moment_management",
            self.client_id
        )
    }
}
