//! The gateway's own records of consent, decided by its own decision and, as the FHIR Consents that it shows, by the
//! evaluator of any Consent: whether something may go, and what is kept back, are the same. But for one millisecond: the end
//! of a record is not part of it, and the end of a FHIR period is.

use std::collections::BTreeSet;

use keyway::{
    assessment::{Capture, OwnWord},
    clock::Moment,
    consent::{
        Consent, ConsentDecision, ConsentStatus, Inputs, Outcome, Scope, decide,
        r4::{Request, Verdict},
    },
    directory::{AgencyKind, Agreement, Channel, LawfulBasis, Partner, PartnerStatus},
    ids::{AgreementId, ConsentId, PartnerId, PersonId, SiteId},
};
use serde_json::{Value, json};

use super::{cases::Chance, processing_record::processing_record, read};

/// 2026-11-23T10:00:00Z.
const NOW: Moment = Moment(1_795_428_000_000_000);
const TRIES: usize = 5_000;
const BLOCKS: [&str; 4] = ["housing", "money", "trauma", "substance-use"];

fn partner() -> Partner {
    Partner {
        site_id: SiteId::parse("harbour").unwrap(),
        partner_id: PartnerId::parse("cmht-riverside").unwrap(),
        kind: AgencyKind::Cmht,
        name: String::from("Riverside"),
        organisation_code: String::new(),
        channel: Channel::Mailbox,
        endpoint: None,
        client_id: String::new(),
        certificate_sha256: String::new(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 1,
    }
}

fn agreement() -> Agreement {
    let word = String::from;
    Agreement {
        site_id: SiteId::parse("harbour").unwrap(),
        agreement_id: AgreementId::parse("agreement-cmht").unwrap(),
        partner_id: partner().partner_id,
        version: 1,
        purposes: vec![word("TREAT")],
        valid_from: Moment(0),
        valid_to: Moment(i64::MAX),
        basis: LawfulBasis {
            data_protection: word("6.1.e"),
            power: word("CommonLaw"),
            confidentiality: word("CONSENT-EXPLICIT"),
        },
        emergency: None,
        dpia_reference: word("DPIA-1"),
        record: processing_record(AgencyKind::Cmht),
    }
}

/// A moment round the decision, often just at it.
fn round(chance: &mut Chance) -> Moment {
    match chance.below(4) {
        0 => NOW,
        1 => Moment(NOW.0 - 1_000),
        2 => NOW.plus_seconds(-86_400),
        _ => NOW.plus_seconds(86_400),
    }
}

fn record(chance: &mut Chance, place: usize) -> Consent {
    let word = |text: &str| Some(String::from(text));
    let had_capacity = chance.percent(90);
    let blocks = |chance: &mut Chance| -> Vec<String> {
        BLOCKS.into_iter().filter(|_| chance.percent(15)).map(String::from).collect()
    };
    Consent {
        id: ConsentId::parse(&format!("0192f0c0-0000-7000-8000-00000000000{place}")).unwrap(),
        version: 1,
        person: PersonId::parse("0192f0c0-0000-7000-8000-0000000000ff").unwrap(),
        recipient: PartnerId::parse(if chance.percent(75) { "cmht-riverside" } else { "housing-harbour" })
            .unwrap(),
        status: match chance.below(10) {
            0 => ConsentStatus::Inactive,
            1 => ConsentStatus::EnteredInError,
            _ => ConsentStatus::Active,
        },
        decision: if chance.percent(85) { ConsentDecision::Permit } else { ConsentDecision::Deny },
        valid_from: if chance.percent(80) {
            NOW.plus_seconds(-90_000)
        } else {
            round(chance).min(NOW.plus_seconds(-1))
        },
        valid_to: if chance.percent(60) {
            NOW.plus_seconds(90_000)
        } else {
            NOW.plus_milliseconds([-1, 1][chance.below(2)])
        },
        excluded: blocks(chance),
        specific: blocks(chance),
        had_capacity,
        captured_by: String::from("T. Officer"),
        how: String::from("oral"),
        capture: Capture {
            capacity: word(if had_capacity { "has-capacity" } else { "lacks-capacity" })
                .filter(|_| chance.percent(50)),
            given_by: word(["person", "both", "parental-responsibility"][chance.below(3)])
                .filter(|_| chance.percent(50)),
            competence: word(["competent", "not-competent"][chance.below(2)]).filter(|_| chance.percent(50)),
            parental_responsibility: chance
                .percent(50)
                .then(|| (String::from("P. Testcase"), String::from("mother"))),
            interpreter: None,
            appropriate_adult_present: None,
        },
    }
}

/// The blocks that the answer about all data keeps back.
fn kept(told: &Value) -> BTreeSet<String> {
    let withheld = told["withheld"].as_array().unwrap().iter();
    let codes = withheld.flat_map(|rule| rule["data"]["code"].as_array().unwrap());
    codes.map(|code| code.as_str().unwrap().rsplit('|').next().unwrap().to_owned()).collect()
}

#[test]
fn own_records_and_the_consents_that_show_them_are_decided_alike() {
    let mut chance = Chance(3);
    let (partner, agreements, purposes) = (partner(), [agreement()], [String::from("TREAT")]);
    let mut seen = [0_usize; 3];
    for _ in 0..TRIES {
        let records: Vec<Consent> = (0..chance.below(4)).map(|place| record(&mut chance, place)).collect();
        let own_word_from = if chance.percent(70) { Moment(0) } else { round(&mut chance) };
        let stored: Vec<_> = records.iter().cloned().map(Ok).collect();
        let own = decide(Inputs {
            partner: &partner,
            agreements: &agreements,
            purposes: &purposes,
            consents: &stored,
            r#override: None,
            own_word: OwnWord { from: own_word_from, has_capacity: true },
            now: NOW,
        });
        let shown: Vec<Value> = records.iter().map(Consent::to_fhir).collect();
        let request = Request::read(&json!({
            "actorReferences": ["Organization/cmht-riverside"], "now": NOW.to_rfc3339(),
            "patient": "Patient/0192f0c0-0000-7000-8000-0000000000ff", "ownWordFrom": own_word_from.to_rfc3339(),
            "purposeOfUse": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"},
        }))
        .unwrap();
        let directives = read(&shown);
        let told = keyway::consent::r4::decide(&directives, &request);
        assert_eq!(
            own.permits(),
            told.verdict != Verdict::Deny,
            "{own:?}\n{}\n{}",
            told.to_json(),
            json!(shown)
        );
        if let Outcome::Permit { scope: Scope::Agreed { excluded, .. } } = own.outcome {
            let excluded: BTreeSet<String> = excluded.into_iter().collect();
            assert_eq!(excluded, kept(&told.to_json()), "{}\n{}", told.to_json(), json!(shown));
            assert_eq!(told.verdict == Verdict::Permit, excluded.is_empty());
        }
        seen[told.verdict as usize] += 1;
    }
    assert!(seen.iter().all(|count| *count > TRIES / 20), "{seen:?}");
}
