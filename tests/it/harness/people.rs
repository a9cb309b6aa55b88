//! People who do not exist, and assessments of them in which every block has something to find again.

use keyway::clock::{Clock, Moment, SystemClock};
use serde_json::{Value, json};

/// The agencies of the harness: slug, and the short word that tests use.
pub const CMHT: &str = "cmht-test";
/// Police custody.
pub const CUSTODY: &str = "custody-test";
/// A magistrates' court.
pub const COURT: &str = "court-test";
/// A probation office.
pub const PROBATION: &str = "probation-test";
/// A local housing authority, which collects from its mailbox.
pub const HOUSING: &str = "housing-test";
/// The liaison and diversion service.
pub const LD: &str = "ld-test";

/// Every recipient of an assessment.
pub const RECIPIENTS: [&str; 5] = [CMHT, CUSTODY, COURT, PROBATION, HOUSING];

/// Somebody made up.
#[derive(Clone, Debug)]
pub struct Person {
    pub reference: String,
    pub family: &'static str,
    pub given: &'static str,
    pub birth_date: &'static str,
    pub nhs_number: String,
}

impl Person {
    /// The `index`th made-up person.
    pub fn new(index: u32) -> Self {
        const FAMILIES: [&str; 4] = ["Quillfeather", "Brackenthwaite", "Zellmoor", "Okonjo-Harrowgate"];
        const GIVEN: [&str; 4] = ["Ottoline", "Thaddeus", "Ximena", "Balthazar"];
        let pick = usize::try_from(index).unwrap() % 4;
        Self {
            reference: format!("EMIL-{index:05}"),
            family: FAMILIES[pick],
            given: GIVEN[pick],
            birth_date: ["1987-03-14", "1994-11-02", "2001-07-29", "1969-01-31"][pick],
            nhs_number: nhs_number(index),
        }
    }
}

/// A number of the range that is kept for tests, with a right check digit (modulus 11).
pub fn nhs_number(index: u32) -> String {
    (index * 7..)
        .find_map(|n| {
            let stem = format!("999{n:06}");
            let sum: u32 = stem.chars().zip((2..=10).rev()).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
            let check = (11 - sum % 11) % 11;
            (check != 10).then(|| format!("{stem}{check}"))
        })
        .unwrap()
}

/// The same number with another, wrong, check digit.
pub fn wrong_nhs_number(index: u32) -> String {
    let mut number = nhs_number(index);
    let last = number.pop().unwrap().to_digit(10).unwrap();
    number.push(char::from_digit((last + 1) % 10, 10).unwrap());
    number
}

/// What may stand in no log line and in no error: of every made-up person, and of every block.
pub fn forbidden_words() -> Vec<String> {
    let mut words: Vec<String> = [
        "CANARY",
        "ZZ99 3VZ",
        "07700 900",
        "EMIL-",
        "Fenwick-Adeyemi",
        "lighthouse.example",
        "9000017",
        "C900017",
    ]
    .map(str::to_owned)
    .to_vec();
    for person in (0..4).map(Person::new) {
        words.extend([person.family, person.given, person.birth_date].map(str::to_owned));
    }
    for number in (0..4).flat_map(|index| [nhs_number(index), wrong_nhs_number(index)]) {
        words.push(format!("{} {} {}", &number[..3], &number[3..6], &number[6..]));
        words.push(number);
    }
    words
}

/// An assessment under construction: at first complete, and agreed to for everybody.
#[derive(Clone, Debug)]
pub struct Assessment(pub Value);

impl Assessment {
    /// Everything about `person`, to every recipient, with every consent.
    pub fn of(person: &Person) -> Self {
        let now = SystemClock.now();
        let mut value = blocks(person, now);
        let fields = value.as_object_mut().unwrap();
        fields.insert("consents".into(), RECIPIENTS.iter().map(|r| consent(r, now)).collect());
        fields.insert("referrals".into(), RECIPIENTS.iter().map(|r| referral(r)).collect());
        Self(value)
    }

    /// Only to these recipients, with consent for each.
    pub fn only_to(mut self, recipients: &[&str]) -> Self {
        for list in ["consents", "referrals"] {
            let items = self.0[list].as_array_mut().unwrap();
            items.retain(|item| recipients.contains(&item["recipient"].as_str().unwrap()));
        }
        self
    }

    /// The person said no to this recipient.
    pub fn refused_by_person(self, recipient: &str) -> Self {
        self.with_consent(recipient, |consent| {
            consent["decision"] = "decline".into();
            consent.as_object_mut().unwrap().remove("valid_until");
        })
    }

    /// The person's consent for this recipient ran out yesterday.
    pub fn expired_for(self, recipient: &str) -> Self {
        self.with_consent(recipient, |consent| {
            let now = SystemClock.now();
            consent["recorded_at"] = now.plus_seconds(-40 * 86_400).to_rfc3339().into();
            consent["valid_until"] = now.plus_seconds(-86_400).to_rfc3339().into();
        })
    }

    /// Nobody asked the person about this recipient.
    pub fn unasked_for(mut self, recipient: &str) -> Self {
        let items = self.0["consents"].as_array_mut().unwrap();
        items.retain(|item| item["recipient"] != recipient);
        self
    }

    /// The person may die tonight, and a practitioner decides that this recipient must know the minimum.
    pub fn at_imminent_risk(mut self, recipient: &str) -> Self {
        self.0["risk"]["to_self"]["imminent"] = true.into();
        self.0["risk"]["to_self"]["level"] = "high".into();
        self.0["overrides"] = json!([{
            "recipient": recipient,
            "reason": "RISK-TO-LIFE-SELF",
            "practitioner": "Imogen Fenwick-Adeyemi",
            "justification": "CANARY-override-justification",
        }]);
        self
    }

    /// Changes anything.
    pub fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.0);
        self
    }

    fn with_consent(mut self, recipient: &str, change: impl FnOnce(&mut Value)) -> Self {
        let items = self.0["consents"].as_array_mut().unwrap();
        change(items.iter_mut().find(|item| item["recipient"] == recipient).expect("there is a consent"));
        self
    }
}

fn consent(recipient: &str, now: Moment) -> Value {
    json!({
        "recipient": recipient,
        "decision": "agree",
        "recorded_at": now.plus_seconds(-3_600).to_rfc3339(),
        "valid_until": now.plus_seconds(90 * 86_400).to_rfc3339(),
        "captured_by": "Imogen Fenwick-Adeyemi",
        "how": "signed",
        "capacity": "has-capacity",
        "note": format!("CANARY-consent-note-{recipient}"),
    })
}

fn referral(recipient: &str) -> Value {
    let need = if recipient == HOUSING { "housing" } else { "mental-health" };
    json!({
        "recipient": recipient,
        "reason": format!("CANARY-request-{recipient}"),
        "urgency": "routine",
        "need": need,
    })
}

/// Something in every block; `everything.json` leaves open what differs from person to person and day to day.
fn blocks(person: &Person, now: Moment) -> Value {
    let day = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339()[..10].to_owned();
    let earlier = now.plus_seconds(-7_200).to_rfc3339();
    let mut value: Value = serde_json::from_str(include_str!("everything.json")).unwrap();
    for (place, filling) in [
        ("/local_reference", json!(format!("{}/1", person.reference))),
        ("/assessed_at", json!(earlier)),
        ("/person/reference", json!(person.reference)),
        ("/person/name", json!({"family": person.family, "given": [person.given]})),
        ("/person/birth_date", json!(person.birth_date)),
        ("/person/nhs_number/value", json!(person.nhs_number)),
        ("/pathway/seen_at", json!(earlier)),
        ("/legal/next_hearing/at", json!(day(7))),
        ("/onward_referrals/0/may_be_told", json!(RECIPIENTS)),
        ("/validity/review_by", json!(day(90))),
    ] {
        *value.pointer_mut(place).unwrap() = filling;
    }
    value
}

#[test]
fn made_up_numbers_have_right_and_wrong_check_digits() {
    for index in 0..50 {
        keyway::assessment::NhsNumber::parse(&nhs_number(index)).unwrap();
        keyway::assessment::NhsNumber::parse(&wrong_nhs_number(index)).unwrap_err();
    }
}
