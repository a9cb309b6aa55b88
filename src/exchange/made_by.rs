//! What made a message: the mapping, the allow-lists and the profiles, each by name and by the hash of its content.
//!
//! A version is a name that people give; the hash is what was there. Both stand beside each message, so that whoever
//! looks at it later knows whether this release would have made the same.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{Exchange, rows::MessageRow};
use crate::{
    audit::hex,
    directory::service,
    mapping::{self, Mapped},
    profile::{Schema, definition::built_in_resources},
};

/// What made one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBy {
    /// The mapping with its version, as in `custody-sheet/2`.
    pub mapping: String,
    /// SHA-256, in hex, over the source of all mappings and the kinds of service: any change to one shows.
    pub mapping_sha256: String,
    /// The short hash of the allow-lists and of the profile that they are written against, as decisions name it.
    pub policy: String,
    /// The profiles that the parts of the message follow, each with the SHA-256 of its text in hex.
    pub profiles: BTreeMap<String, String>,
}

impl MadeBy {
    /// As a receipt says it: a name of a line, and what stands in it.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let first = [
            ("mapping", format!("{} {}", self.mapping, self.mapping_sha256)),
            ("disclosure-tables", self.policy.clone()),
        ];
        let profiles = self.profiles.iter().map(|(name, hash)| ("profile", format!("{name} {hash}")));
        first.into_iter().chain(profiles).collect()
    }
}

impl MessageRow {
    /// What made it, where that is known.
    pub(super) fn made_by(&self) -> Option<MadeBy> {
        serde_json::from_str(self.made_by.as_deref()?).ok()
    }
}

/// The hashes of what this release carries, computed once.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    mapping_sha256: String,
    profiles: BTreeMap<&'static str, String>,
}

impl Carried {
    pub(super) fn here() -> Self {
        let mut profiles: BTreeMap<&'static str, String> =
            Schema::ALL.iter().map(|schema| (schema.as_str(), hash_of(schema.texts()))).collect();
        profiles.insert(mapping::FHIR_PROFILES, hash_of(texts(built_in_resources())));
        Self { mapping_sha256: hash_of(texts(mapping::SOURCES).chain([service::TEXT])), profiles }
    }

    pub(super) fn mapping_sha256(&self) -> &str {
        &self.mapping_sha256
    }

    /// Whether this release, whose allow-lists are `policy`, has everything that `made_by` names.
    pub(super) fn holds(&self, made_by: &MadeBy, policy: &str) -> bool {
        let same = |(name, hash): (&String, &String)| self.profiles.get(name.as_str()) == Some(hash);
        made_by.mapping_sha256 == self.mapping_sha256
            && made_by.policy == policy
            && made_by.profiles.iter().all(same)
    }
}

impl Exchange {
    /// What makes `mapped`, in this release.
    pub(super) fn made_by(&self, mapped: &Mapped) -> MadeBy {
        let named = std::iter::once(mapped.body_schema).chain(mapped.detail_schema);
        let known = named
            .filter_map(|name| self.carried.profiles.get(name).map(|hash| (name.to_owned(), hash.clone())));
        MadeBy {
            mapping: mapped.version.to_owned(),
            mapping_sha256: self.carried.mapping_sha256.clone(),
            policy: self.rules.version().to_owned(),
            profiles: known.collect(),
        }
    }
}

/// Names and texts in turn.
fn texts<'t>(files: &'t [(&'t str, &'t str)]) -> impl Iterator<Item = &'t str> {
    files.iter().flat_map(|(name, text)| [*name, *text])
}

/// SHA-256 over `parts`, each after its length, so that no text can pass for two.
fn hash_of<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_and_every_mapping_has_its_hash() {
        let carried = Carried::here();
        assert_eq!(carried.profiles.len(), Schema::ALL.len() + 1);
        let hashes: std::collections::BTreeSet<&String> = carried.profiles.values().collect();
        assert_eq!(hashes.len(), carried.profiles.len(), "no two have one hash");
        let names: Vec<&str> = mapping::SOURCES.iter().map(|(name, _)| *name).collect();
        for file in ["custody.rs", "fhir_message/mod.rs", "sections.rs", "tree.rs"] {
            assert!(names.contains(&file), "{file} makes messages");
        }
        assert!(names.iter().all(|name| !name.starts_with("tests/")), "tests make none");
    }

    #[test]
    fn a_text_cannot_pass_for_two() {
        assert_ne!(hash_of(["ab"]), hash_of(["a", "b"]));
        assert_eq!(hash_of(["ab"]), hash_of(["ab"]));
    }
}
