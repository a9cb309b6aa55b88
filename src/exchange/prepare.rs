//! From a question ("may this go to them?") to a message that is ready to be committed: decide, minimise, map,
//! check our own output.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Exchange,
    not_made::NotMade,
    people::Consents,
    ports::Write,
    recall::Ends,
    receipts::WITHHELD_COMMITMENT,
    refusal::Refusal,
    rows::{DecisionRow, MessageKind, MessageRow, NewDelivery, ReferralRow, Sealed, Withheld},
};
use crate::{
    assessment::{Assessment, OwnWord},
    audit::{Kind, hex, merkle::sha256},
    clock::Moment,
    consent::{
        Consent, Decision, Exit, Inputs, Override, PermittedReferral, Reason, decide, decide_together,
    },
    directory::{Agreement, Channel, Partner},
    fhir::Issue,
    ids::{
        AssessmentId, DecisionId, DeliveryId, DisclosureId, MessageId, PartnerId, PersonId, ReferralId,
        SiteId,
    },
    mapping::{self, Changed, Frame, Mapped},
    minimise::{Ask, Projection},
    profile::{Schema, Severity, check},
    vault::ContentKey,
};

/// What a decision needs to know about one recipient at one moment.
pub(super) struct Circumstances<'a> {
    pub(super) partner: &'a Partner,
    pub(super) agreements: &'a [Agreement],
    /// For whom it is meant, where the recipient passes it on.
    pub(super) reader: Option<&'a Reading>,
    pub(super) consents: &'a Consents,
    pub(super) consent_seq: i64,
    pub(super) asked_override: Option<&'a Override>,
    pub(super) now: Moment,
}

impl<'a> Circumstances<'a> {
    pub(super) const fn used(&self) -> Used<'a> {
        Used { partner: self.partner, consent_seq: self.consent_seq, now: self.now }
    }
}

/// The agency to which a recipient passes on what it gets, and the agreements with it.
pub(super) struct Reading {
    pub(super) partner: Partner,
    pub(super) agreements: Vec<Agreement>,
}

/// What a decision was made from, beside consents and agreements.
pub(super) struct Used<'a> {
    pub(super) partner: &'a Partner,
    pub(super) consent_seq: i64,
    pub(super) now: Moment,
}

/// A decision as it is stored: with what may leave under it, as sorted `block:view` words (comparing two tells
/// the same, wider or narrower).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Decided {
    pub(super) decision: Decision,
    pub(super) permitted: Vec<String>,
    /// What left of single values that say what another row is about, as `block~row`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tells: Vec<String>,
    /// Of `permitted`, what rests on an override although the person kept it back; the rest is by their consent. Empty where
    /// an override stands alone: then all is by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) by_override: Vec<String>,
    /// The assessment that `permitted` was taken from. A referral that is said anew has another by then, and what is
    /// out must be measured against its own.
    #[serde(default)]
    pub(super) assessment: Option<AssessmentId>,
}

impl Decided {
    /// Whether all that left by this decision may still leave where `permitted` and `tells` may.
    pub(super) fn is_within(&self, permitted: &[String], tells: &[String]) -> bool {
        let is_there = |all: &[String], of: &[String]| all.iter().all(|word| of.contains(word));
        is_there(&self.permitted, permitted) && is_there(&self.tells, tells)
    }

    /// A decision about what holds nothing of an assessment.
    pub(super) const fn of_ids(decision: Decision) -> Self {
        Self { decision, permitted: Vec::new(), tells: Vec::new(), by_override: Vec::new(), assessment: None }
    }
}

/// The latest that a recipient has, or may have, of a referral.
pub(super) struct Earlier {
    pub(super) disclosure_id: DisclosureId,
    /// Its body, where that is JSON; `null` otherwise.
    pub(super) body: Value,
}

/// A decision and what of the assessment it lets through.
pub(super) struct Considered {
    pub(super) decision: Decision,
    /// `None` when nothing may leave.
    pub(super) projection: Option<Projection>,
}

impl Considered {
    /// The decision as it is stored; `assessment` is what it was made about.
    pub(super) fn decided(&self, assessment: &AssessmentId) -> Decided {
        let words = |of: fn(&Projection) -> &Vec<String>| self.projection.as_ref().map(of).cloned();
        Decided {
            decision: self.decision.clone(),
            permitted: words(|projection| &projection.permitted).unwrap_or_default(),
            tells: words(|projection| &projection.tells).unwrap_or_default(),
            by_override: words(|projection| &projection.by_override).unwrap_or_default(),
            assessment: Some(assessment.clone()),
        }
    }

    /// What an override lets go beside the person's consent although they kept it back, as `block:view`.
    pub(super) fn by_override(&self) -> &[String] {
        self.projection.as_ref().map(|projection| projection.by_override.as_slice()).unwrap_or_default()
    }

    /// What is kept back, by rule.
    pub(super) fn withheld(&self) -> Vec<Withheld> {
        if let Some(projection) = &self.projection {
            return projection.withheld.clone();
        }
        let all = |rule: String, reason: Reason| Withheld {
            field: String::from("*"),
            rule,
            reason: reason.as_str().to_owned(),
        };
        // Where two agencies would read it, which of them may not.
        let noes = self.decision.shares.iter().filter(|share| !share.permits);
        let told: Vec<Withheld> =
            noes.map(|no| all(format!("consent/1@{}", no.partner), no.reason)).collect();
        if told.is_empty() { vec![all(String::from("consent/1"), self.decision.reason)] } else { told }
    }
}

impl Exchange {
    /// Decides, and projects the assessment when the answer is yes.
    pub(super) fn consider(&self, at: &Circumstances<'_>, assessment: &Assessment, need: &str) -> Considered {
        let (decision, permitted) = self.decide_on(at, assessment.own_word());
        let projection = permitted.map(|permitted| self.projected(&permitted, at.consents, assessment, need));
        Considered { decision, projection }
    }

    /// What of an assessment goes to whom it may. What goes under a consent tells of that one, whether this assessment
    /// states it or it was given before.
    pub(super) fn projected(
        &self,
        permitted: &PermittedReferral,
        consents: &Consents,
        assessment: &Assessment,
        need: &str,
    ) -> Projection {
        let ask = Ask { recipient: permitted.recipient().partner_id.as_str(), need };
        let stated = rests_on(permitted.decision(), consents).map(|consent| consent.stated_in(assessment));
        let stated = stated.unwrap_or(Cow::Borrowed(assessment.raw()));
        self.rules.project(permitted, &stated, ask)
    }

    /// Decides about the recipient, and about the agency for which it is meant where that is another; with the proof when
    /// the answer is yes.
    pub(super) fn decide_on(
        &self,
        at: &Circumstances<'_>,
        own_word: OwnWord,
    ) -> (Decision, Option<PermittedReferral>) {
        let about = |partner, agreements| self.inputs(partner, agreements, at, own_word);
        let carrier = about(at.partner, at.agreements);
        match at.reader {
            None => {
                let decision = decide(carrier);
                let permitted = PermittedReferral::new(&decision, at.partner);
                (decision, permitted)
            }
            Some(Reading { partner: reader, agreements }) => {
                let decision = decide_together(carrier, about(reader, agreements));
                let permitted = PermittedReferral::for_another(&decision, at.partner, reader);
                (decision, permitted)
            }
        }
    }

    /// What one agency's part of a decision is made from.
    pub(super) fn inputs<'i>(
        &'i self,
        partner: &'i Partner,
        agreements: &'i [Agreement],
        at: &Circumstances<'i>,
        own_word: OwnWord,
    ) -> Inputs<'i> {
        Inputs {
            partner,
            agreements,
            purposes: self.rules.purposes(partner.kind.audience()),
            consents: at.consents,
            r#override: at.asked_override,
            own_word,
            now: at.now,
        }
    }

    /// The agency for which something is meant, with the agreements with it.
    pub(super) async fn reading(&self, reader: Option<&Partner>) -> Result<Option<Reading>, Refusal> {
        let Some(partner) = reader.cloned() else { return Ok(None) };
        let agreements = self.store.agreements(&partner.site_id, &partner.partner_id).await?;
        Ok(Some(Reading { partner, agreements }))
    }

    /// The row that records a decision.
    pub(super) fn decision_row(
        &self,
        referral: &ReferralRow,
        decided: &Decided,
        used: &Used<'_>,
        exit: Exit,
        key: &ContentKey,
    ) -> DecisionRow {
        let decision = &decided.decision;
        let decision_id = DecisionId::fresh(&self.mint);
        let body = serde_json::to_vec(decided).unwrap_or_default();
        DecisionRow {
            site_id: referral.site_id.clone(),
            referral_id: referral.referral_id.clone(),
            person_id: referral.person_id.clone(),
            recipient_id: used.partner.partner_id.clone(),
            exit: exit.as_str().to_owned(),
            answer: String::from(if decision.permits() { "permit" } else { "deny" }),
            reason: decision.reason.as_str().to_owned(),
            consent: decision.consent.clone(),
            agreement: decision.agreement.clone(),
            body: self.vault.seal(key, &decision_label(&decision_id), &body),
            policy_version: self.rules.version().to_owned(),
            consent_seq: used.consent_seq,
            partner_version: used.partner.version,
            decided_at: used.now,
            decision_id,
        }
    }

    /// A stored decision, opened.
    pub(super) fn open_decision(&self, row: &DecisionRow, key: &ContentKey) -> Result<Decided, Refusal> {
        let bytes = self.vault.unseal(key, &decision_label(&row.decision_id), &row.body)?;
        serde_json::from_slice(&bytes).map_err(|_| Refusal::internal())
    }

    /// The list of what was withheld, sealed for the referral's row.
    pub(super) fn seal_withheld(&self, id: &ReferralId, withheld: &[Withheld], key: &ContentKey) -> Sealed {
        let bytes = serde_json::to_vec(withheld).unwrap_or_default();
        self.vault.seal(key, &withheld_label(id), &bytes)
    }

    /// What was withheld, opened.
    pub(super) fn open_withheld(
        &self,
        row: &ReferralRow,
        key: &ContentKey,
    ) -> Result<Vec<Withheld>, Refusal> {
        let bytes = self.vault.unseal(key, &withheld_label(&row.referral_id), &row.withheld)?;
        serde_json::from_slice(&bytes).map_err(|_| Refusal::internal())
    }

    /// Makes the message that discloses `projection`. An output that does not pass its own profile is an error
    /// of ours and does not leave. `earlier` is what the recipient has of it already.
    pub(super) fn make_disclosure(
        &self,
        referral: &ReferralRow,
        decision: &DecisionRow,
        projection: &Projection,
        ends: &Ends<'_>,
        earlier: Option<&Earlier>,
    ) -> Result<(MessageRow, Mapped), NotMade> {
        let disclosure_id = DisclosureId::fresh(&self.mint);
        let draft = MessageRow {
            disclosure_id: Some(disclosure_id),
            ..self.draft(referral, MessageKind::Disclosure, ends.sender, ends.recipient)
        };
        let mapped = self.disclosure(referral, &draft, projection, ends, earlier, &self.base_url)?;
        if let Some((part, issues)) = self.wrong_with(&mapped)? {
            let _logged = own_output_is_wrong(&issues);
            return Err(NotMade::of(&mapped.lineage, part, &issues));
        }
        let frame = self.kept_frame(referral, &draft, ends, earlier);
        let decision_id = Some(decision.decision_id.clone());
        let message = self.seal_message(MessageRow { frame, ..draft }, decision_id, &mapped, ends.key);
        Ok((message, mapped))
    }

    /// What `projection` becomes in the message that `draft` is of: the same bytes for the same arguments.
    pub(super) fn disclosure(
        &self,
        referral: &ReferralRow,
        draft: &MessageRow,
        projection: &Projection,
        ends: &Ends<'_>,
        earlier: Option<&Earlier>,
        base_url: &str,
    ) -> Result<Mapped, Refusal> {
        let changed = earlier.map(|earlier| Changed {
            since: referral.created_at,
            task: referral.state.task_status(),
            business_status: &referral.business_status,
            supersedes: earlier.disclosure_id.as_str(),
        });
        let audience = referral.audience.ok_or_else(Refusal::internal)?;
        let disclosure_id = draft.disclosure_id.as_ref();
        let mut mapped = self
            .with_frame(referral, draft, disclosure_id, ends.sender, ends.recipient, |frame| {
                mapping::render(
                    &Frame {
                        on_behalf_of: ends.on_behalf_of,
                        in_reply_to: ends.in_reply_to,
                        changed,
                        base_url,
                        ..*frame
                    },
                    audience,
                    projection,
                )
            })
            .map_err(|issues| own_output_is_wrong(&issues))?;
        if let Some(earlier) = earlier {
            mapping::keep_times(&mut mapped, &earlier.body);
        }
        Ok(mapped)
    }

    /// The entry of a disclosure: which message, by which decision, made how, and the commitment to what was withheld.
    pub(super) fn disclosed(
        &self,
        referral: &ReferralRow,
        message: &MessageRow,
        mapped: &Mapped,
        decision: &DecisionRow,
        withheld: &str,
        actor: &str,
    ) -> Write {
        let mut note = self
            .note_on(referral, message.created_at, Kind::Disclosed, actor)
            .of_message(message)
            .about("decision", &decision.decision_id)
            .fact("body-sha256", &hex(&message.body_sha256))
            .fact("mapping", &message.mapping_version)
            .fact("policy", &decision.policy_version)
            .fact(WITHHELD_COMMITMENT, withheld);
        if let Some(detail) = &mapped.detail {
            note = note.fact("detail-sha256", &hex(&sha256(detail)));
        }
        note.write()
    }

    /// The delivery that carries `message`.
    pub(super) fn new_delivery(
        &self,
        message: &MessageRow,
        channel: Channel,
        not_before: Moment,
    ) -> NewDelivery {
        NewDelivery {
            site_id: message.site_id.clone(),
            delivery_id: DeliveryId::fresh(&self.mint),
            message_id: message.message_id.clone(),
            referral_id: message.referral_id.clone(),
            recipient_id: message.recipient_id.clone(),
            person_id: message.person_id.clone(),
            channel,
            not_before,
            created_at: message.created_at,
        }
    }

    /// An unsealed draft of a message row with fresh ids.
    pub(super) fn draft(
        &self,
        referral: &ReferralRow,
        kind: MessageKind,
        sender: &Partner,
        recipient: &Partner,
    ) -> MessageRow {
        MessageRow {
            site_id: referral.site_id.clone(),
            message_id: MessageId::fresh(&self.mint),
            kind,
            referral_id: referral.referral_id.clone(),
            person_id: referral.person_id.clone(),
            sender_id: sender.partner_id.clone(),
            recipient_id: recipient.partner_id.clone(),
            decision_id: None,
            disclosure_id: None,
            wire_id: self.mint.uuid(),
            workflow: String::new(),
            content_type: String::new(),
            body_sha256: [0; 32],
            body: Sealed(Vec::new()),
            detail: None,
            lineage: Sealed(Vec::new()),
            mapping_version: String::new(),
            made_by: None,
            frame: None,
            created_at: self.now(),
        }
    }

    /// Calls `make` with the frame that every mapping needs.
    pub(super) fn with_frame<T>(
        &self,
        referral: &ReferralRow,
        draft: &MessageRow,
        disclosure: Option<&DisclosureId>,
        sender: &Partner,
        recipient: &Partner,
        make: impl FnOnce(&Frame<'_>) -> T,
    ) -> T {
        let person_ref = self.person_reference(&referral.site_id, &recipient.partner_id, &referral.person_id);
        let (wire_id, id) = (draft.wire_id.as_str(), referral.referral_id.as_str());
        // What a referral is made of has the same address in each message that discloses it.
        let is_same = |role: &str| draft.kind == MessageKind::Disclosure && role != mapping::MESSAGE_HEADER;
        let ids = |role: &str| stable_uuid(if is_same(role) { id } else { wire_id }, role);
        let signer = self.signer(draft.created_at);
        let journey_id = stable_uuid(referral.episode_id.as_str(), "journey");
        make(&Frame {
            message_id: draft.message_id.as_str(),
            wire_id: &draft.wire_id,
            referral_id: referral.referral_id.as_str(),
            disclosure_id: disclosure.map(DisclosureId::as_str),
            correlation_id: &referral.correlation_id,
            journey_id: &journey_id,
            sequence: referral.messages.saturating_add(1),
            now: draft.created_at,
            sender,
            recipient,
            nature: referral.nature,
            urgency: &referral.urgency,
            base_url: &self.base_url,
            person_ref: &person_ref,
            answer_by: referral.answer_by,
            review_due_at: referral.review_due_at,
            changed: None,
            on_behalf_of: None,
            in_reply_to: None,
            sealing: self.sealing(signer.as_ref()),
            ids: &ids,
        })
    }

    /// A pseudonym for the person that only this agency sees.
    pub(super) fn person_reference(&self, site: &SiteId, agency: &PartnerId, person: &PersonId) -> String {
        let kind = format!("reference:{agency}");
        let hash = self.vault.lookup_hash(site, &kind, person.as_str());
        let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ2346789";
        let word: String = hash
            .iter()
            .take(10)
            .filter_map(|b| letters.get(usize::from(*b) % letters.len()))
            .map(|b| char::from(*b))
            .collect();
        format!("LD-{word}")
    }

    /// Keeps under which pseudonym each side of a new referral knows its person, so that it can be found by it.
    pub(super) fn known_as(&self, write: &Write) -> Vec<Write> {
        let Write::Referral(row) = write else { return Vec::new() };
        [&row.sender_id, &row.recipient_id]
            .into_iter()
            .map(|agency| {
                let reference = self.person_reference(&row.site_id, agency, &row.person_id);
                Write::PersonReference(row.site_id.clone(), agency.clone(), reference, row.person_id.clone())
            })
            .collect()
    }

    /// Checks a message of ours against the profile that it says it follows. A FHIR message must name a profile
    /// of ours beside those of others; warnings do not hold it back.
    pub(super) fn check_output(&self, mapped: &Mapped) -> Result<(), Refusal> {
        match self.wrong_with(mapped)? {
            Some((_, issues)) => Err(own_output_is_wrong(&issues)),
            None => Ok(()),
        }
    }

    /// What is wrong with a message of ours, and in which part of it; `None` where nothing is.
    pub(super) fn wrong_with(&self, mapped: &Mapped) -> Result<Option<(&'static str, Vec<Issue>)>, Refusal> {
        let parts = std::iter::once(("body", mapped.body_schema, Some(&mapped.body)))
            .chain(mapped.detail_schema.map(|schema| ("detail", schema, mapped.detail.as_ref())));
        for (part, name, bytes) in parts {
            let value =
                bytes.and_then(|b| serde_json::from_slice::<Value>(b).ok()).ok_or_else(Refusal::internal)?;
            let issues = if name == mapping::FHIR_PROFILES {
                self.check_fhir(&value)?
            } else {
                let schema = Schema::parse(name).ok_or_else(Refusal::internal)?;
                self.profiles.check(schema, &value)
            };
            if !issues.is_empty() {
                return Ok(Some((part, issues)));
            }
        }
        Ok(None)
    }

    /// What is wrong with a FHIR message of ours.
    fn check_fhir(&self, message: &Value) -> Result<Vec<Issue>, Refusal> {
        let named = message.pointer("/meta/profile").and_then(Value::as_array);
        let is_ours = |url: &Value| {
            url.as_str().is_some_and(|url| url.starts_with(mapping::OUR_PROFILES) && self.fhir.knows(url))
        };
        if !named.into_iter().flatten().any(is_ours) {
            return Err(Refusal::internal());
        }
        let findings = self.fhir.check(message, &check::Ask::at(self.now().0));
        Ok(findings.into_iter().filter(|found| found.severity == Severity::Error).map(Issue::from).collect())
    }

    /// Seals what `mapped` holds into `draft`.
    pub(super) fn seal_message(
        &self,
        draft: MessageRow,
        decision_id: Option<DecisionId>,
        mapped: &Mapped,
        key: &ContentKey,
    ) -> MessageRow {
        let id = draft.message_id.as_str();
        let seal = |part: &str, bytes: &[u8]| self.vault.seal(key, &message_label(id, part), bytes);
        let lineage = serde_json::to_vec(&mapped.lineage).unwrap_or_default();
        MessageRow {
            decision_id,
            workflow: mapped.workflow.clone(),
            content_type: mapped.content_type.to_owned(),
            body_sha256: sha256(&mapped.body),
            body: seal("body", &mapped.body),
            detail: mapped.detail.as_ref().map(|d| seal("detail", d)),
            lineage: seal("lineage", &lineage),
            mapping_version: mapped.version.to_owned(),
            made_by: serde_json::to_string(&self.made_by(mapped)).ok(),
            ..draft
        }
    }
}

/// The consent that a decision rests on; none where it passed over what the person said.
fn rests_on<'c>(decision: &Decision, consents: &'c Consents) -> Option<&'c Consent> {
    let (id, version) = decision.consent.as_ref().filter(|_| !decision.is_override())?;
    consents.iter().flatten().find(|consent| consent.id == *id && consent.version == *version)
}

fn decision_label(decision: &DecisionId) -> String {
    format!("decision:{decision}")
}

fn withheld_label(referral: &ReferralId) -> String {
    format!("withheld:{referral}")
}

/// The label under which a part of a message is sealed.
pub(super) fn message_label(message_id: &str, part: &str) -> String {
    format!("message:{message_id}:{part}")
}

fn own_output_is_wrong(issues: &[super::refusal::Issue]) -> Refusal {
    for issue in issues {
        tracing::error!(code = issue.code, path = %issue.path, text = %issue.diagnostics, "our own message is not valid");
    }
    Refusal::internal()
}

/// A UUID (version 8) that is the same for the same message and role.
pub(super) fn stable_uuid(seed: &str, role: &str) -> String {
    let hash = sha256(format!("{seed}\u{0}{role}").as_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
