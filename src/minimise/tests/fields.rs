//! `docs/field-table.md`: every field of the assessment and whom it may reach, made from the compiled tables.

use std::fmt::Write;

use super::*;
use crate::minimise::{pattern::Condition, rules::Column, tables::Letters};

const PAGE: &str = "docs/field-table.md";

const HEAD: &str = "\
# Which field of an assessment may go to whom

This page is made from `profiles/disclosure/` and `profiles/assessment/assessment.json`; a test fails when they differ. To
change it, change the tables and run `cargo test --lib write_the_field_table -- --ignored`. By block, with the views and
what they mean: [disclosure-table.md](disclosure-table.md).

**This table is our proposal. It is to be reviewed by practitioners, and by each service's information governance
lead, before it is used with real people.**

- **Y** leaves with the person's consent for that recipient, under an agreement with it.
- **C** the same, as part of a category that stands in place of the detail.
- **S** leaves only when the person gave a separate, specific consent for it.
- **O** may also leave without consent under the override for imminent risk to life, if the agreement's emergency row
  names the block.
- **?** only where a condition holds: which entry of a list it stands in, whom it is for, which need the referral is for, what the person
  agreed to beside it.
- **–** never leaves to this audience.

A block that the person keeps back from a recipient does not leave to it, whatever stands here, nor does what
[disclosure-table.md](disclosure-table.md) says is kept back with it. `*` stands for the entries
of a list. A field of no block (*routing*) tells the gateway where to send and on whose word, and leaves to nobody. What may
leave and what does reach somebody is not the same: `keyway map coverage --all` says what is told.
";

/// How `leaf` of `block` stands in an audience's column.
fn letters(column: &Column, block: usize, leaf: usize) -> String {
    let cell = &column.cells[block];
    let within = |passage: Option<u16>| -> Option<&[Condition]> {
        Some(column.passages[usize::from(passage?)].leaves.get(leaf)).filter(|of_leaf| !of_leaf.is_empty())
    };
    let Some(conditions) = within(cell.view) else { return String::from("–") };
    let mut text = String::from(match cell.letters {
        Letters::Yes | Letters::YesOverride => "Y",
        Letters::Category | Letters::CategoryOverride => "C",
        Letters::Specific => "S",
        Letters::Never => "–",
    });
    if cell.when_need.is_some() || cell.when_agreed.is_some() || conditions.iter().all(Option::is_some) {
        text.push('?');
    }
    if within(cell.minimum).is_some() {
        text.push_str(" O");
    }
    text
}

fn page() -> String {
    let mut page = format!("{HEAD}\n| field | block |");
    for audience in Audience::ALL {
        write!(page, " {} |", audience.as_str()).unwrap();
    }
    writeln!(page, "\n|---|---|{}", "---|".repeat(Audience::ALL.len())).unwrap();
    for leaf in RULES.leaves() {
        let place = RULES.shapes.named(leaf).unwrap();
        let block = RULES.shapes.get(place).unwrap().belongs.first().map(|(block, _)| *block);
        let id = block.map_or("*routing*", |block| &RULES.blocks[block].id);
        write!(page, "| `{leaf}` | {id} |").unwrap();
        for audience in Audience::ALL {
            let column = &RULES.audiences[&audience];
            let text = block.map_or_else(|| String::from("–"), |block| letters(column, block, place));
            write!(page, " {text} |").unwrap();
        }
        page.push('\n');
    }
    page
}

#[test]
fn the_field_table_says_what_the_tables_say() {
    let path = format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "{PAGE} is out of date: cargo test --lib write_the_field_table -- --ignored");
}

#[test]
fn the_field_table_agrees_with_what_a_projection_lets_through() {
    let page = page();
    let rows: BTreeMap<&str, Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].trim_matches('`'), cells[2..].to_vec())
        })
        .collect();
    assert!(rows.len() > 300, "{}", rows.len());
    let everything = full();
    for (number, audience) in Audience::ALL.into_iter().enumerate() {
        let specific: Vec<&str> = RULES.blocks().map(|(id, _)| id).collect();
        let permitted = permitted(audience, agreed(&[], &specific));
        let mut through: BTreeSet<String> = BTreeSet::new();
        for need in ["housing", "mental-health", "debt"] {
            let ask = Ask { recipient: RECIPIENT, need };
            let projection = RULES.project(&permitted, &everything, ask);
            let places = &projection.places;
            let leaves = (0..).take(places.len()).filter(|place| places.is_leaf(*place));
            through.extend(leaves.map(|place| shape(&places.pointer(place))));
        }
        for (leaf, cells) in &rows {
            let may = cells[number] != "–";
            // A condition may fail for every entry of this one assessment.
            let agrees = through.contains(*leaf) == may || cells[number].contains('?');
            assert!(agrees, "{leaf}, {}: the page says {}", audience.as_str(), cells[number]);
        }
    }
}

/// A pointer with `*` for the places of lists.
fn shape(pointer: &str) -> String {
    let is_entry = |step: &str| !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit());
    pointer.split('/').map(|step| if is_entry(step) { "*" } else { step }).collect::<Vec<_>>().join("/")
}

#[test]
#[ignore = "writes the page; run it after changing the tables"]
fn write_the_field_table() {
    std::fs::write(format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR")), page()).unwrap();
}
