//! Communication: what one side said to the other about a referral, in its own words.

use serde_json::{Value, json};

use super::{Person, organization_reference, ours, put, restricted};
use crate::clock::Moment;

/// Something that was said.
#[derive(Clone, Debug)]
pub struct Remark<'a> {
    /// Its id.
    pub id: &'a str,
    /// The referral that it is about.
    pub referral: &'a str,
    /// The person, as the reader names them.
    pub person: &'a Person,
    /// Who said it.
    pub by: &'a str,
    /// To whom.
    pub to: &'a str,
    /// When.
    pub at: Moment,
    /// With which action.
    pub action: &'a str,
    /// The words.
    pub text: &'a str,
    /// What it answers.
    pub answers: Option<&'a str>,
}

/// The category of what is said with an action.
#[must_use]
fn category(action: &str) -> &'static str {
    match action {
        "request-information" => "question",
        "supply-information" => "answer",
        _ => "note",
    }
}

/// The Communication. Nothing about it ever changes.
#[must_use]
pub fn communication(remark: &Remark<'_>) -> Value {
    let mut communication = json!({
        "resourceType": "Communication",
        "id": remark.id,
        "meta": restricted(Some("ld-communication"), 1, remark.at),
        "basedOn": [{"reference": format!("ServiceRequest/{}", remark.referral)}],
        "status": "completed",
        "category": [ours("communication-kind", category(remark.action))],
        "subject": remark.person.reference(),
        "topic": ours("referral-action", remark.action),
        "about": [{"reference": format!("Task/{}", remark.referral)}],
        "sent": remark.at.to_rfc3339(),
        "recipient": [organization_reference(remark.to)],
        "sender": organization_reference(remark.by),
        "payload": [{"contentString": remark.text}],
    });
    let question = remark.answers.map(|id| json!([{"reference": format!("Communication/{id}")}]));
    put(&mut communication, "inResponseTo", question);
    communication
}
