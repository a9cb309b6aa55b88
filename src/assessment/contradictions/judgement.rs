//! What stands against what a practitioner has to judge: who needs somebody with them, whether a hearing is still to come, whom
//! a way to reach the person must not come to.

use serde_json::Value;

use super::{Rule, flag, london_date, once, refused, told};
use crate::{assessment::Assessment, clock::Moment};

/// Vulnerabilities that are a reason to suspect that somebody needs an appropriate adult (PACE Code C 1.4 and 1.13(d)).
const REASONS: [&str; 7] = [
    "mental-health",
    "learning-disability",
    "autism",
    "adhd-other-neurodevelopmental",
    "acquired-brain-injury",
    "dementia-cognitive",
    "speech-language-communication",
];

/// The rules.
pub(in crate::assessment) const RULES: &[Rule] = &[
    refused(
        "fitness-to-plead-both-ways",
        "/participation/fitness_to_plead_assessment",
        "It is said here that fitness to plead need not be assessed, and recommended that it should be. The court would read \
         both: say true here, or take the recommendation out.",
        |a, _| {
            once(
                flag(a, "/participation/fitness_to_plead_assessment") == Some(false)
                    && recommends(a, "FITNESS-ASSESSMENT"),
            )
        },
    ),
    told(
        "no-adult-and-a-reason",
        "/appropriate_adult/needed",
        "No appropriate adult is said to be needed, and there is a reason to suspect that one is. Where there is any, the police \
         must treat the person as vulnerable unless there is clear evidence that they are not (PACE Code C 1.4). Look at it \
         again; if it is meant, say why.",
        no_adult_and_a_reason,
    ),
    told(
        "hearing-is-over",
        "/legal/next_hearing/at",
        "This hearing is over already. Say when the next one is, or leave it out.",
        |a, now| once(hearing_is_over(a, now) == Some(true)),
    ),
    told(
        "kept-back-and-texts",
        "/consents/*/excludes",
        "What the person keeps back does not leave by its fields and its codes. Texts that somebody wrote for other parts are not \
         compared with it: read what this recipient would get (keyway preview, or dry-run=true), and take out what tells of it.",
        kept_back_and_texts,
    ),
    told(
        "contact-shared-and-must-not-know",
        "/housing/consent_to_share_contact",
        "Where the person can be reached goes to the housing authority, and somebody must not come to know it. If that person, or \
         anybody who could tell them, works there, say false: the authority then reaches the person through you.",
        |a, _| {
            let must_not = a.raw().pointer("/person/safe_contact/must_not_know").and_then(Value::as_array);
            let is_hidden = must_not.is_some_and(|names| !names.is_empty());
            once(is_hidden && flag(a, "/housing/consent_to_share_contact") == Some(true))
        },
    ),
];

fn recommends(assessment: &Assessment, code: &str) -> bool {
    assessment.list("recommendation").any(|one| one.get("code").and_then(Value::as_str) == Some(code))
}

fn no_adult_and_a_reason(assessment: &Assessment, _: Moment) -> Vec<usize> {
    if assessment.text("/appropriate_adult/needed") != Some("no")
        || assessment.text("/appropriate_adult/why").is_some()
    {
        return Vec::new();
    }
    let is =
        |pointer: &str, words: &[&str]| assessment.text(pointer).is_some_and(|text| words.contains(&text));
    let named = assessment
        .list("vulnerabilities")
        .filter_map(|one| one.get("category").and_then(Value::as_str))
        .any(|category| REASONS.contains(&category));
    once(
        named
            || is("/capacity/status", &["lacks-capacity", "fluctuating"])
            || is("/fitness/interview", &["concern-refer-hcp"])
            || is("/participation/can_follow", &["no", "with-adjustments"]),
    )
}

/// A date counts as the whole of its day, in London.
fn hearing_is_over(assessment: &Assessment, now: Moment) -> Option<bool> {
    let at = assessment.text("/legal/next_hearing/at")?;
    if let Some(at) = Moment::from_rfc3339(at) {
        return Some(at < now);
    }
    let day = at.parse().ok()?;
    Some(london_date(now)? > day)
}

fn kept_back_and_texts(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let keeps = |consent: &&Value| {
        let agreed = consent.get("decision").and_then(Value::as_str) == Some("agree");
        let excluded = consent.get("excludes").and_then(Value::as_array);
        agreed && excluded.is_some_and(|excluded| !excluded.is_empty())
    };
    let consents = assessment.list("consents").enumerate();
    consents.filter(|(_, consent)| keeps(consent)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::assessment::Form;

    const NOW: &str = "2026-11-23T10:00:00Z";

    fn found(change: &Value) -> Vec<(&'static str, String)> {
        let mut value = json!({"profile": Form::Adult2.canonical(), "person": {"birth_date": "1990-04-01"}});
        for (name, part) in change.as_object().unwrap() {
            value[name] = part.clone();
        }
        let (assessment, now) = (Assessment::new(value), Moment::from_rfc3339(NOW).unwrap());
        let issues = RULES.iter().map(|rule| (rule.name, rule.issues(&assessment, now)));
        issues.flat_map(|(name, issues)| issues.into_iter().map(move |issue| (name, issue.path))).collect()
    }

    #[test]
    fn what_is_judged_one_way_and_told_another_is_found() {
        let plead = "/participation/fitness_to_plead_assessment";
        let hearing = "/legal/next_hearing/at";
        let adult = "/appropriate_adult/needed";
        let no = json!({"needed": "no"});
        let recommended = json!([{"code": "INTERMEDIARY"}, {"code": "FITNESS-ASSESSMENT"}]);
        for (change, name, place) in [
            (
                json!({"participation": {"fitness_to_plead_assessment": false}, "recommendation": recommended}),
                "fitness-to-plead-both-ways",
                plead,
            ),
            (
                json!({"appropriate_adult": no, "capacity": {"status": "fluctuating"}}),
                "no-adult-and-a-reason",
                adult,
            ),
            (
                json!({"appropriate_adult": no, "fitness": {"interview": "concern-refer-hcp"}}),
                "no-adult-and-a-reason",
                adult,
            ),
            (
                json!({"appropriate_adult": no, "vulnerabilities": [{"category": "autism"}]}),
                "no-adult-and-a-reason",
                adult,
            ),
            (json!({"legal": {"next_hearing": {"at": "2026-11-23T09:59:00Z"}}}), "hearing-is-over", hearing),
            (json!({"legal": {"next_hearing": {"at": "2026-11-22"}}}), "hearing-is-over", hearing),
            (
                json!({"consents": [{"decision": "agree"}, {"decision": "agree", "excludes": ["household"]}]}),
                "kept-back-and-texts",
                "/consents/1/excludes",
            ),
            (
                json!({"person": {"safe_contact": {"must_not_know": ["Somebody"]}},
                       "housing": {"consent_to_share_contact": true}}),
                "contact-shared-and-must-not-know",
                "/housing/consent_to_share_contact",
            ),
        ] {
            assert_eq!(found(&change), [(name, String::from(place))], "{change}");
        }
    }

    #[test]
    fn what_can_be_true_together_is_let_through() {
        for change in [
            json!({"participation": {"fitness_to_plead_assessment": true}, "recommendation": [{"code": "FITNESS-ASSESSMENT"}]}),
            json!({"participation": {"fitness_to_plead_assessment": false}, "recommendation": [{"code": "INTERMEDIARY"}]}),
            json!({"appropriate_adult": {"needed": "yes"}, "capacity": {"status": "fluctuating"}}),
            json!({"appropriate_adult": {"needed": "no"}, "vulnerabilities": [{"category": "financial"}]}),
            json!({"appropriate_adult": {"needed": "no", "why": "Seen sober, and followed all of it."},
                   "vulnerabilities": [{"category": "mental-health"}]}),
            json!({"legal": {"next_hearing": {"at": "2026-11-23T10:00:01Z"}}}),
            // The day of the hearing is not over.
            json!({"legal": {"next_hearing": {"at": "2026-11-23"}}}),
            json!({"consents": [{"decision": "decline", "excludes": ["household"]}, {"decision": "agree", "excludes": []}]}),
            json!({"person": {"safe_contact": {"must_not_know": ["Somebody"]}},
                   "housing": {"consent_to_share_contact": false}}),
            json!({"person": {"safe_contact": {"must_not_know": []}}, "housing": {"consent_to_share_contact": true}}),
        ] {
            assert_eq!(found(&change), [], "{change}");
        }
    }
}
