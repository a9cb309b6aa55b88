//! Ours beside what others have published: schemas, code systems and examples that are not ours to copy into the
//! project. `KEYWAY_REFERENCE_DATA` names the folder that holds them; without it these tests say that they were
//! skipped, and with it a missing file is a failure.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it is surprised"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use keyway::{
    assessment::identifier::{Check, Identifier, IdentifierType},
    clock::Moment,
    fhir, limits,
    mapping::inbound::{self, Fault, What},
};
use serde_json::Value;

/// The folder with the reference data, or a word past the capture of the test's output.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn reference(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty());
    if folder.is_none() {
        writeln!(std::io::stderr(), "SKIPPED for want of KEYWAY_REFERENCE_DATA: {test}").ok();
    }
    folder.map(PathBuf::from)
}

#[test]
fn published_documents_are_read_as_serde_json_reads_them() {
    let Some(folder) = reference("published_documents_are_read_as_serde_json_reads_them") else { return };
    let mut read = 0_usize;
    for file in json_files(&folder) {
        let bytes = fs::read(&file).unwrap();
        if bytes.len() > limits::BODY_MAX_BYTES {
            continue;
        }
        let theirs: Value = serde_json::from_slice(&bytes).unwrap();
        match fhir::json::parse(&bytes) {
            Ok(ours) => assert_eq!(ours, theirs, "{}", file.display()),
            // Published with the key `timezone` twice: serde_json keeps the last and says nothing.
            Err(fault) if file.ends_with("oruk-profile/schedule.json") => {
                assert_eq!(fault.path, "/properties/timezone");
            }
            Err(fault) => panic!("{}: {fault:?}", file.display()),
        }
        read += 1;
    }
    assert!(read > 500, "only {read} documents were read");
}

/// BaRS example answers: an emergency department to 111, and a rejection between ambulance services.
#[test]
fn published_answers_are_read() {
    let Some(folder) = reference("published_answers_are_read") else { return };
    for (start, action) in [("REFRESP01", "did-not-attend"), ("REFRESP02", "decline")] {
        let file = json_files(&folder.join("health/examples/bars"))
            .into_iter()
            .find(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)))
            .unwrap_or_else(|| panic!("the example {start} is not there"));
        let read = inbound::read_message(&json(&file)).unwrap().what;
        assert!(matches!(&read, What::Answer(said) if said.action == action), "{start}: {read:?}");
    }
}

/// BaRS example requests: new ones, an update of one, a cancellation by `update` and `revoked`; and what is not done
/// here, a validation and a booking.
#[test]
fn published_requests_are_read() {
    let Some(folder) = reference("published_requests_are_read") else { return };
    let files = json_files(&folder.join("health/examples/bars"));
    let read = |start: &str| {
        let file = files
            .iter()
            .find(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)))
            .unwrap_or_else(|| panic!("the example {start} is not there"));
        inbound::read_message(&json(file))
    };
    for start in ["REFREQ01", "REFREQ05", "REFREQ8A"] {
        assert!(matches!(read(start).unwrap().what, What::New(_)), "{start}");
    }
    let updated = read("REFREQ8B").unwrap();
    assert_eq!(updated.bundle_id, read("REFREQ8A").unwrap().bundle_id, "an update keeps the Bundle.id");
    assert!(matches!(&updated.what, What::Update(named) if named.ours().count() == 1));
    let cancelled = read("SERVREQ01").unwrap().what;
    assert!(
        matches!(&cancelled, What::Cancel(named, why) if named.ours().count() == 0 && why.reason == "no-longer-needed")
    );
    for start in ["VALREQ01", "BOOKREQ01"] {
        assert_eq!(read(start).unwrap_err().fault, Fault::NotOffered, "{start}");
    }
}

#[test]
fn our_events_follow_the_published_envelope() {
    let Some(folder) = reference("our_events_follow_the_published_envelope") else { return };
    let schema = json_files(&folder.join("justice/hmpps-domain-events-schema"));
    let [schema] = schema.as_slice() else { panic!("one schema is expected") };
    let validator = jsonschema::options().build(&json(schema)).unwrap();
    let events = snapshots(|name| name.contains("_event") || name.ends_with("recall_custody"));
    assert!(events.len() >= 4, "only {} events were found", events.len());
    for (name, event) in events {
        let faults: Vec<String> = validator.iter_errors(&event).map(|e| e.masked().to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
    }
}

/// Every code that we send in a FHIR message is in its code system, where that is published in full, and every
/// NHS canonical that we name exists.
#[test]
fn our_fhir_messages_use_published_codes_and_canonicals() {
    let Some(folder) = reference("our_fhir_messages_use_published_codes_and_canonicals") else { return };
    let mut systems: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut canonicals = BTreeSet::new();
    for file in json_files(&folder.join("health")) {
        let resource = json(&file);
        let Some(url) = resource["url"].as_str() else { continue };
        canonicals.insert(url.to_owned());
        if resource["resourceType"] == "CodeSystem" && resource["content"] == "complete" {
            let mut codes = BTreeSet::new();
            concepts(&resource, &mut codes);
            systems.entry(url.to_owned()).or_default().extend(codes);
        }
    }
    let messages = snapshots(|name| name.ends_with("health"));
    assert_eq!(messages.len(), 2, "the referral and its recall");
    let (mut checked, mut faults) = (0_usize, Vec::new());
    for (name, message) in &messages {
        walk(message, &mut |value| {
            if let (Some(system), Some(code)) = (value["system"].as_str(), value["code"].as_str())
                && let Some(codes) = systems.get(system)
            {
                checked += 1;
                if !codes.contains(code) {
                    faults.push(format!("{name}: {code} is not in {system}"));
                }
            }
            let Some(text) = value.as_str() else { return };
            let canonical = text.split('|').next().unwrap_or(text);
            let published = ["https://fhir.nhs.uk/", "https://fhir.hl7.org.uk/"]
                .iter()
                .any(|start| canonical.starts_with(start))
                && ["/StructureDefinition/", "/MessageDefinition/"]
                    .iter()
                    .any(|kind| canonical.contains(kind));
            if published {
                checked += 1;
                if !canonicals.contains(canonical) {
                    faults.push(format!("{name}: {canonical} is not published"));
                }
            }
        });
    }
    assert!(checked > 20, "only {checked} codes and canonicals were compared");
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Every error code of BaRS that the gateway can answer is one of the published ones.
#[test]
fn our_error_codes_are_published() {
    let Some(folder) = reference("our_error_codes_are_published") else { return };
    let mut published = BTreeSet::new();
    for file in json_files(&folder.join("health/bars/CodeSystem")) {
        if file.to_string_lossy().to_lowercase().contains("error") {
            concepts(&json(&file), &mut published);
        }
    }
    let mut ours = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")).unwrap().flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        let quoted = text.split('"').filter(|word| word.starts_with("REC_") || word.starts_with("SEND_"));
        ours.extend(quoted.map(str::to_owned));
    }
    assert!(ours.len() > 10, "only {} codes were found in src/http", ours.len());
    let strange: Vec<_> = ours.difference(&published).collect();
    assert!(strange.is_empty(), "not published: {strange:?}");
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(json_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The messages that a person has read, by the name of their snapshot.
fn snapshots(wanted: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mapping/tests/snapshots");
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if wanted(&name) {
            let text = fs::read_to_string(&path).unwrap();
            let body = text.splitn(3, "---\n").nth(2).expect("a snapshot has a head");
            found.push((name, serde_json::from_str(body).unwrap()));
        }
    }
    found
}

/// The codes of a code system, with those below others.
fn concepts(resource: &Value, into: &mut BTreeSet<String>) {
    for concept in resource["concept"].as_array().into_iter().flatten() {
        into.extend(concept["code"].as_str().map(str::to_owned));
        concepts(concept, into);
    }
}

/// Visits every value.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, visit)),
        _ => {}
    }
}

#[test]
fn identifiers_are_read_as_published() {
    let Some(folder) = reference("identifiers_are_read_as_published") else { return };
    let text = fs::read_to_string(folder.join("justice/identifier_vectors.csv")).unwrap();
    let now = Moment::from_rfc3339("2026-11-27T09:00:00Z").unwrap();
    let mut seen = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let one = Identifier::parse(IdentifierType::of_name(cells[0]).unwrap(), cells[1]);
        let found = one.ok().filter(|one| one.check() == Check::Valid).map(|one| one.canonical(now));
        let told = (cells[3] == "True").then(|| cells[2].to_owned());
        assert_eq!(found, told, "{line}");
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}
