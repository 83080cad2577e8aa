//! Whatever can be guessed: keys and secrets that are wrong, by address and by key, and the addresses that count.

use std::net::{IpAddr, Ipv4Addr};

use bizauth::entropy::Entropy;
use bizauth_core::secret::Credential;
use reqwest::{Client, redirect::Policy};

use super::bound::{Account, Became, Bound, Heard, MINUTE, heard, room};
use crate::world::{App, Ask, Field, Said, Server, ask, at_once};

/// How many come beyond what may pass.
const BEYOND: usize = 30;
/// Seconds that are to be left of a minute when a crowd comes.
const ROOM: u64 = 10;

/// Where something can be guessed.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// The token endpoint, with a REST API key that no app has.
    Client,
    /// The token endpoint, with an app's key and another secret than its own.
    Secret,
    /// `system/ips`, with a key that no app has.
    AppKey,
    /// The operators' API, with a key that nobody has.
    OperatorKey,
}

/// What is used up, and to be open again in the next minute.
pub(super) struct Guessed {
    app: App,
    used_up: Vec<(Door, String)>,
}

/// Crowds guess, here and there, at every door.
pub(super) async fn crowds(field: &Field, number: usize, report: &mut Account) -> anyhow::Result<Guessed> {
    let app = field.another_key().await?;
    let mut used_up = Vec::new();
    for door in [Door::Client, Door::AppKey, Door::OperatorKey] {
        // From one address, whose limit is its own.
        let (here, bound) = (field.elsewhere(), door.bound());
        room(MINUTE, ROOM).await;
        let heard = crowd(field, &app, door, |_| here.clone()).await;
        bound.holds(&heard, |said| door.became(said), report);
        let other = door.guess(&field.client, &field.servers[0], &app, &field.elsewhere()).await;
        report.promise(is_looked_at(door, &other), || format!("{door:?}, another address: {other:?}"));
        used_up.push((door, here));
    }
    // For one key, from wherever.
    room(MINUTE, ROOM).await;
    let heard = crowd(field, &app, Door::Secret, |_| field.elsewhere()).await;
    Door::Secret.bound().holds(&heard, |said| Door::Secret.became(said), report);
    for turn in 0..field.servers.len() {
        let right = app.redeems_from(&field.client, &field.base(turn), "x", &app.client_secret, "192.0.2.7").await;
        let let_in = right.as_ref().is_ok_and(|said| said.field("error_code").as_deref() == Some("KOE320"));
        report.promise(let_in, || format!("the right secret beside wrong ones: {right:?}"));
    }
    used_up.push((Door::Secret, field.elsewhere()));
    forwarded(field, &app, number, report).await?;
    Ok(Guessed { app, used_up })
}

/// Who is no listed proxy cannot hide behind invented addresses, nor use up those of others. Behind a listed one, what
/// stands left of the last unlisted address is the caller's own invention.
async fn forwarded(field: &Field, app: &App, number: usize, report: &mut Account) -> anyhow::Result<()> {
    let (door, invented) = (Door::AppKey, |turn: usize| format!("198.51.{}.{turn}", 100 + number % 100));
    // Other houses on loopback than that of the proxy.
    let stranger = |street| {
        let house = IpAddr::V4(Ipv4Addr::new(127, 0, street, u8::try_from(1 + number % 250)?));
        anyhow::Ok(Client::builder().redirect(Policy::none()).no_proxy().local_address(house).build()?)
    };
    room(MINUTE, ROOM).await;
    let heard = guesses(field, &stranger(1)?, app, door, invented).await;
    let bound = Bound { what: "wrong keys of a stranger under invented addresses", ..door.bound() };
    bound.holds(&heard, |said| door.became(said), report);
    let victim = field.elsewhere();
    room(MINUTE, ROOM).await;
    let heard = guesses(field, &stranger(2)?, app, door, |_| victim.clone()).await;
    let bound = Bound { what: "wrong keys of a stranger under another's address", ..door.bound() };
    bound.holds(&heard, |said| door.became(said), report);
    let owner = door.guess(&field.client, &field.servers[0], app, &victim).await;
    report.promise(is_looked_at(door, &owner), || format!("a stranger used up another's address: {owner:?}"));
    let real = field.elsewhere();
    room(MINUTE, ROOM).await;
    let heard = crowd(field, app, door, |turn| format!("{}, {real}", invented(100 + turn))).await;
    let bound = Bound { what: "wrong keys of a caller who invents hops before a proxy", ..door.bound() };
    bound.holds(&heard, |said| door.became(said), report);
    Ok(())
}

impl Guessed {
    /// In the next minute everybody is looked at again. How many doors there were.
    pub(super) async fn come_again(&self, field: &Field, report: &mut Account) -> anyhow::Result<usize> {
        for (door, from) in &self.used_up {
            for server in &field.servers {
                let said = door.guess(&field.client, server, &self.app, from).await;
                report.promise(is_looked_at(*door, &said), || format!("{door:?}, a minute later: {said:?}"));
            }
        }
        field.scene.tell(&["key", "delete", &self.app.key.to_string()]).await?;
        Ok(self.used_up.len())
    }
}

/// A crowd behind the proxy.
async fn crowd(field: &Field, app: &App, door: Door, from: impl Fn(usize) -> String) -> Vec<Heard> {
    guesses(field, &field.client, app, door, from).await
}

async fn guesses(field: &Field, with: &Client, app: &App, door: Door, from: impl Fn(usize) -> String) -> Vec<Heard> {
    at_once(door.bound().most + BEYOND, |turn| {
        let server = &field.servers[turn % field.servers.len()];
        heard(door.guess(with, server, app, &from(turn)))
    })
    .await
}

fn is_looked_at(door: Door, said: &Ask) -> bool {
    said.as_ref().is_ok_and(|said| door.became(said) == Became::Passed)
}

impl Door {
    fn bound(self) -> Bound {
        let (what, most) = match self {
            Door::Client => ("REST API keys that no app has, from one address", 60),
            Door::Secret => ("wrong client secrets for one key", 60),
            Door::AppKey => ("wrong app keys from one address", 60),
            Door::OperatorKey => ("wrong keys of operators from one address", 20),
        };
        Bound { what, most, window: MINUTE, rounded: 0 }
    }

    /// One guess, as if from the address `from`.
    fn guess(self, with: &Client, server: &Server, app: &App, from: &str) -> impl Future<Output = Ask> + Send + use<> {
        let base = &server.base;
        let request = match self {
            Door::Client | Door::Secret => {
                let mut fields = app.trade("x");
                match self {
                    Door::Client => fields.insert("client_id", "00000000000000000000000000000000"),
                    _ => fields.insert("client_secret", "x"),
                };
                with.post(format!("{base}/oauth/business/token")).form(&fields)
            }
            Door::AppKey => {
                let wrong = format!("KakaoAK {}", "0".repeat(32));
                with.get(format!("{base}/v1/system/ips")).header("authorization", wrong)
            }
            Door::OperatorKey => {
                let wrong = Credential::OperatorKey.spell(7, &Entropy::System.secret());
                with.get(format!("{}/operator/v1/maintenance", server.operators)).bearer_auth(wrong)
            }
        };
        ask(request.header("x-forwarded-for", from))
    }

    /// What became of a guess: looked at, it is said to be wrong.
    fn became(self, said: &Said) -> Became {
        let refused = match self {
            Door::Client | Door::Secret => said.status == 429 && said.body.contains("KOE237"),
            Door::AppKey => said.status == 400 && said.body.contains(r#""code":-10"#),
            Door::OperatorKey => said.status == 429,
        };
        Became::of(said, 401, refused)
    }
}
