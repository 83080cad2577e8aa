//! Webhooks of the IP list: what happens is told once, signed, by one node; what fails is told again, less and less often,
//! and never goes where it may not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bizauth::ip_list::webhooks::{Sender, tell};
use bizauth_core::operator::Scope;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::kapi_ips::{document, publish_document};
use crate::world::{Answer, Program, World, days, minutes};

type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// Somebody who listens, and answers as told.
struct Listener {
    url: String,
    heard: Heard,
    answer: Arc<Mutex<StatusCode>>,
}

impl Listener {
    async fn new() -> Listener {
        let (heard, answer) = (Heard::default(), Arc::new(Mutex::new(StatusCode::NO_CONTENT)));
        let hear = |State((heard, answer)): State<(Heard, Arc<Mutex<StatusCode>>)>, headers: HeaderMap, body: Bytes| async move {
            heard.lock().unwrap().push((headers, String::from_utf8(body.to_vec()).unwrap()));
            let status = *answer.lock().unwrap();
            (status, [("location", "/elsewhere")], "x".repeat(1 << 16))
        };
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", socket.local_addr().unwrap());
        let routes = Router::new().route("/{*path}", post(hear)).with_state((heard.clone(), answer.clone()));
        tokio::spawn(async move {
            use hyper_util::service::TowerToHyperService;
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
                tokio::spawn(serve);
            }
        });
        Listener { url, heard, answer }
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// What was heard last, if its signature is that of `secret`.
    fn last(&self, secret: &str) -> Value {
        let (headers, body) = self.heard.lock().unwrap().last().cloned().unwrap();
        let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(header("webhook-signature"), wanted);
        assert_eq!(header("content-type"), "application/json");
        serde_json::from_str(&body).unwrap()
    }
}

/// A world whose webhooks may go to this machine, with one to `listener`: its id and secret.
async fn with_hook(listener: &Listener) -> (World, Program, String, String) {
    let world = World::with(|config| config.ip_webhooks_inside = true).await;
    let robot = world.program(&[Scope::IpListWrite]).await;
    let made = robot.gets_from(201, "POST", "/ip-list/webhooks", json!({ "url": listener.url })).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (id, secret) = (text("id"), text("secret"));
    (world, robot, id, secret)
}

async fn tells(world: &World) -> usize {
    let sender = Sender::new(world.state.config.ip_webhooks_inside);
    tell(&world.state, &sender).await.unwrap()
}

#[tokio::test]
async fn a_publication_and_a_day_that_comes_are_told_once_each() {
    let listener = Listener::new().await;
    let (world, robot, id, secret) = with_hook(&listener).await;
    let mut list = document();
    list["inbound"][0]["addition"] = json!({ "ips": ["1.201.0.0/16"], "date": "2026-11-23", "note": "new site" });
    publish_document(&world, &list).await;
    assert_eq!((tells(&world).await, tells(&world).await), (1, 0));
    let told = listener.last(&secret);
    assert_eq!((&told["type"], &told["data"]["serial"]), (&json!("ip_list.published"), &json!(1)));
    assert_eq!(told["data"]["nextChange"], "2026-11-23");
    assert!(!told.to_string().contains("tester"), "who published it is not told to strangers: {told}");
    world.advance(days(1));
    assert_eq!(tells(&world).await, 0, "the eve");
    world.advance(days(1));
    assert_eq!((tells(&world).await, tells(&world).await), (1, 0));
    let told = listener.last(&secret);
    assert_eq!((&told["type"], &told["data"]["date"]), (&json!("ip_list.in_force"), &json!("2026-11-23")));
    assert_eq!(told["data"]["changes"][0]["come"], json!(["1.201.0.0/16"]));
    let deliveries = robot.gets(&format!("/ip-list/webhooks/{id}/deliveries")).await;
    let answers: Vec<_> = deliveries["items"].as_array().unwrap().iter().map(|it| it["answer"].clone()).collect();
    assert_eq!(answers, [json!("204"), json!("204")]);
    assert_eq!(listener.count(), 2);
}

/// Somebody who takes every call, says `answer` at once, and then nothing more, with the line open.
async fn silent_after(answer: &'static str) -> Listener {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", socket.local_addr().unwrap());
    let heard = Heard::default();
    let noted = heard.clone();
    tokio::spawn(async move {
        loop {
            let (mut line, _) = socket.accept().await.unwrap();
            noted.lock().unwrap().push((HeaderMap::new(), String::new()));
            tokio::spawn(async move {
                let _ = line.read(&mut [0; 4096]).await;
                line.write_all(answer.as_bytes()).await.unwrap();
                // Until the other end hangs up.
                while line.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {}
            });
        }
    });
    Listener { url, heard, answer: Arc::new(Mutex::new(StatusCode::OK)) }
}

#[tokio::test]
async fn who_never_answers_is_waited_for_so_long_and_told_again() {
    let listener = silent_after("").await;
    let (world, robot, id, _) = with_hook(&listener).await;
    publish_document(&world, &document()).await;
    let sender = Sender::patient(true, std::time::Duration::from_millis(300));
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), tell(&world.state, &sender));
    assert_eq!(told.await.expect("it ends").unwrap(), 1);
    let delivery = robot.gets(&format!("/ip-list/webhooks/{id}/deliveries")).await["items"][0].clone();
    assert_eq!((&delivery["attempts"], &delivery["answer"]), (&json!(1), &json!("too slow")));
    assert!(delivery["ended_at"].is_null(), "it is told again: {delivery}");
    world.advance(days(1));
    assert_eq!(tell(&world.state, &sender).await.unwrap(), 1);
    assert_eq!(listener.count(), 2);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let listener = silent_after("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
    let (world, robot, id, _) = with_hook(&listener).await;
    publish_document(&world, &document()).await;
    assert_eq!(tells(&world).await, 1);
    let delivery = robot.gets(&format!("/ip-list/webhooks/{id}/deliveries")).await["items"][0].clone();
    assert_eq!(delivery["answer"], "200", "the status is all that is asked for: {delivery}");
    assert!(delivery["ended_at"].is_string());
}

#[tokio::test]
async fn what_fails_is_told_again_with_the_same_id_until_it_is_given_up() {
    let listener = Listener::new().await;
    let (world, robot, id, secret) = with_hook(&listener).await;
    // A redirect is no success, and is not followed.
    *listener.answer.lock().unwrap() = StatusCode::FOUND;
    publish_document(&world, &document()).await;
    assert_eq!(tells(&world).await, 1);
    assert_eq!(tells(&world).await, 0, "not at once");
    *listener.answer.lock().unwrap() = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..8 {
        world.advance(days(1));
        assert_eq!(tells(&world).await, 1);
    }
    world.advance(days(9));
    assert_eq!(tells(&world).await, 0, "given up");
    assert_eq!(listener.count(), 9);
    let ids: std::collections::BTreeSet<_> = listener
        .heard
        .lock()
        .unwrap()
        .iter()
        .map(|(headers, _)| headers["webhook-id"].clone().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1, "whoever hears it twice can tell");
    let path = format!("/ip-list/webhooks/{id}/deliveries");
    let delivery = robot.gets(&path).await["items"][0].clone();
    assert_eq!((&delivery["attempts"], &delivery["answer"]), (&json!(9), &json!("503")));
    assert!(delivery["ended_at"].is_string());
    // An operator has it told again.
    *listener.answer.lock().unwrap() = StatusCode::OK;
    let retry = format!("{path}/{}/retry", delivery["id"].as_str().unwrap());
    assert_eq!(robot.asks("POST", &retry).await.status, 204);
    assert_eq!(tells(&world).await, 1);
    assert_eq!(listener.last(&secret)["data"]["serial"], 1);
    assert_eq!(robot.asks("POST", &format!("{path}/7/retry")).await.status, 422);
}

#[tokio::test]
async fn of_two_nodes_one_tells_and_a_dead_ones_lease_runs_out() {
    let listener = Listener::new().await;
    let (world, _, _, _) = with_hook(&listener).await;
    let other = world.another_node().await;
    publish_document(&world, &document()).await;
    let (one, two) = tokio::join!(tells(&world), tells(&other));
    assert_eq!((one + two, listener.count()), (1, 1));
    // A node takes the lease and dies.
    publish_document(&world, &document()).await;
    let now = world.now();
    let leased = world.store().lease_ip_deliveries(9, now, now.plus(minutes(1))).await.unwrap();
    assert_eq!((leased.len(), tells(&other).await), (1, 0));
    world.advance(minutes(1));
    other.advance(minutes(0));
    assert_eq!((tells(&other).await, listener.count()), (1, 2));
}

#[tokio::test]
async fn a_webhook_goes_where_it_may_and_nowhere_else() {
    let world = World::new().await;
    let robot = world.program(&[Scope::IpListWrite]).await;
    for url in [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://[::1]/",
        "https://user:pass@hooks.example/",
        "file:///etc/passwd",
    ] {
        assert_eq!(robot.says("POST", "/ip-list/webhooks", json!({ "url": url })).await.status, 422, "{url}");
    }
    let made = robot.gets_from(201, "POST", "/ip-list/webhooks", json!({ "url": "https://hooks.example/a" })).await;
    robot.gets_from(409, "POST", "/ip-list/webhooks", json!({ "url": "https://hooks.example/a" })).await;
    let listed = robot.gets("/ip-list/webhooks").await;
    assert_eq!(listed["items"][0]["id"], made["id"]);
    assert!(!listed.to_string().contains("whsec_"), "the secret is told once");
    let path = format!("/ip-list/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(robot.asks("DELETE", &path).await.status, 204);
    assert_eq!(robot.gets("/ip-list/webhooks").await["items"], json!([]));

    // One that was added while the settings allowed it is not asked once they do not.
    let listener = Listener::new().await;
    let (mut world, _, id, _) = with_hook(&listener).await;
    publish_document(&world, &document()).await;
    let mut config = (*world.state.config).clone();
    config.ip_webhooks_inside = false;
    world.state.config = Arc::new(config);
    assert_eq!((tells(&world).await, listener.count()), (1, 0));
    let robot = world.program(&[Scope::IpListRead]).await;
    let told = robot.gets(&format!("/ip-list/webhooks/{id}/deliveries")).await;
    assert_eq!(told["items"][0]["answer"], "webhooks may not go to this address");
}

#[tokio::test]
async fn an_operator_adds_and_removes_a_webhook_by_page() {
    let listener = Listener::new().await;
    let world = World::with(|config| config.ip_webhooks_inside = true).await;
    let operator = world.operator("op@example.com").await.at(&world.operators);
    operator.signs_in().await;
    let submits = async |page: &str, action: &str, typed: &[(&str, &str)]| {
        let mut fields = operator.opens(page).await.hidden(action);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Answer::of(operator.browser.post(format!("{}{action}", world.operators)).form(&fields)).await
    };
    let new = "/operator/ip-list/webhooks/new";
    assert_eq!(submits(new, new, &[("url", "ftp://a")]).await.status, 422);
    let made = submits(new, new, &[("url", &listener.url)]).await;
    assert_eq!(made.status, 303, "{made:?}");
    let here = made.location().split('?').next().unwrap().to_owned();
    let shown = operator.opens(made.location()).await;
    let secret = shown.all("code").into_iter().find(|text| text.starts_with("whsec_")).unwrap();
    assert!(!operator.opens(&here).await.body.contains("whsec_"), "once");
    *listener.answer.lock().unwrap() = StatusCode::GONE;
    publish_document(&world, &document()).await;
    assert_eq!(tells(&world).await, 1);
    assert_eq!(listener.last(&secret)["data"]["serial"], 1);
    let page = operator.opens(&here).await;
    assert!(page.body.contains("Given up") && page.body.contains("Version 1 published"), "{page:?}");
    assert_eq!(submits(&here, &format!("{here}/retry"), &[]).await.status, 303);
    *listener.answer.lock().unwrap() = StatusCode::OK;
    assert_eq!(tells(&world).await, 1);
    assert!(operator.opens(&here).await.body.contains("Delivered"));
    let remove = format!("{here}/remove");
    assert_eq!(submits(&here, &remove, &[("confirm", "x")]).await.status, 422);
    assert_eq!(submits(&here, &remove, &[("confirm", &listener.url)]).await.status, 303);
    assert_eq!(operator.opens(&here).await.status, 404);
}
