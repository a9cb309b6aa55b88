//! One page: whole sections are left out, the least weighty first, until it holds the rest, and the page says which.
//! What weighs most is never left out; where that alone is too long, nothing is, and there is another page.

use super::{Item, NoPage, Page, Piece, Rank, font::Fonts, lines, text::without, words::Words};

/// The rank of what is never left out.
const NEVER: Rank = 0;

impl Page {
    /// The page, so that one sheet of A4 holds it.
    ///
    /// # Errors
    /// The words or the font that are compiled in cannot be read.
    pub fn fitted(self) -> Result<Self, NoPage> {
        let (words, fonts) = (Words::read()?, Fonts::read()?);
        let mut page = self.clone();
        let high = |section| lines::height(&lines::of_section(section, fonts));
        let mut heights: Vec<f32> = self.sections.iter().map(high).collect();
        while !lines::is_one_page(lines::height(&lines::head(&page, fonts)) + heights.iter().sum::<f32>()) {
            let heaviest =
                page.sections.iter().map(|section| section.rank).max().filter(|rank| *rank > NEVER);
            let last = page.sections.iter().rposition(|section| Some(section.rank) == heaviest);
            let Some(last) = last else { return Ok(self.longer(words)) };
            page.sections.remove(last);
            heights.remove(last);
            page.say_what_is_left_out(&self, words);
        }
        Ok(page)
    }

    /// Everything, on more than one page.
    fn longer(mut self, words: &Words) -> Self {
        self.notices.push(words.notice("longer", &[]));
        self
    }

    fn say_what_is_left_out(&mut self, whole: &Self, words: &Words) {
        let kept = |heading: &String| self.sections.iter().any(|section| section.heading == *heading);
        let headings = whole.sections.iter().map(|section| &section.heading);
        self.left_out = headings.filter(|heading| !kept(heading)).cloned().collect();
        let named: Vec<String> = self.left_out.iter().map(|heading| in_a_sentence(heading)).collect();
        let mut notice = words.notice("left_out", &[("sections", &named.join("; "))]);
        if let Some(telephone) = &self.telephone {
            notice.push(' ');
            notice.push_str(&words.notice("ask", &[("telephone", telephone)]));
        }
        self.notices.clone_from(&whole.notices);
        self.notices.push(notice);
    }

    /// The page for paper: in place of letters that the font lacks there are words, and a notice says so.
    ///
    /// # Errors
    /// The words or the font that are compiled in cannot be read.
    pub fn printable(mut self) -> Result<Self, NoPage> {
        let (words, fonts) = (Words::read()?, Fonts::read()?);
        let instead = words.notice("letter", &[]);
        let before = self.clone();
        let plain = |text: &mut String| {
            *text = without(text, |letter| letter != '\n' && !fonts.has(letter), &instead);
        };
        let heads = [&mut self.classification, &mut self.made, &mut self.reference];
        heads.into_iter().chain(self.telephone.as_mut()).chain(&mut self.warnings).for_each(plain);
        for item in self.sections.iter_mut().flat_map(|section| &mut section.items) {
            match item {
                Item::Line(pieces) => {
                    for Piece { label, text } in pieces {
                        label.iter_mut().for_each(plain);
                        plain(text);
                    }
                }
                Item::List(entries) => entries.iter_mut().for_each(plain),
            }
        }
        if self != before {
            self.notices.push(words.notice("letters", &[]));
        }
        Ok(self)
    }
}

/// A heading inside a sentence: its first letter small.
fn in_a_sentence(heading: &str) -> String {
    let mut letters = heading.chars();
    let first = letters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(letters).collect()
}
