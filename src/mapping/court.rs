//! The court sheet: what a court needs to hear a case fairly. Nothing clinical, nothing about the offence.

use super::{
    sections::{HANDOVER, Sheet},
    target,
    tree::{Tree, map},
};

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/justice/court-sheet/2";
/// Identifiers that a court holds.
pub(super) const IDENTIFIERS: [&str; 2] = ["URN", "CCR"];

/// The sheet.
pub(super) fn sheet(sheet: &Sheet<'_>) -> Option<Tree> {
    let body = [
        ("notice", Some(Tree::fixed(HANDOVER))),
        ("issuedFor", sheet.issued_for()),
        ("passOn", sheet.pass_on()),
        ("inReplyTo", sheet.in_reply_to()),
        ("disclosure", sheet.disclosure()),
        ("consent", sheet.consent()),
        ("request", sheet.request()),
        ("defendant", sheet.person(&IDENTIFIERS)),
        ("recommendations", sheet.block("/recommendation")),
        ("treatmentRequirement", sheet.block("/treatment_requirement")),
        ("treatmentRequirements", sheet.block("/treatment_requirements")),
        ("riskToSelf", sheet.risk_to_self()),
        ("communication", sheet.block("/communication")),
        ("appropriateAdult", sheet.appropriate_adult()),
        ("accompaniment", sheet.block("/accompaniment")),
        ("participation", sheet.block("/participation")),
        ("vulnerabilities", sheet.vulnerabilities()),
        ("substanceUse", sheet.block("/substance_use")),
        ("learningAndNeurodiversity", sheet.block("/learning_and_neurodiversity")),
        ("capacity", sheet.block("/capacity")),
        ("contact", sheet.block("/pathway")),
        ("legal", sheet.block("/legal")),
        ("housing", sheet.block("/housing")),
        ("currentServices", sheet.block("/service_contact")),
        ("onwardReferrals", sheet.onward_referrals()),
        ("targetFields", target::fields(sheet)),
        ("practitioner", sheet.block("/practitioner")),
        ("assessedAt", sheet.block("/assessed_at")),
        ("validity", sheet.validity()),
    ];
    map(sheet.head(PROFILE).into_iter().chain(body))
}
