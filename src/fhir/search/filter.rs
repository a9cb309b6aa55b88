//! One search parameter with the values that it was given, and whether a resource has one of them.

use serde_json::Value;

use super::dates::{Comparator, Period, date, period};

/// How what stands in a resource is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `code`, `system|code`, `|code` or `system|`: codes, codings, concepts, identifiers, booleans.
    Token,
    /// `code` or `system|code` of an element of type `code`: the code system that FHIR binds it to, which stands in no
    /// resource, and has all codes that it may have.
    Code(&'static str),
    /// `Type/id`, `id`, or the address of the resource here.
    Reference(&'static [&'static str]),
    /// A date with or without a prefix.
    Date,
    /// The beginning of a text, in any case.
    Text,
}

impl Test {
    /// The FHIR type of a parameter that compares in this way.
    #[must_use]
    pub const fn type_word(self) -> &'static str {
        match self {
            Self::Token | Self::Code(_) => "token",
            Self::Reference(_) => "reference",
            Self::Date => "date",
            Self::Text => "string",
        }
    }
}

/// A search parameter of one kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the query, as in `status` or `patient:identifier`.
    pub name: &'static str,
    /// How it compares.
    pub test: Test,
    /// Where it looks: names of fields with a slash between; lists are gone through.
    pub places: &'static [&'static str],
}

/// A parameter with its values: one of them has to fit.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Which.
    pub parameter: &'static Parameter,
    /// The values as they were given, commas parted.
    pub values: Vec<String>,
    /// The values of a date, understood.
    pub dates: Vec<(Comparator, Period)>,
}

/// Why a value is not understood; the value itself is not told.
pub(super) type Wrong = &'static str;

/// What a search is read by.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    /// The address under which resources stand here.
    pub base: &'a str,
    /// Whether a code system has a code.
    pub has_code: &'a (dyn Fn(&str, &str) -> bool + Sync),
}

impl std::fmt::Debug for Here<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Reads what was given for a parameter.
pub fn read(parameter: &'static Parameter, given: &str, here: Here<'_>) -> Result<Filter, Wrong> {
    if given.contains('\\') {
        return Err("Escaped characters are not taken here.");
    }
    let mut values: Vec<String> = given.split(',').map(str::to_owned).collect();
    if values.iter().any(String::is_empty) {
        return Err("A value is empty.");
    }
    let mut dates = Vec::new();
    match parameter.test {
        Test::Date => {
            for value in &values {
                dates.push(date(value).ok_or(
                    "A date is needed, whole or in part, with eq, ge, le, gt, lt or no prefix; with a time also an \
                     offset.",
                )?);
            }
        }
        Test::Reference(targets) => {
            for value in &mut values {
                *value = reference(value, targets, here.base)
                    .ok_or("A reference is Type/id or id, to something that this parameter can refer to.")?;
            }
        }
        Test::Code(system) => {
            for value in &mut values {
                *value = code(value, system, here)?;
            }
        }
        Test::Token | Test::Text => {}
    }
    Ok(Filter { parameter, values, dates })
}

/// The code alone; of `system|`, which every code fits, that.
fn code(given: &str, own: &str, here: Here<'_>) -> Result<String, Wrong> {
    let (system, code) = given.split_once('|').unwrap_or((own, given));
    if !system.is_empty() && system != own {
        return Err(
            "This element has codes of one system, and another one is asked for. Leave the system out.",
        );
    }
    if code.is_empty() && !system.is_empty() {
        return Ok(format!("{own}|"));
    }
    if (here.has_code)(own, code) {
        return Ok(code.to_owned());
    }
    Err("This is no code that this element can have in FHIR R4.")
}

/// `Type/id` of what is referred to; where only one type can be, its name may be left out.
fn reference(given: &str, targets: &[&str], base: &str) -> Option<String> {
    let relative = given.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(given);
    match (relative.split_once('/'), targets) {
        (Some((kind, id)), _) if targets.contains(&kind) && is_id(id) => Some(relative.to_owned()),
        (None, [only]) if is_id(relative) => Some(format!("{only}/{relative}")),
        _ => None,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

impl Filter {
    /// Whether `resource` has one of the values at one of the places.
    #[must_use]
    pub fn fits(&self, resource: &Value) -> bool {
        self.parameter.places.iter().any(|place| {
            let mut found = false;
            at(resource, place, &mut |value| found = found || self.one_fits(value));
            found
        })
    }

    fn one_fits(&self, value: &Value) -> bool {
        match self.parameter.test {
            Test::Token => self.values.iter().any(|asked| token(value, asked)),
            Test::Code(_) => value
                .as_str()
                .is_some_and(|there| self.values.iter().any(|asked| asked == there || asked.ends_with('|'))),
            Test::Reference(_) => value
                .get("reference")
                .and_then(Value::as_str)
                .is_some_and(|there| self.values.iter().any(|asked| asked == there)),
            Test::Date => value
                .as_str()
                .and_then(period)
                .is_some_and(|there| self.dates.iter().any(|(how, asked)| there.fits(*how, *asked))),
            Test::Text => value.as_str().is_some_and(|there| {
                let there = there.to_lowercase();
                self.values.iter().any(|asked| there.starts_with(&asked.to_lowercase()))
            }),
        }
    }
}

/// Calls `found` with everything at `place`, going through lists.
fn at(value: &Value, place: &str, found: &mut impl FnMut(&Value)) {
    match (value, place.split_once('/')) {
        (Value::Array(items), _) => items.iter().for_each(|item| at(item, place, found)),
        (_, None) if place.is_empty() => found(value),
        (Value::Object(fields), Some((first, rest))) => {
            if let Some(below) = fields.get(first) {
                at(below, rest, found);
            }
        }
        (Value::Object(fields), None) => {
            if let Some(below) = fields.get(place) {
                at(below, "", found);
            }
        }
        _ => {}
    }
}

/// Whether a code, coding, concept, identifier or boolean is the one that is asked for.
fn token(value: &Value, asked: &str) -> bool {
    let pair = |system: Option<&Value>, code: Option<&Value>| {
        let (system, code) = (text(system), text(code));
        match asked.split_once('|') {
            None => code == Some(asked),
            Some((wanted, "")) => system == Some(wanted),
            Some((wanted, asked)) => system.unwrap_or_default() == wanted && code == Some(asked),
        }
    };
    match value {
        Value::String(code) => asked.strip_prefix('|').unwrap_or(asked) == code,
        Value::Bool(yes) => asked == if *yes { "true" } else { "false" },
        Value::Object(fields) => match fields.get("coding") {
            Some(codings) => {
                let codings = codings.as_array().map_or(&[][..], Vec::as_slice);
                codings.iter().any(|coding| pair(coding.get("system"), coding.get("code")))
            }
            None => pair(fields.get("system"), fields.get("code").or_else(|| fields.get("value"))),
        },
        _ => false,
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HERE: Here<'static> = Here {
        base: "https://gateway.test/fhir",
        has_code: &|system, code| system == "urn:status" && ["accepted", "on-hold"].contains(&code),
    };

    fn task() -> Value {
        json!({
            "resourceType": "Task",
            "id": "t-1",
            "status": "accepted",
            "businessStatus": {"coding": [{"system": "urn:ours", "code": "on-waiting-list"}]},
            "owner": {"reference": "Organization/cmht"},
            "basedOn": [{"reference": "ServiceRequest/s-1"}, {"reference": "ServiceRequest/s-2"}],
            "for": {"identifier": {"system": "urn:id", "value": "LD-1"}},
            "authoredOn": "2026-11-23T09:30:00.000Z",
            "active": true,
            "name": "Northgate custody",
        })
    }

    fn fits(test: Test, places: &'static [&'static str], given: &str) -> bool {
        let parameter = Box::leak(Box::new(Parameter { name: "p", test, places }));
        read(parameter, given, HERE).unwrap().fits(&task())
    }

    #[test]
    fn tokens_fit_codes_codings_identifiers_and_booleans() {
        for (place, yes, no) in [
            (&["status"], "accepted", "rejected"),
            (&["status"], "rejected,accepted", "accept"),
            (&["status"], "|accepted", "urn:x|accepted"),
            (&["businessStatus"], "on-waiting-list", "waiting"),
            (&["businessStatus"], "urn:ours|on-waiting-list", "urn:other|on-waiting-list"),
            (&["businessStatus"], "urn:ours|", "urn:|"),
            (&["for/identifier"], "urn:id|LD-1", "urn:id|LD-2"),
            (&["active"], "true", "false"),
        ] as [(&'static [&'static str; 1], _, _); 8]
        {
            assert!(fits(Test::Token, place, yes), "{yes}");
            assert!(!fits(Test::Token, place, no), "{no}");
        }
    }

    #[test]
    fn a_code_is_of_its_one_system_and_list_or_refused() {
        let test = Test::Code("urn:status");
        for yes in ["accepted", "urn:status|accepted", "|accepted", "urn:status|", "on-hold,accepted"] {
            assert!(fits(test, &["status"], yes), "{yes}");
        }
        for no in ["on-hold", "urn:status|on-hold"] {
            assert!(!fits(test, &["status"], no), "{no}");
        }
        let parameter: &'static Parameter =
            Box::leak(Box::new(Parameter { name: "status", test, places: &["status"] }));
        for wrong in ["nonsense", "urn:other|accepted", "urn:other|", "|", "accepted,nonsense", "Accepted"] {
            assert!(read(parameter, wrong, HERE).is_err(), "{wrong}");
        }
    }

    #[test]
    fn references_fit_in_every_spelling_of_here() {
        let to = Test::Reference(&["Organization"]);
        for yes in ["Organization/cmht", "cmht", "https://gateway.test/fhir/Organization/cmht", "a,cmht"] {
            assert!(fits(to, &["owner"], yes), "{yes}");
        }
        assert!(!fits(to, &["owner"], "Organization/cmh"));
        assert!(fits(Test::Reference(&["ServiceRequest"]), &["basedOn"], "s-2"));
        let parameter: &'static Parameter =
            Box::leak(Box::new(Parameter { name: "owner", test: to, places: &["owner"] }));
        for wrong in
            ["Patient/1", "https://elsewhere.test/fhir/Organization/cmht", "Organization/", "a b", "x/y/z"]
        {
            assert!(read(parameter, wrong, HERE).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_and_texts_fit() {
        assert!(fits(Test::Date, &["authoredOn"], "ge2026-11-23"));
        assert!(fits(Test::Date, &["authoredOn"], "lt2020,2026-11"));
        assert!(!fits(Test::Date, &["authoredOn"], "gt2026-11-23"));
        assert!(fits(Test::Text, &["name"], "northGATE"));
        assert!(!fits(Test::Text, &["name"], "custody"));
        assert!(!fits(Test::Text, &["nothing/there"], "custody"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let date: &'static Parameter =
            Box::leak(Box::new(Parameter { name: "d", test: Test::Date, places: &[] }));
        for wrong in ["ne2026", "2026-02-30", "", "2026,", "2026\\,1"] {
            assert!(read(date, wrong, HERE).is_err(), "{wrong}");
        }
    }
}
