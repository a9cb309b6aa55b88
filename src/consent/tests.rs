//! Every reason occurs; the laws hold; what is written is read back.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    assessment::{Capture, OwnWord},
    clock::Moment,
    directory::{
        AgencyKind, Agreement, Channel, EmergencyRow, LawfulBasis, Partner, PartnerStatus, ProcessingRecord,
        import,
    },
    ids::{AgreementId, ConsentId, PartnerId, PersonId, SiteId},
};

mod agreements;

const NOW: Moment = Moment(1_764_000_000_000_000);

fn basis(word: &str) -> LawfulBasis {
    LawfulBasis {
        data_protection: String::from("6.1.e + 9.2.h"),
        power: String::from("CommonLaw"),
        confidentiality: word.to_owned(),
    }
}

fn partner() -> Partner {
    Partner {
        site_id: SiteId::parse("harbour").unwrap(),
        partner_id: PartnerId::parse("custody-northgate").unwrap(),
        kind: AgencyKind::Police,
        name: String::from("Northgate custody suite"),
        organisation_code: String::from("force|99"),
        channel: Channel::EventPush,
        endpoint: None,
        client_id: String::from("custody-northgate"),
        certificate_sha256: String::new(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 1,
    }
}

/// The record of what flows to custody, as the fixtures have it.
fn processing_record() -> Option<ProcessingRecord> {
    let records: Value =
        serde_json::from_str(include_str!("../../fixtures/processing-records.json")).unwrap();
    let (listing, _) = import::read_value("records", &json!([{"record": records["custody"]}]));
    listing.agreements.into_iter().next().and_then(|one| one.record)
}

fn agreement() -> Agreement {
    Agreement {
        site_id: SiteId::parse("harbour").unwrap(),
        agreement_id: AgreementId::parse("dsa-1").unwrap(),
        partner_id: partner().partner_id,
        version: 3,
        purposes: vec![String::from("COORDINATION"), String::from("HRESCH")],
        valid_from: NOW.plus_seconds(-1_000),
        valid_to: NOW.plus_seconds(1_000),
        basis: basis("CONSENT-EXPLICIT"),
        emergency: Some(EmergencyRow {
            blocks: vec![String::from("risk-to-self")],
            basis: basis("PUBLIC-INTEREST"),
        }),
        dpia_reference: String::from("DPIA-1"),
        record: processing_record(),
    }
}

fn consent(id: &str) -> Consent {
    Consent {
        id: ConsentId::parse(id).unwrap(),
        version: 1,
        person: PersonId::parse("p").unwrap(),
        recipient: partner().partner_id,
        status: ConsentStatus::Active,
        decision: ConsentDecision::Permit,
        valid_from: NOW.plus_seconds(-100),
        valid_to: NOW.plus_seconds(100),
        excluded: vec![String::from("substance-use")],
        specific: Vec::new(),
        had_capacity: true,
        captured_by: String::from("practitioner"),
        how: String::from("oral"),
        capture: Capture::default(),
    }
}

/// What an agreement with police custody must be for.
fn purposes() -> Vec<String> {
    vec![String::from("COORDINATION")]
}

fn own_word(from: Moment) -> OwnWord {
    OwnWord { from, has_capacity: true }
}

fn ask(
    consents: &[Result<Consent, (ConsentId, i64)>],
    agreements: &[Agreement],
    over: Option<&Override>,
) -> Decision {
    decide(Inputs {
        partner: &partner(),
        agreements,
        purposes: &purposes(),
        consents,
        r#override: over,
        own_word: own_word(NOW.plus_seconds(-1_000)),
        now: NOW,
    })
}

fn imminent() -> Override {
    Override { reason: String::from("RISK-TO-LIFE-SELF"), imminent: true }
}

#[test]
fn every_reason_occurs_and_only_consent_or_override_permits() {
    let yes = consent("a");
    let with = |change: &dyn Fn(&mut Consent)| {
        let mut c = consent("a");
        change(&mut c);
        ask(&[Ok(c)], &[agreement()], None).reason
    };
    let mut no_emergency = agreement();
    no_emergency.emergency = None;
    let later = Override { imminent: false, ..imminent() };
    let mut seen = vec![
        ask(&[Ok(yes.clone())], &[agreement()], None).reason,
        with(&|c| c.decision = ConsentDecision::Deny),
        ask(&[], &[agreement()], None).reason,
        with(&|c| c.valid_to = NOW),
        with(&|c| c.valid_from = NOW.plus_seconds(1)),
        with(&|c| c.status = ConsentStatus::Inactive),
        with(&|c| c.status = ConsentStatus::EnteredInError),
        with(&|c| c.had_capacity = false),
        with(&|c| c.capture.given_by = Some(String::from("parental-responsibility"))),
        ask(&[Ok(yes.clone()), Err((yes.id.clone(), 2))], &[agreement()], None).reason,
        ask(&[Ok(yes.clone())], &[], None).reason,
        ask(&[Ok(yes.clone())], &[Agreement { record: None, ..agreement() }], None).reason,
        decide(Inputs {
            partner: &Partner { status: PartnerStatus::Suspended, ..partner() },
            agreements: &[agreement()],
            purposes: &purposes(),
            consents: &[Ok(yes)],
            r#override: None,
            own_word: own_word(NOW.plus_seconds(-1_000)),
            now: NOW,
        })
        .reason,
        ask(&[], &[agreement()], Some(&imminent())).reason,
        ask(&[], &[no_emergency], Some(&imminent())).reason,
        ask(&[Ok(consent("a"))], &[agreement()], Some(&imminent())).reason,
        ask(&[], &[agreement()], Some(&later)).reason,
        ask(&[Ok(consent("a"))], &[agreements::for_research()], None).reason,
        decide_own_request(&partner(), &[agreement()], &purposes(), NOW).reason,
        decide(Inputs {
            partner: &Partner { kind: AgencyKind::Cmht, ..partner() },
            agreements: &[Agreement { basis: basis("CONSENT-IMPLIED-DIRECT-CARE"), ..agreement() }],
            purposes: &purposes(),
            consents: &[],
            r#override: None,
            own_word: own_word(NOW),
            now: NOW,
        })
        .reason,
    ];
    assert!(!decide_own_request(&partner(), &[], &purposes(), NOW).permits());
    let service = Partner { kind: AgencyKind::LiaisonDiversion, ..partner() };
    assert!(decide_own_request(&service, &[], &purposes(), NOW).permits(), "what stays with the service");
    let suspended = Partner { status: PartnerStatus::Suspended, ..service };
    assert!(!decide_own_request(&suspended, &[], &purposes(), NOW).permits());
    let all: Vec<Reason> = Reason::ALL.to_vec();
    seen.dedup();
    for reason in &all {
        assert!(seen.contains(reason), "{reason:?} never occurs");
    }
}

#[test]
fn a_refusal_in_force_beats_an_agreement_whatever_the_order() {
    let mut refused = consent("b");
    refused.decision = ConsentDecision::Deny;
    for consents in [[Ok(consent("a")), Ok(refused.clone())], [Ok(refused), Ok(consent("a"))]] {
        let decision = ask(&consents, &[agreement()], None);
        assert_eq!((decision.permits(), decision.reason), (false, Reason::ConsentRefused));
    }
}

#[test]
fn a_refusal_ends_when_it_says_and_what_was_kept_back_stays_when_its_permission_is_over() {
    let mut refused = consent("b");
    refused.decision = ConsentDecision::Deny;
    refused.specific = vec![String::from("trauma")];
    refused.valid_to = NOW;
    assert_eq!(ask(&[Ok(refused.clone())], &[agreement()], None).reason, Reason::ConsentRefused);
    assert!(ask(&[Ok(refused.clone()), Ok(consent("a"))], &[agreement()], None).permits());
    assert!(!refused.to_fhir().to_string().contains("\"permit\""), "a refusal holds no permission");
    let mut over = consent("b");
    (over.valid_to, over.excluded) = (NOW, vec![String::from("housing")]);
    let decision = ask(&[Ok(over), Ok(consent("a"))], &[agreement()], None);
    let Outcome::Permit { scope: Scope::Agreed { excluded, .. } } = decision.outcome else { panic!() };
    assert_eq!(excluded, ["housing", "substance-use"]);
}

#[test]
fn an_override_gives_the_minimum_and_says_so() {
    let mut refused = consent("b");
    refused.decision = ConsentDecision::Deny;
    let decision = ask(&[Ok(refused)], &[agreement()], Some(&imminent()));
    assert!(decision.permits() && decision.is_override());
    assert_eq!(decision.basis.unwrap().confidentiality, "PUBLIC-INTEREST");
    let Outcome::Permit { scope: Scope::Minimum { blocks } } = decision.outcome else { panic!() };
    assert_eq!(blocks, ["risk-to-self"]);
}

#[test]
fn beside_a_yes_an_override_adds_its_row_and_each_part_keeps_its_own_basis() {
    for excluded in [&[][..], &["risk-to-self"][..]] {
        let mut yes = consent("a");
        yes.excluded = excluded.iter().map(|word| String::from(*word)).collect();
        let decision = ask(&[Ok(yes.clone())], &[agreement()], Some(&imminent()));
        assert_eq!(decision.reason, Reason::ConsentAndOverride, "whether or not anything is kept back");
        assert!(decision.uses_override() && decision.is_beside_consent() && !decision.is_override());
        assert_eq!(decision.consent, Some((yes.id.clone(), yes.version)));
        assert_eq!(decision.basis.unwrap().confidentiality, "CONSENT-EXPLICIT");
        assert_eq!(decision.override_basis.unwrap().confidentiality, "PUBLIC-INTEREST");
        let Outcome::Permit { scope } = decision.outcome else { panic!() };
        let (excluded, blocks) = (yes.excluded.clone(), vec![String::from("risk-to-self")]);
        assert_eq!(scope, Scope::AgreedAndMinimum { excluded, specific: Vec::new(), blocks });

        // Without a risk now, without a row, and with a row of nothing it is what they agreed to and no more.
        let later = Override { imminent: false, ..imminent() };
        let other = Override { reason: String::from("RISK-TO-OTHERS"), ..imminent() };
        let (mut no_row, mut empty) = (agreement(), agreement());
        no_row.emergency = None;
        empty.emergency.as_mut().unwrap().blocks.clear();
        for (agreement, over) in
            [(agreement(), later), (agreement(), other), (no_row, imminent()), (empty, imminent())]
        {
            let decision = ask(&[Ok(yes.clone())], &[agreement], Some(&over));
            assert_eq!((decision.reason, decision.override_basis), (Reason::ConsentGiven, None));
            assert!(matches!(decision.outcome, Outcome::Permit { scope: Scope::Agreed { .. } }));
        }
    }
}

#[test]
fn somebody_elses_consent_says_nothing_about_this_recipient() {
    let mut other = consent("a");
    other.recipient = PartnerId::parse("housing-harbour").unwrap();
    assert_eq!(ask(&[Ok(other)], &[agreement()], None).reason, Reason::NoConsent);
}

#[test]
fn what_is_written_is_read_back_and_a_strange_consent_is_not_read() {
    let mut c = consent("a");
    c.specific = vec![String::from("trauma")];
    let fhir = c.to_fhir();
    assert_eq!(Consent::from_fhir(&fhir).unwrap(), c);
    for (pointer, value) in [
        ("/status", serde_json::json!("proposed")),
        ("/scope/coding/0/code", serde_json::json!("research")),
        ("/provision/provision/0/type", serde_json::json!("maybe")),
        ("/provision/provision/0/period/end", serde_json::json!("2026-13-45")),
        ("/provision/provision", serde_json::json!([])),
    ] {
        let mut strange = fhir.clone();
        *strange.pointer_mut(pointer).unwrap() = value;
        assert!(Consent::from_fhir(&strange).is_err(), "{pointer} was read");
    }
    let mut modified = fhir;
    modified["modifierExtension"] = serde_json::json!([{"url": "urn:x"}]);
    assert!(Consent::from_fhir(&modified).is_err());
}

/// What a consent comes to that was recorded before the person turned 16.
fn under_16(capture: Capture) -> (bool, Reason) {
    let mut one = consent("a");
    one.capture = capture;
    let own_word_from = one.valid_from.plus_seconds(1);
    let decision = decide(Inputs {
        partner: &partner(),
        agreements: &[agreement()],
        purposes: &purposes(),
        consents: &[Ok(one)],
        r#override: None,
        own_word: own_word(own_word_from),
        now: NOW,
    });
    (decision.permits(), decision.reason)
}

#[test]
fn what_is_decided_at_no_age_is_no_permission_in_itself() {
    let word = |text: &str| Some(String::from(text));
    let mut seen = [0_usize; 2];
    for given_by in [None, Some("person"), Some("both"), Some("parental-responsibility"), Some("friend")] {
        for competence in [None, Some("competent"), Some("not-competent")] {
            for (had_capacity, named) in [(true, true), (true, false), (false, true), (false, false)] {
                let mut one = consent("a");
                one.had_capacity = had_capacity;
                one.capture = Capture {
                    given_by: given_by.and_then(word),
                    competence: competence.and_then(word),
                    parental_responsibility: named.then(|| (String::from("P"), String::from("mother"))),
                    ..Capture::default()
                };
                let at_some_age = [-1, 1].into_iter().any(|seconds| {
                    let own_word_from = one.valid_from.plus_seconds(seconds);
                    decide(Inputs {
                        partner: &partner(),
                        agreements: &[agreement()],
                        purposes: &purposes(),
                        consents: &[Ok(one.clone())],
                        r#override: None,
                        own_word: own_word(own_word_from),
                        now: NOW,
                    })
                    .permits()
                });
                assert_eq!(one.may_permit(), at_some_age, "{one:?}");
                seen[usize::from(at_some_age)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
    for change in [
        (|one: &mut Consent| one.status = ConsentStatus::Inactive) as fn(&mut Consent),
        |one| one.status = ConsentStatus::EnteredInError,
        |one| one.decision = ConsentDecision::Deny,
    ] {
        let mut one = consent("a");
        assert!(one.may_permit());
        change(&mut one);
        assert!(!one.may_permit());
    }
}

#[test]
fn under_16_only_a_competent_word_or_that_of_a_named_parent_permits() {
    let word = |text: &str| Some(String::from(text));
    let parent = Some((String::from("Parent Testcase"), String::from("mother")));
    let whose = |given_by: Option<&str>, competence: Option<&str>, named: bool| {
        under_16(Capture {
            given_by: given_by.and_then(word),
            competence: competence.and_then(word),
            parental_responsibility: parent.clone().filter(|_| named),
            ..Capture::default()
        })
    };
    let parental = Some("parental-responsibility");
    let permitted = [
        (None, Some("competent"), false),
        (Some("person"), Some("competent"), true),
        (parental, Some("not-competent"), true),
        (Some("both"), None, true),
        (Some("both"), Some("competent"), false),
    ];
    for (given_by, competence, named) in permitted {
        assert_eq!(whose(given_by, competence, named), (true, Reason::ConsentGiven), "{given_by:?}");
    }
    let denied = [
        (None, None, false),
        (None, Some("not-assessed"), true),
        (Some("person"), Some("not-competent"), true),
        (parental, Some("competent"), false),
        (Some("both"), Some("not-assessed"), false),
        (Some("sister"), Some("competent"), true),
    ];
    for (given_by, competence, named) in denied {
        assert_eq!(whose(given_by, competence, named), (false, Reason::AuthorityAbsent), "{given_by:?}");
    }
}

#[test]
fn how_a_consent_was_taken_is_kept_and_what_is_strange_about_it_is_not_read() {
    let mut c = consent("a");
    c.capture = Capture {
        capacity: Some(String::from("has-capacity")),
        given_by: Some(String::from("both")),
        competence: Some(String::from("competent")),
        parental_responsibility: Some((String::from("Parent Testcase"), String::from("mother"))),
        interpreter: Some(true),
        appropriate_adult_present: Some(false),
    };
    let fhir = c.to_fhir();
    assert_eq!(Consent::from_fhir(&fhir).unwrap(), c);
    let parts = fhir["extension"][0]["extension"].as_array().unwrap();
    assert_eq!(parts.len(), 10);
    let with = |change: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let mut strange = fhir.clone();
        change(strange["extension"][0]["extension"].as_array_mut().unwrap());
        Consent::from_fhir(&strange)
    };
    assert!(with(&|parts| parts.push(serde_json::json!({"url": "mood", "valueCode": "good"}))).is_err());
    assert!(with(&|parts| parts.push(parts[4].clone())).is_err());
    assert!(
        with(&|parts| parts[4] = serde_json::json!({"url": "givenBy", "valueString": "person"})).is_err()
    );
    // The name without the relation, and a word that says something else than the flag.
    assert!(with(&|parts| drop(parts.remove(7))).is_err());
    assert!(with(&|parts| parts[3]["valueCode"] = "fluctuating".into()).is_err());
}

fn some_consent() -> impl Strategy<Value = Consent> {
    (0..4_u8, 0..3_u8, any::<bool>(), any::<bool>(), -3..3_i64, -3..3_i64, any::<bool>()).prop_map(
        |(id, status, deny, capacity, from, to, mine)| {
            let mut c = consent(["a", "b", "c", "d"][usize::from(id)]);
            c.status = [ConsentStatus::Active, ConsentStatus::Inactive, ConsentStatus::EnteredInError]
                [usize::from(status)];
            c.decision = if deny { ConsentDecision::Deny } else { ConsentDecision::Permit };
            c.had_capacity = capacity;
            c.valid_from = NOW.plus_seconds(from);
            c.valid_to = NOW.plus_seconds(to);
            if !mine {
                c.recipient = PartnerId::parse("housing-harbour").unwrap();
            }
            c
        },
    )
}

proptest! {
    #[test]
    fn order_does_not_matter_and_a_further_refusal_never_permits_more(
        consents in proptest::collection::vec(some_consent(), 0..6),
        by in 0..6_usize,
    ) {
        let stored: Vec<_> = consents.into_iter().map(Ok).collect();
        let one = ask(&stored, &[agreement()], None);
        let mut turned = stored.clone();
        if !turned.is_empty() {
            let places = by % turned.len();
            turned.rotate_left(places);
        }
        prop_assert_eq!(one.permits(), ask(&turned, &[agreement()], None).permits());
        let mut refused = consent("z");
        refused.decision = ConsentDecision::Deny;
        turned.push(Ok(refused));
        prop_assert!(!ask(&turned, &[agreement()], None).permits());
    }

    #[test]
    fn a_longer_period_never_withholds_more(
        consents in proptest::collection::vec(some_consent(), 1..5),
        which in 0..5_usize,
    ) {
        let stored: Vec<_> = consents.into_iter().map(Ok).collect();
        let before = ask(&stored, &[agreement()], None).permits();
        let mut wider = stored;
        let place = which % wider.len();
        // A refusal that holds longer refuses more.
        if let Ok(c) = &mut wider[place]
            && c.decision == ConsentDecision::Permit
        {
            c.valid_from = c.valid_from.plus_seconds(-10);
            c.valid_to = c.valid_to.plus_seconds(10);
        }
        prop_assert!(!before || ask(&wider, &[agreement()], None).permits());
    }

    #[test]
    fn two_agencies_read_only_what_is_permitted_to_each_and_the_first_no_is_the_reason(
        consents in proptest::collection::vec(some_consent(), 0..8),
        agreed_with_both in any::<bool>(),
        over in any::<bool>(),
    ) {
        let (one, other) = (partner(), another());
        let with_other = Agreement { partner_id: other.partner_id.clone(), ..agreement() };
        let agreements = if agreed_with_both { vec![agreement(), with_other] } else { vec![agreement()] };
        let stored: Vec<_> = consents.into_iter().map(Ok).collect();
        let (purposes, imminent) = (purposes(), imminent());
        let about = |partner| Inputs {
            partner,
            agreements: &agreements,
            purposes: &purposes,
            consents: &stored,
            r#override: over.then_some(&imminent),
            own_word: own_word(NOW.plus_seconds(-1_000)),
            now: NOW,
        };
        let apart = [&one, &other].map(|agency| decide(Inputs { r#override: None, ..about(agency) }));
        let together = decide_together(about(&one), about(&other));
        prop_assert_eq!(together.permits(), apart.iter().all(Decision::permits));
        prop_assert!(!together.is_override(), "no emergency goes through another");
        let reasons = apart.iter().map(|decision| decision.reason);
        prop_assert!(reasons.clone().eq(together.shares.iter().map(|share| share.reason)));
        let first_no = apart.iter().find(|decision| !decision.permits()).map(|no| (no.reason, &no.consent));
        if let Some(no) = first_no {
            prop_assert_eq!((together.reason, &together.consent), no);
        }
        // What is decided about both is no proof for one alone, and the other way round.
        prop_assert!(PermittedReferral::new(&together, &one).is_none());
        prop_assert_eq!(PermittedReferral::for_another(&together, &one, &other).is_some(), together.permits());
        prop_assert!(PermittedReferral::for_another(&together, &other, &one).is_none());
        prop_assert!(PermittedReferral::for_another(&apart[0], &one, &other).is_none());
    }
}

/// A second agency, which `some_consent` names too.
fn another() -> Partner {
    Partner { partner_id: PartnerId::parse("housing-harbour").unwrap(), ..partner() }
}

#[test]
fn what_either_of_two_may_not_have_neither_gets_and_a_special_yes_is_needed_for_both() {
    let (one, other) = (partner(), another());
    let with_other = Agreement { partner_id: other.partner_id.clone(), ..agreement() };
    let agreements = [agreement(), with_other];
    let words = |list: &[&str]| list.iter().map(|word| String::from(*word)).collect::<Vec<_>>();
    let mut first = consent("a");
    (first.excluded, first.specific) = (words(&["housing"]), words(&["trauma", "clinical"]));
    let mut second = Consent { recipient: other.partner_id.clone(), ..consent("b") };
    (second.excluded, second.specific) = (words(&["money", "housing"]), words(&["trauma"]));
    let (purposes, stored) = (purposes(), [Ok(first), Ok(second)]);
    let about = |partner| Inputs {
        partner,
        agreements: &agreements,
        purposes: &purposes,
        consents: &stored,
        r#override: None,
        own_word: own_word(NOW.plus_seconds(-1_000)),
        now: NOW,
    };
    let together = decide_together(about(&one), about(&other));
    let Outcome::Permit { scope: Scope::Agreed { excluded, specific } } = together.outcome else { panic!() };
    assert_eq!((excluded, specific), (words(&["housing", "money"]), words(&["trauma"])));
}
