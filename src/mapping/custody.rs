//! The custody sheet: what the police need to keep a detained person safe and to treat them fairly.

use super::{
    sections::{HANDOVER, Sheet},
    target,
    tree::{Tree, map},
};
use crate::minimise::Ground;

/// The profile and its version.
pub(super) const PROFILE: &str = "https://keyway.example/profiles/justice/custody-sheet/2";
/// Identifiers that the police hold.
pub(super) const IDENTIFIERS: [&str; 4] = ["CUSTODY_RECORD", "ASN", "PNC", "CRO"];

/// What an override's sheet says first.
const NOTICE_OF_MINIMUM: &str = "Emergency: shared without the person's consent because of an imminent risk to \
                                 life. It is the least that is needed and may be used only to keep this person \
                                 safe; other parts were left out. Telephone the practitioner. This does not \
                                 replace a spoken handover.";

/// What is said first where an override stands beside the person's consent. Nothing in it says whether they kept anything
/// back.
const NOTICE_OF_BOTH: &str = "Emergency: there is an imminent risk to life. Shared with the person's consent, and to \
                              keep them safe. Telephone the practitioner. This does not replace a spoken handover.";

/// The sheet.
pub(super) fn sheet(sheet: &Sheet<'_>) -> Option<Tree> {
    let notice = match sheet.ground {
        Ground::Consent => HANDOVER,
        Ground::Override => NOTICE_OF_MINIMUM,
        Ground::Both => NOTICE_OF_BOTH,
    };
    let body = [
        ("notice", Some(Tree::fixed(notice))),
        ("inReplyTo", sheet.in_reply_to()),
        ("disclosure", sheet.disclosure()),
        ("consent", sheet.consent()),
        ("request", sheet.request()),
        ("detainedPerson", sheet.person(&IDENTIFIERS)),
        ("riskToSelf", sheet.risk_to_self()),
        ("riskToOthers", sheet.block("/risk/to_others")),
        ("riskFromOthers", sheet.block("/risk/from_others")),
        ("fitness", sheet.block("/fitness")),
        ("appropriateAdult", sheet.appropriate_adult()),
        ("communication", sheet.block("/communication")),
        ("vulnerabilities", sheet.vulnerabilities()),
        ("substanceUse", sheet.block("/substance_use")),
        ("learningAndNeurodiversity", sheet.block("/learning_and_neurodiversity")),
        ("capacity", sheet.block("/capacity")),
        ("safeguarding", sheet.block("/safeguarding")),
        ("contact", sheet.block("/pathway")),
        ("housing", sheet.block("/housing")),
        ("recommendations", sheet.block("/recommendation")),
        ("currentServices", sheet.block("/service_contact")),
        ("onwardReferrals", sheet.onward_referrals()),
        ("targetFields", target::fields(sheet)),
        ("practitioner", sheet.block("/practitioner")),
        ("assessedAt", sheet.block("/assessed_at")),
        ("validity", sheet.validity()),
    ];
    map(sheet.head(PROFILE).into_iter().chain(body))
}
