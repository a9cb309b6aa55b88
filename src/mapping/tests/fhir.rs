//! What the FHIR message must say, whatever the assessment leaves out.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::{
    assessment::Form,
    mapping::{Changed, keep_times},
};

/// Each form: its overlay, and its questionnaire.
const FORMS: [(Form, &str, &str); 4] = [
    (
        Form::Adult1,
        include_str!("../../../profiles/assessment/adult-1.json"),
        include_str!("../../../profiles/fhir/questionnaire/ld-assessment-adult.json"),
    ),
    (
        Form::Adult2,
        include_str!("../../../profiles/assessment/adult-2.json"),
        include_str!("../../../profiles/fhir/questionnaire/ld-assessment-adult.json"),
    ),
    (
        Form::Youth,
        include_str!("../../../profiles/assessment/youth.json"),
        include_str!("../../../profiles/fhir/questionnaire/ld-assessment-youth.json"),
    ),
    (
        Form::CourtShort,
        include_str!("../../../profiles/assessment/court-short.json"),
        include_str!("../../../profiles/fhir/questionnaire/ld-assessment-court-short.json"),
    ),
];

fn message(assessment: &Value) -> Value {
    document(&made(Audience::Health, &project(Audience::Health, assessment, false)))
}

/// The same, held to its profiles.
fn followed(assessment: &Value) -> Value {
    let made = made(Audience::Health, &project(Audience::Health, assessment, false));
    assert_eq!(made.warnings, []);
    assert_follows_profiles(&made);
    document(&made)
}

fn resource<'v>(message: &'v Value, kind: &str) -> &'v Value {
    let entries = message["entry"].as_array().unwrap();
    &entries.iter().find(|entry| entry["resource"]["resourceType"] == kind).unwrap()["resource"]
}

/// Every item with its type, by its path.
fn items<'v>(at: &'v Value, into: &mut BTreeMap<&'v str, &'v Value>) {
    for item in at["item"].as_array().into_iter().flatten() {
        into.insert(item["linkId"].as_str().unwrap(), item);
        items(item, into);
    }
}

fn answers(at: &Value, say: &mut impl FnMut(&str, &str)) {
    for item in at["item"].as_array().into_iter().flatten() {
        let link = item["linkId"].as_str().unwrap();
        for answer in item["answer"].as_array().into_iter().flatten() {
            answer.as_object().unwrap().keys().for_each(|kind| say(link, kind));
        }
        if item.get("answer").is_none() {
            say(link, "group");
        }
        answers(item, say);
    }
}

/// What of `value` a form has a place for.
fn of_form(value: &Value, overlay: &Value) -> Option<Value> {
    if overlay == &json!(false) {
        return None;
    }
    let below = |name: &str| overlay["properties"].get(name).unwrap_or(&Value::Null);
    Some(match value {
        Value::Object(fields) => fields
            .iter()
            .filter_map(|(name, field)| Some((name.clone(), of_form(field, below(name))?)))
            .collect(),
        Value::Array(items) => items.iter().filter_map(|item| of_form(item, &overlay["items"])).collect(),
        leaf => leaf.clone(),
    })
}

/// Paths of the assessment that a form forbids, as a questionnaire names them.
fn forbidden(overlay: &Value, at: &str, into: &mut Vec<String>) {
    if overlay == &json!(false) {
        into.push(at.to_owned());
    }
    for (name, below) in overlay["properties"].as_object().into_iter().flatten() {
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        forbidden(below, &at, into);
    }
    if overlay["items"].is_object() {
        forbidden(&overlay["items"], at, into);
    }
}

#[test]
fn every_answer_has_its_item_and_its_type_in_the_questionnaire_of_its_form() {
    for (form, overlay, questionnaire) in FORMS {
        let [overlay, questionnaire] =
            [overlay, questionnaire].map(|text| serde_json::from_str::<Value>(text).unwrap());
        let mut asked = BTreeMap::new();
        items(&questionnaire, &mut asked);
        let mut filled = of_form(&everything(), &overlay).unwrap();
        filled["profile"] = json!(form.canonical());
        let message = message(&filled);
        let response = resource(&message, "QuestionnaireResponse");
        assert_eq!(response["questionnaire"], questionnaire["url"], "{form:?}");
        let mut seen = 0;
        answers(response, &mut |link, kind| {
            let item =
                asked.get(link).unwrap_or_else(|| panic!("{form:?}: {link} is not in the questionnaire"));
            let expected = match item["type"].as_str().unwrap() {
                "boolean" => "valueBoolean",
                "integer" => "valueInteger",
                "decimal" => "valueDecimal",
                "dateTime" => "valueDateTime",
                "date" => "valueDate",
                "string" | "text" => "valueString",
                other => other,
            };
            assert_eq!(kind, expected, "{link}");
            seen += 1;
        });
        assert!(seen > 100, "{form:?}: {seen}");
        if form != Form::Adult1 {
            let mut out = Vec::new();
            // What the first version of the form for adults has alone, its second lacks.
            forbidden(&overlay, "", &mut out);
            out.retain(|link| form != Form::Adult2 || !link.starts_with("treatment_requirement"));
            let wrong: Vec<&String> = out.iter().filter(|link| asked.contains_key(link.as_str())).collect();
            assert!(wrong.is_empty(), "{form:?} asks what it forbids: {wrong:?}");
        }
    }
}

/// Whatever an audience may have of it, the form of a child has its questions, and no other form has.
#[test]
fn a_childs_questionnaire_has_a_place_for_school_home_and_parents() {
    for (form, _, questionnaire) in FORMS {
        let questionnaire: Value = serde_json::from_str(questionnaire).unwrap();
        let mut asked = BTreeMap::new();
        items(&questionnaire, &mut asked);
        for link in
            ["young_person.education.status", "young_person.looked_after", "young_person.parents.name"]
        {
            assert_eq!(asked.contains_key(link), form == Form::Youth, "{form:?} {link}");
        }
        assert!(asked.contains_key("participation.can_follow"), "{form:?}");
    }
}

#[test]
fn each_kind_of_safeguarding_concern_has_its_flag_and_only_a_code_that_says_just_that() {
    let flags = |kinds: Value, child: bool| -> Vec<(Value, Value)> {
        let mut whole = everything();
        if child {
            whole["person"]["birth_date"] = json!("2009-03-04");
            whole["profile"] = json!(Form::Youth.canonical());
        }
        let said = whole["safeguarding"].as_object_mut().unwrap();
        said.remove("kinds");
        said.extend((!kinds.is_null()).then(|| (String::from("kinds"), kinds)));
        let message = followed(&whole);
        let entries = message["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let is_safeguarding = |one: &&Value| one["category"][0]["coding"][0]["code"] == "SG";
        let codes = entries.filter(is_safeguarding).map(|one| &one["code"]);
        codes.map(|code| (code["coding"][0]["code"].clone(), code["text"].clone())).collect()
    };
    let code = |kinds: Value, child| flags(kinds, child).into_iter().map(|(code, _)| code).collect::<Value>();
    assert_eq!(code(Value::Null, false), json!(["U"]));
    assert_eq!(
        code(json!(["adult", "domestic-abuse", "self-neglect", "radicalisation"]), false),
        json!(["766561000000109", "697950003", "248054003", "766969008"])
    );
    assert_eq!(code(json!(["child", "adult"]), true), json!(["836881000000105", null]));
    assert_eq!(
        code(json!(["child", "exploitation", "modern-slavery", "sexual-abuse"]), false),
        json!([null, null, null, null])
    );
    let (none, text) = flags(json!(["modern-slavery"]), false).remove(0);
    assert_eq!(
        (none, text),
        (Value::Null, json!("Modern slavery; Route: Adult safeguarding, Harbour Council"))
    );
}

#[test]
fn what_may_leave_of_every_field_has_its_place_in_every_message() {
    for audience in Audience::ALL {
        let made = made(audience, &project(audience, &everything(), false));
        assert_eq!(made.warnings, [], "{audience:?}");
        assert_follows_profiles(&made);
    }
}

#[test]
fn a_senders_own_reference_that_two_agencies_could_compare_goes_to_nobody() {
    let reference = full()["validity"]["supersedes"].as_str().unwrap().to_owned();
    for audience in Audience::ALL {
        for minimum in [false, true] {
            let made = made(audience, &project(audience, &full(), minimum));
            assert!(!document(&made).to_string().contains(&reference), "{audience:?}");
        }
    }
}

#[test]
fn a_name_that_the_person_prefers_and_rules_for_contact_stand_where_nobody_overlooks_them() {
    let message = message(&everything());
    let names = resource(&message, "Patient")["name"].as_array().unwrap();
    let of = |use_: &str| names.iter().filter(|name| name["use"] == use_).count();
    assert_eq!((of("official"), of("nickname")), (1, 1));
    let aliases = everything()["person"]["aliases"].as_array().unwrap().len();
    assert_eq!(names.len(), 2 + aliases);
    let contact = &everything()["person"]["safe_contact"];
    let flags = message["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let text = flags
        .filter(|resource| resource["resourceType"] == "Flag")
        .filter_map(|flag| flag["code"]["text"].as_str())
        .find(|text| text.contains("How to reach"))
        .unwrap();
    for said in [&contact["rules"][0], &contact["through"]["name"], &contact["through"]["telephone"]] {
        assert!(text.contains(said.as_str().unwrap()), "{text}");
    }
}

#[test]
fn a_consent_that_is_read_only_from_outside_says_no() {
    let consent = resource(&message(&full()), "Consent").clone();
    assert_eq!(consent["policyRule"]["coding"][0]["code"], "OPTOUT");
    assert_eq!(consent["provision"].as_object().unwrap().keys().collect::<Vec<_>>(), ["provision"]);
    let rule = &consent["provision"]["provision"][0];
    assert_eq!((&rule["type"], &rule["period"]["end"]), (&json!("permit"), &json!("2035-01-13")));
}

#[test]
fn a_risk_that_nobody_stated_says_so_in_fhir_too() {
    let mut assessment = full();
    assessment["risk"]["to_self"].as_object_mut().unwrap().remove("level").unwrap();
    let message = message(&assessment);
    let level = &resource(&message, "RiskAssessment")["prediction"][0]["qualitativeRisk"]["coding"][0];
    assert_eq!(level["code"], "not-stated");
}

#[test]
fn health_reads_that_nobody_stated_a_risk_where_all_of_it_is_missing() {
    for whole in [false, true] {
        let mut assessment = full();
        if whole {
            assessment.as_object_mut().unwrap().remove("risk").unwrap();
        } else {
            assessment["risk"].as_object_mut().unwrap().remove("to_self").unwrap();
        }
        let bundle = followed(&assessment);
        let risk = resource(&bundle, "RiskAssessment");
        assert_eq!(risk["prediction"][0]["qualitativeRisk"]["coding"][0]["code"], "not-stated");
        assert_eq!((risk.get("mitigation"), risk.get("note")), (None, None));
    }
}

#[test]
fn health_reads_of_a_child_that_an_appropriate_adult_is_needed() {
    let flags = |assessment: &Value| {
        let bundle = followed(assessment);
        let codes = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]["code"]);
        let needed = codes.filter(|code| code["coding"][0]["code"] == "appropriate-adult-needed");
        needed.map(|code| code["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut child = full();
    child["person"]["birth_date"] = json!("2009-03-04");
    // What the assessment says itself is among the answers.
    child["appropriate_adult"] = json!({"needed": "yes"});
    assert!(flags(&child).is_empty());
    child["appropriate_adult"] = json!({"needed": "unknown"});
    assert!(matches!(flags(&child).as_slice(), [text] if text.contains("By law")));
    child.as_object_mut().unwrap().remove("appropriate_adult");
    assert!(matches!(flags(&child).as_slice(), [text] if text.contains("By law")));
    let mut grown_up = full();
    grown_up.as_object_mut().unwrap().remove("appropriate_adult");
    assert!(flags(&grown_up).is_empty());
}

#[test]
fn a_parents_word_is_not_told_as_the_childs_own() {
    let performers = |given_by: Option<&str>| {
        let mut assessment = full();
        for consent in assessment["consents"].as_array_mut().unwrap() {
            let consent = consent.as_object_mut().unwrap();
            consent.remove("given_by");
            consent.extend(given_by.map(|by| (String::from("given_by"), json!(by))));
            let parent = json!({"name": "Somebody Else", "relation": "mother"});
            consent.insert(String::from("parental_responsibility"), parent);
        }
        let bundle = followed(&assessment);
        assert!(!bundle.to_string().contains("Somebody Else"), "no name of a parent leaves");
        resource(&bundle, "Consent")["performer"].as_array().unwrap().clone()
    };
    let is_person = |performer: &Value| performer.get("reference").is_some();
    for own in [None, Some("person")] {
        let said = performers(own);
        assert!(said.len() == 1 && is_person(&said[0]), "{said:?}");
    }
    let parent = json!({"type": "RelatedPerson", "display": "Somebody with parental responsibility"});
    assert_eq!(performers(Some("parental-responsibility")), std::slice::from_ref(&parent));
    let both = performers(Some("both"));
    assert!(both.len() == 2 && is_person(&both[0]) && both[1] == parent, "{both:?}");
}

#[test]
fn a_task_says_until_when_an_answer_is_awaited() {
    let message = message(&full());
    assert_eq!(resource(&message, "Task")["restriction"]["period"]["end"], "2026-12-07T10:00:00.000Z");
}

#[test]
fn the_persons_own_rank_goes_with_each_aim() {
    let message = message(&full());
    let ranks: Vec<&Value> =
        message["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let ranks: Vec<&Value> = ranks
        .into_iter()
        .filter(|resource| resource["resourceType"] == "Goal")
        .map(|goal| &goal["extension"][0]["valuePositiveInt"])
        .collect();
    let given = full()["priorities"].as_array().unwrap().len();
    assert_eq!(ranks.len(), given);
    assert_eq!(ranks[0], &json!(1));
}

#[test]
fn a_change_says_everything_again_and_undoes_nothing_that_the_receiver_did() {
    let projection = project(Audience::Health, &full(), false);
    let team = recipient(Audience::Health);
    let first = made(Audience::Health, &projection);
    for (task, word) in [
        ("requested", "sent"),
        ("received", "collected"),
        ("accepted", "on-waiting-list"),
        ("on-hold", "information-requested-once-accepted"),
        ("in-progress", "first-contact-made"),
    ] {
        let mut update = with_frame(&team, Nature::Referral, |frame| {
            let changed = Changed {
                since: now(),
                task,
                business_status: word,
                supersedes: "01900000-0000-7000-8000-000000000009",
            };
            let later = now().plus_seconds(3600);
            render(&Frame { changed: Some(changed), now: later, ..*frame }, Audience::Health, &projection)
        })
        .unwrap();
        keep_times(&mut update, &json(&first.body));
        assert_follows_profiles(&update);
        let (before, after) = (leaves(&json(&first.body)), leaves(&json(&update.body)));
        let mut other: Vec<&str> = after
            .iter()
            .filter(|(place, value)| before.get(*place) != Some(value))
            .map(|(place, _)| place.as_str())
            .collect();
        let bundle = json(&update.body);
        let place = |kind: &str| {
            let entries = bundle["entry"].as_array().unwrap();
            entries.iter().position(|entry| entry["resource"]["resourceType"] == kind).unwrap()
        };
        let task_at = format!("/entry/{}/resource", place("Task"));
        other.retain(|place| !place.starts_with(&task_at));
        assert_eq!(
            other,
            [
                "/entry/0/resource/definition",
                "/entry/0/resource/meta/lastUpdated",
                "/entry/0/resource/reason/coding/0/code",
                "/meta/lastUpdated",
                "/meta/profile/1",
                "/timestamp",
            ],
            "{task}"
        );
        let said = resource(&bundle, "Task");
        assert_eq!(
            (&said["status"], &said["businessStatus"]["coding"][0]["code"]),
            (&json!(task), &json!(word))
        );
        assert_eq!(said["authoredOn"], resource(&json(&first.body), "Task")["authoredOn"]);
        let kept = update.lineage.lines().filter(|line| line.source == "frame:earlier").count();
        assert_eq!(kept, bundle["entry"].as_array().unwrap().len() - 2, "all but the header and the task");
    }
}

#[test]
fn a_sheet_names_the_one_whose_place_it_takes() {
    let supersedes = "01900000-0000-7000-8000-000000000009";
    for audience in Audience::ALL.into_iter().filter(|audience| *audience != Audience::Health) {
        let projection = project(audience, &full(), false);
        let agency = recipient(audience);
        let update = with_frame(&agency, agency.kind.usual_nature(), |frame| {
            let changed = Changed { since: now(), task: "accepted", business_status: "accepted", supersedes };
            render(&Frame { changed: Some(changed), ..*frame }, audience, &projection)
        })
        .unwrap();
        assert_follows_profiles(&update);
        assert_eq!(document(&update)["validity"]["supersedes"], supersedes, "{audience:?}");
    }
}
