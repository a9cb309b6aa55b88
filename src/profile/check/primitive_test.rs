use serde_json::json;

use super::*;

/// For each type what is right and what is wrong, side by side.
#[test]
fn each_type_has_its_format() {
    let cases: [(&str, &[Value], &[Value]); 20] = [
        ("boolean", &[json!(true)], &[json!("true"), json!(1), json!(null)]),
        (
            "integer",
            &[json!(0), json!(-2_147_483_648_i64), json!(2_147_483_647)],
            &[json!(2_147_483_648_i64), json!(1.5), json!("1"), json!(1.0)],
        ),
        ("unsignedInt", &[json!(0)], &[json!(-1)]),
        ("positiveInt", &[json!(1)], &[json!(0)]),
        ("decimal", &[json!(1.10), json!(-7), json!(1e3)], &[json!("1.10"), json!(true)]),
        (
            "string",
            &[json!(" a "), json!("two\nlines")],
            &[json!(""), json!("   "), json!("a\u{7}b"), json!(7)],
        ),
        ("markdown", &[json!("# head")], &[json!("\n")]),
        ("code", &[json!("a b"), json!("a-b")], &[json!(" a"), json!("a "), json!("a  b"), json!("a \tb")]),
        ("id", &[json!("A-1.b")], &[json!("a_b"), json!("a b"), json!("x".repeat(65))]),
        (
            "uri",
            &[json!("urn:oid:1.2"), json!("http://a.example/é")],
            &[json!("http://a b"), json!("a\u{a0}b")],
        ),
        ("url", &[json!("https://a.example")], &[json!("https://a.example/ ")]),
        ("canonical", &[json!("https://a.example/x|1.0")], &[json!("https://a.example/x |1.0")]),
        (
            "oid",
            &[json!("urn:oid:1.2.840.0")],
            &[json!("1.2.840"), json!("urn:oid:3.1"), json!("urn:oid:1.02")],
        ),
        (
            "uuid",
            &[json!("urn:uuid:c757873d-ec9a-4326-a141-556f43239520")],
            &[
                json!("c757873d-ec9a-4326-a141-556f43239520"),
                json!("urn:uuid:C757873D-ec9a-4326-a141-556f43239520"),
            ],
        ),
        (
            "date",
            &[json!("2026"), json!("2026-02"), json!("2024-02-29"), json!("2000-02-29")],
            &[
                json!("2026-02-30"),
                json!("2026-02-29"),
                json!("1900-02-29"),
                json!("2026-13"),
                json!("0000"),
                json!("2026-1-1"),
                json!("14/06/1991"),
                json!("2026-01-01T00:00:00Z"),
                json!("2026-"),
            ],
        ),
        (
            "dateTime",
            &[
                json!("2026"),
                json!("2026-11-23"),
                json!("2026-11-23T09:30:00Z"),
                json!("2026-11-23T09:30:00.1234567+01:00"),
                json!("2016-12-31T23:59:60Z"),
            ],
            &[
                json!("2026-11-23T09:30:00"),
                json!("2026-11-23T09:30Z"),
                json!("2026-11T09:30:00Z"),
                json!("2026-11-23T24:00:00Z"),
                json!("2026-11-23T09:30:00+15:00"),
                json!("2026-11-23 09:30:00Z"),
            ],
        ),
        (
            "instant",
            &[json!("2026-11-23T09:30:00-14:00")],
            &[json!("2026-11-23"), json!("2026-02-30T09:30:00Z")],
        ),
        (
            "time",
            &[json!("09:30:00"), json!("09:30:00.5")],
            &[json!("09:30"), json!("24:00:00"), json!("09:30:00Z"), json!("9:30:00")],
        ),
        (
            "base64Binary",
            &[json!("aGk="), json!("aGkh\naGkh")],
            &[json!("aGk"), json!("a=k="), json!("aG-_")],
        ),
        ("xhtml", &[json!("<div/>")], &[json!(7)]),
    ];
    for (name, right, wrong) in cases {
        let primitive = Primitive::parse(name).unwrap();
        assert_eq!(primitive.as_str(), name);
        for value in right {
            assert_eq!(primitive.fault(value), None, "{name} {value}");
        }
        for value in wrong {
            let (code, says) = primitive.fault(value).unwrap_or_else(|| panic!("{name} took {value}"));
            assert!(["value", "structure", "too-long"].contains(&code), "{code}");
            assert!(says.len() > 10);
        }
    }
}

#[test]
fn types_by_their_path_name() {
    assert_eq!(Primitive::parse("http://hl7.org/fhirpath/System.String"), Some(Primitive::String));
    assert_eq!(Primitive::parse("Period"), None);
}

#[test]
fn a_text_beyond_a_mebibyte_is_too_long() {
    let long = json!("x".repeat(1_048_577));
    assert_eq!(Primitive::String.fault(&long).unwrap().0, "too-long");
}

#[test]
fn the_only_white_space_of_a_code_is_a_single_space() {
    for (text, right) in
        [("a b", true), ("a\tb", false), ("a\nb", false), ("a\u{a0}b", false), ("a\u{7f}b", false)]
    {
        assert_eq!(Primitive::Code.fault(&json!(text)).is_none(), right, "{text:?}");
    }
}

#[test]
fn a_uri_that_says_it_is_a_uuid_or_an_oid_is_one() {
    let wrong = |kind: &str, text: &str| Primitive::parse(kind).unwrap().fault(&json!(text)).is_some();
    for kind in ["uri", "url", "canonical"] {
        for right in ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:oid:1.2.3", "urn:ietf:bcp:47"] {
            assert!(!wrong(kind, right), "{kind} {right}");
        }
        for text in ["urn:uuid:xyz", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520", "urn:oid:1.2.03"] {
            assert!(wrong(kind, text), "{kind} {text}");
        }
    }
}
