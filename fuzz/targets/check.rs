//! The validator: whatever JSON is taken, it answers, with no more findings than it may, the same ones twice.
#![no_main]

use std::sync::LazyLock;

use keyway::{
    fhir::json,
    limits::ISSUES_MAX,
    profile::check::{Ask, Program},
};
use libfuzzer_sys::fuzz_target;

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().expect("our own definitions compile"));

fuzz_target!(init: {
    LazyLock::force(&PROGRAM);
}, |bytes: &[u8]| {
    if let Ok(value) = json::parse(bytes) {
        let findings = PROGRAM.check(&value, &Ask::at(0));
        assert!(findings.len() <= ISSUES_MAX + 1, "more findings than may be listed");
        assert_eq!(findings, PROGRAM.check(&value, &Ask::at(0)), "a second look says something else");
    }
});
