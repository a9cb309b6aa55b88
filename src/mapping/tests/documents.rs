//! The trusted assessment: a signed document of the same projection and the same resources as the referral.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::*;
use crate::{
    mapping::{
        Changed, Traced,
        document::{Seal, Sealing, canonical, said_signature},
        gaps::is_addressing,
        place::Place,
    },
    vault::{DocumentKey, check_signature},
};

/// Signs as a gateway does; its hash is no hash.
struct Signer(DocumentKey);

impl Seal for Signer {
    fn sign(&self, signed: &[u8]) -> String {
        self.0.sign(signed, now().0 / 1_000_000)
    }

    fn sha1(&self, bytes: &[u8]) -> [u8; 20] {
        let mut sum = [0; 20];
        bytes.iter().enumerate().for_each(|(at, byte)| sum[at % 20] ^= byte);
        sum
    }
}

const SUPERSEDED: &str = "01900000-0000-7000-8000-000000000009";

fn signed(assessment: &Value, minimum: bool, again: bool) -> (Mapped, Projection) {
    let projection = project(Audience::Health, assessment, minimum);
    let signer = Signer(DocumentKey::from_seed(&[3; 32]).unwrap());
    let sealing = Sealing { seal: &signer, mapping_sha256: "c0ffee", policy: "abcdef" };
    let changed =
        Changed { since: now(), task: "accepted", business_status: "accepted", supersedes: SUPERSEDED };
    let changed = again.then_some(changed);
    let mapped = with_frame(&recipient(Audience::Health), Nature::Referral, |frame| {
        render(&Frame { sealing: Some(sealing), changed, ..*frame }, Audience::Health, &projection)
    });
    (mapped.unwrap(), projection)
}

fn texts(value: &Value) -> BTreeSet<String> {
    leaves(value).values().map(Value::to_string).collect()
}

/// What a sheet says by itself, a document does too, in its words and in a resource.
#[test]
fn a_childs_document_says_what_nobody_stated_and_whose_word_it_is() {
    let mut child = full();
    child["person"]["birth_date"] = json!("2009-03-04");
    child.as_object_mut().unwrap().remove("appropriate_adult");
    child.as_object_mut().unwrap().remove("risk");
    for consent in child["consents"].as_array_mut().unwrap() {
        consent["given_by"] = json!("parental-responsibility");
    }
    let (mapped, _) = signed(&child, false, false);
    assert_follows_profiles(&mapped);
    let document = document(&mapped);
    let entries = document["entry"].as_array().unwrap();
    let sections = entries[0]["resource"]["section"].as_array().unwrap();
    let section = |code: &str| sections.iter().find(|one| one["code"]["coding"][0]["code"] == code).unwrap();
    let pointed = |section: &Value| {
        let at = section["entry"][0]["reference"].clone();
        entries.iter().find(|entry| entry["fullUrl"] == at).unwrap()["resource"].clone()
    };
    let plan = section("plan-and-requested-actions");
    assert!(plan["text"]["div"].as_str().unwrap().contains("By law they must have an appropriate adult"));
    assert_eq!(pointed(plan)["code"]["coding"][0]["code"], "appropriate-adult-needed");
    let risk = section("risks-to-self");
    assert!(risk["text"]["div"].as_str().unwrap().contains("Not stated."));
    assert_eq!(pointed(risk)["prediction"][0]["qualitativeRisk"]["coding"][0]["code"], "not-stated");
    let consent = pointed(section("consent-for-information-sharing"));
    assert_eq!(consent["performer"][0]["type"], "RelatedPerson");
}

#[test]
fn a_document_goes_with_the_referral_and_is_what_its_profile_asks_for() {
    let (mapped, projection) = signed(&full(), false, false);
    assert_eq!(mapped.warnings, []);
    assert_follows_profiles(&mapped);
    let document = document(&mapped);
    insta::assert_snapshot!("trusted_assessment", pretty(&document));
    // Every word that may leave is in it, and is read without opening a resource.
    let of_document: Vec<Traced<'_>> =
        mapped.lineage.lines().filter(|line| line.output.starts_with("detail#")).collect();
    let in_words: BTreeSet<&str> = of_document
        .iter()
        .filter(|line| line.output.starts_with("detail#/entry/0/resource/section/"))
        .map(|line| line.source.as_str())
        .collect();
    for leaf in Place::of(&projection).leaves() {
        let source = leaf.pointer();
        assert!(in_words.contains(source.as_str()) || is_addressing(&source), "{source}");
    }
    // Whatever is in a document has an origin, like everything else that leaves.
    let traced: BTreeSet<&str> = of_document.iter().map(|line| line.output.as_str()).collect();
    for at in leaves(&document).keys() {
        let output = format!("detail#{at}");
        assert!(traced.contains(output.as_str()), "{output} has no origin");
    }
}

#[test]
fn the_message_points_to_the_document_and_is_otherwise_the_same() {
    let (mapped, _) = signed(&full(), false, false);
    let with = json(&mapped.body);
    let mut entries = with["entry"].as_array().unwrap().clone();
    let pointer = entries.pop().unwrap();
    assert_eq!(pointer["resource"]["resourceType"], "DocumentReference");
    let attachment = &pointer["resource"]["content"][0]["attachment"];
    let bytes = mapped.detail.as_ref().unwrap();
    assert_eq!(attachment["size"], json!(bytes.len()));
    let signer = Signer(DocumentKey::from_seed(&[3; 32]).unwrap());
    assert_eq!(attachment["hash"], json!(STANDARD.encode(signer.sha1(bytes))));
    let url = "https://keyway.example:8443/documents/01900000-0000-7000-8000-000000000001";
    assert_eq!(attachment["url"], url);
    // Without it, it is the message that goes where nobody signs.
    let plain = json(&made(Audience::Health, &project(Audience::Health, &full(), false)).body);
    let supporting = entries[1]["resource"]["supportingInfo"].as_array_mut().unwrap();
    assert_eq!(supporting.pop().unwrap()["reference"], pointer["fullUrl"]);
    assert_eq!(json!(entries), plain["entry"]);
}

#[test]
fn nobody_gets_a_document_whose_message_is_fetched_itself_or_is_not_fhir() {
    let signer = Signer(DocumentKey::from_seed(&[3; 32]).unwrap());
    let sealing = Some(Sealing { seal: &signer, mapping_sha256: "", policy: "" });
    for audience in Audience::ALL {
        let projection = project(audience, &full(), false);
        let agency = Partner { channel: Channel::EventPush, ..recipient(audience) };
        let mapped = with_frame(&agency, agency.kind.usual_nature(), |frame| {
            render(&Frame { sealing, ..*frame }, audience, &projection)
        })
        .unwrap();
        let plain =
            with_frame(&agency, agency.kind.usual_nature(), |frame| render(frame, audience, &projection))
                .unwrap();
        assert_eq!((mapped.body, mapped.detail), (plain.body, plain.detail), "{audience:?}");
    }
}

#[test]
fn the_document_says_nothing_that_the_message_does_not() {
    let (mapped, projection) = signed(&full(), false, false);
    let may_leave = texts(&projection.value());
    for line in mapped.lineage.lines().filter(|line| line.output.starts_with("detail#")) {
        if line.source.starts_with('/') {
            assert!(line.through.is_some(), "{} from {}", line.output, line.source);
        }
    }
    // What was kept back is not in it, and that something was is.
    let kept_back = texts(&full()).difference(&may_leave).cloned().collect::<Vec<_>>();
    let document = String::from_utf8(mapped.detail.unwrap()).unwrap();
    for text in kept_back.iter().filter(|text| text.len() > 12) {
        assert!(!document.contains(text.trim_matches('"')), "{text}");
    }
    assert!(document.contains("Not everything that was assessed is in this document."));
}

#[test]
fn silence_about_risk_and_the_lack_of_consent_are_said() {
    let mut assessment = full();
    assessment.as_object_mut().unwrap().remove("risk").unwrap();
    assessment.as_object_mut().unwrap().remove("recommendation").unwrap();
    assessment.as_object_mut().unwrap().remove("treatment_requirement").unwrap();
    assessment.as_object_mut().unwrap().remove("accompaniment").unwrap();
    assessment["consents"] = json!([]);
    let (mapped, _) = signed(&assessment, false, false);
    let document = document(&mapped);
    assert_follows_its_fhir_profiles(&document);
    let section = |code: &str| {
        let sections = document["entry"][0]["resource"]["section"].as_array().unwrap();
        let found = sections.iter().find(|one| one["code"]["coding"][0]["code"] == code).unwrap();
        found["text"]["div"].as_str().unwrap().to_owned()
    };
    assert!(section("risks-to-self").contains("Not stated."));
    assert!(section("plan-and-requested-actions").contains("Not stated."));
    assert!(section("consent-for-information-sharing").contains("not disclosed by the person's consent"));
}

#[test]
fn a_document_that_is_said_anew_names_the_one_that_it_replaces() {
    let (mapped, _) = signed(&full(), false, true);
    assert_follows_profiles(&mapped);
    let document = document(&mapped);
    let replaces = &document["entry"][0]["resource"]["relatesTo"][0];
    assert_eq!(
        (&replaces["code"], &replaces["targetIdentifier"]["value"]),
        (&json!("replaces"), &json!(SUPERSEDED))
    );
    assert_ne!(document["identifier"]["value"], SUPERSEDED);
}

/// Any letter of anything that is signed: a changed one is noticed.
#[test]
fn a_changed_letter_anywhere_breaks_the_signature() {
    let (mapped, _) = signed(&full(), false, false);
    let document = document(&mapped);
    let key = DocumentKey::from_seed(&[3; 32]).unwrap();
    let public = public_keys();
    let said = said_signature(&document).unwrap();
    let attested = check_signature(&said.jws, &canonical(&document), &public).unwrap();
    assert_eq!((attested.key_id.as_str(), attested.at_seconds), (key.id(), said.when_seconds));
    let free = ["/id", "/meta/", "/signature/"];
    let covered = leaves(&document).into_keys().filter(|at| !free.iter().any(|free| at.starts_with(free)));
    let covered: Vec<String> = covered.collect();
    assert!(covered.len() > 300);
    for at in covered {
        let mut changed = document.clone();
        let leaf = changed.pointer_mut(&at).unwrap();
        *leaf = match leaf.as_str() {
            Some(text) => json!(format!("{text} ")),
            None => json!("x"),
        };
        assert!(check_signature(&said.jws, &canonical(&changed), &public).is_err(), "{at}");
    }
}

fn public_keys() -> Vec<u8> {
    // The public half of the seed [3; 32], as another library for Ed25519 computed it.
    let x = "7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E";
    let key = DocumentKey::from_seed(&[3; 32]).unwrap();
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key.id()}]}).to_string().into_bytes()
}

#[test]
fn what_stands_beside_the_jws_may_only_say_what_is_signed() {
    let (mapped, _) = signed(&full(), false, false);
    let document = document(&mapped);
    assert!(said_signature(&document).is_ok());
    for (at, to) in [
        ("/resourceType", json!("Patient")),
        ("/type", json!("message")),
        ("/signature", json!([document["signature"], document["signature"]])),
        ("/signature", json!(null)),
        ("/signature/type/0/code", json!("1.2.840.10065.1.12.1.1")),
        ("/signature/type", json!([document["signature"]["type"][0], document["signature"]["type"][0]])),
        ("/signature/targetFormat", json!("application/fhir+json")),
        ("/signature/sigFormat", json!("application/pkcs7")),
        ("/signature/who/reference", json!("urn:uuid:00000000-0000-4000-8000-000000000000")),
        ("/signature/when", json!("soon")),
        ("/signature/data", json!("%")),
    ] {
        let mut changed = document.clone();
        *changed.pointer_mut(at).unwrap() = to;
        assert!(said_signature(&changed).is_err(), "{at}");
    }
}

/// The answers by themselves are those of the message, and what they refer to is said.
#[test]
fn the_assessment_stands_alone_as_a_questionnaire_response() {
    let projection = project(Audience::Health, &full(), false);
    let mapped = made(Audience::Health, &projection);
    let message = json(&mapped.body);
    let alone = crate::mapping::questionnaire_response(&message).unwrap();
    let entries = message["entry"].as_array().unwrap();
    let inside =
        entries.iter().find(|one| one["resource"]["resourceType"] == "QuestionnaireResponse").unwrap();
    assert_eq!(alone["item"], inside["resource"]["item"]);
    assert_eq!(
        alone["subject"],
        json!({"type": "Patient", "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}})
    );
    assert_eq!(alone["author"]["display"], "Sample Practitioner");
    assert!(!alone.to_string().contains("urn:uuid:"));
    let findings = PROGRAM.check(&alone, &check::Ask::at(now().0));
    let wrong: Vec<_> = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(crate::mapping::questionnaire_response(&json!({"entry": []})).is_none());
}
