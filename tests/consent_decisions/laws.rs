//! Laws that hold of every decision.

use serde_json::{Value, json};

use super::{
    answer,
    cases::{self, Chance},
};

/// How many random sets of Consents each law is tried on.
const TRIES: usize = 4_000;

/// How much an answer lets go: of each item, or of all data.
fn lets_go(told: &Value, request: &Value) -> Vec<usize> {
    let items = match (request.get("resource"), request.get("resources")) {
        (Some(_), _) => 1,
        (_, Some(list)) => list.as_array().unwrap().len(),
        _ => 0,
    };
    if items == 0 {
        let word = told["decision"].as_str().unwrap();
        return vec![["deny", "permit-redacted", "permit"].iter().position(|one| *one == word).unwrap()];
    }
    let kept: Vec<u64> =
        told["withheld"].as_array().unwrap().iter().map(|one| one["resource"].as_u64().unwrap()).collect();
    let denied = told["decision"] == "deny";
    (0..items as u64).map(|item| usize::from(!denied && !kept.contains(&item))).collect()
}

fn no_more(before: &[usize], after: &[usize]) -> bool {
    before.iter().zip(after).all(|(before, after)| after <= before)
}

fn each(mut law: impl FnMut(&mut Chance, &[Value], &Value)) {
    let mut chance = Chance(7);
    for _ in 0..TRIES {
        let consents = cases::consents(&mut chance);
        let request = cases::request(&mut chance);
        law(&mut chance, &consents, &request);
    }
}

/// Every provision of a Consent, by its JSON Pointer.
fn provisions(consent: &Value) -> Vec<String> {
    fn go(value: &Value, at: &str, into: &mut Vec<String>) {
        let Some(provision) = value.pointer(at) else { return };
        into.push(at.to_owned());
        let inner = provision["provision"].as_array().map_or(0, Vec::len);
        for place in 0..inner {
            go(value, &format!("{at}/provision/{place}"), into);
        }
    }
    let mut into = Vec::new();
    go(consent, "/provision", &mut into);
    into
}

#[test]
fn a_further_refusal_that_replaces_nothing_never_permits_more() {
    let mut narrowed = 0_usize;
    each(|chance, consents, request| {
        let before = lets_go(&answer(consents, request), request);
        // As a Consent of its own.
        let mut more = consents.to_vec();
        let mut refusal = consents.first().cloned().unwrap_or_default();
        if refusal.is_null() {
            return;
        }
        refusal["id"] = json!("further");
        refusal.as_object_mut().unwrap().remove("sourceReference");
        refusal["provision"] = json!({"type": "deny"});
        refusal["policyRule"] = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"}]});
        more.push(refusal);
        let after = lets_go(&answer(&more, request), request);
        assert!(no_more(&before, &after), "{before:?} {after:?}\n{}\n{request}", json!(consents));
        narrowed += usize::from(before != after);
        // Within a provision that is there.
        let which = chance.below(consents.len());
        let places = provisions(&consents[which]);
        if places.is_empty() {
            return;
        }
        let at = &places[chance.below(places.len())];
        let mut more = consents.to_vec();
        let round = more[which].pointer_mut(at).unwrap();
        let inner = json!({"type": "deny", "code": [{"coding": [{"system": "http://example.org/codes", "code": "risk"}]}]});
        match round.get_mut("provision").and_then(Value::as_array_mut) {
            Some(list) => list.push(inner),
            None => round["provision"] = json!([inner]),
        }
        let after = lets_go(&answer(&more, request), request);
        assert!(no_more(&before, &after), "{at} {before:?} {after:?}\n{}\n{request}", json!(consents));
        narrowed += usize::from(before != after);
    });
    assert!(narrowed > 500, "only {narrowed} refusals changed anything");
}

/// Every list in the opposite order, at every depth; places and paths are what changes.
fn turned(value: &Value) -> Value {
    match value {
        // Our own extension has its parts in an order.
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| {
                (name.clone(), if name == "extension" { field.clone() } else { turned(field) })
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().rev().map(turned).collect(),
        leaf => leaf.clone(),
    }
}

#[test]
fn the_order_of_lists_never_matters() {
    let mut orders = 0_usize;
    each(|_, consents, request| {
        let (one, mut back) = (answer(consents, request), lets_go(&answer(consents, request), request));
        let other_way: Vec<Value> = consents.iter().rev().map(turned).collect();
        let request_turned = turned(request);
        let other = answer(&other_way, &request_turned);
        assert_eq!(one["decision"], other["decision"], "{}\n{request}", json!(consents));
        assert_eq!(one["reasons"], other["reasons"], "{}\n{request}", json!(consents));
        // Of equals the same is named, wherever it stands.
        let is_about_one = request.get("resources").is_none();
        assert!(!is_about_one || one["consent"] == other["consent"], "{one} {other}");
        back.reverse();
        assert_eq!(back, lets_go(&other, &request_turned));
        orders += usize::from(other_way != consents);
    });
    assert!(orders > TRIES / 2);
}

#[test]
fn a_longer_period_of_a_permission_never_withholds_more() {
    let mut widened = 0_usize;
    each(|chance, consents, request| {
        let which = chance.below(consents.len().max(1));
        let Some(consent) = consents.get(which) else { return };
        let permits = |at: &String| {
            consent.pointer(at).is_some_and(|one| one["type"] == "permit" && one.get("period").is_some())
        };
        let places: Vec<String> = provisions(consent).into_iter().filter(permits).collect();
        if places.is_empty() {
            return;
        }
        let at = &places[chance.below(places.len())];
        let before = lets_go(&answer(consents, request), request);
        for wider in
            [json!({"start": "1990", "end": "2090"}), json!({"start": "1990"}), json!({"end": "2090"})]
        {
            let mut more = consents.to_vec();
            let period = more[which].pointer_mut(at).unwrap().get_mut("period").unwrap();
            for end in ["start", "end"] {
                if let Some(moved) = wider.get(end)
                    && period.get(end).is_some()
                {
                    period[end] = moved.clone();
                }
            }
            let after = lets_go(&answer(&more, request), request);
            assert!(no_more(&after, &before), "{at} {before:?} {after:?}\n{}\n{request}", json!(consents));
            widened += usize::from(before != after);
        }
    });
    assert!(widened > 20, "only {widened} longer periods changed anything");
}

/// What a permission within a refusal lets go, the rule round it lets go too where it is a permission itself, but for labels:
/// those replace the ones round them.
#[test]
fn a_permission_within_a_rule_never_reaches_further_than_the_rule() {
    let (mut narrowed, mut permitted) = (0_usize, 0_usize);
    each(|_, consents, request| {
        for consent in consents {
            let inner = provisions(consent).into_iter().filter(|at| {
                at != "/provision" && consent.pointer(at).is_some_and(|one| one["type"] == "permit")
            });
            for at in inner {
                let without = |at: &str, names: &[&str]| {
                    let mut one = consent.pointer(at).unwrap().clone();
                    one.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
                    one
                };
                let inner = without(&at, &["provision"]);
                let mut round =
                    without(at.rsplit_once("/provision/").unwrap().0, &["provision", "securityLabel"]);
                let alone = |provision: &Value| {
                    let mut one = consent.clone();
                    one["policyRule"] = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"}]});
                    one["provision"] = provision.clone();
                    lets_go(&answer(&[one], request), request)
                };
                round["type"] = json!("permit");
                let rule = alone(&round);
                round["type"] = json!("deny");
                round["provision"] = json!([inner]);
                let within = alone(&round);
                assert!(no_more(&rule, &within), "{at} {rule:?} {within:?}\n{consent}\n{request}");
                narrowed += usize::from(within != alone(&inner));
                permitted += usize::from(within.iter().any(|one| *one > 0));
            }
        }
    });
    assert!(narrowed > 100 && permitted > 100, "{narrowed} {permitted}");
}

#[test]
fn whatever_is_sent_is_answered_and_no_value_comes_back() {
    let mut chance = Chance(11);
    let mut odd =
        vec![json!(null), json!([]), json!("x"), json!({}), json!({"resourceType": "Consent"}), json!(1)];
    for _ in 0..400 {
        let mut consents = cases::consents(&mut chance);
        for consent in &mut consents {
            let places = places(consent);
            let at = &places[chance.below(places.len())];
            let strange = odd[chance.below(odd.len())].clone();
            *consent.pointer_mut(at).unwrap() = strange;
        }
        let request = cases::request(&mut chance);
        let told = answer(&consents, &request);
        assert!(["permit", "permit-redacted", "deny"].contains(&told["decision"].as_str().unwrap()));
    }
    odd.push(json!({"now": "Zebedee Marsh", "Zebedee Marsh": 1}));
    for one in &odd {
        let told = answer(std::slice::from_ref(one), &json!({"now": "2022-09-01T10:00:00Z"}));
        assert_eq!(told["decision"], "deny", "{one}");
        let told = answer(&[], one);
        assert_eq!(told["decision"], "deny", "{one}");
        assert!(!told.to_string().contains("Zebedee"), "{told}");
    }
}

/// Every place in a value but its root.
fn places(value: &Value) -> Vec<String> {
    fn go(value: &Value, at: &str, into: &mut Vec<String>) {
        let mut inner = |name: String, below: &Value| {
            let at = format!("{at}/{name}");
            into.push(at.clone());
            go(below, &at, into);
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, below)| inner(name.clone(), below)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(place, below)| inner(place.to_string(), below));
            }
            _ => {}
        }
    }
    let mut into = Vec::new();
    go(value, "", &mut into);
    into
}
