//! Where each leaf of a message comes from, by which rule, and what let it through.
//!
//! A message has thousands of leaves and most lineages are kept and never read, so what is kept are numbers: the words
//! are made when somebody asks ([`Lineage::lines`]).

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::tree::Key;
use crate::minimise::{Places, Through, escaped};

/// Room for the places of most messages.
const PLACES_USUAL: usize = 512;

/// Where one leaf of a message comes from, and what let that through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced<'l> {
    /// The leaf: `body#/…` or `detail#/…`, a JSON pointer into that part.
    pub output: String,
    /// A path of the assessment (`/risk/to_self/level`), `frame:…` (what the gateway knows about the
    /// message), `request:…` (what an agency asked) or `fixed` (a constant of the mapping).
    pub source: String,
    /// The mapping rule, with its version: `custody-sheet/2#riskToSelf`.
    pub rule: String,
    /// What let the source through; `None` where the source is no path of the assessment.
    pub through: Option<Through<'l>>,
}

/// What a leaf is made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// A place of what the message was made from.
    Place(u32),
    /// What the gateway knows about the message itself.
    Frame(&'static str),
    /// A constant of the mapping.
    Fixed,
}

/// A step into a part of a message.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Field(Key),
    Entry(usize),
}

#[derive(Clone, Debug)]
struct Line {
    /// The place of the leaf in [`Part::steps`].
    output: u32,
    source: Source,
    rule: Option<&'static str>,
}

/// The lineage of one part of a message.
#[derive(Clone, Debug)]
pub(super) struct Part {
    name: &'static str,
    version: &'static str,
    /// Each place of the part: its group's, and the step from there. The whole is 0 and has none.
    steps: Vec<(u32, Step)>,
    lines: Vec<Line>,
}

impl Part {
    /// Nothing yet of the part `name` (`body` or `detail`), which the mapping `version` makes.
    pub(super) fn new(name: &'static str, version: &'static str) -> Self {
        let (steps, lines) = (Vec::with_capacity(PLACES_USUAL), Vec::with_capacity(PLACES_USUAL));
        Self { name, version, steps, lines }
    }

    /// The place of `step` below `above`.
    pub(super) fn enter(&mut self, above: u32, step: Step) -> u32 {
        self.steps.push((above, step));
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// The leaf at `output` is made from `sources`, by `rule` or by that of the field under which it is.
    pub(super) fn add(&mut self, output: u32, sources: &[Source], rule: Option<&'static str>) {
        self.lines.extend(sources.iter().map(|source| Line { output, source: *source, rule }));
    }

    fn step(&self, place: u32) -> Option<&(u32, Step)> {
        self.steps.get((place as usize).checked_sub(1)?)
    }

    /// The place as it is written: `body#/entry/0/…`.
    fn output(&self, places: &Places, place: u32) -> String {
        let mut steps = Vec::new();
        let mut here = place;
        while let Some((above, step)) = self.step(here) {
            steps.push(step);
            here = *above;
        }
        let mut output = format!("{}#", self.name);
        for step in steps.into_iter().rev() {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Field(key) => write!(output, "/{}", escaped(&key.text(places))),
                Step::Entry(entry) => write!(output, "/{entry}"),
            };
        }
        output
    }

    /// The rule of a leaf: the nearest that is named, else the top-level field that it is under.
    fn rule(&self, places: &Places, line: &Line) -> String {
        let top = || {
            let mut here = line.output;
            let mut top = None;
            while let Some((above, step)) = self.step(here) {
                top = Some(step);
                here = *above;
            }
            match top {
                Some(Step::Field(key)) => key.text(places),
                _ => "message".into(),
            }
        };
        format!("{}#{}", self.version, line.rule.map_or_else(top, Cow::Borrowed))
    }
}

/// Where every leaf of a message comes from.
#[derive(Clone, Debug)]
pub struct Lineage {
    parts: Vec<Part>,
    /// What stands before a path of what the message was made from; nothing when that is an assessment.
    made_from: &'static str,
    places: Arc<Places>,
}

impl Lineage {
    pub(super) fn new(part: Part) -> Self {
        Self { parts: vec![part], made_from: "", places: Arc::default() }
    }

    /// The same of a message that was made from a projection with these places.
    pub(super) fn of(self, places: &Arc<Places>) -> Self {
        Self { places: Arc::clone(places), ..self }
    }

    /// The same of a message that was made from a request with these places.
    pub(super) fn of_request(self, places: Places) -> Self {
        Self { places: Arc::new(places), made_from: "request:", ..self }
    }

    /// A further part of the message.
    pub(super) fn and(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// How many leaves there are, those that are made from several places counted for each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lines.len()).sum()
    }

    /// Whether nothing was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the places from which something was made.
    pub fn sources(&self) -> impl Iterator<Item = u32> {
        self.parts.iter().flat_map(|part| &part.lines).filter_map(|line| match line.source {
            Source::Place(number) => Some(number),
            Source::Frame(_) | Source::Fixed => None,
        })
    }

    /// Says of the leaves at `outputs` that the gateway knows them as `frame` of the message.
    pub(super) fn come_from_frame(&mut self, outputs: &BTreeSet<String>, frame: &'static str) {
        for part in &mut self.parts {
            let mut lines = std::mem::take(&mut part.lines);
            for line in &mut lines {
                if outputs.contains(&part.output(&self.places, line.output)) {
                    line.source = Source::Frame(frame);
                }
            }
            part.lines = lines;
        }
    }

    /// One line for each leaf and source, in the order of the message. A leaf that is made from a group which several
    /// blocks let through has a line for each.
    pub fn lines(&self) -> impl Iterator<Item = Traced<'_>> {
        self.parts.iter().flat_map(move |part| {
            part.lines.iter().flat_map(move |line| {
                let (source, ways) = self.source(line.source);
                let (output, rule) = (part.output(&self.places, line.output), part.rule(&self.places, line));
                let line = move |through| Traced {
                    output: output.clone(),
                    source: source.clone(),
                    rule: rule.clone(),
                    through,
                };
                ways.into_iter().map(line)
            })
        })
    }

    /// The place of the assessment that a place of the message (as in `detail#/riskToSelf/level`) comes from: the nearest
    /// one that all of it shares. What is missing there comes from where its neighbours do. `None` where that is no place.
    #[must_use]
    pub fn comes_from(&self, output: &str) -> Option<String> {
        let lines: Vec<Traced> = self.lines().filter(|line| line.source.starts_with('/')).collect();
        let mut at = output;
        loop {
            let is_in = |line: &&Traced| {
                line.output.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let sources: Vec<&str> = lines.iter().filter(is_in).map(|line| &*line.source).collect();
            if !sources.is_empty() {
                return shared(&sources);
            }
            at = at.rsplit_once('/')?.0;
        }
    }

    /// A source in words, and the ways by which it came: one that is none when no table let it through.
    fn source(&self, source: Source) -> (String, Vec<Option<Through<'_>>>) {
        match source {
            Source::Place(number) => {
                let ways: Vec<_> = self.places.through(number).map(Some).collect();
                let words = format!("{}{}", self.made_from, self.places.pointer(number));
                (words, if ways.is_empty() { vec![None] } else { ways })
            }
            Source::Frame(part) => (format!("frame:{part}"), vec![None]),
            Source::Fixed => (String::from("fixed"), vec![None]),
        }
    }
}

/// The nearest place that all of these are in; `None` where that is the whole.
fn shared(sources: &[&str]) -> Option<String> {
    let (first, rest) = sources.split_first()?;
    let mut shared: Vec<&str> = first.split('/').collect();
    for source in rest {
        let alike = shared.iter().zip(source.split('/')).take_while(|(one, other)| **one == *other).count();
        shared.truncate(alike);
    }
    Some(shared.join("/")).filter(|place| !place.is_empty())
}

impl Serialize for Lineage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.lines())
    }
}

impl Serialize for Traced<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("output", &self.output)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("rule", &self.rule)?;
        if let Some(through) = &self.through {
            map.serialize_entry("block", through.block)?;
            map.serialize_entry("view", through.view)?;
            map.serialize_entry("allowed_by", through.rule)?;
            map.serialize_entry("consent", &through.consent)?;
            map.serialize_entry("provision", &through.provision)?;
        }
        map.end()
    }
}
