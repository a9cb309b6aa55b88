//! The letters that a page is measured and printed with: Noto Sans, a part of it, as `profiles/print/README.md` says.

use ttf_parser::Face;

use super::NoPage;

pub(super) const REGULAR: &[u8] = include_bytes!("../../profiles/print/NotoSans-Regular.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../profiles/print/NotoSans-Bold.ttf");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both weights, to be asked for the breadth of a text.
pub(super) struct Fonts {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Fonts {
    pub(super) fn read() -> Result<Self, NoPage> {
        let face = |bytes| Face::parse(bytes, 0).map_err(|error| NoPage(format!("the font: {error}")));
        Ok(Self { regular: face(REGULAR)?, bold: face(BOLD)? })
    }

    const fn face(&self, weight: Weight) -> &Face<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Whether both weights have the letter.
    pub(super) fn has(&self, letter: char) -> bool {
        [&self.regular, &self.bold].into_iter().all(|face| face.glyph_index(letter).is_some())
    }

    /// How broad `text` is at `size`, in the unit of `size`, letter by letter: what stands closer when it is drawn only
    /// makes it narrower. A letter that the font lacks is taken as broad as it is high.
    pub(super) fn breadth(&self, weight: Weight, size: f32, text: &str) -> f32 {
        let face = self.face(weight);
        let square = face.units_per_em();
        let advance = |letter| face.glyph_index(letter).and_then(|glyph| face.glyph_hor_advance(glyph));
        let units: f32 = text.chars().map(|letter| f32::from(advance(letter).unwrap_or(square))).sum();
        units * size / f32::from(square)
    }
}
