use super::*;

#[test]
fn a_small_patient_is_right_and_each_fault_is_found() {
    let right = json!({
        "resourceType": "Patient",
        "active": true,
        "name": [{"family": "Testcase", "given": ["Jo"]}],
        "gender": "female",
        "birthDate": "1991-06",
        "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                                      "valueDateTime": "1991-06-14T09:30:00Z"}]},
        "deceasedBoolean": false,
    });
    assert_eq!(errors(&right), []);
    let mut wrong = right;
    wrong["birthDate"] = json!("2026-02-30");
    wrong["gender"] = json!("f");
    wrong["shoeSize"] = json!(43);
    wrong["deceasedDateTime"] = json!("2026");
    wrong["name"] = json!({"family": "Testcase"});
    wrong["contact"] = json!([{"relationship": [{}]}]);
    assert_eq!(
        errors(&wrong),
        [
            pair("/name", "json Patient.name"),
            pair("/gender", "binding Patient.gender"),
            pair("/birthDate", "date Patient.birthDate"),
            pair("/shoeSize", "unknown Patient"),
            pair("/deceasedDateTime", "choice Patient.deceased[x]"),
            pair("/contact/0", "pat-1"),
            pair("/contact/0/relationship/0", "ele-1"),
        ]
    );
}

#[test]
fn what_json_must_look_like() {
    let check = |patch: Value| {
        let mut patient = json!({"resourceType": "Patient", "name": [{"given": ["Jo"]}]});
        for (key, value) in patch.as_object().unwrap() {
            patient[key] = value.clone();
        }
        errors(&patient)
    };
    let masked = json!({"id": "a", "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]});
    assert_eq!(check(json!({"name": [{"given": ["Jo", null], "_given": [null, masked]}]})), []);
    assert_eq!(
        check(json!({"name": [{"given": ["Jo", null], "_given": [null, {"id": "a"}]}]})),
        [pair("/name/0/given/1", "ele-1")]
    );
    assert_eq!(
        check(json!({"name": [{"given": ["Jo", null]}]})),
        [pair("/name/0/given/1", "json HumanName.given")]
    );
    assert_eq!(check(json!({"name": []})), [pair("/name", "json Patient.name")]);
    assert_eq!(check(json!({"name": [{}]})), [pair("/name/0", "ele-1")]);
    assert_eq!(check(json!({"name": [{"id": "a"}]})), [pair("/name/0", "ele-1")]);
    assert_eq!(check(json!({"name": ["Jo"]})), [pair("/name/0", "json Patient.name")]);
    assert_eq!(check(json!({"gender": ["female"]})), [pair("/gender", "json Patient.gender")]);
    assert_eq!(check(json!({"gender": ""})), [pair("/gender", "code Patient.gender")]);
    assert_eq!(check(json!({"gender": null})), [pair("/gender", "json Patient.gender")]);
    assert_eq!(
        check(json!({"_gender": {"extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}})),
        []
    );
    assert_eq!(check(json!({"_name": [{"id": "a"}]})), [pair("/name", "json Patient.name")]);
    assert_eq!(check(json!({"_shoe": {}})), [pair("/_shoe", "unknown Patient")]);
    assert_eq!(check(json!({"Jo Testcase": 1})), [pair("/*", "unknown Patient")]);
}

#[test]
fn what_is_a_resource() {
    assert_eq!(errors(&json!({"resourceType": "Basic", "code": {"text": "x"}})), []);
    assert_eq!(errors(&json!({"resourceType": "Testcase"})), [pair("/resourceType", "resourceType")]);
    assert_eq!(errors(&json!({"resourceType": "DomainResource"})), [pair("/resourceType", "resourceType")]);
    assert_eq!(errors(&json!({"code": {"text": "x"}})), [pair("/resourceType", "resourceType")]);
    assert_eq!(errors(&json!([])), [pair("", "json Resource")]);
}

#[test]
fn what_is_missing_is_named_where_it_belongs() {
    let request = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "plan",
                         "subject": {"reference": "Patient/1"}});
    assert_eq!(errors(&request), []);
    for name in ["status", "intent", "subject"] {
        let mut less = request.clone();
        less.as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(errors(&less), [pair(&format!("/{name}"), &format!("min ServiceRequest.{name}"))]);
    }
}

#[test]
fn codes_by_the_strength_of_their_binding() {
    let found = |patch: Value| {
        let mut value = json!({"resourceType": "Encounter", "status": "planned",
                               "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"}});
        for (key, one) in patch.as_object().unwrap() {
            value[key] = one.clone();
        }
        let found =
            check(&value).into_iter().map(|finding| (finding.severity, finding.pointer, finding.rule));
        found.collect::<Vec<_>>()
    };
    assert_eq!(found(json!({})), []);
    let (error, warning) = (Severity::Error, Severity::Warning);
    assert_eq!(
        found(json!({"status": "PLANNED"})),
        [(error, "/status".to_owned(), "binding Encounter.status".to_owned())]
    );
    assert_eq!(
        found(json!({"class": {"system": "https://test.example/s", "code": "x"}})),
        [(warning, "/class".to_owned(), "binding Encounter.class".to_owned())]
    );
    assert_eq!(
        found(
            json!({"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMERG"}})
        )
        .into_iter()
        .filter(|(severity, ..)| *severity == error)
        .collect::<Vec<_>>(),
        [(error, "/class/code".to_owned(), "code exists".to_owned())]
    );
}

#[test]
fn says_what_is_allowed_and_never_the_value() {
    let found = check(
        &json!({"resourceType": "Patient", "gender": "CANARY", "birthDate": "CANARY", "CANARY CANARY": "CANARY"}),
    );
    let said = format!("{found:?}");
    assert!(!said.contains("CANARY"), "{said}");
    assert!(
        said.contains("female, male, other, unknown") || said.contains("male, female, other, unknown"),
        "{said}"
    );
    assert!(said.contains("2026-11-23"), "{said}");
}

#[test]
fn fixed_pattern_least_greatest_and_longest() {
    let changes = [
        json!({"id": "Observation.status", "path": "Observation.status", "fixedCode": "final"}),
        json!({"id": "Observation.code", "path": "Observation.code", "patternCodeableConcept": {"text": "x"}}),
        json!({"id": "Observation.value[x]", "path": "Observation.value[x]", "type": [{"code": "integer"}],
               "minValueInteger": 1, "maxValueInteger": 5}),
        json!({"id": "Observation.note.text", "path": "Observation.note.text", "maxLength": 3}),
    ];
    let narrow = program(&[profile("narrow", "Observation", &changes)]);
    let value = |status: &str, text: &str, number: i64, note: &str| {
        let value = json!({"resourceType": "Observation", "status": status, "code": {"text": text},
                           "valueInteger": number, "note": [{"text": note}]});
        errors_by(&narrow, "narrow", &value)
    };
    assert_eq!(value("final", "x", 5, "abc"), []);
    assert_eq!(
        value("amended", "y", 6, "abcd"),
        [
            pair("/status", "fixed Observation.status"),
            pair("/code", "pattern Observation.code"),
            pair("/valueInteger", "maxValue Observation.value[x]"),
            pair("/note/0/text", "maxLength Observation.note.text"),
        ]
    );
    assert_eq!(value("final", "x", 0, "abc"), [pair("/valueInteger", "minValue Observation.value[x]")]);
}

#[test]
fn extensions_by_their_definitions() {
    let known = program(&[{
        let mut shoe = profile(
            "shoe",
            "Extension",
            &[
                json!({"id": "Extension.url", "path": "Extension.url", "fixedUri": "https://test.example/shoe"}),
                json!({"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1,
                       "type": [{"code": "integer"}]}),
            ],
        );
        shoe["context"] = json!([{"type": "element", "expression": "Patient"}]);
        shoe
    }]);
    let check = |place: &str, extension: Value| {
        let mut patient = json!({"resourceType": "Patient", "name": [{"family": "Testcase"}]});
        patient.pointer_mut(place).unwrap()["extension"] = json!([extension]);
        let found = known.check(&patient, &Ask { best_practice: false, ..Ask::at(NOW) });
        found.into_iter().map(|finding| (finding.severity.as_str(), finding.rule)).collect::<Vec<_>>()
    };
    let shoe = |key: &str, value: Value| {
        let mut extension = json!({"url": "https://test.example/shoe"});
        extension[key] = value;
        extension
    };
    let one = |severity: &'static str, rule: &str| vec![(severity, rule.to_owned())];
    assert_eq!(check("", shoe("valueInteger", json!(43))), []);
    assert_eq!(check("/name/0", shoe("valueInteger", json!(43))), one("error", "extension context"));
    let wrong_type = check("", shoe("valueString", json!("x")));
    assert!(wrong_type.contains(&("error", "type Extension.value[x]".to_owned())), "{wrong_type:?}");
    assert_eq!(
        check("", json!({"url": "https://test.example/hat", "valueString": "x"})),
        one("warning", "extension known")
    );
    assert_eq!(check("", json!({"url": "hat", "valueString": "x"})), one("error", "extension url"));
    let both = check(
        "",
        json!({"url": "https://test.example/hat", "valueString": "x", "extension": [
        {"url": "a", "valueString": "x"}]}),
    );
    assert!(both.contains(&("error", "ext-1".to_owned())), "{both:?}");
    let mut patient = json!({"resourceType": "Patient", "active": true});
    patient["modifierExtension"] = json!([{"url": "https://test.example/hat", "valueString": "x"}]);
    assert_eq!(errors(&patient), [pair("/modifierExtension/0/url", "modifier known")]);
}

#[test]
fn references_and_what_is_contained() {
    let check = |patch: Value| {
        let mut request = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "plan",
                                 "subject": {"reference": "Patient/1"}});
        for (key, one) in patch.as_object().unwrap() {
            request[key] = one.clone();
        }
        errors(&request)
    };
    let person = json!({"resourceType": "Patient", "id": "p", "active": true});
    assert_eq!(check(json!({"contained": [person], "subject": {"reference": "#p"}})), []);
    assert_eq!(check(json!({"subject": {"identifier": {"value": "1"}, "type": "Patient"}})), []);
    assert_eq!(check(json!({"subject": {"reference": "#q"}})), [pair("/subject/reference", "ref-1")]);
    assert_eq!(check(json!({"contained": [person]})), [pair("/contained/0", "dom-3")]);
    assert_eq!(
        check(json!({"subject": {"reference": "Practitioner/1"}})),
        [pair("/subject/reference", "target ServiceRequest.subject")]
    );
    assert_eq!(
        check(json!({"subject": {"reference": "Patient/1", "type": "Group"}})),
        [pair("/subject/type", "reference type")]
    );
    for wrong in ["Patient", "patient/1", ":uuid:1", "Patient/a b"] {
        assert_eq!(
            check(json!({"subject": {"reference": wrong}}))[0],
            pair("/subject/reference", "reference format")
        );
    }
}

#[test]
fn what_a_message_speaks_of_is_in_it() {
    let patient = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
    let header = "urn:uuid:c757873d-ec9a-4326-a141-556f43239521";
    let message = json!({"resourceType": "Bundle", "type": "message", "entry": [
        {"fullUrl": header, "resource": {"resourceType": "MessageHeader", "eventUri": "https://test.example/e",
            "source": {"endpoint": "https://test.example/"}, "focus": [{"reference": patient}]}},
        {"fullUrl": patient, "resource": {"resourceType": "Patient", "active": true}},
    ]});
    assert_eq!(errors(&message), []);
    let mut dangling = message.clone();
    dangling["entry"][1]["fullUrl"] = json!("urn:uuid:c757873d-ec9a-4326-a141-556f43239529");
    assert_eq!(errors(&dangling), [pair("/entry/0/resource/focus/0/reference", "reference target")]);
    for urn in ["urn:oid:1.2.36.146", "urn:uuid:c757873d-ec9a-4326-a141-556f43239529"] {
        let mut source = message.clone();
        source["entry"][0]["resource"]["sender"] = json!({"reference": urn});
        assert_eq!(errors(&source), [pair("/entry/0/resource/sender/reference", "reference target")]);
        source["entry"][1]["fullUrl"] = json!(urn);
        source["entry"][1]["resource"] = json!({"resourceType": "Organization", "name": "A court"});
        source["entry"][0]["resource"]["focus"][0]["reference"] = json!(urn);
        assert_eq!(errors(&source), [], "{urn}");
    }
    let mut malformed = message.clone();
    malformed["entry"][0]["resource"]["sender"] = json!({"reference": "urn:oid:1.02"});
    malformed["entry"][1]["fullUrl"] = json!("urn:oid:9.1");
    let wrong = errors(&malformed);
    for one in [
        pair("/entry/0/resource/sender/reference", "reference format"),
        pair("/entry/1/fullUrl", "uri Bundle.entry.fullUrl"),
    ] {
        assert!(wrong.contains(&one), "{wrong:?}");
    }
    let mut backwards = message.clone();
    backwards["entry"].as_array_mut().unwrap().reverse();
    assert_eq!(errors(&backwards), [pair("", "bdl-12")]);
    let mut elsewhere = message.clone();
    elsewhere["entry"][0]["resource"]["focus"][0]["reference"] = json!("Patient/7");
    assert_eq!(errors(&elsewhere), [pair("/entry/0/resource/focus/0/reference", "focus")]);
    let mut twice = message.clone();
    twice["entry"][1]["fullUrl"] = json!(header);
    assert!(errors(&twice).contains(&pair("", "bdl-7")));
    let mut other = message;
    other["entry"][1]["fullUrl"] = json!("https://test.example/Patient/1");
    other["entry"][1]["resource"]["id"] = json!("2");
    assert!(errors(&other).contains(&pair("/entry/1/fullUrl", "fullUrl")));
}

#[test]
fn profiles_that_are_named() {
    let patient = |url: &str| json!({"resourceType": "Patient", "active": true, "meta": {"profile": [url]}});
    let unknown = check(&patient("https://test.example/nowhere"));
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert_eq!((unknown[0].severity, unknown[0].pointer.as_str()), (Severity::Warning, "/meta/profile/0"));
    assert_eq!(
        errors(&patient("http://hl7.org/fhir/StructureDefinition/Observation")),
        [pair("/meta/profile/0", "profile type")]
    );
    assert_eq!(errors(&patient("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1")), []);
}

#[test]
fn nhs_numbers_and_misspelt_systems() {
    let check = |system: &str, value: &str| {
        let found =
            check(&json!({"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}));
        found.into_iter().map(|finding| (finding.severity.as_str(), finding.rule)).collect::<Vec<_>>()
    };
    let right = "https://fhir.nhs.uk/Id/nhs-number";
    assert_eq!(check(right, "9990000018"), []);
    assert_eq!(check(right, "999 000 0018"), [("error", "NHS number".to_owned())]);
    assert_eq!(check("https://test.example/x", "9990000019"), []);
    assert_eq!(
        check("http://fhir.nhs.uk/id/nhs-number", "9990000018"),
        [("error", "system spelling".to_owned())]
    );
}

#[test]
fn a_message_is_made_of_what_its_definition_says() {
    let definition = json!({
        "resourceType": "MessageDefinition", "url": "https://test.example/m", "version": "1", "status": "active",
        "eventCoding": {"system": "https://test.example/s", "code": "e"},
        "focus": [{"code": "Bundle", "min": 1, "max": "1"}, {"code": "Patient", "min": 1, "max": "1"},
                  {"code": "Location", "min": 0, "max": "*"}],
    });
    let known = program(&[definition]);
    let check = |canonical: &str, code: &str, patients: usize| {
        let id = |n: usize| format!("urn:uuid:c757873d-ec9a-4326-a141-{n:012}");
        let mut entries = vec![json!({"fullUrl": id(0), "resource": {
            "resourceType": "MessageHeader", "eventCoding": {"system": "https://test.example/s", "code": code},
            "source": {"endpoint": "https://test.example/"}, "definition": canonical}})];
        entries.extend(
            (1..=patients)
                .map(|n| json!({"fullUrl": id(n), "resource": {"resourceType": "Patient", "active": true}})),
        );
        let message = json!({"resourceType": "Bundle", "type": "message", "entry": entries});
        let found = known.check(&message, &Ask { best_practice: false, ..Ask::at(NOW) });
        found.into_iter().map(|one| (one.severity.as_str(), one.pointer, one.rule)).collect::<Vec<_>>()
    };
    let contents = |severity| vec![(severity, "/entry".to_owned(), "message contents Patient".to_owned())];
    assert_eq!(check("https://test.example/m|1", "e", 1), []);
    assert_eq!(check("https://test.example/m", "e", 0), contents("error"));
    assert_eq!(check("https://test.example/m", "e", 2), contents("error"));
    let header = |name: &str| format!("/entry/0/resource/{name}");
    assert_eq!(
        check("https://test.example/m", "f", 1),
        [("error", header("event"), "message event".to_owned())]
    );
    assert_eq!(
        check("https://test.example/m|2", "e", 0),
        [("information", header("definition"), "message definition".to_owned())]
    );
}

#[test]
fn an_id_alone_does_not_stand_in_for_a_value() {
    let observation =
        |shadow: Value| json!({"resourceType": "Observation", "_status": shadow, "code": {"text": "x"}});
    let absent = json!({"extension": [{
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked",
    }]});
    assert_eq!(errors(&observation(absent)), []);
    assert_eq!(errors(&observation(json!({"id": "a"}))), [pair("/_status", "ele-1")]);
    let extension = json!({"resourceType": "Patient", "extension": [
        {"url": "https://nowhere.example/x", "_valueString": {"id": "a"}},
    ]});
    assert_eq!(errors(&extension), [pair("/extension/0/_valueString", "ele-1")]);
}

#[test]
fn an_entry_that_says_nothing_is_told_and_stands_for_none_that_is_needed() {
    let patient = |name: Value| json!({"resourceType": "Patient", "name": [name]});
    let nothing = |pointer: &str| [pair(pointer, "json HumanName.given")];
    assert_eq!(errors(&patient(json!({"_given": [null]}))), nothing("/name/0/_given/0"));
    assert_eq!(
        errors(&patient(json!({"given": ["Jo"], "_given": [null, null]}))),
        nothing("/name/0/given/1")
    );
    assert_eq!(errors(&patient(json!({"given": [null], "_given": [null]}))), nothing("/name/0/given/0"));
    let absent = json!({"extension": [{
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]});
    assert_eq!(errors(&patient(json!({"given": ["Jo"], "_given": [null, absent]}))), []);
    assert_eq!(errors(&patient(json!({"_given": [absent]}))), []);
    let parameter = json!({
        "resourceType": "SearchParameter", "url": "https://test.example/p", "name": "P", "status": "draft",
        "description": "p", "code": "p", "type": "token", "_base": [null]});
    assert_eq!(errors(&parameter), [pair("/_base/0", "json SearchParameter.base")]);
}
