//! The contribution before sentence, for probation and for youth justice in its place.

use super::{
    sections::Sheet,
    tree::{Tree, map},
};

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/justice/probation-summary/2";
/// Identifiers that probation holds.
pub(super) const IDENTIFIERS: [&str; 3] = ["CRN", "NOMS", "YJS_REF"];

/// The summary.
pub(super) fn summary(sheet: &Sheet<'_>) -> Option<Tree> {
    let body = [
        ("inReplyTo", sheet.in_reply_to()),
        ("disclosure", sheet.disclosure()),
        ("consent", sheet.consent()),
        ("request", sheet.request()),
        ("person", sheet.person(&IDENTIFIERS)),
        ("recommendations", sheet.block("/recommendation")),
        ("treatmentRequirement", sheet.block("/treatment_requirement")),
        ("treatmentRequirements", sheet.block("/treatment_requirements")),
        ("priorities", sheet.priorities()),
        ("riskToSelf", sheet.risk_to_self()),
        ("riskToOthers", sheet.block("/risk/to_others")),
        ("riskFromOthers", sheet.block("/risk/from_others")),
        ("safeguarding", sheet.block("/safeguarding")),
        ("communication", sheet.block("/communication")),
        ("appropriateAdult", sheet.appropriate_adult()),
        ("vulnerabilities", sheet.vulnerabilities()),
        ("substanceUse", sheet.block("/substance_use")),
        ("learningAndNeurodiversity", sheet.block("/learning_and_neurodiversity")),
        ("capacity", sheet.block("/capacity")),
        ("contact", sheet.block("/pathway")),
        ("legal", sheet.block("/legal")),
        ("release", sheet.block("/release")),
        ("housing", sheet.block("/housing")),
        ("money", sheet.block("/money")),
        ("household", sheet.block("/household")),
        ("strengths", sheet.block("/strengths")),
        ("supportNetwork", sheet.block("/support_network")),
        ("crisis", sheet.block("/crisis")),
        ("accompaniment", sheet.block("/accompaniment")),
        ("participation", sheet.block("/participation")),
        ("youngPerson", sheet.block("/young_person")),
        ("currentServices", sheet.block("/service_contact")),
        ("onwardReferrals", sheet.onward_referrals()),
        ("practitioner", sheet.block("/practitioner")),
        ("assessedAt", sheet.block("/assessed_at")),
        ("validity", sheet.validity()),
    ];
    map(sheet.head(PROFILE).into_iter().chain(body))
}
