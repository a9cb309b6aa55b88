//! An expression as it is evaluated: names and patterns ready, nothing left to look up.

use regex::Regex;

use super::{
    decimal::Decimal,
    function::{Function, Target},
    temporal::Temporal,
};

/// One step of an expression.
#[derive(Debug)]
pub(super) enum Tree {
    /// `$this`, and what a name or function without anything before it begins from.
    This,
    /// `$index`.
    Index,
    /// `$total`.
    Total,
    Literal(Literal),
    Variable(Variable),
    /// `base.name`; the name with `_` before it, as JSON calls what stands beside a primitive.
    Member(Box<Tree>, Box<str>),
    /// A name with a capital at the beginning: `Patient` in `Patient.name`.
    Root(Box<str>),
    Call(Box<Call>),
    Binary(Operator, Box<(Tree, Tree)>),
    Negate(Box<Tree>),
    Is(Box<Tree>, TypeName),
    As(Box<Tree>, TypeName),
    /// `base[n]`.
    At(Box<(Tree, Tree)>),
    /// The same for every item that it is asked of: found once in an evaluation and kept, by its number.
    Once(usize, Box<Tree>),
}

/// A function with what it is called on.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) base: Tree,
    pub(super) function: Function,
    pub(super) arguments: Vec<Tree>,
    /// The type of `ofType(…)`, `is(…)` and `as(…)`.
    pub(super) type_name: Option<TypeName>,
    /// The pattern of `matches('…')`, where it is written out.
    pub(super) pattern: Option<Regex>,
}

/// A value that is written out.
#[derive(Debug)]
pub(super) enum Literal {
    Empty,
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(Box<str>),
    Temporal(Temporal),
    Quantity(Decimal, Box<str>),
}

/// What the surroundings of an expression are called in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Context,
    Resource,
    RootResource,
}

/// The name of a type, with `FHIR` or `System` before it or not.
#[derive(Debug)]
pub(super) struct TypeName {
    pub(super) space: Space,
    pub(super) name: Box<str>,
}

/// Where the name of a type belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Fhir,
    System,
    Either,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Times,
    Over,
    Div,
    Mod,
    Plus,
    Minus,
    Join,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// The operator of a word, and how firmly it binds; more is firmer.
    pub(super) fn of(word: &str) -> Option<(Self, u8)> {
        Some(match word {
            "*" => (Self::Times, 12),
            "/" => (Self::Over, 12),
            "div" => (Self::Div, 12),
            "mod" => (Self::Mod, 12),
            "+" => (Self::Plus, 11),
            "-" => (Self::Minus, 11),
            "&" => (Self::Join, 11),
            "|" => (Self::Union, 9),
            "<" => (Self::Less, 8),
            "<=" => (Self::LessOrEqual, 8),
            ">" => (Self::Greater, 8),
            ">=" => (Self::GreaterOrEqual, 8),
            "=" => (Self::Equal, 7),
            "!=" => (Self::NotEqual, 7),
            "~" => (Self::Equivalent, 7),
            "!~" => (Self::NotEquivalent, 7),
            "in" => (Self::In, 6),
            "contains" => (Self::Contains, 6),
            "and" => (Self::And, 5),
            "or" => (Self::Or, 4),
            "xor" => (Self::Xor, 4),
            "implies" => (Self::Implies, 3),
            _ => return None,
        })
    }
}

/// How firmly `is` and `as` bind.
pub(super) const TYPE_BINDING: u8 = 10;
/// How firmly a sign before its operand binds.
pub(super) const SIGN_BINDING: u8 = 13;

impl Tree {
    /// What stands directly under it.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::This | Self::Index | Self::Total | Self::Literal(_) | Self::Variable(_) | Self::Root(_) => {
                Vec::new()
            }
            Self::Member(base, _)
            | Self::Negate(base)
            | Self::Is(base, _)
            | Self::As(base, _)
            | Self::Once(_, base) => vec![base],
            Self::Binary(_, both) | Self::At(both) => vec![&both.0, &both.1],
            Self::Call(call) => std::iter::once(&call.base).chain(&call.arguments).collect(),
        }
    }

    /// How many steps it is high.
    pub(super) fn height(&self) -> usize {
        self.parts().into_iter().map(Self::height).max().unwrap_or(0) + 1
    }

    /// Whether its answer may depend on the types of elements: where one is asked for, and where it matters whether
    /// text is a date.
    pub(super) fn needs_types(&self) -> bool {
        let here = match self {
            Self::Is(..) | Self::As(..) => true,
            Self::Binary(operator, both) => match operator {
                Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                    !both.0.is_number() && !both.1.is_number()
                }
                Operator::Equal | Operator::NotEqual | Operator::Equivalent | Operator::NotEquivalent => {
                    !both.0.is_plain() && !both.1.is_plain()
                }
                Operator::Plus | Operator::Minus => !both.0.is_plain() && !both.1.is_plain(),
                _ => false,
            },
            Self::Call(call) => matches!(
                call.function,
                Function::Is | Function::As | Function::OfType | Function::ConformsTo | Function::TimeOfDay
            ),
            _ => false,
        };
        here || self.parts().into_iter().any(Self::needs_types)
    }

    /// Whether it is a value that is neither a date nor compared with one, or gives `true`, `false` or a number.
    fn is_plain(&self) -> bool {
        match self {
            Self::Once(_, inner) => inner.is_plain(),
            Self::Literal(literal) => !matches!(literal, Literal::Temporal(_)),
            Self::Is(..) | Self::Index => true,
            Self::Binary(operator, _) => {
                !matches!(operator, Operator::Plus | Operator::Minus | Operator::Union)
            }
            Self::Call(call) => call.function.gives_boolean() || self.is_number(),
            _ => false,
        }
    }

    fn is_number(&self) -> bool {
        match self {
            Self::Once(_, inner) => inner.is_number(),
            Self::Literal(Literal::Integer(_) | Literal::Decimal(_)) | Self::Index => true,
            Self::Negate(of) => of.is_number(),
            Self::Binary(Operator::Plus | Operator::Minus, both) => both.0.is_number() && both.1.is_number(),
            Self::Call(call) => matches!(
                call.function,
                Function::Count | Function::Length | Function::IndexOf | Function::To(Target::Integer)
            ),
            _ => false,
        }
    }
}
