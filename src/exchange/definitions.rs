//! Which messages an agency takes through this gateway: our `MessageDefinition`s, as BaRS asks for them.

use serde_json::{Value, json};

use super::{
    Answer, Exchange,
    caller::Caller,
    message::fhir,
    refusal::{Issue, Refusal, Refused},
    rest::{encoded, outcome},
};
use crate::{
    directory::{AgencyKind, Partner},
    mapping::{address::is_identified, messages::Taken},
    profile::definition::built_in_resources,
};

pub use crate::mapping::messages::{ALL as MESSAGES, Message};

/// The use case of every one of them: its system and its code.
const USE_CASE: (&str, &str) = ("https://keyway.example/fhir/CodeSystem/use-case", "ld-referral");
impl Exchange {
    /// `GET /fhir/MessageDefinition?context=…`: what may be sent for this service (`system|value` of an agency), or for
    /// this use case; without one, everything that is taken here. Whom the caller may not write to has none. `told` is what
    /// was not looked at.
    pub async fn search_message_definition(
        &self,
        caller: &Caller,
        context: Option<&str>,
        told: Option<Issue>,
    ) -> Result<Answer, Refusal> {
        // What the service takes is everything that is taken here.
        let taken = match context.map(|context| context.rsplit_once('|')) {
            None => Some(Taken::ByTheService),
            Some(None) if context == Some(USE_CASE.1) => Some(Taken::ByTheService),
            Some(Some(pair)) if pair == USE_CASE => Some(Taken::ByTheService),
            Some(Some((system, value))) => {
                let partners = self.store.partners(&caller.site_id).await?;
                let meant = partners.iter().find(|p| is_identified(p, system, value));
                meant.filter(|p| may_write_to(caller, p)).map(|meant| {
                    let service = meant.kind == AgencyKind::LiaisonDiversion;
                    if service { Taken::ByTheService } else { Taken::ByEvery }
                })
            }
            Some(None) => None,
        };
        // The link says what was asked, also where nothing was found.
        let asked = context.map(|context| format!("?context={}", encoded(context))).unwrap_or_default();
        let mut entries: Vec<Value> = MESSAGES
            .iter()
            .filter(|one| taken.is_some_and(|by| by == Taken::ByTheService || one.taken == by))
            .filter_map(|one| {
                let found = message_definition(one.name)?;
                Some(json!({
                    "fullUrl": format!("{}/fhir/MessageDefinition/{}", self.base_url, one.name),
                    "resource": found,
                    "search": {"mode": "match"},
                }))
            })
            .collect();
        let total = entries.len();
        entries.extend(told.and_then(|told| outcome(&[told])));
        let mut bundle = json!({
            "resourceType": "Bundle",
            "type": "searchset",
            "total": total,
            "link": [{"relation": "self", "url": format!("{}/fhir/MessageDefinition{asked}", self.base_url)}],
        });
        if let Some(fields) = bundle.as_object_mut().filter(|_| !entries.is_empty()) {
            fields.insert(String::from("entry"), Value::Array(entries));
        }
        Ok(fhir(&bundle))
    }
}

/// `GET /fhir/MessageDefinition/{id}`.
pub fn read_message_definition(id: &str) -> Result<Answer, Refusal> {
    let known = MESSAGES.iter().find(|one| one.name == id).and_then(|one| message_definition(one.name));
    let nothing =
        || Refusal::new(Refused::NotFound, "not-found", "", "There is no MessageDefinition with this id.");
    known.map(|found| fhir(&found)).ok_or_else(nothing)
}

fn message_definition(name: &str) -> Option<Value> {
    let file = format!("messagedefinition/{name}.json");
    let (_, text) = built_in_resources().iter().find(|(known, _)| *known == file)?;
    serde_json::from_str(text).ok()
}

/// Agencies write to the service, and the service to those for whom there is an allow-list.
fn may_write_to(caller: &Caller, agency: &Partner) -> bool {
    if caller.is_service() {
        agency.kind.audience().is_some()
    } else {
        agency.kind == AgencyKind::LiaisonDiversion
    }
}
