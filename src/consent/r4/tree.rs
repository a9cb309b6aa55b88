//! A part of a code system as a tree, in the order in which it is written down.

/// Codes with how deep each stands; what follows a code and stands deeper is below it.
pub(super) struct Tree {
    /// Its code system.
    pub(super) system: &'static str,
    /// Depth and code.
    pub(super) codes: &'static [(u8, &'static str)],
}

impl Tree {
    /// The place of a code.
    pub(super) fn place(&self, system: &str, code: &str) -> Option<u8> {
        if system != self.system {
            return None;
        }
        let place = self.codes.iter().position(|(_, known)| *known == code)?;
        u8::try_from(place).ok()
    }

    /// Whether `upper` is `lower`, or stands above it.
    pub(super) fn covers(&self, upper: u8, lower: u8) -> bool {
        let depth = self.codes.get(usize::from(upper)).map_or(u8::MAX, |(depth, _)| *depth);
        let below = self.codes.get(usize::from(upper) + 1..=usize::from(lower));
        upper == lower || below.is_some_and(|below| below.iter().all(|(other, _)| *other > depth))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{label, purpose, reference};

    /// The part of HL7's own table below one of its codes, as depth and code.
    fn published(system: &str, below: &str) -> Vec<(usize, &'static str)> {
        let table = include_str!("../../../profiles/r4/codes.txt");
        let block = table.split("\n=").find(|block| block.starts_with(&format!("{system}\t"))).unwrap();
        let line = |line: &'static str| {
            let indented = line.split('\t').next().unwrap();
            let code = indented.trim_start();
            (indented.len() - code.len(), code)
        };
        let mut lines = block.lines().skip(1).map(line).skip_while(|(_, code)| *code != below);
        let (root, _) = lines.next().unwrap();
        lines.take_while(|(depth, _)| *depth > root).map(|(depth, code)| (depth - root - 1, code)).collect()
    }

    fn ours(tree: &super::Tree) -> Vec<(usize, &'static str)> {
        tree.codes.iter().map(|(depth, code)| (usize::from(*depth), *code)).collect()
    }

    #[test]
    fn every_tree_is_what_hl7_publishes() {
        let purposes = &purpose::PURPOSES;
        assert_eq!(ours(purposes), published(purposes.system, "PurposeOfUse"));
        let sensitivity = &label::SENSITIVITY;
        assert_eq!(ours(sensitivity), published(sensitivity.system, "_InformationSensitivityPolicy"));
        let handling = &label::HANDLING;
        assert_eq!(ours(handling), published(handling.system, "SecurityPolicy"));
        let recipients = &reference::RECIPIENTS;
        let below = published(recipients.system, "IRCP").into_iter().map(|(depth, code)| (depth + 1, code));
        assert_eq!(ours(recipients), [(0, "IRCP")].into_iter().chain(below).collect::<Vec<_>>());
        let levels: std::collections::BTreeSet<&str> =
            published(label::CONFIDENTIALITY, "_Confidentiality").into_iter().map(|(_, code)| code).collect();
        assert_eq!(levels, label::LEVELS.into_iter().collect());
    }

    #[test]
    fn a_code_covers_itself_and_what_stands_below_it() {
        let tree = &purpose::PURPOSES;
        let covers = |upper: &str, lower: &str| {
            let place = |code| tree.place(purpose::ACT_REASON, code).unwrap();
            tree.covers(place(upper), place(lower))
        };
        for (upper, lower) in
            [("TREAT", "TREAT"), ("TREAT", "BTG"), ("HOPERAT", "HTEST"), ("HPAYMT", "ELIGVER")]
        {
            assert!(covers(upper, lower), "{upper} {lower}");
        }
        for (upper, lower) in
            [("BTG", "TREAT"), ("HOPERAT", "HRESCH"), ("PUBHLTH", "TREAT"), ("COC", "ETREAT")]
        {
            assert!(!covers(upper, lower), "{upper} {lower}");
        }
        assert_eq!(tree.place("http://example.org/other", "TREAT"), None);
    }
}
