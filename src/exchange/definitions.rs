//! Which messages an agency takes through this gateway: our `MessageDefinition`s, as BaRS asks for them.

use serde_json::{Value, json};

use super::{
    Answer, Exchange,
    caller::Caller,
    message::fhir,
    refusal::{Issue, Refusal, Refused},
    rest::outcome,
};
use crate::{
    directory::{AgencyKind, Partner},
    mapping::address::is_identified,
    profile::definition::built_in_resources,
};

/// The use case of every one of them: its system and its code.
const USE_CASE: (&str, &str) = ("https://keyway.example/fhir/CodeSystem/use-case", "ld-referral");
/// What the liaison and diversion service takes: referrals to it, and answers to its own.
const OF_THE_SERVICE: [&str; 4] =
    ["ld-referral-new", "ld-referral-update", "ld-referral-cancel", "ld-referral-response"];
/// What may be sent for another agency. Its answers go to the service.
const OF_AN_AGENCY: [&str; 3] = ["ld-referral-new", "ld-referral-update", "ld-referral-cancel"];
/// What is sent to who sent a referral. Nobody asks for it by the service that takes it.
const TO_A_SENDER: &str = "ld-referral-status";

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
        let (names, asked): (&[&str], _) = match context.map(|context| context.rsplit_once('|')) {
            None => (&OF_THE_SERVICE, String::new()),
            Some(None) if context == Some(USE_CASE.1) => {
                (&OF_THE_SERVICE, format!("?context={}", USE_CASE.1))
            }
            Some(Some(pair)) if pair == USE_CASE => {
                (&OF_THE_SERVICE, format!("?context={}|{}", USE_CASE.0, USE_CASE.1))
            }
            Some(Some((system, value))) => {
                let partners = self.store.partners(&caller.site_id).await?;
                let meant = partners.iter().find(|p| is_identified(p, system, value));
                match meant.filter(|p| may_write_to(caller, p)) {
                    Some(meant) if meant.kind == AgencyKind::LiaisonDiversion => {
                        (&OF_THE_SERVICE, format!("?context={system}|{value}"))
                    }
                    Some(_) => (&OF_AN_AGENCY, format!("?context={system}|{value}")),
                    None => (&[], String::new()),
                }
            }
            Some(None) => (&[], String::new()),
        };
        let mut entries: Vec<Value> = names
            .iter()
            .filter_map(|name| {
                let found = message_definition(name)?;
                Some(json!({
                    "fullUrl": format!("{}/fhir/MessageDefinition/{name}", self.base_url),
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
    let known = OF_THE_SERVICE.contains(&id) || id == TO_A_SENDER;
    let known = known.then(|| message_definition(id)).flatten();
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
    if caller.kind == AgencyKind::LiaisonDiversion {
        agency.kind.audience().is_some()
    } else {
        agency.kind == AgencyKind::LiaisonDiversion
    }
}
