//! What an agency that refers can find out about people whom others told of: nothing.

use keyway::{
    audit::hex,
    exchange::{
        refusal::Refused,
        rest::{AUDIT_EVENT, CONSENT, TASK},
    },
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{code, of, referral, send, service_request},
    harness::{Rig, Scripted, assessment, consent_id, id, json as body, to},
};

const NUMBER: &str = "9990000026";
const NOBODYS: &str = "9990000034";

/// A referral of a team's own to the service, about somebody whom it knows by `reference`.
pub fn told(n: u32, reference: &str, number: &str, birth_date: Option<&str>) -> Value {
    told_by("cmht-riverside", n, reference, number, birth_date)
}

fn told_by(from: &str, n: u32, reference: &str, number: &str, birth_date: Option<&str>) -> Value {
    let mut message = referral(from, "ld-harbour");
    message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000{n:05}"));
    of(&mut message, "ServiceRequest")["identifier"] =
        json!([{"system": "urn:sender", "value": format!("SR-{n}")}]);
    let patient = of(&mut message, "Patient");
    let identifiers = patient["identifier"].as_array_mut().unwrap();
    identifiers.retain(|one| one["system"] == "https://fhir.nhs.uk/Id/nhs-number");
    identifiers[0]["value"] = json!(number);
    identifiers.push(json!({"system": "urn:team", "value": reference}));
    match birth_date {
        Some(date) => patient["birthDate"] = json!(date),
        // What is told of the rest is in the order in which it stands.
        None => drop(patient.as_object_mut().unwrap().shift_remove("birthDate")),
    }
    message
}

/// What lands at the service.
pub async fn landed(rig: &Rig) -> Value {
    let ld = rig.caller("ld-harbour");
    let item = rig.first_item("ld-harbour").await;
    let landed = body(&rig.exchange.mailbox_read(&ld, "ld-harbour", &item).await.unwrap());
    rig.exchange.mailbox_acknowledge(&ld, "ld-harbour", &item).await.unwrap();
    landed
}

#[tokio::test]
async fn a_referral_finds_out_nothing_and_whoever_does_not_fit_is_held_apart() {
    let mut answers = Vec::new();
    for (number, date, is_checked) in [
        (NUMBER, Some("1980-02-03"), false),
        (NUMBER, Some("1980-02-04"), true),
        (NUMBER, None, true),
        (NOBODYS, Some("1980-02-03"), false),
    ] {
        let rig = Rig::new().await;
        let mut known = assessment(&["court-harbour"]);
        known["person"]["nhs_number"]["value"] = json!(NUMBER);
        known["person"]["birth_date"] = json!("1980-02-03");
        rig.submit(&known, "k1").await.unwrap();
        let taken = body(&send(&rig, "cmht-riverside", 1, &told(1, "team-1", number, date)).await.unwrap());
        let landed = landed(&rig).await;
        assert_eq!(landed["referralId"], json!(service_request(&taken)));
        assert_eq!(landed.get("personCheck").is_some(), is_checked, "{number} {date:?}");
        // What the sender says again is compared with what it said, whoever the person is.
        let again = told(2, "team-1", number, date.map(|_| "1999-09-09"));
        let said = send(&rig, "cmht-riverside", 2, &again).await.map(|_| ());
        if date.is_some() {
            assert_eq!(code(&said.unwrap_err()), (Refused::Unprocessable, "conflict"));
        } else {
            said.unwrap();
        }
        // The service itself still finds the person that it told of.
        known["person"]["reference"] = json!("harbour-ld-again");
        rig.submit(&known, "k2").await.unwrap();
        rig.audit().await;
        let mut shape = taken;
        for entry in shape["entry"].as_array_mut().unwrap() {
            entry["resource"]["id"] = json!("-");
            entry["resource"].as_object_mut().unwrap().remove("identifier");
            entry["resource"].as_object_mut().unwrap().remove("birthDate");
            entry["fullUrl"] = json!("-");
        }
        answers.push(shape);
    }
    for one in &answers {
        assert_eq!(one, &answers[0], "the answers tell who is known");
    }
}

/// An assessment of the service about somebody with this number.
fn known(recipient: &str, reference: &str, number: &str) -> Value {
    let mut known = assessment(&[recipient]);
    known["person"]["reference"] = json!(reference);
    known["person"]["nhs_number"]["value"] = json!(number);
    known["person"]["birth_date"] = json!("1980-02-03");
    known
}

/// Under which name an agency knows the person of a referral.
pub async fn pseudonym(rig: &Rig, who: &str, referral: &str) -> String {
    let task = rig.exchange.read_resource(&rig.caller(who), &TASK, referral, None).await.unwrap();
    id(&body(&task)["for"]["identifier"], "value")
}

#[tokio::test]
async fn an_agency_outside_health_does_not_find_out_whose_an_nhs_number_is() {
    for (agency, finds) in [
        ("court-harbour", false),
        ("probation-harbour", false),
        ("housing-harbour", false),
        ("cmht-riverside", true),
    ] {
        // It has a case under a pseudonym and sends the number of that person, and another.
        let rig = Rig::new().await;
        let case = rig.submit(&known(agency, "ld-1", NUMBER), "k1").await.unwrap();
        rig.deliver_all(&Scripted::delivers()).await;
        let own = pseudonym(&rig, agency, &id(to(&case, agency), "referral_id")).await;
        for (n, number, is_right) in [(1, NUMBER, true), (2, NOBODYS, false)] {
            let message = told_by(agency, n, &format!("own-{n}"), number, Some("1980-02-03"));
            let taken = body(&send(&rig, agency, n, &message).await.unwrap());
            let named = pseudonym(&rig, agency, &service_request(&taken)).await;
            assert_eq!(named == own, finds && is_right, "{agency} {number}");
            let landed = landed(&rig).await;
            assert_eq!(
                landed.get("personCheck").is_some(),
                !finds && is_right,
                "the service looks: {agency}"
            );
        }
        // It sends a number first, and gets a case under a pseudonym after.
        let rig = Rig::new().await;
        let message = told_by(agency, 1, "own-1", NUMBER, Some("1980-02-03"));
        let taken = body(&send(&rig, agency, 1, &message).await.unwrap());
        let mut again = told_by(agency, 2, "own-1", NUMBER, Some("1980-02-03"));
        of(&mut again, "ServiceRequest")["priority"] = json!("stat");
        send(&rig, agency, 2, &again).await.unwrap();
        let case = rig.submit(&known(agency, "ld-1", NUMBER), "k1").await.unwrap();
        let later = pseudonym(&rig, agency, &id(to(&case, agency), "referral_id")).await;
        let first = pseudonym(&rig, agency, &service_request(&taken)).await;
        assert_eq!(later == first, finds, "{agency}: the name of the case says that the number was right");
    }
}

#[tokio::test]
async fn the_log_shows_an_agency_its_own_pseudonym_and_not_what_joins_people() {
    let rig = Rig::new().await;
    let case = rig.submit(&known("housing-harbour", "ld-1", NUMBER), "k1").await.unwrap();
    let inner = id(&case, "person");
    let message = told(1, "team-1", NUMBER, Some("1980-02-03"));
    let referral = service_request(&body(&send(&rig, "cmht-riverside", 1, &message).await.unwrap()));
    rig.audit().await;
    let team = rig.caller("cmht-riverside");
    let shown = body(&rig.exchange.read_referral(&team, &referral).await.unwrap());
    let named = pseudonym(&rig, "cmht-riverside", &referral).await;
    assert_eq!(shown["person"], json!(named));
    let audit = body(&rig.exchange.read_referral_audit(&team, &referral).await.unwrap());
    assert!(!audit.to_string().contains(&inner) && !shown.to_string().contains(&inner));
    let in_hex = hex(inner.as_bytes());
    assert!(!audit.to_string().contains(&in_hex), "nor in the bytes of a leaf");
    let entries = audit["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["about"]["person"] == json!(named)), "{entries:#?}");
    for entry in entries {
        assert!(entry.get("index").is_none() && entry.get("leaf").is_none(), "{entry:#}");
        assert_eq!(entry["leaf_hash"].as_str().unwrap().len(), 64);
    }
    // The service, whose log it is, has all of it, and the hashes are of the same leaves.
    let ours = id(to(&case, "housing-harbour"), "referral_id");
    let ld = rig.caller("ld-harbour");
    let whole = body(&rig.exchange.read_referral_audit(&ld, &ours).await.unwrap());
    let sequenced = |entry: &&Value| entry["index"].is_u64();
    let first = whole["entries"].as_array().unwrap().iter().find(sequenced).unwrap();
    assert_eq!(first["about"]["person"], json!(inner), "{first:#}");
    assert!(first["leaf"].as_str().unwrap().contains(&in_hex));
}

/// Entries of the log, whoever may see them.
fn entries(rig: &Rig) -> i64 {
    let file = rusqlite::Connection::open(&rig.database).unwrap();
    file.query_row("SELECT count(*) FROM audit_entry", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_look_at_anothers_record_is_answered_and_written_down_like_one_at_nothing() {
    let rig = Rig::new().await;
    let case = rig.submit(&assessment(&["housing-harbour"]), "k1").await.unwrap();
    let (task, consent) =
        (id(to(&case, "housing-harbour"), "referral_id"), consent_id(&case, "housing-harbour"));
    let item = rig.first_item("housing-harbour").await;
    let nothing = "0198c0de-0000-7000-8000-0000000000f1";
    let court = rig.caller("court-harbour");
    for (what, theirs) in [("task", &task), ("consent", &consent), ("item", &item), ("sheet", &item)] {
        for id in [theirs.as_str(), nothing] {
            let before = entries(&rig);
            let refused = match what {
                "task" => rig.exchange.read_referral(&court, id).await,
                "consent" => rig.exchange.revoke_consent(&court, id, b"", false).await,
                "item" => rig.exchange.mailbox_read(&court, "court-harbour", id).await,
                _ => rig.exchange.collect_sheet(&court, id).await,
            };
            assert_eq!(refused.unwrap_err().class, Refused::NotFound);
            assert_eq!(entries(&rig), before, "{what} {id}: something was written before the answer");
            rig.exchange.write_down_refused_looks().await;
            assert_eq!(entries(&rig), before + 1, "{what} {id}");
        }
    }
    rig.audit().await;
}

/// The entries of the log that a search of `who` finds.
async fn found(rig: &Rig, who: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let pairs: Vec<(String, String)> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let page =
        rig.exchange.search_resources(&rig.caller(who), &AUDIT_EVENT, &pairs, true, false).await.unwrap();
    let page = body(&page);
    page["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()).collect()
}

#[tokio::test]
async fn what_was_refused_shows_to_whoever_holds_it_and_never_to_whoever_looked() {
    let rig = Rig::new().await;
    let case = rig.submit(&assessment(&["housing-harbour", "court-harbour"]), "k1").await.unwrap();
    let (task, consent) =
        (id(to(&case, "housing-harbour"), "referral_id"), consent_id(&case, "housing-harbour"));
    let item = rig.first_item("housing-harbour").await;
    let court = rig.caller("court-harbour");
    let before = entries(&rig);
    for kind in [&TASK, &CONSENT] {
        let id = if kind.name == "Task" { &task } else { &consent };
        assert!(rig.exchange.read_resource(&court, kind, id, None).await.is_err());
    }
    rig.exchange.mailbox_read(&court, "housing-harbour", &item).await.unwrap_err();
    rig.exchange.mailbox_read(&court, "court-harbour", &item).await.unwrap_err();
    for _ in 0..1_000 {
        if entries(&rig) == before + 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(entries(&rig), before + 4);

    // The one that looked finds nothing of it, by no way, though it knows the person by a name of its own.
    assert!(found(&rig, "court-harbour", &[("outcome", "8")]).await.is_empty());
    let consent_here = format!("Consent/{consent}");
    assert!(found(&rig, "court-harbour", &[("entity", &consent_here)]).await.is_empty());
    let all = found(&rig, "court-harbour", &[]).await;
    assert!(all.iter().all(|entry| entry["outcome"] == "0"), "{all:#?}");

    // The service finds the looks at the Task, the message and (by id, and by what was done about it) the Consent among what is
    // its own, and by the Consent.
    rig.exchange.write_down_refused_looks().await;
    let ours = found(&rig, "ld-harbour", &[("outcome", "8")]).await;
    let whats: Vec<String> = ours.iter().map(|entry| entry["entity"].to_string()).collect();
    assert_eq!(ours.len(), 4, "{whats:#?}");
    assert!(ours.iter().all(|entry| entry["agent"][0]["who"]["reference"] == "Organization/court-harbour"));
    let by_consent = found(&rig, "ld-harbour", &[("entity", &consent_here), ("outcome", "8")]).await;
    assert_eq!(by_consent.len(), 2, "{by_consent:#?}");
    let whole = found(&rig, "ld-harbour", &[("entity", &consent_here)]).await;
    assert!(whole.len() > by_consent.len(), "and who recorded it");
    let entry = id(&by_consent[0], "id");
    for (who, reads) in [("ld-harbour", true), ("court-harbour", false), ("housing-harbour", false)] {
        let read = rig.exchange.read_resource(&rig.caller(who), &AUDIT_EVENT, &entry, None).await;
        assert_eq!(read.is_ok(), reads, "{who}");
    }
    // A refused look of the service itself is no different.
    rig.exchange.mailbox_read(&rig.caller("ld-harbour"), "housing-harbour", &item).await.unwrap_err();
    rig.exchange.write_down_refused_looks().await;
    assert_eq!(found(&rig, "ld-harbour", &[("outcome", "8")]).await.len(), 4);
}
