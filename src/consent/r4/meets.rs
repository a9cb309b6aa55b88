//! Whether a rule is about what is asked, question by question.

use super::{
    code::Code,
    label,
    provision::{Criteria, Kind, Meaning},
    reference::Named,
    request::{Item, Request},
    shape::Coding,
};

/// Of `consentaction`. Source: FHIR R4 (4.0.1).
const ACTIONS: [&str; 5] = ["collect", "access", "use", "disclose", "correct"];
/// The system of a class that is a type of resource.
const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";

/// Yes, no, or nobody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    No,
    Unknown,
    Yes,
}

impl Met {
    pub(super) const fn when(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// One of the two is enough.
    pub(super) const fn or(self, other: Self) -> Self {
        if self as u8 >= other as u8 { self } else { other }
    }

    /// Both are needed.
    pub(super) const fn and(self, other: Self) -> Self {
        if self as u8 <= other as u8 { self } else { other }
    }
}

/// How one question is answered by the innermost provision that states it, and by all that do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    innermost: Met,
    every: Met,
}

impl Stated {
    /// Of a question that nobody states.
    const NOT: Self = Self { innermost: Met::Yes, every: Met::Yes };

    /// Stated once more, further inside.
    const fn and(self, met: Met) -> Self {
        Self { innermost: met, every: self.every.and(met) }
    }

    /// What it comes to for a provision. A permission is an exception to the rules round it, so it never reaches further than
    /// they do; a refusal may, for that is the safe side.
    const fn of(self, kind: Kind) -> Met {
        match kind {
            Kind::Permit => self.every,
            Kind::Deny | Kind::Frame => self.innermost,
        }
    }
}

/// How the innermost labels that are stated meet the data: as those of a permission, as those of a refusal, and whose they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labels {
    permitted: Met,
    refused: Met,
    by: Kind,
}

impl Labels {
    /// What they come to for a provision that stands where they hold. A permission within a refusal goes no higher than the
    /// labels that are refused; a refusal within a permission is of all that this lets go, and of what is above.
    const fn of(self, kind: Kind) -> Met {
        match (kind, self.by) {
            (Kind::Permit, Kind::Deny) => self.permitted.and(self.refused),
            (Kind::Permit, Kind::Permit | Kind::Frame) => self.permitted,
            (Kind::Deny | Kind::Frame, Kind::Deny) => self.refused,
            (Kind::Deny | Kind::Frame, Kind::Permit | Kind::Frame) => self.permitted.or(self.refused),
        }
    }
}

/// How a rule meets a request, for each question in the order in which they are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mets {
    recipient: Stated,
    purpose: Stated,
    action: Stated,
    period: Stated,
    /// Whether a period that is stated is over.
    is_over: bool,
    labels: Labels,
    class: Stated,
    code: Stated,
    data_period: Stated,
    data: Stated,
}

impl Mets {
    /// Of a rule that states nothing.
    pub(super) const ALL: Self = Self {
        recipient: Stated::NOT,
        purpose: Stated::NOT,
        action: Stated::NOT,
        period: Stated::NOT,
        is_over: false,
        labels: Labels { permitted: Met::Yes, refused: Met::Yes, by: Kind::Permit },
        class: Stated::NOT,
        code: Stated::NOT,
        data_period: Stated::NOT,
        data: Stated::NOT,
    };

    /// Whether a permission is about who asks, for what and when, and about the data.
    pub(super) const fn permits(&self) -> (Met, Met) {
        (self.about_who(Kind::Permit).and(self.period.of(Kind::Permit)), self.about_data(Kind::Permit))
    }

    /// Whether a refusal that states `criteria` is about who asks, and about the data. It does not end with the permission
    /// round it: only its own period counts.
    pub(super) const fn refuses(&self, criteria: &Criteria) -> (Met, Met) {
        let period = if criteria.period.is_some() { self.period.of(Kind::Deny) } else { Met::Yes };
        (self.about_who(Kind::Deny).and(period), self.about_data(Kind::Deny))
    }

    const fn about_who(&self, kind: Kind) -> Met {
        self.recipient.of(kind).and(self.purpose.of(kind)).and(self.action.of(kind))
    }

    const fn about_data(&self, kind: Kind) -> Met {
        let named = self.data_period.of(kind).and(self.data.of(kind));
        self.labels.of(kind).and(self.class.of(kind)).and(self.code.of(kind)).and(named)
    }

    /// The first question of which a permission says less than `enough`, as a code; data may need less than the rest.
    pub(super) fn first_below(&self, data_enough: Met) -> Option<Code> {
        let (who, data) = self.permits();
        let is_enough = who == Met::Yes && data as u8 >= data_enough as u8;
        if is_enough { None } else { Some(self.missing(data_enough)) }
    }

    fn missing(&self, data_enough: Met) -> Code {
        let period = if self.is_over { Code::PeriodOver } else { Code::PeriodNotBegun };
        let questions = [
            (self.recipient.every, Met::Yes, Code::RecipientNotCovered),
            (self.purpose.every, Met::Yes, Code::PurposeNotCovered),
            (self.action.every, Met::Yes, Code::ActionNotCovered),
            (self.period.every, Met::Yes, period),
            (self.labels.of(Kind::Permit), data_enough, Code::LabelNotCovered),
            (self.class.every, data_enough, Code::ClassNotCovered),
            (self.code.every, data_enough, Code::CodeNotCovered),
            (self.data_period.every, data_enough, Code::DataPeriodNotCovered),
            (self.data.every, data_enough, Code::DataNotCovered),
        ];
        let first = questions.into_iter().find(|(met, enough, _)| (*met as u8) < *enough as u8);
        first.map_or(Code::NothingPermitted, |(_, _, code)| code)
    }

    /// Makes it what a provision meets that states `criteria`, inside the one that met so: what it does not state is what the
    /// one round it states. Labels replace those round them; of the rest a permission needs both (see [`Stated`]).
    pub(super) fn narrow(&mut self, criteria: &Criteria, kind: Kind, asked: &Request, item: Option<&Item>) {
        if !criteria.actors.is_empty() {
            self.recipient =
                self.recipient.and(any(criteria.actors.iter().map(|actor| actor.is_among(&asked.actors))));
        }
        if !criteria.purposes.is_empty() {
            self.purpose = self.purpose.and(asked.purpose.as_ref().map_or(Met::Unknown, |purpose| {
                any(criteria.purposes.iter().map(|rule| rule.is_for(purpose)))
            }));
        }
        if !criteria.actions.is_empty() {
            self.action = self.action.and(action(&criteria.actions, &asked.action));
        }
        if let Some((first, last)) = criteria.period {
            self.period = self.period.and(Met::when(first <= asked.now && asked.now <= last));
            self.is_over |= last < asked.now;
        }
        if criteria.limits_data() {
            self.narrow_data(criteria, kind, item);
        }
    }

    fn narrow_data(&mut self, criteria: &Criteria, kind: Kind, item: Option<&Item>) {
        if !criteria.labels.is_empty() {
            let labels = item.and_then(|item| item.labels.as_deref());
            self.labels = Labels {
                permitted: label::permitted(&criteria.labels, &criteria.labels_round, labels),
                refused: label::refused(&criteria.labels, labels),
                by: kind,
            };
        }
        if !criteria.classes.is_empty() {
            self.class = self.class.and(
                item.map_or(Met::Unknown, |item| any(criteria.classes.iter().map(|one| class(one, item)))),
            );
        }
        if !criteria.codes.is_empty() {
            let codes = item.and_then(|item| item.codes.as_deref());
            self.code = self.code.and(codes.map_or(Met::Unknown, |codes| {
                Met::when(criteria.codes.iter().any(|one| codes.contains(one)))
            }));
        }
        if let Some((first, last)) = criteria.data_period {
            self.data_period = self.data_period.and(match item.and_then(|item| item.authored) {
                Some((from, to)) if first <= from && to <= last => Met::Yes,
                Some((from, to)) if to < first || last < from => Met::No,
                Some(_) | None => Met::Unknown,
            });
        }
        if !criteria.data.is_empty() {
            self.data = self.data.and(item.map_or(Met::Unknown, |item| {
                any(criteria.data.iter().map(|(meaning, names)| data(*meaning, names, item)))
            }));
        }
    }
}

fn any(all: impl Iterator<Item = Met>) -> Met {
    all.fold(Met::No, Met::or)
}

/// An action that R4 does not have may be any.
fn action(rule: &[Coding], asked: &Coding) -> Met {
    any(rule.iter().map(|one| {
        let known =
            one.system == asked.system && ACTIONS.contains(&&*one.code) && ACTIONS.contains(&&*asked.code);
        if one == asked {
            Met::Yes
        } else if known {
            Met::No
        } else {
            Met::Unknown
        }
    }))
}

/// The type of a resource is known from its name; every other class is what the request says.
fn class(rule: &Coding, item: &Item) -> Met {
    let told = item.classes.as_deref();
    if told.is_some_and(|classes| classes.contains(rule)) {
        return Met::Yes;
    }
    match item.kind.as_deref() {
        Some(kind) if *kind == *rule.code && *rule.system == *RESOURCE_TYPES => Met::Yes,
        _ if told.is_some() => Met::No,
        Some(_) if *rule.system == *RESOURCE_TYPES => Met::No,
        _ => Met::Unknown,
    }
}

/// Whether the item is what a rule names, in the way that it says.
fn data(meaning: Meaning, names: &[Named], item: &Item) -> Met {
    let same = |list: &[Named]| any(list.iter().flat_map(|one| names.iter().map(move |name| name.same(one))));
    let told = |list: Option<&[Named]>| list.map_or(Met::Unknown, same);
    let itself = if item.names.is_empty() { Met::Unknown } else { same(&item.names) };
    match meaning {
        Meaning::Instance => itself,
        Meaning::Related | Meaning::Dependents => itself.or(told(item.references.as_deref())),
        Meaning::AuthoredBy => told(item.authors.as_deref()),
    }
}
