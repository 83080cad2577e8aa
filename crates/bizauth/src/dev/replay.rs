//! A run as one file, and running it again: the same seed, the same calls, and whether the same came of them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Request};
use bizauth_core::time::Time;
use serde::{Deserialize, Serialize};

use super::Error;
use super::journal::{Entry, Half, Portable};
use super::switchboard::{self, Received};
use super::world::{Ground, World};
use super::worlds::{NewWorld, Source, Worlds};
use crate::clock::Course;
use crate::http::form::Form;

/// How long one call of a run may take when it is run again.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that happened in a world since its seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The version of this form: 1.
    pub bizauth_run: u32,
    /// What the seed's file was called.
    pub seed_file: String,
    /// The seed.
    pub seed: String,
    /// What chance followed from.
    pub random: u64,
    /// Where the clock began: milliseconds since the Unix epoch.
    pub at: i64,
    /// Whether it stood.
    pub frozen: bool,
    /// Every call, in the order of arrival; also those that steered the world.
    pub calls: Vec<Entry>,
}

/// The first call that came out otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Its number.
    pub n: u64,
    /// Method and address.
    pub call: String,
    /// What came then.
    pub then: Option<Half>,
    /// What comes now.
    pub now: Option<Half>,
}

impl Run {
    /// What happened in `world` so far.
    pub fn of(world: &World) -> Run {
        let beginning = &world.beginning;
        Run {
            bizauth_run: 1,
            seed_file: beginning.source.file.clone(),
            seed: beginning.source.text.clone(),
            random: beginning.random,
            at: beginning.at.millis(),
            frozen: matches!(beginning.course, Course::Frozen(_)),
            calls: world.stage().journal.all().iter().map(|entry| Entry::clone(entry)).collect(),
        }
    }

    /// Runs it again in a world of its own: how many calls came out the same, and the first that did not.
    ///
    /// # Errors
    /// The seed cannot be read any more, or the world cannot be made.
    pub async fn again(&self, ground: Ground) -> Result<(usize, Option<Difference>), Error> {
        if self.bizauth_run != 1 {
            return Err(Error::Unusable(format!("this run is of version {}; this program knows 1", self.bizauth_run)));
        }
        let source = Source::read(&self.seed, &self.seed_file).map_err(|mistakes| {
            let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            Error::Unusable(told.join("\n"))
        })?;
        let here = Portable::of(&ground.base_url);
        let first = NewWorld {
            random: Some(self.random),
            at: Some(Time::from_millis(self.at)),
            frozen: Some(self.frozen),
            ..NewWorld::default()
        };
        let worlds = Arc::new(Worlds::begin(ground, source, first).await?);
        let world = worlds.first();
        for (at, entry) in self.calls.iter().enumerate() {
            if matches!(world.stage().clock.how(), Course::Running(_)) {
                world.stage().clock.put_back(Course::at(Time::from_millis(entry.at), false));
            }
            let Some(received) = received(&entry.request, &here) else { continue };
            let now = self.call(&worlds, &world, entry, received).await;
            let same = now.as_ref().map(|now| (&now.answer, &now.fault)) == Some((&entry.answer, &entry.fault));
            if !same && !self.is_decided_later(entry) {
                let request = &entry.request;
                let call = [request.method.as_deref(), request.uri.as_deref()].map(Option::unwrap_or_default).join(" ");
                let now = now.and_then(|now| now.answer.clone());
                return Ok((at, Some(Difference { n: entry.n, call, then: entry.answer.clone(), now })));
            }
        }
        Ok((self.calls.len(), None))
    }

    /// Sends one call again, and gives what the log has of it.
    async fn call(
        &self,
        worlds: &Arc<Worlds>,
        world: &Arc<World>,
        entry: &Entry,
        received: Received,
    ) -> Option<Arc<Entry>> {
        let (worlds, answering) = (worlds.clone(), world.clone());
        let call = tokio::spawn(async move { switchboard::answer(&worlds, &answering, received).await });
        let written = || world.stage().journal.entry(entry.n).filter(|now| now.answer.is_some());
        // A call that was held until somebody decided it is answered by a later one; a reply that never came is written
        // down all the same.
        let waits = async {
            while written().is_none() && !call.is_finished() && !self.is_decided_later(entry) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, waits).await;
        if self.is_decided_later(entry) {
            // It has to be there before the call that decides it.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        written()
    }

    fn is_decided_later(&self, entry: &Entry) -> bool {
        let path = format!("/_dev/pending/{}", entry.n);
        let decides = |later: &Entry| later.n > entry.n && later.control && later.request.uri.as_deref() == Some(&path);
        entry.endpoint.as_deref() == Some("authorize") && self.calls.iter().any(decides)
    }
}

/// A request as it came.
fn received(half: &Half, here: &Portable) -> Option<Received> {
    let uri: axum::http::Uri = here.show(half.uri.as_deref()?).parse().ok()?;
    let mut request = Request::builder().method(half.method.as_deref()?).uri(uri).body(()).ok()?;
    for (name, values) in &half.headers {
        let name: HeaderName = name.parse().ok()?;
        for value in values {
            request.headers_mut().append(name.clone(), HeaderValue::from_str(&here.show(value)).ok()?);
        }
    }
    if !request.headers().contains_key("host") {
        request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1"));
    }
    let body = Bytes::from(here.show(&half.body));
    let (parts, ()) = request.into_parts();
    let form = Form::read(&parts.headers, &body).ok();
    Some(Received { parts, body, form })
}
