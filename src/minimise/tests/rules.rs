//! Filters, names, reasons, and tables that do not add up.

use serde_json::json;

use super::*;
use crate::minimise::tables;

#[test]
fn only_the_entries_of_this_recipient_and_need_leave() {
    let rules = &*RULES;
    let cmht = project(rules, Audience::Health, agreed(&[], &[]), &full(), "mental-health");
    assert_eq!(cmht.value()["consents"].as_array().unwrap().len(), 1);
    assert_eq!(cmht.value()["consents"][0]["recipient"], RECIPIENT);
    assert_eq!(cmht.value()["referrals"].as_array().unwrap().len(), 1);
    assert_eq!(cmht.value()["onward_referrals"].as_array().unwrap().len(), 1);
    assert!(!cmht.value().to_string().contains("custody-northgate"));

    let housing = project(rules, Audience::Housing, agreed(&[], &[]), &full(), "housing");
    assert_eq!(
        housing.value()["priorities"],
        json!([{"rank": 1, "need": "housing", "own_words": "I just want to keep my flat."}])
    );
    let advice = project(rules, Audience::Voluntary, agreed(&[], &[]), &full(), "debt");
    assert_eq!(advice.value()["priorities"].as_array().unwrap().len(), 1);
    assert_eq!(advice.value()["priorities"][0]["need"], "debt");
    let unnamed = project(rules, Audience::Voluntary, agreed(&[], &[]), &full(), "food");
    assert_eq!(unnamed.value().get("priorities"), None);
}

#[test]
fn probation_reads_own_words_only_where_they_are_marked_as_not_clinical() {
    let rules = &*RULES;
    let mut assessment = full();
    assessment["priorities"][2].as_object_mut().unwrap().remove("clinical");
    let seen = project(rules, Audience::Probation, agreed(&[], &[]), &assessment, "legal");
    let words: Vec<_> = (0..3).map(|n| seen.value()["priorities"][n].get("own_words").is_some()).collect();
    assert_eq!(words, [true, false, false]);
}

#[test]
fn an_nhs_number_leaves_only_when_it_is_verified() {
    let rules = &*RULES;
    let mut assessment = full();
    assessment["person"]["nhs_number"]["verification"] = "02".into();
    let seen = project(rules, Audience::Health, agreed(&[], &[]), &assessment, "mental-health");
    assert_eq!(seen.value()["person"].get("nhs_number"), None);
    assert!(seen.value()["person"]["gp_practice"].is_object());
}

#[test]
fn a_charity_is_not_told_when_medicine_is_taken() {
    let mut assessment = full();
    let adjustments =
        ["medication-timing", "breaks"].map(|code| serde_json::json!({"code": code, "note": code}));
    assessment["communication"]["reasonable_adjustments"] = adjustments.into();
    let told = |audience| project(&RULES, audience, agreed(&[], &[]), &assessment, "housing").value();
    let of_charity = told(Audience::Voluntary)["communication"]["reasonable_adjustments"].clone();
    assert_eq!(of_charity, serde_json::json!([{"code": "breaks", "note": "breaks"}]));
    assert_eq!(
        told(Audience::Custody)["communication"]["reasonable_adjustments"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn only_requirements_for_all_ages_go_to_youth_justice() {
    let rules = &*RULES;
    let seen = project(rules, Audience::YouthJustice, agreed(&[], &[]), &full(), "legal");
    assert_eq!(seen.value()["recommendation"].as_array().unwrap().len(), 1);
    assert_eq!(seen.value()["recommendation"][0]["code"], "DIVERT-HEALTH");
}

#[test]
fn withheld_names_the_highest_place_that_one_rule_keeps() {
    let rules = &*RULES;
    let seen = project(rules, Audience::Custody, agreed(&[], &[]), &full(), "safety");
    let find = |field: &str| seen.withheld.iter().find(|w| w.field == field).map(|w| (&*w.rule, &*w.reason));
    assert_eq!(find("/clinical"), Some(("custody/6#clinical", "never-for-audience")));
    assert_eq!(find("/risk/formulation"), Some(("custody/6#clinical", "never-for-audience")));
    assert_eq!(find("/person/nhs_number"), Some(("custody/6#nhs-number", "never-for-audience")));
    assert_eq!(find("/housing/narrative"), Some(("custody/6#housing", "category-only")));
    assert_eq!(find("/person/identifiers/CRN"), Some(("custody/6#identifiers", "not-for-recipient")));
    assert_eq!(find("/consents/0/note"), Some(("custody/6#own-consent", "not-for-recipient")));
    // Routing is not content: it is not listed.
    assert!(!seen.withheld.iter().any(|w| w.field.starts_with("/referrals/1") || w.field == "/profile"));
    assert!(seen.withheld.is_sorted());
    assert!(seen.permitted.is_sorted());
    assert!(seen.permitted.contains(&String::from("substance-use:custody")));
}

#[test]
fn entries_that_moved_up_know_where_they_come_from() {
    let rules = &*RULES;
    let mut assessment = full();
    assessment["consents"].as_array_mut().unwrap().rotate_left(1);
    let seen = project(rules, Audience::Housing, agreed(&[], &[]), &assessment, "housing");
    assert_eq!(source(&seen, "/consents/0/captured_by"), "/consents/4/captured_by");
    assert_eq!(source(&seen, "/consents/0"), "/consents/4");
    assert_eq!(source(&seen, "/housing/need"), "/housing/need");
    for shape in ["/consents/0/recipient", "/priorities/0/own_words", "/person/name/given/1"] {
        assert_eq!(seen.value().pointer(shape), assessment.pointer(&source(&seen, shape)));
    }
}

#[test]
fn nothing_leaves_to_another_recipient_than_the_decision_names() {
    let rules = &*RULES;
    let permit = permitted(Audience::Health, agreed(&[], &[]));
    let seen = rules.project(&permit, &full(), Ask { recipient: "cmht-riverside", need: "mental-health" });
    assert_eq!(seen.value(), json!({}));
    assert_eq!(seen.withheld.len(), 1);
    assert_eq!(seen.withheld[0].field, "*");
}

/// Who passes something on reads it: what the reader may have must be within what the one that passes it on may have, but for
/// the reader's own numbers, by which it finds the case.
#[test]
fn nobody_passes_on_what_they_may_not_know_themselves() {
    let of = |kind: AgencyKind, need: &str| {
        let seen = project(&RULES, kind.audience().unwrap(), agreed(&[], &[]), &full(), need);
        shapes(&seen.value()).into_keys().collect::<BTreeSet<String>>()
    };
    let mut pairs = 0;
    for (carrier, reader) in AgencyKind::ALL.into_iter().flat_map(|one| AgencyKind::ALL.map(|two| (one, two)))
    {
        if !carrier.passes_on_to(reader) {
            continue;
        }
        pairs += 1;
        let mut beyond = of(reader, "legal");
        beyond.retain(|field| !field.starts_with("/person/identifiers/"));
        let known = of(carrier, "legal");
        let beyond: Vec<_> = beyond.difference(&known).collect();
        assert!(beyond.is_empty(), "{} would read of {}: {beyond:?}", carrier.as_str(), reader.as_str());
    }
    assert!(pairs > 0);
}

#[test]
fn an_exclusion_that_is_not_understood_keeps_everything_back() {
    let rules = &*RULES;
    let seen = project(rules, Audience::Health, agreed(&["my-past"], &[]), &full(), "mental-health");
    assert_eq!(seen.value(), json!({}));
}

#[test]
fn the_blocks_of_the_profile_are_the_blocks_of_the_table() {
    let rules = &*RULES;
    let profile: Value = serde_json::from_str(tables::ASSESSMENT).unwrap();
    let named: Vec<&str> =
        profile["$defs"]["block"]["enum"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(named, rules.blocks().map(|(id, _)| id).collect::<Vec<_>>());
}

#[test]
fn tables_that_do_not_add_up_are_refused_with_the_place() {
    let compile = |profile: &str, blocks: &str, custody: &str| {
        Rules::from_sources(profile, blocks, &[(Audience::Custody, custody)]).map(|_| ())
    };
    let custody = tables::source(Audience::Custody);
    let refused = |profile: &str, blocks: &str, custody: &str, says: &str| {
        let error = compile(profile, blocks, custody).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    assert_eq!(compile(tables::ASSESSMENT, tables::BLOCKS, custody), Ok(()));

    let without_a_cell = custody.replace("trauma = { cell = \"-\" }\n", "");
    refused(tables::ASSESSMENT, tables::BLOCKS, &without_a_cell, "custody.toml: no cell for block trauma");
    let stray = custody.replace("trauma =", "traumas =");
    refused(tables::ASSESSMENT, tables::BLOCKS, &stray, "there is no block traumas");
    let no_view = custody.replace("view = \"police\"", "view = \"polis\"");
    refused(tables::ASSESSMENT, tables::BLOCKS, &no_view, "there is no view polis");
    let override_without_o =
        custody.replace("cell = \"Y O\", view = \"police\"", "cell = \"Y\", view = \"police\"");
    refused(tables::ASSESSMENT, tables::BLOCKS, &override_without_o, "goes with O");
    let never_with_view =
        custody.replace("clinical = { cell = \"-\" }", "clinical = { cell = \"-\", view = \"full\" }");
    refused(tables::ASSESSMENT, tables::BLOCKS, &never_with_view, "block clinical");
    let full_category =
        custody.replace("{ cell = \"C\", view = \"category\" }", "{ cell = \"C\", view = \"full\" }");
    refused(tables::ASSESSMENT, tables::BLOCKS, &full_category, "never the full block");
    refused(
        tables::ASSESSMENT,
        tables::BLOCKS,
        &custody.replace("\"custody\"\n", "\"court\"\n"),
        "for court",
    );

    let no_such_field = tables::BLOCKS.replace("/clinical/**", "/clinic/**");
    refused(tables::ASSESSMENT, &no_such_field, custody, "the profile has no \"clinic\"");
    let left_over = tables::BLOCKS.replace("\"/offence/**\"", "\"/offence/note\"");
    refused(tables::ASSESSMENT, &left_over, custody, "/offence/category belongs to 0 blocks");
    let twice = tables::BLOCKS.replace("[\"/trauma/**\", ", "[\"/trauma/**\", \"/crisis/plan\", ");
    refused(tables::ASSESSMENT, &twice, custody, "/crisis/plan belongs to 2 blocks");
    let no_such_key = tables::BLOCKS.replace("[clinical=false]", "[clinicle=false]");
    refused(tables::ASSESSMENT, &no_such_key, custody, "the profile has no \"clinicle\"");
    let no_such_variable = tables::BLOCKS.replace("$need", "$needs");
    refused(tables::ASSESSMENT, &no_such_variable, custody, "$needs");
    let no_such_row = tables::BLOCKS.replace("rows = [\"safeguarding\"]", "rows = [\"safegarding\"]");
    refused(
        tables::ASSESSMENT,
        &no_such_row,
        custody,
        "block risk-from-others: there is no block safegarding",
    );
    let to_blocks = |from: &str, to: &str, says: &str| {
        assert!(tables::BLOCKS.contains(from));
        refused(tables::ASSESSMENT, &tables::BLOCKS.replace(from, to), custody, says);
    };
    to_blocks("rows = [\"substance-use\"]", "rows = [\"substances\"]", "there is no other block substances");
    to_blocks("rows = [\"substance-use\"]", "rows = [\"vulnerabilities\"]", "no other block vulnerabilities");
    to_blocks("rows = [\"substance-use\"]", "rows = []", "is for single values");
    to_blocks("/vulnerabilities/[category=trauma]/**", "/vulnerabilities/*/category", "is for single values");
    to_blocks("/vulnerabilities/[category=trauma]/**", "/money/summary", "is not in the block's extent");
    // What leaves is named: whatever is not one of these would be all that nobody thought of.
    to_blocks("[clinical=false]", "[clinical!=true]", "!= is for under");
    to_blocks("\"/service_contact/**\"", "\"/service_contact/[open!=true]/**\"", "!= is for under");
    let open =
        tables::ASSESSMENT.replacen("\"additionalProperties\": false", "\"additionalProperties\": true", 1);
    refused(&open, tables::BLOCKS, custody, "open");
    let new_field =
        tables::ASSESSMENT.replacen("\"trauma\": {", "\"dreams\": {\"type\": \"string\"}, \"trauma\": {", 1);
    refused(&new_field, tables::BLOCKS, custody, "/dreams belongs to 0 blocks");
}

#[test]
fn the_version_changes_with_any_table() {
    let columns = |custody: &'static str| vec![(Audience::Custody, custody)];
    let custody = tables::source(Audience::Custody);
    let one = Rules::from_sources(tables::ASSESSMENT, tables::BLOCKS, &columns(custody)).unwrap();
    let same = Rules::from_sources(tables::ASSESSMENT, tables::BLOCKS, &columns(custody)).unwrap();
    let changed = format!("{}\n", tables::BLOCKS);
    let other = Rules::from_sources(tables::ASSESSMENT, &changed, &columns(custody)).unwrap();
    assert_eq!(one.version(), same.version());
    assert_ne!(one.version(), other.version());
    assert_eq!(one.version().len(), 12);
}

/// Whatever the person agreed to, and under an override.
#[test]
fn what_the_agreement_does_not_cover_does_not_leave() {
    let rules = &*RULES;
    let ask = Ask { recipient: RECIPIENT, need: "mental-health" };
    let whole = permitted(Audience::Health, agreed(&[], &[]));
    let seen = rules.project(&covered(&whole, &["name", "clinical"]), &full(), ask);
    let given: Vec<&str> = seen.permitted.iter().filter_map(|one| one.split(':').next()).collect();
    assert_eq!(given, ["clinical", "name"]);
    let kept = seen.withheld.iter().find(|one| one.field == "/housing").unwrap();
    assert_eq!((kept.reason.as_str(), kept.rule.ends_with("#housing")), ("not-in-agreement", true));
    assert_eq!(rules.project(&covered(&whole, &[]), &full(), ask).permitted, Vec::<String>::new());

    let least = permitted(Audience::Custody, minimum(&["name", "risk-to-self"]));
    let seen = rules.project(&covered(&least, &["name"]), &full(), ask);
    assert_eq!(seen.permitted, ["name:full"]);
}
