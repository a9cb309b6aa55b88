//! Nothing of what was sent is lost in silence: each part of a body comes out again when the resource is read, or a move
//! was read from it, or it is refused by its name.

use serde_json::Value;

use super::Kind;
use crate::{
    clock::Moment,
    exchange::refusal::{Issue, Refusal, Refused},
    fhir::json::shown as shown_key,
    limits,
};

/// What a body may say and the gateway says itself, by FHIR's own rule, of what is changed.
pub(super) const OF_A_CHANGE: [&str; 2] = ["/meta/versionId", "/meta/lastUpdated"];
/// The same of what is made. A profile that it declares is kept when it is the one that what is read here declares.
pub(super) const OF_WHAT_IS_MADE: [&str; 3] = ["/id", "/meta/versionId", "/meta/lastUpdated"];

/// Refuses every part of `body` that stands in none of `shown` (the resource as it is, and as it will be read) and at
/// none of the places that were `read`, written as JSON pointers. Of `shown` the last is what the reader is told of.
pub(super) fn check_kept(kind: &Kind, body: &Value, shown: &[&Value], read: &[&str]) -> Result<(), Refusal> {
    let mut issues = Vec::new();
    for (field, sent) in body.as_object().into_iter().flatten() {
        let place = format!("/{field}");
        let lost = shown
            .iter()
            .rev()
            .map(|one| {
                let mut lost = Vec::new();
                compare(sent, one.get(field), &place, read, &mut lost);
                lost
            })
            .min_by_key(Vec::len)
            .unwrap_or_default();
        issues.extend(lost.into_iter().map(|place| {
            let text = format!(
                "This would not be kept. Leave it out, or send what a {} that is read here says at this place.",
                kind.name
            );
            Issue::new("not-supported", expression(kind, &place), text)
        }));
    }
    issues.truncate(limits::ISSUES_MAX);
    if issues.is_empty() { Ok(()) } else { Err(Refusal::with_issues(Refused::Unprocessable, issues)) }
}

/// Adds to `lost` each part of `sent` that `kept` does not have.
fn compare(sent: &Value, kept: Option<&Value>, place: &str, read: &[&str], lost: &mut Vec<String>) {
    if read.contains(&place) {
        return;
    }
    // Where only a part below was read, the rest beside it is what is lost.
    let holds_read = || read.iter().any(|read| read.strip_prefix(place).is_some_and(|r| r.starts_with('/')));
    match (sent, kept) {
        (Value::Object(fields), kept) if kept.is_some_and(Value::is_object) || holds_read() => {
            for (field, below) in fields {
                let kept = kept.and_then(|kept| kept.get(field));
                compare(below, kept, &format!("{place}/{field}"), read, lost);
            }
        }
        (Value::Array(items), kept) if kept.is_some_and(Value::is_array) || holds_read() => {
            compare_items(items, kept.and_then(Value::as_array), place, read, lost);
        }
        (sent, Some(kept)) if sent == kept || same_moment(sent, kept) => {}
        _ => lost.push(place.to_owned()),
    }
}

/// The order of a list is nobody's statement; that something stands in it once more is.
fn compare_items(
    items: &[Value],
    kept: Option<&Vec<Value>>,
    place: &str,
    read: &[&str],
    lost: &mut Vec<String>,
) {
    let kept = kept.map_or(&[][..], Vec::as_slice);
    let mut free: Vec<usize> = (0..kept.len()).collect();
    for (at, item) in items.iter().enumerate() {
        let place = format!("{place}/{at}");
        let losses = |other: Option<&Value>| {
            let mut lost = Vec::new();
            compare(item, other, &place, read, &mut lost);
            lost
        };
        // Of those that are left, the one that it is most like; where none is, it is lost as a whole.
        let nearest = free.iter().enumerate().map(|(nth, at)| (losses(kept.get(*at)), nth));
        match nearest.min_by_key(|(lost, _)| lost.len()) {
            Some((few, nth)) => {
                free.remove(nth);
                lost.extend(few);
            }
            None => lost.extend(losses(None)),
        }
    }
}

/// Whether two texts are the same moment, written in two ways. What is stored has milliseconds.
pub(super) fn same_moment(sent: &Value, kept: &Value) -> bool {
    let moment = |value: &Value| Some(Moment::from_rfc3339(value.as_str()?)?.0.div_euclid(1_000));
    moment(sent).is_some_and(|sent| moment(kept) == Some(sent))
}

/// `/note/0/text` as FHIRPath writes it: `Task.note[0].text`.
pub(super) fn expression(kind: &Kind, place: &str) -> String {
    let mut out = String::from(kind.name);
    for part in place.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            out.extend(["[", part, "]"]);
        } else {
            // The part beside a primitive value is found under that value's own name.
            out.extend([".", &shown_key(part.strip_prefix('_').unwrap_or(part))]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exchange::rest::kinds::TASK;

    fn lost(body: &Value, shown: &[&Value], read: &[&str]) -> Vec<String> {
        match check_kept(&TASK, body, shown, read) {
            Ok(()) => Vec::new(),
            Err(refusal) => refusal.issues.into_iter().map(|issue| issue.path).collect(),
        }
    }

    #[test]
    fn what_is_read_or_shown_is_kept_and_all_else_is_named() {
        let stands = json!({
            "resourceType": "Task", "status": "requested", "meta": {"versionId": "1", "profile": ["p"]},
            "owner": {"reference": "Organization/a"},
        });
        let will_be =
            json!({"resourceType": "Task", "status": "accepted", "owner": {"reference": "Organization/a"}});
        let both = [&stands, &will_be];
        assert!(lost(&stands, &both, &[]).is_empty());
        assert!(lost(&will_be, &both, &[]).is_empty());
        let body = json!({
            "resourceType": "Task", "status": "rejected", "_status": {"id": "a"},
            "meta": {"versionId": "9", "tag": [{"code": "x"}]},
            "owner": {"reference": "Organization/a", "display": "A"},
            "note": [{"text": "read", "time": "2026"}, {"text": "not read"}],
            "contained": [{"resourceType": "Patient"}],
        });
        let named = lost(&body, &both, &["/meta/versionId", "/note/0/text"]);
        let expected =
            ["status", "status", "meta.tag", "owner.display", "note[0].time", "note[1]", "contained"];
        assert_eq!(named, expected.map(|place| format!("Task.{place}")));
    }

    #[test]
    fn lists_are_compared_without_their_order_and_with_their_number() {
        let stands = json!({"participant": [{"a": 1, "b": 1}, {"a": 2}]});
        let fits = |participant: Value| lost(&json!({"participant": participant}), &[&stands], &[]);
        assert!(fits(json!([{"a": 2}, {"a": 1}])).is_empty());
        assert_eq!(fits(json!([{"a": 2}, {"a": 2}])), ["Task.participant[1].a"].map(str::to_owned));
        assert_eq!(fits(json!([{"a": 1}, {"a": 2}, {"a": 1}])), ["Task.participant[2]".to_owned()]);
        assert_eq!(fits(json!([{"a": 1, "c": 3}])), ["Task.participant[0].c".to_owned()]);
    }

    #[test]
    fn a_moment_may_be_written_in_another_way_and_nothing_else_may() {
        let stands = json!({"start": "2026-11-27T10:00:00.000Z", "value": 1.10, "text": "1.10"});
        for (field, same, other) in [
            ("start", json!("2026-11-27T11:00:00+01:00"), json!("2026-11-27T10:00:01Z")),
            ("text", json!("1.10"), json!("1.1")),
        ] {
            assert!(lost(&json!({field: same}), &[&stands], &[]).is_empty(), "{field}");
            assert_eq!(lost(&json!({field: other}), &[&stands], &[]), [format!("Task.{field}")]);
        }
    }
}
