//! Our own conformance resources, compiled in.

/// Every file in the folders of `profiles/fhir` with its text, by its path below `profiles/fhir`. The list is made by
/// `build.rs` from what lies there.
#[must_use]
pub fn built_in_resources() -> &'static [(&'static str, &'static str)] {
    BUILT_IN
}

const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/fhir_resources.rs"));
