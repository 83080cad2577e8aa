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

# Write generated files and command transcripts anew.
bless:
    BIZAUTH_BLESS=1 TRYCMD=overwrite cargo test -p bizauth
