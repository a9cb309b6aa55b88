//! `keyway map run`, `keyway preview` and `keyway consent read-back`, run as a user runs them: what they print, and how they exit.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    fs,
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
const AGENCIES: [(&str, &str, &str); 6] = [
    ("ld-harbour", "liaison-diversion", "mailbox"),
    ("cmht-riverside", "cmht", "fhir-push"),
    ("custody-northgate", "police", "event-push"),
    ("court-harbour", "court", "event-push"),
    ("probation-harbour", "probation", "event-push"),
    ("housing-harbour", "housing", "mailbox"),
];

fn kind_of(word: &str) -> AgencyKind {
    AgencyKind::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap()
}

fn keyway(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).args(words).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The agencies that the assessment asks, and an agreement with each; certificates and endpoints left out.
fn folder() -> tempfile::TempDir {
    let agencies = AGENCIES.map(|(id, kind, channel)| {
        json!({
            "id": id, "kind": kind, "name": id, "channel": channel,
            "organisation_code": format!("https://keyway.example/id/agency|{id}"),
        })
    });
    let basis = json!({"data_protection": "6.1.e + 9.2.h + sch1.2", "power": "CommonLaw", "confidentiality": "CONSENT-EXPLICIT"});
    let agreements = AGENCIES.map(|(id, kind, _)| {
        json!({
            "agreement_id": format!("agreement-{id}"), "partner": id,
            "purposes": [if kind == "cmht" { "TREAT" } else { "COORDINATION" }],
            "valid_from": "2024-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z",
            "basis": basis, "emergency": null, "dpia_reference": "DPIA-1", "record": listed_record(kind_of(kind)),
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let lists = json!({"site_id": "harbour", "agencies": agencies, "agreements": agreements});
    fs::write(folder.path().join("lists.json"), lists.to_string()).unwrap();
    folder
}

#[test]
fn a_preview_shows_every_byte_and_what_is_kept_back_by_which_rule() {
    let folder = folder();
    let words = ["preview", ASSESSMENT, "--all-recipients", "--directory", "lists.json", "--at", AT];
    let text = keyway(folder.path(), &words);
    assert_eq!(text.status.code(), Some(0), "{}", said(&text));
    let shown = keyway(folder.path(), &[&words[..], &["--json"]].concat());
    let whole: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let text = said(&text);
    let recipients = whole["recipients"].as_array().unwrap();
    assert_eq!(recipients.len(), AGENCIES.len() - 1);
    for one in recipients {
        assert!(text.contains(one["recipient"].as_str().unwrap()));
        for part in one["parts"].as_array().unwrap() {
            assert!(text.contains(part["text"].as_str().unwrap()), "every byte is shown");
        }
        for kept in one["withheld"].as_array().unwrap() {
            let [field, rule, reason] = ["field", "rule", "reason"].map(|key| kept[key].as_str().unwrap());
            assert!(text.contains(&format!("withheld {field} by {rule}: {reason}")), "{text}");
        }
    }
    let got: Vec<&Value> =
        recipients.iter().filter(|one| !one["parts"].as_array().unwrap().is_empty()).collect();
    assert!(got.len() > 1, "{whole}");
    assert_eq!(said(&keyway(folder.path(), &words)), text, "the same again gives the same bytes");
}

/// What a field does not tell a recipient by the lineage is not said to go, and what it tells is.
#[test]
fn a_preview_sets_the_fields_beside_the_recipients() {
    let folder = folder();
    let words = ["preview", ASSESSMENT, "--all-recipients", "--directory", "lists.json", "--at", AT];
    let shown = keyway(folder.path(), &[&words[..], &["--json"]].concat());
    let whole: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let fields = whole["fields"].as_array().unwrap();
    let fate = |field: &str, recipient: &str| {
        let row = fields.iter().find(|row| {
            let at = row["field"].as_str().unwrap();
            field == at || field.starts_with(&format!("{at}/"))
        });
        row.unwrap()["recipients"][recipient].as_str().unwrap().to_owned()
    };
    assert_eq!(fate("/risk/to_self/level", "cmht-riverside"), "goes");
    assert_eq!(fate("/person/nhs_number", "cmht-riverside"), "goes");
    assert_eq!(fate("/person/nhs_number", "court-harbour"), "never-for-audience");
    assert_eq!(fate("/referrals/0/recipient", "court-harbour"), "not-used");
    for one in whole["recipients"].as_array().unwrap() {
        let recipient = one["recipient"].as_str().unwrap();
        for kept in one["withheld"].as_array().unwrap() {
            let field = kept["field"].as_str().unwrap();
            let inner = fields.iter().filter(|row| {
                let at = row["field"].as_str().unwrap();
                at == field || at.starts_with(&format!("{field}/"))
            });
            for row in inner {
                assert_eq!(row["recipients"][recipient], kept["reason"], "{field} {recipient}");
            }
        }
    }
    let text = said(&keyway(folder.path(), &words));
    assert!(text.contains("\ngoes: something of the message is made of it\n"), "{text}");
    let page = said(&keyway(folder.path(), &[&words[..], &["--format", "html"]].concat()));
    assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"), "{page}");
    for one in whole["recipients"].as_array().unwrap() {
        assert!(page.contains(&format!("<th scope=\"col\">{}</th>", one["recipient"].as_str().unwrap())));
        for part in one["parts"].as_array().unwrap() {
            let text = part["text"].as_str().unwrap();
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;");
            assert!(page.contains(&escaped), "every byte is on the page");
        }
    }
}

#[test]
fn a_preview_needs_to_know_whom_it_is_for() {
    let folder = folder();
    let without = keyway(folder.path(), &["preview", ASSESSMENT, "--all-recipients"]);
    assert_eq!(without.status.code(), Some(1), "{}", said(&without));
    assert!(said(&without).contains("--directory is missing"));
    let nobody = keyway(folder.path(), &["preview", ASSESSMENT, "--directory", "lists.json"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", said(&nobody));
}

#[test]
fn whoever_leaves_out_the_agreements_is_told_that_nothing_may_go_without() {
    let folder = folder();
    let whole: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("lists.json")).unwrap()).unwrap();
    for (file, list) in [("directory.json", "agencies"), ("agreements.json", "agreements")] {
        fs::write(folder.path().join(file), json!({"site_id": "harbour", list: whole[list]}).to_string())
            .unwrap();
    }
    let words = ["preview", ASSESSMENT, "--all-recipients", "--at", AT, "--directory", "directory.json"];
    let without = said(&keyway(folder.path(), &words));
    assert!(without.contains("the lists hold no agreement"), "{without}");
    let with = said(&keyway(folder.path(), &[&words[..], &["--directory", "agreements.json"]].concat()));
    assert!(!with.contains("the lists hold no agreement"), "{with}");
}

#[test]
fn a_field_is_traced_to_its_source_its_rule_and_the_consent() {
    let folder = folder();
    let words = ["map", "run", ASSESSMENT, "--to", "health", "--lineage", "--at", AT];
    let without = keyway(folder.path(), &words);
    assert_eq!(without.status.code(), Some(1));
    assert!(said(&without).contains("--recipient is missing"), "{}", said(&without));
    let alone = keyway(folder.path(), &[&words[..], &["--recipient", "cmht-riverside"]].concat());
    assert_eq!(alone.status.code(), Some(0), "{}", said(&alone));
    let text = said(&alone);
    assert!(text.contains("nobody's consent was asked"), "{text}");
    assert!(!text.contains("provision.provision[0] "), "{text}");
    let asked = keyway(folder.path(), &[&words[..], &["--directory", "lists.json", "--json"]].concat());
    assert_eq!(asked.status.code(), Some(0), "{}", said(&asked));
    let whole: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(whole["decision"]["answer"], "permit");
    assert_eq!(whole["made_by"]["mapping"], "fhir-referral/1");
    let lineage = whole["lineage"].as_array().unwrap();
    let level = lineage.iter().find(|line| line["source"] == "/risk/to_self/level").unwrap();
    assert!(whole.pointer(level["output"].as_str().unwrap().trim_start_matches("body#")).is_none());
    assert!(whole["body"].pointer(level["output"].as_str().unwrap().trim_start_matches("body#")).is_some());
    assert_eq!((&level["block"], &level["view"]), (&json!("risk-to-self"), &json!("full")));
    assert_eq!(level["allowed_by"].as_str().unwrap().rsplit_once('#').unwrap().1, "risk-to-self");
    assert_eq!(
        (&level["consent"], &level["provision"]),
        (&whole["decision"]["consent"], &json!("provision.provision[0]"))
    );
}

#[test]
fn what_is_wrong_is_told_by_its_place_and_never_by_its_value() {
    let folder = folder();
    let mut wrong: Value = serde_json::from_str(&fs::read_to_string(ASSESSMENT).unwrap()).unwrap();
    wrong["person"]["birth_date"] = json!("CANARY-7f3a");
    fs::write(folder.path().join("wrong.json"), wrong.to_string()).unwrap();
    for words in [
        &["map", "run", "wrong.json", "--to", "court", "--recipient", "court-harbour"][..],
        &["preview", "wrong.json", "--all-recipients", "--directory", "lists.json"],
    ] {
        let refused = keyway(folder.path(), words);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains("/person/birth_date"), "{}", said(&refused));
        assert!(!said(&refused).contains("CANARY"), "{}", said(&refused));
    }
}

/// The full assessment, changed.
fn changed(folder: &Path, change: impl Fn(&mut Value)) -> &'static str {
    let mut assessment: Value = serde_json::from_str(&fs::read_to_string(ASSESSMENT).unwrap()).unwrap();
    change(&mut assessment);
    fs::write(folder.join("changed.json"), assessment.to_string()).unwrap();
    "changed.json"
}

fn read_back(folder: &Path, file: &str, recipient: &str) -> Output {
    let words = ["consent", "read-back", file, "--recipient", recipient, "--directory", "lists.json"];
    keyway(folder, &[&words[..], &["--at", AT]].concat())
}

#[test]
fn the_person_hears_who_would_see_what_before_they_say_yes() {
    let folder = folder();
    let agreed = read_back(folder.path(), ASSESSMENT, "court-harbour");
    assert_eq!(agreed.status.code(), Some(0), "{}", said(&agreed));
    let told = said(&agreed);
    assert!(told.contains("the prosecution, the defence, and you"), "{told}");
    assert!(told.contains("You said yes. court-harbour will see:\n- your name\n"), "{told}");
    let (seen, never) = told.split_once("they will not see it:").unwrap();
    assert!(seen.contains("- how high the risk is that you hurt yourself, and what to do"), "{told}");
    for part in ["your diagnoses", "where you live", "what you are accused of"] {
        // A code may tell of it; that is said as such, and no line says that the part itself is seen.
        assert!(never.contains(part) && !seen.contains(&format!("- {part}")), "{part}: {told}");
    }
    for word in ["Testcase", "Sertraline", "01632", "X999901"] {
        assert!(!told.contains(word), "what is read back holds no word of the assessment: {word}");
    }
    // Not asked yet: the same, said as what would be.
    let file = changed(folder.path(), |assessment| {
        assessment["consents"].as_array_mut().unwrap().retain(|one| one["recipient"] != "court-harbour");
    });
    let asked = said(&read_back(folder.path(), file, "court-harbour"));
    assert_eq!(asked, told.replace("You said yes.", "If you say yes,"));
    // Refused: nothing goes, and nothing is said to be seen.
    let file = changed(folder.path(), |assessment| {
        for one in assessment["consents"].as_array_mut().unwrap() {
            one["decision"] = json!("decline");
        }
    });
    let refused = said(&read_back(folder.path(), file, "court-harbour"));
    assert!(refused.contains("You said no. Nothing goes to court-harbour."), "{refused}");
    assert!(!refused.contains("your name"), "{refused}");
}

/// What a court is told goes through probation: the person hears of both, and of whom who reads it in court.
#[test]
fn what_is_passed_on_is_read_back_with_both_who_read_it_and_shown_with_both() {
    let folder = folder();
    let asks = |assessment: &mut Value| {
        assessment["profile"] = json!("https://keyway.example/profiles/assessment/adult/2");
        assessment["offence"].as_object_mut().unwrap().remove("note");
        assessment.as_object_mut().unwrap().remove("treatment_requirement");
        let asked = assessment["referrals"].as_array_mut().unwrap();
        asked.retain(|one| one["recipient"] == "probation-harbour");
        asked[0]["on_behalf_of"] = json!("court-harbour");
    };
    let file = changed(folder.path(), asks);
    let told = said(&read_back(folder.path(), file, "probation-harbour"));
    assert!(told.contains("We send it to probation-harbour for court-harbour. Both will read it."), "{told}");
    assert!(told.contains("Your probation officer will read it."), "{told}");
    assert!(told.contains("the prosecution, the defence, and you"), "{told}");
    let (seen, _) = told.split_once("they will not see it:").unwrap();
    assert!(seen.contains("You said yes to both. Both will see:\n- your name\n"), "{told}");
    for the_courts_may_not in ["what matters to you", "where you live", "what you are good at"] {
        assert!(!seen.contains(the_courts_may_not), "{the_courts_may_not}: {told}");
    }

    // What is said is what is done: the same file makes a sheet for the court, at probation.
    let run = |file: &str, more: &[&str]| {
        let words =
            ["map", "run", file, "--to", "court", "--recipient", "probation-harbour", "--json", "--at", AT];
        keyway(folder.path(), &[&words[..], more].concat())
    };
    for lists in [&["--directory", "lists.json"][..], &[]] {
        let shown = run(file, lists);
        assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
        let whole: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(
            (&whole["recipient"], &whole["on_behalf_of"]),
            (&json!("probation-harbour"), &json!("court-harbour"))
        );
        let sheet = &whole["detail"];
        assert_eq!(
            (&sheet["issuedTo"]["kind"], &sheet["issuedFor"]["kind"]),
            (&json!("probation"), &json!("court"))
        );
        assert_eq!(sheet.get("priorities"), None);
    }
    let words = ["preview", file, "--all-recipients", "--directory", "lists.json", "--at", AT];
    let preview = said(&keyway(folder.path(), &words));
    assert!(preview.contains("probation-harbour on behalf of court-harbour: permit"), "{preview}");
    let page =
        ["render", file, "--view", "court", "--format", "html", "--directory", "lists.json", "--at", AT];
    let page = said(&keyway(folder.path(), &page));
    assert!(page.contains("This is for court-harbour. probation-harbour passes it on as it is"), "{page}");
    assert!(page.contains("For court-harbour only, through probation-harbour."), "{page}");

    // Nobody asked about the court: told as what would be. Said no to it: nothing goes, and to whom the no was is said.
    let file = changed(folder.path(), |assessment| {
        asks(assessment);
        assessment["consents"].as_array_mut().unwrap().retain(|one| one["recipient"] != "court-harbour");
    });
    let asked = said(&read_back(folder.path(), file, "probation-harbour"));
    assert_eq!(asked, told.replace("You said yes to both. Both", "If you say yes to both, both"));
    let file = changed(folder.path(), |assessment| {
        asks(assessment);
        let consents = assessment["consents"].as_array_mut().unwrap();
        consents.iter_mut().find(|one| one["recipient"] == "court-harbour").unwrap()["decision"] =
            json!("decline");
    });
    let refused = said(&read_back(folder.path(), file, "probation-harbour"));
    let words = "We would send it to probation-harbour for court-harbour, and you said no to court-harbour. So nothing goes.";
    assert!(refused.contains(words) && !refused.contains("your name"), "{refused}");
    let none = run(file, &["--directory", "lists.json"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(said(&none).contains("consent/1@court-harbour"), "{}", said(&none));
}

#[test]
fn what_the_person_keeps_back_is_read_back_as_kept_back() {
    let folder = folder();
    let file = changed(folder.path(), |assessment| {
        for one in assessment["consents"].as_array_mut().unwrap() {
            if one["recipient"] == "probation-harbour" {
                one["excludes"] = json!(["housing"]);
            }
        }
    });
    let told = said(&read_back(folder.path(), file, "probation-harbour"));
    let (seen, kept) = told.split_once("You asked us to keep this back.").unwrap();
    assert!(kept.contains("- your housing, and what you need") && !seen.contains("your housing"), "{told}");
    assert!(kept.contains("Other parts may still give a hint of it."), "{told}");
    let words = ["consent", "read-back", file, "--recipient", "cmht-riverside", "--directory", "lists.json"];
    let shown = keyway(folder.path(), &[&words[..], &["--at", AT, "--json"]].concat());
    let whole: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(whole["audience"], "health");
    assert!(whole["read_back"]["sees"].as_array().unwrap().len() > 10, "{whole}");
    let nobody = read_back(folder.path(), file, "nobody-here");
    assert_eq!(nobody.status.code(), Some(1), "{}", said(&nobody));
}

/// Of several agreements one decides, and it alone says whether there is an emergency row.
#[test]
fn an_emergency_row_is_told_when_the_agreement_that_decides_has_it() {
    let folder = folder();
    let lists = folder.path().join("lists.json");
    let whole: Value = serde_json::from_str(&fs::read_to_string(&lists).unwrap()).unwrap();
    let basis = json!({"data_protection": "6.1.d + 9.2.c", "power": "CommonLaw", "confidentiality": "PUBLIC-INTEREST"});
    let row = json!({"blocks": ["name", "risk-to-self"], "basis": basis});
    let told = |emergency: [Value; 2]| {
        let [of_the_purpose, of_another] = emergency;
        let mut whole = whole.clone();
        let agreements = whole["agreements"].as_array_mut().unwrap();
        let custody = agreements.iter_mut().find(|one| one["partner"] == "custody-northgate").unwrap();
        custody["emergency"] = of_the_purpose;
        let mut another = custody.clone();
        another["agreement_id"] = json!("agreement-another");
        another["purposes"] = json!(["TREAT"]);
        another["emergency"] = of_another;
        agreements.push(another);
        fs::write(&lists, whole.to_string()).unwrap();
        said(&read_back(folder.path(), ASSESSMENT, "custody-northgate"))
    };
    let line = "If your life is at risk, we may tell them";
    let decides = told([row.clone(), Value::Null]);
    assert!(decides.contains("You said yes.") && decides.contains(line), "{decides}");
    let does_not = told([Value::Null, row]);
    assert!(does_not.contains("You said yes.") && !does_not.contains(line), "{does_not}");
}

#[test]
fn the_assessment_is_shown_alone_as_a_questionnaire_response() {
    let folder = folder();
    let words = |to: &'static str, who: &'static str| {
        vec![
            "map",
            "run",
            ASSESSMENT,
            "--to",
            to,
            "--recipient",
            who,
            "--as",
            "questionnaire-response",
            "--json",
            "--at",
            AT,
        ]
    };
    let shown = keyway(folder.path(), &words("health", "cmht-riverside"));
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (&shown["body"]["resourceType"], &shown["detail"]),
        (&json!("QuestionnaireResponse"), &json!(null))
    );
    fs::write(folder.path().join("answers.json"), shown["body"].to_string()).unwrap();
    let judged = keyway(folder.path(), &["validate", "answers.json"]);
    assert_eq!(judged.status.code(), Some(0), "{}", said(&judged));
    // Nobody else has it in this form.
    let refused = keyway(folder.path(), &words("custody", "custody-northgate"));
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
}

/// An adapter of the service's own, in a folder that its settings name.
fn own_adapter(folder: &Path, name: &str) {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/sites/mo-del");
    let site = folder.join("ours").join(name);
    fs::create_dir_all(site.join("tests")).unwrap();
    let text = fs::read_to_string(format!("{shipped}/adapter.toml")).unwrap();
    let text = text.replace("adapter = \"mo-del\"", &format!("adapter = \"{name}\""));
    fs::write(site.join("adapter.toml"), text).unwrap();
    for part in ["01-danny.in.json", "01-danny.out.json"] {
        fs::copy(format!("{shipped}/tests/{part}"), site.join("tests").join(part)).unwrap();
    }
    fs::write(folder.join("keyway.toml"), "[sites]\nfolders = [\"ours\"]\n").unwrap();
}

#[test]
fn an_adapter_of_ones_own_is_checked_tested_and_run_without_a_build() {
    let folder = folder();
    own_adapter(folder.path(), "harbour");
    let config = ["--config", "keyway.toml"];
    let checked = keyway(folder.path(), &[&["map", "check"], &config[..]].concat());
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    assert!(said(&checked).contains("ours/harbour/adapter.toml: no mistake found. harbour/1 makes"));
    let tested = keyway(folder.path(), &[&["map", "test"], &config[..]].concat());
    assert_eq!(tested.status.code(), Some(0), "{}", said(&tested));
    let told = said(&tested);
    assert!(told.contains("ok   harbour 01-danny\n") && told.contains("ok   mo-del 01-danny\n"), "{told}");

    let form = "ours/harbour/tests/01-danny.in.json";
    let words = [
        "map",
        "run",
        form,
        "--to",
        "health",
        "--recipient",
        "cmht-riverside",
        "--at",
        "2026-11-20T09:00:00Z",
    ];
    let run = |more: &[&str]| keyway(folder.path(), &[&words[..], more].concat());
    let lists = ["--directory", "lists.json"];
    let shown = run(&[&["--adapter", "harbour"], &config[..], &lists[..]].concat());
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    assert!(said(&shown).contains("Exampleton"), "{}", said(&shown));
    // By its name only where the settings name it; and a form is no assessment.
    let unknown = run(&["--adapter", "harbour"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        said(&unknown).contains("there are cass, mo-del, penrose-fusion, portsmouth"),
        "{}",
        said(&unknown)
    );
    assert_eq!(run(&lists).status.code(), Some(1));
    // What the adapter cannot read is told at its place in the form.
    let text = fs::read_to_string(folder.path().join(form)).unwrap();
    fs::write(folder.path().join(form), text.replace("09/03/1988", "CANARY")).unwrap();
    let refused = run(&[&["--adapter", "harbour"], &config[..]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("/client/dob") && !said(&refused).contains("CANARY"),
        "{}",
        said(&refused)
    );

    // In the place of a built-in one there is none, and a mistake has its line.
    own_adapter(folder.path(), "mo-del");
    let taken = keyway(folder.path(), &[&["map", "check"], &config[..]].concat());
    assert_eq!(taken.status.code(), Some(1));
    assert!(said(&taken).contains("the adapter mo-del is compiled in"), "{}", said(&taken));
    fs::remove_dir_all(folder.path().join("ours/mo-del")).unwrap();
    let file = folder.path().join("ours/harbour/adapter.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n[[field]]\nfrom = \"/x\"\nto = \"/nowhere\"\n")).unwrap();
    let wrong = keyway(folder.path(), &[&["map", "check"], &config[..]].concat());
    let line = text.lines().count() + 4;
    assert!(said(&wrong).contains(&format!("ours/harbour/adapter.toml:{line}:6")), "{}", said(&wrong));
}

/// Probation for itself and for the court: each is told, shown and rendered apart.
#[test]
fn what_a_recipient_gets_for_itself_and_for_another_is_read_back_and_shown_apart() {
    let folder = folder();
    let file = changed(folder.path(), |assessment| {
        assessment["profile"] = json!("https://keyway.example/profiles/assessment/adult/2");
        assessment["offence"].as_object_mut().unwrap().remove("note");
        assessment.as_object_mut().unwrap().remove("treatment_requirement");
        let asked = assessment["referrals"].as_array_mut().unwrap();
        asked.retain(|one| one["recipient"] == "probation-harbour");
        let mut for_the_court = asked[0].clone();
        for_the_court["on_behalf_of"] = json!("court-harbour");
        asked.push(for_the_court);
    });
    let told = said(&read_back(folder.path(), file, "probation-harbour"));
    let (own, passed_on) = told.split_once("== probation-harbour on behalf of court-harbour").unwrap();
    assert!(own.starts_with("== probation-harbour\n") && !own.contains("the prosecution"), "{told}");
    assert!(passed_on.contains("the prosecution, the defence, and you"), "{told}");
    assert!(
        own.contains("- where you live")
            && !passed_on.split("they will not see it:").next().unwrap().contains("where you live"),
        "{told}"
    );
    let one = [
        "consent",
        "read-back",
        file,
        "--recipient",
        "probation-harbour",
        "--directory",
        "lists.json",
        "--at",
        AT,
    ];
    let several = keyway(folder.path(), &[&one[..], &["--json"]].concat());
    assert_eq!(several.status.code(), Some(1));
    assert!(said(&several).contains("--on-behalf-of court-harbour"), "{}", said(&several));
    let chosen = keyway(folder.path(), &[&one[..], &["--json", "--on-behalf-of", "court-harbour"]].concat());
    let chosen: Value = serde_json::from_slice(&chosen.stdout).unwrap();
    assert_eq!(chosen["on_behalf_of"], "court-harbour");

    for (to, reader, kind) in
        [("probation", json!(null), "probation"), ("court", json!("court-harbour"), "court")]
    {
        for lists in [&["--directory", "lists.json"][..], &[]] {
            let words =
                ["map", "run", file, "--to", to, "--recipient", "probation-harbour", "--json", "--at", AT];
            let shown = keyway(folder.path(), &[&words[..], lists].concat());
            assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
            let whole: Value = serde_json::from_slice(&shown.stdout).unwrap();
            assert_eq!((&whole["audience"], &whole["on_behalf_of"]), (&json!(kind), &reader));
        }
        let words =
            ["render", file, "--view", to, "--format", "html", "--directory", "lists.json", "--at", AT];
        let page = said(&keyway(folder.path(), &words));
        let carried = "For court-harbour only, through probation-harbour.";
        assert_eq!(page.contains(carried), to == "court", "{page}");
    }
}
