//! What is wrong with a definition.

/// A definition that cannot be used, and why. Definitions hold no personal data: their own words may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", place(from, canonical, element))]
pub struct DefinitionFault {
    /// The file or list that it came from; empty when only asked for by its address.
    pub from: String,
    /// Its canonical URL; empty when it has none.
    pub canonical: String,
    /// The id of the element; empty when it is about the whole.
    pub element: String,
    /// What is wrong and what would be right.
    pub what: String,
    /// Whether all that is wrong is that nothing of this address is loaded.
    unknown: bool,
}

impl DefinitionFault {
    /// Something wrong with the definition of this canonical URL.
    pub fn new(canonical: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            from: String::new(),
            canonical: canonical.into(),
            element: String::new(),
            what: what.into(),
            unknown: false,
        }
    }

    /// Nothing of this canonical URL is loaded.
    pub(super) fn unknown(canonical: &str) -> Self {
        Self { unknown: true, ..Self::new(canonical, "no definition of this address is loaded") }
    }

    /// Whether all that is wrong is that nothing of this address is loaded.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// The same, at this element.
    #[must_use]
    pub fn at(mut self, element: &str) -> Self {
        if self.element.is_empty() {
            element.clone_into(&mut self.element);
        }
        self
    }

    /// The same, in this file.
    #[must_use]
    pub fn from(mut self, from: &str) -> Self {
        if self.from.is_empty() {
            from.clone_into(&mut self.from);
        }
        self
    }
}

fn place(from: &str, canonical: &str, element: &str) -> String {
    let parts: Vec<&str> = [from, canonical, element].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::from("a definition") } else { parts.join(", ") }
}
