//! `keyway render`, run as a user runs it: the pages that people get, and when there is none.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output},
};

use keyway::directory::AgencyKind;
use serde_json::{Value, json};

#[path = "given/processing_record.rs"]
#[expect(dead_code, reason = "lists hold it as text")]
mod processing_record;
use processing_record::listed_record;

const ASSESSMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/assessments/full.json");
const AT: &str = "2025-01-14T09:00:00Z";
const AGENCIES: [(&str, &str, &str, &str); 6] = [
    ("ld-harbour", "liaison-diversion", "mailbox", "Harbour Liaison and Diversion"),
    ("cmht-riverside", "cmht", "fhir-push", "Riverside CMHT"),
    ("custody-northgate", "police", "event-push", "Northgate Custody"),
    ("court-harbour", "court", "event-push", "Harbour Magistrates' Court"),
    ("probation-harbour", "probation", "event-push", "Harbour Probation"),
    ("housing-harbour", "housing", "mailbox", "Harbour Housing"),
];
const VIEWS: [&str; 3] = ["custody", "court", "probation"];

fn kind_of(word: &str) -> AgencyKind {
    AgencyKind::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap()
}

fn keyway(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).args(words).current_dir(folder).output().unwrap()
}

/// What a command of `words` prints.
fn render(folder: &Path, file: &str, view: &str, format: &str) -> Output {
    let words = ["render", file, "--view", view, "--format", format, "--directory", "lists.json", "--at", AT];
    keyway(folder, &words)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The agencies that the assessment asks, and an agreement with each; custody's with an emergency row.
fn folder() -> tempfile::TempDir {
    let agencies = AGENCIES.map(|(id, kind, channel, name)| {
        json!({
            "id": id, "kind": kind, "name": name, "channel": channel,
            "organisation_code": format!("https://keyway.example/id/agency|{id}"),
        })
    });
    let basis = json!({"data_protection": "6.1.e + 9.2.h + sch1.2", "power": "CommonLaw", "confidentiality": "CONSENT-EXPLICIT"});
    let emergency = json!({
        "basis": {"data_protection": "6.1.d + 9.2.c", "power": "CommonLaw", "confidentiality": "PUBLIC-INTEREST"},
        "blocks": ["name", "birth-date", "identifiers", "communication", "appropriate-adult", "vulnerabilities",
            "substance-use", "safeguarding", "risk-to-self", "risk-to-others", "practitioner"],
    });
    let agreements = AGENCIES.map(|(id, kind, ..)| {
        json!({
            "agreement_id": format!("agreement-{id}"), "partner": id,
            "purposes": [if kind == "cmht" { "TREAT" } else { "COORDINATION" }],
            "valid_from": "2024-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z",
            "basis": basis, "emergency": if kind == "police" { emergency.clone() } else { Value::Null },
            "dpia_reference": "DPIA-1", "record": listed_record(kind_of(kind)),
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let lists = json!({"site_id": "harbour", "agencies": agencies, "agreements": agreements});
    fs::write(folder.path().join("lists.json"), lists.to_string()).unwrap();
    folder
}

/// The full assessment, changed.
fn changed(folder: &Path, change: impl Fn(&mut Value)) -> &'static str {
    let mut assessment: Value = serde_json::from_str(&fs::read_to_string(ASSESSMENT).unwrap()).unwrap();
    change(&mut assessment);
    fs::write(folder.join("changed.json"), assessment.to_string()).unwrap();
    "changed.json"
}

/// The person refuses this agency.
fn refuse(assessment: &mut Value, agency: &str) {
    for consent in assessment["consents"].as_array_mut().unwrap() {
        if consent["recipient"] == agency {
            consent["decision"] = json!("decline");
        }
    }
}

/// Little was found out: what is most of all not to be said in silence.
fn little(assessment: &mut Value) {
    let fields = assessment.as_object_mut().unwrap();
    for field in [
        "communication",
        "appropriate_adult",
        "vulnerabilities",
        "substance_use",
        "learning_and_neurodiversity",
        "housing",
        "money",
        "household",
        "strengths",
        "support_network",
        "crisis",
        "safeguarding",
        "onward_referrals",
        "service_contact",
    ] {
        fields.remove(field);
    }
    fields["risk"] = json!({});
}

#[test]
fn the_pages_of_an_assessment_read_as_they_are_kept() {
    let folder = folder();
    for view in VIEWS {
        let page = render(folder.path(), ASSESSMENT, view, "html");
        assert_eq!(page.status.code(), Some(0), "{}", said(&page));
        insta::assert_snapshot!(format!("full_{view}"), String::from_utf8(page.stdout).unwrap());
        let file = changed(folder.path(), little);
        let page = render(folder.path(), file, view, "html");
        assert_eq!(page.status.code(), Some(0), "{}", said(&page));
        insta::assert_snapshot!(format!("little_{view}"), String::from_utf8(page.stdout).unwrap());
    }
    let file = changed(folder.path(), |assessment| {
        refuse(assessment, "custody-northgate");
        assessment["risk"]["to_self"]["imminent"] = json!(true);
        assessment["risk"]["to_self"]["level"] = json!("high");
    });
    let page = render(folder.path(), file, "custody", "html");
    assert_eq!(page.status.code(), Some(0), "{}", said(&page));
    insta::assert_snapshot!("emergency_custody", String::from_utf8(page.stdout).unwrap());
}

#[test]
fn what_is_left_out_is_told_on_the_page_and_beside_it() {
    let folder = folder();
    let file = changed(folder.path(), |assessment| {
        let words = "What somebody said at length about how hard things are. ".repeat(15);
        for one in assessment["vulnerabilities"].as_array_mut().unwrap() {
            one["plain_words"] = json!(words);
        }
        assessment["capacity"]["summary"] = json!(words);
    });
    let page = render(folder.path(), file, "custody", "html");
    let html = String::from_utf8(page.stdout.clone()).unwrap();
    let told: Vec<String> = String::from_utf8(page.stderr).unwrap().lines().map(str::to_owned).collect();
    assert!(!told.is_empty());
    for line in &told {
        let heading = line.strip_prefix("keyway: left out to fit one page: ").unwrap();
        assert!(html.contains(&heading[1..]) && !html.contains(&format!("<h2>{heading}")), "{heading}");
    }
    for kept in [
        "Keeping this person safe",
        "Safeguarding",
        "What we ask of you",
        "Appropriate adult",
        "What helps them",
        "Who to ring",
    ] {
        assert!(html.contains(&format!("<h2>{kept}")), "{kept}");
    }
    assert!(html.contains("This does not replace a spoken handover."), "{html}");
}

#[test]
fn a_pdf_is_one_tagged_page_of_text_with_a_title_and_no_name_in_it() {
    let folder = folder();
    for view in VIEWS {
        let page = render(folder.path(), ASSESSMENT, view, "pdf");
        assert_eq!(page.status.code(), Some(0), "{}", said(&page));
        let again = render(folder.path(), ASSESSMENT, view, "pdf");
        assert_eq!(page.stdout, again.stdout, "the same again gives the same bytes");
        let file = folder.path().join(format!("{view}.pdf"));
        fs::write(&file, &page.stdout).unwrap();
        let Some(info) = poppler("pdfinfo", &[file.to_str().unwrap()]) else { return };
        let holds = |name: &str, value: &str| {
            info.lines().any(|line| {
                line.split_once(':').is_some_and(|(n, v)| n == name && v.trim().starts_with(value))
            })
        };
        assert!(holds("Pages", "1") && holds("Tagged", "yes") && holds("Encrypted", "no"), "{info}");
        assert!(holds("Page size", "595.28 x 841.89 pts (A4)"), "{info}");
        assert!(info.lines().any(|line| line.starts_with("Title:")) && !info.contains("Testcase"), "{info}");
        let text = poppler("pdftotext", &["-layout", file.to_str().unwrap(), "-"]).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in ["Morgan Ash Testcase", "Check hourly and offer a call", "Give breaks", "01632 960099"] {
            assert!(view == "court" || text.contains(words), "{words}: {text}");
        }
        // Of this one, only what probation gets is more than a page holds.
        assert_eq!(view == "probation", text.contains("Left out to fit one page, "), "{text}");
        assert_eq!(view != "probation", text.contains("This does not replace a spoken handover."), "{text}");
        let structure = poppler("pdfinfo", &["-struct", file.to_str().unwrap()]).unwrap();
        let tags: Vec<&str> = structure.lines().map(str::trim).collect();
        assert_eq!(tags.iter().filter(|tag| tag.starts_with("H1")).count(), 1, "{structure}");
        assert!(tags.iter().any(|tag| tag.starts_with("H2")), "{structure}");
        assert!(tags.iter().any(|tag| tag.starts_with("LBody")), "{structure}");
    }
}

/// What a program of poppler prints; `None`, said loudly, where there is none.
fn poppler(program: &str, words: &[&str]) -> Option<String> {
    match Command::new(program).args(words).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            writeln!(std::io::stderr(), "SKIPPED: no {program} ({error}); no PDF was read.").ok();
            None
        }
    }
}

#[test]
fn whom_the_person_refuses_gets_no_page_and_the_command_says_so() {
    let folder = folder();
    for (view, agency) in VIEWS.iter().zip(["custody-northgate", "court-harbour", "probation-harbour"]) {
        let file = changed(folder.path(), |assessment| refuse(assessment, agency));
        for format in ["html", "pdf"] {
            let page = render(folder.path(), file, view, format);
            assert_eq!(page.status.code(), Some(1), "{}", said(&page));
            assert!(page.stdout.is_empty());
            let told = said(&page);
            assert!(told.contains(&format!("{agency} would get nothing")), "{told}");
            assert!(told.contains("consent-refused") || told.contains("override-not-imminent"), "{told}");
        }
    }
}

#[test]
fn the_recipient_is_named_where_two_get_the_sheet() {
    let folder = folder();
    let file = changed(folder.path(), |assessment| {
        assessment["referrals"].as_array_mut().unwrap().retain(|one| one["recipient"] != "court-harbour");
        assessment["consents"].as_array_mut().unwrap().retain(|one| one["recipient"] != "court-harbour");
    });
    let none = render(folder.path(), file, "court", "html");
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(said(&none).contains("asks no agency that gets this sheet"), "{}", said(&none));
    let other = keyway(
        folder.path(),
        &[
            "render",
            ASSESSMENT,
            "--view",
            "court",
            "--format",
            "html",
            "--recipient",
            "probation-harbour",
            "--directory",
            "lists.json",
            "--at",
            AT,
        ],
    );
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
}

#[test]
fn a_page_in_a_file_is_its_owners_and_never_written_over() {
    let folder = folder();
    let words = [
        "render",
        ASSESSMENT,
        "--view",
        "court",
        "--format",
        "pdf",
        "--directory",
        "lists.json",
        "--at",
        AT,
        "--output",
        "court.pdf",
    ];
    let page = keyway(folder.path(), &words);
    assert_eq!(page.status.code(), Some(0), "{}", said(&page));
    let file = folder.path().join("court.pdf");
    assert!(fs::read(&file).unwrap().starts_with(b"%PDF-"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = keyway(folder.path(), &words);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
}
