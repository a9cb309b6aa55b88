//! The kinds of request, as one table: who may ask what, by which form, until when an answer is awaited, and what the
//! asker is told. Whoever adds a kind adds a row, and its form under `profiles/requests`.

use crate::{directory::AgencyKind as Agency, profile::Schema, referral::InTimeFor};

/// One kind of request.
pub(in crate::exchange) struct RequestKind {
    /// The word in `request_type`.
    pub(in crate::exchange) word: &'static str,
    /// The profile that it names.
    pub(super) profile: &'static str,
    /// Its form.
    pub(super) schema: Schema,
    /// Who may ask.
    pub(super) asked_by: &'static [Agency],
    /// What the answer must be in time for.
    pub(super) in_time_for: InTimeFor,
    /// What its asker is told.
    pub(super) told: Told,
}

/// What the asker is told when the service has answered. Never what was found: that needs consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The contact outcome.
    Outcome,
    /// The same, and whether a report for the hearing is being written.
    OutcomeAndReport,
    /// Nothing: whoever entered it did so for the person, who is answered in person.
    Nothing,
}

/// Where a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `POST /justice/requests`.
    Justice,
    /// `POST /housing/requests`.
    Housing,
    /// `POST /health/requests`.
    Health,
    /// `POST /community/requests`.
    Community,
    /// `POST /self-referrals`.
    SelfReferrals,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 5] =
        [Self::Justice, Self::Housing, Self::Health, Self::Community, Self::SelfReferrals];

    /// Its route.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Justice => "/justice/requests",
            Self::Housing => "/housing/requests",
            Self::Health => "/health/requests",
            Self::Community => "/community/requests",
            Self::SelfReferrals => "/self-referrals",
        }
    }

    const fn agencies(self) -> &'static [Agency] {
        match self {
            Self::Justice => {
                &[Agency::Police, Agency::Court, Agency::Probation, Agency::YouthJustice, Agency::Prison]
            }
            Self::Housing => &[Agency::Housing],
            Self::Health => &[Agency::Cmht, Agency::HealthOther],
            Self::Community => &[Agency::SocialCare, Agency::Voluntary],
            Self::SelfReferrals => &[Agency::LiaisonDiversion, Agency::Voluntary],
        }
    }

    /// What an agency of this kind may send here.
    pub(super) fn takes(self, agency: Agency) -> Vec<&'static RequestKind> {
        let is_for_oneself = self == Self::SelfReferrals;
        let here = self.agencies().contains(&agency);
        KINDS
            .iter()
            .filter(|kind| here && kind.asked_by.contains(&agency))
            .filter(|kind| (kind.told == Told::Nothing) == is_for_oneself)
            .collect()
    }
}

/// The form before there was one for each kind. It is taken for what it always was.
pub(super) const BEFORE: &str = "https://keyway.example/profiles/justice/screening-request/1";
/// Who may use it.
pub(super) const BEFORE_BY: &[Agency] = &[Agency::Police, Agency::Court, Agency::Probation];

const JUSTICE: &[Agency] = &[Agency::Police, Agency::Court, Agency::Probation, Agency::YouthJustice];
const OTHERS: &[Agency] = &[
    Agency::Cmht,
    Agency::HealthOther,
    Agency::Housing,
    Agency::SocialCare,
    Agency::Voluntary,
    Agency::Prison,
];

macro_rules! kinds {
    ($($word:literal $schema:ident, $asked_by:expr, $in_time_for:ident, $told:ident;)+) => {
        /// The table.
        pub(in crate::exchange) const KINDS: &[RequestKind] = &[$(RequestKind {
            word: $word,
            profile: concat!("https://keyway.example/profiles/requests/", $word, "/1"),
            schema: Schema::$schema,
            asked_by: $asked_by,
            in_time_for: InTimeFor::$in_time_for,
            told: Told::$told,
        }),+];
    };
}

kinds! {
    "screening" RequestScreening, JUSTICE, Urgency, Outcome;
    "assessment" RequestAssessment, JUSTICE, Urgency, Outcome;
    "welfare-check" RequestWelfareCheck, JUSTICE, Urgency, Outcome;
    "out-of-court-view" RequestOutOfCourtView, &[Agency::Police], Urgency, Outcome;
    "appropriate-adult-concern" RequestAppropriateAdult, &[Agency::Police], Urgency, Outcome;
    "court-report" RequestCourtReport, &[Agency::Court], Hearing, OutcomeAndReport;
    "pre-sentence-contribution" RequestPreSentence, &[Agency::Probation, Agency::YouthJustice], Urgency, Outcome;
    "treatment-requirement-view" RequestTreatment, &[Agency::Probation, Agency::Court], Urgency, Outcome;
    "concern" RequestConcern, OTHERS, Urgency, Outcome;
    "referral" RequestReferral, OTHERS, Urgency, Outcome;
    "self-referral" RequestSelfReferral, &[Agency::LiaisonDiversion, Agency::Voluntary], Urgency, Nothing;
}

impl RequestKind {
    /// The kind of this word.
    pub(in crate::exchange) fn of(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.word == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_asked_at_one_door_by_whoever_may_ask_it() {
        for kind in KINDS {
            for agency in kind.asked_by {
                let doors = Door::ALL
                    .into_iter()
                    .filter(|door| door.takes(*agency).iter().any(|taken| taken.word == kind.word));
                assert_eq!(doors.count(), 1, "{} by {}", kind.word, agency.as_str());
            }
            assert_eq!(RequestKind::of(kind.word).unwrap().profile, kind.profile);
        }
    }

    #[test]
    fn nobody_asks_through_the_door_of_another() {
        for (door, agency) in [
            (Door::Justice, Agency::Housing),
            (Door::Justice, Agency::LiaisonDiversion),
            (Door::Housing, Agency::Police),
            (Door::SelfReferrals, Agency::Court),
            (Door::Health, Agency::Voluntary),
        ] {
            assert!(door.takes(agency).is_empty(), "{} for {}", door.path(), agency.as_str());
        }
        let words = |door: Door, agency| door.takes(agency).iter().map(|kind| kind.word).collect::<Vec<_>>();
        assert_eq!(words(Door::Housing, Agency::Housing), ["concern", "referral"]);
        assert_eq!(words(Door::SelfReferrals, Agency::Voluntary), ["self-referral"]);
        assert_eq!(words(Door::Community, Agency::Voluntary), ["concern", "referral"]);
        assert!(!words(Door::Justice, Agency::Police).contains(&"court-report"));
    }

    /// The words of `request_type` in the base, and what each form says of who makes it.
    #[test]
    fn the_table_and_the_published_forms_agree() {
        let base: serde_json::Value =
            serde_json::from_str(include_str!("../../../profiles/requests/request.json")).unwrap();
        let told = |place: &str| -> Vec<String> {
            let words = base.pointer(place).and_then(serde_json::Value::as_array).unwrap();
            words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let words: Vec<&str> = KINDS.iter().map(|kind| kind.word).collect();
        assert_eq!(told("/properties/request_type/enum"), words);
        let profiles: Vec<&str> = KINDS.iter().map(|kind| kind.profile).collect();
        assert_eq!(told("/properties/profile/enum"), profiles);
        let page = include_str!("../../../docs/requests.md");
        for kind in KINDS {
            let by: Vec<&str> = kind.asked_by.iter().map(|agency| agency.as_str()).collect();
            let row = format!("| `{}` | {} |", kind.word, by.join(", "));
            assert!(page.contains(&row), "the page lacks: {row}");
        }
    }
}
