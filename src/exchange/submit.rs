//! `POST /assessments`: one assessment becomes one referral or piece of advice for each recipient, all in one
//! commit.

use serde_json::{Map, Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    caller::Caller,
    idempotency::Ticket,
    people::{Consents, Description, Identified, consent_label},
    ports::{CommitError, Precondition, Write, WriteSet},
    prepare::Circumstances,
    refusal::{Issue, Refusal, Refused},
    rows::{AssessmentRow, ConsentRow, EpisodeRow, NewDelivery, ReferralRow},
};
use crate::{
    assessment::{AskedReferral, AssessedConsent, Assessment},
    audit::{Kind, hex, merkle::sha256},
    clock::Moment,
    consent::{Consent, ConsentDecision, ConsentStatus, Exit, Override},
    directory::{AgencyKind, Agreement, Nature, Partner},
    fhir,
    ids::{AssessmentId, ConsentId, DeliveryId, EpisodeId, ReferralId},
    limits,
    mapping::Mapped,
    profile::Schema,
    referral::{PlanItem, State, order},
};

/// A recipient as the assessment asks for it and as the directory knows it.
struct Asked<'a> {
    place: usize,
    asked: AskedReferral,
    partner: &'a Partner,
    agreements: Vec<Agreement>,
    over: Option<(Override, String)>,
}

/// Everything that a submission would write, and what it would answer.
struct Submission {
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    answer: Map<String, Value>,
    previews: Vec<Value>,
    assessment_id: AssessmentId,
}

impl Exchange {
    /// Takes an assessment, plans, decides, minimises, maps and commits; `dry_run` answers with the plan and
    /// with the bytes that each recipient would get, and stores nothing.
    pub async fn submit_assessment(
        &self,
        caller: &Caller,
        key: &str,
        body: &[u8],
        dry_run: bool,
    ) -> Result<Answer, Refusal> {
        if caller.kind != AgencyKind::LiaisonDiversion {
            return Err(Refusal::new(
                Refused::Forbidden,
                "forbidden",
                "",
                "Only a liaison and diversion service submits assessments. Other agencies ask through \
                 POST /justice/requests.",
            ));
        }
        let ticket = if dry_run { None } else { Some(Ticket::new(key, "POST /assessments", body)?) };
        let assessment = self.read_assessment(body)?;
        for _ in 0..DECIDE_TRIES {
            if let Some(ticket) = &ticket
                && let Some(first) = self.first_answer(caller, ticket).await?
            {
                return Ok(first);
            }
            let mut submission = self.plan_submission(caller, &assessment, body).await?;
            let Some(ticket) = &ticket else {
                submission.answer.insert(String::from("preview"), Value::Array(submission.previews));
                return Ok(Answer::json(200, &Value::Object(submission.answer)));
            };
            let mut answer = Answer::json(201, &Value::Object(submission.answer));
            answer.location = Some(format!("/assessments/{}", submission.assessment_id));
            let mut writes = submission.writes;
            writes.push(self.keep_answer(caller, ticket, &answer, self.now()));
            let mut preconditions = submission.preconditions;
            preconditions.push(ticket.precondition(caller));
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict(_) | CommitError::Exists(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    /// Parses and validates; every issue at once.
    fn read_assessment(&self, body: &[u8]) -> Result<Assessment, Refusal> {
        let value = read_json(body)?;
        let profile = value.get("profile").and_then(Value::as_str);
        if let Some(profile) = profile
            && profile != Assessment::ADULT_PROFILE
        {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "not-supported",
                "/profile",
                format!("This gateway takes assessments of the profile {}.", Assessment::ADULT_PROFILE),
            ));
        }
        let issues = self.profiles.check(Schema::AssessmentAdult, &value);
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        let assessment = Assessment::new(value);
        let issues = assessment.contradictions(self.now());
        if issues.is_empty() {
            Ok(assessment)
        } else {
            Err(Refusal::with_issues(Refused::Unprocessable, issues))
        }
    }

    async fn plan_submission(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        body: &[u8],
    ) -> Result<Submission, Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let partners = self.store.partners(site).await?;
        let sender =
            partners.iter().find(|p| p.partner_id == caller.partner_id).ok_or_else(Refusal::not_found)?;
        let asked = self.resolve(&partners, assessment).await?;

        let nhs_number = assessment.nhs_number().filter(|(_, verified)| *verified);
        let person = self
            .identify(
                site,
                &Description {
                    sender: &caller.partner_id,
                    reference: assessment.person_reference(),
                    nhs_number: nhs_number.as_ref().map(|(number, _)| number.as_str()),
                    birth_date: assessment.birth_date(),
                },
            )
            .await?;
        let episode =
            if person.is_new { None } else { self.store.open_episode(site, &person.row.person_id).await? };
        let mut writes = person.writes.clone();
        let mut preconditions = Vec::new();
        if !person.is_new {
            preconditions.push(Precondition::ConsentSeq(
                site.clone(),
                person.row.person_id.clone(),
                person.row.consent_seq,
            ));
        }
        let episode_id = match episode {
            Some(open) => open.episode_id,
            None => {
                let episode_id = EpisodeId::fresh(&self.mint);
                writes.push(Write::Episode(EpisodeRow {
                    site_id: site.clone(),
                    episode_id: episode_id.clone(),
                    person_id: person.row.person_id.clone(),
                    status: String::from("open"),
                    opened_at: now,
                }));
                episode_id
            }
        };
        let assessment_id = AssessmentId::fresh(&self.mint);
        writes.push(Write::Assessment(AssessmentRow {
            site_id: site.clone(),
            assessment_id: assessment_id.clone(),
            episode_id: episode_id.clone(),
            person_id: person.row.person_id.clone(),
            sender_id: caller.partner_id.clone(),
            profile: assessment.profile().to_owned(),
            received_at: now,
            body_sha256: sha256(body),
            body: self.vault.seal(&person.key, &assessment_label(&assessment_id), body),
        }));
        writes.push(
            self.note(site, now, Kind::Received, caller.partner_id.as_str())
                .about("assessment", &assessment_id)
                .about("episode", &episode_id)
                .person(&person.row.person_id)
                .fact("profile", assessment.profile())
                .fact("body-sha256", hex(&sha256(body)))
                .write(),
        );

        let mut warnings = assessment.warnings();
        let (consents, recorded) =
            self.record_consents(caller, assessment, &person, now, &mut writes, &mut warnings).await?;
        let consent_seq = person.row.consent_seq + i64::from(!recorded.is_empty());

        let mut planned: Vec<Option<Value>> = vec![None; asked.len()];
        let mut previews = Vec::new();
        for place in self.plan_order(assessment, &asked) {
            let Some(one) = asked.get(place) else { continue };
            if self.store.backlog(site, &one.partner.partner_id).await? >= limits::PARTNER_BACKLOG_MAX {
                return Err(Refusal::unavailable());
            }
            let basis = Basis {
                caller,
                sender,
                person: &person,
                assessment,
                assessment_id: &assessment_id,
                episode_id: &episode_id,
                consents: &consents,
                consent_seq,
                now,
            };
            let (shown, preview) = self.plan_one(&basis, one, &mut writes, &mut warnings)?;
            if let Some(slot) = planned.get_mut(place) {
                *slot = Some(shown);
            }
            previews.push(preview);
            preconditions.push(Precondition::PartnerVersion(
                site.clone(),
                one.partner.partner_id.clone(),
                one.partner.version,
            ));
        }

        let mut answer = Map::new();
        answer.insert(String::from("assessment_id"), json!(assessment_id));
        answer.insert(String::from("episode_id"), json!(episode_id));
        answer.insert(String::from("person"), json!(person.row.person_id));
        answer.insert(String::from("consents"), Value::Array(recorded));
        answer.insert(String::from("referrals"), planned.into_iter().flatten().collect());
        answer.insert(
            String::from("warnings"),
            warnings.iter().map(|w| json!({"path": w.path, "text": w.diagnostics})).collect(),
        );
        Ok(Submission { writes, preconditions, answer, previews, assessment_id })
    }

    /// Finds every agency that the assessment names; an unknown one is an issue at its place.
    async fn resolve<'a>(
        &self,
        partners: &'a [Partner],
        assessment: &Assessment,
    ) -> Result<Vec<Asked<'a>>, Refusal> {
        let find = |slug: &str| partners.iter().find(|p| p.partner_id.as_str() == slug);
        let unknown = |path: String| {
            Issue::new("not-found", path, "No agency with this id is in the directory of your site.")
        };
        let mut issues = Vec::new();
        for (place, consent) in assessment.consents().iter().enumerate() {
            if find(&consent.recipient).is_none() {
                issues.push(unknown(format!("/consents/{place}/recipient")));
            }
        }
        let overrides = assessment.overrides();
        for (place, over) in overrides.iter().enumerate() {
            if find(&over.recipient).is_none() {
                issues.push(unknown(format!("/overrides/{place}/recipient")));
            }
        }
        let mut asked = Vec::new();
        for (place, referral) in assessment.referrals().into_iter().enumerate() {
            let Some(partner) = find(&referral.recipient) else {
                issues.push(unknown(format!("/referrals/{place}/recipient")));
                continue;
            };
            if partner.kind.audience().is_none() {
                issues.push(Issue::new(
                    "business-rule",
                    format!("/referrals/{place}/recipient"),
                    "Nothing may leave to this kind of agency: no allow-list exists for it.",
                ));
                continue;
            }
            let over = overrides.iter().find(|o| o.recipient == referral.recipient).map(|o| {
                let asked = Override { reason: o.reason.clone(), imminent: assessment.imminent_risk() };
                (asked, o.practitioner.clone())
            });
            let agreements = self.store.agreements(&partner.site_id, &partner.partner_id).await?;
            asked.push(Asked { place, asked: referral, partner, agreements, over });
        }
        if issues.is_empty() { Ok(asked) } else { Err(Refusal::with_issues(Refused::Unprocessable, issues)) }
    }

    fn plan_order(&self, assessment: &Assessment, asked: &[Asked<'_>]) -> Vec<usize> {
        let items: Vec<PlanItem> = asked
            .iter()
            .map(|one| PlanItem {
                kind: one.partner.kind,
                urgency: one.asked.urgency.clone(),
                need_rank: assessment.priority_rank(&one.asked.need),
            })
            .collect();
        order(&items)
    }

    /// Records what the person said, for each recipient one thread of versions. A statement that is older than
    /// the one on record changes nothing.
    async fn record_consents(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        person: &Identified,
        now: Moment,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(Consents, Vec<Value>), Refusal> {
        let site = &caller.site_id;
        let rows = if person.is_new {
            Vec::new()
        } else {
            self.store.consents_of(site, &person.row.person_id).await?
        };
        let mut known = self.open_consents(&person.key, &rows);
        let mut recorded = Vec::new();
        for (place, said) in assessment.consents().into_iter().enumerate() {
            let at =
                known.iter().position(|c| c.as_ref().is_ok_and(|c| c.recipient.as_str() == said.recipient));
            let on_record = at.and_then(|at| known.get(at)).and_then(|c| c.as_ref().ok());
            let said_at = Moment::from_rfc3339(&said.recorded_at).unwrap_or(now);
            if let Some(earlier) = on_record
                && said_at < rows_moment(&rows, &earlier.id).unwrap_or(earlier.valid_from)
            {
                warnings.push(Issue::new(
                    "business-rule",
                    format!("/consents/{place}"),
                    "A later statement by the person is on record for this recipient; this one changes nothing.",
                ));
                continue;
            }
            let id = on_record.map_or_else(|| ConsentId::fresh(&self.mint), |c| c.id.clone());
            let version = on_record.map_or(1, |c| c.version + 1);
            let consent = consent_from(said, id, version, person, said_at, place)?;
            recorded.push(json!({"consent_id": consent.id, "recipient": consent.recipient}));
            let body = consent.to_fhir().to_string();
            writes.push(Write::Consent(ConsentRow {
                site_id: site.clone(),
                consent_id: consent.id.clone(),
                version,
                person_id: person.row.person_id.clone(),
                recipient_id: consent.recipient.clone(),
                status: String::from("active"),
                recorded_by: caller.partner_id.to_string(),
                recorded_at: now,
                body: self.vault.seal(&person.key, &consent_label(&consent.id, version), body.as_bytes()),
            }));
            writes.push(
                self.note(site, now, Kind::ConsentRecorded, caller.partner_id.as_str())
                    .about("consent", &consent.id)
                    .fact("version", version)
                    .person(&person.row.person_id)
                    .partner(&consent.recipient)
                    .write(),
            );
            match at.and_then(|at| known.get_mut(at)) {
                Some(slot) => *slot = Ok(consent),
                None => known.push(Ok(consent)),
            }
        }
        if !recorded.is_empty() {
            writes.push(Write::ConsentSeqUp(site.clone(), person.row.person_id.clone()));
        }
        Ok((known, recorded))
    }

    /// Decides for one recipient and adds what that means to the writes. Answers what the sender is shown, and
    /// the preview.
    fn plan_one(
        &self,
        basis: &Basis<'_>,
        one: &Asked<'_>,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(Value, Value), Refusal> {
        let actor = basis.caller.partner_id.as_str();
        let circumstances = Circumstances {
            partner: one.partner,
            agreements: &one.agreements,
            consents: basis.consents,
            consent_seq: basis.consent_seq,
            asked_override: one.over.as_ref().map(|(o, _)| o),
            now: basis.now,
        };
        let considered = self.consider(&circumstances, basis.assessment.raw(), &one.asked.need);
        let permits = considered.decision.permits();
        let nature = one.partner.kind.usual_nature();
        let overridden = considered.decision.is_override();
        let mut referral = ReferralRow {
            site_id: basis.caller.site_id.clone(),
            referral_id: ReferralId::fresh(&self.mint),
            episode_id: basis.episode_id.clone(),
            person_id: basis.person.row.person_id.clone(),
            assessment_id: Some(basis.assessment_id.clone()),
            sender_id: basis.caller.partner_id.clone(),
            recipient_id: one.partner.partner_id.clone(),
            nature,
            audience: one.partner.kind.audience(),
            channel: one.partner.channel,
            urgency: one.asked.urgency.clone(),
            need: one.asked.need.clone(),
            state: match (permits, nature) {
                (false, _) => State::Withheld,
                (true, Nature::Referral) => State::Queued,
                (true, Nature::Advice) => State::Issued,
            },
            business_status: String::from(if permits { "sent" } else { "withheld" }),
            reason: considered.decision.reason.as_str().to_owned(),
            receiver_note: None,
            withheld: considered.withheld(),
            disclosure_id: None,
            decision_id: None,
            review_due_at: overridden.then(|| basis.now.plus_seconds(limits::OVERRIDE_REVIEW_SECONDS)),
            recall_answer: None,
            correlation_id: self.mint.uuid(),
            messages: 0,
            version: 1,
            created_at: basis.now,
            updated_at: basis.now,
        };
        let decision = self.decision_row(&referral, &considered, &circumstances, Exit::Plan);
        referral.decision_id = Some(decision.decision_id.clone());
        writes.push(Write::Decision(decision.clone()));
        writes.push(self.decided(&referral, &decision, actor));

        let mut preview = json!({"recipient": one.partner.partner_id, "body": null, "detail": null});
        if let Some(projection) = &considered.projection {
            let (message, mapped) = self.make_disclosure(
                &referral,
                &decision,
                projection,
                basis.sender,
                one.partner,
                &basis.person.key,
            )?;
            preview = preview_of(one.partner, &mapped);
            referral.disclosure_id.clone_from(&message.disclosure_id);
            referral.messages = 1;
            let not_before = one.asked.not_before_moment().unwrap_or(basis.now);
            writes.push(
                self.note_on(&referral, basis.now, Kind::Disclosed, actor)
                    .about("message", &message.message_id)
                    .about("decision", &decision.decision_id)
                    .fact("body-sha256", hex(&message.body_sha256))
                    .fact("mapping", &message.mapping_version)
                    .fact("policy", &decision.policy_version)
                    .write(),
            );
            let delivery = NewDelivery {
                site_id: referral.site_id.clone(),
                delivery_id: DeliveryId::fresh(&self.mint),
                message_id: message.message_id.clone(),
                referral_id: referral.referral_id.clone(),
                recipient_id: one.partner.partner_id.clone(),
                person_id: referral.person_id.clone(),
                channel: one.partner.channel,
                not_before: not_before.max(basis.now),
                created_at: basis.now,
            };
            writes.push(Write::Message(message));
            writes.push(Write::Enqueue(delivery));
        }
        if !referral.withheld.is_empty() {
            let kept = serde_json::to_vec(&referral.withheld).unwrap_or_default();
            let label = format!("withheld:{}", referral.referral_id);
            writes.push(
                self.note_on(&referral, basis.now, Kind::Withheld, actor)
                    .fact("fields", referral.withheld.len())
                    .content(self.vault.seal(&basis.person.key, &label, &kept))
                    .write(),
            );
        }
        if let Some((_, practitioner)) = &one.over {
            if overridden {
                let label = format!("override:{}", referral.referral_id);
                writes.push(
                    self.note_on(&referral, basis.now, Kind::Overridden, actor)
                        .fact("reason", "RISK-TO-LIFE-SELF")
                        .fact("review-due", referral.review_due_at.unwrap_or(basis.now))
                        .content(self.vault.seal(&basis.person.key, &label, practitioner.as_bytes()))
                        .write(),
                );
            } else if !permits {
                warnings.push(Issue::new(
                    "business-rule",
                    format!("/referrals/{}", one.place),
                    "Nothing was sent without consent: there is no current imminent risk, or the agreement has \
                     no emergency row. Telephone the recipient.",
                ));
            }
        }
        let shown = show_planned(&referral, one.partner);
        // The referral's row comes before what refers to it.
        let at = writes
            .iter()
            .position(|w| matches!(w, Write::Decision(d) if d.referral_id == referral.referral_id));
        writes.insert(at.unwrap_or(writes.len()), Write::Referral(referral));
        Ok((shown, preview))
    }
}

/// What the plan for each recipient rests on.
struct Basis<'a> {
    caller: &'a Caller,
    sender: &'a Partner,
    person: &'a Identified,
    assessment: &'a Assessment,
    assessment_id: &'a AssessmentId,
    episode_id: &'a EpisodeId,
    consents: &'a Consents,
    consent_seq: i64,
    now: Moment,
}

/// The label under which an assessment is sealed.
pub(super) fn assessment_label(assessment: &AssessmentId) -> String {
    format!("assessment:{assessment}")
}

/// Reads JSON strictly; 400 with the place when it is not.
pub(super) fn read_json(body: &[u8]) -> Result<Value, Refusal> {
    fhir::json::parse(body)
        .map_err(|fault| Refusal::new(Refused::BadRequest, fault.code, fault.path, fault.text))
}

/// When the version on record was recorded (a withdrawal counts, not only the first statement).
fn rows_moment(rows: &[ConsentRow], id: &ConsentId) -> Option<Moment> {
    rows.iter().find(|r| r.consent_id == *id).filter(|r| r.status != "active").map(|r| r.recorded_at)
}

fn consent_from(
    said: AssessedConsent,
    id: ConsentId,
    version: i64,
    person: &Identified,
    said_at: Moment,
    place: usize,
) -> Result<Consent, Refusal> {
    let wrong = |field: &str, text: &str| {
        Refusal::new(Refused::Unprocessable, "value", format!("/consents/{place}/{field}"), text)
    };
    let valid_to = said
        .valid_to()
        .ok_or_else(|| wrong("valid_until", "A date, or a date-time with an offset, is needed here."))?;
    let recipient = crate::ids::PartnerId::parse(&said.recipient)
        .ok_or_else(|| wrong("recipient", "An agency's id of your directory is needed here."))?;
    Ok(Consent {
        id,
        version,
        person: person.row.person_id.clone(),
        recipient,
        status: ConsentStatus::Active,
        decision: if said.agreed { ConsentDecision::Permit } else { ConsentDecision::Deny },
        valid_from: said_at,
        valid_to,
        excluded: said.excludes,
        specific: said.specific,
        had_capacity: said.had_capacity,
        captured_by: said.captured_by,
        how: said.how,
    })
}

fn show_planned(referral: &ReferralRow, partner: &Partner) -> Value {
    json!({
        "referral_id": referral.referral_id,
        "recipient": referral.recipient_id,
        "kind": partner.kind,
        "nature": referral.nature,
        "channel": referral.channel,
        "state": referral.state,
        "reason": referral.reason,
        "disclosure_id": referral.disclosure_id,
        "withheld": referral.withheld,
        "review_due_at": referral.review_due_at.map(Moment::to_rfc3339),
    })
}

fn preview_of(partner: &Partner, mapped: &Mapped) -> Value {
    json!({
        "recipient": partner.partner_id,
        "content_type": mapped.content_type,
        "body": String::from_utf8_lossy(&mapped.body),
        "detail": mapped.detail.as_ref().map(|d| String::from_utf8_lossy(d)),
    })
}
