//! The page as PDF: tagged for who listens to it (PDF/UA-1), with its own letters, and the same bytes each time.

use std::num::NonZeroU16;

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Data, Document, SerializeSettings,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, Tag, TagGroup, TagKind,
        TagTree,
    },
    text::{Font, TextDirection},
};

use super::{
    NoPage, Page,
    font::{self, Fonts, Weight},
    lines::{self, BAR, BESIDE, BULLET, Block, Down, FOOT, LEADING, MARGIN, PAPER, Role, Run, SMALL},
    words::Words,
};

/// How far under the top of its line a letter stands, by the size of the letters.
const BASELINE: f32 = 1.01;
const PRODUCER: &str = "Keyway";

/// Where a line stands: its block, its number there, and its top on the page.
struct Placed {
    block: usize,
    line: usize,
    top: f32,
}

/// The fonts as they are drawn.
struct Letters {
    regular: Font,
    bold: Font,
}

/// What is told of the structure, as the lines are drawn.
struct Told {
    /// For each block, what was drawn of it.
    blocks: Vec<Vec<Identifier>>,
    /// For each block, the mark before it.
    marks: Vec<Option<Identifier>>,
    foot: Vec<Identifier>,
    outline: Outline,
}

impl Page {
    /// The page as PDF. It holds letters of the font only: take it from [`Page::printable`].
    ///
    /// # Errors
    /// What is compiled in cannot be read, or the page breaks a rule of PDF/UA-1.
    pub fn pdf(&self) -> Result<Vec<u8>, NoPage> {
        let (words, fonts) = (Words::read()?, Fonts::read()?);
        let letters = Letters::read()?;
        let blocks = lines::blocks(self, fonts);
        let pages = placed(&blocks);
        let configuration =
            ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
        let configuration = configuration.map_err(|_| NoPage(String::from("PDF/UA-1 cannot be written")))?;
        let mut document = Document::new_with(SerializeSettings { configuration, ..Default::default() });
        let mut told = Told {
            blocks: blocks.iter().map(|_| Vec::new()).collect(),
            marks: vec![None; blocks.len()],
            foot: Vec::new(),
            outline: Outline::new(),
        };
        let size = PageSettings::from_wh(PAPER.0, PAPER.1);
        for (number, lines) in pages.iter().enumerate() {
            let mut page = document.start_page_with(size.clone().unwrap_or_default());
            let mut surface = page.surface();
            for place in lines {
                if let Some(block) = blocks.get(place.block) {
                    told.line(&mut surface, block, place, number, &letters);
                }
            }
            self.foot(&mut surface, (number, pages.len()), words, &letters, &mut told);
            surface.finish();
            page.finish();
        }
        document.set_outline(told.outline.clone());
        document.set_tag_tree(told.tree(&blocks, &self.language));
        document.set_metadata(self.metadata());
        document.finish().map_err(|error| NoPage(format!("the PDF: {error:?}")))
    }

    fn metadata(&self) -> Metadata {
        let told = Metadata::new()
            .title(self.title.clone())
            .language(self.language.clone())
            .creator(String::from(PRODUCER))
            .producer(String::from(PRODUCER));
        let Ok(at) = self.issued.parse::<Timestamp>().map(|at| TimeZone::UTC.to_datetime(at)) else {
            return told;
        };
        let part = |part: i8| u8::try_from(part).unwrap_or_default();
        let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
            .month(part(at.month()))
            .day(part(at.day()))
            .hour(part(at.hour()))
            .minute(part(at.minute()))
            .second(part(at.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        told.creation_date(date)
    }

    /// By what the sheet is found again and, where there is more than one page, which this is.
    fn foot(
        &self,
        surface: &mut Surface<'_>,
        (number, of): (usize, usize),
        words: &Words,
        letters: &Letters,
        told: &mut Told,
    ) {
        let top = PAPER.1 - MARGIN - FOOT + SMALL;
        let again = ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer));
        let tag = if number == 0 { ContentTag::Span(SpanTag::empty()) } else { again };
        let id = surface.start_tagged(tag);
        letters.draw(surface, Weight::Regular, SMALL, MARGIN, top, &self.reference);
        surface.end_tagged();
        if number == 0 {
            told.foot.push(id);
        }
        if of > 1 {
            let numbers = [("page", (number + 1).to_string()), ("pages", of.to_string())];
            let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
            let mut text = words.notice("page", &numbers);
            if number + 1 < of {
                text = format!("{text}: {}", words.notice("continues", &[]));
            }
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PageNumber)));
            letters.draw(surface, Weight::Bold, SMALL, MARGIN, top + SMALL * LEADING, &text);
            surface.end_tagged();
        }
    }
}

impl Letters {
    fn read() -> Result<Self, NoPage> {
        let read = |bytes: &'static [u8]| {
            Font::new(Data::from(bytes.to_vec()), 0)
                .ok_or_else(|| NoPage(String::from("the font cannot be read")))
        };
        Ok(Self { regular: read(font::REGULAR)?, bold: read(font::BOLD)? })
    }

    fn draw(&self, surface: &mut Surface<'_>, weight: Weight, size: f32, x: f32, top: f32, text: &str) {
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let start = Point::from_xy(x, top + BASELINE * size);
        surface.draw_text(start, font.clone(), size, text, false, TextDirection::LeftToRight);
    }
}

/// Every line on its page. A heading is never the last on its page: what it is about begins beside it.
fn placed(blocks: &[Block]) -> Vec<Vec<Placed>> {
    let mut pages = vec![Vec::new()];
    let bottom = MARGIN + lines::room();
    let mut down = Down::from(MARGIN);
    for (number, block) in blocks.iter().enumerate() {
        // A heading is not parted, and what it is about begins beside it.
        let whole = block.role == Role::Heading;
        down.before(block);
        for line in 0..block.lines.len() {
            let needed = if whole && line == 0 { block.lines_height() } else { block.line_height() };
            if down.top + needed > bottom && !(whole && line > 0) {
                pages.push(Vec::new());
                down = Down::from(MARGIN);
            }
            if let Some(page) = pages.last_mut() {
                page.push(Placed { block: number, line, top: down.top });
            }
            down.top += block.line_height();
        }
        down.after(block);
    }
    pages
}

impl Told {
    fn line(
        &mut self,
        surface: &mut Surface<'_>,
        block: &Block,
        place: &Placed,
        page: usize,
        letters: &Letters,
    ) {
        let Placed { block: number, line, top } = *place;
        if block.role == Role::Entry && line == 0 {
            let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            letters.draw(surface, Weight::Regular, block.size, MARGIN + BESIDE, top, BULLET);
            surface.end_tagged();
            if let Some(mark) = self.marks.get_mut(number) {
                *mark = Some(id);
            }
        }
        if block.role == Role::Notice {
            bar(surface, top, block.line_height());
        }
        let runs = block.lines.get(line).map(Vec::as_slice).unwrap_or_default();
        if matches!(block.role, Role::Title | Role::Heading) && line == 0 {
            let place = XyzDestination::new(page, Point::from_xy(MARGIN, top));
            self.outline.push_child(OutlineNode::new(block.text(), place));
        }
        for Run { x, weight, text } in runs {
            let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            letters.draw(surface, *weight, block.size, MARGIN + x, top, text);
            surface.end_tagged();
            if let Some(block) = self.blocks.get_mut(number) {
                block.push(id);
            }
        }
    }

    /// Everything that was drawn, in the order of reading.
    fn tree(self, blocks: &[Block], language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        let mut list: Option<TagGroup> = None;
        for ((block, drawn), mark) in blocks.iter().zip(self.blocks).zip(self.marks) {
            if block.role == Role::Entry {
                let mut item = TagGroup::new(Tag::LI);
                item.push(group(Tag::Lbl, mark.into_iter().collect()));
                item.push(group(Tag::LBody, drawn));
                list.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::Disc))).push(item);
                continue;
            }
            if let Some(list) = list.take() {
                tree.push(list);
            }
            tree.push(match block.role {
                Role::Title => group(Tag::Hn(NonZeroU16::MIN, Some(block.text())), drawn),
                Role::Heading => group(Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(block.text())), drawn),
                Role::Head | Role::Notice | Role::Text | Role::Entry => group(Tag::P, drawn),
            });
        }
        if let Some(list) = list.take() {
            tree.push(list);
        }
        tree.push(group(Tag::P, self.foot));
        tree
    }
}

fn group(tag: impl Into<TagKind>, drawn: Vec<Identifier>) -> TagGroup {
    TagGroup::with_children(tag, drawn.into_iter().map(Node::from).collect())
}

/// The bar before a line of a notice.
fn bar(surface: &mut Surface<'_>, top: f32, height: f32) {
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(MARGIN, top, BAR, height) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        surface.draw_path(&path);
        surface.end_tagged();
    }
}
