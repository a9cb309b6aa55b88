//! `POST /assessments?adapter=NAME`: a service's own form in. It becomes an assessment by the rules of the adapter that it
//! names, and goes the way of every assessment. The form is kept as it came, and with it what read it.

use serde_json::json;

use super::{
    Answer, Exchange,
    adapters::KnownAdapter,
    caller::Caller,
    idempotency::Ticket,
    ports::Write,
    refusal::{Issue, Refusal, Refused},
    rows::InboundRow,
    submit::{Sent, Submission, rehearsed, services_only, shown_warnings},
};
use crate::{
    assessment::Assessment,
    audit::{Kind, merkle::sha256},
    ids::InboundId,
    mapping::site::{Adapted, Told},
};

/// The kind of a form among what came in.
const FORM: &str = "site-form";

/// A form that was read.
pub(super) struct FormIn<'b> {
    /// As it came.
    body: &'b [u8],
    adapter: &'b KnownAdapter,
    made: Adapted,
    assessment: Assessment,
}

impl Exchange {
    /// Takes one form of a service, as [`Exchange::submit_assessment`] takes an assessment. What is wrong with it is told at
    /// its places in the form.
    pub async fn submit_form(
        &self,
        caller: &Caller,
        key: &str,
        adapter: &str,
        body: &[u8],
        dry_run: bool,
    ) -> Result<Answer, Refusal> {
        services_only(caller)?;
        if dry_run {
            let form = self.read_form(adapter, body)?;
            return Ok(rehearsed(self.plan_form(caller, &form).await?));
        }
        let ticket = Ticket::new(key, &format!("POST /assessments?adapter={adapter}"), body)?;
        let form = self.read_form(adapter, body)?;
        self.submit(caller, &ticket, &Sent::Form(&form)).await
    }

    fn read_form<'b>(&'b self, adapter: &str, body: &'b [u8]) -> Result<FormIn<'b>, Refusal> {
        let Some(adapter) = self.adapters.get(adapter) else {
            let names: Vec<&str> = self.adapters.all().map(|known| known.adapter.name()).collect();
            let text = format!("No adapter here has this name. There are: {}.", names.join(", "));
            return Err(Refusal::new(Refused::BadRequest, "value", "adapter", text));
        };
        let mut forms = adapter.adapter.run(body).map_err(refused)?.into_iter();
        let made = match (forms.next(), forms.next()) {
            (Some(form), None) => form.map_err(refused)?,
            (first, _) => {
                let text = if first.is_none() {
                    "There is no form in this."
                } else {
                    "Send each form by itself: this holds more than one."
                };
                return Err(Refusal::new(Refused::Unprocessable, "structure", "", text));
            }
        };
        let assessment =
            self.valid_assessment(made.value.clone()).map_err(|refusal| located(&made, refusal))?;
        Ok(FormIn { body, adapter, made, assessment })
    }

    /// As an assessment, with what keeps the form and says what read it.
    pub(super) async fn plan_form(&self, caller: &Caller, form: &FormIn<'_>) -> Result<Submission, Refusal> {
        let made = form.assessment.raw().to_string();
        let planned = self.plan_submission(caller, &form.assessment, made.as_bytes()).await;
        let mut submission = planned.map_err(|refusal| located(&form.made, refusal))?;
        let (site, now) = (&caller.site_id, self.now());
        let (adapter, sha256_of_it) = (form.adapter.adapter.label(), form.adapter.sha256.as_str());
        let referral_id = submission.writes.iter().find_map(|write| match write {
            Write::Referral(referral) => Some(referral.referral_id.clone()),
            _ => None,
        });
        let inbound_id = InboundId::fresh(&self.mint);
        submission.writes.push(Write::Inbound(InboundRow {
            site_id: site.clone(),
            partner_id: caller.partner_id.clone(),
            message_key: format!("form:{}", submission.assessment_id),
            kind: FORM.to_owned(),
            referral_id,
            person_id: Some(submission.person.row.person_id.clone()),
            received_at: now,
            body_sha256: sha256(form.body),
            body: self.vault.seal(&submission.person.key, &format!("inbound:{inbound_id}"), form.body),
            inbound_id: inbound_id.clone(),
        }));
        submission.writes.push(
            self.note(site, now, Kind::Received, caller.partner_id.as_str())
                .about("assessment", &submission.assessment_id)
                .about("inbound", &inbound_id)
                .person(&submission.person.row.person_id)
                .fact("message", FORM)
                .fact("adapter", &adapter)
                .fact("adapter-sha256", &sha256_of_it)
                .fact("body-hmac", &self.keyed_digest(site, form.body))
                .write(),
        );
        let told = form.made.told.iter();
        let told = told.map(|told| Issue::new("informational", told.place.clone(), told.text.clone()));
        let warnings: Vec<Issue> = told.chain(form.made.located(submission.warnings.clone())).collect();
        let read_by = json!({"name": adapter, "sha256": sha256_of_it});
        submission.answer.insert(String::from("adapter"), read_by);
        submission.answer.insert(String::from("warnings"), shown_warnings(&warnings));
        Ok(submission)
    }
}

fn refused(told: Told) -> Refusal {
    let text = capital(&told.text);
    Refusal::with_issues(Refused::Unprocessable, vec![Issue::new("value", told.place, text)])
}

/// As a sentence.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A refusal of what the form became, at its places in the form.
fn located(made: &Adapted, mut refusal: Refusal) -> Refusal {
    refusal.issues = made.located(refusal.issues);
    refusal
}
