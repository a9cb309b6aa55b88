//! What the loops ask of the gateway: a narrow view of the exchange, so that they can be tested alone.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    clock::Moment,
    exchange::{
        CheckpointError, Exchange,
        keeping::{Purge, Sweep},
        ports::{CommitError, Courier, Read},
        refusal::Refusal,
        rows::LeasedLane,
    },
    limits,
};

/// What the loops need.
#[async_trait]
pub(super) trait Rounds: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Moment;
    /// Leases up to `limit` due lanes.
    async fn lease(&self, owner: &str, limit: usize) -> Result<Vec<LeasedLane>, CommitError>;
    /// When the next lane is due.
    async fn next_due(&self) -> Read<Option<Moment>>;
    /// Carries the head of a lane one step.
    async fn deliver(&self, lane: LeasedLane);
    /// Gives audit entries their places; answers how many.
    async fn sequence(&self) -> Result<usize, CommitError>;
    /// Signs a checkpoint over the entries that have their places.
    async fn sign(&self) -> Result<(), CheckpointError>;
    /// Sees to recalls that nobody answers; answers whether there may be more that are due.
    async fn remind(&self) -> Result<bool, Refusal>;
    /// One round of purging, behind what `sweep` looked at before.
    async fn purge(&self, sweep: &mut Sweep) -> Result<Purge, Refusal>;
    /// Ends when something may have become due.
    async fn delivery_rung(&self);
    /// Ends when audit entries may wait.
    async fn sequencer_rung(&self);
}

/// The real gateway.
pub(super) struct Gateway {
    pub(super) exchange: Arc<Exchange>,
    pub(super) courier: Arc<dyn Courier>,
}

#[async_trait]
impl Rounds for Gateway {
    fn now(&self) -> Moment {
        self.exchange.mint.clock().now()
    }

    async fn lease(&self, owner: &str, limit: usize) -> Result<Vec<LeasedLane>, CommitError> {
        let now = self.now();
        self.exchange.store.lease_lanes(owner, now, now.plus_seconds(limits::LEASE_SECONDS), limit).await
    }

    async fn next_due(&self) -> Read<Option<Moment>> {
        self.exchange.store.next_due().await
    }

    async fn deliver(&self, lane: LeasedLane) {
        self.exchange.deliver(lane, self.courier.as_ref()).await;
    }

    async fn sequence(&self) -> Result<usize, CommitError> {
        self.exchange.store.sequence_audit(limits::SEQUENCER_BATCH_MAX).await
    }

    async fn sign(&self) -> Result<(), CheckpointError> {
        self.exchange.sign_checkpoint().await.map(|_| ())
    }

    async fn remind(&self) -> Result<bool, Refusal> {
        let seen_to = self.exchange.remind_of_recalls().await?;
        Ok(seen_to >= limits::RECALL_REMINDERS_BATCH_MAX)
    }

    async fn purge(&self, sweep: &mut Sweep) -> Result<Purge, Refusal> {
        self.exchange.purge_round(self.now(), sweep).await
    }

    async fn delivery_rung(&self) {
        self.exchange.wake_delivery.notified().await;
    }

    async fn sequencer_rung(&self) {
        self.exchange.wake_sequencer.notified().await;
    }
}
