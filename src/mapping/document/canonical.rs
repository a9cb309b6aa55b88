//! The bytes of a document that its signature covers.

use serde_json::Value;

/// What the signature of a document does not cover at its root: where the document lies may change, and the signature
/// cannot sign itself.
const NOT_SIGNED: [&str; 3] = ["id", "meta", "signature"];

/// FHIR R4's canonical JSON of a document (`http://hl7.org/fhir/canonicalization/json#document`): everything but `id`
/// and `meta` of the root, and here `signature`; fields in the order of their names, no white space between them.
///
/// R4 says no more than that. Texts and order are those of RFC 8785 (the order of UTF-16 code units, no escape that is
/// not needed); numbers stay as they are written, as `1.10` says another thing in FHIR than `1.1`.
#[must_use]
pub fn canonical(document: &Value) -> Vec<u8> {
    let mut text = String::new();
    match document {
        Value::Object(fields) => {
            let signed = fields.iter().filter(|(name, _)| !NOT_SIGNED.contains(&name.as_str()));
            object(signed.map(|(name, value)| (name.as_str(), value)).collect(), &mut text);
        }
        other => write(other, &mut text),
    }
    text.into_bytes()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            object(fields.iter().map(|(name, value)| (name.as_str(), value)).collect(), text);
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        // Display of a text, a number, a truth value or null is its JSON.
        plain => text.push_str(&plain.to_string()),
    }
}

fn object(mut fields: Vec<(&str, &Value)>, text: &mut String) {
    fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (index, (name, value)) in fields.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        String::from_utf8(canonical(&serde_json::from_str(text).unwrap())).unwrap()
    }

    #[test]
    fn fields_are_in_order_without_white_space_and_the_root_is_left_where_it_lies() {
        let bundle = r#"{ "type": "document", "id": "1", "meta": {"a": 1}, "signature": {"data": "x"},
            "entry": [ {"resource": {"meta": {"b": 2}, "id": "2"}} , 1.10, true, null, "é\u0041\n" ] }"#;
        assert_eq!(
            of(bundle),
            r#"{"entry":[{"resource":{"id":"2","meta":{"b":2}}},1.10,true,null,"éA\n"],"type":"document"}"#
        );
    }

    /// The order of RFC 8785: a letter beyond the basic plane comes before U+FB33.
    #[test]
    fn names_are_in_the_order_of_their_utf_16() {
        assert_eq!(of("{\"\u{fb33}\": 1, \"\u{1f600}\": 2}"), "{\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        for number in ["1.10", "1.1", "100", "1e+2", "-0.0", "12345678901234567890.5"] {
            assert_eq!(of(&format!("[ {number} ]")), format!("[{number}]"));
        }
    }
}
