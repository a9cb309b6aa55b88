//! `docs/disclosure-table.md` is made from the tables, so that it cannot say something else than they do.

use std::fmt::Write;

use super::*;
use crate::minimise::tables::{self, AudienceFile, BlocksFile, CellLine, UnderLine};

const PAGE: &str = "docs/disclosure-table.md";

const HEAD: &str = "\
# Which field may go to whom

This page is made from `profiles/disclosure/`; a test fails when the two differ. To change it, change the
tables and run `cargo test --lib write_the_page -- --ignored`.

**This table is our proposal. It is to be reviewed by practitioners, and by each service's information governance
lead, before it is used with real people.**

- **Y** leaves with the person's consent for that recipient, under an agreement with it.
- **O** may also leave without consent under the override for imminent risk to life: at most the view after the
  arrow, and only if the agreement's emergency row names the block. So also where the person agreed and keeps this back.
- **C** leaves as a category: a code, with its plain words on a printed sheet, and no text that somebody typed. A few such
  cells give a text that is written for that audience and says so in its name: where somebody can live (`placement_summary`,
  `adjustments_summary`, `affordability`, the crisis plan's `safety_plan`), and what to do about withdrawal (`advice`).
- **S** leaves only when the person gave a separate, specific consent for it.
- **–** never leaves to this audience.

To whom the NHS number never leaves, nothing that reads as one leaves in any other text: `[withheld]` stands in its place, and
a reference that holds one does not leave. It is listed as withheld by the row of the number. What stands below as a hint leaves
by its own row; where the person keeps back the row that it hints at, its sender is told before anything is sent.

The word beside the letter is the view: `full` is the whole block; the others are listed below. What no view names
does not leave. Whatever the person excluded for a recipient does not leave to it, nor does what stands below as kept back
with it: a block that falls under the same row, or a value whose code would say what was kept back. Where a cell says
\"under 18 always\", that leaves of every child beside their consent, also where they keep the row back or nobody said it, and
no more of it ([ADR 0016](adr/0016-what-a-child-is-owed.md)). Field by field:
[field-table.md](field-table.md).

Texts leave as they were written, and are compared with nothing that the person keeps back. These are written to be read by
others: `plain_words` of a vulnerability, in words that the person agreed to, without a diagnosis, a medicine or a substance by
its name; `handover_advice` and the `advice` on risk from others, for whoever has the person in their keeping: what to do, and
not why; `reason` of a referral, for its recipient alone. No list of diagnoses or medicines is held against them: it would miss
most and stop much. Whoever writes them reads them in `keyway preview` before they leave. A `summary` goes only where a cell
says Y.
";

fn cell(cell: &CellLine) -> String {
    let mut text = cell.cell.to_string();
    if let Some(view) = &cell.view {
        write!(text, " `{view}`").unwrap();
    }
    if let Some(view) = &cell.minimum {
        write!(text, " → `{view}`").unwrap();
    }
    if let Some(needs) = &cell.when_need {
        write!(text, " if the need is {}", needs.join(", ")).unwrap();
    }
    for (need, view) in &cell.by_need {
        write!(text, ", for {need} `{view}`").unwrap();
    }
    if let Some(path) = &cell.when_agreed {
        write!(text, " if `{path}` is true").unwrap();
    }
    if let Some(law) = &cell.under_18 {
        write!(text, " (under 18 always `{}`: {})", law.view, law.says).unwrap();
    }
    text
}

fn page() -> String {
    let blocks: BlocksFile = toml::from_str(tables::BLOCKS).unwrap();
    let columns: Vec<AudienceFile> =
        Audience::ALL.iter().map(|audience| toml::from_str(tables::source(*audience)).unwrap()).collect();
    let mut page = String::from(HEAD);
    page.push_str("\n## The table\n\n| block | id |");
    for column in &columns {
        write!(page, " {} |", column.audience).unwrap();
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(columns.len()));
    page.push('\n');
    for block in &blocks.block {
        write!(page, "| {} | `{}` |", block.title, block.id).unwrap();
        for column in &columns {
            write!(page, " {} |", cell(&column.cells[&block.id])).unwrap();
        }
        page.push('\n');
    }
    page.push_str("\n## The views\n\nPaths of the assessment (`profiles/assessment/assessment.json`).\n\n");
    for block in &blocks.block {
        let list = |paths: &[String]| paths.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ");
        writeln!(page, "- **{}**", block.id).unwrap();
        writeln!(page, "  - `full`: {}", list(&block.extent)).unwrap();
        for (name, paths) in &block.views {
            writeln!(page, "  - `{name}`: {}", list(paths)).unwrap();
        }
        if !block.rows.is_empty() {
            writeln!(page, "  - kept back with: {}", list(&block.rows)).unwrap();
        }
        for UnderLine { path, rows } in &block.under {
            writeln!(page, "  - kept back with {}: `{path}`", list(rows)).unwrap();
        }
        for UnderLine { path, rows } in &block.hints {
            writeln!(page, "  - leaves, and hints at {}: `{path}`", list(rows)).unwrap();
        }
    }
    page.push_str("\n## Never, to anybody\n\nWhat tells the gateway where to send, and on whose word: ");
    let routing: Vec<String> = blocks.routing.iter().map(|path| format!("`{path}`")).collect();
    writeln!(
        page,
        "{}.\nOf the consents and referrals only a recipient's own part leaves, as above.",
        routing.join(", ")
    )
    .unwrap();
    page
}

#[test]
fn the_page_says_what_the_tables_say() {
    let path = format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "{PAGE} is out of date: cargo test --lib write_the_page -- --ignored");
}

#[test]
#[ignore = "writes the page; run it after changing the tables"]
fn write_the_page() {
    std::fs::write(format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR")), page()).unwrap();
}
