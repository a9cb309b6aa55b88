//! The trusted assessment, from the message that points to it to its check with the gateway's published keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use keyway::{
    mapping::document::{canonical, said_signature},
    vault::{check_signature, key_ids},
};

use crate::harness::{Ask, Assessment, CMHT, CUSTODY, Caller, Gateway, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_service_fetches_the_assessment_and_can_check_it_for_itself() {
    let gateway = Gateway::start().await;
    gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT, CUSTODY])).await;
    let message = gateway.cmht_server.wait_for(1).await.json();
    let entries = message["entry"].as_array().unwrap();
    let pointer = entries.iter().find(|e| e["resource"]["resourceType"] == "DocumentReference").unwrap();
    let attachment = &pointer["resource"]["content"][0]["attachment"];
    let path = attachment["url"].as_str().unwrap().strip_prefix(gateway.base_url()).unwrap();

    let fetched = gateway.cmht.get(path).await;
    assert_eq!((fetched.status, fetched.content_type()), (200, "application/fhir+json"));
    assert_eq!(attachment["size"].as_u64(), u64::try_from(fetched.text().len()).ok());
    let sha1 =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, fetched.text().as_bytes());
    assert_eq!(attachment["hash"], STANDARD.encode(sha1.as_ref()));

    // The keys are the gateway's, and those that signed before are among them.
    let keys = gateway.cmht.get("/oauth/jwks").await.text().into_bytes();
    assert_eq!(key_ids(&keys).unwrap().len(), 4, "events, tokens, documents, and one that is retired");
    let document = fetched.json();
    let said = said_signature(&document).unwrap();
    let attested = check_signature(&said.jws, &canonical(&document), &keys).unwrap();
    assert_eq!(attested.at_seconds, said.when_seconds);
    let mut changed = document.clone();
    changed["entry"][0]["resource"]["title"] = "Another".into();
    assert!(check_signature(&said.jws, &canonical(&changed), &keys).is_err());

    // Nobody else gets it, and nobody without the scope for it.
    assert_eq!(gateway.custody.get(path).await.status, 404);
    assert_eq!(gateway.ld.get(path).await.status, 403);
    assert_eq!(gateway.cmht.ask(Ask::get("/documents/nothing")).await.status, 404);
    gateway.finish().await;
}
