//! What of a referral is not passed on: what is old or over, and what nothing reads. All of it is told to its sender, in its place.

use super::*;

/// The places of what is kept, of an assessment.
fn kept(message: &Value) -> Vec<String> {
    assessment_of(message, &team(), now()).unwrap().kept.into_iter().map(|issue| issue.path).collect()
}

#[test]
fn what_is_old_or_over_is_not_passed_on_as_what_holds() {
    let over = json!({"end": "2025-01-31"});
    let adapted = |change: &dyn Fn(&mut Value)| {
        let message = with(|m| change(of(m, "Patient")));
        let adapted = assessment_of(&message, &team(), now()).unwrap();
        let kept: Vec<String> = adapted.kept.iter().map(|issue| issue.path.clone()).collect();
        (adapted.value["person"].clone(), kept)
    };
    for state in [json!({"use": "old"}), json!({"period": over})] {
        let mark = |one: &mut Value| one.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        for (field, index, ours) in [
            ("name", 0, "name"),
            ("address", 0, "address"),
            ("telecom", 0, "safe_contact"),
            ("identifier", 0, "nhs_number"),
        ] {
            let (person, kept) = adapted(&|patient| mark(&mut patient[field][index]));
            assert_eq!(person.get(ours), None, "{field} {state}");
            let place = match field {
                "identifier" => format!("Bundle.entry[2].resource.{field}[{index}]"),
                _ => format!("Bundle.entry[2].resource.{field}"),
            };
            assert!(kept.contains(&place), "{place} is not among {kept:?}");
        }
        // Nobody is found by a number or a reference that is over.
        let nobody = with(|m| {
            let identifiers = of(m, "Patient")["identifier"].as_array_mut().unwrap();
            identifiers.iter_mut().for_each(mark);
        });
        assert_eq!(assessment_of(&nobody, &team(), now()).unwrap_err()[0].code, "required");
        assert_eq!(request_of(&nobody, &service(), now()).unwrap_err()[0].code, "required");
    }
    // Beside what is over, what holds is taken, wherever it stands.
    let (person, kept) = adapted(&|patient| {
        let old = json!({"use": "home", "line": ["1 Former Street"], "postalCode": "ZZ99 1AA", "period": {"end": "2020"}});
        patient["address"].as_array_mut().unwrap().insert(0, old);
        patient["name"].as_array_mut().unwrap().insert(0, json!({"use": "nickname", "family": "Tiger"}));
    });
    assert_eq!(person["address"]["postcode"], "ZZ99 3VZ");
    assert_eq!(person["name"]["family"], "Testcase");
    for place in ["address[0]", "name[0]"] {
        assert!(kept.contains(&format!("Bundle.entry[2].resource.{place}")), "{place} is not among {kept:?}");
    }
}

#[test]
fn no_part_of_a_referral_is_lost_in_silence() {
    let message = with(|m| {
        let second = json!({"fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000f2", "resource": {
            "resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "2"}], "name": [{"family": "Other"}],
            "birthDate": "1970-01-01"}});
        let other = json!({"fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000f1", "resource": {
            "resourceType": "Organization", "name": "Elsewhere",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "ZZ999"}]}});
        m["entry"].as_array_mut().unwrap().extend([second, other]);
        let patient = of(m, "Patient");
        patient["meta"]["security"] = json!([{"code": "R"}]);
        patient["name"][0]["prefix"] = json!(["Mx"]);
        patient["name"][0]["suffix"] = json!(["Esq"]);
        patient["name"][0]["text"] = json!("Mx Morgan Testcase");
        patient["name"].as_array_mut().unwrap().push(json!({"use": "usual", "family": "Second"}));
        patient["identifier"].as_array_mut().unwrap().push(json!({"system": "urn:third", "value": "3"}));
        patient["address"][0]["city"] = json!("Harbourtown");
        patient["address"].as_array_mut().unwrap().push(json!({"use": "work", "line": ["9 Office Row"]}));
        patient["_birthDate"] = json!({"extension": [{"url": "urn:x", "valueTime": "10:00:00"}]});
        let asked = of(m, "ServiceRequest");
        asked["text"] = json!({"status": "additional", "div": "<div>Knife in the house</div>"});
        asked["reasonCode"][0]["coding"] = json!([{"system": "http://snomed.info/sct", "code": "35489007"}]);
        asked["performer"]
            .as_array_mut()
            .unwrap()
            .push(json!({"reference": "urn:uuid:00000000-0000-4000-8000-0000000000f1"}));
        asked["subject"]["display"] = json!("Known as Ash");
    });
    let end = message["entry"].as_array().unwrap().len();
    let (patient, asked) = ("Bundle.entry[2].resource", "Bundle.entry[1].resource");
    let kept = kept(&message);
    for place in [
        format!("{patient}.meta.security"),
        format!("{patient}.name[0].prefix"),
        format!("{patient}.name[0].suffix"),
        format!("{patient}.name[0].text"),
        format!("{patient}.name[1]"),
        format!("{patient}.identifier[2]"),
        format!("{patient}.address[0].city"),
        format!("{patient}.address[1]"),
        format!("{patient}._birthDate"),
        format!("{asked}.text"),
        format!("{asked}.reasonCode[0].coding"),
        format!("{asked}.performer[1]"),
        format!("{asked}.subject.display"),
        format!("Bundle.entry[{}].resource", end - 2),
        format!("Bundle.entry[{}].resource", end - 1),
    ] {
        assert!(kept.contains(&place), "{place} is not among {kept:#?}");
    }
    // What was read is not said to be left.
    for read in [
        "name[0].family",
        "name[0].given",
        "address[0].line",
        "address[0].use",
        "birthDate",
        "identifier[0].value",
    ] {
        assert!(!kept.contains(&format!("{patient}.{read}")), "{read}");
    }
    for read in
        ["performer", "performer[0]", "priority", "reasonCode[0].text", "reasonCode[1]", "text.status"]
    {
        assert!(!kept.contains(&format!("{asked}.{read}")), "{read}");
    }
    let generated =
        with(|m| of(m, "ServiceRequest")["text"] = json!({"status": "generated", "div": "<div>x</div>"}));
    assert!(!self::kept(&generated).contains(&format!("{asked}.text")));
}

#[test]
fn every_leaf_of_a_referral_is_read_or_told() {
    // Whatever is changed in a leaf changes what is passed on, or its place is told, or it only ties.
    let ties = ["reference", "system", "code", "resourceType", "status", "intent", "use", "url"];
    let whole = message();
    let (now_passed, kept) = (assessment_of(&whole, &team(), now()).unwrap().value, kept(&whole));
    let mut leaves = Vec::new();
    for (index, entry) in whole["entry"].as_array().unwrap().iter().enumerate() {
        let kinds = ["ServiceRequest", "Patient", "Practitioner", "PractitionerRole"];
        if kinds.contains(&entry["resource"]["resourceType"].as_str().unwrap()) {
            let place = format!("Bundle.entry[{index}].resource");
            leaves_of(&entry["resource"], &format!("/entry/{index}/resource"), &place, &mut leaves);
        }
    }
    let mut told = 0;
    for (pointer, place) in leaves {
        if ties.iter().any(|tie| pointer.ends_with(&format!("/{tie}")))
            || pointer.contains("/meta/")
            || pointer.ends_with("/authoredOn")
        {
            continue;
        }
        if kept.iter().any(|kept| {
            place == *kept || place.starts_with(&format!("{kept}.")) || place.starts_with(&format!("{kept}["))
        }) {
            told += 1;
            continue;
        }
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(&pointer).unwrap();
        *leaf = if leaf.is_string() { json!("1990-02-03") } else { json!(7) };
        let passed = assessment_of(&changed, &team(), now()).map(|adapted| adapted.value);
        // A changed identifier is another person; a display says what its code says.
        assert!(
            passed.as_ref() != Ok(&now_passed)
                || pointer.ends_with("/display")
                || pointer.contains("/identifier/"),
            "{pointer}"
        );
    }
    assert!(told > 3, "{kept:#?}");
}

fn leaves_of(value: &Value, pointer: &str, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, below) in fields {
                leaves_of(below, &format!("{pointer}/{name}"), &format!("{place}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves_of(item, &format!("{pointer}/{index}"), &format!("{place}[{index}]"), found);
            }
        }
        _ => found.push((pointer.to_owned(), place.to_owned())),
    }
}

#[test]
fn what_holds_no_more_is_not_taken_for_what_does() {
    let past = |pointer: &'static str| {
        let message = with(|m| {
            let list = of(m, "Patient").pointer_mut(pointer).unwrap().as_array_mut().unwrap();
            for one in list {
                one["use"] = json!("old");
            }
        });
        assessment_of(&message, &team(), now())
    };
    for (pointer, field) in [("/name", "name"), ("/address", "address"), ("/telecom", "safe_contact")] {
        let adapted = past(pointer).unwrap();
        assert_eq!(adapted.value["person"].get(field), None, "{pointer}");
        let told = adapted.kept.iter().any(|issue| issue.path.ends_with(&pointer.replace('/', ".")));
        assert!(told, "{pointer} is told as kept");
    }
    // Nobody is found by an identifier that is another's by now.
    let issues = past("/identifier").unwrap_err();
    assert!(issues.iter().any(|issue| issue.path.ends_with(".identifier")), "{issues:?}");
    // One that holds stands after one that does not.
    let moved = with(|m| {
        let patient = of(m, "Patient");
        for list in ["name", "address", "telecom"] {
            let mut past = patient[list][0].clone();
            past["use"] = json!("old");
            for (field, value) in
                [("family", json!("Before")), ("postalCode", json!("ZZ99 3VZ")), ("value", json!("1"))]
            {
                if past.get(field).is_some() {
                    past[field] = value;
                }
            }
            patient[list].as_array_mut().unwrap().insert(0, past);
        }
    });
    let person = |message| assessment_of(&message, &team(), now()).unwrap().value["person"].clone();
    assert_eq!(person(moved), person(message()));
}

#[test]
fn issues_are_told_at_their_place_in_the_message() {
    let long = with(|m| of(m, "Patient")["name"][0]["family"] = json!("x".repeat(500)));
    let adapted = assessment_of(&long, &team(), now()).unwrap();
    let issues =
        adapted.located(Profiles::compile().unwrap().check(Schema::AssessmentAdult2, &adapted.value));
    assert_eq!(issues[0].path, "Bundle.entry[2].resource.name");
}
