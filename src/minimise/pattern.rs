//! Paths of the disclosure tables: a shape (where) and guards (which of them).

use std::cell::Cell;

use serde_json::Value;

use super::outline::Outline;

/// How many fields of a group are looked through one by one.
const FEW_FIELDS: usize = 16;

/// What a term may stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// The agency whose view it is.
    pub(super) recipient: &'a str,
    /// The agency that it is sent to: the same, unless that one passes it on.
    pub(super) addressee: &'a str,
    /// The agency for which that one passes it on, where it does.
    pub(super) reader: Option<&'a str>,
    /// The need that the referral is for.
    pub(super) need: &'a str,
}

/// One leaf that a path names: its shape, and what must hold on the way to it.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// A pointer with `*` for the places of a list.
    pub(super) shape: String,
    /// All must hold.
    pub(super) guards: Vec<Guard>,
}

/// Something that must hold of one value on the way from the root to a leaf.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guard {
    /// How many steps below the root that value is.
    depth: usize,
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// The field is one of these.
    Is(Vec<Term>),
    /// The field is none of these.
    IsNone(Vec<Term>),
    /// The field is a list that holds this.
    Holds(Term),
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Text(String),
    Recipient,
    Addressee,
    Reader,
    Need,
}

impl Term {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "$recipient" => Ok(Self::Recipient),
            "$addressee" => Ok(Self::Addressee),
            "$reader" => Ok(Self::Reader),
            "$need" => Ok(Self::Need),
            other if other.starts_with('$') || other.is_empty() => {
                Err(format!("\"{other}\" is not known here"))
            }
            other => Ok(Self::Text(other.to_owned())),
        }
    }

    /// Whether a field is this; `None` is one that is not there.
    fn equals(&self, value: Option<&Value>, named: &Named<'_>) -> bool {
        let wanted = match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Recipient => Some(named.recipient),
            Self::Addressee => Some(named.addressee),
            Self::Reader => named.reader,
            Self::Need => Some(named.need),
        };
        match (value, wanted) {
            (Some(Value::String(text)), Some(wanted)) => text == wanted,
            (Some(Value::Bool(yes)), Some(wanted)) => (if *yes { "true" } else { "false" }) == wanted,
            // Only what nobody passes on has no name here.
            (None, None) => true,
            _ => false,
        }
    }
}

impl Guard {
    fn read(inner: &str, depth: usize) -> Result<Self, String> {
        let terms = |values: &str| values.split('|').map(Term::read).collect::<Result<_, _>>();
        if let Some((key, values)) = inner.split_once("!=") {
            return Ok(Self { depth, key: key.to_owned(), test: Test::IsNone(terms(values)?) });
        }
        if let Some((key, value)) = inner.split_once('~') {
            return Ok(Self { depth, key: key.to_owned(), test: Test::Holds(Term::read(value)?) });
        }
        let (key, values) = inner.split_once('=').ok_or_else(|| format!("[{inner}] says nothing"))?;
        Ok(Self { depth, key: key.to_owned(), test: Test::Is(terms(values)?) })
    }

    /// Whether it holds for what is not named too: by such a guard something is kept back, and nothing leaves.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.test, Test::IsNone(_))
    }

    /// Whether it holds for a leaf whose ancestors, root first, are `ancestors`.
    fn holds(&self, ancestors: &[&Value], named: &Named<'_>) -> bool {
        let Some(at) = ancestors.get(self.depth) else { return false };
        let field = at.as_object().and_then(|fields| {
            // To look through a few is quicker than to hash the name for each leaf anew.
            if fields.len() > FEW_FIELDS {
                return fields.get(&self.key);
            }
            fields.iter().find(|(name, _)| **name == self.key).map(|(_, field)| field)
        });
        match &self.test {
            Test::Is(terms) => terms.iter().any(|term| term.equals(field, named)),
            Test::IsNone(terms) => !terms.iter().any(|term| term.equals(field, named)),
            Test::Holds(term) => {
                let held = field.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                held.iter().any(|value| term.equals(Some(value), named))
            }
        }
    }
}

/// What must hold so that a leaf is meant: one of [`Conditions`], or nothing.
pub(super) type Condition = Option<usize>;

/// Lists of guards, each kept once: the leaves of a group have most often the same.
#[derive(Default)]
pub(super) struct Conditions(Vec<AllOf>);

struct AllOf {
    guards: Vec<Guard>,
    /// How many steps below the root the deepest value is that they ask about.
    depth: usize,
}

impl Conditions {
    /// The number of this list, which is kept.
    pub(super) fn keep(&mut self, guards: Vec<Guard>) -> Condition {
        let depth = guards.iter().map(|guard| guard.depth).max()?;
        let known = self.0.iter().position(|all| all.guards == guards);
        Some(known.unwrap_or_else(|| {
            self.0.push(AllOf { guards, depth });
            self.0.len().saturating_sub(1)
        }))
    }
}

/// Whether conditions hold on one way down through one value, each asked once of the leaves of a group.
pub(super) struct Asked<'r, 'v> {
    conditions: &'r Conditions,
    named: Named<'v>,
    /// Of which value each was asked last, and whether it held there: what is above a value is always the same.
    last: Vec<Cell<Option<(&'v Value, bool)>>>,
}

impl<'r, 'v> Asked<'r, 'v> {
    pub(super) fn new(conditions: &'r Conditions, named: Named<'v>) -> Self {
        Self { conditions, named, last: vec![Cell::new(None); conditions.0.len()] }
    }

    /// Whether it holds for a leaf whose ancestors, root first, are `ancestors`.
    pub(super) fn holds(&self, condition: Condition, ancestors: &[&'v Value]) -> bool {
        let Some(number) = condition else { return true };
        let (Some(all), Some(last)) = (self.conditions.0.get(number), self.last.get(number)) else {
            return false;
        };
        let Some(at) = ancestors.get(all.depth).copied() else { return false };
        if let Some((_, held)) = last.get().filter(|(asked, _)| std::ptr::eq(*asked, at)) {
            return held;
        }
        let holds = all.guards.iter().all(|guard| guard.holds(ancestors, &self.named));
        last.set(Some((at, holds)));
        holds
    }
}

/// Every leaf that `path` names in `outline`. A path that names nothing is an error.
pub(super) fn expand(path: &str, outline: &Outline) -> Result<Vec<Target>, String> {
    let wrong = |why: String| format!("path {path}: {why}");
    let segments = path.strip_prefix('/').ok_or_else(|| wrong(String::from("it must begin with a slash")))?;
    let (mut here, mut shape, mut depth, mut guards) = (outline, String::new(), 0_usize, Vec::new());
    let mut whole = false;
    for segment in segments.split('/') {
        if whole {
            return Err(wrong(String::from("nothing may follow **")));
        }
        let filter = segment.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        match (here, segment, filter) {
            (_, "**", _) => whole = true,
            (Outline::List(item), _, Some(inner)) => {
                depth += 1;
                guards.push(checked(Guard::read(inner, depth).map_err(wrong)?, item).map_err(wrong)?);
                (here, shape) = (item, format!("{shape}/*"));
            }
            (Outline::Group(_), _, Some(inner)) => {
                guards.push(checked(Guard::read(inner, depth).map_err(wrong)?, here).map_err(wrong)?);
            }
            (Outline::List(item), "*", None) => {
                depth += 1;
                (here, shape) = (item, format!("{shape}/*"));
            }
            (Outline::Group(fields), name, None) => {
                depth += 1;
                here =
                    fields.get(name).ok_or_else(|| wrong(format!("the profile has no \"{name}\" there")))?;
                shape = format!("{shape}/{name}");
            }
            (Outline::Leaf | Outline::List(_), _, _) => {
                return Err(wrong(format!("\"{segment}\" does not fit the profile")));
            }
        }
    }
    if !whole && !matches!(here, Outline::Leaf) {
        return Err(wrong(String::from("it names a group: end it with /** or name a field")));
    }
    let mut shapes = Vec::new();
    here.leaves(&shape, &mut shapes);
    Ok(shapes.into_iter().map(|shape| Target { shape, guards: guards.clone() }).collect())
}

/// The guard, if the field that it reads is there to be read.
fn checked(guard: Guard, at: &Outline) -> Result<Guard, String> {
    match at {
        Outline::Group(fields) if fields.contains_key(&guard.key) => Ok(guard),
        _ => Err(format!("the profile has no \"{}\" there", guard.key)),
    }
}
