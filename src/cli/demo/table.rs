//! The last page of the story: one row for each person and recipient.

use super::{
    outcome::{Kept, Row, Told},
    voice::wrapped,
};

/// Width of the last column, in characters.
const WITHHELD_WIDTH: usize = 62;

/// The table, ready to be printed.
pub(super) fn table(told: &[Told]) -> String {
    let rows: Vec<&Row> = told.iter().flat_map(|story| &story.rows).collect();
    let recipient_width = rows.iter().map(|r| r.recipient.len()).max().unwrap_or(0).max("recipient".len());
    let state_width = rows.iter().map(|r| r.text("state").len()).max().unwrap_or(0).max("state".len());
    let line = |person: &str, recipient: &str, channel: &str, state: &str| {
        format!("{person:<12}  {recipient:<recipient_width$}  {channel:<10}  {state:<state_width$}  ")
    };
    let head = line("person", "recipient", "channel", "state");
    let indent = head.chars().count();
    let mut text = format!("{head}withheld, by rule\n");
    let mut last_person = "";
    for row in rows {
        if row.person != last_person {
            last_person = &row.person;
            text.push_str(&"-".repeat(indent + WITHHELD_WIDTH));
            text.push('\n');
        }
        text.push_str(&line(tail(&row.person), &row.recipient, row.text("channel"), row.text("state")));
        text.push_str(wrapped(&why(row), indent, WITHHELD_WIDTH).trim_start());
        text.push('\n');
    }
    text
}

/// The end of a pseudonym: its beginning is a time, which people of one day share.
fn tail(person: &str) -> &str {
    person.rsplit('-').next().unwrap_or(person)
}

/// What was withheld, grouped by table and reason: `custody/4 never-for-audience: clinical, screening`.
fn why(row: &Row) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for kept in row.withheld() {
        let (group, name) = describe(&kept);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    let mut parts: Vec<String> =
        groups.iter().map(|(group, names)| format!("{group}: {}", names.join(", "))).collect();
    let recall = row.text("recall_answer");
    if !recall.is_empty() {
        parts.insert(0, format!("(the recall was answered: {recall})"));
    }
    if !row.text("review_due_at").is_empty() {
        parts.insert(0, String::from("(consent overridden: the minimum only; a second person reviews it)"));
    }
    if parts.is_empty() { String::from("nothing") } else { parts.join("; ") }
}

/// Under which table and for which reason, and what: the block that the rule names, or the field.
fn describe(kept: &Kept) -> (String, String) {
    let (table, block) = kept.rule.split_once('#').unwrap_or((&kept.rule, ""));
    let name = if kept.field == "*" {
        String::from("everything")
    } else if block.is_empty() {
        kept.field.clone()
    } else {
        block.to_owned()
    };
    (format!("{table} {}", kept.reason), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_says_what_was_withheld_and_by_which_rule() {
        let told = [Told {
            rows: vec![Row {
                referral_id: String::from("r"),
                person: String::from("0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b4e"),
                recipient: String::from("custody-northgate"),
                kind: "police",
                shown: json!({
                    "state": "used", "channel": "event-push",
                    "withheld": [
                        {"field": "/clinical", "rule": "custody/4#clinical", "reason": "never-for-audience"},
                        {"field": "/trauma", "rule": "custody/4#trauma", "reason": "never-for-audience"},
                        {"field": "*", "rule": "consent/1", "reason": "consent-refused"},
                    ],
                }),
            }],
            ..Told::default()
        }];
        let text = table(&told);
        assert!(text.contains("3f9a21c07b4e  custody-northgate  event-push  used"), "{text}");
        assert!(text.contains("custody/4 never-for-audience: clinical, trauma;"), "{text}");
        assert!(text.contains("consent-refused: everything"), "{text}");
    }
}
