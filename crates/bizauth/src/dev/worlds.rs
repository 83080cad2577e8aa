//! All worlds of a process, and which of them a request means.
//!
//! A request says so by a path prefix, a header, a host name, a key or token of its own, or a cookie that an earlier
//! answer of that world left; whatever says nothing means the default world.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Uri};
use bizauth_core::time::Time;
use serde_json::json;

use super::Error;
use super::seed::{self, Mistake, Seed};
use super::world::{Beginning, Ground, World};
use crate::clock::Course;
use crate::http::form::Form;
use crate::http::guard::cookie_sent;

/// The id of the world that is there from the start, and stays.
pub const DEFAULT: &str = "default";
/// The header that names a world.
pub const HEADER: &str = "x-bizauth-world";
/// The prefix of a path within a world: `/_w/ID/…`.
pub const PREFIX: &str = "/_w/";
/// The cookie by which a browser stays in a world.
pub const COOKIE: &str = "bizauth-dev-world";
/// First labels of the platform's two hosts, which are no worlds.
const HALVES: [&str; 2] = ["kauth", "kapi"];
/// The most worlds at a time.
const MOST: usize = 10_000;

/// All worlds.
pub struct Worlds {
    /// What they share.
    pub ground: Ground,
    by_id: RwLock<BTreeMap<String, Arc<World>>>,
    /// Keys and tokens, and whose they are.
    marks: RwLock<HashMap<String, HashSet<String>>>,
    /// Names that were worlds once.
    gone: RwLock<HashSet<String>>,
    made: AtomicU64,
    /// The seed of a world that brings none.
    seed: Arc<Source>,
}

/// A seed with the text that it was read from.
pub struct Source {
    /// What it says.
    pub seed: Seed,
    /// What its file is called.
    pub file: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// Reads a seed. TOML or JSON goes by the name of the file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(text: &str, file: &str) -> Result<Source, Vec<Mistake>> {
        Ok(Source { seed: seed::read(text, file)?, file: file.to_owned(), text: text.to_owned() })
    }
}

/// How a new world is asked for.
#[derive(Clone, Default)]
pub struct NewWorld {
    /// Its id; without, one is made.
    pub id: Option<String>,
    /// What is in it; without, the seed that the process was started with.
    pub seed: Option<Arc<Source>>,
    /// What its chance follows from; without, the seed's, or else another for each world.
    pub random: Option<u64>,
    /// When it begins; without, the seed's, or else now.
    pub at: Option<Time>,
    /// Whether its clock stands; without, the seed's word, or else it runs.
    pub frozen: Option<bool>,
}

/// Why a request has no world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It was one.
    Gone(String),
    /// It never was.
    Unknown(String),
    /// Several worlds have this key.
    Ambiguous(Vec<String>),
}

/// Why a world cannot be made.
#[derive(Debug)]
pub enum Unmade {
    /// There is one of this name, or there was.
    Taken(String),
    /// The name cannot be one.
    Malformed(String),
    /// There are too many.
    Full(usize),
    /// The folder, the database or the seed.
    Failed(Error),
}

impl Worlds {
    /// With the default world.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn begin(ground: Ground, seed: Source, first: NewWorld) -> Result<Worlds, Error> {
        let seed = Arc::new(seed);
        let worlds = Worlds {
            ground,
            by_id: RwLock::default(),
            marks: RwLock::default(),
            gone: RwLock::default(),
            made: AtomicU64::new(0),
            seed,
        };
        let first = NewWorld { id: Some(DEFAULT.to_owned()), ..first };
        match worlds.make(first).await {
            Ok(_) => Ok(worlds),
            Err(Unmade::Failed(error)) => Err(error),
            Err(_) => Err(Error::Seed("the default world")),
        }
    }

    /// Makes a world.
    ///
    /// # Errors
    /// Why not.
    pub async fn make(&self, new: NewWorld) -> Result<Arc<World>, Unmade> {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let id = match new.id {
            Some(id) if is_id(&id) => id,
            Some(id) => return Err(Unmade::Malformed(id)),
            None => format!("w{number}"),
        };
        self.free(&id)?;
        let seed = new.seed.unwrap_or_else(|| self.seed.clone());
        let at = new.at.or(seed.seed.clock.begins()).unwrap_or_else(|| self.ground.state.clock.now());
        let frozen = new.frozen.unwrap_or(seed.seed.clock.frozen);
        let random =
            new.random.or(seed.seed.random).unwrap_or_else(|| u64::from_be_bytes(self.ground.state.entropy.bytes()));
        let base_url = match id.as_str() {
            DEFAULT => self.ground.base_url.clone(),
            id => format!("{}{PREFIX}{id}", self.ground.base_url),
        };
        let beginning = Beginning { source: seed, random, at, course: Course::at(at, frozen) };
        let world = World::make(&self.ground, id.clone(), base_url, beginning).await.map_err(Unmade::Failed)?;
        let world = Arc::new(world);
        {
            let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
            if by_id.len() >= MOST {
                return Err(Unmade::Full(MOST));
            }
            if by_id.contains_key(&id) {
                return Err(Unmade::Taken(id));
            }
            by_id.insert(id, world.clone());
        }
        self.mark_all(&world);
        Ok(world)
    }

    fn free(&self, id: &str) -> Result<(), Unmade> {
        let taken = self.by_id.read().unwrap_or_else(PoisonError::into_inner).contains_key(id);
        let gone = self.gone.read().unwrap_or_else(PoisonError::into_inner).contains(id);
        if taken || gone { Err(Unmade::Taken(id.to_owned())) } else { Ok(()) }
    }

    /// Remembers what the seed of a world gave out. Called again when a world goes back to its seed.
    pub fn mark_all(&self, world: &World) {
        let stage = world.stage();
        let keys = stage.planted.apps.iter().flat_map(|app| &app.keys).map(|key| key.value.as_str());
        let tokens = stage.planted.tokens.iter().map(|token| token.value.as_str());
        for mark in keys.chain(tokens) {
            self.mark(mark, &world.id);
        }
    }

    /// Remembers that a key or token is of this world.
    pub fn mark(&self, mark: &str, id: &str) {
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.entry(mark.to_owned()).or_default().insert(id.to_owned());
    }

    /// Ends a world, with all that is in it. `None`: there is none.
    pub fn end(&self, id: &str) -> Option<Arc<World>> {
        let world = self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(id)?;
        self.gone.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.retain(|_, ids| !ids.remove(id) || !ids.is_empty());
        Some(world)
    }

    /// All of them, by id.
    pub fn all(&self) -> Vec<Arc<World>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The default world.
    ///
    /// # Panics
    /// Never: it is made first, and is not to be dropped.
    pub fn first(&self) -> Arc<World> {
        self.named(DEFAULT).expect("the default world stays")
    }

    /// The world of this id.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, id: &str) -> Result<Arc<World>, Lost> {
        if let Some(world) = self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(world.clone());
        }
        match self.gone.read().unwrap_or_else(PoisonError::into_inner).contains(id) {
            true => Err(Lost::Gone(id.to_owned())),
            false => Err(Lost::Unknown(id.to_owned())),
        }
    }

    /// Whose key or token this is.
    pub fn of_mark(&self, mark: &str) -> Vec<String> {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let mut ids: Vec<String> = marks.get(mark).into_iter().flatten().cloned().collect();
        ids.sort();
        ids
    }

    /// The world that a request means, where its path does not say so.
    ///
    /// # Errors
    /// It means one that is none, or several.
    pub fn meant(&self, headers: &HeaderMap, uri: &Uri, form: Option<&Form>) -> Result<Arc<World>, Lost> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(id) = text(HEADER) {
            return self.named(&id);
        }
        let host = uri.host().map(str::to_owned).or_else(|| text(HOST.as_str())).unwrap_or_default();
        if let Some(id) = host_label(&host) {
            return self.named(id);
        }
        if let Some(mark) = mark_of(headers, uri, form) {
            match self.of_mark(&mark).as_slice() {
                [] => {}
                [id] => return self.named(id),
                // The default world is what every client meets that knows nothing of worlds.
                ids if ids.iter().any(|id| id == DEFAULT) => return Ok(self.first()),
                ids => return Err(Lost::Ambiguous(ids.to_vec())),
            }
        }
        match cookie_sent(headers, COOKIE) {
            // A browser that comes back after its world has gone begins anew.
            Some(id) => Ok(self.named(&id).unwrap_or_else(|_| self.first())),
            None => Ok(self.first()),
        }
    }
}

/// The world in a host name: `ID.localhost`, or `kapi.ID.localhost` for one half of it.
fn host_label(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).strip_suffix(".localhost")?;
    let id = name.strip_prefix("kauth.").or_else(|| name.strip_prefix("kapi.")).unwrap_or(name);
    Some(id).filter(|id| !HALVES.contains(id))
}

/// The key or token that a request carries.
fn mark_of(headers: &HeaderMap, uri: &Uri, form: Option<&Form>) -> Option<String> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((_, credential)) = authorization.and_then(|value| value.split_once(' ')) {
        return Some(credential.trim().to_owned());
    }
    if let Some(client_id) = form.and_then(|form| form.get("client_id")) {
        return Some(client_id.to_owned());
    }
    let query = Form::parse(uri.query().unwrap_or_default()).ok()?;
    query.get("client_id").map(str::to_owned)
}

/// What may be the id of a world: it stands in paths and host names.
fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !HALVES.contains(&text)
}

impl Lost {
    /// Status and problem document.
    pub fn problem(&self) -> (u16, serde_json::Value) {
        match self {
            Lost::Gone(id) => (
                410,
                json!({ "title": "this world is gone", "status": 410, "world": id,
                        "detail": format!("world {id} was dropped, and its id is not used again; make another one with POST /_dev/worlds") }),
            ),
            Lost::Unknown(id) => (
                404,
                json!({ "title": "no such world", "status": 404, "world": id,
                        "detail": format!("there is no world {id}; GET /_dev/worlds lists them") }),
            ),
            Lost::Ambiguous(ids) => (
                421,
                json!({ "title": "several worlds have this key", "status": 421, "worlds": ids,
                        "detail": format!("say which one you mean: by the path prefix {PREFIX}ID, by the header {HEADER}: ID, or by the host ID.localhost") }),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_paths_and_host_names() {
        for (id, fits) in
            [("w1", true), ("ci-7", true), ("", false), ("A", false), ("a.b", false), ("-a", false), ("a-", false)]
        {
            assert_eq!(is_id(id), fits, "{id}");
        }
        assert!(!is_id(&"a".repeat(41)));
    }

    #[test]
    fn a_host_name_may_say_which_world() {
        for (host, id) in [
            ("w1.localhost:8080", Some("w1")),
            ("kapi.w1.localhost", Some("w1")),
            ("kapi.localhost:80", None),
            ("localhost:8080", None),
            ("127.0.0.1:8080", None),
            ("kauth.kakao.com", None),
        ] {
            assert_eq!(host_label(host), id, "{host}");
        }
    }

    #[test]
    fn a_request_carries_one_mark() {
        let uri: Uri = "/oauth/business/authorize?client_id=k1".parse().unwrap();
        let form = Form::parse("client_id=k2").unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(mark_of(&headers, &uri, None).as_deref(), Some("k1"));
        assert_eq!(mark_of(&headers, &uri, Some(&form)).as_deref(), Some("k2"));
        headers.insert(AUTHORIZATION, "KakaoAK k3".parse().unwrap());
        assert_eq!(mark_of(&headers, &uri, Some(&form)).as_deref(), Some("k3"));
    }
}
