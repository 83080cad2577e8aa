//! One try of a password, and the limits that parallel tries cannot beat.
//!
//! A slot is held before the password is looked at and given back if it was right. A browser that signed in before has
//! slots of its own: a stranger's wrong tries never lock its owner out.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bizauth_core::id::DeviceId;
use bizauth_core::secret::{Digest, Secret};
use bizauth_core::time::Time;
use bizauth_store::{Limit, Slot, UserRecord};

use crate::http::guard::Browser;
use crate::http::limits::neighbourhood;
use crate::http::reply::log_breakage;
use crate::http::state::AppState;

pub(super) const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords for one account from browsers that are not known.
const PER_ACCOUNT: Limit = Limit { kind: "login account", most: 10, window: WINDOW };
/// Wrong passwords for one account from one known browser.
const PER_DEVICE: Limit = Limit { kind: "login device", most: 10, window: WINDOW };
/// Wrong passwords from one address, for whatever accounts.
const PER_ADDRESS: Limit = Limit { kind: "login address", most: 100, window: WINDOW };
/// How long a try waits for a slot that others hold.
const PATIENCE: Duration = Duration::from_secs(8);
const GLANCE: Duration = Duration::from_millis(40);

/// What became of a try.
pub enum Verdict {
    /// It is the account's password.
    Right(Box<UserRecord>),
    /// It is not, or there is no such account.
    Wrong,
    /// Nobody looked: too many were wrong before.
    TooMany(Time),
}

/// One try, with all it needs.
pub struct Trial {
    it: AppState,
    from: IpAddr,
    device: Option<(DeviceId, Secret)>,
    email: Option<String>,
    password: String,
}

impl Trial {
    /// A try from this browser.
    pub fn of(it: &AppState, browser: &Browser, email: Option<String>, password: &str) -> Self {
        Trial {
            it: it.clone(),
            from: from(browser),
            device: browser.device.clone(),
            email,
            password: password.to_owned(),
        }
    }

    /// Looks at the password, in a task of its own: a caller who hangs up must not leave a slot held.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn judged(self) -> bizauth_store::Result<Verdict> {
        settled(self.judge()).await
    }

    async fn judge(self) -> bizauth_store::Result<Verdict> {
        let Trial { it, from, device, email, password } = self;
        let user = match &email {
            Some(email) => it.store.user_by_email(email).await?,
            None => None,
        };
        // Whatever the account's state: it signs in to be told so (KOE026), and lends nothing.
        let known = match (&device, &user) {
            (Some((id, secret)), Some(user)) => {
                it.store.knows_device(*id, secret, user.user.id, it.clock.now()).await?
            }
            _ => false,
        };
        // Also counted where there is no such account: otherwise the limit would tell.
        let account = Digest::of(email.unwrap_or_default().as_bytes()).hex()[..32].to_owned();
        let (limit, subject) = match &device {
            Some((id, _)) if known => (PER_DEVICE, format!("{account} {id}")),
            _ => (PER_ACCOUNT, account),
        };
        let held = match hold(&it, vec![(PER_ADDRESS, neighbourhood(from)), (limit, subject)]).await? {
            Ok(held) => held,
            Err(until) => return Ok(Verdict::TooMany(until)),
        };
        let right = it.passwords.verify(user.as_ref().map(|user| user.password.clone()), password).await;
        settle(&it, held, !right).await?;
        Ok(match user {
            Some(user) if right => Verdict::Right(Box::new(user)),
            _ => Verdict::Wrong,
        })
    }
}

/// Where a browser's tries come from.
pub(super) fn from(browser: &Browser) -> IpAddr {
    browser.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// A slot that is held: of which limit and subject, and since which window.
type Held = (Limit, String, Time);

/// Holds a slot of each limit, or of none: until when the first that is reached stays so.
pub(super) async fn hold(
    it: &AppState,
    limits: Vec<(Limit, String)>,
) -> bizauth_store::Result<Result<Vec<Held>, Time>> {
    let mut held = Vec::new();
    for (limit, subject) in limits {
        match slot(it, limit, subject.clone()).await {
            Ok(Ok(since)) => held.push((limit, subject, since)),
            Ok(Err(until)) => {
                settle(it, held, false).await?;
                return Ok(Err(until));
            }
            // Nobody has tried anything: what is held must not lock anybody out until its window ends.
            Err(error) => {
                if let Err(also) = settle(it, held, false).await {
                    log_breakage(&also);
                }
                return Err(error);
            }
        }
    }
    Ok(Ok(held))
}

/// Gives slots back, or keeps them as used up: each of them, also where the store does not answer for another.
pub(super) async fn settle(it: &AppState, held: Vec<Held>, used_up: bool) -> bizauth_store::Result<()> {
    let mut settled = Ok(());
    for (limit, subject, since) in held {
        settled = settled.and(it.store.settle_slot(limit, subject, since, used_up).await);
    }
    settled
}

/// Holds a slot, waiting a little while others hold the last ones.
async fn slot(it: &AppState, limit: Limit, subject: String) -> bizauth_store::Result<Result<Time, Time>> {
    let mut waited = Duration::ZERO;
    loop {
        let now = it.clock.now();
        match it.store.hold_slot(limit, subject.clone(), now).await? {
            Slot::Held(since) => return Ok(Ok(since)),
            Slot::Full(until) => return Ok(Err(until)),
            Slot::Busy if waited >= PATIENCE => return Ok(Err(now.plus(Duration::from_secs(60)))),
            Slot::Busy => {
                tokio::time::sleep(GLANCE).await;
                waited += GLANCE;
            }
        }
    }
}

/// Runs to its end whatever becomes of the caller.
pub(super) async fn settled<T: Send + 'static>(
    judging: impl Future<Output = bizauth_store::Result<T>> + Send + 'static,
) -> bizauth_store::Result<T> {
    match tokio::spawn(judging).await {
        Ok(judged) => judged,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
