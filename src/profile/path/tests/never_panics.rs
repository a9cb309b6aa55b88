//! Arbitrary text and arbitrary JSON: an answer or a fault, in bounded time.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Known, shown};
use crate::profile::path::{EvalFault, Expression, Focus, Kept};

/// Pieces that make likely expressions.
const PIECES: &[&str] = &[
    "name",
    "value",
    ".",
    ".",
    "(",
    ")",
    "'a'",
    "1",
    "1.5",
    "@2020-01",
    "+",
    "-",
    "*",
    "/",
    "div",
    "mod",
    "&",
    "|",
    "=",
    "!=",
    "~",
    "<",
    ">=",
    "and",
    "or",
    "xor",
    "implies",
    "is",
    "as",
    "in",
    "contains",
    "string",
    "$this",
    "%resource",
    "where(",
    "select(",
    "exists()",
    "empty()",
    "count()",
    "children()",
    "descendants()",
    "first()",
    "toString()",
    "matches('a')",
    "substring(1)",
    "not()",
    "[0]",
    "{}",
    " ",
    ",",
    "iif(",
    "repeat(",
    "1 'mg'",
    "ofType(Quantity)",
    "toInteger()",
    "round(2)",
    "abs()",
    "today()",
    "resolve()",
    "join(',')",
];

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just("2020-01-01".to_owned()), Just("#a".to_owned()), any::<String>()]
            .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "name",
        "_name",
        "value",
        "valueDateTime",
        "_valueString",
        "id",
        "code",
        "unit",
        "extension",
        "resourceType",
        "reference",
        "contained",
        "entry",
    ]);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_reads_or_is_refused(text in any::<String>()) {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn any_pieces_evaluate_or_fault(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        value in json_value(),
    ) {
        if let Ok(expression) = Expression::parse(&pieces.concat()) {
            let world = Known { bundle: Some(&value) };
            let focus = Focus::of_resource(&value);
            let _ = expression.evaluate(&focus, &world);
            let _ = expression.holds(&focus, &world);
        }
    }
}

#[test]
fn hostile_documents_and_expressions_end_with_a_fault() {
    let wide = Value::Array((0..60_000).map(|n| json!({"id": n.to_string(), "a": [n, n]})).collect());
    let document = json!({"resourceType": "Patient", "item": wide});
    let world = Known { bundle: None };
    for text in [
        "item.select(id | %resource.item.id)",
        "item.where(id in %resource.item.id)",
        "item.repeat(%resource.item)",
        "item.distinct().count()",
        "item.a.select('xxxxxxxxxxxxxxxxxxxx'.replace('x', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')).join('')",
        "item.where('a'.matches('a' & id))",
    ] {
        let expression = Expression::parse(text).unwrap();
        let fault = expression.evaluate(&Focus::of_resource(&document), &world).unwrap_err();
        assert!(
            matches!(fault, EvalFault::TooCostly | EvalFault::TooMany | EvalFault::TooLong),
            "{text}: {fault}"
        );
    }
}

#[test]
fn what_is_the_same_for_every_item_is_found_once() {
    let wide = Value::Array((0..2_000).map(|n| json!({"id": n.to_string()})).collect());
    let document = json!({"resourceType": "Patient", "item": wide});
    let world = Known { bundle: None };
    for (text, wanted) in [
        ("item.all(%resource.item.where(id = '1').exists())", true),
        ("item.all(%resource.item.where(id = '1').empty())", false),
        ("item.where(%resource.item.count() = 2000 and id = '7').count() = 1", true),
        ("item.first().select(%resource.item.where(id = %context.item.last().id)).id = '1999'", true),
    ] {
        let expression = Expression::parse(text).unwrap();
        let (truth, steps) =
            expression.holds_within(&Focus::of_resource(&document), &world, &Kept::default(), u32::MAX);
        assert_eq!(truth.unwrap().is_satisfied(), wanted, "{text}");
        assert!(steps < 60_000, "{text}: {steps}");
    }
    let few = Expression::parse("item.all(id.exists())").unwrap();
    let (fault, _) = few.holds_within(&Focus::of_resource(&document), &world, &Kept::default(), 100);
    assert!(matches!(fault, Err(EvalFault::TooCostly)));
}

#[test]
fn deep_documents_are_walked_without_the_stack() {
    let mut deep = json!({"id": "end"});
    for _ in 0..2_000 {
        let mut around = serde_json::Map::new();
        around.insert("a".to_owned(), deep);
        deep = Value::Object(around);
    }
    assert_eq!(shown("descendants().id", &deep), "\"end\"");
    assert_eq!(shown("a = a", &deep), "! it goes too deep");
    // A document this deep would overflow the stack when it is dropped, and is never made by the parser.
    std::mem::forget(deep);
}

#[test]
fn a_text_that_grows_and_grows_ends_with_a_fault() {
    let long = "x".repeat(crate::limits::PATH_TEXT_MAX_BYTES / 2 + 1);
    let value = json!({"resourceType": "Patient", "name": [{"family": long}, {"family": long}]});
    let world = Known { bundle: None };
    for text in [
        "name[0].family + name[1].family",
        "name[0].family & name[1].family",
        "name.family.join('-')",
        "name[0].family.replace('x', 'xxx')",
        "name[0].family.replaceMatches('x+', '$0$0$0')",
        "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12).aggregate($total & $total & $total & 'x', 'xxxx')",
    ] {
        let expression = Expression::parse(text).unwrap();
        let fault = expression.evaluate(&Focus::of_resource(&value), &world).unwrap_err();
        assert!(matches!(fault, EvalFault::TooLong | EvalFault::TooCostly), "{text}: {fault}");
    }
    let kept = Expression::parse("(name[0].family & 'x').length()").unwrap();
    assert!(kept.evaluate(&Focus::of_resource(&value), &world).is_ok());
}
