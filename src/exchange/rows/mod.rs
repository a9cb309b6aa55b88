//! What is stored, as the use cases see it. Content is sealed before it gets here; every row has its site.

mod inbound;
mod log;
mod messages;
mod officers;
mod people;
mod referrals;

pub use inbound::{ConversationRow, IdempotencyRow, InboundRow, Quoted};
pub use log::{AuditRow, CheckpointRow, LogHead, LogKeyRow, StoredEntry};
pub use messages::{
    AttemptRow, DeliveryRow, DeliveryStatus, LeasedLane, MessageKind, MessageRow, NewDelivery,
};
pub use officers::OfficerRow;
pub use people::{AssessmentRow, ConsentRow, EpisodeRow, LookupRow, PersonRow, RootKeyRow};
pub use referrals::{DecisionRow, RecallRow, ReferralRow, ReviewOutcome, ReviewRow};

pub use crate::minimise::Withheld;

/// Content sealed under a person's key (or the site's, where the person is not known). Opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
