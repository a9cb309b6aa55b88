//! Reason codes, as data: which an action takes, whether it must have one, and which need words beside them.
//!
//! The lists follow `REFERRAL REJECTION REASON` of the NHS Data Dictionary and the withdrawal reasons of Refer
//! and Monitor an Intervention where those have a word for it; the codes are ours.

use super::action::Action;

/// One reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonCode {
    /// The code on the wire.
    pub code: &'static str,
    /// The words for people.
    pub display: &'static str,
    /// Whether the code alone says too little.
    pub comment_mandatory: bool,
    /// The finer state that this reason leads to; `None`: the action's own.
    pub business_status: Option<&'static str>,
}

const fn reason(code: &'static str, display: &'static str) -> ReasonCode {
    ReasonCode { code, display, comment_mandatory: false, business_status: None }
}

const fn leading_to(business_status: &'static str, reason: ReasonCode) -> ReasonCode {
    ReasonCode { business_status: Some(business_status), ..reason }
}

const fn with_comment(reason: ReasonCode) -> ReasonCode {
    ReasonCode { comment_mandatory: true, ..reason }
}

const OTHER: ReasonCode = with_comment(reason("other", "Another reason, told in the comment"));

const DECLINE: &[ReasonCode] = &[
    reason("capacity", "No capacity within the time that is needed"),
    reason("not-eligible", "Not eligible for this service"),
    reason("below-threshold", "Below the service's threshold"),
    reason("duplicate", "Already referred"),
    reason("already-open", "Already known to this service and open"),
    reason("inappropriate", "Not the right service"),
    reason("insufficient-information", "Not enough information to decide"),
    reason("out-of-area", "Outside the service's area"),
    reason("person-declined", "The person does not want it"),
    // A housing authority's, under the duty to refer.
    reason("no-local-connection", "No local connection with this housing authority"),
    reason("intentionally-homeless", "Found to be intentionally homeless"),
    OTHER,
];

/// Under which duty a housing authority takes somebody on, where that is decided.
const ACCEPT: &[ReasonCode] = &[
    reason("prevention-and-relief-duty", "Owed the prevention or the relief duty"),
    reason("priority-need", "In priority need"),
];

// A redirection without the name of the better place would be a refusal: every code asks for a comment.
const REDIRECT: &[ReasonCode] = &[
    with_comment(reason("better-placed-service", "Another service is better placed")),
    with_comment(reason("not-eligible", "Not eligible here, but elsewhere")),
    with_comment(reason("out-of-area", "Outside the service's area")),
    OTHER,
];

const END_EARLY: &[ReasonCode] = &[
    leading_to("client-not-reached", reason("client-not-reached", "The person could not be reached")),
    leading_to("service-closed", reason("service-closed", "The service closed the referral")),
    OTHER,
];

const WITHDRAW: &[ReasonCode] = &[
    reason("no-longer-needed", "No longer needed"),
    reason("duplicate", "Already referred"),
    reason("raised-in-error", "Raised in error"),
    reason("referred-elsewhere", "Referred elsewhere"),
    leading_to("client-withdrew", reason("client-withdrew", "The person took their consent back")),
    leading_to("client-declined", reason("client-declined", "The person does not want it")),
    leading_to("client-died", reason("client-died", "The person has died")),
    OTHER,
];

const COMPLETE: &[ReasonCode] = &[
    leading_to("outcome-recorded", reason("outcome-recorded", "An outcome was recorded")),
    leading_to("support-started", reason("support-started", "Support has started")),
    leading_to("not-needed", reason("not-needed", "Seen, and no support needed")),
];

const NOT_USE: &[ReasonCode] = &[
    reason("already-known", "Already known"),
    reason("not-relevant", "Not relevant to the decision"),
    reason("too-late", "Arrived too late"),
    OTHER,
];

/// How a recipient answers a recall.
pub const RECALL_ANSWERS: &[ReasonCode] = &[
    reason("deleted", "Deleted"),
    with_comment(reason("kept-other-basis", "Kept under another lawful basis, told in the comment")),
    reason("retained-by-law", "Must be retained by law"),
    reason("already-used", "Already used and cannot be undone"),
    reason("no-further-use", "Kept, and not used any further"),
];

impl Action {
    /// The reasons that it takes; none: it takes no reason.
    #[must_use]
    pub const fn reasons(self) -> &'static [ReasonCode] {
        match self {
            Self::Accept => ACCEPT,
            Self::Decline => DECLINE,
            Self::Redirect => REDIRECT,
            Self::EndEarly => END_EARLY,
            Self::Withdraw => WITHDRAW,
            Self::Complete => COMPLETE,
            Self::NotUse => NOT_USE,
            Self::AnswerRecall => RECALL_ANSWERS,
            _ => &[],
        }
    }

    /// Whether it must have one of them.
    #[must_use]
    pub const fn reason_mandatory(self) -> bool {
        matches!(self, Self::Decline | Self::Redirect | Self::EndEarly | Self::Withdraw | Self::AnswerRecall)
    }

    /// Whether it needs words in any case: a question without its text asks nothing.
    #[must_use]
    pub const fn comment_mandatory(self) -> bool {
        matches!(self, Self::RequestInformation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/receiving.md`, which must say the same.
    #[test]
    fn the_page_for_recipients_tells_every_reason() {
        let page = include_str!("../../docs/receiving.md");
        let mut told = 0;
        for action in Action::ALL.iter().filter(|action| !action.reasons().is_empty()) {
            let codes: Vec<String> = action
                .reasons()
                .iter()
                .map(|reason| {
                    format!("`{}`{}", reason.code, if reason.comment_mandatory { " +" } else { "" })
                })
                .collect();
            let must = if action.reason_mandatory() { "must" } else { "may" };
            let row = format!("| `{}` | {must} | {} |", action.as_str(), codes.join(", "));
            assert!(page.contains(&row), "the page lacks: {row}");
            told += 1;
        }
        let rows = page.lines().filter(|line| line.contains("` | must | ") || line.contains("` | may | "));
        assert_eq!(rows.count(), told, "the page has a row that the code has not");
    }
}
