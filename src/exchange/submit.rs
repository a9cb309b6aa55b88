//! `POST /assessments`: one assessment becomes one referral or piece of advice for each recipient, all in one
//! commit.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    caller::Caller,
    consents::Recorded,
    form_in::FormIn,
    idempotency::Ticket,
    less::{Left, TakenBack},
    people::{Description, Identified},
    plan::{Asked, Basis},
    ports::{Precondition, Write, WriteSet},
    recall::Why,
    refusal::{Issue, Refusal, Refused},
    rehearse::Rehearsed,
    rows::{AssessmentRow, MessageKind},
    withdraw::{Taken, TakingBack},
};
use crate::{
    assessment::{Assessment, Form},
    audit::{Kind, merkle::sha256},
    directory::Partner,
    fhir,
    ids::{AssessmentId, EpisodeId, PartnerId, SiteId},
    profile::Schema,
    referral::{PlanItem, order},
};

/// Everything that a submission would write, and what it would answer.
pub(super) struct Submission {
    pub(super) writes: WriteSet,
    pub(super) preconditions: Vec<Precondition>,
    pub(super) answer: Map<String, Value>,
    pub(super) rehearsed: Vec<Rehearsed>,
    pub(super) assessment_id: AssessmentId,
    /// Whom it is about.
    pub(super) person: Identified,
    /// What the sender should be told.
    pub(super) warnings: Vec<Issue>,
}

/// An assessment on record, before anything is decided about it.
pub(super) struct Arrived {
    pub(super) writes: WriteSet,
    pub(super) preconditions: Vec<Precondition>,
    pub(super) warnings: Vec<Issue>,
    /// Whom it is about.
    pub(super) person: Identified,
    pub(super) episode_id: EpisodeId,
    pub(super) assessment_id: AssessmentId,
    /// The person's consents as they will stand.
    pub(super) said: Recorded,
    /// What they will be numbered.
    pub(super) consent_seq: i64,
}

/// What was sent.
pub(super) enum Sent<'s> {
    /// An assessment, with its bytes.
    Assessment(&'s Assessment, &'s [u8]),
    /// A form of the service's own.
    Form(&'s FormIn<'s>),
}

/// What an arriving assessment belongs to.
#[derive(Clone, Copy)]
pub(super) enum Joins<'a> {
    /// The person's open episode, or a new one.
    OpenEpisode,
    /// This episode.
    Episode(&'a EpisodeId),
    /// The episode of an earlier version, whose place it takes.
    InPlaceOf(&'a AssessmentRow),
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
        services_only(caller)?;
        if dry_run {
            let assessment = self.read_assessment(body)?;
            return Ok(rehearsed(self.plan_submission(caller, &assessment, body).await?));
        }
        let ticket = Ticket::new(key, "POST /assessments", body)?;
        let assessment = self.read_assessment(body)?;
        self.submit(caller, &ticket, &Sent::Assessment(&assessment, body)).await
    }

    /// Commits what is planned, and plans again where something moved meanwhile.
    pub(super) async fn submit(
        &self,
        caller: &Caller,
        ticket: &Ticket,
        sent: &Sent<'_>,
    ) -> Result<Answer, Refusal> {
        for _ in 0..DECIDE_TRIES {
            if let Some(first) = self.first_answer(caller, ticket).await? {
                return Ok(first);
            }
            let submission = match sent {
                Sent::Assessment(assessment, body) => self.plan_submission(caller, assessment, body).await?,
                Sent::Form(form) => self.plan_form(caller, form).await?,
            };
            let mut answer = Answer::json(201, &Value::Object(submission.answer));
            answer.location = Some(format!("/assessments/{}", submission.assessment_id));
            let mut writes = submission.writes;
            writes.push(self.keep_answer(caller, ticket, &answer, self.now()));
            let mut preconditions = submission.preconditions;
            preconditions.push(ticket.precondition(caller));
            if self.try_commit(writes, preconditions).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::unavailable())
    }

    /// Parses and validates; every issue at once.
    pub(super) fn read_assessment(&self, body: &[u8]) -> Result<Assessment, Refusal> {
        self.valid_assessment(read_json(body)?)
    }

    /// Validates; every issue at once.
    pub(super) fn valid_assessment(&self, value: Value) -> Result<Assessment, Refusal> {
        let named = value.get("profile").and_then(Value::as_str);
        let form = named.map_or(Some(Form::Adult2), Form::parse).ok_or_else(|| {
            let forms = Form::ALL.map(Form::canonical).join(", ");
            let text = format!("This gateway takes assessments of these forms: {forms}.");
            Refusal::new(Refused::Unprocessable, "not-supported", "/profile", text)
        })?;
        let issues = self.profiles.check(schema_of(form), &value);
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

    /// `body` is kept as the assessment.
    pub(super) async fn plan_submission(
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
        let arrived = self.arrive(caller, assessment, body, &partners, Joins::OpenEpisode).await?;
        let Arrived { person, episode_id, assessment_id, said, consent_seq, .. } = arrived;
        let (mut writes, mut preconditions) = (arrived.writes, arrived.preconditions);
        let mut warnings = arrived.warnings;
        let answered = self.answered_by(caller, assessment, &mut warnings).await?;

        let mut planned: Vec<Option<Value>> = vec![None; asked.len()];
        let mut rehearsed = Vec::new();
        for place in plan_order(assessment, &asked) {
            let Some(one) = asked.get(place) else { continue };
            let basis = Basis {
                caller,
                actor: caller.partner_id.as_str(),
                sender,
                person: &person,
                assessment,
                assessment_id: &assessment_id,
                episode_id: &episode_id,
                consents: &said.consents,
                consent_seq,
                answered: answered.as_ref(),
                review_due_at: None,
                now,
            };
            let plan = self.plan_one(&basis, one, None, &mut writes);
            warnings.extend(plan.rehearsed.warnings.iter().cloned());
            rehearsed.push(plan.rehearsed);
            if let Some(slot) = planned.get_mut(place) {
                *slot = Some(plan.shown);
            }
            preconditions.extend(one.as_seen());
        }
        self.has_room_for(site, &writes).await?;
        let mut taken = Taken::default();
        let said_anew = said.said_anew(caller, &person, consent_seq);
        let less = self.take_back_what_is_more(&said_anew, Left::Something, &writes, &mut taken).await?;
        warnings.extend(less.iter().map(TakenBack::told));
        writes.extend(taken.writes);
        preconditions.extend(taken.preconditions);

        let mut answer = Map::new();
        if let Some(answered) = &answered {
            let closed =
                self.close_answered(caller, answered, assessment, &mut writes, &mut warnings).await?;
            answer.insert(String::from("in_answer_to"), closed.0);
            preconditions.extend(closed.1);
        }
        answer.insert(String::from("assessment_id"), json!(assessment_id));
        answer.insert(String::from("episode_id"), json!(episode_id));
        answer.insert(String::from("person"), json!(person.row.person_id));
        answer.insert(String::from("consents"), Value::Array(said.shown));
        answer.insert(String::from("referrals"), planned.into_iter().flatten().collect());
        answer.insert(String::from("warnings"), shown_warnings(&warnings));
        Ok(Submission { writes, preconditions, answer, rehearsed, assessment_id, person, warnings })
    }

    /// Puts an assessment on record with what the person said in it: whose it is, its bytes, the consents, and what is
    /// taken back by them.
    pub(super) async fn arrive(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        body: &[u8],
        partners: &[Partner],
        joins: Joins<'_>,
    ) -> Result<Arrived, Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let nhs_number = assessment.nhs_number().filter(|(_, verified)| *verified);
        let person = self
            .identify(
                site,
                &Description {
                    sender: &caller.partner_id,
                    reference: assessment.person_reference(),
                    nhs_number: nhs_number.as_ref().map(|(number, _)| number.as_str()),
                    birth_date: assessment.birth_date(),
                    by: caller.kind,
                    corrects: false,
                },
            )
            .await?;
        let mut writes = person.writes.clone();
        let mut preconditions = person.preconditions.clone();
        if !person.is_new {
            preconditions.push(Precondition::ConsentSeq(
                site.clone(),
                person.row.person_id.clone(),
                person.row.consent_seq,
            ));
        }
        let episode_id = match joins {
            Joins::OpenEpisode => self.join_episode(site, &person, &mut writes).await?,
            Joins::Episode(episode) => episode.clone(),
            Joins::InPlaceOf(earlier) => earlier.episode_id.clone(),
        };
        let supersedes = match joins {
            Joins::InPlaceOf(earlier) => Some(earlier.assessment_id.clone()),
            Joins::OpenEpisode | Joins::Episode(_) => None,
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
            supersedes: supersedes.clone(),
        }));
        let mut note = self
            .note(site, now, Kind::Received, caller.partner_id.as_str())
            .about("assessment", &assessment_id)
            .about("episode", &episode_id)
            .person(&person.row.person_id)
            .fact("profile", &assessment.profile())
            .fact("body-hmac", &self.keyed_digest(site, body));
        if let Some(earlier) = &supersedes {
            note = note.about("supersedes", earlier);
        }
        writes.push(note.write());

        let mut warnings = assessment.warnings(now);
        warnings.extend(person.told_of_doubt());
        warnings.extend(self.tag_max.passed_by(assessment));
        let said = self.record_consents(caller, assessment, &person, &mut writes, &mut warnings).await?;
        // Moves on with every submission, not only with new consents: a withdrawal that reads what rests on a
        // consent must notice what is being added.
        writes.push(Write::ConsentSeqUp(site.clone(), person.row.person_id.clone()));
        let consent_seq = person.row.consent_seq + 1;
        let mut taken = self.take_back_what_turned(caller, &person, partners, &said).await?;
        let said_anew = said.said_anew(caller, &person, consent_seq);
        self.take_back_what_is_more(&said_anew, Left::Nothing, &[], &mut taken).await?;
        writes.extend(taken.writes);
        preconditions.extend(taken.preconditions);
        Ok(Arrived { writes, preconditions, warnings, person, episode_id, assessment_id, said, consent_seq })
    }

    /// Nothing is taken on for an agency for which too much waits. What only takes back, or sends nothing, needs no room: a
    /// refusal does not wait until somebody else has collected.
    pub(super) async fn has_room_for(&self, site: &SiteId, writes: &WriteSet) -> Result<(), Refusal> {
        let told: BTreeSet<&PartnerId> = writes
            .iter()
            .filter_map(|write| match write {
                Write::Message(row) if row.kind == MessageKind::Disclosure => Some(&row.recipient_id),
                _ => None,
            })
            .collect();
        for recipient in told {
            let waits = self.store.backlog(site, recipient, self.backlog_max).await?;
            if waits >= self.backlog_max {
                return Err(Refusal::unavailable());
            }
        }
        Ok(())
    }

    /// What rests on an agreement that the person now declines is stopped or recalled in the same commit.
    async fn take_back_what_turned(
        &self,
        caller: &Caller,
        person: &Identified,
        partners: &[Partner],
        said: &Recorded,
    ) -> Result<Taken, Refusal> {
        let mut taken = Taken::default();
        for (consent, recipient) in &said.turned {
            let Some(recipient) = partners.iter().find(|p| p.partner_id == *recipient) else { continue };
            let actor = caller.partner_id.as_str();
            let (consent, why) = (Some(consent), Why::ConsentWithdrawn);
            let back = TakingBack { consent, why, agency: recipient, key: &person.key, actor };
            self.take_back_all(&caller.site_id, &person.row.person_id, &back, &mut taken).await?;
        }
        Ok(taken)
    }
}

/// Nobody else submits assessments.
pub(super) fn services_only(caller: &Caller) -> Result<(), Refusal> {
    if caller.is_service() {
        return Ok(());
    }
    let text = "Only a liaison and diversion service submits assessments. Other agencies make requests, as \
                docs/requests.md says.";
    Err(Refusal::new(Refused::Forbidden, "forbidden", "", text))
}

/// The plan of a submission, and what each recipient would get.
pub(super) fn rehearsed(submission: Submission) -> Answer {
    let mut answer = submission.answer;
    let previews = submission.rehearsed.iter().map(Rehearsed::preview).collect();
    answer.insert(String::from("preview"), Value::Array(previews));
    Answer::json(200, &Value::Object(answer))
}

/// The places of the recipients in the order in which they are planned.
pub(super) fn plan_order(assessment: &Assessment, asked: &[Asked<'_>]) -> Vec<usize> {
    let items: Vec<PlanItem> = asked
        .iter()
        .map(|one| PlanItem {
            kind: one.partner.kind,
            urgency: one.wanted.urgency.clone(),
            need_rank: assessment.priority_rank(&one.wanted.need),
        })
        .collect();
    order(&items)
}

/// What a sender should know, as an answer shows it.
pub(super) fn shown_warnings(warnings: &[Issue]) -> Value {
    warnings.iter().map(|w| json!({"path": w.path, "text": w.diagnostics})).collect()
}

/// What an assessment of this form must look like.
const fn schema_of(form: Form) -> Schema {
    match form {
        Form::Adult1 => Schema::AssessmentAdult,
        Form::Adult2 => Schema::AssessmentAdult2,
        Form::Youth => Schema::AssessmentYouth,
        Form::CourtShort => Schema::AssessmentCourtShort,
    }
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
