//! A page in lines: where each breaks, and how high everything is. Printing and fitting go by the same lines.
//!
//! Headings stand in a column of their own at the left, and what they are about beside them: who looks for the risk goes
//! down the headings, and a line of text costs no line of heading.

use super::{
    Item, Page, Piece, Section,
    font::{Fonts, Weight},
};

/// A4, in points.
pub(super) const PAPER: (f32, f32) = (595.28, 841.89);
/// The edge that stays free: 13 mm.
pub(super) const MARGIN: f32 = 36.85;
/// How broad a line may be.
pub(super) const WIDTH: f32 = PAPER.0 - 2.0 * MARGIN;
/// How broad a heading may be.
pub(super) const HEADINGS: f32 = 104.0;
/// Where what stands beside a heading begins, from the left edge of the text.
pub(super) const BESIDE: f32 = HEADINGS + 8.0;
/// What the foot of a page takes.
pub(super) const FOOT: f32 = 24.0;
/// How high a line is, by the size of its letters.
pub(super) const LEADING: f32 = 1.22;
pub(super) const TITLE: f32 = 15.0;
pub(super) const HEADING: f32 = 10.0;
pub(super) const TEXT: f32 = 10.0;
pub(super) const SMALL: f32 = 9.0;
/// Free room over a heading, and over a notice.
pub(super) const OVER_HEADING: f32 = 4.0;
pub(super) const OVER_NOTICE: f32 = 3.0;
/// How far in the items of a list stand, and a notice beside its bar.
pub(super) const INDENT: f32 = 10.0;
/// How thick the bar before a notice is.
pub(super) const BAR: f32 = 3.0;
/// Room that is kept free, for a browser that breaks a line in another place.
const SPARE: f32 = 15.0;

/// What stands before an item of a list.
pub(super) const BULLET: &str = "•";

/// What a block is, for who reads it with the eyes and for who does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Over the title and under it.
    Head,
    Title,
    Notice,
    Heading,
    Text,
    Entry,
}

/// Lines that belong together.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) role: Role,
    pub(super) size: f32,
    /// Free room over it.
    pub(super) over: f32,
    pub(super) lines: Vec<Vec<Run>>,
}

/// Letters of one weight, in a row.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// From the left edge of the text.
    pub(super) x: f32,
    pub(super) weight: Weight,
    pub(super) text: String,
}

impl Block {
    pub(super) fn line_height(&self) -> f32 {
        self.size * LEADING
    }

    /// Its words, without where they break.
    pub(super) fn text(&self) -> String {
        let text: String = self.lines.iter().flatten().map(|run| run.text.as_str()).collect();
        text.trim_end().to_owned()
    }

    /// How high its lines are, without the room over them.
    pub(super) fn lines_height(&self) -> f32 {
        self.lines.iter().fold(0.0, |height, _| height + self.line_height())
    }
}

/// How far down a page one is. A heading does not lead down by itself: what it is about begins beside it, and the next one
/// stands below both.
pub(super) struct Down {
    /// Where the next line stands.
    pub(super) top: f32,
    /// Down to where the last heading goes.
    heading_ends: f32,
}

impl Down {
    pub(super) const fn from(top: f32) -> Self {
        Self { top, heading_ends: top }
    }

    /// Before a block.
    pub(super) fn before(&mut self, block: &Block) {
        if !block.role.is_beside() {
            self.below_heading();
        }
        self.top += block.over;
    }

    /// After all lines of a block.
    pub(super) fn after(&mut self, block: &Block) {
        if block.role == Role::Heading {
            self.heading_ends = self.top;
            self.top -= block.lines_height();
        }
    }

    /// Below the last heading too.
    pub(super) fn below_heading(&mut self) {
        self.top = self.top.max(self.heading_ends);
    }
}

impl Role {
    /// Whether it stands beside a heading.
    const fn is_beside(self) -> bool {
        matches!(self, Self::Text | Self::Entry)
    }
}

/// How high a page of text may be.
pub(super) fn room() -> f32 {
    PAPER.1 - 2.0 * MARGIN - FOOT
}

/// How high these blocks are together.
pub(super) fn height(blocks: &[Block]) -> f32 {
    let mut down = Down::from(0.0);
    for block in blocks {
        down.before(block);
        down.top += block.lines_height();
        down.after(block);
    }
    down.below_heading();
    down.top
}

/// Whether one page holds what is so high.
pub(super) fn is_one_page(height: f32) -> bool {
    height + SPARE <= room()
}

/// The page in blocks, from the top to the bottom, without its foot.
pub(super) fn blocks(page: &Page, fonts: &Fonts) -> Vec<Block> {
    let mut blocks = head(page, fonts);
    blocks.extend(page.sections.iter().flat_map(|section| of_section(section, fonts)));
    blocks
}

/// What stands over the sections.
pub(super) fn head(page: &Page, fonts: &Fonts) -> Vec<Block> {
    let classification = (Role::Head, Weight::Bold, &page.classification);
    let title = (Role::Title, Weight::Bold, &page.title);
    let made = (Role::Head, Weight::Regular, &page.made);
    let warnings = page.warnings.iter().map(|warning| (Role::Notice, Weight::Bold, warning));
    let notices = page.notices.iter().map(|notice| (Role::Notice, Weight::Regular, notice));
    let texts = [classification, title, made].into_iter().chain(warnings).chain(notices);
    texts.map(|(role, weight, text)| block(role, &[(weight, text)], fonts)).collect()
}

/// A section under its heading.
pub(super) fn of_section(section: &Section, fonts: &Fonts) -> Vec<Block> {
    let mut blocks = vec![block(Role::Heading, &[(Weight::Bold, &section.heading)], fonts)];
    for item in &section.items {
        match item {
            Item::Line(pieces) => {
                let texts = in_line(pieces);
                let runs: Vec<(Weight, &str)> =
                    texts.iter().map(|(weight, text)| (*weight, text.as_str())).collect();
                blocks.push(block(Role::Text, &runs, fonts));
            }
            Item::List(entries) => blocks
                .extend(entries.iter().map(|entry| block(Role::Entry, &[(Weight::Regular, entry)], fonts))),
        }
    }
    blocks
}

/// The pieces of a line, with what stands between them.
fn in_line(pieces: &[Piece]) -> Vec<(Weight, String)> {
    let mut texts = Vec::new();
    let mut before: Option<&Piece> = None;
    for piece in pieces {
        texts.extend(before.map(|before| (Weight::Regular, before.before_the_next().to_owned())));
        texts.extend(piece.label.as_ref().map(|label| (Weight::Bold, format!("{label}: "))));
        texts.push((Weight::Regular, piece.text.clone()));
        before = Some(piece);
    }
    texts
}

fn block(role: Role, text: &[(Weight, &str)], fonts: &Fonts) -> Block {
    let (size, over) = match role {
        Role::Head => (SMALL, 0.0),
        Role::Title => (TITLE, 0.0),
        Role::Notice => (TEXT, OVER_NOTICE),
        Role::Heading => (HEADING, OVER_HEADING),
        Role::Text | Role::Entry => (TEXT, 0.0),
    };
    let indent = if matches!(role, Role::Entry | Role::Notice) { INDENT } else { 0.0 };
    let left = if role.is_beside() { BESIDE + indent } else { indent };
    let right = if role == Role::Heading { HEADINGS } else { WIDTH };
    Block { role, size, over, lines: broken(text, size, (left, right), fonts) }
}

/// Breaks a text into lines: at spaces, after hyphens and strokes, and inside a word only where no line holds it.
fn broken(text: &[(Weight, &str)], size: f32, (left, right): (f32, f32), fonts: &Fonts) -> Vec<Vec<Run>> {
    let mut lines = Lines { done: Vec::new(), line: Vec::new(), left, x: left };
    for (weight, text) in text {
        for piece in text.split_inclusive([' ', '-', '/', '\n']) {
            let breadth = |text: &str| fonts.breadth(*weight, size, text);
            let word = piece.trim_end();
            if lines.x + breadth(word) > right && lines.x > left {
                lines.end();
            }
            if left + breadth(word) > right {
                for letter in word.chars() {
                    let mut room = [0; 4];
                    let letter: &str = letter.encode_utf8(&mut room);
                    let breadth = breadth(letter);
                    if lines.x + breadth > right {
                        lines.end();
                    }
                    lines.add(*weight, letter, breadth);
                }
            } else {
                lines.add(*weight, word, breadth(word));
            }
            // A space at the end of a line stays, so that who copies the text gets words.
            if piece.len() > word.len() {
                lines.add(*weight, " ", breadth(" "));
            }
            if piece.ends_with('\n') {
                lines.end();
            }
        }
    }
    if !lines.line.is_empty() {
        lines.end();
    }
    lines.done
}

struct Lines {
    done: Vec<Vec<Run>>,
    line: Vec<Run>,
    left: f32,
    x: f32,
}

impl Lines {
    fn add(&mut self, weight: Weight, text: &str, breadth: f32) {
        match self.line.last_mut() {
            Some(run) if run.weight == weight => run.text.push_str(text),
            _ => self.line.push(Run { x: self.x, weight, text: text.to_owned() }),
        }
        self.x += breadth;
    }

    fn end(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        self.x = self.left;
    }
}
