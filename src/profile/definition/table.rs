//! The tables of base R4 (`profiles/r4/structures.txt`): found by address, read when asked for.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Binding, Constraint, Context, DefinitionFault, Element, Kind, StructureDefinition, TypeRef,
    change::{Most, slicing},
    names::{R4, R4_VALUE_SETS, path_of, slice_of, spelt_out},
};

/// The text, by definition.
#[derive(Debug)]
pub(super) struct Table {
    invariants: HashMap<&'static str, Constraint>,
    /// The lines of each definition, by canonical URL.
    blocks: HashMap<String, &'static str>,
}

impl Table {
    /// Finds where each definition begins; reads none of them.
    pub(super) fn index(text: &'static str) -> Result<Self, DefinitionFault> {
        let mut invariants = HashMap::new();
        let mut blocks = HashMap::new();
        let mut parts = text.split("\n=");
        for line in parts.next().unwrap_or_default().lines() {
            if let Some(invariant) = line.strip_prefix('!') {
                let (name, constraint) = constraint(invariant).ok_or_else(|| unreadable(line))?;
                invariants.insert(name, constraint);
            }
        }
        for block in parts {
            let name = block.split('\t').next().unwrap_or_default();
            blocks.insert(spelt_out(name, R4), block);
        }
        Ok(Self { invariants, blocks })
    }

    /// Every canonical URL.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        self.blocks.keys().map(String::as_str)
    }

    /// Whether there is a definition of this canonical URL.
    pub(super) fn has(&self, url: &str) -> bool {
        self.blocks.contains_key(url)
    }

    /// The definition of this canonical URL.
    pub(super) fn read(&self, url: &str) -> Option<Result<StructureDefinition, DefinitionFault>> {
        let block = self.blocks.get(url)?;
        Some(self.definition(url, block))
    }

    fn definition(&self, url: &str, block: &str) -> Result<StructureDefinition, DefinitionFault> {
        let mut lines = block.lines();
        let head = lines.next().unwrap_or_default();
        let mut fields = head.split('\t').skip(1);
        let mut next = || fields.next().unwrap_or_default();
        let (r#type, kind, flags, base) = (next(), next(), next(), next());
        let kind = match kind {
            "primitive" => Kind::Primitive,
            "complex" => Kind::Complex,
            "resource" => Kind::Resource,
            _ => return Err(unreadable(head)),
        };
        let mut made = StructureDefinition {
            url: url.to_owned(),
            version: String::from(super::R4_VERSION),
            kind,
            is_abstract: flags.contains('a'),
            r#type: r#type.to_owned(),
            base: Some(base).filter(|base| !base.is_empty()).map(|base| spelt_out(base, R4)),
            is_profile: flags.contains('p'),
            contexts: Vec::new(),
            context_invariants: Vec::new(),
            elements: Vec::new(),
        };
        for context in fields {
            match context.split_once(':') {
                Some(("e", expression)) => made.contexts.push(Context::Element(expression.to_owned())),
                Some(("x", expression)) => made.contexts.push(Context::Extension(spelt_out(expression, R4))),
                Some(("f", expression)) => made.contexts.push(Context::FhirPath(expression.to_owned())),
                Some(("i", expression)) => made.context_invariants.push(expression.to_owned()),
                _ => return Err(unreadable(head)),
            }
        }
        for line in lines.filter(|line| !line.is_empty()) {
            made.elements.push(self.element(r#type, line).ok_or_else(|| unreadable(line))?);
        }
        Ok(made)
    }

    /// The id below the root, cardinality, types, flags, binding, invariants, words; then what is rare.
    fn element(&self, root: &str, line: &str) -> Option<Element> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let rest = next();
        let (card, types, flags, bound, keys, short) = (next(), next(), next(), next(), next(), next());
        let id = if rest == "." { root.to_owned() } else { format!("{root}{rest}") };
        let (min, max) = card.split_once("..")?;
        let (max, base_max) = max.split_once('/').unwrap_or((max, max));
        let mut made = Element {
            path: path_of(&id),
            slice_name: slice_of(&id).map(str::to_owned),
            id,
            min: min.parse().ok()?,
            max: most(max)?.0,
            base_max: most(base_max)?.0,
            is_modifier: flags.contains('m'),
            must_support: flags.contains('s'),
            short: short.to_owned(),
            ..Element::default()
        };
        if let Some(reference) = types.strip_prefix('#') {
            made.content_reference = Some(reference.to_owned());
        } else {
            made.types = types.split(' ').filter(|text| !text.is_empty()).map(type_ref).collect();
        }
        if !bound.is_empty() {
            made.binding = Some(binding(bound)?);
        }
        for key in keys.split(' ').filter(|key| !key.is_empty()) {
            made.constraints.push(self.invariants.get(key)?.clone());
        }
        for field in fields {
            let (name, json) = field.split_once('=')?;
            let value: Value = serde_json::from_str(json).ok()?;
            match name {
                "fixed" => made.fixed = Some(value),
                "pattern" => made.pattern = Some(value),
                "minValue" => made.min_value = Some(value),
                "maxValue" => made.max_value = Some(value),
                "maxLength" => made.max_length = Some(u32::try_from(value.as_u64()?).ok()?),
                "regex" => made.regex = Some(value.as_str()?.to_owned()),
                "slicing" => made.slicing = Some(slicing(&value).ok()?),
                _ => return None,
            }
        }
        Some(made)
    }
}

/// `*` is any number.
fn most(text: &str) -> Option<Most> {
    if text == "*" { Some(Most(None)) } else { text.parse().ok().map(|most| Most(Some(most))) }
}

/// `Reference{profile}(Patient,Group)`
fn type_ref(text: &str) -> TypeRef {
    let list = |text: &str| text.split(',').map(|name| spelt_out(name, R4)).collect();
    let (text, targets) = text.strip_suffix(')').and_then(|text| text.split_once('(')).unwrap_or((text, ""));
    let (code, profiles) = text.strip_suffix('}').and_then(|text| text.split_once('{')).unwrap_or((text, ""));
    TypeRef {
        code: code.to_owned(),
        profiles: if profiles.is_empty() { Vec::new() } else { list(profiles) },
        target_profiles: if targets.is_empty() { Vec::new() } else { list(targets) },
        has_aggregation: false,
    }
}

/// `r administrative-gender`, and behind it the value set that no code may leave.
fn binding(text: &str) -> Option<Binding> {
    use super::Strength::{Example, Extensible, Preferred, Required};
    let mut words = text.split(' ');
    let strength = match words.next()? {
        "r" => Required,
        "e" => Extensible,
        "p" => Preferred,
        "x" => Example,
        _ => return None,
    };
    Some(Binding {
        strength,
        value_set: spelt_out(words.next()?, R4_VALUE_SETS),
        max_value_set: words.next().map(|name| spelt_out(name, R4_VALUE_SETS)),
    })
}

fn constraint(line: &'static str) -> Option<(&'static str, Constraint)> {
    let mut fields = line.split('\t');
    let name = fields.next()?;
    let severity = fields.next()?;
    let source = spelt_out(fields.next()?, R4);
    let human = fields.next()?.to_owned();
    let expression = fields.next().unwrap_or_default().to_owned();
    let key = name.split('#').next()?.to_owned();
    Some((name, Constraint { key, is_error: severity == "e", human, expression, source }))
}

fn unreadable(line: &str) -> DefinitionFault {
    let start: String = line.chars().take(60).collect();
    DefinitionFault::new("", format!("this line of the tables of R4 cannot be read: {start}"))
        .from("profiles/r4")
}
