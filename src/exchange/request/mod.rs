//! An agency asks something of L&D about somebody, or somebody asks for themselves. It lands in L&D's mailbox and opens
//! or joins an episode; the asker sees the contact outcome and no more. Which kinds there are stands in `kind`.

mod answer;
mod kind;

pub(super) use answer::{Asked as Request, Said, may_be_corrected};
pub use kind::Door;
use kind::{BEFORE, BEFORE_BY, RequestKind};
use serde_json::{Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    caller::Caller,
    idempotency::Ticket,
    people::{Description, Identified},
    ports::{Precondition, Write, WriteSet},
    prepare::{Decided, Used},
    refusal::{Issue, Refusal, Refused},
    rows::{InboundRow, MessageKind, ReferralRow, Sealed},
    submit::{read_json, shown_warnings},
};
use crate::{
    assessment::look_at,
    audit::{Kind, hex, merkle::sha256},
    clock::Moment,
    consent::{Exit, decide_own_request},
    directory::{AgencyKind, Nature, Partner},
    ids::{InboundId, ReferralId},
    mapping,
    profile::Schema,
    referral::{Deadline, State, answer_to, refused_in, told_in},
};

/// A request as it came.
pub(super) struct Came<'a> {
    /// The bytes.
    pub(super) body: &'a [u8],
    /// What it is.
    pub(super) kind: &'static str,
    /// The sender's own id for the message, by which a repeat is known; `None` where something else tells.
    pub(super) message_key: Option<&'a str>,
    /// The sender's id of the conversation, where it has one.
    pub(super) correlation_id: Option<&'a str>,
    /// The NHS number, when the sender verified it.
    pub(super) nhs_number: Option<&'a str>,
    /// What its sender should know though it is taken.
    pub(super) warned: &'a [Issue],
}

impl Exchange {
    /// Takes a request for L&D at `door`.
    pub async fn take_request(
        &self,
        caller: &Caller,
        door: Door,
        key: &str,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let taken = door.takes(caller.kind);
        if taken.is_empty() {
            return Err(not_here(caller.kind));
        }
        let ticket = Ticket::new(key, &format!("POST {}", door.path()), body)?;
        let request = read_json(body)?;
        let schema = form_of(&request, door, caller.kind, &taken)?;
        let mut issues = self.profiles.check(schema, &request);
        let place = "/person/identifiers";
        let identifiers = look_at(request.pointer(place), place, None, self.now());
        if issues.is_empty() {
            issues = identifiers.refused;
        }
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        let came = Came {
            warned: &identifiers.warned,
            body,
            kind: "request",
            message_key: None,
            correlation_id: None,
            nhs_number: None,
        };
        for _ in 0..DECIDE_TRIES {
            if let Some(first) = self.first_answer(caller, &ticket).await? {
                return Ok(first);
            }
            let (mut writes, mut preconditions, mut answer) =
                self.plan_request(caller, &request, &came).await?;
            answer.status = 201;
            writes.push(self.keep_answer(caller, &ticket, &answer, self.now()));
            preconditions.push(ticket.precondition(caller));
            if self.try_commit(writes, preconditions).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::unavailable())
    }

    pub(super) async fn plan_request(
        &self,
        caller: &Caller,
        request: &Value,
        came: &Came<'_>,
    ) -> Result<(WriteSet, Vec<Precondition>, Answer), Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let partners = self.store.partners(site).await?;
        let asker =
            partners.iter().find(|p| p.partner_id == caller.partner_id).ok_or_else(Refusal::not_found)?;
        let service = service_for(asker, &partners)?;
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str);
        let (kind, deadline) = awaited(request, now)?;
        let person = self
            .identify(
                site,
                &Description {
                    sender: &caller.partner_id,
                    reference: text("/person/reference").ok_or_else(Refusal::internal)?,
                    nhs_number: came.nhs_number,
                    birth_date: text("/person/birth_date"),
                    by: caller.kind,
                    corrects: false,
                },
            )
            .await?;
        let permitted = self.permitted_own_request(asker).await?;
        let mut writes = person.writes.clone();
        let episode_id = self.join_episode(site, &person, &mut writes).await?;
        let mut referral = ReferralRow {
            site_id: site.clone(),
            referral_id: ReferralId::fresh(&self.mint),
            episode_id,
            person_id: person.row.person_id.clone(),
            assessment_id: None,
            sender_id: caller.partner_id.clone(),
            recipient_id: service.partner_id.clone(),
            nature: Nature::Referral,
            audience: None,
            channel: service.channel,
            urgency: text("/urgency").unwrap_or("routine").to_owned(),
            need: String::new(),
            state: State::Queued,
            business_status: String::from("sent"),
            reason: kind.word.to_owned(),
            receiver_note: None,
            withheld: Sealed(Vec::new()),
            disclosure_id: None,
            decision_id: None,
            review_due_at: None,
            recall_answer: None,
            correlation_id: came.correlation_id.map_or_else(|| self.mint.uuid(), str::to_owned),
            messages: 0,
            on_behalf_of: None,
            in_answer_to: None,
            version: 1,
            created_at: now,
            updated_at: now,
            answer_by: deadline.answer_by,
        };
        referral.withheld = self.seal_withheld(&referral.referral_id, &[], &person.key);
        let used = Used { partner: service, consent_seq: person.row.consent_seq, now };
        let decision = self.decision_row(&referral, &permitted, &used, Exit::Plan, &person.key);
        referral.decision_id = Some(decision.decision_id.clone());
        let draft = self.draft(&referral, MessageKind::Request, asker, service);
        let mapped = self.with_frame(&referral, &draft, None, asker, service, |frame| {
            mapping::request_to_ld(frame, request, person.doubt.is_some())
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, &person.key);
        referral.messages = 1;
        let warnings: Vec<Issue> = came.warned.iter().chain(&deadline.told).cloned().collect();
        let answer = json!({
            "referral_id": referral.referral_id,
            "message_id": message.message_id,
            "recipient": referral.recipient_id,
            "state": referral.state,
            "business_status": referral.business_status,
            "answer_by": referral.answer_by.to_rfc3339(),
            "warnings": shown_warnings(&warnings),
        });
        writes.push(self.inbound_write(caller, &referral, &person, came));
        writes.push(
            self.note_on(&referral, now, Kind::Received, caller.partner_id.as_str())
                .of_message(&message)
                .fact("request", &referral.reason)
                .fact("body-sha256", &hex(&message.body_sha256))
                .fact("body-hmac", &self.keyed_digest(site, came.body))
                .write(),
        );
        let delivery = self.new_delivery(&message, service.channel, now);
        let location = format!("/referrals/{}", referral.referral_id);
        let at = writes.iter().position(|w| matches!(w, Write::Inbound(_))).unwrap_or(writes.len());
        let decided = self.decided(&referral, &decision, caller.partner_id.as_str());
        writes.splice(at..at, [Write::Referral(referral), Write::Decision(decision), decided]);
        writes.push(Write::Message(message));
        writes.push(Write::Enqueue(delivery));
        let preconditions = vec![Precondition::as_seen(service)];
        let mut answer = Answer::json(201, &answer);
        answer.location = Some(location);
        Ok((writes, preconditions, answer))
    }

    /// The bytes of a request, kept as received under the person's key.
    fn inbound_write(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        person: &Identified,
        came: &Came<'_>,
    ) -> Write {
        let inbound_id = InboundId::fresh(&self.mint);
        let by_itself = || format!("request:{}", referral.referral_id);
        Write::Inbound(InboundRow {
            site_id: caller.site_id.clone(),
            partner_id: caller.partner_id.clone(),
            message_key: came.message_key.map_or_else(by_itself, str::to_owned),
            kind: came.kind.to_owned(),
            referral_id: Some(referral.referral_id.clone()),
            person_id: Some(referral.person_id.clone()),
            received_at: self.now(),
            body_sha256: sha256(came.body),
            body: self.vault.seal(&person.key, &format!("inbound:{inbound_id}"), came.body),
            inbound_id,
        })
    }

    /// Whether something of the agency's own request may pass, under the agreement with it.
    pub(super) async fn permitted_own_request(&self, agency: &Partner) -> Result<Decided, Refusal> {
        let agreements = self.store.agreements(&agency.site_id, &agency.partner_id).await?;
        let decision =
            decide_own_request(agency, &agreements, self.rules.purposes(agency.kind.audience()), self.now());
        if decision.permits() {
            return Ok(Decided::of_ids(decision));
        }
        Err(Refusal::new(
            Refused::Forbidden,
            "forbidden",
            "",
            "No agreement between this agency and liaison and diversion that is for this is in force, so nothing may \
             pass. Telephone, and have the agreement renewed.",
        ))
    }

    /// A partner that must exist.
    pub(super) async fn partner(
        &self,
        site: &crate::ids::SiteId,
        partner: &crate::ids::PartnerId,
    ) -> Result<Partner, Refusal> {
        self.store.partner(site, partner).await?.ok_or_else(Refusal::internal)
    }
}

/// Of which kind a request is, and until when its answer is awaited.
pub(super) fn awaited(request: &Value, now: Moment) -> Result<(&'static RequestKind, Deadline), Refusal> {
    let word = request.get("request_type").and_then(Value::as_str);
    let kind = word.and_then(RequestKind::of).ok_or_else(Refusal::internal)?;
    let refused = |issues| Refusal::with_issues(Refused::Unprocessable, issues);
    let wrong = refused_in(request, now);
    if !wrong.is_empty() {
        return Err(refused(wrong));
    }
    let mut deadline = answer_to(request, kind.in_time_for, now).map_err(refused)?;
    deadline.told.extend(told_in(request, now));
    Ok((kind, deadline))
}

/// Whom `asker` asks. What the service enters for somebody is for itself.
fn service_for<'p>(asker: &'p Partner, partners: &'p [Partner]) -> Result<&'p Partner, Refusal> {
    let is_service = |p: &&Partner| p.kind == AgencyKind::LiaisonDiversion;
    Some(asker).filter(is_service).or_else(|| partners.iter().find(is_service)).ok_or_else(|| {
        Refusal::new(
            Refused::Unprocessable,
            "not-found",
            "",
            "This site has no liaison and diversion service.",
        )
    })
}

/// Who does not ask here.
fn not_here(agency: AgencyKind) -> Refusal {
    let doors = Door::ALL.into_iter().filter(|door| !door.takes(agency).is_empty());
    let doors: Vec<String> = doors.map(|door| format!("POST {}", door.path())).collect();
    let text = if doors.is_empty() {
        String::from("Agencies of this kind make no requests.")
    } else {
        format!("Agencies of this kind make their requests elsewhere: {}.", doors.join(", "))
    };
    Refusal::new(Refused::Forbidden, "forbidden", "", text)
}

/// The form that a request names, where its sender may ask that here.
fn form_of(
    request: &Value,
    door: Door,
    agency: AgencyKind,
    taken: &[&'static RequestKind],
) -> Result<Schema, Refusal> {
    let named = request.get("profile").and_then(Value::as_str);
    if named == Some(BEFORE) && door == Door::Justice && BEFORE_BY.contains(&agency) {
        return Ok(Schema::ScreeningRequest);
    }
    if let Some(kind) = taken.iter().find(|kind| named == Some(kind.profile)) {
        return Ok(kind.schema);
    }
    let known: Vec<&str> = taken.iter().map(|kind| kind.profile).collect();
    let text = format!("Your agency may send one of these here: {}.", known.join(", "));
    let code = if named.is_some() { "value" } else { "required" };
    Err(Refusal::new(Refused::Unprocessable, code, "/profile", text))
}
