//! The catalogue against the sheets and the forms: nothing that may be on a sheet is without words.

use std::collections::BTreeSet;

use super::*;
use crate::sheet::{
    font::Fonts,
    words::{Form, LineWords, Words},
};

/// What a sheet names otherwise than the assessment.
const RENAMED: [(&str, &str); 7] = [
    ("/current_services", "/service_contact"),
    ("/recommendations", "/recommendation"),
    ("/risk_to_self", "/risk/to_self"),
    ("/risk_to_others", "/risk/to_others"),
    ("/risk_from_others", "/risk/from_others"),
    ("/contact", "/pathway"),
    ("/request", "/referrals/*"),
];
/// Made by the mapping, with codes of their own.
const MADE: [&str; 3] = ["/consent", "/disclosure", "/inReplyTo"];

/// A place of a schema, by names and `*`.
fn place<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').skip(1).try_fold(schema, |place, part| {
        let place = resolved(schema, place);
        if part == "*" { place.get("items") } else { place.get("properties")?.get(part) }
    })
}

fn resolved<'a>(schema: &'a Value, place: &'a Value) -> &'a Value {
    let target = place.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    target.map_or(place, |target| schema.pointer(target).unwrap())
}

fn codes_at(schema: &Value, path: &str) -> Vec<String> {
    let place = place(schema, path).map(|place| resolved(schema, place));
    let codes = place.and_then(|place| place.get("enum")).and_then(Value::as_array);
    codes.into_iter().flatten().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// A place of a sheet as the assessment has it.
fn in_assessment(path: &str) -> String {
    let mut snake = String::new();
    for letter in path.chars() {
        let in_number = snake.ends_with(|before: char| before.is_ascii_digit());
        if letter.is_ascii_uppercase() || (letter.is_ascii_digit() && !in_number) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    let renamed = RENAMED.iter().find_map(|(from, to)| Some(format!("{to}{}", snake.strip_prefix(from)?)));
    renamed.unwrap_or(snake)
}

fn leaves(schema: &Value, at: &Value, path: &str, found: &mut BTreeSet<String>) {
    let place = resolved(schema, at);
    if let Some(fields) = place.get("properties").and_then(Value::as_object) {
        for (name, field) in fields {
            leaves(schema, field, &format!("{path}/{name}"), found);
        }
    } else if let Some(items) = place.get("items") {
        leaves(schema, items, &format!("{path}/*"), found);
    } else {
        found.insert(path.to_owned());
    }
}

/// Every place that a line shows, with the table of its codes and its form.
fn shown(line: &LineWords, at: &str) -> Vec<(String, Option<String>, Option<Form>)> {
    if line.parts.is_empty() {
        return vec![(at.to_owned(), line.way.codes.clone(), line.way.form)];
    }
    let part = |part: &crate::sheet::words::PartWords| {
        (format!("{at}/{}", part.at), part.way.codes.clone(), part.way.form)
    };
    line.parts.iter().map(part).collect()
}

#[test]
fn every_field_of_a_sheet_has_its_line() {
    let words = Words::read().unwrap();
    for (id, schema) in SHEETS {
        let kind = words.sheet.iter().find(|kind| kind.id == id).unwrap();
        let schema: Value = serde_json::from_str(schema).unwrap();
        let mut missing = BTreeSet::new();
        leaves(&schema, &schema, "", &mut missing);
        assert!(missing.len() > 50, "{id}");
        let lines = words.section.iter().flat_map(|section| &section.line);
        for (at, ..) in lines.flat_map(|line| shown(line, &kind.place(&line.at))) {
            missing.remove(&at);
            missing.remove(&format!("{at}/*"));
        }
        for silent in &words.silent {
            missing.remove(&kind.place(silent));
        }
        assert!(missing.is_empty(), "{id}: {missing:?}");
    }
}

#[test]
fn every_code_that_a_sheet_may_hold_has_words() {
    let words = Words::read().unwrap();
    let assessment: Value = serde_json::from_str(ASSESSMENT).unwrap();
    let mut seen = 0_usize;
    for (id, schema) in SHEETS {
        let kind = words.sheet.iter().find(|kind| kind.id == id).unwrap();
        let schema: Value = serde_json::from_str(schema).unwrap();
        for line in words.section.iter().flat_map(|section| &section.line) {
            for (at, table, form) in shown(line, &kind.place(&line.at)) {
                if place(&schema, &at).is_none() {
                    continue;
                }
                let mut codes = codes_at(&schema, &at);
                if !MADE.iter().any(|made| at.starts_with(made)) {
                    codes.extend(codes_at(&assessment, &in_assessment(&at)));
                }
                let kind_of = place(&schema, &at).map(|place| resolved(&schema, place)["type"].clone());
                if kind_of == Some(json!("boolean")) {
                    codes.extend(["true", "false"].map(str::to_owned));
                }
                if codes.is_empty() || form.is_some() {
                    continue;
                }
                let table = table.unwrap_or_else(|| panic!("{id} {at} has codes and no table of words"));
                for code in codes {
                    let found = words.codes.get(&table).and_then(|table| table.get(&code));
                    assert!(found.is_some(), "{id} {at}: no words for {code} in {table}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 250, "only {seen} codes were looked for");
}

#[test]
fn no_form_has_a_code_where_a_place_of_a_sheet_is_not_found() {
    // Guards the test above: a renamed part would be passed over in silence.
    let assessment: Value = serde_json::from_str(ASSESSMENT).unwrap();
    for at in [
        "/riskToSelf/level",
        "/riskToOthers/alert",
        "/contact/point",
        "/request/urgency",
        "/recommendations/*/code",
        "/onwardReferrals/*/status",
        "/communication/reasonableAdjustments/*/code",
        "/substanceUse/withdrawalRisk/level",
        "/legal/statusCategory",
        "/vulnerabilities/*/category",
        "/housing/homelessWithin56Days",
        "/priorities/*/need",
    ] {
        assert!(!codes_at(&assessment, &in_assessment(at)).is_empty(), "{at}: {}", in_assessment(at));
    }
}

#[test]
fn what_the_catalogue_names_is_in_it() {
    let words = Words::read().unwrap();
    let mut notices: BTreeSet<&str> = BTreeSet::new();
    for source in [include_str!("../compose.rs"), include_str!("../fit.rs"), include_str!("../pdf.rs")] {
        notices.extend(source.split("notice(\"").skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert!(notices.len() > 10, "{notices:?}");
    for section in &words.section {
        notices.extend(section.absent.as_deref());
        for line in &section.line {
            notices.extend(line.absent.as_deref());
            assert!(line.absent_on.iter().all(|on| words.sheet.iter().any(|kind| kind.id == *on)));
            assert!(line.label.is_none() || line.joined || !line.at.ends_with("/*"), "a list has no label");
            for (at, table, _) in shown(line, &line.at) {
                assert!(table.is_none_or(|table| words.codes.contains_key(&table)), "{at}");
            }
        }
    }
    for notice in &notices {
        assert!(words.notices.contains_key(*notice), "{notice}");
    }
    let idle: Vec<&String> = words.notices.keys().filter(|name| !notices.contains(name.as_str())).collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
}

#[test]
fn the_font_has_every_letter_of_the_catalogue() {
    let fonts = Fonts::read().unwrap();
    let source = include_str!("../../../profiles/print/words.toml");
    let lacking: BTreeSet<char> = source.chars().filter(|l| *l != '\n' && !fonts.has(*l)).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
    for letters in ["ŵŷẃ ÿ łąćęńóśźż ăâîșț őű ğİış þðæ ʿ ’“” – €", "ЇїҐґЁё", "άΐ"]
    {
        assert!(letters.chars().all(|letter| fonts.has(letter)), "{letters}");
    }
}
