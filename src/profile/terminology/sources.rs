//! Code systems and value sets as they were handed in.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Terminology, Text,
    code_system::{Concept, Content, System},
    compile, table,
};
use crate::{limits, profile::definition::DefinitionFault};

/// A value set before it is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SetSource {
    pub(super) url: Text,
    pub(super) version: Text,
    pub(super) include: Vec<Part>,
    pub(super) exclude: Vec<Part>,
    /// A stated expansion that is whole: system and code.
    pub(super) expansion: Option<Vec<(Text, Text)>>,
}

/// One `include` or `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) system: Option<Text>,
    pub(super) codes: Vec<Text>,
    /// Property, operator, value.
    pub(super) filters: Vec<(Text, Text, Text)>,
    pub(super) imports: Vec<Text>,
}

/// What was handed in, by address and version.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(super) systems: BTreeMap<(Text, Text), Arc<System>>,
    pub(super) sets: BTreeMap<(Text, Text), SetSource>,
}

impl Sources {
    /// Those of base R4.
    pub(crate) fn base() -> Result<Self, DefinitionFault> {
        let systems = table::systems(include_str!("../../../profiles/r4/codes.txt"))?;
        let sets = table::sets(include_str!("../../../profiles/r4/valuesets.txt"))?;
        Ok(Self {
            systems: systems.into_iter().map(|s| ((s.url.clone(), s.version.clone()), Arc::new(s))).collect(),
            sets: sets.into_iter().map(|s| ((s.url.clone(), s.version.clone()), s)).collect(),
        })
    }

    /// Takes a `ValueSet` or a `CodeSystem`; `false` when there is one of the same address and version.
    pub(crate) fn add(
        &mut self,
        fields: &Map<String, Value>,
        kind: &str,
        url: &str,
    ) -> Result<bool, DefinitionFault> {
        let version = owned(fields.get("version").and_then(Value::as_str).unwrap_or_default());
        let key = (owned(url), version.clone());
        let wrong = |what: String| DefinitionFault::new(url, what);
        if kind == "CodeSystem" {
            if self.systems.contains_key(&key) {
                return Ok(false);
            }
            let system = system(fields, &key.0, version).map_err(wrong)?;
            self.systems.insert(key, Arc::new(system));
        } else {
            if self.sets.contains_key(&key) {
                return Ok(false);
            }
            let set = set(fields, &key.0, version).map_err(wrong)?;
            self.sets.insert(key, set);
        }
        Ok(true)
    }

    /// The address of each.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.systems.keys().chain(self.sets.keys()).map(|(url, _)| url.as_ref())
    }

    /// Makes them ready to be asked.
    pub(crate) fn compile(&self) -> Terminology {
        compile::all(self)
    }
}

fn owned(text: &str) -> Text {
    Cow::Owned(text.to_owned())
}

fn system(fields: &Map<String, Value>, url: &Text, version: Text) -> Result<System, String> {
    let content = fields.get("content").and_then(Value::as_str).and_then(Content::of);
    let content = content.ok_or("content must be complete, fragment, example, not-present or supplement")?;
    let case_sensitive = fields.get("caseSensitive") != Some(&Value::Bool(false));
    let mut concepts = Vec::new();
    // Each with the code above it; a list of its own, so that no depth of nesting is too deep.
    let mut open: Vec<(&Value, Option<&str>)> =
        top(fields, "concept")?.iter().rev().map(|c| (c, None)).collect();
    while let Some((value, parent)) = open.pop() {
        if concepts.len() >= limits::CODES_MAX {
            return Err(format!("there are more than {} codes", limits::CODES_MAX));
        }
        let fields = value.as_object().ok_or("concept must be a list of objects")?;
        let code = fields.get("code").and_then(Value::as_str).ok_or("a concept needs a code")?;
        let mut parents: Vec<Text> = parent.map(owned).into_iter().collect();
        for property in top(fields, "property")? {
            let named = property.get("code").and_then(Value::as_str);
            if matches!(named, Some("subsumedBy" | "parent"))
                && let Some(above) = property.get("valueCode").and_then(Value::as_str)
            {
                parents.push(owned(above));
            }
        }
        let words = top(fields, "designation")?.iter().filter_map(|d| d.get("value").and_then(Value::as_str));
        concepts.push(Concept {
            code: owned(code),
            display: owned(fields.get("display").and_then(Value::as_str).unwrap_or_default()),
            designations: words.map(owned).collect(),
            parents,
        });
        open.extend(top(fields, "concept")?.iter().rev().map(|child| (child, Some(code))));
    }
    Ok(System::new(url.clone(), version, content, case_sensitive, concepts))
}

fn set(fields: &Map<String, Value>, url: &Text, version: Text) -> Result<SetSource, String> {
    let mut made = SetSource { url: url.clone(), version, ..SetSource::default() };
    if let Some(compose) = fields.get("compose") {
        let compose = compose.as_object().ok_or("compose must be an object")?;
        made.include = parts(compose, "include")?;
        made.exclude = parts(compose, "exclude")?;
    }
    if let Some(expansion) = fields.get("expansion").and_then(Value::as_object) {
        made.expansion = expanded(expansion)?;
    }
    Ok(made)
}

fn parts(compose: &Map<String, Value>, name: &str) -> Result<Vec<Part>, String> {
    let mut made = Vec::new();
    for value in top(compose, name)? {
        let fields = value.as_object().ok_or_else(|| format!("compose.{name} must be a list of objects"))?;
        let mut part =
            Part { system: fields.get("system").and_then(Value::as_str).map(owned), ..Part::default() };
        for concept in top(fields, "concept")? {
            let code = concept.get("code").and_then(Value::as_str);
            part.codes.push(owned(code.ok_or_else(|| format!("compose.{name}.concept needs a code"))?));
        }
        for filter in top(fields, "filter")? {
            let field = |field: &str| {
                let text = filter.get(field).and_then(Value::as_str).map(owned);
                text.ok_or_else(|| format!("compose.{name}.filter.{field} is missing"))
            };
            part.filters.push((field("property")?, field("op")?, field("value")?));
        }
        part.imports.extend(top(fields, "valueSet")?.iter().filter_map(Value::as_str).map(owned));
        if part.system.is_none() && part.imports.is_empty() {
            return Err(format!("compose.{name} needs a system or a valueSet"));
        }
        made.push(part);
    }
    Ok(made)
}

/// The codes of an expansion; `None` when it is one page of several.
fn expanded(expansion: &Map<String, Value>) -> Result<Option<Vec<(Text, Text)>>, String> {
    let mut codes = Vec::new();
    let mut open: Vec<&Value> = top(expansion, "contains")?.iter().collect();
    while let Some(value) = open.pop() {
        if codes.len() >= limits::CODES_MAX {
            return Err(format!("there are more than {} codes", limits::CODES_MAX));
        }
        let fields = value.as_object().ok_or("expansion.contains must be a list of objects")?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        if let (Some(system), Some(code), false) =
            (text("system"), text("code"), fields.get("abstract") == Some(&Value::Bool(true)))
        {
            codes.push((owned(system), owned(code)));
        }
        open.extend(top(fields, "contains")?);
    }
    let total = expansion.get("total").and_then(Value::as_u64);
    let whole = total.is_none_or(|total| usize::try_from(total).is_ok_and(|total| total <= codes.len()));
    Ok((whole && !codes.is_empty()).then_some(codes))
}

/// A list that may be absent.
fn top<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], String> {
    match fields.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{name} must be a list")),
    }
}
