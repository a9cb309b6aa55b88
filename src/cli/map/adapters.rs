//! Adapters on the command line: by name or from a file, against the forms of this build.

use std::{io::Read as _, path::Path};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::{
    assessment::Assessment,
    clock::{Clock as _, Moment, SystemClock},
    fhir::{Issue, locate},
    limits::{ADAPTER_MAX_BYTES, SITE_FILE_MAX_BYTES},
    mapping::site::{Adapted, Adapter, Form, Mistake, Told},
    profile::{Profiles, Schema},
};

/// The profiles, and the forms of the assessment among them.
pub(super) struct Bench {
    profiles: Profiles,
    forms: Vec<Form>,
    schemas: Vec<(String, Schema)>,
}

impl Bench {
    pub(super) fn compile() -> Result<Self> {
        let profiles = Profiles::compile().map_err(|why| anyhow!(why))?;
        let (mut forms, mut schemas) = (Vec::new(), Vec::new());
        for schema in Schema::ALL {
            if let Some(form) = profiles.document(schema).and_then(Form::read) {
                schemas.push((form.url().to_owned(), schema));
                forms.push(form);
            }
        }
        Ok(Self { profiles, forms, schemas })
    }

    /// Reads and checks an adapter.
    pub(super) fn adapter(&self, text: &str) -> Result<Adapter, Vec<Mistake>> {
        Adapter::compile(text, &self.forms)
    }

    /// What is wrong with an assessment that an adapter made, and what its sender would be told: as a submission asks, at
    /// the places of the form that it comes from.
    fn issues(&self, adapter: &Adapter, made: &Adapted) -> (Vec<Issue>, Vec<Issue>) {
        let schema = self.schemas.iter().find(|(url, _)| url == adapter.makes());
        let issues = schema.map(|(_, schema)| self.profiles.check(*schema, &made.value)).unwrap_or_default();
        if !issues.is_empty() {
            return (made.located(issues), Vec::new());
        }
        let assessment = Assessment::new(made.value.clone());
        let now = taken_as_now(&made.value);
        (made.located(assessment.contradictions(now)), made.located(assessment.warnings(now)))
    }

    /// What a file of a service becomes: a list with one object for each form, or what is wrong with all of it.
    pub(super) fn outcome(&self, adapter: &Adapter, input: &[u8]) -> Value {
        match adapter.run(input) {
            Err(told) => json!({ "refused": told.to_string() }),
            Ok(forms) => forms.into_iter().map(|form| self.one(adapter, form)).collect(),
        }
    }

    fn one(&self, adapter: &Adapter, form: Result<Adapted, Told>) -> Value {
        let made = match form {
            Ok(made) => made,
            Err(told) => return json!({ "refused": told.to_string() }),
        };
        let (issues, warnings) = self.issues(adapter, &made);
        if !issues.is_empty() {
            let issues: Vec<String> =
                issues.iter().map(|issue| format!("{}: {}", issue.path, issue.diagnostics)).collect();
            return json!({ "refused": issues.join(" ") });
        }
        let told = made.told.iter().map(|told| json!({ "place": told.place, "text": told.text }));
        let warned = warnings.iter().map(|issue| json!({ "place": issue.path, "text": issue.diagnostics }));
        let told: Vec<Value> = told.chain(warned).collect();
        let mut outcome = json!({ "assessment": made.value });
        if let Some(fields) = outcome.as_object_mut().filter(|_| !told.is_empty()) {
            fields.insert(String::from("told"), Value::Array(told));
        }
        outcome
    }
}

/// The moment at which an assessment is looked at: the latest of which it says that somebody was seen or that it was
/// made, so that a test says tomorrow what it says today. This clock's, where it says none.
fn taken_as_now(assessment: &Value) -> Moment {
    let stated = ["/assessed_at", "/pathway/seen_at"]
        .into_iter()
        .filter_map(|place| assessment.pointer(place).and_then(Value::as_str).and_then(Moment::from_rfc3339));
    stated.max().unwrap_or_else(|| SystemClock.now())
}

/// An adapter's file.
pub(super) fn read_text(file: &Path) -> Result<String> {
    String::from_utf8(read(file, ADAPTER_MAX_BYTES)?).context("is not UTF-8")
}

/// What a service sent.
pub(super) fn read_input(file: &Path) -> Result<Vec<u8>> {
    read(file, SITE_FILE_MAX_BYTES)
}

fn read(file: &Path, most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).context("cannot be opened")?;
    opened.take(most as u64 + 1).read_to_end(&mut bytes).context("cannot be read")?;
    if bytes.len() > most {
        bail!("is larger than {most} bytes");
    }
    Ok(bytes)
}

/// Mistakes as people read them: each with its line and a caret under the place.
pub(super) fn shown(file: &str, text: &str, mistakes: &[Mistake]) -> String {
    let one = |mistake: &Mistake| {
        let place = locate::place_of(text, &mistake.at);
        let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default().replace('\t', " ");
        let gutter = place.line.to_string().len().max(4);
        format!(
            "{file}:{row}:{column}  {what}\n{row:>gutter$} | {line}\n{pad:gutter$} | {pad:before$}{caret}",
            row = place.line,
            column = place.column,
            what = mistake.text,
            pad = "",
            before = place.column.saturating_sub(1),
            caret = "^".repeat(place.width),
        )
    };
    mistakes.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_right_is_refused_at_its_place_in_the_form_as_in_a_submission() {
        let bench = Bench::compile().expect("the profiles compile");
        let text = include_str!("../../../profiles/sites/mo-del/adapter.toml");
        let input = include_str!("../../../profiles/sites/mo-del/tests/01-danny.in.json");
        let adapter = bench.adapter(text).expect("it has no mistake");
        let outcome = |from: &str, to: &str| {
            assert!(input.contains(from));
            bench.outcome(&adapter, input.replace(from, to).as_bytes())[0]["refused"].clone()
        };
        // Eighteen on the day of the assessment, and a day less.
        assert_eq!(outcome("09/03/1988", "18/11/2008"), Value::Null);
        let refused = outcome("09/03/1988", "19/11/2008");
        let refused = refused.as_str().expect("it is refused");
        assert!(refused.starts_with("/client/dob: ") && refused.contains("under 18"), "{refused}");
        assert!(!refused.contains("2008"), "{refused}");
        let refused = outcome("1991/9000001U", "97/0000/00/123456K");
        assert!(refused.as_str().is_some_and(|text| text.starts_with("/client/pnc")), "{refused}");
    }
}
