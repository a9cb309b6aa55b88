//! The referral to social care, to a charity or to an advice service.

use super::{
    sections::Sheet,
    tree::{Tree, map},
};
use crate::directory::Audience;

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/community/referral/2";
/// Identifiers that social care holds.
pub(super) const IDENTIFIERS: [&str; 1] = ["SOCIAL_CARE_REF"];

/// The referral.
pub(super) fn referral(sheet: &Sheet<'_>, audience: Audience) -> Option<Tree> {
    // A charity is told nothing of it, and so not that nothing was stated.
    let risk_to_self = (audience == Audience::SocialCare).then(|| sheet.risk_to_self()).flatten();
    let body = [
        ("inReplyTo", sheet.in_reply_to()),
        ("disclosure", sheet.disclosure()),
        ("consent", sheet.consent()),
        ("request", sheet.request()),
        ("person", sheet.person(&IDENTIFIERS)),
        ("priorities", sheet.priorities()),
        ("riskToSelf", risk_to_self),
        ("riskToOthers", sheet.block("/risk/to_others")),
        ("riskFromOthers", sheet.block("/risk/from_others")),
        ("safeguarding", sheet.block("/safeguarding")),
        ("communication", sheet.block("/communication")),
        ("appropriateAdult", sheet.appropriate_adult()),
        ("capacity", sheet.block("/capacity")),
        ("vulnerabilities", sheet.vulnerabilities()),
        ("substanceUse", sheet.block("/substance_use")),
        ("learningAndNeurodiversity", sheet.block("/learning_and_neurodiversity")),
        ("housing", sheet.block("/housing")),
        ("money", sheet.block("/money")),
        ("household", sheet.block("/household")),
        ("strengths", sheet.block("/strengths")),
        ("supportNetwork", sheet.block("/support_network")),
        ("accompaniment", sheet.block("/accompaniment")),
        ("youngPerson", sheet.block("/young_person")),
        ("currentServices", sheet.block("/service_contact")),
        ("onwardReferrals", sheet.onward_referrals()),
        ("practitioner", sheet.block("/practitioner")),
        ("assessedAt", sheet.block("/assessed_at")),
        ("validity", sheet.validity()),
    ];
    map(sheet.head(PROFILE).into_iter().chain(body))
}
