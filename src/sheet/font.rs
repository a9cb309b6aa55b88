//! The letters that a page is measured and printed with: Noto Sans, a part of it, as `profiles/print/README.md` says.

use std::{collections::HashMap, sync::LazyLock};

use ttf_parser::Face;

use super::NoPage;

pub(super) const REGULAR: &[u8] = include_bytes!("../../profiles/print/NotoSans-Regular.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../profiles/print/NotoSans-Bold.ttf");

static FONTS: LazyLock<Result<Fonts, String>> =
    LazyLock::new(|| Ok(Fonts { regular: Advances::read(REGULAR)?, bold: Advances::read(BOLD)? }));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both weights, to be asked for the breadth of a text.
pub(super) struct Fonts {
    regular: Advances,
    bold: Advances,
}

/// How far each letter of a font reaches.
struct Advances {
    /// In units of which `square` make the size.
    letters: HashMap<char, u16>,
    square: u16,
}

impl Advances {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let face = Face::parse(bytes, 0).map_err(|error| format!("the font: {error}"))?;
        let mut letters = HashMap::new();
        for table in face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables) {
            table.codepoints(|code| {
                let found = char::from_u32(code).and_then(|letter| Some((letter, face.glyph_index(letter)?)));
                let advance =
                    found.and_then(|(letter, glyph)| Some((letter, face.glyph_hor_advance(glyph)?)));
                letters.extend(advance);
            });
        }
        Ok(Self { letters, square: face.units_per_em() })
    }
}

impl Fonts {
    pub(super) fn read() -> Result<&'static Self, NoPage> {
        FONTS.as_ref().map_err(|text| NoPage(text.clone()))
    }

    /// Whether both weights have the letter.
    pub(super) fn has(&self, letter: char) -> bool {
        [&self.regular, &self.bold].into_iter().all(|font| font.letters.contains_key(&letter))
    }

    /// How broad `text` is at `size`, in the unit of `size`, letter by letter: what stands closer when it is drawn only
    /// makes it narrower. A letter that the font lacks is taken as broad as it is high.
    pub(super) fn breadth(&self, weight: Weight, size: f32, text: &str) -> f32 {
        let Advances { letters, square } = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let units: f32 =
            text.chars().map(|letter| f32::from(letters.get(&letter).copied().unwrap_or(*square))).sum();
        units * size / f32::from(*square)
    }
}
