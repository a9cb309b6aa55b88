//! A consent as Keyway stores it: a FHIR R4 Consent, read through this narrow view.

use serde_json::{Value, json};

use super::capture::{self, CAPTURE_URL};
use crate::{
    assessment::Capture,
    clock::Moment,
    ids::{ConsentId, PartnerId, PersonId},
};

/// Our code system for the blocks of the disclosure table.
const BLOCK_SYSTEM: &str = "https://keyway.example/fhir/CodeSystem/disclosure-block";
/// The recipient's role in a provision.
const ROLE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// `Consent.status`, of which only `active` can permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentStatus {
    /// In force, within its period.
    Active,
    /// Withdrawn.
    Inactive,
    /// Never evidence of anything.
    EnteredInError,
}

/// What the person said about this recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentDecision {
    /// Agreed.
    Permit,
    /// Declined.
    Deny,
}

/// One consent for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Its version; each change makes a new one.
    pub version: i64,
    /// Whose it is.
    pub person: PersonId,
    /// Whom it is about.
    pub recipient: PartnerId,
    /// Whether it stands.
    pub status: ConsentStatus,
    /// What was said.
    pub decision: ConsentDecision,
    /// From when.
    pub valid_from: Moment,
    /// Until when (exclusive).
    pub valid_to: Moment,
    /// Blocks of the disclosure table that the person kept back.
    pub excluded: Vec<String>,
    /// Blocks that need, and have, a separate consent.
    pub specific: Vec<String>,
    /// Whether the person had capacity to decide this when it was recorded.
    pub had_capacity: bool,
    /// Who recorded it.
    pub captured_by: String,
    /// How: `oral`, `written`, `signed`.
    pub how: String,
    /// Whose word it is, and what else is known of how it was taken.
    pub capture: Capture,
}

/// Why a stored Consent could not be read. The decision is then no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the consent cannot be read at {0}")]
pub struct RecordError(pub &'static str);

impl Consent {
    /// Whether it is a permission in force, by somebody who could give it: with capacity, and with the say at some age at
    /// least. Not asked: its period, and how old the person was.
    #[must_use]
    pub fn may_permit(&self) -> bool {
        self.status == ConsentStatus::Active
            && self.decision == ConsentDecision::Permit
            && self.had_capacity
            && (self.capture.has_authority(true) || self.capture.has_authority(false))
    }

    /// The FHIR R4 Consent that is stored and given out.
    #[must_use]
    pub fn to_fhir(&self) -> Value {
        let codes = |blocks: &[String]| -> Value {
            blocks.iter().map(|b| json!({"coding": [{"system": BLOCK_SYSTEM, "code": b}]})).collect()
        };
        let actor = json!([{
            "role": {"coding": [{"system": ROLE_SYSTEM, "code": "IRCP"}]},
            "reference": {"reference": format!("Organization/{}", self.recipient)}
        }]);
        let action = json!([{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "disclose"}]}]);
        let mut rule = json!({
            "type": match self.decision { ConsentDecision::Permit => "permit", ConsentDecision::Deny => "deny" },
            "period": {"start": self.valid_from.to_rfc3339(), "end": self.valid_to.to_rfc3339()},
            "actor": actor,
            "action": action,
        });
        let mut exceptions = Vec::new();
        if !self.excluded.is_empty() {
            exceptions.push(json!({"type": "deny", "code": codes(&self.excluded)}));
        }
        // A refusal has no exceptions: what it would permit nobody could tell from a permission.
        if !self.specific.is_empty() && self.decision == ConsentDecision::Permit {
            exceptions.push(json!({"type": "permit", "code": codes(&self.specific)}));
        }
        if !exceptions.is_empty()
            && let Some(rule) = rule.as_object_mut()
        {
            rule.insert(String::from("provision"), Value::Array(exceptions));
        }
        let mut captured = vec![
            json!({"url": "capturedBy", "valueString": self.captured_by}),
            json!({"url": "how", "valueCode": self.how}),
            json!({"url": "hadCapacity", "valueBoolean": self.had_capacity}),
        ];
        captured.extend(self.capture.parts());
        json!({
            "resourceType": "Consent",
            "id": self.id.as_str(),
            "meta": {"versionId": self.version.to_string()},
            "extension": [{"url": CAPTURE_URL, "extension": captured}],
            "status": match self.status {
                ConsentStatus::Active => "active",
                ConsentStatus::Inactive => "inactive",
                ConsentStatus::EnteredInError => "entered-in-error",
            },
            "scope": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IDSCL"}]}],
            "patient": {"reference": format!("Patient/{}", self.person)},
            "dateTime": self.valid_from.to_rfc3339(),
            "performer": [{"reference": format!("Patient/{}", self.person)}],
            "policyRule": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"}]},
            "provision": {"provision": [rule]},
        })
    }

    /// Reads what [`Consent::to_fhir`] writes. Anything else is an error, and so a no.
    pub fn from_fhir(value: &Value) -> Result<Self, RecordError> {
        let text = |pointer: &'static str| -> Result<&str, RecordError> {
            value.pointer(pointer).and_then(Value::as_str).ok_or(RecordError(pointer))
        };
        let moment = |pointer: &'static str| -> Result<Moment, RecordError> {
            Moment::from_rfc3339(text(pointer)?).ok_or(RecordError(pointer))
        };
        if text("/resourceType")? != "Consent" {
            return Err(RecordError("/resourceType"));
        }
        if text("/scope/coding/0/code")? != "patient-privacy" {
            return Err(RecordError("/scope"));
        }
        if value.get("modifierExtension").is_some() {
            return Err(RecordError("/modifierExtension"));
        }
        let rules = value.pointer("/provision/provision").and_then(Value::as_array);
        if rules.is_none_or(|r| r.len() != 1) {
            return Err(RecordError("/provision/provision"));
        }
        let (mut excluded, mut specific) = (Vec::new(), Vec::new());
        for exception in
            value.pointer("/provision/provision/0/provision").and_then(Value::as_array).into_iter().flatten()
        {
            let into = match exception.get("type").and_then(Value::as_str) {
                Some("deny") => &mut excluded,
                Some("permit") => &mut specific,
                _ => return Err(RecordError("/provision/provision/0/provision")),
            };
            let codes = exception.get("code").and_then(Value::as_array);
            for code in codes.ok_or(RecordError("/provision/provision/0/provision"))? {
                let block = code.pointer("/coding/0/code").and_then(Value::as_str);
                into.push(block.ok_or(RecordError("/provision/provision/0/provision/code"))?.to_owned());
            }
        }
        let extension = value.pointer("/extension/0").ok_or(RecordError("/extension/0"))?;
        let (had_capacity, capture) = capture::of_extension(extension)?;
        Ok(Self {
            id: ConsentId::parse(text("/id")?).ok_or(RecordError("/id"))?,
            version: text("/meta/versionId")?.parse().map_err(|_| RecordError("/meta/versionId"))?,
            person: text("/patient/reference")?
                .strip_prefix("Patient/")
                .and_then(PersonId::parse)
                .ok_or(RecordError("/patient/reference"))?,
            recipient: text("/provision/provision/0/actor/0/reference/reference")?
                .strip_prefix("Organization/")
                .and_then(PartnerId::parse)
                .ok_or(RecordError("/provision/provision/0/actor"))?,
            status: match text("/status")? {
                "active" => ConsentStatus::Active,
                "inactive" => ConsentStatus::Inactive,
                "entered-in-error" => ConsentStatus::EnteredInError,
                _ => return Err(RecordError("/status")),
            },
            decision: match text("/provision/provision/0/type")? {
                "permit" => ConsentDecision::Permit,
                "deny" => ConsentDecision::Deny,
                _ => return Err(RecordError("/provision/provision/0/type")),
            },
            valid_from: moment("/provision/provision/0/period/start")?,
            valid_to: moment("/provision/provision/0/period/end")?,
            excluded,
            specific,
            had_capacity,
            captured_by: text("/extension/0/extension/0/valueString")?.to_owned(),
            how: text("/extension/0/extension/1/valueCode")?.to_owned(),
            capture,
        })
    }
}
