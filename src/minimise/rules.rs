//! The rules as compiled: every path resolved to the leaves of the profile, every block with a cell for every
//! audience. What does not add up is an error at start, never a surprise at run time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
    sync::Arc,
};

use aws_lc_rs::digest::{Context, SHA256};

use super::{
    outline::Outline,
    pattern::{Conditions, Guard, Target, expand},
    shapes::{Shape, Shapes},
    tables::{self, AudienceFile, BlockLine, BlocksFile, CellLine, Letters, UnderLine},
    through::Passage,
    view::View,
};
use crate::directory::Audience;

/// The view that is the whole block.
const FULL: &str = "full";
/// The block of the NHS number. Where it does not leave, nothing that reads as one leaves in a text either.
const NHS_NUMBER: &str = "nhs-number";
/// How much of the tables' hash makes their version, in bytes.
const VERSION_BYTES: usize = 6;

/// The disclosure tables, ready to be applied.
pub struct Rules {
    pub(super) blocks: Vec<Block>,
    pub(super) audiences: BTreeMap<Audience, Column>,
    /// Every place that the profile knows, groups and lists included.
    pub(super) shapes: Shapes,
    /// What must hold here and there.
    pub(super) conditions: Conditions,
    leaves: Vec<String>,
    version: String,
}

/// A block with its views.
pub(super) struct Block {
    pub(super) id: String,
    title: String,
    /// The blocks whose rows of the table it falls under.
    rows: Vec<String>,
    /// Single values of it that fall under the rows of others.
    under: Vec<Under>,
    /// Single values that let others guess what another row is about.
    hints: Vec<Under>,
    views: BTreeMap<String, Arc<View>>,
}

/// Values that fall under the rows of other blocks than their own.
struct Under {
    rows: Vec<String>,
    values: View,
}

/// One audience's column of the table.
pub(super) struct Column {
    /// As in `custody/1`.
    pub(super) name: String,
    purposes: Vec<String>,
    /// One for each block, in the blocks' order.
    pub(super) cells: Vec<Cell>,
    /// The block of the NHS number, where it never leaves to this audience: then it is looked for in every text.
    pub(super) keeps_numbers: Option<u16>,
    /// Every view of a block that may leave.
    pub(super) passages: Arc<[Passage]>,
}

/// What the table says of one block for one audience.
pub(super) struct Cell {
    pub(super) letters: Letters,
    /// The rule, with its version: `custody/1#risk-to-self`.
    pub(super) rule: String,
    /// By which passage of the column it leaves with consent.
    pub(super) view: Option<u16>,
    /// By which it may leave under the override.
    pub(super) minimum: Option<u16>,
    /// It leaves only when the referral is for one of these needs.
    pub(super) when_need: Option<Vec<String>>,
    /// By which passage it leaves for these needs, where that is not `view`.
    pub(super) by_need: Vec<(String, u16)>,
    /// It leaves only when the assessment says `true` at this path.
    pub(super) when_agreed: Option<String>,
    /// What of it every child is owed.
    pub(super) by_law: Option<ByLaw>,
}

/// A field that leaves of every child, and what it says.
pub(super) struct ByLaw {
    pub(super) passage: u16,
    /// Where it stands.
    pub(super) at: String,
    pub(super) says: String,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({})", self.version)
    }
}

impl Rules {
    /// Compiles the tables of `profiles/disclosure/`. The error says which file and which line does not add up.
    pub fn compile() -> Result<Self, String> {
        let columns: Vec<(Audience, &str)> =
            Audience::ALL.into_iter().map(|audience| (audience, tables::source(audience))).collect();
        Self::from_sources(tables::ASSESSMENT, tables::BLOCKS, &columns)
    }

    /// A short hash of the tables and of the profile that they are written against.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The id and the title of every block, in the order of the table.
    pub fn blocks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.blocks.iter().map(|block| (block.id.as_str(), block.title.as_str()))
    }

    /// For what an agreement must be so that anything may leave under it to this audience: one of these. None, where
    /// there is no audience.
    #[must_use]
    pub fn purposes(&self, audience: Option<Audience>) -> &[String] {
        let column = audience.and_then(|audience| self.audiences.get(&audience));
        column.map_or(&[], |column| column.purposes.as_slice())
    }

    /// Every leaf of the assessment, in the order of its outline; `*` stands for the places of a list.
    #[must_use]
    pub fn leaves(&self) -> &[String] {
        &self.leaves
    }

    /// The blocks of which anything may leave to `audience` at all: what an agreement with such an agency may be about.
    #[must_use]
    pub fn open_blocks(&self, audience: Audience) -> Vec<&str> {
        let Some(column) = self.audiences.get(&audience) else { return Vec::new() };
        let cells = self.blocks.iter().zip(&column.cells);
        cells.filter(|(_, cell)| cell.view.is_some()).map(|(block, _)| block.id.as_str()).collect()
    }

    /// The blocks that an agreement's emergency row may name for `audience`: the O cells.
    #[must_use]
    pub fn override_blocks(&self, audience: Audience) -> Vec<&str> {
        let Some(column) = self.audiences.get(&audience) else { return Vec::new() };
        let cells = self.blocks.iter().zip(&column.cells);
        cells.filter(|(_, cell)| cell.minimum.is_some()).map(|(block, _)| block.id.as_str()).collect()
    }

    pub(super) fn from_sources(
        profile: &str,
        blocks: &str,
        columns: &[(Audience, &str)],
    ) -> Result<Self, String> {
        let schema = serde_json::from_str(profile).map_err(|e| format!("the assessment's profile: {e}"))?;
        let outline = Outline::read(&schema)?;
        let file: BlocksFile = toml::from_str(blocks).map_err(|e| format!("blocks.toml: {e}"))?;
        let mut rules = Self {
            blocks: Vec::new(),
            audiences: BTreeMap::new(),
            shapes: Shapes::of(&outline),
            conditions: Conditions::default(),
            leaves: Vec::new(),
            version: version_of(profile, blocks, columns),
        };
        let mut leaves = Vec::new();
        outline.leaves("", &mut leaves);
        for path in &file.routing {
            let targets = expand(path, &outline).map_err(|e| format!("blocks.toml: routing: {e}"))?;
            for target in targets {
                rules.leaf(&target.shape)?.is_routing = true;
            }
        }
        for path in &file.own_form {
            let targets = expand(path, &outline).map_err(|e| format!("blocks.toml: own_form: {e}"))?;
            for target in targets {
                rules.leaf(&target.shape)?.has_own_form = true;
            }
        }
        for line in &file.block {
            rules.add_block(line, &outline).map_err(|e| format!("blocks.toml: block {}: {e}", line.id))?;
        }
        rules.every_leaf_has_one_place(&leaves)?;
        rules.every_row_is_a_block()?;
        for (audience, source) in columns {
            let name = audience.as_str();
            let column: AudienceFile = toml::from_str(source).map_err(|e| format!("{name}.toml: {e}"))?;
            let column = rules.column(name, &column).map_err(|e| format!("{name}.toml: {e}"))?;
            rules.audiences.insert(*audience, column);
        }
        rules.leaves = leaves;
        Ok(rules)
    }

    /// The place of a leaf that the tables name.
    fn leaf(&mut self, shape: &str) -> Result<&mut Shape, String> {
        let place = self.shapes.named(shape).and_then(|number| self.shapes.get_mut(number));
        place.ok_or_else(|| format!("the profile has no {shape}"))
    }

    fn add_block(&mut self, line: &BlockLine, outline: &Outline) -> Result<(), String> {
        if self.blocks.iter().any(|block| block.id == line.id) {
            return Err(String::from("it stands there twice"));
        }
        let number = self.blocks.len();
        let mut views = BTreeMap::new();
        let extent = named_targets(&line.extent, outline)?;
        for Target { shape, guards } in &extent {
            let condition = self.conditions.keep(guards.clone());
            self.leaf(shape)?.belongs.push((number, condition));
        }
        let full = self.view(extent)?;
        let under = self.under(&line.under, &full, outline)?;
        let hints = self.under(&line.hints, &full, outline)?;
        for (name, paths) in &line.views {
            let part = named_targets(paths, outline).map_err(|e| format!("view {name}: {e}"))?;
            if let Some(stray) = part.iter().find(|target| !self.is_within(&full, target)) {
                return Err(format!("view {name}: {} is not in the block's extent", stray.shape));
            }
            views.insert(name.clone(), Arc::new(self.view(part)?));
        }
        if views.insert(String::from(FULL), Arc::new(full)).is_some() {
            return Err(String::from("the view full is the extent and is not written"));
        }
        // Rows are of blocks that stand before, so that none leads round in a circle.
        if let Some(stray) = line.rows.iter().find(|row| !self.blocks.iter().any(|block| block.id == **row)) {
            return Err(format!("there is no block {stray} before it whose row it could fall under"));
        }
        let (id, title, rows) = (line.id.clone(), line.title.clone(), line.rows.clone());
        self.blocks.push(Block { id, title, rows, under, hints, views });
        Ok(())
    }

    /// Whether a leaf is one of a block's.
    fn is_within(&self, block: &View, leaf: &Target) -> bool {
        self.shapes.named(&leaf.shape).is_some_and(|place| block.has(place))
    }

    /// The values of `block` that fall under the rows of others.
    fn under(&mut self, lines: &[UnderLine], block: &View, outline: &Outline) -> Result<Vec<Under>, String> {
        let mut under = Vec::new();
        for UnderLine { path, rows } in lines {
            let values = targets(std::slice::from_ref(path), outline)?;
            if let Some(stray) = values.iter().find(|value| !self.is_within(block, value)) {
                return Err(format!("under: {} is not in the block's extent", stray.shape));
            }
            if rows.is_empty() || values.iter().any(|value| value.guards.is_empty()) {
                return Err(format!(
                    "under: {path} is for single values, by a filter, and for rows of others"
                ));
            }
            under.push(Under { rows: rows.clone(), values: self.view(values)? });
        }
        Ok(under)
    }

    fn view(&mut self, targets: Vec<Target>) -> Result<View, String> {
        let mut view = View::default();
        for Target { shape, guards } in targets {
            let place = self.shapes.named(&shape).ok_or_else(|| format!("the profile has no {shape}"))?;
            view.add(place, self.conditions.keep(guards))?;
        }
        Ok(view)
    }

    /// A leaf belongs to one block only, or is routing; nothing is left without a place.
    fn every_leaf_has_one_place(&self, leaves: &[String]) -> Result<(), String> {
        for leaf in leaves {
            let place = self.shapes.named(leaf).and_then(|number| self.shapes.get(number));
            let place = place.ok_or_else(|| format!("the profile has no {leaf}"))?;
            let blocks: BTreeSet<usize> = place.belongs.iter().map(|(number, _)| *number).collect();
            if blocks.len() > 1 || (blocks.is_empty() && !place.is_routing) {
                return Err(format!("blocks.toml: {leaf} belongs to {} blocks", blocks.len()));
            }
        }
        Ok(())
    }

    /// What single values fall under is told by other blocks, of which some stand further down.
    fn every_row_is_a_block(&self) -> Result<(), String> {
        for block in &self.blocks {
            let mut rows = block.under.iter().chain(&block.hints).flat_map(|under| &under.rows);
            let is_other =
                |row: &String| *row != block.id && self.blocks.iter().any(|other| other.id == *row);
            if let Some(stray) = rows.find(|row| !is_other(row)) {
                return Err(format!(
                    "blocks.toml: block {}: under: there is no other block {stray}",
                    block.id
                ));
            }
        }
        Ok(())
    }

    fn column(&self, name: &str, file: &AudienceFile) -> Result<Column, String> {
        if file.audience != name {
            return Err(format!("it says that it is for {}", file.audience));
        }
        if file.purposes.is_empty() {
            return Err(String::from("no purposes: nothing could leave"));
        }
        if let Some(stray) = file.cells.keys().find(|id| !self.blocks.iter().any(|b| &b.id == *id)) {
            return Err(format!("there is no block {stray}"));
        }
        let name = format!("{name}/{}", file.version);
        let (mut cells, mut passages) = (Vec::new(), Vec::new());
        for block in &self.blocks {
            let line = file.cells.get(&block.id).ok_or_else(|| format!("no cell for block {}", block.id))?;
            if let Some(path) = line.when_agreed.as_ref().filter(|path| self.shapes.named(path).is_none()) {
                return Err(format!("block {}: when_agreed: the profile has no {path}", block.id));
            }
            if let Some(law) = &line.under_18 {
                let is_one = block.views.get(&law.view).is_some_and(|view| {
                    view.len() == 1 && self.shapes.named(&law.at).is_some_and(|place| view.has(place))
                });
                if !is_one {
                    return Err(format!(
                        "block {}: under_18: its view is the one field that it states",
                        block.id
                    ));
                }
            }
            let rule = format!("{name}#{}", block.id);
            let cell = cell(block, line, rule, &mut passages);
            cells.push(cell.map_err(|e| format!("block {}: {e}", block.id))?);
        }
        let numbers = self.blocks.iter().position(|block| block.id == NHS_NUMBER);
        let numbers = numbers.filter(|at| cells.get(*at).is_some_and(|cell: &Cell| cell.view.is_none()));
        let keeps_numbers = numbers.and_then(|at| u16::try_from(at).ok());
        let purposes = file.purposes.clone();
        Ok(Column { name, purposes, cells, keeps_numbers, passages: passages.into() })
    }
}

impl Block {
    /// Whether it is among `blocks`, or falls under the row of one of them.
    pub(super) fn is_among(&self, blocks: &[String]) -> bool {
        blocks.contains(&self.id) || self.rows.iter().any(|row| blocks.contains(row))
    }

    /// The values of it that say what other rows are about, with those rows.
    pub(super) fn under(&self) -> impl Iterator<Item = (&[String], &View)> {
        self.under.iter().map(|under| (under.rows.as_slice(), &under.values))
    }

    /// The values of it that let others guess what one of `blocks` is about, with the row that they hint at.
    pub(super) fn hints_at(&self, blocks: &[String]) -> impl Iterator<Item = (&str, &View)> {
        self.hints.iter().filter_map(|hint| {
            let row = hint.rows.iter().find(|row| blocks.contains(row))?;
            Some((row.as_str(), &hint.values))
        })
    }

    /// The values of it that fall under the row of one of `blocks`.
    pub(super) fn values_under(&self, blocks: &[String]) -> Vec<&View> {
        let is_meant = |under: &&Under| under.rows.iter().any(|row| blocks.contains(row));
        self.under.iter().filter(is_meant).map(|under| &under.values).collect()
    }
}

/// A cell of the table for `block`, whose letters and views must say the same; its passages are added to the others.
fn cell(block: &Block, line: &CellLine, rule: String, passages: &mut Vec<Passage>) -> Result<Cell, String> {
    let mut passage = |view: &String, is_minimum: bool, is_by_law: bool| {
        let leaves = block.views.get(view).ok_or_else(|| format!("there is no view {view}"))?;
        let number = u16::try_from(passages.len()).map_err(|_| String::from("there are too many views"))?;
        passages.push(Passage {
            block: block.id.clone(),
            view: view.clone(),
            rule: rule.clone(),
            given: format!("{}:{view}", block.id),
            is_minimum,
            is_by_law,
            leaves: Arc::clone(leaves),
        });
        Ok::<_, String>(number)
    };
    let view = line.view.as_ref().map(|view| passage(view, false, false)).transpose()?;
    let minimum = line.minimum.as_ref().map(|view| passage(view, true, false)).transpose()?;
    if view.is_some() == (line.cell == Letters::Never) {
        return Err(String::from("a view is needed, unless the cell is \"-\""));
    }
    if minimum.is_some() != line.cell.overrides() {
        return Err(String::from("an override view goes with O, and only with it"));
    }
    if line.cell.is_category() && line.view.as_deref() == Some(FULL) {
        return Err(String::from("a category is never the full block"));
    }
    let by_law = match &line.under_18 {
        Some(_) if view.is_none() => return Err(String::from("nothing is owed of what never leaves")),
        Some(law) => {
            let (at, says) = (law.at.clone(), law.says.clone());
            Some(ByLaw { passage: passage(&law.view, false, true)?, at, says })
        }
        None => None,
    };
    let mut by_need = Vec::with_capacity(line.by_need.len());
    for (need, view) in &line.by_need {
        if !line.when_need.as_ref().is_some_and(|needs| needs.contains(need)) {
            return Err(format!("by_need: it does not leave for {need}"));
        }
        by_need.push((need.clone(), passage(view, false, false)?));
    }
    let (when_need, when_agreed) = (line.when_need.clone(), line.when_agreed.clone());
    Ok(Cell { letters: line.cell, rule, view, minimum, when_need, by_need, when_agreed, by_law })
}

/// The leaves that `paths` name, each by what it is: what leaves is never told by what it is not.
fn named_targets(paths: &[String], outline: &Outline) -> Result<Vec<Target>, String> {
    let named = targets(paths, outline)?;
    match named.iter().find(|target| target.guards.iter().any(Guard::is_open)) {
        Some(stray) => Err(format!("{}: != is for under, which keeps back", stray.shape)),
        None => Ok(named),
    }
}

/// The leaves that `paths` name.
fn targets(paths: &[String], outline: &Outline) -> Result<Vec<Target>, String> {
    let mut targets = Vec::new();
    for path in paths {
        targets.extend(expand(path, outline)?);
    }
    if targets.is_empty() { Err(String::from("it names nothing")) } else { Ok(targets) }
}

fn version_of(profile: &str, blocks: &str, columns: &[(Audience, &str)]) -> String {
    let mut context = Context::new(&SHA256);
    let parts = columns.iter().flat_map(|(audience, source)| [audience.as_str(), *source]);
    for part in [profile, blocks].into_iter().chain(parts) {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    let hash = context.finish();
    let mut version = String::with_capacity(2 * VERSION_BYTES);
    for byte in hash.as_ref().iter().take(VERSION_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(version, "{byte:02x}");
    }
    version
}
