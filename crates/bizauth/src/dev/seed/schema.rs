//! The seed's shape for editors and other programs, and the seed that `bizauth dev init` writes.

/// The JSON Schema of a seed (2020-12). It knows names, types and words; what refers to what is judged by
/// [`super::read()`] alone.
pub fn schema() -> String {
    include_str!("schema.json").to_owned()
}

/// The demo's own seed, with every field explained beside it.
pub fn commented() -> &'static str {
    include_str!("default.toml")
}
