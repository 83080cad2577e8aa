//! Fuzzes `redirect_uri` of `bizauth-oracle`, which says what is asserted.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bizauth_oracle::property("redirect_uri")(bytes));
