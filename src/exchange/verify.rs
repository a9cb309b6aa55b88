//! Reads the whole log from the store and checks it, entry by entry, from the stored bytes.

use super::{
    ports::{Read, Store},
    rows::StoredEntry,
};
use crate::{
    audit::verify::{Fault, Row, Verified, Verifier, What},
    ids::{PartnerId, PersonId, ReferralId},
};

/// Entries read at once.
const PAGE: usize = 500;

/// Checks every sequenced entry against its leaf and the head; `see` is shown each entry on the way
/// (for progress). The inner result is the verdict: the first fault, or how much was found whole.
pub async fn verify_log(
    store: &dyn Store,
    mut see: impl FnMut(&StoredEntry) + Send,
) -> Read<Result<Verified, Fault>> {
    // The head is read first: entries that are sequenced meanwhile lie behind it and are not judged.
    let head = store.log_head().await?;
    let mut verifier = Verifier::new();
    let mut next = 0_i64;
    while next < head.size {
        let page = store.audit_page(next, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for entry in page.iter().take_while(|e| e.log_index.is_none_or(|index| index < head.size)) {
            let Some(index) = entry.log_index.and_then(|i| u64::try_from(i).ok()) else {
                return Ok(Err(Fault { index: None, what: What::Place }));
            };
            let row = Row {
                index,
                entry_id: entry.entry_id.as_str(),
                at: entry.at,
                kind: &entry.kind,
                site_id: entry.site_id.as_str(),
                person_id: entry.person_id.as_ref().map(PersonId::as_str),
                referral_id: entry.referral_id.as_ref().map(ReferralId::as_str),
                partner_id: entry.partner_id.as_ref().map(PartnerId::as_str),
                leaf: &entry.leaf,
                content: entry.content.as_ref().map(|sealed| sealed.0.as_slice()),
            };
            if let Err(fault) = verifier.push(&row) {
                return Ok(Err(fault));
            }
            see(entry);
        }
        next = next.saturating_add(i64::try_from(page.len()).unwrap_or(i64::MAX));
    }
    Ok(verifier.finish(u64::try_from(head.size).unwrap_or(0), &head.root, &head.frontier))
}
