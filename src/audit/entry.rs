//! One entry and its canonical bytes.

use super::leaf;
use crate::{
    clock::Moment,
    ids::{EntryId, SiteId},
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What an entry is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in the leaf.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// A message or assessment came in and was accepted.
    Received = "received";
    /// The same message came again and was answered from memory.
    Repeated = "repeated";
    /// Consent was asked and answered.
    Decided = "decided";
    /// Something was kept back from a recipient.
    Withheld = "withheld";
    /// A message for a recipient was committed: a disclosure.
    Disclosed = "disclosed";
    /// Consent was overridden for imminent risk; a second person reviews it.
    Overridden = "overridden";
    /// An attempt to send began.
    AttemptBegun = "attempt-begun";
    /// An attempt ended.
    AttemptEnded = "attempt-ended";
    /// A delivery was stopped before it was sent.
    Stopped = "stopped";
    /// A delivery was set aside as a dead letter.
    SetAside = "set-aside";
    /// A recipient collected a mailbox item or a sheet.
    Collected = "collected";
    /// A recipient acknowledged a mailbox item.
    Acknowledged = "acknowledged";
    /// Somebody read about a referral.
    Viewed = "viewed";
    /// A referral changed state.
    Moved = "moved";
    /// A consent was recorded.
    ConsentRecorded = "consent-recorded";
    /// A consent was withdrawn.
    ConsentWithdrawn = "consent-withdrawn";
    /// A recall was sent.
    Recalled = "recalled";
    /// A recipient answered a recall.
    RecallAnswered = "recall-answered";
    /// A call was refused for who made it.
    AccessRefused = "access-refused";
    /// The directory, an agreement or a partner changed.
    DirectoryChanged = "directory-changed";
    /// The log was exported.
    Exported = "exported";
    /// A key that the gateway signs or seals with was made or changed.
    KeyChanged = "key-changed";
    /// A token was issued.
    TokenIssued = "token-issued";
    /// An information governance officer, or another operator, asked a question of what is recorded.
    LookedUp = "looked-up";
    /// A second person reviewed a disclosure without consent.
    Reviewed = "reviewed";
    /// Content was purged at the end of its retention.
    Purged = "purged";
    /// A legal hold was set: nothing of the person is purged or erased.
    HoldSet = "hold-set";
    /// A legal hold was lifted.
    HoldLifted = "hold-lifted";
    /// A person was erased: their key was destroyed and their content removed.
    Erased = "erased";
    /// A person's request to be told what is held about them was drafted, reviewed or released.
    SubjectAccess = "subject-access";
}

/// One entry of the audit log. `about` holds ids of Keyway's own things (never content, never a name): pairs
/// such as `("referral", "0193…")`, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub entry_id: EntryId,
    /// The tenant.
    pub site_id: SiteId,
    /// When, by the gateway's clock.
    pub at: Moment,
    /// What happened.
    pub kind: Kind,
    /// Who did it: a partner's slug, `gateway`, `operator:<name>`, or `officer:<name>`.
    pub actor: String,
    /// Ids of what it is about.
    pub about: Vec<(&'static str, String)>,
    /// Facts in closed codes: `("reason", "consent-given")`.
    pub facts: Vec<(&'static str, String)>,
    /// SHA-256 of the sealed content that belongs to the entry, if any: the content itself stays outside.
    pub content_sha256: Option<[u8; 32]>,
}

impl Entry {
    /// The id in `about` under this name; the columns beside a leaf are taken from here, so that they agree.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<&str> {
        self.about.iter().find(|(n, _)| *n == name).map(|(_, id)| id.as_str())
    }

    /// The canonical bytes, as `docs/audit-format.md` describes them.
    #[must_use]
    pub fn leaf(&self) -> Vec<u8> {
        leaf::write(self)
    }
}
