//! The properties in the normal run: on the corpus that fuzzing left, and on generated texts.

mod corpus;
mod generated;
