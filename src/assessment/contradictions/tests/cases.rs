//! What breaks the rules about times, homes, safe contact and treatment requirements.

use serde_json::{Value, json};

use super::Case;

/// A safe contact, and the rest of the person.
pub(super) fn reached(contact: Value) -> Vec<(&'static str, Value)> {
    vec![("/person/safe_contact", contact)]
}

pub(super) fn broken_times() -> Vec<Case> {
    let ended = json!("2025-01-01");
    vec![
        (
            "born-too-long-ago",
            vec![("/person/birth_date", json!("1904-01-13")), ("/consents", json!([]))],
            vec!["/person/birth_date"],
        ),
        (
            "told-in-the-future",
            vec![(
                "/safeguarding",
                json!({"concern": true, "told": [
                {"who": "The borough", "at": "2025-01-13T11:00:00Z"}, {"who": "The school"},
                {"who": "The police", "at": "2025-01-13T12:05:01Z"}]}),
            )],
            vec!["/safeguarding/told/2/at"],
        ),
        (
            "ends-before-it-is-recorded",
            vec![("/consents/0/valid_until", ended)],
            vec!["/consents/0/valid_until"],
        ),
        (
            "last-contact-in-the-future",
            vec![("/clinical/last_contact_date", json!("2025-01-14"))],
            vec!["/clinical/last_contact_date"],
        ),
        (
            "detained-in-the-future",
            vec![("/clinical/mental_health_act", json!({"section": "02", "since_date": "2025-01-14"}))],
            vec!["/clinical/mental_health_act/since_date"],
        ),
    ]
}

pub(super) fn broken_homes() -> Vec<Case> {
    let none = json!({"no_fixed_abode": true});
    vec![
        (
            "no-abode-and-housed",
            vec![
                ("/housing", json!({"status": "temporary", "accommodation_type": "03"})),
                ("/person/address", none.clone()),
            ],
            vec!["/housing/accommodation_type"],
        ),
        (
            "no-abode-at-an-address",
            vec![
                ("/housing", json!({"status": "hostel"})),
                ("/person/address", json!({"no_fixed_abode": true, "lines": ["1 Nowhere Lane"]})),
            ],
            vec!["/person/address/lines"],
        ),
        (
            "sofa-surfing-and-housed",
            vec![("/housing", json!({"status": "sofa-surfing", "accommodation_type": "01"}))],
            vec!["/housing/accommodation_type"],
        ),
        (
            "sleeping-rough-and-not-homeless-soon",
            vec![
                ("/housing", json!({"status": "rough-sleeping", "homeless_within_56_days": "no"})),
                ("/person/address", none),
            ],
            vec!["/housing/homeless_within_56_days"],
        ),
    ]
}

pub(super) fn broken_contacts() -> Vec<Case> {
    let through = |name: &str, hidden: &str| {
        reached(json!({"through": {"name": name}, "must_not_know": ["The landlord", hidden]}))
    };
    let kin = |more: Value| {
        let mut one = json!({"name": "Ann Sample", "relation": "sister", "may_be_contacted": true});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("/person/next_of_kin", json!([one]))
    };
    let number = |text: &str| reached(json!({"telephone": text}));
    vec![
        (
            "through-who-must-not-know",
            through("Ann  SAMPLE", "ann sample"),
            vec!["/person/safe_contact/through/name"],
        ),
        (
            "kin-who-must-not-know",
            [reached(json!({"must_not_know": ["ann sample "]})), vec![kin(json!({}))]].concat(),
            vec!["/person/next_of_kin/0/may_be_contacted"],
        ),
        (
            "parent-who-must-not-know",
            [
                reached(json!({"must_not_know": ["ANN SAMPLE"]})),
                vec![(
                    "/young_person",
                    json!({"parents": [{"name": "Ann Sample", "relation": "mother",
                    "parental_responsibility": true, "may_be_contacted": true}]}),
                )],
            ]
            .concat(),
            vec!["/young_person/parents/0/may_be_contacted"],
        ),
        (
            "telephone-of-another",
            [
                number("01632 960123"),
                vec![kin(json!({"may_be_contacted": false, "telephone": "+44 1632 960 123"}))],
            ]
            .concat(),
            vec!["/person/safe_contact/telephone"],
        ),
        (
            "telephone-of-another-through",
            reached(json!({"through": {"name": "Bo", "telephone": "01632 960123"},
                "must_not_know": ["whoever answers 01632960123"]})),
            vec!["/person/safe_contact/through/telephone"],
        ),
        (
            "by-what-must-not-be-used",
            reached(json!({"how": "Leave a voicemail", "rules": ["no-voicemail"]})),
            vec!["/person/safe_contact/how"],
        ),
        (
            "through-who-perhaps-must-not-know",
            through("Ann Sample", "Ann Sample, the neighbour"),
            vec!["/person/safe_contact/through"],
        ),
        (
            "telephone-of-who-does-not-know",
            [
                number("01632 960123"),
                vec![kin(json!({"knows_of_this": false, "telephone": "(01632) 960-123"}))],
            ]
            .concat(),
            vec!["/person/safe_contact/telephone"],
        ),
        (
            "perhaps-by-what-must-not-be-used",
            reached(json!({"how": "Ring her in the morning or text", "rules": ["no-texts"]})),
            vec!["/person/safe_contact/how"],
        ),
        (
            "email-that-must-not-be-used",
            reached(json!({"email": "sam@example.org", "rules": ["no-email"]})),
            vec!["/person/safe_contact/email"],
        ),
    ]
}

pub(super) fn broken_requirements() -> Vec<Case> {
    let one = |kind: &str, suitable: &str| json!({"type": kind, "suitable": suitable, "willing": "yes"});
    vec![
        (
            "one-view-of-each-requirement",
            vec![
                ("/treatment_requirement", Value::Null),
                (
                    "/treatment_requirements",
                    json!([one("MHTR", "yes"), one("DRR", "yes"), one("MHTR", "no")]),
                ),
            ],
            vec!["/treatment_requirements/2/type"],
        ),
        (
            "two-views-of-a-requirement",
            vec![
                ("/treatment_requirement", one("MHTR", "yes")),
                ("/treatment_requirements", json!([one("MHTR", "no")])),
            ],
            vec!["/treatment_requirement/suitable"],
        ),
    ]
}
