//! What a Consent may say at all: whose it is, whether it stands, and whether whoever gave it could.

use super::{
    code::Code,
    directive::{Directive, Standing},
    meets::Met,
    reference::Named,
    replaced::{Left, left},
    request::Request,
};

/// What a Consent may say at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// All that stands in it.
    Open,
    /// Only its refusals, and why.
    RefusalsOnly(Code),
    /// Nothing, and why.
    Ignored(Code),
}

/// Whether any of them goes by a name of any of the others.
pub(super) fn known_as(some: &[Named], others: &[Named]) -> Met {
    some.iter().flat_map(|one| others.iter().map(move |other| one.same(other))).fold(Met::No, Met::or)
}

pub(super) fn are_of_several(directives: &[(&Directive, Gate)]) -> bool {
    let mut subjects =
        directives.iter().map(|(one, _)| one.subjects.as_slice()).filter(|names| !names.is_empty());
    let Some(first) = subjects.next() else { return false };
    subjects.any(|other| known_as(first, other) != Met::Yes)
}

/// What a Consent may say, looked at by itself.
pub(super) fn gate(directive: &Directive, request: &Request) -> Gate {
    let is_about = if request.subjects.is_empty() || directive.subjects.is_empty() {
        Met::Yes
    } else {
        known_as(&directive.subjects, &request.subjects)
    };
    if is_about == Met::No {
        return Gate::Ignored(Code::OtherSubject);
    }
    match directive.standing {
        Standing::Withdrawn => return Gate::Ignored(Code::ConsentWithdrawn),
        Standing::Nothing(code) => return Gate::Ignored(code),
        Standing::Active => {}
    }
    let lacks_capacity = directive.capture.as_ref().is_some_and(|(had_capacity, _)| !had_capacity);
    let is_asked = request.categories.is_empty()
        || directive.categories.iter().any(|category| request.categories.contains(category));
    let questions = [
        (directive.recorded.is_some_and(|(first, _)| request.now < first), Code::ConsentNotYetValid),
        (is_about != Met::Yes, Code::OtherSubject),
        (lacks_capacity, Code::CapacityAbsent),
        (gave_it_to_itself(directive, request), Code::PerformerIsRecipient),
        (!has_authority(directive, request), Code::AuthorityAbsent),
        (!is_asked, Code::CategoryNotAsked),
    ];
    let no = questions.into_iter().find(|(is_so, _)| *is_so);
    no.map_or(Gate::Open, |(_, code)| Gate::RefusalsOnly(code))
}

/// Whether whoever gave it has the say: the person, from 16 or when competent; before that somebody with parental
/// responsibility. Where the request says nothing of age, the person's own word suffices.
fn has_authority(directive: &Directive, request: &Request) -> bool {
    let own_word =
        request.own_word_from.is_none_or(|from| directive.recorded.is_some_and(|(first, _)| from.0 <= first));
    let by_the_person = directive.performers.is_empty()
        || directive.performers.iter().any(|one| known_as(one, &directive.subjects) == Met::Yes);
    let capture = directive.capture.as_ref().map(|(_, capture)| capture);
    match capture {
        Some(capture) => {
            let by_another = matches!(capture.given_by.as_deref(), Some("parental-responsibility" | "both"));
            (by_the_person || by_another) && capture.has_authority(own_word)
        }
        None => by_the_person && own_word,
    }
}

/// Whether the recipient agreed on the person's behalf to what it gets itself.
fn gave_it_to_itself(directive: &Directive, request: &Request) -> bool {
    let recipients = request.actors.iter().filter(|actor| actor.is_recipient());
    let names: Vec<&Named> = recipients.flat_map(|actor| &actor.names).collect();
    directive.performers.iter().any(|one| {
        let is_recipient = one.iter().any(|own| names.iter().any(|name| own.same(name) != Met::No));
        is_recipient && known_as(one, &directive.subjects) != Met::Yes
    })
}

pub(super) fn with_replaced(place: usize, directives: &[(&Directive, Gate)], request: &Request) -> Gate {
    let Some((_, gate)) = directives.get(place) else { return Gate::Ignored(Code::ConsentReplaced) };
    match (left(place, directives, request.now), gate) {
        (_, Gate::Ignored(_)) | (Left::All, _) | (Left::Refusals, Gate::RefusalsOnly(_)) => *gate,
        (Left::Nothing, _) => Gate::Ignored(Code::ConsentReplaced),
        (Left::Refusals, Gate::Open) => Gate::RefusalsOnly(Code::ConsentReplaced),
    }
}
