//! The questions of an information governance officer: who saw what, why, on what ground; and that each question is itself on
//! record before it is answered.

mod explain;
mod grounds;
mod looks;
mod overrides;
mod scale;

use keyway::{
    clock::Moment,
    exchange::{ig::Officer, ports::Store as _},
    ids::{PersonId, ReferralId},
};

use crate::harness::{Rig, assessment, site};

const ALWAYS: (Moment, Moment) = (Moment(i64::MIN), Moment(i64::MAX));

fn officer() -> Officer {
    Officer::new("ig.officer", Some(1_000)).unwrap()
}

async fn person_of(rig: &Rig, referral: &str) -> PersonId {
    let id = ReferralId::parse(referral).unwrap();
    rig.store.referral(&site(), &id).await.unwrap().unwrap().person_id
}

/// No text of the assessment that tells of the person.
fn holds_nobody(told: &str) {
    let value = assessment(&["cmht-riverside"]);
    let person = &value["person"];
    let known = [&person["name"]["family"], &person["birth_date"], &person["nhs_number"]["value"]];
    for one in known.into_iter().chain([&value["practitioner"]["name"]]) {
        let one = one.as_str().unwrap();
        assert!(!told.contains(one), "{one} stands in {told}");
    }
}
