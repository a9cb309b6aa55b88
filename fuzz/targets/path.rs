//! FHIRPath: any expression is read or refused, and one that was read gives an answer or a fault on any resource. The
//! first line is the expression, the rest the resource.
#![no_main]

use keyway::{
    fhir::json,
    profile::path::{Expression, Focus, World, resolve_within},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Surroundings that know nothing but the resource itself.
struct Nothing;

impl<'v> World<'v> for Nothing {
    fn child_type(&self, _parent: &str, _name: &str) -> Option<&'v str> {
        None
    }

    fn is_subtype(&self, name: &str, of: &str) -> bool {
        name == of
    }

    fn resolve(&self, reference: &str, root: &'v Value) -> Option<&'v Value> {
        resolve_within(reference, root, Some(root))
    }

    fn member_of(&self, _code: &Value, _value_set: &str) -> Option<bool> {
        None
    }

    fn conforms_to(&self, _value: &Value, _profile: &str) -> Option<bool> {
        None
    }

    fn html_checks(&self, _div: &str) -> Option<bool> {
        None
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        Some(jiff::Timestamp::UNIX_EPOCH)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(first), Some(rest)) = (halves.next(), halves.next()) else { return };
    let Ok(text) = std::str::from_utf8(first) else { return };
    if let (Ok(expression), Ok(resource)) = (Expression::parse(text), json::parse(rest)) {
        let focus = Focus::of_resource(&resource);
        let once = expression.holds(&focus, &Nothing);
        let _ = expression.evaluate(&focus, &Nothing);
        assert_eq!(once.ok(), expression.holds(&focus, &Nothing).ok(), "a second look says something else");
    }
});
