//! A housing referral goes to the authority that the person chose, and to no other.
//!
//! Whoever refers somebody as homeless lets them choose the authority. Who lives there, or who works there, may be why it is
//! not the next one; so what does not say whom the person chose goes to nobody.

use serde_json::Value;

use super::refusal::Issue;
use crate::{
    assessment::{Assessment, Form},
    directory::{AgencyKind, Partner},
    letters::squeezed,
};

/// Where the person's choice stands.
const CHOSEN: &str = "/housing/chosen_authority";
const NOBODY_CHOSEN: &str = "Nothing was sent: the person chooses the housing authority, and whom they chose is not said. Ask them, \
                             and put its name, and its code as the directory has it, in /housing/chosen_authority.";
const ANOTHER: &str = "Nothing was sent: by its code this is not the housing authority that the person chose. Ask the one that they \
                       chose, or ask the person again.";
const ANOTHER_NAME: &str = "Nothing was sent: the housing authority that the person chose has another name than this one, and no code is \
                            given. If it is the same, write it as the directory has it.";
const NOT_SAID: &str = "This form has no place for the housing authority that the person chose, and the referral was sent as if they had \
                        chosen this one. If they did not, withdraw it; a newer form says whom they chose.";

/// Why nothing of `assessment` may go to `partner`: a housing authority that the person did not choose. How the directory has
/// the authority is told with it.
pub(super) fn not_chosen(partner: &Partner, assessment: &Assessment) -> Option<String> {
    let why = why_not(partner, assessment)?;
    Some(format!(
        "{why} The directory has \"{}\", code {}.",
        body_of(&partner.name),
        bare(&partner.organisation_code)
    ))
}

fn why_not(partner: &Partner, assessment: &Assessment) -> Option<&'static str> {
    if partner.kind != AgencyKind::Housing || cannot_say(assessment) {
        return None;
    }
    let said = |field: &str| assessment.raw().pointer(&format!("{CHOSEN}/{field}")).and_then(Value::as_str);
    match (said("code"), said("name")) {
        (Some(code), _) => (!is_code_of(code, partner)).then_some(ANOTHER),
        (None, Some(name)) => (!is_name_of(name, partner)).then_some(ANOTHER_NAME),
        (None, None) => Some(NOBODY_CHOSEN),
    }
}

/// What the sender is told of a referral whose form cannot say whom the person chose.
pub(super) fn not_said(place: usize, partner: &Partner, assessment: &Assessment) -> Option<Issue> {
    let is_silent = partner.kind == AgencyKind::Housing && cannot_say(assessment);
    is_silent.then(|| Issue::new("informational", format!("/referrals/{place}/recipient"), NOT_SAID))
}

/// The first form has no place for it, nor has a FHIR referral.
fn cannot_say(assessment: &Assessment) -> bool {
    assessment.form() == Form::Adult1 || assessment.is_from_message()
}

/// Codes are compared without their system: the assessment states the bare one.
fn is_code_of(code: &str, partner: &Partner) -> bool {
    let code = bare(code);
    !code.is_empty() && code.eq_ignore_ascii_case(bare(&partner.organisation_code))
}

fn bare(code: &str) -> &str {
    code.rsplit_once('|').map_or(code, |(_, value)| value).trim()
}

/// The body whose office it is.
fn body_of(name: &str) -> &str {
    name.split_once(',').map_or(name, |(body, _)| body)
}

/// A name is that of the agency, or of the body whose office it is: "X Council" of "X Council, Housing Options".
fn is_name_of(name: &str, partner: &Partner) -> bool {
    let name = squeezed(name);
    !name.is_empty() && (name == squeezed(&partner.name) || name == squeezed(body_of(&partner.name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn partner(id: &str, kind: AgencyKind) -> Partner {
        Partner {
            name: String::from("Harbour Borough Council, Housing Options"),
            organisation_code: String::from("https://keyway.example/id/local-authority|E99000001"),
            ..Partner::given(id, kind)
        }
    }

    fn asked(kind: AgencyKind, chosen: &Value) -> Option<&'static str> {
        let partner = partner("housing-harbour", kind);
        let profile = Form::Adult2.canonical();
        why_not(
            &partner,
            &Assessment::new(json!({"profile": profile, "housing": {"chosen_authority": chosen}})),
        )
    }

    #[test]
    fn only_the_authority_that_the_person_chose_is_asked() {
        let housing = |chosen: Value| asked(AgencyKind::Housing, &chosen);
        for own in [
            json!({"name": "Whatever", "code": "E99000001"}),
            json!({"name": "Whatever", "code": "e99000001 "}),
            json!({"name": "Harbour  borough council"}),
            json!({"name": "Harbour Borough Council, Housing Options"}),
        ] {
            assert_eq!(housing(own.clone()), None, "{own}");
        }
        assert_eq!(housing(json!({"name": "Other Town Council", "code": "E99000077"})), Some(ANOTHER));
        // The name does not help where the code is another's.
        assert_eq!(housing(json!({"name": "Harbour Borough Council", "code": "E99000077"})), Some(ANOTHER));
        assert_eq!(housing(json!({"name": "Other Town Council"})), Some(ANOTHER_NAME));
        assert_eq!(housing(json!({"name": "Harbour"})), Some(ANOTHER_NAME));
        assert_eq!(housing(json!({})), Some(NOBODY_CHOSEN));
        assert_eq!(asked(AgencyKind::Cmht, &json!({})), None, "no other agency is chosen like this");
    }

    #[test]
    fn a_form_that_cannot_say_it_is_sent_and_its_sender_told() {
        let partner = partner("housing-harbour", AgencyKind::Housing);
        let assessment = Assessment::new(json!({"profile": Form::Adult1.canonical()}));
        assert_eq!(not_chosen(&partner, &assessment), None);
        assert_eq!(not_said(2, &partner, &assessment).unwrap().path, "/referrals/2/recipient");
        let newer = Assessment::new(json!({"profile": Form::Adult2.canonical()}));
        assert!(not_said(2, &partner, &newer).is_none());
        let message = newer.into_message_borne();
        assert!(not_chosen(&partner, &message).is_none() && not_said(2, &partner, &message).is_some());
    }
}
