//! A sheet saved as CSV: a header, and a row for each form.

use ::csv::ReaderBuilder;

use super::run::Told;
use crate::limits::{SITE_COLUMNS_MAX, SITE_FORMS_MAX};

/// A sheet. Every row has as many cells as the header.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// Reads a sheet; a byte order mark at the beginning is left out.
///
/// # Errors
///
/// Why it is no sheet that can be read without guessing.
pub(super) fn read(bytes: &[u8], delimiter: u8) -> Result<Sheet, Told> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| Told::file("it is not UTF-8: save it as \"CSV UTF-8\""))?;
    if let Some(line) = unclear_quote(text, char::from(delimiter)) {
        let place = format!("line {line}");
        let what = "a quote stands inside a cell, or is never closed: write it twice within a quoted cell";
        return Err(Told { place, text: String::from(what) });
    }
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    let mut header: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for (place, record) in reader.records().enumerate() {
        let Ok(record) = record else {
            let place = format!("row {}", place + 1);
            return Err(Told { place, text: String::from("it has not as many cells as the header") });
        };
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        match &header {
            None => header = Some(checked(&cells)?),
            Some(_) if rows.len() == SITE_FORMS_MAX => {
                return Err(Told::file(format!("at most {SITE_FORMS_MAX} rows are read at once")));
            }
            Some(_) => rows.push(cells),
        }
    }
    let header = header.ok_or_else(|| Told::file("it is empty: the first row is the header"))?;
    Ok(Sheet { header, rows })
}

/// The names of the columns, each of them once.
fn checked(cells: &[String]) -> Result<Vec<String>, Told> {
    if cells.len() > SITE_COLUMNS_MAX {
        return Err(Told::file(format!("at most {SITE_COLUMNS_MAX} columns are read")));
    }
    let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    for (place, name) in names.iter().enumerate() {
        let wrong =
            |what: &str| Told { place: format!("row 1, column {}", place + 1), text: what.to_owned() };
        if name.is_empty() {
            return Err(wrong("the column has no name"));
        }
        if names.iter().take(place).any(|before| before == name) {
            return Err(wrong("a column before it has the same name"));
        }
    }
    Ok(names)
}

/// A cell without the quote that a spreadsheet put before a sign that begins a formula.
pub(super) fn without_guard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

/// The line of a quote that readers of CSV understand in different ways: one of them would take many rows for one
/// cell, and the people in them would be lost.
fn unclear_quote(text: &str, delimiter: char) -> Option<usize> {
    let (mut line, mut opened) = (1, 0);
    let (mut is_quoted, mut at_start, mut after_quote) = (false, true, false);
    for character in text.chars() {
        if is_quoted {
            if character == '"' {
                (is_quoted, after_quote) = (false, true);
            }
        } else if character == delimiter || character == '\n' || character == '\r' {
            (at_start, after_quote) = (true, false);
        } else if character == '"' && (at_start || after_quote) {
            // At the start it opens a cell; after another it is one of two within the cell.
            if at_start {
                opened = line;
            }
            (is_quoted, at_start, after_quote) = (true, false, false);
        } else if character == '"' || after_quote {
            return Some(line);
        } else {
            at_start = false;
        }
        line += usize::from(character == '\n');
    }
    is_quoted.then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        let told = read(text.as_bytes(), b',').expect_err("it cannot be read");
        format!("{}: {}", told.place, told.text)
    }

    #[test]
    fn a_sheet_is_read_with_quotes_line_ends_and_a_byte_order_mark() {
        let sheet =
            read("\u{feff}A, B \r\n\"1, \"\"2\"\"\n3\",\r\n'=x,\"\"\n".as_bytes(), b',').expect("a sheet");
        assert_eq!(sheet.header, ["A", "B"]);
        assert_eq!(sheet.rows, [["1, \"2\"\n3", ""], ["'=x", ""]]);
        assert_eq!(without_guard("'=x"), "=x");
        assert_eq!(without_guard("'tis"), "'tis");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert!(why("A,B\n1\n").starts_with("row 2: it has not as many cells"), "{}", why("A,B\n1\n"));
        assert!(why("A,B\n1,2,3\n").starts_with("row 2:"));
        assert!(why("A,A\n1,2\n").starts_with("row 1, column 2: a column before it"));
        assert!(why("A,\n1,2\n").starts_with("row 1, column 2: the column has no name"));
        assert!(why("A,B\n1,\"2\n3,4\n5,6\n").starts_with("line 2: a quote"), "a quote that is never closed");
        assert!(why("A,B\n1,2\"3\n").starts_with("line 2: a quote"));
        assert!(why("A,B\n1,\"2\"3\n").starts_with("line 2: a quote"));
        assert!(why("").contains("empty"));
        assert!(why(&"A,".repeat(1_001)).contains("at most 1000 columns"));
        assert!(read(b"A\n\xff\n", b',').is_err());
    }
}
