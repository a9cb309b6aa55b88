//! What a partner is forgiven is taken, with the meaning that it has spelt right; from everybody else it is refused.

use std::sync::{Arc, LazyLock};

use keyway::{
    exchange::ports::{Store, Write},
    profile::{
        check::Program,
        definition::Definitions,
        leniency::{Leniency, Tolerance},
    },
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{in_our_profiles, of, referral, send, service_request},
    harness::{PARTNERS, Rig, json as body, partner},
};

type Change = fn(&mut Value);

static PROGRAM: LazyLock<Arc<Program>> = LazyLock::new(|| {
    let mut definitions = Definitions::built_in().unwrap();
    let codes = json!({"resourceType": "CodeSystem", "url": "https://fhir.nhs.uk/CodeSystem/http-error-codes",
        "status": "active", "content": "complete", "caseSensitive": true, "concept": [{"code": "REC_CONFLICT"}]});
    definitions.add(&codes, "a test").unwrap();
    Arc::new(Program::compile(&definitions).unwrap())
});

/// A gateway at which one code system of BaRS is loaded, and where `forgiven` is forgiven to the service.
async fn rig(forgiven: &[Tolerance]) -> Rig {
    let mut rig = Rig::new().await;
    Arc::get_mut(&mut rig.exchange).unwrap().fhir = PROGRAM.clone();
    let (id, kind, channel) = PARTNERS[0];
    let mut lenient = partner(id, kind, channel);
    lenient.forgives = forgiven.iter().map(|one| one.as_str().to_owned()).collect();
    rig.store.commit(vec![Write::Partner(lenient)], Vec::new()).await.unwrap();
    rig
}

fn tagged(message: &mut Value, code: &str) {
    of(message, "Patient")["meta"]["tag"] =
        json!([{"system": "https://fhir.nhs.uk/CodeSystem/http-error-codes", "code": code}]);
}

fn verified_by(message: &mut Value, system: &str, code: &str) {
    of(message, "Patient")["identifier"] = json!([{
        "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018", "extension": [{
            "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
            "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}]}]);
}

/// Each tolerance with what it forgives, written as it has been seen.
const SEEN: [(Tolerance, Change); 19] = [
    (Tolerance::BarsCodeSystemMisspelt, |m| {
        let header = &mut m["entry"][0]["resource"];
        header["eventCoding"]["system"] = json!("https://fhir.nhs.uk/Codesystem/message-events-bars");
        header["reason"]["coding"][0]["system"] = json!("https://fhir.nhs.uk/codesystem/message-reason-bars");
    }),
    (Tolerance::BarsCodeCase, |m| {
        m["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("New");
    }),
    (Tolerance::BarsCodeCase, |m| {
        m["entry"][0]["resource"]["eventCoding"]["code"] = json!("ServiceRequest-Request");
    }),
    (Tolerance::BarsCodeCase, |m| {
        *m = in_our_profiles("ld-harbour", "cmht-riverside");
        m["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("New");
    }),
    (Tolerance::BarsCodeUndefined, |m| tagged(m, "REC_TOO_EARLY")),
    (Tolerance::NhsSystemSpelling, |m| {
        of(m, "Patient")["identifier"][0]["system"] = json!("https://fhir.nhs.uk/id/nhs-number");
    }),
    (Tolerance::NhsSystemSpelling, |m| {
        of(m, "Organization")["identifier"][0]["system"] =
            json!("http://fhir.nhs.uk/id/ods-organization-code");
    }),
    (Tolerance::NhsSystemSpelling, |m| {
        m["entry"][0]["resource"]["destination"][0]["endpoint"] =
            json!("https://fhir.nhs.uk/id/ods-organization-code|CMHT-RIVERSIDE");
    }),
    (Tolerance::NhsNumberVerificationWords, |m| {
        let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus";
        verified_by(m, system, "number-present-and-verified");
    }),
    (Tolerance::NhsNumberVerificationWords, |m| {
        verified_by(m, "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus", "01");
    }),
    (Tolerance::NhsNumberCheckDigit, |m| {
        of(m, "Patient")["identifier"][0]["value"] = json!("9990000019");
    }),
    (Tolerance::UnknownExtensions, |m| {
        *m = in_our_profiles("ld-harbour", "cmht-riverside");
        of(m, "Patient")["extension"] = json!([{"url": "https://elsewhere.example/x", "valueCode": "x"}]);
    }),
    (Tolerance::UnknownProfiles, |m| {
        m["meta"]["profile"] = json!(["https://elsewhere.example/StructureDefinition/message"]);
    }),
    (Tolerance::UnknownProfiles, |m| {
        m["entry"][0]["resource"]["meta"]["profile"] = json!(["https://elsewhere.example/header"]);
    }),
    (Tolerance::MissingLastUpdated, |m| {
        *m = in_our_profiles("ld-harbour", "cmht-riverside");
        of(m, "Encounter")["meta"].as_object_mut().unwrap().remove("lastUpdated");
    }),
    (Tolerance::DanglingReferences, |m| {
        let nowhere = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        of(m, "Patient")["generalPractitioner"] = json!([{"reference": nowhere}]);
    }),
    (Tolerance::ReferenceFormat, |m| {
        m["entry"][0]["resource"]["focus"][0]["reference"] =
            json!(":uuid:00000000-0000-4000-8000-000000000002");
    }),
    (Tolerance::UnknownCodes, |m| tagged(m, "REC_NOTHING")),
    (Tolerance::NarrativeMarkup, |m| {
        of(m, "Patient")["text"] = json!({"status": "generated",
            "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><blink>x</blink></div>"});
    }),
];

#[tokio::test]
async fn what_is_forgiven_is_taken_from_whom_it_is_forgiven_and_from_nobody_else() {
    for tolerance in Tolerance::ALL {
        assert!(SEEN.iter().any(|(seen, _)| *seen == tolerance), "{tolerance:?} is not sent");
        let strict =
            rig(&Tolerance::ALL.into_iter().filter(|one| *one != tolerance).collect::<Vec<_>>()).await;
        let lenient = rig(&[tolerance]).await;
        for (n, (_, change)) in (1..).zip(SEEN.iter().filter(|(seen, _)| *seen == tolerance)) {
            let mut message = referral("ld-harbour", "cmht-riverside");
            change(&mut message);
            message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000000{n:02}"));
            let identifiers = of(&mut message, "ServiceRequest")["identifier"].as_array_mut().unwrap();
            identifiers.retain(|one| one["system"] != "urn:sender");
            identifiers.push(json!({"system": "urn:sender", "value": format!("SR-{n}")}));
            match send(&strict, "ld-harbour", n, &message).await {
                Err(_) => {}
                // It is doubtful, and no reason to refuse.
                Ok(echoed) if tolerance == Tolerance::UnknownExtensions => {
                    let told = body(&echoed)["entry"].as_array().unwrap().last().unwrap()["resource"].clone();
                    let doubtful =
                        |issue: &Value| issue["severity"] == "warning" && issue["code"] == "extension";
                    assert!(told["issue"].as_array().unwrap().iter().any(doubtful), "{told}");
                }
                Ok(_) => panic!("{tolerance:?} {n} is taken from everybody"),
            }
            let echoed = send(&lenient, "ld-harbour", n, &message).await;
            let echoed = body(&echoed.unwrap_or_else(|refusal| panic!("{tolerance:?} {n}: {refusal:?}")));
            let told = echoed["entry"].as_array().unwrap().last().unwrap()["resource"].to_string();
            assert!(
                told.contains(&format!("Forgiven: {}.", tolerance.as_str())),
                "{tolerance:?} {n}: {told}"
            );
            // What comes back is what was sent.
            assert_eq!(echoed["entry"][0]["resource"]["reason"], message["entry"][0]["resource"]["reason"]);
        }
        lenient.audit().await;
    }
}

#[tokio::test]
async fn a_number_under_a_forgiven_spelling_is_of_the_same_person() {
    let rig = rig(&[Tolerance::NhsSystemSpelling]).await;
    let mut people = Vec::new();
    let spellings = [
        "https://fhir.nhs.uk/Id/nhs-number",
        "https://fhir.nhs.uk/id/nhs-number",
        "http://fhir.nhs.uk/Id/nhs-number",
    ];
    for (n, system) in (1..).zip(spellings) {
        let mut message = referral("ld-harbour", "cmht-riverside");
        let number = of(&mut message, "Patient")["identifier"][0].clone();
        of(&mut message, "Patient")["identifier"] = json!([number]);
        of(&mut message, "Patient")["identifier"][0]["system"] = json!(system);
        message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000000{n:02}"));
        of(&mut message, "ServiceRequest")["identifier"] =
            json!([{"system": "urn:sender", "value": format!("SR-{n}")}]);
        let echoed = body(&send(&rig, "ld-harbour", n, &message).await.unwrap());
        let referral = service_request(&echoed);
        let reader = rusqlite::Connection::open(&rig.database).unwrap();
        let person: String = reader
            .query_row("SELECT person_id FROM referral WHERE referral_id = ?1", [&referral], |row| row.get(0))
            .unwrap();
        people.push(person);
        // What was received is kept as it was.
        assert!(echoed.to_string().contains(system));
    }
    people.dedup();
    assert_eq!(people.len(), 1, "one number, one person");
    rig.audit().await;
}

#[test]
fn nothing_is_written_otherwise_that_is_not_forgiven() {
    let program = Program::shared().unwrap();
    for (tolerance, change) in SEEN {
        let mut message = referral("ld-harbour", "cmht-riverside");
        change(&mut message);
        let others = Tolerance::ALL.into_iter().filter(|one| *one != tolerance);
        // BaRS' own profiles are not loaded here.
        let others = others.filter(|one| *one != Tolerance::UnknownProfiles);
        let meant = program.as_meant(&message, others.fold(Leniency::NONE, Leniency::with), &[]);
        assert_eq!(meant.resource, message, "{tolerance:?}");
        assert!(meant.forgiven.is_empty());
    }
}
