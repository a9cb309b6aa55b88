//! What a `MessageDefinition` says of the messages that name it.
//!
//! Source: FHIR R4 (4.0.1), `MessageDefinition`. Only what a validator needs is kept.

use serde_json::{Map, Value};

use super::{
    DefinitionFault,
    change::{list, text},
};

/// What a kind of message is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageDefinition {
    /// Canonical URL, without version.
    pub url: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// The event, as the system and code of `eventCoding`, or the URI of `eventUri` with an empty code; `None`: not said.
    pub event: Option<(String, String)>,
    /// How many resources of each type stand in the message.
    pub focus: Vec<MessageFocus>,
}

/// How many resources of one type stand in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFocus {
    /// The type: `Patient`.
    pub code: String,
    /// The least number.
    pub min: u32,
    /// The greatest number; `None`: any.
    pub max: Option<u32>,
}

impl MessageDefinition {
    /// Reads the resource.
    pub(super) fn read(fields: &Map<String, Value>, url: &str) -> Result<Self, DefinitionFault> {
        let wrong = |what: String| DefinitionFault::new(url, what);
        let version = text(fields, "version").map_err(wrong)?.unwrap_or_default().to_owned();
        let coding = fields.get("eventCoding").and_then(Value::as_object);
        let event = match (coding, text(fields, "eventUri").map_err(wrong)?) {
            (Some(coding), _) => {
                let part =
                    |name| text(coding, name).map_err(wrong).map(|part| part.unwrap_or_default().to_owned());
                Some((part("system")?, part("code")?))
            }
            (None, uri) => uri.map(|uri| (uri.to_owned(), String::new())),
        };
        let mut focus: Vec<MessageFocus> = Vec::new();
        for one in list(fields, "focus").map_err(wrong)? {
            let one = MessageFocus::read(one).map_err(wrong)?;
            // A type that is named more than once (each time with another profile) may stand there as often as all say.
            match focus.iter_mut().find(|known| known.code == one.code) {
                Some(known) => {
                    known.min = known.min.saturating_add(one.min);
                    known.max = known.max.zip(one.max).map(|(a, b)| a.saturating_add(b));
                }
                None => focus.push(one),
            }
        }
        Ok(Self { url: url.to_owned(), version, event, focus })
    }
}

impl MessageFocus {
    fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or("focus must hold objects")?;
        let code = text(fields, "code")?.ok_or("focus needs a code: the type of a resource")?.to_owned();
        let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        let min = fields.get("min").and_then(number).ok_or("focus.min must be a whole number")?;
        let max = match text(fields, "max")? {
            None | Some("*") => None,
            Some(most) => Some(most.parse().map_err(|_| "focus.max must be a whole number or *")?),
        };
        Ok(Self { code, min, max })
    }
}
