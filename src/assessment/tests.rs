use serde_json::json;

use super::*;

fn full() -> Value {
    serde_json::from_str(include_str!("../../fixtures/assessments/full.json")).unwrap()
}

fn moment(text: &str) -> Moment {
    Moment::from_rfc3339(text).unwrap()
}

/// A moment after the fixture was assessed.
fn later() -> Moment {
    moment("2025-01-13T12:00:00Z")
}

#[test]
fn reads_what_the_gateway_acts_on() {
    let assessment = Assessment::new(full());
    assert_eq!(assessment.profile(), Form::Adult1.canonical());
    assert_eq!(assessment.person_reference(), "harbour-ld-00017");
    assert_eq!(assessment.birth_date(), Some("1991-06-14"));
    let (number, verified) = assessment.nhs_number().unwrap();
    assert_eq!((number.as_str(), verified), ("9990000018", true));
    assert_eq!(assessment.warnings(later()), []);
    assert_eq!(assessment.contradictions(later()), []);
    assert_eq!(assessment.consents().len(), 5);
    let first = &assessment.consents()[0];
    assert_eq!(
        (first.recipient.as_str(), first.agreed, first.capture.capacity.as_deref().unwrap()),
        ("cmht-riverside", true, "has-capacity")
    );
    assert_eq!(
        (first.how.as_str(), first.specific.as_slice()),
        ("signed", [String::from("trauma")].as_slice())
    );
    assert_eq!(assessment.referrals()[4].need, "housing");
    assert_eq!(assessment.overrides()[0].reason, "RISK-TO-LIFE-SELF");
    assert_eq!(assessment.priority_rank("housing"), Some(1));
    assert_eq!(assessment.priority_rank("food"), None);
}

#[test]
fn a_wrong_nhs_number_is_set_aside_and_never_shown() {
    let mut value = full();
    value["person"]["nhs_number"]["value"] = json!("999 000 0019");
    let assessment = Assessment::new(value);
    assert_eq!(assessment.nhs_number(), None);
    assert_eq!(assessment.raw().pointer("/person/nhs_number"), None);
    let warnings = assessment.warnings(later());
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].path, "/person/nhs_number/value");
    assert!(!format!("{warnings:?} {assessment:?}").contains("999"));
    assert!(!assessment.raw().to_string().contains("0019"));
}

#[test]
fn an_nhs_number_is_written_without_its_spaces() {
    let mut value = full();
    value["person"]["nhs_number"] = json!({"value": "999 000 0018"});
    let assessment = Assessment::new(value);
    assert_eq!(assessment.raw()["person"]["nhs_number"]["value"], "9990000018");
    assert!(!assessment.nhs_number().unwrap().1, "without a status it is not verified");
}

#[test]
fn a_risk_is_imminent_only_when_it_is_current_too() {
    let imminent = |current: &str, imminent: bool| {
        let mut value = full();
        value["risk"]["to_self"]["current"] = json!(current);
        value["risk"]["to_self"]["imminent"] = json!(imminent);
        Assessment::new(value).imminent_risk()
    };
    assert!(imminent("yes", true));
    assert!(!imminent("no", true));
    assert!(!imminent("not-known", true));
    assert!(!imminent("yes", false));
}

#[test]
fn a_consent_ends_with_its_last_day_in_london() {
    let ends = |until: Value| {
        let mut value = full();
        value["consents"][0]["valid_until"] = until;
        Assessment::new(value).consents()[0].valid_to()
    };
    assert_eq!(ends(json!("2026-01-31")), Some(moment("2026-02-01T00:00:00Z")));
    assert_eq!(ends(json!("2026-07-31")), Some(moment("2026-07-31T23:00:00Z")));
    assert_eq!(ends(json!("2026-07-31T10:00:00+01:00")), Some(moment("2026-07-31T09:00:00Z")));
    assert_eq!(ends(json!("9999-12-31")), None);
}

#[test]
fn a_refusal_stands_without_an_end_and_an_agreement_does_not() {
    let without_end = |decision: &str| {
        let mut value = full();
        value["consents"][0]["decision"] = json!(decision);
        value["consents"][0].as_object_mut().unwrap().remove("valid_until");
        Assessment::new(value).consents()[0].valid_to()
    };
    assert!(without_end("decline").unwrap() > moment("2900-01-01T00:00:00Z"));
    assert_eq!(without_end("agree"), None);
}

#[test]
fn a_referral_waits_until_its_day_begins_in_london() {
    let assessment = Assessment::new(full());
    let waits: Vec<_> = assessment.referrals().iter().map(AskedReferral::not_before_moment).collect();
    assert_eq!(waits[0], None);
    assert_eq!(waits[2], Some(moment("2025-01-14T00:00:00Z")));
}

#[test]
fn one_recipient_is_named_once() {
    let mut value = full();
    for list in ["consents", "referrals", "overrides"] {
        let again = value[list][0].clone();
        value[list].as_array_mut().unwrap().push(again);
    }
    let paths: Vec<_> = Assessment::new(value).contradictions(later()).into_iter().map(|i| i.path).collect();
    assert_eq!(paths, ["/consents/5/recipient", "/referrals/5/recipient", "/overrides/1/recipient"]);
}

#[test]
fn the_person_was_born_and_is_of_age() {
    let says = |born: &str, assessed: Option<&str>, now: &str| {
        let mut value = full();
        value["person"]["birth_date"] = json!(born);
        match assessed {
            Some(at) => value["assessed_at"] = json!(at),
            None => drop(value.as_object_mut().unwrap().remove("assessed_at")),
        }
        let issues = Assessment::new(value).contradictions(moment(now));
        issues.into_iter().map(|i| (i.path, i.diagnostics)).next()
    };
    let now = "2025-06-14T12:00:00Z";
    let told = |born: &str, assessed: Option<&str>| says(born, assessed, now).map(|(_, text)| text);
    assert!(told("2025-06-15", None).unwrap().contains("future"));
    assert!(told("2007-06-15", None).unwrap().contains("under 18"));
    assert_eq!(told("2007-06-14", None), None);
    assert!(told("2007-06-14", Some("2025-06-13T12:00:00Z")).unwrap().contains("under 18"));
    // Midnight in London, an hour before midnight UTC, is the birthday.
    assert_eq!(told("2007-06-14", Some("2025-06-13T23:30:00Z")), None);
    assert!(says("not a date", None, now).is_some());
    assert!(says("2025-06-15", None, now).unwrap().0 == "/person/birth_date");
}

#[test]
fn an_identifier_of_another_form_is_refused_at_its_place() {
    let says = |kind: &str, text: &str| {
        let mut value = full();
        value["person"]["identifiers"][kind] = json!(["X999901", text]);
        value["person"]["identifiers"][kind].as_array_mut().unwrap().remove(0);
        Assessment::new(value).contradictions(later()).into_iter().map(|i| (i.path, i.diagnostics)).next()
    };
    let (place, text) = says("PNC", "97/0000/00/123456K").unwrap();
    assert_eq!(place, "/person/identifiers/PNC/0");
    assert!(text.contains("has the form of an ASN") && !text.contains("123456"), "{text}");
    for kind in ["PNC", "CRO", "ASN", "CRN", "NOMS", "URN", "CCR"] {
        let (place, text) = says(kind, "CANARY-1").unwrap();
        assert_eq!(place, format!("/person/identifiers/{kind}/0"));
        assert!(!text.contains("CANARY"), "{text}");
    }
    assert!(says("CUSTODY_RECORD", "NG.26").unwrap().0.ends_with("/CUSTODY_RECORD/0"));
    assert_eq!(says("HOUSING_REF", "any.thing at-all"), None);
}

#[test]
fn a_wrong_check_letter_is_told_and_blocks_nothing() {
    let mut value = full();
    value["person"]["identifiers"]["PNC"] = json!(["1999/0000001G", "1999/0000001H"]);
    value["person"]["identifiers"]["ASN"] = json!(["99/00NP/00/1A"]);
    let assessment = Assessment::new(value.clone());
    assert_eq!(assessment.contradictions(later()), []);
    let warnings = assessment.warnings(later());
    let told: Vec<&str> = warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(told, ["/person/identifiers/PNC/1", "/person/identifiers/ASN/0"]);
    assert!(
        warnings[0].diagnostics.contains("does not fit") && warnings[1].diagnostics.contains("no number")
    );
    assert_eq!(assessment.raw(), &value, "it goes on as it was written");
}

#[test]
fn no_identifier_outside_health_is_the_nhs_number() {
    for (kind, text) in
        [("CUSTODY_RECORD", "9990000018"), ("HOUSING_REF", "999 000 0018"), ("URN", "999 000-0018")]
    {
        let mut value = full();
        value["person"]["identifiers"][kind] = json!([text]);
        let issues = Assessment::new(value).contradictions(later());
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].path, format!("/person/identifiers/{kind}/0"));
        assert!(issues[0].diagnostics.contains("NHS number"), "{issues:?}");
    }
}

#[test]
fn a_text_that_a_spreadsheet_would_reckon_with_is_told_and_kept() {
    let mut value = full();
    value["housing"]["need"] = json!("=HYPERLINK(\"http://a.example\")");
    value["priorities"][0]["own_words"] = json!("- my dog");
    value["person"]["safe_contact"]["telephone"] = json!("+44 7700 900123");
    value["housing"]["narrative"] = json!("2+2=4");
    let assessment = Assessment::new(value.clone());
    let told: Vec<String> = assessment.warnings(later()).into_iter().map(|warning| warning.path).collect();
    let mut expected = ["/housing/need", "/priorities/0/own_words"];
    expected.sort_unstable();
    assert_eq!(
        told.iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(assessment.raw(), &value);
}

#[test]
fn each_form_is_named_in_its_own_overlay() {
    let overlays = [
        include_str!("../../profiles/assessment/adult-1.json"),
        include_str!("../../profiles/assessment/adult-2.json"),
        include_str!("../../profiles/assessment/youth.json"),
        include_str!("../../profiles/assessment/court-short.json"),
    ];
    let base: Value =
        serde_json::from_str(include_str!("../../profiles/assessment/assessment.json")).unwrap();
    assert_eq!(base["properties"]["profile"]["enum"], json!(Form::ALL.map(Form::canonical)));
    for (form, overlay) in Form::ALL.into_iter().zip(overlays) {
        let overlay: Value = serde_json::from_str(overlay).unwrap();
        assert_eq!(overlay["$id"], form.canonical());
        assert_eq!(overlay["properties"]["profile"]["const"], form.canonical());
        assert_eq!(Form::parse(form.canonical()), Some(form));
    }
    assert_eq!(Form::parse("https://keyway.example/profiles/assessment/adult/3"), None);
}

#[test]
fn a_form_is_for_its_age_and_the_short_one_for_any() {
    let says = |form: Form, born: &str| {
        let mut value = full();
        value["profile"] = json!(form.canonical());
        value["person"]["birth_date"] = json!(born);
        value["assessed_at"] = json!("2025-06-14T12:00:00Z");
        let issues = Assessment::new(value).contradictions(moment("2025-06-14T12:00:00Z"));
        issues.into_iter().find(|issue| issue.path == "/person/birth_date").map(|issue| issue.diagnostics)
    };
    for form in [Form::Adult1, Form::Adult2] {
        assert!(says(form, "2007-06-15").unwrap().contains("under 18"));
        assert_eq!(says(form, "2007-06-14"), None);
    }
    assert!(says(Form::Youth, "2007-06-14").unwrap().contains("18 or over"));
    assert_eq!(says(Form::Youth, "2007-06-15"), None);
    for born in ["2010-01-01", "1990-01-01"] {
        assert_eq!(says(Form::CourtShort, born), None);
    }
}

#[test]
fn a_message_is_put_on_the_form_of_the_persons_age() {
    let at = moment("2025-06-13T22:59:59Z");
    assert_eq!(Form::of_age(Some("2007-06-14"), at), Form::Youth);
    assert_eq!(Form::of_age(Some("2007-06-14"), at.plus_seconds(1)), Form::Adult2);
    assert_eq!(Form::of_age(Some("14 June"), at), Form::Adult2);
    assert_eq!(Form::of_age(None, at), Form::Adult2);
}

#[test]
fn from_16_the_persons_own_word_suffices_and_never_where_nobody_knows_the_age() {
    let mut value = full();
    value["person"]["birth_date"] = json!("2009-06-14");
    assert_eq!(Assessment::new(value.clone()).own_word().from, moment("2025-06-13T23:00:00Z"));
    value["person"]["birth_date"] = json!("soon");
    assert_eq!(Assessment::new(value).own_word().from, Moment(i64::MAX));
}
