//! PostgreSQL: a pool, prepared statements, and a second try after a conflict.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Column, Config, Error as Failure, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::lent::{Lent, Stage, distrust};
use super::{Engine, Error, Result, Row, Tx, Value, Verdict};

/// How often one transaction may run before its conflict is the caller's.
const TRIES: u32 = 8;
/// How long a connection may take to come.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long we wait for the answer to a statement. Longer than the server may take for one, so that only a line that has
/// gone silent gets here, or a COMMIT that waits for a standby: nobody tells of that, and without this bound its connections
/// would be lent out for ever.
pub(super) const SILENCE: Duration = Duration::from_secs(12);

/// Whether the server prepares a statement once, or plans it for each call.
#[derive(Clone, Copy)]
enum Plan {
    Kept,
    Fresh,
}

pub(crate) struct Postgres {
    pool: Pool,
    conflicts: AtomicU64,
}

impl Postgres {
    /// `url` as libpq writes it: `postgres://user@host/dbname` or `host=/run/postgresql user=bizauth dbname=bizauth`.
    ///
    /// TLS is used when `sslmode=require` is given, and then the server must prove itself against the system's
    /// certificates. Nothing is sent before the first sentence needs a connection.
    pub(crate) fn open(url: &str, connections: usize) -> Result<Self> {
        // The driver knows no `verify-full`; our `require` is one.
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        // The error of the parser may repeat the password.
        let mut config: Config =
            url.parse().map_err(|_| Error::Setting("the PostgreSQL connection string cannot be read".to_owned()))?;
        config.application_name("bizauth").connect_timeout(PATIENCE);
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(10));
        let own = config.get_options().unwrap_or_default();
        let bounded = format!("{own} -c statement_timeout=10000 -c idle_in_transaction_session_timeout=10000");
        config.options(bounded.trim_start());
        // Fast: no query to test a connection before use. A dead one is noticed by its closed socket.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match config.get_ssl_mode() {
            SslMode::Require => Manager::from_config(config, MakeRustlsConnect::new(trusting_the_system()?), recycling),
            _ => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(connections)
            // The one that was given back last is the one whose statements are at hand.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .build()
            .map_err(|e| Error::Setting(e.to_string()))?;
        Ok(Postgres { pool, conflicts: AtomicU64::new(0) })
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|e| Error::Pool(Arc::new(e)))
    }

    /// Reads. At SERIALIZABLE even that may meet a conflict.
    pub(super) async fn rows(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        self.read_again(sql, params, Plan::Kept).await
    }

    /// Reads by a plan that is made for these very values.
    pub(super) async fn rows_by_values(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        self.read_again(sql, params, Plan::Fresh).await
    }

    async fn read_again(&self, sql: &'static str, params: &[Value], plan: Plan) -> Result<Vec<Row>> {
        for again in 1..TRIES {
            match self.read(sql, params, plan).await {
                Err(e) if e.is_conflict() => tokio::time::sleep(self.pause(again)).await,
                answer => return answer,
            }
        }
        self.read(sql, params, plan).await
    }

    async fn read(&self, sql: &'static str, params: &[Value], plan: Plan) -> Result<Vec<Row>> {
        let mut lent = Lent::of(self.client().await?);
        let mut link = Link::to(&lent, false);
        let answer = match plan {
            Plan::Kept => link.rows(sql, params).await,
            Plan::Fresh => link.rows_by_values(sql, params).await,
        };
        if let Err(Error::Silent) = answer {
            lent.close();
            distrust(&self.pool);
        }
        answer
    }

    /// The cluster, the database and the table, of which a restore makes at least the last anew; and the timeline, which
    /// is another one after a recovery to a point in time and after a standby took over (none on a standby).
    pub(super) async fn place(&self) -> Result<String> {
        const PLACE: &str = "SELECT s.system_identifier || '/' || d.oid || '/' || CAST(CAST('home' AS regclass) AS oid)
             || '/' || CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
             AS place FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()";
        let rows = self.rows(PLACE, &[]).await?;
        rows.first().map_or(Err(Error::Closed), |row| row.get("place"))
    }

    /// Reads several lists over one connection, all asked for before the first comes.
    pub(super) async fn together(&self, asks: &[(&'static str, &[Value])], all: &mut [Vec<Row>]) -> Result<()> {
        let lent = Lent::of(self.client().await?);
        let ask = |(sql, params): &(&'static str, _)| {
            let (sql, params, lent) = (*sql, *params, &lent);
            Box::pin(async move { Link::to(lent, false).rows(sql, params).await })
        };
        for (rows, found) in all.iter_mut().zip(in_order(asks.iter().map(ask)).await?) {
            *rows = found;
        }
        Ok(())
    }

    pub(super) async fn write<T>(&self, body: &impl AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>>) -> Result<T> {
        for again in 1..TRIES {
            match self.attempt(body).await {
                Err(e) if e.is_conflict() => tokio::time::sleep(self.pause(again)).await,
                answer => return answer,
            }
        }
        self.attempt(body).await
    }

    /// How long to wait before try `again`. Those who met in a conflict get different waits, so as not to meet again.
    fn pause(&self, again: u32) -> Duration {
        let spread = self.conflicts.fetch_add(1, Ordering::Relaxed) % 8;
        Duration::from_micros((1000 << again) + spread * 250)
    }

    async fn attempt<T>(&self, body: &impl AsyncFn(&mut Tx<'_>) -> Result<Verdict<T>>) -> Result<T> {
        let mut lent = Lent::of(self.client().await?);
        let mut tx = Tx::new(Engine::Postgres(Link::to(&lent, true)));
        let said = body(&mut tx).await;
        let said = tx.settle(said);
        let end = match said {
            Ok(Verdict::Commit(_)) => "COMMIT",
            Err(Error::Silent) => {
                lent.close();
                distrust(&self.pool);
                return Err(Error::Silent);
            }
            _ => "ROLLBACK",
        };
        lent.begins(Stage::Ending);
        let Ok(ended) = timeout(SILENCE, lent.client().batch_execute(end)).await else {
            lent.close();
            distrust(&self.pool);
            return Err(Error::Silent);
        };
        match ended.as_ref().err().is_none_or(is_over) {
            true => lent.begins(Stage::Outside),
            false => lent.close(),
        }
        let (Verdict::Commit(value) | Verdict::RollBack(value)) = said?;
        ended.map(|()| value).map_err(Error::postgres(end))
    }
}

/// Whether a COMMIT that failed has ended its transaction: as a conflict (class 40) or by a constraint (23). What stopped
/// it before it was begun, a timeout or a person, leaves a transaction that has failed and is open.
fn is_over(error: &Failure) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("40") || code.code().starts_with("23"))
}

fn trusting_the_system() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(Error::Setting("sslmode=require, but the system has no trusted certificates".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Setting(e.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A connection in use.
pub(super) struct Link<'c> {
    lent: &'c Lent,
    client: &'c Client,
    /// The next statement is the first of a transaction.
    to_begin: bool,
    /// How long an answer may take.
    patience: Duration,
}

impl<'c> Link<'c> {
    fn to(lent: &'c Lent, to_begin: bool) -> Self {
        Link { lent, client: lent.client(), to_begin, patience: SILENCE }
    }

    pub(super) async fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let patience = self.patience;
        let run = async {
            let statement = self.lent.prepared(sql).await?;
            let found = self.send(self.client.query(&statement, &dynamic(params))).await?;
            told(sql, statement.columns(), &found)
        };
        timeout(patience, run).await.map_err(|_| Error::Silent)?.map_err(Error::postgres(sql))
    }

    /// The same with a statement that has no name: the server plans it with these values, and forgets it.
    async fn rows_by_values(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let patience = self.patience;
        let typed: Vec<(&(dyn ToSql + Sync), Type)> = params.iter().map(|p| (p as _, p.kind())).collect();
        let run = async {
            let found = self.send(self.client.query_typed(sql, &typed)).await?;
            told(sql, found.first().map_or(&[][..], tokio_postgres::Row::columns), &found)
        };
        timeout(patience, run).await.map_err(|_| Error::Silent)?.map_err(Error::postgres(sql))
    }

    /// Runs a migration.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<()> {
        let patience = self.patience;
        let run = self.send(self.client.batch_execute(sql));
        timeout(patience, run).await.map_err(|_| Error::Silent)?.map_err(Error::postgres("a migration"))
    }

    /// Lifts the bound on a statement, the server's and ours, for the rest of this transaction.
    pub(super) async fn take_your_time(&mut self) -> Result<()> {
        self.script("SET LOCAL statement_timeout = 0").await?;
        self.patience = Duration::MAX;
        Ok(())
    }

    pub(super) async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let patience = self.patience;
        let run = async {
            let statement = self.lent.prepared(sql).await?;
            self.send(self.client.execute(&statement, &dynamic(params))).await
        };
        timeout(patience, run).await.map_err(|_| Error::Silent)?.map_err(Error::postgres(sql))
    }

    /// Runs statements in this order, all sent before the first is answered, and counts the rows that each touched.
    pub(super) async fn each(&mut self, statements: &[(&'static str, &[Value])]) -> Result<Vec<u64>> {
        let mut known = Vec::with_capacity(statements.len());
        for (sql, _) in statements {
            let prepare = self.lent.prepared(sql);
            known
                .push(timeout(self.patience, prepare).await.map_err(|_| Error::Silent)?.map_err(Error::postgres(sql))?);
        }
        if std::mem::take(&mut self.to_begin) {
            self.lent.begins(Stage::Within);
            let begin = timeout(self.patience, self.client.batch_execute("BEGIN"));
            begin.await.map_err(|_| Error::Silent)?.map_err(Error::postgres("BEGIN"))?;
        }
        let client = self.client;
        let run = statements.iter().zip(&known).map(|((sql, params), statement)| {
            let params = dynamic(params);
            Box::pin(async move { client.execute(statement, &params).await.map_err(Error::postgres(sql)) })
        });
        // The server may take its time for each of them.
        let patience = self.patience.saturating_mul(u32::try_from(known.len()).unwrap_or(u32::MAX));
        timeout(patience, in_order(run)).await.map_err(|_| Error::Silent)?
    }

    /// Awaits a statement. The first of a transaction travels together with its BEGIN, a quarter fewer round trips.
    async fn send<T>(&mut self, statement: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        if !std::mem::take(&mut self.to_begin) {
            return statement.await;
        }
        self.lent.begins(Stage::Within);
        // `biased`: BEGIN goes first on the wire. A BEGIN fails only with its connection, and then both do.
        let (begun, done) = tokio::join!(biased; self.client.batch_execute("BEGIN"), statement);
        begun.and(done)
    }
}

/// The answers of all of these, each of which is begun before any is waited for, in their order; or the first failure,
/// because of which those after it fail, too.
async fn in_order<T, F>(all: impl Iterator<Item = Pin<Box<F>>>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut under_way: Vec<_> = all.map(|one| (one, None)).collect();
    poll_fn(|context| {
        for (one, answer) in under_way.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let Poll::Ready(said) = one.as_mut().poll(context) {
                *answer = Some(said);
            }
        }
        let waits = |answer: &&(_, Option<Result<T>>)| !matches!(answer.1, Some(Ok(_)));
        match under_way.iter().find(waits) {
            Some((_, None)) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
    under_way.into_iter().filter_map(|(_, answer)| answer).collect()
}

/// Rows in our words.
fn told(sql: &'static str, columns: &[Column], found: &[tokio_postgres::Row]) -> Result<Vec<Row>, Failure> {
    let names: Arc<[_]> = columns.iter().map(|column| column.name().into()).collect();
    let row = |row: &tokio_postgres::Row| {
        let values = (0..row.len()).map(|i| row.try_get(i)).collect::<Result<_, _>>()?;
        Ok(Row::new(sql, names.clone(), values))
    };
    found.iter().map(row).collect()
}

fn dynamic(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as _).collect()
}
