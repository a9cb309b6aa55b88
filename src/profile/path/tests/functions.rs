//! Every function, also on nothing.

use serde_json::{Value, json};

use super::shown;

fn all(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(&shown(expression, &sample()), expected, "{expression}");
    }
}

fn sample() -> Value {
    json!({
        "resourceType": "Observation", "id": "o",
        "contained": [{"resourceType": "Patient", "id": "c"}],
        "subject": {"reference": "#c"}, "performer": [{"reference": "#none"}],
        "code": {"coding": [{"code": "in", "system": "urn:s"}, {"code": "out", "system": "urn:s"}]},
        "text": {"status": "generated", "div": "<div>x</div>"},
        "component": [{"id": "x", "valueString": "a"}, {"id": "y", "component": [{"id": "z"}]}]
    })
}

#[test]
fn existence() {
    all(&[
        ("{}.empty()", "true"),
        ("code.empty()", "false"),
        ("{}.exists()", "false"),
        ("code.coding.exists(code = 'in')", "true"),
        ("code.coding.exists(code = 'no')", "false"),
        ("code.coding.all(system = 'urn:s')", "true"),
        ("{}.all(false)", "true"),
        ("code.coding.all(code = 'in')", "false"),
        ("(true | false).allTrue()", "false"),
        ("{}.allTrue()", "true"),
        ("(true | false).anyTrue()", "true"),
        ("{}.anyTrue()", "false"),
        ("(true | false).allFalse()", "false"),
        ("{}.allFalse()", "true"),
        ("(true | false).anyFalse()", "true"),
        ("1.allTrue()", "! allTrue() and its like does not take items of this kind"),
        ("1.subsetOf(1 | 2)", "true"),
        ("3.subsetOf(1 | 2)", "false"),
        ("{}.subsetOf(1)", "true"),
        ("(1 | 2).supersetOf(1)", "true"),
        ("{}.count()", "0"),
        ("code.coding.count()", "2"),
        ("code.coding.system.isDistinct()", "false"),
        ("code.coding.code.isDistinct()", "true"),
        ("{}.isDistinct()", "true"),
        ("code.coding.system.distinct()", "\"urn:s\""),
        ("hasValue()", "false"),
        ("id.hasValue()", "true"),
        ("id.getValue()", "'o'"),
    ]);
}

#[test]
fn filtering_and_choosing() {
    all(&[
        ("code.coding.where(code = 'in').code", "\"in\""),
        ("code.coding.where({})", ""),
        ("code.coding.select(code & system)", "'inurn:s', 'outurn:s'"),
        ("repeat(component).id", "\"x\", \"y\", \"z\""),
        ("(1 | 'a' | 1.5).ofType(Integer)", "1"),
        ("(3 | 1 | 2).first()", "3"),
        ("(3 | 1 | 2).last()", "2"),
        ("(3 | 1 | 2).tail()", "1, 2"),
        ("(3 | 1 | 2).skip(2)", "2"),
        ("(3 | 1 | 2).skip(-1)", "3, 1, 2"),
        ("(3 | 1 | 2).take(2)", "3, 1"),
        ("(3 | 1 | 2).take(0)", ""),
        ("3.single()", "3"),
        ("{}.single()", ""),
        ("(1 | 2).single()", "! single() takes one item, and there are several"),
        ("(1 | 2).intersect(2 | 3)", "2"),
        ("(1 | 2).exclude(2 | 3)", "1"),
        ("1.combine(1)", "1, 1"),
        ("1.union(1 | 2)", "1, 2"),
        ("{}.first()", ""),
        ("iif(true, 1, 2)", "1"),
        ("iif(false, 1, 2)", "2"),
        ("iif({}, 1)", ""),
        ("subject.resolve().iif(empty(), 1, ofType(Patient).id)", "\"c\""),
        ("'x'.trace('name').length()", "1"),
    ]);
}

#[test]
fn conversions() {
    all(&[
        ("'12'.toInteger()", "12"),
        ("'1.2'.toInteger()", ""),
        ("true.toInteger()", "1"),
        ("'1.20'.toDecimal()", "1.20"),
        ("'1e5'.toDecimal()", ""),
        ("1.toString()", "'1'"),
        ("true.toString()", "'true'"),
        ("1 'mg'.toString()", "'1 'mg''"),
        ("'Yes'.toBoolean()", "true"),
        ("'maybe'.toBoolean()", ""),
        ("'2020-01-02'.toDate()", "@2020-01-02"),
        ("'2020-01-02T03:04:05Z'.toDate()", "@2020-01-02"),
        ("'2020-02-30'.toDate()", ""),
        ("'2020-01-02'.toDateTime()", "@2020-01-02"),
        ("'10:00'.toTime()", "@10:00"),
        ("'4 days'.toQuantity()", "4 'day'"),
        ("'4 \\'mg\\''.toQuantity()", "4 'mg'"),
        ("'4 mg'.toQuantity()", ""),
        ("'4'.convertsToInteger()", "true"),
        ("'x'.convertsToInteger()", "false"),
        ("{}.convertsToInteger()", ""),
        ("'1.5'.convertsToDecimal()", "true"),
        ("'t'.convertsToBoolean()", "true"),
        ("1.convertsToString()", "true"),
        ("'2020'.convertsToDate()", "true"),
        ("'20'.convertsToDateTime()", "false"),
        ("'25:00'.convertsToTime()", "false"),
        ("'1 year'.convertsToQuantity()", "true"),
        ("{}.toInteger()", ""),
        ("(1 | 2).toInteger()", "! a conversion takes one item, and there are several"),
    ]);
}

#[test]
fn text() {
    all(&[
        ("'abcb'.indexOf('b')", "1"),
        ("'abc'.indexOf('x')", "-1"),
        ("'abc'.substring(1)", "'bc'"),
        ("'abc'.substring(1, 1)", "'b'"),
        ("'abc'.substring(9)", ""),
        ("'abc'.substring(-1)", ""),
        ("'äbc'.substring(1)", "'bc'"),
        ("'abc'.startsWith('ab')", "true"),
        ("'abc'.endsWith('bc')", "true"),
        ("'abc'.contains('b')", "true"),
        ("'abc'.contains('')", "true"),
        ("'aBc'.upper()", "'ABC'"),
        ("'aBc'.lower()", "'abc'"),
        ("'abc'.replace('b', 'x')", "'axc'"),
        ("'abc'.matches('b')", "true"),
        ("'abc'.matches('^b')", "false"),
        ("'abc'.matchesFull('b')", "false"),
        ("'a\\nc'.matches('a.c')", "true"),
        ("'abc'.matches('a' & 'b')", "true"),
        ("'abc'.matches('(' & '')", "! a regular expression made from the message cannot be used"),
        ("'a1b2'.replaceMatches('[0-9]', '-')", "'a-b-'"),
        ("'abc'.length()", "3"),
        ("'a,b'.split(',')", "'a', 'b'"),
        ("('a' | 'b').join('-')", "'a-b'"),
        ("{}.join(',')", ""),
        ("' a '.trim()", "'a'"),
        ("'ab'.toChars()", "'a', 'b'"),
        ("{}.length()", ""),
        ("{}.startsWith('a')", ""),
        ("{}.matches('a')", ""),
        ("1.length()", "! a function of text does not take items of this kind"),
    ]);
}

#[test]
fn numbers() {
    all(&[
        ("(-5).abs()", "5"),
        ("(-5.5).abs()", "5.5"),
        ("1.1.ceiling()", "2"),
        ("(-1.1).ceiling()", "-1"),
        ("(-1.1).floor()", "-2"),
        ("1.9.truncate()", "1"),
        ("1.25.round(1)", "1.3"),
        ("1.5.round()", "2"),
        ("{}.abs()", ""),
    ]);
}

#[test]
fn the_tree_and_its_surroundings() {
    all(&[
        ("subject.children()", "\"#c\""),
        ("code.descendants().count()", "6"),
        ("{}.descendants()", ""),
        ("subject.resolve().id", "\"c\""),
        ("performer.resolve()", ""),
        ("subject.resolve() is Patient", "true"),
        ("today()", "@2026-02-03"),
        ("now()", "@2026-02-03T04:05:06.789Z"),
        ("timeOfDay()", "@04:05:06.789"),
        ("code.coding.first().code.memberOf('urn:known')", "true"),
        ("code.coding.last().code.memberOf('urn:known')", "false"),
        ("code.coding.first().code.memberOf('urn:other')", "! memberOf() cannot be decided here"),
        ("code.conformsTo('urn:known')", "false"),
        ("code.conformsTo('urn:other')", "! conformsTo() cannot be decided here"),
        ("text.div.htmlChecks()", "true"),
        ("text.div.not().not()", "true"),
    ]);
}
