//! What can be done to a referral or to a piece of advice, by name.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// One thing that somebody does. Who may do it, and when, stands in the table of `lifecycle`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)+ }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in the path of the API and in the audit log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

actions! {
    /// The recipient takes it on.
    Accept = "accept";
    /// The recipient takes it on, with a wait.
    Waitlist = "waitlist";
    /// The recipient asks for more.
    RequestInformation = "request-information";
    /// The requester answers that.
    SupplyInformation = "supply-information";
    /// An appointment is made, or made anew.
    BookAppointment = "book-appointment";
    /// The appointment that was made does not take place, and none in its stead so far.
    CancelAppointment = "cancel-appointment";
    /// First contact was made.
    Start = "start";
    /// The person did not come.
    DidNotAttend = "did-not-attend";
    /// Done, with an outcome.
    Complete = "complete";
    /// The recipient declines.
    Decline = "decline";
    /// The recipient declines and names a better place.
    Redirect = "redirect";
    /// The recipient stops before the end.
    EndEarly = "end-early";
    /// The requester takes it back.
    Withdraw = "withdraw";
    /// Advice was read.
    Read = "read";
    /// Advice was taken into account.
    Use = "use";
    /// Advice was not taken into account.
    NotUse = "not-use";
    /// The recipient answers a recall. Changes no state.
    AnswerRecall = "answer-recall";
    /// The gateway knows that it arrived.
    Deliver = "deliver";
    /// The gateway gave up delivering.
    Fail = "fail";
    /// Consent, agreement or policy said no before it left.
    Withhold = "withhold";
    /// Consent was withdrawn before it left.
    Stop = "stop";
    /// Consent was withdrawn after it may have left.
    Recall = "recall";
    /// Newer advice takes its place.
    Supersede = "supersede";
}

impl Action {
    /// Reads the word of [`Action::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}
