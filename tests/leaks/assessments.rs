//! The assessment in each of its forms.

use proptest::{prelude::*, sample::select, test_runner::TestCaseError};
use serde_json::{Value, json};

use crate::{
    harness::json,
    marks::{MARK, Unlisted, mark, property, put, unlisted},
    table::{EXCLUDABLE, is_chosen, may_see},
    world::{RECIPIENTS, SERVICE},
};

#[derive(Clone, Debug)]
struct Said {
    decision: &'static str,
    excludes: Vec<&'static str>,
    trauma: bool,
    need: &'static str,
    told: bool,
}

#[derive(Clone, Debug)]
struct Case {
    form: &'static str,
    said: Vec<Said>,
    over: bool,
    tail: &'static str,
    service: &'static str,
    /// The housing authority that the person chose: as the directory writes its code or its name, or another.
    chosen: Option<(&'static str, Option<&'static str>)>,
    /// What they said to being contacted by it.
    contact: Option<bool>,
}

/// What an assessment says of whom the person chose: the name decides only where no code is given.
const CHOICES: [Option<(&str, Option<&str>)>; 5] = [
    Some(("A council by another name", Some("HOUSING-HARBOUR"))),
    Some(("housing harbour", None)),
    Some(("housing harbour", Some("HOUSING-ELSEWHERE"))),
    Some(("housing elsewhere", None)),
    None,
];

fn case() -> impl Strategy<Value = Case> {
    let said = (
        prop_oneof![5 => Just("agree"), 1 => Just("decline"), 1 => Just("not-asked")],
        prop::collection::vec(select(EXCLUDABLE), 0..5),
        any::<bool>(),
        select(vec!["housing", "debt", "mental-health", "safety"]),
        any::<bool>(),
    )
        .prop_map(|(decision, mut excludes, trauma, need, told)| {
            excludes.sort_unstable();
            excludes.dedup();
            Said { decision, excludes, trauma, need, told }
        });
    (
        select(vec!["adult/1", "adult/2", "youth/1", "court-short/1"]),
        prop::collection::vec(said, RECIPIENTS.len()),
        any::<bool>(),
        select(vec!["", " <b>&amp;", " =1+1", " ${x} {{y}}", " \u{2019}\u{1f600}"]),
        select(vec![
            "substance-misuse",
            "alcohol-detox",
            "domestic-abuse",
            "housing-options",
            "day-centre",
            "unheard-of",
        ]),
        prop_oneof![2 => select(&CHOICES[..2]), 1 => select(&CHOICES[2..])],
        select(vec![Some(true), Some(true), Some(false), None]),
    )
        .prop_map(|(form, said, over, tail, service, chosen, contact)| Case {
            form,
            said,
            over,
            tail,
            service,
            chosen,
            contact,
        })
}

/// Blocks that the first form of an adult's assessment does not have.
const LATER: [&str; 2] = ["relationships", "risk-from-others"];

/// The fixture with every field that the form has, for now, with what the person said.
fn assessment(case: &Case, number: usize) -> Value {
    let file = if case.form == "adult/1" { "full" } else { "everything" };
    let file = format!("{}/fixtures/assessments/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    value["profile"] = json!(format!("https://keyway.example/profiles/assessment/{}", case.form));
    let without: &[&str] = match case.form {
        "adult/2" => &["treatment_requirement", "young_person"],
        "youth/1" => &["treatment_requirement", "treatment_requirements", "recommendation"],
        "court-short/1" => &[
            "clinical",
            "trauma",
            "bereavement",
            "offence",
            "treatment_requirement",
            "treatment_requirements",
            "young_person",
            "fitness",
        ],
        _ => &["young_person"],
    };
    let root = value.as_object_mut().unwrap();
    for name in without.iter().chain(&["in_answer_to", "overrides", "consents", "referrals"]) {
        root.remove(*name);
    }
    match case.form {
        "adult/2" => {
            value["offence"].as_object_mut().unwrap().remove("note");
        }
        "youth/1" => {
            value["person"]["birth_date"] = json!("2009-06-14");
            value["offence"].as_object_mut().unwrap().remove("note");
        }
        "court-short/1" => {
            value["screening"].as_object_mut().unwrap().remove("tools");
            value["risk"].as_object_mut().unwrap().remove("formulation");
            value["pathway"]["point"] = json!("magistrates");
        }
        _ => {}
    }
    let housing = value["housing"].as_object_mut().unwrap();
    housing.remove("chosen_authority");
    if let Some((name, code)) = case.chosen.filter(|_| case.form != "adult/1") {
        housing.insert(String::from("chosen_authority"), json!({"name": name}));
        if let Some(code) = code {
            housing["chosen_authority"]["code"] = json!(code);
        }
    }
    housing.remove("consent_to_share_contact");
    if let Some(contact) = case.contact {
        housing.insert(String::from("consent_to_share_contact"), json!(contact));
    }
    value["person"]["reference"] = json!(format!("harbour-{number}"));
    value["person"]["nhs_number"]["value"] = json!(nhs_number(number));
    value["risk"]["to_self"]["imminent"] = json!(case.over);
    let (mut consents, mut referrals) = (Vec::new(), Vec::new());
    for (said, (recipient, letter)) in case.said.iter().zip(RECIPIENTS) {
        let other_age = if case.form == "youth/1" { 'P' } else { 'J' };
        if letter == other_age {
            continue;
        }
        referrals.push(json!({
            "recipient": recipient, "reason": "What is asked of it", "urgency": "urgent", "need": said.need,
        }));
        let mut consent = json!({
            "recipient": recipient, "decision": said.decision, "recorded_at": "2026-11-23T09:00:00Z",
            "captured_by": "Somebody who asked", "how": "oral", "capacity": "has-capacity",
            "note": "What was said then",
        });
        match said.decision {
            "not-asked" => continue,
            "agree" => {
                consent["valid_until"] = json!("2027-05-23");
                // The first form knows none of the blocks that came later.
                let known = |block: &&&str| case.form != "adult/1" || !LATER.contains(*block);
                consent["excludes"] = said.excludes.iter().filter(known).copied().collect();
                consent["specific"] = if said.trauma { json!(["trauma"]) } else { json!([]) };
            }
            _ => {}
        }
        consents.push(consent);
    }
    let told: Vec<&str> =
        case.said.iter().zip(RECIPIENTS).filter(|(said, _)| said.told).map(|(_, (id, _))| id).collect();
    value["onward_referrals"][0]["may_be_told"] = json!(told);
    for list in ["service_contact", "onward_referrals"] {
        value[list][0]["service_type"] = json!(case.service);
    }
    value["consents"] = Value::Array(consents);
    value["referrals"] = Value::Array(referrals);
    if case.over {
        value["overrides"] = json!([{
            "recipient": "custody-northgate", "reason": "RISK-TO-LIFE-SELF", "practitioner": "Somebody on duty",
            "justification": "Said what they will do tonight",
        }]);
    }
    value
}

/// A number of the range for tests, with its check digit.
fn nhs_number(number: usize) -> String {
    let digits = |n: usize| format!("{}", 999_100_000 + n);
    let check = |digits: &str| {
        let sum: usize = digits
            .bytes()
            .zip((2..=10).rev())
            .map(|(digit, weight)| usize::from(digit - b'0') * weight)
            .sum();
        11 - sum % 11
    };
    // One of a pair of numbers has a check digit.
    let digits = [2 * number, 2 * number + 1].map(digits);
    let (digits, check) =
        digits.iter().map(|digits| (digits, check(digits))).find(|(_, check)| *check != 10).unwrap();
    format!("{digits}{}", check % 11)
}

/// Texts of people, and no code, number, telephone or address of a machine.
fn is_words(place: &str, text: &str) -> bool {
    let named = ["/family", "/given/0", "/preferred_name"].iter().any(|end| place.ends_with(end));
    let formed = ["telephone", "postcode", "contact_how"].iter().any(|word| place.contains(word))
        || place.starts_with("/person/identifiers")
        // A name that decides whether it is the authority that the person chose stays as it is.
        || (place.ends_with("/chosen_authority/name") && text.starts_with("housing "));
    (named || text.contains(' ')) && !formed
}

#[test]
fn a_text_comes_only_to_whom_the_person_let_it_and_no_log_header_or_refusal_repeats_one() {
    property(case(), |worlds, case| {
        worlds.run(async |world, number| {
            let mut value = assessment(&case, number);
            let places = put(&mut value, number, case.tail, &is_words);
            let service = world.rig.caller(SERVICE);
            let (body, key) = (value.to_string(), number.to_string());
            let dry = world.rig.exchange.submit_assessment(&service, "", body.as_bytes(), true).await;
            for preview in
                dry.map(|dry| json(&dry)).unwrap_or_default()["preview"].as_array().into_iter().flatten()
            {
                let (who, _) = *RECIPIENTS.iter().find(|(id, _)| preview["recipient"] == *id).unwrap();
                let shown = json!([preview["body"], preview["detail"], preview["document"]]).to_string();
                world.saw(who, "the preview of a message", shown.as_bytes());
            }
            let answer = world.rig.exchange.submit_assessment(&service, &key, body.as_bytes(), false).await;
            world.told(SERVICE, "the answer to a submission", &answer);
            let tells = tells_of_a_refusal(&value);
            if !tells.is_empty() {
                let issues = answer.err().map(|refusal| refusal.issues).unwrap_or_default();
                let paths: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
                prop_assert_eq!(paths, tells, "it would tell of a refusal");
                world.carry().await;
                world.read(&[]).await;
                world.at_rest();
                let leaks = world.leaks(|_, _| false);
                prop_assert!(leaks.is_empty(), "{leaks:#?}");
                return Ok(());
            }
            let answer = json(&answer.map_err(|why| TestCaseError::fail(format!("{why:?}")))?);
            let referrals = ids(&answer);
            world.carry().await;
            world.go_on(&answer).await;
            world.carry().await;
            world.read(&referrals).await;
            world.at_rest();
            let leaks = world.leaks(|seen, mark| {
                let who = seen.who;
                let Some(place) = place_of(&places, number, mark) else { return false };
                // The service may read again what it sent to somebody, and who asked the person.
                if who == SERVICE && place.ends_with("/captured_by") {
                    return true;
                }
                let mut who = RECIPIENTS.iter().filter(|(id, _)| *id == who || who == SERVICE);
                who.any(|(id, letter)| may_see(&value, place, *letter, id))
            });
            let named: Vec<String> = leaks
                .into_iter()
                .map(|leak| {
                    let place = places.iter().enumerate().find(|(at, _)| leak.contains(&mark(number, *at)));
                    format!("{leak}: {}", place.map_or("", |(_, place)| place))
                })
                .collect();
            prop_assert!(named.is_empty(), "{named:#?}");
            for (said, (who, letter)) in case.said.iter().zip(RECIPIENTS) {
                let is_meant = letter != 'B' || is_chosen(&value, who);
                let gets = referrals_to(&value, who) && said.decision == "agree" && is_meant;
                prop_assert!(
                    !gets || world.marks_of(who) > 3,
                    "{who} ({letter}) got nothing, so nothing is shown"
                );
                // What goes to an authority that the person did not choose is held, and the sender reads so.
                if letter == 'B' && !is_meant && referrals_to(&value, who) {
                    let all = answer["referrals"].as_array().unwrap();
                    let held = all.iter().find(|referral| referral["recipient"] == who).unwrap();
                    let state = if said.decision == "agree" { "held" } else { "withheld" };
                    prop_assert_eq!((&held["state"], &held["disclosure_id"]), (&json!(state), &Value::Null));
                }
            }
            Ok(())
        })
    });
}

#[test]
fn a_field_that_nobody_listed_is_refused_without_a_word_of_it_and_nothing_leaves() {
    property((case(), prop::collection::vec(unlisted(), 1..4)), |worlds, (case, fields)| {
        worlds.run(async |world, number| {
            let mut value = assessment(&case, number);
            if !add(&mut value, &fields) {
                return Ok(());
            }
            let service = world.rig.caller(SERVICE);
            let (body, key) = (value.to_string(), number.to_string());
            for dry in [true, false] {
                let answer = world.rig.exchange.submit_assessment(&service, &key, body.as_bytes(), dry).await;
                prop_assert!(answer.is_err(), "it was taken");
                world.told(SERVICE, "the answer to a submission", &answer);
            }
            let checked = world.rig.exchange.validate("assessment", None, body.as_bytes());
            world.told(SERVICE, "the answer of the check", &checked);
            world.carry().await;
            world.read(&[]).await;
            world.at_rest();
            let leaks = world.leaks(|_, _| false);
            prop_assert!(leaks.is_empty(), "{leaks:#?}");
            Ok(())
        })
    });
}

/// Adds what can be added; answers whether anything was.
pub fn add(value: &mut Value, fields: &[Unlisted]) -> bool {
    fields.iter().filter(|field| field.add_to(value)).count() > 0
}

/// Where an entry would let somebody learn that the person refused such a service, and agreed to no other: what each agency may
/// be, told by hand. Of two of them nobody says what they do, so they may be anything that no kind of agency is.
fn tells_of_a_refusal(value: &Value) -> Vec<String> {
    let said = |decision: &str, who: &[&str]| {
        let mut consents = value["consents"].as_array().unwrap().iter();
        consents.any(|one| one["decision"] == decision && who.iter().any(|who| one["recipient"] == *who))
    };
    let entries = value["onward_referrals"].as_array().unwrap().iter().enumerate();
    let tells = entries.filter(|(_, entry)| {
        let may_be: &[&str] = match entry["service_type"].as_str().unwrap() {
            "housing-options" => &["housing-harbour"],
            _ => &["substance-harbour", "veterans-harbour"],
        };
        let is_told = !entry["may_be_told"].as_array().unwrap().is_empty();
        is_told && said("decline", may_be) && !said("agree", may_be)
    });
    tells.map(|(place, _)| format!("/onward_referrals/{place}/may_be_told")).collect()
}

fn place_of<'p>(places: &'p [String], case: usize, mark: &str) -> Option<&'p String> {
    let number = mark.strip_prefix(&format!("{MARK}{case:03}n"))?.strip_suffix('x')?;
    places.get(number.parse::<usize>().ok()?)
}

fn referrals_to(value: &Value, who: &str) -> bool {
    value["referrals"].as_array().unwrap().iter().any(|referral| referral["recipient"] == who)
}

/// The ids of all referrals of an answer.
pub fn ids(answer: &Value) -> Vec<String> {
    let referrals = answer["referrals"].as_array().unwrap();
    referrals.iter().map(|referral| referral["referral_id"].as_str().unwrap().to_owned()).collect()
}
