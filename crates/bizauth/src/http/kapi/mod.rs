//! The kapi door: what an app asks with a business token, or with one of its keys.

pub mod ips;
pub mod revoke;
pub mod tokeninfo;
pub mod userinfo;
