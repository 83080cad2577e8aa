//! The description of the operator's API, held against everything it answers in these tests, and against its routes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bizauth::http::operator::v1;
use bizauth::http::operator::v1::openapi::DOCUMENT;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::world::World;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(DOCUMENT).expect("openapi.json is JSON"));
static SCHEMAS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let schemas = DESCRIPTION["components"]["schemas"].as_object().expect("there are schemas");
    let compiled = |name: &String| {
        let whole = json!({
            "components": { "schemas": schemas },
            "$ref": format!("#/components/schemas/{name}"),
        });
        let built = jsonschema::options().should_validate_formats(true).build(&whole);
        (name.clone(), built.unwrap_or_else(|e| panic!("{name} is no schema: {e}")))
    };
    schemas.keys().map(compiled).collect()
});

/// Panics if the description does not allow this answer.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16, content_type: Option<&str>, body: &str) {
    if let Err(why) = judge(method, path, status, content_type, body) {
        panic!("the description does not allow this: {method} {path} -> {status} {content_type:?}\n{body}\n{why}");
    }
}

/// The described path that this one is an instance of, without regard to the method.
fn template(path: &str) -> Option<&'static Value> {
    let paths = DESCRIPTION["paths"].as_object()?;
    let fits = |known: &str| {
        let (mut known, mut asked) = (known.split('/'), path.split('/'));
        loop {
            match (known.next(), asked.next()) {
                (None, None) => return true,
                (Some(known), Some(asked)) if known == asked || known.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    // What is named beats what is a parameter.
    paths.iter().filter(|(known, _)| fits(known)).min_by_key(|(known, _)| known.matches('{').count()).map(|it| it.1)
}

fn judge(method: &str, path: &str, status: u16, kind: Option<&str>, body: &str) -> Result<(), String> {
    let problem = || fits("Problem", body);
    let Some(operations) = template(path) else {
        return if status == 404 && kind == Some("application/problem+json") {
            problem()
        } else {
            Err("no such path".into())
        };
    };
    let Some(operation) = operations.get(method.to_ascii_lowercase()) else {
        return if status == 405 { problem() } else { Err("no such method".into()) };
    };
    let mut response = &operation["responses"][status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        response = DESCRIPTION.pointer(reference.trim_start_matches('#')).ok_or("a reference leads nowhere")?;
    }
    if !response.is_object() {
        return Err("the status is not described there".to_owned());
    }
    let Some(kind) = kind else {
        return if response["content"].is_null() && body.is_empty() { Ok(()) } else { Err("there is no body".into()) };
    };
    let schema = &response["content"][kind]["schema"];
    match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => fits(name, body),
        None if kind == "application/x-ndjson" => body.lines().try_for_each(|line| fits("AuditEntry", line)),
        None => Err(format!("the content type {kind} is not described there")),
    }
}

fn fits(schema: &str, body: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(body).map_err(|e| format!("not JSON: {e}"))?;
    let wrong: Vec<String> =
        SCHEMAS[schema].iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

#[test]
fn every_route_is_described_with_its_scope_and_the_other_way_round() {
    let described: BTreeSet<(String, String, String)> = operations()
        .map(|(path, method, it)| (path.to_owned(), method.to_owned(), it["x-scope"].as_str().unwrap().to_owned()))
        .collect();
    let routed = v1::table()
        .into_iter()
        .map(|rule| (rule.path.to_owned(), rule.method.as_str().to_lowercase(), rule.scope.word().to_owned()))
        .collect();
    assert_eq!(described, routed);
    assert_eq!(DESCRIPTION["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let mut used = BTreeSet::new();
    let mut left = vec![&*DESCRIPTION];
    while let Some(value) = left.pop() {
        used.extend(value.get("$ref").and_then(Value::as_str));
        left.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        left.extend(value.as_array().into_iter().flatten());
    }
    for reference in &used {
        assert!(DESCRIPTION.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    for kind in ["schemas", "responses"] {
        for name in DESCRIPTION["components"][kind].as_object().unwrap().keys() {
            let known = used.contains(format!("#/components/{kind}/{name}").as_str());
            assert!(known || name == "AuditEntry", "nothing uses {kind}/{name}");
        }
    }
    assert!(SCHEMAS.len() > 50);
}

#[test]
fn every_object_is_described_whole() {
    for (name, schema) in DESCRIPTION["components"]["schemas"].as_object().unwrap() {
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{name} allows anything else");
        }
    }
}

#[tokio::test]
async fn the_description_is_open_to_all() {
    let world = World::new().await;
    let told = reqwest::get(format!("{}/operator/v1/openapi.json", world.operators)).await.unwrap();
    assert_eq!(told.status(), 200);
    assert_eq!(told.json::<Value>().await.unwrap(), *DESCRIPTION);
}
