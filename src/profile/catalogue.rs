//! The profiles by name. One line for each; the files are compiled in.

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $source:expr;)*) => {
        /// A profile of `profiles/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Schema {
            $($(#[$doc])* $name,)*
        }

        impl Schema {
            /// Every profile.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// Its name, as in `custody-sheet`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The profile of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }

            pub(super) const fn source(self) -> &'static str {
                match self {
                    $(Self::$name => $source,)*
                }
            }
        }
    };
}

catalogue! {
    /// The assessment of an adult, as it was before version 2.
    AssessmentAdult = "assessment-adult", include_str!("../../profiles/assessment/adult-1.json");
    /// The assessment of an adult.
    AssessmentAdult2 = "assessment-adult-2", include_str!("../../profiles/assessment/adult-2.json");
    /// The assessment of somebody under 18.
    AssessmentYouth = "assessment-youth", include_str!("../../profiles/assessment/youth.json");
    /// The short assessment of a court team.
    AssessmentCourtShort = "assessment-court-short", include_str!("../../profiles/assessment/court-short.json");
    /// What is said with an action on a referral.
    ReferralAction = "referral-action", include_str!("../../profiles/answers/referral-action.json");
    /// An action on a referral that comes through a mailbox.
    MailboxAction = "mailbox-action", include_str!("../../profiles/answers/mailbox-action.json");
    /// A housing authority's answer to a referral.
    DutyToReferAck = "duty-to-refer-ack", include_str!("../../profiles/answers/duty-to-refer-ack.json");
    /// An answer to a referral.
    ReferralAck = "referral-ack", include_str!("../../profiles/answers/referral-ack.json");
    /// What became of advice.
    AdviceAck = "advice-ack", include_str!("../../profiles/answers/advice-ack.json");
    /// The answer to a recall that comes through a mailbox.
    RecallAck = "recall-ack", include_str!("../../profiles/answers/recall-ack.json");
    /// L&D has taken a request, or does not take it.
    RequestAck = "request-ack", include_str!("../../profiles/answers/request-ack.json");
    /// The answer to a recall.
    RecallAnswer = "recall-answer", include_str!("../../profiles/answers/recall-answer.json");
    /// L&D's answer to a request, through its mailbox.
    RequestAnswer = "request-answer", include_str!("../../profiles/answers/request-answer.json");
    /// An agency asks L&D to see somebody, in the form before there was one for each kind of request.
    ScreeningRequest = "screening-request", include_str!("../../profiles/justice/screening-request.json");
    /// The request as it lands at L&D.
    RequestToLd = "request-to-ld", include_str!("../../profiles/justice/request-to-ld.json");
    /// See somebody.
    RequestScreening = "request-screening", include_str!("../../profiles/requests/screening.json");
    /// Assess somebody.
    RequestAssessment = "request-assessment", include_str!("../../profiles/requests/assessment.json");
    /// Look after somebody's welfare.
    RequestWelfareCheck = "request-welfare-check", include_str!("../../profiles/requests/welfare-check.json");
    /// A view before a decision out of court.
    RequestOutOfCourtView = "request-out-of-court-view", include_str!("../../profiles/requests/out-of-court-view.json");
    /// Somebody may need an appropriate adult.
    RequestAppropriateAdult = "request-appropriate-adult-concern", include_str!("../../profiles/requests/appropriate-adult-concern.json");
    /// A report for a hearing.
    RequestCourtReport = "request-court-report", include_str!("../../profiles/requests/court-report.json");
    /// A contribution before sentence.
    RequestPreSentence = "request-pre-sentence-contribution", include_str!("../../profiles/requests/pre-sentence-contribution.json");
    /// A view on treatment requirements.
    RequestTreatment = "request-treatment-requirement-view", include_str!("../../profiles/requests/treatment-requirement-view.json");
    /// A concern about somebody.
    RequestConcern = "request-concern", include_str!("../../profiles/requests/concern.json");
    /// Somebody is referred to L&D.
    RequestReferral = "request-referral", include_str!("../../profiles/requests/referral.json");
    /// Somebody, or their family, asks.
    RequestSelfReferral = "request-self-referral", include_str!("../../profiles/requests/self-referral.json");
    /// The contact outcome, to the agency that asked.
    AnswerToRequest = "answer-to-request", include_str!("../../profiles/requests/answer.json");
    /// The thin event.
    EventEnvelope = "event", include_str!("../../profiles/justice/event.json");
    /// The custody sheet.
    CustodySheet = "custody-sheet", include_str!("../../profiles/justice/custody-sheet.json");
    /// The court sheet.
    CourtSheet = "court-sheet", include_str!("../../profiles/justice/court-sheet.json");
    /// The probation summary.
    ProbationSummary = "probation-summary", include_str!("../../profiles/justice/probation-summary.json");
    /// The housing referral.
    HousingReferral = "housing-referral", include_str!("../../profiles/housing/referral.json");
    /// The referral to social care or a voluntary service.
    CommunityReferral = "community-referral", include_str!("../../profiles/community/referral.json");
    /// The recall notice for a mailbox.
    RecallNotice = "recall-notice", include_str!("../../profiles/justice/recall-notice.json");
}

impl Schema {
    /// Its text; of a form, the overlay and then the base.
    pub fn texts(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.source()).chain(self.base())
    }

    /// What holds every field of the forms of one thing; `None` for a profile that stands for itself.
    pub(super) const fn base(self) -> Option<&'static str> {
        match self {
            Self::AssessmentAdult
            | Self::AssessmentAdult2
            | Self::AssessmentYouth
            | Self::AssessmentCourtShort => Some(ASSESSMENT),
            Self::RequestScreening
            | Self::RequestAssessment
            | Self::RequestWelfareCheck
            | Self::RequestOutOfCourtView
            | Self::RequestAppropriateAdult
            | Self::RequestCourtReport
            | Self::RequestPreSentence
            | Self::RequestTreatment
            | Self::RequestConcern
            | Self::RequestReferral
            | Self::RequestSelfReferral => Some(REQUEST),
            _ => None,
        }
    }
}

/// Every field of every form of the assessment, once. Nothing is valid against it alone: a form is an overlay.
pub(super) const ASSESSMENT: &str = include_str!("../../profiles/assessment/assessment.json");
/// Every field of every kind of request, once. Each kind is an overlay.
const REQUEST: &str = include_str!("../../profiles/requests/request.json");
