//! Where a page ends, as a link that only its own caller can follow: sealed with the search itself, so that it tells
//! nothing, cannot be changed, and carries nothing personal in an address.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::kinds::Kind;
use crate::{
    clock::Moment,
    exchange::{
        Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
        rows::Sealed,
    },
};

/// The last thing that a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Its time in the order; 0 where the order is by id.
    pub(super) at: i64,
    /// The id of the record that it comes from.
    pub(super) id: String,
    /// Which of several from one record; `None`: the record is done with.
    pub(super) part: Option<usize>,
}

impl Place {
    /// The end of everything that comes from this record.
    pub(super) const fn after(at: Moment, id: String) -> Self {
        Self { at: at.0, id, part: None }
    }

    pub(super) fn key(&self) -> (Moment, String) {
        (Moment(self.at), self.id.clone())
    }
}

/// A search and where it goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Onward {
    pub(super) asked: Vec<(String, String)>,
    /// `None`: from its beginning.
    pub(super) place: Option<Place>,
}

impl Exchange {
    /// The value of `_page` for what goes on there.
    pub(super) fn seal_page(&self, caller: &Caller, kind: &Kind, onward: &Onward) -> Result<String, Refusal> {
        let plain = serde_json::to_vec(onward).map_err(|_| Refusal::internal())?;
        let key = self.vault.site_key(&caller.site_id);
        Ok(URL_SAFE_NO_PAD.encode(self.vault.seal(&key, &label(caller, kind), &plain).0))
    }

    /// Opens a `_page` that this caller was given for this kind. Anything else is refused alike.
    pub(super) fn open_page(&self, caller: &Caller, kind: &Kind, token: &str) -> Result<Onward, Refusal> {
        let key = self.vault.site_key(&caller.site_id);
        URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|sealed| self.vault.unseal(&key, &label(caller, kind), &Sealed(sealed)).ok())
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or_else(|| {
                Refusal::new(
                    Refused::BadRequest,
                    "value",
                    "_page",
                    "Follow the link `next` of a page that you were given, as it is.",
                )
            })
    }
}

fn label(caller: &Caller, kind: &Kind) -> String {
    format!("page:{}:{}", caller.partner_id, kind.name)
}
