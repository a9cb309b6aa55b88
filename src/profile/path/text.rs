//! What is asked of text. Places in it are counted in characters.

use std::borrow::Cow;

use super::{
    eval::{Outcome, Run, Scope, one},
    fault::EvalFault,
    function::Function,
    parse,
    tree::Call,
    value::{Collection, Item},
};
use crate::limits::PATH_TEXT_MAX_BYTES;

const WHAT: &str = "a function of text";
/// Text is counted as work by so many bytes.
const BYTES_IN_A_STEP: usize = 64;

impl<'v> Run<'_, 'v> {
    /// The text that a function is called on, or nothing; what is no text is a fault.
    fn text_of<'s>(&self, base: &'s [Item<'v>]) -> Outcome<Option<&'s str>> {
        let Some(item) = one(base, WHAT)? else { return Ok(None) };
        if let Item::Node(node) = item
            && node.value.is_none()
        {
            return Ok(None);
        }
        let text = item.text().ok_or(EvalFault::WrongKind(WHAT))?;
        self.spend(text.len() / BYTES_IN_A_STEP)?;
        Ok(Some(text))
    }

    fn argument(&self, call: &'v Call, at: usize, scope: Scope<'_, 'v>) -> Outcome<Option<Cow<'v, str>>> {
        let Some(argument) = call.arguments.get(at) else { return Ok(None) };
        match self.single(argument, scope, WHAT)? {
            None => Ok(None),
            Some(item) => item.into_text().map(Some).ok_or(EvalFault::WrongKind(WHAT)),
        }
    }

    /// The functions that answer yes or no.
    pub(super) fn text_answer(
        &self,
        call: &'v Call,
        base: &[Item<'v>],
        scope: Scope<'_, 'v>,
    ) -> Outcome<Option<bool>> {
        let Some(text) = self.text_of(base)? else { return Ok(None) };
        if let Some(pattern) = &call.pattern {
            self.spend(text.len())?;
            return Ok(Some(pattern.is_match(text)));
        }
        let Some(other) = self.argument(call, 0, scope)? else { return Ok(None) };
        let other: &str = &other;
        Ok(Some(match call.function {
            Function::StartsWith => text.starts_with(other),
            Function::EndsWith => text.ends_with(other),
            Function::Contains => text.contains(other),
            _ => {
                let full = format!("^(?:{other})$");
                let used = if call.function == Function::MatchesFull { full.as_str() } else { other };
                self.spend(text.len() + crate::limits::PATH_PATTERN_STEPS)?;
                parse::pattern(used).ok_or(EvalFault::BadPattern)?.is_match(text)
            }
        }))
    }

    /// The functions that make text, numbers or lists of text.
    pub(super) fn text_function(
        &self,
        call: &'v Call,
        base: &[Item<'v>],
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        if call.function == Function::Join {
            return self.join(call, base, scope, out);
        }
        let Some(text) = self.text_of(base)? else { return Ok(()) };
        let made = match call.function {
            Function::Length => Item::Integer(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
            Function::Upper => string(text.to_uppercase()),
            Function::Lower => string(text.to_lowercase()),
            Function::Trim => string(text.trim().to_owned()),
            Function::ToChars => {
                for c in text.chars() {
                    self.push(out, string(c.to_string()))?;
                }
                return Ok(());
            }
            Function::IndexOf => {
                let Some(other) = self.argument(call, 0, scope)? else { return Ok(()) };
                let found = text.find(&*other).and_then(|at| text.get(..at)).map(|head| head.chars().count());
                Item::Integer(found.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1))
            }
            Function::Substring => match self.substring(call, text, scope)? {
                Some(part) => string(part),
                None => return Ok(()),
            },
            Function::Split => {
                let Some(separator) = self.argument(call, 0, scope)? else { return Ok(()) };
                for part in text.split(&*separator) {
                    self.push(out, string(part.to_owned()))?;
                }
                return Ok(());
            }
            Function::Replace => {
                let (Some(old), Some(new)) = (self.argument(call, 0, scope)?, self.argument(call, 1, scope)?)
                else {
                    return Ok(());
                };
                let found = text.matches(&*old).count();
                self.room_for(text.len().saturating_add(found.saturating_mul(new.len())))?;
                string(text.replace(&*old, &new))
            }
            Function::ReplaceMatches => {
                let Some(new) = self.argument(call, 1, scope)? else { return Ok(()) };
                // The most that it may come to, for what a `$` stands for is not known before.
                self.spend(text.len())?;
                self.spend(text.len().saturating_add(1).saturating_mul(new.len()) / BYTES_IN_A_STEP)?;
                let made = if let Some(pattern) = &call.pattern {
                    pattern.replace_all(text, &*new)
                } else {
                    let Some(pattern) = self.argument(call, 0, scope)? else { return Ok(()) };
                    self.spend(crate::limits::PATH_PATTERN_STEPS)?;
                    let pattern = parse::pattern(&pattern).ok_or(EvalFault::BadPattern)?;
                    pattern.replace_all(text, &*new).into_owned().into()
                };
                self.room_for(made.len())?;
                string(made.into_owned())
            }
            _ => return Err(EvalFault::WrongKind(WHAT)),
        };
        self.push(out, made)
    }

    /// Counts the bytes of a text that is to be made; a fault where it would be too long.
    pub(super) fn room_for(&self, bytes: usize) -> Outcome<()> {
        self.spend(bytes / BYTES_IN_A_STEP)?;
        if bytes > PATH_TEXT_MAX_BYTES { Err(EvalFault::TooLong) } else { Ok(()) }
    }

    fn substring(&self, call: &'v Call, text: &str, scope: Scope<'_, 'v>) -> Outcome<Option<String>> {
        let number = |at: usize| match call.arguments.get(at) {
            Some(argument) => self.integer(argument, scope, "substring()"),
            None => Ok(None),
        };
        let Some(start) = number(0)? else { return Ok(None) };
        let Ok(start) = usize::try_from(start) else { return Ok(None) };
        if start >= text.chars().count() {
            return Ok(None);
        }
        let rest = text.chars().skip(start);
        Ok(Some(match number(1)? {
            Some(length) => rest.take(usize::try_from(length).unwrap_or(0)).collect(),
            None => rest.collect(),
        }))
    }

    fn join(
        &self,
        call: &'v Call,
        base: &[Item<'v>],
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        if base.is_empty() {
            return Ok(());
        }
        let separator = self.argument(call, 0, scope)?.unwrap_or_default();
        let mut parts = Vec::with_capacity(base.len());
        let mut bytes = 0_usize;
        for item in base {
            let part = item.text().ok_or(EvalFault::WrongKind("join()"))?;
            bytes = bytes.saturating_add(part.len() + separator.len());
            parts.push(part);
        }
        self.room_for(bytes)?;
        self.push(out, string(parts.join(&separator)))
    }
}

fn string<'v>(text: String) -> Item<'v> {
    Item::String(Cow::Owned(text))
}
