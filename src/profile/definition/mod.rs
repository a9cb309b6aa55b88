//! FHIR conformance resources as the validator reads them: base R4 from the tables of `profiles/r4`, our own from
//! `profiles/fhir`, and any that are added; each with a snapshot made from its differential.
//!
//! Not here: files and packages on disk (bytes are handed in), and what a definition means for a message.

mod built_in;
mod change;
mod fault;
mod merge;
mod message;
mod model;
pub(crate) mod names;
mod snapshot;
mod source;
mod table;
mod tree;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

pub use built_in::built_in_resources;
pub use fault::DefinitionFault;
pub use message::{MessageDefinition, MessageFocus};
pub use model::{
    Binding, Constraint, Context, Discriminator, Element, Kind, Rules, Slicing, Strength,
    StructureDefinition, TypeRef,
};
use serde_json::Value;

use self::{names::split_version, source::Source, table::Table};
use super::terminology::Sources;
use crate::limits;

/// The version of FHIR that the tables hold.
pub const R4_VERSION: &str = "4.0.1";

/// Every definition that is loaded, and the code systems and value sets beside them.
///
/// Definitions may be added in any order: a snapshot is made when it is asked for, and kept.
#[derive(Debug)]
pub struct Definitions {
    table: Table,
    added: BTreeMap<String, Vec<Added>>,
    count: usize,
    terminology: Sources,
    messages: Vec<MessageDefinition>,
    made: Mutex<HashMap<String, Made>>,
    /// Addresses that cannot be defined anew: those of base R4's code systems and value sets, and Keyway's own with their
    /// versions. (Base R4's structures are in `table`.)
    sealed: HashMap<String, Option<String>>,
}

#[derive(Debug)]
struct Added {
    source: Arc<Source>,
    from: String,
}

/// A snapshot, or why there is none.
#[derive(Clone, Debug)]
struct Made {
    result: Result<Arc<StructureDefinition>, DefinitionFault>,
    notes: Vec<String>,
}

/// What became of a resource that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A type, a profile or an extension.
    Structure,
    /// A value set or a code system.
    Terminology,
    /// What a kind of message is made of.
    Message,
    /// The same as one that is there already, or one that base R4 has.
    Again,
    /// A resource that the validator has no use for.
    Unused,
}

impl Definitions {
    /// Base R4 alone.
    pub fn base() -> Result<Self, DefinitionFault> {
        Ok(Self {
            table: Table::index(include_str!("../../../profiles/r4/structures.txt"))?,
            added: BTreeMap::new(),
            count: 0,
            terminology: Sources::base()?,
            messages: Vec::new(),
            made: Mutex::new(HashMap::new()),
            sealed: HashMap::new(),
        }
        .with_terminology_sealed())
    }

    /// A package may lay newer value sets of R4 beside ours, and means another version of FHIR by them.
    fn with_terminology_sealed(mut self) -> Self {
        self.sealed.extend(self.terminology.urls().map(|url| (url.to_owned(), None)));
        self
    }

    /// Base R4 and everything in `profiles/fhir`.
    pub fn built_in() -> Result<Self, DefinitionFault> {
        let mut made = Self::base()?;
        let mut own = Vec::new();
        for (from, text) in built_in_resources() {
            let resource: Value = serde_json::from_str(text)
                .map_err(|e| DefinitionFault::new("", format!("this is not JSON: {e}")).from(from))?;
            made.add(&resource, from)?;
            own.extend(head_of(&resource));
        }
        made.sealed.extend(own.into_iter().map(|(url, version)| (url, Some(version))));
        Ok(made)
    }

    /// Takes a conformance resource; `from` is the name of its file, for faults. What is no `StructureDefinition`,
    /// `ValueSet`, `CodeSystem` or `MessageDefinition` is of no use here and is not kept.
    pub fn add(&mut self, resource: &Value, from: &str) -> Result<Taken, DefinitionFault> {
        let nameless = |what: &str| DefinitionFault::new("", what).from(from);
        let fields = resource.as_object().ok_or_else(|| nameless("a resource must be an object"))?;
        let kind = fields
            .get("resourceType")
            .and_then(Value::as_str)
            .ok_or_else(|| nameless("a resource needs its resourceType"))?;
        if !matches!(kind, "StructureDefinition" | "ValueSet" | "CodeSystem" | "MessageDefinition") {
            return Ok(Taken::Unused);
        }
        let url = fields.get("url").and_then(Value::as_str).filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| nameless("url is missing: a definition is found by it"))?;
        if url.contains('|') {
            return Err(DefinitionFault::new(url, "url must be without a version").from(from));
        }
        match self.sealed.get(url) {
            None => {}
            // What base R4 has stays what it is, whichever version a package has of it.
            Some(None) => return Ok(Taken::Again),
            Some(Some(version)) if head_of(resource).is_some_and(|(_, other)| other == *version) => {
                return Ok(Taken::Again);
            }
            Some(Some(_)) => {
                let what = "Keyway defines this itself, and nothing else may define it anew";
                return Err(DefinitionFault::new(url, what).from(from));
            }
        }
        self.count += 1;
        if self.count > limits::DEFINITIONS_MAX {
            let most = limits::DEFINITIONS_MAX;
            return Err(
                DefinitionFault::new(url, format!("there are more than {most} definitions")).from(from)
            );
        }
        let taken = if kind == "StructureDefinition" {
            self.add_structure(fields, url, from)
        } else if kind == "MessageDefinition" {
            self.add_message(fields, url)
        } else {
            self.terminology
                .add(fields, kind, url)
                .map(|new| if new { Taken::Terminology } else { Taken::Again })
        };
        taken.map_err(|fault| fault.from(from))
    }

    /// Takes a file of a package by its bytes: a conformance resource as [`Self::add`] does, `None` for one that is no
    /// FHIR resource (`package.json`, an index). A file that is no JSON is a fault.
    pub fn add_file(&mut self, bytes: &[u8], from: &str) -> Result<Option<Taken>, DefinitionFault> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| DefinitionFault::new("", format!("this is not JSON: {e}")).from(from))?;
        if value.get("resourceType").is_none_or(|name| !name.is_string()) {
            return Ok(None);
        }
        self.add(&value, from).map(Some)
    }

    fn add_message(
        &mut self,
        fields: &serde_json::Map<String, Value>,
        url: &str,
    ) -> Result<Taken, DefinitionFault> {
        let read = MessageDefinition::read(fields, url)?;
        if self.messages.iter().any(|known| known.url == read.url && known.version == read.version) {
            return Ok(Taken::Again);
        }
        self.messages.push(read);
        Ok(Taken::Message)
    }

    /// What each kind of message is made of.
    #[must_use]
    pub fn messages(&self) -> &[MessageDefinition] {
        &self.messages
    }

    fn add_structure(
        &mut self,
        fields: &serde_json::Map<String, Value>,
        url: &str,
        from: &str,
    ) -> Result<Taken, DefinitionFault> {
        if self.table.has(url) {
            return Ok(Taken::Again);
        }
        if let Some(version) = fields.get("fhirVersion").and_then(Value::as_str)
            && !version.starts_with("4.0.")
        {
            let what = format!("it is for FHIR {version}; Keyway reads {R4_VERSION}");
            return Err(DefinitionFault::new(url, what));
        }
        let source = Source::read(fields, url)?;
        let known = self.added.entry(url.to_owned()).or_default();
        if let Some(same) = known.iter().find(|known| known.source.head.version == source.head.version) {
            let what = format!("there is another of the same version in {}", same.from);
            return Err(DefinitionFault::new(url, what));
        }
        known.push(Added { source: Arc::new(source), from: from.to_owned() });
        known.sort_by_key(|added| version_key(&added.source.head.version));
        self.made.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(Taken::Structure)
    }

    /// The definition of a canonical URL with every element in full. With `|version` that version only; without one,
    /// the latest. A fault when it is not loaded ([`DefinitionFault::is_unknown`]) or its snapshot cannot be made.
    pub fn get(&self, canonical: &str) -> Result<Arc<StructureDefinition>, DefinitionFault> {
        self.make(canonical, &mut Vec::new())
    }

    /// The definition of a type of FHIR, by its name: `Patient`, `HumanName`, `date`.
    pub fn of_type(&self, name: &str) -> Result<Arc<StructureDefinition>, DefinitionFault> {
        self.get(&snapshot::type_url(name))
    }

    /// Whether a definition of this canonical URL is loaded.
    #[must_use]
    pub fn has(&self, canonical: &str) -> bool {
        self.key(canonical).is_some()
    }

    /// The canonical URL of every definition that is loaded, without version, base R4 included.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.table.urls().chain(self.added.keys().map(String::as_str))
    }

    /// The canonical URL of every definition beside base R4, without version.
    pub fn added_urls(&self) -> impl Iterator<Item = &str> {
        self.added.keys().map(String::as_str)
    }

    /// The code systems and value sets, ready to be asked.
    #[must_use]
    pub fn terminology(&self) -> super::terminology::Terminology {
        self.terminology.compile()
    }

    /// Makes every snapshot beside base R4; gives the faults of those that cannot be made.
    #[must_use]
    pub fn make_all(&self) -> Vec<DefinitionFault> {
        let all = self.added.values().flatten();
        all.filter_map(|added| {
            let head = &added.source.head;
            let canonical = if head.version.is_empty() {
                head.url.clone()
            } else {
                format!("{}|{}", head.url, head.version)
            };
            self.get(&canonical).err().map(|fault| fault.from(&added.from))
        })
        .collect()
    }

    /// What is odd in the definitions whose snapshots were made, and no fault: a base that is not loaded, a widening
    /// that is not followed. Sorted.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes: Vec<String> = made.values().flat_map(|made| made.notes.iter().cloned()).collect();
        notes.sort();
        notes.dedup();
        notes
    }

    /// The name under which a snapshot is kept, and its source; `None` for the source: base R4.
    fn key(&self, canonical: &str) -> Option<(String, Option<&Added>)> {
        let (url, version) = split_version(canonical);
        if self.table.has(url) {
            return version.is_none_or(|version| version == R4_VERSION).then(|| (url.to_owned(), None));
        }
        let known = self.added.get(url)?;
        let added = match version {
            None => known.last(),
            Some(version) => known.iter().find(|added| added.source.head.version == version),
        }?;
        Some((format!("{url}|{}", added.source.head.version), Some(added)))
    }

    fn make(
        &self,
        canonical: &str,
        path: &mut Vec<String>,
    ) -> Result<Arc<StructureDefinition>, DefinitionFault> {
        let (key, added) = self.key(canonical).ok_or_else(|| DefinitionFault::unknown(canonical))?;
        if let Some(made) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return made.result.clone();
        }
        if path.contains(&key) {
            return Err(DefinitionFault::new(
                canonical,
                "it is derived from itself, or holds itself unfolded",
            ));
        }
        if path.len() >= limits::DEFINITION_DEPTH_MAX {
            let most = limits::DEFINITION_DEPTH_MAX;
            return Err(DefinitionFault::new(
                canonical,
                format!("it rests on more than {most} others in a row"),
            ));
        }
        path.push(key.clone());
        let mut notes = Vec::new();
        let result = match added {
            None => self
                .table
                .read(canonical_url(canonical))
                .unwrap_or_else(|| Err(DefinitionFault::unknown(canonical))),
            Some(added) => {
                self.derive(&added.source, path, &mut notes).map_err(|fault| fault.from(&added.from))
            }
        }
        .map(Arc::new);
        path.pop();
        // A resource or an extension of R4 is read again in no time; kept, all of them would be most of the memory.
        let seldom = added.is_none()
            && result.as_ref().is_ok_and(|made| made.is_profile || made.kind == Kind::Resource);
        // What failed only for the way by which it was reached is tried anew on another way.
        if (result.is_ok() || path.is_empty()) && !seldom {
            let made = Made { result: result.clone(), notes };
            self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made);
        }
        result
    }

    fn derive(
        &self,
        source: &Source,
        path: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> Result<StructureDefinition, DefinitionFault> {
        let head = &source.head;
        if source.changes.is_empty() && !source.snapshot.is_empty() {
            let mut made = head.clone();
            made.elements = source.snapshot.iter().cloned().map(change::Change::into_element).collect();
            return Ok(made);
        }
        let base = match &head.base {
            None => {
                return Err(DefinitionFault::new(&head.url, "it has a differential and no baseDefinition"));
            }
            Some(base) => match self.make(base, path) {
                Err(fault) if fault.is_unknown() && head.is_profile => {
                    notes.push(format!(
                        "{}: its base {base} is not loaded; the type {} is used in its place",
                        head.url, head.r#type
                    ));
                    self.make(&snapshot::type_url(&head.r#type), path)?
                }
                other => other?,
            },
        };
        if head.is_profile && base.r#type != head.r#type {
            let what = format!("its type is {}, and that of its base is {}", head.r#type, base.r#type);
            return Err(DefinitionFault::new(&head.url, what));
        }
        snapshot::make(source, &base, &mut |canonical| self.make(canonical, path), notes)
    }
}

fn canonical_url(canonical: &str) -> &str {
    split_version(canonical).0
}

/// Orders versions by their numbers: 1.10 is later than 1.9.
fn version_key(version: &str) -> Vec<(u64, String)> {
    version.split(['.', '-']).map(|part| (part.parse().unwrap_or(0), part.to_owned())).collect()
}

/// Address and version of a conformance resource.
fn head_of(resource: &Value) -> Option<(String, String)> {
    let text = |name: &str| resource.get(name).and_then(Value::as_str);
    Some((text("url")?.to_owned(), text("version").unwrap_or_default().to_owned()))
}

#[cfg(test)]
#[path = "definition_test.rs"]
mod tests;
