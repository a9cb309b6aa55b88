//! The decision. A refusal outweighs every permission, in whichever Consent it stands; without a permission the answer is
//! no; and a Consent that cannot be read makes it no, for nobody can say of whom or what it speaks.

use smallvec::SmallVec;

use super::{
    answer::{Answer, Part, Said, Verdict, Withheld},
    code::Code,
    directive::Directive,
    gate::{Gate, are_of_several, gate, known_as, with_replaced},
    meets::{Met, Mets},
    provision::{Kind, Provision},
    request::{Item, Request},
    unread::Unread,
};
use crate::limits;

/// Where the base rule of a Consent stands.
const BASE_RULE: &str = "policyRule";

/// What a Consent, or a provision, says of one request.
#[derive(Clone, Copy)]
enum Word<'a> {
    Permits(Code, &'a str),
    Refuses(Code, &'a str),
    /// Neither: how near its permissions came.
    Nothing(Code),
}

/// What is asked of one Consent.
#[derive(Clone, Copy)]
struct Asking<'a> {
    request: &'a Request,
    item: Option<&'a Item>,
    /// Whether all data are asked for, and what a rule says of them is told rather than asked. Else what is not known of the
    /// item counts for a refusal and against a permission.
    whole: bool,
    /// Whether permissions count.
    permits: bool,
}

/// Decides on `request` by all of a person's Consents. Total, and a function of its arguments alone.
#[must_use]
pub fn decide<'a>(consents: &'a [Result<Directive, Unread>], request: &'a Request) -> Answer<'a> {
    let mut answer = Answer {
        verdict: Verdict::Deny,
        reasons: Vec::new(),
        consents: Vec::with_capacity(consents.len()),
        decided: None,
        parts: Vec::new(),
        withheld: Vec::new(),
    };
    let mut directives: Vec<(&Directive, Gate)> = Vec::with_capacity(consents.len());
    for (place, consent) in consents.iter().enumerate() {
        let mut said =
            Said { place, id: None, version: None, codes: SmallVec::new(), provision: None, at: None };
        match consent {
            Ok(directive) => {
                (said.id, said.version) = (directive.id.as_deref(), directive.version.as_deref());
                directives.push((directive, gate(directive, request)));
            }
            Err(fault) => {
                said.codes.push(fault.code);
                said.at = Some(&fault.at);
                answer.reasons.push(fault.code);
            }
        }
        answer.consents.push(said);
    }
    if consents.len() > limits::CONSENTS_DECIDED_MAX {
        answer.reasons.push(Code::TooMany);
    }
    if !answer.reasons.is_empty() {
        return settled(answer);
    }
    if consents.is_empty() {
        answer.reasons.push(Code::NoConsent);
        return answer;
    }
    if request.subjects.is_empty() && are_of_several(&directives) {
        answer.reasons.push(Code::SubjectsDiffer);
        return answer;
    }
    let asked: Vec<(&Directive, Gate)> = directives
        .iter()
        .enumerate()
        .map(|(place, (directive, _))| (*directive, with_replaced(place, &directives, request)))
        .collect();
    if request.items.is_empty() {
        about_all(&asked, request, &mut answer);
    } else {
        about_items(&asked, request, &mut answer);
    }
    settled(answer)
}

/// The answer to a request that cannot be read.
#[must_use]
pub fn decide_unread(fault: &Unread) -> Answer<'_> {
    Answer {
        verdict: Verdict::Deny,
        reasons: vec![Code::RequestUnreadable, fault.code],
        consents: Vec::new(),
        decided: None,
        parts: Vec::new(),
        withheld: Vec::new(),
    }
}

fn settled(mut answer: Answer<'_>) -> Answer<'_> {
    answer.reasons.sort_unstable();
    answer.reasons.dedup();
    for said in &mut answer.consents {
        said.codes.sort_unstable();
        said.codes.dedup();
    }
    answer
}

/// What one Consent says.
fn says<'a>(directive: &'a Directive, gate: Gate, asking: Asking<'a>) -> Word<'a> {
    let asking = Asking { permits: gate == Gate::Open, ..asking };
    let mut nearest = Code::NothingPermitted;
    let root = directive.root.as_ref().filter(|_| !matches!(gate, Gate::Ignored(_)));
    if let Some(word) = root.and_then(|root| within(root, &Mets::ALL, asking, &mut nearest)) {
        return word;
    }
    match gate {
        Gate::RefusalsOnly(code) | Gate::Ignored(code) => Word::Nothing(code),
        Gate::Open if directive.base_permits && root.is_none_or(|root| root.kind == Kind::Deny) => {
            Word::Permits(Code::BaseRulePermits, BASE_RULE)
        }
        Gate::Open => Word::Nothing(nearest),
    }
}

/// What a provision and those in it say: the inner ones first, of several a refusal first.
fn within<'a>(
    provision: &'a Provision,
    round: &Mets,
    asking: Asking<'a>,
    nearest: &mut Code,
) -> Option<Word<'a>> {
    let mut mets = *round;
    mets.narrow(&provision.criteria, provision.kind, asking.request, asking.item);
    let mut word: Option<Word<'a>> = None;
    for inner in &provision.inner {
        word = match (word, within(inner, &mets, asking, nearest)) {
            (Some(Word::Refuses(held, path)), Some(Word::Refuses(code, other))) => {
                Some(if code < held { Word::Refuses(code, other) } else { Word::Refuses(held, path) })
            }
            (held @ Some(Word::Refuses(..)), _) => held,
            (_, refuses @ Some(Word::Refuses(..))) => refuses,
            (held, said) => held.or(said),
        };
    }
    word.or_else(|| own_word(provision, &mets, asking, nearest))
}

/// What a provision says where nothing in it says otherwise.
fn own_word<'a>(
    provision: &'a Provision,
    mets: &Mets,
    asking: Asking<'a>,
    nearest: &mut Code,
) -> Option<Word<'a>> {
    match provision.kind {
        Kind::Frame => None,
        Kind::Permit if !asking.permits => None,
        Kind::Permit => match mets.first_below(if asking.whole { Met::Unknown } else { Met::Yes }) {
            None => Some(Word::Permits(Code::ProvisionPermits, &provision.path)),
            Some(code) => {
                *nearest = code.max(*nearest);
                None
            }
        },
        Kind::Deny => match mets.refuses(&provision.criteria) {
            (Met::No, _) | (_, Met::No) => None,
            (_, Met::Unknown) if asking.whole => None,
            (Met::Yes, Met::Yes) => Some(Word::Refuses(Code::ProvisionDenies, &provision.path)),
            _ => Some(Word::Refuses(Code::ProvisionMayDeny, &provision.path)),
        },
    }
}

/// What all of them come to about one item, or about all data.
fn together<'a>(
    asked: &[(&'a Directive, Gate)],
    asking: Asking<'a>,
    answer: &mut Answer<'a>,
) -> (bool, Vec<Code>, Option<(usize, &'a str)>) {
    let words = asked.iter().map(|(directive, gate)| says(directive, *gate, asking));
    let (mut refusals, mut permits, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    for (place, word) in words.enumerate() {
        let (code, path) = match word {
            Word::Refuses(code, path) | Word::Permits(code, path) => (code, Some(path)),
            Word::Nothing(code) => (code, None),
        };
        match word {
            Word::Refuses(code, path) => refusals.push((code, place, path)),
            Word::Permits(code, path) => permits.push((code, place, path)),
            Word::Nothing(code) => nothing.push(code),
        }
        if let Some(said) = answer.consents.get_mut(place) {
            said.codes.push(code);
            said.provision = said.provision.or(path);
        }
    }
    let is_permitted = refusals.is_empty() && !permits.is_empty();
    let deciding = if refusals.is_empty() { permits } else { refusals };
    // Of several the one that is sure, then the latest: not the one that happens to stand first.
    let decided = deciding.iter().min_by_key(|(code, place, _)| {
        let directive = asked.get(*place).map(|(directive, _)| *directive);
        let recorded = directive.and_then(|one| one.recorded);
        (*code, std::cmp::Reverse(recorded), directive.and_then(Directive::id))
    });
    let decided = decided.map(|(_, place, path)| (*place, *path));
    let reasons =
        if deciding.is_empty() { nothing } else { deciding.iter().map(|(code, ..)| *code).collect() };
    (is_permitted, reasons, decided)
}

fn about_items<'a>(asked: &[(&'a Directive, Gate)], request: &'a Request, answer: &mut Answer<'a>) {
    let mut subjects = asked.iter().map(|(directive, _)| directive.subjects.as_slice());
    let of_the_consents = subjects.find(|names| !names.is_empty()).unwrap_or_default();
    let person = if request.subjects.is_empty() { of_the_consents } else { &request.subjects };
    for (place, item) in request.items.iter().enumerate() {
        let part = if !item.subjects.is_empty() && known_as(&item.subjects, person) != Met::Yes {
            Part { place, permits: false, reasons: vec![Code::OtherSubject], decided: None }
        } else {
            let asking = Asking { request, item: Some(item), whole: false, permits: true };
            let (permits, mut reasons, decided) = together(asked, asking, answer);
            reasons.sort_unstable();
            reasons.dedup();
            Part { place, permits, reasons, decided }
        };
        answer.reasons.extend_from_slice(&part.reasons);
        answer.parts.push(part);
    }
    let permitted = answer.parts.iter().filter(|part| part.permits).count();
    answer.verdict = match permitted {
        0 => Verdict::Deny,
        some if some < answer.parts.len() => Verdict::PermitRedacted,
        _ => Verdict::Permit,
    };
    let deciding = answer.parts.iter().find(|part| part.permits == (permitted > 0));
    answer.decided = deciding.and_then(|part| part.decided);
}

/// All data of the person: permitted when nothing is kept back of what nothing is known of; in part, when a rule keeps back
/// some of it, which is told.
fn about_all<'a>(asked: &[(&'a Directive, Gate)], request: &'a Request, answer: &mut Answer<'a>) {
    let asking = Asking { request, item: None, whole: true, permits: true };
    let (permits, reasons, decided) = together(asked, asking, answer);
    answer.reasons = reasons;
    answer.decided = decided;
    if !permits {
        return;
    }
    let mut aside = Answer { consents: Vec::new(), ..answer.clone() };
    let (all, reasons, _) = together(asked, Asking { whole: false, ..asking }, &mut aside);
    if all {
        answer.verdict = Verdict::Permit;
        return;
    }
    answer.verdict = Verdict::PermitRedacted;
    answer.reasons.extend(reasons);
    let mut limits = Limits { unlimited: false, rules: Vec::new() };
    for (consent, (directive, gate)) in asked.iter().enumerate() {
        if matches!(gate, Gate::Ignored(_)) {
            continue;
        }
        let asking = Asking { permits: *gate == Gate::Open, ..asking };
        let root = directive.root.as_ref();
        limits.unlimited |=
            asking.permits && directive.base_permits && root.is_none_or(|root| root.kind == Kind::Deny);
        if let Some(root) = root {
            limits.gather(root, &Mets::ALL, asking, consent);
        }
    }
    limits.rules.retain(|rule| !(rule.all_but && limits.unlimited));
    answer.withheld = limits.rules;
}

/// The rules that keep something back.
struct Limits<'a> {
    /// Whether a permission is for all data.
    unlimited: bool,
    rules: Vec<Withheld<'a>>,
}

impl<'a> Limits<'a> {
    /// Gathers the rules of a provision and of those in it; whether any of these permits something.
    fn gather(&mut self, provision: &'a Provision, round: &Mets, asking: Asking<'a>, consent: usize) -> bool {
        let mut mets = *round;
        mets.narrow(&provision.criteria, provision.kind, asking.request, None);
        let mut permits = false;
        match provision.kind {
            Kind::Permit if asking.permits => match mets.permits() {
                (Met::Yes, Met::Yes) => (permits, self.unlimited) = (true, true),
                (Met::Yes, _) => {
                    permits = true;
                    self.rules.push(Withheld { consent, all_but: true, provision });
                }
                _ => {}
            },
            Kind::Deny => {
                let (who, data) = mets.refuses(&provision.criteria);
                if who != Met::No && data == Met::Unknown {
                    self.rules.push(Withheld { consent, all_but: false, provision });
                }
            }
            Kind::Permit | Kind::Frame => {}
        }
        for inner in &provision.inner {
            permits |= self.gather(inner, &mets, asking, consent);
        }
        // What it permits is an exception to this one, and so no other data than these.
        if permits && provision.kind != Kind::Permit && provision.criteria.limits_data() {
            self.rules.push(Withheld { consent, all_but: true, provision });
        }
        permits
    }
}
