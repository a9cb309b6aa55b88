use std::sync::LazyLock;

use serde_json::json;

use super::*;

static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::compile().unwrap());

fn full() -> Value {
    serde_json::from_str(include_str!("../../fixtures/assessments/full.json")).unwrap()
}

fn check(value: &Value) -> Vec<Issue> {
    PROFILES.check(Schema::AssessmentAdult, value)
}

/// The full assessment with `pointer` set to `value`.
fn with(pointer: &str, value: Value) -> Value {
    let mut assessment = full();
    *assessment.pointer_mut(pointer).unwrap() = value;
    assessment
}

fn only_issue(value: &Value) -> Issue {
    let issues = check(value);
    assert_eq!(issues.len(), 1, "{issues:?}");
    issues[0].clone()
}

fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, v)| pointers(v, &format!("{at}/{name}"), into));
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(n, v)| pointers(v, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

fn places() -> Vec<String> {
    let mut places = Vec::new();
    pointers(&full(), "", &mut places);
    places
}

#[test]
fn the_full_assessment_is_valid() {
    assert_eq!(check(&full()), []);
}

#[test]
fn the_least_assessment_is_valid() {
    let least = json!({
        "profile": "https://keyway.example/profiles/assessment/adult/1",
        "person": {"reference": "a-1", "name": {"family": "Testcase"}, "birth_date": "1991-06-14"},
        "practitioner": {"name": "Sample Practitioner", "role": "L&D practitioner"},
        "referrals": [{"recipient": "cmht-riverside", "reason": "x", "urgency": "routine", "need": "housing"}],
    });
    assert_eq!(check(&least), []);
}

#[test]
fn a_missing_required_field_is_found_at_its_own_path() {
    let required = [
        "/profile",
        "/person",
        "/person/reference",
        "/person/name",
        "/person/name/family",
        "/person/birth_date",
        "/person/nhs_number/value",
        "/practitioner",
        "/practitioner/name",
        "/practitioner/role",
        "/referrals",
        "/referrals/0/recipient",
        "/referrals/0/reason",
        "/referrals/0/urgency",
        "/referrals/0/need",
        "/consents/1/recipient",
        "/consents/1/decision",
        "/consents/1/recorded_at",
        "/consents/1/valid_until",
        "/consents/1/captured_by",
        "/consents/1/how",
        "/consents/1/capacity",
        "/overrides/0/recipient",
        "/overrides/0/reason",
        "/overrides/0/practitioner",
        "/overrides/0/justification",
        "/priorities/0/rank",
        "/priorities/0/need",
        "/priorities/0/clinical",
        "/vulnerabilities/0/category",
        "/recommendation/0/code",
    ];
    for place in required {
        let mut assessment = full();
        let (parent, name) = place.rsplit_once('/').unwrap();
        assessment.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        let issue = only_issue(&assessment);
        assert_eq!((issue.code, issue.path.as_str()), ("required", place));
    }
}

#[test]
fn a_refusal_needs_no_end() {
    let mut assessment = with("/consents/1/decision", json!("decline"));
    assessment["consents"][1].as_object_mut().unwrap().remove("valid_until");
    assert_eq!(check(&assessment), []);
}

#[test]
fn an_unknown_field_is_found_wherever_it_stands() {
    let mut tried = 0;
    for place in places() {
        let mut assessment = full();
        if let Some(Value::Object(fields)) = assessment.pointer_mut(&place) {
            fields.insert(String::from("shoe_size"), json!(43));
            let issue = only_issue(&assessment);
            assert_eq!((issue.code, issue.path), ("structure", format!("{place}/shoe_size")));
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

/// `birthDate` is how FHIR spells it, and `JohnSmith` is somebody.
#[test]
fn an_unknown_field_is_named_when_it_is_a_known_one_in_another_spelling_and_no_name_of_a_person_is() {
    for spelt in ["birthDate", "BirthDate", "Birth-Date", "managingOrganization", "safeContact", "PostCode"] {
        let mut assessment = full();
        assessment["person"][spelt] = json!("2000-01-01");
        assert_eq!(only_issue(&assessment).path, format!("/person/{spelt}"));
    }
    for name in
        ["JohnSmith", "John", "O'Brien", "Ann Testcase", "SmithBirthDate", "9990000018", "Birth\u{202e}Date"]
    {
        let mut assessment = full();
        assessment["person"][name] = json!(1);
        let issue = only_issue(&assessment);
        assert_eq!(
            (&*issue.path, &*issue.diagnostics),
            ("/person", "Fields not known to the profile: 1 more."),
            "{name}"
        );
    }
}

#[test]
fn every_wrong_value_is_found_where_it_stands_and_never_repeated() {
    // A value in the wrong place, a group for a leaf, a list for a group, a name as a key.
    let wrong = [
        json!("CANARY\u{7}x"),
        json!({"CANARY": "CANARY"}),
        json!({"Canary Testcase": 1, "9990000018": 2, "canary_but_far_too_long_for_the_name_of_a_field": 3}),
        json!(["CANARY", ["CANARY"]]),
        json!(-7_777_777),
        json!(null),
    ];
    for place in places().into_iter().skip(1) {
        for value in &wrong {
            let issues = check(&with(&place, value.clone()));
            assert!(!issues.is_empty(), "{place} took {value}");
            for issue in &issues {
                assert!(issue.path.starts_with(&place), "{issue:?} for {place}");
                let said = format!("{issue:?}").to_lowercase();
                for told in ["canary", "9990000018", "7777777", "7_777_777"] {
                    assert!(!said.contains(told), "{said}");
                }
                assert!(issue.diagnostics.len() > 10, "{issue:?}");
            }
        }
    }
}

#[test]
fn says_what_is_allowed() {
    let says = |place: &str, value: Value, code: &str, words: &str| {
        let issue = only_issue(&with(place, value));
        assert_eq!(issue.code, code, "{issue:?}");
        assert!(issue.diagnostics.contains(words), "{issue:?}");
    };
    says("/referrals/0/urgency", json!("asap"), "code-invalid", "routine, urgent, emergency");
    says("/pathway/point", json!("prison"), "code-invalid", "police-custody, voluntary-attendance");
    says("/person/birth_date", json!("14/06/1991"), "value", "A date as in 2026-11-23");
    says("/person/birth_date", json!("2026-02-30"), "value", "A date as in 2026-11-23");
    says("/assessed_at", json!("2026-11-23T09:30:00"), "value", "with an offset");
    says("/assessed_at", json!("2026-11-23"), "value", "with an offset");
    says("/consents/0/valid_until", json!("soon"), "value", "A date as in 2026-11-23, or");
    says("/person/name/family", json!("x".repeat(121)), "too-long", "At most 120 characters");
    says("/person/name/family", json!(""), "value", "At least 1 character");
    says("/person/name/family", json!("a\u{0}b"), "value", "without control characters");
    says("/person/name/family", json!("two\nlines"), "value", "without control characters");
    // A health service's message could not hold it, and nothing else would go to it either.
    for nothing in
        [" ", "\u{a0}", "\u{3000}\u{2009}", "\u{301}", "\u{2800}", "\u{3164}", "\u{115f}\u{1160}", "\u{ffa0}"]
    {
        says("/person/name/family", json!(nothing), "value", "not of spaces alone");
        says("/risk/to_self/handover_advice", json!(nothing), "value", "not of spaces alone");
    }
    says("/risk/to_self/handover_advice", json!("\t\n"), "value", "not of spaces alone");
    says("/risk/to_self/handover_advice", json!("a\u{ffff}"), "value", "cannot be seen");
    says("/housing/need", json!("x".repeat(4_001)), "too-long", "At most 4000 characters");
    says("/person/name/family", json!(7), "structure", "string");
    says("/person", json!("x"), "structure", "object");
    says("/risk/to_self/imminent", json!("yes"), "structure", "boolean");
    says("/priorities/0/rank", json!(0), "value", "At least 1 is needed");
    says("/referrals/0/recipient", json!("CMHT Riverside"), "value", "id of an agency");
    says("/profile", json!("other"), "value", "https://keyway.example/profiles/assessment/adult/1");
    let many: Vec<Value> = std::iter::repeat_n(full()["referrals"][0].clone(), 21).collect();
    says("/referrals", json!(many), "too-long", "At most 20 entries");
}

#[test]
fn notes_may_have_lines_and_letters_of_any_script() {
    assert_eq!(check(&with("/housing/narrative", json!("one\n\ttwo\r\nŵ é 中 👍"))), []);
    assert_eq!(check(&with("/person/name/family", json!("Ó Dómhnaill-Łąka"))), []);
}

#[test]
fn no_text_may_turn_the_direction_of_reading_or_hide() {
    let unseen = [
        '\u{ad}',
        '\u{34f}',
        '\u{061c}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200d}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{2069}',
        '\u{206f}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{fff9}',
        '\u{fffb}',
        '\u{e0000}',
        '\u{e0041}',
        '\u{e007f}',
    ];
    for letter in unseen {
        for place in ["/person/name/family", "/risk/to_self/handover_advice", "/housing/narrative"] {
            let issue = only_issue(&with(place, json!(format!("safe{letter}to release"))));
            assert_eq!((issue.code, issue.path.as_str()), ("value", place), "{letter:?}");
            assert!(issue.diagnostics.contains("direction of reading"), "{issue:?}");
        }
    }
    // Joiners are letters of Persian and of Indic scripts, and hold emoji together.
    for kept in
        ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}👧", "\u{2764}\u{fe0f}", "Sia\u{302}n", "葛\u{e0100}城"]
    {
        for place in ["/person/name/family", "/housing/narrative"] {
            assert_eq!(check(&with(place, json!(kept))), []);
        }
    }
}

#[test]
fn a_length_is_counted_in_characters_and_not_in_bytes() {
    for letter in ["x", "é", "中", "👍"] {
        for (place, most) in [("/housing/narrative", 4_000), ("/person/name/family", 120)] {
            assert_eq!(check(&with(place, json!(letter.repeat(most)))), [], "{letter}");
            let issue = only_issue(&with(place, json!(letter.repeat(most + 1))));
            assert_eq!((issue.code, issue.path.as_str()), ("too-long", place), "{letter}");
        }
    }
}

#[test]
fn an_nhs_number_with_a_wrong_check_digit_is_no_error_here() {
    assert_eq!(check(&with("/person/nhs_number/value", json!("999 000 0019"))), []);
}

#[test]
fn a_flood_of_issues_is_capped_and_says_so() {
    let mut assessment = full();
    let bad: Vec<Value> = (0..20).map(|_| json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6})).collect();
    assessment["referrals"] = json!(bad);
    let issues = check(&assessment);
    assert_eq!(issues.len(), limits::ISSUES_MAX + 1);
    assert_eq!(issues.last().unwrap().code, "too-costly");
}

#[test]
fn what_partners_say_is_checked_too() {
    let ok = |which, value: Value| assert_eq!(PROFILES.check(which, &value), []);
    let wrong = |which, value: Value, path: &str| {
        let issues = PROFILES.check(which, &value);
        assert!(issues.iter().any(|issue| issue.path == path), "{issues:?}");
    };
    ok(Schema::ReferralAction, json!({}));
    ok(
        Schema::ReferralAction,
        json!({"comment": "Tuesday", "appointment": {"start": "2026-11-24T10:00:00Z", "place": "Room 2"}}),
    );
    wrong(Schema::ReferralAction, json!({"reason": "No space"}), "/reason");
    wrong(Schema::ReferralAction, json!({"appointment": {"place": "Room 2"}}), "/appointment/start");
    wrong(Schema::ReferralAction, json!({"remark": "x"}), "/remark");
    ok(Schema::MailboxAction, json!({"referral_id": "0198-a", "action": "accept"}));
    wrong(Schema::MailboxAction, json!({"action": "accept"}), "/referral_id");
    ok(Schema::RecallAnswer, json!({"answer": "deleted"}));
    wrong(Schema::RecallAnswer, json!({"answer": "gone"}), "/answer");
    ok(Schema::RequestAnswer, json!({"referral_id": "0198-a", "contact_outcome": "seen"}));
    wrong(
        Schema::RequestAnswer,
        json!({"referral_id": "0198-a", "contact_outcome": "depressed"}),
        "/contact_outcome",
    );
    let request = json!({
        "profile": "https://keyway.example/profiles/justice/screening-request/1",
        "request_type": "screening",
        "urgency": "urgent",
        "reason": "The custody sergeant is worried.",
        "person": {"reference": "NG-17", "name": {"family": "Testcase"}},
        "person_informed": true,
    });
    ok(Schema::ScreeningRequest, request.clone());
    let mut with_offence = request;
    with_offence["offence"] = json!("theft");
    wrong(Schema::ScreeningRequest, with_offence, "/offence");
}

#[test]
fn every_profile_of_what_comes_in_is_closed() {
    fn open_places(schema: &Value, at: &str, into: &mut Vec<String>) {
        let Some(fields) = schema.as_object() else { return };
        if fields.get("type") == Some(&json!("object"))
            && fields.get("additionalProperties") != Some(&json!(false))
        {
            into.push(at.to_owned());
        }
        // A text that is neither bounded in length nor of a bounded pattern could be of any size.
        let bounded = fields.contains_key("maxLength")
            || fields.get("pattern").and_then(Value::as_str).is_some_and(|p| p.ends_with("}$"));
        if fields.get("type") == Some(&json!("string")) && !bounded {
            into.push(format!("{at} (text)"));
        }
        if fields.get("type") == Some(&json!("array")) && !fields.contains_key("maxItems") {
            into.push(format!("{at} (list)"));
        }
        fields.iter().for_each(|(name, part)| open_places(part, &format!("{at}/{name}"), into));
    }
    for which in [
        Schema::AssessmentAdult,
        Schema::ReferralAction,
        Schema::MailboxAction,
        Schema::RecallAnswer,
        Schema::RequestAnswer,
        Schema::ScreeningRequest,
        Schema::RequestScreening,
        Schema::RequestSelfReferral,
    ] {
        let mut open = Vec::new();
        open_places(&PROFILES.0[&which].document, "", &mut open);
        assert!(open.is_empty(), "{}: {open:?}", which.as_str());
    }
}

#[test]
fn profiles_are_found_by_name() {
    for which in Schema::ALL {
        assert_eq!(Schema::parse(which.as_str()), Some(which));
    }
    assert_eq!(Schema::parse("anything"), None);
}
