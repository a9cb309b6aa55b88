//! Why, in codes. The words are for people; the code is the contract.

use serde::Serialize;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// Why a Consent, or all of them together, say what they say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii_start(),)+ }
            }
        }
    };
}

codes! {
    /// A provision of type permit covers what is asked.
    ProvisionPermits = "provision-permits",
    /// The policyRule is an opt-in, and no provision says otherwise.
    BaseRulePermits = "base-rule-permits",
    /// A provision of type deny covers what is asked: a refusal, which outweighs every permission.
    ProvisionDenies = "provision-denies",
    /// It is not known whether a provision of type deny covers it, so it counts as a refusal.
    ProvisionMayDeny = "provision-may-deny",
    /// There is no Consent at all.
    NoConsent = "no-consent",
    /// The Consent permits nothing to anybody.
    NothingPermitted = "nothing-permitted",
    /// No permission is for this recipient.
    RecipientNotCovered = "recipient-not-covered",
    /// No permission is for this purpose.
    PurposeNotCovered = "purpose-not-covered",
    /// No permission is for this action.
    ActionNotCovered = "action-not-covered",
    /// The permission's period has not begun.
    PeriodNotBegun = "period-not-begun",
    /// The permission's period is over.
    PeriodOver = "period-over",
    /// The permission does not cover every label of these data, or they have none.
    LabelNotCovered = "label-not-covered",
    /// The permission is for data of another class, or the class is not known.
    ClassNotCovered = "class-not-covered",
    /// The permission is for data with another code, or the code is not known.
    CodeNotCovered = "code-not-covered",
    /// The permission is for data of another time, or their time is not known.
    DataPeriodNotCovered = "data-period-not-covered",
    /// The permission is for other data than these.
    DataNotCovered = "data-not-covered",
    /// The Consent was taken back.
    ConsentWithdrawn = "consent-withdrawn",
    /// The Consent is a draft, proposed, rejected or entered in error.
    ConsentNotActive = "consent-not-active",
    /// The Consent is about research, treatment or advance care, not about disclosure.
    OtherScope = "other-scope",
    /// The Consent, or the data, are another person's.
    OtherSubject = "other-subject",
    /// The Consent's permissions are of no category that was asked for.
    CategoryNotAsked = "category-not-asked",
    /// A later Consent names it as the one that it replaces.
    ConsentReplaced = "consent-replaced",
    /// The Consent is dated later than this request.
    ConsentNotYetValid = "consent-not-yet-valid",
    /// It was recorded while the person lacked the capacity to decide this: it permits nothing.
    CapacityAbsent = "capacity-absent",
    /// The recipient gave the consent to itself.
    PerformerIsRecipient = "performer-is-recipient",
    /// Whoever gave it has no say over it: under 16 it needs competence or parental responsibility.
    AuthorityAbsent = "authority-absent",
    /// The Consents are those of several people, and the request does not say who is meant.
    SubjectsDiffer = "subjects-differ",
    /// The request cannot be read.
    RequestUnreadable = "request-unreadable",
    /// A modifierExtension or implicitRules changes what the Consent means.
    ModifierExtension = "modifier-extension",
    /// It has an element that R4 does not have in this place.
    UnknownElement = "unknown-element",
    /// An element is missing, of another type or has a code that R4 does not have.
    ElementInvalid = "element-invalid",
    /// A coding lacks its system or its code.
    CodingIncomplete = "coding-incomplete",
    /// A provision names somebody or something that cannot be told from its words.
    ActorUnresolvable = "actor-unresolvable",
    /// A date is none of the calendar, or a time has no zone.
    DateUnparsable = "date-unparsable",
    /// A period ends before it starts.
    PeriodReversed = "period-reversed",
    /// Provisions are nested deeper than is read.
    NestedTooDeep = "nested-too-deep",
    /// There are more consents, provisions, codes or items than are read.
    TooMany = "too-many",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_and_none_stands_twice() {
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.words().ends_with('.')));
    }
}
