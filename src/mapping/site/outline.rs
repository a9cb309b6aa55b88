//! The outline of a form of the assessment, as far as an adapter's rules are held to it: which places there are, in
//! which order, which of them must be there, and which words a field allows.

use serde_json::{Map, Value};

/// Deepest nesting that a form may have.
const DEPTH_MAX: usize = 16;
/// How alike two names must be, from 0 to 1, for one to be proposed for the other.
const ALIKE_MIN: f64 = 0.7;

/// A form of the assessment.
#[derive(Clone, Debug)]
pub struct Form {
    pub(super) url: String,
    pub(super) root: Group,
}

impl Form {
    /// The outline of a form's JSON Schema; nothing when the schema is of something else.
    ///
    /// A form may narrow what its first part says, by `allOf`: fields that it forbids are not in the outline.
    #[must_use]
    pub fn read(document: &Value) -> Option<Self> {
        let url = document.get("$id")?.as_str()?;
        let Place::Group(root) = Reading { root: document }.place(document, &[], 0)? else { return None };
        let named = match root.get("profile")? {
            Place::Leaf(leaf) => leaf.allowed.as_deref() == Some(&[Value::from(url)]),
            _ => false,
        };
        (named && root.get("referrals").is_some()).then(|| Self { url: url.to_owned(), root })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The place that a pointer names, with `*` for the places of a list.
    pub(super) fn find(&self, pointer: &str) -> Option<&Place> {
        let mut steps = pointer.strip_prefix('/')?.split('/');
        let mut here = self.root.get(steps.next()?)?;
        for step in steps {
            here = match here {
                Place::Group(group) => group.get(step)?,
                Place::List(item) if step == "*" => item,
                _ => return None,
            };
        }
        Some(here)
    }

    /// Every place, as a pointer.
    pub(super) fn pointers(&self) -> Vec<String> {
        let mut pointers = Vec::new();
        self.root.pointers("", &mut pointers);
        pointers
    }

    /// The same assessment, its fields in the order of the outline.
    pub(super) fn in_order(&self, value: Map<String, Value>) -> Value {
        self.root.in_order(value)
    }
}

/// A place of a form.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Leaf(Leaf),
    List(Box<Place>),
    Group(Group),
}

/// A field.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    /// The values that it may have, where they are listed.
    pub(super) allowed: Option<Vec<Value>>,
    /// `string`, `boolean`, `number` or `integer`, where it is said.
    pub(super) kind: Option<String>,
}

/// A group of named places.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) fields: Vec<(String, Place)>,
    pub(super) required: Vec<String>,
}

impl Group {
    pub(super) fn get(&self, name: &str) -> Option<&Place> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, place)| place)
    }

    fn pointers(&self, prefix: &str, into: &mut Vec<String>) {
        for (name, place) in &self.fields {
            let pointer = format!("{prefix}/{name}");
            let mut inner = place;
            let mut below = pointer.clone();
            into.push(pointer);
            while let Place::List(item) = inner {
                inner = item;
                below.push_str("/*");
            }
            if let Place::Group(group) = inner {
                group.pointers(&below, into);
            }
        }
    }

    fn in_order(&self, mut value: Map<String, Value>) -> Value {
        let mut ordered = Map::new();
        for (name, place) in &self.fields {
            if let Some(inner) = value.shift_remove(name) {
                ordered.insert(name.clone(), place.in_order(inner));
            }
        }
        ordered.extend(value);
        Value::Object(ordered)
    }
}

impl Place {
    fn in_order(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Group(group), Value::Object(fields)) => group.in_order(fields),
            (Self::List(item), Value::Array(items)) => {
                Value::Array(items.into_iter().map(|inner| item.in_order(inner)).collect())
            }
            (_, value) => value,
        }
    }
}

/// Reads one schema document.
struct Reading<'a> {
    root: &'a Value,
}

impl<'a> Reading<'a> {
    /// The place that `schema` describes, narrowed by `overlays`; nothing where one of them forbids it.
    fn place(&self, schema: &'a Value, overlays: &[&'a Value], depth: usize) -> Option<Place> {
        if depth > DEPTH_MAX || schema.as_bool() == Some(false) || overlays.contains(&&Value::Bool(false)) {
            return None;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let found = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))?;
            let mut overlays = overlays.to_vec();
            overlays.push(schema);
            return self.place_without_ref(found, &overlays, depth + 1);
        }
        self.place_without_ref(schema, overlays, depth)
    }

    fn place_without_ref(&self, schema: &'a Value, overlays: &[&'a Value], depth: usize) -> Option<Place> {
        if schema.get("$ref").is_some() {
            return self.place(schema, overlays, depth);
        }
        let parts = schema.get("allOf").and_then(Value::as_array);
        let overlays: Vec<&Value> = overlays.iter().copied().chain(parts.into_iter().flatten()).collect();
        let of = |key: &str| overlays.iter().filter_map(|overlay| overlay.get(key)).collect::<Vec<_>>();
        if let Some(items) = schema.get("items") {
            return Some(Place::List(Box::new(self.place(items, &of("items"), depth + 1)?)));
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let narrowed = of("properties");
            let mut group = Group::default();
            for (name, field) in properties {
                let overlays: Vec<&Value> = narrowed.iter().filter_map(|overlay| overlay.get(name)).collect();
                if let Some(place) = self.place(field, &overlays, depth + 1) {
                    group.fields.push((name.clone(), place));
                }
            }
            for list in schema.get("required").into_iter().chain(of("required")) {
                group.required.extend(
                    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                );
            }
            return Some(Place::Group(group));
        }
        let mut leaf = Leaf::default();
        for part in std::iter::once(schema).chain(overlays) {
            leaf.narrow(part);
        }
        Some(Place::Leaf(leaf))
    }
}

impl Leaf {
    fn narrow(&mut self, schema: &Value) {
        if let Some(kind) = schema.get("type").and_then(Value::as_str) {
            self.kind = Some(kind.to_owned());
        }
        let listed = schema.get("const").map(|one| vec![one.clone()]);
        let listed = listed.or_else(|| schema.get("enum").and_then(Value::as_array).cloned());
        if let Some(listed) = listed {
            self.allowed = Some(match self.allowed.take() {
                Some(before) => before.into_iter().filter(|value| listed.contains(value)).collect(),
                None => listed,
            });
        }
    }

    /// Why the field cannot have this value.
    pub(super) fn refuses(&self, value: &Value) -> Option<String> {
        if let Some(allowed) = &self.allowed {
            let listed: Vec<String> = allowed.iter().map(shown).collect();
            return (!allowed.contains(value)).then(|| format!("is not one of {}", listed.join(", ")));
        }
        let fits = match self.kind.as_deref() {
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            _ => value.is_string(),
        };
        (!fits).then(|| format!("is no {}", self.kind.as_deref().unwrap_or("text").replace("string", "text")))
    }
}

/// A value as people read it: a text without quotes.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The known name that is most like `name`, if one is.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.map(|one| (strsim::normalized_damerau_levenshtein(name, one), one));
    alike.filter(|(how, _)| *how >= ALIKE_MIN).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, one)| one)
}
