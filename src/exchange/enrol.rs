//! Entering agencies and the agreements with them, as an operator does.

use super::{
    Exchange,
    ports::{CommitError, Write},
};
use crate::{
    audit::Kind,
    directory::{Agreement, Partner},
};

impl Exchange {
    /// Enters partners and agreements, new or changed, all or nothing. `actor` is `operator:<name>`.
    pub async fn enrol(
        &self,
        actor: &str,
        partners: Vec<Partner>,
        agreements: Vec<Agreement>,
    ) -> Result<(), CommitError> {
        let at = self.now();
        let mut writes = Vec::new();
        for partner in partners {
            let note = self.note(&partner.site_id, at, Kind::DirectoryChanged, actor);
            writes.push(note.partner(&partner.partner_id).fact("what", "partner").write());
            writes.push(Write::Partner(partner));
        }
        for agreement in agreements {
            let note = self.note(&agreement.site_id, at, Kind::DirectoryChanged, actor);
            let note = note.partner(&agreement.partner_id).about("agreement", &agreement.agreement_id);
            writes.push(note.fact("what", "agreement").write());
            writes.push(Write::Agreement(agreement));
        }
        self.commit(writes, Vec::new()).await
    }
}
