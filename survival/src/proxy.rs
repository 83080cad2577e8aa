//! A TCP proxy before a socket of PostgreSQL that can go silent (bytes vanish, nobody hangs up) or refuse, as networks
//! do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// They pass.
    Whole,
    /// They vanish, and nobody is told: a cut cable, a firewall that forgot. Connections that saw this stay so.
    Silent,
    /// Connections are closed, and new ones at once.
    Refusing,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<watch::Sender<Line>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Before the socket at `path`.
    ///
    /// # Errors
    /// There is no port to be had.
    pub async fn before(path: PathBuf) -> anyhow::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let line = Arc::new(watch::channel(Line::Whole).0);
        let told = line.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mut line, path) = (told.subscribe(), path.clone());
                tokio::spawn(async move {
                    // Whatever it ends with, the connection is over.
                    let _ = carry(client, path, &mut line).await;
                });
            }
        });
        Ok(Proxy { address, line, accepting })
    }

    /// The way through the proxy to the database that `url` names.
    ///
    /// # Errors
    /// It names none.
    pub fn url(&self, url: &str) -> anyhow::Result<String> {
        let (_, database) = url.rsplit_once('/').context("a connection string names its database")?;
        Ok(format!("postgres://postgres@{}/{database}", self.address))
    }

    /// From now on.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, path: PathBuf, line: &mut watch::Receiver<Line>) -> anyhow::Result<()> {
    let now = *line.borrow_and_update();
    match now {
        Line::Whole => {}
        Line::Silent => return swallow(client).await,
        Line::Refusing => return Ok(()),
    }
    let mut server = UnixStream::connect(path).await?;
    let (mut there, mut back) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        tokio::select! {
            biased;
            changed = line.changed() => {
                changed?;
                let now = *line.borrow_and_update();
                match now {
                    Line::Whole => {}
                    // The server's end stays open too: a cut line tells neither side.
                    Line::Silent => {
                        let swallowed = swallow(client).await;
                        drop(server);
                        return swallowed;
                    }
                    Line::Refusing => return Ok(()),
                }
            }
            read = client.read(&mut there) => match read? {
                0 => return Ok(()),
                n => server.write_all(&there[..n]).await?,
            },
            read = server.read(&mut back) => match read? {
                0 => return Ok(()),
                n => client.write_all(&back[..n]).await?,
            },
        }
    }
}

/// Takes what comes and says nothing, until the client hangs up.
async fn swallow(mut client: TcpStream) -> anyhow::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    while client.read(&mut bytes).await? > 0 {}
    Ok(())
}
