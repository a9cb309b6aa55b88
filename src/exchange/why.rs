//! Why a referral stands where it does: each ending has its own list of reasons, and names one of it.

use super::rows::ReferralRow;
use crate::{
    mapping::fhir_rest::Why,
    referral::{Action, State},
};

/// Why `row` stands there, with the list that has the reason. `reason` and `finer`, the finer word, are what whoever reads
/// it may know of them.
pub(super) fn why<'a>(row: &ReferralRow, reason: &'a str, finer: &'a str) -> Option<Why<'a>> {
    let (system, action) = match row.state {
        State::Rejected => ("decline-reason", Action::Decline),
        State::Redirected => ("redirect-reason", Action::Redirect),
        State::EndedEarly => ("end-early-reason", Action::EndEarly),
        State::Completed => ("completion-reason", Action::Complete),
        State::Withdrawn => ("withdraw-reason", Action::Withdraw),
        State::NotUsed => ("not-use-reason", Action::NotUse),
        state => return of_the_gateway(state, reason, finer),
    };
    let known = |code: &str| action.reasons().iter().find(|known| known.code == code);
    // Why the gateway took it back is the decision's to say; the finer word says whose wish it was.
    let said = known(reason).or_else(|| known(finer).filter(|_| row.state == State::Withdrawn));
    match said {
        Some(said) => Some(Why { system, code: said.code, text: said.display }),
        None if row.state == State::Withdrawn => Some(Why { system: "", code: "", text: "Taken back." }),
        None => None,
    }
}

/// Where no action with a reason led.
const fn of_the_gateway<'a>(state: State, reason: &'a str, finer: &'a str) -> Option<Why<'a>> {
    let (system, code, text) = match state {
        State::Recalled => ("recall-reason", reason, "Taken back: stop using what was sent."),
        State::Withheld => ("decision-reason", reason, "Not sent: consent or agreement says no."),
        State::Failed => ("business-status", finer, "It could not be delivered."),
        State::InformationRequested => {
            ("", "", "The recipient asks for more: see the Communication about this Task.")
        }
        _ => return None,
    };
    Some(Why { system, code, text })
}
