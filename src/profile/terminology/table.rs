//! The tables of base R4: `profiles/r4/codes.txt` and `profiles/r4/valuesets.txt`.

use std::borrow::Cow;

use super::{
    Text,
    code_system::{Concept, Content, System},
    sources::{Part, SetSource},
};
use crate::profile::definition::{
    DefinitionFault,
    names::{R4_VALUE_SETS, spelt_out},
};

/// Reads the code systems.
pub(super) fn systems(text: &'static str) -> Result<Vec<System>, DefinitionFault> {
    text.split("\n=").skip(1).map(system).collect()
}

/// Reads the value sets.
pub(super) fn sets(text: &'static str) -> Result<Vec<SetSource>, DefinitionFault> {
    text.split("\n=").skip(1).map(set).collect()
}

/// Address, content, case, version; then a code a line, one space deeper for each step down.
fn system(block: &'static str) -> Result<System, DefinitionFault> {
    let mut lines = block.lines();
    let head = lines.next().unwrap_or_default();
    let mut fields = head.split('\t');
    let mut next = || fields.next().unwrap_or_default();
    let (url, content, case, version) = (next(), next(), next(), next());
    let content = Content::of(content).ok_or_else(|| unreadable(head))?;
    let mut concepts: Vec<Concept> = Vec::new();
    let mut above: Vec<&'static str> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let mut fields = line.split('\t');
        let indented = fields.next().unwrap_or_default();
        let code = indented.trim_start_matches(' ');
        let depth = (indented.len() - code.len()).checked_sub(1).ok_or_else(|| unreadable(line))?;
        above.truncate(depth);
        let display = fields.next().unwrap_or_default();
        let parents = above.last().copied().into_iter().chain(fields).map(Cow::Borrowed).collect();
        above.push(code);
        concepts.push(Concept {
            code: code.into(),
            display: display.into(),
            designations: Vec::new(),
            parents,
        });
    }
    Ok(System::new(url.into(), version.into(), content, case == "s", concepts))
}

/// Name, version; then `+system`, `-system`, `+^value set`, with codes below.
fn set(block: &'static str) -> Result<SetSource, DefinitionFault> {
    let mut lines = block.lines();
    let head = lines.next().unwrap_or_default();
    let (name, version) = head.split_once('\t').unwrap_or((head, ""));
    let mut made = SetSource { url: full(name), version: version.into(), ..SetSource::default() };
    let mut excluding = false;
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(concept) = line.strip_prefix(' ') {
            let code = concept.split_once('\t').map_or(concept, |(code, _)| code);
            let parts = if excluding { &mut made.exclude } else { &mut made.include };
            parts.last_mut().ok_or_else(|| unreadable(line))?.codes.push(code.into());
            continue;
        }
        let part = line.strip_prefix(['+', '-']).ok_or_else(|| unreadable(line))?;
        excluding = line.starts_with('-');
        let part = part_of(part).ok_or_else(|| unreadable(line))?;
        if excluding { made.exclude.push(part) } else { made.include.push(part) }
    }
    Ok(made)
}

fn part_of(text: &'static str) -> Option<Part> {
    if text.starts_with('^') {
        let imports =
            text.split('\t').map(|import| import.strip_prefix('^').map(full)).collect::<Option<_>>()?;
        return Some(Part { imports, ..Part::default() });
    }
    let mut fields = text.split('\t');
    let mut part = Part { system: fields.next().map(Cow::Borrowed), ..Part::default() };
    for filter in fields {
        let mut words = filter.splitn(3, ' ');
        part.filters.push((words.next()?.into(), words.next()?.into(), words.next()?.into()));
    }
    Some(part)
}

/// A name without a scheme is one of R4's own value sets.
fn full(name: &'static str) -> Text {
    if name.contains(':') { Cow::Borrowed(name) } else { Cow::Owned(spelt_out(name, R4_VALUE_SETS)) }
}

fn unreadable(line: &str) -> DefinitionFault {
    let start: String = line.chars().take(60).collect();
    DefinitionFault::new("", format!("this line of the tables of R4 cannot be read: {start}"))
        .from("profiles/r4")
}
