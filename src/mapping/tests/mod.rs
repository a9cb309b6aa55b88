//! Every audience's message, made from the same full assessment, its rules and its profile.

mod canaries;
mod documents;
mod fhir;
mod golden;
mod notices;
mod referrals;
mod replies;
mod risks;
mod services;

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use super::{FHIR_PROFILES, Frame, Mapped, place::Place, render};
use crate::{
    clock::Moment,
    consent::{Decision, Outcome, PermittedReferral, Reason, Scope},
    directory::{AgencyKind, Audience, Channel, Nature, Partner},
    minimise::{Ask, Places, Projection, Rules},
    profile::{
        Profiles, Schema, Severity,
        check::{self, Program},
    },
};

/// Every field of every form, filled.
fn everything() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/assessments/everything.json")).unwrap()
}

/// The assessment that fills every field of the first form.
fn full() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/assessments/full.json")).unwrap()
}

/// Everything that `value` says, by its place.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let places = Places::of(value);
    let leaves = Place::root(&places).leaves();
    leaves.iter().map(|leaf| (leaf.pointer(), places.value(leaf.number()))).collect()
}

fn now() -> Moment {
    Moment::from_rfc3339("2026-11-23T10:00:00Z").unwrap()
}

fn partner(slug: &str, kind: AgencyKind, name: &str, code: &str, channel: Channel) -> Partner {
    Partner {
        name: name.to_owned(),
        organisation_code: code.to_owned(),
        channel,
        endpoint: (channel != Channel::Mailbox).then(|| format!("https://{slug}.example/in")),
        ..Partner::given(slug, kind)
    }
}

fn ld() -> Partner {
    let code = "https://fhir.nhs.uk/Id/ods-organization-code|X9999";
    partner(
        "ld-harbour",
        AgencyKind::LiaisonDiversion,
        "Harbour Liaison and Diversion",
        code,
        Channel::Mailbox,
    )
}

/// Who stands for an audience in the full assessment, and how it is reached.
fn recipient(audience: Audience) -> Partner {
    use AgencyKind::{Cmht, Court, Housing, Police, Probation, SocialCare, Voluntary, YouthJustice};
    let (slug, kind, name, code, channel) = match audience {
        Audience::Health => (
            "cmht-riverside",
            Cmht,
            "Riverside CMHT",
            "https://fhir.nhs.uk/Id/dos-service-id|2000099999",
            Channel::FhirPush,
        ),
        Audience::Custody => {
            ("custody-northgate", Police, "Northgate custody suite", "force|99", Channel::EventPush)
        }
        Audience::Court => {
            ("court-harbour", Court, "Harbour Magistrates' Court", "ou|B99ZZ00", Channel::EventPush)
        }
        Audience::Probation => {
            ("probation-harbour", Probation, "Harbour Probation", "pdu|N99", Channel::EventPush)
        }
        Audience::YouthJustice => {
            ("probation-harbour", YouthJustice, "Harbour Youth Justice", "yjs|Y99", Channel::EventPush)
        }
        Audience::Housing => {
            ("housing-harbour", Housing, "Harbour Council Housing", "gss|E99999999", Channel::Mailbox)
        }
        Audience::SocialCare => {
            ("housing-harbour", SocialCare, "Harbour Adult Social Care", "gss|E99999999", Channel::Mailbox)
        }
        Audience::Voluntary => {
            ("housing-harbour", Voluntary, "Harbour Advice", "charity|9999999", Channel::Mailbox)
        }
    };
    partner(slug, kind, name, code, channel)
}

/// A frame whose ids are the same at every run.
fn with_frame<T>(recipient: &Partner, nature: Nature, make: impl FnOnce(&Frame<'_>) -> T) -> T {
    let sender = ld();
    let ids = |role: &str| {
        let sum = role.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
        format!("urn:uuid:00000000-0000-4000-8000-{:012x}", sum & 0xffff_ffff_ffff)
    };
    make(&Frame {
        message_id: "01900000-0000-7000-8000-000000000001",
        wire_id: "01900000-0000-7000-8000-0000000000aa",
        referral_id: "01900000-0000-7000-8000-000000000002",
        disclosure_id: Some("01900000-0000-7000-8000-000000000003"),
        correlation_id: "01900000-0000-7000-8000-000000000004",
        journey_id: "01900000-0000-7000-8000-000000000005",
        sequence: 1,
        now: now(),
        sender: &sender,
        recipient,
        nature,
        urgency: "routine",
        base_url: "https://keyway.example:8443",
        person_ref: "LD-ABCD-EFGH",
        answer_by: now().plus_seconds(14 * 24 * 3600),
        review_due_at: Some(now().plus_seconds(72 * 3600)),
        changed: None,
        on_behalf_of: None,
        in_reply_to: None,
        sealing: None,
        ids: &ids,
    })
}

fn made(audience: Audience, projection: &Projection) -> Mapped {
    let recipient = recipient(audience);
    with_frame(&recipient, recipient.kind.usual_nature(), |frame| render(frame, audience, projection))
        .unwrap()
}

/// What may leave of `assessment`: everything that the person may agree to, or the override's minimum.
fn project(audience: Audience, assessment: &Value, minimum: bool) -> Projection {
    let recipient = recipient(audience);
    let scope = if minimum {
        let blocks = [
            "name",
            "birth-date",
            "identifiers",
            "communication",
            "appropriate-adult",
            "vulnerabilities",
            "substance-use",
            "safeguarding",
            "risk-to-self",
            "risk-to-others",
            "practitioner",
        ];
        Scope::Minimum { blocks: blocks.map(String::from).to_vec() }
    } else {
        Scope::Agreed { excluded: Vec::new(), specific: vec![String::from("trauma")] }
    };
    let decision = Decision {
        outcome: Outcome::Permit { scope },
        reason: if minimum { Reason::OverrideRiskToLife } else { Reason::ConsentGiven },
        consent: None,
        provision: None,
        agreement: None,
        basis: None,
        override_basis: None,
        data_classes: None,
        shares: Vec::new(),
    };
    let permitted = PermittedReferral::new(&decision, &recipient).unwrap();
    let slug = recipient.partner_id.as_str();
    let asked = assessment["referrals"].as_array().unwrap().iter().find(|asked| asked["recipient"] == slug);
    let ask = Ask { recipient: slug, need: asked.unwrap()["need"].as_str().unwrap() };
    Rules::compile().unwrap().project(&permitted, assessment, ask)
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The bytes as people read them.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The document: the detail that an event points to, or the body.
fn document(mapped: &Mapped) -> Value {
    json(mapped.detail.as_ref().unwrap_or(&mapped.body))
}

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().unwrap());

/// It names a profile of ours, and nothing in it is wrong by that or by those that its resources name.
fn assert_follows_its_fhir_profiles(bundle: &Value) {
    let named: Vec<&str> =
        bundle["meta"]["profile"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
    assert!(named.iter().any(|url| url.starts_with("https://keyway.example/") && PROGRAM.knows(url)));
    let findings = PROGRAM.check(bundle, &check::Ask::at(now().0));
    let wrong: Vec<_> = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Both parts follow their profiles.
fn assert_follows_profiles(mapped: &Mapped) {
    let profiles = Profiles::compile().unwrap();
    let parts =
        [(Some(mapped.body_schema), Some(&mapped.body)), (mapped.detail_schema, mapped.detail.as_ref())];
    for (name, bytes) in parts {
        let (Some(name), Some(bytes)) = (name, bytes) else { continue };
        if name == FHIR_PROFILES {
            assert_follows_its_fhir_profiles(&json(bytes));
            continue;
        }
        let issues = profiles.check(Schema::parse(name).unwrap(), &json(bytes));
        assert!(issues.is_empty(), "{name}: {issues:#?}");
    }
}
