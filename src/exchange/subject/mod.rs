//! What a person is told of themselves (article 15 of the UK GDPR): a draft of all that is held, a reviewer's decision on each
//! field that may be somebody else's, or harm, and the copy that is released.
//!
//! Which exemption holds is for a person to decide and to give the law for; the gateway only marks where one may.

mod draft;
mod review;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{PersonId, SubjectAccessId};

pub use review::{Decided, Decision, Released};

/// Why a field may have to be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exemption {
    /// It tells of somebody else.
    ThirdParty,
    /// Knowing it could do serious harm to the health of the person or of another.
    SeriousHarm,
    /// Telling it could prejudice the prevention or detection of crime.
    Crime,
}

impl Exemption {
    /// The word in drafts and decisions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThirdParty => "third-party",
            Self::SeriousHarm => "serious-harm",
            Self::Crime => "crime",
        }
    }
}

/// One field of what is held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Where it is: what it stands in, `#`, and a JSON pointer.
    pub field: String,
    /// What it says.
    pub value: Value,
    /// Which exemptions may hold; a field with any is shown only once that was decided.
    pub may_be: Vec<Exemption>,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// Somebody who was told something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldTo {
    /// Who, by name.
    pub name: String,
    /// What kind of agency that is.
    pub kind: String,
    /// For whom it passes it on.
    pub passed_on_to: Option<String>,
    /// When.
    pub at: String,
    /// For what.
    pub purposes: Vec<String>,
    /// For how many days after the final answer the gateway keeps what it sent.
    pub kept_days: u16,
    /// How it stands now.
    pub state: String,
}

/// From whom something is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Who, by name.
    pub name: String,
    /// What it is.
    pub what: String,
    /// When it came.
    pub at: String,
}

/// A code, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// The code.
    pub code: String,
    /// In plain words.
    pub meaning: String,
}

/// A draft of what a person is told of themselves, with what was decided of it so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The request.
    pub request_id: SubjectAccessId,
    /// Of whom.
    pub person_id: PersonId,
    /// As of when.
    pub drafted_at: String,
    /// Everything that is held.
    pub held: Vec<Held>,
    /// Whom something was disclosed to.
    pub told_to: Vec<ToldTo>,
    /// From whom it is.
    pub sources: Vec<Source>,
    /// What the codes mean.
    pub glossary: Vec<Meaning>,
}

impl Draft {
    /// How many fields wait for a decision.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.held.iter().filter(|held| !held.may_be.is_empty() && held.decided.is_none()).count()
    }
}
