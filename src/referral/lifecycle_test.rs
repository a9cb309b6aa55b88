//! Walks the whole table. What is expected is written out here a second time, from the reference's point of
//! view: for each state, who may do what.

use super::*;

/// `state | referral: owner | referral: requester | advice: owner | advice: requester`, without the gateway.
const EXPECTED: &str = "
draft                 |                                                                                             | withdraw                    |                  | withdraw
held                  |                                                                                             | withdraw                    |                  | withdraw
withheld              |                                                                                             |                             |                  |
queued                | accept waitlist request-information book-appointment decline redirect                       | withdraw                    |                  |
delivered             | accept waitlist request-information book-appointment decline redirect                       | withdraw                    | read use not-use | withdraw
accepted              | request-information book-appointment start                                                  | withdraw                    |                  |
waitlisted            | accept request-information book-appointment start                                           | withdraw                    |                  |
information-requested |                                                                                             | supply-information withdraw |                  |
scheduled             | request-information book-appointment cancel-appointment start did-not-attend complete end-early | withdraw                    |                  |
in-progress           | request-information book-appointment cancel-appointment did-not-attend complete end-early | withdraw                    |                  |
completed             |                                                                                             |                             |                  |
rejected              |                                                                                             |                             |                  |
redirected            |                                                                                             |                             |                  |
ended-early           |                                                                                             |                             |                  |
withdrawn             |                                                                                             |                             |                  |
expired               |                                                                                             |                             |                  |
failed                |                                                                                             | withdraw                    |                  | withdraw
entered-in-error      |                                                                                             |                             |                  |
recalled              | answer-recall                                                                               |                             | answer-recall    |
issued                |                                                                                             |                             | read use not-use | withdraw
read                  |                                                                                             |                             | use not-use      | withdraw
used                  |                                                                                             |                             |                  |
not-used              |                                                                                             |                             |                  |
superseded            |                                                                                             |                             |                  |
";

/// The same for the gateway: `state | referral | advice`.
const EXPECTED_OF_GATEWAY: &str = "
draft                 | withhold stop                     | withhold stop
held                  | withhold stop                     | withhold stop
withheld              |                                   |
queued                | deliver fail withhold stop recall |
delivered             | recall                            | supersede recall
accepted              | recall                            |
waitlisted            | recall                            |
information-requested | recall                            |
scheduled             | recall                            |
in-progress           | recall                            |
completed             | recall                            |
rejected              | recall                            |
redirected            | recall                            |
ended-early           | recall                            |
withdrawn             | recall                            | recall
expired               | recall                            | recall
failed                | recall                            | recall
entered-in-error      |                                   |
recalled              |                                   |
issued                |                                   | deliver fail withhold stop supersede recall
read                  |                                   | supersede recall
used                  |                                   | recall
not-used              |                                   | recall
superseded            |                                   | recall
";

const NATURES: [Nature; 2] = [Nature::Referral, Nature::Advice];

fn cell(table: &str, state: State, column: usize) -> Vec<Action> {
    let line = table.lines().find(|line| line.split('|').next().unwrap().trim() == state.as_str()).unwrap();
    line.split('|').nth(column).unwrap().split_whitespace().map(|w| Action::parse(w).unwrap()).collect()
}

fn expected(state: State, nature: Nature, role: Role) -> Vec<Action> {
    match (role, nature) {
        (Role::Owner, Nature::Referral) => cell(EXPECTED, state, 1),
        (Role::Requester, Nature::Referral) => cell(EXPECTED, state, 2),
        (Role::Owner, Nature::Advice) => cell(EXPECTED, state, 3),
        (Role::Requester, Nature::Advice) => cell(EXPECTED, state, 4),
        (Role::Gateway, Nature::Referral) => cell(EXPECTED_OF_GATEWAY, state, 1),
        (Role::Gateway, Nature::Advice) => cell(EXPECTED_OF_GATEWAY, state, 2),
    }
}

fn every_case() -> impl Iterator<Item = (State, Nature, Role, Action)> {
    State::ALL.iter().flat_map(|&state| {
        NATURES.into_iter().flat_map(move |nature| {
            Role::ALL
                .into_iter()
                .flat_map(move |role| Action::ALL.iter().map(move |&action| (state, nature, role, action)))
        })
    })
}

/// A reason and a comment with which nothing but the table can stand in the way.
fn good_words(action: Action) -> (Option<&'static str>, Option<&'static str>) {
    (action.reasons().first().map(|code| code.code), Some("words"))
}

#[test]
fn every_permitted_action_steps_and_every_other_is_refused_with_the_allowed_ones() {
    for (state, nature, role, action) in every_case() {
        let case = format!("{state:?} {nature:?} {role:?} {action:?}");
        let allowed = permitted(state, nature, role);
        assert_eq!(allowed, expected(state, nature, role), "{case}");
        let (reason, comment) = good_words(action);
        let answer = step(state, nature, action, role, reason, comment);
        let another_may =
            Role::ALL.into_iter().any(|other| permitted(state, nature, other).contains(&action));
        let ever_may =
            State::ALL.iter().any(|&s| NATURES.into_iter().any(|n| permitted(s, n, role).contains(&action)));
        if allowed.contains(&action) {
            assert!(!answer.expect(&case).business_status.is_empty(), "{case}");
        } else if another_may || !ever_may {
            assert_eq!(answer, Err(StepError::NotYours), "{case}");
        } else {
            assert_eq!(answer, Err(StepError::NotNow { allowed }), "{case}");
        }
    }
}

#[test]
fn final_states_stay_final_but_for_a_recall_and_giving_up_what_failed() {
    for (state, nature, role, action) in every_case().filter(|(state, ..)| state.is_final()) {
        let (reason, comment) = good_words(action);
        if let Ok(step) = step(state, nature, action, role, reason, comment) {
            let recall = action == Action::Recall && step.state == State::Recalled;
            let answer = action == Action::AnswerRecall && step.state == state;
            // A failed one still holds its lane; its sender may take it away.
            let given_up = (state, action, role) == (State::Failed, Action::Withdraw, Role::Requester);
            assert!(recall || answer || given_up, "{state:?} {nature:?} {role:?} {action:?}");
        }
    }
}

#[test]
fn nothing_that_never_left_can_be_recalled_and_nothing_that_left_can_be_stopped() {
    for nature in NATURES {
        let gateway = |state| permitted(state, nature, Role::Gateway);
        for state in [State::Draft, State::Held, State::Withheld, State::EnteredInError] {
            assert!(!gateway(state).contains(&Action::Recall), "{state:?}");
        }
        for state in [State::Delivered, State::Accepted, State::InProgress, State::Read, State::Completed] {
            assert!(!gateway(state).contains(&Action::Stop), "{state:?}");
        }
    }
}

#[test]
fn each_step_leads_where_the_decisions_say() {
    let cases = [
        (State::Queued, Action::Deliver, Role::Gateway, State::Delivered, "collected"),
        (State::Delivered, Action::Accept, Role::Owner, State::Accepted, "accepted"),
        (State::Delivered, Action::Waitlist, Role::Owner, State::Waitlisted, "on-waiting-list"),
        (State::Waitlisted, Action::Accept, Role::Owner, State::Accepted, "accepted"),
        (State::Accepted, Action::BookAppointment, Role::Owner, State::Scheduled, "appointment-booked"),
        (State::Scheduled, Action::DidNotAttend, Role::Owner, State::Scheduled, "did-not-attend"),
        (State::Scheduled, Action::CancelAppointment, Role::Owner, State::Accepted, "appointment-cancelled"),
        (State::InProgress, Action::CancelAppointment, Role::Owner, State::InProgress, "first-contact-made"),
        (State::Scheduled, Action::Start, Role::Owner, State::InProgress, "first-contact-made"),
        (State::InProgress, Action::Complete, Role::Owner, State::Completed, "outcome-recorded"),
        (State::Delivered, Action::Decline, Role::Owner, State::Rejected, "declined"),
        (State::Delivered, Action::Redirect, Role::Owner, State::Redirected, "redirected"),
        (State::InProgress, Action::EndEarly, Role::Owner, State::EndedEarly, "client-not-reached"),
        (State::Queued, Action::Withdraw, Role::Requester, State::Withdrawn, "withdrawn-by-sender"),
        (State::Queued, Action::Stop, Role::Gateway, State::Withdrawn, "client-withdrew"),
        (State::Queued, Action::Fail, Role::Gateway, State::Failed, "undeliverable"),
        (State::Queued, Action::Withhold, Role::Gateway, State::Withheld, "withheld"),
        (State::Completed, Action::Recall, Role::Gateway, State::Recalled, "recalled"),
        (State::Recalled, Action::AnswerRecall, Role::Owner, State::Recalled, "recalled"),
    ];
    for (from, action, role, state, business_status) in cases {
        let (reason, comment) = good_words(action);
        let answer = step(from, Nature::Referral, action, role, reason, comment);
        assert_eq!(answer, Ok(Step { state, business_status }), "{from:?} {action:?}");
    }
    let advice = |from, action, role| step(from, Nature::Advice, action, role, None, None).unwrap().state;
    assert_eq!(advice(State::Issued, Action::Deliver, Role::Gateway), State::Delivered);
    assert_eq!(advice(State::Delivered, Action::Read, Role::Owner), State::Read);
    assert_eq!(advice(State::Read, Action::Use, Role::Owner), State::Used);
    assert_eq!(advice(State::Read, Action::NotUse, Role::Owner), State::NotUsed);
    assert_eq!(advice(State::Read, Action::Supersede, Role::Gateway), State::Superseded);
}

#[test]
fn an_answered_question_leads_back_to_where_it_was_asked() {
    for from in [State::Delivered, State::Accepted, State::Waitlisted, State::Scheduled, State::InProgress] {
        let (nature, question) = (Nature::Referral, Some("Which GP?"));
        let asked = step(from, nature, Action::RequestInformation, Role::Owner, None, question).unwrap();
        assert_eq!(asked.state, State::InformationRequested);
        let standing = (asked.state, asked.business_status);
        let back = step(standing, nature, Action::SupplyInformation, Role::Requester, None, None).unwrap();
        assert_eq!(back.state, from);
    }
    // Who asks has it, whatever the transport knows.
    let asked =
        step(State::Queued, Nature::Referral, Action::RequestInformation, Role::Owner, None, Some("?"));
    let asked = asked.unwrap();
    assert_eq!(asked.business_status, "information-requested");
    for standing in [Standing::from(asked.state), Standing::from((asked.state, asked.business_status))] {
        let back = step(standing, Nature::Referral, Action::SupplyInformation, Role::Requester, None, None);
        assert_eq!(back.unwrap().state, State::Delivered);
    }
}

#[test]
fn reasons_are_mandatory_where_something_ends_and_known_everywhere() {
    let referral = |from, action, role, reason, comment| {
        step(from, Nature::Referral, action, role, reason, comment).map(|step| step.business_status)
    };
    let decline = |reason, comment| referral(State::Delivered, Action::Decline, Role::Owner, reason, comment);
    let missing = |error| matches!(error, Err(StepError::ReasonMissing { allowed }) if allowed.len() > 2);
    assert!(missing(decline(None, Some("words"))));
    assert!(missing(decline(Some(""), None)));
    assert!(missing(referral(State::Queued, Action::Withdraw, Role::Requester, None, None)));
    assert!(missing(referral(State::Delivered, Action::Redirect, Role::Owner, None, None)));
    assert!(missing(referral(State::Scheduled, Action::EndEarly, Role::Owner, None, None)));
    assert!(missing(referral(State::Recalled, Action::AnswerRecall, Role::Owner, None, None)));
    assert_eq!(decline(Some("capacity"), None), Ok("declined"));
    assert_eq!(decline(Some("other"), None), Err(StepError::CommentMissing));
    assert_eq!(decline(Some("other"), Some("  ")), Err(StepError::CommentMissing));
    assert_eq!(decline(Some("other"), Some("words")), Ok("declined"));
    let Err(StepError::ReasonUnknown { allowed }) = decline(Some("whim"), None) else { panic!("refused") };
    assert!(allowed.contains(&"below-threshold"));
    let accept = |reason| referral(State::Delivered, Action::Accept, Role::Owner, reason, None);
    let duties = vec!["prevention-and-relief-duty", "priority-need"];
    assert_eq!(accept(Some("capacity")), Err(StepError::ReasonUnknown { allowed: duties }));
    assert_eq!((accept(None), accept(Some("priority-need"))), (Ok("accepted"), Ok("accepted")));
    let start = referral(State::Accepted, Action::Start, Role::Owner, Some("capacity"), None);
    assert_eq!(start, Err(StepError::ReasonUnknown { allowed: vec![] }));
    let withdraw = |reason| referral(State::Queued, Action::Withdraw, Role::Requester, Some(reason), None);
    assert_eq!(withdraw("client-died"), Ok("client-died"));
    assert_eq!(withdraw("no-longer-needed"), Ok("withdrawn-by-sender"));
    let question =
        |comment| referral(State::Delivered, Action::RequestInformation, Role::Owner, None, comment);
    assert_eq!(question(None), Err(StepError::CommentMissing));
    let redirect = |comment| {
        referral(State::Delivered, Action::Redirect, Role::Owner, Some("better-placed-service"), comment)
    };
    assert_eq!(redirect(None), Err(StepError::CommentMissing));
    assert_eq!(
        referral(State::Queued, Action::Fail, Role::Gateway, Some("http-410"), None),
        Ok("undeliverable")
    );
}

#[test]
fn an_action_that_is_anothers_is_told_apart_from_one_that_is_not_possible_now() {
    let not_yours = Err(StepError::NotYours);
    let act = |from, action, role| step(from, Nature::Referral, action, role, None, None);
    assert_eq!(act(State::Delivered, Action::Accept, Role::Requester), not_yours);
    assert_eq!(act(State::Completed, Action::Accept, Role::Requester), not_yours);
    assert_eq!(act(State::Queued, Action::Deliver, Role::Owner), not_yours);
    assert_eq!(
        act(State::Completed, Action::Accept, Role::Owner),
        Err(StepError::NotNow { allowed: vec![] })
    );
    let answer = step(State::Read, Nature::Advice, Action::Accept, Role::Owner, None, None);
    assert_eq!(answer, Err(StepError::NotNow { allowed: vec![Action::Use, Action::NotUse] }));
}

#[test]
fn every_word_of_an_action_is_read_back_and_no_reason_stands_twice() {
    for &action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(action));
        let mut codes: Vec<&str> = action.reasons().iter().map(|code| code.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), action.reasons().len(), "{action:?}");
        assert!(!action.reason_mandatory() || !codes.is_empty(), "{action:?}");
    }
    assert_eq!(Action::parse("approve"), None);
}
