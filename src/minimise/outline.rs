//! The outline of the assessment: every place that its profile knows. Rules are written against it, so a path
//! that names nothing is an error when the rules are compiled, and `/**` means the fields that exist now.

use std::collections::BTreeMap;

use serde_json::Value;

/// Deepest nesting that a profile may have.
const DEPTH_MAX: usize = 16;

/// A place: a field of its own, a list, or a group of named places.
#[derive(Clone, Debug)]
pub enum Outline {
    /// A field of its own.
    Leaf,
    /// A list of these.
    List(Box<Outline>),
    /// Named places.
    Group(BTreeMap<String, Outline>),
}

impl Outline {
    /// Reads the outline of a JSON Schema. Every object must be closed.
    ///
    /// # Errors
    ///
    /// Which place is open, nested too deep, or refers to something that is not there.
    pub fn read(schema: &Value) -> Result<Self, String> {
        Self::at(schema, schema, "", 0)
    }

    fn at(root: &Value, schema: &Value, place: &str, depth: usize) -> Result<Self, String> {
        if depth > DEPTH_MAX {
            return Err(format!("the profile is nested too deep at {place}"));
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            let found = found.ok_or_else(|| format!("the profile refers to {target}, which is not there"))?;
            return Self::at(root, found, place, depth + 1);
        }
        if let Some(items) = schema.get("items") {
            return Ok(Self::List(Box::new(Self::at(root, items, &format!("{place}/*"), depth + 1)?)));
        }
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return match schema.get("type").and_then(Value::as_str) {
                Some("object" | "array") => Err(format!("the profile leaves {place} open")),
                _ => Ok(Self::Leaf),
            };
        };
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(format!("the profile leaves {place} open"));
        }
        let mut group = BTreeMap::new();
        for (name, field) in properties {
            group.insert(name.clone(), Self::at(root, field, &format!("{place}/{name}"), depth + 1)?);
        }
        Ok(Self::Group(group))
    }

    /// The shapes of all leaves below here: pointers with `*` for the places of a list.
    pub fn leaves(&self, shape: &str, into: &mut Vec<String>) {
        match self {
            Self::Leaf => into.push(shape.to_owned()),
            Self::List(item) => item.leaves(&format!("{shape}/*"), into),
            Self::Group(fields) => {
                for (name, field) in fields {
                    field.leaves(&format!("{shape}/{name}"), into);
                }
            }
        }
    }
}
