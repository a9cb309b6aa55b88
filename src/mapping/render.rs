//! Which message an audience gets, and in what it is carried.

use super::{
    community, court, custody, document as trusted,
    event::{self, Cause, Parts},
    fhir_message,
    frame::{Frame, Mapped},
    gaps::gaps,
    housing,
    lineage::Lineage,
    probation,
    sections::Sheet,
    tree::{Tree, Written},
};
use crate::{
    directory::{Audience, Channel},
    fhir::Issue,
    minimise::{Places, Projection},
};

/// A FHIR message.
pub(super) const FHIR_JSON: &str = "application/fhir+json";
/// What a FHIR message follows: the profiles that it names in `meta.profile`.
pub const FHIR_PROFILES: &str = "fhir";
/// Everything else.
pub(super) const JSON: &str = "application/json";

/// One document with what belongs to its form.
struct Document {
    tree: Tree,
    version: &'static str,
    schema: &'static str,
    content_type: &'static str,
    workflow: &'static str,
    identifiers: Option<Tree>,
}

/// Makes the message that tells `projection` to `frame.recipient`.
///
/// Over event push the document is the detail that a thin event points to; otherwise it is the body, and the detail of a
/// referral to a health service is the trusted assessment, where somebody can sign it. What may leave and has no place in the document is in [`Mapped::warnings`], by its path.
///
/// # Errors
///
/// When the recipient's channel cannot carry what its audience gets, or when the projection holds nothing that
/// the message could be made from.
pub fn render(frame: &Frame<'_>, audience: Audience, projection: &Projection) -> Result<Mapped, Vec<Issue>> {
    if frame.recipient.channel == Channel::FhirPush && audience != Audience::Health {
        let text =
            format!("FHIR messages are for health services, and this recipient is {}", audience.as_str());
        return Err(vec![Issue::new("not-supported", "/referrals", text)]);
    }
    if frame.on_behalf_of.is_some() && audience != Audience::Court {
        let text = "only a court's sheet says for whom it is passed on";
        return Err(vec![Issue::new("not-supported", "/referrals", text)]);
    }
    let is_event = frame.recipient.channel == Channel::EventPush;
    // What an event points to is the message itself; where the message is the body, the document can be fetched.
    let beside = (audience == Audience::Health && !is_event)
        .then(|| trusted::trusted_assessment(frame, projection))
        .flatten();
    let document = document(frame, audience, projection, beside.as_ref())
        .ok_or_else(|| vec![Issue::new("incomplete", "", "nothing that may leave makes a message")])?;
    let places = &projection.places;
    let mut mapped =
        if is_event { as_event(frame, audience, document, places)? } else { as_body(document, places) };
    if let Some(beside) = beside {
        mapped.lineage = mapped.lineage.and(beside.part);
        mapped.detail = Some(beside.bytes);
        mapped.detail_schema = Some(FHIR_PROFILES);
        mapped.detail_content_type = FHIR_JSON;
    }
    mapped.lineage = mapped.lineage.of(places);
    mapped.warnings = gaps(projection, &mapped.lineage);
    Ok(mapped)
}

fn document(
    frame: &Frame<'_>,
    audience: Audience,
    projection: &Projection,
    beside: Option<&trusted::Document>,
) -> Option<Document> {
    let sheet = Sheet::new(frame, projection);
    let plain = |tree, version, schema, workflow| Document {
        tree,
        version,
        schema,
        content_type: JSON,
        workflow,
        identifiers: None,
    };
    let document = match audience {
        Audience::Custody => Document {
            identifiers: sheet.matching_identifiers(&custody::IDENTIFIERS),
            ..plain(custody::sheet(&sheet)?, "custody-sheet/2", "custody-sheet", "KEYWAY_CUSTODY_ADVICE")
        },
        Audience::Court => Document {
            identifiers: sheet.matching_identifiers(&court::IDENTIFIERS),
            ..plain(court::sheet(&sheet)?, "court-sheet/2", "court-sheet", "KEYWAY_COURT_REPORT")
        },
        Audience::Probation | Audience::YouthJustice => Document {
            identifiers: sheet.matching_identifiers(&probation::IDENTIFIERS),
            ..plain(
                probation::summary(&sheet)?,
                "probation-summary/2",
                "probation-summary",
                "KEYWAY_PRE_SENTENCE",
            )
        },
        Audience::Housing => plain(
            housing::referral(&sheet)?,
            "housing-referral/2",
            "housing-referral",
            "KEYWAY_DUTY_TO_REFER",
        ),
        Audience::Voluntary | Audience::SocialCare => plain(
            community::referral(&sheet, audience)?,
            "community-referral/2",
            "community-referral",
            "KEYWAY_REFERRAL",
        ),
        Audience::Health => Document {
            content_type: FHIR_JSON,
            ..plain(
                fhir_message::referral(frame, projection, beside)?,
                "fhir-referral/1",
                FHIR_PROFILES,
                "KEYWAY_FHIR_REFERRAL",
            )
        },
    };
    Some(document)
}

fn as_body(document: Document, places: &Places) -> Mapped {
    body_only(
        document.tree.write(places, "body", document.version),
        document.version,
        document.schema,
        document.content_type,
        document.workflow,
    )
}

/// A message whose body is everything.
pub(super) fn body_only(
    written: Written,
    version: &'static str,
    schema: &'static str,
    content_type: &'static str,
    workflow: &str,
) -> Mapped {
    Mapped {
        content_type,
        workflow: workflow.to_owned(),
        body: written.bytes,
        body_schema: schema,
        detail: None,
        detail_schema: None,
        detail_content_type: content_type,
        lineage: Lineage::new(written.part),
        warnings: Vec::new(),
        version,
    }
}

fn as_event(
    frame: &Frame<'_>,
    audience: Audience,
    document: Document,
    places: &Places,
) -> Result<Mapped, Vec<Issue>> {
    let parts = Parts {
        cause: if frame.changed.is_some() { Cause::SaidAnew(audience) } else { Cause::Said(audience) },
        detail_path: format!("/justice/sheets/{}", frame.message_id),
        // The identifiers are the reader's; whoever passes it on knows the person by others.
        identifiers: document.identifiers.filter(|_| frame.on_behalf_of.is_none()),
        reason: None,
    };
    let event = event::event(frame, parts)
        .ok_or_else(|| vec![Issue::new("incomplete", "", "nothing to make an event from")])?
        .write(places, "body", "event/1");
    let detail = document.tree.write(places, "detail", document.version);
    let mapped = body_only(event, document.version, event::SCHEMA, JSON, document.workflow);
    Ok(Mapped {
        detail: Some(detail.bytes),
        detail_schema: Some(document.schema),
        detail_content_type: document.content_type,
        lineage: mapped.lineage.and(detail.part),
        ..mapped
    })
}
