//! A data-sharing agreement with one agency: for what, until when, on what lawful basis, and the record of that
//! processing.

use serde::{Deserialize, Serialize};

use super::LawfulBasis;
use crate::{
    clock::Moment,
    ids::{AgreementId, PartnerId, SiteId},
};

/// A data-sharing agreement with one agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The tenant it belongs to.
    pub site_id: SiteId,
    /// Its id.
    pub agreement_id: AgreementId,
    /// The agency it is with.
    pub partner_id: PartnerId,
    /// Its version.
    pub version: i64,
    /// The purposes it covers, as codes of v3-PurposeOfUse or our own.
    pub purposes: Vec<String>,
    /// From when it holds.
    pub valid_from: Moment,
    /// Until when it holds (exclusive).
    pub valid_to: Moment,
    /// The three legal questions, answered apart.
    pub basis: LawfulBasis,
    /// Blocks of data that may go without consent on imminent risk, at most the O cells of the table.
    /// `None`: no emergency row, so Keyway refuses and says "telephone".
    pub emergency: Option<EmergencyRow>,
    /// Reference of the data protection impact assessment.
    pub dpia_reference: String,
    /// The record of processing. `None` where it was entered before one was asked for: nothing flows under it.
    pub record: Option<ProcessingRecord>,
}

/// The emergency row of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyRow {
    /// Blocks of the disclosure table that may leave.
    pub blocks: Vec<String>,
    /// The basis that stands in consent's place.
    pub basis: LawfulBasis,
}

/// What a record of processing activities holds of one flow (article 30 of the UK GDPR), beside what the agreement says
/// already: purposes, dates, lawful basis and impact assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessingRecord {
    /// Who decides what the service's data is used for.
    pub controller: Party,
    /// Whether the controller is a public authority, to which some bases are closed.
    pub public_authority: bool,
    /// Who answers for the data at the agency that gets it.
    pub recipient: Party,
    /// As what it gets it.
    pub recipient_role: Role,
    /// Who runs the gateway for the controller, where that is somebody else.
    pub processor: Option<Party>,
    /// Whose data it is, as in `people assessed by the service`.
    pub data_subjects: Vec<String>,
    /// The blocks of the disclosure table that may flow: nothing else does.
    pub data_classes: Vec<String>,
    /// Where the data is from.
    pub source: String,
    /// To whom the recipient hands it on, by category; empty for nobody.
    pub onward_recipients: Vec<String>,
    /// To which countries outside the UK it goes, and under what safeguards; `none`.
    pub transfers: String,
    /// For how many days after the final answer the gateway keeps what it sent.
    pub retention_days: u16,
    /// How it is kept secure.
    pub security: String,
    /// Whether anything is decided about the person by the data alone.
    pub automated_decisions: bool,
    /// The appropriate policy document, where a condition of schedule 1 needs one.
    pub policy_document: Option<String>,
    /// When the record is looked at again.
    pub review_by: Moment,
}

/// Somebody who answers for data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// How it is reached about data protection.
    pub contact: String,
    /// Its data protection officer.
    pub data_protection_officer: Option<String>,
}

/// As what somebody gets data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It decides for itself what the data is used for.
    Controller,
    /// It decides together with the service.
    JointController,
    /// It acts on the service's word.
    Processor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Controller, Self::JointController, Self::Processor];

    /// The word in lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::JointController => "joint-controller",
            Self::Processor => "processor",
        }
    }
}
