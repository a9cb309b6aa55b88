//! Code systems and value sets made ready to be asked.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Terminology, Text,
    code_system::{Content, System},
    set_named,
    sources::{Part, SetSource, Sources},
    value_set::{Piece, Rule, Set, syntax_of},
};
use crate::{
    limits,
    profile::{Table, TableSet, definition::names::split_version},
};

/// Makes all of them ready.
pub(super) fn all(sources: &Sources) -> Terminology {
    let mut systems: Vec<Arc<System>> = Vec::with_capacity(sources.systems.len());
    let mut system_names = Table::default();
    // In the order of versions, so that the last of an address is its latest.
    for ((url, version), system) in &sources.systems {
        if system.content == Content::Supplement {
            continue;
        }
        if !version.is_empty() {
            system_names.insert(Text::Owned(format!("{url}|{version}")), systems.len());
        }
        system_names.insert(url.clone(), systems.len());
        systems.push(Arc::clone(system));
    }
    let mut set_names: Table<Text, usize> = Table::default();
    for (at, (url, version)) in sources.sets.keys().enumerate() {
        if !version.is_empty() {
            set_names.insert(Text::Owned(format!("{url}|{version}")), at);
        }
        set_names.insert(url.clone(), at);
    }
    let list: Vec<&SetSource> = sources.sets.values().collect();
    let depths = depths(&list, &set_names);
    let work = Work { systems: &systems, system_names: &system_names, set_names: &set_names };
    let sets = list
        .iter()
        .zip(depths)
        .map(|(source, depth)| match depth {
            Some(_) => work.set(source),
            None => undecided("its imports go round in a circle, or go too deep"),
        })
        .collect();
    Terminology { systems, system_names, sets, set_names }
}

fn undecided(why: &str) -> Set {
    let piece = Piece { system: None, rule: Rule::Unknown(why.to_owned()), within: Vec::new() };
    Set { include: vec![piece], exclude: Vec::new() }
}

/// How deep the imports of each value set go; `None` when in a circle, or too deep.
fn depths(list: &[&SetSource], names: &Table<Text, usize>) -> Vec<Option<usize>> {
    let imports: Vec<Vec<usize>> = list
        .iter()
        .map(|set| {
            let parts = set.include.iter().chain(&set.exclude);
            parts.flat_map(|part| &part.imports).filter_map(|import| set_named(names, import)).collect()
        })
        .collect();
    // Each round settles those whose imports are all settled; what is left over is in a circle or too deep.
    let mut depths: Vec<Option<usize>> = vec![None; list.len()];
    for round in 0..limits::VALUE_SET_DEPTH_MAX {
        let ready: Vec<usize> = (0..list.len())
            .filter(|at| depths.get(*at).is_some_and(Option::is_none))
            .filter(|at| {
                imports.get(*at).is_some_and(|on| {
                    on.iter().all(|import| depths.get(*import).copied().flatten().is_some())
                })
            })
            .collect();
        if ready.is_empty() {
            break;
        }
        for at in ready {
            if let Some(depth) = depths.get_mut(at) {
                *depth = Some(round);
            }
        }
    }
    depths
}

/// A code system by the address with its version, or else by the address alone.
fn find(names: &Table<Text, usize>, canonical: &str) -> Option<usize> {
    names.get(canonical).or_else(|| names.get(split_version(canonical).0)).copied()
}

struct Work<'a> {
    systems: &'a [Arc<System>],
    system_names: &'a Table<Text, usize>,
    set_names: &'a Table<Text, usize>,
}

impl Work<'_> {
    fn set(&self, source: &SetSource) -> Set {
        if let Some(expansion) = &source.expansion {
            let mut by_system: HashMap<&Text, TableSet<Text>> = HashMap::new();
            for (system, code) in expansion {
                by_system.entry(system).or_default().insert(code.clone());
            }
            let piece = |(system, codes): (&Text, TableSet<Text>)| Piece {
                system: Some(system.clone()),
                rule: Rule::Listed(codes),
                within: Vec::new(),
            };
            return Set { include: by_system.into_iter().map(piece).collect(), exclude: Vec::new() };
        }
        if source.include.is_empty() {
            return undecided("the value set says nothing of what is in it");
        }
        Set {
            include: source.include.iter().map(|part| self.piece(part)).collect(),
            exclude: source.exclude.iter().map(|part| self.piece(part)).collect(),
        }
    }

    fn piece(&self, part: &Part) -> Piece {
        let mut rule = self.rule(part);
        let mut within = Vec::new();
        for import in &part.imports {
            match set_named(self.set_names, import) {
                Some(at) => within.push(at),
                None => rule = Rule::Unknown(format!("the value set {import} that it imports is not loaded")),
            }
        }
        Piece { system: part.system.clone(), rule, within }
    }

    fn rule(&self, part: &Part) -> Rule {
        let Some(system) = &part.system else { return Rule::Any };
        if !part.codes.is_empty() {
            return Rule::Listed(part.codes.iter().cloned().collect());
        }
        let place = find(self.system_names, system);
        let loaded = place.and_then(|at| self.systems.get(at));
        if part.filters.is_empty() {
            return match (place, syntax_of(system)) {
                (Some(at), _) => Rule::Whole(at),
                (None, Some(holds)) => Rule::Syntax(holds),
                (None, None) => Rule::Unknown(format!("the codes of {system} are not loaded")),
            };
        }
        let Some(loaded) = loaded else {
            return Rule::Unknown(format!("the codes of {system} are not loaded"));
        };
        if loaded.content != Content::Complete {
            return Rule::Unknown(format!("only a part of {system} is loaded"));
        }
        let mut codes: Option<HashSet<&str>> = None;
        for (property, op, value) in &part.filters {
            let Some(kept) = filtered(loaded, property, op, value) else {
                return Rule::Unknown(format!(
                    "the filter {property} {op} on {system} cannot be decided here"
                ));
            };
            codes = Some(match codes {
                None => kept,
                Some(codes) => codes.intersection(&kept).copied().collect(),
            });
        }
        let codes = codes.unwrap_or_default();
        Rule::Listed(loaded.codes().filter(|code| codes.contains(code.as_ref())).cloned().collect())
    }
}

/// The codes that a filter keeps; `None` when it cannot be decided.
fn filtered<'a>(system: &'a System, property: &str, op: &str, value: &str) -> Option<HashSet<&'a str>> {
    match (property, op) {
        ("concept" | "code", "is-a") => system.at_or_below(value),
        ("concept" | "code", "descendent-of") => {
            let mut below = system.at_or_below(value)?;
            below.remove(value);
            Some(below)
        }
        ("concept" | "code", "is-not-a") => {
            let below = system.at_or_below(value)?;
            Some(system.codes().map(AsRef::as_ref).filter(|code| !below.contains(code)).collect())
        }
        ("concept" | "code", "=") => {
            Some(system.codes().map(AsRef::as_ref).filter(|code| *code == value).collect())
        }
        ("concept" | "code", "in") => {
            let wanted: HashSet<&str> = value.split(',').map(str::trim).collect();
            Some(system.codes().map(AsRef::as_ref).filter(|code| wanted.contains(code)).collect())
        }
        ("parent", "=") => Some(system.directly_below(value)),
        _ => None,
    }
}
