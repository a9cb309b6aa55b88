//! What became of each person's referrals, and whether it is what the fixtures say must have happened.

use serde_json::Value;

use super::fixtures::Expected;

/// One referral or piece of advice as its sender sees it at the end.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The referral.
    pub(super) referral_id: String,
    /// The person's pseudonym.
    pub(super) person: String,
    /// The recipient's slug.
    pub(super) recipient: String,
    /// The recipient's kind.
    pub(super) kind: &'static str,
    /// The document that `GET /referrals/{id}` gave.
    pub(super) shown: Value,
}

/// Something that was kept back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The field.
    pub(super) field: String,
    /// By which rule.
    pub(super) rule: String,
    /// Why.
    pub(super) reason: String,
}

impl Row {
    /// A text of the referral; empty when it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.shown.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What was withheld.
    pub(super) fn withheld(&self) -> Vec<Kept> {
        let text = |item: &Value, name: &str| {
            item.get(name).and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
        };
        let items = self.shown.get("withheld").and_then(Value::as_array).into_iter().flatten();
        items
            .map(|item| Kept {
                field: text(item, "field"),
                rule: text(item, "rule"),
                reason: text(item, "reason"),
            })
            .collect()
    }

    /// Whether nothing is under way for it any more.
    pub(super) fn is_settled(&self) -> bool {
        let trips = self.shown.get("deliveries").and_then(Value::as_array).into_iter().flatten();
        trips
            .filter_map(|trip| trip.get("status").and_then(Value::as_str))
            .all(|status| !matches!(status, "queued" | "attempting" | "collected"))
    }

    /// Every way in which this row is not what `expected` says.
    pub(super) fn differences(&self, expected: &Expected) -> Vec<String> {
        let mut found = Vec::new();
        let mut same = |name: &str, wanted: &str, was: &str| {
            if wanted != was {
                let was = if was.is_empty() { "nothing" } else { was };
                found.push(format!("{name}: expected {wanted}, was {was}"));
            }
        };
        same("state", &expected.state, self.text("state"));
        if let Some(wanted) = &expected.business_status {
            same("business_status", wanted, self.text("business_status"));
        }
        if let Some(wanted) = &expected.reason {
            same("reason", wanted, self.text("reason"));
        }
        if let Some(wanted) = &expected.recall_answer {
            same("recall_answer", wanted, self.text("recall_answer"));
        }
        let marked = !self.text("review_due_at").is_empty();
        if marked != expected.review {
            found.push(format!("review: expected {}, was {marked}", expected.review));
        }
        let withheld = self.withheld();
        for wanted in &expected.withheld {
            if !withheld.iter().any(|kept| covers(&kept.field, wanted)) {
                found.push(format!("withheld: {wanted} is not named"));
            }
        }
        if let Some(nameless) = withheld.iter().find(|kept| kept.rule.is_empty()) {
            found.push(format!("withheld: {} names no rule", nameless.field));
        }
        found
    }
}

/// Whether two fields are the same, or one lies within the other.
fn covers(kept: &str, wanted: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    kept == "*" || within(wanted, kept) || within(kept, wanted)
}

/// What one story came to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Its title.
    pub(super) title: String,
    /// Its referrals.
    pub(super) rows: Vec<Row>,
    /// Whether an assessment was submitted.
    pub(super) assessed: bool,
    /// Repeats that got the first answer and changed nothing.
    pub(super) duplicates_suppressed: u32,
    /// What is not as it must be.
    pub(super) problems: Vec<String>,
}

/// The differences of all stories, for people; empty when there are none.
pub(super) fn difference(told: &[Told]) -> String {
    let mut lines = Vec::new();
    for story in told.iter().filter(|story| !story.problems.is_empty()) {
        lines.push(format!("  {}", story.title));
        lines.extend(story.problems.iter().map(|problem| format!("    - {problem}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(shown: Value) -> Row {
        Row {
            referral_id: String::from("r"),
            person: String::from("p"),
            recipient: String::from("court"),
            kind: "court",
            shown,
        }
    }

    fn expected(value: Value) -> Expected {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_as_it_must_be_makes_no_difference() {
        let row = row(json!({
            "state": "used", "reason": "consent-given", "review_due_at": null,
            "withheld": [{"field": "/clinical", "rule": "court/5#clinical", "reason": "never-for-audience"}],
            "deliveries": [{"status": "delivered", "attempts": 1}],
        }));
        assert!(row.is_settled());
        let wanted =
            expected(json!({"state": "used", "received": true, "withheld": ["/clinical/medication"]}));
        assert_eq!(row.differences(&wanted), Vec::<String>::new());
        let wanted = expected(json!({
            "state": "read", "reason": "x", "received": true, "withheld": ["/clinic"], "review": true,
        }));
        assert_eq!(row.differences(&wanted).len(), 4, "{:?}", row.differences(&wanted));
    }

    #[test]
    fn fields_cover_each_other_by_whole_steps() {
        assert!(covers("*", "/clinical"));
        assert!(covers("/clinical/history", "/clinical"));
        assert!(covers("/clinical", "/clinical/history"));
        assert!(!covers("/clinical", "/clinicals"));
    }
}
