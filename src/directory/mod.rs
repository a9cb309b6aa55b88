//! The agencies, how each is reached, and the agreements under which something may flow to them.
//!
//! Not here: who is calling (`identity`) and what a person agreed to (`consent`).

mod agreement;
mod basis;
#[cfg(test)]
mod given;
pub mod import;
pub mod service;

use serde::{Deserialize, Serialize};

use crate::ids::{PartnerId, SiteId};

pub use agreement::{Agreement, EmergencyRow, Party, ProcessingRecord, Role};
pub use basis::{Flow, LawfulBasis};

/// The kinds of agency. The police's sheet is the *custody* view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyKind {
    /// The liaison and diversion service itself.
    LiaisonDiversion,
    /// A community mental health team.
    Cmht,
    /// Any other health service.
    HealthOther,
    /// Police, as the custody suite.
    Police,
    /// A court.
    Court,
    /// A probation office.
    Probation,
    /// A prison.
    Prison,
    /// A youth justice service: stands where probation does for people under 18.
    YouthJustice,
    /// Adult or children's social care.
    SocialCare,
    /// A housing authority or provider.
    Housing,
    /// A charity or advice service.
    Voluntary,
}

impl AgencyKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::LiaisonDiversion,
        Self::Cmht,
        Self::HealthOther,
        Self::Police,
        Self::Court,
        Self::Probation,
        Self::Prison,
        Self::YouthJustice,
        Self::SocialCare,
        Self::Housing,
        Self::Voluntary,
    ];

    /// The word used on the wire, as in `health-other`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LiaisonDiversion => "liaison-diversion",
            Self::Cmht => "cmht",
            Self::HealthOther => "health-other",
            Self::Police => "police",
            Self::Court => "court",
            Self::Probation => "probation",
            Self::Prison => "prison",
            Self::YouthJustice => "youth-justice",
            Self::SocialCare => "social-care",
            Self::Housing => "housing",
            Self::Voluntary => "voluntary",
        }
    }

    /// Which allow-list governs what this kind may see. `None`: nothing may leave to it yet.
    #[must_use]
    pub const fn audience(self) -> Option<Audience> {
        match self {
            Self::Cmht | Self::HealthOther => Some(Audience::Health),
            Self::Police => Some(Audience::Custody),
            Self::Court => Some(Audience::Court),
            Self::Probation => Some(Audience::Probation),
            Self::YouthJustice => Some(Audience::YouthJustice),
            Self::SocialCare => Some(Audience::SocialCare),
            Self::Housing => Some(Audience::Housing),
            Self::Voluntary => Some(Audience::Voluntary),
            Self::LiaisonDiversion | Self::Prison => None,
        }
    }

    /// Whether this kind keeps records of criminal justice, of which what was once relied on cannot be taken out again.
    #[must_use]
    pub const fn keeps_justice_records(self) -> bool {
        matches!(self, Self::Police | Self::Court | Self::Probation | Self::Prison | Self::YouthJustice)
    }

    /// Whether this kind passes on to `reader` what is meant for that. Whoever passes it on reads it, so this is only where
    /// the reader's list holds nothing that is not in its own: what a court may know, probation may.
    #[must_use]
    pub const fn passes_on_to(self, reader: Self) -> bool {
        matches!((self, reader), (Self::Probation, Self::Court))
    }

    /// Whether what this kind gets asks it to act (a referral) or tells it something (advice).
    #[must_use]
    pub const fn usual_nature(self) -> Nature {
        match self {
            Self::Police | Self::Court => Nature::Advice,
            _ => Nature::Referral,
        }
    }
}

/// For whom a message is made; each has an allow-list in `profiles/disclosure/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Police custody.
    Custody,
    /// The court and, through it, the parties.
    Court,
    /// Probation.
    Probation,
    /// Youth justice.
    YouthJustice,
    /// Health services.
    Health,
    /// Housing authorities and providers.
    Housing,
    /// Charities and advice services.
    Voluntary,
    /// Social care.
    SocialCare,
}

impl Audience {
    /// Every audience.
    pub const ALL: [Self; 8] = [
        Self::Custody,
        Self::Court,
        Self::Probation,
        Self::YouthJustice,
        Self::Health,
        Self::Housing,
        Self::Voluntary,
        Self::SocialCare,
    ];

    /// The word used in file names and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::Court => "court",
            Self::Probation => "probation",
            Self::YouthJustice => "youth-justice",
            Self::Health => "health",
            Self::Housing => "housing",
            Self::Voluntary => "voluntary",
            Self::SocialCare => "social-care",
        }
    }
}

/// A referral asks someone to act; advice tells someone what they may need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// The full loop, with an answer.
    Referral,
    /// Issued, delivered, read, used or not used.
    Advice,
}

/// How messages reach an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A FHIR message to the agency's `$process-message`.
    FhirPush,
    /// A thin signed event; the detail is fetched from us.
    EventPush,
    /// The agency collects from its mailbox here.
    Mailbox,
    /// A one-off link.
    Guest,
}

impl Channel {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FhirPush => "fhir-push",
            Self::EventPush => "event-push",
            Self::Mailbox => "mailbox",
            Self::Guest => "guest",
        }
    }
}

/// Whether traffic with a partner may flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerStatus {
    /// In use.
    Active,
    /// Nothing goes out and nothing is accepted.
    Suspended,
}

impl PartnerStatus {
    /// The word used in lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// An agency as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The tenant it belongs to.
    pub site_id: SiteId,
    /// Its slug, unique in the site.
    pub partner_id: PartnerId,
    /// What it is.
    pub kind: AgencyKind,
    /// Its name, for people.
    pub name: String,
    /// Its ODS code, force code, court OU code or the like: `system|value`.
    pub organisation_code: String,
    /// How messages reach it.
    pub channel: Channel,
    /// Where messages are pushed (`https://…`); `None` for a mailbox.
    pub endpoint: Option<String>,
    /// Its OAuth client id.
    pub client_id: String,
    /// SHA-256 of its client certificate (DER), lower-case hex.
    pub certificate_sha256: String,
    /// Public keys (JWK set, JSON text) for `private_key_jwt`; empty when it uses its certificate.
    pub jwks: String,
    /// Whether traffic may flow.
    pub status: PartnerStatus,
    /// What its messages are forgiven: names of the closed list of [`crate::profile::leniency`]. Empty: nothing.
    pub forgives: Vec<String>,
    /// What kind of service it is, a word of [`service`]; `None` where its kind says enough, or nobody said it.
    pub service: Option<String>,
    /// Moves on at each change of the partner or of its agreement.
    pub version: i64,
}
