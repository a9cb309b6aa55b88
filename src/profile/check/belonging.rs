//! Which slice an item of a list belongs to: what its discriminators find in it. What they cannot reach from here (the
//! target of a reference, a code system that is not loaded) is undecided, and neither a yes nor a no.

use serde_json::Value;

use super::{
    coded::Verdict,
    fields::field,
    reference::type_by_look,
    slicing::{Slice, Want, Way},
    values,
    walk::Walk,
};

/// Whether something holds, as far as it can be said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    No,
    Undecided,
}

impl Fit {
    const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Whether one of them holds.
    fn any(mut all: impl Iterator<Item = Self>) -> Self {
        let mut fit = Self::No;
        loop {
            match all.next() {
                Some(Self::Yes) => return Self::Yes,
                Some(Self::Undecided) => fit = Self::Undecided,
                Some(Self::No) => {}
                None => return fit,
            }
        }
    }

    /// Whether all of them hold.
    fn all(mut all: impl Iterator<Item = Self>) -> Self {
        let mut fit = Self::Yes;
        loop {
            match all.next() {
                Some(Self::No) => return Self::No,
                Some(Self::Undecided) => fit = Self::Undecided,
                Some(Self::Yes) => {}
                None => return fit,
            }
        }
    }
}

impl<'a> Walk<'a> {
    /// Whether an item belongs to a slice; of one that nothing tells from others none does, which is said elsewhere.
    pub(super) fn belongs(&mut self, slice: &'a Slice, item: &'a Value) -> Fit {
        let Some(tests) = slice.tests.as_ref().filter(|_| self.spend(1)) else { return Fit::No };
        Fit::all(tests.iter().map(|test| self.holds(&test.path, &test.want, item)))
    }

    fn holds(&mut self, path: &'a [Way], want: &'a Want, item: &'a Value) -> Fit {
        let Some((step, rest)) = path.split_first() else { return self.is_wanted(want, Some(item)) };
        if let Value::Array(items) = item {
            return Fit::any(items.iter().map(|item| self.holds(path, want, item)));
        }
        let next: Option<&'a Value> = match step {
            Way::Field(name) => field(item, name),
            Way::Choice(name) => item.as_object().and_then(|map| {
                map.iter()
                    .find(|(key, _)| {
                        key.strip_prefix(&**name)
                            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
                    })
                    .map(|(_, value)| value)
            }),
            Way::Extension(url) => field(item, "extension").and_then(Value::as_array).and_then(|list| {
                list.iter().find(|extension| field(extension, "url").and_then(Value::as_str) == Some(&**url))
            }),
            Way::Resolve => {
                let target = field(item, "reference").and_then(Value::as_str).and_then(|to| self.resolve(to));
                if target.is_none() {
                    return by_look(rest, want, item);
                }
                target
            }
            Way::OfType(name) => {
                (field(item, "resourceType").and_then(Value::as_str) == Some(&**name)).then_some(item)
            }
        };
        match next {
            Some(Value::Array(items)) if !rest.is_empty() || !matches!(want, Want::Exists(_)) => {
                Fit::any(items.iter().map(|item| self.holds(rest, want, item)))
            }
            Some(next) => self.holds(rest, want, next),
            None => self.is_wanted(want, None),
        }
    }

    fn is_wanted(&mut self, want: &'a Want, value: Option<&'a Value>) -> Fit {
        match (want, value) {
            (Want::Exists(wanted), value) => Fit::of(*wanted == value.is_some()),
            (Want::Any(wants), value) => Fit::any(wants.iter().map(|want| self.is_wanted(want, value))),
            (_, None) => Fit::No,
            (Want::Fixed(fixed), Some(value)) => Fit::of(values::same(fixed, value)),
            (Want::Pattern(pattern), Some(value)) => Fit::of(values::has_pattern(pattern, value)),
            (Want::Codes(codes), Some(value)) => match self.verdict(*codes, value) {
                Verdict::In => Fit::Yes,
                Verdict::Out | Verdict::Absent => Fit::No,
                Verdict::Unknown(_) => Fit::Undecided,
            },
            (Want::Types(types), Some(value)) => {
                is_one_of(types, field(value, "resourceType").and_then(Value::as_str))
            }
            (Want::Profiles(profiles), Some(value)) => {
                Fit::any(profiles.iter().map(|profile| match profile.root {
                    Some(root) => Fit::of(self.conforms_once(root, value)),
                    None => Fit::Undecided,
                }))
            }
            (Want::Fits(node), Some(value)) => Fit::of(self.fits(*node, value)),
        }
    }
}

/// What can be said of the target of a reference that is not at hand: its type, by the look of the reference.
fn by_look(rest: &[Way], want: &Want, reference: &Value) -> Fit {
    let Some(kind) = type_by_look(reference) else { return Fit::Undecided };
    match (rest, want) {
        ([], Want::Types(types)) => is_one_of(types, Some(kind)),
        ([Way::OfType(name), ..], _) if **name != *kind => Fit::of(matches!(want, Want::Exists(false))),
        _ => Fit::Undecided,
    }
}

fn is_one_of(types: &[Box<str>], kind: Option<&str>) -> Fit {
    Fit::of(kind.is_some_and(|kind| types.iter().any(|one| **one == *kind || &**one == "Resource")))
}
