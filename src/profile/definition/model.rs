//! What a `StructureDefinition` says, with every element in full (its snapshot).
//!
//! Source: FHIR R4 (4.0.1), `StructureDefinition` and `ElementDefinition`. Only what a validator needs is kept.

use serde_json::Value;

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A primitive type: `date`, `code`.
    Primitive,
    /// A complex type, or an extension: `Period`, `Extension`.
    Complex,
    /// A resource: `Patient`.
    Resource,
    /// A model that no FHIR instance has.
    Logical,
}

/// A type, or a profile on one.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureDefinition {
    /// Canonical URL, without version.
    pub url: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// What it defines.
    pub kind: Kind,
    /// Whether no instance can be of this type itself (`Resource`, `Element`).
    pub is_abstract: bool,
    /// The type that is defined or constrained: `Patient`.
    pub r#type: String,
    /// Canonical URL of what it is derived from; `None` for `Element` and `Resource`.
    pub base: Option<String>,
    /// Whether it constrains a type (a profile), rather than making one.
    pub is_profile: bool,
    /// Where an extension may stand; empty for anything else.
    pub contexts: Vec<Context>,
    /// `FHIRPath` that must hold where an extension stands.
    pub context_invariants: Vec<String>,
    /// Every element, parents before children, in the order of the definition. The first is the root.
    pub elements: Vec<Element>,
}

/// Where an extension may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// On the element of this path or type: `Patient.contact`, `Element`.
    Element(String),
    /// Inside the extension of this URL.
    Extension(String),
    /// Where this `FHIRPath` finds something.
    FhirPath(String),
}

/// One element of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// Its id, unique within the definition: `Patient.identifier:nhsNumber.value`.
    pub id: String,
    /// Its path: `Patient.identifier.value`, `Observation.value[x]`.
    pub path: String,
    /// The slice that it belongs to by itself: `nhsNumber`.
    pub slice_name: Option<String>,
    /// The least number.
    pub min: u32,
    /// The greatest number; `None`: any.
    pub max: Option<u32>,
    /// The greatest number in the type that introduces the element; `None`: any. What is not 1 here is an array in
    /// JSON, whatever a profile says.
    pub base_max: Option<u32>,
    /// The types it may have; empty on a root and where `content_reference` stands.
    pub types: Vec<TypeRef>,
    /// The id of the element whose content this one has: `Questionnaire.item`.
    pub content_reference: Option<String>,
    /// The value it must have, exactly.
    pub fixed: Option<Value>,
    /// The value that it must at least hold.
    pub pattern: Option<Value>,
    /// The least value, inclusive.
    pub min_value: Option<Value>,
    /// The greatest value, inclusive.
    pub max_value: Option<Value>,
    /// The least number of characters (extension `minLength`).
    pub min_length: Option<u32>,
    /// The greatest number of characters.
    pub max_length: Option<u32>,
    /// The regular expression of a primitive's value (extension `regex`).
    pub regex: Option<String>,
    /// Where its codes come from.
    pub binding: Option<Binding>,
    /// Invariants, those of its base included.
    pub constraints: Vec<Constraint>,
    /// How what repeats here is sorted into slices.
    pub slicing: Option<Slicing>,
    /// Whether its presence changes the meaning of what holds it.
    pub is_modifier: bool,
    /// Whether a receiver must be able to handle it.
    pub must_support: bool,
    /// What it is, in a few words; may be empty.
    pub short: String,
}

/// One type that an element may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRef {
    /// The type: `CodeableConcept`; for `id`, `url` and `value` of primitives `string` and its like.
    pub code: String,
    /// Profiles of that type, one of which must fit; empty: any.
    pub profiles: Vec<String>,
    /// Of a reference: the profiles or types, one of which its target must fit; empty: any.
    pub target_profiles: Vec<String>,
    /// Of a reference: whether it is said how it is made (contained, referenced, bundled). Which is not kept.
    pub has_aggregation: bool,
}

/// How firmly codes are tied to a value set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// An example.
    Example,
    /// These are encouraged.
    Preferred,
    /// These where one of them fits.
    Extensible,
    /// These and no others.
    Required,
}

/// Where the codes of an element come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// How firmly.
    pub strength: Strength,
    /// The value set, as a canonical URL, with its version where one is named.
    pub value_set: String,
    /// The value set that no code may leave even where the binding is weaker (extension `maxValueSet`).
    pub max_value_set: Option<String>,
}

/// An invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its id: `per-1`.
    pub key: String,
    /// Whether what breaks it is wrong (`error`) or only doubtful (`warning`).
    pub is_error: bool,
    /// What it asks, in words.
    pub human: String,
    /// The same in `FHIRPath`; empty when the definition has words only.
    pub expression: String,
    /// The definition that introduced it, as a canonical URL.
    pub source: String,
}

/// How an element that repeats is sorted into slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// What tells the slices apart; empty: nothing that can be checked.
    pub discriminators: Vec<(Discriminator, String)>,
    /// Whether the slices must stand in the order of the definition.
    pub ordered: bool,
    /// What may stand beside the slices.
    pub rules: Rules,
}

/// What a discriminator looks at, at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discriminator {
    /// A fixed or pattern value, or a required binding.
    Value,
    /// Whether there is anything.
    Exists,
    /// The same as `Value`, by its older name.
    Pattern,
    /// The type.
    Type,
    /// Which profile fits.
    Profile,
}

/// What may stand beside the slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Nothing.
    Closed,
    /// Anything.
    Open,
    /// Anything, after the slices.
    OpenAtEnd,
}
