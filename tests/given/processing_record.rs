//! A record of processing for an agreement of a test, as the fixtures have it.

use keyway::directory::{AgencyKind, ProcessingRecord, import};
use serde_json::{Value, json};

/// As it stands in a list: the record of what flows to such an agency.
pub(crate) fn listed_record(kind: AgencyKind) -> Value {
    let records: Value =
        serde_json::from_str(include_str!("../../fixtures/processing-records.json")).unwrap();
    let Some(audience) = kind.audience() else {
        let mut record = records["health"].clone();
        record["data_classes"] = json!([]);
        return record;
    };
    records[audience.as_str()].clone()
}

/// As an agreement holds it.
pub(crate) fn processing_record(kind: AgencyKind) -> Option<ProcessingRecord> {
    let (listing, _) = import::read_value("records", &json!([{"record": listed_record(kind)}]));
    let record = listing.agreements.into_iter().next().and_then(|one| one.record);
    assert!(record.is_some(), "the fixture's record for {} is not whole", kind.as_str());
    record
}
