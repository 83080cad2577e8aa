//! How long the server bears who is slow: harm whose bounds are longer than a turn. In the long form only.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use bizauth::config::Config;
use bizauth::http::listen::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::acts::{LONG_BODY, connect};
use super::attacks::address;
use super::frames;
use crate::report::Report;
use crate::world::Server;

/// What the server may be late.
const LATE: Duration = Duration::from_secs(10);
/// What it may be early: its clock begins a moment before ours.
const EARLY: Duration = Duration::from_secs(1);

/// Drops that never end, and an answer that is never taken, are given up within the bounds that the server sets.
pub(super) async fn ends(server: &Server, report: &mut Report) {
    let (header, body, answer) = tokio::join!(
        dripping(server, "GET / HTTP/1.1\r\nHost: a\r\nx: "),
        dripping(server, LONG_BODY),
        not_taken(server)
    );
    let limits = Limits::default();
    for (what, bound, ended) in [
        ("a header that comes in drops", limits.header, header),
        ("a body that comes in drops", Config::default().request_timeout, body),
        ("an HTTP/2 answer that nobody takes", limits.stalled, answer),
    ] {
        match ended {
            Ok(after) => {
                let kept = (bound - EARLY..=bound + LATE).contains(&after);
                report.promise(kept, || format!("{what}: given up after {after:?}, {bound:?} promised"));
                report.say(format!("{what}: given up after {:.0} s", after.as_secs_f64()));
            }
            Err(error) => report.promise(false, || format!("{what}: {error}")),
        }
    }
}

/// After what time the server has ended a connection on which a byte comes now and then.
async fn dripping(server: &Server, begun: &str) -> anyhow::Result<Duration> {
    let mut socket = connect(Ipv4Addr::LOCALHOST.into(), address(server)).await?;
    socket.write_all(begun.as_bytes()).await?;
    let since = Instant::now();
    // Hung up on, the second write fails at the latest.
    let drops = async {
        while socket.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(90), drops).await?;
    Ok(since.elapsed())
}

/// After what time the server has given up an HTTP/2 answer, also where the caller looks alive: it answers pings. (One who
/// does not loses the connection.)
async fn not_taken(server: &Server) -> anyhow::Result<Duration> {
    let mut socket = connect(Ipv4Addr::LOCALHOST.into(), address(server)).await?;
    socket.write_all(&[frames::preface(true), frames::ask(1)].concat()).await?;
    let since = Instant::now();
    let reset = async {
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await?;
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            socket.read_exact(&mut payload).await?;
            match (head[3], head[4]) {
                (frames::RST_STREAM, _) if head[8] == 1 => return Ok::<_, std::io::Error>(()),
                (frames::PING, 0) => socket.write_all(&frames::frame(frames::PING, 1, 0, &payload)).await?,
                _ => {}
            }
        }
    };
    timeout(Duration::from_secs(60), reset).await??;
    Ok(since.elapsed())
}
