//! The people of `fixtures/people`: what each agency gets of each of them, to the letter, as it was read by eye against
//! the person's story. After a change that is meant, write it anew with `cargo test --lib write_the_people -- --ignored`
//! and read what differs.
//!
//! Ids, the person's references and hashes differ with every rehearsal or release: they stand here as words.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use super::rehearsing::{self, RehearsalArgs};
use crate::{
    clock::Moment,
    directory::Audience,
    exchange::Rehearsed,
    profile::{
        Profiles, Schema, Severity,
        check::{Ask, Program},
    },
    sheet::Page,
};

const AT: &str = "2026-11-23T10:00:00Z";
/// A line of a golden file is at most this long, where it can be broken.
const WIDTH: usize = 110;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/people")
}

/// The folders of the people, in order.
fn people() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    assert!(found.len() >= 14, "{} people", found.len());
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// What every recipient of each person would get, planned as `keyway preview` plans it.
static REHEARSED: LazyLock<Vec<(PathBuf, Vec<Rehearsed>)>> = LazyLock::new(|| {
    let lists = ["directory.json", "agreements.json"].map(|list| folder().join(list));
    let args = RehearsalArgs { directory: lists.into(), at: Moment::from_rfc3339(AT) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = args.stage().await.unwrap().expect("the lists serve");
        let mut all = Vec::new();
        for person in people() {
            let body = rehearsing::assessment(&person.join("assessment.json")).unwrap();
            let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, &body).await;
            let rehearsed = rehearsed.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", name(&person)));
            all.push((person, rehearsed.recipients));
        }
        all
    })
});

/// The parts of a message: the letter or the FHIR message, and what goes with it.
fn parts(one: &Rehearsed) -> Vec<Value> {
    let message = one.message.as_ref();
    let bytes = message.map(|message| std::iter::once(&message.body).chain(&message.detail));
    bytes.into_iter().flatten().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect()
}

/// Every golden file of one person, by its name.
fn golden(recipients: &[Rehearsed]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut decisions = Map::new();
    for one in recipients {
        let id = &one.recipient;
        let decision = one.decision.as_ref().unwrap();
        let withheld = one.withheld.iter().map(|kept| (kept.field.clone(), json!(kept.reason)));
        let warnings: Vec<&str> = one.warnings.iter().map(|warning| &*warning.path).collect();
        decisions.insert(
            id.to_string(),
            json!({
                "answer": if decision.permits() { "permit" } else { "deny" },
                "reason": decision.reason,
                "withheld": withheld.collect::<Map<_, _>>(),
                "warnings": warnings,
            }),
        );
        let mut parts = parts(one).into_iter();
        let Some(body) = parts.next() else { continue };
        match parts.next() {
            None => _ = files.insert(format!("expected/{id}.json"), settled(&body)),
            Some(document) if one.audience == Some(Audience::Health) => {
                files.insert(format!("expected/{id}.document.json"), settled(&beside(document, &body)));
                files.insert(format!("expected/{id}.json"), settled(&body));
            }
            Some(sheet) => {
                let page = Page::of(one.message.as_ref().unwrap().detail.as_deref().unwrap());
                let page = page.unwrap().fitted().unwrap();
                files
                    .insert(format!("expected/{id}.page.txt"), renamed(&text_of(&page.html()), &json!(null)));
                files.insert(format!("expected/{id}.event.json"), settled(&body));
                files.insert(format!("expected/{id}.json"), settled(&sheet));
            }
        }
    }
    files.insert(String::from("expected.json"), laid_out(&Value::Object(decisions)));
    files
}

/// The document that goes with a FHIR message, without what is the same in both.
fn beside(mut document: Value, message: &Value) -> Value {
    let resources = |bundle: &Value| -> Vec<Value> {
        bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone()).collect()
    };
    let known = resources(message);
    for entry in document["entry"].as_array_mut().unwrap() {
        if known.contains(&entry["resource"]) {
            entry["resource"] = json!(format!("{}, as in the message", entry["resource"]["resourceType"]));
        }
    }
    document
}

/// A page as it reads: a line for each line, the tags left out.
fn text_of(html: &str) -> String {
    let main = html.split_once("<body>").unwrap().1;
    let mut text = String::new();
    for line in main.lines() {
        let mut line_text = String::new();
        let mut rest = line.replace("<li>", "- ").replace("<h2>", "\n## ");
        while let Some((before, tag)) = rest.split_once('<') {
            line_text.push_str(before);
            rest = tag.split_once('>').unwrap().1.to_owned();
        }
        line_text.push_str(&rest);
        if !line_text.trim().is_empty() {
            let plain = [("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
            let said =
                plain.into_iter().fold(line_text, |said, (escape, letter)| said.replace(escape, letter));
            text.push_str(&said);
            text.push('\n');
        }
    }
    text
}

/// A message with words for what another rehearsal or release would write otherwise, laid out to be read.
fn settled(message: &Value) -> String {
    let mut message = message.clone();
    without_hashes(&mut message);
    renamed(&laid_out(&message), &message)
}

/// Signatures and hashes as words.
fn without_hashes(value: &mut Value) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(without_hashes),
        Value::Object(fields) => {
            let system = fields.get("system").and_then(Value::as_str).unwrap_or_default();
            let is_version = system.ends_with("/Id/mapping") || system.ends_with("/Id/disclosure-tables");
            for (key, value) in fields {
                if key == "data" || key == "hash" || key == "value" && is_version {
                    *value = json!(format!("({key})"));
                } else {
                    without_hashes(value);
                }
            }
        }
        _ => {}
    }
}

/// `text` with a word for each id: of a resource its type and number, of anything else its place in the order.
fn renamed(text: &str, message: &Value) -> String {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = |of: &str| {
        let count = counts.entry(of.to_owned()).or_default();
        *count += 1;
        format!("{of}-{count}")
    };
    for entry in message["entry"].as_array().into_iter().flatten() {
        let kind = entry["resource"]["resourceType"].as_str();
        let kind =
            kind.or_else(|| entry["resource"].as_str()?.split(['"', ',']).find(|word| !word.is_empty()));
        let id = entry["fullUrl"].as_str().unwrap_or_default().trim_start_matches("urn:uuid:");
        names.insert(id.to_owned(), next(kind.unwrap_or("Resource")));
    }
    let mut written = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let found = [uuid(rest), reference(rest)].into_iter().flatten().next();
        if let Some((id, word)) = found {
            written.push_str(names.entry(id.to_owned()).or_insert_with(|| next(word)));
            rest = &rest[id.len()..];
        } else {
            written.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    written
}

/// The id at the beginning of `text`.
fn uuid(text: &str) -> Option<(&str, &'static str)> {
    let id = text.get(..36)?;
    let is_hyphen = |place| [8, 13, 18, 23].contains(&place);
    let fits =
        id.bytes().enumerate().all(|(n, b)| if is_hyphen(n) { b == b'-' } else { b.is_ascii_hexdigit() });
    fits.then_some((id, "id"))
}

/// The reference by which one agency knows the person, at the beginning of `text`.
fn reference(text: &str) -> Option<(&str, &'static str)> {
    let reference = text.get(..13)?;
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (reference.starts_with("LD-") && reference.bytes().skip(3).all(fits)).then_some((reference, "person"))
}

/// JSON to be read: what fits a line stands on one.
fn laid_out(value: &Value) -> String {
    let mut text = String::new();
    lay_out(value, 0, 0, &mut text);
    text.push('\n');
    text
}

fn lay_out(value: &Value, depth: usize, before: usize, into: &mut String) {
    let whole = value.to_string();
    let width = 2 * depth + before + whole.chars().count();
    match value {
        Value::Object(fields) if width > WIDTH && !fields.is_empty() => {
            lines(('{', '}'), depth, fields.iter().map(|(key, value)| (format!("\"{key}\": "), value)), into);
        }
        Value::Array(entries) if width > WIDTH && !entries.is_empty() => {
            lines(('[', ']'), depth, entries.iter().map(|value| (String::new(), value)), into);
        }
        _ => into.push_str(&whole),
    }
}

fn lines<'v>(
    (open, close): (char, char),
    depth: usize,
    entries: impl Iterator<Item = (String, &'v Value)>,
    into: &mut String,
) {
    into.push(open);
    for (place, (key, value)) in entries.enumerate() {
        into.push_str(if place == 0 { "\n" } else { ",\n" });
        into.push_str(&"  ".repeat(depth + 1));
        into.push_str(&key);
        lay_out(value, depth + 1, key.chars().count(), into);
    }
    into.push('\n');
    into.push_str(&"  ".repeat(depth));
    into.push(close);
}

/// The golden files of a person that are there.
fn kept(person: &Path) -> BTreeMap<String, String> {
    let expected = fs::read_dir(person.join("expected")).into_iter().flatten();
    let named = expected.map(|entry| format!("expected/{}", name(&entry.unwrap().path())));
    let named = named.chain([String::from("expected.json")]);
    named.filter_map(|file| Some((file.clone(), fs::read_to_string(person.join(&file)).ok()?))).collect()
}

/// The first lines that differ.
fn difference(kept: &str, made: &str) -> String {
    let (kept, made): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), made.lines().collect());
    let first = kept.iter().zip(&made).take_while(|(kept, made)| kept == made).count();
    let show = |lines: &[&str], sign: &str| -> String {
        let shown = lines.iter().skip(first).take(4);
        shown.fold(String::new(), |text, line| text + "\n    " + sign + " " + line)
    };
    format!("line {}:{}{}", first + 1, show(&kept, "-"), show(&made, "+"))
}

#[test]
fn each_agency_gets_of_each_person_what_was_read_by_eye() {
    let mut wrong = Vec::new();
    for (person, recipients) in REHEARSED.iter() {
        let (kept, made) = (kept(person), golden(recipients));
        for file in kept.keys().chain(made.keys()).collect::<BTreeSet<_>>() {
            let place = format!("{}/{file}", name(person));
            match (kept.get(file), made.get(file)) {
                (Some(kept), Some(made)) if kept == made => {}
                (Some(kept), Some(made)) => wrong.push(format!("{place}, {}", difference(kept, made))),
                (Some(_), None) => wrong.push(format!("{place} is made no more")),
                (None, _) => wrong.push(format!("{place} is new")),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n\nIf that is meant: cargo test --lib write_the_people -- --ignored, and read what differs.",
        wrong.join("\n")
    );
}

#[test]
#[ignore = "writes the golden files; run it after a change that is meant, and read them"]
fn write_the_people() {
    for (person, recipients) in REHEARSED.iter() {
        let made = golden(recipients);
        for file in kept(person).keys().filter(|file| !made.contains_key(*file)) {
            fs::remove_file(person.join(file)).unwrap();
        }
        fs::create_dir_all(person.join("expected")).unwrap();
        for (file, text) in made {
            fs::write(person.join(file), text).unwrap();
        }
    }
}

#[test]
fn what_each_agency_gets_of_each_person_fits_its_profile() {
    let (profiles, program) = (Profiles::compile().unwrap(), Program::built_in().unwrap());
    let now = Moment::from_rfc3339(AT).unwrap();
    let mut checked: BTreeMap<String, usize> = BTreeMap::new();
    for (person, recipients) in REHEARSED.iter() {
        for one in recipients.iter().filter(|one| one.message.is_some()) {
            let place = format!("{}, {}", name(person), one.recipient);
            let named: Vec<Schema> = one
                .message
                .iter()
                .flat_map(|m| m.made_by.profiles.keys())
                .filter_map(|n| Schema::parse(n))
                .collect();
            let parts = parts(one);
            for part in &parts {
                let kind = if part["resourceType"].is_string() {
                    let found = program.check(part, &Ask::at(now.0)).into_iter();
                    let found: Vec<_> = found.filter(|found| found.severity == Severity::Error).collect();
                    assert!(found.is_empty(), "{place}: {found:#?}");
                    part["type"].as_str().unwrap().to_owned()
                } else {
                    let fits = named.iter().find(|schema| profiles.check(**schema, part).is_empty());
                    fits.unwrap_or_else(|| panic!("{place}: fits none of {named:?}")).as_str().to_owned()
                };
                *checked.entry(kind).or_default() += 1;
            }
        }
    }
    let kinds = [
        "collection",
        "community-referral",
        "court-sheet",
        "custody-sheet",
        "document",
        "event",
        "housing-referral",
        "message",
        "probation-summary",
    ];
    assert!(kinds.iter().filter(|kind| checked.contains_key(**kind)).count() >= 8, "{checked:?}");
}

#[test]
fn no_two_agencies_outside_health_could_join_what_they_know_of_a_person() {
    for (person, recipients) in REHEARSED.iter() {
        let mut seen: BTreeMap<String, &Rehearsed> = BTreeMap::new();
        for one in recipients {
            let text: String = parts(one).iter().map(Value::to_string).collect();
            for id in ids(&text) {
                let before = *seen.entry(id.to_owned()).or_insert(one);
                let is_health = |one: &Rehearsed| one.audience == Some(Audience::Health);
                assert!(
                    before.recipient == one.recipient || is_health(before) && is_health(one),
                    "{}: {} and {} are told the same id",
                    name(person),
                    before.recipient,
                    one.recipient
                );
            }
            let assessment: Value =
                serde_json::from_slice(&fs::read(person.join("assessment.json")).unwrap()).unwrap();
            for own in [&assessment["local_reference"], &assessment["person"]["reference"]] {
                assert!(!text.contains(own.as_str().unwrap()), "{}: {}", name(person), one.recipient);
            }
        }
    }
}

/// Every id and reference in a text.
fn ids(text: &str) -> BTreeSet<&str> {
    let starts = text.char_indices().map(|(start, _)| &text[start..]);
    starts.filter_map(|rest| uuid(rest).or_else(|| reference(rest))).map(|(id, _)| id).collect()
}

#[test]
fn nobody_learns_whom_else_the_person_refused_or_was_not_asked_about() {
    let directory: Value =
        serde_json::from_slice(&fs::read(folder().join("directory.json")).unwrap()).unwrap();
    let called = |id: &str| {
        let agencies = directory["agencies"].as_array().unwrap();
        let agency = agencies.iter().find(|agency| agency["id"] == id).unwrap();
        agency["name"].as_str().unwrap().to_owned()
    };
    let mut refused = 0_usize;
    for (person, recipients) in REHEARSED.iter() {
        let denied = recipients.iter().filter(|one| !one.decision.as_ref().unwrap().permits());
        for id in denied.map(|one| one.recipient.as_str()) {
            refused += 1;
            for one in recipients {
                let text: String = parts(one).iter().map(Value::to_string).collect();
                for word in [id, &called(id)] {
                    assert!(!text.contains(word), "{}: {} reads {word}", name(person), one.recipient);
                }
            }
        }
    }
    assert!(refused >= 10, "{refused}");
}

/// What a person's recipient gets, as one text, and how its page reads.
fn got(person: &str, recipient: &str) -> (String, String) {
    let (_, recipients) = REHEARSED.iter().find(|(folder, _)| name(folder) == person).unwrap();
    let files = golden(recipients);
    let read = |file: String| files.get(&file).cloned().unwrap_or_default();
    (read(format!("expected/{recipient}.json")), read(format!("expected/{recipient}.page.txt")))
}

#[test]
fn the_rules_of_safe_contact_go_wherever_the_person_may_be_reached() {
    for recipient in ["cmht-riverside", "veterans-harbour"] {
        let (told, _) = got("12-bethan", recipient);
        for rule in ["no-calls", "no-voicemail", "not-in-the-evening", "plain-envelope", "withheld-number"] {
            assert!(told.contains(rule), "{recipient} is not told {rule}");
        }
    }
    let (told, page) = got("01-danny", "probation-harbour");
    assert!(told.contains("no-letters") && page.contains("Send no letters"), "{page}");
    let (told, _) = got("07-aneta", "childrens-harbour");
    assert!(told.contains("Basia Specimenska"), "{told}");
    // The man whom she fled works for the council: it learns neither where she is nor how to reach her.
    let (told, _) = got("12-bethan", "housing-harbour");
    assert!(told.contains("Contact the person through the liaison and diversion practitioner"), "{told}");
    for hidden in ["no-calls", "Gwen", "ZZ99 4QR", "960412"] {
        assert!(!told.contains(hidden), "the council reads {hidden}");
    }
    // Neither custody nor a court may know how to reach anybody.
    for (person, recipient) in [("12-bethan", "custody-northgate"), ("12-bethan", "court-harbour")] {
        assert!(!got(person, recipient).0.contains("no-calls"), "{recipient}");
    }
}

#[test]
fn whoever_agreed_for_a_young_person_is_said() {
    for recipient in ["custody-northgate", "childrens-harbour"] {
        let (told, _) = got("13-micah", recipient);
        assert!(told.contains("givenBy") && told.contains("parental-responsibility"), "{recipient}");
    }
    let (_, page) = got("13-micah", "custody-northgate");
    assert!(page.contains("Agreed by: Somebody with parental responsibility"), "{page}");
    assert!(!page.contains("The person agreed"), "{page}");
}

#[test]
fn whoever_keeps_somebody_safe_is_told_of_a_risk_from_others_and_what_to_do() {
    for (person, recipient, advice) in [
        ("07-aneta", "custody-northgate", "Tell nobody who rings that she is here"),
        ("07-aneta", "childrens-harbour", "Tell nobody who rings that she is here"),
        ("12-bethan", "custody-northgate", "Tell nobody who rings or comes that she was here"),
        ("08-jayden", "yjs-harbour", "Do not say when he leaves"),
        ("02-keira", "adults-harbour", "Do not say where she is"),
    ] {
        let (told, page) = got(person, recipient);
        assert!(told.contains(advice), "{person}: {recipient} is not told");
        // Social care gets no page.
        assert!(page.is_empty() || page.contains(advice), "{page}");
        for narrative in ["Her husband looks for her", "Strangulation", "Followed to the last"] {
            assert!(!told.contains(narrative), "{person}: {recipient} reads {narrative}");
        }
    }
    let (told, _) = got("08-jayden", "housing-harbour");
    assert!(told.contains("Not near the station") && !told.contains("Do not say when he leaves"), "{told}");
    // A court is told nothing of it, a charity neither.
    for (person, recipient) in
        [("12-bethan", "court-harbour"), ("12-bethan", "veterans-harbour"), ("14-pat", "probation-harbour")]
    {
        let (told, _) = got(person, recipient);
        assert!(
            !told.contains("riskFromOthers")
                && !told.contains("Tell nobody")
                && !told.contains("Ask Pat alone"),
            "{person}: {recipient}"
        );
    }
}

/// She keeps back from the council what is about safeguarding: where she is not safe to live is part of that.
#[test]
fn what_is_kept_back_of_a_row_is_kept_back_of_what_falls_under_it() {
    let (told, _) = got("12-bethan", "housing-harbour");
    assert!(!told.is_empty() && !told.contains("riskFromOthers"), "{told}");
}

#[test]
fn a_court_and_probation_are_told_how_somebody_can_take_part() {
    for recipient in ["court-harbour", "probation-harbour"] {
        let (told, page) = got("04-liam", recipient);
        assert!(told.contains("with-adjustments") && !told.contains("after pictures"), "{told}");
        assert!(page.contains("Can follow a hearing") && page.contains("Intermediary: Needed"), "{page}");
    }
    let (told, page) = got("06-carl", "probation-harbour");
    assert!(told.contains("Harbour prison") && page.contains("Released: Friday 4 December 2026"), "{page}");
    assert!(!told.contains("gateContact") && !told.contains("Car from the gate"), "{told}");
    let (told, _) = got("13-micah", "childrens-harbour");
    assert!(told.contains("lookedAfter") && told.contains("excluded"), "{told}");
    assert!(!told.contains("Harbour Academy") && !told.contains("Sample Ruth"), "{told}");
    let (told, _) = got("08-jayden", "yjs-harbour");
    assert!(told.contains("lookedAfter") && !told.contains("Sample Denise"), "{told}");
}
