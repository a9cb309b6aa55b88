//! One value set, ready to be asked.

use std::collections::HashSet;

use super::{super::TableSet, Member, Terminology, Text, language, ucum};

/// A value set.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    /// What is in it: one of these is enough.
    pub(super) include: Vec<Piece>,
    /// What is not, all the same.
    pub(super) exclude: Vec<Piece>,
}

/// One `include` or `exclude`.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The system that it is about; `None`: whichever the imported sets are about.
    pub(super) system: Option<Text>,
    /// Which codes of the system.
    pub(super) rule: Rule,
    /// The value sets that the code must be in as well, by their places.
    pub(super) within: Vec<usize>,
}

/// Which codes.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// Any: only the imported sets count.
    Any,
    /// These.
    Listed(TableSet<Text>),
    /// All of a system that is loaded, by its place.
    Whole(usize),
    /// All of a system whose codes have a syntax.
    Syntax(fn(&str) -> Member<'static>),
    /// It cannot be said; why.
    Unknown(String),
}

impl Set {
    pub(super) fn contains<'a>(
        &'a self,
        all: &'a Terminology,
        system: Option<&str>,
        code: &str,
    ) -> Member<'a> {
        match any_of(&self.include, all, system, code) {
            Member::No => Member::No,
            within => match any_of(&self.exclude, all, system, code) {
                Member::Yes => Member::No,
                Member::No => within,
                Member::Unknown(why) => Member::Unknown(why),
            },
        }
    }

    /// The codes where they are a list of at most `most`.
    pub(super) fn listed<'a>(&'a self, all: &'a Terminology, most: usize) -> Vec<&'a str> {
        let mut codes: Vec<&str> = Vec::new();
        for piece in &self.include {
            match &piece.rule {
                Rule::Listed(listed) if piece.within.is_empty() && codes.len() + listed.len() <= most => {
                    let mut sorted: Vec<&str> = listed.iter().map(AsRef::as_ref).collect();
                    sorted.sort_unstable();
                    codes.extend(sorted);
                }
                Rule::Whole(at) if piece.within.is_empty() => match all.systems.get(*at) {
                    Some(system) if codes.len() + system.codes().len() <= most => {
                        codes.extend(system.codes().map(AsRef::as_ref));
                    }
                    _ => return Vec::new(),
                },
                Rule::Any if piece.within.len() == 1 => {
                    let inner = piece.within.first().and_then(|at| all.sets.get(*at));
                    let inner = inner.map_or_else(Vec::new, |set| set.listed(all, most));
                    if inner.is_empty() || codes.len() + inner.len() > most {
                        return Vec::new();
                    }
                    codes.extend(inner);
                }
                _ => return Vec::new(),
            }
        }
        // One code may stand in two systems.
        let mut seen = HashSet::new();
        codes.retain(|code| seen.insert(*code));
        let out = |code: &&str| any_of(&self.exclude, all, None, code) == Member::No;
        codes.into_iter().filter(out).collect()
    }
}

fn any_of<'a>(pieces: &'a [Piece], all: &'a Terminology, system: Option<&str>, code: &str) -> Member<'a> {
    let mut answer = Member::No;
    for piece in pieces {
        match piece.contains(all, system, code) {
            Member::Yes => return Member::Yes,
            Member::No => {}
            unknown @ Member::Unknown(_) => answer = unknown,
        }
    }
    answer
}

impl Piece {
    fn contains<'a>(&'a self, all: &'a Terminology, system: Option<&str>, code: &str) -> Member<'a> {
        if let (Some(own), Some(asked)) = (&self.system, system)
            && own != asked
        {
            return Member::No;
        }
        let mut answer = match &self.rule {
            Rule::Any => Member::Yes,
            Rule::Listed(codes) if codes.contains(code) => Member::Yes,
            Rule::Listed(_) => Member::No,
            Rule::Whole(at) => all.systems.get(*at).map_or(Member::No, |system| system.contains(code)),
            Rule::Syntax(holds) => holds(code),
            Rule::Unknown(why) => Member::Unknown(why),
        };
        for at in &self.within {
            if answer == Member::No {
                return Member::No;
            }
            match all.sets.get(*at).map_or(Member::No, |set| set.contains(all, system, code)) {
                Member::Yes => {}
                Member::No => return Member::No,
                unknown @ Member::Unknown(_) => answer = unknown,
            }
        }
        answer
    }
}

/// The systems whose codes can be told by their form.
pub(super) fn syntax_of(system: &str) -> Option<fn(&str) -> Member<'static>> {
    match system {
        "urn:ietf:bcp:47" => Some(language::is_language),
        "urn:ietf:bcp:13" => Some(language::is_media_type),
        "urn:iso:std:iso:4217" => Some(language::is_currency),
        "http://unitsofmeasure.org" => Some(ucum::is_unit),
        _ => None,
    }
}

/// Whether a code has the form that the codes of this system have; `None` when the form does not tell.
pub(super) fn by_syntax(system: &str, code: &str) -> Option<Member<'static>> {
    syntax_of(system).map(|holds| holds(code))
}
