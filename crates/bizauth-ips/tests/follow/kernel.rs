//! A real kernel, in a network namespace of the test's own: packets pass or not, whoever is killed does no harm, and
//! what is not ours stays.
//!
//! Each test runs this very test program once more, inside the namespace, and there does its work.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bizauth_ips::apply::{ApplyError, Finding};
use bizauth_ips::session::Session;
use bizauth_ips::tool;

use super::desk::{Desk, list, noon};

/// Runs `body` in a network namespace of its own.
fn apart(name: &str, body: fn()) {
    if std::env::var("BIZAUTH_TEST_APART").is_ok_and(|within| within == name) {
        return body();
    }
    let program = std::env::current_exe().unwrap();
    // As root in a user namespace: what the test may do to the network, it may do to this one only.
    let output = Command::new("unshare")
        .args(["-rn", "--"])
        .arg(program)
        .args(["--exact", &format!("kernel::{name}"), "--nocapture", "--test-threads=1"])
        .env("BIZAUTH_TEST_APART", name)
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "the test did not run: {told}");
}

macro_rules! apart {
    ($($(#[$doc:meta])* fn $name:ident() $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            fn body() $body
            apart(stringify!($name), body);
        }
    )*};
}

fn sh(script: &str) -> String {
    tool::run(&["sh", "-ec", script], "").unwrap_or_else(|error| panic!("{error}"))
}

/// What the futures of the desk wait for is a file: there is nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// This machine's address over IPv6.
const US_V6: &str = "2001:db8:ffff::1";

/// Another machine, at the other end of a wire.
struct Peer(Child);

impl Peer {
    /// This machine is `192.0.2.1` and `2001:db8:ffff::1`; the other one has every address that it is told to have.
    fn new() -> Peer {
        sh("ip link set lo up");
        // It ends with its stdin, and so with the test however that ends.
        let mut child = Command::new("unshare").args(["-n", "cat"]).stdin(Stdio::piped()).spawn().unwrap();
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        // The namespace is there once the program in it runs.
        let name = format!("/proc/{}/ns/net", child.id());
        let mut tries = 0;
        while fs::read_link(&name).map_or(true, |other| other == own) {
            tries += 1;
            assert!(tries < 1_000_000 && child.try_wait().unwrap().is_none(), "there is no other machine");
            std::thread::yield_now();
        }
        let peer = Peer(child);
        sh(&format!(
            "ip link add near type veth peer name far netns {}; ip addr add 192.0.2.1/32 dev near; ip link set near up; \
             ip route add default dev near; ip addr add {US_V6}/128 dev near nodad; ip -6 route add default dev near",
            peer.0.id()
        ));
        assert!(peer.runs(&format!(
            "ip link set lo up; ip link set far up; ip route add 192.0.2.1/32 dev far; ip -6 route add {US_V6}/128 dev far"
        )));
        // The kernel tells an end that its wire is whole in a round it makes once a second for the whole machine; until
        // then that end loses what is sent.
        let carries =
            "for _ in $(seq 1000); do ip -o link show $end | grep -q 'state UP' && exit 0; sleep 0.02; done; exit 1";
        assert!(peer.runs(&format!("end=far; {carries}")), "the far end never came up");
        sh(&format!("end=near; {carries}"));
        peer
    }

    fn runs(&self, script: &str) -> bool {
        let target = self.0.id().to_string();
        let output = Command::new("nsenter").args(["-t", &target, "-n", "bash", "-c", script]).output().unwrap();
        output.status.success()
    }

    /// Holds that a connection from `address` gets to us, or that nothing of it ever arrives.
    fn comes_from(&self, address: &str, expected: bool) {
        let (family, us, bits) =
            if address.contains(':') { ("-6", US_V6, "128 nodad") } else { ("-4", "192.0.2.1", "32") };
        let (bits, nodad) = bits.split_once(' ').unwrap_or((bits, ""));
        assert!(self.runs(&format!(
            "ip addr replace {address}/{bits} dev far {nodad} && ip {family} route replace {us}/{bits} dev far src {address}"
        )));
        let patience = patience(expected).as_secs();
        let came = self.runs(&format!("timeout {patience} bash -c 'exec 3<>/dev/tcp/{us}/443'"));
        assert_eq!(came, expected, "a connection from {address}");
    }

    /// From now on somebody listens there on 443, at every address of either kind, until what is given back is dropped.
    fn listens(&self) -> Listening {
        const LISTEN: &str = "import socket, sys, threading\n\
            door = socket.create_server(('::', 443), family=socket.AF_INET6, dualstack_ipv6=True)\n\
            def serve():\n    while True: door.accept()[0].close()\n\
            threading.Thread(target=serve, daemon=True).start()\n\
            print('ready', flush=True)\nsys.stdin.read()";
        let target = self.0.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["-t", &target, "-n", "python3", "-c", LISTEN]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut ready = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        Listening(child)
    }

    /// Holds that we get to it at `address`, where it listens, or that it never hears of us.
    fn is_reached_at(&self, address: &str, expected: bool) {
        // The one kind of address is looked for twice before it is used, unless told not to.
        let (bits, nodad) = if address.contains(':') { ("128", "nodad") } else { ("32", "") };
        assert!(self.runs(&format!("ip addr replace {address}/{bits} dev far {nodad}")));
        let to = std::net::SocketAddr::new(address.parse().unwrap(), 443);
        let reached = std::net::TcpStream::connect_timeout(&to, patience(expected)).is_ok();
        assert_eq!(reached, expected, "a connection to {address}");
    }
}

/// A dropped packet is known by that nothing comes back for a while; what passes may take its time on a busy machine.
fn patience(expected: bool) -> Duration {
    Duration::from_secs(if expected { 20 } else { 1 })
}

/// A program that listens, and ends with its stdin.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn follows(target: &str, steps: &[&str]) -> Desk {
    let desk = Desk::new(&format!("[[target]]\nkind = \"{target}\"\nenforce = [\"inbound\"]\n"));
    desk.publishes(&list("2024-01-01", "10.0.0.9/24 2001:db8::/64", steps));
    now(desk.fetches("2024-01-01")).unwrap();
    desk
}

/// Holds on each day of a schedule what passes: what leaves on the 20th does until then, what comes on the 10th from then.
fn passes_by_the_dates(desk: &Desk, leaves: &[&str], comes: &[&str], passes: impl Fn(&str, bool)) {
    for day in ["09", "10", "11", "19", "20", "21"] {
        let day = format!("2024-01-{day}");
        // The list cannot be fetched on any of these days; the schedule is known.
        assert!(desk.is_offered(b"<html>", &day).is_err());
        desk.applies(&day).unwrap();
        assert_eq!(desk.finds(&day), Finding::Same, "{day}");
        for address in leaves {
            passes(address, day.as_str() < "2024-01-20");
        }
        for address in comes {
            passes(address, day.as_str() >= "2024-01-10");
        }
    }
}

fn packets(target: &str) {
    let peer = Peer::new();
    let _listener = std::net::TcpListener::bind("192.0.2.1:443").unwrap();
    let desk = follows(target, &["+2024-01-10 10.0.1.0/24", "-2024-01-20 10.0.0.0/25"]);
    let passes = |address: &str, expected| peer.comes_from(address, expected);
    // Before anything is applied everybody comes through; then who is not on the list does not.
    passes("10.9.9.9", true);
    passes_by_the_dates(&desk, &["10.0.0.5"], &["10.0.1.5"], passes);
    // Only a part of the network left.
    passes("10.0.0.200", true);
    passes("10.9.9.9", false);
}

fn packets_of_the_new_kind(target: &str) {
    let peer = Peer::new();
    let _listener = std::net::TcpListener::bind((US_V6, 443)).unwrap();
    let desk = Desk::new(&format!("[[target]]\nkind = \"{target}\"\nenforce = [\"inbound\"]\n"));
    let steps = ["+2024-01-10 2001:db8:2::/64", "-2024-01-20 2001:db8:1::/65"];
    desk.publishes(&list("2024-01-01", "10.0.0.0/24 2001:db8:1::9/64", &steps));
    now(desk.fetches("2024-01-01")).unwrap();
    let passes = |address: &str, expected| peer.comes_from(address, expected);
    passes("2001:db8:9::9", true);
    passes_by_the_dates(&desk, &["2001:db8:1::5"], &["2001:db8:2::5"], passes);
    // Only a half of the network left.
    passes("2001:db8:1:0:8000::5", true);
    passes("2001:db8:9::9", false);
}

fn packets_on_their_way_out(target: &str) {
    let peer = Peer::new();
    let _listening = peer.listens();
    let desk = Desk::new(&format!("[[target]]\nkind = \"{target}\"\nenforce = [\"outbound\"]\n"));
    let steps = ["+2024-01-10 10.0.1.0/24 2001:db8:2::/64", "-2024-01-20 10.0.0.0/25"];
    let inbound = list("2024-01-01", "10.0.0.9/24 2001:db8:1::/64", &steps);
    let turned = inbound.replace("\"outbound\"", "\"here\"").replace("\"inbound\"", "\"outbound\"");
    desk.publishes(&turned.replace("\"here\"", "\"inbound\""));
    now(desk.fetches("2024-01-01")).unwrap();
    let passes = |address: &str, expected| peer.is_reached_at(address, expected);
    passes("10.9.9.9", true);
    passes("2001:db8:9::9", true);
    passes_by_the_dates(&desk, &["10.0.0.5"], &["10.0.1.5", "2001:db8:2::5"], passes);
    // Only a part of the one network left, nothing of the other, and nothing else is on the list.
    passes("10.0.0.200", true);
    passes("2001:db8:1::5", true);
    passes("10.9.9.9", false);
    passes("2001:db8:9::9", false);
}

apart! {
    fn packets_over_ipv6_pass_nftables_by_the_dates_of_the_list() {
        packets_of_the_new_kind("nftables");
    }

    fn packets_over_ipv6_pass_iptables_by_the_dates_of_the_list() {
        packets_of_the_new_kind("iptables");
    }

    fn packets_leave_through_nftables_by_the_dates_of_the_list() {
        packets_on_their_way_out("nftables");
    }

    fn packets_leave_through_iptables_by_the_dates_of_the_list() {
        packets_on_their_way_out("iptables");
    }

    fn packets_pass_nftables_by_the_dates_of_the_list() {
        packets("nftables");
    }

    fn packets_pass_iptables_by_the_dates_of_the_list() {
        packets("iptables");
    }

    /// The rule is the operator's; the sets under it are swapped.
    fn packets_pass_ipset_by_the_dates_of_the_list() {
        let peer = Peer::new();
        let _listener = std::net::TcpListener::bind("192.0.2.1:443").unwrap();
        let desk = Desk::new("[[target]]\nkind = \"ipset\"\n");
        desk.publishes(&list("2024-01-01", "10.0.0.9/24", &["-2024-01-20 10.0.0.0/25"]));
        now(desk.fetches("2024-01-01")).unwrap();
        desk.applies("2024-01-01").unwrap();
        sh("iptables -A INPUT -p tcp --dport 443 -m set ! --match-set bizauth_in_callback_v4 src -j DROP");
        for (day, leaves) in [("2024-01-19", true), ("2024-01-20", false), ("2024-01-21", false)] {
            desk.applies(day).unwrap();
            assert_eq!(desk.finds(day), Finding::Same, "{day}");
            peer.comes_from("10.0.0.5", leaves);
            peer.comes_from("10.0.0.200", true);
            peer.comes_from("10.9.9.9", false);
        }
    }

    fn what_is_not_ours_stays_as_it_is() {
        sh("nft add table inet mine; nft add set inet mine keep '{ type ipv4_addr; elements = { 10.1.1.1 }; }'; \
            ipset create bizauthlike hash:ip; iptables -N MINE; iptables -A INPUT -s 10.2.2.2 -j MINE");
        let foreign = || sh("nft list table inet mine; ipset list -n bizauthlike; iptables -S MINE; iptables -S INPUT | grep MINE");
        let before = foreign();
        for target in ["nftables", "ipset", "iptables"] {
            let desk = Desk::new(&format!("[[target]]\nkind = \"{target}\"\n"));
            desk.publishes(&list("2024-01-01", "10.0.0.0/24", &["-2024-01-20 10.0.0.0/25"]));
            now(desk.fetches("2024-01-01")).unwrap();
            desk.applies("2024-01-01").unwrap();
            desk.applies("2024-01-20").unwrap();
        }
        assert_eq!(foreign(), before);
        // A table of our name that we did not make is somebody's.
        sh("nft delete table inet bizauth_ips; nft add table inet bizauth_ips");
        let desk = follows("nftables", &[]);
        let error = desk.applies("2024-01-01").unwrap_err();
        assert!(matches!(error, ApplyError::Foreign { .. }), "{error}");
        assert_eq!(sh("nft list table inet bizauth_ips").lines().count(), 2);
    }

    fn what_somebody_did_to_the_kernel_is_seen_and_put_right() {
        let desk = follows("nftables", &[]);
        desk.applies("2024-01-01").unwrap();
        sh("nft add element inet bizauth_ips in_callback_v4 '{ 10.66.6.0/24 }'");
        assert_eq!(desk.finds("2024-01-01"), Finding::Drifted(vec!["-elements = { 10.0.0.0/24 }".into(), "+elements = { 10.0.0.0/24".into(), "+10.66.6.0/24 }".into()]));
        desk.applies("2024-01-01").unwrap();
        assert_eq!(desk.finds("2024-01-01"), Finding::Same);
        // As after a reboot.
        sh("nft delete table inet bizauth_ips");
        assert!(matches!(desk.finds("2024-01-01"), Finding::Drifted(_)));
        desk.applies("2024-01-01").unwrap();
        assert_eq!(desk.finds("2024-01-01"), Finding::Same);
    }

    fn nobody_cuts_off_the_session_he_works_in() {
        let mut desk = Desk::new("[[target]]\nkind = \"nftables\"\nenforce = [\"inbound\"]\n");
        let ssh = list("2024-01-01", "10.0.0.0/24", &[]).replace("[443]", "[22]");
        desk.publishes(&ssh);
        now(desk.fetches("2024-01-01")).unwrap();
        let session = |text: &str| Session::read(text);
        let from_outside = session("198.51.100.7 51234 192.0.2.1 22");
        let error = desk.applies_at(noon("2024-01-01"), from_outside).unwrap_err();
        assert!(error.to_string().ends_with("port 22 of this machine would be closed to 198.51.100.7, where you are signed in from"), "{error}");
        assert_eq!(sh("nft list tables"), "");
        // From the list, from what is always allowed, and to another port it is no matter.
        for text in ["10.0.0.5 51234 192.0.2.1 22", "::ffff:10.0.0.5 51234 ::ffff:192.0.2.1 22", "198.51.100.7 51234 192.0.2.1 2222"] {
            desk.applies_at(noon("2024-01-01"), session(text)).unwrap();
            sh("nft delete table inet bizauth_ips");
        }
        desk.rest = format!("allow = [\"198.51.100.0/24\"]\n{}", desk.rest);
        desk.applies_at(noon("2024-01-01"), from_outside).unwrap();
    }

    /// The tool is stopped before the kernel is told, and after: both times the agent is killed while it waits.
    fn an_agent_that_is_killed_leaves_the_old_rules_or_the_new() {
        let desk = follows("nftables", &["-2024-01-20 10.0.0.0/25"]);
        desk.applies("2024-01-01").unwrap();
        let rules = || sh("nft -s list table inet bizauth_ips");
        let old = rules();
        for (when, works) in [("before", ""), ("after", "/usr/sbin/nft -f -;")] {
            killed(&desk, works);
            let left = rules();
            let whole = if when == "before" { left == old } else { left != old && left.contains("10.0.0.128/25") };
            assert!(whole, "{when}: {left}");
            // Whoever comes next finishes it, and finds nothing more to do.
            assert_ne!(desk.finds("2024-01-20"), Finding::Same, "{when}");
            desk.applies("2024-01-20").unwrap();
            assert_eq!(desk.finds("2024-01-20"), Finding::Same, "{when}");
            assert!(rules().contains("10.0.0.128/25") && !rules().contains("10.0.0.0/24"), "{when}");
            // Back to the eve, for the other half.
            fs::remove_dir_all(desk.path("state")).unwrap();
            sh("nft delete table inet bizauth_ips");
            now(desk.fetches("2024-01-01")).unwrap();
            desk.applies("2024-01-01").unwrap();
        }
    }
}

/// Starts an agent whose `nft` does `works` when it is to apply, tells us, and then hangs; and kills it there.
fn killed(desk: &Desk, works: &str) {
    let tools = desk.path("tools");
    fs::create_dir_all(&tools).unwrap();
    let (fifo, script) = (desk.path("reached"), tools.join("nft"));
    let _ = fs::remove_file(&fifo);
    sh(&format!("mkfifo {}", fifo.display()));
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = -f ]; then {works} echo reached > {}; exec cat {}; fi\nexec /usr/sbin/nft \"$@\"\n",
        fifo.display(),
        fifo.display()
    );
    let mut file = fs::File::create(&script).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", tools.display());
    let mut agent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kernel::an_agent_as_a_process_of_its_own"])
        .env("BIZAUTH_TEST_AGENT", desk.folder.path())
        .env("BIZAUTH_TEST_REST", &desk.rest)
        .env("PATH", path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(read(&fifo), "reached\n");
    agent.kill().unwrap();
    agent.wait().unwrap();
    // The tool it left behind waits for somebody to write.
    drop(fs::OpenOptions::new().write(true).open(&fifo).unwrap());
}

fn read(fifo: &Path) -> String {
    fs::read_to_string(fifo).unwrap()
}

/// Not a test of its own: the process that [`killed`] starts. Alone it has nothing to apply.
#[test]
fn an_agent_as_a_process_of_its_own() {
    let Some(folder) = std::env::var_os("BIZAUTH_TEST_AGENT") else { return };
    let rest = std::env::var("BIZAUTH_TEST_REST").unwrap();
    Desk::at(folder.into(), rest).applies("2024-01-20").unwrap();
}
