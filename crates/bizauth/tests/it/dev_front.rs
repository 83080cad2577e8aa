//! `bizauth dev` for clients that insist on the platform's hosts: one port for plain HTTP, TLS and proxying, and an
//! authority that they trust alone.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;

use crate::world::{Answer, Process};

/// A platform with an authority of its own, and what a client needs of it.
struct Platform {
    process: Process,
    banner: serde_json::Value,
    folder: TempDir,
}

impl Platform {
    fn start(flags: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let ca = folder.path().join("ca").display().to_string();
        let (process, banner) = Process::dev_with(&[&["--ca-dir", &ca], flags].concat());
        Platform { process, banner, folder }
    }

    fn address(&self) -> SocketAddr {
        self.process.base.strip_prefix("http://").unwrap().parse().unwrap()
    }

    fn certificate(&self) -> String {
        self.folder.path().join("ca/ca.pem").display().to_string()
    }

    fn word(&self, name: &str) -> String {
        self.banner[name].as_str().unwrap().to_owned()
    }

    /// A client that trusts the authority alone.
    fn client(&self) -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(&std::fs::read(self.certificate()).unwrap()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).no_proxy().redirect(reqwest::redirect::Policy::none())
    }

    /// The same, with the two hosts in its address book.
    fn resolving(&self) -> reqwest::Client {
        let book = ["kauth.kakao.com", "kapi.kakao.com", "accounts.kakao.com", "kauth.localhost"];
        book.iter().fold(self.client(), |client, host| client.resolve(host, self.address())).build().unwrap()
    }

    /// The same, through the proxy.
    fn proxied(&self) -> reqwest::Client {
        self.client().proxy(reqwest::Proxy::all(&self.process.base).unwrap()).build().unwrap()
    }
}

/// An answer that no description of the platform covers: of the wrong host, or of the proxy.
async fn plainly(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_hosts_answer_over_tls_each_for_its_half() {
    let it = Platform::start(&[]);
    let (client, port) = (it.resolving(), it.address().port());
    let list = client.get(format!("https://kapi.kakao.com:{port}/v1/system/ips"));
    let list = Answer::of(list.header("authorization", format!("KakaoAK {}", it.word("rest_api_key")))).await;
    assert_eq!((list.status, &list.json()["inbound"][0]["ips"][0]), (200, &"211.249.203.104/24".into()));
    let page = client.get(format!("https://kauth.kakao.com:{port}/login")).send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.version()), (200, reqwest::Version::HTTP_2), "HTTP/2 by ALPN");

    let authorize = it.word("authorize_url").replace(&it.process.base, &format!("https://kauth.kakao.com:{port}"));
    let login = Answer::of(client.get(&authorize)).await;
    assert_eq!(login.status, 303, "a browser would sign in on the same host");
    assert!(login.location().starts_with("/login"), "{}", login.location());

    let (status, _) = plainly(client.get(authorize.replace("kauth.", "kapi."))).await;
    assert_eq!(status, 404, "kapi has no kauth paths");
    let (status, body) = plainly(client.get(format!("https://kauth.kakao.com:{port}/v1/system/ips"))).await;
    assert_eq!((status, body.contains("\"code\":-2")), (404, true), "kauth has no kapi paths: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_port_speaks_plain_and_tls_in_the_names_of_this_machine() {
    let it = Platform::start(&[]);
    let (client, port) = (it.resolving(), it.address().port());
    for base in [
        it.process.base.clone(),
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
        format!("https://kauth.localhost:{port}"),
    ] {
        let page = Answer::of(client.get(format!("{base}/login"))).await;
        assert_eq!(page.status, 200, "{base}");
        let secure = page.header("set-cookie").unwrap().starts_with("__Host-");
        assert_eq!(secure, base.starts_with("https"), "{base}: the server knows how it was reached");
    }
    let error = client.get(format!("https://accounts.kakao.com:{port}/")).send().await.unwrap_err();
    assert!(error.is_connect(), "there is no certificate for others: {error:?}");
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    let error = stranger.get(format!("https://127.0.0.1:{port}/login")).send().await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "who was not told does not trust: {error:?}");
}

/// The whole exchange of a client that knows no other hosts than the platform's.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_behind_the_proxy_reaches_the_two_hosts_and_no_others() {
    let it = Platform::start(&["--proxy"]);
    let client = it.proxied();
    let key = format!("KakaoAK {}", it.word("rest_api_key"));
    for scheme in ["https", "http"] {
        let request = client.get(format!("{scheme}://kapi.kakao.com/v1/system/ips")).header("authorization", &key);
        let list = Answer::of(request).await;
        assert_eq!(
            (list.status, &list.json()["inbound"][0]["ips"][0]),
            (200, &"211.249.203.104/24".into()),
            "{scheme}"
        );
        let (status, _) = plainly(client.get(format!("{scheme}://kapi.kakao.com/oauth/business/authorize"))).await;
        assert_eq!(status, 404, "{scheme}");
    }
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &it.word("rest_api_key")),
        ("client_secret", &it.word("client_secret")),
        ("redirect_uri", &it.word("redirect_uri")),
        ("code", "bzc_unknown"),
    ];
    let traded = Answer::of(client.post("https://kauth.kakao.com/oauth/business/token").form(&fields)).await;
    assert_eq!(traded.json()["error_code"], "KOE320");

    let (status, body) = plainly(client.get("http://api.example.com/x")).await;
    assert_eq!(status, 403);
    assert!(body.contains("api.example.com:80 is refused and counted (refusal 1)"), "{body}");
    let error = client.get("https://accounts.kakao.com/").send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let (_, body) = plainly(client.get("http://api.example.com/y")).await;
    assert!(body.contains("(refusal 3)"), "the tunnel was counted too: {body}");
}

#[test]
fn curl_is_satisfied_with_what_the_snippets_say() {
    let it = Platform::start(&[]);
    let (port, ca) = (it.address().port(), it.certificate());
    let key = format!("authorization: KakaoAK {}", it.word("admin_key"));
    let curl = |arguments: &[&str]| {
        let mut command = Command::new("curl");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let ran = command.args(["-sS", "--fail-with-body", "-m", "20", "-H", &key]).args(arguments).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.success(), "{said}");
        serde_json::from_slice::<serde_json::Value>(&ran.stdout).unwrap()
    };
    let resolve = format!("kapi.kakao.com:{port}:127.0.0.1");
    let url = format!("https://kapi.kakao.com:{port}/v1/system/ips");
    let list = curl(&["--cacert", &ca, "--resolve", &resolve, &url]);
    assert_eq!(list["inbound"][0]["ips"][0], "211.249.203.104/24");
    let to = format!("::127.0.0.1:{port}");
    let same = curl(&["--cacert", &ca, "--connect-to", &to, "https://kapi.kakao.com/v1/system/ips"]);
    assert_eq!(same, list, "on the port of the documentation");
}
