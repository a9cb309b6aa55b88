//! The functions that are understood, each with how many arguments it takes. A name that is not here is a fault when
//! the expression is read.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Aggregate,
    All,
    AllFalse,
    AllTrue,
    AnyFalse,
    AnyTrue,
    As,
    Ceiling,
    Children,
    Combine,
    ConformsTo,
    Contains,
    ConvertsTo(Target),
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exclude,
    Exists,
    Extension,
    First,
    Floor,
    GetValue,
    HasValue,
    HtmlChecks,
    Iif,
    IndexOf,
    Intersect,
    Is,
    IsDistinct,
    Join,
    Last,
    Length,
    Lower,
    Matches,
    MatchesFull,
    MemberOf,
    Not,
    Now,
    OfType,
    Repeat,
    Replace,
    ReplaceMatches,
    Resolve,
    Round,
    Select,
    Single,
    Skip,
    Split,
    StartsWith,
    SubsetOf,
    Substring,
    SupersetOf,
    Tail,
    Take,
    TimeOfDay,
    To(Target),
    ToChars,
    Today,
    Trace,
    Trim,
    Truncate,
    Union,
    Upper,
    Where,
}

/// What a value is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Boolean,
    Date,
    DateTime,
    Decimal,
    Integer,
    Quantity,
    String,
    Time,
}

impl Function {
    /// The function of this name, with the least and greatest number of its arguments.
    #[rustfmt::skip]
    pub(super) fn of(name: &str) -> Option<(Self, usize, usize)> {
        Some(match name {
            "abs" => (Self::Abs, 0, 0),
            "aggregate" => (Self::Aggregate, 1, 2),
            "all" => (Self::All, 1, 1),
            "allFalse" => (Self::AllFalse, 0, 0),
            "allTrue" => (Self::AllTrue, 0, 0),
            "anyFalse" => (Self::AnyFalse, 0, 0),
            "anyTrue" => (Self::AnyTrue, 0, 0),
            "as" => (Self::As, 1, 1),
            "ceiling" => (Self::Ceiling, 0, 0),
            "children" => (Self::Children, 0, 0),
            "combine" => (Self::Combine, 1, 1),
            "conformsTo" => (Self::ConformsTo, 1, 1),
            "contains" => (Self::Contains, 1, 1),
            "convertsToBoolean" => (Self::ConvertsTo(Target::Boolean), 0, 0),
            "convertsToDate" => (Self::ConvertsTo(Target::Date), 0, 0),
            "convertsToDateTime" => (Self::ConvertsTo(Target::DateTime), 0, 0),
            "convertsToDecimal" => (Self::ConvertsTo(Target::Decimal), 0, 0),
            "convertsToInteger" => (Self::ConvertsTo(Target::Integer), 0, 0),
            "convertsToQuantity" => (Self::ConvertsTo(Target::Quantity), 0, 0),
            "convertsToString" => (Self::ConvertsTo(Target::String), 0, 0),
            "convertsToTime" => (Self::ConvertsTo(Target::Time), 0, 0),
            "count" => (Self::Count, 0, 0),
            "descendants" => (Self::Descendants, 0, 0),
            "distinct" => (Self::Distinct, 0, 0),
            "empty" => (Self::Empty, 0, 0),
            "endsWith" => (Self::EndsWith, 1, 1),
            "exclude" => (Self::Exclude, 1, 1),
            "exists" => (Self::Exists, 0, 1),
            "extension" => (Self::Extension, 1, 1),
            "first" => (Self::First, 0, 0),
            "floor" => (Self::Floor, 0, 0),
            "getValue" => (Self::GetValue, 0, 0),
            "hasValue" => (Self::HasValue, 0, 0),
            "htmlChecks" => (Self::HtmlChecks, 0, 0),
            "iif" => (Self::Iif, 2, 3),
            "indexOf" => (Self::IndexOf, 1, 1),
            "intersect" => (Self::Intersect, 1, 1),
            "is" => (Self::Is, 1, 1),
            "isDistinct" => (Self::IsDistinct, 0, 0),
            "join" => (Self::Join, 0, 1),
            "last" => (Self::Last, 0, 0),
            "length" => (Self::Length, 0, 0),
            "lower" => (Self::Lower, 0, 0),
            "matches" => (Self::Matches, 1, 1),
            "matchesFull" => (Self::MatchesFull, 1, 1),
            "memberOf" => (Self::MemberOf, 1, 1),
            "not" => (Self::Not, 0, 0),
            "now" => (Self::Now, 0, 0),
            "ofType" => (Self::OfType, 1, 1),
            "repeat" => (Self::Repeat, 1, 1),
            "replace" => (Self::Replace, 2, 2),
            "replaceMatches" => (Self::ReplaceMatches, 2, 2),
            "resolve" => (Self::Resolve, 0, 0),
            "round" => (Self::Round, 0, 1),
            "select" => (Self::Select, 1, 1),
            "single" => (Self::Single, 0, 0),
            "skip" => (Self::Skip, 1, 1),
            "split" => (Self::Split, 1, 1),
            "startsWith" => (Self::StartsWith, 1, 1),
            "subsetOf" => (Self::SubsetOf, 1, 1),
            "substring" => (Self::Substring, 1, 2),
            "supersetOf" => (Self::SupersetOf, 1, 1),
            "tail" => (Self::Tail, 0, 0),
            "take" => (Self::Take, 1, 1),
            "timeOfDay" => (Self::TimeOfDay, 0, 0),
            "toBoolean" => (Self::To(Target::Boolean), 0, 0),
            "toChars" => (Self::ToChars, 0, 0),
            "toDate" => (Self::To(Target::Date), 0, 0),
            "toDateTime" => (Self::To(Target::DateTime), 0, 0),
            "toDecimal" => (Self::To(Target::Decimal), 0, 0),
            "toInteger" => (Self::To(Target::Integer), 0, 0),
            "toQuantity" => (Self::To(Target::Quantity), 0, 0),
            "toString" => (Self::To(Target::String), 0, 0),
            "toTime" => (Self::To(Target::Time), 0, 0),
            "today" => (Self::Today, 0, 0),
            "trace" => (Self::Trace, 1, 2),
            "trim" => (Self::Trim, 0, 0),
            "truncate" => (Self::Truncate, 0, 0),
            "union" => (Self::Union, 1, 1),
            "upper" => (Self::Upper, 0, 0),
            "where" => (Self::Where, 1, 1),
            _ => return None,
        })
    }

    /// Whether it gives `true`, `false` or nothing.
    pub(super) fn gives_boolean(self) -> bool {
        matches!(
            self,
            Self::All
                | Self::AllFalse
                | Self::AllTrue
                | Self::AnyFalse
                | Self::AnyTrue
                | Self::ConformsTo
                | Self::Contains
                | Self::ConvertsTo(_)
                | Self::Empty
                | Self::EndsWith
                | Self::Exists
                | Self::HasValue
                | Self::HtmlChecks
                | Self::Is
                | Self::IsDistinct
                | Self::Matches
                | Self::MatchesFull
                | Self::MemberOf
                | Self::Not
                | Self::StartsWith
                | Self::SubsetOf
                | Self::SupersetOf
        )
    }
}
