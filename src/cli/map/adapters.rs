//! Adapters on the command line: by name or from a file, against the forms of this build.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    app::App,
    assessment::Assessment,
    cli::{ConfigArg, print, shown},
    clock::{Clock as _, Moment, SystemClock},
    config::Config,
    exchange::adapters::Adapters,
    fhir::Issue,
    limits::{ADAPTER_MAX_BYTES, SITE_FILE_MAX_BYTES},
    mapping::site::{Adapted, Adapter, Form, Mistake, Told},
    profile::{Profiles, Schema},
};

/// Whose adapters, beside those that are compiled in.
#[derive(Clone, Debug, Args)]
pub(super) struct OwnAdapters {
    /// The settings whose [sites] folders hold adapters of your own. Without it: only those that are compiled in.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl OwnAdapters {
    /// The folders that the settings name; `None` when something is wrong with the settings, which is told.
    pub(super) fn folders(&self) -> Option<Vec<PathBuf>> {
        match &self.config {
            None => Some(Vec::new()),
            config => ConfigArg { config: config.clone() }.load().map(|config: Config| config.site_folders),
        }
    }
}

/// A form of a service in the place of an assessment.
#[derive(Clone, Debug, Args)]
pub(super) struct FormArgs {
    /// FILE is a form of your own: the adapter that reads it.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Which of several forms in FILE, from 1.
    #[arg(long = "form", value_name = "N", requires = "adapter")]
    which: Option<usize>,
    #[command(flatten)]
    own: OwnAdapters,
}

impl FormArgs {
    /// The assessment in `file`, or the one that its form becomes; `None` when there is none, which is told.
    pub(super) fn assessment(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        let Some(name) = &self.adapter else {
            return crate::cli::rehearsing::assessment(file).map(Some);
        };
        let Some(folders) = self.own.folders() else { return Ok(None) };
        let bench = Bench::with(&folders)?;
        let Some(known) = bench.adapters.get(name) else {
            let names: Vec<&str> = bench.adapters.all().map(|known| known.adapter.name()).collect();
            bail!("there is no adapter called {name}; there are {}", names.join(", "));
        };
        let input = read_input(file).with_context(|| shown(file))?;
        let outcome = bench.outcome(&known.adapter, &input);
        let forms = match &outcome {
            Value::Array(forms) => forms.as_slice(),
            whole => std::slice::from_ref(whole),
        };
        let which = match (self.which, forms.len()) {
            (None, 1) => Some(0),
            (None, many) => bail!("{} holds {many} forms: choose one by --form 1 to {many}", shown(file)),
            (Some(which), _) => which.checked_sub(1),
        };
        let Some(form) = which.and_then(|which| forms.get(which)) else {
            bail!("{} holds {} forms: --form is from 1", shown(file), forms.len());
        };
        if let Some(why) = form.get("refused").and_then(Value::as_str) {
            print::problem(why);
            return Ok(None);
        }
        for told in form.get("told").and_then(Value::as_array).into_iter().flatten() {
            let [place, text] =
                ["place", "text"].map(|name| told.get(name).and_then(Value::as_str).unwrap_or_default());
            print::problem(&format!("{place}: {text}"));
        }
        Ok(form.get("assessment").map(|assessment| assessment.to_string().into_bytes()))
    }
}

/// The profiles, and the adapters that make the forms of the assessment among them.
pub(super) struct Bench {
    profiles: Profiles,
    adapters: Arc<Adapters>,
    schemas: Vec<(String, Schema)>,
}

impl Bench {
    /// With the adapters that are compiled in.
    pub(super) fn compile() -> Result<Self> {
        Self::with(&[])
    }

    /// With those of these folders beside them.
    pub(super) fn with(folders: &[PathBuf]) -> Result<Self> {
        let adapters = App::site_adapters(folders)?;
        let profiles = Profiles::compile().map_err(|why| anyhow!(why))?;
        let form = |schema: &Schema| {
            Some((profiles.document(*schema).and_then(Form::read)?.url().to_owned(), *schema))
        };
        let schemas = Schema::ALL.iter().filter_map(form).collect();
        Ok(Self { profiles, adapters, schemas })
    }

    /// Reads and checks an adapter.
    pub(super) fn adapter(&self, text: &str) -> Result<Adapter, Vec<Mistake>> {
        self.adapters.compile(text)
    }

    /// A service's own adapters that were loaded.
    pub(super) fn own(&self) -> impl Iterator<Item = (&str, &Adapter)> {
        self.adapters.all().filter_map(|known| Some((known.file.as_deref()?, &known.adapter)))
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
