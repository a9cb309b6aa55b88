//! The strict JSON reader: no bytes make it panic or take long, and what it lets through is what `serde_json` reads and
//! comes out again as the same value.
#![no_main]

use keyway::fhir::json;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = json::parse(bytes) {
        let plain: Value = serde_json::from_slice(bytes).expect("what is taken is JSON");
        assert_eq!(value, plain, "the strict reader reads something else");
        // Written again, a number may be longer by a sign in its exponent (1E1, 1e+1), and so too long.
        if let Ok(again) = json::parse(value.to_string().as_bytes()) {
            assert_eq!(value, again, "what is written is read as something else");
        }
    }
});
