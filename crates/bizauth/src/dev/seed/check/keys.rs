//! The keys of a seed's apps: their values and secrets, and where their codes go.

use bizauth_core::key::{AppKey, KEYS_PER_KIND, KeyKind, caller};
use bizauth_core::redirect::{URIS_PER_KEY, register};

use super::Judge;
use crate::dev::seed::decode::quoted;
use crate::dev::seed::{App, BASE_URL, Key, Kind};

/// What stands for the server's address while a redirect URI is judged.
const SOMEWHERE: &str = "http://127.0.0.1:8080";

impl Judge<'_> {
    pub(super) fn keys(&mut self) {
        let seed = self.seed;
        let mut values = Vec::new();
        for (at, app) in seed.apps.iter().enumerate() {
            let paths = (0..).map(|place: usize| format!("apps[{at}].keys[{place}]"));
            let keys: Vec<(String, &Key)> = paths.zip(&app.keys).collect();
            values.extend(keys.iter().filter_map(|(path, key)| Some((format!("{path}.value"), key.value.as_deref()?))));
            for kind in KeyKind::ALL {
                let of_kind = keys.iter().filter(|(_, key)| KeyKind::from(key.kind) == kind);
                let named = of_kind.filter_map(|(path, key)| Some((format!("{path}.name"), key.name.as_deref()?)));
                self.unique("a key called", named.collect::<Vec<_>>());
            }
            for kind in KeyKind::ALL {
                let of_kind = keys.iter().filter(|(_, key)| KeyKind::from(key.kind) == kind);
                if let Some((path, _)) = of_kind.clone().nth(KEYS_PER_KIND) {
                    let what = format!("an app has at most {KEYS_PER_KIND} keys of the kind {}", kind.word());
                    self.note(path.clone(), what);
                }
            }
            for (path, key) in &keys {
                self.key(path, app, key);
            }
        }
        self.unique("a key", values);
    }

    fn key(&mut self, path: &str, app: &App, key: &Key) {
        if key.value.as_ref().is_some_and(|value| AppKey::read(value).is_none()) {
            let what = "the value of a key is 32 lowercase hexadecimal digits";
            self.note_of(format!("{path}.value"), what, ["0123456789abcdef0123456789abcdef"]);
        }
        let secret = key.secret.as_deref();
        if secret.is_some_and(|it| it.len() != 32 || !it.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            self.note(format!("{path}.secret"), "a business client secret is 32 letters and digits");
        }
        if key.name.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 60) {
            self.note(format!("{path}.name"), "a name has 1 to 60 characters");
        }
        let kind = KeyKind::from(key.kind);
        let of_servers = [
            ("secret", key.secret.is_some()),
            ("secret_on", !key.secret_on),
            ("pkce_required", key.pkce_required),
            ("redirect_uris", !key.redirect_uris.is_empty()),
            ("login_redirect_uris", !key.login_redirect_uris.is_empty()),
            ("callers", !key.callers.is_empty()),
        ];
        if kind != KeyKind::RestApi {
            for (field, _) in of_servers.into_iter().filter(|(_, given)| *given) {
                let what = format!("a key of the kind {} has none", kind.word());
                self.note_of(format!("{path}.{field}"), what, ["kind = \"rest_api\""]);
            }
        }
        if !key.may_read_ips && kind != KeyKind::Admin {
            let what = "every platform key may read the IP list";
            self.note_of(format!("{path}.may_read_ips"), what, ["kind = \"admin\""]);
        }
        for (place, text) in key.callers.iter().enumerate() {
            if caller(text).is_none() {
                let what = format!("{} is neither an address nor a network", quoted(text));
                self.note_of(
                    format!("{path}.callers[{place}]"),
                    what,
                    ["203.0.113.9", "203.0.113.0/24", "2001:db8::/32"],
                );
            }
        }
        self.redirect_uris(format!("{path}.redirect_uris"), app, &key.redirect_uris);
        self.redirect_uris(format!("{path}.login_redirect_uris"), app, &key.login_redirect_uris);
    }

    fn redirect_uris(&mut self, path: String, app: &App, uris: &[String]) {
        let parent = self.seed.apps.iter().find(|it| Some(&it.name) == app.parent.as_ref());
        let biz = [Some(app), parent].into_iter().flatten().any(|app| app.kind == Kind::Biz);
        if uris.len() > URIS_PER_KEY {
            self.note(format!("{path}[{URIS_PER_KEY}]"), format!("a key has at most {URIS_PER_KEY} redirect URIs"));
        }
        let placed = uris.iter().enumerate();
        self.unique("a redirect URI", placed.map(|(place, uri)| (format!("{path}[{place}]"), uri.as_str())));
        for (place, uri) in uris.iter().enumerate() {
            if let Err(flaw) = register(&uri.replace(BASE_URL, SOMEWHERE), biz) {
                let allowed = ["https://app.example.com/callback", "{base_url}/dev/callback"];
                self.note_of(format!("{path}[{place}]"), flaw.to_string(), allowed);
            }
        }
    }
}
