//! An answer of the server, whole, checked against the public description of the endpoints.

use bizauth::view::{Language, Notice, Words};
use bizauth_core::fault::{KapiFault, KauthFault, fill};
use reqwest::header::HeaderMap;
use scraper::{Html, Selector};
use serde_json::Value;

/// Status, headers and body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Sends a request and reads all of its answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let (mut method, asked) = (request.method().to_string(), request.url().clone());
        let response = client.execute(request).await.unwrap();
        let path = response.url().path().to_owned();
        if *response.url() != asked {
            // It followed redirects: what answered in the end was asked with GET.
            method = "GET".to_owned();
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.text().await.unwrap() };
        answer.says_when(&path);
        if path.starts_with("/operator/v1/") {
            crate::operator_openapi::check(&method, &path, status, answer.header("content-type"), &answer.body);
            return answer;
        }
        crate::openapi::check(&method, &path, status, answer.header("content-type"), &answer.body);
        answer
    }

    /// Whoever is told that a limit is reached is told when to come again, and nobody else but where the server is down.
    fn says_when(&self, path: &str) {
        let door =
            ["/oauth/", "/v1/", "/consent", "/ip-list"].iter().any(|door| path.starts_with(door)) && self.status >= 400;
        let codes = ["KOE236", "KOE237", "\"code\":-10}"];
        let limited = self.status == 429 || (door && codes.iter().any(|code| self.body.contains(code)));
        let seconds = self.header("retry-after").and_then(|text| text.parse::<u32>().ok());
        match limited {
            true => assert!(seconds.is_some_and(|seconds| (1..=86_400).contains(&seconds)), "{path}: {self:?}"),
            false => assert!(seconds.is_none() || self.status == 503, "{path}: {self:?}"),
        }
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Where it redirects to.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }

    /// The value of a cookie of ours that it sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let values = lines.filter_map(|line| line.strip_prefix("bizauth-")?.strip_prefix(name)?.strip_prefix('='));
        values.map(|rest| rest.split(';').next().unwrap().to_owned()).next()
    }

    /// Where it redirects to, and the word for what is said there once.
    #[track_caller]
    pub fn leads(&self) -> String {
        let note = self.cookie("done").unwrap_or_else(|| panic!("nothing was done: {self:?}"));
        format!("{} {}", self.location(), note.split('.').next().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// A success with this very body.
    #[track_caller]
    pub fn is(&self, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (200, body));
        assert_eq!(self.header("content-type"), Some("application/json;charset=UTF-8"));
    }

    /// A refusal of the token endpoint, to the letter.
    #[track_caller]
    pub fn refuses(&self, fault: KauthFault, about: &str) {
        let row = fault.row();
        let body = format!(
            r#"{{"error":"{}","error_description":{},"error_code":"{}"}}"#,
            row.error,
            Value::from(fill(row.description, about)),
            row.code
        );
        assert_eq!((self.status, self.body.as_str()), (row.status, body.as_str()));
        assert_eq!(self.header("content-type"), Some("application/json;charset=UTF-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("www-authenticate").is_some(), row.status == 401);
    }

    /// A refusal of the kapi door, to the letter.
    #[track_caller]
    pub fn declines(&self, fault: KapiFault, about: &str) {
        let row = fault.row();
        let body = format!(r#"{{"msg":{},"code":{}}}"#, Value::from(fill(row.msg, about)), row.code);
        assert_eq!((self.status, self.body.as_str()), (row.status, body.as_str()));
        assert_eq!(self.header("content-type"), Some("application/json;charset=UTF-8"));
        assert_eq!(self.header("www-authenticate").is_some(), row.status == 401);
    }

    /// A refusal that is told to the app at `uri`, to the letter.
    #[track_caller]
    pub fn redirects(&self, fault: KauthFault, about: &str, uri: &str, state: &str) {
        let row = fault.row();
        let description = bizauth::http::reply::escape(&fill(row.description, about));
        let location = format!("{uri}?error={}&error_description={description}&state={state}", row.error);
        assert_eq!((self.status, self.location(), self.body.as_str()), (302, location.as_str(), ""));
    }

    /// A page that names the code, and redirects nowhere.
    #[track_caller]
    pub fn shows(&self, fault: KauthFault) {
        let row = fault.row();
        assert_eq!(self.status, row.status, "{}", self.body);
        assert_eq!(self.header("location"), None);
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(self.body.contains(row.code), "{} is not on the page: {}", row.code, self.body);
        self.is_a_strict_page();
    }

    /// The headers of every page.
    #[track_caller]
    pub fn is_a_strict_page(&self) {
        let policy = self.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {self:?}"));
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
    }

    /// The value of the input `name` in the form that posts to `action`.
    #[track_caller]
    pub fn input(&self, action: &str, name: &str) -> String {
        let selector = Selector::parse(&format!("form[action='{action}'] input[name='{name}']")).unwrap();
        let page = Html::parse_document(&self.body);
        let input = page.select(&selector).next().unwrap_or_else(|| panic!("no {name} in {action}: {self:?}"));
        input.value().attr("value").unwrap_or_default().to_owned()
    }

    /// The hidden fields of the first form that posts to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = Selector::parse(&format!("form[action='{action}']")).unwrap();
        let inputs = Selector::parse("input[type=hidden]").unwrap();
        let page = Html::parse_document(&self.body);
        let form = page.select(&form).next().unwrap_or_else(|| panic!("no form posts to {action}: {self:?}"));
        let part = |input: &scraper::ElementRef<'_>, name| input.value().attr(name).unwrap_or_default().to_owned();
        form.select(&inputs).map(|input| (part(&input, "name"), part(&input, "value"))).collect()
    }

    /// A notice, in English.
    #[track_caller]
    pub fn says(&self, notice: Notice) {
        let title = Words::new().say(Language::En, notice.key());
        assert_eq!(self.all("h1"), [title], "{self:?}");
        self.is_a_strict_page();
    }

    /// The texts of all elements that `selector` finds.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let (page, selector) = (Html::parse_document(&self.body), Selector::parse(selector).unwrap());
        let text = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        page.select(&selector).map(|element| text(element.text().collect())).collect()
    }

    /// Where all links lead that `selector` finds.
    pub fn hrefs(&self, selector: &str) -> Vec<String> {
        let (page, selector) = (Html::parse_document(&self.body), Selector::parse(selector).unwrap());
        page.select(&selector).map(|link| link.value().attr("href").unwrap_or_default().to_owned()).collect()
    }

    /// Where all forms post to whose addresses end so.
    pub fn forms(&self, end: &str) -> Vec<String> {
        let (page, selector) = (Html::parse_document(&self.body), Selector::parse("form").unwrap());
        let actions = page.select(&selector).filter_map(|form| form.value().attr("action"));
        actions.filter(|action| action.ends_with(end)).map(str::to_owned).collect()
    }

    /// The values of all inputs that `selector` finds.
    pub fn values(&self, selector: &str) -> Vec<String> {
        let (page, selector) = (Html::parse_document(&self.body), Selector::parse(selector).unwrap());
        page.select(&selector).map(|input| input.value().attr("value").unwrap_or_default().to_owned()).collect()
    }
}
