//! FHIR's own invariants, kept and broken side by side.

use serde_json::{Value, json};

use super::{Known, holds};
use crate::profile::path::{Expression, Focus, Node, Truth};

/// An invariant of a part of a resource, which stands by itself here.
fn part(expression: &str, type_name: &'static str, kept: &Value, broken: &Value) {
    let parsed = Expression::parse(expression).unwrap();
    let resource = json!({"resourceType": "Patient"});
    for (value, is_kept) in [(kept, true), (broken, false)] {
        let focus = Focus { node: Node::element(value, type_name), ..Focus::of_resource(&resource) };
        let truth = parsed.holds(&focus, &Known { bundle: None }).unwrap();
        assert_eq!(truth.is_satisfied(), is_kept, "{expression} of {value}");
    }
}

/// An invariant of a resource.
fn whole(expression: &str, kept: &Value, broken: &Value) {
    assert_eq!(holds(expression, kept), Truth::True, "{expression} of {kept}");
    assert_ne!(holds(expression, broken), Truth::True, "{expression} of {broken}");
}

#[test]
fn of_data_types() {
    let ele = "hasValue() or (children().count() > id.count())";
    part(ele, "Period", &json!({"id": "a", "start": "2020"}), &json!({"id": "a"}));
    let ext = "extension.exists() != value.exists()";
    part(ext, "Extension", &json!({"url": "a", "valueCode": "b"}), &json!({"url": "a"}));
    let both = json!({"url": "a", "valueCode": "b", "extension": [{"url": "c"}]});
    part(ext, "Extension", &json!({"extension": [{"url": "c"}]}), &both);
    let per = "start.hasValue().not() or end.hasValue().not() or (start <= end)";
    part(
        per,
        "Period",
        &json!({"start": "2020", "end": "2021-05"}),
        &json!({"start": "2021", "end": "2020"}),
    );
    let zones = json!({"start": "2020-01-01T10:00:00+01:00", "end": "2020-01-01T09:30:00Z"});
    let turned = json!({"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T10:30:00+01:00"});
    part(per, "Period", &zones, &turned);
    let qty = "code.empty() or system.exists()";
    part(qty, "Quantity", &json!({"code": "mg", "system": "urn:u"}), &json!({"code": "mg"}));
    let rng = "low.empty() or high.empty() or (low <= high)";
    let range = |low: f64, high: f64| json!({"low": {"value": low, "code": "m"}, "high": {"value": high, "code": "m"}});
    part(rng, "Range", &range(1.5, 2.0), &range(3.0, 2.0));
    let att = "data.empty() or contentType.exists()";
    part(att, "Attachment", &json!({"data": "AA==", "contentType": "a/b"}), &json!({"data": "AA=="}));
    let cpt = "value.empty() or system.exists()";
    part(cpt, "ContactPoint", &json!({"value": "1", "system": "phone"}), &json!({"value": "1"}));
    let tim = "duration.exists() implies duration >= 0";
    part(tim, "Timing.repeat", &json!({"duration": 0.0}), &json!({"duration": -0.1}));
    let age = "(code.exists() or value.empty()) and (system.empty() or system = %ucum) and \
               (value.empty() or value.hasValue().not() or value > 0)";
    let unit = json!({"value": 3, "code": "a", "system": "http://unitsofmeasure.org"});
    part(age, "Age", &unit, &json!({"value": 0, "code": "a"}));
}

#[test]
fn of_references() {
    let rule = "reference.startsWith('#').not() or \
                (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))";
    let parsed = Expression::parse(rule).unwrap();
    let resource = json!({"resourceType": "Task", "contained": [{"resourceType": "Patient", "id": "p"}]});
    for (reference, kept) in [("#p", true), ("#q", false), ("Patient/p", true)] {
        let value = json!({"reference": reference});
        let focus = Focus { node: Node::element(&value, "Reference"), ..Focus::of_resource(&resource) };
        let truth = parsed.holds(&focus, &Known { bundle: None }).unwrap();
        assert_eq!(truth.is_satisfied(), kept, "{reference}");
    }
}

#[test]
fn of_domain_resources() {
    let with = |contained: Value| json!({"resourceType": "Patient", "contained": [contained], "link": {"reference": "#a"}});
    let plain = with(json!({"resourceType": "Patient", "id": "a"}));
    whole("contained.contained.empty()", &plain, &with(json!({"id": "a", "contained": [{"id": "b"}]})));
    let dom_3 = "contained.where((('#'+id in (%resource.descendants().reference | \
                 %resource.descendants().as(canonical) | %resource.descendants().as(uri) | \
                 %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or \
                 descendants().where(as(canonical) = '#').exists() or \
                 descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()";
    whole(dom_3, &plain, &with(json!({"resourceType": "Patient", "id": "other"})));
    let back = with(json!({"resourceType": "Patient", "id": "other", "of": {"reference": "#"}}));
    assert_eq!(holds(dom_3, &back), Truth::True);
    let by_canonical = json!({
        "resourceType": "Observation", "contained": [{"resourceType": "Patient", "id": "a"}],
        "instantiatesCanonical": "#a"
    });
    assert_eq!(holds(dom_3, &by_canonical), Truth::True);
    let dom_4 = "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()";
    whole(dom_4, &plain, &with(json!({"id": "a", "meta": {"versionId": "1"}})));
    whole("contained.meta.security.empty()", &plain, &with(json!({"id": "a", "meta": {"security": [{}]}})));
    let told = json!({"resourceType": "Patient", "text": {"div": "<div>a</div>"}});
    whole("text.`div`.exists()", &told, &plain);
}

#[test]
fn of_resources_in_referrals() {
    let is = |name: &str, mut rest: Value| {
        rest["resourceType"] = json!(name);
        rest
    };
    let obs_6 = "dataAbsentReason.empty() or value.empty()";
    let absent = is("Observation", json!({"dataAbsentReason": {}, "valueString": "a"}));
    whole(obs_6, &is("Observation", json!({"valueString": "a"})), &absent);
    let obs_7 =
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()";
    let code = |c: &str| json!({"coding": [{"code": c}]});
    let observed = |c: &str| {
        is("Observation", json!({"valueInteger": 1, "code": code("a"), "component": [{"code": code(c)}]}))
    };
    whole(obs_7, &observed("b"), &observed("a"));
    let con_3 = "clinicalStatus.exists() or verificationStatus.coding.where(system='urn:v' and code = \
                 'entered-in-error').exists() or category.select($this='problem-list-item').empty()";
    whole(con_3, &is("Condition", json!({})), &is("Condition", json!({"category": [{"text": "x"}]})));
    let con_4 = "abatement.empty() or clinicalStatus.coding.where(system='urn:c' and (code='resolved' or \
                 code='remission' or code='inactive')).exists()";
    let over = |c: &str| {
        let status = json!({"coding": [{"system": "urn:c", "code": c}]});
        is("Condition", json!({"abatementString": "x", "clinicalStatus": status}))
    };
    whole(con_4, &over("resolved"), &over("active"));
    let inv_1 = "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn";
    let task = |a: &str, m: &str| is("Task", json!({"authoredOn": a, "lastModified": m}));
    whole(inv_1, &task("2020-01-01", "2020-01-02"), &task("2020-01-02", "2020-01-01"));
    assert_eq!(holds(inv_1, &task("2020-01", "2020-01-02")), Truth::Empty);
    whole(
        "policy.exists() or policyRule.exists()",
        &is("Consent", json!({"policyRule": {}})),
        &is("Consent", json!({})),
    );
    let app_3 = "(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled' | 'waitlist'))";
    let booked = is("Appointment", json!({"status": "booked"}));
    whole(app_3, &is("Appointment", json!({"status": "proposed"})), &booked);
    let app_4 = "Appointment.cancelationReason.exists() implies (Appointment.status='noshow' or \
                 Appointment.status='cancelled')";
    let called_off = |status: &str| is("Appointment", json!({"cancelationReason": {}, "status": status}));
    whole(app_4, &called_off("noshow"), &called_off("booked"));
    let org_2 = "where(use = 'home').empty()";
    part(org_2, "Address", &json!({"use": "work"}), &json!({"use": "home"}));
    part(
        "(answer.exists() and item.exists()).not()",
        "Item",
        &json!({"answer": [1]}),
        &json!({"answer": [1], "item": [1]}),
    );
    part("text.exists() or entry.exists() or section.exists()", "Section", &json!({"text": {}}), &json!({}));
    let pat_1 = "name.exists() or telecom.exists() or address.exists() or organization.exists()";
    part(pat_1, "Patient.contact", &json!({"name": {}}), &json!({"gender": "male"}));
    let que_7 = "operator = 'exists' implies (answer is Boolean)";
    let asks = |name: &str| json!({"operator": "exists", name: true});
    part(que_7, "Questionnaire.item.enableWhen", &asks("answerBoolean"), &asks("answerString"));
    let que_1 = "(type='group' implies item.empty().not()) and (type.trace('type')='display' implies \
                 item.trace('item').empty())";
    part(que_1, "Item", &json!({"type": "group", "item": [{}]}), &json!({"type": "group"}));
    let que_2 = "descendants().linkId.isDistinct()";
    let form =
        |second: &str| is("Questionnaire", json!({"item": [{"linkId": "a", "item": [{"linkId": second}]}]}));
    whole(que_2, &form("b"), &form("a"));
}

#[test]
fn of_bundles() {
    let bundle =
        |kind: &str, entries: Value| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let first = |name: &str| bundle("message", json!([{"resource": {"resourceType": name}}]));
    let bdl_12 = "type = 'message' implies entry.first().resource.is(MessageHeader)";
    whole(bdl_12, &first("MessageHeader"), &first("Patient"));
    let bdl_1 = "total.empty() or (type = 'searchset') or (type = 'history')";
    let counted = |kind: &str| json!({"resourceType": "Bundle", "type": kind, "total": 1});
    whole(bdl_1, &counted("history"), &counted("message"));
    let bdl_3 = "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or \
                 %resource.type = 'history'))";
    whole(bdl_3, &bundle("batch", json!([{"request": {}}])), &bundle("message", json!([{"request": {}}])));
    let bdl_7 = "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId)\
                 .isDistinct()";
    let urls = |b: &str| bundle("message", json!([{"fullUrl": "urn:a"}, {"fullUrl": b}]));
    whole(bdl_7, &urls("urn:b"), &urls("urn:a"));
    let bdl_8 = "fullUrl.exists() implies fullUrl.contains('/_history/').not()";
    part(bdl_8, "Bundle.entry", &json!({"fullUrl": "a"}), &json!({"fullUrl": "a/_history/1"}));
    let bdl_9 = "type = 'document' implies (identifier.system.exists() and identifier.value.exists())";
    let signed =
        json!({"resourceType": "Bundle", "type": "document", "identifier": {"system": "a", "value": "b"}});
    whole(bdl_9, &signed, &bundle("document", json!([])));
}

#[test]
fn every_invariant_of_base_r4_reads() {
    let definitions = crate::profile::definition::Definitions::base().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for url in definitions.urls() {
        for element in &definitions.get(url).unwrap().elements {
            for constraint in element.constraints.iter().filter(|c| !c.expression.is_empty()) {
                if seen.insert(constraint.expression.clone()) {
                    let read = Expression::parse(&constraint.expression);
                    assert!(read.is_ok(), "{}: {}", constraint.key, read.unwrap_err());
                }
            }
        }
    }
    // Counted here, and told there.
    let told = format!("All {} distinct invariants of base R4 are read", seen.len());
    assert!(
        include_str!("../../../../docs/fhirpath.md").contains(&told),
        "docs/fhirpath.md does not say: {told}"
    );
}
