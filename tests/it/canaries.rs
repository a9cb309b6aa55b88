//! A canary in every block, and where each of them came out: read from the bytes that receivers got.
//!
//! The table is `decisions` of the disclosure table told once more, by hand and by text: it shares nothing with the
//! allow-lists that it checks.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::harness::{Assessment, CMHT, COURT, CUSTODY, Gateway, HOUSING, PROBATION, Person};

/// What each recipient gets of a text: custody, court, probation, health, housing. `Y` must have it, `-` must not,
/// `?` may have the summary beside the whole.
const TABLE: [(&str, &str); 94] = [
    ("Quillfeather", "YYYYY"),
    ("Ottoline", "YYYYY"),
    ("1987-03-14", "YYYYY"),
    ("CANARY-address", "--YYY"),
    ("ZZ99 3VZ", "--YYY"),
    ("07700 900123", "--YYY"),
    ("nobody@lighthouse.example", "--YYY"),
    ("CANARY-contact-how", "--YYY"),
    ("CANARY-contact-when", "--YYY"),
    ("CANARY-contact-must-not-know", "--YYY"),
    ("CANARY-gp-practice", "---Y-"),
    ("C900017", "--Y--"),
    ("1987/9000017A", "Y----"),
    ("CANA9000017", "-Y---"),
    ("CANARY-CUSTODY", "Y----"),
    ("CANARY-HOUSING-REF", "----Y"),
    ("CANARY-gender", "---Y-"),
    ("CANARY-ethnicity", "---Y-"),
    ("CANARY-religion", "---Y-"),
    ("CANARY-communication-need", "YYYYY"),
    ("CANARY-adjustment", "YYYYY"),
    ("CANARY-pathway-site", "YYYY-"),
    ("CANARY-hearing-court", "-YYY-"),
    ("CANARY-bail-needs", "-YYY-"),
    ("CANARY-legal-summary", "-???-"),
    ("CANARY-offence-category", "-----"),
    ("CANARY-offence-note", "-----"),
    ("CANARY-adult-why", "Y-YY-"),
    ("CANARY-adult-summary", "?-??-"),
    ("CANARY-capacity-summary", "---?-"),
    ("CANARY-capacity-note", "---Y-"),
    ("CANARY-diagnosis", "---Y-"),
    ("CANARY-history", "---Y-"),
    ("CANARY-medication", "---Y-"),
    ("CANARY-clinical-narrative", "---Y-"),
    ("CANARY-formulation", "---Y-"),
    ("CANARY-tool-note", "---Y-"),
    ("CANARY-tag-note", "---Y-"),
    ("CANARY-vulnerability", "YYYY-"),
    ("CANARY-withdrawal-advice", "Y--Y-"),
    ("CANARY-substance-summary", "---?-"),
    ("CANARY-substance-placement", "---?Y"),
    ("CANARY-alcohol", "---Y-"),
    ("CANARY-drugs", "---Y-"),
    ("CANARY-substance-narrative", "---Y-"),
    ("CANARY-learning-summary", "---?-"),
    ("CANARY-learning-adjustments", "---?Y"),
    ("CANARY-learning-disability", "---Y-"),
    ("CANARY-autism", "---Y-"),
    ("CANARY-adhd", "---Y-"),
    ("CANARY-brain-injury", "---Y-"),
    ("CANARY-learning-narrative", "---Y-"),
    ("CANARY-housing-summary", "--???"),
    ("CANARY-housing-need", "--YYY"),
    ("CANARY-housing-reason", "--YYY"),
    ("CANARY-local-connection", "--YYY"),
    ("CANARY-housing-narrative", "--YYY"),
    ("CANARY-money-summary", "---?-"),
    ("CANARY-affordability", "---YY"),
    ("CANARY-debt", "---Y-"),
    ("CANARY-benefits", "---Y-"),
    ("CANARY-employment", "---Y-"),
    ("CANARY-literacy", "---Y-"),
    ("CANARY-recourse", "----Y"),
    ("CANARY-household-summary", "---??"),
    ("CANARY-household-member", "---YY"),
    ("CANARY-household-child", "---YY"),
    ("CANARY-safeguarding-route", "Y-YY-"),
    ("CANARY-safeguarding-narrative", "---Y-"),
    ("CANARY-safeguarding-placement", "?-??Y"),
    ("CANARY-handover-advice", "YYYY-"),
    ("CANARY-safety-plan", "Y-YYY"),
    ("CANARY-risk-contact", "Y-YY-"),
    ("CANARY-risk-placement", "?-??Y"),
    ("CANARY-trauma-narrative", "-----"),
    ("CANARY-priority-housing", "--YYY"),
    ("CANARY-priority-clinical", "---Y-"),
    ("CANARY-strengths-summary", "---?-"),
    ("CANARY-strengths-note", "---Y-"),
    ("CANARY-support-summary", "---?-"),
    ("CANARY-support-person", "---Y-"),
    ("CANARY-crisis-summary", "---?-"),
    ("CANARY-crisis-triggers", "---Y-"),
    ("CANARY-crisis-plan", "---Y-"),
    ("CANARY-crisis-safety", "--??Y"),
    ("CANARY-accompaniment-who", "--YYY"),
    ("CANARY-accompaniment-appointment", "--YYY"),
    ("CANARY-hearing-support", "-YYY-"),
    ("CANARY-recommendation", "YYYY-"),
    ("CANARY-treatment-note", "-YYY-"),
    ("CANARY-team-contact", "--YY-"),
    ("CANARY-support-worker", "--YYY"),
    ("CANARY-onward-note", "--YY-"),
    ("Fenwick-Adeyemi", "YYYYY"),
];

/// The categories: where each stands in the newer form, the code, and who gets it, as in the table above. Each code is like no
/// other value of the assessment.
const CODES: [(&str, &str, &str); 7] = [
    ("/substance_use/category", "alcohol-and-drugs", "YYYY-"),
    ("/learning_and_neurodiversity/category", "brain-injury", "YYYY-"),
    ("/money/category", "low-income", "--YY-"),
    ("/household/category", "with-others", "--YY-"),
    ("/strengths/category", "keeping-appointments", "--YY-"),
    ("/support_network/category", "friends", "--YY-"),
    ("/crisis/category", "has-plan", "--YY-"),
];

/// What a housing authority gets where the person agreed to be contacted by it, and not otherwise.
const TO_BE_CONTACTED: [&str; 8] = [
    "CANARY-address",
    "07700 900123",
    "nobody@lighthouse.example",
    "CANARY-contact-how",
    "CANARY-housing-narrative",
    "CANARY-accompaniment-who",
    "CANARY-accompaniment-appointment",
    "CANARY-support-worker",
];

const AUDIENCES: [&str; 5] = [CUSTODY, COURT, PROBATION, CMHT, HOUSING];

/// Every text in a message, also what is packed into base64 within it.
fn unpacked(bytes: &[u8], into: &mut String) {
    fn walk(value: &Value, into: &mut String) {
        match value {
            Value::String(text) => {
                into.push_str(text);
                into.push('\n');
                if let Ok(inner) = STANDARD.decode(text)
                    && inner.len() > 8
                {
                    unpacked(&inner, into);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, into)),
            Value::Object(fields) => fields.values().for_each(|field| walk(field, into)),
            _ => {}
        }
    }
    into.push_str(&String::from_utf8_lossy(bytes));
    into.push('\n');
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        walk(&value, into);
    }
}

/// Submits, and lets every recipient get all that there is for it. Answers what each of them has seen.
async fn seen_by_each(gateway: &Gateway, assessment: &Assessment) -> Vec<String> {
    gateway.submit("k-1", assessment).await;
    gateway.cmht_server.wait_for(1).await;
    let mut all = vec![String::new(); AUDIENCES.len()];
    for (place, (actor, server)) in [
        (&gateway.custody, &gateway.custody_server),
        (&gateway.court, &gateway.court_server),
        (&gateway.probation, &gateway.probation_server),
    ]
    .into_iter()
    .enumerate()
    {
        let event = server.wait_for(1).await;
        all[place].push_str(&actor.sheet(&event).await.to_string());
    }
    gateway.settle().await;
    for message in gateway.housing.collect().await {
        unpacked(message.to_string().as_bytes(), &mut all[4]);
    }
    for (place, server) in
        [&gateway.custody_server, &gateway.court_server, &gateway.probation_server, &gateway.cmht_server]
            .into_iter()
            .enumerate()
    {
        for received in server.received() {
            unpacked(&received.body, &mut all[place]);
            unpacked(format!("{:?}", received.headers).as_bytes(), &mut all[place]);
        }
    }
    all
}

/// What came out where it may not, and what did not where it must.
fn misplaced<'t>(seen: &[String], table: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (text, cells) in table {
        for ((audience, seen), cell) in AUDIENCES.iter().zip(seen).zip(cells.chars()) {
            let found = seen.contains(text);
            if (cell == 'Y' && !found) || (cell == '-' && found) {
                wrong.push(format!("{text} {} {audience}", if found { "reached" } else { "did not reach" }));
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_comes_out_only_where_the_table_says() {
    let gateway = Gateway::start().await;
    let person = Person::new(0);
    let seen = seen_by_each(&gateway, &Assessment::of(&person)).await;
    let mut wrong = misplaced(&seen, TABLE.into_iter());
    for (recipient, seen) in AUDIENCES.iter().zip(&seen) {
        let has_number = seen.contains(&person.nhs_number);
        if has_number != (*recipient == CMHT) {
            wrong.push(format!("the NHS number: {recipient}, {has_number}"));
        }
        for other in AUDIENCES {
            let found = seen.contains(&format!("CANARY-request-{other}"));
            if found != (other == *recipient) {
                wrong.push(format!("the reason for {other}: {recipient}, {found}"));
            }
            if other != *recipient && seen.contains(&format!("CANARY-consent-note-{other}")) {
                wrong.push(format!("what was said to {other} reached {recipient}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    gateway.finish().await;
}

/// The same person in the newer form, which has the categories and whom the person chose.
fn with_categories(a: &mut Value) {
    a["profile"] = "https://keyway.example/profiles/assessment/adult/2".into();
    a["offence"].as_object_mut().unwrap().remove("note");
    a.as_object_mut().unwrap().remove("treatment_requirement");
    a["housing"]["chosen_authority"] = serde_json::json!({"name": HOUSING, "code": "E00000000"});
    for (place, code, _) in CODES {
        let (block, field) = place[1..].split_once('/').unwrap();
        a[block][field] = code.into();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_comes_out_as_its_code_and_no_text_with_it() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).with(with_categories);
    let codes = CODES.map(|(_, code, cells)| (format!("\"{code}\""), cells));
    for (code, _) in &codes {
        assert_eq!(assessment.0.to_string().matches(code).count(), 1, "{code} is like another value");
    }
    let seen = seen_by_each(&gateway, &assessment).await;
    // What only the older form has.
    let older = ["CANARY-treatment-note", "CANARY-offence-note"];
    let texts = TABLE.into_iter().filter(|(text, _)| !older.contains(text));
    let codes = codes.iter().map(|(code, cells)| (code.as_str(), *cells));
    let wrong = misplaced(&seen, texts.chain(codes));
    assert!(wrong.is_empty(), "{wrong:#?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn housing_learns_no_way_to_somebody_who_agreed_to_be_referred_and_not_to_be_contacted() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).with(|a| {
        a["housing"]["consent_to_share_contact"] = false.into();
    });
    let seen = seen_by_each(&gateway, &assessment).await;
    for text in TO_BE_CONTACTED {
        assert!(!seen[4].contains(text), "{text} reached {}", AUDIENCES[4]);
        assert!(seen[2].contains(text), "{text} did not reach {}", AUDIENCES[2]);
    }
    assert!(seen[4].contains("CANARY-housing-need"), "the rest comes out");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_person_keeps_back_does_not_come_out() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).with(|a| {
        for consent in a["consents"].as_array_mut().unwrap() {
            consent["excludes"] = serde_json::json!(["housing", "safeguarding", "clinical"]);
        }
    });
    let seen = seen_by_each(&gateway, &assessment).await;
    for (audience, seen) in AUDIENCES.iter().zip(&seen) {
        for text in [
            "CANARY-housing-need",
            "CANARY-housing-summary",
            "CANARY-safeguarding-narrative",
            "CANARY-diagnosis",
        ] {
            assert!(!seen.contains(text), "{text} reached {audience}");
        }
    }
    assert!(seen[3].contains("CANARY-tag-note"), "the rest comes out");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_word_of_its_own_comes_out_with_it() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).with(|a| {
        for consent in a["consents"].as_array_mut().unwrap() {
            consent["specific"] = serde_json::json!(["trauma"]);
        }
    });
    let seen = seen_by_each(&gateway, &assessment).await;
    for (audience, seen) in AUDIENCES.iter().zip(&seen) {
        assert_eq!(seen.contains("CANARY-trauma-narrative"), *audience == CMHT, "{audience}");
    }
    gateway.finish().await;
}
