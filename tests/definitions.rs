//! The definitions that others have published, read and given snapshots. `KEYWAY_REFERENCE_DATA` names the folder that
//! holds them; without it the tests that need it say that they were skipped.
#![expect(clippy::panic, reason = "a test stops where it is surprised")]

use std::{io::Write as _, path::PathBuf};

use keyway::{
    packages,
    profile::{
        definition::{Definitions, Element, StructureDefinition},
        terminology::{Member, snomed_check_digit_holds},
    },
};
use serde_json::json;

/// The folder with the reference data, or a word past the capture of the test's output.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn reference(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty());
    if folder.is_none() {
        writeln!(std::io::stderr(), "SKIPPED for want of KEYWAY_REFERENCE_DATA: {test}").ok();
    }
    folder.map(|folder| PathBuf::from(folder).join("health"))
}

fn element<'a>(definition: &'a StructureDefinition, id: &str) -> &'a Element {
    definition.elements.iter().find(|element| element.id == id).unwrap_or_else(|| panic!("no element {id}"))
}

#[test]
fn uk_core_and_bars_load_and_get_snapshots_without_a_fault() {
    let Some(folder) = reference("uk_core_and_bars_load_and_get_snapshots_without_a_fault") else { return };
    let mut definitions = Definitions::built_in().unwrap();
    let ours = definitions.added_urls().count();
    // In this order on purpose: BaRS rests on UK Core, which comes after it.
    let bars =
        packages::load(&mut definitions, &folder.join("bars")).unwrap_or_else(|fault| panic!("{fault}"));
    let found = (bars.structures, bars.terminology, bars.messages, bars.unused);
    assert_eq!(found, (10, 20, 9, 1), "{bars}");
    let uk_core =
        packages::load(&mut definitions, &folder.join("ukcore")).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((uk_core.structures, uk_core.terminology), (153, 222), "{uk_core}");
    let faults: Vec<String> = definitions.make_all().iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(definitions.added_urls().count(), ours + 163);
    let terminology = definitions.terminology();

    // With the packages there every base is the one that is named.
    let notes = definitions.notes();
    assert!(notes.iter().all(|note| !note.contains("its base")), "{notes:#?}");

    // Chains of three: base, UK Core, BaRS; and an extension unfolded in a profile.
    let request = "https://fhir.nhs.uk/StructureDefinition/BARSServiceRequest-request-referral";
    let request = definitions.get(request).unwrap();
    assert_eq!(element(&request, "ServiceRequest.intent").fixed, Some(json!("plan")));
    assert_eq!(element(&request, "ServiceRequest.category").max, Some(1));
    assert_eq!(element(&request, "ServiceRequest.category").base_max, None);
    let patient = definitions.get("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient").unwrap();
    let number = element(&patient, "Patient.identifier:nhsNumber.system");
    assert_eq!(number.fixed, Some(json!("https://fhir.nhs.uk/Id/nhs-number")));

    let ethnic = "https://fhir.hl7.org.uk/ValueSet/UKCore-EthnicCategory";
    assert!(terminology.value_set(ethnic).is_some());
    assert_eq!(terminology.contains(ethnic, None, "no such code"), Member::No);
    let reasons = "https://fhir.nhs.uk/CodeSystem/message-reason-bars";
    assert_eq!(terminology.code_exists(reasons, "new"), Member::Yes);
    assert_eq!(terminology.code_exists(reasons, "newer"), Member::No);
}

#[test]
fn our_profiles_rest_on_uk_core_once_it_is_there() {
    let Some(folder) = reference("our_profiles_rest_on_uk_core_once_it_is_there") else { return };
    let mut definitions = Definitions::built_in().unwrap();
    assert!(definitions.make_all().is_empty());
    let without = definitions.notes().iter().filter(|note| note.contains("its base")).count();
    assert!(without > 0, "some of our profiles are derived from UK Core");
    for package in ["ukcore", "bars"] {
        packages::load(&mut definitions, &folder.join(package)).unwrap();
    }
    let faults: Vec<String> = definitions.make_all().iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let notes = definitions.notes();
    assert!(notes.iter().all(|note| !note.contains("its base")), "{notes:#?}");
}

#[test]
fn codes_of_three_published_flags_fail_the_check_digit_of_snomed_ct() {
    let Some(folder) = reference("codes_of_three_published_flags_fail_the_check_digit_of_snomed_ct") else {
        return;
    };
    let text = std::fs::read(folder.join("bars/CodeSystem/safeguarding-codes-bars.json")).unwrap();
    let system: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let codes = system["concept"].as_array().unwrap().iter().map(|concept| concept["code"].as_str().unwrap());
    let numbers = codes.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    let failing: Vec<&str> = numbers.filter(|code| snomed_check_digit_holds(code) == Some(false)).collect();
    assert_eq!(failing, ["1054321000000100", "1076171000000100", "104586100000100"]);
}
