//! The rules of our messages that go through all their entries, each of which is asked of every message.

use serde_json::Value;

use super::entries;
use crate::profile::check::{fields::field, walk::Walk};

/// What a UUID is written in, as the lengths of its parts.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// `kw-msg-2`: sender and receivers of the header are organizations of this message.
pub(super) fn parties_are_here<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let organizations = addresses(bundle, &["Organization"]);
    parties(bundle).all(|party| refers_to(party, &organizations))
}

/// `kw-msg-4`: sender and receivers can be found in a directory.
pub(super) fn parties_have_identifiers<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let named: Vec<&str> = parties(bundle).filter_map(|party| field(party, "reference")?.as_str()).collect();
    entries(bundle)
        .filter(|entry| address(entry).is_some_and(|address| named.contains(&address)))
        .filter_map(|entry| field(entry, "resource"))
        .filter(|resource| kind(resource) == Some("Organization"))
        .all(|organization| {
            children(organization, "identifier").next().is_some() || has_beside(organization, "identifier")
        })
}

/// `kw-msg-5`: every subject, patient and beneficiary is the Patient of this message.
pub(super) fn is_of_one_person<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let people = addresses(bundle, &["Patient"]);
    entries(bundle)
        .filter_map(|entry| field(entry, "resource")?.as_object())
        .flat_map(|resource| {
            resource.iter().filter(|(name, _)| {
                matches!(name.as_str(), "subject" | "patient" | "for" | "subjectReference")
            })
        })
        .all(|(_, about)| each(about).all(|about| refers_to(about, &people)))
}

/// `kw-msg-6`: a Task is about the request of this message, and owned by one who is in it.
pub(super) fn tasks_stay_inside<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let tasks = || {
        let resources = entries(bundle).filter_map(|entry| field(entry, "resource"));
        resources.filter(|resource| kind(resource) == Some("Task"))
    };
    let (requests, owners) =
        (addresses(bundle, &["ServiceRequest"]), addresses(bundle, &["Organization", "HealthcareService"]));
    tasks().all(|task| {
        children(task, "focus").all(|focus| refers_to(focus, &requests))
            && children(task, "owner").all(|owner| refers_to(owner, &owners))
    })
}

/// `kw-ent-1`: the address of an entry is a UUID in lower case.
pub(super) fn address_is_a_uuid<'a>(_: &Walk<'a>, entry: &'a Value) -> bool {
    let is_right = |address: &Value| {
        address.as_str().and_then(|text| text.strip_prefix("urn:uuid:")).is_some_and(is_uuid)
    };
    let mut all = children(entry, "fullUrl").peekable();
    if all.peek().is_none() { !has_beside(entry, "fullUrl") } else { all.all(is_right) }
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_right = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    UUID.iter().all(|length| parts.next().is_some_and(|part| part.len() == *length && is_right(part)))
        && parts.next().is_none()
}

/// Whom the header names as sender and receivers.
fn parties(bundle: &Value) -> impl Iterator<Item = &Value> {
    let header = entries(bundle).next().and_then(|entry| field(entry, "resource"));
    header.filter(|header| kind(header) == Some("MessageHeader")).into_iter().flat_map(|header| {
        let receivers = children(header, "destination").flat_map(|one| children(one, "receiver"));
        children(header, "sender").chain(receivers)
    })
}

/// Where the resources of these types stand.
fn addresses<'v>(bundle: &'v Value, kinds: &[&str]) -> Vec<&'v str> {
    let of_kind =
        |entry: &&Value| field(entry, "resource").and_then(kind).is_some_and(|kind| kinds.contains(&kind));
    entries(bundle).filter(of_kind).filter_map(address).collect()
}

fn address(entry: &Value) -> Option<&str> {
    field(entry, "fullUrl")?.as_str()
}

fn kind(resource: &Value) -> Option<&str> {
    field(resource, "resourceType")?.as_str()
}

fn children<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    field(value, name).into_iter().flat_map(each)
}

/// One element, or each of a list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    }
    .iter()
    .filter(|item| !item.is_null())
}

/// Whether a reference, where it names anything, names one of these.
fn refers_to(reference: &Value, addresses: &[&str]) -> bool {
    let is_right = |to: &Value| to.as_str().is_some_and(|to| addresses.contains(&to));
    let mut all = children(reference, "reference").peekable();
    if all.peek().is_none() { !has_beside(reference, "reference") } else { all.all(is_right) }
}

/// Whether something stands beside a primitive: an extension is more than nothing, and names nothing.
fn has_beside(value: &Value, name: &str) -> bool {
    value.as_object().is_some_and(|fields| fields.keys().any(|key| key.strip_prefix('_') == Some(name)))
}
