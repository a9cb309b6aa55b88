//! Addresses, ids and paths: how one is made of the other.

/// Where R4's own definitions have their addresses.
pub(super) const R4: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Where R4's own value sets have theirs.
pub(crate) const R4_VALUE_SETS: &str = "http://hl7.org/fhir/ValueSet/";

/// A name without a scheme is one under `start`.
pub(crate) fn spelt_out(name: &str, start: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{start}{name}") }
}

/// `http://…/Patient|4.0.1` as the address and the version.
pub(crate) fn split_version(canonical: &str) -> (&str, Option<&str>) {
    match canonical.split_once('|') {
        Some((url, version)) => (url, Some(version).filter(|version| !version.is_empty())),
        None => (canonical, None),
    }
}

/// The path of an id: `Patient.identifier:nhsNumber.value` is at `Patient.identifier.value`.
pub(super) fn path_of(id: &str) -> String {
    let names: Vec<&str> =
        id.split('.').map(|step| step.split_once(':').map_or(step, |(name, _)| name)).collect();
    names.join(".")
}

/// The slice in the last step of an id.
pub(super) fn slice_of(id: &str) -> Option<&str> {
    id.rsplit('.').next()?.split_once(':').map(|(_, slice)| slice)
}

/// One step of an id: `identifier:nhsNumber`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// `identifier`
    pub(super) name: String,
    /// `nhsNumber`
    pub(super) slice: Option<String>,
}

/// The steps of an id below its root.
pub(super) fn steps_of(id: &str) -> Vec<Step> {
    id.split('.')
        .skip(1)
        .map(|step| match step.split_once(':') {
            Some((name, slice)) => Step { name: name.to_owned(), slice: Some(slice.to_owned()) },
            None => Step { name: step.to_owned(), slice: None },
        })
        .collect()
}

/// `value[x]` and `Quantity` make `valueQuantity`.
pub(super) fn choice_name(choice: &str, code: &str) -> Option<String> {
    let stem = choice.strip_suffix("[x]")?;
    let mut letters = code.chars();
    let first = letters.next()?;
    Some(format!("{stem}{}{}", first.to_ascii_uppercase(), letters.as_str()))
}
