//! What a search asks for, read from its parameters: all of it understood, or said what was not.

use super::kinds::{Kind, PATIENT, RESULT_PARAMETERS, Source};
use crate::{
    clock::Moment,
    exchange::refusal::{Issue, Refusal, Refused},
    fhir::search::{self, Comparator, Filter, Here},
    limits,
};

/// What FHIR calls the person in parameters of one kind or another.
const PERSON_NAMES: [&str; 5] = ["patient", "subject", "for", "entity-name", "_has"];
/// Parameters of FHIR for every kind that are not offered, and can be told by their names.
const NOT_OFFERED: [&str; 14] = [
    "_summary",
    "_elements",
    "_total",
    "_revinclude",
    "_contained",
    "_containedType",
    "_text",
    "_content",
    "_filter",
    "_list",
    "_query",
    "_security",
    "_tag",
    "_profile",
];

/// A search, understood.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) kind: &'static Kind,
    /// All have to fit.
    pub(super) filters: Vec<Filter>,
    /// By what the page is ordered; empty: no order of the kind's own.
    pub(super) sort: &'static str,
    /// Latest first.
    pub(super) backwards: bool,
    /// Most resources on the page.
    pub(super) count: usize,
    /// Where the references stand whose targets go with the page.
    pub(super) includes: Vec<&'static str>,
    /// What was not understood and not looked at.
    pub(super) told: Vec<Issue>,
    /// The parameters that count, for the link to this page and for those after it.
    pub(super) used: Vec<(String, String)>,
}

impl Asked {
    /// Reads the parameters. What is not known is refused when the caller wants it `strict`, and told otherwise. A
    /// value that is not understood is refused in any case, and so is a modifier: leaving it away would ask for
    /// something else.
    pub(super) fn read(
        kind: &'static Kind,
        pairs: &[(String, String)],
        strict: bool,
        here: Here<'_>,
    ) -> Result<Self, Refusal> {
        if pairs.len() > limits::SEARCH_PARAMETERS_MAX {
            let text = format!("A search takes at most {} parameters.", limits::SEARCH_PARAMETERS_MAX);
            return Err(refused("too-costly", "query", text));
        }
        let mut asked = Self {
            kind,
            filters: Vec::new(),
            sort: kind.sorts.first().copied().unwrap_or_default(),
            backwards: kind.sorts.first() != Some(&"_id"),
            count: limits::SEARCH_PAGE_DEFAULT,
            includes: Vec::new(),
            told: Vec::new(),
            used: Vec::new(),
        };
        for (at, (name, value)) in pairs.iter().enumerate() {
            if value.len() > limits::SEARCH_VALUE_MAX_BYTES {
                let text = format!("A value has at most {} bytes.", limits::SEARCH_VALUE_MAX_BYTES);
                return Err(refused("too-long", "query", text));
            }
            let again = pairs.iter().take(at).any(|(earlier, _)| earlier == name);
            asked.take(name, value, again, here)?;
        }
        if strict && !asked.told.is_empty() {
            return Err(Refusal::with_issues(Refused::BadRequest, asked.told));
        }
        for issue in &mut asked.told {
            issue.diagnostics.push_str(" It was not looked at.");
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &str, again: bool, here: Here<'_>) -> Result<(), Refusal> {
        let known = self.kind.parameters.iter().find(|parameter| parameter.name == name);
        let understood = match (name, known) {
            (_, Some(parameter)) => {
                let filter = search::read(parameter, value, here)
                    .map_err(|text| refused("value", parameter.name, text.to_owned()))?;
                if filter.values.len() > limits::SEARCH_VALUES_MAX {
                    let text = format!("At most {} values, parted by commas.", limits::SEARCH_VALUES_MAX);
                    return Err(refused("too-long", parameter.name, text));
                }
                self.filters.push(filter);
                true
            }
            ("_count" | "_sort" | "_format", None) if again => {
                return Err(refused("value", "query", format!("{name} stands twice.")));
            }
            ("_count", None) => {
                let count = value.parse::<usize>().ok().filter(|count| *count > 0);
                let count =
                    count.ok_or_else(|| refused("value", "_count", "A whole number above 0.".to_owned()))?;
                self.count = count.min(limits::SEARCH_PAGE_MAX);
                self.used.push((name.to_owned(), self.count.to_string()));
                return Ok(());
            }
            ("_sort", None) => self.order(value),
            ("_include", None) => self.include(value),
            // Looked at where the answer is negotiated.
            ("_format", None) => return Ok(()),
            _ => {
                self.check_person(name)?;
                self.check_modifier(name)?;
                let supported = self.kind.query().join(", ");
                let named = NOT_OFFERED.into_iter().find(|known| *known == name).unwrap_or("query");
                self.tell(
                    named,
                    format!("A search parameter is not supported here. Supported: {supported}."),
                );
                false
            }
        };
        if understood {
            self.used.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    fn order(&mut self, value: &str) -> bool {
        let (backwards, name) = value.strip_prefix('-').map_or((false, value), |name| (true, name));
        let Some(sort) = self.kind.sorts.iter().find(|sort| **sort == name) else {
            let known = if self.kind.sorts.is_empty() { "none" } else { &self.kind.sorts.join(", ") };
            self.tell(
                "_sort",
                format!("This _sort is not supported here. Supported, each alone and with -: {known}."),
            );
            return false;
        };
        (self.sort, self.backwards) = (sort, backwards);
        true
    }

    /// `Task:owner`, or with its target's type, `Task:owner:Organization`.
    fn include(&mut self, value: &str) -> bool {
        let mut parts = value.split(':');
        let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (target, more) = (parts.next(), parts.next());
        let known = self.kind.includes.iter().find(|(known, _, to)| {
            *known == name
                && kind == self.kind.name
                && target.is_none_or(|named| named == *to)
                && more.is_none()
        });
        let Some((_, place, _)) = known else {
            let names: Vec<String> = self
                .kind
                .includes
                .iter()
                .map(|(name, _, to)| format!("{}:{name} ({to})", self.kind.name))
                .collect();
            let names = if names.is_empty() { String::from("none") } else { names.join(", ") };
            self.tell("_include", format!("This _include is not supported here. Supported: {names}."));
            return false;
        };
        if !self.includes.contains(place) {
            self.includes.push(place);
        }
        true
    }

    /// Whoever names a person, in whatever way, must not be answered about everybody.
    fn check_person(&self, name: &str) -> Result<(), Refusal> {
        let stem = name.split([':', '.']).next().unwrap_or_default();
        if !PERSON_NAMES.contains(&stem) {
            return Ok(());
        }
        if self.kind.source == Source::Log {
            let text =
                "Nobody is found here by who they are: name the Task, or the Consent, that it is about.";
            return Err(refused("not-supported", "query", text.to_owned()));
        }
        if self.kind.parameters.iter().any(|parameter| parameter.name == PATIENT) {
            let text =
                format!("Name the person by {PATIENT}=system|value; nothing else finds somebody here.");
            return Err(refused("not-supported", PATIENT, text));
        }
        Ok(())
    }

    /// Whether a person is named, or anything may be that is an identifier of one.
    pub(super) fn names_somebody(&self) -> bool {
        self.used.iter().any(|(name, _)| name == PATIENT || name == "identifier")
    }

    /// A modifier on a parameter that is known changes what is asked for: it cannot be left away.
    fn check_modifier(&self, name: &str) -> Result<(), Refusal> {
        let Some((stem, _)) = name.split_once([':', '.']) else { return Ok(()) };
        let known = |p: &str| p == stem || p.split(':').next() == Some(stem);
        if self.kind.parameters.iter().any(|p| known(p.name)) || RESULT_PARAMETERS.contains(&stem) {
            let text = "A modifier or chain of this parameter is not supported.";
            return Err(refused("not-supported", "query", text.to_owned()));
        }
        Ok(())
    }

    fn tell(&mut self, parameter: &'static str, text: String) {
        let issue = Issue::new("not-supported", parameter, text);
        if !self.told.contains(&issue) {
            self.told.push(issue);
        }
    }

    /// The filters under this name.
    pub(super) fn filters_on(&self, name: &str) -> impl Iterator<Item = &Filter> {
        self.filters.iter().filter(move |filter| filter.parameter.name == name)
    }

    /// The earliest and the latest moment that the search leaves for the time that has these names. What is shown has
    /// milliseconds: one second more on each side, and the filters themselves decide.
    pub(super) fn between(&self, names: &[&str]) -> (Moment, Moment) {
        const SLACK: i64 = 1_000;
        let (mut from, mut to) = (Moment(i64::MIN), Moment(i64::MAX));
        for filter in names.iter().flat_map(|name| self.filters_on(name)) {
            let [(comparator, period)] = filter.dates.as_slice() else { continue };
            let since = |at: Moment| Moment(at.0.saturating_sub(SLACK));
            let until = |at: Moment| Moment(at.0.saturating_add(SLACK));
            match comparator {
                Comparator::Equal => {
                    (from, to) = (from.max(since(period.start)), to.min(until(period.end)));
                }
                Comparator::AtLeast => from = from.max(since(period.start)),
                Comparator::After => from = from.max(since(period.end)),
                Comparator::AtMost => to = to.min(until(period.end)),
                Comparator::Before => to = to.min(until(period.start)),
            }
        }
        (from, to)
    }

    /// Whether a resource is what was asked for, but for the parameter `except`.
    pub(super) fn fits(&self, resource: &serde_json::Value, except: &str) -> bool {
        self.filters.iter().all(|filter| filter.parameter.name == except || filter.fits(resource))
    }
}

fn refused(code: &'static str, path: &str, text: String) -> Refusal {
    Refusal::new(Refused::BadRequest, code, path, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::rest::kinds::{AUDIT_EVENT, ORGANIZATION, PROVENANCE, TASK};

    const HERE: Here<'static> = Here {
        base: "https://gateway.test/fhir",
        has_code: &|_, code| ["accepted", "rejected"].contains(&code),
    };

    fn read(pairs: &[(&str, &str)], strict: bool) -> Result<Asked, Refusal> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Asked::read(&TASK, &pairs, strict, HERE)
    }

    #[test]
    fn what_is_known_is_understood() {
        let asked = read(
            &[
                ("status", "accepted,rejected"),
                ("_lastUpdated", "ge2026"),
                ("_lastUpdated", "lt2027"),
                ("_sort", "_lastUpdated"),
                ("_count", "5000"),
                ("_include", "Task:owner"),
                ("_include", "Task:focus:ServiceRequest"),
                ("_format", "application/fhir+json"),
            ],
            true,
        )
        .unwrap();
        assert_eq!((asked.filters.len(), asked.sort, asked.backwards), (3, "_lastUpdated", false));
        assert_eq!((asked.count, asked.includes.len()), (limits::SEARCH_PAGE_MAX, 2));
        assert!(asked.told.is_empty());
        let asked = read(&[], true).unwrap();
        assert_eq!(
            (asked.sort, asked.backwards, asked.count),
            ("authored-on", true, limits::SEARCH_PAGE_DEFAULT)
        );
    }

    #[test]
    fn what_is_not_known_is_told_or_refused_and_never_repeated() {
        for (name, value) in [
            ("secret-parameter", "1"),
            ("_summary", "true"),
            ("_sort", "secret-order"),
            ("_include", "Task:secret"),
            ("_include", "Patient:owner"),
            ("_include", "Task:owner:Patient"),
            ("_include", "Task:owner:Organization:secret"),
            ("_revinclude", "Provenance:target"),
            ("performer:Secret", "x"),
        ] {
            let asked = read(&[(name, value), ("status", "accepted")], false).unwrap();
            assert_eq!((asked.told.len(), asked.filters.len(), asked.used.len()), (1, 1, 1), "{name}");
            assert!(!asked.told[0].diagnostics.contains("ecret"), "{name}");
            let refusal = read(&[(name, value)], true).unwrap_err();
            assert_eq!(refusal.class, Refused::BadRequest, "{name}");
        }
    }

    #[test]
    fn what_would_ask_for_something_else_is_refused_in_any_case() {
        for (name, value) in [
            ("status:not", "accepted"),
            ("patient:missing", "true"),
            ("patient", "https://fhir.nhs.uk/Id/nhs-number|9990000018"),
            ("patient", "Patient/1"),
            ("patient.identifier", "9990000018"),
            ("patient:Patient.identifier", "9990000018"),
            ("subject", "Patient/1"),
            ("subject:identifier", "9990000018"),
            ("_has:Consent:patient:_id", "1"),
            ("owner.name", "x"),
            ("_include:iterate", "Task:owner"),
            ("authored-on", "ne2026"),
            ("authored-on", "yesterday"),
            ("owner", "Patient/1"),
            ("_count", "0"),
            ("_count", "many"),
            ("status", ""),
        ] {
            let refusal = read(&[(name, value)], false).unwrap_err();
            assert_eq!(refusal.class, Refused::BadRequest, "{name}={value}");
            assert!(!format!("{refusal:?}").contains("9990000018"));
        }
        assert_eq!(read(&[("_count", "1"), ("_count", "2")], false).unwrap_err().class, Refused::BadRequest);
        let many: Vec<(&str, &str)> = vec![("status", "accepted"); limits::SEARCH_PARAMETERS_MAX + 1];
        assert!(read(&many, false).is_err());
        let long = "a".repeat(limits::SEARCH_VALUE_MAX_BYTES + 1);
        assert!(read(&[("status", &long)], false).is_err());
        let values = vec!["a"; limits::SEARCH_VALUES_MAX + 1].join(",");
        assert!(read(&[("status", &values)], false).is_err());
    }

    #[test]
    fn the_log_is_not_searched_by_a_person_nor_answered_about_everybody() {
        for kind in [&AUDIT_EVENT, &PROVENANCE] {
            for name in [
                "patient",
                "patient:identifier",
                "patient.identifier",
                "subject",
                "entity-name",
                "_has:Consent:patient:_id",
            ] {
                let pairs = [(name.to_owned(), String::from("https://fhir.nhs.uk/Id/nhs-number|9990000018"))];
                for strict in [false, true] {
                    let refusal = Asked::read(kind, &pairs, strict, HERE).unwrap_err();
                    assert_eq!(refusal.class, Refused::BadRequest, "{} {name}", kind.name);
                    assert!(!format!("{refusal:?}").contains("9990000018"));
                }
            }
        }
    }

    #[test]
    fn the_parameters_of_a_kind_are_its_own() {
        let pairs = [(String::from("owner"), String::from("cmht"))];
        let asked = Asked::read(&ORGANIZATION, &pairs, false, HERE).unwrap();
        assert_eq!((asked.filters.len(), asked.told.len()), (0, 1));
    }
}
