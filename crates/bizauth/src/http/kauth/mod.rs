//! The kauth door: the authorize address, where a browser arrives, and the token endpoint, where a server does.

pub mod authorize;
pub mod token;
