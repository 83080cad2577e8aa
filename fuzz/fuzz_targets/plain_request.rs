//! Fuzzes `plain_request` of `bizauth-oracle`, which says what is asserted.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bizauth_oracle::property("plain_request")(bytes));
