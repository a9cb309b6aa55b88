//! How the narrative says a code: in the words of `profiles/document/words.toml`, and in those of the printed sheets where the
//! two say the same.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::mapping::place::Place;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let here = toml::from_str::<Words>(include_str!("../../../profiles/document/words.toml"));
    let printed = toml::from_str::<Printed>(include_str!("../../../profiles/print/words.toml"));
    // A test holds that both are read; without them a code is said as it is.
    let (mut words, printed) = (here.unwrap_or_default(), printed.unwrap_or_default());
    for (name, table) in printed.codes {
        words.codes.entry(name).or_insert(table);
    }
    words
});
/// Places of codes that a service chooses itself: said as they are written, without hyphens.
const CHOSEN: &str = "service_type";

type Tables = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(rename = "version")]
    _version: u32,
    /// The table of each place, with `*` for every item of a list.
    at: BTreeMap<String, String>,
    codes: Tables,
}

#[derive(Debug, Default, Deserialize)]
struct Printed {
    codes: Tables,
}

/// The words for what stands at `place`: `text` itself where it is none of our codes.
pub(super) fn said<'t>(place: &Place<'_>, text: &'t str) -> Cow<'t, str> {
    let pointer = place.pointer();
    if pointer.ends_with(CHOSEN) {
        return Cow::Owned(text.replace('-', " "));
    }
    let is_item = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = pointer.split('/').map(|part| if is_item(part) { "*" } else { part }).collect();
    let table = WORDS.at.get(&parts.join("/")).and_then(|table| WORDS.codes.get(table));
    table.and_then(|table| table.get(text)).map_or(Cow::Borrowed(text), |words| Cow::Borrowed(words.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The codes that a place of the assessment may hold, by the place.
    fn codes(root: &Value, rule: &Value, at: &str, into: &mut BTreeMap<String, Vec<String>>) {
        let named = rule["$ref"].as_str().and_then(|named| root.pointer(named.trim_start_matches('#')));
        let rule = named.unwrap_or(rule);
        let listed = rule["enum"].as_array().into_iter().flatten();
        let listed: Vec<String> = listed.filter_map(|code| code.as_str().map(str::to_owned)).collect();
        if !listed.is_empty() {
            into.entry(at.to_owned()).or_default().extend(listed);
        }
        for (name, field) in rule["properties"].as_object().into_iter().flatten() {
            codes(root, field, &format!("{at}/{name}"), into);
        }
        if rule["items"].is_object() {
            codes(root, &rule["items"], &format!("{at}/*"), into);
        }
        for one in ["anyOf", "oneOf"].iter().filter_map(|name| rule[*name].as_array()).flatten() {
            codes(root, one, at, into);
        }
    }

    #[test]
    fn every_code_of_the_assessment_has_words_in_the_narrative() {
        let form: Value =
            serde_json::from_str(include_str!("../../../profiles/assessment/assessment.json")).unwrap();
        let mut listed = BTreeMap::new();
        codes(&form, &form, "", &mut listed);
        listed.remove("/profile");
        assert!(listed.len() > 60, "{}", listed.len());
        for (at, codes) in &listed {
            let table = WORDS.at.get(at).unwrap_or_else(|| panic!("{at} has codes and no table"));
            let table = WORDS.codes.get(table).unwrap_or_else(|| panic!("{at}: there is no table {table}"));
            for code in codes {
                let words = table.get(code).unwrap_or_else(|| panic!("{at}: no words for {code}"));
                assert!(!words.is_empty(), "{at} {code}");
            }
        }
        let stray: Vec<&String> = WORDS
            .at
            .keys()
            .filter(|at| !listed.contains_key(*at) && *at != "/communication/language")
            .collect();
        assert!(stray.is_empty(), "{stray:?}");
    }
}
