//! What tells the items of a slice from others: each discriminator's path is followed into the slice, through types
//! and profiles, to what the definition says there.

use serde_json::Value;

use super::{Builder, R4, element::type_name, tree::Tree};
use crate::profile::{
    check::{
        graph::{NodeId, ProfileRef},
        slicing::{Test, Want, Way},
    },
    definition::{DefinitionFault, Discriminator, Element, Strength, TypeRef},
};

/// Most steps into a slice.
const STEPS_MAX: usize = 16;

/// One step of a discriminator's path, as it is written.
#[derive(Clone, Debug, PartialEq)]
enum Written {
    Field(String),
    Extension(String),
    Resolve,
    OfType(String),
}

impl Builder<'_> {
    /// The tests of a slice; `None` where one of them cannot be made.
    pub(super) fn tests(
        &mut self,
        tree: &Tree,
        slice: usize,
        discriminators: &[(Discriminator, String)],
    ) -> Option<Vec<Test>> {
        if discriminators.is_empty() {
            return None;
        }
        let mut tests = Vec::new();
        for (kind, path) in discriminators {
            let mut way = Vec::new();
            let want = match self.follow(tree, slice, &written(path)?, *kind, &mut way) {
                Some(want) => want,
                None if path == "url" => {
                    way = vec![Way::Field("url".into())];
                    Want::Fixed(Value::from(only_profile(tree.element(slice)?)?))
                }
                None => return None,
            };
            tests.push(Test { path: way.into(), want });
        }
        Some(tests)
    }

    /// Says that the items of a slice cannot be told from others.
    pub(super) fn unsorted(&mut self, tree: &Tree, slice: &Element) {
        let what = "no discriminator tells the items of this slice from others; its rules are not checked";
        self.notes.push(DefinitionFault::new(tree.definition.url.as_str(), what).at(&slice.id));
    }

    fn follow(
        &mut self,
        tree: &Tree,
        at: usize,
        steps: &[Written],
        kind: Discriminator,
        way: &mut Vec<Way>,
    ) -> Option<Want> {
        if way.len() > STEPS_MAX {
            return None;
        }
        let element = tree.element(at)?;
        let by_value = matches!(kind, Discriminator::Value | Discriminator::Pattern);
        let Some((step, rest)) = steps.split_first() else { return self.want(tree, at, kind) };
        if by_value {
            for (value, exact) in [(&element.fixed, true), (&element.pattern, false)] {
                if let Some(part) = value.as_ref().and_then(|value| inside(value, steps)) {
                    way.extend(steps.iter().map(plain_way));
                    return Some(if exact { Want::Fixed(part) } else { Want::Pattern(part) });
                }
            }
        }
        match step {
            Written::Field(name) => self.follow_field(tree, at, name, rest, kind, way),
            Written::Extension(url) => {
                way.push(Way::Extension(url.as_str().into()));
                let list = tree.child(at, "extension");
                let slices = list.map_or(&[][..], |list| tree.slices(list)).to_vec();
                for slice in slices {
                    let named = tree.element(slice).is_some_and(|element| {
                        element.types.iter().any(|one| one.profiles.iter().any(|profile| profile == url))
                    });
                    if named {
                        return self.follow(tree, slice, rest, kind, way);
                    }
                }
                let extension = self.tree(url)?;
                self.follow(&extension, 0, rest, kind, way)
            }
            Written::Resolve => {
                way.push(Way::Resolve);
                let targets: Vec<String> =
                    element.types.iter().flat_map(|one| one.target_profiles.iter().cloned()).collect();
                if rest.is_empty() {
                    return match kind {
                        Discriminator::Type => self.types_of(&targets),
                        Discriminator::Profile => Some(Want::Profiles(self.refs(&targets))),
                        _ => None,
                    };
                }
                let [target] = targets.as_slice() else { return None };
                let target = self.tree(target)?;
                self.follow(&target, 0, rest, kind, way)
            }
            Written::OfType(name) => {
                // Of a choice, the field that was just named has this type; of a resource, it is one of this type.
                if let Some(Way::Choice(field)) = way.last() {
                    let key = super::shape::choice_key(field, name);
                    way.pop();
                    way.push(Way::Field(key));
                } else {
                    way.push(Way::OfType(name.as_str().into()));
                }
                if rest.is_empty() || !tree.children(at).is_empty() {
                    return self.follow(tree, at, rest, kind, way);
                }
                let named = element.types.iter().find(|one| one.code == *name);
                let inner = self.type_of(named?)?;
                self.follow(&inner, 0, rest, kind, way)
            }
        }
    }

    fn follow_field(
        &mut self,
        tree: &Tree,
        at: usize,
        name: &str,
        rest: &[Written],
        kind: Discriminator,
        way: &mut Vec<Way>,
    ) -> Option<Want> {
        if let Some(child) = tree.child(at, name) {
            let is_choice = tree.element(child).is_some_and(super::tree::is_choice);
            way.push(if is_choice { Way::Choice(name.into()) } else { Way::Field(name.into()) });
            if let Some(want) = self.attempt(tree, child, rest, kind, way) {
                return Some(want);
            }
            // What the child itself does not say, its only slice may say; an item is told by any one of several.
            let mut wants = Vec::new();
            for slice in tree.slices(child).to_vec() {
                let mut further = Vec::new();
                let want = self.follow(tree, slice, rest, kind, &mut further)?;
                let known = wants.is_empty();
                wants.push(want);
                if known {
                    way.extend(further);
                }
            }
            return match wants.len() {
                0 => None,
                1 => wants.pop(),
                _ => Some(Want::Any(wants.into())),
            };
        }
        let element = tree.element(at)?;
        let [one] = element.types.as_slice() else { return None };
        if !tree.children(at).is_empty() || element.types.is_empty() {
            // The element goes into its type and says nothing of this field: the type does.
            let inner = self.type_tree(&one.code)?;
            return if inner.child(0, name).is_some() {
                self.follow_field(&inner, 0, name, rest, kind, way)
            } else {
                None
            };
        }
        let inner = self.type_of(one)?;
        inner.child(0, name)?;
        self.follow_field(&inner, 0, name, rest, kind, way)
    }

    /// Follows, and leaves the way as it was when it leads nowhere.
    fn attempt(
        &mut self,
        tree: &Tree,
        at: usize,
        rest: &[Written],
        kind: Discriminator,
        way: &mut Vec<Way>,
    ) -> Option<Want> {
        let length = way.len();
        let want = self.follow(tree, at, rest, kind, way);
        if want.is_none() {
            way.truncate(length);
        }
        want
    }

    /// The definition of a type as an element names it: its only profile, or the type itself.
    fn type_of(&mut self, one: &TypeRef) -> Option<Tree> {
        if let [profile] = one.profiles.as_slice()
            && let Some(tree) = self.tree(profile)
        {
            return Some(tree);
        }
        self.type_tree(&one.code)
    }

    /// What the end of the path says.
    fn want(&mut self, tree: &Tree, at: usize, kind: Discriminator) -> Option<Want> {
        let element = tree.element(at)?;
        match kind {
            Discriminator::Exists if element.max == Some(0) => Some(Want::Exists(false)),
            Discriminator::Exists => (element.min > 0).then_some(Want::Exists(true)),
            Discriminator::Type => {
                let names: Vec<Box<str>> = if element.types.is_empty() {
                    vec![tree.definition.r#type.as_str().into()]
                } else {
                    element.types.iter().map(|one| type_name(&one.code)).collect()
                };
                Some(Want::Types(names.into()))
            }
            Discriminator::Profile => {
                let profiles: Vec<String> = if element.types.is_empty() {
                    vec![tree.definition.url.clone()]
                } else {
                    element.types.iter().flat_map(|one| one.profiles.iter().cloned()).collect()
                };
                (!profiles.is_empty()).then(|| Want::Profiles(self.refs(&profiles)))
            }
            Discriminator::Value | Discriminator::Pattern => self.wanted_value(tree, at, element),
        }
    }

    fn wanted_value(&mut self, tree: &Tree, at: usize, element: &Element) -> Option<Want> {
        if let Some(fixed) = &element.fixed {
            return Some(Want::Fixed(fixed.clone()));
        }
        if let Some(pattern) = &element.pattern {
            return Some(Want::Pattern(pattern.clone()));
        }
        if let Some(binding) = &element.binding
            && binding.strength == Strength::Required
            && let Some(set) = self.terminology.value_set(&binding.value_set)
        {
            return Some(Want::Codes(set));
        }
        // Nothing is said of the whole; what is said of its parts tells it as well.
        let says = |number: &usize| {
            tree.element(*number).is_some_and(|part| part.fixed.is_some() || part.pattern.is_some())
        };
        let parts = tree.children(at);
        let deep = parts.iter().any(says)
            || parts
                .iter()
                .any(|part| tree.children(*part).iter().any(says) || tree.slices(*part).iter().any(says));
        if !deep {
            return None;
        }
        let node = self.node_alone(tree, at)?;
        Some(Want::Fits(node))
    }

    /// A node of this element by itself.
    fn node_alone(&mut self, tree: &Tree, at: usize) -> Option<NodeId> {
        let root = self.root(&tree.definition.url)?;
        let origin = self.graph.node(root)?.origin;
        Some(self.node_of(origin, tree, at, None))
    }

    fn types_of(&mut self, targets: &[String]) -> Option<Want> {
        let mut types: Vec<Box<str>> = Vec::new();
        for target in targets {
            let name = match target.strip_prefix(R4) {
                Some(name) if !name.contains('/') => name.to_owned(),
                _ => self.tree(target)?.definition.r#type.clone(),
            };
            types.push(name.into());
        }
        (!types.is_empty()).then(|| Want::Types(types.into()))
    }

    fn refs(&mut self, profiles: &[String]) -> Box<[ProfileRef]> {
        profiles
            .iter()
            .map(|canonical| ProfileRef { canonical: canonical.as_str().into(), root: self.root(canonical) })
            .collect()
    }
}

/// The profile of an extension, which is its `url` even where its definition is not loaded.
fn only_profile(element: &Element) -> Option<&str> {
    let [one] = element.types.as_slice() else { return None };
    let [profile] = one.profiles.as_slice() else { return None };
    Some(profile.split('|').next().unwrap_or(profile))
}

fn plain_way(step: &Written) -> Way {
    match step {
        Written::Field(name) => Way::Field(name.as_str().into()),
        Written::Extension(url) => Way::Extension(url.as_str().into()),
        Written::Resolve => Way::Resolve,
        Written::OfType(name) => Way::OfType(name.as_str().into()),
    }
}

/// The part of a fixed value or pattern at the end of the path.
fn inside(value: &Value, steps: &[Written]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match (step, value) {
        (_, Value::Array(items)) => match items.as_slice() {
            [only] => inside(only, steps),
            _ => None,
        },
        (Written::Field(name), Value::Object(fields)) => inside(fields.get(name)?, rest),
        _ => None,
    }
}

/// A path as steps; `None` where it holds something that a discriminator may not.
fn written(path: &str) -> Option<Vec<Written>> {
    let mut steps = Vec::new();
    let mut left = path.trim();
    while !left.is_empty() {
        left = left.strip_prefix('.').unwrap_or(left);
        let end = left.find(['.', '(']).unwrap_or(left.len());
        let (name, after) = left.split_at(end);
        if let Some(inner) = after.strip_prefix('(') {
            let close = inner.find(')')?;
            let (argument, rest) = inner.split_at(close);
            let argument = argument.trim().trim_matches(['\'', '"']);
            steps.push(match name {
                "resolve" if argument.is_empty() => Written::Resolve,
                "extension" => Written::Extension(argument.to_owned()),
                "ofType" | "as" => {
                    Written::OfType(argument.strip_prefix("FHIR.").unwrap_or(argument).to_owned())
                }
                _ => return None,
            });
            left = rest.strip_prefix(')')?;
        } else {
            match name {
                "$this" => {}
                "" => return None,
                _ => steps.push(Written::Field(name.strip_suffix("[x]").unwrap_or(name).to_owned())),
            }
            left = after;
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_as_steps() {
        let field = |name: &str| Written::Field(name.to_owned());
        assert_eq!(written("$this"), Some(vec![]));
        assert_eq!(written("code.coding.code"), Some(vec![field("code"), field("coding"), field("code")]));
        assert_eq!(
            written("$this.resolve().ofType(Patient).name"),
            Some(vec![Written::Resolve, Written::OfType("Patient".into()), field("name")])
        );
        assert_eq!(
            written("extension('http://a.example/x.y').value"),
            Some(vec![Written::Extension("http://a.example/x.y".into()), field("value")])
        );
        assert_eq!(written("code.where(a = 'b')"), None);
    }

    #[test]
    fn the_part_of_a_pattern() {
        let pattern = json!({"coding": [{"system": "s", "code": "c"}]});
        let steps = written("coding.code").unwrap();
        assert_eq!(inside(&pattern, &steps), Some(json!("c")));
        assert_eq!(inside(&pattern, &written("text").unwrap()), None);
    }
}
