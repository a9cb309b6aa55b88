//! `_include`: what a page refers to, as far as the caller could read it anyway.

use super::{
    asked::Asked,
    kinds::Kind,
    shown::{Look, Shown},
};
use crate::{
    exchange::{
        Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
    },
    limits::SEARCH_INCLUDED_MAX,
};

/// What goes with a page.
#[derive(Debug, Default)]
pub(super) struct Included {
    pub(super) shown: Vec<Shown>,
    /// How many.
    pub(super) count: usize,
}

impl Exchange {
    /// What the page refers to at the places that were asked for. What the caller could not read is not there, and
    /// nothing says so.
    pub(super) async fn included(
        &self,
        caller: &Caller,
        asked: &Asked,
        page: &[Shown],
    ) -> Result<Included, Refusal> {
        let mut targets: Vec<(&'static Kind, String)> = Vec::new();
        for one in page {
            for place in &asked.includes {
                let reference = one.resource.pointer(place).and_then(|r| r.get("reference")?.as_str());
                let target = reference.and_then(|r| r.split_once('/'));
                if let Some((kind, id)) = target
                    && let Some(kind) = Kind::named(kind)
                    && !targets.iter().any(|(k, i)| k.name == kind.name && i == id)
                    && targets.len() < SEARCH_INCLUDED_MAX
                    && may_read(caller, kind)
                {
                    targets.push((kind, id.to_owned()));
                }
            }
        }
        let mut included = Included::default();
        for (kind, id) in targets {
            match self.find_resource(caller, kind, &id, None, Look::Search).await {
                Ok(shown) => included.shown.push(shown),
                Err(refusal) if matches!(refusal.class, Refused::NotFound | Refused::Gone) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        included.count = included.shown.len();
        Ok(included)
    }
}

/// Whether the token lets the caller read this kind at all.
pub(super) fn may_read(caller: &Caller, kind: &Kind) -> bool {
    let scope = format!("system/{}.rs", kind.name);
    caller.scopes.contains(&scope)
}
