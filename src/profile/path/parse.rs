//! Words into a tree, by how firmly operators bind.
//!
//! Source: FHIRPath 2.0.0 (N1), its grammar and "Operator Precedence".

use regex::{Regex, RegexBuilder};

use super::{
    fault::PathFault,
    function::Function,
    token::{Word, words},
    tree::{Call, Literal, Operator, SIGN_BINDING, Space, TYPE_BINDING, Tree, TypeName, Variable},
};
use crate::limits;

/// The tree of `text`.
pub(super) fn tree(text: &str) -> Result<Tree, PathFault> {
    if text.len() > limits::PATH_MAX_BYTES {
        let why = format!("longer than {} bytes", limits::PATH_MAX_BYTES);
        return Err(PathFault::new(limits::PATH_MAX_BYTES, why));
    }
    let mut parser = Parser { words: words(text)?, next: 0, end: text.len(), depth: 0 };
    let made = parser.expression(0)?;
    match parser.peek() {
        None if made.height() > limits::PATH_DEPTH_MAX => {
            Err(PathFault::new(0, format!("more than {} steps high", limits::PATH_DEPTH_MAX)))
        }
        None => Ok(made),
        Some(_) => Err(parser.fault("something stands here after the end of the expression")),
    }
}

/// A pattern that takes time in proportion to the text, however it is written.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    if text.len() > limits::PATH_PATTERN_MAX_BYTES {
        return None;
    }
    RegexBuilder::new(text)
        .dot_matches_new_line(true)
        .size_limit(limits::PATH_PATTERN_COMPILED_MAX_BYTES)
        .nest_limit(limits::PATH_PATTERN_DEPTH_MAX)
        .build()
        .ok()
}

struct Parser {
    words: Vec<(usize, Word)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn take(&mut self) -> Option<Word> {
        let word = self.peek().cloned();
        self.next += 1;
        word
    }

    fn fault(&self, why: impl Into<String>) -> PathFault {
        PathFault::new(self.at(), why)
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Word::Mark(found)) if *found == mark)
    }

    fn accept(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.next += usize::from(found);
        found
    }

    fn demand(&mut self, mark: &str) -> Result<(), PathFault> {
        if self.accept(mark) { Ok(()) } else { Err(self.fault(format!("{mark} is missing"))) }
    }

    /// The operator that comes next: a mark, or a name that is not called.
    fn operator(&self) -> Option<&str> {
        match self.peek()? {
            Word::Mark(mark) => Some(mark),
            Word::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Everything that binds at least as firmly as `least`.
    fn expression(&mut self, least: u8) -> Result<Tree, PathFault> {
        self.depth += 1;
        if self.depth > limits::PATH_NESTING_MAX {
            return Err(self.fault(format!("nested deeper than {}", limits::PATH_NESTING_MAX)));
        }
        let mut left = self.operand()?;
        let mut chain = 0_usize;
        while let Some(word) = self.operator() {
            let binding = match word {
                "is" | "as" => TYPE_BINDING,
                _ => match Operator::of(word) {
                    Some((_, binding)) => binding,
                    None => break,
                },
            };
            if binding < least {
                break;
            }
            chain += 1;
            if chain > limits::PATH_CHAIN_MAX {
                return Err(self.fault(format!("more than {} operators in a row", limits::PATH_CHAIN_MAX)));
            }
            let word = word.to_owned();
            self.next += 1;
            left = match (word.as_str(), Operator::of(&word)) {
                ("is", _) => Tree::Is(Box::new(left), self.type_name()?),
                ("as", _) => Tree::As(Box::new(left), self.type_name()?),
                (_, Some((operator, _))) => {
                    let right = self.expression(binding + 1)?;
                    Tree::Binary(operator, Box::new((left, right)))
                }
                _ => break,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Tree, PathFault> {
        if self.accept("-") {
            return Ok(Tree::Negate(Box::new(self.expression(SIGN_BINDING)?)));
        }
        if self.accept("+") {
            return self.expression(SIGN_BINDING);
        }
        let mut made = self.term()?;
        let mut chain = 0_usize;
        loop {
            chain += 1;
            if chain > limits::PATH_CHAIN_MAX {
                return Err(self.fault(format!("more than {} steps in a row", limits::PATH_CHAIN_MAX)));
            }
            if self.accept(".") {
                made = self.invocation(made)?;
            } else if self.accept("[") {
                let index = self.expression(0)?;
                self.demand("]")?;
                made = Tree::At(Box::new((made, index)));
            } else {
                return Ok(made);
            }
        }
    }

    fn term(&mut self) -> Result<Tree, PathFault> {
        let start = self.at();
        let Some(word) = self.take() else {
            return Err(PathFault::new(start, "the expression ends too early"));
        };
        Ok(match word {
            Word::Mark("(") => {
                let inner = self.expression(0)?;
                self.demand(")")?;
                inner
            }
            Word::Mark("{") => {
                self.demand("}")?;
                Tree::Literal(Literal::Empty)
            }
            Word::Text(text) => Tree::Literal(Literal::Text(text.into())),
            Word::Integer(whole) => {
                self.unit_of(super::Decimal::from_integer(whole), Literal::Integer(whole))
            }
            Word::Decimal(decimal) => self.unit_of(decimal, Literal::Decimal(decimal)),
            Word::Temporal(temporal) => Tree::Literal(Literal::Temporal(temporal.0)),
            Word::Variable(name) => variable(&name, start)?,
            Word::Dollar(name) => match name.as_str() {
                "this" => Tree::This,
                "index" => Tree::Index,
                "total" => Tree::Total,
                _ => return Err(PathFault::new(start, "after $ comes this, index or total")),
            },
            Word::Name(name) if name == "true" => Tree::Literal(Literal::Boolean(true)),
            Word::Name(name) if name == "false" => Tree::Literal(Literal::Boolean(false)),
            Word::Name(name) if self.is_mark("(") => self.call(Tree::This, &name, start)?,
            Word::Name(name) | Word::Quoted(name) => {
                if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    Tree::Root(name.into())
                } else {
                    member(Tree::This, &name)
                }
            }
            Word::Mark(mark) => return Err(PathFault::new(start, format!("{mark} cannot stand here"))),
        })
    }

    /// A number with a unit after it is a quantity.
    fn unit_of(&mut self, value: super::Decimal, plain: Literal) -> Tree {
        const CALENDAR: &[&str] =
            &["year", "month", "week", "day", "hour", "minute", "second", "millisecond"];
        let unit = match self.peek() {
            Some(Word::Text(code)) => Some(code.as_str()),
            Some(Word::Name(name)) => {
                CALENDAR.iter().copied().find(|unit| name.strip_suffix('s').unwrap_or(name) == *unit)
            }
            _ => None,
        };
        let Some(unit) = unit.map(Box::from) else { return Tree::Literal(plain) };
        self.next += 1;
        Tree::Literal(Literal::Quantity(value, unit))
    }

    /// What follows a full stop.
    fn invocation(&mut self, base: Tree) -> Result<Tree, PathFault> {
        let start = self.at();
        match self.take() {
            Some(Word::Name(name)) if self.is_mark("(") => self.call(base, &name, start),
            Some(Word::Name(name) | Word::Quoted(name)) => Ok(member(base, &name)),
            Some(Word::Dollar(_)) => Err(PathFault::new(start, "$ cannot stand after a full stop")),
            _ => Err(PathFault::new(start, "after a full stop comes a name")),
        }
    }

    fn call(&mut self, base: Tree, name: &str, start: usize) -> Result<Tree, PathFault> {
        let Some((function, least, most)) = Function::of(name) else {
            return Err(PathFault::new(
                start,
                format!("the function {name}() is not one that is understood here"),
            ));
        };
        self.demand("(")?;
        let mut call = Call { base, function, arguments: Vec::new(), type_name: None, pattern: None };
        if matches!(function, Function::Is | Function::As | Function::OfType) {
            call.type_name = Some(self.type_name()?);
            self.demand(")")?;
            return Ok(Tree::Call(Box::new(call)));
        }
        if !self.is_mark(")") {
            loop {
                call.arguments.push(self.expression(0)?);
                if call.arguments.len() > most {
                    break;
                }
                if !self.accept(",") {
                    break;
                }
            }
        }
        if call.arguments.len() < least || call.arguments.len() > most {
            let why = format!("{name}() takes {least} to {most} arguments");
            return Err(PathFault::new(start, why));
        }
        self.demand(")")?;
        if matches!(function, Function::Matches | Function::MatchesFull | Function::ReplaceMatches)
            && let Some(Tree::Literal(Literal::Text(text))) = call.arguments.first()
        {
            let made = if function == Function::MatchesFull {
                pattern(&format!("^(?:{text})$"))
            } else {
                pattern(text)
            };
            let why = "a pattern that is too large, or that cannot be matched in linear time";
            call.pattern = Some(made.ok_or_else(|| PathFault::new(start, why))?);
        }
        Ok(Tree::Call(Box::new(call)))
    }

    fn type_name(&mut self) -> Result<TypeName, PathFault> {
        let mut name = self.type_word()?;
        let mut space = Space::Either;
        if self.is_mark(".") && (name == "FHIR" || name == "System") {
            self.next += 1;
            space = if name == "FHIR" { Space::Fhir } else { Space::System };
            name = self.type_word()?;
        }
        Ok(TypeName { space, name: name.into() })
    }

    fn type_word(&mut self) -> Result<String, PathFault> {
        if let Some(Word::Name(name) | Word::Quoted(name)) = self.take() {
            return Ok(name);
        }
        self.next = self.next.saturating_sub(1);
        Err(self.fault("the name of a type is missing"))
    }
}

/// JSON's name for what stands beside a primitive, of which the rest is the element's own name.
fn member(base: Tree, name: &str) -> Tree {
    Tree::Member(Box::new(base), format!("_{name}").into())
}

fn variable(name: &str, at: usize) -> Result<Tree, PathFault> {
    let text = |url: &str| Tree::Literal(Literal::Text(url.into()));
    Ok(match name {
        "context" => Tree::Variable(Variable::Context),
        "resource" => Tree::Variable(Variable::Resource),
        "rootResource" => Tree::Variable(Variable::RootResource),
        "ucum" => text("http://unitsofmeasure.org"),
        "sct" => text("http://snomed.info/sct"),
        "loinc" => text("http://loinc.org"),
        _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
            (Some(set), _) => text(&format!("http://hl7.org/fhir/ValueSet/{set}")),
            (_, Some(extension)) => text(&format!("http://hl7.org/fhir/StructureDefinition/{extension}")),
            _ => return Err(PathFault::new(at, "a variable that is not one that is known here")),
        },
    })
}
