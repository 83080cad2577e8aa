//! A real kernel, in a network namespace of the test's own: packets pass or not, whoever is killed does no harm, and
//! what is not ours stays.
//!
//! Each test runs this very test program once more, inside the namespace, and there does its work.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
        peer.runs(&format!(
            "ip link set lo up; ip link set far up; ip route add 192.0.2.1/32 dev far; ip -6 route add {US_V6}/128 dev far"
        ));
        peer
    }

    fn runs(&self, script: &str) -> bool {
        let target = self.0.id().to_string();
        let output = Command::new("nsenter").args(["-t", &target, "-n", "bash", "-c", script]).output().unwrap();
        output.status.success()
    }

    /// Whether a connection from `address` comes through. A dropped packet is known by that nothing comes back.
    fn reaches_us_from(&self, address: &str) -> bool {
        assert!(self.runs(&format!(
            "ip addr replace {address}/32 dev far; ip route replace 192.0.2.1/32 dev far src {address}"
        )));
        self.runs("timeout 1 bash -c 'exec 3<>/dev/tcp/192.0.2.1/443'")
    }

    /// The same over IPv6.
    fn reaches_us_from_v6(&self, address: &str) -> bool {
        assert!(self.runs(&format!(
            "ip addr replace {address}/128 dev far nodad && ip -6 route replace {US_V6}/128 dev far src {address}"
        )));
        self.runs(&format!("timeout 1 bash -c 'exec 3<>/dev/tcp/{US_V6}/443'"))
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

    /// Whether we get to it at `address`, where it listens.
    fn is_reached_at(&self, address: &str) -> bool {
        // The one kind of address is looked for twice before it is used, unless told not to.
        let (bits, nodad) = if address.contains(':') { ("128", "nodad") } else { ("32", "") };
        assert!(self.runs(&format!("ip addr replace {address}/{bits} dev far {nodad}")));
        let to = std::net::SocketAddr::new(address.parse().unwrap(), 443);
        std::net::TcpStream::connect_timeout(&to, std::time::Duration::from_secs(1)).is_ok()
    }
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

fn packets(target: &str) {
    let peer = Peer::new();
    let _listener = std::net::TcpListener::bind("192.0.2.1:443").unwrap();
    let desk = follows(target, &["+2024-01-10 10.0.1.0/24", "-2024-01-20 10.0.0.0/25"]);
    assert!(peer.reaches_us_from("10.9.9.9"), "before anything is applied everybody comes through");
    for (day, leaves, comes) in [
        ("2024-01-09", true, false),
        ("2024-01-10", true, true),
        ("2024-01-11", true, true),
        ("2024-01-19", true, true),
        ("2024-01-20", false, true),
        ("2024-01-21", false, true),
    ] {
        // The list cannot be fetched on any of these days; the schedule is known.
        assert!(desk.is_offered(b"<html>", day).is_err());
        desk.applies(day).unwrap();
        assert_eq!(desk.finds(day), Finding::Same, "{day}");
        assert_eq!(peer.reaches_us_from("10.0.0.5"), leaves, "{day}");
        assert_eq!(peer.reaches_us_from("10.0.1.5"), comes, "{day}");
    }
    assert!(peer.reaches_us_from("10.0.0.200"), "only a part of the network left");
    assert!(!peer.reaches_us_from("10.9.9.9"), "who is not on the list does not come through");
}

fn packets_of_the_new_kind(target: &str) {
    let peer = Peer::new();
    let _listener = std::net::TcpListener::bind((US_V6, 443)).unwrap();
    let desk = Desk::new(&format!("[[target]]\nkind = \"{target}\"\nenforce = [\"inbound\"]\n"));
    let steps = ["+2024-01-10 2001:db8:2::/64", "-2024-01-20 2001:db8:1::/65"];
    desk.publishes(&list("2024-01-01", "10.0.0.0/24 2001:db8:1::9/64", &steps));
    now(desk.fetches("2024-01-01")).unwrap();
    assert!(peer.reaches_us_from_v6("2001:db8:9::9"), "before anything is applied everybody comes through");
    for (day, leaves, comes) in [
        ("2024-01-09", true, false),
        ("2024-01-10", true, true),
        ("2024-01-19", true, true),
        ("2024-01-20", false, true),
    ] {
        desk.applies(day).unwrap();
        assert_eq!(desk.finds(day), Finding::Same, "{day}");
        assert_eq!(peer.reaches_us_from_v6("2001:db8:1::5"), leaves, "{day}");
        assert_eq!(peer.reaches_us_from_v6("2001:db8:2::5"), comes, "{day}");
    }
    assert!(peer.reaches_us_from_v6("2001:db8:1:0:8000::5"), "only a half of the network left");
    assert!(!peer.reaches_us_from_v6("2001:db8:9::9"), "who is not on the list does not come through");
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
    assert!(peer.is_reached_at("10.9.9.9") && peer.is_reached_at("2001:db8:9::9"), "nothing is applied yet");
    for (day, leaves, comes) in [
        ("2024-01-09", true, false),
        ("2024-01-10", true, true),
        ("2024-01-19", true, true),
        ("2024-01-20", false, true),
    ] {
        desk.applies(day).unwrap();
        assert_eq!(desk.finds(day), Finding::Same, "{day}");
        assert_eq!(peer.is_reached_at("10.0.0.5"), leaves, "{day}");
        assert_eq!(peer.is_reached_at("10.0.1.5"), comes, "{day}");
        assert_eq!(peer.is_reached_at("2001:db8:2::5"), comes, "{day}");
        assert!(peer.is_reached_at("2001:db8:1::5"), "{day}");
    }
    assert!(peer.is_reached_at("10.0.0.200"), "only a part of the network left");
    assert!(!peer.is_reached_at("10.9.9.9") && !peer.is_reached_at("2001:db8:9::9"), "nothing else is on the list");
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
            assert_eq!(peer.reaches_us_from("10.0.0.5"), leaves, "{day}");
            assert!(peer.reaches_us_from("10.0.0.200") && !peer.reaches_us_from("10.9.9.9"));
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
