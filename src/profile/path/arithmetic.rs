//! Sums: whole numbers, exact decimals, text put together, dates moved by a quantity of the calendar.

use std::borrow::Cow;

use super::{
    compare::{Plain, unit_name},
    decimal::Decimal,
    eval::{Outcome, Run, Scope, one},
    fault::EvalFault,
    function::Function,
    tree::{Call, Operator, Tree},
    value::{Collection, Item, Quantity},
};

const WHAT: &str = "arithmetic";

impl<'v> Run<'_, 'v> {
    pub(super) fn arithmetic(
        &self,
        operator: Operator,
        left: &'v Tree,
        right: &'v Tree,
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let (left, right) = (self.single(left, scope, WHAT)?, self.single(right, scope, WHAT)?);
        if operator == Operator::Join {
            let text = |item: Option<Item<'v>>| match item {
                None => Ok(Cow::Borrowed("")),
                Some(item) => item.into_text().ok_or(EvalFault::WrongKind("&")),
            };
            let (left, right) = (text(left)?, text(right)?);
            self.room_for(left.len() + right.len())?;
            let made = if right.is_empty() { left } else { left + right };
            return self.push(out, Item::String(made));
        }
        let (Some(left), Some(right)) = (left, right) else { return Ok(()) };
        let made = match (self.plain(&left)?, self.plain(&right)?) {
            (Plain::Text(a), Plain::Text(b)) if operator == Operator::Plus => {
                self.room_for(a.len() + b.len())?;
                Some(Item::String(Cow::Owned([a, b].concat())))
            }
            (Plain::Integer(a), Plain::Integer(b)) => integers(operator, a, b)?,
            (Plain::Temporal(at), Plain::Quantity(count, unit)) => {
                let whole = count.truncated().ok_or(EvalFault::NumberTooLarge)?;
                let whole = match operator {
                    Operator::Plus => whole,
                    Operator::Minus => whole.checked_neg().ok_or(EvalFault::NumberTooLarge)?,
                    _ => return Err(EvalFault::WrongKind(WHAT)),
                };
                at.plus(whole, unit).map(Item::Temporal)
            }
            (Plain::Quantity(a, unit), Plain::Quantity(b, other)) => {
                let sum = match operator {
                    Operator::Plus => a.plus(b),
                    Operator::Minus => b.negated().and_then(|b| a.plus(b)),
                    _ => return Err(EvalFault::WrongKind(WHAT)),
                };
                let value = sum.ok_or(EvalFault::NumberTooLarge)?;
                (unit == other).then(|| {
                    Item::Quantity(Box::new(Quantity { value, unit: Cow::Owned(unit_name(unit).to_owned()) }))
                })
            }
            (a, b) => decimals(operator, decimal_of(a)?, decimal_of(b)?)?,
        };
        match made {
            Some(item) => self.push(out, item),
            None => Ok(()),
        }
    }

    pub(super) fn negate(&self, of: &'v Tree, scope: Scope<'_, 'v>, out: &mut Collection<'v>) -> Outcome<()> {
        let Some(item) = self.single(of, scope, WHAT)? else { return Ok(()) };
        let made = match self.plain(&item)? {
            Plain::Integer(whole) => whole.checked_neg().map(Item::Integer),
            Plain::Decimal(decimal) => decimal.negated().map(Item::Decimal),
            Plain::Quantity(value, unit) => value
                .negated()
                .map(|value| Item::Quantity(Box::new(Quantity { value, unit: Cow::Owned(unit.to_owned()) }))),
            _ => return Err(EvalFault::WrongKind(WHAT)),
        };
        self.push(out, made.ok_or(EvalFault::NumberTooLarge)?)
    }

    /// `abs()`, `ceiling()`, `floor()`, `round()` and `truncate()`.
    pub(super) fn rounding(
        &self,
        call: &'v Call,
        base: &[Item<'v>],
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let Some(item) = one(base, "rounding")? else { return Ok(()) };
        let made = match (self.plain(item)?, call.function) {
            (Plain::Integer(whole), Function::Abs) => whole.checked_abs().map(Item::Integer),
            (Plain::Integer(whole), Function::Round) => Some(Item::Decimal(Decimal::from_integer(whole))),
            (Plain::Integer(whole), _) => Some(Item::Integer(whole)),
            (Plain::Decimal(decimal), function) => match function {
                Function::Abs => decimal.abs().map(Item::Decimal),
                Function::Ceiling => decimal.ceiling().map(Item::Integer),
                Function::Floor => decimal.floor().map(Item::Integer),
                Function::Truncate => decimal.truncated().map(Item::Integer),
                _ => {
                    let places = match call.arguments.first() {
                        Some(argument) => self.integer(argument, scope, "round()")?.unwrap_or(0),
                        None => 0,
                    };
                    let places = u32::try_from(places).map_err(|_| EvalFault::WrongKind("round()"))?;
                    decimal.rounded(places).map(Item::Decimal)
                }
            },
            (Plain::Quantity(value, unit), Function::Abs) => value
                .abs()
                .map(|value| Item::Quantity(Box::new(Quantity { value, unit: Cow::Owned(unit.to_owned()) }))),
            _ => return Err(EvalFault::WrongKind("rounding")),
        };
        self.push(out, made.ok_or(EvalFault::NumberTooLarge)?)
    }
}

fn integers<'v>(operator: Operator, a: i64, b: i64) -> Outcome<Option<Item<'v>>> {
    let made = match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Minus => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        // By nought is nothing, not a fault.
        Operator::Div | Operator::Mod | Operator::Over if b == 0 => return Ok(None),
        Operator::Div => a.checked_div(b),
        Operator::Mod => a.checked_rem(b),
        _ => return decimals(operator, Decimal::from_integer(a), Decimal::from_integer(b)),
    };
    made.map(|made| Some(Item::Integer(made))).ok_or(EvalFault::NumberTooLarge)
}

fn decimals<'v>(operator: Operator, a: Decimal, b: Decimal) -> Outcome<Option<Item<'v>>> {
    let made = match operator {
        Operator::Plus => a.plus(b),
        Operator::Minus => b.negated().and_then(|b| a.plus(b)),
        Operator::Times => a.times(b),
        Operator::Div | Operator::Mod | Operator::Over if b.is_zero() => return Ok(None),
        Operator::Over => a.over(b),
        Operator::Mod => a.remainder(b),
        Operator::Div => {
            let whole = a.whole_quotient(b).ok_or(EvalFault::NumberTooLarge)?;
            return Ok(Some(Item::Integer(whole)));
        }
        _ => return Err(EvalFault::WrongKind(WHAT)),
    };
    made.map(|made| Some(Item::Decimal(made))).ok_or(EvalFault::NumberTooLarge)
}

fn decimal_of(plain: Plain<'_>) -> Outcome<Decimal> {
    match plain {
        Plain::Integer(whole) => Ok(Decimal::from_integer(whole)),
        Plain::Decimal(decimal) | Plain::Quantity(decimal, "1") => Ok(decimal),
        _ => Err(EvalFault::WrongKind(WHAT)),
    }
}
