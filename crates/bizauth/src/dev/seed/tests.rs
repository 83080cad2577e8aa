//! Seeds that are read, seeds that are refused and where, and the published schema held against both.

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::dev::{consents::Rule, faults::Plan};

/// What a refused seed says of itself, without the file's name.
fn refusals(text: &str, file: &str) -> Vec<String> {
    let mistakes = read(text, file).err().unwrap_or_default();
    mistakes.iter().map(|it| it.to_string().replacen(&format!("{file}:"), "", 1)).collect()
}

#[track_caller]
fn refused(text: &str, wanted: &[&str]) {
    let found = refusals(text, "s.toml");
    assert_eq!(found.len(), wanted.len(), "{text}\n{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{text}\n{found}\nis not\n{wanted}");
    }
}

#[test]
fn the_demo_is_a_seed() {
    let demo = Seed::demo();
    let kinds: Vec<Kind> = demo.apps.iter().map(|app| app.kind).collect();
    assert_eq!(kinds, [Kind::Biz, Kind::Test, Kind::Basic]);
    for state in [State::Active, State::Dormant, State::Blocked, State::Withdrawn] {
        assert!(demo.users.iter().any(|user| user.state == state), "{state:?}");
    }
    let first: Vec<&str> = demo.users.iter().take(3).map(|user| user.email.as_str()).collect();
    assert_eq!(first, ["owner@example.com", "newcomer@example.com", "operator@example.com"]);
    assert_eq!(demo.ips.unwrap().services.len(), 6);
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = "random = 7\nclock.at = 2026-12-01T00:00:00Z\n[[users]]\nemail = \"a@example.com\"\n[[apps]]\nname = \"A\"\nitems = [\"biz_account_email\", { id = \"keyword_delete\", purpose = \"P\" }]";
    let json = r#"{"random":7,"clock":{"at":"2026-12-01T00:00:00Z"},"users":[{"email":"a@example.com"}],
        "apps":[{"name":"A","items":["biz_account_email",{"id":"keyword_delete","purpose":"P"}],"owner":null}]}"#;
    let seed = read(toml, "-").unwrap();
    assert_eq!(read(json, "-").unwrap(), seed);
    assert_eq!(read(json, "a.json").unwrap(), seed);
    assert_eq!(seed.clock.begins(), Some(Time::from_millis(1_796_083_200_000)));
    assert_eq!(seed.apps[0].items[0].purpose, Item::PURPOSE);
    let written = serde_json::to_string(&Seed::demo()).unwrap();
    assert_eq!(read(&written, "demo.json").unwrap(), Seed::demo(), "a seed can be written and read again");
    assert_eq!(read("", "-").unwrap(), Seed::default());
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_all_at_once() {
    refused("a = ", &["1:"]);
    refused(
        "nmae = 1\n[[users]]\nemail = 3\n[[users]]\n  emial = \"x\"\n",
        &[
            "1:1: there is no field \"nmae\"; allowed: $schema, random, clock, maintenance, groups, users, apps, tokens, ips, faults, consents",
            "3:9: a text belongs here, not 3",
            "4:1: the field \"email\" is missing",
            "5:3: there is no field \"emial\"; allowed: email, password, state,",
        ],
    );
    refused(
        "[[users]]\nemail = \"a@example.com\"\nstate = \"asleep\"",
        &["3:9: \"asleep\" is none of the words that may stand here; allowed: active, dormant, blocked, withdrawn"],
    );
    refused(
        "[[apps]]\nname = \"A\"\nitems = [3, { id = \"biz_account_email\", porpose = \"x\" }]",
        &[
            "3:10: the id of a consent item, or {id, purpose}, belongs here, not 3",
            "3:41: there is no field \"porpose\"; allowed: id, purpose",
        ],
    );
    refused(
        "[[apps]]\nname = \"A\"\nmembers = [{ email = \"a@example.com\", role = \"boss\" }]",
        &["3:46: \"boss\" is none of the words that may stand here; allowed: owner, editor"],
    );
    refused("random = -1", &["1:10: a whole number belongs here, not -1"]);
    refused("[[consents]]\nassets = 3", &["2:10: \"all\", \"every\" or a list of `group:id` belongs here"]);
    refused(
        "[[faults]]\nendpoint = \"tokens\"",
        &["2:12: \"tokens\" is none of the words that may stand here; allowed: authorize, token,"],
    );
    let json =
        refusals("{\n  \"users\": [\n    {\"email\": \"a@example.com\", \"名\": 1, \"stat\": 1}\n  ]\n}", "s.json");
    assert_eq!(json.len(), 2, "{json:?}");
    assert!(json[0].starts_with("3:32: there is no field \"名\""), "{json:?}");
    assert!(json[1].starts_with("3:40: there is no field \"stat\""), "a column is a character: {json:?}");
    let json = refusals("{\"users\": [,]}", "s.json");
    assert!(json[0].starts_with("1:12: expected value"), "{json:?}");
    let json = refusals("{\"random\": 1, \"random\": 2}", "s.json");
    assert_eq!(json, ["1:15: the field \"random\" is given twice"]);
}

/// A user, an app and a key that everything else can lean on: 12 lines.
const GROUND: &str = r#"[[users]]
email = "a@example.com"
assets = [{ group = "moment", id = "1" }]
[[users]]
email = "b@example.com"
[[apps]]
name = "A"
[[apps.keys]]
name = "web"
value = "0123456789abcdef0123456789abcdef"

"#;

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (text, wanted) in [
        ("clock.at = \"tomorrow\"", "1:12: clock.at: \"tomorrow\" is no moment with an offset"),
        ("clock.at = 2026-12-01", "1:12: clock.at: \"2026-12-01\" is no moment"),
        ("clock.at = 1969-12-01T00:00:00Z", "1:12: clock.at: a clock begins in 1970"),
        ("[[users]]\nemail = \"a\"", "2:9: users[0].email: \"a\" is no e-mail address"),
        (
            "[[users]]\nemail = \"a@b.cd\"\n[[users]]\nemail = \"A@b.cd\"",
            "4:9: users[1].email: there is an account \"a@b.cd\" already",
        ),
        ("[[users]]\nemail = \"a@b.cd\"\npassword = \"1234567\"", "3:12: users[0].password: a password has 8 to 256"),
        (
            "[[users]]\nemail = \"a@b.cd\"\noperator = true\nstate = \"dormant\"",
            "4:9: users[0].state: an operator is an account in good standing; allowed: active",
        ),
        (
            "[[users]]\nemail = \"a@b.cd\"\nassets = [{ group = \"personal\", id = \"1\" }]",
            "3:21: users[0].assets[0].group: the group personal has no assets; allowed: moment, keyword",
        ),
        (
            "[[users]]\nemail = \"a@b.cd\"\nassets = [{ group = \"momentum\", id = \"1\" }]",
            "3:21: users[0].assets[0].group: there is no group \"momentum\"; allowed: personal, moment, keyword",
        ),
        (
            "[[users]]\nemail = \"a@b.cd\"\nassets = [{ group = \"moment\", id = \"1,2\" }]",
            "3:36: users[0].assets[0].id: \"1,2\" is no id of an asset",
        ),
        (
            "[[users]]\nemail = \"a@b.cd\"\nassets = [{ group = \"moment\", id = \"1\" }, { group = \"moment\", id = \"1\" }]",
            "3:68: users[0].assets[1].id: a@b.cd holds it already",
        ),
        (
            "[[users]]\nemail = \"a@b.cd\"\nassets = [{ group = \"moment\", id = \"1\", role = \"\" }]",
            "3:48: users[0].assets[0].role: a role is a line of 1 to",
        ),
        ("[[apps]]\nname = \" A\"", "2:8: apps[0].name: a name has no space around it"),
        ("[[apps]]\nname = \"A\"\n[[apps]]\nname = \"A\"", "4:8: apps[1].name: there is an app \"A\" already"),
        ("[[apps]]\nname = \"A\"\nkind = \"test\"", "1:1: apps[0].parent: a test app belongs to a Biz app"),
        ("[[apps]]\nname = \"A\"\nkind = \"test\"\nparent = \"A\"", "4:10: apps[0].parent: there is no Biz app \"A\""),
        ("[[apps]]\nname = \"A\"\nparent = \"B\"", "3:10: apps[0].parent: only a test app has a parent"),
        (
            "[[apps]]\nname = \"A\"\nowner = \"x@example.com\"",
            "3:9: apps[0].owner: there is no account \"x@example.com\"",
        ),
        (
            "[[apps]]\nname = \"A\"\nitems = [\"moment_read\"]",
            "3:10: apps[0].items[0]: there is no consent item \"moment_read\"; allowed: biz_account_email, moment_create,",
        ),
        ("[[apps]]\nname = \"A\"\npermissions = [\"x\"]", "3:16: apps[0].permissions[0]: there is no group \"x\""),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ value = \"0123\" }]",
            "3:19: apps[0].keys[0].value: the value of a key is 32 lowercase hexadecimal digits",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ secret = \"short\" }]",
            "3:20: apps[0].keys[0].secret: a business client secret is 32 letters and digits",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ kind = \"native\", callers = [\"10.0.0.1\"] }]",
            "3:38: apps[0].keys[0].callers: a key of the kind native has none",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ callers = [\"010.0.0.1/8\"] }]",
            "3:22: apps[0].keys[0].callers[0]: \"010.0.0.1/8\" is neither an address nor a network",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ redirect_uris = [\"ftp://x\"] }]",
            "3:28: apps[0].keys[0].redirect_uris[0]: a redirect URI begins with https:// or http://",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{ redirect_uris = [\"{base_url}/a#b\"] }]",
            "3:28: apps[0].keys[0].redirect_uris[0]: a redirect URI has no fragment",
        ),
        (
            "[[apps]]\nname = \"A\"\nkind = \"basic\"\nkeys = [{ redirect_uris = [\"https://*.example.com/\"] }]",
            "4:28: apps[0].keys[0].redirect_uris[0]: a * may only",
        ),
        (
            "[[apps]]\nname = \"A\"\nkeys = [{}, {}, {}, {}, {}, {}]",
            "3:29: apps[0].keys[5]: an app has at most 5 keys of the kind rest_api",
        ),
        ("[[groups]]\nid = \"a_b\"", "2:6: groups[0].id: the id of a group"),
        (
            "[[groups]]\nid = \"pixel\"\nitems = [{ id = \"pixels_read\" }]",
            "3:17: groups[0].items[0].id: \"pixels_read\" is no id of an item of this group; allowed: pixel_…",
        ),
        (
            "[[groups]]\nid = \"moment\"\nname_en = \"M\"",
            "3:11: groups[0].name_en: the group moment is the platform's own",
        ),
        (
            "[[groups]]\nid = \"moment\"\nitems = [{ id = \"moment_create\" }]",
            "3:17: groups[0].items[0].id: there is a consent item \"moment_create\" already",
        ),
        (
            "[[ips.services]]\ndirection = \"inbound\"\nname = \"x\"\naddresses = [\"10.0.0.1\"]",
            "4:14: ips.services[0].addresses[0]: \"10.0.0.1\" is no block of addresses",
        ),
        (
            "[[ips.services]]\ndirection = \"inbound\"\nname = \"x\"\naddresses = [\"10.0.0.0/8\"]\nadditions = [{ date = \"7d\", addresses = [\"11.0.0.0/8\"] }]",
            "5:23: ips.services[0].additions[0].date: \"7d\" is no date; allowed: 2026-12-01, today, +7d, -3d",
        ),
        ("[[ips.services]]\ndirection = \"inbound\"\nname = \"x\"", "1:1: ips.services[0]: there is no address"),
        ("[[faults]]\nendpoint = \"token\"\ncode = \"KOE027\"", "3:8: faults[0].code: "),
        ("[[faults]]\nendpoint = \"tokeninfo\"\ncode = \"KOE237\"", "3:8: faults[0].code: "),
        ("[[faults]]\nendpoint = \"token\"\nstatus = 404", "3:10: faults[0].status: "),
        ("[[faults]]\nendpoint = \"token\"", "1:1: faults[0]"),
        (
            "[[faults]]\nendpoint = \"token\"\nstatus = 500\napp = \"A\"",
            "4:7: faults[0].app: there is no app, and no key, \"A\"",
        ),
        ("[[consents]]\nas = \"x@example.com\"", "2:6: consents[0].as: there is no account \"x@example.com\""),
        ("[[consents]]\ncode = \"KOE237\"", "2:8: consents[0].code: "),
        ("[[consents]]\nassets = [\"moment:1\"]", "2:11: consents[0].assets[0]: nobody holds \"moment:1\""),
    ] {
        refused(text, &[wanted]);
    }
}

#[test]
fn a_ready_token_is_one_that_could_have_been_issued() {
    let token = |rest: &str| format!("{GROUND}[[tokens]]\nname = \"t\"\n{rest}");
    for (rest, wanted) in [
        (
            "app = \"B\"\nuser = \"a@example.com\"\nscope = [\"biz_account_email\"]",
            "14:7: tokens[0].app: there is no app \"B\"; allowed: A",
        ),
        (
            "app = \"A\"\nuser = \"c@example.com\"\nscope = [\"biz_account_email\"]",
            "15:8: tokens[0].user: there is no account",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"x\"]",
            "16:10: tokens[0].scope[0]: there is no consent item \"x\"",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = []",
            "16:9: tokens[0].scope: a token was given for one consent item",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"moment_delete\"]\nassets = [\"moment:2\"]",
            "17:11: tokens[0].assets[0]: a@example.com does not hold \"moment:2\"; allowed: moment:1, moment:*",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"moment_delete\"]\nassets = [\"moment\"]",
            "17:11: tokens[0].assets[0]: \"moment\" is not group:id or group:*",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"biz_account_email\"]\nassets = [\"moment:1\"]",
            "17:11: tokens[0].assets[0]: nothing in the scope is about",
        ),
        (
            "app = \"A\"\nuser = \"b@example.com\"\nscope = [\"moment_delete\"]",
            "12:1: tokens[0].assets: b@example.com holds nothing in the group moment",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"moment_delete\"]\nkey = \"app\"",
            "17:7: tokens[0].key: the app \"A\" has no REST API key \"app\"; allowed: web",
        ),
        (
            "app = \"A\"\nuser = \"a@example.com\"\nscope = [\"moment_delete\"]\nvalue = \"bzt_x\"",
            "17:9: tokens[0].value: the value of a token is bzt_",
        ),
    ] {
        let text = token(rest);
        let found = refusals(&text, "s.toml");
        assert!(found.iter().any(|it| it.starts_with(wanted)), "{rest}\n{found:#?}\nlacks\n{wanted}");
        assert!(found.len() <= 2, "{found:#?}");
    }
    let good = token("app = \"A\"\nuser = \"A@example.com\"\nscope = [\"moment_delete\"]\nkey = \"web\"");
    let (one, other) = (read(&good, "s.toml").unwrap(), read(&good.replace("\"t\"", "\"u\""), "s.toml").unwrap());
    assert!(Credential::Token.read(&one.tokens[0].literal()).is_some());
    assert_eq!(one.tokens[0].literal(), read(&good, "x.toml").unwrap().tokens[0].literal());
    assert_ne!(one.tokens[0].literal(), other.tokens[0].literal());
}

#[test]
fn all_that_cannot_be_is_told_in_the_order_of_the_text() {
    refused(
        "[[users]]\nemail = \"a\"\npassword = \"x\"\n[[apps]]\nname = \"\"\nowner = \"b@example.com\"\nitems = [\"x\", \"y\"]",
        &[
            "2:9: users[0].email",
            "3:12: users[0].password",
            "5:8: apps[0].name",
            "6:9: apps[0].owner",
            "7:10: apps[0].items[0]",
            "7:15: apps[0].items[1]",
        ],
    );
}

/// The fields that a type knows, by what it says to one that it does not know.
fn fields<T: DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_str::<T>(r#"{"☃":1}"#).err().unwrap().to_string();
    let known = error.split_once("expected ").map(|(_, known)| known.to_owned()).unwrap();
    let mut names: Vec<String> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn the_schema_has_every_field_and_the_commented_seed_explains_it() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut all = Vec::new();
    let mut same = |place: &str, known: Vec<String>| {
        let at = schema.pointer(place).unwrap_or_else(|| panic!("{place}"));
        assert_eq!(at["additionalProperties"], false, "{place}");
        let mut told: Vec<String> = at["properties"].as_object().unwrap().keys().cloned().collect();
        told.sort();
        assert_eq!(told, known, "{place}");
        all.extend(known);
    };
    same("", fields::<Seed>());
    same("/$defs/clock", fields::<Clock>());
    same("/$defs/group", fields::<Group>());
    same("/$defs/group_item", fields::<GroupItem>());
    same("/$defs/user", fields::<User>());
    same("/$defs/asset", fields::<Asset>());
    same("/$defs/app", fields::<App>());
    same("/$defs/member", fields::<Member>());
    same("/$defs/item", fields::<Item>());
    same("/$defs/key", fields::<Key>());
    same("/$defs/token", fields::<Token>());
    same("/$defs/ips", fields::<Ips>());
    same("/$defs/service", fields::<Service>());
    same("/$defs/step", fields::<Step>());
    same("/$defs/fault", fields::<Plan>());
    same("/$defs/consent", fields::<Rule>());
    let page = include_str!("../../../../../docs/seed.md");
    for name in all.iter().filter(|name| *name != "$schema") {
        let spelled = [format!("{name} = "), format!("[{name}]"), format!(".{name}]"), format!("[{name}.")];
        assert!(spelled.iter().any(|it| commented().contains(it)), "default.toml says nothing of {name}");
        assert!(page.contains(&format!("`{name}`")), "docs/seed.md says nothing of {name}");
    }
    let asleep = commented()
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')));
    assert!(asleep.count() > 30, "what is not set is shown");
}

/// Every line that is commented out can be put in.
#[test]
fn what_the_commented_seed_leaves_out_can_be_put_in() {
    let off = |line: &&str| {
        line.starts_with("# [[") || *line == "#" || {
            line.strip_prefix("# ").and_then(|line| line.split_once(" = ")).is_some_and(|(name, _)| !name.contains(' '))
        }
    };
    let woken = commented().lines().map(|line| if off(&line) { line.trim_start_matches(['#', ' ']) } else { line });
    let woken: Vec<&str> =
        woken.filter(|line| !line.starts_with("value = \"bzt_…") && !line.starts_with("status = ")).collect();
    let seed = read(&woken.join("\n"), "woken.toml");
    let mistakes: Vec<String> = seed.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
    // A fault has one answer: of the three that the text shows, one can stand.
    assert!(mistakes.iter().all(|it| it.contains("faults[0]")), "{mistakes:#?}");
    assert!(woken.join("\n").contains("\nrandom = 42"), "something was woken");
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let demo: toml::Table = toml::from_str(commented()).unwrap();
    let demo = serde_json::to_value(demo).unwrap();
    let errors: Vec<String> = validator.iter_errors(&demo).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    for wrong in [
        r#"{"nmae":1}"#,
        r#"{"users":[{}]}"#,
        r#"{"users":[{"email":"a@example.com","state":"asleep"}]}"#,
        r#"{"apps":[{"name":"A","keys":[{"value":"0123"}]}]}"#,
        r#"{"ips":{"services":[{"direction":"in","name":"x"}]}}"#,
        r#"{"faults":[{"endpoint":"token","status":404}]}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
        assert!(read(wrong, "-").is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_the_reader(text in "\\PC{0,200}", file in "(a\\.toml|a\\.json|-)") {
        let _ = read(&text, &file);
    }

    /// Pieces of real seeds, put together at random and cut anywhere.
    #[test]
    fn no_seed_panics_the_reader(pieces in prop::collection::vec(0_usize..120, 0..30), cut in 0_usize..400, json: bool) {
        let lines: Vec<&str> = commented().lines().filter(|line| !line.is_empty()).collect();
        let picked: Vec<&str> = pieces.iter().map(|at| lines[at % lines.len()].trim_start_matches("# ")).collect();
        let text = if json { serde_json::to_string(&Seed::demo()).unwrap() } else { picked.join("\n") };
        let text: String = text.chars().take(text.chars().count().saturating_sub(cut)).collect();
        for mistake in read(&text, if json { "a.json" } else { "a.toml" }).err().into_iter().flatten() {
            prop_assert!(mistake.line >= 1 && mistake.column >= 1);
        }
    }

    #[test]
    fn no_json_panics_the_reader(text in r#"[\[\]{}:,"\\a-z0-9. \n]{0,60}"#) {
        let _ = read(&text, "a.json");
    }
}
