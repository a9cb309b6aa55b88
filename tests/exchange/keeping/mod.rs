//! What is kept, for how long, and what goes: retention, legal holds, erasure.

mod erasure;
mod retention;
mod subject_access;

use keyway::{
    clock::Moment,
    exchange::{ig::Officer, ports::Store as _},
    ids::{PersonId, ReferralId},
};
use rusqlite::Connection;

use crate::harness::{Rig, site};

const ALWAYS: (Moment, Moment) = (Moment(i64::MIN), Moment(i64::MAX));
const DAY: i64 = 86_400;

fn officer() -> Officer {
    Officer::new("ig.officer", Some(1_000)).unwrap()
}

async fn person_of(rig: &Rig, referral: &str) -> PersonId {
    let id = ReferralId::parse(referral).unwrap();
    rig.store.referral(&site(), &id).await.unwrap().unwrap().person_id
}

/// What a question about the stored rows answers, as one number.
fn number(rig: &Rig, sql: &str) -> i64 {
    Connection::open(&rig.database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}
