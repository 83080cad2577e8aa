//! Every target: its text is the golden one, its own tool can read it, and its limits are seen before it is too late.

use std::fs;
use std::path::Path;
use std::process::Command;

use bizauth_core::ips::{Allowed, Chronicle, Cover, IpList, Window};
use bizauth_ips::document;
use bizauth_ips::picture::Picture;
use bizauth_ips::settings::{Enforce, Place};
use bizauth_ips::targets::{self, Target, named};
use tempfile::TempDir;

use super::desk::{MIXED, SEED};

fn allowed(list: &str, day: &str) -> Vec<Allowed> {
    let list: IpList = document::read(list.as_bytes()).unwrap();
    let day = day.parse().unwrap();
    Chronicle::new(day, list).wanted(day, Window::default())
}

fn picture(target: &'static Target, list: &str, day: &str) -> Picture {
    let mut place = Place::of(target);
    if target.live.is_some() {
        place.enforce = Enforce { inbound: true, outbound: true };
    }
    let allow = Cover::of(["192.0.2.7/32".parse().unwrap(), "2001:db8:7::/64".parse().unwrap()]);
    Picture::new(&place, &allowed(list, day), &allow).unwrap()
}

/// What each target is given of the two lists, each as a whole.
fn texts(target: &'static Target) -> [(&'static str, String); 2] {
    let render = |list, day| (target.render)(&picture(target, list, day)).unwrap();
    [("seed", render(SEED, "2023-06-30")), ("mixed", render(MIXED, "2024-02-01"))]
}

#[test]
fn every_target_writes_what_it_always_wrote() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/follow/golden");
    let bless = std::env::var("BIZAUTH_BLESS").is_ok_and(|bless| bless == "1");
    for target in targets::ALL {
        for (name, text) in texts(target) {
            let file = folder.join(format!("{}.{name}.txt", target.name));
            if bless {
                fs::create_dir_all(&folder).and_then(|()| fs::write(&file, &text)).unwrap();
            }
            let golden = fs::read_to_string(&file).unwrap_or_default();
            assert!(golden == text, "{} differs; run with BIZAUTH_BLESS=1 and read the difference", file.display());
        }
    }
}

#[test]
fn what_a_file_target_writes_is_read_by_its_own_tool() {
    let folder = TempDir::new().unwrap();
    let mut tried = Vec::new();
    for target in targets::ALL {
        let Some(trial) = &target.trial else { continue };
        for (name, text) in texts(target) {
            let result = bizauth_ips::apply::try_out(trial, &text, folder.path());
            assert!(result.is_ok(), "{} {name}: {}", target.name, result.unwrap_err());
        }
        // The tool is really asked: nonsense is refused.
        assert!(bizauth_ips::apply::try_out(trial, "what } is this\n", folder.path()).is_err(), "{}", target.name);
        tried.push(target.name);
    }
    assert_eq!(tried, ["apache", "caddy", "haproxy", "nginx", "squid"]);
}

#[test]
fn json_and_yaml_targets_are_json() {
    for name in ["json", "terraform", "aws-prefix-list", "aws-security-group"] {
        for (_, text) in texts(named(name).unwrap()) {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
    // Documents of YAML that are JSON below their comments.
    for name in ["kubernetes", "cilium"] {
        for (_, text) in texts(named(name).unwrap()) {
            let bare: String =
                text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
            for part in bare.split("---\n").filter(|part| !part.trim().is_empty()) {
                serde_json::from_str::<serde_json::Value>(part).unwrap();
            }
        }
    }
}

#[test]
fn the_networks_of_a_target_are_exactly_those_of_the_list() {
    for (list, day) in [(SEED, "2023-06-30"), (MIXED, "2024-02-01")] {
        let wanted = Cover::of(allowed(list, day).iter().flat_map(|it| it.cover.networks().to_vec()));
        for name in
            ["plain", "csv", "json", "squid", "nginx", "haproxy", "apache", "terraform", "cilium", "kubernetes", "pf"]
        {
            let target = named(name).unwrap();
            let text = (target.render)(&picture(target, list, day)).unwrap();
            let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == '"' || c == ';');
            let found = Cover::of(words.filter_map(|word| word.parse::<ipnet::IpNet>().ok()));
            assert_eq!(found, wanted, "{name}");
        }
    }
}

fn many(count: u32) -> Picture {
    let ips: Vec<String> =
        (0..count).map(|n| format!("\"{}/32\"", std::net::Ipv4Addr::from(0x0b00_0000 + 2 * n))).collect();
    let list = format!(
        r#"{{"inbound":[{{"service":"a","ips":[{}],"ports":[80,443],"updatedDate":"2024-01-01"}}],"outbound":[],"updatedDate":"2024-01-01"}}"#,
        ips.join(",")
    );
    Picture::new(&Place::of(named("plain").unwrap()), &allowed(&list, "2024-01-01"), &Cover::default()).unwrap()
}

#[test]
fn limits_are_told_with_what_to_do() {
    for (name, fits, beyond, told) in [
        (
            "aws-security-group",
            30,
            31,
            "62 inbound rules for IPv4, and a security group has at most 60; use aws-prefix-list, which counts as its entries, or choose services",
        ),
        (
            "aws-prefix-list",
            1_000,
            1_001,
            "1001 IPv4 networks, and a prefix list has at most 1000 entries; choose services, and use a prefix list for each",
        ),
        (
            "iptables",
            5_000,
            5_001,
            "5001 networks would be 5001 rules, walked one by one for each packet; use nftables or ipset, or choose services",
        ),
    ] {
        let target = named(name).unwrap();
        assert!((target.render)(&many(fits)).is_ok(), "{name}");
        assert_eq!((target.render)(&many(beyond)).unwrap_err().to_string(), told);
    }
}

#[test]
fn a_service_that_is_misspelled_is_told() {
    let mut place = Place::of(named("plain").unwrap());
    place.services = vec!["calback".to_owned()];
    let error = Picture::new(&place, &allowed(SEED, "2023-06-30"), &Cover::default()).unwrap_err();
    assert_eq!(error.to_string(), "the list has no service \"calback\"");
    place.services = vec!["callback".to_owned()];
    assert_eq!(Picture::new(&place, &allowed(SEED, "2023-06-30"), &Cover::default()).unwrap().groups.len(), 1);
}

/// `nft -c` and `iptables-restore --test` look at the kernel, so they are given a network of their own.
#[test]
fn what_goes_into_the_kernel_passes_the_trial_of_its_tool() {
    let folder = TempDir::new().unwrap();
    for (name, command) in [
        ("nftables", "nft -c -f FILE"),
        ("ipset", "ipset restore -f FILE && ipset list -n"),
        (
            "iptables",
            "sed '/^# IPv6/,$d' FILE | iptables-restore --test --noflush && sed '1,/^# IPv6/d' FILE | ip6tables-restore --test --noflush",
        ),
    ] {
        for (list, text) in texts(named(name).unwrap()) {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            let command = command.replace("FILE", file.to_str().unwrap());
            let output = Command::new("unshare").args(["-rn", "sh", "-c", &command]).output().unwrap();
            assert!(output.status.success(), "{name} {list}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
