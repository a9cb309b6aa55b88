//! The housing referral, in the shape of the duty to refer (Housing Act 1996 s.213B). Whether who refers is under that duty is
//! data (`profiles/housing/basis.toml`). Support needs and risk go as far as a placement needs them.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{
    frame::organisation_code,
    place::Place,
    sections::{CLASSIFICATION, Sheet, given_by},
    tree::{Tree, map},
};
use crate::assessment::day_begins;

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/housing/referral/2";
/// Identifiers that a housing authority holds.
pub(super) const IDENTIFIERS: [&str; 1] = ["HOUSING_REF"];

/// On what referrals rest; a test holds that it is read. Without it each is voluntary.
static BASIS: LazyLock<Basis> = LazyLock::new(|| {
    let read = toml::from_str(include_str!("../../profiles/housing/basis.toml"));
    read.unwrap_or_else(|_| Basis {
        _version: 0,
        otherwise: String::from("voluntary"),
        duty: BTreeMap::new(),
    })
});

/// `basis.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    #[serde(rename = "version")]
    _version: u32,
    otherwise: String,
    /// By the kind of the agency that refers.
    duty: BTreeMap<String, String>,
}

/// What stands in the place of contact details that do not go.
const THROUGH_THE_SERVICE: &str =
    "Contact the person through the liaison and diversion practitioner who refers them.";
/// Where there is somewhere to sleep tonight, for now at least.
const HAS_A_BED: [&str; 7] = [
    "settled",
    "living-with-family",
    "sofa-surfing",
    "temporary",
    "supported",
    "hostel",
    "approved-premises",
];
/// By what a person can be reached.
const REACHED_BY: [&str; 6] = [
    "/person/safe_contact/telephone",
    "/person/safe_contact/email",
    "/person/safe_contact/how",
    "/person/safe_contact/through",
    "/person/address/lines",
    "/person/address/postcode",
];

/// The referral.
pub(super) fn referral(sheet: &Sheet<'_>) -> Option<Tree> {
    let frame = sheet.frame;
    map([
        ("profile", Some(Tree::fixed(PROFILE))),
        ("messageId", Some(Tree::frame("message_id", frame.message_id))),
        ("referralId", Some(Tree::frame("referral_id", frame.referral_id))),
        ("disclosureId", frame.disclosure_id.map(|id| Tree::frame("disclosure_id", id))),
        ("submittedAt", Some(frame.at())),
        ("classification", Some(Tree::fixed(CLASSIFICATION))),
        ("referralBasis", Some(Tree::frame("sender", basis(frame.sender.kind.as_str())))),
        ("urgency", Some(urgency(sheet))),
        ("referringBody", referring_body(sheet)),
        ("referrer", referrer(sheet)),
        ("contactThrough", contact_through(sheet)),
        ("chosenHousingAuthority", sheet.block("/housing/chosen_authority")),
        ("inReplyTo", sheet.in_reply_to()),
        ("disclosure", sheet.disclosure()),
        ("consent", consent(sheet)),
        ("request", sheet.request()),
        ("person", person(sheet)),
        ("housingNeed", housing_need(sheet)),
        ("household", sheet.block("/household")),
        ("supportNeeds", support_needs(sheet)),
        ("placementSafety", placement_safety(sheet)),
        ("justiceContext", sheet.block("/legal")),
        ("priorities", sheet.priorities()),
        ("accompaniment", sheet.block("/accompaniment")),
        ("supportWorkers", sheet.each("/service_contact", &[("support_worker", "supportWorker")])),
        ("assessedAt", sheet.block("/assessed_at")),
        ("validity", sheet.validity()),
    ])
}

/// On what a referral by an agency of this kind rests.
fn basis(kind: &str) -> &'static str {
    BASIS.duty.get(kind).unwrap_or(&BASIS.otherwise)
}

/// How soon, in the authority's terms: first by where the person sleeps tonight, whatever word was used, then by that word.
fn urgency(sheet: &Sheet<'_>) -> Tree {
    let asked = sheet.at("/referrals/0/urgency");
    let status = sheet.at("/housing/status");
    let soon = sheet.at("/housing/homeless_within_56_days");
    let from = sheet.at("/housing/homeless_from_date");
    let sleeps = status.as_ref().and_then(Place::text).unwrap_or("unknown");
    let begun = from.as_ref().and_then(Place::text).and_then(day_begins);
    let is_out_tonight = begun.is_some_and(|begun| begun <= sheet.frame.now) && !HAS_A_BED.contains(&sleeps);
    let word = match asked.as_ref().and_then(Place::text).unwrap_or(sheet.frame.urgency) {
        _ if sleeps == "rough-sleeping" => "rough-sleeping-tonight",
        "emergency" => "tonight",
        _ if is_out_tonight => "tonight",
        "urgent" => "within-7-days",
        _ if soon.as_ref().and_then(Place::text) == Some("yes") => "within-56-days",
        _ => "other",
    };
    let sources: Vec<&Place<'_>> = [&asked, &status, &soon, &from].into_iter().flatten().collect();
    if sources.is_empty() { Tree::frame("urgency", word) } else { Tree::made_from(sources, word) }
}

fn referring_body(sheet: &Sheet<'_>) -> Option<Tree> {
    let sender = sheet.frame.sender;
    map([
        ("name", Some(Tree::frame("sender", sender.name.as_str()))),
        ("code", Some(Tree::frame("sender", organisation_code(sender)))),
        ("type", Some(Tree::frame("sender", sender.kind.as_str()))),
    ])
}

fn referrer(sheet: &Sheet<'_>) -> Option<Tree> {
    let practitioner = sheet.at("/practitioner")?;
    let part = |path: &str| practitioner.at(path).map(|place| place.copy());
    map([
        ("name", part("/name")),
        ("role", part("/role")),
        ("organisation", part("/organisation")),
        ("phone", part("/telephone")),
    ])
}

/// Where nothing goes by which the person could be reached, who is asked in their place: a roof for tonight does not wait for
/// a telephone number.
fn contact_through(sheet: &Sheet<'_>) -> Option<Tree> {
    let is_reached = REACHED_BY.iter().any(|path| sheet.at(path).is_some());
    (!is_reached).then(|| Tree::fixed(THROUGH_THE_SERVICE))
}

/// The person's own part: that they want the referral, and that their contact details may go with it. The
/// second is told apart from the first because the authority must ask for both. It is what the person said of it; where
/// nobody asked them, nothing is said.
fn consent(sheet: &Sheet<'_>) -> Option<Tree> {
    let consent = sheet.at("/consents/0")?;
    let part = |path: &str| consent.at(path).map(|place| place.copy());
    let decision = consent.at("/decision")?;
    let said = sheet.at("/housing/consent_to_share_contact");
    map([
        ("consentToRefer", (decision.text() == Some("agree")).then(|| decision.becomes("yes"))),
        ("consentToShareContact", said.map(|said| said.becomes(if said.says_yes() { "yes" } else { "no" }))),
        ("recordedBy", part("/captured_by")),
        ("recordedAt", part("/recorded_at")),
        ("method", part("/how")),
        ("givenBy", Some(given_by(&consent))),
        ("validUntil", part("/valid_until")),
    ])
}

fn person(sheet: &Sheet<'_>) -> Option<Tree> {
    map([
        ("reference", Some(Tree::frame("person_ref", sheet.frame.person_ref))),
        ("name", sheet.block("/person/name")),
        ("dateOfBirth", sheet.block("/person/birth_date")),
        ("address", sheet.block("/person/address")),
        ("contact", sheet.block("/person/safe_contact")),
        ("identifiers", sheet.checked_identifiers(&IDENTIFIERS)),
        ("communication", sheet.block("/communication")),
    ])
}

fn housing_need(sheet: &Sheet<'_>) -> Option<Tree> {
    map([
        ("reasonForReferral", sheet.block("/housing/reason_for_referral")),
        ("reasonCode", sheet.block("/housing/reason_code")),
        ("currentAccommodation", sheet.block("/housing/status")),
        ("accommodationType", sheet.block("/housing/accommodation_type")),
        ("homelessFromDate", sheet.block("/housing/homeless_from_date")),
        ("summary", sheet.block("/housing/summary")),
        ("need", sheet.block("/housing/need")),
        ("homelessWithin56Days", sheet.block("/housing/homeless_within_56_days")),
        ("localConnection", sheet.block("/housing/local_connection")),
        ("narrative", sheet.block("/housing/narrative")),
        ("recourseToPublicFunds", sheet.block("/recourse_to_public_funds")),
    ])
}

fn support_needs(sheet: &Sheet<'_>) -> Option<Tree> {
    map([
        ("vulnerabilities", sheet.vulnerabilities()),
        ("adjustments", sheet.block("/learning_and_neurodiversity/adjustments_summary")),
        ("affordability", sheet.block("/money/affordability")),
    ])
}

fn placement_safety(sheet: &Sheet<'_>) -> Option<Tree> {
    map([
        ("riskToSelf", sheet.risk_to_self()),
        ("riskToOthers", sheet.block("/risk/to_others/placement_summary")),
        ("riskFromOthers", sheet.block("/risk/from_others/placement_summary")),
        ("safeguarding", sheet.block("/safeguarding/placement_summary")),
        ("substanceUse", sheet.block("/substance_use/placement_summary")),
        ("crisisSafetyPlan", sheet.block("/crisis/safety_plan")),
        ("areasToAvoid", sheet.block("/housing/areas_to_avoid")),
        ("roomSharing", sheet.block("/housing/room_sharing")),
        ("accessibility", sheet.block("/housing/accessibility")),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::directory::AgencyKind;

    #[test]
    fn who_refers_is_under_the_duty_only_where_the_list_says_so() {
        let known: Vec<&str> = AgencyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert!(BASIS.duty.keys().all(|kind| known.contains(&kind.as_str())), "{BASIS:?}");
        for kind in ["liaison-diversion", "police", "court", "cmht", "voluntary", "a-kind-to-come"] {
            assert_eq!(basis(kind), "voluntary", "{kind}");
        }
        for kind in ["prison", "probation", "youth-justice", "social-care"] {
            assert_eq!(basis(kind), "statutory-duty", "{kind}");
        }
        let schema: Value =
            serde_json::from_str(include_str!("../../profiles/housing/referral.json")).unwrap();
        let words = schema["properties"]["referralBasis"]["enum"].as_array().unwrap();
        assert!(known.iter().all(|kind| words.contains(&Value::from(basis(kind)))));
    }
}
