//! Whom a message names as its sender. Who sends is known by keys before; what the message says must not be somebody
//! else.

use serde_json::Value;

use super::{array, entries, kind, names, resource, text};
use crate::{
    directory::Partner,
    mapping::address::{is_identified, is_spelt_as, of_the_same_list},
};

/// Where a message names its sender.
pub const SENDER: &str = "Bundle.entry[0].resource.sender";

/// What `MessageHeader.sender` says beside the keys that the message came under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The agency whose keys they are.
    Same,
    /// Another one.
    Another,
    /// Nobody by an identifier that can be compared with those of the directory.
    Unknown,
}

/// Compares the Organization that `bundle` names as its sender with `caller`, one of `partners`.
#[must_use]
pub fn sender_of(bundle: &Value, caller: &Partner, partners: &[Partner]) -> Sender {
    let Some(sender) = bundle.pointer("/entry/0/resource/sender") else { return Sender::Unknown };
    let reference = text(sender, "/reference").unwrap_or_default();
    let is_meant = |entry: &&&Value| kind(resource(entry)) == "Organization" && names(reference, entry);
    let all = entries(bundle);
    let found = all.iter().find(is_meant).map_or(&[][..], |entry| array(resource(entry), "/identifier"));
    let identifiers: Vec<(&str, &str)> = sender
        .get("identifier")
        .into_iter()
        .chain(found)
        .filter_map(|one| Some((text(one, "/system")?, text(one, "/value")?)))
        .collect();
    let (own, rest): (Vec<_>, Vec<_>) =
        identifiers.into_iter().partition(|(system, value)| is_identified(caller, system, value));
    // A system that is spelt otherwise is good enough for a "no", and so is another agency's identifier beside one's own.
    let others = || partners.iter().filter(|partner| partner.partner_id != caller.partner_id);
    let another = rest.iter().any(|(system, value)| {
        others().any(|other| is_spelt_as(other, system, value))
            || own.is_empty() && of_the_same_list(caller, system) && !is_spelt_as(caller, system, value)
    });
    match (another, own.is_empty()) {
        (true, _) => Sender::Another,
        (false, false) => Sender::Same,
        (false, true) => Sender::Unknown,
    }
}
