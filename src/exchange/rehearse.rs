//! What a submission would do, without doing it: the same planning, and no commit.

use serde_json::{Value, json};

use super::{
    Exchange,
    caller::Caller,
    made_by::MadeBy,
    prepare::stable_uuid,
    refusal::{Refusal, Refused},
    rows::Withheld,
};
use crate::{
    consent::{Decision, Outcome, PermittedReferral, Reason, Scope, Share},
    directory::{Audience, Channel, Partner},
    fhir::Issue,
    ids::{PartnerId, PersonId},
    mapping::{self, Frame, Lineage, Mapped},
    minimise::Ask,
    referral::answer_within,
};

/// What one recipient would get, byte for byte, and what is kept back from it by which rule.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// To whom.
    pub recipient: PartnerId,
    /// For whom it is meant, where the recipient passes it on.
    pub on_behalf_of: Option<PartnerId>,
    /// By which allow-list; `None` when there is none for it.
    pub audience: Option<Audience>,
    /// How it would travel.
    pub channel: Channel,
    /// The answer to "may this go to them?", with what it rests on; `None` when nobody's consent was asked.
    pub decision: Option<Decision>,
    /// The message; `None` when nothing would be sent.
    pub message: Option<RehearsedMessage>,
    /// What is kept back.
    pub withheld: Vec<Withheld>,
    /// What goes of single values that say what another row of the table is about, as `block~row`.
    pub tells: Vec<String>,
    /// What the sender would be told of this recipient.
    pub warnings: Vec<Issue>,
}

/// A message that would be sent.
#[derive(Clone, Debug)]
pub struct RehearsedMessage {
    /// Media type of the body.
    pub content_type: &'static str,
    /// What would be sent.
    pub body: Vec<u8>,
    /// What a thin event would point to.
    pub detail: Option<Vec<u8>>,
    /// Where every leaf comes from, and what let it through.
    pub lineage: Lineage,
    /// What made it.
    pub made_by: MadeBy,
}

/// A submission that was planned and not committed.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What the sender would be answered.
    pub answer: Value,
    /// The recipients, in the order in which they are planned.
    pub recipients: Vec<Rehearsed>,
}

impl Rehearsed {
    /// As `POST /assessments?dry-run=true` shows it.
    pub(super) fn preview(&self) -> Value {
        let Some(message) = &self.message else {
            return json!({"recipient": self.recipient, "on_behalf_of": self.on_behalf_of, "body": null, "detail": null});
        };
        json!({
            "recipient": self.recipient,
            "on_behalf_of": self.on_behalf_of,
            "content_type": message.content_type,
            "body": String::from_utf8_lossy(&message.body),
            "detail": message.detail.as_ref().map(|detail| String::from_utf8_lossy(detail)),
        })
    }
}

impl RehearsedMessage {
    pub(super) fn new(mapped: Mapped, made_by: MadeBy) -> Self {
        let Mapped { content_type, body, detail, lineage, .. } = mapped;
        Self { content_type, body, detail, lineage, made_by }
    }
}

impl Exchange {
    /// Plans the assessment in `body` as [`Exchange::submit_assessment`] does, and stores nothing.
    ///
    /// # Errors
    /// Whatever the submission would be refused for.
    pub async fn rehearse(&self, caller: &Caller, body: &[u8]) -> Result<Rehearsal, Refusal> {
        let assessment = self.read_assessment(body)?;
        let submission = self.plan_submission(caller, &assessment, body).await?;
        Ok(Rehearsal { answer: Value::Object(submission.answer), recipients: submission.rehearsed })
    }

    /// What `recipient` would get of the assessment in `body` if its allow-list alone decided: nobody's consent, and no
    /// agreement, is asked. `reader` is the agency for which it is meant, where the recipient passes it on. For those who
    /// write mappings and allow-lists; nothing is ever sent like this.
    ///
    /// # Errors
    /// The assessment is refused, there is no allow-list for the recipient, or no message can be made for it.
    pub fn rehearse_by_list(
        &self,
        sender: &Partner,
        recipient: &Partner,
        reader: Option<&Partner>,
        body: &[u8],
    ) -> Result<Rehearsed, Refusal> {
        let assessment = self.read_assessment(body)?;
        let no_list = || {
            Refusal::new(Refused::Unprocessable, "business-rule", "", "No allow-list exists for this agency.")
        };
        let viewer = reader.unwrap_or(recipient);
        let audience = viewer.kind.audience().ok_or_else(no_list)?;
        let open = Decision {
            outcome: Outcome::Permit { scope: Scope::Agreed { excluded: Vec::new(), specific: Vec::new() } },
            reason: Reason::ConsentGiven,
            consent: None,
            provision: None,
            agreement: None,
            basis: None,
            override_basis: None,
            data_classes: None,
            shares: reader
                .map_or_else(Vec::new, |reader| [recipient, reader].map(Share::as_if_agreed).into()),
        };
        let permitted = PermittedReferral::for_reader(&open, recipient, reader);
        let permitted = permitted.ok_or_else(Refusal::internal)?;
        let asked = assessment.referrals();
        let meant_for = reader.map(|reader| reader.partner_id.as_str());
        let asked = asked.iter().find(|asked| asked.is_of(recipient.partner_id.as_str(), meant_for));
        let (need, urgency) = asked.map_or(("", "routine"), |one| (&*one.need, &*one.urgency));
        let ask = Ask { recipient: recipient.partner_id.as_str(), need };
        let projection = self.rules.project(&permitted, assessment.raw(), ask);
        let [message, wire, referral, disclosure, correlation, journey] = [(); 6].map(|()| self.mint.uuid());
        let person =
            self.person_reference(&recipient.site_id, &recipient.partner_id, &PersonId::fresh(&self.mint));
        let ids = |role: &str| stable_uuid(&referral, role);
        let signer = self.signer(self.now());
        let frame = Frame {
            message_id: &message,
            wire_id: &wire,
            referral_id: &referral,
            disclosure_id: Some(&disclosure),
            correlation_id: &correlation,
            journey_id: &journey,
            sequence: 1,
            now: self.now(),
            sender,
            recipient,
            nature: viewer.kind.usual_nature(),
            urgency,
            base_url: &self.base_url,
            person_ref: &person,
            answer_by: self.now().plus_seconds(answer_within(urgency)),
            review_due_at: None,
            changed: None,
            on_behalf_of: reader,
            in_reply_to: None,
            sealing: self.sealing(signer.as_ref()),
            ids: &ids,
        };
        let none = |_| {
            let text = "From what may leave, no valid message can be made for this agency. Is it asked, in /referrals, \
                        and is its consent in /consents?";
            Refusal::new(Refused::Unprocessable, "incomplete", "", text)
        };
        let mapped = mapping::render(&frame, audience, &projection)
            .map_err(|issues| Refusal::with_issues(Refused::Unprocessable, issues))?;
        self.check_output(&mapped).map_err(none)?;
        let (made_by, warnings) = (self.made_by(&mapped), mapped.warnings.clone());
        Ok(Rehearsed {
            recipient: recipient.partner_id.clone(),
            on_behalf_of: reader.map(|reader| reader.partner_id.clone()),
            audience: Some(audience),
            channel: recipient.channel,
            decision: None,
            message: Some(RehearsedMessage::new(mapped, made_by)),
            withheld: projection.withheld,
            tells: projection.tells,
            warnings,
        })
    }
}
