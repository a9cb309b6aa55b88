//! What is asked: ServiceRequest and Task, the Encounter that it comes from, and the `CarePlan` in words.

use super::{Entry, Message, bare, coding, concept, concept_of, findings, our_concept, service, words};
use crate::{
    clock::Moment,
    mapping::{
        codes,
        frame::Frame,
        place::Place,
        tree::{Tree, list, map},
    },
};

pub(super) const ROLE: &str = "service-request";

/// The request. `supporting` are the roles of the resources that bear it out.
pub(super) fn service_request<'r>(message: &Message<'_>, supporting: impl Iterator<Item = &'r str>) -> Entry {
    let refer = |role: &str| message.refer(role);
    let reasons: Vec<Tree> = [
        message.at("/referrals/0/reason").as_ref().and_then(words),
        message.at("/referrals/0/need").map(|need| service::need(message, &need)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let fields = [
        ("identifier", identifier(message)),
        ("basedOn", refer("care-plan").and_then(|plan| list([plan]))),
        ("status", Some(Tree::fixed("active"))),
        ("intent", Some(Tree::fixed("plan"))),
        ("category", list([category()])),
        ("priority", Some(priority(message))),
        ("code", service::asked(message)),
        ("subject", refer("patient")),
        ("encounter", refer("encounter")),
        ("occurrencePeriod", map([("start", Some(message.frame.asked_at()))])),
        ("authoredOn", Some(message.frame.asked_at())),
        ("requester", refer("practitioner-role")),
        ("performer", refer("healthcare-service").and_then(|service| list([service]))),
        ("reasonCode", list(reasons)),
        ("supportingInfo", list(supporting.filter_map(refer))),
    ];
    let profiles = [codes::BARS_REFERRAL, codes::ours!("ld-service-request")];
    super::entry(message.frame, ROLE, "ServiceRequest", &profiles, fields)
}

/// One referral: BaRS's category, and our use case beside it, as BaRS has none for this.
pub(super) fn category() -> Tree {
    concept_of([
        coding(codes::MESSAGE_CATEGORY, "referral", "Transfer of Care"),
        coding(codes::our_codes!("use-case"), "ld-referral", "Liaison and diversion referral"),
    ])
}

fn identifier(message: &Message<'_>) -> Option<Tree> {
    identifier_of(message.frame)
}

fn priority(message: &Message<'_>) -> Tree {
    let asked = message.at("/referrals/0/urgency");
    let code = match asked.as_ref().and_then(Place::text).unwrap_or(message.frame.urgency) {
        "emergency" => "stat",
        "urgent" => "urgent",
        _ => "routine",
    };
    asked.map_or_else(|| Tree::frame("urgency", code), |place| place.becomes(code))
}

/// Until when an answer is awaited.
fn answer_by(message: &Message<'_>) -> Tree {
    Tree::frame("urgency", message.frame.answer_by.to_rfc3339())
}

/// The task of this recipient, whose state both sides follow.
pub(super) fn task(message: &Message<'_>) -> Entry {
    let refer = |role: &str| message.refer(role);
    let (status, waits, business) = standing(message.frame);
    let fields = [
        ("identifier", identifier(message)),
        ("basedOn", refer(ROLE).and_then(|request| list([request]))),
        ("status", Some(status)),
        ("statusReason", waits),
        ("businessStatus", Some(business)),
        ("intent", Some(Tree::fixed("order"))),
        ("priority", Some(priority(message))),
        (
            "code",
            Some(concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill", "Fulfill the focal request")),
        ),
        ("focus", refer(ROLE)),
        ("for", refer("patient")),
        ("encounter", refer("encounter")),
        ("authoredOn", Some(message.frame.asked_at())),
        ("lastModified", Some(message.frame.at())),
        ("requester", refer("practitioner-role")),
        ("owner", refer("organization-receiver")),
        ("restriction", map([("period", map([("end", Some(answer_by(message)))]))])),
    ];
    message.entry("task", "Task", codes::ours!("ld-task"), fields)
}

/// Status, why it waits, and the finer word: what the receiver did with it so far is not undone by a change.
fn standing(frame: &Frame<'_>) -> (Tree, Option<Tree>, Tree) {
    let system = codes::our_codes!("business-status");
    let Some(changed) = frame.changed else {
        return (Tree::fixed("requested"), None, concept(system, "sent", "Sent"));
    };
    let word = concept_of([bare(system, changed.business_status.to_owned())]);
    let waits =
        (changed.task == "on-hold").then(|| Tree::object([("text", "The receiver asked for more.".into())]));
    (Tree::frame("standing", changed.task), waits, word.known_by("standing"))
}

/// The contact with L&D. Its class is `FLD`: outside a health site and outside the person's home.
pub(super) fn encounter(message: &Message<'_>) -> Entry {
    let contact = map([
        ("system", Some(Tree::fixed(codes::CONTACT_ID))),
        ("value", Some(Tree::frame("referral_id", message.frame.referral_id))),
    ]);
    let journey = format!("EpisodeOfCare/{}", message.frame.journey_id);
    let started = message
        .at("/pathway/seen_at")
        .or_else(|| message.at("/assessed_at"))
        .filter(|place| place.text().and_then(Moment::from_rfc3339).is_some())
        .map_or_else(|| message.frame.asked_at(), |place| place.copy());
    let fields = [
        ("identifier", contact.and_then(|one| list([one]))),
        ("status", Some(Tree::fixed("finished"))),
        ("class", Some(coding(codes::V3_ACT, "FLD", "field"))),
        ("subject", message.refer("patient")),
        ("episodeOfCare", list(map([("reference", Some(Tree::frame("journey_id", journey)))]))),
        ("period", map([("start", Some(started))])),
        ("location", location(message).and_then(|place| list([place]))),
    ];
    message.entry("encounter", "Encounter", codes::ours!("ld-encounter"), fields)
}

fn location(message: &Message<'_>) -> Option<Tree> {
    let (site, point) = (message.at("/pathway/site"), message.at("/pathway/point"));
    let display = site.or(point)?;
    map([
        ("location", map([("display", Some(display.copy()))])),
        ("physicalType", point.as_ref().and_then(physical_type)),
    ])
}

/// What kind of place it was, where UK Core has a code for it: it has none for a court.
fn physical_type(point: &Place<'_>) -> Option<Tree> {
    let (code, display) = match point.text()? {
        "police-custody" | "voluntary-attendance" => ("M03", "Police Station / Police Custody Suite"),
        "street-triage" => ("N01", "Street or other public open space"),
        _ => return Some(our_concept(point, codes::our_codes!("pathway-point"))),
    };
    let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EncounterLocationTypeEngland";
    Some(point.becomes(concept(system, code, display)))
}

/// The referral in words: what this kind of service reads first, why, what is recommended, what the person wants first.
pub(super) fn care_plan(message: &Message<'_>) -> Entry {
    let ring = findings::alert(message).map(|alert| alert.becomes(findings::RING));
    let mut activities: Vec<Tree> =
        ring.into_iter().chain(service::first(message)).filter_map(said).collect();
    let mut say = |place: Option<Place<'_>>| activities.extend(place.as_ref().and_then(activity));
    say(message.at("/referrals/0/reason"));
    for item in message.at("/recommendation").iter().flat_map(Place::items) {
        say(item.at("/text").or_else(|| item.at("/code")));
    }
    for item in message.at("/priorities").iter().flat_map(Place::items) {
        say(item.at("/own_words"));
    }
    if activities.is_empty() {
        activities.extend(said(Tree::fixed("Referral from liaison and diversion")));
    }
    let fields = [
        ("status", Some(Tree::fixed("active"))),
        ("intent", Some(Tree::fixed("plan"))),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("period", map([("start", Some(message.frame.asked_at()))])),
        ("author", message.refer("practitioner-role")),
        ("activity", list(activities)),
    ];
    message.entry("care-plan", "CarePlan", codes::ours!("ld-care-plan"), fields)
}

fn activity(place: &Place<'_>) -> Option<Tree> {
    said(place.copy())
}

fn said(text: Tree) -> Option<Tree> {
    map([("outcomeCodeableConcept", map([("text", Some(text))]).and_then(|one| list([one])))])
}

/// A reason of a recall as people read it.
fn in_words(reason: &str) -> &str {
    match reason {
        "consent-withdrawn" => "The person took their consent back",
        "no-longer-permitted" => "No longer permitted",
        "withdrawn-by-sender" => "Withdrawn by the sender",
        "erased" => "The person was erased",
        other => other,
    }
}

/// The request of which it is told how it stands: which one it is, and nothing else.
pub(super) fn asked(frame: &Frame<'_>, status: &'static str, since: Moment) -> Entry {
    let fields = [
        ("identifier", identifier_of(frame)),
        ("status", Some(Tree::frame("standing", status))),
        ("intent", Some(Tree::fixed("plan"))),
        ("category", list([category()])),
        ("subject", super::refer(frame, "patient")),
        ("authoredOn", Some(Tree::frame("created_at", since.to_rfc3339()))),
    ];
    let profiles = [codes::BARS_REFERRAL, codes::ours!("ld-service-request-status")];
    super::entry(frame, ROLE, "ServiceRequest", &profiles, fields)
}

/// The referral's own id.
pub(super) fn identifier_of(frame: &Frame<'_>) -> Option<Tree> {
    list(map([
        ("system", Some(Tree::fixed(codes::REFERRAL_ID))),
        ("value", Some(Tree::frame("referral_id", frame.referral_id))),
    ]))
}

/// The request of a recall: ids only, no longer wanted.
pub(super) fn revoked(frame: &Frame<'_>, reason: &str) -> Entry {
    let identifier = identifier_of(frame);
    let why = map([
        (
            "coding",
            list(map([
                ("system", Some(Tree::fixed(codes::our_codes!("recall-reason")))),
                ("code", Some(Tree::frame("reason", reason))),
            ])),
        ),
        ("text", Some(Tree::frame("reason", in_words(reason)))),
    ]);
    let fields = [
        ("identifier", identifier),
        ("status", Some(Tree::fixed("revoked"))),
        ("intent", Some(Tree::fixed("plan"))),
        ("category", list([category()])),
        ("subject", super::refer(frame, "patient")),
        ("authoredOn", Some(frame.at())),
        ("reasonCode", why.and_then(|why| list([why]))),
    ];
    let profiles = [codes::BARS_REFERRAL, codes::ours!("ld-service-request-cancelled")];
    super::entry(frame, ROLE, "ServiceRequest", &profiles, fields)
}
