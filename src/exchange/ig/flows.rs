//! Flows declared, by agreements, against flows used, by what was disclosed under each: the register of who gets what from the
//! service, and where it does not fit what happens.

use serde::Serialize;

use super::{Look, Officer, ports::FlowUse};
use crate::{
    clock::Moment,
    directory::{AgencyKind, Agreement, Audience, LawfulBasis, Partner, PartnerStatus, ProcessingRecord},
    exchange::{Exchange, refusal::Refusal},
    ids::{AgreementId, PartnerId, SiteId},
};

/// How a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowStands {
    /// It is declared and in force, and was used.
    DeclaredAndUsed,
    /// It is declared and in force, and nothing was ever sent under it.
    DeclaredNeverUsed,
    /// It was used, and is not in force now: another version took its place, its dates are over, it has no record of
    /// processing, or the agency is suspended.
    UsedNotDeclaredNow,
    /// It is not in force, and nothing was ever sent under it.
    Lapsed,
}

impl FlowStands {
    /// The word in lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeclaredAndUsed => "declared-and-used",
            Self::DeclaredNeverUsed => "declared-never-used",
            Self::UsedNotDeclaredNow => "used-not-declared-now",
            Self::Lapsed => "lapsed",
        }
    }
}

/// How a flow was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    /// By which allow-list; `None` for a request to the service itself.
    pub audience: Option<Audience>,
    /// For whom the recipient passed it on.
    pub on_behalf_of: Option<PartnerId>,
    /// How many messages.
    pub disclosures: u64,
    /// When the first was made.
    pub first: String,
    /// When the last was made.
    pub last: String,
}

/// One version of an agreement, and what was sent under it.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    /// The agreement; `None` where something was sent under none.
    pub agreement_id: Option<AgreementId>,
    /// Its version.
    pub version: Option<i64>,
    /// With whom.
    pub recipient: PartnerId,
    /// What kind of agency that is.
    pub kind: Option<AgencyKind>,
    /// By which allow-list such an agency is told.
    pub audience: Option<Audience>,
    /// For what.
    pub purposes: Vec<String>,
    /// From when.
    pub valid_from: Option<String>,
    /// Until when (exclusive).
    pub valid_to: Option<String>,
    /// The lawful basis.
    pub basis: Option<LawfulBasis>,
    /// Which blocks may leave without consent on imminent risk; `None`: none.
    pub emergency: Option<Vec<String>>,
    /// The impact assessment.
    pub dpia_reference: Option<String>,
    /// The record of processing; `None` where the agreement has none.
    pub record: Option<ProcessingRecord>,
    /// When the record is to be looked at again.
    pub review_by: Option<String>,
    /// Whether that is past.
    pub review_overdue: bool,
    /// How it stands.
    pub stands: FlowStands,
    /// Why it is not in force, where it is not.
    pub because: Option<&'static str>,
    /// What was sent under it.
    pub used: Vec<Used>,
}

/// The flows of a site.
#[derive(Clone, Debug, Serialize)]
pub struct Flows {
    /// When this was so.
    pub at: String,
    /// By agreement and version. Versions that were replaced stand here only if something was sent under them.
    pub flows: Vec<Flow>,
}

impl Exchange {
    /// Flows declared against flows used.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn flows(&self, site: &SiteId, officer: &Officer) -> Result<Flows, Refusal> {
        self.asked(site, officer, Look { question: "flows", ..Look::default() }).await?;
        let now = self.now();
        let partners = self.store.partners(site).await?;
        let agreements = self.store.agreements_known(site, Moment(i64::MAX)).await?;
        let used = self.store.flows_used(site).await?;
        Ok(Flows { at: now.to_rfc3339(), flows: compared(&partners, &agreements, &used, now) })
    }
}

/// Declared against used.
fn compared(partners: &[Partner], agreements: &[Agreement], used: &[FlowUse], now: Moment) -> Vec<Flow> {
    let partner = |id: &PartnerId| partners.iter().find(|one| one.partner_id == *id);
    let mut flows = Vec::new();
    for agreement in agreements {
        let named = Some((agreement.agreement_id.clone(), agreement.version));
        let sent: Vec<Used> = used.iter().filter(|one| one.agreement == named).map(told).collect();
        let is_latest = !agreements
            .iter()
            .any(|other| other.agreement_id == agreement.agreement_id && other.version > agreement.version);
        if !is_latest && sent.is_empty() {
            continue;
        }
        let with = partner(&agreement.partner_id);
        let because = not_in_force(agreement, with, is_latest, now);
        let stands = match (because, sent.is_empty()) {
            (None, false) => FlowStands::DeclaredAndUsed,
            (None, true) => FlowStands::DeclaredNeverUsed,
            (Some(_), false) => FlowStands::UsedNotDeclaredNow,
            (Some(_), true) => FlowStands::Lapsed,
        };
        flows.push(Flow {
            agreement_id: Some(agreement.agreement_id.clone()),
            version: Some(agreement.version),
            recipient: agreement.partner_id.clone(),
            kind: with.map(|partner| partner.kind),
            audience: with.and_then(|partner| partner.kind.audience()),
            purposes: agreement.purposes.clone(),
            valid_from: Some(agreement.valid_from.to_rfc3339()),
            valid_to: Some(agreement.valid_to.to_rfc3339()),
            basis: Some(agreement.basis.clone()),
            emergency: agreement.emergency.as_ref().map(|row| row.blocks.clone()),
            dpia_reference: Some(agreement.dpia_reference.clone()),
            review_by: agreement.record.as_ref().map(|record| record.review_by.to_rfc3339()),
            review_overdue: agreement.record.as_ref().is_some_and(|record| record.review_by < now),
            record: agreement.record.clone(),
            stands,
            because,
            used: sent,
        });
    }
    let is_entered = |one: &&FlowUse| {
        agreements.iter().any(|a| Some((a.agreement_id.clone(), a.version)) == one.agreement)
    };
    flows.extend(
        used.iter().filter(|one| !is_entered(one)).map(|one| undeclared(one, partner(&one.recipient_id))),
    );
    flows
}

/// What was sent under no agreement that is entered.
fn undeclared(one: &FlowUse, with: Option<&Partner>) -> Flow {
    let (agreement_id, version) = one.agreement.clone().unzip();
    Flow {
        because: Some(if agreement_id.is_some() { "the agreement is not entered" } else { "no agreement" }),
        agreement_id,
        version,
        recipient: one.recipient_id.clone(),
        kind: with.map(|partner| partner.kind),
        audience: one.audience,
        purposes: Vec::new(),
        valid_from: None,
        valid_to: None,
        basis: None,
        emergency: None,
        dpia_reference: None,
        record: None,
        review_by: None,
        review_overdue: false,
        stands: FlowStands::UsedNotDeclaredNow,
        used: vec![told(one)],
    }
}

fn told(one: &FlowUse) -> Used {
    Used {
        audience: one.audience,
        on_behalf_of: one.on_behalf_of.clone(),
        disclosures: one.disclosures,
        first: one.first.to_rfc3339(),
        last: one.last.to_rfc3339(),
    }
}

/// Why nothing goes under it now.
fn not_in_force(
    agreement: &Agreement,
    with: Option<&Partner>,
    is_latest: bool,
    now: Moment,
) -> Option<&'static str> {
    if !is_latest {
        return Some("a later version took its place");
    }
    if now < agreement.valid_from {
        return Some("it has not begun");
    }
    if now >= agreement.valid_to {
        return Some("its dates are over");
    }
    if agreement.record.is_none() {
        return Some("it has no record of processing");
    }
    match with.map(|partner| partner.status) {
        Some(PartnerStatus::Active) => None,
        Some(PartnerStatus::Suspended) => Some("the agency is suspended"),
        None => Some("the agency is not entered"),
    }
}
