//! What the gate does for every page, tried on pages of this file's own: form tokens, bodies, files, secrets that are
//! shown once, and what a handler could not do.

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use bizauth::http::access::{Rule, Who, routes};
use bizauth::http::gate::purpose;
use bizauth::http::guard::form_token;
use bizauth::http::listen::Listen;
use bizauth::http::state::AppState;
use bizauth::http::visit::{Page, PageError, Visit};
use bizauth::view::{Language, Notice, Words};
use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::world::{Answer, PASSWORD, Person, World, minutes};

const THINGS: &str = "/console/apps/{app}/things";

fn table() -> Vec<Rule> {
    vec![
        Rule::get(THINGS, Who::Editor, page),
        Rule::post("/console/apps/{app}/things/make", Who::Editor, make),
        Rule::post("/console/apps/{app}/things/end", Who::Owner, make),
        Rule::post("/console/apps/{app}/things/file", Who::Editor, file).body(200_000),
        Rule::get("/console/things/{thing}", Who::SignedIn, one),
        Rule::post("/console/apps/{app}/things/password", Who::Editor, make).secret(),
        Rule::get("/console/quick", Who::SignedIn, wait),
        Rule::get("/console/slow", Who::SignedIn, wait).slow(),
        Rule::post("/console/slow", Who::SignedIn, wait),
        Rule::get("/operator/lost", Who::SignedIn, one),
        Rule::get("/console/lost", Who::Owner, one),
    ]
}

/// Two forms, a file form, the secret if one came along, and what was done.
async fn page(State(it): State<AppState>, visit: Visit) -> Page {
    let id = visit.app().app.id;
    let form = |act: &str| {
        let action = format!("/console/apps/{id}/things/{act}");
        let token = visit.form_token(&action);
        format!("<form method=post action='{action}'><input type=hidden name=form_token value='{token}'></form>")
    };
    let secret = visit.shown_once().map(|secret| format!("<code>{secret}</code>")).unwrap_or_default();
    let (frame, role) = (visit.frame(&it), visit.role().word());
    let done = frame.done.as_ref().map(|done| format!("<p>{done}</p>")).unwrap_or_default();
    let text =
        [form("make"), form("end"), form("file"), secret, format!("<h1>{role} {:?}</h1>", frame.place), done].concat();
    Ok(Html(text).into_response())
}

async fn make(State(it): State<AppState>, visit: Visit) -> Page {
    let id = visit.app().app.id;
    let quota = visit.form().text("lines").map_or(0, |text| i64::try_from(text.lines().count()).unwrap_or(0));
    visit.by(&it).set_daily_quota(id, Some(quota)).await?;
    Ok(visit.show_once(visit.see(&format!("/console/apps/{id}/things"), "app-renamed"), "the secret"))
}

async fn file(visit: Visit) -> Page {
    let name = visit.form().get("name").unwrap_or_default().to_owned();
    let file = visit.file("icon").ok_or(PageError::Notice(Notice::Malformed))?;
    Ok(format!("{name} {} {} {}", file.filename, file.content_type, file.bytes.len()).into_response())
}

/// Answers once it is told to.
async fn wait() -> Page {
    GO.notified().await;
    Ok("at last".into_response())
}

static GO: Notify = Notify::const_new();

async fn one(visit: Visit) -> Page {
    match visit.param::<AppId>("thing")? {
        AppId(7) => Ok(format!("{:?}", visit.form().get("q")).into_response()),
        _ => Err(PageError::NotFound),
    }
}

/// The world, where the pages of this file answer, and an app with its owner, who is signed in there.
struct Stage {
    world: World,
    base: String,
    app: AppId,
    owner: Person,
}

/// Where the pages of this file answer from now on.
async fn answered_by(state: AppState) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().merge(routes(table(), &state)).with_state(state);
    tokio::spawn(Listen::new(listener, router).until(std::future::pending()));
    base
}

impl Stage {
    async fn set() -> Self {
        let world = World::new().await;
        let base = answered_by(world.state.clone()).await;
        let owner = world.newcomer("kim@example.com").await;
        owner.signs_in().await;
        let app = world.app_of(AppKind::Biz, None, Some(owner.id)).await.id;
        let owner = owner.at(&base);
        Stage { world, base, app, owner }
    }

    async fn editor(&self, email: &str) -> Person {
        let editor = self.world.newcomer(email).await;
        editor.signs_in().await;
        assert!(self.world.by().add_member(self.app, editor.id, "editor").await.unwrap());
        editor.at(&self.base)
    }

    fn at(&self, rest: &str) -> String {
        format!("/console/apps/{}/things{rest}", self.app)
    }

    async fn quota(&self) -> Option<i64> {
        self.world.store().app(self.app).await.unwrap().unwrap().app.daily_quota
    }
}

#[tokio::test]
async fn a_form_does_what_it_says_under_the_persons_name() {
    let stage = Stage::set().await;
    let done = stage.owner.submits(&stage.at(""), &stage.at("/make"), &[("lines", "a\r\nb\r\nc")]).await;
    assert_eq!(done.leads(), format!("{} app-renamed", stage.at("")));
    assert_eq!(stage.quota().await, Some(3), "a text of three lines");
    let last = stage.world.store().audit_page(&Default::default(), None, 1).await.unwrap().remove(0).entry;
    assert_eq!((last.actor.as_str(), last.address.as_deref()), ("kim@example.com", Some("127.0.0.1")));
    let page = stage.owner.opens(&stage.at("")).await;
    assert_eq!(page.all("h1"), ["owner Console"]);
}

/// Forged, made for another action, made for another person, made in a session that is over, sent by another site.
#[tokio::test]
async fn a_token_is_good_for_its_action_person_and_session() {
    let stage = Stage::set().await;
    let (kim, eve, make) = (&stage.owner, stage.editor("eve@example.com").await, stage.at("/make"));
    let token = kim.form_token(&stage.at(""), &make).await;
    let theirs = eve.form_token(&stage.at(""), &make).await;
    let other = kim.form_token(&stage.at(""), &stage.at("/end")).await;
    let mut bent = token.clone();
    bent.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    for wrong in ["", "x", &theirs, &other, &bent] {
        kim.posts(&make, &[("form_token", wrong)]).await.says(Notice::FormExpired);
    }
    kim.posts(&make, &[]).await.says(Notice::FormExpired);
    eve.posts(&make, &[("form_token", &token)]).await.says(Notice::FormExpired);
    let from_elsewhere = kim.browser.post(format!("{}{make}", stage.base)).header("sec-fetch-site", "cross-site");
    Answer::of(from_elsewhere.form(&[("form_token", &token)])).await.says(Notice::FormExpired);
    let text = kim.browser.post(format!("{}{make}", stage.base)).header("content-type", "text/plain");
    Answer::of(text.body(format!("form_token={token}"))).await.says(Notice::Malformed);
    let public = kim.at(&stage.world.base);
    public.signs_out().await;
    kim.posts(&make, &[("form_token", &token)]).await.says(Notice::SessionOver);
    public.signs_in().await;
    kim.posts(&make, &[("form_token", &token)]).await.says(Notice::FormExpired);
    assert_eq!(stage.quota().await, None, "nothing was done");
    assert_eq!(kim.submits(&stage.at(""), &make, &[]).await.status, 303);
    assert_eq!(stage.quota().await, Some(0));
}

/// What was typed is not lost with the session: it stands on the page that says so, for the browser it came from.
#[tokio::test]
async fn a_form_that_comes_too_late_is_shown_once_more() {
    let stage = Stage::set().await;
    let (kim, make, secret) = (&stage.owner, stage.at("/make"), stage.at("/password"));
    let public = kim.at(&stage.world.base);
    public.signs_out().await;
    let session = public.session_secret().await;
    let token = |path: &str| form_token(&session, &purpose(path));
    assert!(stage.world.by().end_sessions(kim.id).await.unwrap());
    let typed = "two\nlines <b>&</b>";
    let send = async |path: &str, token: &str| kim.posts(path, &[("form_token", token), ("lines", typed)]).await;
    let told = send(&make, &token(&make)).await;
    assert_eq!(told.status, 403);
    told.says(Notice::SessionOver);
    assert_eq!(told.all("label[for='kept-1']"), ["lines"]);
    let named =
        kim.posts(&make, &[("form_token", &token(&make)), ("reason", "x"), ("purpose.moment_create", "y")]).await;
    assert_eq!(named.all("label[for^='kept']"), ["Reason", "Purpose moment_create"], "as the pages call them");
    assert!(told.body.contains("two\nlines &#60;b&#62;&#38;&#60;/b&#62;</textarea>"), "{told:?}");
    assert!(!told.body.contains(&token(&make)), "the token is nobody's input");
    // Back to the page that the form was on.
    let next = format!("/login?next={}", stage.at("").replace('/', "%2F"));
    assert!(told.body.contains(&next), "{next}: {told:?}");
    // Nothing is repeated that this browser was not shown by us, and never what a form of secrets held.
    for (path, token) in [(&make, "x".to_owned()), (&make, token(&secret)), (&secret, token(&secret))] {
        let told = send(path, &token).await;
        told.says(Notice::SessionOver);
        assert!(!told.body.contains("lines"), "{path}: {told:?}");
    }
    let elsewhere = kim.browser.post(format!("{}{make}", stage.base)).header("sec-fetch-site", "cross-site");
    let told = Answer::of(elsewhere.form(&[("form_token", token(&make).as_str()), ("lines", typed)])).await;
    told.says(Notice::SessionOver);
    assert!(!told.body.contains("lines"), "{told:?}");
    assert_eq!(stage.quota().await, None, "nothing was done");
}

#[tokio::test]
async fn what_looks_at_much_has_longer() {
    let stage = Stage::set().await;
    let mut state = stage.world.state.clone();
    let mut config = (*state.config).clone();
    config.request_timeout = std::time::Duration::from_secs(2);
    state.config = std::sync::Arc::new(config);
    let base = answered_by(state).await;
    let (slow, beside) = (stage.owner.at(&base), stage.owner.at(&base));
    let waiting = tokio::spawn(async move { slow.opens("/console/slow").await });
    let cut_off = beside.opens("/console/quick").await;
    assert_eq!(cut_off.status, 503);
    cut_off.says(Notice::Unavailable);
    // The one that was cut off waits no more; the other one, which began before, does.
    GO.notify_waiters();
    GO.notify_one();
    let answer = waiting.await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "at last"));
    let table = bizauth::http::operator::pages_table();
    let slow: Vec<_> = table.iter().filter(|rule| rule.slow).map(|rule| (rule.method.as_str(), rule.path)).collect();
    assert_eq!(slow, [("POST", "/operator/assets/import"), ("GET", "/operator/audit/verify")]);
}

#[tokio::test]
async fn an_editor_is_told_who_may() {
    let stage = Stage::set().await;
    let editor = stage.editor("eve@example.com").await;
    let refused = editor.submits(&stage.at(""), &stage.at("/end"), &[]).await;
    assert_eq!(refused.status, 403);
    refused.says(Notice::OwnersOnly);
    let ended = stage.world.by().end_membership(stage.app, editor.id).await.unwrap();
    assert_eq!(ended, bizauth_store::Membership::Changed);
    let gone = editor.opens(&stage.at("")).await;
    assert_eq!(gone.status, 404);
    gone.says(Notice::NotFound);
    assert_eq!(stage.quota().await, None);
}

#[tokio::test]
async fn nobody_comes_back_to_the_page_after_signing_in() {
    let stage = Stage::set().await;
    let nobody = stage.world.newcomer("lee@example.com").await.at(&stage.base);
    let asked = nobody.opens("/console/things/7?q=a%26b").await;
    assert_eq!((asked.status, asked.location()), (303, "/login?next=%2Fconsole%2Fthings%2F7%3Fq%3Da%2526b"));
    nobody.at(&stage.world.base).signs_in().await;
    assert_eq!(nobody.opens("/console/things/7?q=a%26b").await.body, "Some(\"a&b\")");
    for path in ["/console/things/8", "/console/things/x", "/console/things/%ff"] {
        let answer = nobody.opens(path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.says(Notice::NotFound);
    }
    nobody.opens("/console/things/7?q=%00").await.says(Notice::Malformed);
    // A rule that was written carelessly keeps people out, it does not let them in.
    nobody.opens("/operator/lost").await.says(Notice::OperatorsOnly);
    nobody.opens("/console/lost").await.says(Notice::NotFound);
}

/// Signs in; the session's cookie.
async fn session_of(person: &Person) -> String {
    let answer = person.tries_password(PASSWORD, "/").await;
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let session = lines.filter(|line| line.starts_with("bizauth-session=")).collect::<Vec<_>>();
    session[0].split(';').next().unwrap().to_owned()
}

/// What a browser with these two cookies is shown.
async fn with(stage: &Stage, session: &str, sealed: &str) -> Vec<String> {
    let request = stage.world.http.get(format!("{}{}", stage.base, stage.at("")));
    let answer = Answer::of(request.header("cookie", format!("{session}; {sealed}"))).await;
    assert_eq!(answer.status, 200);
    answer.all("code")
}

#[tokio::test]
async fn a_secret_is_shown_once_on_its_page_to_its_session() {
    let stage = Stage::set().await;
    let made = stage.owner.submits(&stage.at(""), &stage.at("/make"), &[]).await;
    for cookie in made.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()) {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Max-Age=60"));
        assert!(!cookie.contains("secret") && !made.location().contains("secret"));
    }
    let shown = stage.owner.opens(made.location()).await;
    assert_eq!(shown.all("code"), ["the secret"]);
    assert_eq!((shown.cookie("once").as_deref(), shown.cookie("done").as_deref()), (Some(""), Some("")));
    assert!(stage.owner.opens(made.location()).await.all("code").is_empty(), "once");
    // Taken along by another session, and by its own.
    let eve = stage.editor("eve@example.com").await.at(&stage.world.base);
    eve.signs_out().await;
    let owner = stage.owner.at(&stage.world.base);
    let made = stage.owner.submits(&stage.at(""), &stage.at("/make"), &[]).await;
    let sealed = format!("bizauth-once={}", made.cookie("once").unwrap());
    assert!(with(&stage, &session_of(&eve).await, &sealed).await.is_empty());
    assert_eq!(stage.owner.opens(made.location()).await.all("code"), ["the secret"]);
    owner.signs_out().await;
    let session = session_of(&owner).await;
    assert!(with(&stage, &session, &sealed).await.is_empty(), "a session that is another by now");
    // Made, and looked at too late.
    let made = stage.owner.submits(&stage.at(""), &stage.at("/make"), &[]).await;
    stage.world.advance(minutes(1));
    assert!(stage.owner.opens(made.location()).await.all("code").is_empty());
    // Made for one page, taken to another.
    stage.owner.submits(&stage.at(""), &stage.at("/make"), &[]).await;
    let other = stage.world.app_of(AppKind::Biz, None, Some(stage.owner.id)).await.id;
    assert!(stage.owner.opens(&format!("/console/apps/{other}/things")).await.all("code").is_empty());
}

/// An answer to a form, and a page that shows something once, would not come back as they are: they do not offer the other
/// language, and what they lead to is a page.
#[tokio::test]
async fn the_other_language_is_not_offered_where_it_would_lose_something() {
    const SWITCH: &str = "a[href^='/language']";
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let app = world.app_of(AppKind::Biz, None, Some(kim.id)).await;
    let (keys, settings) = (format!("/console/apps/{}/keys", app.id), format!("/console/apps/{}/settings", app.id));
    assert_eq!(kim.opens(&settings).await.all(SWITCH).len(), 1);
    let made = kim.submits(&keys, &format!("{keys}/create"), &[("kind", "admin"), ("name", "x")]).await;
    let shown = kim.opens(made.location()).await;
    assert_eq!((shown.all("#shown").len(), shown.all(SWITCH).len()), (1, 0), "a secret that is shown once");
    assert_eq!(kim.opens(made.location()).await.all(SWITCH).len(), 1);
    let rename = format!("/console/apps/{}/rename", app.id);
    let refused = kim.submits(&settings, &rename, &[("name", "Typed with care"), ("company", "")]).await;
    assert_eq!((refused.status, refused.all(SWITCH).len()), (422, 0), "a form that is half filled");
    let account = "/me/account/password";
    let wrong = kim.submits(account, account, &[("current", "x"), ("new", "y"), ("again", "z")]).await;
    assert_eq!((wrong.status, wrong.all(SWITCH).len()), (422, 0));
    // What is gone by the time it is acted on: the notice leads on to pages, and so does whoever signs out from it.
    let key = made.location();
    let (delete, rename) = (format!("{key}/delete"), format!("{key}/rename"));
    let token = kim.form_token(key, &rename).await;
    let gone = kim.submits(key, &delete, &[("confirm", "x")]).await;
    assert_eq!(gone.status, 303, "{gone:?}");
    let notice = kim.posts(&rename, &[("form_token", &token), ("name", "y")]).await;
    notice.says(Notice::NotFound);
    assert_eq!((notice.input("/logout", "next").as_str(), notice.all(SWITCH).len()), (key, 1));
    // Pages that refuse keep nothing that was typed, and offer it.
    let refusing =
        ["/nowhere", "/console/nowhere", "/operator", "/oauth/business/authorize?client_id=x", "/console?q=%00"];
    for path in refusing {
        let refused = kim.opens(path).await;
        assert!(refused.status >= 400 && refused.all(SWITCH) == ["한국어"], "{path}: {refused:?}");
    }
    // The address that a consent comes back to holds a code.
    let back = kim.opens("/console/test/callback?code=c0de&state=x").await;
    back.says(Notice::FormExpired);
    assert!(!back.body.contains("c0de"), "{back:?}");
}

/// By a link, by another page, by another session, too late, a second time: nothing says that something was done.
#[tokio::test]
async fn what_was_done_is_said_once_by_its_page_to_its_session() {
    let stage = Stage::set().await;
    let (page, said) = (stage.at(""), Words::new().say(Language::En, "done-app-renamed"));
    let made = stage.owner.submits(&page, &stage.at("/make"), &[]).await;
    assert_eq!(made.location(), page, "the address says nothing");
    let other = stage.world.app_of(AppKind::Biz, None, Some(stage.owner.id)).await.id;
    assert!(stage.owner.opens(&format!("/console/apps/{other}/things")).await.all("p").is_empty());
    assert_eq!(stage.owner.opens(&page).await.all("p"), [said]);
    assert!(stage.owner.opens(&page).await.all("p").is_empty(), "once");
    assert!(stage.owner.opens(&format!("{page}?done=app-renamed")).await.all("p").is_empty(), "a link says nothing");
    // Taken along by another's session, and by its own under another word.
    let (owner, eve) = (stage.owner.at(&stage.world.base), stage.editor("eve@example.com").await.at(&stage.world.base));
    owner.signs_out().await;
    eve.signs_out().await;
    let (own, others) = (session_of(&owner).await, session_of(&eve).await);
    let note = stage.owner.submits(&page, &stage.at("/make"), &[]).await.cookie("done").unwrap();
    let shown = async |session: &str, note: &str| {
        let request = stage.world.http.get(format!("{}{page}", stage.base));
        let request =
            request.header("accept-language", "en").header("cookie", format!("{session}; bizauth-done={note}"));
        Answer::of(request).await.all("p").len()
    };
    let forged = note.replacen("app-renamed", "app-deleted", 1);
    assert_eq!((shown(&own, &note).await, shown(&others, &note).await), (1, 0));
    for wrong in [&forged, "", ".", "..", "app-renamed"] {
        assert_eq!(shown(&own, wrong).await, 0, "{wrong}");
    }
    stage.world.advance(minutes(1));
    assert!(stage.owner.opens(&page).await.all("p").is_empty(), "too late");
}

#[tokio::test]
async fn a_file_comes_along_up_to_what_its_action_takes() {
    let stage = Stage::set().await;
    let (action, url) = (stage.at("/file"), format!("{}{}", stage.base, stage.at("/file")));
    let token = stage.owner.form_token(&stage.at(""), &action).await;
    let send = async |token: &str, content: &str| {
        let field =
            |name: &str, text: &str| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{text}\r\n");
        let file = format!("; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n{content}");
        let fields = [("form_token", format!("\r\n\r\n{token}")), ("name", "\r\n\r\n김".to_owned()), ("icon", file)];
        let body: String = fields.iter().map(|(name, text)| field(name, text)).collect();
        let request = stage.owner.browser.post(&url).header("content-type", "multipart/form-data; boundary=x");
        Answer::of(request.body(format!("{body}--x--\r\n"))).await
    };
    let long = "x".repeat(150_000);
    assert_eq!(send(&token, &long).await.body, "김 a.png image/png 150000");
    send("x", "png").await.says(Notice::FormExpired);
    let too_long = send(&token, &"x".repeat(200_000)).await;
    assert_eq!(too_long.status, 413);
    too_long.says(Notice::TooLarge);
    let make = stage.at("/make");
    let token = stage.owner.form_token(&stage.at(""), &make).await;
    let answer = stage.owner.posts(&make, &[("form_token", &token), ("lines", &long)]).await;
    assert_eq!(answer.status, 413, "other actions take less");
    assert_eq!(stage.quota().await, None);
    assert_eq!(stage.owner.opens(&make).await.status, 405);
}
