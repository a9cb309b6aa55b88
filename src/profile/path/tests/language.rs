//! Literals, operators and how firmly they bind, and the logic of three values.

use serde_json::{Value, json};

use super::shown;
use crate::profile::path::Expression;

fn all(cases: &[(&str, &str)]) {
    let decimal: Value = serde_json::from_str("1.10").unwrap();
    let patient = json!({
        "resourceType": "Patient", "id": "p", "active": true, "birthDate": "1974-12", "gender": "female",
        "_birthDate": {"extension": [{"url": "urn:t", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "name": [
            {"use": "official", "given": ["Ada", null], "_given": [null, {"id": "g2"}], "family": "Ash"},
            {"use": "nickname", "given": ["Addy"]}
        ],
        "multipleBirthInteger": 2, "deceasedBoolean": false,
        "extension": [{"url": "urn:d", "valueDecimal": decimal}]
    });
    for (expression, expected) in cases {
        assert_eq!(&shown(expression, &patient), expected, "{expression}");
    }
}

#[test]
fn literals() {
    all(&[
        ("{}", ""),
        ("true", "true"),
        ("12", "12"),
        ("1.20", "1.20"),
        ("'a\\'b\\u0041\\n'", "'a'bA\n'"),
        ("@2020-02", "@2020-02"),
        ("@2020-02-03T04:05:06.7+01:00", "@2020-02-03T04:05:06.7+01:00"),
        ("@2020T", "@2020"),
        ("@T10:30", "@10:30"),
        ("4 days", "4 'day'"),
        ("1.5 'mg'", "1.5 'mg'"),
        ("%ucum", "'http://unitsofmeasure.org'"),
        ("%sct", "'http://snomed.info/sct'"),
        ("%loinc", "'http://loinc.org'"),
        ("%\"vs-a\"", "'http://hl7.org/fhir/ValueSet/a'"),
        ("%`ext-a`", "'http://hl7.org/fhir/StructureDefinition/a'"),
        ("%resource.id & %rootResource.id & %context.id", "'ppp'"),
        ("1 // the rest\n + /* 2 */ 3", "4"),
    ]);
}

#[test]
fn faults_when_read_name_the_place() {
    for (expression, at) in [
        ("name.exists(", 12),
        ("name.nonsense()", 5),
        ("(a", 2),
        ("a b", 2),
        ("'open", 0),
        ("%unknown", 0),
        ("a.matches('(')", 2),
        ("a.matches('(?=x)')", 2),
        ("a is", 4),
        ("$that", 0),
        ("@2020-13", 0),
        ("count(1)", 0),
        ("", 0),
        ("1 +", 3),
        ("a ? b", 2),
    ] {
        let fault = Expression::parse(expression).unwrap_err();
        assert_eq!(fault.at, at, "{expression}: {fault}");
    }
}

#[test]
fn what_is_too_large_to_read_is_refused() {
    for expression in [
        format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        "-".repeat(10_000),
        vec!["a"; 5_000].join("."),
        vec!["true"; 1_000].join(" or "),
        format!("'{}'", "x".repeat(20_000)),
        format!("a.matches('{}')", "x".repeat(4_000)),
        "a.matches('(((a{100}){100}){100}){100}')".to_owned(),
    ] {
        assert!(Expression::parse(&expression).is_err(), "{} bytes", expression.len());
    }
}

#[test]
fn operators_bind_as_the_grammar_says() {
    all(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("-1 + 2", "1"),
        ("10 - 2 - 3", "5"),
        ("1 | 2 = 1 | 2", "true"),
        ("1 + 1 in (2 | 3)", "true"),
        ("1 < 2 = true", "true"),
        ("false and false or true", "true"),
        ("true or true and false", "true"),
        ("false implies false implies false", "false"),
        ("true xor true or true", "true"),
        ("1 > 0 and 'a' = 'a'", "true"),
        ("1 is Integer and true", "true"),
        ("'a' & 'b' = 'ab'", "true"),
        ("name.given.first() = 'Ada' and active", "true"),
    ]);
}

#[test]
fn logic_of_three_values() {
    all(&[
        ("true and {}", ""),
        ("false and {}", "false"),
        ("{} and false", "false"),
        ("{} and {}", ""),
        ("true or {}", "true"),
        ("{} or true", "true"),
        ("false or {}", ""),
        ("{} or false", ""),
        ("{} xor true", ""),
        ("true xor false", "true"),
        ("{} implies true", "true"),
        ("{} implies false", ""),
        ("false implies {}", "true"),
        ("true implies {}", ""),
        ("{}.not()", ""),
        ("false.not()", "true"),
        ("'text' and true", "true"),
        ("(1 | 2) and true", "! a condition takes one item, and there are several"),
    ]);
}

#[test]
fn equality_and_order() {
    all(&[
        ("1 = 1.0", "true"),
        ("1 != 2", "true"),
        ("'a' = 'A'", "false"),
        ("'a b' ~ 'A  B'", "true"),
        ("{} = {}", ""),
        ("{} ~ {}", "true"),
        ("1 ~ {}", "false"),
        ("1 !~ 2", "true"),
        ("(1 | 2) = (1 | 2)", "true"),
        ("(1 | 2) = (2 | 1)", "false"),
        ("(1 | 2) ~ (2 | 1)", "true"),
        ("(1 | 2) = 1", "false"),
        ("1 = 'a'", "false"),
        ("1.1 ~ 1.12", "true"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("100000000000000000.01 < 100000000000000000.02", "true"),
        ("'a' < 'b'", "true"),
        ("1 < 'b'", "! a comparison does not take items of this kind"),
        ("{} < 1", ""),
        ("1 'mg' < 2 'mg'", "true"),
        ("1 'mg' < 2 'g'", ""),
        ("1 'mg' = 1 'g'", ""),
        ("7 days = 7 'd'", "true"),
        ("extension.value = 1.1", "true"),
        ("extension.value.toString()", "'1.10'"),
        ("name.first() = name.first()", "true"),
        ("name.first() = name.last()", "false"),
        ("2 in (1 | 2)", "true"),
        ("(1 | 2) contains 3", "false"),
        ("{} in (1 | 2)", ""),
    ]);
}

#[test]
fn dates_are_compared_as_far_as_they_are_known() {
    all(&[
        ("@2020 = @2020-01", ""),
        ("@2020 < @2021-01", "true"),
        ("@2020-01 <= @2020-01-05", ""),
        ("@2020-01-01 = @2020-01-01", "true"),
        ("@2020-01-01 ~ @2020-01", "false"),
        ("@2020-01-01T10:00:00Z = @2020-01-01T11:00:00+01:00", "true"),
        ("@2020-01-01T10:00:00Z < @2020-01-01T10:00:00-01:00", "true"),
        ("@2020-01-01T10:00:00 = @2020-01-01T10:00:00Z", ""),
        ("@2020-01-01T10:00:00.0Z = @2020-01-01T10:00:00Z", "true"),
        ("@T10:00 < @T10:30", "true"),
        ("@T10 = @T10:30", ""),
        ("@2020-01-01 = @T10:00", ""),
        ("birthDate < @1975-01", "true"),
        ("birthDate <= @1974-12-25", ""),
        ("birthDate < today()", "true"),
        ("birthDate.extension.value < now()", "true"),
        ("@2020-02-29 + 1 year", "@2021-02-28"),
        ("@2020-01-31 + 1 month", "@2020-02-29"),
        ("@2020-03-01 - 1 day", "@2020-02-29"),
        ("@T23:00 + 2 hours", ""),
    ]);
}

#[test]
fn arithmetic() {
    all(&[
        ("7 div 2", "3"),
        ("7 mod 2", "1"),
        ("1 / 2", "0.5"),
        ("1 / 0", ""),
        ("1 div 0", ""),
        ("-7 div 2", "-3"),
        ("2 * 1.50", "3.00"),
        ("1 + {}", ""),
        ("'a' + 'b'", "'ab'"),
        ("'a' + {}", ""),
        ("'a' & {}", "'a'"),
        ("1 + 'a'", "! arithmetic does not take items of this kind"),
        ("9223372036854775807 + 1", "! a number is too large to reckon with exactly"),
        ("1 'mg' + 2 'mg'", "3 'mg'"),
        ("-(1.5)", "-1.5"),
    ]);
}

#[test]
fn elements_choices_and_types() {
    all(&[
        ("name.given", "\"Ada\", (no value), \"Addy\""),
        ("name.given.id", "\"g2\""),
        ("Patient.name.family", "\"Ash\""),
        ("Resource.id", "\"p\""),
        ("Observation.id", ""),
        ("multipleBirth", "2"),
        ("multipleBirth is integer", "true"),
        ("deceased", "false"),
        ("deceased is Boolean", "true"),
        ("deceased is System.Boolean", "false"),
        ("deceased is FHIR.boolean", "true"),
        ("active is boolean", "true"),
        ("gender is code", "true"),
        ("gender is string", "true"),
        ("gender.ofType(date)", ""),
        ("birthDate.extension.value as dateTime", "\"1974-12-25T14:35:45-05:00\""),
        ("birthDate.hasValue()", "true"),
        ("name.given[1].hasValue()", "false"),
        ("name[1].given", "\"Addy\""),
        ("name[9]", ""),
        ("$this.is(Patient)", "true"),
        ("is(DomainResource)", "true"),
        ("1 is System.Integer", "true"),
        ("1 is FHIR.integer", "false"),
        ("extension('urn:d').value", "1.10"),
        ("extension('urn:none')", ""),
        ("name.select($index)", "0, 1"),
        ("name.given.aggregate($total + 1, 0)", "3"),
        ("nothing.at.all", ""),
    ]);
}
