//! What has been said so far: bounded, each thing once, sorted as it stands in the document.

use std::collections::HashSet;

use super::place::Place;
use crate::{
    limits,
    profile::finding::{Finding, NOT_WHOLLY_CHECKED, Severity},
};

/// Findings while they are collected.
#[derive(Debug, Default)]
pub(super) struct Said {
    findings: Vec<(Vec<u32>, Finding)>,
    known: HashSet<(String, String)>,
    errors: usize,
    others: usize,
    errors_dropped: bool,
    others_dropped: bool,
    /// How many invariants were not evaluated whose breach would be an error: said whatever else there is to say.
    pub(super) unchecked: usize,
}

impl Said {
    /// Adds a finding, unless the same rule has spoken at the same place or there are too many.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: &Place<'_>,
        below: &str,
        profile: &str,
        words: impl FnOnce() -> (String, String),
    ) {
        let (count, dropped) = match severity {
            Severity::Error => (&mut self.errors, &mut self.errors_dropped),
            _ => (&mut self.others, &mut self.others_dropped),
        };
        if *count >= limits::ISSUES_MAX {
            *dropped = true;
            return;
        }
        let (rule, diagnostics) = words();
        let pointer = place.pointer(below);
        if !self.known.insert((pointer.clone(), rule.clone())) {
            return;
        }
        *count += 1;
        let expression = place.expression(below);
        let profile = profile.to_owned();
        let finding = Finding { severity, code, expression, pointer, diagnostics, profile, rule };
        self.findings.push((place.order().to_vec(), finding));
    }

    /// What was said, in the order of the document; where there is more than a report holds, errors come before
    /// anything else, then warnings, and the last say so.
    pub(super) fn finish(mut self, costly: bool) -> Vec<Finding> {
        if self.errors + self.others > limits::ISSUES_MAX {
            let of = |severity| self.findings.iter().filter(|(_, one)| one.severity == severity).count();
            let room = limits::ISSUES_MAX - self.errors;
            let mut warnings = of(Severity::Warning).min(room);
            let mut notes = room - warnings;
            self.findings.retain(|(_, finding)| {
                let left = match finding.severity {
                    Severity::Error => return true,
                    Severity::Warning => &mut warnings,
                    Severity::Information => &mut notes,
                };
                let stays = *left > 0;
                *left = left.saturating_sub(1);
                stays
            });
            self.others_dropped = true;
        }
        self.findings.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut findings: Vec<Finding> = self.findings.into_iter().map(|(_, finding)| finding).collect();
        let end = |severity, code, rule: &str, says: &str| Finding {
            severity,
            code,
            expression: String::new(),
            pointer: String::new(),
            diagnostics: says.to_owned(),
            profile: String::new(),
            rule: rule.to_owned(),
        };
        if self.errors_dropped || self.others_dropped {
            let severity = if self.errors_dropped { Severity::Error } else { Severity::Information };
            findings.push(end(
                severity,
                "too-costly",
                "issues-max",
                "There are more issues than are listed here.",
            ));
        }
        if self.unchecked > 0 {
            let says = format!(
                "This is not wholly checked: {} times a rule that makes a document wrong could not be evaluated. That no \
                 error of it is told does not mean that it is kept.",
                self.unchecked
            );
            findings.push(end(Severity::Warning, "incomplete", NOT_WHOLLY_CHECKED, &says));
        }
        if costly {
            findings.push(end(
                Severity::Error,
                "too-costly",
                "steps-max",
                "Checking this takes more steps than one check may take; what lies beyond was not checked.",
            ));
        }
        findings
    }
}
