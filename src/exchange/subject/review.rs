//! A reviewer's decisions on a draft, and the copy that is released.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Draft, Exemption, Held, Meaning, Source, ToldTo};
use crate::{
    audit::Kind,
    clock::Moment,
    exchange::{
        Exchange,
        ig::{Look, Officer},
        keeping::ports::SubjectAccessRow,
        ports::{CommitError, Write},
        refusal::{Issue, Refusal, Refused},
        rows::Sealed,
    },
    ids::{SiteId, SubjectAccessId},
    limits::REVIEW_REASON_MAX_BYTES,
    vault::ContentKey,
};

/// One decision on one field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The field, as the draft names it.
    pub field: String,
    /// Why it is left out; without it, it is shown.
    #[serde(default)]
    pub withhold: Option<Exemption>,
    /// Why it was decided so: what is withheld needs the law for it.
    #[serde(default)]
    pub reason: String,
}

/// What was decided of a field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decided {
    /// Why it is left out; `None`: it is shown.
    pub withhold: Option<Exemption>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub reviewer: String,
    /// When.
    pub at: String,
}

/// A field as it is released.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Where it is.
    pub field: String,
    /// What it says.
    pub value: serde_json::Value,
}

/// What the person gets. It neither shows that a field was left out nor says that all is there.
#[derive(Clone, Debug, Serialize)]
pub struct Released {
    /// The request.
    pub request_id: SubjectAccessId,
    /// As of when.
    pub drafted_at: String,
    /// When it was released.
    pub released_at: String,
    /// What it is, and what it may not hold: the same words whatever was decided.
    pub about: &'static str,
    /// What is held.
    pub held: Vec<Shown>,
    /// Whom something was disclosed to.
    pub told_to: Vec<ToldTo>,
    /// From whom it is.
    pub sources: Vec<Source>,
    /// What the codes mean.
    pub glossary: Vec<Meaning>,
}

const ABOUT: &str = "This is a copy of what the liaison and diversion gateway holds about you. The law lets some things be left \
                     out of such a copy, for example what tells of somebody else. Whether anything was left out of yours, you \
                     may ask the service, and you may complain to the Information Commissioner.";

impl Exchange {
    /// A draft as it stands, with what was decided so far.
    ///
    /// # Errors
    /// There is no such request, the person was erased, or the question cannot be put on record.
    pub async fn subject_access(
        &self,
        site: &SiteId,
        officer: &Officer,
        request: &SubjectAccessId,
    ) -> Result<Draft, Refusal> {
        let (row, _, draft) = self.drafted(site, officer, request).await?;
        let people = std::slice::from_ref(&row.person_id);
        self.asked(site, officer, Look { question: "subject-access", people, ..Look::default() }).await?;
        Ok(draft)
    }

    /// Records a named reviewer's decisions, all or none.
    ///
    /// # Errors
    /// There is no such request, it was released, a field is not in it, a reason or the reviewer is missing; nothing was
    /// recorded.
    pub async fn decide_subject_access(
        &self,
        site: &SiteId,
        officer: &Officer,
        request: &SubjectAccessId,
        reviewer: &str,
        decisions: &[Decision],
    ) -> Result<Draft, Refusal> {
        let (row, key, mut draft) = self.drafted(site, officer, request).await?;
        if row.released_at.is_some() {
            return Err(released_already());
        }
        let reviewer = reviewer.trim();
        let mut wrong = Vec::new();
        if reviewer.is_empty() {
            wrong.push(Issue::new("required", "--reviewer", "The name of the person who decided is needed."));
        }
        let now = self.now();
        let mut places: HashMap<String, &mut Held> =
            draft.held.iter_mut().map(|held| (held.field.clone(), held)).collect();
        for (number, decision) in decisions.iter().enumerate() {
            let at = |name: &str| format!("/{number}/{name}");
            let reason = decision.reason.trim();
            if reason.len() > REVIEW_REASON_MAX_BYTES || (decision.withhold.is_some() && reason.is_empty()) {
                let text = "What is withheld needs its reason, with the law for it, of at most 2,000 bytes.";
                wrong.push(Issue::new("required", at("reason"), text));
            }
            match places.get_mut(&decision.field) {
                Some(held) => {
                    held.decided = Some(Decided {
                        withhold: decision.withhold,
                        reason: reason.to_owned(),
                        reviewer: reviewer.to_owned(),
                        at: now.to_rfc3339(),
                    });
                }
                None => wrong.push(Issue::new("not-found", at("field"), "This draft has no such field.")),
            }
        }
        drop(places);
        if !wrong.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, wrong));
        }
        let withheld = decisions.iter().filter(|one| one.withhold.is_some()).count();
        let facts = [("decided", decisions.len()), ("withheld", withheld), ("undecided", draft.undecided())];
        self.keep_draft(officer, &row, &key, &draft, None, "decided", reviewer, &facts).await?;
        Ok(draft)
    }

    /// Releases the copy, once.
    ///
    /// # Errors
    /// There is no such request, it was released, or a field that may be exempt is undecided (and which).
    pub async fn release_subject_access(
        &self,
        site: &SiteId,
        officer: &Officer,
        request: &SubjectAccessId,
        reviewer: &str,
    ) -> Result<Released, Refusal> {
        let (row, key, draft) = self.drafted(site, officer, request).await?;
        if row.released_at.is_some() {
            return Err(released_already());
        }
        let reviewer = reviewer.trim();
        if reviewer.is_empty() {
            let text = "The name of the person who releases it is needed.";
            return Err(Refusal::new(Refused::Unprocessable, "required", "--reviewer", text));
        }
        let open = draft.held.iter().filter(|held| !held.may_be.is_empty() && held.decided.is_none());
        let open: Vec<Issue> = open
            .take(UNDECIDED_TOLD_MAX)
            .map(|held| Issue::new("business-rule", held.field.clone(), "Nobody has decided on this field."))
            .collect();
        if !open.is_empty() {
            return Err(Refusal::with_issues(Refused::Conflict, open));
        }
        let now = self.now();
        let shown: Vec<Shown> = draft
            .held
            .iter()
            .filter(|held| held.decided.as_ref().is_none_or(|decided| decided.withhold.is_none()))
            .map(|held| Shown { field: held.field.clone(), value: held.value.clone() })
            .collect();
        let facts = [("shown", shown.len()), ("withheld", draft.held.len() - shown.len())];
        self.keep_draft(officer, &row, &key, &draft, Some(now), "released", reviewer, &facts).await?;
        Ok(Released {
            request_id: draft.request_id,
            drafted_at: draft.drafted_at,
            released_at: now.to_rfc3339(),
            about: ABOUT,
            held: shown,
            told_to: draft.told_to,
            sources: draft.sources,
            glossary: draft.glossary,
        })
    }

    async fn drafted(
        &self,
        site: &SiteId,
        officer: &Officer,
        request: &SubjectAccessId,
    ) -> Result<(SubjectAccessRow, ContentKey, Draft), Refusal> {
        let Some(row) = self.store.subject_access(site, request).await? else {
            return Err(self.asked_in_vain(site, officer, "subject-access", "request").await?);
        };
        let key = self.key_of(site, &row.person_id).await?;
        let bytes = self.vault.unseal(&key, &label(request, row.version), &row.body)?;
        let draft = serde_json::from_slice(&bytes).map_err(|_| Refusal::internal())?;
        Ok((row, key, draft))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place writes every step, with all that its entry says"
    )]
    async fn keep_draft(
        &self,
        officer: &Officer,
        row: &SubjectAccessRow,
        key: &ContentKey,
        draft: &Draft,
        released_at: Option<Moment>,
        step: &'static str,
        reviewer: &str,
        facts: &[(&'static str, usize)],
    ) -> Result<(), Refusal> {
        let version = row.version + 1;
        let next = SubjectAccessRow {
            released_at,
            version,
            body: self.seal_draft(key, draft, version)?,
            ..row.clone()
        };
        let said = json!({"reviewer": reviewer}).to_string();
        let mut note = self
            .note(&row.site_id, self.now(), Kind::SubjectAccess, &officer.actor())
            .person(&row.person_id)
            .about("subject-access", &row.request_id)
            .fact("step", step)
            .content(self.vault.seal(
                key,
                &format!("subject-access:{}:{step}:{version}", row.request_id),
                said.as_bytes(),
            ));
        for (name, count) in facts {
            note = note.fact(name, count);
        }
        match self.commit(vec![Write::SubjectAccessMoved(next), note.write()], Vec::new()).await {
            Ok(()) => Ok(()),
            Err(CommitError::Exists(_)) => Err(Refusal::new(
                Refused::Conflict,
                "conflict",
                "",
                "Somebody else decided on this draft meanwhile. Look at it again; nothing was recorded.",
            )),
            Err(other) => Err(other.into()),
        }
    }

    pub(super) fn seal_draft(
        &self,
        key: &ContentKey,
        draft: &Draft,
        version: i64,
    ) -> Result<Sealed, Refusal> {
        let bytes = serde_json::to_vec(draft).map_err(|_| Refusal::internal())?;
        Ok(self.vault.seal(key, &label(&draft.request_id, version), &bytes))
    }
}

/// Undecided fields that a refusal names.
const UNDECIDED_TOLD_MAX: usize = 100;

fn label(request: &SubjectAccessId, version: i64) -> String {
    format!("subject-access:{request}:{version}")
}

fn released_already() -> Refusal {
    Refusal::new(
        Refused::Conflict,
        "conflict",
        "--request",
        "This copy was released already and stands as it was. For a new one, make another draft.",
    )
}
