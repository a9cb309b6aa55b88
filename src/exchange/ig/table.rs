//! Columns for people, and the same cells as CSV and Markdown for those who keep a register.

use crate::profile::hidden::printable;

/// Rows of cells under their heads.
#[derive(Debug)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// None yet.
    #[must_use]
    pub fn new(heads: &[&'static str]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: as many cells as there are heads.
    pub fn row(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
    }

    /// Aligned columns, each row a line. A cell that is empty is a dash.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = String::new();
        let heads: Vec<String> = self.heads.iter().map(|head| (*head).to_owned()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&heads).chain(&self.rows).collect();
        let width = |column: usize| {
            all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        for row in all {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    let shown = if cell.is_empty() { "-" } else { cell };
                    format!("{:width$}", printable(shown).replace('\n', " "))
                })
                .collect();
            lines.push_str(cells.join("  ").trim_end());
            lines.push('\n');
        }
        if self.rows.is_empty() {
            lines.push_str("(none)\n");
        }
        lines
    }

    /// As RFC 4180 has it. What a spreadsheet would reckon with stands behind an apostrophe.
    #[must_use]
    pub fn csv(&self) -> String {
        let quoted = |cell: &str| {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let cell = format!("{}{}", if runs { "'" } else { "" }, cell.replace('"', "\"\""));
            format!("\"{cell}\"")
        };
        let heads = self.heads.iter().map(|head| quoted(head)).collect::<Vec<_>>().join(",");
        let rows =
            self.rows.iter().map(|row| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        let lines: Vec<String> = std::iter::once(heads).chain(rows).collect();
        lines.join("\r\n") + "\r\n"
    }

    /// As a Markdown table. No cell ends a row or begins a link or an element.
    #[must_use]
    pub fn markdown(&self) -> String {
        let plain = |cell: &str| -> String {
            let cell = printable(cell).replace('\n', " ");
            let escaped = |letter: char| match letter {
                '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '\\' | '!' => format!("\\{letter}"),
                letter => letter.to_string(),
            };
            cell.chars().map(escaped).collect()
        };
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let heads = line(self.heads.iter().map(|head| plain(head)).collect());
        let rule = line(self.heads.iter().map(|_| String::from("---")).collect());
        let rows = self.rows.iter().map(|row| line(row.iter().map(|cell| plain(cell)).collect()));
        std::iter::once(heads).chain([rule]).chain(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_runs_in_a_spreadsheet_or_breaks_its_row() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["=1+1", "say \"no\", then\nleave"]);
        table.row(&["@x", "plain"]);
        let csv = table.csv();
        assert_eq!(csv, "\"a\",\"b\"\r\n\"'=1+1\",\"say \"\"no\"\", then\nleave\"\r\n\"'@x\",\"plain\"\r\n");
        let mut table = Table::new(&["a"]);
        table.row(&["x | <b>[y](z)"]);
        assert_eq!(table.markdown(), "| a |\n| --- |\n| x \\| \\<b\\>\\[y\\](z) |\n");
    }
}
