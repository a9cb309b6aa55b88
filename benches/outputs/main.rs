//! How long one assessment takes to become its six outputs (health, custody, court, probation, housing, the voluntary
//! sector), each decided, minimised and written with the lineage of every field; and how that grows with its size.
//!
//! `cargo bench --bench outputs -- [--rounds N] [--json]`. The assessment is the one that fills every field, in itself
//! and with every list four and sixteen times as long. Not timed: reading the assessment, and checking what was written
//! against its profile (`benches/validate` times that).

#[path = "../measured/mod.rs"]
mod measured;

use std::hint::black_box;

use keyway::{
    clock::Moment,
    consent::{Decision, Outcome, PermittedReferral, Reason, Scope},
    directory::{AgencyKind, Channel, Partner, PartnerStatus},
    ids::{ConsentId, PartnerId, SiteId},
    mapping::{Frame, render},
    minimise::{Ask, Rules},
};
use measured::{Asked, micros_at, timed};
use serde_json::{Value, json};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ASSESSMENT: &str = include_str!("../../fixtures/assessments/full.json");
/// How often each size is timed when nothing else is asked for.
const ROUNDS: usize = 1_000;
/// How many times as long the lists are.
const SIZES: [usize; 3] = [1, 4, 16];
/// Whom the outputs are for, by the ids that the assessment names.
const RECIPIENTS: [(&str, AgencyKind, Channel); 6] = [
    ("cmht-riverside", AgencyKind::Cmht, Channel::FhirPush),
    ("custody-northgate", AgencyKind::Police, Channel::EventPush),
    ("court-harbour", AgencyKind::Court, Channel::EventPush),
    ("probation-harbour", AgencyKind::Probation, Channel::EventPush),
    ("housing-harbour", AgencyKind::Housing, Channel::Mailbox),
    ("housing-harbour", AgencyKind::Voluntary, Channel::Mailbox),
];
/// 2026-11-23T10:00:00Z.
const NOW: Moment = Moment(1_795_428_000_000_000);

fn main() -> Result<(), String> {
    let asked = Asked::read(&["--rounds"])?;
    let rounds = asked.number("--rounds", ROUNDS)?;
    let rules = Rules::compile()?;
    let original: Value = serde_json::from_str(ASSESSMENT).map_err(|error| error.to_string())?;
    let (ld, recipients) = agencies()?;
    let mut seen = Vec::new();
    for size in SIZES {
        let assessment = longer(&original, size);
        let mut times = Vec::with_capacity(rounds);
        let mut made = Made::default();
        for _ in 0..rounds {
            let (outputs, time) = timed(|| outputs(&rules, black_box(&assessment), &ld, &recipients));
            made = black_box(outputs?);
            times.push(time);
        }
        times.sort_unstable();
        seen.push(json!({
            "lists": format!("{size}x"),
            "assessment_bytes": assessment.to_string().len(),
            "written_bytes": made.bytes,
            "lineage_lines": made.lines,
            "median_us": micros_at(&times, 50),
            "p95_us": micros_at(&times, 95),
        }));
    }
    asked.show(&Value::Array(seen))
}

/// The assessment with each of its lists `times` as long; whom it asks, and what was agreed, stay.
fn longer(value: &Value, times: usize) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| {
                    let stays = ["consents", "referrals", "overrides"].contains(&name.as_str());
                    (name.clone(), if stays { field.clone() } else { longer(field, times) })
                })
                .collect(),
        ),
        Value::Array(entries) => {
            let entries: Vec<Value> = entries.iter().map(|entry| longer(entry, 1)).collect();
            Value::Array((0..times).flat_map(|_| entries.iter().cloned()).collect())
        }
        leaf => leaf.clone(),
    }
}

fn agencies() -> Result<(Partner, Vec<Partner>), String> {
    let agency = |(id, kind, channel): (&str, AgencyKind, Channel)| {
        Some(Partner {
            site_id: SiteId::parse("harbour")?,
            partner_id: PartnerId::parse(id)?,
            kind,
            name: id.replace('-', " "),
            organisation_code: format!("https://fhir.nhs.uk/Id/ods-organization-code|{}", id.to_uppercase()),
            channel,
            endpoint: None,
            client_id: id.to_owned(),
            certificate_sha256: String::new(),
            jwks: String::new(),
            status: PartnerStatus::Active,
            forgives: Vec::new(),
            service: None,
            version: 1,
        })
    };
    let ld = agency(("ld-harbour", AgencyKind::LiaisonDiversion, Channel::Mailbox));
    let recipients: Option<Vec<Partner>> = RECIPIENTS.into_iter().map(agency).collect();
    ld.zip(recipients).ok_or_else(|| String::from("an agency's id is none"))
}

/// What came of one round, so that nothing of the work can be left out.
#[derive(Clone, Copy, Default)]
struct Made {
    bytes: usize,
    lines: usize,
}

fn outputs(rules: &Rules, assessment: &Value, ld: &Partner, recipients: &[Partner]) -> Result<Made, String> {
    let mut made = Made::default();
    for recipient in recipients {
        let audience = recipient.kind.audience().ok_or("no allow-list")?;
        let decision = Decision {
            outcome: Outcome::Permit { scope: Scope::Agreed { excluded: Vec::new(), specific: Vec::new() } },
            reason: Reason::ConsentGiven,
            consent: ConsentId::parse("consent-1").map(|id| (id, 1)),
            provision: Some(String::from("provision.provision[0]")),
            agreement: None,
            basis: None,
            override_basis: None,
            data_classes: Some(rules.open_blocks(audience).into_iter().map(str::to_owned).collect()),
            shares: Vec::new(),
        };
        let permitted = PermittedReferral::new(&decision, recipient).ok_or("not permitted")?;
        let ask = Ask { recipient: recipient.partner_id.as_str(), need: "mental-health" };
        let projection = rules.project(&permitted, assessment, ask);
        let ids = |role: &str| {
            let sum = role.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
            format!("urn:uuid:00000000-0000-4000-8000-{:012x}", sum & 0xffff_ffff_ffff)
        };
        let mapped = render(
            &Frame {
                message_id: "01900000-0000-7000-8000-000000000001",
                wire_id: "01900000-0000-7000-8000-0000000000aa",
                referral_id: "01900000-0000-7000-8000-000000000002",
                disclosure_id: Some("01900000-0000-7000-8000-000000000003"),
                correlation_id: "01900000-0000-7000-8000-000000000004",
                journey_id: "01900000-0000-7000-8000-000000000005",
                sequence: 1,
                now: NOW,
                sender: ld,
                recipient,
                nature: recipient.kind.usual_nature(),
                urgency: "routine",
                base_url: "https://keyway.example:8443",
                person_ref: "LD-ABCDEFGHJK",
                answer_by: NOW.plus_seconds(14 * 24 * 3600),
                review_due_at: None,
                changed: None,
                on_behalf_of: None,
                in_reply_to: None,
                sealing: None,
                ids: &ids,
            },
            audience,
            &projection,
        );
        let mapped = mapped.map_err(|_| format!("no message for {}", recipient.partner_id))?;
        made.bytes += mapped.body.len() + mapped.detail.as_ref().map_or(0, Vec::len);
        made.lines += mapped.lineage.len();
        black_box(mapped);
    }
    Ok(made)
}
