//! x
#[path = "it/openapi.rs"]
mod openapi;
#[path = "it/tidy.rs"]
mod tidy;
