//! The properties in the normal run: on the corpus that fuzzing left, and on generated texts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod corpus;
mod generated;
