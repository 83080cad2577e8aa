//! People: an account, a browser that keeps cookies and follows nothing by itself, and what they hold.

use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::id::{HoldingId, UserId};
use bizauth_core::secret::{Credential, Secret};
use bizauth_store::{AssetRecord, NewUser};

use super::{Answer, App, BusinessToken, HASH, PASSWORD, World};

/// Someone with a browser.
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub browser: reqwest::Client,
    pub base: String,
}

impl World {
    /// An account in good standing that has joined the business centre and holds nothing. Its browser speaks English.
    pub async fn newcomer(&self, email: &str) -> Person {
        self.account(email, false).await
    }

    /// An account in good standing that operates the platform; `at(&world.operators)` it does so.
    pub async fn operator(&self, email: &str) -> Person {
        self.account(email, true).await
    }

    async fn account(&self, email: &str, is_operator: bool) -> Person {
        let new = NewUser {
            email: email.to_owned(),
            email_verified: true,
            password: HASH.clone(),
            in_business_centre: true,
            is_operator,
        };
        let id = self.by().create_user(new).await.unwrap().unwrap();
        Person { id, email: email.to_owned(), browser: self.browser(), base: self.base.clone() }
    }

    /// A browser that nobody has used.
    pub fn browser(&self) -> reqwest::Client {
        let english = [("accept-language".parse().unwrap(), "en".parse().unwrap())].into_iter().collect();
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true);
        builder.default_headers(english).build().unwrap()
    }

    /// An account with Moment accounts 11 and 12 and Keyword account 21; Moment account 19 it may not lend.
    pub async fn owner(&self, email: &str) -> Person {
        let person = self.newcomer(email).await;
        for (group, id, lendable) in
            [("moment", "11", true), ("moment", "12", true), ("moment", "19", false), ("keyword", "21", true)]
        {
            self.gives(&person, group, id, AssetKind::AdAccount, lendable).await;
        }
        person
    }

    /// Gives someone an asset.
    pub async fn gives(&self, to: &Person, group: &str, id: &str, kind: AssetKind, lendable: bool) {
        let (group, asset, name) = (group.into(), AssetId(id.to_owned()), format!("Account {id}"));
        let record = AssetRecord { group, id: asset, kind, name: name.clone() };
        assert!(self.by().keep_asset(record.clone()).await.unwrap());
        let (group, asset, role) = (record.group, record.id, "owner".to_owned());
        let holding = Holding { id: HoldingId(0), group, asset, kind, name, role, lendable };
        assert!(self.by().hold_asset(to.id, holding).await.unwrap());
    }
}

impl Person {
    /// Opens an address of the server.
    pub async fn opens(&self, path: &str) -> Answer {
        Answer::of(self.browser.get(format!("{}{path}", self.base))).await
    }

    /// Posts a form.
    pub async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.browser.post(format!("{}{path}", self.base)).form(fields)).await
    }

    /// The same person with the same browser, which knows no ports, at another listener.
    pub fn at(&self, base: &str) -> Person {
        Person { id: self.id, email: self.email.clone(), browser: self.browser.clone(), base: base.to_owned() }
    }

    /// Opens the page at `page`, finds the form that posts to `action`, and posts its hidden fields with `fields`, which
    /// come in place of hidden ones of the same name.
    pub async fn submits(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.opens(page).await;
        assert_eq!(shown.status, 200, "{page}: {shown:?}");
        let hidden = shown.hidden(action);
        let kept = hidden.iter().filter(|(name, _)| fields.iter().all(|(known, _)| known != name));
        let mut all: Vec<(&str, &str)> = kept.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.posts(action, &all).await
    }

    /// The token of a form that posts to `action`, from the page at `page`.
    pub async fn form_token(&self, page: &str, action: &str) -> String {
        self.opens(page).await.input(action, "form_token")
    }

    /// Signs out.
    pub async fn signs_out(&self) {
        let token = self.form_token("/", "/logout").await;
        assert_eq!(self.posts("/logout", &[("form_token", &token)]).await.status, 200);
    }

    /// Fills the sign-in page that leads to `next`.
    pub async fn tries_password(&self, password: &str, next: &str) -> Answer {
        let page = self.opens(&bizauth::http::pages::login::address(next)).await;
        let token = page.input("/login", "form_token");
        let fields = [("email", self.email.as_str()), ("password", password), ("next", next), ("form_token", &token)];
        self.posts("/login", &fields).await
    }

    /// Signs in.
    pub async fn signs_in(&self) {
        let answer = self.tries_password(PASSWORD, "/").await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{answer:?}");
    }

    /// Signs in; the secret of the session, which proves its forms.
    pub async fn session_secret(&self) -> Secret {
        let answer = self.tries_password(PASSWORD, "/").await;
        let cookies = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let value = cookies.filter_map(|line| line.strip_prefix("bizauth-session=")).next();
        let value = value.unwrap_or_else(|| panic!("not signed in: {answer:?}")).split(';').next().unwrap();
        Credential::Session.read(value).unwrap().1
    }

    /// Opens an authorize address, signing in on the way, up to the consent screen or a refusal.
    pub async fn asked(&self, address: &str) -> Answer {
        let mut answer = self.opens(address).await;
        if answer.status == 303 && answer.location().starts_with("/login") {
            let back = self.tries_password(PASSWORD, address).await;
            assert_eq!((back.status, back.location()), (303, address), "back to the very same request");
            answer = self.opens(address).await;
        }
        match answer.headers.get("location").and_then(|to| to.to_str().ok()).filter(|to| to.starts_with("/consent")) {
            Some(screen) => self.opens(screen).await,
            None => answer,
        }
    }

    /// Answers a consent screen: `agree` or `cancel`, with these fields beside the hidden ones.
    pub async fn answers(&self, screen: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let (id, token) = (screen.input("/consent", "id"), screen.input("/consent", "form_token"));
        let mut all = vec![("id", id.as_str()), ("form_token", token.as_str()), ("action", action)];
        all.extend(fields);
        self.posts("/consent", &all).await
    }

    /// Lends `picks` (such as `("asset.moment", "11")`) to an app that asks with these parameters; the whole redirect.
    pub async fn agrees(&self, app: &App, rest: &str, picks: &[(&str, &str)]) -> Answer {
        let screen = self.asked(&app.authorize(rest)).await;
        assert_eq!(screen.status, 200, "{screen:?}");
        self.answers(&screen, "agree", picks).await
    }

    /// As [`Person::agrees`]; the code.
    pub async fn consents(&self, app: &App, rest: &str, picks: &[(&str, &str)]) -> String {
        let answer = self.agrees(app, rest, picks).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        let query = answer.location().strip_prefix(&app.redirect_uri).unwrap().trim_start_matches('?');
        let code = query.split('&').find_map(|pair| pair.strip_prefix("code="));
        code.unwrap_or_else(|| panic!("no code: {answer:?}")).to_owned()
    }

    /// Lends Moment account 11 for `moment_management`; the token that this buys.
    pub async fn lends(&self, world: &World, app: &App) -> BusinessToken {
        let code = self.consents(app, "scope=moment_management", &[("asset.moment", "11")]).await;
        app.buys(world, &code).await
    }
}
