//! A browser whose cookies can be read, kept and sent again.

use std::collections::BTreeMap;

use super::{Answer, PASSWORD, Person, World};

/// The cookies, by name.
#[derive(Default)]
pub struct Jar(pub BTreeMap<String, String>);

impl Jar {
    /// Sends a request with the cookies, and keeps those of the answer.
    pub async fn ask(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let sent: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = Answer::of(request.header("cookie", sent.join("; "))).await;
        for line in answer.headers.get_all("set-cookie") {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Opens an address of the server.
    pub async fn opens(&mut self, world: &World, path: &str) -> Answer {
        self.ask(world.request("GET", path)).await
    }

    /// Gives the password; the answer to it.
    pub async fn gives_password(&mut self, world: &World, who: &Person) -> Answer {
        let token = self.opens(world, "/login").await.input("/login", "form_token");
        let fields = [("email", who.email.as_str()), ("password", PASSWORD), ("next", "/"), ("form_token", &token)];
        self.ask(world.request("POST", "/login").form(&fields)).await
    }
}
