# The steps themselves stand in .ci/run: what passes here passes there.

# What CI runs, in CI's order.
default: ci

ci:
    bash .ci/run

# Formatting, lints and the shape of the house: seconds, before each commit.
quick:
    bash .ci/run fmt clippy
    cargo test --test architecture

fmt:
    bash .ci/run fmt

scripts:
    bash .ci/run scripts

# Licences, banned crates, sources, advisories.
deny:
    bash .ci/run deny

clippy:
    bash .ci/run clippy

doc:
    bash .ci/run doc

test:
    bash .ci/run test

# Release build, `keyway demo --once --json`, and a check of what it says.
demo:
    bash .ci/run demo

# FHIR clients from the registries of Python and Node against a running demonstration.
clients:
    bash .ci/run clients

# How fast the validator is, and what memory it takes.
bench:
    bash .ci/run bench

# Our verdicts and speed beside those of validators that others wrote.
compare:
    bash .ci/run compare

# Each fuzz target for FUZZ_SECONDS (60).
fuzz:
    bash .ci/run fuzz

# The long forms: the kill test 50 times, ten million random decisions, the officer's questions on a million log entries.
soak:
    bash .ci/run soak
