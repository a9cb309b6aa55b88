use serde_json::{Value, json};

use super::*;

/// A profile with these elements in its differential.
fn profile(url: &str, r#type: &str, base: &str, elements: &Value) -> Value {
    json!({
        "resourceType": "StructureDefinition", "url": url, "version": "1", "kind": "resource", "abstract": false,
        "type": r#type, "baseDefinition": base, "derivation": "constraint", "differential": {"element": elements}
    })
}

const PATIENT: &str = "http://hl7.org/fhir/StructureDefinition/Patient";

/// The snapshot of a profile on Patient with these elements.
fn on_patient(elements: &Value) -> Result<Arc<StructureDefinition>, DefinitionFault> {
    let mut definitions = Definitions::base().unwrap();
    definitions.add(&profile("urn:p", "Patient", PATIENT, elements), "p.json").unwrap();
    definitions.get("urn:p")
}

fn element<'a>(definition: &'a StructureDefinition, id: &str) -> &'a Element {
    definition.elements.iter().find(|element| element.id == id).unwrap_or_else(|| panic!("no element {id}"))
}

#[test]
fn base_r4_is_whole() {
    let definitions = Definitions::base().unwrap();
    let mut kinds = HashMap::new();
    for url in definitions.urls() {
        let made = definitions.get(url).unwrap();
        assert_eq!(made.elements[0].path, made.r#type, "{url}");
        if !made.is_profile {
            *kinds.entry(made.kind).or_insert(0) += 1;
        }
    }
    // R4 has 148 resources, the two abstract ones included, and 20 primitive types.
    assert_eq!(kinds[&Kind::Resource], 148);
    assert_eq!(kinds[&Kind::Primitive], 20);
    assert_eq!(kinds[&Kind::Complex], 41);
}

#[test]
fn an_element_of_base_r4_has_all_that_is_published() {
    let definitions = Definitions::base().unwrap();
    let patient = definitions.of_type("Patient").unwrap();
    let gender = element(&patient, "Patient.gender");
    assert_eq!((gender.min, gender.max, gender.base_max), (0, Some(1), Some(1)));
    assert_eq!(gender.types[0].code, "code");
    let binding = gender.binding.as_ref().unwrap();
    assert_eq!(binding.strength, Strength::Required);
    assert_eq!(binding.value_set, "http://hl7.org/fhir/ValueSet/administrative-gender");
    assert_eq!(element(&patient, "Patient.id").types[0].code, "id");
    let deceased = element(&patient, "Patient.deceased[x]");
    assert!(deceased.is_modifier);
    assert_eq!(deceased.types.len(), 2);
    let manager = element(&patient, "Patient.managingOrganization");
    let organization = "http://hl7.org/fhir/StructureDefinition/Organization";
    assert_eq!(manager.types[0].target_profiles, [organization]);
    let contact = element(&patient, "Patient.contact");
    let rule = contact.constraints.iter().find(|rule| rule.key == "pat-1").unwrap();
    assert!(rule.is_error && rule.source == PATIENT && rule.expression.contains("name.exists()"));
    let questionnaire = definitions.of_type("Questionnaire").unwrap();
    let inner = element(&questionnaire, "Questionnaire.item.item");
    assert_eq!(inner.content_reference.as_deref(), Some("Questionnaire.item"));
    let date = definitions.of_type("date").unwrap();
    assert!(element(&date, "date.value").regex.as_ref().unwrap().starts_with("([0-9]"));
}

#[test]
fn a_canonical_is_found_with_its_version_or_without() {
    let mut definitions = Definitions::base().unwrap();
    for version in ["1.9", "1.10", "1.2"] {
        let mut one = profile("urn:p", "Patient", PATIENT, &json!([]));
        one["version"] = json!(version);
        definitions.add(&one, version).unwrap();
    }
    assert_eq!(definitions.get("urn:p").unwrap().version, "1.10");
    assert_eq!(definitions.get("urn:p|1.2").unwrap().version, "1.2");
    assert!(definitions.get("urn:p|7").unwrap_err().is_unknown());
    assert!(definitions.get(&format!("{PATIENT}|4.0.1")).is_ok());
    assert!(definitions.get(&format!("{PATIENT}|4.3.0")).unwrap_err().is_unknown());
}

#[test]
fn a_slice_is_made_of_what_it_slices_and_unfolds_its_type() {
    let made = on_patient(&json!([
        {"id": "Patient.identifier", "path": "Patient.identifier", "min": 1,
            "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}},
        {"id": "Patient.identifier:nhs", "path": "Patient.identifier", "sliceName": "nhs", "max": "1"},
        {"id": "Patient.identifier:nhs.system", "path": "Patient.identifier.system", "min": 1, "fixedUri": "urn:nhs"},
        {"id": "Patient.identifier.value", "path": "Patient.identifier.value", "min": 1}
    ]))
    .unwrap();
    let all = element(&made, "Patient.identifier");
    assert_eq!((all.min, all.max), (1, None));
    assert_eq!(all.slicing.as_ref().unwrap().rules, Rules::Closed);
    let slice = element(&made, "Patient.identifier:nhs");
    assert_eq!((slice.min, slice.max, slice.base_max), (0, Some(1), None));
    assert_eq!(slice.slice_name.as_deref(), Some("nhs"));
    let system = element(&made, "Patient.identifier:nhs.system");
    assert_eq!((system.min, system.fixed.as_ref()), (1, Some(&json!("urn:nhs"))));
    assert_eq!(system.path, "Patient.identifier.system");
    assert_eq!(element(&made, "Patient.identifier.value").min, 1);
    // What was unfolded is whole: the other elements of Identifier are there.
    assert_eq!(element(&made, "Patient.identifier:nhs.period").types[0].code, "Period");
    // Slices stand behind what they slice.
    let place = |id: &str| made.elements.iter().position(|element| element.id == id).unwrap();
    assert!(place("Patient.identifier.value") < place("Patient.identifier:nhs"));
    assert!(place("Patient.identifier:nhs.period") < place("Patient.active"));
}

/// The snapshot of a profile on Observation with these elements.
fn on_observation(elements: &Value) -> Arc<StructureDefinition> {
    let mut definitions = Definitions::base().unwrap();
    let base = "http://hl7.org/fhir/StructureDefinition/Observation";
    definitions.add(&profile("urn:o", "Observation", base, elements), "o.json").unwrap();
    definitions.get("urn:o").unwrap()
}

fn codes(element: &Element) -> Vec<&str> {
    element.types.iter().map(|t| t.code.as_str()).collect()
}

#[test]
fn a_slice_of_a_choice_has_one_of_its_types() {
    let made = on_observation(&json!([
        {"id": "Observation.value[x]:valueQuantity", "path": "Observation.value[x]", "sliceName": "valueQuantity"},
        {"id": "Observation.value[x]:valueQuantity.unit", "path": "Observation.value[x].unit", "min": 1}
    ]));
    let choice = element(&made, "Observation.value[x]");
    assert_eq!(choice.types.len(), 11);
    let slicing = choice.slicing.as_ref().unwrap();
    assert_eq!(slicing.discriminators, [(Discriminator::Type, String::from("$this"))]);
    assert_eq!(slicing.rules, Rules::Open);
    assert_eq!(codes(element(&made, "Observation.value[x]:valueQuantity")), ["Quantity"]);
    assert_eq!(element(&made, "Observation.value[x]:valueQuantity.unit").min, 1);
}

#[test]
fn the_short_form_of_a_choice_narrows_it() {
    let made = on_observation(&json!([
        {"id": "Observation.valueQuantity.unit", "path": "Observation.valueQuantity.unit", "min": 1},
        {"id": "Observation.valueString", "path": "Observation.valueString", "maxLength": 9}
    ]));
    let choice = element(&made, "Observation.value[x]");
    assert_eq!(codes(choice), ["Quantity", "string"]);
    assert_eq!(choice.slicing.as_ref().unwrap().rules, Rules::Closed);
    assert_eq!(element(&made, "Observation.value[x]:valueQuantity.unit").min, 1);
    assert_eq!(element(&made, "Observation.value[x]:valueString").max_length, Some(9));
}

#[test]
fn what_only_one_type_of_a_choice_has_counts_for_that_type() {
    let elements =
        json!([{"id": "Observation.value[x].unit", "path": "Observation.value[x].unit", "min": 1}]);
    let made = on_observation(&elements);
    assert_eq!(element(&made, "Observation.value[x]").types.len(), 11);
    assert_eq!(element(&made, "Observation.value[x]:valueQuantity.unit").min, 1);
}

#[test]
fn a_profile_narrows_and_never_widens() {
    let mut definitions = Definitions::base().unwrap();
    let outer = json!([
        {"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "2"},
        {"id": "Patient.gender", "path": "Patient.gender", "constraint": [
            {"key": "own-1", "severity": "warning", "human": "Own.", "expression": "true"}]}
    ]);
    let inner = json!([
        {"id": "Patient.name", "path": "Patient.name", "min": 0, "max": "*", "mustSupport": true},
        {"id": "Patient.gender", "path": "Patient.gender",
            "binding": {"strength": "example", "valueSet": "urn:vs"}}
    ]);
    definitions.add(&profile("urn:inner", "Patient", "urn:outer", &inner), "inner.json").unwrap();
    definitions.add(&profile("urn:outer", "Patient", PATIENT, &outer), "outer.json").unwrap();
    let made = definitions.get("urn:inner").unwrap();
    let name = element(&made, "Patient.name");
    assert_eq!((name.min, name.max, name.must_support), (1, Some(2), true));
    let gender = element(&made, "Patient.gender");
    assert_eq!(gender.binding.as_ref().unwrap().strength, Strength::Required);
    let keys: Vec<&str> = gender.constraints.iter().map(|rule| rule.key.as_str()).collect();
    assert_eq!(keys, ["ele-1", "own-1"]);
    assert_eq!(gender.constraints[1].source, "urn:outer");
    assert_eq!(definitions.notes().len(), 3, "{:?}", definitions.notes());
}

#[test]
fn content_that_is_elsewhere_is_unfolded_from_there() {
    let mut definitions = Definitions::base().unwrap();
    let base = "http://hl7.org/fhir/StructureDefinition/Questionnaire";
    let elements = json!([{"id": "Questionnaire.item.item.item.linkId", "path": "Questionnaire.item.item.item.linkId",
        "maxLength": 9}]);
    definitions.add(&profile("urn:q", "Questionnaire", base, &elements), "q.json").unwrap();
    let made = definitions.get("urn:q").unwrap();
    assert_eq!(element(&made, "Questionnaire.item.item").content_reference, None);
    let link = element(&made, "Questionnaire.item.item.item.linkId");
    assert_eq!((link.min, link.max_length), (1, Some(9)));
}

#[test]
fn an_extension_in_a_profile_unfolds_its_own_definition() {
    let url = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";
    let made = on_patient(&json!([
        {"id": "Patient.birthDate.extension:time", "path": "Patient.birthDate.extension", "sliceName": "time",
            "type": [{"code": "Extension", "profile": [url]}]},
        {"id": "Patient.birthDate.extension:time.value[x]", "path": "Patient.birthDate.extension.value[x]",
            "short": "When"}
    ]))
    .unwrap();
    let slicing = element(&made, "Patient.birthDate.extension").slicing.as_ref().unwrap();
    assert_eq!(slicing.discriminators, [(Discriminator::Value, String::from("url"))]);
    let value = element(&made, "Patient.birthDate.extension:time.value[x]");
    assert_eq!(value.types.iter().map(|t| t.code.as_str()).collect::<Vec<_>>(), ["dateTime"]);
    assert_eq!(element(&made, "Patient.birthDate.extension:time.url").fixed, Some(json!(url)));
}

#[test]
fn a_base_that_is_not_loaded_is_noted_and_used_once_it_is() {
    let mut definitions = Definitions::base().unwrap();
    definitions.add(&profile("urn:ours", "Patient", "urn:theirs", &json!([])), "ours.json").unwrap();
    let without = definitions.get("urn:ours").unwrap();
    assert_eq!(element(&without, "Patient.name").min, 0);
    assert!(definitions.notes()[0].contains("urn:theirs is not loaded"), "{:?}", definitions.notes());
    let theirs = json!([{"id": "Patient.name", "path": "Patient.name", "min": 1}]);
    definitions.add(&profile("urn:theirs", "Patient", PATIENT, &theirs), "theirs.json").unwrap();
    assert_eq!(element(&definitions.get("urn:ours").unwrap(), "Patient.name").min, 1);
    assert!(definitions.notes().is_empty());
}

#[test]
fn ids_that_are_left_out_are_made_up_from_paths_and_slice_names() {
    let made = on_patient(&json!([
        {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}]}},
        {"path": "Patient.identifier", "sliceName": "nhs", "min": 1},
        {"path": "Patient.identifier.system", "fixedUri": "urn:nhs"}
    ]))
    .unwrap();
    assert_eq!(element(&made, "Patient.identifier:nhs").min, 1);
    assert!(element(&made, "Patient.identifier:nhs.system").fixed.is_some());
}

#[test]
fn what_is_wrong_with_a_definition_is_said_with_its_place() {
    let cases: &[(Value, &str, &str)] = &[
        (json!([{"id": "Patient.hat", "path": "Patient.hat"}]), "Patient.hat", "no element hat"),
        (
            json!([{"id": "Patient.name.hat", "path": "Patient.name.hat"}]),
            "Patient.name.hat",
            "no element hat",
        ),
        (json!([{"path": "Patient.name", "min": "1"}]), "Patient.name", "min must be"),
        (json!([{"path": "Patient.name", "max": "many"}]), "Patient.name", "max must be"),
        (json!([{"min": 1}]), "differential.element[0]", "needs a path"),
        (json!([{"path": "Patient.name", "type": [{}]}]), "Patient.name", "type.code"),
        (json!([{"path": "Patient.name", "type": 7}]), "Patient.name", "type must be a list"),
        (
            json!([{"path": "Patient.name", "slicing": {"discriminator": [{"type": "smell", "path": "x"}]}}]),
            "Patient.name",
            "discriminator.type must be",
        ),
        (
            json!([{"path": "Patient.name", "binding": {"strength": "firm"}}]),
            "Patient.name",
            "binding.strength",
        ),
    ];
    for (elements, id, what) in cases {
        let mut definitions = Definitions::base().unwrap();
        let added = definitions.add(&profile("urn:p", "Patient", PATIENT, elements), "p.json");
        let fault = added.and_then(|_| definitions.get("urn:p")).unwrap_err();
        assert_eq!((fault.from.as_str(), fault.element.as_str()), ("p.json", *id), "{fault}");
        assert!(fault.what.contains(what), "{fault}");
        assert!(fault.to_string().contains("p.json"), "{fault}");
    }
}

#[test]
fn definitions_in_a_circle_end() {
    let mut definitions = Definitions::base().unwrap();
    definitions.add(&profile("urn:a", "Patient", "urn:b", &json!([])), "a.json").unwrap();
    definitions.add(&profile("urn:b", "Patient", "urn:a", &json!([])), "b.json").unwrap();
    assert!(definitions.get("urn:a").unwrap_err().what.contains("derived from itself"));
    assert_eq!(definitions.make_all().len(), 2);
    // One that unfolds itself through an extension of its own type.
    let itself = json!([
        {"id": "Extension.extension:x", "path": "Extension.extension", "sliceName": "x",
            "type": [{"code": "Extension", "profile": ["urn:e"]}]},
        {"id": "Extension.extension:x.url", "path": "Extension.extension.url", "min": 1}
    ]);
    let base = "http://hl7.org/fhir/StructureDefinition/Extension";
    definitions.add(&profile("urn:e", "Extension", base, &itself), "e.json").unwrap();
    assert!(definitions.get("urn:e").unwrap_err().what.contains("unfolded"));
}

#[test]
fn a_long_row_of_bases_and_a_wide_unfolding_end() {
    let mut definitions = Definitions::base().unwrap();
    for at in 0..=limits::DEFINITION_DEPTH_MAX {
        let base = format!("urn:p{}", at + 1);
        definitions.add(&profile(&format!("urn:p{at}"), "Patient", &base, &json!([])), "p.json").unwrap();
    }
    assert!(definitions.get("urn:p0").unwrap_err().what.contains("in a row"));
    // Each slice unfolds a whole contact.
    let elements: Vec<Value> = (0..2_000)
        .map(|at| json!({"id": format!("Patient.contact:s{at}.name.family"), "path": "Patient.contact.name.family"}))
        .collect();
    assert!(on_patient(&json!(elements)).unwrap_err().what.contains("more than"));
}

#[test]
fn every_definition_of_ours_is_made() {
    let definitions = Definitions::built_in().unwrap();
    let faults: Vec<String> = definitions.make_all().iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for note in definitions.notes() {
        assert!(note.contains("is not loaded"), "{note}");
    }
}

#[test]
fn what_the_validator_has_no_use_for_is_left() {
    let mut definitions = Definitions::base().unwrap();
    assert_eq!(definitions.add(&json!({"resourceType": "Patient"}), "p.json"), Ok(Taken::Unused));
    let again = profile(PATIENT, "Patient", "urn:x", &json!([]));
    assert_eq!(definitions.add(&again, "p.json"), Ok(Taken::Again));
    assert!(definitions.add(&json!([]), "p.json").unwrap_err().what.contains("object"));
    assert!(definitions.add(&json!({}), "p.json").unwrap_err().what.contains("resourceType"));
    let nameless = json!({"resourceType": "ValueSet"});
    assert!(definitions.add(&nameless, "v.json").unwrap_err().what.contains("url is missing"));
    let twice = profile("urn:p", "Patient", PATIENT, &json!([]));
    assert_eq!(definitions.add(&twice, "one.json"), Ok(Taken::Structure));
    assert!(definitions.add(&twice, "two.json").unwrap_err().what.contains("one.json"));
}
