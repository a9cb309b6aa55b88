//! `use-context`: what a message is about, in one header, for those who pass it on unread (BaRS 1.4.0, headers:
//! senders must send it, receivers must ignore it).

use serde_json::Value;

/// The category that BaRS gives a message; the coding beside it is the use case.
const MESSAGE_CATEGORY: &str = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest";

/// `use case|message category|event|reason`, read from the message itself; a part that it does not have is empty.
/// `None` when the bytes are no message.
pub(super) fn of_message(body: &[u8]) -> Option<String> {
    let bundle: Value = serde_json::from_slice(body).ok()?;
    let entries = bundle.get("entry")?.as_array()?;
    let header = entries.first()?.get("resource")?;
    let event = text(header, "/eventCoding/code")?;
    let reason = text(header, "/reason/coding/0/code").unwrap_or_default();
    let request = entries.iter().filter_map(|entry| entry.get("resource"));
    let mut request = request.filter(|r| text(r, "/resourceType") == Some("ServiceRequest"));
    let codings = request.next().and_then(|r| r.pointer("/category/0/coding")).and_then(Value::as_array);
    let code = |is_category: bool| {
        let mut codings = codings.into_iter().flatten();
        let found = codings.find(|c| (text(c, "/system") == Some(MESSAGE_CATEGORY)) == is_category);
        found.and_then(|c| text(c, "/code")).unwrap_or_default()
    };
    Some(format!("{}|{}|{event}|{reason}", code(false), code(true)))
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MESSAGE_CATEGORY, of_message};

    #[test]
    fn the_four_parts_are_read_from_the_message() {
        let header = json!({"resource": {
            "resourceType": "MessageHeader",
            "eventCoding": {"code": "servicerequest-request"},
            "reason": {"coding": [{"code": "new"}]},
        }});
        let request = json!({"resource": {"resourceType": "ServiceRequest", "category": [{"coding": [
            {"system": MESSAGE_CATEGORY, "code": "referral"},
            {"system": "https://keyway.example/fhir/CodeSystem/use-case", "code": "ld-referral"},
        ]}]}});
        let whole = json!({"entry": [header, request]}).to_string();
        assert_eq!(
            of_message(whole.as_bytes()).as_deref(),
            Some("ld-referral|referral|servicerequest-request|new")
        );
        let short = json!({"entry": [header]}).to_string();
        assert_eq!(of_message(short.as_bytes()).as_deref(), Some("||servicerequest-request|new"));
        assert_eq!(of_message(br#"{"resourceType":"Bundle"}"#), None);
        assert_eq!(of_message(b"{"), None);
    }
}
