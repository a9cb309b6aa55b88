//! Where one leaf of a message comes from, by which rule, and what let it through.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::minimise::{Projection, Through};

/// Where one leaf of a message comes from, and what let that through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The leaf: `body#/…` or `detail#/…`, a JSON pointer into that part.
    pub output: String,
    /// A path of the assessment (`/risk/to_self/level`), `frame:…` (what the gateway knows about the
    /// message), `request:…` (what an agency asked) or `fixed` (a constant of the mapping).
    pub source: String,
    /// The mapping rule, with its version: `custody-sheet/1#riskToSelf`.
    pub rule: String,
    /// What let the source through; `None` where the source is no path of the assessment.
    pub through: Option<Arc<Through>>,
}

impl Traced {
    pub(super) const fn new(output: String, source: String, rule: String) -> Self {
        Self { output, source, rule, through: None }
    }
}

/// Lists close up when entries are left out; lineage names the places of the whole assessment, each with what let it
/// through. A leaf that is made from a group which several blocks let through has a line for each.
pub(super) fn trace(lineage: Vec<Traced>, projection: &Projection) -> Vec<Traced> {
    let mut traced = Vec::with_capacity(lineage.len());
    for mut line in lineage {
        if line.source.starts_with('/') {
            line.source = projection.source(&line.source);
            let mut ways = projection.through(&line.source).into_iter();
            line.through = ways.next();
            for way in ways {
                let further = Traced { through: Some(way), ..line.clone() };
                traced.push(further);
            }
        }
        traced.push(line);
    }
    traced
}

impl Serialize for Traced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("output", &self.output)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("rule", &self.rule)?;
        if let Some(through) = &self.through {
            map.serialize_entry("block", &through.block)?;
            map.serialize_entry("view", &through.view)?;
            map.serialize_entry("allowed_by", &through.rule)?;
            map.serialize_entry("consent", &through.consent)?;
            map.serialize_entry("provision", &through.provision)?;
        }
        map.end()
    }
}
