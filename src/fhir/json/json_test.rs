//! What is refused and where; that everything else is read as `serde_json` reads it; and that time is linear.

use proptest::prelude::*;
use serde_json::{Map, Number, json};

use super::*;
use crate::{
    clock::Stopwatch,
    limits::{BODY_MAX_BYTES, JSON_VALUES_MAX},
};

fn refused(document: impl AsRef<[u8]>) -> (String, String) {
    let document = document.as_ref();
    let fault = parse(document).expect_err(&String::from_utf8_lossy(document));
    assert_eq!(fault.code, "structure");
    (fault.path, fault.text)
}

/// Refused at `path` with words that begin so.
fn assert_refused(document: impl AsRef<[u8]>, path: &str, text: &str) {
    let (at, said) = refused(document.as_ref());
    assert!(at == path && said.starts_with(text), "{}: {at} {said}", document.as_ref().escape_ascii());
}

#[test]
fn duplicate_keys_are_refused_at_any_depth() {
    let text = "This key stands more than once";
    assert_refused(r#"{"a": 1, "a": 2}"#, "/a", text);
    assert_refused(r#"{"a": 1, "b": {"c": [0, {"d": 1, "e": 2, "d": 1}]}}"#, "/b/c/1/d", text);
    assert_refused(r#"{"a": 1, "\u0061": 1}"#, "/a", text);
    assert_refused(r#"{"é": 1, "\u00e9": 1}"#, "/*", text);
    assert_refused(r#"{"\ud83d\ude00": 1, "😀": 1}"#, "/*", text);
    assert_refused(r#"{"a\/b": 1, "a/b": 1}"#, "/*", text);
    assert_refused(r#"{"": 1, "": 1}"#, "/*", text);
    let deep = format!(r#"{}{{"a":1,"a":1}}{}"#, "[".repeat(63), "]".repeat(63));
    assert_refused(deep, &format!("{}/a", "/0".repeat(63)), text);
    // The same key in two objects, and keys that only look alike, are fine.
    let fine = r#"{"a": {"a": {"a": 1}}, "A": [{"a": 1}, {"a": 1}], "e\u0301": 1, "\u00e9": 1}"#;
    assert!(parse(fine.as_bytes()).is_ok());
}

#[test]
fn nesting_beyond_the_limit_is_refused_at_once() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
        let (path, text) = refused(nested(JSON_DEPTH_MAX + 1));
        assert!(text.starts_with("The JSON is nested deeper than 64 levels."), "{text}");
        assert_eq!(path.matches('/').count(), JSON_DEPTH_MAX);
        let watch = Stopwatch::start();
        assert_eq!(refused(nested(10_000)).0, path);
        assert_eq!(refused(open.repeat(10_000)).0, path);
        assert!(watch.elapsed_micros() < 1_000_000);
    }
    // Wide is not deep.
    assert!(parse(format!("[{}1]", "[],{},".repeat(10_000)).as_bytes()).is_ok());
}

#[test]
fn more_values_than_any_message_has_are_refused() {
    let ones = |count: usize| format!("[{}1]", "1,".repeat(count - 2));
    assert!(parse(ones(JSON_VALUES_MAX).as_bytes()).is_ok());
    let (path, text) = refused(ones(JSON_VALUES_MAX + 1));
    assert_eq!(path, format!("/{}", JSON_VALUES_MAX - 1));
    assert!(text.starts_with("The JSON holds more than 100000 values."), "{text}");
}

#[test]
fn text_that_is_no_text_is_refused() {
    assert_refused(b"{\"a\": [\"x\", \"\xff\"]}", "/a/1", "The text is not valid UTF-8.");
    assert_refused(b"{\"a\": \"\xed\xa0\x80\"}", "/a", "The text is not valid UTF-8.");
    assert_refused(b"{\"a\": \"\xc0\x80\"}", "/a", "The text is not valid UTF-8.");
    assert_refused(b"{\"b\": {\"\xff\": 1}}", "/b", "The text is not valid UTF-8.");
    assert_refused(b"\xff\xfe{\x00}\x00", "", "The text is not valid UTF-8.");
    assert_refused(b"\xef\xbb\xbf{}", "", "The document begins with a byte order mark");
    assert_refused(
        "\n<Patient/>",
        "",
        "The document begins as XML does; only JSON is read here. (Line 2, byte 1.)",
    );
    assert_refused("[<]", "/0", "Here JSON expects a value.");
    assert_refused(b"{\"a\": \"x\x00y\"}", "/a", "The character U+0000");
    assert_refused(r#"{"a": "x\u0000y"}"#, "/a", "The character U+0000");
    assert_refused(r#"{"a": {"\u0000": 1}}"#, "/a", "The character U+0000");
    assert_refused("{\"a\": \"x\ny\"}", "/a", "A control character");
    for lone in
        ["\\ud800", "\\ud800x", "\\ud800\\n", "\\ud800\\u0061", "\\ud800\\ud800", "\\udc00", "\\uDFFF\\uD800"]
    {
        assert_refused(format!(r#"{{"a": "{lone}"}}"#), "/a", "A surrogate");
    }
    for escape in ["\\x", "\\u12g4", "\\u+123", "\\U0041", "\\'"] {
        assert_refused(format!(r#"{{"a": "{escape}"}}"#), "/a", "A backslash");
    }
    assert_eq!(
        parse(r#""\ud83d\ude00 \u00e9 \" \\ \/ \b\f\n\r\t""#.as_bytes()).unwrap(),
        json!("😀 é \" \\ / \u{8}\u{c}\n\r\t")
    );
}

#[test]
fn anything_but_one_document_is_refused() {
    for early in [
        "",
        " \n",
        "{",
        "[",
        "[1",
        "[1,",
        r#"{"a""#,
        r#"{"a":"#,
        r#"{"a":1"#,
        r#"{"a":1,"#,
        "\"",
        "\"\\",
        "\"\\u00",
    ] {
        let (_, text) = refused(early);
        assert!(text.starts_with("The document is empty or ends"), "{early}: {text}");
    }
    for more in ["{} {}", "1 2", "null,", "[]]", "{}}", "\"\"\"\"", "{} \u{0}"] {
        assert_refused(more, "", "Something follows the end of the document.");
    }
    for odd in [
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "[1}",
        r#"{"a":1]"#,
        r#"{"a" 1}"#,
        r#"{"a":}"#,
        "[,]",
        "[1,]",
        r#"{"a":1,}"#,
        "tru",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "// no\n1",
        "[1] // no",
        "\u{a0}1",
        "+1",
        ".5",
    ] {
        refused(odd);
    }
    assert_refused("{\n  \"a\": 1,\n  \"b\": @\n}", "/b", "Here JSON expects a value. (Line 3, byte 8.)");
    assert_refused(r#"{"a": [1, 2, x]}"#, "/a/2", "Here JSON expects a value.");
}

#[test]
fn numbers_keep_their_digits() {
    for number in
        ["1.10", "0", "-0", "-0.0", "1.000", "100000000000000000000.000000000000000001", "9007199254740993"]
    {
        let value = parse(format!("[{number}]").as_bytes()).unwrap();
        assert_eq!(value.to_string(), format!("[{number}]"));
    }
    assert!(parse(b"[1e5, 1E+5, 1.5e-308, -2E0]").is_ok());
    for odd in ["01", "-", "-01", "1.", "1.e1", "1e", "1e+", "--1", "0x1", "1_000"] {
        refused(odd);
    }
    let text = "A number is at most 64 characters long, and its exponent 3 digits.";
    assert_refused(format!(r#"{{"a": {}}}"#, "1".repeat(65)), "/a", text);
    assert_refused("1e9999999999", "", text);
    assert!(parse("1".repeat(64).as_bytes()).is_ok());
}

#[test]
fn a_key_that_serde_json_keeps_for_itself_is_refused() {
    assert_refused(r#"{"a": {"$serde_json::private::Number": "1"}}"#, "/a/*", "A key that begins with this");
    assert_refused(r#"{"$serde_json::private\u003a:RawValue": "1"}"#, "/*", "A key that begins with this");
}

#[test]
fn a_fault_shows_no_value_and_no_key_that_may_be_one() {
    let name =
        r#"{"people": {"Zebedee Marsh": {"9990000018": [{"AB123456C": {"note": "Zebedee", "note": 1}}]}}}"#;
    let (path, text) = refused(name);
    assert_eq!(path, "/people/*/*/0/*/note");
    assert!(!text.contains("Zebedee"));
    assert_eq!(shown("birth_date"), "birth_date");
    assert_eq!(shown(&"a".repeat(65)), "*");
}

/// Time for a document of about a mebibyte: of many keys, of many texts, of many escapes, of much nesting. What
/// grows with the square takes minutes.
#[test]
fn time_is_linear() {
    // As large as a body may be, or with as many values.
    let filled = |part: &str| part.repeat(BODY_MAX_BYTES / part.len());
    let listed =
        |part: &str| part.repeat((JSON_VALUES_MAX - 2) / part.matches(['[', '{', '0', '1', '\\']).count());
    let keys = (0..90_000).map(|i| format!("\"k{i}\":0,")).collect::<Vec<_>>().concat();
    let escaped_keys = (0..60_000).map(|i| format!("\"\\u0061{i}\":0,")).collect::<Vec<_>>().concat();
    let documents = [
        format!("{{{keys}\"z\":0}}"),
        format!("{{{escaped_keys}\"z\":0}}"),
        format!("[{}0]", listed("[],")),
        format!("[{}0]", listed("{},")),
        format!("[{}0]", listed(r#"{"a":0},"#)),
        format!("[{}0]", listed("\"\\ud83d\\ude00\",")),
        format!("\"{}\"", filled("\\n")),
        format!("\"{}\"", filled("é")),
        format!("{}1", filled(" ")),
        format!("[{}0]", listed("1.5,")),
    ];
    for document in documents {
        let watch = Stopwatch::start();
        parse(document.as_bytes()).unwrap();
        let took = watch.elapsed_micros();
        assert!(took < 5_000_000, "{took} µs for {}…", &document[..20]);
    }
    let watch = Stopwatch::start();
    for broken in ["[", "{\"a\":", "\"", "-", "1", "\\", "[0,"] {
        refused(filled(broken));
    }
    assert!(watch.elapsed_micros() < 5_000_000);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?"
            .prop_map(|digits| Value::Number(digits.parse::<Number>().unwrap())),
        "[^\u{0}]{0,12}".prop_map(Value::String),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map("[^\u{0}]{0,6}", inner, 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Every character as an escape.
fn all_escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat()
}

fn written(value: &Value, space: &str) -> String {
    match value {
        Value::String(text) => format!("\"{}\"{space}", all_escaped(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, space)).collect();
            format!("[{space}{}]{space}", items.join(","))
        }
        Value::Object(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(key, item)| format!("{space}\"{}\"{space}:{}", all_escaped(key), written(item, space)))
                .collect();
            format!("{{{space}{}}}", pairs.join(","))
        }
        other => format!("{space}{other}"),
    }
}

proptest! {
    #[test]
    fn sound_documents_are_read_as_serde_json_reads_them(value in any_value(), space in "[ \t\r\n]{0,3}") {
        let plain = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(parse(plain.as_bytes()).unwrap(), value.clone());
        prop_assert_eq!(parse(plain.as_bytes()).unwrap().to_string(), plain);
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(parse(pretty.as_bytes()).unwrap(), value.clone());
        prop_assert_eq!(parse(written(&value, &space).as_bytes()).unwrap(), value);
    }

    /// What the scanner lets through, `serde_json` can read; what `serde_json` cannot read, the scanner refused
    /// with a place of its own.
    #[test]
    fn the_scanner_lets_nothing_through_that_is_no_json(
        value in any_value(), at: proptest::sample::Index, byte: u8, insert: bool,
    ) {
        let mut bytes = serde_json::to_vec(&value).unwrap();
        let at = at.index(bytes.len());
        if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        let readable = serde_json::from_slice::<Value>(&bytes).is_ok();
        let passed = match parse(&bytes) {
            Ok(_) => true,
            // What it let through, and `serde_json` then could not read.
            Err(fault) => fault.text.contains("JSON that can be read"),
        };
        prop_assert!(!passed || readable, "{}", bytes.escape_ascii());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        drop(parse(&bytes));
    }

    #[test]
    fn anything_made_of_json_s_own_marks_is_read_or_refused(text in "[\\[\\]{},:\"\\\\0-9eEu.tfn a+-]{0,40}") {
        let ours = parse(text.as_bytes());
        prop_assert!(ours.is_err() || serde_json::from_str::<Value>(&text).is_ok());
    }
}
