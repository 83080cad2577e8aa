# Recipes for daily work. Every one is a plain command that works without `just`.

# List the recipes.
default:
    @just --list

# The whole platform on the laptop, with demo data.
run *args:
    cargo run -p bizauth -- dev {{args}}

# Tests on the embedded engine.
test *filter:
    cargo test --workspace {{filter}}

# The black-box tests on a throwaway PostgreSQL, which the suite makes by itself.
test-pg *filter:
    BIZAUTH_TEST_DB=postgres cargo test -p bizauth --test it {{filter}}

# Exactly what CI runs.
check:
    scripts/test

# Accept snapshots and write generated files anew (needs cargo-insta); read the diff before you commit it.
bless:
    BIZAUTH_BLESS=1 TRYCMD=overwrite cargo insta test --workspace --accept
