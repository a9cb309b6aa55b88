//! The table as it was decided, read as data, against what really leaves for every cell.

use super::{
    decided::{BLOCKS, COLUMNS, MINIMA, PARTS, ROWS, TABLE, TELLING, rows_of, rows_of_tool},
    *,
};

#[derive(Clone, Copy)]
struct Cell {
    block: &'static str,
    audience: Audience,
    text: &'static str,
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for row in TABLE.lines() {
        let mut columns = row.split('|').map(str::trim);
        let block = columns.next().unwrap();
        for (text, audiences) in columns.zip(COLUMNS) {
            cells.extend(audiences.iter().map(|audience| Cell { block, audience: *audience, text }));
        }
    }
    assert_eq!(cells.len(), 46 * 8);
    cells
}

impl Cell {
    fn letter(&self) -> &'static str {
        self.text.split_whitespace().next().unwrap()
    }

    fn has_override(&self) -> bool {
        self.text.split_whitespace().nth(1) == Some("O")
    }

    fn only_if_needed(&self) -> bool {
        self.text.ends_with("if it is the need")
    }

    fn line(&self) -> &'static (&'static str, &'static str, &'static str, &'static str) {
        BLOCKS.iter().find(|(id, ..)| *id == self.block).unwrap()
    }

    fn at(&self, fields: &str) -> BTreeSet<String> {
        words(fields).into_iter().map(|field| format!("{}/{field}", self.line().1)).collect()
    }

    /// Every leaf of the block.
    fn whole(&self) -> BTreeSet<String> {
        self.at(self.line().2)
    }

    /// The leaves that leave with consent; for S, with specific consent.
    fn with_consent(&self) -> BTreeSet<String> {
        let letter = self.letter();
        let part = PARTS.iter().find(|(block, l, audiences, _)| {
            *block == self.block && *l == letter && audiences.contains(&self.audience)
        });
        match (part, letter) {
            (Some((.., fields)), _) => self.at(fields),
            (None, "Y" | "S") => self.whole(),
            (None, "C") => self.at(self.line().3),
            (None, _) => BTreeSet::new(),
        }
    }

    fn minimum(&self) -> BTreeSet<String> {
        if !self.has_override() {
            return BTreeSet::new();
        }
        match MINIMA.iter().find(|(block, _)| *block == self.block) {
            Some((_, fields)) => self.at(fields),
            None => self.whole(),
        }
    }

    /// The leaves of the block that a projection holds.
    fn found(&self, projection: &Projection) -> BTreeSet<String> {
        let whole = self.whole();
        shapes(&projection.value()).into_keys().filter(|shape| whole.contains(shape)).collect()
    }

    fn says(&self, when: &str) -> String {
        format!("{} for {} ({}), {when}", self.block, self.audience.as_str(), self.text)
    }
}

/// A need under which the cells "if it is the need" hold for both of their blocks in turn.
const NEEDS: [&str; 3] = ["housing", "debt", "mental-health"];

fn meets(cell: &Cell, need: &str) -> bool {
    !cell.only_if_needed() || matches!((cell.block, need), ("housing", "housing") | ("money", "debt"))
}

#[test]
fn the_fixture_fills_every_field_of_every_block() {
    let filled = shapes(&full());
    for cell in cells() {
        for leaf in cell.whole() {
            assert!(filled.contains_key(&leaf), "{leaf}");
        }
    }
}

#[test]
fn every_cell_lets_out_what_it_says_and_no_more() {
    let rules = &*RULES;
    for need in NEEDS {
        for audience in Audience::ALL {
            let plain = project(rules, audience, agreed(&[], &[]), &full(), need);
            let mut expected = BTreeSet::new();
            for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
                let leaves = if cell.letter() == "S" || !meets(&cell, need) {
                    BTreeSet::new()
                } else {
                    cell.with_consent()
                };
                assert_eq!(cell.found(&plain), leaves, "{}", cell.says("with consent"));
                expected.extend(leaves);
            }
            // Nothing beside the blocks: neither routing nor anything else.
            assert_eq!(shapes(&plain.value()).into_keys().collect::<BTreeSet<_>>(), expected);
        }
    }
}

#[test]
fn by_what_the_person_is_reached_a_council_has_only_when_they_agreed_to_that_too() {
    let of_contact = |cell: &Cell| cell.text.ends_with("if contact was agreed");
    assert_eq!(cells().iter().filter(|cell| of_contact(cell)).count(), 4);
    let cases = [(Some(false), "excluded-by-person"), (None, "needs-specific-consent"), (Some(true), "")];
    for (said, reason) in cases {
        let mut assessment = full();
        let housing = assessment["housing"].as_object_mut().unwrap();
        match said {
            Some(said) => housing["consent_to_share_contact"] = said.into(),
            None => drop(housing.remove("consent_to_share_contact")),
        }
        for audience in Audience::ALL {
            let projection = project(&RULES, audience, agreed(&[], &[]), &assessment, "housing");
            for cell in cells().iter().filter(|cell| cell.audience == audience && cell.letter() != "S") {
                let is_kept = of_contact(cell) && !reason.is_empty();
                let mut leaves =
                    if is_kept || !meets(cell, "housing") { BTreeSet::new() } else { cell.with_consent() };
                if said.is_none() {
                    leaves.remove("/housing/consent_to_share_contact");
                }
                // The narrative of the need is where a number or a relation's address is written down.
                if said != Some(true) && audience == Audience::Housing {
                    leaves.remove("/housing/narrative");
                }
                assert_eq!(cell.found(&projection), leaves, "{}", cell.says(reason));
                if is_kept {
                    let rule = format!("housing/6#{}", cell.block);
                    assert!(
                        projection.withheld.iter().any(|w| w.rule == rule && w.reason == reason),
                        "{rule}"
                    );
                }
            }
        }
    }
}

#[test]
fn specific_cells_need_the_specific_consent_by_name() {
    let rules = &*RULES;
    for cell in cells().into_iter().filter(|cell| cell.letter() == "S") {
        let without = project(rules, cell.audience, agreed(&[], &["clinical"]), &full(), "housing");
        assert_eq!(cell.found(&without), BTreeSet::new(), "{}", cell.says("without"));
        let kept = without.withheld.iter().find(|w| w.rule.ends_with(&format!("#{}", cell.block))).unwrap();
        assert_eq!(kept.reason, "needs-specific-consent");
        let with = project(rules, cell.audience, agreed(&[], &[cell.block]), &full(), "housing");
        assert_eq!(cell.found(&with), cell.with_consent(), "{}", cell.says("with specific consent"));
    }
    // What is never for an audience stays so, whatever is named.
    let all: Vec<&str> = BLOCKS.iter().map(|(id, ..)| *id).collect();
    for cell in cells().into_iter().filter(|cell| cell.letter() == "–") {
        let named = project(rules, cell.audience, agreed(&[], &all), &full(), "housing");
        assert_eq!(cell.found(&named), BTreeSet::new(), "{}", cell.says("named as specific"));
    }
}

/// The fixture without the values whose code says what `block` is about.
fn without(block: &str) -> Value {
    let mut assessment = full();
    let says = |place: &str, value: &Value| {
        value.as_str().and_then(|code| rows_of(place, code)).is_some_and(|rows| rows.contains(&block))
    };
    for (list, key) in [
        ("vulnerabilities", "category"),
        ("priorities", "need"),
        ("service_contact", "service_type"),
        ("onward_referrals", "service_type"),
    ] {
        let place = format!("/{list}/*/{key}");
        assessment[list].as_array_mut().unwrap().retain(|entry| !says(&place, &entry[key]));
    }
    let tools = assessment["screening"]["tools"].as_array_mut().unwrap();
    tools.retain(|one| !rows_of_tool(one["tool"].as_str().unwrap()).contains(&block));
    for (field, _, row) in TELLING.iter().filter(|(.., row)| *row == block) {
        let (above, name) = field.rsplit_once('/').unwrap();
        let removed = assessment.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(name);
        assert!(removed.is_some(), "{field} tells of {row}");
    }
    let housing = assessment["housing"].as_object_mut().unwrap();
    if says("/housing/reason_code", &housing["reason_code"]) {
        housing.remove("reason_code");
    }
    assessment
}

#[test]
fn what_the_person_excludes_stays_and_nothing_else_changes() {
    let rules = &*RULES;
    for audience in Audience::ALL {
        let plain = project(rules, audience, agreed(&[], &["trauma"]), &full(), "housing");
        for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
            // What says by its code what was kept back is as good as not there.
            let untold = project(rules, audience, agreed(&[], &["trauma"]), &without(cell.block), "housing");
            let less = project(rules, audience, agreed(&[cell.block], &["trauma"]), &full(), "housing");
            let mut expected = shapes(&untold.value());
            expected.retain(|shape, _| !cell.whole().contains(shape));
            // What falls under its row stays too.
            let under = ROWS.iter().filter(|(_, rows)| rows.contains(&cell.block));
            for (block, _) in under {
                let later = Cell { block, ..cell };
                expected.retain(|shape, _| !later.whole().contains(shape));
            }
            assert_eq!(shapes(&less.value()), expected, "{}", cell.says("excluded"));
            if !cell.found(&plain).is_empty() {
                let rule = format!("{}#{}", rules.audiences[&audience].name, cell.block);
                let kept: Vec<_> = less.withheld.iter().filter(|w| w.rule == rule).collect();
                assert!(!kept.is_empty() && kept.iter().all(|w| w.reason == "excluded-by-person"));
            }
        }
    }
}

#[test]
fn beside_consent_the_override_lets_out_the_minimum_of_what_is_excluded_and_nothing_else() {
    let rules = &*RULES;
    let all: Vec<&str> = BLOCKS.iter().map(|(id, ..)| *id).collect();
    let joined = |excluded: &[&str], blocks: &[&str]| {
        let words = |list: &[&str]| list.iter().map(|word| String::from(*word)).collect();
        Scope::AgreedAndMinimum { excluded: words(excluded), specific: Vec::new(), blocks: words(blocks) }
    };
    for audience in Audience::ALL {
        let seen = |scope| project(rules, audience, scope, &full(), "housing");
        let agreed_to = |excluded: &[&str]| seen(agreed(excluded, &[]));
        // Whoever keeps nothing back is told of by consent alone, and still nobody can tell.
        let plain = seen(joined(&[], &all));
        assert_eq!(plain.value(), agreed_to(&[]).value());
        assert!(plain.by_override.is_empty());
        let has_override = cells().into_iter().any(|cell| cell.audience == audience && cell.has_override());
        assert_eq!(plain.ground, if has_override { Ground::Both } else { Ground::Consent });
        for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
            let excluded = [cell.block];
            let both = seen(joined(&excluded, &all));
            assert_eq!(cell.found(&both), cell.minimum(), "{}", cell.says("kept back, under the override"));
            let word = |word: &&String| word.starts_with(&format!("{}:", cell.block));
            assert_eq!(both.by_override.iter().filter(word).count(), usize::from(!cell.minimum().is_empty()));
            assert!(both.by_override.iter().all(|word| both.permitted.contains(word)));
            // A row that does not name it, and a row that names only others, let nothing of it out.
            let others: Vec<&str> = all.iter().copied().filter(|id| *id != cell.block).collect();
            assert_eq!(cell.found(&seen(joined(&excluded, &others))), BTreeSet::new());
            // What they agreed to stays by consent.
            let without: BTreeSet<String> = shapes(&agreed_to(&excluded).value()).into_keys().collect();
            let mut expected = without.clone();
            expected.extend(cell.minimum());
            let is_under = |one: &Cell| {
                let mut rows = ROWS.iter().filter(|(block, _)| *block == one.block);
                let telling = TELLING.iter().any(|(_, of, row)| *of == one.block && *row == cell.block);
                one.audience == audience && (telling || rows.any(|(_, rows)| rows.contains(&cell.block)))
            };
            expected.extend(cells().iter().filter(|one| is_under(one)).flat_map(Cell::minimum));
            let found: BTreeSet<String> = shapes(&both.value()).into_keys().collect();
            let differs: Vec<_> = found.symmetric_difference(&expected).collect();
            assert!(differs.is_empty(), "{}: {differs:?}", cell.says("kept back"));
        }
        // A word that nobody knows keeps everything back; the row stands for itself.
        let strange = seen(joined(&["no-such-block"], &all));
        assert_eq!(strange.value(), seen(minimum(&all)).value());
    }
}

#[test]
fn the_override_lets_out_the_minimum_of_the_agreed_blocks_only() {
    let rules = &*RULES;
    let all: Vec<&str> = BLOCKS.iter().map(|(id, ..)| *id).collect();
    for audience in Audience::ALL {
        // An emergency row that names more than the table allows gets no more than the table allows.
        let most = project(rules, audience, minimum(&all), &full(), "housing");
        assert_eq!(most.ground, Ground::Override);
        let mut expected = BTreeSet::new();
        for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
            assert_eq!(cell.found(&most), cell.minimum(), "{}", cell.says("under the override"));
            expected.extend(cell.minimum());
            // Each block leaves only when the row names it.
            let one = project(rules, audience, minimum(&[cell.block]), &full(), "housing");
            assert_eq!(shapes(&one.value()).into_keys().collect::<BTreeSet<_>>(), cell.minimum());
            let allowed = rules.override_blocks(audience).contains(&cell.block);
            assert_eq!(allowed, cell.has_override(), "{}", cell.says("in an emergency row"));
        }
        assert_eq!(shapes(&most.value()).into_keys().collect::<BTreeSet<_>>(), expected);
        let none = project(rules, audience, minimum(&[]), &full(), "housing");
        assert_eq!(none.value(), serde_json::json!({}));
        assert!(none.permitted.is_empty());
    }
}
