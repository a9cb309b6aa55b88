//! One page: whole sections are left out, the least weighty first, until it holds the rest, and the page says how many and
//! which.
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
        let heights: Vec<f32> = self.sections.iter().map(high).collect();
        let mut kept = vec![true; heights.len()];
        let mut touched = None;
        while !page.holds(&heights, &kept, fonts) {
            let there =
                self.sections.iter().zip(&kept).filter(|(section, kept)| **kept && section.rank > NEVER);
            let lightest = there.map(|(section, _)| section.rank).max();
            let mut numbered = self.sections.iter().zip(&kept);
            let last = numbered.rposition(|(section, kept)| *kept && Some(section.rank) == lightest);
            let Some(last) = last.and_then(|last| kept.get_mut(last)) else { return Ok(self.longer(words)) };
            *last = false;
            touched = lightest;
            page.keep(&self, &kept, words);
        }
        // What had to go for one that is long may have been short: of that rank, what still fits comes back.
        for (number, section) in self.sections.iter().enumerate() {
            if Some(section.rank) != touched || kept.get(number) != Some(&false) {
                continue;
            }
            let with = |also: usize| kept.iter().enumerate().map(|(at, kept)| *kept || at == also).collect();
            let more: Vec<bool> = with(number);
            let mut fuller = self.clone();
            fuller.keep(&self, &more, words);
            if fuller.holds(&heights, &more, fonts) {
                (page, kept) = (fuller, more);
            }
        }
        Ok(page)
    }

    /// Whether one page holds its head and the sections that are kept.
    fn holds(&self, heights: &[f32], kept: &[bool], fonts: &Fonts) -> bool {
        let sections: f32 = heights.iter().zip(kept).filter(|(_, kept)| **kept).map(|(high, _)| high).sum();
        lines::is_one_page(lines::height(&lines::head(self, fonts)) + sections)
    }

    /// Takes over from `whole` the sections that are kept, and says which are not.
    fn keep(&mut self, whole: &Self, kept: &[bool], words: &Words) {
        let sections = whole.sections.iter().zip(kept).filter(|(_, kept)| **kept);
        self.sections = sections.map(|(section, _)| section.clone()).collect();
        self.say_what_is_left_out(whole, words);
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
        let (count, all) = (self.left_out.len().to_string(), whole.sections.len().to_string());
        let said = [("count", count.as_str()), ("all", &all), ("sections", &named.join("; "))];
        let mut notice = words.notice("left_out", &said);
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
