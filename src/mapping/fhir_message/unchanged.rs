//! A message that says a referral anew tells by `meta.lastUpdated` which of its resources have changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::mapping::{frame::Mapped, render::FHIR_JSON};

/// Gives each resource of a FHIR message that the `earlier` one holds word for word, under the same fullUrl, the time
/// that it had there. A form that is not FHIR stays as it is.
pub fn keep_times(mapped: &mut Mapped, earlier: &Value) {
    if mapped.content_type != FHIR_JSON {
        return;
    }
    let Ok(mut message) = serde_json::from_slice::<Value>(&mapped.body) else { return };
    let Some(entries) = message.get_mut("entry").and_then(Value::as_array_mut) else { return };
    let mut kept_at = BTreeSet::new();
    for (index, entry) in entries.iter_mut().enumerate() {
        let Some(before) = resource_of(earlier, entry.get("fullUrl")) else { continue };
        let Some(now) = entry.get_mut("resource") else { continue };
        let Some(kept) = before.pointer("/meta/lastUpdated") else { continue };
        if timeless(now) != timeless(before) {
            continue;
        }
        let Some(time) = now.pointer_mut("/meta/lastUpdated") else { continue };
        time.clone_from(kept);
        kept_at.insert(format!("body#/entry/{index}/resource/meta/lastUpdated"));
    }
    mapped.lineage.come_from_frame(&kept_at, "earlier");
    mapped.body = message.to_string().into_bytes();
}

fn resource_of<'v>(message: &'v Value, full_url: Option<&Value>) -> Option<&'v Value> {
    let entries = message.get("entry")?.as_array()?;
    entries.iter().find(|entry| entry.get("fullUrl") == full_url)?.get("resource")
}

/// A resource without the time of its own last change.
fn timeless(resource: &Value) -> Value {
    let mut resource = resource.clone();
    if let Some(time) = resource.pointer_mut("/meta/lastUpdated") {
        *time = json!(null);
    }
    resource
}
