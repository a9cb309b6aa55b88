//! The site adapters of a gateway: those that are compiled in, and a service's own beside them. A form that is sent is read by
//! the one that it names.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use crate::{
    audit::{hex, merkle::sha256},
    limits,
    mapping::site::{Adapter, Form, Mistake, SHIPPED},
    profile::{Profiles, Schema},
};

/// The file of a service's own adapter, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFile {
    /// Where it stands, as people know it.
    pub file: String,
    /// The name of the folder that it lies in.
    pub folder: String,
    /// What it says.
    pub text: String,
}

/// Why a service's own adapter is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFault {
    /// The file or folder.
    pub file: String,
    /// What is wrong with it and what would be right.
    pub text: String,
}

impl AdapterFault {
    /// That this is wrong with that file or folder.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into() }
    }
}

impl fmt::Display for AdapterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.text)
    }
}

/// An adapter that forms can be read by.
#[derive(Clone, Debug)]
pub struct KnownAdapter {
    /// It.
    pub adapter: Adapter,
    /// SHA-256 of its file, in hex: a version is a name that people give, and this is what was there.
    pub sha256: String,
    /// Its file; `None` where it is compiled in.
    pub file: Option<String>,
}

/// Every adapter that a gateway knows, by name.
#[derive(Clone, Debug)]
pub struct Adapters {
    forms: Vec<Form>,
    known: BTreeMap<String, KnownAdapter>,
}

impl Adapters {
    /// Those that are compiled in.
    ///
    /// # Errors
    /// One of them has a mistake.
    pub fn built_in(profiles: &Profiles) -> Result<Arc<Self>, String> {
        static BUILT_IN: OnceLock<Result<Arc<Adapters>, String>> = OnceLock::new();
        BUILT_IN.get_or_init(|| Self::compile_built_in(profiles).map(Arc::new)).clone()
    }

    fn compile_built_in(profiles: &Profiles) -> Result<Self, String> {
        let documents = Schema::ALL.iter().filter_map(|schema| profiles.document(*schema));
        let mut adapters = Self { forms: documents.filter_map(Form::read).collect(), known: BTreeMap::new() };
        for site in SHIPPED {
            let file = format!("profiles/sites/{}/adapter.toml", site.name);
            let adapter =
                adapters.compile(site.adapter).map_err(|mistakes| shown(&file, site.adapter, &mistakes))?;
            let known = KnownAdapter { adapter, sha256: hash_of(site.adapter), file: None };
            adapters.known.insert(site.name.to_owned(), known);
        }
        Ok(adapters)
    }

    /// Reads and checks an adapter, and does not take it in.
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn compile(&self, text: &str) -> Result<Adapter, Vec<Mistake>> {
        Adapter::compile(text, &self.forms)
    }

    /// These, and a service's own beside them. Each has a name of its own: one that stood in the place of another would read
    /// forms by rules that their sender does not know.
    ///
    /// # Errors
    /// Everything that is wrong with any of them; none is taken in then.
    pub fn with(&self, files: &[AdapterFile]) -> Result<Self, Vec<AdapterFault>> {
        let (mut all, mut faults) = (self.clone(), Vec::new());
        if files.len() > limits::SITE_ADAPTERS_MAX {
            let text = format!(
                "at most {} adapters are taken in beside those that are compiled in",
                limits::SITE_ADAPTERS_MAX
            );
            return Err(vec![AdapterFault::new("sites.folders", text)]);
        }
        for file in files {
            match all.take_in(file) {
                Ok(()) => {}
                Err(text) => faults.push(AdapterFault::new(file.file.clone(), text)),
            }
        }
        if faults.is_empty() { Ok(all) } else { Err(faults) }
    }

    fn take_in(&mut self, file: &AdapterFile) -> Result<(), String> {
        let adapter = self.compile(&file.text).map_err(|mistakes| {
            let told = shown(&file.file, &file.text, &mistakes);
            format!("{} mistake(s)\n{told}", mistakes.len())
        })?;
        let name = adapter.name();
        if name != file.folder {
            return Err(format!(
                "the adapter is called {name}, and its folder {}: one name for both",
                file.folder
            ));
        }
        match self.known.get(name) {
            Some(KnownAdapter { file: None, .. }) => {
                return Err(format!(
                    "the adapter {name} is compiled in: choose a name of its own for this one"
                ));
            }
            Some(KnownAdapter { file: Some(other), .. }) => {
                return Err(format!("there are two adapters called {name}: the other is {other}"));
            }
            None => {}
        }
        let (name, sha256) = (name.to_owned(), hash_of(&file.text));
        self.known.insert(name, KnownAdapter { adapter, sha256, file: Some(file.file.clone()) });
        Ok(())
    }

    /// The adapter of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&KnownAdapter> {
        self.known.get(name)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &KnownAdapter> {
        self.known.values()
    }
}

fn hash_of(text: &str) -> String {
    hex(&sha256(text.as_bytes()))
}

/// Mistakes as people read them.
fn shown(file: &str, text: &str, mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| mistake.shown(file, text)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
#[path = "adapters_test.rs"]
mod tests;
