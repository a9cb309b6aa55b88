//! What people read: a sheet of justice as a page to print, and what is read back to the person before they say yes
//! ([`read_back`]). A page is made from the very bytes that the recipient gets and from nothing else, so it can hold nothing
//! that the recipient may not have.
//!
//! [`Page::of`] says a sheet in plain words, by the catalogue `profiles/print/words.toml`; [`Page::fitted`] leaves out whole
//! sections, the least weighty first, until one page of A4 holds it, and says which; [`Page::html`] and [`Page::pdf`] write it.

mod compose;
mod fit;
mod font;
mod html;
mod lines;
mod pdf;
pub mod read_back;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::{error::Error, fmt};

pub(crate) use html::{POLICY, escaped};

/// How much a section weighs: 0 is never left out, and the highest goes first.
pub(super) type Rank = u8;

/// A sheet in plain words, in the order of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The language of the words, as a tag.
    language: String,
    /// What kind of sheet it is. Never the person's name: a title is shown in lists of windows and at printers.
    title: String,
    /// How sensitive it is, and for whom it is.
    classification: String,
    /// When it was made, as the sheet says it.
    issued: String,
    /// From whom, and when.
    made: String,
    /// What has to be read before anything else.
    warnings: Vec<String>,
    /// What is said of the page itself.
    notices: Vec<String>,
    sections: Vec<Section>,
    /// By what it is found again.
    reference: String,
    /// Whom to ask for what was left out.
    telephone: Option<String>,
    /// The headings of what was left out to fit one page.
    left_out: Vec<String>,
}

/// A part of a page under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    rank: Rank,
    heading: String,
    items: Vec<Item>,
}

/// What a section says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// A line: things that belong together, each with the words before it.
    Line(Vec<Piece>),
    List(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    label: Option<String>,
    text: String,
}

/// Why there is no page.
#[derive(Debug)]
pub struct NoPage(String);

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoPage {}

impl Piece {
    /// What stands between it and the next in its line.
    fn before_the_next(&self) -> &'static str {
        if self.text.ends_with(['.', '!', '?']) { " " } else { "; " }
    }
}

impl Page {
    /// The headings of what was left out to fit one page, in the order of the sheet.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}
