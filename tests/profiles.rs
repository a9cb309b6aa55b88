//! The FHIR profiles of `profiles/fhir` and the examples of `fixtures/fhir`: that they can be read, that they say the
//! same as the code, and that each rule is kept by one example and broken by another.
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
    sync::LazyLock,
};

use keyway::{
    audit, consent, directory,
    profile::{
        Finding, Severity,
        check::{Ask, Program},
        definition::{Definitions, built_in_resources},
    },
    referral::{Action, RECALL_ANSWERS, ReasonCode, State},
};
use serde_json::Value;

/// 23 November 2026, when the examples play.
const NOW: i64 = 1_795_428_000_000_000;
const OURS: &str = "https://keyway.example/fhir/";

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().unwrap());

fn findings(value: &Value) -> Vec<Finding> {
    PROGRAM.check(value, &Ask { best_practice: false, ..Ask::at(NOW) })
}

/// The rules that say that something is wrong.
fn errors(value: &Value) -> BTreeSet<String> {
    let wrong = findings(value).into_iter().filter(|finding| finding.severity == Severity::Error);
    wrong.map(|finding| finding.rule).collect()
}

fn resources() -> Vec<(&'static str, Value)> {
    let read = |text: &str| serde_json::from_str(text).unwrap();
    built_in_resources().iter().map(|(path, text)| (*path, read(text))).collect()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

fn array<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn elements(resource: &Value) -> &[Value] {
    array(resource, "/differential/element")
}

fn fixtures(folder: &str) -> BTreeMap<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fhir").join(folder);
    let files = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())).collect()
}

/// Every string in a value.
fn strings<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, into)),
        _ => {}
    }
}

#[test]
fn every_resource_says_who_it_is_where_its_name_says() {
    let mut seen = BTreeSet::new();
    for (path, resource) in resources() {
        let kind = text(&resource, "/resourceType");
        let id = text(&resource, "/id");
        assert_eq!(path, format!("{}/{id}.json", kind.to_lowercase()));
        assert_eq!(text(&resource, "/url"), format!("{OURS}{kind}/{id}"));
        assert!(seen.insert(text(&resource, "/url").to_owned()));
        let fields = ["/version", "/name", "/title", "/status", "/date", "/publisher", "/description"];
        // In R4 a SearchParameter has no title.
        for field in fields.into_iter().filter(|field| kind != "SearchParameter" || *field != "/title") {
            assert!(!text(&resource, field).is_empty(), "{path}{field}");
        }
        if kind == "StructureDefinition" {
            assert_eq!(text(&resource, "/fhirVersion"), "4.0.1", "{path}");
            assert_eq!(text(&resource, "/derivation"), "constraint", "{path}");
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn every_canonical_of_ours_that_is_named_is_there() {
    let resources = resources();
    let known: BTreeSet<&str> = resources.iter().map(|(_, resource)| text(resource, "/url")).collect();
    for (path, resource) in &resources {
        let mut named = Vec::new();
        strings(resource, &mut named);
        for kind in [
            "StructureDefinition",
            "ValueSet",
            "CodeSystem",
            "MessageDefinition",
            "Questionnaire",
            "SearchParameter",
        ] {
            let start = format!("{OURS}{kind}/");
            for word in named.iter().flat_map(|text| text.split(['\'', '"', '|', ' ', '#'])) {
                if word.starts_with(&start) && word != start {
                    assert!(known.contains(word), "{path} names {word}");
                }
            }
        }
    }
}

#[test]
fn every_profile_can_be_made_and_nothing_in_it_is_odd_but_what_is_not_loaded() {
    let definitions = Definitions::built_in().unwrap();
    assert_eq!(definitions.make_all(), []);
    for note in definitions.notes() {
        assert!(note.contains("is not loaded; "), "{note}");
    }
}

#[test]
fn every_invariant_has_a_key_of_its_own_and_says_what_to_do() {
    let mut keys = BTreeSet::new();
    for (path, resource) in resources() {
        for constraint in elements(&resource).iter().flat_map(|element| array(element, "/constraint")) {
            let key = text(constraint, "/key");
            assert!(key.starts_with("kw-") && keys.insert(key.to_owned()), "{path} {key}");
            assert!(matches!(text(constraint, "/severity"), "error" | "warning"), "{key}");
            assert!(text(constraint, "/human").ends_with('.'), "{key}");
            assert!(!text(constraint, "/expression").is_empty(), "{key}");
        }
    }
    assert!(keys.len() > 90, "{}", keys.len());
}

#[test]
fn every_concept_has_a_display_and_a_definition() {
    for (path, resource) in resources().iter().filter(|(path, _)| path.starts_with("codesystem/")) {
        for concept in array(resource, "/concept") {
            for field in ["/code", "/display", "/definition"] {
                assert!(!text(concept, field).is_empty(), "{path} {concept}");
            }
        }
    }
}

fn codes(name: &str) -> BTreeMap<String, Value> {
    let path = format!("codesystem/{name}.json");
    let (_, system) = resources().into_iter().find(|(at, _)| *at == path).expect(name);
    array(&system, "/concept").iter().map(|c| (text(c, "/code").to_owned(), c.clone())).collect()
}

fn property<'v>(concept: &'v Value, name: &str) -> Option<&'v Value> {
    let held = array(concept, "/property").iter().find(|property| property["code"] == name)?;
    held.get("valueCode").or_else(|| held.get("valueBoolean"))
}

/// The words for health services.
fn health_services() -> Vec<&'static str> {
    use directory::AgencyKind::{Cmht, HealthOther};
    [Cmht, HealthOther].into_iter().flat_map(directory::service::words).collect()
}

/// Every code of MHSDS that a message may carry is in the part of the list that we publish, and no other.
#[test]
fn the_codes_of_services_are_those_of_their_code_systems() {
    let table: Value = serde_json::from_str(directory::service::TEXT).unwrap();
    let teams = array(&table, "/services").iter().filter_map(|service| service.get("team"));
    let reasons = array(&table, "/reasons").iter();
    for (name, rows) in
        [("mhsds-team-type", teams.collect::<Vec<_>>()), ("mhsds-reason-for-referral", reasons.collect())]
    {
        let known = codes(name);
        let said: BTreeMap<&str, &str> =
            rows.iter().map(|row| (text(row, "/code"), text(row, "/display"))).collect();
        let kept: BTreeMap<&str, &str> =
            known.iter().map(|(code, concept)| (code.as_str(), text(concept, "/display"))).collect();
        assert_eq!(said, kept, "{name}");
    }
    let settings: Vec<&str> = array(&table, "/services")
        .iter()
        .filter_map(|service| service.pointer("/setting/code").and_then(Value::as_str))
        .collect();
    let sets = resources();
    let (_, set) = sets.iter().find(|(path, _)| *path == "valueset/care-setting.json").unwrap();
    let known: Vec<&str> =
        array(set, "/compose/include/0/concept").iter().map(|c| text(c, "/code")).collect();
    assert!(settings.len() == 7 && settings.iter().all(|code| known.contains(code)), "{settings:?}");
}

#[test]
fn the_code_systems_say_what_the_code_says() {
    let same = |name: &str, words: &[&str]| {
        let codes = codes(name);
        let here: BTreeSet<&str> = codes.keys().map(String::as_str).collect();
        assert_eq!(here, words.iter().copied().collect(), "{name}");
    };
    let state: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    same("referral-state", &state);
    for state in State::ALL {
        let concept = &codes("referral-state")[state.as_str()];
        assert_eq!(property(concept, "taskStatus").unwrap(), state.task_status());
    }
    same("referral-action", &Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>());
    same("agency-kind", &directory::AgencyKind::ALL.map(directory::AgencyKind::as_str));
    same("health-service", &health_services());
    same("decision-reason", &consent::Reason::ALL.map(consent::Reason::as_str));
    same("audit-kind", &audit::Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
}

#[test]
fn the_reasons_say_what_the_code_says() {
    let same = |name: &str, reasons: &[ReasonCode]| {
        let codes = codes(name);
        assert_eq!(codes.len(), reasons.len(), "{name}");
        for reason in reasons {
            let concept = &codes[reason.code];
            assert_eq!(concept["display"], reason.display, "{name}");
            assert_eq!(property(concept, "commentIsMandatory").unwrap(), reason.comment_mandatory, "{name}");
            let leads = property(concept, "businessStatus").and_then(Value::as_str);
            assert_eq!(leads, reason.business_status, "{name}");
        }
    };
    same("decline-reason", Action::Decline.reasons());
    same("redirect-reason", Action::Redirect.reasons());
    same("end-early-reason", Action::EndEarly.reasons());
    same("withdraw-reason", Action::Withdraw.reasons());
    same("completion-reason", Action::Complete.reasons());
    same("not-use-reason", Action::NotUse.reasons());
    same("recall-answer", RECALL_ANSWERS);
}

#[test]
fn the_lists_of_the_assessment_are_the_code_systems() {
    let schema: Value = serde_json::from_str(include_str!("../profiles/assessment/assessment.json")).unwrap();
    let same = |name: &str, pointer: &str| {
        let words: BTreeSet<String> =
            array(&schema, pointer).iter().map(|w| w.as_str().unwrap().into()).collect();
        assert!(!words.is_empty(), "{pointer}");
        let mut codes: BTreeSet<String> = codes(name).into_keys().collect();
        codes.remove("not-stated");
        assert_eq!(codes, words, "{name}");
    };
    let of = |path: &str| {
        let way: Vec<String> = path
            .split('.')
            .map(|step| match step {
                "[]" => String::from("/items"),
                step => format!("/properties/{step}"),
            })
            .collect();
        format!("{}/enum", way.concat())
    };
    same("need", "/$defs/need/enum");
    same("disclosure-block", "/$defs/block/enum");
    same("pathway-point", &of("pathway.point"));
    same("contact-outcome", &of("pathway.contact_outcome"));
    same("legal-status", &of("legal.status_category"));
    same("consent-capture-method", &of("consents.[].how"));
    same("vulnerability", &of("vulnerabilities.[].category"));
    same("housing-status", &of("housing.status"));
    same("risk-level", &of("risk.to_self.level"));
    same("recommendation", &of("recommendation.[].code"));
    same("reasonable-adjustment", &of("communication.reasonable_adjustments.[].code"));
}

#[test]
fn the_request_types_are_those_of_a_request_to_the_service() {
    let schema: Value =
        serde_json::from_str(include_str!("../profiles/justice/screening-request.json")).unwrap();
    let words: BTreeSet<String> = array(&schema, "/properties/request_type/enum")
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect();
    assert!(!words.is_empty());
    assert_eq!(codes("request-type").into_keys().collect::<BTreeSet<_>>(), words);
}

#[test]
fn each_broken_example_is_told_and_each_rule_of_ours_has_one() {
    let mut invalid = fixtures("invalid");
    let expected = invalid.remove("expected.json").unwrap();
    let expected = expected.as_object().unwrap();
    let told: BTreeSet<&String> = expected.keys().collect();
    assert_eq!(told, invalid.keys().collect(), "expected.json and the files differ");
    assert!(invalid.len() >= 60);
    let broken: BTreeSet<&str> = expected
        .values()
        .flat_map(|rules| rules.as_array().unwrap())
        .map(|rule| rule.as_str().unwrap())
        .collect();
    for (path, resource) in resources() {
        for constraint in elements(&resource).iter().flat_map(|element| array(element, "/constraint")) {
            let key = text(constraint, "/key");
            if text(constraint, "/severity") == "error" {
                assert!(broken.contains(key), "no example breaks {key} of {path}");
            }
        }
    }
}

/// A Task as it is read and as it is sent: what its status and its business status may be together is said in both.
#[test]
fn both_profiles_of_a_task_say_the_same_of_its_status() {
    let all = resources();
    let rules = |name: &str| -> Vec<(String, String)> {
        let path = format!("structuredefinition/{name}.json");
        let (_, profile) = all.iter().find(|(at, _)| *at == path).unwrap();
        let rules = elements(profile).iter().flat_map(|element| array(element, "/constraint"));
        rules.map(|rule| (text(rule, "/key").to_owned(), text(rule, "/expression").to_owned())).collect()
    };
    let sent = rules("ld-task-status").into_iter().find(|(key, _)| key == "kw-tst-1").unwrap().1;
    // How a Task ends is another matter: what is read may be advice, of which nobody is told by a message.
    for status in ["accepted", "on-hold", "rejected"] {
        let begins = format!("status = '{status}' implies businessStatus");
        let read = rules("ld-task").into_iter().find(|(_, rule)| rule.starts_with(&begins)).unwrap().1;
        assert!(sent.contains(&read), "of {status}");
    }
}

#[test]
fn the_page_names_every_profile_and_code_system() {
    let page = include_str!("../docs/profiles.md");
    for (path, resource) in resources() {
        let named = format!("`{}`", text(&resource, "/id"));
        assert!(
            path.starts_with("valueset/") || page.contains(&named),
            "docs/profiles.md does not name {path}"
        );
    }
}

#[test]
fn what_keeps_the_rules_passes() {
    let valid = fixtures("valid");
    for (name, value) in &valid {
        let wrong: Vec<Finding> =
            findings(value).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(wrong, [], "{name}");
    }
    let profiles: BTreeSet<String> =
        valid.values().flat_map(|value| named_profiles(value)).map(str::to_owned).collect();
    for (path, resource) in resources().iter().filter(|(path, _)| path.starts_with("structuredefinition/")) {
        let is_used = profiles.contains(text(resource, "/url"));
        // The common part of the messages and of the log entries is used through those that derive from it.
        let is_common = path.ends_with("/ld-referral-message.json") || path.ends_with("/ld-audit-event.json");
        let is_extension = resource["type"] == "Extension";
        assert!(is_used || is_common || is_extension, "no example keeps {path}");
    }
}

fn named_profiles(value: &Value) -> Vec<&str> {
    let entries = array(value, "/entry").iter().flat_map(|entry| array(entry, "/resource/meta/profile"));
    array(value, "/meta/profile").iter().chain(entries).filter_map(Value::as_str).collect()
}

#[test]
fn what_breaks_a_rule_is_told_by_that_rule_and_no_other() {
    let mut invalid = fixtures("invalid");
    let expected = invalid.remove("expected.json").unwrap();
    let mut differ = Vec::new();
    for (name, value) in &invalid {
        let rules = array(&expected[name], "").iter().map(|rule| rule.as_str().unwrap().to_owned());
        let (rules, said) = (rules.collect::<BTreeSet<_>>(), errors(value));
        if rules != said {
            differ.push(format!("{name}: {rules:?} was expected, and {said:?} was said"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn no_rule_of_ours_goes_unevaluated() {
    let ours: Vec<_> = PROGRAM.unevaluated().iter().filter(|rule| rule.profile.starts_with(OURS)).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn what_is_doubtful_is_told_by_its_rule_and_is_no_error() {
    let mut doubtful = fixtures("doubtful");
    let expected = doubtful.remove("expected.json").unwrap();
    let told: BTreeSet<&String> = expected.as_object().unwrap().keys().collect();
    assert_eq!(told, doubtful.keys().collect(), "expected.json and the files differ");
    let warnings = |value: &Value| -> BTreeSet<String> {
        let found = findings(value).into_iter().filter(|finding| finding.severity == Severity::Warning);
        found.map(|finding| finding.rule).filter(|rule| rule.starts_with("kw-")).collect()
    };
    let mut said = BTreeSet::new();
    for (name, value) in &doubtful {
        let rules = array(&expected[name], "").iter().map(|rule| rule.as_str().unwrap().to_owned());
        assert_eq!((errors(value), warnings(value)), (BTreeSet::new(), rules.collect()), "{name}");
        said.extend(warnings(value));
    }
    let right: Vec<BTreeSet<String>> = fixtures("valid").values().map(warnings).collect();
    for (path, resource) in resources() {
        for constraint in elements(&resource).iter().flat_map(|element| array(element, "/constraint")) {
            let key = text(constraint, "/key");
            if text(constraint, "/severity") == "warning" {
                assert!(said.contains(key), "no example is doubtful by {key} of {path}");
                assert!(right.iter().any(|rules| !rules.contains(key)), "{key} is kept by nothing");
            }
        }
    }
}

/// With UK Core and BaRS loaded, their rules stand beside ours.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn what_keeps_our_rules_keeps_those_of_uk_core_and_bars_too() {
    let Some(folder) = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty()) else {
        writeln!(std::io::stderr(), "SKIPPED for want of KEYWAY_REFERENCE_DATA: our examples and UK Core")
            .ok();
        return;
    };
    let mut definitions = Definitions::built_in().unwrap();
    for package in ["health/ukcore", "health/bars"] {
        keyway::packages::load(&mut definitions, &Path::new(&folder).join(package)).unwrap();
    }
    let program = Program::compile(&definitions).unwrap();
    for (name, value) in fixtures("valid") {
        let findings = program.check(&value, &Ask { best_practice: false, ..Ask::at(NOW) });
        let wrong: Vec<Finding> =
            findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(wrong, [], "{name}");
    }
}
