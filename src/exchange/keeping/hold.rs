//! Legal holds: while one of a person's is open, nothing of theirs is purged or erased.

use serde::Serialize;
use serde_json::json;

use super::{ports::HoldRow, reason};
use crate::{
    audit::Kind,
    clock::Moment,
    exchange::{
        Exchange,
        ig::{Look, Officer},
        ports::{CommitError, Write},
        refusal::{Refusal, Refused},
    },
    ids::{HoldId, PersonId, SiteId},
    limits::OVERSIGHT_ROWS_MAX,
};

/// A hold.
#[derive(Clone, Debug, Serialize)]
pub struct HoldTold {
    /// Its id, by which it is lifted.
    pub hold_id: HoldId,
    /// Whose content is held.
    pub person_id: PersonId,
    /// When it was set.
    pub set_at: String,
    /// When it was lifted; `None` while it is open.
    pub lifted_at: Option<String>,
}

/// Holds of a site.
#[derive(Clone, Debug, Serialize)]
pub struct Holds {
    /// In the order of time.
    pub holds: Vec<HoldTold>,
    /// How many of these are open.
    pub open: usize,
    /// Whether there are earlier ones.
    pub earlier_left_out: bool,
}

impl From<HoldRow> for HoldTold {
    fn from(row: HoldRow) -> Self {
        Self {
            hold_id: row.hold_id,
            person_id: row.person_id,
            set_at: row.set_at.to_rfc3339(),
            lifted_at: row.lifted_at.map(Moment::to_rfc3339),
        }
    }
}

impl Exchange {
    /// Sets a hold on all that is kept of a person. The reason stands sealed beside its entry in the log.
    ///
    /// # Errors
    /// There is no such person, they were erased, there is no reason, or it cannot be recorded.
    pub async fn set_hold(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
        why: &str,
    ) -> Result<HoldTold, Refusal> {
        let why = reason(why)?;
        if self.store.person(site, person).await?.is_none() {
            return Err(self.asked_in_vain(site, officer, "hold", "person").await?);
        }
        let key = self.key_of(site, person).await?;
        let now = self.now();
        let row = HoldRow {
            site_id: site.clone(),
            hold_id: HoldId::fresh(&self.mint),
            person_id: person.clone(),
            set_at: now,
            lifted_at: None,
        };
        let said = json!({"reason": why}).to_string();
        let note = self
            .note(site, now, Kind::HoldSet, &officer.actor())
            .person(person)
            .about("hold", &row.hold_id)
            .content(self.vault.seal(&key, &format!("hold:{}:set", row.hold_id), said.as_bytes()));
        self.commit(vec![Write::Hold(row.clone()), note.write()], Vec::new()).await?;
        Ok(row.into())
    }

    /// Lifts a hold. What it held is purged by its own time from now on.
    ///
    /// # Errors
    /// There is no such hold, it was lifted already, there is no reason, or it cannot be recorded.
    pub async fn lift_hold(
        &self,
        site: &SiteId,
        officer: &Officer,
        hold: &HoldId,
        why: &str,
    ) -> Result<HoldTold, Refusal> {
        let why = reason(why)?;
        let Some(row) = self.store.hold(site, hold).await? else {
            return Err(self.asked_in_vain(site, officer, "hold", "hold").await?);
        };
        if row.lifted_at.is_some() {
            return Err(lifted_already());
        }
        let key = self.key_of(site, &row.person_id).await?;
        let now = self.now();
        let said = json!({"reason": why}).to_string();
        let note = self
            .note(site, now, Kind::HoldLifted, &officer.actor())
            .person(&row.person_id)
            .about("hold", hold)
            .content(self.vault.seal(&key, &format!("hold:{hold}:lifted"), said.as_bytes()));
        let lifted = Write::HoldLifted(site.clone(), hold.clone(), now);
        match self.commit(vec![lifted, note.write()], Vec::new()).await {
            Ok(()) => Ok(HoldRow { lifted_at: Some(now), ..row }.into()),
            Err(CommitError::Exists(_)) => Err(lifted_already()),
            Err(other) => Err(other.into()),
        }
    }

    /// The holds of a site.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn holds(&self, site: &SiteId, officer: &Officer) -> Result<Holds, Refusal> {
        self.asked(site, officer, Look { question: "holds", ..Look::default() }).await?;
        let mut rows = self.store.holds(site, OVERSIGHT_ROWS_MAX + 1).await?;
        let earlier_left_out = rows.len() > OVERSIGHT_ROWS_MAX;
        if earlier_left_out {
            rows.remove(0);
        }
        let holds: Vec<HoldTold> = rows.into_iter().map(HoldTold::from).collect();
        let open = holds.iter().filter(|hold| hold.lifted_at.is_none()).count();
        Ok(Holds { holds, open, earlier_left_out })
    }
}

fn lifted_already() -> Refusal {
    Refusal::new(
        Refused::Conflict,
        "conflict",
        "--hold",
        "This hold was lifted already; nothing was changed. To hold the person's content again, set another.",
    )
}
