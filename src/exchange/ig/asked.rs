//! What an officer sends: a JSON object of a few texts. What is wrong with it is told by the member's name and never by what it
//! holds.

use serde_json::{Map, Value};

use super::{Review, Subject};
use crate::{
    assessment::NhsNumber,
    clock::Moment,
    exchange::{
        refusal::{Refusal, Refused},
        rows::ReviewOutcome,
        submit::read_json,
    },
    ids::{PartnerId, PersonId},
    limits::OFFICERS_TEXT_MAX_BYTES,
};

/// An object whose members are known, and texts.
struct Members(Map<String, Value>);

impl Members {
    fn read(body: &[u8], known: &[&'static str]) -> Result<Self, Refusal> {
        let Value::Object(members) = read_json(body)? else {
            return Err(Refusal::new(Refused::BadRequest, "structure", "", "Send a JSON object."));
        };
        if members.keys().any(|name| !known.contains(&name.as_str())) {
            let text = format!("A member is not known here. Known: {}.", known.join(", "));
            return Err(Refusal::new(Refused::BadRequest, "not-supported", "", text));
        }
        Ok(Self(members))
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= OFFICERS_TEXT_MAX_BYTES => Ok(Some(text)),
            Some(_) => Err(wrong(name, "Must be a text of at most 4,000 bytes.")),
        }
    }

    fn needed(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| {
            Refusal::new(Refused::BadRequest, "required", format!("/{name}"), "This is needed.")
        })
    }

    fn moment(&self, name: &'static str) -> Result<Option<Moment>, Refusal> {
        let told = "Must be a date-time with an offset, as in 2026-11-23T09:00:00Z.";
        let read = |text: &str| Moment::from_rfc3339(text).ok_or_else(|| wrong(name, told));
        self.text(name)?.map(read).transpose()
    }
}

fn wrong(name: &str, text: &str) -> Refusal {
    Refusal::new(Refused::BadRequest, "value", format!("/{name}"), text)
}

/// Whom "who saw" is asked about, and between which moments.
///
/// # Errors
/// What is wrong, by the member's name.
pub fn who_saw_asked(body: &[u8]) -> Result<(Subject, (Moment, Moment)), Refusal> {
    let known = ["person_id", "nhs_number", "reference", "agency", "since", "until"];
    let members = Members::read(body, &known)?;
    let agency = members.text("agency")?;
    let by = (members.text("person_id")?, members.text("nhs_number")?, members.text("reference")?);
    let subject = match by {
        (Some(person), None, None) if agency.is_none() => Subject::Person(
            PersonId::parse(person).ok_or_else(|| wrong("person_id", "Must be a person's id."))?,
        ),
        (None, Some(number), None) if agency.is_none() => {
            let told = "Must be an NHS number: ten digits, of which the last fits the others.";
            Subject::NhsNumber(NhsNumber::parse(number).map_err(|_| wrong("nhs_number", told))?)
        }
        (None, None, Some(reference)) => {
            let parsed = agency
                .map(|id| PartnerId::parse(id).ok_or_else(|| wrong("agency", "Must be an agency's id.")));
            Subject::Reference { reference: reference.to_owned(), agency: parsed.transpose()? }
        }
        _ => {
            let text =
                "Say whom, by one of person_id, nhs_number and reference; agency goes with reference alone.";
            return Err(Refusal::new(Refused::BadRequest, "required", "", text));
        }
    };
    let since = members.moment("since")?.unwrap_or(Moment(i64::MIN));
    Ok((subject, (since, members.moment("until")?.unwrap_or(Moment(i64::MAX)))))
}

/// A review as it was sent.
#[derive(Debug)]
pub struct ReviewAsked {
    outcome: ReviewOutcome,
    reason: String,
    reviewer: String,
}

impl ReviewAsked {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong, by the member's name.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let members = Members::read(body, &["outcome", "reason", "reviewer"])?;
        let outcome = match members.needed("outcome")? {
            "upheld" => ReviewOutcome::Upheld,
            "not-upheld" => ReviewOutcome::NotUpheld,
            _ => return Err(wrong("outcome", "Must be upheld or not-upheld.")),
        };
        let (reason, reviewer) =
            (members.needed("reason")?.to_owned(), members.needed("reviewer")?.to_owned());
        Ok(Self { outcome, reason, reviewer })
    }

    /// The review.
    #[must_use]
    pub fn review(&self) -> Review<'_> {
        Review { outcome: self.outcome, reason: &self.reason, reviewer: &self.reviewer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        let refusal = who_saw_asked(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.class, Refused::BadRequest, "{body}");
        assert!(!format!("{refusal:?}").contains("secret"), "{refusal:?}");
        refusal.issues[0].path.clone()
    }

    #[test]
    fn what_is_wrong_with_a_question_is_told_by_its_member_and_never_by_its_value() {
        assert_eq!(told(r#"{"nhs_number": "secret"}"#), "/nhs_number");
        assert_eq!(told(r#"{"nhs_number": "9990000019"}"#), "/nhs_number");
        assert_eq!(told(r#"{"person_id": "secret secret"}"#), "/person_id");
        assert_eq!(told(r#"{"reference": "secret", "agency": "No Slug secret"}"#), "/agency");
        assert_eq!(told(r#"{"reference": 5}"#), "/reference");
        assert_eq!(told(r#"{"reference": "secret", "since": "secret"}"#), "/since");
        for neither in [
            "[]",
            "{}",
            r#"{"secret": "x"}"#,
            r#"{"person_id": "secret", "reference": "secret"}"#,
            r#"{"person_id": "secret", "agency": "housing"}"#,
        ] {
            assert_eq!(told(neither), "", "{neither}");
        }
        assert!(who_saw_asked(br#"{"nhs_number": "9990000018", "until": "2026-11-23T09:00:00Z"}"#).is_ok());
    }

    #[test]
    fn a_review_needs_its_three_members() {
        let whole = br#"{"outcome": "upheld", "reason": "r", "reviewer": "Ana Silva"}"#;
        assert_eq!(ReviewAsked::read(whole).unwrap().review().outcome, ReviewOutcome::Upheld);
        for (body, place) in [
            (r#"{"outcome": "perhaps", "reason": "r", "reviewer": "x"}"#, "/outcome"),
            (r#"{"outcome": "upheld", "reviewer": "x"}"#, "/reason"),
            (r#"{"outcome": "upheld", "reason": "r"}"#, "/reviewer"),
        ] {
            assert_eq!(ReviewAsked::read(body.as_bytes()).unwrap_err().issues[0].path, place);
        }
    }
}
