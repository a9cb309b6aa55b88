//! A Consent taken apart: whose it is, who gave it, whether it stands, and its provisions.

use super::{code::Code, provision::Provision, reference::Named, shape::Coding, time::Stretch};
use crate::assessment::Capture;

/// One FHIR R4 Consent, read once, to be asked many times.
#[derive(Clone, Debug)]
pub struct Directive {
    pub(super) id: Option<Box<str>>,
    pub(super) version: Option<Box<str>>,
    /// Whether it can say anything now, and if not, why.
    pub(super) standing: Standing,
    /// The names of the person whose it is.
    pub(super) subjects: Vec<Named>,
    /// Those who gave it; each goes by one or more names.
    pub(super) performers: Vec<Vec<Named>>,
    /// When it was recorded.
    pub(super) recorded: Option<Stretch>,
    pub(super) categories: Vec<Coding>,
    /// The Consents that it names as those which it replaces.
    pub(super) replaces: Vec<Named>,
    /// Whether the person had capacity, and whose word it is, where the Consent says so.
    pub(super) capture: Option<(bool, Capture)>,
    /// Whether the policyRule permits what no provision speaks of.
    pub(super) base_permits: bool,
    pub(super) root: Option<Provision>,
}

/// Whether a Consent counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In force, within its periods.
    Active,
    /// Taken back: what it replaced does not come back.
    Withdrawn,
    /// Evidence of nothing.
    Nothing(Code),
}

impl Directive {
    /// Its id, where it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
