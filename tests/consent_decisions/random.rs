//! Random cases, decided twice.

use std::collections::{BTreeMap, BTreeSet};

use keyway::consent::r4::{Code, Directive, Request, Unread, decide};
use serde_json::Value;

use super::{
    cases::{self, Chance},
    naive::{Looked, Opinion, opinion},
    read,
};

/// How many cases a plain run tries.
const CASES: usize = 40_000;
/// How many requests are made of each set of Consents: reading them again is what takes the time.
const REQUESTS: usize = 10;

/// How many cases to try: more in a long run.
#[expect(clippy::disallowed_methods, reason = "a test asks how long it may take; the gateway never does")]
fn how_many() -> usize {
    std::env::var("KEYWAY_CONSENT_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES)
}

/// The gateway's answer in the form of the other.
fn ours(directives: &[Result<Directive, Unread>], request: &Value) -> Opinion {
    let words = |codes: &[Code]| codes.iter().map(|code| code.as_str().to_owned()).collect();
    let request = match Request::read(request) {
        Ok(request) => request,
        Err(fault) => {
            let reasons = words(&[Code::RequestUnreadable, fault.code]);
            return Opinion { verdict: "deny", reasons, ..Opinion::default() };
        }
    };
    let answer = decide(directives, &request);
    Opinion {
        verdict: answer.verdict.as_str(),
        reasons: words(&answer.reasons),
        items: answer.parts.iter().map(|part| part.permits).collect(),
        withheld: answer
            .withheld
            .iter()
            .map(|rule| (rule.consent, rule.provision().to_owned(), rule.all_but))
            .collect(),
    }
}

/// Of all cases at least 30% permit and 20% permit in part, every reason code occurs, and both say the same of each.
#[test]
fn random_cases_are_decided_alike_by_two_evaluators() {
    let cases = how_many();
    let mut chance = Chance(0x6b65_7977_6179);
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut tried = 0_usize;
    while tried < cases {
        let consents = cases::consents(&mut chance);
        let (directives, looked) = (read(&consents), Looked::at(&consents));
        for _ in 0..REQUESTS {
            let request = cases::request(&mut chance);
            let (one, other) = (ours(&directives, &request), opinion(&looked, &request));
            assert_eq!(one, other, "case {tried}\n{}\n{request}", Value::from(consents));
            *verdicts.entry(one.verdict).or_default() += 1;
            seen.extend(one.reasons);
            tried += 1;
        }
    }
    let share = |verdict: &str| verdicts.get(verdict).copied().unwrap_or_default() * 100 / tried;
    assert!(share("permit") >= 30 && share("permit-redacted") >= 20, "{verdicts:?}");
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.as_str()).filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}
