//! What the follower tells: status, metrics, calendar, and who still uses what is about to leave.

use std::collections::BTreeSet;
use std::io::Cursor;

use bizauth_ips::status::{How, Status};
use bizauth_ips::{calendar, document, metrics, tool, traffic};

use super::desk::{Desk, SEED, list, noon};

const PLACE: &str = "[[target]]\nkind = \"plain\"\nfile = \"{HERE}/out.txt\"\n";

async fn follows() -> Desk {
    let desk = Desk::new(&format!("max_age_hours = 48\n{PLACE}"));
    desk.publishes(&list("2024-01-01", "10.0.0.0/24", &["+2024-01-10 10.0.1.0/24", "-2024-01-20 10.0.0.0/25"]));
    desk.fetches("2024-01-01").await.unwrap();
    desk
}

#[tokio::test]
async fn the_status_says_how_old_the_list_is_and_what_comes_next() {
    let desk = follows().await;
    let status = |day: &str| Status::of(&desk.settings(), &desk.open(), noon(day)).unwrap();
    let it = status("2024-01-02");
    assert_eq!((it.age, it.stale, it.next_change.unwrap().to_string()), (86_400, false, "2024-01-10".to_owned()));
    assert_eq!(it.places[0].1, How::Due);
    assert!(it.is_well());
    desk.applies("2024-01-02").unwrap();
    assert_eq!(status("2024-01-02").places[0].1, How::Current);
    let it = status("2024-01-04");
    assert!(it.stale && !it.is_well());
    std::fs::write(desk.path("out.txt"), "").unwrap();
    let it = status("2024-01-02");
    assert_eq!(it.places[0].1, How::Drifted(vec!["-10.0.0.0/24".to_owned()]));
    assert!(!it.is_well());
}

#[tokio::test]
async fn the_metrics_are_what_prometheus_reads() {
    let desk = follows().await;
    let _ = desk.is_offered(b"<html>", "2024-01-02");
    desk.applies("2024-01-02").unwrap();
    let (settings, folder, now) = (desk.settings(), desk.open(), noon("2024-01-02"));
    let status = Status::of(&settings, &folder, now).unwrap();
    let text = metrics::render(&settings, &folder, Some(&status), now);
    for line in [
        "bizauth_ips_refused_updates_total{reason=\"page\"} 1",
        "bizauth_ips_refused_updates_total{reason=\"shrink\"} 0",
        "bizauth_ips_list_age_seconds 86400",
        // 2024-01-10T00:00+09:00.
        "bizauth_ips_next_change_timestamp_seconds 1704812400",
        "bizauth_ips_networks{list=\"inbound\",service=\"callback\",family=\"ipv4\"} 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    tool::run(&["promtool", "check", "metrics"], &text).unwrap();
    tool::run(&["promtool", "check", "metrics"], &metrics::render(&settings, &folder, None, now)).unwrap();
    assert!(tool::run(&["promtool", "check", "metrics"], "what is this").is_err());
}

#[test]
fn the_calendar_has_an_event_for_each_change_that_is_always_the_same() {
    let desk = Desk::new("");
    let zone = desk.settings().zone;
    let render =
        |text: &str, stamp: &str| calendar::render(&document::read(text.as_bytes()).unwrap(), &zone, noon(stamp));
    let text = render(SEED, "2023-06-28");
    let count = |word: &str| text.matches(word).count();
    assert_eq!((count("BEGIN:VEVENT\r\n"), count("END:VEVENT\r\n")), (4, 4));
    // 2023-06-30T00:00+09:00.
    assert_eq!(count("DTSTART:20230629T150000Z\r\n"), 2);
    assert!(text.contains("SUMMARY:2 networks leave https://auth.kakao.com (outbound)\r\n"), "{text}");
    assert!(text.contains("DESCRIPTION:219.249.227.143/32\\n210.103.240.15/32\r\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 75), "{text}");
    let uids =
        |text: &str| text.lines().filter(|it| it.starts_with("UID:")).map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(uids(&text).len(), 4);
    // Corrected addresses are the same event; another date is another.
    assert_eq!(uids(&render(&SEED.replace("219.249.227.143/32", "219.249.227.144/32"), "2023-06-29")), uids(&text));
    assert_ne!(uids(&render(&SEED.replace("2023-07-01", "2023-07-02"), "2023-06-28")), uids(&text));
    // A line of other scripts is folded between characters.
    let long = "서비스".repeat(30);
    assert!(render(&SEED.replace("https://auth.kakao.com", &long), "2023-06-28").lines().all(|line| line.len() <= 75));
}

#[tokio::test]
async fn who_still_uses_what_leaves_is_counted() {
    let desk = follows().await;
    let today = "2024-01-12".parse().unwrap();
    let chronicle = desk.open().chronicle(&desk.settings(), today).unwrap();
    let mut leaving = traffic::leaving(&chronicle, today);
    assert_eq!(leaving.len(), 1);
    let logs = "10.0.0.5 - - [12/Jan/2024:10:00:00 +0900] \"POST /callback HTTP/1.1\" 200\n\
                10.0.0.200 - - [12/Jan/2024:10:00:01 +0900] \"POST /callback HTTP/1.1\" 200\n\
                ESTAB 0 0 192.0.2.1:443 10.0.0.7:50000\n";
    assert_eq!(traffic::count(&mut leaving, Cursor::new(logs)).unwrap(), 3);
    let it = &leaving[0];
    assert_eq!((it.network.to_string(), it.date.to_string(), it.lines), ("10.0.0.0/25".into(), "2024-01-20".into(), 2));
    assert_eq!(it.example.unwrap().to_string(), "10.0.0.7");
    // Once it has left, nothing is about to leave.
    assert_eq!(traffic::leaving(&chronicle, "2024-01-20".parse().unwrap()), []);
}
