//! A `StructureDefinition` as it was handed in: its head, and what it says about elements.

use serde_json::{Map, Value};

use super::{
    Context, DefinitionFault, Kind, StructureDefinition,
    change::{Change, list, text},
};
use crate::limits;

/// A definition before its snapshot is made.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Everything but the elements.
    pub(super) head: StructureDefinition,
    /// The differential; empty when there is none.
    pub(super) changes: Vec<Change>,
    /// The published snapshot, used only where there is no differential.
    pub(super) snapshot: Vec<Change>,
}

impl Source {
    /// Reads the resource.
    pub(super) fn read(fields: &Map<String, Value>, url: &str) -> Result<Self, DefinitionFault> {
        let wrong = |what: String| DefinitionFault::new(url, what);
        let kind = match text(fields, "kind").map_err(wrong)? {
            Some("primitive-type") => Kind::Primitive,
            Some("complex-type") => Kind::Complex,
            Some("resource") => Kind::Resource,
            Some("logical") => Kind::Logical,
            _ => {
                return Err(wrong(
                    "kind must be primitive-type, complex-type, resource or logical".to_owned(),
                ));
            }
        };
        let r#type =
            text(fields, "type").map_err(wrong)?.ok_or_else(|| wrong("type is missing".to_owned()))?;
        let base = text(fields, "baseDefinition").map_err(wrong)?.map(str::to_owned);
        let is_profile = text(fields, "derivation").map_err(wrong)? == Some("constraint");
        let mut head = StructureDefinition {
            url: url.to_owned(),
            version: text(fields, "version").map_err(wrong)?.unwrap_or_default().to_owned(),
            kind,
            is_abstract: fields.get("abstract") == Some(&Value::Bool(true)),
            r#type: r#type.to_owned(),
            base,
            is_profile,
            contexts: Vec::new(),
            context_invariants: Vec::new(),
            elements: Vec::new(),
        };
        for context in list(fields, "context").map_err(wrong)? {
            head.contexts.push(context_of(context).map_err(wrong)?);
        }
        for invariant in list(fields, "contextInvariant").map_err(wrong)? {
            head.context_invariants.extend(invariant.as_str().map(str::to_owned));
        }
        let changes = changes(fields, "differential", url)?;
        let snapshot = changes_unless(!changes.is_empty(), fields, url)?;
        if changes.is_empty() && snapshot.is_empty() && head.base.is_none() {
            return Err(wrong("there is neither a differential nor a snapshot nor a base".to_owned()));
        }
        Ok(Self { head, changes, snapshot })
    }
}

fn changes_unless(
    needless: bool,
    fields: &Map<String, Value>,
    url: &str,
) -> Result<Vec<Change>, DefinitionFault> {
    if needless { Ok(Vec::new()) } else { changes(fields, "snapshot", url) }
}

fn changes(fields: &Map<String, Value>, name: &str, url: &str) -> Result<Vec<Change>, DefinitionFault> {
    let Some(holder) = fields.get(name) else { return Ok(Vec::new()) };
    let wrong = |what: String| DefinitionFault::new(url, what);
    let holder = holder.as_object().ok_or_else(|| wrong(format!("{name} must be an object")))?;
    let elements = list(holder, "element").map_err(wrong)?;
    if elements.len() > limits::DEFINITION_ELEMENTS_MAX {
        let most = limits::DEFINITION_ELEMENTS_MAX;
        return Err(wrong(format!("{name} has more than {most} elements")));
    }
    let mut made: Vec<Change> = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let id = element.get("id").or_else(|| element.get("path")).and_then(Value::as_str);
        let change = Change::read(element, made.last(), url).map_err(|what| {
            wrong(what).at(&id.map_or_else(|| format!("{name}.element[{at}]"), str::to_owned))
        })?;
        made.push(change);
    }
    Ok(made)
}

fn context_of(context: &Value) -> Result<Context, String> {
    let fields = context.as_object().ok_or("context must be a list of objects")?;
    let expression = text(fields, "expression")?.ok_or("context.expression is missing")?.to_owned();
    match text(fields, "type")? {
        Some("element") => Ok(Context::Element(expression)),
        Some("extension") => Ok(Context::Extension(expression)),
        Some("fhirpath") => Ok(Context::FhirPath(expression)),
        _ => Err("context.type must be element, extension or fhirpath".to_owned()),
    }
}
