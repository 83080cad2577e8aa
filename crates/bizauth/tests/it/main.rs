//! The one test binary: the real router on port 0 over a fresh database, spoken to in HTTP. `BIZAUTH_TEST_DB=postgres`
//! puts the same sentences to PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(unreachable_pub, reason = "nothing outside sees a test binary")]

mod cli;
mod openapi;
mod operator_openapi;
mod tidy;
mod world;

mod access;
mod advisories_access;
mod advisories_endings;
mod advisories_redirects;
mod advisories_single_use;
mod console_apps;
mod console_errors;
mod console_icons;
mod console_items;
mod console_keys;
mod console_members;
mod console_redirect_uris;
mod console_secrets;
mod console_test_tool;
mod console_tokens;
mod console_usage;
mod documents;
mod doors;
mod followed_ips;
mod gate;
mod hot;
mod kapi_guard;
mod kapi_ips;
mod kapi_revoke;
mod kapi_tokeninfo;
mod kapi_userinfo;
mod kauth_authorize;
mod kauth_token;
mod limits;
mod lists;
mod me_account;
mod me_apps;
mod operator_accounts;
mod operator_api_access;
mod operator_api_accounts;
mod operator_api_apps;
mod operator_api_assets;
mod operator_api_platform;
mod operator_api_twins;
mod operator_apps;
mod operator_assets;
mod operator_audit;
mod operator_catalogue;
mod operator_import;
mod operator_keys;
mod operator_platform;
mod operator_requests;
mod pages_consent;
mod pages_login;
mod pages_login_code;
mod processes;
mod published_client;
