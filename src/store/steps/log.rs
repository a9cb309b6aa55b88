//! Checkpoints of the log and the keys that sign them.

use super::{Expect, Step};
use crate::{
    exchange::{
        ports::CommitError,
        rows::{CheckpointRow, LogKeyRow},
    },
    store::sql::log as sql,
};

/// The key before it ends when this one begins.
pub(super) fn key(row: LogKeyRow, before: Option<String>) -> Vec<Step> {
    let another = || Expect::OneRow(CommitError::Exists("log_key"));
    let end = before.map(|before| {
        Step::new("log_key", sql::END_LOG_KEY, vec![row.valid_from.into(), before.into()]).expect(another())
    });
    let begin = Step::new(
        "log_key",
        sql::PUT_LOG_KEY,
        vec![
            row.key_id.into(),
            row.name.into(),
            row.public_key.into(),
            row.wrapped.into(),
            row.valid_from.into(),
        ],
    );
    end.into_iter().chain([begin]).collect()
}

pub(super) fn checkpoint(row: CheckpointRow) -> Step {
    Step::new(
        "log_checkpoint",
        sql::PUT_CHECKPOINT,
        vec![
            row.size.into(),
            row.root.into(),
            row.note.into(),
            row.key_id.into(),
            row.signed_at.into(),
            i64::from(row.late).into(),
        ],
    )
    .expect(Expect::OneRow(CommitError::Exists("log_checkpoint")))
}
