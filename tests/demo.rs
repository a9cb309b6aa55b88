//! `keyway demo` as a user runs it: the built binary, its JSON, its folder, its exit code; and what each agency
//! really received, read from the bytes on the disk.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is surprised"
)]

#[path = "demo/beside.rs"]
mod beside;
#[path = "demo/canaries.rs"]
mod canaries;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use canaries::{AGENCIES, KINDS, Marked, OF_THE_YOUTH, PEOPLE, TABLE, plain_values};
use serde_json::{Value, json};

fn demo(data: &Path, further: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway"))
        .args(["demo", "--once", "--json", "--data"])
        .arg(data)
        .args(further)
        .env("KEYWAY_LOG", "trace")
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The one object on standard output.
fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("standard output is not one JSON object ({e}): {}", text(&output.stderr)))
}

fn story_of(report: &Value, recipient: &str, state: &str) -> usize {
    let referrals = report["referrals"].as_array().unwrap();
    referrals.iter().filter(|r| r["recipient"] == recipient && r["state"] == state).count()
}

#[test]
fn everything_happens_as_the_fixtures_say_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = demo(&data, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let report = report(&output);
    let names: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["elapsed_ms", "assessments", "referrals", "recalled", "duplicates_suppressed", "inbound", "audit"]
    );
    assert!(report["elapsed_ms"].as_u64().unwrap() <= 30_000);
    assert_eq!(report["assessments"], 10);
    assert_eq!(report["recalled"], 4);
    assert_eq!(report["duplicates_suppressed"], 1);
    assert!(report["inbound"].as_u64().unwrap() >= 20, "{}", report["inbound"]);
    assert!(report["audit"]["entries"].as_u64().unwrap() > 100);
    assert_eq!(report["audit"]["verified"], true);
    for referral in report["referrals"].as_array().unwrap() {
        check_referral(referral);
    }
    for (recipient, state, times) in [
        ("cmht-riverside", "scheduled", 4),
        ("cmht-riverside", "rejected", 1),
        ("custody-northgate", "withheld", 2),
        ("custody-northgate", "recalled", 1),
        ("cmht-riverside", "recalled", 1),
        ("housing-harbour", "recalled", 1),
        ("court-harbour", "not-used", 1),
        ("probation-harbour", "recalled", 1),
        ("probation-harbour", "withdrawn", 1),
        ("housing-harbour", "withheld", 3),
        ("yjs-harbour", "accepted", 1),
        ("childrens-harbour", "accepted", 1),
        ("housing-harbour", "rejected", 1),
        ("ld-riverside", "completed", 1),
    ] {
        assert_eq!(story_of(&report, recipient, state), times, "{recipient} {state}");
    }
    check_folder(&data);
    check_lines(&output);
    beside::made_again(&data);
    beside::oversight(&data, &report);
    beside::taken_back(&data);

    let again = demo(&data, &[]);
    assert!(!again.status.success() && again.stdout.is_empty(), "an earlier demonstration is left alone");
    assert!(text(&again.stderr).contains("keyway serve --config"), "{}", text(&again.stderr));
}

fn check_referral(referral: &Value) {
    let names: Vec<&str> = referral.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "referral_id",
            "person",
            "recipient",
            "kind",
            "nature",
            "channel",
            "state",
            "reason",
            "disclosure_id",
            "withheld"
        ]
    );
    for name in ["referral_id", "person", "recipient", "state"] {
        assert!(!referral[name].as_str().unwrap().is_empty(), "{name}: {referral}");
    }
    let kind = referral["kind"].as_str().unwrap();
    let known = ["cmht", "police", "court", "probation", "housing", "liaison-diversion"];
    assert!(known.contains(&kind) || OF_THE_YOUTH.iter().any(|(_, of_theirs)| *of_theirs == kind), "{kind}");
    let advice = ["police", "court"].contains(&kind);
    assert_eq!(referral["nature"], if advice { "advice" } else { "referral" }, "{referral}");
    let channel = match kind {
        "cmht" => "fhir-push",
        "housing" | "social-care" | "liaison-diversion" => "mailbox",
        _ => "event-push",
    };
    assert_eq!(referral["channel"], channel, "{referral}");
    // What was withheld, or taken back before it left, was never disclosed.
    let left = referral["state"] != "withheld" && referral["state"] != "withdrawn";
    let disclosed = left && kind != "liaison-diversion";
    assert_eq!(referral["disclosure_id"].is_string(), disclosed, "{referral}");
    for kept in referral["withheld"].as_array().unwrap() {
        for name in ["field", "rule", "reason"] {
            assert!(!kept[name].as_str().unwrap().is_empty(), "{kept}");
        }
    }
    if referral["state"] == "withheld" {
        assert_eq!(referral["withheld"][0]["field"], "*", "{referral}");
    }
}

/// What `--data` keeps.
fn check_folder(data: &Path) {
    for name in ["ca.pem", "keyway.db", "keyway.toml", "try.sh", "try-assessment.json"] {
        assert!(data.join(name).is_file(), "{name}");
    }
    for slug in AGENCIES.iter().map(|(_, slug, _)| *slug).chain(OF_THE_YOUTH.map(|(slug, _)| slug)) {
        for name in ["cert.pem", "key.pem", "client_id"] {
            assert!(data.join("agencies").join(slug).join(name).is_file(), "{slug}/{name}");
        }
    }
    for (_, kind) in KINDS.into_iter().chain(OF_THE_YOUTH) {
        let folder = data.join("received").join(kind);
        assert!(files_of(&folder).iter().any(|f| f.extension().is_some_and(|e| e == "json")), "{kind}");
    }
    #[cfg(unix)]
    for key in files_of(data).iter().filter(|f| text(&fs::read(f).unwrap()).contains("PRIVATE KEY")) {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
    }
}

/// No line of the log, and none of the story, holds anything that points to a person.
fn check_lines(output: &Output) {
    let lines = text(&output.stderr);
    assert!(lines.contains("keyway::http::conduct"), "the log is at its most talkative here");
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/story");
    for file in files_of(&stories) {
        let story: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for pointer in [
            "/assessment/person/name/family",
            "/assessment/person/nhs_number/value",
            "/assessment/person/birth_date",
            "/assessment/person/address/postcode",
            "/assessment/person/safe_contact/telephone",
            "/assessment/person/reference",
            "/assessment/person/identifiers/CRN/0",
            "/assessment/clinical/narrative",
            "/assessment/risk/to_self/handover_advice",
            "/asks/request/person/name/family",
            "/asks/request/person/reference",
        ] {
            if let Some(value) = story.pointer(pointer).and_then(Value::as_str) {
                assert!(!lines.contains(value), "{pointer} of {} stands in a line", file.display());
            }
        }
    }
}

#[test]
fn each_block_reaches_exactly_those_who_may_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = write_fixtures(folder.path(), &PEOPLE);
    let data = folder.path().join("data");
    let output = demo(&data, &["--fixtures", fixtures.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let mut slips = Vec::new();
    for (letter, kind) in KINDS {
        let received = decoded_files(&data.join("received").join(kind));
        assert!(received.len() > 1_000, "{kind} received next to nothing");
        for person in &PEOPLE {
            let may_see = |field: &str, who: &'static str| if person.has(field) { who } else { "" };
            let marks = TABLE.iter().map(|(field, who)| (person.of(field), may_see(field, who)));
            for (value, who) in marks.chain(plain_values(person)) {
                let wanted = person.may_see(letter, who);
                if received.contains(&value) != wanted {
                    let slip = if wanted { "should have reached" } else { "LEAKED to" };
                    slips.push(format!("{value} {slip} {kind}"));
                }
            }
        }
    }
    assert!(slips.is_empty(), "{}", slips.join("\n"));

    let lines = text(&output.stderr);
    let stored: Vec<u8> = files_of(&data)
        .iter()
        .filter(|f| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with("keyway.db")))
        .flat_map(|f| fs::read(f).unwrap())
        .collect();
    assert!(!stored.is_empty());
    let stored = text(&stored);
    for person in &PEOPLE {
        assert!(!stored.contains(person.mark), "a mark of {} lies open in the database", person.mark);
        assert!(!lines.contains(person.mark), "a mark of {} stands in a line", person.mark);
        for (value, _) in plain_values(person) {
            assert!(!lines.contains(&value), "{value} stands in a line");
        }
    }
}

/// The demonstration's agencies and agreements, with the marked people for stories.
fn write_fixtures(folder: &Path, people: &[Marked]) -> PathBuf {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), folder.join("fixtures"));
    fs::create_dir_all(to.join("story")).unwrap();
    for name in ["directory.json", "agreements.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    for person in people {
        // Every mark of the table is in the person, and every mark in the person is in the table.
        let assessment = person.assessment();
        let found = marks_in(&assessment, person.mark);
        for (field, _) in TABLE.iter().filter(|(field, _)| person.has(field)) {
            assert!(found.contains(&person.of(field)), "{field} is in the table and not in the person");
        }
        for mark in &found {
            assert!(TABLE.iter().any(|(f, _)| person.of(f) == *mark), "{mark} is not in the table");
        }
        let mut expect = serde_json::Map::new();
        let mut staff = serde_json::Map::new();
        for (letter, slug, _) in AGENCIES {
            let told = person.agreed.contains(letter) || (person.over && letter == "C");
            let (say, state) = if "CM".contains(letter) { ("use", "used") } else { ("accept", "accepted") };
            staff.insert(slug.to_owned(), json!({"say": say}));
            expect.insert(
                slug.to_owned(),
                json!({
                    "state": if told { state } else { "withheld" }, "received": told,
                    "review": told && person.over,
                }),
            );
        }
        let story = json!({
            "title": "Marks", "scene": "A person made of marks.", "assessment": assessment, "staff": staff,
            "expect": expect,
        });
        fs::write(to.join(format!("story/{}.json", person.mark)), story.to_string()).unwrap();
    }
    to
}

fn marks_in(value: &Value, mark: &str) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with(mark) && text.ends_with("-x") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(|item| marks_in(item, mark)).collect(),
        Value::Object(fields) => fields.values().flat_map(|field| marks_in(field, mark)).collect(),
        _ => Vec::new(),
    }
}

/// Every file below `folder`.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files_of(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// All files below `folder` as one text: as they are, and again with JSON escapes undone and base64 opened.
fn decoded_files(folder: &Path) -> String {
    let mut all = String::new();
    for file in files_of(folder) {
        let bytes = fs::read(&file).unwrap();
        all.push_str(&text(&bytes));
        all.push('\n');
        if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
            decode(&value, &mut all);
        }
        let packed = text(&bytes).lines().any(|line| line.to_lowercase().starts_with("content-encoding"));
        assert!(!packed, "{} is compressed: it cannot be searched", file.display());
    }
    all
}

fn decode(value: &Value, all: &mut String) {
    match value {
        Value::String(text) => {
            all.push_str(text);
            all.push('\n');
            if let Some(opened) = STANDARD.decode(text).ok().and_then(|b| String::from_utf8(b).ok()) {
                all.push_str(&opened);
                all.push('\n');
                if let Ok(inner) = serde_json::from_str::<Value>(&opened)
                    && (inner.is_object() || inner.is_array())
                {
                    decode(&inner, all);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| decode(item, all)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            all.push_str(name);
            all.push('\n');
            decode(field, all);
        }),
        _ => {}
    }
}

#[test]
fn what_it_keeps_runs_again_and_the_ready_made_commands_work() {
    if Command::new("curl").arg("--version").output().is_err() {
        // Past the capture of the test's output, so that it is heard.
        writeln!(std::io::stderr(), "SKIPPED: there is no curl here, so try.sh was not run").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(demo(&data, &[]).status.success());

    let gateway = Ended(
        Command::new(env!("CARGO_BIN_EXE_keyway"))
            .args(["serve", "--config"])
            .arg(data.join("keyway.toml"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let settings: toml::Table = fs::read_to_string(data.join("keyway.toml")).unwrap().parse().unwrap();
    wait_for_port(settings["partners"]["listen"].as_str().unwrap());
    let tried = Command::new("sh").arg(data.join("try.sh")).output().unwrap();
    assert!(tried.status.success(), "{}\n{}", text(&tried.stdout), text(&tried.stderr));
    let said = text(&tried.stdout);
    for words in [
        r#""kind":"housing","nature":"referral","channel":"mailbox","state":"queued""#,
        r#""reasonForReferral":"Rough sleeping since Sunday""#,
        r#""state":"accepted""#,
        "  decided",
        "  collected",
        "  acknowledged",
    ] {
        assert!(said.contains(words), "{words} is missing from:\n{said}");
    }
    drop(gateway);
}

/// The blocks of commands of a page.
fn blocks(page: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(file).unwrap();
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A demonstration that runs until it is dropped, with its data in `folder`, and the file that it writes to.
fn kept_running(folder: &Path) -> (Ended, PathBuf) {
    let out = folder.join("out");
    let started = Command::new(env!("CARGO_BIN_EXE_keyway"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .stdout(fs::File::create(&out).unwrap())
        .stderr(Stdio::null())
        .spawn();
    (Ended(started.unwrap()), out)
}

#[test]
fn every_command_about_fhir_by_rest_finds_what_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let (demonstration, out) = kept_running(folder.path());
    until("the commands", || {
        let said = fs::read_to_string(&out).unwrap();
        (said.contains("keep running") && said.contains("/audit")).then_some(())
    });
    let (receiving, rest) = (blocks("receiving.md"), blocks("fhir-rest.md"));
    let script = [&receiving[..2], &rest[..]].concat().join("\n");
    let ran = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder.path().join("data"))
        .output()
        .expect("there is a shell");
    let said = text(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", text(&ran.stderr));
    let answers: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |kind: &'static str| answers.iter().filter(move |answer| answer["resourceType"] == kind);
    let searches = rest.join("\n").lines().filter(|line| line.starts_with("fhir ")).count();
    assert_eq!((searches, of("Bundle").count()), (4, 4), "{said}");
    for page in of("Bundle") {
        assert!(page["entry"].as_array().is_some_and(|entries| !entries.is_empty()), "{page:#}");
    }
    let moved: Vec<&Value> = of("Task").map(|task| &task["status"]).collect();
    assert_eq!(moved, ["accepted"], "{said}");
    let judged: Vec<String> = of("OperationOutcome")
        .map(|outcome| {
            let issues = outcome["issue"].as_array().unwrap();
            let error = issues.iter().find(|issue| issue["severity"] == "error").unwrap();
            error["expression"][0].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(judged, ["Patient.birthDate", "Patient.identifier"]);
    // A message by hand comes back with the id that it has here.
    let script = [&receiving[..1], &blocks("bars.md")[..]].concat().join("\n");
    let ran = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder.path().join("data"))
        .output()
        .expect("there is a shell");
    let said = text(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", text(&ran.stderr));
    let taken: Value = serde_json::from_str(said.trim()).unwrap();
    let request = taken["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let request = request.clone().find(|one| one["resourceType"] == "ServiceRequest").unwrap();
    assert!(request["id"].is_string(), "{taken:#}");
    drop(demonstration);
}

#[test]
fn without_once_it_keeps_serving_and_shows_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let (demonstration, out) = kept_running(folder.path());
    let script = until("the commands", || {
        let said = fs::read_to_string(&out).unwrap();
        said.contains("keep running").then_some(said).filter(|said| said.contains("/audit"))
    });
    let kept = fs::read_to_string(folder.path().join("data/try.sh")).unwrap();
    let commands: Vec<&str> =
        kept.lines().filter(|line| line.contains("call ") && !line.contains("()")).collect();
    assert!(commands.len() >= 6);
    for command in commands {
        assert!(script.contains(command), "{command} is in try.sh and not on the screen");
    }
    assert!(script.contains("Everything happened as the fixtures say it must."));
    drop(demonstration);
}

#[test]
fn a_port_in_use_is_told_with_what_to_do_about_it() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = demo(&data, &["--listen", &held.local_addr().unwrap().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = text(&output.stderr);
    assert!(said.contains("is in use") && said.contains("--listen"), "{said}");
    assert!(!data.exists(), "nothing was begun");
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _over = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn wait_for_port(address: &str) {
    until("the listener", || std::net::TcpStream::connect(address).ok());
}

/// Looks until there is something, at most 30 seconds.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} did not come within 30 seconds");
}
