//! What must hold for every page: no lost words, a title, a language, labels, a form token in every form.
//!
//! The rendered samples are left in `pages` under the target folder, for the eye and for a browser.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bizauth_core::fault::{KapiFault, KauthFault};

use super::console::errors::kebab;
use super::words::{EN, KO};
use super::*;

/// Every code that has texts.
pub(super) const CODES: [&str; 24] = [
    "KOE001", "KOE002", "KOE003", "KOE005", "KOE008", "KOE010", "KOE025", "KOE026", "KOE027", "KOE028", "KOE101",
    "KOE114", "KOE123", "KOE124", "KOE125", "KOE127", "KOE201", "KOE232", "KOE233", "KOE236", "KOE237", "KOE303",
    "KOE310", "KOE320",
];

/// The keys of a language, attributes as `message.attribute`, each with the arguments it takes.
fn keys(files: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    let (mut message, mut key) = (String::new(), String::new());
    for line in files.iter().flat_map(|(_, text)| text.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        match line.split_once('=') {
            Some((id, _)) if line.starts_with(|c: char| c.is_ascii_lowercase()) => {
                message = id.trim().to_owned();
                key.clone_from(&message);
                assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
            }
            Some((id, _)) if line.starts_with("    .") => {
                key = format!("{message}{}", id.trim());
                assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
            }
            _ => {}
        }
        let names =
            line.split('$').skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap());
        keys.get_mut(&key).expect("a line belongs to a message").extend(names.map(str::to_owned));
    }
    keys
}

fn files_under(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut files, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => files.push((path.clone(), std::fs::read_to_string(path).unwrap())),
            }
        }
    }
    files
}

#[test]
fn both_languages_say_the_same_things() {
    let (ko, en) = (keys(KO), keys(EN));
    let only = |a: &BTreeMap<String, _>, b: &BTreeMap<String, _>| -> Vec<String> {
        a.keys().filter(|key| !b.contains_key(*key)).cloned().collect()
    };
    assert_eq!(only(&ko, &en), Vec::<String>::new(), "only in Korean");
    assert_eq!(only(&en, &ko), Vec::<String>::new(), "only in English");
    // `$kind` may be moot in one language, nothing else may.
    for (key, args) in &ko {
        assert_eq!(args, &en[key], "arguments of {key}");
    }
}

#[test]
fn every_key_in_the_sources_exists() {
    let mut keys = keys(KO);
    keys.extend(self::keys(&[kit::sample::words(Language::Ko)]));
    let mut sources = files_under("templates");
    sources.extend(files_under("src/view"));
    sources.extend(files_under("src/http/console"));
    let mut found = 0;
    for (path, text) in sources {
        if path.ends_with("tests.rs") || path.ends_with("words.rs") {
            continue;
        }
        for call in ["say(\"", "fill(\"", "fill2(\"", "=> \"", "=> (\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                // The arms of a `match` hold other short strings too; keys have a hyphen.
                let is_door = path.components().any(|part| part.as_os_str() == "http");
                if call.starts_with("=>") && (is_door || !key.contains('-') || key.contains('/')) {
                    continue;
                }
                assert!(keys.contains_key(key), "{}: no words under {key}", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 80, "only {found} keys found: does the search still fit the sources?");
}

#[test]
fn every_key_is_used() {
    let sources = ["templates", "src/view", "src/http", "src/asset_file", "../bizauth-store/src"];
    let sources: String = sources.into_iter().flat_map(files_under).map(|file| file.1).collect();
    let said = |word: &str| sources.contains(&format!("\"{word}\""));
    let plain = |name: &str| kebab(name).replace(['.', '_'], "-");
    // Keys that are put together: what they begin with, and what may follow.
    let platform = bizauth_core::scope::Catalogue::platform();
    let items = platform.items.iter().map(|item| item.id.0.clone());
    let groups = platform.groups.iter().map(|group| group.id.0.clone());
    let codes = KauthFault::ALL.iter().map(|fault| fault.row().code.to_lowercase());
    let built: Vec<(&str, BTreeSet<String>)> = vec![
        ("item-", items.collect()),
        ("group-", groups.collect()),
        ("role-", words::ROLES.map(str::to_owned).into()),
        ("fault-", codes.collect()),
        ("kauth-", KauthFault::ALL.iter().map(|fault| kebab(fault.row().name)).collect()),
        ("kapi-", KapiFault::ALL.iter().map(|fault| kebab(fault.row().name)).collect()),
        ("op-fact-", facts_of_the_log().iter().map(|name| name.replace('_', "-")).collect()),
    ];
    let acts: BTreeSet<String> = operator::acts::ACTS.map(plain).into();
    for key in keys(KO).keys().filter(|key| !key.contains('.')) {
        let follows = |prefix: &str| key.strip_prefix(prefix).is_some_and(&said);
        let used = said(key)
            || built.iter().any(|(prefix, ends)| key.strip_prefix(prefix).is_some_and(|end| ends.contains(end)))
            || follows("done-")
            || follows("import-bad-")
            || key.strip_prefix("op-act-").is_some_and(|act| acts.contains(act));
        assert!(used, "nobody says {key}");
    }
}

/// What can be looked for in the audit log is what the store writes into it.
#[test]
fn every_act_to_choose_is_one_of_the_store() {
    let sources: String = files_under("../bizauth-store/src").into_iter().map(|file| file.1).collect();
    let words = Words::new();
    for act in operator::acts::ACTS {
        assert!(sources.contains(&format!("\"{act}\"")), "nobody does {act}");
        assert!(words.has(&format!("op-act-{}", act.replace(['.', '_'], "-"))), "{act} has no words");
    }
    for (kind, key) in operator::acts::KINDS {
        assert!(sources.contains(&format!("(\"{kind}\"")) && words.has(key), "{kind}");
    }
}

/// What entries of the audit log tell: the facts that the store adds, and the columns that it looks at.
fn facts_of_the_log() -> BTreeSet<String> {
    let mut names = BTreeSet::from(["reason".to_owned(), "rows".to_owned()]);
    let first = |rest: &str| rest.split('"').next().unwrap_or_default().to_owned();
    for (_, text) in files_under("../bizauth-store/src") {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in [".about(\"", ".fact(\""] {
            names.extend(text.split(call).skip(1).map(first));
        }
        // `const SEE…: … = "SELECT a, b.c, (SELECT …) AS d FROM …";`
        for statement in text.split("const SEE").skip(1).filter_map(|rest| rest.split_once("SELECT ")) {
            names.extend(columns(&first(statement.1)));
        }
    }
    names
}

/// What the columns of a SELECT are called that begins so.
fn columns(select: &str) -> Vec<String> {
    let (mut depth, mut all) = (0, vec![String::new()]);
    for word in select.split_inclusive([' ', ',', '(', ')', '\n']) {
        if depth == 0 && word.trim() == "FROM" {
            break;
        }
        depth += word.matches('(').count();
        depth -= word.matches(')').count();
        let column = all.last_mut().expect("there is a first one");
        match word.strip_suffix(',').filter(|_| depth == 0) {
            Some(end) => {
                column.push_str(end);
                all.push(String::new());
            }
            None => column.push_str(word),
        }
    }
    let name = |column: String| column.trim().rsplit([' ', '.']).next().unwrap_or_default().to_owned();
    all.into_iter().map(name).collect()
}

#[test]
fn every_fact_of_the_audit_log_has_words() {
    let (words, facts) = (Words::new(), facts_of_the_log());
    for name in ["proof", "ids", "in_business_centre", "pkce_required", "lent_assets", "confirmed_at", "holders"] {
        assert!(facts.contains(name), "the search does not fit the store any more: no {name} in {facts:?}");
    }
    let silent: Vec<_> =
        facts.iter().filter(|name| !words.has(&format!("op-fact-{}", name.replace('_', "-")))).collect();
    assert!(silent.is_empty(), "the audit log tells these without words: {silent:?}");
}

#[test]
fn every_code_has_words_in_both_languages() {
    let words = Words::new();
    for code in CODES {
        for language in Language::ALL {
            assert!(words.fault(code, language).is_some(), "{code} in {language:?}");
        }
    }
    assert_eq!(words.fault("KOE999", Language::Ko), None);
}

#[test]
fn every_built_in_consent_item_has_words() {
    let words = Words::new();
    let items = [
        "biz_account_email",
        "moment_create",
        "moment_management",
        "moment_delete",
        "moment_bizform_result_read",
        "keyword_create",
        "keyword_management",
        "keyword_delete",
    ];
    for language in Language::ALL {
        for item in items {
            assert!(words.item_name(item, language).is_some() && words.item_about(item, language).is_some(), "{item}");
        }
        for group in ["personal", "moment", "keyword"] {
            assert!(words.group_name(group, language).is_some(), "{group}");
        }
    }
    assert_eq!(words.item_name("shop_read", Language::En), None);
    assert_eq!(words.role("owner", Language::En), "Owner");
    assert_eq!(words.role("제휴사", Language::En), "제휴사");
}

#[test]
fn every_page_is_whole() {
    let words = Arc::new(Words::new());
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    for language in Language::ALL {
        for (name, html) in samples::all(&words, language) {
            std::fs::write(folder.join(format!("{name}.html")), &html).unwrap();
            whole(&name, &html, language);
        }
    }
}

fn whole(name: &str, html: &str, language: Language) {
    assert!(html.contains(&format!("<html lang=\"{}\">", language.code())), "{name}: language");
    let title = html.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
    assert!(
        !title.starts_with(" ·") && title.ends_with(&format!(" · {}", words_of(language))),
        "{name}: title {title:?}"
    );
    assert_eq!(html.matches("<h1>").count(), 1, "{name}: one first heading");
    for lost in ["⟦", "{$", "{ $", "style=", "<style", "onclick", "javascript:"] {
        assert!(!html.contains(lost), "{name}: {lost}");
    }
    for form in html.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap();
        // Only a search asks with its form; it changes nothing, so it needs no token, and one in an address would leak.
        let posts = if form.split('>').next().unwrap().contains("role=\"search\"") { "get" } else { "post" };
        assert!(form.contains(&format!("method=\"{posts}\"")), "{name}: a form that does not {posts}");
        let tokens = usize::from(posts == "post");
        assert_eq!(form.matches("name=\"form_token\"").count(), tokens, "{name}: form token");
    }
    for input in ["<input", "<select", "<textarea"].into_iter().flat_map(|field| html.split(field).skip(1)) {
        let input = input.split('>').next().unwrap();
        let id = input.split(" id=\"").nth(1).map(|rest| rest.split('"').next().unwrap());
        match id {
            Some(id) => assert!(html.contains(&format!("<label for=\"{id}\"")), "{name}: no label for {id}"),
            None => assert!(input.contains("type=\"hidden\""), "{name}: an input without id: {input}"),
        }
    }
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name}: an id twice in {ids:?}");
    for attribute in ["aria-describedby=\"", "aria-labelledby=\"", "href=\"#"] {
        for told in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            for told in told.split(' ') {
                assert!(ids.contains(&told), "{name}: nothing is called {told}");
            }
        }
    }
}

fn words_of(language: Language) -> &'static str {
    match language {
        Language::Ko => "비즈니스 인증",
        Language::En => "Business Authentication",
    }
}

#[test]
fn enter_in_the_search_field_never_agrees() {
    let words = Arc::new(Words::new());
    for (name, html) in samples::all(&words, Language::En) {
        let Some((_, form)) = html.split_once("action=\"/consent\"") else { continue };
        let first = form.split("name=\"action\" value=\"").nth(1).unwrap();
        assert!(first.starts_with("find\""), "{name}: the first submit button is the one that Enter presses");
    }
}

#[test]
fn what_others_wrote_is_text() {
    let words = Arc::new(Words::new());
    let frame = Frame::new(Arc::clone(&words), Language::En, "/x?a=\"><script>");
    let page = FaultPage {
        frame,
        code: "KOE101".to_owned(),
        app_name: Some("<b>App</b>".to_owned()),
        detail: Some("Not exist client_id [<script>alert(1)</script>]".to_owned()),
        explained: None,
        help: Audience::Developer,
    };
    let html = page.render().unwrap();
    assert!(!html.contains("<script>") && !html.contains("<b>"));
    assert!(html.contains("next=%2Fx%3Fa%3D%22%3E%3Cscript%3E"));
}
