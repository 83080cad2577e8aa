//! `bizauth dev`: the whole platform on a throwaway database with demo data. The same server and the same rules.

mod banner;
mod seed;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bizauth_store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::http::state::{AppState, Demo};
use crate::serve::{self, DATABASE_FILE};

pub use banner::Banner;
pub use seed::PASSWORD;

/// Why the demo does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder for the throwaway database.
    #[error("cannot make a temporary folder")]
    Folder(#[source] std::io::Error),
    /// The server.
    #[error(transparent)]
    Serve(#[from] serve::Error),
    /// The demo data could not be written.
    #[error("the demo data could not be written: {0}")]
    Seed(&'static str),
}

impl From<bizauth_store::Error> for Error {
    fn from(error: bizauth_store::Error) -> Self {
        Error::Serve(error.into())
    }
}

/// A demo platform that listens, and is not yet running.
pub struct Dev {
    /// What its banner says.
    pub banner: Banner,
    state: AppState,
    listener: TcpListener,
    operators: TcpListener,
    /// Removed with everything in it when the demo ends.
    _folder: TempDir,
}

/// A temporary folder for its owner alone.
fn private_folder() -> std::io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let owner_only = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("bizauth-dev-").permissions(owner_only).tempdir()
}

impl Dev {
    /// Makes the database, fills it, and listens.
    ///
    /// # Errors
    /// Why not.
    pub async fn start(listen: SocketAddr) -> Result<Dev, Error> {
        let listener = serve::bind(listen).await?;
        let address = listener.local_addr().map_err(|source| serve::Error::Bind { address: listen, source })?;
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let operators = serve::bind(loopback).await?;
        let beside = operators.local_addr().map_err(|source| serve::Error::Bind { address: loopback, source })?;
        let folder = private_folder().map_err(Error::Folder)?;
        let store = Store::embedded(&folder.path().join(DATABASE_FILE), Entropy::System.node())?;
        let clock = Clock::System;
        let seeded = seed::seed(&store, &format!("http://{address}"), clock.now()).await?;
        let seeded =
            Banner { data: folder.path().display().to_string(), operator_url: format!("http://{beside}"), ..seeded };
        let mut config = Config::default();
        config.listen = address;
        config.data = folder.path().to_owned();
        let mut state = AppState::new(store, config);
        state.dev = Some(Arc::new(Demo {
            base_url: seeded.base_url.clone(),
            rest_api_key: seeded.rest_api_key.clone(),
            client_secret: seeded.client_secret.clone(),
            redirect_uri: seeded.redirect_uri.clone(),
            authorize_url: seeded.authorize_url(),
        }));
        Ok(Dev { banner: seeded, state, listener, operators, _folder: folder })
    }

    /// Answers until `stop`.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let stopping = Arc::new(AtomicBool::new(false));
        let operators = tokio::spawn(serve::serve_operators(self.operators, self.state.clone(), stopping));
        serve::run(self.state, self.listener, None, None, stop).await;
        operators.abort();
    }
}
