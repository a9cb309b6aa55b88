//! The housing referral, in the shape of the duty to refer (Housing Act 1996 s.213B). L&D services are not
//! under that duty, so the basis is voluntary. Support needs and risk go as far as a placement needs them.

use super::{
    frame::organisation_code,
    place::Place,
    sections::{CLASSIFICATION, Sheet, given_by},
    tree::{Tree, map},
};

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/housing/referral/2";
/// Identifiers that a housing authority holds.
pub(super) const IDENTIFIERS: [&str; 1] = ["HOUSING_REF"];

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
        ("referralBasis", Some(Tree::fixed("voluntary"))),
        ("urgency", Some(urgency(sheet))),
        ("referringBody", referring_body(sheet)),
        ("referrer", referrer(sheet)),
        ("chosenHousingAuthority", chosen_authority(sheet)),
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

/// How soon, in the authority's terms: first by where the person sleeps tonight, whatever word was used, then by that word.
fn urgency(sheet: &Sheet<'_>) -> Tree {
    let asked = sheet.at("/referrals/0/urgency");
    let status = sheet.at("/housing/status");
    let soon = sheet.at("/housing/homeless_within_56_days");
    let sleeps_rough = status.as_ref().and_then(Place::text) == Some("rough-sleeping");
    let word = match asked.as_ref().and_then(Place::text).unwrap_or(sheet.frame.urgency) {
        _ if sleeps_rough => "rough-sleeping-tonight",
        "emergency" | "urgent" => "within-7-days",
        _ if soon.as_ref().and_then(Place::text) == Some("yes") => "within-56-days",
        _ => "other",
    };
    let sources: Vec<&Place<'_>> = [&asked, &status, &soon].into_iter().flatten().collect();
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

/// The authority that the person chose, by their own word where it is known; otherwise the one that was asked.
fn chosen_authority(sheet: &Sheet<'_>) -> Option<Tree> {
    if let Some(chosen) = sheet.block("/housing/chosen_authority") {
        return Some(chosen);
    }
    let recipient = sheet.frame.recipient;
    map([
        ("name", Some(Tree::frame("recipient", recipient.name.as_str()))),
        ("code", Some(Tree::frame("recipient", organisation_code(recipient)))),
    ])
}

/// The person's own part: that they want the referral, and that their contact details may go with it. The
/// second is told apart from the first because the authority must ask for both: as the person said it, or else by the
/// contact details that their consent lets through. Where there are none, nothing is said of them.
fn consent(sheet: &Sheet<'_>) -> Option<Tree> {
    let consent = sheet.at("/consents/0")?;
    let part = |path: &str| consent.at(path).map(|place| place.copy());
    let decision = consent.at("/decision")?;
    let reachable = sheet.at("/person/safe_contact").or_else(|| sheet.at("/person/address")).is_some();
    let share = match sheet.at("/housing/consent_to_share_contact") {
        Some(said) => Some(said.becomes(if said.says_yes() { "yes" } else { "no" })),
        None => reachable.then(|| decision.becomes("yes")),
    };
    map([
        ("consentToRefer", (decision.text() == Some("agree")).then(|| decision.becomes("yes"))),
        ("consentToShareContact", share),
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
        ("riskToSelf", sheet.block("/risk/to_self")),
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
