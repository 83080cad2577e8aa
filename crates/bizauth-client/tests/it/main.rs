//! The client against a small server that gives one prepared answer and notes what it was asked.
//!
//! The answers are the samples of the platform's documents wherever those have one.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[cfg(feature = "dev")]
mod dev;
mod ips;
mod misfits;
mod token;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use bizauth_client::{Client, Hosts, Limits};

/// A platform on a free port that answers everything alike.
struct Platform {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Platform {
    /// `head` is the status, then headers as `name: value`, one per line.
    async fn answers(head: &'static str, body: impl Into<String>) -> Platform {
        let (asked, body) = (Arc::new(Mutex::new(Vec::new())), body.into());
        let notes = asked.clone();
        let router = Router::new().fallback(async move |request: Request| {
            let (asking, content) = request.into_parts();
            let content = to_bytes(content, 1 << 20).await.unwrap();
            let mut note = format!("{} {}", asking.method, asking.uri);
            for name in ["authorization", "content-type", "if-none-match"] {
                if let Some(value) = asking.headers.get(name) {
                    note += &format!("\n{name}: {}", value.to_str().unwrap());
                }
            }
            note += &format!("\n{}", String::from_utf8_lossy(&content));
            notes.lock().unwrap().push(note.trim_end().to_owned());
            let mut lines = head.lines();
            let mut response = Response::builder().status(lines.next().unwrap());
            for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        });
        Platform { base: serve(router).await, asked }
    }

    fn client(&self) -> Client {
        Client::new(Hosts::one(&self.base).unwrap()).unwrap()
    }

    fn client_with(&self, limits: Limits) -> Client {
        Client::with_limits(Hosts::one(&self.base).unwrap(), limits).unwrap()
    }

    /// The requests so far, each as its first line, the headers of interest and the body.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    base
}

const JSON: &str = "200\ncontent-type: application/json;charset=UTF-8";
