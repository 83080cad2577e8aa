//! What is believed and what is not: announced shrinks pass, unannounced ones do not, and nothing refused does harm.

use std::fs;

use bizauth_ips::fetch::{FetchError, Insist, Outcome};
use bizauth_ips::state::{Folder, StateError};

use super::desk::{Desk, SEED, list};

const FOUR: &str = "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 10.0.3.0/24";

fn refused(result: Result<Outcome, FetchError>, word: &str, told: &str) {
    match result {
        Err(FetchError::Refused { reason, detail }) => {
            assert_eq!(reason.word(), word, "{detail}");
            assert!(detail.contains(told), "{detail:?} does not say {told:?}");
        }
        other => panic!("it was not refused: {other:?}"),
    }
}

fn believed(result: Result<Outcome, FetchError>) -> Vec<bizauth_core::ips::Difference> {
    match result.unwrap() {
        Outcome::Believed(differences) => differences,
        Outcome::Confirmed => panic!("it was known already"),
    }
}

/// The list that is believed, and what is let through of it.
fn through(desk: &Desk, day: &str) -> String {
    let wanted = bizauth_ips::apply::wanted(&desk.settings(), &desk.open(), super::desk::noon(day)).unwrap();
    let nets = wanted.iter().flat_map(|it| it.cover.networks().to_vec()).map(|it| it.to_string());
    nets.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn what_was_announced_may_leave_and_what_was_not_may_not() {
    let desk = Desk::new("max_shrink_percent = 20");
    desk.publishes(&list("2024-01-01", FOUR, &["-2024-01-10 10.0.0.0/23", "+2024-01-10 10.0.8.0/24"]));
    assert_eq!(believed(desk.fetches("2024-01-01").await), []);

    // Half of it is gone before its day, unannounced or announced for later: the first is refused, the second told.
    desk.publishes(&list("2024-01-02", "10.0.0.0/24 10.0.1.0/24", &[]));
    refused(
        desk.fetches("2024-01-02").await,
        "shrink",
        "more than 20 % left unannounced: inbound \"callback\" lost 10.0.2.0/23",
    );
    assert_eq!(through(&desk, "2024-01-02"), "10.0.0.0/22");
    // The schedule that was kept goes on.
    assert_eq!(through(&desk, "2024-01-10"), "10.0.2.0/23 10.0.8.0/24");

    // On its day the same shrink is what was promised, whether the follower was there the day before or away for weeks.
    desk.publishes(&list("2024-01-10", "10.0.2.0/24 10.0.3.0/24 10.0.8.0/24", &[]));
    let differences = believed(desk.fetches("2024-02-10").await);
    assert!(differences[0].gone.unannounced.is_empty() && differences[0].come.unannounced.is_empty());
    assert_eq!(through(&desk, "2024-02-10"), "10.0.2.0/23 10.0.8.0/24");
}

#[tokio::test]
async fn an_early_exclusion_that_was_announced_passes() {
    let desk = Desk::new("");
    desk.publishes(&list("2024-01-01", FOUR, &["-2024-01-10 10.0.0.0/23"]));
    believed(desk.fetches("2024-01-01").await);
    desk.publishes(&list("2024-01-09", "10.0.2.0/23", &[]));
    let differences = believed(desk.fetches("2024-01-09").await);
    assert_eq!(differences[0].gone.too_soon.networks().len(), 1);
}

#[tokio::test]
async fn a_small_unannounced_shrink_passes_and_an_operator_may_insist_on_a_great_one() {
    let desk = Desk::new("max_shrink_percent = 25");
    desk.publishes(&list("2024-01-01", "10.0.0.0/24 10.0.2.0/24 10.0.4.0/24 10.0.6.0/24", &[]));
    believed(desk.fetches("2024-01-01").await);
    desk.publishes(&list("2024-01-02", "10.0.0.0/24 10.0.2.0/24 10.0.4.0/24", &[]));
    believed(desk.fetches("2024-01-02").await);
    desk.publishes(&list("2024-01-03", "10.0.0.0/24", &[]));
    refused(desk.fetches("2024-01-03").await, "shrink", "lost 10.0.2.0/24 10.0.4.0/24");
    believed(desk.fetches_with("2024-01-03", Insist::Yes).await);
    assert_eq!(through(&desk, "2024-01-03"), "10.0.0.0/24");
}

#[tokio::test]
async fn what_is_refused_leaves_everything_as_it_was() {
    let desk = Desk::new("");
    desk.publishes(&list("2024-01-05", FOUR, &[]));
    believed(desk.fetches("2024-01-05").await);
    let journal = desk.open().journal.versions.clone();
    for (body, word, told) in [
        (String::new(), "empty", "it is empty"),
        ("<html>Sign in</html>".to_owned(), "page", "an HTML or XML page"),
        ("{".to_owned(), "malformed", "line 1 column 1"),
        (r#"{"inbound":[],"outbound":[],"updatedDate":"2024-01-06"}"#.to_owned(), "empty", "both empty"),
        (list("2024-01-04", FOUR, &[]), "older", "it is of 2024-01-04, and that of 2024-01-05 was believed already"),
        (list("2024-01-06", "0.0.0.0/0", &[]), "too_wide", "0.0.0.0/0 is every address there is"),
        (list("2024-01-06", "10.0.0.0/24", &["+2024-02-01 64.0.0.0/3"]), "too_wide", "64.0.0.0/3 is wider"),
        (list("2024-01-06", "10.9.0.0/24", &[]), "shrink", "lost 10.0.0.0/22"),
    ] {
        refused(desk.is_offered(body.as_bytes(), "2024-01-06"), word, told);
        assert_eq!(desk.open().journal.versions, journal, "{word}");
        assert_eq!(through(&desk, "2024-01-06"), "10.0.0.0/22");
    }
    let folder = desk.open();
    assert_eq!(folder.journal.refused.values().sum::<u64>(), 8);
    assert_eq!(folder.journal.refusals.len(), 8);
    assert_eq!(folder.journal.failing_since, Some(super::desk::noon("2024-01-06").as_millisecond()));
    drop(folder);
    // A source that is not there is told and noted by whoever asked.
    fs::remove_file(desk.path("list.json")).unwrap();
    refused(desk.fetches("2024-01-06").await, "unreachable", "cannot be read: No such file");
    // A success ends it.
    desk.publishes(&list("2024-01-05", FOUR, &[]));
    assert_eq!(desk.fetches("2024-01-07").await.unwrap(), Outcome::Confirmed);
    assert_eq!(desk.open().journal.failing_since, None);
}

#[tokio::test]
async fn private_networks_are_refused_unless_allowed() {
    let desk = Desk::new("");
    desk.publishes(&list("2024-01-01", "10.0.0.0/24", &[]));
    let strict = Desk { rest: String::new(), folder: desk.folder };
    refused(strict.fetches("2024-01-01").await, "too_wide", "10.0.0.0/24 is set aside (private)");
    strict.publishes(SEED);
    believed(strict.fetches("2024-01-01").await);
}

fn file(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/follow/signed/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The signatures were made by minisign 0.11, over the serial as well as over the list.
#[tokio::test]
async fn a_list_must_be_signed_by_the_publisher_and_newer_than_the_last() {
    let desk = Desk::new(&format!("public_key = {:?}", file("key.pub").lines().nth(1).unwrap()));
    let signs = |list: &str, signature: Option<String>| {
        desk.publishes(list);
        let beside = desk.path("list.json.minisig");
        match signature {
            Some(text) => fs::write(beside, text).unwrap(),
            None => drop(fs::remove_file(beside)),
        }
    };
    signs(SEED, None);
    refused(desk.fetches("2023-06-28").await, "signature", "there is no signature");
    signs(SEED, Some("not a signature".to_owned()));
    refused(desk.fetches("2023-06-28").await, "signature", "it cannot be read");
    signs(SEED, Some(file("next.json.minisig")));
    refused(desk.fetches("2023-06-28").await, "signature", "");
    signs(&SEED.replace("443", "80"), Some(file("list.json.minisig")));
    refused(desk.fetches("2023-06-28").await, "signature", "");
    // The serial is signed too.
    signs(SEED, Some(file("list.json.minisig").replace("serial:7", "serial:9")));
    refused(desk.fetches("2023-06-28").await, "signature", "");
    signs(SEED, Some(file("list.json.minisig")));
    believed(desk.fetches("2023-06-28").await);
    assert_eq!(desk.open().journal.versions[0].serial, Some(7));
    let next = file("next.json");
    signs(&next, Some(file("stranger.minisig")));
    refused(desk.fetches("2023-06-29").await, "signature", "");
    signs(&next, Some(file("replayed.minisig")));
    refused(desk.fetches("2023-06-29").await, "older", "its serial is 7, and 7 was believed already");
    signs(&next, Some(file("next.json.minisig")));
    believed(desk.fetches("2023-06-29").await);
    // A signature is nothing that one can insist on.
    signs(SEED, None);
    refused(desk.fetches_with("2023-06-30", Insist::Yes).await, "signature", "there is no signature");
}

#[tokio::test]
async fn a_list_that_was_taken_back_is_not_believed_again_unasked() {
    let desk = Desk::new("");
    desk.publishes(&list("2024-01-01", FOUR, &[]));
    believed(desk.fetches("2024-01-01").await);
    let nothing = bizauth_ips::fetch::roll_back(&mut desk.open(), &desk.settings(), super::desk::noon("2024-01-01"));
    assert_eq!(nothing.unwrap_err().to_string(), "there is no list before this one");
    desk.publishes(&list("2024-01-02", &format!("{FOUR} 10.7.0.0/24"), &[]));
    believed(desk.fetches("2024-01-02").await);
    assert_eq!(through(&desk, "2024-01-02"), "10.0.0.0/22 10.7.0.0/24");
    bizauth_ips::fetch::roll_back(&mut desk.open(), &desk.settings(), super::desk::noon("2024-01-02")).unwrap();
    assert_eq!(through(&desk, "2024-01-02"), "10.0.0.0/22");
    refused(desk.fetches("2024-01-03").await, "taken_back", "an operator took this very list back");
    assert_eq!(through(&desk, "2024-01-03"), "10.0.0.0/22");
    // A newer one is believed, and so is this one if somebody insists.
    believed(desk.fetches_with("2024-01-04", Insist::Yes).await);
    assert_eq!(through(&desk, "2024-01-04"), "10.0.0.0/22 10.7.0.0/24");
}

#[tokio::test]
async fn two_agents_do_not_work_in_one_folder() {
    let desk = Desk::new("");
    let first = desk.open();
    assert!(matches!(Folder::open(&desk.path("state")), Err(StateError::Locked(_))));
    // Looking is allowed at any time.
    assert!(Folder::look(&desk.path("state")).is_ok());
    drop(first);
    assert!(Folder::open(&desk.path("state")).is_ok());
}

#[tokio::test]
async fn a_damaged_folder_is_told_and_not_overwritten() {
    let desk = Desk::new("");
    desk.publishes(&list("2024-01-01", FOUR, &[]));
    believed(desk.fetches("2024-01-01").await);
    let kept = desk.open().journal.versions[0].digest.clone();
    fs::write(desk.path(&format!("state/lists/{kept}.json")), list("2024-01-01", "10.66.0.0/16", &[])).unwrap();
    let error = desk.open().newest().unwrap_err();
    assert!(error.to_string().ends_with("is damaged: its digest is not its name"), "{error}");
    fs::write(desk.path("state/journal.json"), "{\"versions\": [").unwrap();
    assert!(matches!(Folder::open(&desk.path("state")), Err(StateError::Damaged(..))));
}

#[tokio::test]
async fn lists_that_no_longer_count_are_forgotten_after_many() {
    let desk = Desk::new("max_shrink_percent = 50");
    for n in 0..60 {
        desk.publishes(&list("2024-01-01", &format!("{FOUR} 10.7.{n}.0/24"), &[]));
        believed(desk.fetches(&format!("2024-0{}-{:02}", 1 + n / 28, 1 + n % 28)).await);
    }
    let kept = desk.open().journal.versions.len();
    assert!((50..55).contains(&kept), "{kept}");
    assert_eq!(fs::read_dir(desk.path("state/lists")).unwrap().count(), kept);
}
