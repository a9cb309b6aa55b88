//! A record of processing for an agreement of a test, as the fixtures have it.

use std::collections::BTreeMap;

use keyway::directory::{AgencyKind, Audience, ProcessingRecord, import};
use serde_json::{Map, Value, json};

/// As it stands in a list: the record of what flows to such an agency.
pub(crate) fn listed_record(kind: AgencyKind) -> Value {
    let records: BTreeMap<String, Map<String, Value>> =
        serde_json::from_str(include_str!("../../fixtures/processing-records.json")).unwrap();
    let of = |audience: Audience| records.get(audience.as_str()).cloned().unwrap();
    let mut record = of(kind.audience().unwrap_or(Audience::Health));
    if kind.audience().is_none() {
        record.insert(String::from("data_classes"), json!([]));
    }
    Value::Object(record)
}

/// As an agreement holds it.
pub(crate) fn processing_record(kind: AgencyKind) -> Option<ProcessingRecord> {
    let (listing, _) = import::read_value("records", &json!([{"record": listed_record(kind)}]));
    let record = listing.agreements.into_iter().next().and_then(|one| one.record);
    assert!(record.is_some(), "the fixture's record for {} is not whole", kind.as_str());
    record
}
