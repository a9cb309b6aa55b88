//! What is wrong with one file, for people: each finding with its place, a caret under it, and the rule.

use std::fmt::Write as _;

use crate::{
    cli::print::printable,
    fhir::{
        json,
        locate::{Place, locate, locate_byte, locate_name},
    },
    profile::{Finding, Severity},
};

/// The rule of the finding that says that a document is no JSON, or not as it is read here.
pub(super) const NOT_JSON: &str = "json";

/// Most characters of a line that are shown; a document on one line is cut round the place.
const SHOWN_MAX_CHARS: usize = 96;
/// How many of them stand before the place.
const SHOWN_BEFORE_CHARS: usize = 40;

/// The findings of one file and a line that counts them. `text` is what the file holds.
pub(super) fn report(file: &str, text: &str, findings: &[Finding]) -> String {
    let mut told = String::new();
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = write!(told, "{}", one(file, text, finding));
    }
    told.push_str(&count(file, findings));
    told
}

/// Where a finding stands in the text: at a value, at the name of a field where no field may be of that name, or at the
/// byte where the text stops being JSON.
pub(super) fn place(text: &str, finding: &Finding) -> Place {
    if finding.rule == NOT_JSON
        && let Err(fault) = json::parse(text.as_bytes())
    {
        return locate_byte(text, fault.at);
    }
    let (kind, id) = finding.rule.split_once(' ').unwrap_or((&finding.rule, ""));
    let is_name = kind == "unknown" || (kind == "type" && id.ends_with("[x]"));
    let find = if is_name { locate_name } else { locate };
    find(text, &finding.pointer)
}

fn one(file: &str, text: &str, finding: &Finding) -> String {
    let place = place(text, finding);
    let gutter = place.line.to_string().len();
    let (line, before) = excerpt(text, &place);
    let caret = "^".repeat(place.width.min(SHOWN_MAX_CHARS.saturating_sub(before)).max(1));
    let severity = finding.severity.as_str();
    format!(
        "{severity}[{code}]: {diagnostics}\n\
         {pad:gutter$}--> {file}:{row}:{column}: {expression}\n\
         {pad:gutter$} |\n\
         {row:gutter$} | {line}\n\
         {pad:gutter$} | {pad:before$}{caret}{nearest}\n\
         {pad:gutter$} = rule: {rule} of {profile}\n\n",
        code = finding.code,
        // A package's words, keys and addresses are its author's.
        diagnostics = printable(&finding.diagnostics),
        pad = "",
        row = place.line,
        column = place.column,
        expression = printable(&finding.expression),
        nearest = if place.is_exact { "" } else { " in here" },
        rule = printable(&finding.rule),
        profile =
            if finding.profile.is_empty() { String::from("Keyway") } else { printable(&finding.profile) },
    )
}

/// The line of a place as it can be shown, and how many characters of it stand before the place.
fn excerpt(text: &str, place: &Place) -> (String, usize) {
    let line = text.split('\n').nth(place.line.saturating_sub(1)).unwrap_or_default();
    let count = line.chars().count();
    let before = place.column.saturating_sub(1);
    if count <= SHOWN_MAX_CHARS {
        return (printable(line), before);
    }
    let from = before.saturating_sub(SHOWN_BEFORE_CHARS);
    let cut: String = line.chars().skip(from).take(SHOWN_MAX_CHARS).collect();
    let mut shown = printable(&cut);
    if from + SHOWN_MAX_CHARS < count {
        shown.push('…');
    }
    if from > 0 { (format!("…{shown}"), before - from + 1) } else { (shown, before) }
}

fn count(file: &str, findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, notes) = (of(Severity::Error), of(Severity::Warning), of(Severity::Information));
    let verdict = match errors {
        0 if findings.iter().any(Finding::is_of_the_unchecked) => "NOT WHOLLY CHECKED, no error found",
        0 => "valid",
        _ => "NOT valid",
    };
    format!("{file}: {verdict} ({errors} errors, {warnings} warnings, {notes} notes)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(pointer: &str) -> Finding {
        Finding {
            severity: Severity::Error,
            code: "value",
            expression: String::from("Patient.birthDate"),
            pointer: pointer.to_owned(),
            diagnostics: String::from("This is no date of the calendar. Write one as in 2026-11-23."),
            profile: String::from("http://hl7.org/fhir/StructureDefinition/date|4.0.1"),
            rule: String::from("format Patient.birthDate"),
        }
    }

    #[test]
    fn a_caret_stands_under_the_place_with_the_rule_and_what_would_be_right() {
        let text = "{\n  \"resourceType\": \"Patient\",\n  \"birthDate\": \"2026-02-30\"\n}\n";
        insta::assert_snapshot!(report("patient.json", text, &[finding("/birthDate")]), @r#"
        error[value]: This is no date of the calendar. Write one as in 2026-11-23.
         --> patient.json:3:16: Patient.birthDate
          |
        3 |   "birthDate": "2026-02-30"
          |                ^^^^^^^^^^^^
          = rule: format Patient.birthDate of http://hl7.org/fhir/StructureDefinition/date|4.0.1

        patient.json: NOT valid (1 errors, 0 warnings, 0 notes)
        "#);
    }

    #[test]
    fn a_caret_stands_under_a_name_that_no_field_may_have() {
        let text = "{\"resourceType\": \"Patient\",\n \"brithDate\": \"2026\", \"deceasedString\": \"x\"}";
        let carets = |rule: &str, pointer: &str| {
            let told = report("p.json", text, &[Finding { rule: rule.to_owned(), ..finding(pointer) }]);
            told.lines().nth(4).unwrap().to_owned()
        };
        assert_eq!(carets("unknown Patient", "/brithDate"), "  |  ^^^^^^^^^^^");
        assert_eq!(
            carets("type Patient.deceased[x]", "/deceasedString"),
            "  |                       ^^^^^^^^^^^^^^^^"
        );
        assert_eq!(carets("format Patient.birthDate", "/brithDate"), "  |               ^^^^^^");
    }

    #[test]
    fn a_caret_stands_under_the_key_that_stands_there_again() {
        let text = "{\"resourceType\": \"Patient\",\n \"id\": \"a\",\n \"id\": \"b\"}";
        let fault = json::parse(text.as_bytes()).unwrap_err();
        let found = Finding { rule: NOT_JSON.to_owned(), diagnostics: fault.text, ..finding(&fault.path) };
        let told = report("p.json", text, &[found]);
        assert!(
            told.contains("--> p.json:3:2:") && told.contains("3 |  \"id\": \"b\"}\n  |  ^^^^\n"),
            "{told}"
        );
    }

    #[test]
    fn a_document_that_is_not_wholly_checked_is_not_called_valid() {
        let unchecked =
            Finding { severity: Severity::Warning, rule: String::from("not-wholly-checked"), ..finding("") };
        let told = report("p.json", "{}", std::slice::from_ref(&unchecked));
        assert!(
            told.ends_with("p.json: NOT WHOLLY CHECKED, no error found (0 errors, 1 warnings, 0 notes)"),
            "{told}"
        );
        let told = report("p.json", "{}", &[unchecked, finding("")]);
        assert!(told.ends_with("p.json: NOT valid (1 errors, 1 warnings, 0 notes)"), "{told}");
    }

    #[test]
    fn what_is_missing_is_shown_at_what_it_is_missing_from() {
        let text = "{\"resourceType\": \"Patient\",\n \"name\": [{}]}";
        let told = report("p.json", text, &[finding("/name/0/family")]);
        assert!(told.contains("p.json:2:11:") && told.contains("^ in here"), "{told}");
    }

    #[test]
    fn a_document_on_one_line_is_cut_round_the_place() {
        let long = "x".repeat(400);
        let text = format!(r#"{{"a": "{long}", "birthDate": "2026-02-30", "b": "{long}"}}"#);
        let told = report("p.json", &text, &[finding("/birthDate")]);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() < 120), "{told}");
        let column = |line: &str, what: &str| line.split(what).next().unwrap().chars().count();
        assert_eq!(column(lines[3], "\"2026-02-30\""), column(lines[4], "^"), "{told}");
    }

    #[test]
    fn nothing_in_a_file_moves_the_cursor() {
        let text = "{\"a\": \"\u{1b}[2J\u{202e}x\", \"birthDate\": 1}";
        let told = report("p.json", text, &[finding("/birthDate")]);
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
    }

    #[test]
    fn nothing_of_a_package_moves_the_cursor() {
        let found = Finding {
            diagnostics: String::from("Say\u{1b}[2J so."),
            rule: String::from("own\u{1b}[1A-1"),
            profile: String::from("https://test.example/\u{202e}a"),
            ..finding("/birthDate")
        };
        let told = report("p.json", "{\"birthDate\": 1}", &[found]);
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
    }
}
