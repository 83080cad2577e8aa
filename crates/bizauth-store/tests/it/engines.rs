//! Fresh databases on each engine, opened by one node or by several.

use std::path::PathBuf;

use bizauth_store::Store;
use tempfile::TempDir;

use crate::postgres;
use crate::scene::NOW;

/// Connections of one node: fewer than callers, more than one.
const CONNECTIONS: usize = 8;

/// A database that nobody else uses, still empty.
pub(crate) enum Place {
    /// A file for SQLite.
    File(PathBuf),
    /// A connection string.
    Server(String),
}

impl Place {
    /// The store that a node has open here. Nodes on one place need different numbers.
    pub(crate) fn node(&self, number: u16) -> Store {
        match self {
            Place::File(path) => Store::embedded(path, number).unwrap(),
            Place::Server(url) => Store::postgres(url, CONNECTIONS, number).unwrap(),
        }
    }

    /// Runs a script behind the store's back.
    pub(crate) async fn spoil(&self, script: &str) {
        match self {
            Place::File(path) => rusqlite::Connection::open(path).unwrap().execute_batch(script).unwrap(),
            Place::Server(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(script).await.unwrap();
            }
        }
    }
}

/// An empty database on each engine, one after the other.
pub(crate) async fn on_each_place(promise: impl AsyncFn(Place)) {
    let folder = TempDir::new().unwrap();
    eprintln!("on SQLite");
    promise(Place::File(folder.path().join("db"))).await;
    eprintln!("on PostgreSQL");
    promise(Place::Server(postgres::database())).await;
}

/// A migrated store on each engine.
pub(crate) async fn on_each_engine(promise: impl AsyncFn(Store)) {
    on_each_place(async |place| {
        let store = place.node(1);
        store.migrate(NOW).await.unwrap();
        // As a server has it.
        promise(store.remembering(1000).unwrap()).await;
    })
    .await;
}

/// A migrated store that two nodes have open: two servers on PostgreSQL; on SQLite the server and a command beside it.
pub(crate) async fn on_two_nodes(promise: impl AsyncFn([Store; 2])) {
    on_each_place(async |place| {
        let nodes = [place.node(1), place.node(2)];
        nodes[0].migrate(NOW).await.unwrap();
        promise(nodes.map(|node| node.remembering(1000).unwrap())).await;
    })
    .await;
}

/// Runs `count` calls at once, on the nodes in turn, and gives their answers.
pub(crate) async fn at_once<T, F>(nodes: &[Store], count: usize, call: impl Fn(Store, usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut calls = tokio::task::JoinSet::new();
    for turn in 0..count {
        calls.spawn(call(nodes[turn % nodes.len()].clone(), turn));
    }
    calls.join_all().await
}
