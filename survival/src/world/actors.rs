//! People with browsers and apps with tokens, and what became of what they asked: an answer, or none.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, RequestBuilder, redirect::Policy};

use super::{App, PASSWORD};

/// No answer in this time is the worst answer of all. Longer than the server works on any request.
pub(super) const PATIENCE: Duration = Duration::from_secs(45);

/// An answer, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// Its status.
    pub status: u16,
    /// Where it redirects to.
    pub location: Option<String>,
    /// In how many seconds to come again.
    pub retry_after: Option<u64>,
    /// Its content type.
    pub kind: String,
    /// Its body.
    pub body: String,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// There was no connection: the request did not leave.
    Unsent,
    /// The connection broke: what became of the request is not known.
    Broken(String),
    /// Nothing came within the time an actor waits for an answer.
    Silence,
}

/// A form, filled in.
pub type Form = Vec<(String, String)>;

/// What somebody asks.
pub type Ask = Result<Said, Lost>;

/// A program's connections: keeps no cookies, follows no redirect.
///
/// # Errors
/// The system has no random numbers.
pub fn program() -> anyhow::Result<Client> {
    Ok(Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy().build()?)
}

/// Sends a request and reads all of its answer.
pub(crate) async fn ask(request: RequestBuilder) -> Ask {
    let lost = |error: reqwest::Error| match error {
        _ if error.is_timeout() => Lost::Silence,
        _ if error.is_connect() => Lost::Unsent,
        _ => Lost::Broken(format!("{error:?}")),
    };
    let response = request.send().await.map_err(lost)?;
    let status = response.status().as_u16();
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (location, kind) = (text("location"), text("content-type").unwrap_or_default());
    let retry_after = text("retry-after").and_then(|seconds| seconds.parse().ok());
    let body = response.text().await.map_err(lost)?;
    Ok(Said { status, location, retry_after, kind, body })
}

impl fmt::Debug for Said {
    /// Pages are long, and what matters stands in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins: String = self.body.chars().take(160).collect();
        write!(f, "{} {:?} {:?} {begins:?}", self.status, self.location, self.kind)
    }
}

impl Said {
    /// The value of a field of a JSON body.
    pub fn field(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        body.get(name)?.as_str().map(str::to_owned)
    }

    /// The code in the redirect to an app.
    pub fn code(&self) -> Option<String> {
        let query = self.location.as_deref()?.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.strip_prefix("code=")).map(str::to_owned)
    }

    /// Whether it is a 503 in the envelope of the door of `path`.
    pub fn is_unavailable(&self, path: &str) -> bool {
        let json = self.kind.starts_with("application/json");
        let worded = match path.starts_with("/v1/") {
            true => self.body.contains(r#""msg":"#) && self.body.contains(r#""code":"#),
            false => self.field("error").is_some() && self.field("error_code").is_some(),
        };
        self.status == 503 && json && worded
    }

    /// The value of the input `name`, after the text `after`.
    fn input(&self, after: &str, name: &str) -> Option<String> {
        let rest = &self.body[self.body.find(after)?..];
        let rest = &rest[rest.find(&format!("name=\"{name}\" value=\""))?..];
        rest.split('"').nth(3).map(str::to_owned)
    }
}

impl App {
    /// Trades a code.
    pub async fn redeems(&self, with: &Client, base: &str, code: &str) -> Ask {
        ask(with.post(format!("{base}/oauth/business/token")).form(&self.trade(code))).await
    }

    /// Trades a code with another client secret.
    pub async fn redeems_with(&self, with: &Client, base: &str, code: &str, secret: &str) -> Ask {
        self.redeems_from(with, base, code, secret, "127.0.0.1").await
    }

    /// The same, as if from the address `from`.
    pub async fn redeems_from(&self, with: &Client, base: &str, code: &str, secret: &str, from: &str) -> Ask {
        let mut fields = self.trade(code);
        fields.insert("client_secret", secret);
        let request = with.post(format!("{base}/oauth/business/token")).header("x-forwarded-for", from);
        ask(request.form(&fields)).await
    }
}

/// `GET /v1/business/tokeninfo`.
pub async fn tokeninfo(with: &Client, base: &str, token: &str) -> Ask {
    ask(with.get(format!("{base}/v1/business/tokeninfo")).bearer_auth(token)).await
}

/// `POST /v1/business/revoke`.
pub async fn revoke(with: &Client, base: &str, token: &str) -> Ask {
    ask(with.post(format!("{base}/v1/business/revoke")).bearer_auth(token)).await
}

/// `GET /health/…` on the operator's listener.
pub async fn health(with: &Client, operators: &str, what: &str) -> Ask {
    ask(with.get(format!("{operators}/health/{what}"))).await
}

/// Somebody's browser: it keeps cookies and follows nothing by itself.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client,
    email: String,
}

impl Browser {
    /// A browser that nobody has used, in the hands of this account.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn of(email: &str) -> anyhow::Result<Browser> {
        let builder = Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy();
        Ok(Browser { client: builder.cookie_store(true).build()?, email: email.to_owned() })
    }

    /// One try to sign in, as if from the address `from`.
    pub async fn tries(&self, base: &str, password: &str, from: &str) -> Ask {
        let page = ask(self.client.get(format!("{base}/login"))).await?;
        let token = page.input("action=\"/login\"", "form_token").unwrap_or_default();
        let fields =
            [("email", self.email.as_str()), ("password", password), ("next", "/"), ("form_token", token.as_str())];
        ask(self.client.post(format!("{base}/login")).header("x-forwarded-for", from).form(&fields)).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// It did not work.
    pub async fn signs_in(&self, base: &str) -> anyhow::Result<()> {
        match self.tries(base, PASSWORD, "192.0.2.1").await {
            Ok(said) if said.status == 303 => Ok(()),
            other => bail!("no sign-in: {other:?}"),
        }
    }

    /// Opens an address of the server.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn opens(&self, base: &str, path: &str) -> anyhow::Result<Said> {
        ask(self.client.get(format!("{base}{path}"))).await.map_err(|lost| anyhow::anyhow!("{path}: {lost:?}"))
    }

    /// Opens the page at `page` and fills in its form for `action`: these fields beside the hidden ones.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn form(&self, base: &str, page: &str, action: &str, fields: &[(&str, &str)]) -> anyhow::Result<Form> {
        let shown = self.opens(base, page).await?;
        let hidden = shown.input(&format!("action=\"{action}\""), "form_token");
        let hidden = hidden.into_iter().map(|token| ("form_token".to_owned(), token));
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(hidden.chain(fields).collect())
    }

    /// Posts a form, as if from the address `from`.
    pub async fn posts(&self, base: &str, action: &str, form: &Form, from: &str) -> Ask {
        ask(self.client.post(format!("{base}{action}")).header("x-forwarded-for", from).form(form)).await
    }

    /// Opens the page at `page` and posts its form to `action`, with these fields beside the hidden ones.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn submits(&self, base: &str, page: &str, action: &str, fields: &[(&str, &str)]) -> anyhow::Result<Said> {
        let form = self.form(base, page, action, fields).await?;
        self.posts(base, action, &form, "192.0.2.1").await.map_err(|lost| anyhow::anyhow!("{action}: {lost:?}"))
    }

    /// Signs out. The browser is known from now on.
    ///
    /// # Errors
    /// It did not work.
    pub async fn signs_out(&self, base: &str) -> anyhow::Result<()> {
        let page = ask(self.client.get(format!("{base}/"))).await.map_err(|lost| anyhow::anyhow!("{lost:?}"))?;
        let token = page.input("action=\"/logout\"", "form_token").unwrap_or_default();
        let said = ask(self.client.post(format!("{base}/logout")).form(&[("form_token", token)])).await;
        match said {
            Ok(said) if said.status == 200 => Ok(()),
            other => bail!("no sign-out: {other:?}"),
        }
    }

    /// Opens an app's request up to the consent screen. `Err(Ok(…))`: another answer came.
    pub async fn asked(&self, base: &str, app: &App) -> Result<Screen, Ask> {
        let begun = ask(self.client.get(format!("{base}{}", app.authorize()))).await.map_err(Err)?;
        let Some(place) = begun.location.clone().filter(|place| place.starts_with("/consent")) else {
            return Err(Ok(begun));
        };
        let page = ask(self.client.get(format!("{base}{place}"))).await.map_err(Err)?;
        let id = page.input("<form", "id");
        let token = page.input("name=\"id\"", "form_token");
        match (page.status, id, token) {
            (200, Some(id), Some(form_token)) => Ok(Screen { id, form_token }),
            _ => Err(Ok(page)),
        }
    }

    /// Agrees on a screen to lend Moment account 11.
    pub async fn agrees(&self, base: &str, screen: &Screen) -> Ask {
        let fields = [
            ("id", screen.id.as_str()),
            ("form_token", &screen.form_token),
            ("action", "agree"),
            ("asset.moment", "11"),
        ];
        ask(self.client.post(format!("{base}/consent")).form(&fields)).await
    }

    /// From the request to the code. `Err(Ok(…))`: another answer came.
    pub async fn consents(&self, base: &str, app: &App) -> Result<String, Ask> {
        let screen = self.asked(base, app).await?;
        let said = self.agrees(base, &screen).await.map_err(Err)?;
        said.code().ok_or(Ok(said))
    }

    /// A code that must come.
    ///
    /// # Errors
    /// It does not.
    pub async fn code(&self, base: &str, app: &App) -> anyhow::Result<String> {
        self.consents(base, app).await.map_err(|other| anyhow::anyhow!("no code: {other:?}"))
    }

    /// A token that must come.
    ///
    /// # Errors
    /// It does not.
    pub async fn token(&self, with: &Client, base: &str, app: &App) -> anyhow::Result<String> {
        let code = self.code(base, app).await?;
        let said = app.redeems(with, base, &code).await.map_err(|lost| anyhow::anyhow!("no token: {lost:?}"))?;
        said.field("access_token").with_context(|| format!("no token: {said:?}"))
    }
}

/// A consent screen, opened.
#[derive(Clone, Debug)]
pub struct Screen {
    id: String,
    form_token: String,
}
