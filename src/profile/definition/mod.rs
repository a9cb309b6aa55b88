//! FHIR conformance resources as the validator reads them.

mod model;

pub use model::{
    Binding, Constraint, Context, Discriminator, Element, Kind, Rules, Slicing, Strength,
    StructureDefinition, TypeRef,
};
