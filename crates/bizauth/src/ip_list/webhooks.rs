//! Telling others of the list: what is in the outbox is sent, signed as the Standard Webhooks specification has it, and
//! tried again for two days if it fails.
//!
//! A webhook's address is typed by an operator and asked by this server, so it is watched where it goes: https only, to
//! public addresses only, decided when the connection is made and not when the name was looked up before; no redirects, no
//! proxy, a few seconds, and nothing of the answer is read but its status.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bizauth_core::id::DeliveryId;
use bizauth_core::ips::{date_at, reserved_for, revise};
use bizauth_core::time::Time;
use bizauth_store::{Due, Published, Tried};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use jiff::ToSpan;
use jiff::civil::Date;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};
use sha2::Sha256;
use url::{Host, Url};

use super::{midnight, today};
use crate::entropy::Entropy;
use crate::http::ip_list::told::{Reader, revised, version};
use crate::http::state::AppState;
use crate::seal::MasterKeys;

/// How often the outbox is looked at.
pub const EVERY: Duration = Duration::from_secs(5);
/// How long a whole try may take. The lease outlives it.
const PATIENCE: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(60);
/// How many are sent at a time.
const AT_ONCE: i64 = 20;
/// For how long a day that has come is still news, if this server was down then.
const NEWS: i32 = 7;
/// The longest address.
const LONGEST: usize = 2000;
/// After how many seconds it is tried again: the first time, the second, and so on. Then it is given up.
const AGAIN: [u64; 8] = [30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400];

/// A new secret: 32 random bytes.
pub fn new_secret(entropy: &Entropy) -> [u8; 32] {
    entropy.bytes()
}

/// A secret as the receiver is given it.
pub fn spell(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The signature of a message: `v1,` and the HMAC-SHA256 of id, time in seconds and body, with dots between.
pub fn sign(secret: &[u8], id: DeliveryId, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key may have any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Reads an address that a webhook may go to; `inside`: to private and loopback addresses too, and there over http.
pub fn address(text: &str, inside: bool) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let literal = match url.host()? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain("localhost") => Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        Host::Domain(_) => None,
    };
    let within = literal.is_some_and(is_inside);
    let fits = match url.scheme() {
        "https" => inside || !within,
        // What is sent is no secret, but whoever sits between could send something else.
        "http" => inside && within,
        _ => false,
    };
    (plain && fits).then_some(url)
}

/// Whether an address is no public one. An IPv4 address in IPv6 clothing is what it is beneath.
fn is_inside(address: IpAddr) -> bool {
    reserved_for(address.to_canonical().into()).is_some()
}

/// Sends; keeps its connections.
#[derive(Debug)]
pub struct Sender {
    /// Made for the first webhook: most servers never need TLS of their own, nor the roots it trusts.
    http: OnceLock<reqwest::Client>,
    inside: bool,
    patience: Duration,
}

impl Sender {
    /// One that goes to private and loopback addresses too, or not.
    pub fn new(inside: bool) -> Self {
        Sender::patient(inside, PATIENCE)
    }

    /// The same, which waits so long for each answer.
    pub fn patient(inside: bool, patience: Duration) -> Self {
        Sender { http: OnceLock::new(), inside, patience }
    }

    fn http(&self) -> Result<&reqwest::Client, String> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(self.patience)
            .connect_timeout(self.patience)
            .user_agent(concat!("bizauth/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Names { inside: self.inside })
            .build();
        let http = http.map_err(|error| format!("TLS cannot be set up: {}", told(&error)))?;
        Ok(self.http.get_or_init(|| http))
    }
}

/// Looks names up, and knows only the addresses that a webhook may go to.
#[derive(Clone, Copy)]
struct Names {
    inside: bool,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let inside = self.inside;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let fit: Vec<SocketAddr> = found.filter(|address| inside || !is_inside(address.ip())).collect();
            match fit.is_empty() {
                true => Err("the name has no public address".into()),
                false => Ok(Box::new(fit.into_iter()) as Addrs),
            }
        })
    }
}

/// Puts into the outbox which days have come, and sends what is due. Says how many were sent.
///
/// # Errors
/// The store does not answer.
pub async fn tell(it: &AppState, sender: &Sender) -> bizauth_store::Result<usize> {
    announce_days(it).await?;
    let now = it.clock.now();
    let due = it.store.lease_ip_deliveries(AT_ONCE, now, now.plus(LEASE)).await?;
    let count = due.len();
    if due.is_empty() {
        return Ok(0);
    }
    let keys = MasterKeys::of(&it.config).await;
    let tries = due.into_iter().map(|due| {
        let keys = keys.as_ref();
        async move {
            let answer = match keys {
                Err(error) => Err(error.to_string()),
                Ok(keys) => send(it, sender, keys, &due).await,
            };
            let ended = ended(answer, due.delivery.attempts, it.clock.now());
            tracing::info!(
                webhook = %due.webhook.id,
                serial = due.delivery.serial,
                attempts = due.delivery.attempts,
                answer = ended.answer,
                again = ended.again.is_some(),
                "webhook tried"
            );
            it.store.end_ip_delivery(due.delivery.id, due.delivery.attempts, ended, it.clock.now()).await
        }
    });
    for ended in join_all(tries).await {
        ended?;
    }
    Ok(count)
}

async fn announce_days(it: &AppState) -> bizauth_store::Result<()> {
    let Some(published) = it.store.published_ips().await? else { return Ok(()) };
    let now = it.clock.now();
    let (today, since) = (today(&it.config, now), date_at(published.version.published_at.millis(), &it.config.ip_zone));
    let oldest = since.max(today.saturating_sub(NEWS.days()));
    let steps = published.list.services().flat_map(|(_, service)| &service.steps);
    let come: std::collections::BTreeSet<Date> =
        steps.map(|step| step.date).filter(|date| *date > oldest && *date <= today).collect();
    for date in come {
        let midnight = midnight(&it.config, date);
        it.store.announce_ip_day(published.serial, date.to_string(), midnight, now).await?;
    }
    Ok(())
}

/// One try: the status, or why there is none.
async fn send(it: &AppState, sender: &Sender, keys: &MasterKeys, due: &Due) -> Result<u16, String> {
    let secret = keys.open(due.webhook.id, &due.webhook.sealed).map_err(|error| error.to_string())?;
    // The settings may have changed since it was added.
    let url = address(&due.webhook.url, sender.inside).ok_or("webhooks may not go to this address")?;
    let body = body(it, due).await.map_err(|_| "the version cannot be read".to_owned())?.to_string();
    let seconds = it.clock.now().millis().div_euclid(1000);
    let request = sender
        .http()?
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", due.delivery.id.to_string())
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", sign(&secret, due.delivery.id, seconds, &body))
        .body(body);
    // Nothing of the answer is read: it is dropped, and the connection with it.
    match request.send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(told(&error.without_url())),
    }
}

fn told(error: &reqwest::Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let why = if error.is_timeout() { "too slow".to_owned() } else { innermost.to_string() };
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn ended(answer: Result<u16, String>, attempts: i64, now: Time) -> Tried {
    let wait = usize::try_from(attempts - 1).ok().and_then(|at| AGAIN.get(at)).copied();
    let again = wait.map(|seconds| now.plus(Duration::from_secs(seconds)));
    match answer {
        Ok(status @ 200..=299) => Tried { answer: status.to_string(), again: None },
        // Gone: whoever answers so wants nothing any more.
        Ok(410) => Tried { answer: "410".to_owned(), again: None },
        Ok(status) => Tried { answer: status.to_string(), again },
        Err(why) => Tried { answer: why, again },
    }
}

/// What is said: which version, and what it changed, or what changed on the day.
async fn body(it: &AppState, due: &Due) -> bizauth_store::Result<Value> {
    let delivery = &due.delivery;
    let published = it.store.ip_version(delivery.serial).await?;
    let before = it.store.ip_version(delivery.serial - 1).await?;
    let data = published.map(|published| happened(it, &published, before.as_ref(), &delivery.date));
    Ok(json!({
        "type": format!("ip_list.{}", delivery.event),
        "timestamp": delivery.made_at.to_utc(),
        "data": data,
    }))
}

fn happened(it: &AppState, published: &Published, before: Option<&Published>, date: &str) -> Value {
    let list = &published.list;
    let (old, day) = match date.parse::<Date>() {
        Ok(day) => (Some(list.on(day.saturating_sub(1.days()))), day),
        Err(_) => {
            let day = date_at(published.version.published_at.millis(), &it.config.ip_zone);
            (before.map(|before| before.list.on(day)), day)
        }
    };
    let edition = list.on(day);
    let changes = revise(old.as_ref(), &edition);
    let mut data = version(&published.version, Reader::Public);
    data["date"] = json!(day.to_string());
    data["updatedDate"] = json!(edition.updated.to_string());
    data["nextChange"] = json!(list.next_change(day).map(|date| date.to_string()));
    data["changes"] = changes.iter().map(|it| revised(it, Reader::Public)).collect();
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_public_addresses_over_tls() {
        for (text, outside, inside) in [
            ("https://hooks.example/a?b=c", true, true),
            ("https://8.8.8.8/", true, true),
            ("http://hooks.example/", false, false),
            ("http://8.8.8.8/", false, false),
            ("https://127.0.0.1/", false, true),
            ("https://10.0.0.7:8443/x", false, true),
            ("https://[::1]/", false, true),
            ("https://[::ffff:10.0.0.1]/", false, true),
            ("https://169.254.169.254/latest/meta-data", false, true),
            ("https://2130706433/", false, true),
            ("https://localhost/", false, true),
            ("http://127.0.0.1:9/", false, true),
            ("http://localhost:9/", false, true),
            ("https://u:p@hooks.example/", false, false),
            ("https://hooks.example/#a", false, false),
            ("ftp://hooks.example/", false, false),
            ("hooks.example", false, false),
            ("", false, false),
        ] {
            assert_eq!((address(text, false).is_some(), address(text, true).is_some()), (outside, inside), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_leads_nowhere() {
        let look_up = async |inside| Names { inside }.resolve("localhost".parse().unwrap()).await.map(Iterator::count);
        assert_eq!(look_up(false).await.unwrap_err().to_string(), "the name has no public address");
        assert!(look_up(true).await.unwrap() > 0);
    }

    /// The example of the Standard Webhooks specification's libraries.
    #[test]
    fn a_message_is_signed_as_others_read_it() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        let known = STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(known, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(spell(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = sign(&secret, DeliveryId(7), 1_614_265_330, "{}");
        assert!(signed.starts_with("v1,") && signed != sign(&secret, DeliveryId(7), 1_614_265_331, "{}"));
    }

    #[test]
    fn it_is_tried_again_less_and_less_often_and_then_given_up() {
        let at = Time::from_millis(0);
        let waits: Vec<Option<i64>> =
            (1..=9).map(|n| ended(Err("no".into()), n, at).again.map(|again| again.millis() / 1000)).collect();
        let wanted = [30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400].map(Some);
        assert_eq!((&waits[..8], waits[8]), (&wanted[..], None));
        assert_eq!(ended(Ok(204), 1, at), Tried { answer: "204".into(), again: None });
        assert_eq!(ended(Ok(410), 1, at).again, None);
        assert!(ended(Ok(302), 1, at).again.is_some(), "a redirect is not followed, and is no success");
    }
}
