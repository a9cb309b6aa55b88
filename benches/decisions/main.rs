//! How long one decision by FHIR Consents takes: 10 Consents of 20 provisions each, all of them in force and readable, and
//! requests of all kinds about one item. Reading the Consents is timed apart.
//!
//! `cargo bench --bench decisions -- [--rounds N] [--json]`. The run fails when nothing is permitted, or nothing denied.
#![expect(clippy::indexing_slicing, reason = "a list of fixed length, and a place below it")]

#[path = "../measured/mod.rs"]
mod measured;

use std::{hint::black_box, time::Duration};

use keyway::consent::r4::{Directive, Request, Unread, Verdict, decide};
use measured::{Asked, micros_at, timed};
use serde_json::{Value, json};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many decisions are timed when nothing else is asked for.
const ROUNDS: usize = 200_000;
const CONSENTS: usize = 10;
/// Provisions of each, the root among them.
const PROVISIONS: usize = 20;

fn main() -> Result<(), String> {
    let asked = Asked::read(&["--rounds"])?;
    let rounds = asked.number("--rounds", ROUNDS)?;
    let consents: Vec<Value> = (0..CONSENTS).map(consent).collect();
    let bytes: usize = consents.iter().map(|one| one.to_string().len()).sum();
    let mut reading = Vec::new();
    let mut directives: Vec<Result<Directive, Unread>> = Vec::new();
    for _ in 0..rounds.div_ceil(100) {
        let (read, time) = timed(|| black_box(&consents).iter().map(Directive::read).collect());
        directives = read;
        reading.push(time);
    }
    let requests: Result<Vec<Request>, Unread> =
        (0..64).map(|place| Request::read(&request(place))).collect();
    let requests = requests.map_err(|fault| format!("{fault:?}"))?;
    let (mut times, mut permitted) = (Vec::with_capacity(rounds), 0_usize);
    for request in requests.iter().cycle().take(rounds) {
        let (verdict, time) = timed(|| decide(black_box(&directives), black_box(request)).verdict);
        permitted += usize::from(verdict != Verdict::Deny);
        times.push(time);
    }
    if permitted == 0 || permitted == rounds || directives.iter().any(Result::is_err) {
        return Err(format!("{permitted} of {rounds} were permitted: this measures something else"));
    }
    asked.show(&json!({
        "consents": CONSENTS, "provisions": CONSENTS * PROVISIONS, "bytes": bytes, "decisions": rounds,
        "permitted": permitted, "decide": shares(&mut times), "read_all": shares(&mut reading),
    }))
}

/// Median and 99th percentile.
fn shares(times: &mut [Duration]) -> Value {
    times.sort_unstable();
    json!({"median_us": micros_at(times, 50), "p99_us": micros_at(times, 99)})
}

const V3: &str = "http://terminology.hl7.org/CodeSystem/";

fn coding(system: &str, code: &str) -> Value {
    json!({"system": format!("{V3}{system}"), "code": code})
}

/// A permission for an agency with exceptions of every kind, and exceptions to these.
fn consent(place: usize) -> Value {
    let mut exceptions: Vec<Value> = Vec::new();
    // Two provisions for each turn, and the root.
    for turn in 0..(PROVISIONS - 1) / 2 {
        let criterion = match turn % 5 {
            0 => {
                json!({"securityLabel": [coding("v3-ActCode", ["PSY", "SDV", "HIV", "ETH"][(turn + place) % 4])]})
            }
            1 => {
                json!({"code": [{"coding": [{"system": "http://example.org/codes", "code": format!("kept-{turn}-{place}")}]}]})
            }
            2 => {
                json!({"dataPeriod": {"start": format!("20{}-01-01", 10 + turn), "end": format!("20{}-12-31", 10 + turn)}})
            }
            3 => {
                json!({"data": [{"meaning": "related", "reference": {"reference": format!("Encounter/{place}-{turn}")}}]})
            }
            _ => json!({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Media"}]}),
        };
        let mut refusal = criterion;
        if let Some(fields) = refusal.as_object_mut() {
            fields.insert("type".into(), json!("deny"));
            fields.insert(
                "provision".into(),
                json!([{
                    "type": "permit", "purpose": [coding("v3-ActReason", "BTG")],
                    "actor": [actor(&format!("Group/privileged-{turn}"))],
                }]),
            );
        }
        exceptions.push(refusal);
    }
    exceptions.push(json!({"type": "deny", "purpose": [coding("v3-ActReason", "HMARKT")]}));
    json!({
        "resourceType": "Consent", "id": format!("c{place}"), "meta": {"versionId": "1"}, "status": "active",
        "scope": {"coding": [{"system": format!("{V3}consentscope"), "code": "patient-privacy"}]},
        "category": [{"coding": [coding("v3-ActCode", "IDSCL")]}], "patient": {"reference": "Patient/p"},
        "dateTime": format!("2026-01-{:02}", place + 1), "performer": [{"reference": "Patient/p"}],
        "provision": {
            "type": "permit", "period": {"start": "2026-01-01", "end": "2027-12-31"},
            "purpose": [coding("v3-ActReason", "TREAT"), coding("v3-ActReason", "HOPERAT")],
            "actor": [actor(&format!("Organization/agency-{place}")), actor("Organization/everybody")],
            "provision": exceptions,
        },
    })
}

fn actor(name: &str) -> Value {
    json!({"role": {"coding": [coding("v3-ParticipationType", "IRCP")]}, "reference": {"reference": name}})
}

/// One of many requests: of each agency, for each purpose, about data of each kind.
fn request(place: usize) -> Value {
    let purpose = ["TREAT", "TREAT", "ETREAT", "BTG", "HRESCH", "HMARKT", "HOPERAT", "COC"][place % 8];
    let sensitive = ["PSY", "SUD", "BH", "VIO", "GDIS", "STD"][place % 6];
    json!({
        "purposeOfUse": coding("v3-ActReason", purpose), "now": "2026-11-27T10:00:00Z", "patient": "Patient/p",
        "actorReferences": [format!("Organization/agency-{}", place % 12), "Practitioner/k", "Group/riverside"],
        "birthDate": "1990-01-01",
        "resource": {
            "reference": format!("Observation/{place}"), "authored": "2026-06-01T10:00:00Z", "author": "Practitioner/k",
            "encounter": format!("Encounter/{place}"), "class": [],
            "securityLabel": [coding("v3-Confidentiality", "R"), coding("v3-ActCode", sensitive)],
            "code": [{"coding": [{"system": "http://example.org/codes", "code": "other"}]}],
        },
    })
}
