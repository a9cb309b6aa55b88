//! What invariants name by its base name, and what stands in an element that is defined elsewhere.

use super::*;
use crate::profile::path::{self, Expression, Focus};

/// Every choice element of base R4 with each of its types: `effective` finds what is sent as `effectivePeriod`.
#[test]
fn a_choice_is_found_by_its_name_whichever_type_it_has() {
    let definitions = Definitions::base().unwrap();
    let ask = Ask::at(NOW);
    let nothing = json!({"resourceType": "Patient"});
    let mut tried = 0;
    let mut missed = Vec::new();
    let mut urls: Vec<&str> = definitions.urls().collect();
    urls.sort_unstable();
    for url in urls {
        let definition = definitions.get(url).unwrap();
        for element in definition.elements.iter().filter(|element| element.path.ends_with("[x]")) {
            let name = element.path.rsplit('.').next().unwrap().strip_suffix("[x]").unwrap();
            for kind in element.types.iter().map(|one| one.code.as_str()) {
                let key = format!("{name}{}{}", kind[..1].to_ascii_uppercase(), &kind[1..]);
                let is_primitive = kind.starts_with(|first: char| first.is_ascii_lowercase());
                let held = if is_primitive { json!("x") } else { json!({"id": "x"}) };
                let value = json!({"resourceType": definition.r#type, key: held});
                let walk = PROGRAM.walk(&ask);
                let focus = Focus {
                    node: path::Node::element(&value, &definition.r#type),
                    ..Focus::of_resource(&nothing)
                };
                let holds = |expression: &str| {
                    let expression = Expression::parse(expression).unwrap();
                    expression.holds(&focus, &surroundings::Surroundings::of(&walk)).unwrap().is_satisfied()
                };
                let name = if matches!(name, "is" | "as" | "in" | "contains") {
                    format!("`{name}`")
                } else {
                    name.to_owned()
                };
                tried += 1;
                if !holds(&format!("{name}.exists() and {name}.ofType(FHIR.{kind}).exists()")) {
                    missed.push(format!("{}: {kind}", element.path));
                }
            }
        }
    }
    assert_eq!(missed, Vec::<String>::new());
    assert!(tried > 600, "{tried}");
}

/// A rule of `Questionnaire.item` holds of the items in it, which only refer to that element.
#[test]
fn the_rules_of_an_element_hold_where_another_refers_to_it() {
    let questionnaire = |item: Value| {
        let outer = json!({"linkId": "1", "type": "group", "item": [item]});
        errors(&json!({"resourceType": "Questionnaire", "status": "draft", "item": [outer]}))
    };
    let question = json!({"linkId": "2", "type": "string", "text": "Which?"});
    assert_eq!(questionnaire(question.clone()), []);
    let mut inside = json!({"linkId": "1.1", "type": "display", "text": "x", "item": [question]});
    let wrong = pair("/item/0/item/0", "que-1");
    assert_eq!(questionnaire(inside.clone()), std::slice::from_ref(&wrong));
    inside["type"] = json!("group");
    assert_eq!(questionnaire(inside), []);

    let composition = |section: Value| {
        let section = json!({"title": "Outer", "section": [section]});
        errors(
            &json!({"resourceType": "Composition", "status": "final", "type": {"text": "x"}, "date": "2026",
                       "author": [{"display": "A practitioner"}], "title": "x", "section": [section]}),
        )
    };
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>";
    assert_eq!(composition(json!({"title": "x", "text": {"status": "generated", "div": div}})), []);
    assert_eq!(composition(json!({"title": "x"})), [pair("/section/0/section/0", "cmp-1")]);
}

/// A profile's own rule of an element counts there as well.
#[test]
fn a_rule_of_a_profile_holds_where_an_element_refers_to_the_one_that_has_it() {
    let lettered = program(&[profile(
        "lettered",
        "Questionnaire",
        &[json!({"id": "Questionnaire.item", "path": "Questionnaire.item", "constraint": [{
            "key": "let-1", "severity": "error", "human": "A link id begins with a letter.",
            "expression": "linkId.matches('^[a-z]')"}]})],
    )]);
    let check = |inner: &str| {
        let value = json!({"resourceType": "Questionnaire", "status": "draft", "item": [
            {"linkId": "a", "type": "group", "item": [{"linkId": inner, "type": "display", "text": "x"}]}]});
        errors_by(&lettered, "lettered", &value)
    };
    assert_eq!(check("b"), []);
    assert_eq!(check("2"), [pair("/item/0/item/0", "let-1")]);
}
