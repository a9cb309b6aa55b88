//! `$validate`: what the gateway would say of a resource, without taking it. Nothing is kept and nobody is told.

use serde_json::Value;

use super::{
    Answer, Exchange,
    refusal::{Refusal, Refused},
    submit::read_json,
};
use crate::profile::{check::Ask, outcome};

/// Most profiles that one request may name.
const PROFILES_MAX: usize = 8;

/// What a request asks to be judged.
struct Asked<'a> {
    resource: &'a Value,
    profiles: Vec<&'a str>,
}

impl Exchange {
    /// `POST /fhir/{Type}/$validate`: a resource of that type, or `Parameters` with one (`resource`, `profile`).
    /// `profile` is the query's. The answer is 200 with an `OperationOutcome`, whatever it says.
    ///
    /// # Errors
    /// What was sent cannot be judged at all: no JSON, another type than the path names, an unknown profile.
    pub fn validate(&self, kind: &str, profile: Option<&str>, body: &[u8]) -> Result<Answer, Refusal> {
        let refuse = |code, path: &str, text: &str| Err(Refusal::new(Refused::BadRequest, code, path, text));
        if !self.fhir.knows(&format!("http://hl7.org/fhir/StructureDefinition/{kind}")) {
            return Err(Refusal::not_found());
        }
        let sent = read_json(body)?;
        let mut asked = asked(&sent)?;
        asked.profiles.extend(profile);
        if asked.profiles.len() > PROFILES_MAX {
            return refuse(
                "too-long",
                "profile",
                &format!("At most {PROFILES_MAX} profiles in one request."),
            );
        }
        if asked.profiles.iter().any(|url| !self.fhir.knows(url)) {
            return refuse("not-found", "profile", "A profile that was named is not known here.");
        }
        if asked.resource.get("resourceType").and_then(Value::as_str) != Some(kind) {
            return refuse("invalid", "resourceType", "The resource is not of the type that the path names.");
        }
        let ask = Ask { profiles: &asked.profiles, ..Ask::at(self.now().0) };
        let findings = self.fhir.check(asked.resource, &ask);
        Ok(Answer::fhir(200, &Value::Object(outcome::operation_outcome(&findings, |_| None))))
    }
}

/// The resource itself, or what `Parameters` name.
fn asked(sent: &Value) -> Result<Asked<'_>, Refusal> {
    if sent.get("resourceType").and_then(Value::as_str) != Some("Parameters") {
        return Ok(Asked { resource: sent, profiles: Vec::new() });
    }
    let mut found = None;
    let mut profiles = Vec::new();
    let parameters = sent.get("parameter").and_then(Value::as_array);
    for (at, parameter) in parameters.into_iter().flatten().enumerate() {
        let refuse = |code, text: &str| {
            Err(Refusal::new(Refused::BadRequest, code, format!("Parameters.parameter[{at}]"), text))
        };
        match parameter.get("name").and_then(Value::as_str) {
            Some("resource") => match parameter.get("resource") {
                Some(_) if found.is_some() => return refuse("invalid", "One resource at a time is judged."),
                Some(resource) => found = Some(resource),
                None => return refuse("required", "The resource stands under `resource`."),
            },
            Some("profile") => {
                let keys = ["valueUri", "valueCanonical", "valueUrl"];
                match keys.iter().find_map(|key| parameter.get(*key).and_then(Value::as_str)) {
                    Some(profile) => profiles.push(profile),
                    None => return refuse("invalid", "A profile is named by its address, as `valueUri`."),
                }
            }
            Some("mode") => {
                return refuse(
                    "not-supported",
                    "A mode is not offered; leave it out. Nothing is kept anyhow.",
                );
            }
            _ => return refuse("not-supported", "This parameter is not known. Known: resource, profile."),
        }
    }
    let Some(resource) = found else {
        let text = "Parameters hold the resource to be judged under the name \"resource\".";
        return Err(Refusal::new(Refused::BadRequest, "required", "Parameters.parameter", text));
    };
    Ok(Asked { resource, profiles })
}
