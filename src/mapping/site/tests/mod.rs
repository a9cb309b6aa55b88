//! Adapters against a small form: what they make, what they refuse, and what is found before they run.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Adapter, Form, SHIPPED, Told};

/// A form of a few fields, narrowed as the forms of the assessment are.
fn forms() -> Vec<Form> {
    let form = json!({
        "$id": "https://keyway.example/profiles/assessment/small/1",
        "type": "object", "required": ["profile", "person", "referrals"], "additionalProperties": false,
        "properties": {
            "profile": {"type": "string"},
            "person": {
                "type": "object", "required": ["name"],
                "properties": {"name": {"$ref": "#/$defs/short"}, "born": {"type": "string"}, "secret": {"type": "string"}},
            },
            "risk": {"type": "object", "properties": {"to_self": {"type": "object", "properties": {
                "level": {"enum": ["none", "low", "high", "unknown"]}}}}},
            "aliases": {"type": "array", "items": {"$ref": "#/$defs/short"}},
            "consents": {"type": "array", "items": {
                "type": "object", "required": ["recipient", "decision"],
                "properties": {"recipient": {"$ref": "#/$defs/short"}, "decision": {"enum": ["agree", "decline"]},
                    "excludes": {"type": "array", "items": {"enum": ["clinical"]}}}}},
            "referrals": {"type": "array", "items": {
                "type": "object", "required": ["recipient"],
                "properties": {"recipient": {"$ref": "#/$defs/short"}, "rank": {"type": "integer"}}}},
        },
        "$defs": {"short": {"type": "string", "maxLength": 120}},
        "allOf": [{"properties": {
            "profile": {"const": "https://keyway.example/profiles/assessment/small/1"},
            "person": {"properties": {"secret": false}}}}],
    });
    vec![Form::read(&form).expect("a form")]
}

const HEAD: &str = "adapter = \"a\"\nversion = 1\ntitle = \"A\"\nmakes = \"https://keyway.example/profiles/assessment/small/1\"\n";
const JSON: &str = "[input]\nformat = \"json\"\n";
const NEEDED: &str = r#"
[[field]]
from = "/name"
to = "/person/name"
[[each]]
from = "/refer"
to = "/referrals"
[[each.field]]
from = "."
to = "recipient"
"#;

fn adapter(rules: &str) -> Adapter {
    let text = format!("{HEAD}{JSON}{NEEDED}{rules}");
    Adapter::compile(&text, &forms()).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:#?}"))
}

fn mistakes(text: &str) -> Vec<String> {
    let found = Adapter::compile(text, &forms()).expect_err("it has a mistake");
    found.into_iter().map(|mistake| mistake.text).collect()
}

/// What is wrong with rules that stand beside those that the form needs.
fn wrong(rules: &str) -> String {
    mistakes(&format!("{HEAD}{JSON}{NEEDED}{rules}")).join("; ")
}

fn made(adapter: &Adapter, form: &Value) -> Result<Value, Told> {
    let mut forms = adapter.run(form.to_string().as_bytes()).expect("it is JSON");
    assert_eq!(forms.len(), 1);
    forms.remove(0).map(|adapted| adapted.value)
}

#[test]
fn a_form_becomes_the_assessment_in_the_order_of_the_outline() {
    let adapter = adapter("");
    let value = made(&adapter, &json!({"refer": ["b", "c"], "name": " Jo "})).expect("a form");
    assert_eq!(
        value.to_string(),
        "{\"profile\":\"https://keyway.example/profiles/assessment/small/1\",\"person\":{\"name\":\"Jo\"},\
         \"referrals\":[{\"recipient\":\"b\"},{\"recipient\":\"c\"}]}"
    );
}

#[test]
fn what_no_rule_reads_is_refused_or_told_and_no_answer_is_repeated() {
    let told =
        made(&adapter(""), &json!({"name": "Jo", "other": {"x": "CANARY"}})).expect_err("one more answer");
    assert_eq!(told.to_string(), "/other/x: no rule reads this (1 such)");
    let told = made(&adapter(""), &json!({"name": "Jo", "Jo CANARY": 1})).expect_err("one more answer");
    assert_eq!(told.to_string(), "/*: no rule reads this (1 such)");
    let ignoring = adapter("[[ignore]]\nfrom = \"/other/**\"\nwhy = \"the team's own\"\n");
    assert!(made(&ignoring, &json!({"name": "Jo", "other": {"x": "CANARY"}})).is_ok());
    assert!(
        made(&ignoring, &json!({"name": "Jo", "others": "CANARY"})).is_err(),
        "a name that only begins so"
    );
    let told = made(&adapter(""), &json!({"name": {"first": "CANARY"}})).expect_err("parts");
    assert_eq!(told.to_string(), "/name: an answer is expected, and this has parts");
    let told = made(&adapter(""), &json!({"name": ["CANARY", "CANARY"]})).expect_err("two names");
    assert_eq!(told.to_string(), "/name: one answer is expected, and there are several");
    let told = made(&adapter(""), &json!({"name": "Jo", "refer": "CANARY"})).expect_err("no list");
    assert_eq!(told.to_string(), "/refer: a list is expected");
}

#[test]
fn an_answer_outside_its_list_is_refused_where_nothing_else_is_said() {
    let risk =
        "[[field]]\nfrom = \"/risk\"\nto = \"/risk/to_self/level\"\nmap = \"risk\"\nmissing = \"unknown\"\n";
    let values = "[values.risk]\n\"Green\" = \"low\"\n\"1\" = \"high\"\n\"true\" = \"high\"\n";
    let of = |answer: Value, more: &str| {
        let form = json!({"name": "Jo", "risk": answer});
        made(&adapter(&format!("{risk}{more}{values}")), &form)
            .map(|value| value["risk"]["to_self"]["level"].as_str().expect("a level").to_owned())
    };
    assert_eq!(of(json!(" gREEN"), "").expect("known"), "low");
    assert_eq!(of(json!(1), "").expect("known"), "high");
    assert_eq!(of(json!(true), "").expect("known"), "high");
    assert_eq!(of(json!(null), "").expect("unanswered"), "unknown");
    assert_eq!(of(json!("  "), "").expect("unanswered"), "unknown");
    let told = of(json!("CANARY"), "").expect_err("not in the list");
    assert_eq!(told.to_string(), "/risk: an answer of the list risk is expected: Green, 1, true");
    assert_eq!(of(json!("CANARY"), "otherwise = { set = \"unknown\" }\n").expect("told"), "unknown");
}

#[test]
fn an_adapter_cannot_say_yes_for_anybody() {
    let consent = |rule: &str| {
        format!(
            "[[entry]]\nto = \"/consents\"\nwhen = {{ from = \"/ok\", present = true }}\n[[entry.set]]\nto = \"recipient\"\nvalue = \"b\"\n{rule}"
        )
    };
    let only = "/consents/*/decision is 'agree' only when the form says so";
    let set = "[[entry.set]]\nto = \"decision\"\nvalue = \"agree\"\n";
    assert!(wrong(&consent(set)).contains(only));
    // That something else was answered, or nothing was, is nobody's yes.
    for when in ["{ from = \"/ok\", present = true }", "{ from = \"/ok\", present = false }"] {
        assert!(wrong(&consent(&format!("{set}when = {when}\n"))).contains(only), "{when}");
    }
    let field = "[[entry.field]]\nfrom = \"/ok\"\nto = \"decision\"\nmap = \"ok\"\n";
    let values = "[values.ok]\nY = \"agree\"\nN = \"decline\"\n";
    assert!(wrong(&consent(&format!("{field}missing = \"agree\"\n{values}"))).contains(only));
    assert!(wrong(&consent(&format!("{field}otherwise = {{ set = \"agree\" }}\n{values}"))).contains(only));
    let none = "[[field]]\nfrom = \"/r\"\nto = \"/risk/to_self/level\"\nmissing = \"none\"\n";
    assert!(wrong(none).contains("/risk/to_self/level is 'none' only when the form says so"));
    let kept = "[[entry.field]]\nfrom = \"/kept\"\nto = \"excludes\"\nas = \"list\"\nmap = \"b\"\notherwise = { set = \"clinical\" }\n";
    assert!(wrong(&consent(&format!("{kept}[values.b]\nC = \"clinical\"\n"))).contains("takes no otherwise"));
    // A word of the form may.
    let said = adapter(&consent(&format!("{set}when = {{ from = \"/ok\", is = [\"Y\"], no = [\"N\"] }}\n")));
    let value = made(&said, &json!({"name": "Jo", "ok": "y"})).expect("a form");
    assert_eq!(value["consents"], json!([{"recipient": "b", "decision": "agree"}]));
    let value = made(&said, &json!({"name": "Jo", "ok": "n"})).expect("a form");
    assert_eq!(value["consents"], json!([{"recipient": "b"}]), "for the profile to refuse");
    let mapped = adapter(&consent(&format!("{field}{values}")));
    let value = made(&mapped, &json!({"name": "Jo", "ok": "N"})).expect("a form");
    assert_eq!(value["consents"], json!([{"recipient": "b", "decision": "decline"}]));
    assert!(made(&mapped, &json!({"name": "Jo"})).expect("a form").get("consents").is_none());
}

/// A referral that hangs on a word.
fn asked_when(when: &str) -> String {
    format!(
        "[[entry]]\nto = \"/referrals\"\nwhen = {when}\n[[entry.set]]\nto = \"recipient\"\nvalue = \"housing\"\n"
    )
}

#[test]
fn a_word_that_no_condition_knows_is_refused_and_no_referral_is_lost_over_it() {
    let adapter_of = adapter(&asked_when("{ from = \"/ask\", is = [\"Y\"], no = [\"N\"] }"));
    let asked = |answer: Value| {
        made(&adapter_of, &json!({"name": "Jo", "ask": answer})).map(|value| value.get("referrals").is_some())
    };
    assert!(asked(json!(" y ")).expect("yes"));
    assert!(!asked(json!("n")).expect("no"));
    assert!(!asked(json!("")).expect("unanswered"));
    let told = asked(json!("Yes CANARY")).expect_err("neither");
    assert_eq!(told.to_string(), "/ask: one of these words is expected: Y, N");
    // What a map or a neighbour knows is known.
    let mapped = "[[field]]\nfrom = \"/ask\"\nto = \"/risk/to_self/level\"\nmap = \"m\"\n[values.m]\n\"maybe\" = \"low\"\n";
    let known =
        adapter(&format!("{}{mapped}", asked_when("{ from = \"/ask\", is = [\"Y\"], no = [\"N\"] }")));
    assert!(made(&known, &json!({"name": "Jo", "ask": "maybe"})).is_ok());
    assert!(made(&known, &json!({"name": "Jo", "ask": "Yes"})).is_err());
    // In the items of a list, each is held to it.
    let inner = "[[each]]\nfrom = \"/ok\"\nto = \"/consents\"\n[[each.field]]\nfrom = \"/who\"\nto = \"recipient\"\n\
        [[each.set]]\nto = \"decision\"\nvalue = \"agree\"\nwhen = { from = \"/says\", is = [\"Y\"], no = [] }\n";
    let told = made(
        &adapter(inner),
        &json!({"name": "Jo", "ok": [{"who": "b", "says": "Y"}, {"who": "c", "says": "Yes"}]}),
    );
    assert_eq!(told.expect_err("neither").to_string(), "/ok/1/says: one of these words is expected: Y");
}

#[test]
fn a_condition_says_which_words_mean_no() {
    assert!(
        wrong(&asked_when("{ from = \"/ask\", is = [\"Y\"] }")).contains("say which words mean no as well")
    );
    assert!(
        wrong(&asked_when("{ from = \"/ask\", is = [\"Y\"], no = [\"y \"] }")).contains("cannot mean both")
    );
    assert!(
        wrong(&asked_when("{ from = \"/ask\", present = true, no = [\"N\"] }")).contains("when has one of")
    );
    let with_map = "[[field]]\nfrom = \"/ask\"\nto = \"/risk/to_self/level\"\nmap = \"m\"\notherwise = { set = \"unknown\" }\n[values.m]\n\"N\" = \"low\"\n";
    let both = wrong(&format!("{}{with_map}", asked_when("{ from = \"/ask\", is = [\"Y\"] }")));
    assert!(both.contains("no otherwise"), "{both}");
}

/// Every place of the forms, against what an adapter may say of it: what only an answer says is refused wherever it stands.
#[test]
fn comforting_things_are_said_by_an_answer_alone() {
    for (place, value) in [
        ("/consents/*/decision", json!("agree")),
        ("/consents/*/capacity", json!("has-capacity")),
        ("/consents/*/specific", json!("clinical")),
        ("/consents/*/how", json!("signed")),
        ("/consents/*/appropriate_adult_present", json!(true)),
        ("/consents/*/told_will_see", json!("The magistrates")),
        ("/risk/to_self/level", json!("none")),
        ("/risk/to_self/level", json!("low")),
        ("/risk/from_others/level", json!("none")),
        ("/risk/to_others/alert", json!("none")),
        ("/substance_use/withdrawal_risk/level", json!("low")),
        ("/clinical/psychosis_signs", json!("no")),
        ("/appropriate_adult/arranged", json!(true)),
        ("/appropriate_adult/needed", json!("no")),
        ("/communication/interpreter_needed", json!(false)),
        ("/communication/language", json!("en")),
        ("/housing/homeless_within_56_days", json!("no")),
        ("/housing/consent_to_share_contact", json!(true)),
        ("/accompaniment/wanted", json!(true)),
        ("/person/next_of_kin/*/may_be_contacted", json!(true)),
        ("/person/next_of_kin/*/knows_of_this", json!(true)),
        ("/young_person/parents/*/knows_of_this", json!(true)),
        ("/person/safe_contact/how", json!("Ring")),
        ("/person/nhs_number/verification", json!("01")),
        ("/legal/status_category", json!("custodial-sentence")),
        ("/priorities/*/clinical", json!(false)),
        ("/pathway/contact_outcome", json!("declined")),
        ("/overrides/*/reason", json!("RISK-TO-LIFE-SELF")),
    ] {
        assert!(!super::may_say::allows(place, &value, true), "{place}");
    }
    for (place, value) in [
        ("/risk/to_self/level", json!("unknown")),
        ("/risk/to_self/current", json!("not-known")),
        ("/practitioner/role", json!("Volunteer")),
        ("/priorities/*/clinical", json!(true)),
        ("/consents/*/how", json!("oral")),
    ] {
        assert!(super::may_say::allows(place, &value, true), "{place}");
    }
    // A word for not knowing is one only where the form has it as such: in a free text it is somebody's answer.
    assert!(!super::may_say::allows("/communication/language", &json!("unknown"), false));
}

#[test]
fn the_page_lists_what_an_adapter_may_say_with_its_reason() {
    let page = include_str!("../../../../docs/sites.md");
    let forms = shipped_forms();
    for may in super::may_say::MAY_SAY {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", may.place)));
        assert!(row.is_some_and(|row| row.ends_with(&format!("| {} |", may.why))), "{}", may.place);
        let place = may.place.strip_suffix("/**").unwrap_or(may.place);
        assert!(forms.iter().any(|form| form.find(place).is_some()), "no form has {place}");
    }
}

#[test]
fn places_and_words_that_the_form_does_not_know_are_found_before_anybody_is_read() {
    let field = |to: &str, more: &str| format!("[[field]]\nfrom = \"/x\"\nto = \"{to}\"\n{more}");
    for (rules, expected) in [
        (field("/person/borm", ""), "did you mean /person/born?"),
        (field("/person/secret", ""), "the assessment has no /person/secret"),
        (field("/person", ""), "/person is a group or a list"),
        (field("/consents/*/decision", ""), "written by [[each]] or [[entry]]"),
        (field("/profile", ""), "/profile is what makes says"),
        (field("person/born", ""), "the assessment has no person/born"),
        (field("/person/name", ""), "/person/name is written by two rules"),
        (field("/person/born", "map = \"no\"\n"), "there is no [values.no]"),
        (field("/person/born", "as = \"day\"\n"), "as is one of date, "),
        (field("/person/born", "as = \"date\"\nformat = \"%d/%m/%y\"\n"), "does not give a whole date"),
        (field("/person/born", "as = \"date\"\nplus = \"P1Y\"\n"), "plus is months or days"),
        (field("/person/born", "required = true\nmissing = \"x\"\n"), "what is required has no default"),
        (
            field("/person/born", "requred = true\n"),
            "unknown key requred in [[field]]; did you mean required?",
        ),
        (
            field("/risk/to_self/level", "missing = \"lots\"\n"),
            "missing 'lots' is not one of none, low, high, unknown",
        ),
        (field("/person/born", "when = { from = \"/y\" }\n"), "when has one of"),
        (field("/person/born", "").replace("/x", "x"), "from is a pointer into the form"),
        (String::from("[[set]]\nto = \"/person/born\"\nvalue = \"x\"\n"), "[[set]] says why"),
        (String::from("[[ignore]]\nfrom = \"/y\"\n"), "[[ignore]] says why"),
        (String::from("[[each]]\nfrom = \"/y\"\nto = \"/person\"\n"), "/person is no list"),
        (
            String::from("[[each]]\nfrom = \"/y\"\nto = \"/consents\"\n"),
            "needs /consents/*/recipient, and no rule",
        ),
        (String::from("[values.a]\nx = \"y\"\n"), "nothing uses [values.a]"),
        (String::from("[each]\nfrom = \"/y\"\n"), "duplicate"),
    ] {
        assert!(wrong(&rules).contains(expected), "{rules}\nexpected {expected}; found {}", wrong(&rules));
    }
    let without = mistakes(&format!("{HEAD}{JSON}")).join("; ");
    assert!(
        without.contains("needs /person/name") && without.contains("needs an entry of /referrals"),
        "{without}"
    );
    let csv = format!(
        "{HEAD}[input]\nformat = \"csv\"\n[[field]]\nfrom = \"A\"\nto = \"/person/born\"\nas = \"date\"\n"
    );
    assert!(mistakes(&csv).join("; ").contains("a date from CSV needs a format"));
    assert!(mistakes("adapter = ").len() == 1 && mistakes("").len() >= 4);
    assert!(
        mistakes(&format!("{HEAD}{JSON}").replace("small", "big"))
            .join("")
            .contains("makes is one of https://")
    );
}

#[test]
fn a_sheet_lacks_no_column_that_a_rule_names() {
    let text = format!(
        "{HEAD}[input]\nformat = \"csv\"\n[[field]]\nfrom = \"Name\"\nto = \"/person/name\"\n\
        [[each]]\nfrom = \"Refer\"\nsplit = \";\"\nto = \"/referrals\"\n[[each.field]]\nfrom = \".\"\nto = \"recipient\"\n"
    );
    let adapter = Adapter::compile(&text, &forms()).expect("no mistake");
    let told = adapter.run(b"Name\nJo\n").expect_err("a column is gone");
    assert_eq!(told.to_string(), "the header has no column \"Refer\"");
    let forms = adapter.run(b"Name,Refer\nJo,\"b; c\"\n,\n\"'=Ann\",\"'x\"\n").expect("a sheet");
    let values: Vec<Value> = forms.into_iter().map(|form| form.expect("a form").value).collect();
    assert_eq!(values.len(), 2, "an empty row is nobody");
    assert_eq!(values[0]["referrals"], json!([{"recipient": "b"}, {"recipient": "c"}]));
    assert_eq!(values[1]["person"]["name"], "=Ann");
    let told = adapter.run(b"Name,Refer,More\nJo,b,CANARY\nAnn,c,\n").expect("a sheet");
    assert_eq!(
        told[0].as_ref().expect_err("one more").to_string(),
        "row 2, column 3: no rule reads this (1 such)"
    );
    assert!(told[1].is_ok(), "nothing stands in that cell");
}

#[test]
fn a_response_is_read_when_it_is_finished_and_of_the_questionnaire() {
    let text = format!(
        "{HEAD}[input]\nformat = \"questionnaire-response\"\nquestionnaire = \"https://s.example/q\"\n\
        [[field]]\nfrom = \"name\"\nto = \"/person/name\"\n\
        [[each]]\nfrom = \"to\"\nto = \"/referrals\"\n[[each.field]]\nfrom = \".\"\nto = \"recipient\"\n"
    );
    let adapter = Adapter::compile(&text, &forms()).expect("no mistake");
    let response = json!({
        "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "https://s.example/q|2",
        "item": [{"linkId": "g", "item": [
            {"linkId": "name", "answer": [{"valueString": "Jo", "item": [
                {"linkId": "to", "answer": [{"valueCoding": {"code": "b"}}, {"valueString": "c"}]}]}]}]}],
    });
    let value = made(&adapter, &response).expect("a form");
    assert_eq!(value["referrals"], json!([{"recipient": "b"}, {"recipient": "c"}]));
    for (key, with, place) in [
        ("status", json!("in-progress"), "/status"),
        ("status", json!("entered-in-error"), "/status"),
        ("questionnaire", json!("https://s.example/other"), "/questionnaire"),
        ("resourceType", json!("Patient"), "/resourceType"),
        ("modifierExtension", json!([{"url": "x"}]), "/modifierExtension"),
        ("subject", json!({"display": "CANARY"}), "/subject/display"),
    ] {
        let mut other = response.clone();
        other[key] = with;
        let told = made(&adapter, &other).expect_err(key);
        assert_eq!(told.place, place);
        assert!(!told.text.contains("CANARY"));
    }
}

#[test]
fn issues_of_the_assessment_are_told_where_the_form_holds_their_answers() {
    let adapter = adapter("");
    let forms =
        adapter.run(json!([{"name": "Jo", "refer": ["b", "c"]}]).to_string().as_bytes()).expect("JSON");
    let form = forms[0].as_ref().expect("a form");
    let issue = |path: &str| crate::fhir::Issue::new("value", path, "x");
    let told = form.located(vec![issue("/person/name"), issue("/referrals/1/recipient"), issue("/risk")]);
    let places: Vec<&str> = told.iter().map(|issue| issue.path.as_str()).collect();
    assert_eq!(places, ["/name", "/refer/1", "/risk"]);
}

#[test]
fn more_than_a_limit_is_refused_with_the_limit() {
    let adapter = adapter("");
    let many = Value::from(vec![json!({"name": "Jo"}); 1_001]);
    let told = adapter.run(many.to_string().as_bytes()).expect_err("too many");
    assert_eq!(told.to_string(), "at most 1000 forms are read at once");
    let told = adapter.run(&vec![b' '; 4_194_305]).expect_err("too much");
    assert_eq!(told.to_string(), "at most 4194304 bytes are read at once");
    assert!(mistakes(&"#".repeat(262_145)).join("").contains("at most 262144 bytes"));
}

/// Values of every kind, with a mark in each text and, now and then, in a name. No text looks like a name: where a linkId is
/// looked for, one that does would be taken for it, and names are told (`shown_name`).
fn marked() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ a-z/]{0,3} CANARY[ a-z;]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let name = prop_oneof![Just(String::from("item")), Just(String::from("linkId")), "[a-z]{1,4} CANARY"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every value of a document, by pointer.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
            pointers(inner, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), into);
        }),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(place, inner)| pointers(inner, &format!("{at}/{place}"), into));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever stands anywhere in a form, it becomes an assessment or a refusal, and neither a refusal nor what is
    /// told repeats it.
    #[test]
    fn what_stands_anywhere_in_a_form_is_never_repeated(put in marked(), place in any::<prop::sample::Index>()) {
        let forms = shipped_forms();
        for site in SHIPPED {
            let adapter = Adapter::compile(site.adapter, forms).expect("no mistake");
            for case in site.cases {
                let Ok(mut form) = serde_json::from_slice::<Value>(case.input) else { continue };
                let mut places = Vec::new();
                pointers(&form, "", &mut places);
                let chosen: &String = place.get(&places);
                *form.pointer_mut(chosen).expect("a place") = put.clone();
                let told: Vec<Told> = match adapter.run(form.to_string().as_bytes()) {
                    Err(told) => vec![told],
                    Ok(forms) => forms
                        .into_iter()
                        .flat_map(|form| form.map_or_else(|told| vec![told], |made| made.told))
                        .collect(),
                };
                for told in told {
                    prop_assert!(!told.to_string().contains("CANARY"), "{}: {told}", site.name);
                }
            }
        }
    }

    #[test]
    fn any_bytes_and_any_rules_end(bytes in prop::collection::vec(any::<u8>(), 0..200), rules in ".{0,200}") {
        for site in SHIPPED {
            let adapter = Adapter::compile(site.adapter, shipped_forms()).expect("no mistake");
            let _ended = adapter.run(&bytes).is_ok();
        }
        let text = [HEAD, JSON, &rules].concat();
        prop_assert!(Adapter::compile(&text, &forms()).is_err());
    }
}

/// The forms of this build.
fn shipped_forms() -> &'static [Form] {
    static FORMS: std::sync::OnceLock<Vec<Form>> = std::sync::OnceLock::new();
    FORMS.get_or_init(read_forms)
}

fn read_forms() -> Vec<Form> {
    let profiles = crate::profile::Profiles::compile().expect("the profiles compile");
    crate::profile::Schema::ALL
        .iter()
        .filter_map(|schema| profiles.document(*schema).and_then(Form::read))
        .collect()
}
