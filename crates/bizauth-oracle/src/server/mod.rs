//! The readers of the doors: forms, headers, cookies, settings, files.

pub mod asset_file;
pub mod authorization;
pub mod configuration;
pub mod cookies;
pub mod form;
pub mod ip_document;
pub mod plain_request;
pub mod publishing;
