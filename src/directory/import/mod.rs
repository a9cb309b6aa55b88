//! Agencies and agreements as an operator writes them down: `keyway directory import` and the demonstration read
//! the same lists.
//!
//! [`read`] says what is wrong with the form of a file, [`check`] whether everything fits together and with what is
//! entered already; both report every problem with its place. Not here: opening files (bytes come in) and writing
//! (`exchange`).

mod check;
mod read;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use super::{AgencyKind, Agreement, Channel, LawfulBasis, Partner, PartnerStatus, ProcessingRecord};
use crate::{
    clock::Moment,
    ids::{AgreementId, PartnerId, SiteId},
};

pub use check::{Fingerprint, Known, Leaving, check};
pub use read::{read, read_value};

/// Where something stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// JSON pointer.
    pub path: String,
}

/// One thing that is wrong: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What would be right.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place.file, self.place.path, self.text)
    }
}

/// What one or more files say. Where something required is `None`, a problem has been reported.
#[derive(Debug, Default)]
pub struct Listing {
    /// The tenants that the files say they are for, with the places.
    pub sites: Vec<(Place, SiteId)>,
    /// The service's name, for people. The settings have it too; it is not entered.
    pub site_name: Option<String>,
    /// The agencies, in the order of the files.
    pub agencies: Vec<ListedAgency>,
    /// The agreements, in the order of the files.
    pub agreements: Vec<ListedAgreement>,
}

impl Listing {
    /// Adds what another file says.
    pub fn append(&mut self, mut other: Self) {
        self.sites.append(&mut other.sites);
        self.site_name = other.site_name.or(self.site_name.take());
        self.agencies.append(&mut other.agencies);
        self.agreements.append(&mut other.agreements);
    }
}

/// An agency as a list names it.
#[derive(Debug)]
pub struct ListedAgency {
    /// Where it stands.
    pub place: Place,
    /// Its slug, also the id of its mailbox.
    pub id: Option<PartnerId>,
    /// What it is.
    pub kind: Option<AgencyKind>,
    /// Its name, for people.
    pub name: Option<String>,
    /// A short name, for the demonstration's lines. It is not entered.
    pub short: Option<String>,
    /// `system|value`.
    pub organisation_code: Option<String>,
    /// How messages reach it.
    pub channel: Option<Channel>,
    /// Where messages are pushed.
    pub endpoint: Option<String>,
    /// Its OAuth client id; its slug when it is absent.
    pub client_id: Option<String>,
    /// Its client certificate.
    pub certificate: Option<ListedCertificate>,
    /// Public keys for `private_key_jwt`: a JWK set.
    pub jwks: Option<Value>,
    /// Whether traffic may flow. Absent: as it is entered already, or active when it is new.
    pub status: Option<PartnerStatus>,
    /// What its messages are forgiven. Absent: as it is entered already, or nothing when it is new.
    pub forgives: Option<Vec<String>>,
    /// What kind of service it is. Absent: as it is entered already; empty: none.
    pub service: Option<String>,
}

/// A certificate as a list names it.
#[derive(Debug, PartialEq, Eq)]
pub enum ListedCertificate {
    /// A PEM file, relative to the file that names it.
    File(String),
    /// SHA-256 of its DER, lower-case hex.
    Sha256(String),
    /// It was given and is wrong; that has been reported.
    Wrong,
}

/// An agreement as a list names it.
#[derive(Clone, Debug)]
pub struct ListedAgreement {
    /// Where it stands.
    pub place: Place,
    /// Its id.
    pub agreement_id: Option<AgreementId>,
    /// The agency.
    pub partner: Option<PartnerId>,
    /// What for.
    pub purposes: Option<Vec<String>>,
    /// From when.
    pub valid_from: Option<Moment>,
    /// Until when (exclusive).
    pub valid_to: Option<Moment>,
    /// The lawful basis.
    pub basis: Option<LawfulBasis>,
    /// The emergency row, where there is one.
    pub emergency: Option<ListedEmergency>,
    /// The data protection impact assessment.
    pub dpia_reference: Option<String>,
    /// The record of processing.
    pub record: Option<ProcessingRecord>,
}

/// An emergency row as a list names it.
#[derive(Clone, Debug)]
pub struct ListedEmergency {
    /// Blocks that may leave.
    pub blocks: Option<Vec<String>>,
    /// What stands in consent's place.
    pub basis: Option<LawfulBasis>,
}

/// What entering something does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// It was there and said something else.
    Changed,
    /// It stands like this already: nothing is written.
    Unchanged,
}

impl Change {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What is to be entered.
#[derive(Debug, Default)]
pub struct Enrolment {
    /// The agencies.
    pub partners: Vec<(Partner, Change)>,
    /// The agreements. One that changed has the next version: decisions name the version that they rested on.
    pub agreements: Vec<(Agreement, Change)>,
}

impl Enrolment {
    /// The agreements whose record should have been looked at again before `now`. They stand: whoever enters them is told.
    pub fn overdue(&self, now: Moment) -> impl Iterator<Item = &Agreement> {
        let agreements = self.agreements.iter().map(|(agreement, _)| agreement);
        agreements.filter(move |one| one.record.as_ref().is_some_and(|record| record.review_by < now))
    }
}
