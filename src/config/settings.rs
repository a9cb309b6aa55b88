//! The settings as they stand in the file: texts and numbers, not yet checked.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) site: Site,
    pub(super) gateway: Gateway,
    pub(super) partners: Partners,
    pub(super) public: Public,
    pub(super) operators: Operators,
    pub(super) database: Database,
    pub(super) keys: Keys,
    pub(super) outbound: Outbound,
    pub(super) profiles: Profiles,
    pub(super) assessment: Assessment,
    pub(super) sites: Sites,
    pub(super) log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    pub(super) base_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Partners {
    pub(super) listen: String,
    pub(super) certificate_file: String,
    pub(super) key_file: String,
    pub(super) client_ca_file: String,
    pub(super) crl_file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Public {
    pub(super) listen: String,
    pub(super) certificate_file: String,
    pub(super) key_file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operators {
    pub(super) listen: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "they are the names in the file, and each is a file")]
pub(super) struct Keys {
    pub(super) key_encryption_key_file: String,
    pub(super) event_signing_key_file: String,
    pub(super) token_signing_key_file: String,
    pub(super) document_signing_key_file: String,
    pub(super) retired_document_keys_file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profiles {
    pub(super) packages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assessment {
    pub(super) tag_max: BTreeMap<String, i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sites {
    pub(super) folders: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outbound {
    pub(super) ca_file: String,
    pub(super) certificate_file: String,
    pub(super) key_file: String,
    pub(super) allow_loopback: bool,
    pub(super) retry_seconds: Vec<i64>,
    pub(super) attempts_max: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: String,
    pub(super) level: String,
}
