//! Why no message could be made: which field of the assessment kept it from being valid, by which rule. Never a value.

use super::refusal::{Issue, Refusal};
use crate::mapping::Lineage;

/// How many fields are named.
const NAMED_MAX: usize = 8;

/// A message that could not be made.
#[derive(Clone, Debug, Default)]
pub(super) struct NotMade {
    /// What kept it from being made, by places of the assessment; with no place where it is none of its fields.
    fields: Vec<Issue>,
}

impl NotMade {
    /// What is wrong in a part of our own output, told by where it comes from.
    pub(super) fn of(lineage: &Lineage, part: &str, issues: &[Issue]) -> Self {
        let mut fields: Vec<Issue> = Vec::new();
        for issue in issues {
            let path = lineage.comes_from(&format!("{part}#{}", pointer(&issue.path))).unwrap_or_default();
            let is_known = |known: &Issue| known.path == path && known.diagnostics == issue.diagnostics;
            if fields.len() < NAMED_MAX && !fields.iter().any(is_known) {
                fields.push(Issue::new(issue.code, path, issue.diagnostics.clone()));
            }
        }
        Self { fields }
    }

    /// What the sender is told: each field, or the referral at `place` where it is none.
    pub(super) fn told(&self, place: usize) -> impl Iterator<Item = Issue> {
        self.fields.iter().map(move |field| {
            let is_field = !field.path.is_empty();
            let path = if is_field { field.path.clone() } else { format!("/referrals/{place}") };
            let of = if is_field { "this field" } else { "what may leave" };
            let text =
                format!("No valid message for this recipient can be made of {of}: {}", field.diagnostics);
            Issue::new("not-supported", path, text)
        })
    }
}

impl From<NotMade> for Refusal {
    /// It is a fault of ours: nobody but the sender, in the answer to what they sent, is told more.
    fn from(_: NotMade) -> Self {
        Self::internal()
    }
}

impl From<Refusal> for NotMade {
    /// What has nothing to do with a field.
    fn from(_: Refusal) -> Self {
        Self::default()
    }
}

/// A place of a message as a JSON pointer: as it is, or from an expression such as `Bundle.entry[1].resource.text`.
fn pointer(path: &str) -> String {
    if path.is_empty() || path.starts_with('/') {
        return path.to_owned();
    }
    let steps = path.split('.').skip(1).filter(|step| !step.starts_with("ofType("));
    steps.fold(String::new(), |pointer, step| pointer + "/" + &step.replace('[', "/").replace(']', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_message_are_read_as_pointers() {
        for (path, read) in [
            ("/riskToSelf/level", "/riskToSelf/level"),
            ("Bundle.entry[3].resource.name[0].family", "/entry/3/resource/name/0/family"),
            ("Bundle.entry[3].resource.ofType(Patient).text", "/entry/3/resource/text"),
            ("Bundle", ""),
            ("", ""),
        ] {
            assert_eq!(pointer(path), read, "{path}");
        }
    }
}
