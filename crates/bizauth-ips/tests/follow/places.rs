//! Putting a list into files: what is due, what is foreign, what fails, and that everything can be taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bizauth_ips::apply::{ApplyError, Finding};

use super::desk::{Desk, list};

const PLAIN: &str = "[[target]]\nkind = \"plain\"\nfile = \"{HERE}/out.txt\"\n";

async fn follows(rest: &str) -> Desk {
    let desk = Desk::new(rest);
    desk.publishes(&list("2024-01-01", "10.0.0.9/24", &["+2024-01-10 10.0.1.0/24", "-2024-01-20 10.0.0.0/25"]));
    desk.fetches("2024-01-01").await.unwrap();
    desk
}

fn out(desk: &Desk) -> String {
    fs::read_to_string(desk.path("out.txt")).unwrap().lines().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_file_changes_on_the_days_of_the_schedule_and_on_no_other() {
    let desk = follows(PLAIN).await;
    assert_eq!(desk.finds("2024-01-01"), Finding::New);
    for (day, changes, wanted) in [
        ("2024-01-01", true, "10.0.0.0/24"),
        ("2024-01-09", false, "10.0.0.0/24"),
        ("2024-01-10", true, "10.0.0.0/23"),
        ("2024-01-19", false, "10.0.0.0/23"),
        ("2024-01-20", true, "10.0.0.128/25 10.0.1.0/24"),
        ("2024-03-01", false, "10.0.0.128/25 10.0.1.0/24"),
    ] {
        assert_eq!(desk.finds(day) != Finding::Same, changes, "{day}");
        assert_eq!(desk.applies(day).unwrap().len(), usize::from(changes), "{day}");
        assert_eq!(out(&desk), wanted, "{day}");
    }
}

#[tokio::test]
async fn a_plan_says_which_lines_go_and_come() {
    let desk = follows(PLAIN).await;
    desk.applies("2024-01-01").unwrap();
    let lines = vec!["-10.0.0.0/24".to_owned(), "+10.0.0.0/23".to_owned()];
    assert_eq!(desk.finds("2024-01-10"), Finding::Changed(lines));
}

/// A clock that jumps back, as at the start of a machine without a battery, must not bring back what was removed.
#[tokio::test]
async fn a_clock_that_is_set_back_changes_nothing() {
    let desk = follows(PLAIN).await;
    desk.publishes(&list("2024-01-20", "10.0.0.128/25 10.0.1.0/24", &[]));
    desk.fetches("2024-01-20").await.unwrap();
    desk.applies("2024-01-20").unwrap();
    desk.applies("1970-01-02").unwrap();
    assert_eq!(out(&desk), "10.0.0.128/25 10.0.1.0/24");
    // Not even a list that is believed while the clock is wrong.
    desk.publishes(&list("2024-01-20", "10.0.0.128/25 10.0.1.0/24 10.0.9.0/24", &[]));
    desk.fetches("1970-01-02").await.unwrap();
    desk.applies("1970-01-02").unwrap();
    assert_eq!(out(&desk), "10.0.0.128/25 10.0.1.0/24 10.0.9.0/24");
}

#[tokio::test]
async fn what_somebody_changed_is_seen_and_put_right() {
    let desk = follows(PLAIN).await;
    desk.applies("2024-01-01").unwrap();
    fs::write(desk.path("out.txt"), "10.0.0.0/24\n10.66.6.6/32\n").unwrap();
    assert_eq!(desk.finds("2024-01-01"), Finding::Drifted(vec!["+10.66.6.6/32".to_owned()]));
    desk.applies("2024-01-01").unwrap();
    assert_eq!(out(&desk), "10.0.0.0/24");
    fs::remove_file(desk.path("out.txt")).unwrap();
    assert_eq!(desk.finds("2024-01-01"), Finding::Drifted(vec!["-10.0.0.0/24".to_owned()]));
    desk.applies("2024-01-01").unwrap();
    assert_eq!(out(&desk), "10.0.0.0/24");
}

#[tokio::test]
async fn a_file_of_somebody_elses_is_not_touched() {
    let desk = follows(PLAIN).await;
    fs::write(desk.path("out.txt"), "mine\n").unwrap();
    let error = desk.applies("2024-01-01").unwrap_err();
    assert!(matches!(error, ApplyError::Foreign { .. }), "{error}");
    assert_eq!(out(&desk), "mine");
}

#[tokio::test]
async fn a_file_keeps_its_mode_and_leaves_nothing_beside() {
    let desk = follows(PLAIN).await;
    desk.applies("2024-01-01").unwrap();
    fs::set_permissions(desk.path("out.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    desk.applies("2024-01-10").unwrap();
    assert_eq!(fs::metadata(desk.path("out.txt")).unwrap().permissions().mode() & 0o777, 0o640);
    let mut names: Vec<String> =
        fs::read_dir(desk.folder.path()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["list.json", "out.txt", "state"]);
}

#[tokio::test]
async fn a_check_that_fails_puts_the_file_back() {
    let desk = follows(&format!("{PLAIN}check = [\"grep\", \"-q\", \"^10.0.0.0/24\", \"{{HERE}}/out.txt\"]\n")).await;
    desk.applies("2024-01-01").unwrap();
    let error = desk.applies("2024-01-10").unwrap_err().to_string();
    assert!(error.contains("failed (exit status 1)") && error.ends_with("the file is again what it was"), "{error}");
    assert_eq!(out(&desk), "10.0.0.0/24");
    // What was to be done is still to be done.
    assert!(matches!(desk.finds("2024-01-10"), Finding::Changed(_)));
}

#[tokio::test]
async fn hooks_may_forbid_a_change_and_take_it_back() {
    let hook = |name: &str, word: &str| {
        let log = format!("echo $BIZAUTH_IPS_HOOK $BIZAUTH_IPS_PLACES >> {{HERE}}/log; {word}");
        format!("{name} = [\"sh\", \"-c\", \"{log}\"]\n")
    };
    let log = |desk: &Desk| fs::read_to_string(desk.path("log")).unwrap_or_default().lines().count();
    let mut desk = follows(&format!("{}{}{PLAIN}", hook("before", "true"), hook("after", "true"))).await;
    desk.applies("2024-01-01").unwrap();
    assert_eq!(log(&desk), 2);
    // Without a change there is nothing to ask about.
    desk.applies("2024-01-02").unwrap();
    assert_eq!(log(&desk), 2);
    desk.rest = format!("early_days = 0\nlate_days = 0\nallow_reserved = true\n{}{PLAIN}", hook("before", "false"));
    let error = desk.applies("2024-01-10").unwrap_err().to_string();
    assert!(error.starts_with("the hook before: ") && error.ends_with("nothing was changed"), "{error}");
    assert_eq!(out(&desk), "10.0.0.0/24");
    desk.rest = format!("early_days = 0\nlate_days = 0\nallow_reserved = true\n{}{PLAIN}", hook("after", "false"));
    let error = desk.applies("2024-01-10").unwrap_err().to_string();
    assert!(error.ends_with("the changes were taken back"), "{error}");
    assert_eq!(out(&desk), "10.0.0.0/24");
    assert!(matches!(desk.finds("2024-01-10"), Finding::Changed(_)));
}

/// The tool of the target itself is asked before the file is touched.
#[tokio::test]
async fn several_places_are_kept_and_one_that_fails_keeps_none_of_the_others() {
    let more = "[[target]]\nkind = \"nginx\"\nfile = \"{HERE}/geo.conf\"\n[[target]]\nkind = \"csv\"\nfile = \"{HERE}/nowhere/out.csv\"\n";
    let desk = follows(&format!("{more}{PLAIN}")).await;
    let error = desk.applies("2024-01-01").unwrap_err().to_string();
    assert!(error.contains("nowhere/out.csv cannot be read or written"), "{error}");
    assert_eq!(out(&desk), "10.0.0.0/24");
    assert!(fs::read_to_string(desk.path("geo.conf")).unwrap().contains("geo $bizauth_in_callback"));
}

/// A file that was begun and not finished is ours all the same, and so is one that was finished and not noted.
#[tokio::test]
async fn a_file_of_a_process_that_was_killed_is_known_for_ours() {
    let desk = follows(PLAIN).await;
    desk.applies("2024-01-01").unwrap();
    for left in ["10.0.0.0/24\n", "10.0.0.0/23\n"] {
        let mut folder = desk.open();
        folder.journal.applied.values_mut().for_each(|applied| applied.begun = true);
        folder.save().unwrap();
        drop(folder);
        fs::write(desk.path("out.txt"), left).unwrap();
        desk.applies("2024-01-10").unwrap();
        assert_eq!(out(&desk), "10.0.0.0/23");
        assert_eq!(desk.finds("2024-01-10"), Finding::Same);
    }
}

#[test]
fn a_configuration_is_judged_before_anything_is_done() {
    use bizauth_ips::settings::Settings;
    for (text, told) in [
        ("", "missing field `source`"),
        ("source = \"a\"\nsoruce = 1", "unknown field `soruce`"),
        ("source = \"a\"\nzone = \"Asia/Soul\"", "zone: there is no time zone \"Asia/Soul\""),
        ("source = \"a\"\nearly_days = 400", "at most 365"),
        ("source = \"a\"\nmax_shrink_percent = 101", "max_shrink_percent: it is at most 100"),
        ("source = \"a\"\nallow = [\"10.0.0.1\"]", "allow: \"10.0.0.1\" has no prefix length"),
        ("source = \"https://a\"\npublic_key = \"RW\"", "signature must say where the signature is"),
        ("source = \"a\"\n[[target]]\nkind = \"ngnix\"\nfile = \"x\"", "target[0].kind: there is no target \"ngnix\""),
        ("source = \"a\"\n[[target]]\nkind = \"nginx\"", "target[0].file: there must be one to write"),
        ("source = \"a\"\n[[target]]\nkind = \"nftables\"\nfile = \"x\"", "nftables writes no file"),
        ("source = \"a\"\n[[target]]\nkind = \"nftables\"\nname = \"a-b\"", "target[0].name"),
        (
            "source = \"a\"\n[[target]]\nkind = \"nftables\"\nenforce = [\"both\"]",
            "it is a list of inbound and outbound",
        ),
        (
            "source = \"a\"\n[[target]]\nkind = \"csv\"\nfile = \"x\"\nenforce = [\"inbound\"]",
            "csv enforces nothing by itself",
        ),
        (
            "source = \"a\"\n[[target]]\nkind = \"nftables\"\n[[target]]\nkind = \"nftables\"",
            "target[1]: nftables-bizauth is there twice",
        ),
    ] {
        let error = Settings::read(text).unwrap_err().to_string();
        assert!(error.contains(told), "{error:?} does not say {told:?}");
    }
}
