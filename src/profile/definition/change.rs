//! What a differential says about one element: only what it says, the rest stays as in the base.

use serde_json::{Map, Value};

use super::{
    Binding, Constraint, Discriminator, Element, Rules, Slicing, Strength, TypeRef,
    names::{Step, steps_of},
};

/// The greatest number; `None` is `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Most(pub(super) Option<u32>);

/// Constraints on one element. `None`: as in the base.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// The id, as stated or made from the path.
    pub(super) id: String,
    /// The steps below the root; empty on the root itself.
    pub(super) steps: Vec<Step>,
    pub(super) min: Option<u32>,
    pub(super) max: Option<Most>,
    pub(super) types: Vec<TypeRef>,
    pub(super) content_reference: Option<String>,
    pub(super) fixed: Option<Value>,
    pub(super) pattern: Option<Value>,
    pub(super) min_value: Option<Value>,
    pub(super) max_value: Option<Value>,
    pub(super) min_length: Option<u32>,
    pub(super) max_length: Option<u32>,
    pub(super) regex: Option<String>,
    pub(super) strength: Option<Strength>,
    pub(super) value_set: Option<String>,
    pub(super) max_value_set: Option<String>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) slicing: Option<Slicing>,
    pub(super) is_modifier: Option<bool>,
    pub(super) must_support: Option<bool>,
    pub(super) short: Option<String>,
    /// `base.max` of a published snapshot.
    pub(super) base_max: Option<Most>,
}

impl Change {
    /// Reads an `ElementDefinition`; `before` is the one in front of it, by which a missing id is made up. The error
    /// says what is wrong and what would be right.
    pub(super) fn read(element: &Value, before: Option<&Self>, url: &str) -> Result<Self, String> {
        let fields = element.as_object().ok_or("an element must be an object")?;
        let path = text(fields, "path")?.ok_or("an element needs a path")?;
        let slice = text(fields, "sliceName")?;
        let id = match text(fields, "id")? {
            Some(id) if id.split('.').count() == path.split('.').count() => id.to_owned(),
            _ => made_up(path, slice, before),
        };
        let mut made = Self { steps: steps_of(&id), id, ..Self::default() };
        made.min = count(fields, "min")?;
        made.max = text(fields, "max")?.map(most).transpose()?;
        made.max_length = count(fields, "maxLength")?;
        made.min_length = match extension(element, "/minLength").and_then(Value::as_object) {
            Some(fields) => count(fields, "valueInteger")?,
            None => None,
        };
        made.regex = extension(element, "/StructureDefinition/regex").and_then(any_text);
        if let Some(base) = fields.get("base").and_then(Value::as_object) {
            made.base_max = text(base, "max")?.map(most).transpose()?;
        }
        made.content_reference = text(fields, "contentReference")?
            .map(|reference| reference.split_once('#').map_or(reference, |(_, id)| id).to_owned());
        made.is_modifier = flag(fields, "isModifier")?;
        made.must_support = flag(fields, "mustSupport")?;
        made.short = text(fields, "short")?.map(str::to_owned);
        for (name, value) in fields {
            let kind = ["fixed", "pattern", "minValue", "maxValue"]
                .into_iter()
                .find(|kind| name.strip_prefix(kind).is_some_and(begins_with_a_type));
            match kind {
                Some("fixed") => made.fixed = Some(value.clone()),
                Some("pattern") => made.pattern = Some(value.clone()),
                Some("minValue") => made.min_value = Some(value.clone()),
                Some("maxValue") => made.max_value = Some(value.clone()),
                _ => {}
            }
        }
        for item in list(fields, "type")? {
            made.regex = made.regex.or_else(|| extension(item, "/regex").and_then(any_text));
            made.types.push(type_ref(item)?);
        }
        if let Some(binding) = fields.get("binding") {
            made.bind(binding)?;
        }
        for item in list(fields, "constraint")? {
            made.constraints.push(constraint(item, url)?);
        }
        made.slicing = fields.get("slicing").map(slicing).transpose()?;
        Ok(made)
    }

    fn bind(&mut self, binding: &Value) -> Result<(), String> {
        let fields = binding.as_object().ok_or("binding must be an object")?;
        self.strength = Some(match text(fields, "strength")?.ok_or("binding.strength is missing")? {
            "required" => Strength::Required,
            "extensible" => Strength::Extensible,
            "preferred" => Strength::Preferred,
            "example" => Strength::Example,
            _ => {
                return Err("binding.strength must be required, extensible, preferred or example".to_owned());
            }
        });
        self.value_set = text(fields, "valueSet")?.map(str::to_owned);
        self.max_value_set = extension(binding, "elementdefinition-maxValueSet").and_then(any_text);
        Ok(())
    }

    /// The element of a published snapshot, which states everything.
    pub(super) fn into_element(self) -> Element {
        let max = self.max.and_then(|most| most.0);
        let binding = match (self.strength, self.value_set) {
            (Some(strength), Some(value_set)) => {
                Some(Binding { strength, value_set, max_value_set: self.max_value_set })
            }
            _ => None,
        };
        Element {
            path: super::names::path_of(&self.id),
            slice_name: super::names::slice_of(&self.id).map(str::to_owned),
            id: self.id,
            min: self.min.unwrap_or(0),
            max,
            base_max: self.base_max.map_or(max, |most| most.0),
            types: self.types,
            content_reference: self.content_reference,
            fixed: self.fixed,
            pattern: self.pattern,
            min_value: self.min_value,
            max_value: self.max_value,
            min_length: self.min_length,
            max_length: self.max_length,
            regex: self.regex,
            binding,
            constraints: self.constraints,
            slicing: self.slicing,
            is_modifier: self.is_modifier.unwrap_or(false),
            must_support: self.must_support.unwrap_or(false),
            short: self.short.unwrap_or_default(),
        }
    }
}

/// The id of an element that has none: its path, with the slices of the element before it where they share it.
fn made_up(path: &str, slice: Option<&str>, before: Option<&Change>) -> String {
    let mut names = path.split('.');
    let mut id = names.next().unwrap_or_default().to_owned();
    let count = path.split('.').count().saturating_sub(1);
    let mut shared = before.map_or(&[] as &[Step], |before| &before.steps).iter();
    let mut same = true;
    for (at, name) in names.enumerate() {
        let step = shared.next().filter(|step| same && step.name == name);
        same = step.is_some();
        id = format!("{id}.{name}");
        let last = at + 1 == count;
        let own = if last { slice } else { step.and_then(|step| step.slice.as_deref()) };
        if let Some(own) = own {
            id = format!("{id}:{own}");
        }
    }
    id
}

/// Reads `ElementDefinition.slicing`.
pub(super) fn slicing(value: &Value) -> Result<Slicing, String> {
    let fields = value.as_object().ok_or("slicing must be an object")?;
    let mut discriminators = Vec::new();
    for item in list(fields, "discriminator")? {
        let item = item.as_object().ok_or("slicing.discriminator must be a list of objects")?;
        let kind = match text(item, "type")?.ok_or("slicing.discriminator.type is missing")? {
            "value" => Discriminator::Value,
            "exists" => Discriminator::Exists,
            "pattern" => Discriminator::Pattern,
            "type" => Discriminator::Type,
            "profile" => Discriminator::Profile,
            _ => {
                return Err(
                    "slicing.discriminator.type must be value, exists, pattern, type or profile".to_owned()
                );
            }
        };
        let path = text(item, "path")?.ok_or("slicing.discriminator.path is missing")?;
        discriminators.push((kind, path.to_owned()));
    }
    let rules = match text(fields, "rules")? {
        Some("closed") => Rules::Closed,
        Some("openAtEnd") => Rules::OpenAtEnd,
        Some("open") | None => Rules::Open,
        Some(_) => return Err("slicing.rules must be closed, open or openAtEnd".to_owned()),
    };
    Ok(Slicing { discriminators, ordered: flag(fields, "ordered")?.unwrap_or(false), rules })
}

fn type_ref(value: &Value) -> Result<TypeRef, String> {
    let fields = value.as_object().ok_or("type must be a list of objects")?;
    let code = text(fields, "code")?.ok_or("type.code is missing")?;
    let code = match code.strip_prefix("http://hl7.org/fhirpath/System.") {
        // The FHIR type stands beside it; without one it is the primitive of that name.
        Some(system) => {
            extension(value, "structuredefinition-fhir-type").and_then(any_text).unwrap_or_else(|| {
                let mut letters = system.chars();
                letters
                    .next()
                    .map(|first| format!("{}{}", first.to_ascii_lowercase(), letters.as_str()))
                    .unwrap_or_default()
            })
        }
        None => code.to_owned(),
    };
    Ok(TypeRef {
        code,
        profiles: texts(fields, "profile")?,
        target_profiles: texts(fields, "targetProfile")?,
        has_aggregation: !list(fields, "aggregation")?.is_empty(),
    })
}

fn constraint(value: &Value, url: &str) -> Result<Constraint, String> {
    let fields = value.as_object().ok_or("constraint must be a list of objects")?;
    let severity = text(fields, "severity")?.unwrap_or("error");
    Ok(Constraint {
        key: text(fields, "key")?.ok_or("constraint.key is missing")?.to_owned(),
        is_error: match severity {
            "error" => true,
            "warning" => false,
            _ => return Err("constraint.severity must be error or warning".to_owned()),
        },
        human: text(fields, "human")?.unwrap_or_default().to_owned(),
        expression: text(fields, "expression")?.unwrap_or_default().to_owned(),
        source: text(fields, "source")?.unwrap_or(url).to_owned(),
    })
}

/// The extension whose address ends so.
pub(super) fn extension<'a>(value: &'a Value, end: &str) -> Option<&'a Value> {
    let all = value.get("extension")?.as_array()?;
    all.iter().find(|e| e.get("url").and_then(Value::as_str).is_some_and(|url| url.ends_with(end)))
}

/// The text in whichever `value[x]` an extension has.
pub(super) fn any_text(extension: &Value) -> Option<String> {
    let fields = extension.as_object()?;
    fields.iter().find(|(name, _)| name.starts_with("value"))?.1.as_str().map(str::to_owned)
}

/// `fixedUri`, and not `fixed` or `fixed_x`.
fn begins_with_a_type(rest: &str) -> bool {
    rest.starts_with(|first: char| first.is_ascii_uppercase())
}

fn most(text: &str) -> Result<Most, String> {
    if text == "*" {
        return Ok(Most(None));
    }
    text.parse().map(|most| Most(Some(most))).map_err(|_| "max must be a whole number or *".to_owned())
}

/// A field that is text where it is there.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be text")),
    }
}

/// A field that is a list where it is there.
pub(super) fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], String> {
    match fields.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{name} must be a list")),
    }
}

fn texts(fields: &Map<String, Value>, name: &str) -> Result<Vec<String>, String> {
    let one =
        |item: &Value| item.as_str().map(str::to_owned).ok_or_else(|| format!("{name} must hold texts"));
    list(fields, name)?.iter().map(one).collect()
}

fn count(fields: &Map<String, Value>, name: &str) -> Result<Option<u32>, String> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.map(Some).ok_or_else(|| format!("{name} must be a whole number that is not negative"))
}

fn flag(fields: &Map<String, Value>, name: &str) -> Result<Option<bool>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Bool(is)) => Ok(Some(*is)),
        Some(_) => Err(format!("{name} must be true or false")),
    }
}
