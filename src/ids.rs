//! Identifiers of Keyway's own things, and randomness as a parameter.

use std::{fmt, sync::Mutex};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// Longest identifier that is accepted from outside, in bytes.
const ID_MAX_BYTES: usize = 64;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes 1 to 64 characters of `A-Z a-z 0-9 - . _`; anything else is `None`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.to_owned()))
            }

            /// A fresh identifier: a `UUIDv7` made from `mint`'s clock and chance.
            #[must_use]
            pub fn fresh(mint: &Mint) -> Self {
                Self(mint.uuid())
            }

            /// The text of the identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

id_types! {
    /// One L&D service as a tenant.
    SiteId,
    /// An agency in the directory (a readable slug such as `cmht-riverside`).
    PartnerId,
    /// A person; also the pseudonym under which the person appears outside the sealed content.
    PersonId,
    /// One spell of contact between a person and the service.
    EpisodeId,
    /// One version of an assessment.
    AssessmentId,
    /// A hold that stops the purging and the erasure of a person's content.
    HoldId,
    /// A person's request to be told what is held about them.
    SubjectAccessId,
    /// A consent (all its versions).
    ConsentId,
    /// A data-sharing agreement with an agency.
    AgreementId,
    /// One request or piece of advice to one recipient.
    ReferralId,
    /// One answer to "may this go to them?".
    DecisionId,
    /// One message out; the recipient deduplicates on it.
    MessageId,
    /// The carrying of one message to one recipient.
    DeliveryId,
    /// One try at carrying a message.
    AttemptId,
    /// One disclosure, for receipts and for the information governance officer.
    DisclosureId,
    /// One message in.
    InboundId,
    /// One entry of the audit log.
    EntryId,
    /// One recall of something already sent.
    RecallId,
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_MAX_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// Where randomness comes from.
pub trait Chance: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's randomness, by way of AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key, nonce or id is safe: stopping is the answer"
    )]
    fn fill(&self, out: &mut [u8]) {
        aws_lc_rs::rand::fill(out).expect("the operating system gives randomness");
    }
}

/// Repeatable bytes from a seed, for tests. Not random.
#[derive(Debug)]
pub struct SeededChance(Mutex<u64>);

impl SeededChance {
    /// The same `seed` gives the same bytes.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, out: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for byte in out {
            // SplitMix64, one byte a step.
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let [low, ..] = (z ^ (z >> 31)).to_le_bytes();
            *byte = low;
        }
    }
}

/// Makes identifiers from a clock and from chance.
pub struct Mint {
    clock: std::sync::Arc<dyn Clock>,
    chance: std::sync::Arc<dyn Chance>,
}

impl Mint {
    /// A mint that reads `clock` and `chance`.
    #[must_use]
    pub fn new(clock: std::sync::Arc<dyn Clock>, chance: std::sync::Arc<dyn Chance>) -> Self {
        Self { clock, chance }
    }

    /// The clock that the mint reads.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The chance that the mint draws from.
    #[must_use]
    pub fn chance(&self) -> &dyn Chance {
        self.chance.as_ref()
    }

    /// A `UUIDv7` in its canonical text.
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut random = [0_u8; 10];
        self.chance.fill(&mut random);
        let millis = u64::try_from(self.clock.now().0 / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
