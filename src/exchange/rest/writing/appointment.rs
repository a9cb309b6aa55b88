//! An Appointment made, moved to another time, or told how it went.

use serde_json::{Value, json};

use super::{
    HOW, Keeping, Terms, check_rest,
    kept::{OF_A_CHANGE, OF_WHAT_IS_MADE, check_kept},
    retold, wrong,
};
use crate::{
    exchange::{
        DECIDE_TRIES, Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
        rest::kinds::Kind,
        rows::ReferralRow,
        words::NOT_YET,
    },
    referral::Action,
};

/// The fields from which a booking is read; every other one has to be as it stands.
const READ: [&str; 5] = ["status", "start", "end", "_end", "description"];
/// Where the parts of a booking stand in an Appointment.
const PLACES: [(&str, &str); 3] = [
    ("/appointment/start", "Appointment.start"),
    ("/appointment/end", "Appointment.end"),
    ("/appointment/place", "Appointment.description"),
];

/// What there is before a booking.
enum Before<'a> {
    /// Nothing: one is made, and kept for a repeat.
    Nothing(&'a Keeping<'a>),
    /// An Appointment, which is changed.
    Stands(&'a Value),
}

impl Exchange {
    /// Answers the new resource's id: that of its referral.
    pub(super) async fn create_appointment(
        &self,
        caller: &Caller,
        keeping: &Keeping<'_>,
        body: &Value,
    ) -> Result<String, Refusal> {
        let kind = keeping.kind;
        let based = body.pointer("/basedOn/0/reference").and_then(Value::as_str);
        let id = based.and_then(|reference| reference.strip_prefix("ServiceRequest/")).ok_or_else(|| {
            wrong("required", kind, "basedOn", "Say for which request it is: ServiceRequest/{id}.")
        })?;
        if body.get("status").and_then(Value::as_str) != Some("booked") {
            return Err(wrong("value", kind, "status", "booked is needed here."));
        }
        for _ in 0..DECIDE_TRIES {
            let row = self.referral_seen(caller, kind, id).await?;
            if !self.yielded(caller, kind, &row, &row).await?.is_empty() {
                let text = "There is one already for this request: change it by PUT.";
                return Err(Refusal::new(Refused::Conflict, "duplicate", "Appointment.basedOn", text));
            }
            match self.book(caller, kind, &row, body, Before::Nothing(keeping)).await {
                Ok(()) => return Ok(id.to_owned()),
                // It moved meanwhile: look again.
                Err(refusal) if refusal.class == Refused::PreconditionFailed => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::unavailable())
    }

    pub(super) async fn update_appointment(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        terms: &Terms,
        body: &Value,
    ) -> Result<String, Refusal> {
        let stands = self.find_resource(caller, kind, id, None, HOW).await?.resource;
        let row = self.referral_to_change(caller, kind, id, terms).await?;
        check_rest(kind, &stands, body, &READ)?;
        let same = |field: &str| stands.get(field) == body.get(field);
        let timing_same = ["start", "end", "description"].into_iter().all(same);
        let action = match body.get("status").and_then(Value::as_str) {
            Some("booked") if same("status") && timing_same => {
                check_kept(kind, body, &[&stands], &OF_A_CHANGE)?;
                return Ok(id.to_owned());
            }
            Some("booked") => {
                self.book(caller, kind, &row, body, Before::Stands(&stands)).await?;
                return Ok(id.to_owned());
            }
            Some(_) if !timing_same => {
                let text = "Another time goes with booked; how it went, with the time that stands.";
                return Err(wrong("business-rule", kind, "start", text));
            }
            Some("noshow") => Action::DidNotAttend,
            Some("fulfilled") => Action::Start,
            Some("cancelled") => Action::CancelAppointment,
            _ => {
                let text = "booked, cancelled, noshow or fulfilled is taken here; ending the referral is a move of its Task.";
                return Err(wrong("not-supported", kind, "status", text));
            }
        };
        if same("status") {
            check_kept(kind, body, &[&stands], &OF_A_CHANGE)?;
            return Ok(id.to_owned());
        }
        let key = self.key_of(&caller.site_id, &row.person_id).await?;
        let planned = self.plan_said(caller, &row, &key, action, &json!({})).await;
        let (moved, writes, preconditions) = planned.map_err(|refusal| retold(refusal, &PLACES))?;
        let will_be = self.appointment_of(caller, kind, &moved).await?;
        check_kept(kind, body, &[&stands, &will_be], &OF_A_CHANGE)?;
        let has_come = stands.get("start").and_then(Value::as_str).is_some_and(|start| self.has_come(start));
        if action != Action::CancelAppointment {
            if stands.get("status").and_then(Value::as_str) == Some("cancelled") {
                let text = "This one was called off: nobody kept or missed it. Book another with booked.";
                return Err(wrong("business-rule", kind, "status", text));
            }
            if !has_come {
                return Err(wrong("business-rule", kind, "status", NOT_YET));
            }
        }
        self.commit_move(writes, preconditions).await?;
        Ok(id.to_owned())
    }

    async fn book(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        row: &ReferralRow,
        body: &Value,
        before: Before<'_>,
    ) -> Result<(), Refusal> {
        let mut booking = json!({});
        if let Some(fields) = booking.as_object_mut() {
            for (name, field) in [("start", "start"), ("end", "end"), ("place", "description")] {
                if let Some(value) = body.get(field) {
                    fields.insert(name.to_owned(), value.clone());
                }
            }
        }
        let said = json!({"appointment": booking});
        let key = self.key_of(&caller.site_id, &row.person_id).await?;
        let planned = self.plan_said(caller, row, &key, Action::BookAppointment, &said).await;
        let (moved, mut writes, mut preconditions) = planned.map_err(|refusal| retold(refusal, &PLACES))?;
        let will_be = self.appointment_of(caller, kind, &moved).await?;
        match before {
            Before::Nothing(keeping) => {
                check_kept(kind, body, &[&will_be], &OF_WHAT_IS_MADE)?;
                let id = moved.referral_id.as_str();
                if let Some((kept, unused)) = self.keep_made(caller, keeping, id, moved.version, 201) {
                    writes.push(kept);
                    preconditions.push(unused);
                }
            }
            Before::Stands(stands) => check_kept(kind, body, &[stands, &will_be], &OF_A_CHANGE)?,
        }
        self.commit_move(writes, preconditions).await
    }

    /// The Appointment as it will be read after a move.
    async fn appointment_of(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        moved: &ReferralRow,
    ) -> Result<Value, Refusal> {
        let yielded = self.yielded(caller, kind, moved, moved).await?;
        yielded.into_iter().next().map(|one| one.resource).ok_or_else(Refusal::internal)
    }
}
