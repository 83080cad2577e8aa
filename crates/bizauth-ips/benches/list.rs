//! How long a list of a hundred thousand networks takes: read, planned, rendered, against reading its bytes alone.
//!
//! `cargo bench -p bizauth-ips`. The steps are taken by turns and the best of each is told, because machines that are
//! shared swing. The last line is the sum and its ratio to reading the file.

use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bizauth_core::ips::{Chronicle, Cover, Window, compare};
use bizauth_ips::document;
use bizauth_ips::picture::Picture;
use bizauth_ips::settings::Place;
use bizauth_ips::targets::named;
use jiff::civil::date;

const NETWORKS: u32 = 100_000;
const ROUNDS: usize = 15;

/// A hundred thousand networks of many lengths in one service, every tenth of them with a date.
fn list() -> String {
    let (mut ips, mut addition, mut exclusion) = (String::new(), String::new(), String::new());
    for n in 0..NETWORKS {
        let address = std::net::Ipv4Addr::from(0x1000_0000 + n.wrapping_mul(2_654_435_761) % 0x6000_0000);
        let cidr = format!("\"{address}/{}\"", 24 + n % 9);
        let to = if n % 20 == 7 { &mut addition } else { &mut ips };
        let _ = write!(to, "{}{cidr}", if to.is_empty() { "" } else { "," });
        if n % 20 == 3 {
            let _ = write!(exclusion, "{}{cidr}", if exclusion.is_empty() { "" } else { "," });
        }
    }
    format!(
        r#"{{"inbound":[{{"service":"callback","ips":[{ips}],"ports":[443],"updatedDate":"2024-01-01",
        "addition":{{"ips":[{addition}],"date":"2024-02-01"}},"exclusion":{{"ips":[{exclusion}],"date":"2024-03-01"}}}}],
        "outbound":[],"updatedDate":"2024-01-01"}}"#
    )
}

fn main() {
    let file = std::env::temp_dir().join(format!("bizauth-ips-bench-{}.json", std::process::id()));
    fs::write(&file, list()).expect("the temporary folder can be written");
    let (today, window) = (date(2024, 2, 15), Window { early: 1, late: 1 });
    let place = Place::of(named("nftables").expect("there is such a target"));
    let names = ["read the file", "parse", "plan", "render nftables", "compare with itself", "lint"];
    let mut best = [Duration::MAX; 6];
    let mut size = (0, 0, 0);
    for _ in 0..ROUNDS {
        let mut lap = Lap(Instant::now());
        let bytes = black_box(fs::read(&file).expect("it was written"));
        lap.ends(&mut best[0]);
        let list = black_box(document::read(&bytes).expect("it is a list"));
        lap.ends(&mut best[1]);
        let allowed = Chronicle::new(today, list.clone()).wanted(today, window);
        let picture = black_box(Picture::new(&place, &allowed, &Cover::default()).expect("it has every service"));
        lap.ends(&mut best[2]);
        let text = black_box((place.target.render)(&picture).expect("it is within the limits"));
        lap.ends(&mut best[3]);
        black_box(compare(&list, today, &list, today));
        lap.ends(&mut best[4]);
        black_box(list.lint(today));
        lap.ends(&mut best[5]);
        size = (bytes.len(), picture.networks(), text.len());
    }
    let _ = fs::remove_file(file);
    println!("{NETWORKS} networks, {} bytes; {} networks let through, {} bytes of nftables", size.0, size.1, size.2);
    for (name, time) in names.iter().zip(best) {
        println!("{name:24} {:9.3} ms", time.as_secs_f64() * 1e3);
    }
    let sum: Duration = best[1..4].iter().sum();
    let ratio = sum.as_secs_f64() / best[0].as_secs_f64();
    println!("{:24} {:9.3} ms, {ratio:.0} times reading the file", "parse + plan + render", sum.as_secs_f64() * 1e3);
}

struct Lap(Instant);

impl Lap {
    fn ends(&mut self, best: &mut Duration) {
        let now = Instant::now();
        *best = (*best).min(now - self.0);
        self.0 = now;
    }
}
