//! What kind of service an agency is, beside its kind: rows of data (`profiles/health/services.json`), so that a
//! further kind of service needs no program.
//!
//! Not here: what a message says of it (`mapping`).

use std::sync::LazyLock;

use serde::Deserialize;

use super::{AgencyKind, Partner};

/// The rows, as text: what made a message is named by its content.
pub const TEXT: &str = include_str!("../../profiles/health/services.json");

static TABLE: LazyLock<Table> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "$comment")]
    _comment: String,
    services: Vec<Service>,
    reasons: Vec<Reason>,
}

/// A kind of service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The word for it in a directory list, and its code in our code system of health services.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The kinds of agency that may be it.
    pub kinds: Vec<AgencyKind>,
    /// The kind of agency that is it unless the directory says otherwise.
    pub implied_by: Option<AgencyKind>,
    /// SNOMED CT, from UK Core's care settings.
    pub setting: Option<Coded>,
    /// The team type of MHSDS, where it has one.
    pub team: Option<Coded>,
    /// UK Core's practice setting.
    pub specialty: Option<Coded>,
    /// What is told to it before everything else, of what may leave.
    #[serde(default)]
    pub first: Vec<First>,
}

/// A code with its published text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// Its text.
    pub display: String,
}

/// A place of the assessment, and the words before what stands there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// JSON pointer into the assessment.
    pub at: String,
    /// The words.
    pub say: String,
}

/// The reason for referral of MHSDS that says the same as a need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    need: String,
    /// The code.
    pub code: String,
    /// Its text.
    pub display: String,
}

/// The words that an agency of `kind` may have.
#[must_use]
pub fn words(kind: AgencyKind) -> Vec<&'static str> {
    let rows = TABLE.services.iter().filter(|service| service.kinds.contains(&kind));
    rows.map(|service| service.name.as_str()).collect()
}

/// What kind of service `partner` is; `None` where nobody said it and its kind does not.
#[must_use]
pub fn of(partner: &Partner) -> Option<&'static Service> {
    let is_it = |service: &&Service| match &partner.service {
        Some(named) => *named == service.name && service.kinds.contains(&partner.kind),
        None => service.implied_by == Some(partner.kind),
    };
    TABLE.services.iter().find(is_it)
}

/// The reason for referral that says the same as `need`, where there is one.
#[must_use]
pub fn reason(need: &str) -> Option<&'static Reason> {
    TABLE.reasons.iter().find(|reason| reason.need == need)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_rows_can_be_read_and_each_has_a_word_of_its_own() {
        let table: Table = serde_json::from_str(TEXT).unwrap();
        let words: BTreeSet<&str> = table.services.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(words.len(), table.services.len());
        for kind in AgencyKind::ALL {
            let implied = table.services.iter().filter(|service| service.implied_by == Some(kind));
            assert!(implied.clone().count() <= 1);
            assert!(implied.clone().all(|service| service.kinds.contains(&kind)));
        }
        assert_eq!(super::words(AgencyKind::HealthOther).len(), 6);
        assert_eq!(super::words(AgencyKind::Court), Vec::<&str>::new());
    }

    #[test]
    fn a_need_has_a_reason_only_where_the_list_has_the_same() {
        assert_eq!(reason("crisis").map(|reason| reason.code.as_str()), Some("18"));
        assert!(reason("mental-health").is_none(), "a need for help is no diagnosis");
    }
}
