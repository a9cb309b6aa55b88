//! Resources that come from a referral: Task, `ServiceRequest`, Communication, Appointment.

use serde_json::Value;

use super::{
    kinds::Kind,
    shown::{Look, Shown},
    sight::seen,
};
use crate::{
    clock::Moment,
    exchange::{
        Exchange, caller::Caller, ports::Precondition, refusal::Refusal, respond::may_see, rows::ReferralRow,
    },
    mapping::fhir_rest::{self, Booking, Remark},
};

/// What one referral yields of a kind: which part of it, its version, its moment, the resource.
pub(super) struct Yielded {
    pub(super) part: usize,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) at: Moment,
    pub(super) resource: Value,
}

impl Exchange {
    pub(super) async fn find_of_referral(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<i64>,
        how: Look,
    ) -> Result<Shown, Refusal> {
        let (referral, part) = record_of(kind, id);
        let now = self.referral_seen(caller, kind, referral).await?;
        let row = match version.filter(|version| *version != now.version && part.is_none()) {
            None => now.clone(),
            Some(version) => self
                .store
                .referral_version(&now.site_id, &now.referral_id, version)
                .await?
                .filter(|row| may_see(caller, row))
                .ok_or_else(Refusal::not_found)?,
        };
        let wanted = part.unwrap_or(0);
        let yielded = self.yielded(caller, kind, &row, &now).await?;
        let one = yielded
            .into_iter()
            .find(|one| one.part == wanted && version.is_none_or(|version| version == one.version))
            .ok_or_else(Refusal::not_found)?;
        self.finish(caller, kind, one, &row, &now, how).await
    }

    /// The referral that the caller may see; a look at another's leaves an entry.
    pub(super) async fn referral_seen(
        &self,
        caller: &Caller,
        kind: &Kind,
        id: &str,
    ) -> Result<ReferralRow, Refusal> {
        self.referral_of(caller, kind.name, id).await
    }

    /// What a referral yields of a kind, without what only a look may add.
    pub(super) async fn yielded(
        &self,
        caller: &Caller,
        kind: &Kind,
        row: &ReferralRow,
        now: &ReferralRow,
    ) -> Result<Vec<Yielded>, Refusal> {
        let person = self.person_for(caller, &row.site_id, &row.person_id);
        let whole = |resource| {
            let id = row.referral_id.to_string();
            vec![Yielded { part: 0, id, version: row.version, at: row.updated_at, resource }]
        };
        Ok(match kind.name {
            "Task" => whole(fhir_rest::task(&seen(caller, row, &person, &[]))),
            "ServiceRequest" => whole(fhir_rest::service_request(&seen(caller, row, &person, &[]))),
            "Appointment" => {
                let words = self.words_seen(caller, row, now).await?;
                let text = |name: &str| words.get("appointment")?.get(name)?.as_str();
                match text("start") {
                    Some(start) => {
                        let cancelled =
                            words.get("appointment").and_then(|one| one.get("cancelled")).is_some();
                        let booking = Booking { start, end: text("end"), place: text("place"), cancelled };
                        whole(fhir_rest::appointment(&seen(caller, row, &person, &[]), &booking))
                    }
                    None => Vec::new(),
                }
            }
            _ => {
                let words = self.words_seen(caller, row, now).await?;
                let comments = words.get("comments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let question = |before: usize| {
                    let asked = comments
                        .iter()
                        .filter(|c| c.get("action").and_then(Value::as_str) == Some("request-information"));
                    let places = asked.filter_map(|c| usize::try_from(c.get("place")?.as_u64()?).ok());
                    places.filter(|place| *place < before).max()
                };
                let remarks = comments.iter().filter_map(|comment| {
                    let text = |name: &str| comment.get(name).and_then(Value::as_str);
                    let part = usize::try_from(comment.get("place")?.as_u64()?).ok()?;
                    let (by, at) = (text("by")?, Moment::from_rfc3339(text("at")?)?);
                    let to = if by == row.sender_id.as_str() { &row.recipient_id } else { &row.sender_id };
                    let id = format!("{}.{part}", row.referral_id);
                    let answers = (text("action") == Some("supply-information"))
                        .then(|| question(part))
                        .flatten()
                        .map(|question| format!("{}.{question}", row.referral_id));
                    let resource = fhir_rest::communication(&Remark {
                        id: &id,
                        referral: row.referral_id.as_str(),
                        person: &person,
                        by,
                        to: to.as_str(),
                        at,
                        action: text("action")?,
                        text: text("text")?,
                        answers: answers.as_deref(),
                    });
                    Some(Yielded { part, id, version: 1, at, resource })
                });
                remarks.collect()
            }
        })
    }

    /// Adds what only a look may add: to a Task what may be done now, to a `ServiceRequest` its content; and the entry
    /// of the look.
    pub(super) async fn finish(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        one: Yielded,
        row: &ReferralRow,
        now: &ReferralRow,
        how: Look,
    ) -> Result<Shown, Refusal> {
        let mut resource = one.resource;
        let mut writes = vec![self.looked(caller, row, kind, how)];
        let mut preconditions = Vec::new();
        match kind.name {
            "Task" if row.version == now.version => {
                let actions = self.actions_for(caller, row).await?;
                let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
                let person = self.person_for(caller, &row.site_id, &row.person_id);
                resource = fhir_rest::task(&seen(caller, row, &person, &actions));
            }
            "ServiceRequest" => {
                if let Some(sent) = self.sent_content(caller, row, now).await? {
                    resource = fhir_rest::with_sent_content(resource, &sent.message);
                    writes.extend(sent.writes);
                    preconditions.extend(sent.preconditions);
                }
            }
            "Communication"
                if row.sender_id != caller.partner_id && is_not_the_recipients(&resource, row) =>
            {
                let (told, resting_on) = self.words_let_out(caller, row).await?;
                writes.extend(told);
                preconditions.extend(resting_on);
            }
            _ => {}
        }
        // Words and content that were taken back meanwhile are not shown.
        if kind.name != "Task" {
            preconditions.push(Precondition::ReferralVersion(
                now.site_id.clone(),
                now.referral_id.clone(),
                now.version,
            ));
        }
        let mut shown = Shown::new(kind, one.id, one.version, Some(one.at), resource);
        (shown.writes, shown.preconditions) = (writes, preconditions);
        Ok(shown)
    }
}

/// Whether the words of a Communication are anybody's but the recipient's own.
fn is_not_the_recipients(communication: &Value, row: &ReferralRow) -> bool {
    let sender = communication.pointer("/sender/reference").and_then(Value::as_str);
    sender != Some(format!("Organization/{}", row.recipient_id).as_str())
}

/// The id of the referral from which a resource comes, and which part of it it is.
pub(super) fn record_of<'a>(kind: &Kind, id: &'a str) -> (&'a str, Option<usize>) {
    match id.rsplit_once('.').filter(|_| kind.name == "Communication") {
        Some((referral, part)) => (referral, Some(part.parse().unwrap_or(usize::MAX))),
        None if kind.name == "Communication" => (id, Some(usize::MAX)),
        None => (id, None),
    }
}
