//! FHIR search over resources as JSON: what a parameter may say, and whether a resource is what was asked for.
//!
//! A parameter names places in the resource; a value is compared with what stands there. Not here: where resources
//! come from, who may see them, and parameters that shape the answer (`_count`, `_sort`, `_include`).

mod dates;
mod filter;

pub use dates::{Comparator, Period, date};
pub use filter::{Filter, Here, Parameter, Test, read};
