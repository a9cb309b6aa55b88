//! The record of processing in an agreement of a list: every field is there, or what is missing is told.

use super::read::{Fields, Reader};
use crate::directory::{Party, ProcessingRecord, Role};

impl Reader<'_> {
    /// Reads `record`; `None` where something is wrong with it, which is reported.
    pub(super) fn record(&mut self, agreement: &Fields<'_>) -> Option<ProcessingRecord> {
        let value = self.required(agreement, "record")?;
        let known = [
            "controller",
            "public_authority",
            "recipient",
            "recipient_role",
            "processor",
            "data_subjects",
            "data_classes",
            "source",
            "onward_recipients",
            "transfers",
            "retention_days",
            "security",
            "automated_decisions",
            "policy_document",
            "review_by",
        ];
        let f = self.fields(&format!("{}/record", agreement.path), value, &known)?;
        let controller = self.party(&f, "controller");
        let public_authority = self.yes_or_no(&f, "public_authority");
        let recipient = self.party(&f, "recipient");
        let recipient_role = self.word(&f, "recipient_role", &Role::ALL, Role::as_str);
        // Where it is there and wrong, that is reported, and nothing is entered.
        let processor =
            f.map.get("processor").filter(|v| !v.is_null()).and_then(|_| self.party(&f, "processor"));
        let data_subjects = self.texts(&f, "data_subjects");
        let data_classes = self.some_texts(&f, "data_classes");
        let source = self.text(&f, "source");
        let onward_recipients = self.some_texts(&f, "onward_recipients");
        let transfers = self.text(&f, "transfers");
        let retention_days = self.days(&f, "retention_days");
        let security = self.text(&f, "security");
        let automated_decisions = self.yes_or_no(&f, "automated_decisions");
        let policy_document = self.optional_text(&f, "policy_document");
        let review_by = self.moment(&f, "review_by");
        Some(ProcessingRecord {
            controller: controller?,
            public_authority: public_authority?,
            recipient: recipient?,
            recipient_role: recipient_role?,
            processor,
            data_subjects: data_subjects?,
            data_classes: data_classes?,
            source: source?,
            onward_recipients: onward_recipients?,
            transfers: transfers?,
            retention_days: retention_days?,
            security: security?,
            automated_decisions: automated_decisions?,
            policy_document,
            review_by: review_by?,
        })
    }

    fn party(&mut self, f: &Fields<'_>, name: &str) -> Option<Party> {
        let value = self.required(f, name)?;
        let known = ["name", "contact", "data_protection_officer"];
        let inner = self.fields(&format!("{}/{name}", f.path), value, &known)?;
        let (name, contact) = (self.text(&inner, "name"), self.text(&inner, "contact"));
        let data_protection_officer = self.optional_text(&inner, "data_protection_officer");
        Some(Party { name: name?, contact: contact?, data_protection_officer })
    }

    fn yes_or_no(&mut self, f: &Fields<'_>, name: &str) -> Option<bool> {
        let value = self.required(f, name)?.as_bool();
        if value.is_none() {
            self.add(&format!("{}/{name}", f.path), "must be true or false");
        }
        value
    }

    fn days(&mut self, f: &Fields<'_>, name: &str) -> Option<u16> {
        let days = self.required(f, name)?.as_u64().and_then(|days| u16::try_from(days).ok());
        let days = days.filter(|days| (1..=RETENTION_MAX_DAYS).contains(days));
        if days.is_none() {
            self.add(&format!("{}/{name}", f.path), format!("must be 1 to {RETENTION_MAX_DAYS} days"));
        }
        days
    }

    /// A list that may be empty and must be there.
    fn some_texts(&mut self, f: &Fields<'_>, name: &str) -> Option<Vec<String>> {
        let value = self.required(f, name)?;
        if value.as_array().is_some_and(Vec::is_empty) {
            return Some(Vec::new());
        }
        self.texts(f, name)
    }
}

/// Longest time for which what was sent is kept: ten years.
const RETENTION_MAX_DAYS: u16 = 3_653;
