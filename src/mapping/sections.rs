//! The sections that sheets for agencies without FHIR have in common. Each holds what the projection has for
//! it and is left out when that is nothing; the profiles under `profiles/` say what each may hold at most.

use super::{
    frame::{Frame, organisation_code},
    notice::in_reply_to,
    place::Place,
    tree::{Tree, list, map},
};
use crate::{
    assessment::{
        Form,
        identifier::{Check, Identifier, IdentifierType},
    },
    clock::Moment,
    directory::Partner,
    minimise::{Ground, Projection},
};

/// How sensitive everything is that leaves, in the Government's classification.
pub(super) const CLASSIFICATION: &str = "OFFICIAL-SENSITIVE";
/// What is read first: the sheet is beside what is said, and not in its place.
pub(super) const HANDOVER: &str = "This does not replace a spoken handover.";

/// What is said to whoever passes something on.
pub(super) const PASS_ON: &str = "Pass this on, as it is, to the agency that it is issued for. It is shared with you for that and for \
                                  nothing else.";

/// What a sheet says of an appropriate adult by itself.
pub(super) const ADULT_BY_LAW: &str = "This person is under 18. By law they must have an appropriate adult.";

/// What a sheet is made from.
pub(super) struct Sheet<'a> {
    /// What is known about the message.
    pub(super) frame: &'a Frame<'a>,
    /// The projection.
    pub(super) root: Place<'a>,
    /// On what it rests.
    pub(super) ground: Ground,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(frame: &'a Frame<'a>, projection: &'a Projection) -> Self {
        Self { frame, root: Place::of(projection), ground: projection.ground }
    }

    /// The place at `path`.
    pub(super) fn at(&self, path: &str) -> Option<Place<'a>> {
        self.root.at(path)
    }

    /// A block as it is, its keys in camelCase.
    pub(super) fn block(&self, path: &str) -> Option<Tree> {
        self.at(path).map(|place| place.copy_camel())
    }

    /// Until when it holds, and what it takes the place of: the disclosure before, where this one says a referral anew.
    pub(super) fn validity(&self) -> Option<Tree> {
        let Some(changed) = self.frame.changed else { return self.block("/validity") };
        map([
            ("reviewBy", self.block("/validity/review_by")),
            ("supersedes", Some(Tree::frame("supersedes", changed.supersedes))),
        ])
    }

    /// The ids, times and agencies that head every sheet.
    pub(super) fn head(&self, profile: &'static str) -> [(&'static str, Option<Tree>); 8] {
        let frame = self.frame;
        [
            ("profile", Some(Tree::fixed(profile))),
            ("messageId", Some(Tree::frame("message_id", frame.message_id))),
            ("referralId", Some(Tree::frame("referral_id", frame.referral_id))),
            ("disclosureId", frame.disclosure_id.map(|id| Tree::frame("disclosure_id", id))),
            ("issuedAt", Some(frame.at())),
            ("issuedBy", agency("sender", frame.sender)),
            ("issuedTo", agency("recipient", frame.recipient)),
            ("classification", Some(Tree::fixed(CLASSIFICATION))),
        ]
    }

    /// The agency for which it is meant, where the recipient passes it on.
    pub(super) fn issued_for(&self) -> Option<Tree> {
        agency("on_behalf_of", self.frame.on_behalf_of?)
    }

    /// What the recipient does with what is meant for another.
    pub(super) fn pass_on(&self) -> Option<Tree> {
        self.frame.on_behalf_of.map(|_| Tree::fixed(PASS_ON))
    }

    /// The recipient's own request that this answers.
    pub(super) fn in_reply_to(&self) -> Option<Tree> {
        self.frame.in_reply_to.as_ref().and_then(in_reply_to)
    }

    /// Why this may be shared.
    pub(super) fn disclosure(&self) -> Option<Tree> {
        let minimum = self.ground == Ground::Override;
        // Of what rests on both nothing tells the parts apart: that would be what the person kept back.
        let basis = match self.ground {
            Ground::Consent => "consent",
            Ground::Override => "override-risk-to-life",
            Ground::Both => "consent-and-risk-to-life",
        };
        map([
            ("basis", Some(Tree::frame("basis", basis))),
            ("minimum", Some(Tree::frame("basis", minimum))),
            (
                "reviewDueAt",
                self.frame
                    .review_due_at
                    .filter(|_| minimum)
                    .map(|at| Tree::frame("review_due_at", at.to_rfc3339())),
            ),
        ])
    }

    /// Risk to self. Silence about it would read as "no risk", so what was not stated says so.
    pub(super) fn risk_to_self(&self) -> Option<Tree> {
        self.block("/risk/to_self").or_else(|| map([("level", Some(Tree::fixed("not-stated")))]))
    }

    /// The recipient's own part of the person's consent.
    pub(super) fn consent(&self) -> Option<Tree> {
        let consent = self.at("/consents/0")?;
        let part = |path: &str| consent.at(path).map(|place| place.copy());
        map([
            ("decision", part("/decision")),
            ("recordedAt", part("/recorded_at")),
            ("validUntil", part("/valid_until")),
            ("capturedBy", part("/captured_by")),
            ("how", part("/how")),
            ("givenBy", Some(given_by(&consent))),
        ])
    }

    /// What says that an appropriate adult is needed: the word for it, or the date of birth of somebody under 18.
    pub(super) fn adult_needed(&self) -> Option<Place<'a>> {
        let said = self.at("/appropriate_adult/needed").filter(|needed| needed.text() == Some("yes"));
        said.or_else(|| child_without_a_word(&self.root, self.frame.now))
    }

    /// The appropriate adult. Somebody under 18 always has one, by law: where the assessment does not say so, or the person
    /// keeps it back, the sheet says that much, by the date of birth that stands on it, and names nobody.
    pub(super) fn appropriate_adult(&self) -> Option<Tree> {
        let needed = self.at("/appropriate_adult/needed");
        let is_told_why =
            ["why", "summary"].iter().any(|name| self.at(&format!("/appropriate_adult/{name}")).is_some());
        let is_plain = needed.as_ref().is_some_and(|needed| needed.text() == Some("yes") && is_told_why);
        let born = child(&self.root, self.frame.now).filter(|_| !is_plain);
        let Some(born) = born else { return self.block("/appropriate_adult") };
        let part =
            |name: &str| self.at(&format!("/appropriate_adult/{name}")).map(|place| place.copy_camel());
        map([
            ("needed", Some(needed.unwrap_or(born).becomes("yes"))),
            ("why", part("why")),
            ("arranged", part("arranged")),
            ("summary", part("summary").or_else(|| Some(Tree::fixed(ADULT_BY_LAW)))),
        ])
    }

    /// What this recipient is asked for.
    pub(super) fn request(&self) -> Option<Tree> {
        let request = self.at("/referrals/0")?;
        map(["reason", "urgency", "need"].map(|key| (key, request.at(&format!("/{key}")).map(|p| p.copy()))))
    }

    /// The person's identifiers of the given types by which a recipient may look them up, as type and value: none whose check
    /// letter does not fit, as that could be somebody else's. Those stand on the sheet, where it is said of them.
    pub(super) fn matching_identifiers(&self, types: &[&'static str]) -> Option<Tree> {
        let fits =
            |kind: &str, value: &Place<'_>| value.text().is_some_and(|text| checked(kind, text) != "invalid");
        self.numbers(types, fits, |_, _| None)
    }

    /// The same and all others, each with what its check letter says.
    pub(super) fn checked_identifiers(&self, types: &[&'static str]) -> Option<Tree> {
        self.numbers(types, |_, _| true, |kind, value| Some(value.becomes(checked(kind, value.text()?))))
    }

    fn numbers(
        &self,
        types: &[&'static str],
        is_meant: impl Fn(&str, &Place<'a>) -> bool + Copy,
        check: impl Fn(&'static str, &Place<'a>) -> Option<Tree> + Copy,
    ) -> Option<Tree> {
        let held = self.at("/person/identifiers")?;
        list(
            types
                .iter()
                .filter_map(|kind| held.at(&format!("/{kind}")).map(|values| (*kind, values)))
                .flat_map(|(kind, values)| {
                    values.items().into_iter().filter(move |value| is_meant(kind, value)).filter_map(
                        move |value| {
                            map([
                                ("type", Some(value.becomes(kind))),
                                ("value", Some(value.copy())),
                                ("check", check(kind, &value)),
                            ])
                        },
                    )
                }),
        )
    }

    /// The person, as every sheet names one: a pseudonym, and what the recipient may know.
    pub(super) fn person(&self, types: &[&'static str]) -> Option<Tree> {
        map([
            ("reference", Some(Tree::frame("person_ref", self.frame.person_ref))),
            ("name", self.block("/person/name")),
            ("dateOfBirth", self.block("/person/birth_date")),
            ("address", self.block("/person/address")),
            ("safeContact", self.block("/person/safe_contact")),
            ("identifiers", self.checked_identifiers(types)),
        ])
    }

    /// The items of a list, each with the given fields only; what else an item holds steers the choice of it.
    pub(super) fn each(&self, path: &str, fields: &[(&'static str, &'static str)]) -> Option<Tree> {
        let items = self.at(path)?;
        list(items.items().iter().filter_map(|item| {
            map(fields.iter().map(|(from, to)| (*to, item.at(&format!("/{from}")).map(|place| place.copy()))))
        }))
    }

    /// Vulnerabilities by category, with what the person agreed may be said.
    pub(super) fn vulnerabilities(&self) -> Option<Tree> {
        self.each("/vulnerabilities", &[("category", "category"), ("plain_words", "plainWords")])
    }

    /// What matters to the person, in their own words and order.
    pub(super) fn priorities(&self) -> Option<Tree> {
        self.each("/priorities", &[("rank", "rank"), ("need", "need"), ("own_words", "ownWords")])
    }

    /// Referrals elsewhere that this recipient may know of.
    pub(super) fn onward_referrals(&self) -> Option<Tree> {
        let fields = [("service_type", "serviceType"), ("status", "status"), ("note", "note")];
        self.each("/onward_referrals", &fields)
    }
}

/// The date of birth of somebody under 18 of whom nothing that may leave says that an appropriate adult is needed.
pub(super) fn child_without_a_word<'a>(root: &Place<'a>, now: Moment) -> Option<Place<'a>> {
    let is_said = root.at("/appropriate_adult/needed").is_some_and(|needed| needed.text() == Some("yes"));
    child(root, now).filter(|_| !is_said)
}

/// The date of birth of somebody under 18, where that may leave.
fn child<'a>(root: &Place<'a>, now: Moment) -> Option<Place<'a>> {
    root.at("/person/birth_date").filter(|born| Form::of_age(born.text(), now) == Form::Youth)
}

/// What the check letter of an identifier says: a number that somebody wrote down wrong finds another person's case.
fn checked(kind: &str, text: &str) -> &'static str {
    let known = IdentifierType::ALL.into_iter().find(|known| known.name() == kind);
    known
        .and_then(|kind| Identifier::parse(kind, text).ok())
        .map_or(Check::NotChecked, |identifier| identifier.check())
        .as_str()
}

/// An agency as a sheet names it.
pub(super) fn agency(part: &'static str, partner: &Partner) -> Option<Tree> {
    map([
        ("name", Some(Tree::frame(part, partner.name.as_str()))),
        ("code", Some(Tree::frame(part, organisation_code(partner)))),
        ("kind", Some(Tree::frame(part, partner.kind.as_str()))),
    ])
}

/// Whose word a consent is: the person's own, where nobody else is named.
pub(super) fn given_by(consent: &Place<'_>) -> Tree {
    consent.at("/given_by").map_or_else(|| Tree::fixed("person"), |place| place.copy())
}
