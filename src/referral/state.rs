//! The one list of states that the API shows, and their FHIR meaning.

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $task:literal;)+) => {
        /// The state of a referral or of a piece of advice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum State {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl State {
            /// Every state.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The `Task.status` that it stands for (advice: the Communication status).
            #[must_use]
            pub const fn task_status(self) -> &'static str {
                match self { $(Self::$name => $task,)+ }
            }
        }
    };
}

states! {
    /// Being written.
    Draft = "draft", "draft";
    /// Waits for a human.
    Held = "held", "draft";
    /// Consent, agreement or policy said no; only the sender's side sees it.
    Withheld = "withheld", "cancelled";
    /// Committed, on its way.
    Queued = "queued", "requested";
    /// Arrived, as transport goes.
    Delivered = "delivered", "received";
    /// The recipient takes it on.
    Accepted = "accepted", "accepted";
    /// The recipient takes it on, with a wait.
    Waitlisted = "waitlisted", "accepted";
    /// The recipient asked for more.
    InformationRequested = "information-requested", "on-hold";
    /// An appointment is made.
    Scheduled = "scheduled", "in-progress";
    /// Work has begun.
    InProgress = "in-progress", "in-progress";
    /// Done, with an outcome.
    Completed = "completed", "completed";
    /// Declined, with a reason.
    Rejected = "rejected", "rejected";
    /// Declined, with a better place named.
    Redirected = "redirected", "rejected";
    /// Stopped before its end.
    EndedEarly = "ended-early", "failed";
    /// Taken back by the sender or the person.
    Withdrawn = "withdrawn", "cancelled";
    /// Nobody answered, even after escalation.
    Expired = "expired", "cancelled";
    /// Could not be delivered; the sender is told.
    Failed = "failed", "failed";
    /// Made by mistake, and nobody had collected it.
    EnteredInError = "entered-in-error", "entered-in-error";
    /// Consent was withdrawn after delivery and the recipient was told to stop using it.
    Recalled = "recalled", "cancelled";
    /// Advice: committed, on its way.
    Issued = "issued", "in-progress";
    /// Advice: read by the recipient.
    Read = "read", "completed";
    /// Advice: taken into account.
    Used = "used", "completed";
    /// Advice: not taken into account.
    NotUsed = "not-used", "completed";
    /// Advice: a newer one has taken its place.
    Superseded = "superseded", "completed";
}

impl State {
    /// Reads the word of [`State::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text)
    }

    /// Whether nothing further can happen to it, but for a recall.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Withheld
                | Self::Completed
                | Self::Rejected
                | Self::Redirected
                | Self::EndedEarly
                | Self::Withdrawn
                | Self::Expired
                | Self::Failed
                | Self::EnteredInError
                | Self::Recalled
                | Self::Used
                | Self::NotUsed
                | Self::Superseded
        )
    }
}
