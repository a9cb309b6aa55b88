//! What is read back to the person before they say yes: who would see what, in plain words, said to them.
//!
//! Takes what a planned message would really hold, block by block, and what is kept back and why, and says it by one
//! catalogue, `profiles/print/read-back.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::words::filled;

const SOURCE: &str = include_str!("../../profiles/print/read-back.toml");
/// The reason for what the person keeps back, as the projection has it.
pub const EXCLUDED: &str = "excluded-by-person";
/// The reason for what needs a yes of its own.
const SPECIFIC: &str = "needs-specific-consent";

/// What is known about one recipient of an assessment.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The agency's name.
    pub recipient: &'a str,
    /// The audience that its allow-list is for, as in `court`.
    pub audience: &'a str,
    /// Name and audience of the agency that it is sent on to, where it is addressed for another.
    pub reader: Option<(&'a str, &'a str)>,
    /// The name of the one of the two that may not read it, where one of them may not.
    pub because_of: Option<&'a str>,
    /// What the person, or the gateway, said to it.
    pub answer: Answer<'a>,
    /// Each part that would go: block and view.
    pub given: &'a BTreeSet<(String, String)>,
    /// Each part that would be kept back: block and reason.
    pub kept: &'a BTreeSet<(String, String)>,
    /// The blocks of which something that would go tells in a code, without being one of their parts.
    pub tells: &'a BTreeSet<String>,
    /// Whether the agreement with it has a row for emergencies.
    pub emergency: bool,
}

/// What was said to the question whether it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Nobody has asked the person yet.
    NotAsked,
    /// The person agreed.
    Agreed,
    /// The person was not asked, and it goes to a health service unless they say no.
    Implied,
    /// The least goes without consent, as a life is at risk.
    Minimum,
    /// The person agreed, and of what they keep back the least goes too, as a life is at risk.
    Both,
    /// It may not go, for this reason code.
    Denied(&'a str),
}

/// What is said to the person about one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadBack {
    /// What it is about.
    pub title: String,
    /// Who reads it there.
    pub readers: Vec<String>,
    /// What the list of `sees` stands under; where nothing goes, that.
    pub answer: String,
    /// What they would see.
    pub sees: Vec<String>,
    /// What the person keeps back.
    pub kept_by_person: Vec<String>,
    /// What goes only with a yes of its own.
    pub needs_own_yes: Vec<String>,
    /// What the assessment holds and they never see.
    pub never: Vec<String>,
    /// What holds whatever the answer is.
    pub also: Vec<String>,
    #[serde(skip)]
    under: Under,
}

/// What the lists stand under.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Under {
    kept: String,
    hints: String,
    specific: String,
    never: String,
}

/// The catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "language")]
    _language: String,
    texts: Texts,
    readers: BTreeMap<String, String>,
    reasons: BTreeMap<String, String>,
    /// In the order of reading.
    blocks: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    title: String,
    agreed: String,
    implied: String,
    asked: String,
    refused: String,
    minimum: String,
    both: String,
    denied: String,
    kept: String,
    hints: String,
    specific: String,
    never: String,
    tells: String,
    beyond: String,
    emergency: String,
    agreed_both: String,
    asked_both: String,
    refused_one: String,
    denied_one: String,
    for_another: String,
    change: String,
}

/// The reason code of a plain no.
const REFUSED: &str = "consent-refused";

impl ReadBack {
    /// What is said about `plan`.
    ///
    /// # Errors
    /// The catalogue that is compiled in cannot be read.
    pub fn of(plan: &Plan<'_>) -> Result<Self, String> {
        let words: Words = toml::from_str(SOURCE).map_err(|error| format!("read-back.toml: {error}"))?;
        let texts = &words.texts;
        let (reader, reader_audience) = plan.reader.unzip();
        let say = |text: &str, why: &str| {
            let (reader, who) = (reader.unwrap_or_default(), plan.because_of.unwrap_or_default());
            let names = [("recipient", plan.recipient), ("reader", reader), ("who", who), ("why", why)];
            filled(text, &names)
        };
        let either = |one, both| if plan.reader.is_some() { both } else { one };
        let answer = match plan.answer {
            Answer::NotAsked => say(either(&texts.asked, &texts.asked_both), ""),
            Answer::Agreed => say(either(&texts.agreed, &texts.agreed_both), ""),
            Answer::Implied => say(&texts.implied, ""),
            Answer::Minimum => say(&texts.minimum, ""),
            Answer::Both => say(&texts.both, ""),
            Answer::Denied(REFUSED) => say(either(&texts.refused, &texts.refused_one), ""),
            Answer::Denied(reason) => {
                let why = words.reasons.get(reason).map_or(reason, String::as_str);
                say(either(&texts.denied, &texts.denied_one), why)
            }
        };
        let goes = !matches!(plan.answer, Answer::Denied(_));
        let mut readers = Vec::new();
        if goes {
            readers.extend(reader.map(|_| say(&texts.for_another, "")));
            let audiences = [Some(plan.audience), reader_audience];
            readers.extend(audiences.into_iter().flatten().filter_map(|one| words.readers.get(one).cloned()));
        }
        let given: BTreeSet<&str> = plan.given.iter().map(|(block, _)| block.as_str()).collect();
        // Of a block that goes in part, what stays behind needs no words of its own: the part has them. Of one that a code
        // of another tells, it is said that the code goes and the rest does not.
        let is_told = |block: &str| plan.tells.contains(block) && !given.contains(block);
        let about = |part: String, text: &str| filled(text, &[("part", &part)]);
        let kept = |is_meant: &dyn Fn(&str) -> bool| {
            let kept = plan.kept.iter().filter(|(block, _)| goes && !given.contains(block.as_str()));
            let kept = kept.filter(|(_, why)| is_meant(why)).map(|(block, _)| {
                let (place, part) = words.part(block, "");
                (place, if is_told(block) { about(part, &texts.beyond) } else { part })
            });
            in_order(kept)
        };
        // What the person keeps back is theirs, whatever else keeps a value of it back too.
        let kept_by_person = kept(&|why| why == EXCLUDED);
        let mut never = kept(&|why| why != EXCLUDED && why != SPECIFIC);
        never.retain(|part| !kept_by_person.contains(part));
        let mut also = Vec::new();
        if goes {
            also.push(texts.change.clone());
        }
        if plan.emergency && !matches!(plan.answer, Answer::Minimum | Answer::Both) {
            also.push(texts.emergency.clone());
        }
        let sees = plan.given.iter().map(|(block, view)| words.part(block, view));
        let told = plan.tells.iter().filter(|block| is_told(block)).map(|block| {
            let (place, part) = words.part(block, "");
            (place, about(part, &texts.tells))
        });
        Ok(Self {
            title: say(&texts.title, ""),
            readers,
            answer,
            sees: in_order(sees.chain(told).filter(|_| goes)),
            kept_by_person,
            needs_own_yes: kept(&|why| why == SPECIFIC),
            never,
            also,
            under: Under {
                kept: texts.kept.clone(),
                hints: texts.hints.clone(),
                specific: texts.specific.clone(),
                never: texts.never.clone(),
            },
        })
    }

    /// As it is read out, a line for each thing.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![self.title.clone(), String::new()];
        lines.extend(self.readers.iter().cloned());
        list(&mut lines, &self.answer, &self.sees);
        let kept = [
            (&self.under.kept, &self.kept_by_person),
            (&self.under.specific, &self.needs_own_yes),
            (&self.under.never, &self.never),
        ];
        let kept: Vec<_> = kept.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
        for (head, entries) in &kept {
            list(&mut lines, head, entries);
        }
        // A text that somebody wrote in another part is compared with none of these.
        if !kept.is_empty() {
            lines.push(self.under.hints.clone());
        }
        lines.push(String::new());
        lines.extend(self.also.iter().cloned());
        lines.join("\n").trim_end().to_owned()
    }
}

impl Words {
    /// The words for a part of a block, and their place in the order of reading. A block without words is named by its id,
    /// never left out.
    fn part(&self, block: &str, view: &str) -> (usize, String) {
        let at = |id: &str| self.blocks.iter().position(|(known, _)| known == id);
        let place = at(&format!("{block}:{view}")).or_else(|| at(block)).unwrap_or(self.blocks.len());
        let words = self.blocks.get(place).map_or(block, |(_, words)| words.as_str());
        (place, words.to_owned())
    }
}

/// The words of parts, each once, in the order of reading.
fn in_order(parts: impl Iterator<Item = (usize, String)>) -> Vec<String> {
    let mut found: Vec<(usize, String)> = parts.collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, words)| words).collect()
}

fn list(lines: &mut Vec<String>, head: &str, entries: &[String]) {
    lines.push(String::new());
    lines.push(head.to_owned());
    lines.extend(entries.iter().map(|entry| format!("- {entry}")));
}
