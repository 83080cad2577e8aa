//! What hangs below `/operator/assets`: importing from a file.

pub mod import;
pub mod imports;
