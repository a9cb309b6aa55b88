use super::*;
use crate::profile::leniency::Tolerance;

#[test]
fn what_is_forgiven_is_said_with_its_name() {
    let value = json!({"resourceType": "Patient", "identifier": [
        {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000019"}]});
    assert_eq!(errors(&value), [pair("/identifier/0/value", "NHS number")]);
    let forgives = Leniency::parse(["nhs-number-check-digit"]).unwrap();
    let found = PROGRAM.check(&value, &Ask { best_practice: false, forgives, ..Ask::at(NOW) });
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].severity, Severity::Information);
    assert!(found[0].diagnostics.ends_with("Forgiven: nhs-number-check-digit."), "{found:?}");
}

/// Each tolerance of the list, by what it forgives: an error without it, and none with it.
#[test]
fn each_tolerance_forgives_what_it_names_and_says_so() {
    let patient = |patch: Value| {
        let mut patient = json!({"resourceType": "Patient", "active": true});
        patient.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        patient
    };
    let error = |system: &str, code: &str| {
        json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception",
               "details": {"coding": [{"system": system, "code": code}]}}]})
    };
    let errors_system = json!({"resourceType": "CodeSystem", "url": "https://fhir.nhs.uk/CodeSystem/http-error-codes",
        "status": "active", "content": "complete", "caseSensitive": true,
        "concept": [{"code": "REC_CONFLICT"}]});
    let verified = json!({"resourceType": "ValueSet", "url": "https://test.example/verified", "status": "active",
        "compose": {"include": [{"system": "https://test.example/verification", "concept": [{"code": "01"}]}]}});
    let status = profile(
        "status",
        "Extension",
        &[
            json!({"id": "Extension.url", "path": "Extension.url", "fixedUri": "https://test.example/status"}),
            json!({"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "CodeableConcept"}],
               "binding": {"strength": "required", "valueSet": "https://test.example/verified"}}),
        ],
    );
    let dated = profile(
        "dated",
        "Basic",
        &[
            json!({"id": "Basic.meta", "path": "Basic.meta", "min": 1}),
            json!({"id": "Basic.meta.lastUpdated", "path": "Basic.meta.lastUpdated", "min": 1}),
        ],
    );
    let known = program(&[errors_system, verified, status, dated]);
    let dangling = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
    let right = "https://fhir.nhs.uk/CodeSystem/http-error-codes";
    let cases = [
        (
            Tolerance::BarsCodeSystemMisspelt,
            error("https://fhir.nhs.uk/Codesystem/http-error-codes", "REC_CONFLICT"),
        ),
        (Tolerance::BarsCodeCase, error(right, "rec_conflict")),
        (Tolerance::BarsCodeUndefined, error(right, "REC_TOO_EARLY")),
        (Tolerance::UnknownCodes, error(right, "REC_NOTHING")),
        (
            Tolerance::NhsSystemSpelling,
            patient(json!({"identifier": [
            {"system": "https://fhir.nhs.uk/id/dos-service-id", "value": "1"}]})),
        ),
        (
            Tolerance::NhsNumberVerificationWords,
            patient(json!({"extension": [{"url": "https://test.example/status",
            "valueCodeableConcept": {"coding": [{"code": "number-present-and-verified",
                "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"}]}}]})),
        ),
        (
            Tolerance::NhsNumberCheckDigit,
            patient(json!({"identifier": [
            {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000019"}]})),
        ),
        (
            Tolerance::UnknownExtensions,
            patient(json!({"extension": [{"url": "https://test.example/x", "valueCode": "x"}]})),
        ),
        (Tolerance::UnknownProfiles, patient(json!({"meta": {"profile": ["https://test.example/nowhere"]}}))),
        (
            Tolerance::MissingLastUpdated,
            json!({"resourceType": "Basic", "code": {"text": "x"},
            "meta": {"versionId": "1", "profile": ["https://test.example/dated"]}}),
        ),
        (
            Tolerance::DanglingReferences,
            json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": patient(json!({"managingOrganization": {"reference": dangling}}))}]}),
        ),
        (Tolerance::ReferenceFormat, patient(json!({"managingOrganization": {"reference": ":uuid:1"}}))),
        (
            Tolerance::NarrativeMarkup,
            patient(json!({"text": {"status": "generated",
            "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><blink>x</blink></div>"}})),
        ),
    ];
    assert_eq!(cases.len(), Tolerance::ALL.len());
    for (tolerance, value) in &cases {
        let ask = Ask { best_practice: false, unknown_profiles: Severity::Error, ..Ask::at(NOW) };
        let strict = known.check(value, &ask);
        let wrong =
            |found: &[Finding]| found.iter().filter(|one| one.severity > Severity::Information).count();
        assert!(wrong(&strict) > 0, "{tolerance:?}");
        let found = known.check(value, &Ask { forgives: Leniency::NONE.with(*tolerance), ..ask.clone() });
        assert_eq!(wrong(&found), 0, "{tolerance:?} {found:?}");
        let named = format!("Forgiven: {}.", tolerance.as_str());
        assert!(found.iter().any(|one| one.diagnostics.ends_with(&named)), "{tolerance:?} {found:?}");
        for other in Tolerance::ALL.into_iter().filter(|other| other != tolerance) {
            let found = known.check(value, &Ask { forgives: Leniency::NONE.with(other), ..ask.clone() });
            assert!(wrong(&found) > 0, "{other:?} forgives what {tolerance:?} names");
        }
    }
}
