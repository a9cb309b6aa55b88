//! What scores there are: of screening tools, as far as their ranges were published (`profiles/assessment/tools.json`), and
//! of the Threshold Assessment Grid, whose highest scores a service sets itself.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::Assessment;
use crate::fhir::Issue;

/// The seven domains of the grid, as the profile names them; its wording is copyright and is not here.
pub const TAG_DOMAINS: [&str; 7] = [
    "intentional_self_harm",
    "unintentional_self_harm",
    "risk_from_others",
    "risk_to_others",
    "survival",
    "psychological",
    "social",
];
/// The highest score that the profile takes for any domain.
const TAG_HIGHEST: u8 = 4;

/// The highest score of each domain of the grid. 4 for each, unless a service says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagMax([u8; TAG_DOMAINS.len()]);

impl Default for TagMax {
    fn default() -> Self {
        Self([TAG_HIGHEST; TAG_DOMAINS.len()])
    }
}

impl TagMax {
    /// Sets the highest score of a domain, 0 to 4; whether there is such a domain and such a score.
    pub fn set(&mut self, domain: &str, most: u8) -> bool {
        let place = TAG_DOMAINS.iter().position(|name| *name == domain);
        match place.and_then(|place| self.0.get_mut(place)).filter(|_| most <= TAG_HIGHEST) {
            Some(set) => {
                *set = most;
                true
            }
            None => false,
        }
    }

    /// What the sender of scores above these is told.
    #[must_use]
    pub fn passed_by(&self, assessment: &Assessment) -> Vec<Issue> {
        let grid = assessment.raw().pointer("/screening/tag");
        let above = |(domain, most): (&&str, &u8)| {
            let score = grid?.get(*domain)?.as_u64()?;
            let text = format!(
                "The highest score that is configured for this domain is {most}. It was taken as it stands; which domains \
                 end at 3 is not verified. Look at it again."
            );
            (score > u64::from(*most)).then(|| Issue::new("value", format!("/screening/tag/{domain}"), text))
        };
        TAG_DOMAINS.iter().zip(&self.0).filter_map(above).collect()
    }
}

/// The ranges of tools, as text.
const TEXT: &str = include_str!("../../profiles/assessment/tools.json");

static TOOLS: LazyLock<Tools> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tools {
    #[serde(rename = "$comment")]
    _comment: String,
    tools: Vec<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    names: Vec<String>,
    least: f64,
    most: f64,
}

/// The places in `/screening/tools` of scores that their tool does not have.
pub(super) fn out_of_range(assessment: &Assessment) -> Vec<usize> {
    scores(assessment, |entry, score| {
        tool_of(entry).is_some_and(|tool| score < tool.least || tool.most < score)
    })
}

/// Which scores the tool at this place in `/screening/tools` has.
pub(super) fn allowed(assessment: &Assessment, at: usize) -> Option<String> {
    let tool = tool_of(assessment.raw().pointer(&format!("/screening/tools/{at}"))?)?;
    Some(format!("Its scores are {} to {}.", tool.least, tool.most))
}

fn tool_of(entry: &Value) -> Option<&'static Tool> {
    let name = entry.get("tool").and_then(Value::as_str).unwrap_or_default().trim();
    TOOLS.tools.iter().find(|tool| tool.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// The places of scores above the highest that is stated beside them.
pub(super) fn above_their_own(assessment: &Assessment) -> Vec<usize> {
    scores(assessment, |entry, score| {
        entry.get("maximum").and_then(Value::as_f64).is_some_and(|most| most < score)
    })
}

fn scores(assessment: &Assessment, wrong: impl Fn(&Value, f64) -> bool) -> Vec<usize> {
    let entries = assessment.raw().pointer("/screening/tools").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().enumerate();
    let is_wrong =
        |entry: &Value| entry.get("score").and_then(Value::as_f64).is_some_and(|score| wrong(entry, score));
    entries.filter(|(_, entry)| is_wrong(entry)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scored(tool: &str, score: &Value) -> Assessment {
        Assessment::new(
            json!({"screening": {"tools": [{"tool": "Any", "score": 900}, {"tool": tool, "score": score}]}}),
        )
    }

    #[test]
    fn a_score_is_held_to_the_published_range_of_its_tool() {
        assert!(TOOLS.tools.len() >= 3);
        for (tool, score, wrong) in [
            ("PHQ-9", json!(27), false),
            ("phq-9 ", json!(28), true),
            ("PHQ9", json!(-1), true),
            ("GAD-7", json!(21.5), true),
            ("CORE-10", json!(40), false),
            ("Of our own", json!(100), false),
        ] {
            assert_eq!(!out_of_range(&scored(tool, &score)).is_empty(), wrong, "{tool} {score}");
        }
    }

    #[test]
    fn a_score_above_what_a_service_set_for_its_domain_is_told_and_never_repeated() {
        let assessment =
            Assessment::new(json!({"screening": {"tag": {"survival": 4, "social": 3, "note": "x"}}}));
        let mut most = TagMax::default();
        assert!(most.passed_by(&assessment).is_empty());
        assert!(most.set("survival", 3) && most.set("social", 3));
        assert!(!most.set("survival", 5) && !most.set("total", 3));
        let told = most.passed_by(&assessment);
        let paths: Vec<&str> = told.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["/screening/tag/survival"]);
        assert!(told.iter().all(|issue| !issue.diagnostics.contains('4')), "{told:?}");
    }
}
