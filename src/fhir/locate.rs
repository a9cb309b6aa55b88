//! Where a place in a document stands in its bytes: line and column for a person who looks at the file.
//!
//! The document is one that [`super::json::parse`] has taken, so every bracket closes. It is scanned again for each
//! place, because places are asked for only when something is wrong.

use std::ops::Range;

/// A place in the text of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column of its first character, in characters, from 1.
    pub column: usize,
    /// How many characters of that line it takes, at least 1.
    pub width: usize,
    /// Whether it is the place itself; otherwise it is the nearest object or array round it that is there.
    pub is_exact: bool,
}

/// Finds the value at a JSON pointer. A member that is there stands at its value, and an object or array at its
/// opening bracket; for what is not there, the nearest thing round it.
#[must_use]
pub fn locate(document: &str, pointer: &str) -> Place {
    find(document, pointer, false)
}

/// Finds the name of the member at a JSON pointer, where that is what is wrong; for an item of a list, and for what is
/// not there, as [`locate`].
#[must_use]
pub fn locate_name(document: &str, pointer: &str) -> Place {
    find(document, pointer, true)
}

/// The place of what begins at a byte of a text: of a text in quotation marks the whole.
#[must_use]
pub fn locate_byte(document: &str, byte: usize) -> Place {
    let mut scan = Scan { bytes: document.as_bytes(), at: byte, name: None };
    if scan.peek() == Some(b'"') {
        scan.text();
    }
    place_of(document, &(byte..scan.at))
}

fn find(document: &str, pointer: &str, is_name: bool) -> Place {
    let mut scan = Scan { bytes: document.as_bytes(), at: 0, name: None };
    scan.white();
    let mut is_exact = true;
    for step in pointer.split('/').skip(1) {
        let before = scan.at;
        if !scan.step(&step.replace("~1", "/").replace("~0", "~")) {
            scan.at = before;
            is_exact = false;
            break;
        }
    }
    if let Some(name) = scan.name.take().filter(|_| is_name && is_exact) {
        return place_of(document, &name);
    }
    let start = scan.at;
    if !matches!(scan.peek(), Some(b'{' | b'[')) {
        scan.value();
    }
    Place { is_exact, ..place_of(document, &(start..scan.at)) }
}

/// The place of some bytes of a text.
#[must_use]
pub fn place_of(text: &str, bytes: &Range<usize>) -> Place {
    let before = text.get(..bytes.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let value = text.get(bytes.clone()).unwrap_or_default();
    Place {
        line: before.matches('\n').count() + 1,
        column: text.get(line_start..bytes.start).unwrap_or_default().chars().count() + 1,
        width: value.lines().next().unwrap_or_default().chars().count().max(1),
        is_exact: true,
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the name of the member that was stepped into stands.
    name: Option<Range<usize>>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// From the beginning of an object or array to the value of one of its members.
    fn step(&mut self, name: &str) -> bool {
        self.name = None;
        match self.peek() {
            Some(b'{') => self.member(name),
            Some(b'[') => name.parse().is_ok_and(|index| self.entry(index)),
            _ => false,
        }
    }

    fn member(&mut self, name: &str) -> bool {
        self.at += 1;
        loop {
            self.white();
            if self.peek() != Some(b'"') {
                return false;
            }
            let start = self.at;
            self.value();
            let end = self.at;
            let key = self.bytes.get(start..end).unwrap_or_default();
            let is_it = serde_json::from_slice::<String>(key).is_ok_and(|key| key == name);
            self.white();
            self.at += 1;
            self.white();
            if is_it {
                self.name = Some(start..end);
                return true;
            }
            self.value();
            self.white();
            if self.peek() != Some(b',') {
                return false;
            }
            self.at += 1;
        }
    }

    fn entry(&mut self, index: usize) -> bool {
        self.at += 1;
        for _ in 0..index {
            self.white();
            self.value();
            self.white();
            if self.peek() != Some(b',') {
                return false;
            }
            self.at += 1;
        }
        self.white();
        !matches!(self.peek(), Some(b']') | None)
    }

    /// Past one value.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.text(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => self.scalar(),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn text(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    fn scalar(&mut self) {
        while matches!(self.peek(), Some(byte) if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            self.at += 1;
        }
        // Whatever else stands here, a scan goes on.
        if matches!(self.peek(), Some(byte) if !b",:]}\" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = "{\n  \"a\": [1, \"tw\\\"o\", {\"b\": null}],\n  \"é\": \"ü\", \"c/d\": {}\n}";

    fn at(pointer: &str) -> (usize, usize, usize, bool) {
        let Place { line, column, width, is_exact } = locate(DOCUMENT, pointer);
        (line, column, width, is_exact)
    }

    #[test]
    fn a_place_is_found_by_line_and_character() {
        assert_eq!(at(""), (1, 1, 1, true));
        assert_eq!(at("/a"), (2, 8, 1, true));
        assert_eq!(at("/a/0"), (2, 9, 1, true));
        assert_eq!(at("/a/1"), (2, 12, 7, true));
        assert_eq!(at("/a/2/b"), (2, 27, 4, true));
        assert_eq!(at("/é"), (3, 8, 3, true));
        assert_eq!(at("/c~1d"), (3, 20, 1, true));
    }

    #[test]
    fn a_name_is_found_where_it_stands() {
        let at = |pointer: &str| {
            let Place { line, column, width, is_exact } = locate_name(DOCUMENT, pointer);
            (line, column, width, is_exact)
        };
        assert_eq!(at("/a"), (2, 3, 3, true));
        assert_eq!(at("/a/2/b"), (2, 22, 3, true));
        assert_eq!(at("/c~1d"), (3, 13, 5, true));
        // An item has no name, and what is not there neither.
        assert_eq!(at("/a/1"), (2, 12, 7, true));
        assert_eq!(at("/x"), (1, 1, 1, false));
    }

    #[test]
    fn what_begins_at_a_byte_is_shown_whole_where_it_is_a_text() {
        let byte = DOCUMENT.find("\"c/d\"").unwrap();
        let place = locate_byte(DOCUMENT, byte);
        assert_eq!((place.line, place.column, place.width), (3, 13, 5));
        let end = locate_byte(DOCUMENT, DOCUMENT.len());
        assert_eq!((end.line, end.column, end.width), (4, 2, 1));
    }

    #[test]
    fn what_is_not_there_is_shown_at_the_nearest_thing_round_it() {
        assert_eq!(at("/x"), (1, 1, 1, false));
        assert_eq!(at("/a/3"), (2, 8, 1, false));
        assert_eq!(at("/a/2/x/y"), (2, 21, 1, false));
        assert_eq!(at("/a/0/x"), (2, 9, 1, false));
        assert_eq!(locate("[]", "/0"), Place { line: 1, column: 1, width: 1, is_exact: false });
        assert_eq!(locate("7", ""), Place { line: 1, column: 1, width: 1, is_exact: true });
    }

    proptest! {
        #[test]
        fn any_text_and_any_pointer_end(text in ".{0,80}", pointer in "(/[a-z0-9~é]{0,3}){0,4}") {
            let place = locate(&text, &pointer);
            prop_assert!(place.line >= 1 && place.column >= 1 && place.width >= 1);
        }

        #[test]
        fn every_member_is_found_where_it_stands(keys in prop::collection::btree_set("[a-z~/\"]{1,4}", 1..6)) {
            let object: serde_json::Map<_, _> =
                keys.iter().enumerate().map(|(n, key)| (key.clone(), serde_json::json!({"at": [n]}))).collect();
            let text = serde_json::to_string_pretty(&object).unwrap();
            for (n, key) in object.keys().enumerate() {
                let pointer = format!("/{}/at/0", key.replace('~', "~0").replace('/', "~1"));
                let place = locate(&text, &pointer);
                prop_assert!(place.is_exact);
                let line = text.lines().nth(place.line - 1).unwrap();
                let shown: String = line.chars().skip(place.column - 1).take(place.width).collect();
                prop_assert_eq!(shown, n.to_string());
            }
        }
    }
}
