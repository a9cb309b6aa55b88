//! The decision. Order of the questions: is the partner in use; is there an agreement in force, with a record of the
//! processing; did the person agree; does an override for imminent risk stand in consent's place, or beside it where
//! they agreed. The first "no" wins.

use serde::{Deserialize, Serialize};

use super::{
    record::Consent,
    together::Share,
    word::{implied_where_silent, no, person_says},
};
use crate::{
    assessment::OwnWord,
    clock::Moment,
    directory::{AgencyKind, Agreement, LawfulBasis, Partner, PartnerStatus},
    ids::{AgreementId, ConsentId},
};

/// Where data would leave: consent is asked at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// When the referral is planned.
    Plan,
    /// Just before a message is sent.
    Send,
    /// When a dead letter is sent again.
    Replay,
    /// When the recipient reads its mailbox, a sheet or a guest page.
    Collect,
    /// When the recipient reads it again by FHIR.
    Read,
}

impl Exit {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Send => "send",
            Self::Replay => "replay",
            Self::Collect => "collect",
            Self::Read => "read",
        }
    }
}

/// Why, in one code. The words are for people; the code is the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The person agreed.
    ConsentGiven,
    /// The person was not asked about this health service, refused nobody, and the agreement with it says that for direct
    /// care their consent is implied.
    ConsentImplied,
    /// The person declined this recipient.
    ConsentRefused,
    /// Nothing is recorded for this recipient.
    NoConsent,
    /// The consent's period is over.
    ConsentExpired,
    /// The consent's period has not begun.
    ConsentNotYetValid,
    /// The person took the consent back.
    ConsentWithdrawn,
    /// The consent was recorded in error or is not active.
    ConsentNotActive,
    /// The consent was recorded while the person lacked capacity: it permits nothing.
    CapacityAbsent,
    /// The consent is nobody's whose word suffices: under 16 it needs a young person who is competent to decide this, or
    /// a named somebody with parental responsibility.
    AuthorityAbsent,
    /// The stored consent cannot be read, so the answer is no.
    ConsentUnreadable,
    /// No agreement with this recipient is in force.
    NoAgreement,
    /// The agreement in force has no whole record of processing: nothing flows that nobody accounts for.
    NoProcessingRecord,
    /// The agreement in force is not for any of the purposes for which this kind of agency may get anything.
    PurposeNotAgreed,
    /// The recipient is suspended.
    PartnerSuspended,
    /// Imminent risk to life: the minimum leaves without consent and is reviewed within 72 hours.
    OverrideRiskToLife,
    /// The person agreed, and there is imminent risk to life: of what they keep back the minimum leaves too, and that is
    /// reviewed within 72 hours.
    ConsentAndOverride,
    /// An override was asked for, and the agreement has no emergency row: telephone.
    OverrideNotAgreed,
    /// An override was asked for without a current imminent risk in the assessment: telephone.
    OverrideNotImminent,
    /// An agency's own request to L&D, or L&D's answer to it (the contact outcome and no more), under the
    /// agreement with that agency.
    OwnRequest,
}

impl Reason {
    /// Every reason, for tests and for documentation.
    pub const ALL: [Self; 20] = [
        Self::ConsentGiven,
        Self::ConsentImplied,
        Self::ConsentRefused,
        Self::NoConsent,
        Self::ConsentExpired,
        Self::ConsentNotYetValid,
        Self::ConsentWithdrawn,
        Self::ConsentNotActive,
        Self::CapacityAbsent,
        Self::AuthorityAbsent,
        Self::ConsentUnreadable,
        Self::NoAgreement,
        Self::NoProcessingRecord,
        Self::PurposeNotAgreed,
        Self::PartnerSuspended,
        Self::OverrideRiskToLife,
        Self::ConsentAndOverride,
        Self::OverrideNotAgreed,
        Self::OverrideNotImminent,
        Self::OwnRequest,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsentGiven => "consent-given",
            Self::ConsentImplied => "consent-implied",
            Self::ConsentRefused => "consent-refused",
            Self::NoConsent => "no-consent",
            Self::ConsentExpired => "consent-expired",
            Self::ConsentNotYetValid => "consent-not-yet-valid",
            Self::ConsentWithdrawn => "consent-withdrawn",
            Self::ConsentNotActive => "consent-not-active",
            Self::CapacityAbsent => "capacity-absent",
            Self::AuthorityAbsent => "authority-absent",
            Self::ConsentUnreadable => "consent-unreadable",
            Self::NoAgreement => "no-agreement",
            Self::NoProcessingRecord => "no-processing-record",
            Self::PurposeNotAgreed => "purpose-not-agreed",
            Self::PartnerSuspended => "partner-suspended",
            Self::OverrideRiskToLife => "override-risk-to-life",
            Self::ConsentAndOverride => "consent-and-override",
            Self::OverrideNotAgreed => "override-not-agreed",
            Self::OverrideNotImminent => "override-not-imminent",
            Self::OwnRequest => "own-request",
        }
    }

    /// Whether it speaks of the agency alone (its agreement, its being in use) and says nothing of what the person agreed to.
    #[must_use]
    pub const fn is_of_the_agency(self) -> bool {
        matches!(
            self,
            Self::NoAgreement
                | Self::NoProcessingRecord
                | Self::PurposeNotAgreed
                | Self::PartnerSuspended
                | Self::OverrideNotAgreed
        )
    }
}

/// A named practitioner's request to disclose the minimum without consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// `RISK-TO-LIFE-SELF` is the only reason that Keyway knows so far.
    pub reason: String,
    /// Whether the assessment records a current, imminent risk.
    pub imminent: bool,
}

impl Override {
    /// Whether it is one that stands in for consent.
    fn stands_in(&self) -> bool {
        self.imminent && self.reason == "RISK-TO-LIFE-SELF"
    }
}

/// What may leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Scope {
    /// What the audience's allow-list gives, less what the person excluded.
    Agreed {
        /// Blocks of the disclosure table that the person excluded for this recipient.
        excluded: Vec<String>,
        /// Blocks that need a separate, specific consent and have it.
        specific: Vec<String>,
    },
    /// Only the override's minimum.
    Minimum {
        /// Blocks that the agreement's emergency row names.
        blocks: Vec<String>,
    },
    /// What the person agreed to, and of what they excluded the override's minimum.
    AgreedAndMinimum {
        /// As for [`Scope::Agreed`]: what leaves of these leaves by the override.
        excluded: Vec<String>,
        /// As for [`Scope::Agreed`].
        specific: Vec<String>,
        /// Blocks that the agreement's emergency row names.
        blocks: Vec<String>,
    },
}

/// Yes or no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Outcome {
    /// It may leave, in this scope.
    Permit {
        /// What may leave.
        scope: Scope,
    },
    /// It may not.
    Deny,
}

/// A decision with everything that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Yes or no.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The consent that decided, with its version.
    pub consent: Option<(ConsentId, i64)>,
    /// Where in that consent, as in `provision.provision[0]`.
    pub provision: Option<String>,
    /// The agreement that was in force, with its version.
    pub agreement: Option<(AgreementId, i64)>,
    /// The lawful basis of a disclosure; `None` when nothing leaves.
    pub basis: Option<LawfulBasis>,
    /// The lawful basis of what leaves by an override beside the person's consent, whose basis is `basis`; `None` where
    /// all that leaves has one basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_basis: Option<LawfulBasis>,
    /// The blocks of the disclosure table that the agreement covers: nothing else leaves. `None` where nothing of an
    /// assessment is meant to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_classes: Option<Vec<String>>,
    /// What was answered about each agency, where what goes to one is meant for another: the one that gets it, then the one
    /// for which it is. Empty where it goes to nobody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

impl Decision {
    /// Whether anything may leave.
    #[must_use]
    pub const fn permits(&self) -> bool {
        matches!(self.outcome, Outcome::Permit { .. })
    }

    /// Whether all that leaves rests on an override, and nothing on what the person said.
    #[must_use]
    pub const fn is_override(&self) -> bool {
        matches!(self.reason, Reason::OverrideRiskToLife)
    }

    /// Whether the person was not asked, and their consent is implied.
    #[must_use]
    pub const fn is_implied(&self) -> bool {
        matches!(self.reason, Reason::ConsentImplied)
    }

    /// Whether an override stands beside what the person agreed to.
    #[must_use]
    pub const fn is_beside_consent(&self) -> bool {
        matches!(self.reason, Reason::ConsentAndOverride)
    }

    /// Whether an override is used, alone or beside consent; such a disclosure is reviewed by a second person.
    #[must_use]
    pub const fn uses_override(&self) -> bool {
        self.is_override() || self.is_beside_consent()
    }
}

/// What a decision is made from. Everything here is stored, with versions.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The recipient.
    pub partner: &'a Partner,
    /// The agreements with that recipient.
    pub agreements: &'a [Agreement],
    /// For what an agreement with this kind of agency must be: one of these. An empty list is held by none.
    pub purposes: &'a [String],
    /// The person's consents; an unreadable one is an error in its place, never left out.
    pub consents: &'a [Result<Consent, (ConsentId, i64)>],
    /// A practitioner's override, if one was asked for.
    pub r#override: Option<&'a Override>,
    /// How far the person speaks for themself.
    pub own_word: OwnWord,
    /// The moment of the decision.
    pub now: Moment,
}

/// A referral that consent permits. Only this room can make one, so nothing can be minimised, mapped or sent
/// without a decision that says yes.
#[derive(Clone, Debug)]
pub struct PermittedReferral {
    decision: Decision,
    scope: Scope,
    recipient: Partner,
    reader: Option<Partner>,
}

impl PermittedReferral {
    /// The proof that `decision` permits sending to `recipient` what is for itself; `None` when it does not.
    #[must_use]
    pub fn new(decision: &Decision, recipient: &Partner) -> Option<Self> {
        if decision.shares.is_empty() { Self::of(decision, recipient, None) } else { None }
    }

    /// The proof that `decision`, made about both, permits sending to `recipient` what `reader` may have; `None` when it
    /// does not, or was made about others.
    #[must_use]
    pub fn for_another(decision: &Decision, recipient: &Partner, reader: &Partner) -> Option<Self> {
        let [first, second] = decision.shares.as_slice() else { return None };
        let is_about_both = first.partner == recipient.partner_id && second.partner == reader.partner_id;
        if is_about_both && first.permits && second.permits {
            Self::of(decision, recipient, Some(reader))
        } else {
            None
        }
    }

    /// The proof for `reader` where the recipient passes it on to another, else for the recipient itself.
    #[must_use]
    pub fn for_reader(decision: &Decision, recipient: &Partner, reader: Option<&Partner>) -> Option<Self> {
        match reader {
            Some(reader) => Self::for_another(decision, recipient, reader),
            None => Self::new(decision, recipient),
        }
    }

    fn of(decision: &Decision, recipient: &Partner, reader: Option<&Partner>) -> Option<Self> {
        let Outcome::Permit { scope } = &decision.outcome else { return None };
        let (decision, scope) = (decision.clone(), scope.clone());
        Some(Self { decision, scope, recipient: recipient.clone(), reader: reader.cloned() })
    }

    /// What may leave.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// To whom.
    #[must_use]
    pub const fn recipient(&self) -> &Partner {
        &self.recipient
    }

    /// Whose view of the person it is: the recipient's own, or that of the agency to which the recipient passes it on.
    #[must_use]
    pub fn reader(&self) -> &Partner {
        self.reader.as_ref().unwrap_or(&self.recipient)
    }

    /// The decision behind it.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// Decides on an agency's own request to L&D, and on L&D's answer to it. Neither holds anything of an
/// assessment but the contact outcome, so no consent is asked; the agreement with the agency is, and its `purposes`. What
/// the service enters for somebody stays with it, and needs none.
#[must_use]
pub fn decide_own_request(
    agency: &Partner,
    agreements: &[Agreement],
    purposes: &[String],
    now: Moment,
) -> Decision {
    let (mut decision, agreement) = under_agreement(agency, agreements, purposes, now);
    let is_its_own = agency.kind == AgencyKind::LiaisonDiversion && agency.status == PartnerStatus::Active;
    if !is_its_own && agreement.is_some_and(|agreement| !is_for(agreement, purposes)) {
        decision.reason = Reason::PurposeNotAgreed;
        return decision;
    }
    if agreement.is_some() || is_its_own {
        decision.reason = Reason::OwnRequest;
        decision.outcome = Outcome::Permit { scope: Scope::Minimum { blocks: Vec::new() } };
        decision.basis = agreement.map(|agreement| agreement.basis.clone());
    }
    decision
}

/// Whether an agreement holds one of these purposes.
fn is_for(agreement: &Agreement, purposes: &[String]) -> bool {
    agreement.purposes.iter().any(|purpose| purposes.contains(purpose))
}

/// The first two questions: is the partner in use, is there an agreement in force with a record of processing. A "no" is
/// the decision. Of several, one with a record is asked, and of those one that holds the purpose.
fn under_agreement<'a>(
    partner: &Partner,
    agreements: &'a [Agreement],
    purposes: &[String],
    now: Moment,
) -> (Decision, Option<&'a Agreement>) {
    let mut decision = Decision {
        outcome: Outcome::Deny,
        reason: Reason::NoConsent,
        consent: None,
        provision: None,
        agreement: None,
        basis: None,
        override_basis: None,
        data_classes: None,
        shares: Vec::new(),
    };
    if partner.status != PartnerStatus::Active {
        decision.reason = Reason::PartnerSuspended;
        return (decision, None);
    }
    let in_force = agreements
        .iter()
        .filter(|a| a.partner_id == partner.partner_id)
        .filter(|a| a.valid_from <= now && now < a.valid_to)
        .max_by_key(|a| (a.record.is_some(), is_for(a, purposes), a.version));
    let Some(agreement) = in_force else {
        decision.reason = Reason::NoAgreement;
        return (decision, None);
    };
    decision.agreement = Some((agreement.agreement_id.clone(), agreement.version));
    if agreement.record.is_none() {
        decision.reason = Reason::NoProcessingRecord;
        return (decision, None);
    }
    (decision, Some(agreement))
}

/// Decides. Total: every input has an answer, and whatever is not plainly a yes is a no.
#[must_use]
pub fn decide(inputs: Inputs<'_>) -> Decision {
    let Inputs { partner, agreements, purposes, now, .. } = inputs;
    let (mut decision, agreement) = under_agreement(partner, agreements, purposes, now);
    let Some(agreement) = agreement else { return decision };

    decision.data_classes = agreement.record.as_ref().map(|record| record.data_classes.clone());
    let verdict = if is_for(agreement, purposes) {
        implied_where_silent(person_says(inputs), inputs, &agreement.basis)
    } else {
        no(Reason::PurposeNotAgreed, None)
    };
    decision.reason = verdict.reason;
    decision.consent = verdict.consent;
    decision.provision = verdict.provision;
    if let Some(scope) = verdict.scope {
        decision.outcome = Outcome::Permit { scope };
        decision.basis = Some(agreement.basis.clone());
        join_override(&mut decision, agreement, inputs.r#override);
        return decision;
    }
    // The emergency row stands for itself, whatever else the agreement is for.
    if let Some(asked) = inputs.r#override {
        match (&agreement.emergency, asked.stands_in()) {
            (_, false) => decision.reason = Reason::OverrideNotImminent,
            (None, true) => decision.reason = Reason::OverrideNotAgreed,
            (Some(row), true) => {
                decision.reason = Reason::OverrideRiskToLife;
                decision.outcome = Outcome::Permit { scope: Scope::Minimum { blocks: row.blocks.clone() } };
                decision.basis = Some(row.basis.clone());
            }
        }
    }
    decision
}

/// Sets an override beside what the person agreed to. Whether they keep anything back does not matter here: whoever gets
/// it must not be able to tell from its being there.
fn join_override(decision: &mut Decision, agreement: &Agreement, asked: Option<&Override>) {
    let row = agreement.emergency.as_ref().filter(|row| !row.blocks.is_empty());
    let Some(row) = row.filter(|_| asked.is_some_and(Override::stands_in)) else { return };
    if let Outcome::Permit { scope: Scope::Agreed { excluded, specific } } = &decision.outcome {
        let (excluded, specific, blocks) = (excluded.clone(), specific.clone(), row.blocks.clone());
        decision.outcome = Outcome::Permit { scope: Scope::AgreedAndMinimum { excluded, specific, blocks } };
        decision.reason = Reason::ConsentAndOverride;
        decision.override_basis = Some(row.basis.clone());
    }
}
