//! The public description of the endpoints, held against everything the server answers in these tests, against the
//! routes and against the catalogue of faults. The contract is written down first; here the server is held to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bizauth::http::openapi::DOCUMENT;
use bizauth_core::fault::{Answer, KapiFault, KauthFault, Standing};
use jsonschema::Validator;
use serde_json::{Value, json};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(DOCUMENT).expect("openapi.json is JSON"));
static ALLOWED: LazyLock<BTreeMap<Place, Allowed>> = LazyLock::new(allowed);

/// Path, method in lower case, status.
type Place = (String, String, u16);
/// What may be answered there, by content type; nothing is an answer without a body.
type Allowed = BTreeMap<String, Validator>;

/// Panics if the description does not allow this answer.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16, content_type: Option<&str>, body: &str) {
    if let Err(why) = judge(method, path, status, content_type, body) {
        panic!("openapi.json does not allow this answer: {method} {path} -> {status} {content_type:?}\n{body}\n{why}");
    }
}

fn judge(method: &str, path: &str, status: u16, content_type: Option<&str>, body: &str) -> Result<(), String> {
    let method = method.to_ascii_lowercase();
    let is_head = method == "head";
    let known = if is_head { "get" } else { method.as_str() };
    let Some(operations) = DESCRIPTION["paths"][path].as_object() else {
        return unlisted(path, status, content_type, body);
    };
    // The HTTP layer's own, before any of our code: a head that is malformed or too long.
    if [400, 414, 431].contains(&status) && content_type.is_none() && body.is_empty() {
        return Ok(());
    }
    let documented = operations.contains_key(known);
    if documented == (status == 405) {
        return Err(format!("405 is for other methods than {:?}, and only for them", operations.keys()));
    }
    if !documented && status < 400 {
        return Err("a method that is not described succeeded".to_owned());
    }
    // What befalls a request before its method is looked at is described with the one operation of the path.
    let operation = if documented { known } else { operations.keys().next().ok_or("no operation")?.as_str() };
    let place = (path.to_owned(), operation.to_owned(), status);
    let allowed = ALLOWED.get(&place).ok_or_else(|| format!("the status {status} is not described there"))?;
    match content_type {
        None if allowed.is_empty() && body.is_empty() => Ok(()),
        None => Err("a body without a content type, or none where one is described".to_owned()),
        Some(kind) => {
            let schema = allowed.get(kind).ok_or_else(|| format!("described are only {:?}", allowed.keys()))?;
            if is_head && body.is_empty() { Ok(()) } else { fits(schema, kind, body) }
        }
    }
}

/// A path that is not described: below the two doors its 404 has a known form.
fn unlisted(path: &str, status: u16, content_type: Option<&str>, body: &str) -> Result<(), String> {
    let name = match path {
        _ if status != 404 || content_type.is_none_or(|kind| kind.starts_with("text/html")) => return Ok(()),
        _ if path.starts_with("/v1/") => "KapiUnknownPath",
        _ if path.starts_with("/oauth/") => "KauthUnknownUrl",
        _ => return Ok(()),
    };
    let body: Value = serde_json::from_str(body).map_err(|e| e.to_string())?;
    let schema = compile(&json!({ "$ref": format!("#/components/schemas/{name}") }));
    schema.validate(&body).map_err(|e| e.to_string())
}

fn fits(schema: &Validator, kind: &str, body: &str) -> Result<(), String> {
    let value: Value = match kind.starts_with("application/json") {
        true => serde_json::from_str(body).map_err(|e| format!("not JSON: {e}"))?,
        false => body.into(),
    };
    let wrong: Vec<String> = schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// A schema of the description; its references lead into the description's components.
fn compile(schema: &Value) -> Validator {
    let whole = json!({ "components": { "schemas": DESCRIPTION["components"]["schemas"] }, "allOf": [schema] });
    let built = jsonschema::options().should_validate_formats(true).build(&whole);
    built.unwrap_or_else(|e| panic!("{schema} is no schema: {e}"))
}

fn allowed() -> BTreeMap<Place, Allowed> {
    let mut all = BTreeMap::new();
    for (path, method, status, response) in responses() {
        let kinds = response["content"].as_object().into_iter().flatten();
        let kinds = kinds.map(|(kind, media)| (kind.clone(), compile(&media["schema"]))).collect();
        all.insert((path.to_owned(), method.to_owned(), status), kinds);
    }
    all
}

/// Path, method, status and description of every response.
fn responses() -> Vec<(&'static str, &'static str, u16, &'static Value)> {
    let mut all = Vec::new();
    for (path, operations) in entries(&DESCRIPTION["paths"]) {
        for (method, operation) in entries(operations) {
            for (status, response) in entries(&operation["responses"]) {
                all.push((path, method, status.parse().expect("a status is a number"), response));
            }
        }
    }
    all
}

fn entries(value: &'static Value) -> impl Iterator<Item = (&'static str, &'static Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// Every `$ref` within `value`.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

fn references_of(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    references(value, &mut found);
    found
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let used = references_of(&DESCRIPTION);
    for reference in &used {
        let pointer = reference.strip_prefix('#').expect("references stay inside the document");
        assert!(DESCRIPTION.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for kind in ["schemas", "headers"] {
        for (name, _) in entries(&DESCRIPTION["components"][kind]) {
            assert!(used.contains(&format!("#/components/{kind}/{name}")), "nothing uses {kind}/{name}");
        }
    }
}

#[test]
fn every_object_of_an_answer_is_described_whole() {
    for (name, schema) in entries(&DESCRIPTION["components"]["schemas"]) {
        if schema["type"] != "object" || name == "TokenRequest" {
            continue;
        }
        assert_eq!(schema["additionalProperties"], false, "{name} allows anything else");
        assert!(schema["required"].as_array().is_some_and(|keys| !keys.is_empty()), "{name} requires nothing");
    }
    assert!(!ALLOWED.is_empty());
}

#[test]
fn every_route_of_the_two_doors_is_described() {
    let source = include_str!("../../src/http/mod.rs");
    let routed: BTreeSet<(String, String)> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\"")?.split_once("\", "))
        .filter(|(path, _)| path.starts_with("/oauth") || path.starts_with("/v1"))
        .map(|(path, handler)| (path.to_owned(), handler.split('(').next().unwrap_or_default().to_owned()))
        .collect();
    let described = entries(&DESCRIPTION["paths"]).flat_map(|(path, operations)| {
        entries(operations).map(move |(method, _)| (path.to_owned(), method.to_owned()))
    });
    assert_eq!(routed, described.collect());
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Documented => "documented",
        Standing::Observed => "observed",
        Standing::Ours => "ours",
    }
}

/// A row of either table as the description must have it: component, status where it is found, properties.
struct Row {
    component: String,
    status: u16,
    standing: Standing,
    properties: Vec<(&'static str, Value)>,
    words: (&'static str, &'static str),
}

fn rows() -> Vec<Row> {
    let kauth = KauthFault::ALL.iter().map(|fault| {
        let row = fault.row();
        let redirects = row.answer == Answer::Redirect;
        let mut properties = vec![("error", json!(row.error))];
        properties.extend((!redirects).then(|| ("error_code", json!(row.code))));
        Row {
            component: format!("Kauth{}", row.name),
            status: if redirects { 302 } else { row.status },
            standing: row.standing,
            properties,
            words: ("error_description", row.description),
        }
    });
    let kapi = KapiFault::ALL.iter().map(|fault| {
        let row = fault.row();
        Row {
            component: format!("Kapi{}", row.name),
            status: row.status,
            standing: row.standing,
            properties: vec![("code", json!(row.code))],
            words: ("msg", row.msg),
        }
    });
    kauth.chain(kapi).collect()
}

#[test]
fn every_fault_is_described_as_the_catalogue_has_it() {
    for Row { component, status, standing: who, properties, words } in rows() {
        let schema = &DESCRIPTION["components"]["schemas"][&component];
        assert!(schema.is_object(), "{component} is not described");
        assert_eq!(schema["x-standing"], standing(who), "{component}");
        for (name, value) in properties {
            assert_eq!(schema["properties"][name]["const"], value, "{name} of {component}");
        }
        let said = compile(&schema["properties"][words.0]);
        for about in ["x", "[] \" \n 한", ""] {
            let text = words.1.replacen("{}", about, 1);
            assert!(text.is_empty() || said.is_valid(&json!(text)), "{component} does not allow {text:?}");
        }
        let reference = format!("#/components/schemas/{component}");
        let found: Vec<u16> = responses()
            .into_iter()
            .filter(|(.., response)| references_of(response).contains(&reference))
            .map(|(_, _, found, _)| found)
            .collect();
        assert!(!found.is_empty(), "no endpoint answers {component}");
        assert!(
            found.iter().all(|found| *found == status),
            "{component} has the status {status}, described at {found:?}"
        );
    }
}

#[test]
fn the_description_says_that_it_is_independent_and_who_may_call() {
    let about = DESCRIPTION["info"]["description"].as_str().unwrap_or_default();
    assert!(about.contains("independent") && about.contains("Kakao"), "{about}");
    assert_eq!(DESCRIPTION["openapi"], "3.1.0");
    assert_eq!(DESCRIPTION["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (path, operations) in entries(&DESCRIPTION["paths"]) {
        for (_, operation) in entries(operations) {
            for requirement in operation["security"].as_array().expect("every operation says who may call") {
                for name in requirement.as_object().into_iter().flatten().map(|(name, _)| name) {
                    assert!(DESCRIPTION["components"]["securitySchemes"][name].is_object(), "{path}: {name}");
                }
            }
        }
    }
}

#[test]
fn the_check_sees_what_is_not_allowed() {
    let json = Some("application/json;charset=UTF-8");
    let html = Some("text/html; charset=utf-8");
    let user = r#"{"token_user_id":"7"}"#;
    let userinfo = "/v1/business/userinfo";
    for (method, path, status, kind, body, fits) in [
        ("GET", userinfo, 200, json, user, true),
        ("HEAD", userinfo, 200, json, "", true),
        ("POST", userinfo, 200, json, user, false),
        ("GET", userinfo, 200, Some("application/json"), user, false),
        ("GET", userinfo, 200, None, "", false),
        ("GET", userinfo, 201, json, user, false),
        ("GET", userinfo, 200, json, r#"{"token_user_id":7}"#, false),
        ("GET", userinfo, 200, json, r#"{"token_user_id":"7","email":"a@example.com"}"#, false),
        ("GET", userinfo, 200, json, r#"{"token_user_id":"7","more":1}"#, false),
        ("GET", userinfo, 401, json, r#"{"msg":"no authentication key!","code":-401}"#, true),
        ("GET", userinfo, 401, json, r#"{"msg":"another text","code":-401}"#, false),
        ("GET", userinfo, 401, html, "<p>", false),
        ("POST", userinfo, 405, json, r#"{"msg":"method not allowed","code":-2}"#, true),
        ("GET", userinfo, 405, json, r#"{"msg":"method not allowed","code":-2}"#, false),
        ("GET", userinfo, 431, None, "", true),
        ("GET", "/oauth/business/authorize", 400, html, "<p>", true),
        ("GET", "/oauth/business/authorize", 303, None, "", true),
        ("POST", "/oauth/business/token", 400, html, "<p>", false),
        ("GET", "/v1/nowhere", 404, json, r#"{"msg":"unknown path","code":-2}"#, true),
        ("GET", "/v1/nowhere", 404, json, "{}", false),
        ("GET", "/login", 200, html, "<p>", true),
    ] {
        let verdict = judge(method, path, status, kind, body);
        assert_eq!(verdict.is_ok(), fits, "{method} {path} {status} {kind:?} {body}: {verdict:?}");
    }
}
