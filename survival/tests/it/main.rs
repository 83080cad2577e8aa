//! The short form of every program, held to its promises. Each makes its own servers, databases and folders.

use survival::world::Engine;
use survival::{Effort, backup, hostile, kill, limits, nodes, races, store};

/// The same moments on every run; the long forms draw their own.
const EFFORT: Effort = Effort { long: false, seed: 20_261_121 };

#[tokio::test(flavor = "multi_thread")]
async fn races_have_one_winner_on_the_embedded_engine() {
    races::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn races_have_one_winner_over_two_servers_on_postgres() {
    races::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_on_the_embedded_engine() {
    kill::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_on_postgres() {
    kill::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_embedded_store_burns_nothing() {
    store::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_postgres_burns_nothing() {
    store::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_does_not_answer_from_memory() {
    nodes::run(EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_callers_harm_nobody_else_on_the_embedded_engine() {
    hostile::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_callers_harm_nobody_else_on_postgres() {
    hostile::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_never_come_in_keep_nobody_out() {
    hostile::half_open(env!("CARGO_BIN_EXE_survival").into(), EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_exact_on_the_embedded_engine() {
    limits::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_exact_over_two_servers_on_postgres() {
    limits::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_of_the_embedded_database_revives_nothing_silently() {
    backup::run(Engine::Sqlite, EFFORT).await.unwrap().assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_postgres_revives_nothing_silently() {
    backup::run(Engine::Postgres, EFFORT).await.unwrap().assert_kept();
}
