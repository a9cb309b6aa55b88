//! Entering agencies and the agreements with them, as an operator does. Works on a store alone: whoever enters an
//! agency needs no key that opens anything about a person.

use std::collections::BTreeMap;

use super::{
    Exchange,
    ledger::Note,
    ports::{CommitError, Precondition, Read, Store, Write},
};
use crate::{
    audit::Kind,
    directory::{Agreement, Audience, Partner, import::Leaving},
    ids::{Mint, SiteId},
    minimise::Rules,
    profile::leniency::Tolerance,
};

/// What is entered for a site.
#[derive(Debug)]
pub struct Entered {
    /// Its agencies.
    pub partners: Vec<Partner>,
    /// The agreements with them, in their latest versions.
    pub agreements: Vec<Agreement>,
}

/// Reads what is entered for a site.
pub async fn entered(store: &dyn Store, site: &SiteId) -> Read<Entered> {
    let partners = store.partners(site).await?;
    let mut agreements = Vec::new();
    for partner in &partners {
        agreements.extend(store.agreements(site, &partner.partner_id).await?);
    }
    Ok(Entered { partners, agreements })
}

/// What can be forgiven to an agency, by name.
#[must_use]
pub fn tolerances() -> [&'static str; Tolerance::ALL.len()] {
    Tolerance::ALL.map(Tolerance::as_str)
}

/// Blocks that an agreement, and its emergency row, may name, for each audience.
///
/// # Errors
/// The compiled-in tables do not serve.
pub fn blocks() -> Result<BTreeMap<Audience, Leaving>, String> {
    let rules = Rules::compile()?;
    let owned = |blocks: Vec<&str>| blocks.into_iter().map(str::to_owned).collect();
    let leaving = |audience| Leaving {
        ever: owned(rules.open_blocks(audience)),
        under_override: owned(rules.override_blocks(audience)),
    };
    Ok(Audience::ALL.into_iter().map(|audience| (audience, leaving(audience))).collect())
}

/// Enters partners and agreements, new or changed, all or nothing, each with its audit entry; only if those of
/// them that are in `seen` have not changed since. `actor` is `operator:<name>`.
pub async fn enrol(
    store: &dyn Store,
    mint: &Mint,
    actor: &str,
    partners: Vec<Partner>,
    agreements: Vec<Agreement>,
    seen: &[Partner],
) -> Result<(), CommitError> {
    let at = mint.clock().now();
    let mut writes = Vec::new();
    let touched = |one: &&Partner| {
        partners.iter().any(|p| p.partner_id == one.partner_id)
            || agreements.iter().any(|a| a.partner_id == one.partner_id)
    };
    let as_seen = |p: &Partner| Precondition::as_seen(p);
    let preconditions = seen.iter().filter(touched).map(as_seen).collect();
    for partner in partners {
        let note = Note::begin(mint, &partner.site_id, at, Kind::DirectoryChanged, actor);
        writes.push(note.partner(&partner.partner_id).fact("what", "partner").write());
        writes.push(Write::Partner(partner));
    }
    for agreement in agreements {
        let note = Note::begin(mint, &agreement.site_id, at, Kind::DirectoryChanged, actor);
        let note = note.partner(&agreement.partner_id).about("agreement", &agreement.agreement_id);
        writes.push(note.fact("what", "agreement").write());
        writes.push(Write::Agreement(agreement));
    }
    store.commit(writes, preconditions).await
}

impl Exchange {
    /// Enters partners and agreements, new or changed, all or nothing. `actor` is `operator:<name>`.
    pub async fn enrol(
        &self,
        actor: &str,
        partners: Vec<Partner>,
        agreements: Vec<Agreement>,
    ) -> Result<(), CommitError> {
        enrol(self.store.as_ref(), &self.mint, actor, partners, agreements, &[]).await?;
        self.ring();
        Ok(())
    }
}
