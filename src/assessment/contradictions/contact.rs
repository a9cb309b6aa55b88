//! Safe contact that is not safe by its own words: through somebody who must not come to know, by a telephone that they
//! answer, by a means that must not be used.
//!
//! Names are compared without case and with single spaces, telephone numbers by their digits. What is the same is refused;
//! what is written differently and is likely to be the same is told, for only the practitioner knows.

use serde_json::Value;

use super::{Rule, once, refused, told};
use crate::{assessment::Assessment, clock::Moment, letters::squeezed};

/// Fewer digits are an extension or a house number.
const TELEPHONE_DIGITS_MIN: usize = 7;

/// The rules against a means, and the words for it in free text.
const MEANS: [(&str, &[&str]); 6] = [
    ("no-voicemail", &["voicemail", "voice mail", "answerphone", "answer phone", "answering machine"]),
    ("no-calls", &["call", "calls", "ring", "phone", "telephone", "phone call", "telephone call"]),
    ("no-texts", &["text", "texts", "sms", "text message", "whatsapp"]),
    ("no-letters", &["letter", "letters", "post", "write"]),
    ("no-email", &["email", "e-mail", "emails", "e-mails"]),
    ("no-visits", &["visit", "visits", "home visit"]),
];
/// Words that may stand around a means and say nothing against it.
const AROUND: [&str; 18] = [
    "by", "a", "an", "the", "leave", "send", "on", "via", "use", "only", "message", "messages", "to",
    "please", "her", "him", "them", "me",
];
/// Words that turn a sentence round: what is said with one of them is not judged.
const TURNING: [&str; 11] =
    ["no", "not", "never", "without", "nor", "don't", "dont", "doesn't", "isn't", "except", "instead"];

pub(super) const RULES: &[Rule] = &[
    refused(
        "through-who-must-not-know",
        "/person/safe_contact/through/name",
        "This person must not come to know, by /person/safe_contact/must_not_know, or may not be contacted. Name somebody else, \
         or leave it out.",
        through_who_must_not_know,
    ),
    refused("kin-who-must-not-know", "/person/next_of_kin/*/may_be_contacted", KIN, |a, _| {
        contacted_and_must_not_know(a, "/person/next_of_kin")
    }),
    refused("parent-who-must-not-know", "/young_person/parents/*/may_be_contacted", KIN, |a, _| {
        contacted_and_must_not_know(a, "/young_person/parents")
    }),
    refused("telephone-of-another", "/person/safe_contact/telephone", TELEPHONE, |a, _| {
        once(rings_at(a, "/person/safe_contact/telephone", Sure::Yes))
    }),
    refused("telephone-of-another-through", "/person/safe_contact/through/telephone", TELEPHONE, |a, _| {
        once(rings_at(a, "/person/safe_contact/through/telephone", Sure::Yes))
    }),
    refused(
        "by-what-must-not-be-used",
        "/person/safe_contact/how",
        "A rule in /person/safe_contact/rules says that this way must not be used. Take out the rule or the way.",
        |a, _| once(by_what_must_not_be_used(a) == Some(Sure::Yes)),
    ),
    told(
        "through-who-perhaps-must-not-know",
        "/person/safe_contact/through",
        "The words of /person/safe_contact/must_not_know seem to be about the same person. Look at it again before anybody is \
         rung.",
        through_who_perhaps_must_not_know,
    ),
    told(
        "telephone-of-who-does-not-know",
        "/person/safe_contact/telephone",
        "Somebody else who is named here has the same number and does not know of this. Whoever rings must know that they may \
         answer: say it in /person/safe_contact/how.",
        |a, _| once(rings_at(a, "/person/safe_contact/telephone", Sure::Perhaps)),
    ),
    told(
        "perhaps-by-what-must-not-be-used",
        "/person/safe_contact/how",
        "This seems to name a way that a rule in /person/safe_contact/rules forbids. Look at it again.",
        |a, _| once(by_what_must_not_be_used(a) == Some(Sure::Perhaps)),
    ),
    told(
        "email-that-must-not-be-used",
        "/person/safe_contact/email",
        "An address is given, and /person/safe_contact/rules says that nobody may write to it. Leave out one of the two.",
        |a, _| once(has_rule(a, "no-email") && a.text("/person/safe_contact/email").is_some()),
    ),
];

const KIN: &str = "Said to be somebody who may be contacted, and in /person/safe_contact/must_not_know somebody who must not come \
                   to know. One of the two is wrong.";
const TELEPHONE: &str = "This is also the number of somebody who must not come to know, or may not be contacted. Give another, or \
                         leave it out.";

/// How sure it is that two things are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    Yes,
    Perhaps,
}

/// Somebody whom the assessment names beside the person.
struct Other {
    name: Option<String>,
    telephone: Option<String>,
    may_be_contacted: Option<bool>,
    knows: Option<bool>,
}

fn others<'a>(assessment: &'a Assessment, list: &str) -> impl Iterator<Item = Other> + use<'a> {
    let list = assessment.raw().pointer(list).and_then(Value::as_array);
    list.into_iter().flatten().map(|value| Other {
        name: value.get("name").and_then(Value::as_str).map(squeezed),
        telephone: value.get("telephone").and_then(Value::as_str).and_then(digits),
        may_be_contacted: value.get("may_be_contacted").and_then(Value::as_bool),
        knows: value.get("knows_of_this").and_then(Value::as_bool),
    })
}

fn all_others(assessment: &Assessment) -> impl Iterator<Item = Other> {
    others(assessment, "/person/next_of_kin").chain(others(assessment, "/young_person/parents"))
}

/// A telephone number by its digits, without the country's code and the first zero.
fn digits(text: &str) -> Option<String> {
    let all: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_abroad = text.trim_start().starts_with('+') || all.starts_with("00");
    let national = all.trim_start_matches('0');
    let national = if is_abroad { national.strip_prefix("44").unwrap_or(national) } else { national };
    let national = national.trim_start_matches('0');
    (national.len() >= TELEPHONE_DIGITS_MIN).then(|| national.to_owned())
}

fn must_not_know(assessment: &Assessment) -> Vec<String> {
    let listed = assessment.raw().pointer("/person/safe_contact/must_not_know").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(squeezed).collect()
}

fn through(assessment: &Assessment) -> Option<String> {
    assessment.text("/person/safe_contact/through/name").map(squeezed)
}

fn through_who_must_not_know(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let Some(name) = through(assessment) else { return Vec::new() };
    let may_not = |other: Other| other.may_be_contacted == Some(false) && other.name.as_ref() == Some(&name);
    once(must_not_know(assessment).contains(&name) || all_others(assessment).any(may_not))
}

fn through_who_perhaps_must_not_know(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let name = through(assessment);
    let relation = assessment.text("/person/safe_contact/through/relation").map(squeezed);
    let listed = must_not_know(assessment);
    let is_certain = name.as_ref().is_some_and(|name| listed.contains(name));
    let is_among = |words: &Option<String>| {
        words.as_ref().is_some_and(|words| listed.iter().any(|entry| stands_in(entry, words)))
    };
    once(!is_certain && (is_among(&name) || is_among(&relation)))
}

/// Whether the words stand in the text, one after the other, as whole words.
fn stands_in(text: &str, words: &str) -> bool {
    let bare = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (text, words) = (bare(text), bare(words));
    !words.is_empty() && text.windows(words.len()).any(|part| part == words)
}

fn contacted_and_must_not_know(assessment: &Assessment, list: &str) -> Vec<usize> {
    let listed = must_not_know(assessment);
    let both = |other: &Other| {
        other.may_be_contacted == Some(true) && other.name.as_ref().is_some_and(|name| listed.contains(name))
    };
    let all = others(assessment, list).enumerate();
    all.filter(|(_, other)| both(other)).map(|(place, _)| place).collect()
}

/// Whether the number at this place is also that of somebody who must not answer it, or perhaps should not.
fn rings_at(assessment: &Assessment, place: &str, sure: Sure) -> bool {
    let Some(number) = assessment.text(place).and_then(digits) else { return false };
    let listed = must_not_know(assessment);
    let through_name = through(assessment);
    let must_not = |other: &Other| {
        other.may_be_contacted == Some(false) || other.name.as_ref().is_some_and(|name| listed.contains(name))
    };
    let same = |other: &Other| other.telephone.as_ref() == Some(&number);
    let written_there = listed.iter().any(|entry| digits(entry).is_some_and(|listed| listed == number));
    let is_certain = written_there || all_others(assessment).any(|other| same(&other) && must_not(&other));
    match sure {
        Sure::Yes => is_certain,
        // Through whom the person is reached has a number of their own, and is named on purpose.
        Sure::Perhaps => {
            !is_certain
                && all_others(assessment).any(|other| {
                    let is_through = through_name.is_some() && other.name == through_name;
                    same(&other) && other.knows == Some(false) && !is_through
                })
        }
    }
}

fn has_rule(assessment: &Assessment, rule: &str) -> bool {
    let rules = assessment.raw().pointer("/person/safe_contact/rules").and_then(Value::as_array);
    rules.into_iter().flatten().any(|one| one.as_str() == Some(rule))
}

/// Whether the free text names a means that a rule forbids. A text that is nothing but the means says so for certain.
fn by_what_must_not_be_used(assessment: &Assessment) -> Option<Sure> {
    let how = assessment.text("/person/safe_contact/how").map(squeezed)?;
    let forbidden = MEANS.iter().filter(|(rule, _)| has_rule(assessment, rule));
    let named: Vec<&str> = forbidden
        .flat_map(|(_, words)| words.iter().copied())
        .filter(|words| stands_in(&how, words))
        .collect();
    if named.is_empty() || TURNING.iter().any(|word| stands_in(&how, word)) {
        return None;
    }
    let is_bare = |means: &&str| {
        let rest = how.replacen(*means, " ", 1);
        rest.split(|c: char| !c.is_alphanumeric()).all(|word| word.is_empty() || AROUND.contains(&word))
    };
    Some(if named.iter().any(is_bare) { Sure::Yes } else { Sure::Perhaps })
}
