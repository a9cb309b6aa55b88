//! What the person said about the recipient, read from the Consents of a message. What cannot be read as an explicit
//! statement is none: it permits nothing.

use serde_json::{Value, json};

use super::{
    array, kind,
    people::{Placed, agencies, referred},
    resource,
    taken::Taken,
    text,
};
use crate::{
    directory::Partner,
    fhir::Issue,
    mapping::{address::is_identified, codes},
};

/// Our extension: how the consent was captured, by whom, and whether the person had capacity.
const CAPTURE: &str = "https://keyway.example/fhir/StructureDefinition/consent-capture";
/// Our code system for the blocks of the disclosure table.
const BLOCKS: &str = "https://keyway.example/fhir/CodeSystem/disclosure-block";
/// What a rule may hold. Anything else could narrow it in a way that is not understood here.
const RULE: [&str; 8] = ["id", "type", "period", "actor", "action", "purpose", "code", "provision"];
/// The one action that is meant.
const DISCLOSE: [&str; 2] = ["disclose", "access"];

/// What the Consents of a message come to for one recipient.
#[derive(Default)]
pub(super) struct Statements {
    /// The statements as the assessment has them, each with its place.
    pub(super) said: Vec<(Value, String)>,
    /// Consents that are no explicit statement about the recipient, and do not matter to it.
    pub(super) kept: Vec<Issue>,
    /// Consents about the recipient that cannot be read. One on record from before may say more than the person now
    /// wants, so nothing may go by that one.
    pub(super) unclear: Vec<Issue>,
}

/// Reads what the person said about `recipient`.
pub(super) fn consents(bundle: &Value, recipient: &Partner, taken: &Taken) -> Statements {
    let mut all = Statements::default();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let consent = Placed { index, value: resource(entry) };
        if kind(consent.value) != "Consent" {
            continue;
        }
        match statement(bundle, consent.value, recipient, taken) {
            Ok(said) => all.said.push((said, consent.path())),
            Err(lacking) if concerns(bundle, consent.value, recipient) => {
                let text = format!("This is about the recipient, or refuses, and cannot be read: {lacking}.");
                all.unclear.push(Issue::new("business-rule", consent.path(), text));
            }
            Err(lacking) => {
                // Told as a whole, with the reason.
                taken.note(consent.value);
                let text = format!("Kept as received. It permits nothing here: {lacking}.");
                all.kept.push(Issue::new("business-rule", consent.path(), text));
            }
        }
    }
    all
}

/// Whether a Consent is, or could be, about the recipient in a way that takes something away.
fn concerns(bundle: &Value, consent: &Value, recipient: &Partner) -> bool {
    let root = consent.get("provision");
    let rules = root.into_iter().chain(root.map_or(&[][..], |rule| array(rule, "/provision")));
    matches!(text(consent, "/status"), Some("inactive" | "rejected"))
        || rules
            .into_iter()
            .any(|rule| text(rule, "/type") == Some("deny") || names_recipient(bundle, rule, recipient))
}

fn statement(
    bundle: &Value,
    consent: &Value,
    recipient: &Partner,
    taken: &Taken,
) -> Result<Value, &'static str> {
    if text(consent, "/status") != Some("active") {
        return Err("only an active consent is one");
    }
    if consent.get("modifierExtension").is_some() {
        return Err("it has an extension that may change its meaning");
    }
    let is_privacy = array(consent, "/scope/coding").iter().any(|one| {
        text(one, "/system") == Some("http://terminology.hl7.org/CodeSystem/consentscope")
            && text(one, "/code") == Some("patient-privacy")
    });
    if !is_privacy {
        return Err("its scope is not patient-privacy");
    }
    let patient = referred(bundle, text(consent, "/patient/reference"));
    if patient.is_none_or(|one| kind(one.value) != "Patient") {
        return Err("its patient is not the Patient of this message");
    }
    let rule = consent.get("provision").ok_or("it has no provision that names the recipient")?;
    let rules = array(rule, "/provision");
    // The base rule may stand alone, or hold one rule for each recipient.
    let own = names_recipient(bundle, rule, recipient).then_some(rule);
    let mut about: Vec<&Value> =
        rules.iter().filter(|one| names_recipient(bundle, one, recipient)).chain(own).collect();
    let said = about.pop().ok_or("no rule of it names the recipient by an Organization with its code")?;
    if !about.is_empty() {
        return Err("more than one rule of it names the recipient");
    }
    let agreed = match text(said, "/type") {
        Some("permit") => true,
        Some("deny") => false,
        _ => return Err("its rule says neither permit nor deny"),
    };
    if agreed {
        understood(rule)?;
        understood(said)?;
    }
    let (excludes, specific) = if agreed { blocks(said)? } else { (Vec::new(), Vec::new()) };
    let until = text(said, "/period/end").or_else(|| text(rule, "/period/end"));
    let recorded_at = text(consent, "/dateTime").ok_or("it does not say when it was given")?;
    let capture = capture(consent, agreed)?;
    let mut statement = json!({
        "recipient": recipient.partner_id,
        "decision": if agreed { "agree" } else { "decline" },
        "recorded_at": recorded_at,
        "captured_by": capture.by,
        "how": capture.how,
        "capacity": if capture.had_capacity { "has-capacity" } else { "lacks-capacity" },
    });
    if let Some(fields) = statement.as_object_mut() {
        for (name, list) in [("excludes", excludes), ("specific", specific)] {
            if !list.is_empty() {
                fields.insert(name.to_owned(), json!(list));
            }
        }
        match until {
            Some(until) => {
                fields.insert(String::from("valid_until"), json!(until));
            }
            None if agreed => return Err("it does not say until when it holds"),
            None => {}
        }
    }
    taken.fields(consent, &["status", "scope", "dateTime"]);
    if let Some(capture) = array(consent, "/extension").iter().find(|one| text(one, "/url") == Some(CAPTURE))
    {
        taken.note(capture);
    }
    for read in [rule, said] {
        note_rule(bundle, read, agreed, taken);
    }
    Ok(statement)
}

/// Notes what was read of a rule: itself, and of the rules in it those about blocks, which are for nobody else.
fn note_rule(bundle: &Value, rule: &Value, agreed: bool, taken: &Taken) {
    let fields = rule.as_object().into_iter().flat_map(|fields| fields.keys());
    let own: Vec<&str> = fields.map(String::as_str).filter(|name| *name != "provision").collect();
    taken.fields(rule, &own);
    let actors = array(rule, "/actor").iter().filter_map(|actor| text(actor, "/reference/reference"));
    agencies(bundle, actors, taken);
    for inner in array(rule, "/provision").iter().filter(|inner| agreed && inner.get("actor").is_none()) {
        taken.note(inner);
    }
}

/// Whether a rule is for the recipient: an actor who is an Organization of this message with the recipient's code.
fn names_recipient(bundle: &Value, rule: &Value, recipient: &Partner) -> bool {
    array(rule, "/actor").iter().any(|actor| {
        referred(bundle, text(actor, "/reference/reference")).is_some_and(|one| {
            kind(one.value) == "Organization"
                && array(one.value, "/identifier").iter().any(|id| {
                    let part = |name| text(id, name).unwrap_or_default();
                    is_identified(recipient, part("/system"), part("/value"))
                })
        })
    })
}

/// Whether a rule holds nothing that could narrow it in a way that is not understood.
fn understood(rule: &Value) -> Result<(), &'static str> {
    let fields = rule.as_object().ok_or("a rule of it is no object")?;
    if !fields.keys().all(|name| RULE.contains(&name.as_str())) {
        return Err("a rule of it says something that is not understood here");
    }
    let disclosing = array(rule, "/action")
        .iter()
        .flat_map(|one| array(one, "/coding"))
        .all(|coding| text(coding, "/code").is_some_and(|code| DISCLOSE.contains(&code)));
    let direct = array(rule, "/purpose").iter().all(|one| text(one, "/code") == Some("TREAT"));
    if disclosing && direct { Ok(()) } else { Err("a rule of it is for another action or purpose") }
}

/// What the person kept back, and what has a consent of its own.
fn blocks(rule: &Value) -> Result<(Vec<Value>, Vec<Value>), &'static str> {
    let unclear = "a rule in its rule is not about blocks of the disclosure table";
    let is_outer = |one: &Value| one.get("actor").is_some();
    if rule.get("code").is_some() {
        return Err(unclear);
    }
    let (mut excludes, mut specific) = (Vec::new(), Vec::new());
    for inner in array(rule, "/provision").iter().filter(|one| !is_outer(one)) {
        let plain = inner
            .as_object()
            .is_some_and(|fields| fields.keys().all(|name| matches!(name.as_str(), "id" | "type" | "code")));
        let codings: Vec<&Value> =
            array(inner, "/code").iter().flat_map(|one| array(one, "/coding")).collect();
        let ours = codings.iter().all(|one| text(one, "/system") == Some(BLOCKS));
        if !plain || !ours || codings.is_empty() {
            return Err(unclear);
        }
        let named = codings.iter().filter_map(|one| one.get("code")).cloned();
        match text(inner, "/type") {
            Some("deny") => excludes.extend(named),
            Some("permit") => specific.extend(named),
            _ => return Err(unclear),
        }
    }
    Ok((excludes, specific))
}

struct Capture {
    by: Value,
    how: Value,
    had_capacity: bool,
}

/// How it was captured. A refusal needs none of it: the message itself is the writing.
fn capture(consent: &Value, agreed: bool) -> Result<Capture, &'static str> {
    let extension = array(consent, "/extension").iter().find(|one| text(one, "/url") == Some(CAPTURE));
    let part = |name: &str, kind: &str| {
        let parts = extension.map_or(&[][..], |one| array(one, "/extension"));
        parts.iter().find(|one| text(one, "/url") == Some(name)).and_then(|one| one.get(kind)).cloned()
    };
    let found = (
        part("capturedBy", "valueString"),
        part("how", "valueCode"),
        part("hadCapacity", "valueBoolean").and_then(|value| value.as_bool()),
    );
    match found {
        (Some(by), Some(how), Some(had_capacity)) => Ok(Capture { by, how, had_capacity }),
        _ if agreed => {
            Err("it does not say how it was captured, by whom and with what capacity (consent-capture)")
        }
        _ => Ok(Capture { by: json!("FHIR message"), how: json!("written"), had_capacity: true }),
    }
}

/// The Consents of a message in which the person refuses what goes to `recipient`, each at its place. What refuses and does
/// not say whom, refuses everybody.
pub(super) fn refusals(bundle: &Value, recipient: &Partner, taken: &Taken) -> Vec<Issue> {
    let mut refused = Vec::new();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let consent = Placed { index, value: resource(entry) };
        if kind(consent.value) != "Consent" {
            continue;
        }
        note_whether_refused(consent.value, taken);
        if let Some(field) = refuses(bundle, consent.value, recipient) {
            let text = "The person refuses this. Nothing is passed on against it, and nothing was kept. If they agree, send \
                        the Consent that says so.";
            refused.push(Issue::new("suppressed", format!("{}.{field}", consent.path()), text));
        }
    }
    refused
}

/// Notes by what a Consent is known to refuse, or not to. Until when and with what exceptions somebody agreed is not read here.
fn note_whether_refused(consent: &Value, taken: &Taken) {
    taken.fields(consent, &["status", "scope", "policyRule"]);
    let root = consent.get("provision");
    for rule in root.into_iter().chain(root.map_or(&[][..], |root| array(root, "/provision"))) {
        taken.fields(rule, &["type", "actor"]);
    }
}

/// Where a Consent refuses what goes to `recipient`; `None`: it does not.
fn refuses(bundle: &Value, consent: &Value, recipient: &Partner) -> Option<&'static str> {
    let scoped =
        |code: &str| array(consent, "/scope/coding").iter().any(|one| text(one, "/code") == Some(code));
    if scoped("research") || scoped("adr") {
        return None;
    }
    if matches!(text(consent, "/status"), Some("inactive" | "rejected")) {
        return Some("status");
    }
    let root = consent.get("provision");
    let rules = root.map_or(&[][..], |root| array(root, "/provision"));
    let says = |rule: &Value, what: &str| text(rule, "/type") == Some(what);
    // Opting out is what exceptions are made from; without any it is all that is said.
    let opted_out =
        array(consent, "/policyRule/coding").iter().any(|one| text(one, "/code") == Some("OPTOUT"));
    if opted_out && !root.into_iter().chain(rules).any(|rule| says(rule, "permit")) {
        return Some("policyRule");
    }
    let root = root?;
    if rules.iter().any(|rule| says(rule, "deny") && is_for(bundle, rule, recipient)) {
        return Some("provision");
    }
    // A base rule that denies may have this recipient as its exception.
    let excepted = rules.iter().any(|rule| says(rule, "permit") && names_recipient(bundle, rule, recipient));
    (says(root, "deny") && !excepted && is_for(bundle, root, recipient)).then_some("provision")
}

/// Whether a rule that denies is, or could be, about the recipient as such: not about others, and not about some of what is
/// said only.
fn is_for(bundle: &Value, rule: &Value, recipient: &Partner) -> bool {
    let is_anothers = |actor: &Value| {
        referred(bundle, text(actor, "/reference/reference")).is_some_and(|one| {
            kind(one.value) == "Organization" && !array(one.value, "/identifier").is_empty()
        })
    };
    let actors = array(rule, "/actor");
    if names_recipient(bundle, rule, recipient) || !actors.iter().all(is_anothers) {
        return true;
    }
    actors.is_empty() && ["code", "class", "data", "dataPeriod"].iter().all(|name| rule.get(*name).is_none())
}

/// Whether any Consent of the message says that the person agreed to something: so they know of it.
pub(super) fn person_agreed(bundle: &Value, taken: &Taken) -> bool {
    array(bundle, "/entry").iter().map(resource).any(|one| {
        let rule = |pointer: &str| text(one, pointer);
        let opted_in = array(one, "/policyRule/coding").iter().any(|coding| {
            text(coding, "/system") == Some(codes::V3_ACT) && text(coding, "/code") == Some("OPTIN")
        });
        kind(one) == "Consent"
            && rule("/status") == Some("active")
            && taken.text(one, "/dateTime").is_some()
            && (opted_in
                || rule("/provision/provision/0/type") == Some("permit")
                || rule("/provision/type") == Some("permit"))
    })
}
