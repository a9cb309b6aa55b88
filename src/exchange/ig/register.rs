//! The register of flows: every column that a record of processing activities asks for, and how each flow was used.

use super::{flows::Flow, table::Table};
use crate::directory::{Audience, Party, ProcessingRecord, Role};

/// The columns of one flow, in the order in which [`row`] fills them.
const COLUMNS: [&str; 36] = [
    "agreement",
    "version",
    "recipient",
    "kind",
    "audience",
    "passed on to",
    "purposes",
    "valid from",
    "valid to",
    "data protection basis",
    "legal power",
    "confidentiality basis",
    "emergency blocks",
    "impact assessment",
    "controller",
    "controller contact",
    "data protection officer",
    "public authority",
    "recipient in law",
    "recipient contact",
    "recipient role",
    "processor",
    "data subjects",
    "data classes",
    "source",
    "onward recipients",
    "transfers",
    "retention days",
    "security",
    "automated decisions",
    "policy document",
    "review by",
    "messages",
    "first to last",
    "stands",
    "because",
];

/// Everything that is known of each flow, a row for each audience that it was used for.
#[must_use]
pub fn register(flows: &[Flow]) -> Table {
    let mut table = Table::new(&COLUMNS);
    for flow in flows {
        for used in cells(flow) {
            let row = row(flow, used);
            table.row(&row.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    table
}

fn row(flow: &Flow, [audience, reader, number, first, last]: [String; 5]) -> [String; COLUMNS.len()] {
    let [id, version] = named(flow);
    let basis = flow.basis.clone();
    let [protection, power, confidentiality] =
        basis.map(|basis| [basis.data_protection, basis.power, basis.confidentiality]).unwrap_or_default();
    let of = |told: fn(&ProcessingRecord) -> String| flow.record.as_ref().map(told).unwrap_or_default();
    let overdue = if flow.review_overdue { " OVERDUE" } else { "" };
    let span = if first == last { first } else { format!("{first} to {last}") };
    [
        id,
        version,
        flow.recipient.to_string(),
        flow.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        audience,
        reader,
        flow.purposes.join(" "),
        flow.valid_from.clone().unwrap_or_default(),
        flow.valid_to.clone().unwrap_or_default(),
        protection,
        power,
        confidentiality,
        flow.emergency.as_ref().map(|blocks| blocks.join(" ")).unwrap_or_default(),
        flow.dpia_reference.clone().unwrap_or_default(),
        of(|record| record.controller.name.clone()),
        of(|record| record.controller.contact.clone()),
        of(|record| officer(&record.controller)),
        of(|record| yes(record.public_authority)),
        of(|record| record.recipient.name.clone()),
        of(|record| record.recipient.contact.clone()),
        of(|record| Role::as_str(record.recipient_role).to_owned()),
        of(|record| record.processor.as_ref().map(|party| party.name.clone()).unwrap_or_default()),
        of(|record| record.data_subjects.join("; ")),
        of(|record| record.data_classes.join(" ")),
        of(|record| record.source.clone()),
        of(|record| record.onward_recipients.join("; ")),
        of(|record| record.transfers.clone()),
        of(|record| record.retention_days.to_string()),
        of(|record| record.security.clone()),
        of(|record| yes(record.automated_decisions)),
        of(|record| record.policy_document.clone().unwrap_or_default()),
        flow.review_by.as_ref().map(|by| format!("{by}{overdue}")).unwrap_or_default(),
        number,
        span,
        flow.stands.as_str().to_owned(),
        flow.because.unwrap_or_default().to_owned(),
    ]
}

fn officer(party: &Party) -> String {
    party.data_protection_officer.clone().unwrap_or_default()
}

fn yes(value: bool) -> String {
    String::from(if value { "yes" } else { "no" })
}

/// The cells of one flow, once for each audience that it was used for.
#[must_use]
pub fn cells(flow: &Flow) -> Vec<[String; 5]> {
    let audience = |one: Option<&str>| one.unwrap_or_default().to_owned();
    if flow.used.is_empty() {
        let never = String::new;
        return vec![[
            audience(flow.audience.map(Audience::as_str)),
            never(),
            String::from("0"),
            never(),
            never(),
        ]];
    }
    let used = flow.used.iter().map(|used| {
        [
            audience(used.audience.map(Audience::as_str)),
            used.on_behalf_of.as_ref().map(ToString::to_string).unwrap_or_default(),
            used.disclosures.to_string(),
            used.first.clone(),
            used.last.clone(),
        ]
    });
    used.collect()
}

/// The agreement of a flow, and its version; empty where it has none.
#[must_use]
pub fn named(flow: &Flow) -> [String; 2] {
    let id = flow.agreement_id.as_ref().map(ToString::to_string).unwrap_or_default();
    [id, flow.version.map(|version| version.to_string()).unwrap_or_default()]
}
