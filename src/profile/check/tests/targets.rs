//! What a reference points at, where an entry is, and what an expression asks of a profile.

use super::*;

const LIST: &str = "urn:uuid:c757873d-ec9a-4326-a141-556f43239521";
const PATIENT: &str = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";

fn active() -> Value {
    profile(
        "active",
        "Patient",
        &[json!({"id": "Patient.active", "path": "Patient.active", "min": 1, "fixedBoolean": true})],
    )
}

#[test]
fn what_is_pointed_at_must_fit_one_of_the_profiles_that_it_may_have() {
    let list = profile(
        "list",
        "List",
        &[json!({"id": "List.subject", "path": "List.subject", "type": [{
            "code": "Reference", "targetProfile": ["https://test.example/active"]}]})],
    );
    let program = program(&[active(), list]);
    let list = |to: &str| {
        json!({"resourceType": "List", "status": "current", "mode": "working",
               "meta": {"profile": ["https://test.example/list"]}, "subject": {"reference": to}})
    };
    let patient = |active: bool| json!({"resourceType": "Patient", "active": active});
    let in_bundle = |active: bool| {
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": PATIENT, "resource": patient(active)}, {"fullUrl": LIST, "resource": list(PATIENT)}]})
    };
    let contained = |active: bool| {
        let mut list = list("#p");
        list["contained"] = json!([patient(active)]);
        list["contained"][0]["id"] = json!("p");
        list
    };
    let errors = |value: &Value| -> Vec<(String, String)> {
        let ask = Ask { best_practice: false, ..Ask::at(NOW) };
        let found = program.check(value, &ask).into_iter();
        found.filter(|one| one.severity == Severity::Error).map(|one| (one.pointer, one.rule)).collect()
    };
    assert_eq!(errors(&in_bundle(true)), []);
    let rule = "target profile List.subject";
    assert_eq!(errors(&in_bundle(false)), [pair("/entry/1/resource/subject/reference", rule)]);
    assert_eq!(errors(&contained(true)), []);
    assert_eq!(errors(&contained(false)), [pair("/subject/reference", rule)]);
    // What is elsewhere is not at hand, and nothing is said of it.
    assert_eq!(errors(&list("https://elsewhere.example/fhir/Patient/1")), []);
}

#[test]
fn a_contained_resource_may_point_at_itself() {
    let own = "https://test.example/own";
    let program = program(&[profile(
        "own",
        "Patient",
        &[json!({"id": "Patient.link.other", "path": "Patient.link.other",
                 "type": [{"code": "Reference", "targetProfile": [own]}]})],
    )]);
    let link = json!([{"other": {"reference": "#p"}, "type": "seealso"}]);
    let inner = json!({"resourceType": "Patient", "id": "p", "link": link});
    let patient = json!({"resourceType": "Patient", "link": link, "contained": [inner]});
    assert_eq!(errors_by(&program, "own", &patient), []);
    assert_eq!(notes_by(&program, "own", &patient), []);
}

#[test]
fn an_entry_has_an_address_wherever_r4_asks_for_one() {
    let bundle = |kind: &str, entry: Value| json!({"resourceType": "Bundle", "type": kind, "entry": [entry]});
    let with_id = json!({"resource": {"resourceType": "Patient", "id": "1", "active": true}});
    let without = json!({"resource": {"resourceType": "Patient", "active": true}});
    let missing = [pair("/entry/0/fullUrl", "fullUrl")];
    assert_eq!(errors(&bundle("collection", with_id.clone())), missing);
    assert_eq!(errors(&bundle("searchset", with_id.clone())), missing);
    assert_eq!(errors(&bundle("collection", without)), []);
    let of_message = bundle(
        "message",
        json!({"resource": {
        "resourceType": "MessageHeader", "eventUri": "https://test.example/event",
        "source": {"endpoint": "https://test.example/fhir"}}}),
    );
    assert_eq!(errors(&of_message), missing);
    let mut posted = with_id;
    posted["request"] = json!({"method": "POST", "url": "Patient"});
    assert_eq!(errors(&bundle("transaction", posted)), []);
}

#[test]
fn in_a_transaction_a_reference_may_be_a_search() {
    let bundle = |kind: &str, to: &str| {
        json!({"resourceType": "Bundle", "type": kind, "entry": [{
            "request": {"method": "POST", "url": "Patient"},
            "resource": {"resourceType": "Patient", "managingOrganization": {"reference": to}}}]})
    };
    let at = "/entry/0/resource/managingOrganization/reference";
    let found = "Organization?identifier=https://test.example/id|1";
    assert_eq!(errors(&bundle("transaction", found)), []);
    assert_eq!(errors(&bundle("batch", found)), [pair(at, "reference format")]);
    for wrong in ["Organization?", "organization?name=a", "Nothing?name=a"] {
        assert_eq!(errors(&bundle("transaction", wrong)), [pair(at, "reference format")], "{wrong}");
    }
    assert_eq!(
        errors(&bundle("transaction", "Location?name=a")).len(),
        1,
        "another type than the field takes"
    );
}

#[test]
fn an_expression_may_ask_whether_something_fits_a_profile() {
    let rule = |key: &str, expression: &str| {
        let constraint =
            json!({"key": key, "severity": "error", "human": "A rule.", "expression": expression});
        json!({"id": "Patient", "path": "Patient", "constraint": [constraint]})
    };
    let asks = |profile: &str| rule("asks-1", &format!("conformsTo('https://test.example/{profile}')"));
    let known = profile("known", "Patient", &[asks("active")]);
    let unknown = profile("unknown", "Patient", &[asks("nowhere")]);
    let circular = profile("circular", "Patient", &[asks("circular")]);
    let program = program(&[active(), known, unknown, circular]);
    let patient = |active: bool| json!({"resourceType": "Patient", "active": active});
    assert_eq!(errors_by(&program, "known", &patient(true)), []);
    assert_eq!(notes_by(&program, "known", &patient(true)), []);
    assert_eq!(errors_by(&program, "known", &patient(false)), [pair("", "asks-1")]);
    // A profile that is not known here is no answer, and so is one that asks for itself without end.
    assert_eq!(errors_by(&program, "unknown", &patient(true)), []);
    assert!(notes_by(&program, "unknown", &patient(true)).contains(&pair("", "asks-1")));
    let watch = crate::clock::Stopwatch::start();
    let found =
        program.check(&patient(true), &Ask { profiles: &["https://test.example/circular"], ..Ask::at(NOW) });
    assert!(found.iter().any(|one| one.rule == "asks-1" || one.rule == "steps-max"), "{found:?}");
    assert!(watch.elapsed_micros() < 20_000_000);
}

#[test]
fn that_a_place_is_said_by_a_rule_that_is_not_evaluated_is_told() {
    let questionnaire = json!({"resourceType": "Questionnaire", "name": "Reading", "status": "draft", "item": [{
        "linkId": "1", "type": "display", "text": "Read this.", "extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs", "valueInteger": 2}]}]});
    let told = check(&questionnaire);
    let told: Vec<_> =
        told.iter().map(|one| (one.severity, one.pointer.as_str(), one.rule.as_str())).collect();
    assert_eq!(told, [(Severity::Information, "/item/0/extension/0", "extension context")]);
}
