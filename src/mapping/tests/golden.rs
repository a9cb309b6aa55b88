//! What each audience gets, byte for byte. Read a changed snapshot as the recipient would.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::mapping::Traced;

fn check(audience: Audience) -> Mapped {
    let assessment = full();
    let projection = project(audience, &assessment, false);
    let mapped = made(audience, &projection);
    assert_eq!(mapped.warnings, [], "{audience:?} has no place for these");
    assert_follows_profiles(&mapped);
    assert_traced(&mapped, &projection, &assessment);
    let again = made(audience, &projection);
    assert_eq!((&mapped.body, &mapped.detail), (&again.body, &again.detail), "the same gives the same bytes");
    mapped
}

/// Every leaf of the message has an origin, and every origin in the assessment is there.
fn assert_traced(mapped: &Mapped, projection: &Projection, assessment: &Value) {
    let lines: Vec<Traced<'_>> = mapped.lineage.lines().collect();
    let traced: BTreeSet<&str> = lines.iter().map(|line| line.output.as_str()).collect();
    let parts = [("body", Some(&mapped.body)), ("detail", mapped.detail.as_ref())];
    for (part, bytes) in parts {
        let Some(bytes) = bytes else { continue };
        let value = json(bytes);
        for pointer in leaves(&value).keys() {
            let output = format!("{part}#{pointer}");
            assert!(traced.contains(output.as_str()), "{output} has no origin");
        }
    }
    for line in &lines {
        let known = line.source == "fixed"
            || line.source.starts_with("frame:")
            || assessment.pointer(&line.source).is_some();
        assert!(known, "{} comes from {}", line.output, line.source);
        let version = line.rule.split('#').next().unwrap();
        assert!([mapped.version, "event/1", "trusted-assessment/1"].contains(&version), "{}", line.rule);
        let through = line.through.as_ref();
        assert_eq!(line.source.starts_with('/'), through.is_some(), "{} from {}", line.output, line.source);
        if let Some(through) = through {
            assert_eq!(through.rule.rsplit_once('#').unwrap().1, through.block);
            let given = format!("{}:{}", through.block, through.view);
            assert!(projection.permitted.contains(&given), "{} left by {given}", line.source);
        }
    }
}

#[test]
fn what_is_wrong_in_a_message_is_found_in_the_assessment() {
    let assessment = full();
    let sheet = made(Audience::Custody, &project(Audience::Custody, &assessment, false));
    for (output, source) in [
        ("detail#/riskToSelf/level", Some("/risk/to_self/level")),
        ("detail#/riskToSelf/handoverAdvice", Some("/risk/to_self/handover_advice")),
        // What is missing is looked for beside what is there.
        ("detail#/riskToSelf/nothing/here", Some("/risk/to_self")),
        ("detail#/detainedPerson/name/nothing", Some("/person/name")),
        ("detail#/nothing", None),
        ("detail#/notice", None),
        ("elsewhere#/riskToSelf/level", None),
    ] {
        assert_eq!(sheet.lineage.comes_from(output).as_deref(), source, "{output}");
    }
    // Whatever comes from one place of the assessment alone is found there.
    for audience in Audience::ALL {
        let message = made(audience, &project(audience, &assessment, false));
        let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in message.lineage.lines() {
            sources.entry(line.output).or_default().insert(line.source);
        }
        for (output, from) in sources.iter().filter(|(_, from)| from.len() == 1) {
            let from = from.first().filter(|from| from.starts_with('/'));
            if let Some(from) = from {
                assert_eq!(message.lineage.comes_from(output).as_ref(), Some(from), "{output}");
            }
        }
    }
}

macro_rules! golden {
    ($($name:ident: $audience:ident;)*) => {$(
        #[test]
        fn $name() {
            let mapped = check(Audience::$audience);
            if mapped.detail.is_some() {
                insta::assert_snapshot!(concat!(stringify!($name), "_event"), pretty(&json(&mapped.body)));
            }
            insta::assert_snapshot!(stringify!($name), pretty(&document(&mapped)));
        }
    )*};
}

golden! {
    custody: Custody;
    court: Court;
    probation: Probation;
    youth_justice: YouthJustice;
    housing: Housing;
    social_care: SocialCare;
    voluntary: Voluntary;
    health: Health;
}

#[test]
fn lineage_names_the_place_in_the_whole_assessment() {
    let mapped = made(Audience::Housing, &project(Audience::Housing, &full(), false));
    let line = mapped.lineage.lines().find(|line| line.output == "body#/request/reason").unwrap();
    assert_eq!(line.source, "/referrals/4/reason");
    assert_eq!(line.rule, "housing-referral/2#request");
}

/// Old information about risk must not be read as today's, under an override least of all.
#[test]
fn a_message_says_when_it_was_assessed() {
    let assessment = full();
    let assessed = assessment["assessed_at"].as_str().unwrap();
    for audience in Audience::ALL {
        let sheet = document(&made(audience, &project(audience, &assessment, false))).to_string();
        assert!(sheet.contains(assessed), "{audience:?}");
    }
    let minimum = document(&made(Audience::Custody, &project(Audience::Custody, &assessment, true)));
    assert!(minimum.to_string().contains(assessed));
}

#[test]
fn an_override_shows_as_such_and_says_when_it_is_reviewed() {
    let projection = project(Audience::Custody, &full(), true);
    let mapped = made(Audience::Custody, &projection);
    assert_eq!(mapped.warnings, []);
    assert_follows_profiles(&mapped);
    let sheet = document(&mapped);
    assert_eq!(
        sheet["disclosure"],
        json!({"basis": "override-risk-to-life", "minimum": true, "reviewDueAt": "2026-11-26T10:00:00.000Z"})
    );
    for absent in
        ["consent", "request", "recommendations", "contact", "capacity", "housing", "onwardReferrals"]
    {
        assert!(sheet.get(absent).is_none(), "{absent} is more than the minimum");
    }
    let notice = sheet["notice"].as_str().unwrap();
    assert!(notice.starts_with("Emergency: shared without the person's consent"), "{notice}");
    assert!(notice.ends_with("This does not replace a spoken handover."), "{notice}");
    insta::assert_snapshot!("custody_override", pretty(&sheet));
}

#[test]
fn what_rests_on_consent_says_so() {
    for audience in [Audience::Custody, Audience::Housing, Audience::SocialCare] {
        let sheet = document(&made(audience, &project(audience, &full(), false)));
        assert_eq!(sheet["disclosure"], json!({"basis": "consent", "minimum": false}));
    }
}

#[test]
fn a_field_without_a_place_is_told_to_the_sender() {
    let mut projection = project(Audience::Court, &full(), false);
    projection.changed(|value| value["clinical"] = json!({"history": "must not be dropped in silence"}));
    let mapped = made(Audience::Court, &projection);
    assert_eq!(mapped.warnings.len(), 1);
    assert_eq!(mapped.warnings[0].path, "/clinical/history");
    assert!(!String::from_utf8(mapped.detail.unwrap()).unwrap().contains("dropped in silence"));
}

#[test]
fn only_health_services_are_sent_fhir() {
    let projection = project(Audience::Court, &full(), false);
    let mut court = recipient(Audience::Court);
    court.channel = Channel::FhirPush;
    let issues = with_frame(&court, Nature::Advice, |frame| render(frame, Audience::Court, &projection))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(issues[0].code, "not-supported");
}

#[test]
fn the_same_sheet_fits_a_mailbox() {
    let projection = project(Audience::Probation, &full(), false);
    let mut office = recipient(Audience::Probation);
    let pushed = made(Audience::Probation, &projection);
    office.channel = Channel::Mailbox;
    let collected =
        with_frame(&office, Nature::Referral, |frame| render(frame, Audience::Probation, &projection))
            .unwrap();
    assert_eq!(collected.detail, None);
    assert_eq!(Some(collected.body), pushed.detail);
    assert_eq!(collected.workflow, "KEYWAY_PRE_SENTENCE");
}

#[test]
fn housing_urgency_follows_where_the_person_sleeps() {
    let mut projection = project(Audience::Housing, &full(), false);
    let mut urgency = |asked: &str, status: &str, soon: &str| {
        projection.changed(|value| {
            value["referrals"][0]["urgency"] = json!(asked);
            value["housing"]["status"] = json!(status);
            value["housing"]["homeless_within_56_days"] = json!(soon);
        });
        document(&made(Audience::Housing, &projection))["urgency"].clone()
    };
    assert_eq!(urgency("emergency", "rough-sleeping", "yes"), "rough-sleeping-tonight");
    // A roof for tonight is not for next week, wherever the person is said to be now.
    assert_eq!(urgency("emergency", "at-risk", "yes"), "tonight");
    assert_eq!(urgency("emergency", "hostel", "unknown"), "tonight");
    // Who sleeps outside tonight is not to be read as having seven days, however urgent the sender called it.
    for asked in ["emergency", "urgent", "routine"] {
        assert_eq!(urgency(asked, "rough-sleeping", "unknown"), "rough-sleeping-tonight");
    }
    assert_eq!(urgency("urgent", "at-risk", "yes"), "within-7-days");
    assert_eq!(urgency("routine", "at-risk", "yes"), "within-56-days");
    assert_eq!(urgency("routine", "settled", "unknown"), "other");
}

#[test]
fn who_is_homeless_from_today_is_not_read_as_having_seven_days() {
    let mut projection = project(Audience::Housing, &everything(), false);
    let mut urgency = |asked: &str, status: &str, from: &str| {
        projection.changed(|value| {
            value["referrals"][0]["urgency"] = json!(asked);
            value["housing"]["status"] = json!(status);
            value["housing"]["homeless_from_date"] = json!(from);
            value["housing"]["homeless_within_56_days"] = json!("yes");
        });
        document(&made(Audience::Housing, &projection))["urgency"].clone()
    };
    // The message is made on 23 November.
    for status in ["at-risk", "custody-no-address", "unknown"] {
        assert_eq!(urgency("urgent", status, "2026-11-23"), "tonight");
        assert_eq!(urgency("routine", status, "2026-11-20"), "tonight");
        assert_eq!(urgency("urgent", status, "2026-11-24"), "within-7-days");
    }
    // There is a bed for now.
    assert_eq!(urgency("urgent", "hostel", "2026-11-01"), "within-7-days");
    assert_eq!(urgency("routine", "sofa-surfing", "2026-11-01"), "within-56-days");
    assert_eq!(urgency("urgent", "at-risk", "someday"), "within-7-days");
}

#[test]
fn a_council_reads_what_the_person_said_of_authority_and_contact_and_nothing_that_nobody_asked() {
    let sheet = |said: Option<bool>| {
        let mut whole = everything();
        let housing = whole["housing"].as_object_mut().unwrap();
        housing.remove("consent_to_share_contact");
        if let Some(said) = said {
            housing.insert(String::from("consent_to_share_contact"), json!(said));
        } else {
            housing.remove("chosen_authority");
        }
        document(&made(Audience::Housing, &project(Audience::Housing, &whole, false)))
    };
    let yes = sheet(Some(true));
    assert_eq!(yes["consent"]["consentToShareContact"], "yes");
    assert!(yes["person"]["contact"]["telephone"].is_string() && yes["person"]["address"].is_object());
    assert_eq!(yes["chosenHousingAuthority"]["name"], everything()["housing"]["chosen_authority"]["name"]);
    assert_eq!(yes.get("contactThrough"), None);
    let (no, unasked) = (sheet(Some(false)), sheet(None));
    assert_eq!(no["consent"]["consentToShareContact"], "no", "as the person said");
    assert_eq!(unasked["consent"].get("consentToShareContact"), None, "nobody said yes, and nobody no");
    assert_eq!(unasked.get("chosenHousingAuthority"), None, "the recipient is not the person's choice");
    for silent in [no, unasked] {
        // The person is not reached by this, and the placement still has somebody to ring.
        for part in ["contact", "address"] {
            assert_eq!(silent["person"].get(part), None, "{part}");
        }
        assert_eq!(silent.get("supportWorkers"), None);
        assert!(silent["contactThrough"].as_str().unwrap().contains("practitioner"));
        assert!(silent["referrer"]["phone"].is_string());
        let text = silent.to_string();
        for reached in ["/person/safe_contact/telephone", "/person/address/postcode"] {
            assert!(!text.contains(everything().pointer(reached).unwrap().as_str().unwrap()), "{reached}");
        }
    }
}

#[test]
fn risk_that_nobody_stated_is_never_read_as_none() {
    for audience in [Audience::Custody, Audience::Court, Audience::Probation, Audience::YouthJustice] {
        let mut projection = project(audience, &full(), false);
        projection.changed(|value| {
            value["risk"].as_object_mut().unwrap().remove("to_self");
        });
        let sheet = document(&made(audience, &projection));
        assert_eq!(sheet["riskToSelf"], json!({"level": "not-stated"}), "{audience:?}");
    }
}

/// Who may know of a risk to self reads that nobody stated one; who may not is told nothing of it.
#[test]
fn outside_justice_too_a_risk_that_nobody_stated_is_never_read_as_none() {
    for keeps in [&["level"][..], &["to_self"], &["risk"]] {
        let mut silent = full();
        match keeps[0] {
            "level" => silent["risk"]["to_self"] = json!({}),
            "to_self" => drop(silent["risk"].as_object_mut().unwrap().remove("to_self")),
            _ => drop(silent.as_object_mut().unwrap().remove("risk")),
        }
        for (audience, at) in
            [(Audience::SocialCare, "/riskToSelf"), (Audience::Housing, "/placementSafety/riskToSelf")]
        {
            let mapped = made(audience, &project(audience, &silent, false));
            assert_follows_profiles(&mapped);
            let said = document(&mapped).pointer(at).cloned();
            assert_eq!(said, Some(json!({"level": "not-stated"})), "{audience:?}");
        }
        let charity = document(&made(Audience::Voluntary, &project(Audience::Voluntary, &silent, false)));
        assert_eq!(charity.get("riskToSelf"), None);
    }
}

/// Children's social care reads it as the custody suite does; a charity, which may not know of it, does not.
#[test]
fn social_care_reads_of_a_child_that_an_appropriate_adult_is_needed() {
    let mut child = full();
    child["person"]["birth_date"] = json!("2009-03-04");
    child.as_object_mut().unwrap().remove("appropriate_adult");
    let said = |assessment: &Value, audience: Audience| {
        let mapped = made(audience, &project(audience, assessment, false));
        assert_follows_profiles(&mapped);
        document(&mapped).get("appropriateAdult").cloned()
    };
    let by_law = said(&child, Audience::SocialCare).unwrap();
    assert_eq!(by_law["needed"], "yes");
    assert!(by_law["summary"].as_str().unwrap().contains("By law"), "{by_law}");
    assert_eq!(said(&child, Audience::Voluntary), None);
    let mut grown_up = full();
    grown_up.as_object_mut().unwrap().remove("appropriate_adult");
    assert_eq!(said(&grown_up, Audience::SocialCare), None);
}

#[test]
fn each_of_several_treatment_requirements_is_told() {
    let several = json!([
        {"type": "MHTR", "suitable": "yes", "willing": "yes", "arrangement": "pending", "months": 12},
        {"type": "DRR", "suitable": "needs-assessment", "willing": "unknown"},
    ]);
    for audience in [Audience::Court, Audience::Probation] {
        let mut whole = full();
        whole["treatment_requirements"] = several.clone();
        let sheet = document(&made(audience, &project(audience, &whole, false)));
        assert_eq!(sheet["treatmentRequirements"], several, "{audience:?}");
    }
}

#[test]
fn every_reference_in_the_fhir_message_resolves() {
    let bundle = document(&made(Audience::Health, &project(Audience::Health, &full(), false)));
    let urls: Vec<&str> =
        bundle["entry"].as_array().unwrap().iter().map(|entry| entry["fullUrl"].as_str().unwrap()).collect();
    let mut unique = urls.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), urls.len(), "each resource has its own fullUrl");
    for (pointer, value) in leaves(&bundle) {
        let text = value.as_str().unwrap_or_default();
        if pointer.ends_with("/reference") && !text.starts_with("EpisodeOfCare/") {
            assert!(urls.contains(&text), "{pointer} points nowhere");
        }
    }
}

#[test]
fn an_nhs_number_that_is_not_verified_is_not_sent() {
    let mut projection = project(Audience::Health, &full(), false);
    projection.changed(|value| value["person"]["nhs_number"]["verification"] = json!("02"));
    let mapped = made(Audience::Health, &projection);
    assert!(!String::from_utf8(mapped.body.clone()).unwrap().contains("9990000018"));
    let paths: Vec<&str> = mapped.warnings.iter().map(|issue| issue.path.as_str()).collect();
    assert_eq!(paths, ["/person/nhs_number/value", "/person/nhs_number/verification"]);
}

#[test]
fn nobody_without_an_address_gets_one() {
    let mut projection = project(Audience::Health, &full(), false);
    projection.changed(|value| value["person"]["address"] = json!({"no_fixed_abode": true}));
    let bundle = document(&made(Audience::Health, &projection));
    let patient = &bundle["entry"][2]["resource"];
    assert_eq!(patient["address"], json!([{"use": "temp", "text": "No fixed abode"}]));
}
