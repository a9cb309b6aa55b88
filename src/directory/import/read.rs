//! The form of a list: which fields, of which type, each problem with its place. What the fields mean together is
//! `check`'s.

use serde_json::{Map, Value};

use super::{ListedAgency, ListedAgreement, ListedCertificate, ListedEmergency, Listing, Place, Problem};
use crate::{
    clock::Moment,
    directory::{AgencyKind, Channel, LawfulBasis, PartnerStatus},
    fhir::json,
    ids::{AgreementId, PartnerId, SiteId},
};

/// Longest text in a list, in bytes.
const TEXT_MAX_BYTES: usize = 1_024;
/// What an id may be.
const ID: &str = "must be 1 to 64 letters, digits, '-', '.' or '_'";
/// Channels that a list may name. Guests have no certificate and are not entered.
const CHANNELS: [Channel; 3] = [Channel::FhirPush, Channel::EventPush, Channel::Mailbox];

/// Reads `bytes`, which came from `file`: an object with `agencies`, `agreements` or both, or an array of
/// agreements.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> (Listing, Vec<Problem>) {
    match json::parse(bytes) {
        Ok(value) => read_value(file, &value),
        Err(fault) => {
            let place = Place { file: file.to_owned(), path: fault.path };
            (Listing::default(), vec![Problem { place, text: fault.text }])
        }
    }
}

/// Reads a document that has been parsed.
#[must_use]
pub fn read_value(file: &str, value: &Value) -> (Listing, Vec<Problem>) {
    let mut reader = Reader { file, problems: Vec::new() };
    let listing = reader.listing(value);
    (listing, reader.problems)
}

/// An object of the file, with its pointer.
pub(super) struct Fields<'v> {
    pub(super) path: String,
    pub(super) map: &'v Map<String, Value>,
}

pub(super) struct Reader<'f> {
    file: &'f str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn place(&self, path: &str) -> Place {
        Place { file: self.file.to_owned(), path: path.to_owned() }
    }

    pub(super) fn add(&mut self, path: &str, text: impl Into<String>) {
        self.problems.push(Problem { place: self.place(path), text: text.into() });
    }

    fn listing(&mut self, value: &Value) -> Listing {
        let mut listing = Listing::default();
        if value.is_array() {
            listing.agreements = self.each("", value, Self::agreement);
            return listing;
        }
        let known = ["site_id", "site_name", "agencies", "agreements"];
        let Some(fields) = self.fields("", value, &known) else { return listing };
        if !fields.map.contains_key("agencies") && !fields.map.contains_key("agreements") {
            self.add("", "must hold `agencies`, `agreements` or both");
        }
        if let Some(site) = self.optional_text(&fields, "site_id") {
            match SiteId::parse(&site) {
                Some(site) => listing.sites.push((self.place("/site_id"), site)),
                None => self.add("/site_id", ID),
            }
        }
        listing.site_name = self.optional_text(&fields, "site_name");
        if let Some(value) = fields.map.get("agencies") {
            listing.agencies = self.each("/agencies", value, Self::agency);
        }
        if let Some(value) = fields.map.get("agreements") {
            listing.agreements = self.each("/agreements", value, Self::agreement);
        }
        listing
    }

    fn agency(&mut self, path: &str, value: &Value) -> Option<ListedAgency> {
        let known = [
            "id",
            "kind",
            "name",
            "short",
            "organisation_code",
            "channel",
            "endpoint",
            "client_id",
            "certificate_file",
            "certificate_sha256",
            "jwks",
            "status",
            "forgives",
            "service",
        ];
        let f = self.fields(path, value, &known)?;
        Some(ListedAgency {
            place: self.place(path),
            id: self.id(&f, "id", PartnerId::parse),
            kind: self.word(&f, "kind", &AgencyKind::ALL, AgencyKind::as_str),
            name: self.text(&f, "name"),
            short: self.optional_text(&f, "short"),
            organisation_code: self.organisation_code(&f),
            channel: self.word(&f, "channel", &CHANNELS, Channel::as_str),
            endpoint: self.optional_text(&f, "endpoint"),
            client_id: self.client_id(&f),
            certificate: self.certificate(&f),
            jwks: f.map.get("jwks").filter(|v| !v.is_null()).cloned(),
            status: self.status(&f),
            forgives: self.forgives(&f),
            service: self.service(&f),
        })
    }

    fn agreement(&mut self, path: &str, value: &Value) -> Option<ListedAgreement> {
        let known = [
            "agreement_id",
            "partner",
            "purposes",
            "valid_from",
            "valid_to",
            "basis",
            "emergency",
            "dpia_reference",
            "record",
        ];
        let f = self.fields(path, value, &known)?;
        Some(ListedAgreement {
            place: self.place(path),
            agreement_id: self.id(&f, "agreement_id", AgreementId::parse),
            partner: self.id(&f, "partner", PartnerId::parse),
            purposes: self.texts(&f, "purposes"),
            valid_from: self.moment(&f, "valid_from"),
            valid_to: self.moment(&f, "valid_to"),
            basis: self.basis(&f),
            emergency: self.emergency(&f),
            dpia_reference: self.text(&f, "dpia_reference"),
            record: self.record(&f),
        })
    }

    fn emergency(&mut self, f: &Fields<'_>) -> Option<ListedEmergency> {
        let value = f.map.get("emergency").filter(|v| !v.is_null())?;
        let inner = self.fields(&format!("{}/emergency", f.path), value, &["blocks", "basis"])?;
        Some(ListedEmergency { blocks: self.texts(&inner, "blocks"), basis: self.basis(&inner) })
    }

    fn basis(&mut self, f: &Fields<'_>) -> Option<LawfulBasis> {
        let value = self.required(f, "basis")?;
        let known = ["data_protection", "power", "confidentiality"];
        let inner = self.fields(&format!("{}/basis", f.path), value, &known)?;
        let data_protection = self.text(&inner, "data_protection");
        let power = self.text(&inner, "power");
        let confidentiality = self.text(&inner, "confidentiality");
        Some(LawfulBasis {
            data_protection: data_protection?,
            power: power?,
            confidentiality: confidentiality?,
        })
    }

    fn organisation_code(&mut self, f: &Fields<'_>) -> Option<String> {
        let text = self.text(f, "organisation_code")?;
        let whole = text.split_once('|').is_some_and(|(system, code)| !system.is_empty() && !code.is_empty());
        if whole {
            return Some(text);
        }
        self.add(
            &format!("{}/organisation_code", f.path),
            "must be system|value, as in https://fhir.nhs.uk/Id/ods-organization-code|ZZ901",
        );
        None
    }

    fn client_id(&mut self, f: &Fields<'_>) -> Option<String> {
        let text = self.optional_text(f, "client_id")?;
        // What begins so is an officer's, who is no agency.
        if text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic()) && !text.starts_with("officer:") {
            return Some(text);
        }
        self.add(
            &format!("{}/client_id", f.path),
            "must be 1 to 128 visible ASCII characters, no space, not beginning with officer:",
        );
        None
    }

    fn certificate(&mut self, f: &Fields<'_>) -> Option<ListedCertificate> {
        let file = self.optional_text(f, "certificate_file");
        let sha256 = self.optional_text(f, "certificate_sha256");
        match (file, sha256) {
            (Some(_), Some(_)) => {
                self.add(&f.path, "has both certificate_file and certificate_sha256; give one of them");
                Some(ListedCertificate::Wrong)
            }
            (Some(file), None) => Some(ListedCertificate::File(file)),
            (None, Some(text)) => Some(fingerprint(&text).map_or_else(
                || {
                    self.add(
                        &format!("{}/certificate_sha256", f.path),
                        "must be the SHA-256 of the certificate: 64 hexadecimal digits, with or without colons",
                    );
                    ListedCertificate::Wrong
                },
                ListedCertificate::Sha256,
            )),
            (None, None) => None,
        }
    }

    fn status(&mut self, f: &Fields<'_>) -> Option<PartnerStatus> {
        f.map.get("status").filter(|v| !v.is_null())?;
        let known = [PartnerStatus::Active, PartnerStatus::Suspended];
        self.word(f, "status", &known, PartnerStatus::as_str)
    }

    /// An empty list is one too: it takes back what was forgiven.
    fn forgives(&mut self, f: &Fields<'_>) -> Option<Vec<String>> {
        let value = f.map.get("forgives").filter(|v| !v.is_null())?;
        Some(self.each(&format!("{}/forgives", f.path), value, Self::checked_text))
    }

    /// An empty text takes back what was said.
    fn service(&mut self, f: &Fields<'_>) -> Option<String> {
        let value = f.map.get("service").filter(|v| !v.is_null())?;
        if value.as_str() == Some("") {
            return Some(String::new());
        }
        self.checked_text(&format!("{}/service", f.path), value)
    }

    pub(super) fn moment(&mut self, f: &Fields<'_>, name: &str) -> Option<Moment> {
        let text = self.text(f, name)?;
        let moment = Moment::from_rfc3339(&text);
        if moment.is_none() {
            self.add(&format!("{}/{name}", f.path), "must be a moment, as in 2026-04-01T00:00:00Z");
        }
        moment
    }

    fn id<T>(&mut self, f: &Fields<'_>, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(f, name)?;
        let id = parse(&text);
        if id.is_none() {
            self.add(&format!("{}/{name}", f.path), ID);
        }
        id
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        f: &Fields<'_>,
        name: &str,
        known: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(f, name)?;
        let word = known.iter().copied().find(|word| as_str(*word) == text);
        if word.is_none() {
            let words: Vec<&str> = known.iter().map(|word| as_str(*word)).collect();
            self.add(&format!("{}/{name}", f.path), format!("must be one of {}", words.join(", ")));
        }
        word
    }

    pub(super) fn text(&mut self, f: &Fields<'_>, name: &str) -> Option<String> {
        let value = self.required(f, name)?;
        self.checked_text(&format!("{}/{name}", f.path), value)
    }

    pub(super) fn optional_text(&mut self, f: &Fields<'_>, name: &str) -> Option<String> {
        let value = f.map.get(name).filter(|v| !v.is_null())?;
        self.checked_text(&format!("{}/{name}", f.path), value)
    }

    pub(super) fn texts(&mut self, f: &Fields<'_>, name: &str) -> Option<Vec<String>> {
        let path = format!("{}/{name}", f.path);
        let value = self.required(f, name)?;
        let before = self.problems.len();
        let texts = self.each(&path, value, Self::checked_text);
        if value.as_array().is_some_and(Vec::is_empty) {
            self.add(&path, "must hold at least one");
        }
        (self.problems.len() == before).then_some(texts)
    }

    pub(super) fn checked_text(&mut self, path: &str, value: &Value) -> Option<String> {
        let text = value.as_str().filter(|text| {
            !text.trim().is_empty() && text.len() <= TEXT_MAX_BYTES && !text.contains(char::is_control)
        });
        if text.is_none() {
            self.add(path, format!("must be a text of 1 to {TEXT_MAX_BYTES} bytes, no control characters"));
        }
        text.map(str::to_owned)
    }

    pub(super) fn required<'v>(&mut self, f: &Fields<'v>, name: &str) -> Option<&'v Value> {
        let value = f.map.get(name).filter(|v| !v.is_null());
        if value.is_none() {
            self.add(&format!("{}/{name}", f.path), "is missing");
        }
        value
    }

    pub(super) fn each<T>(
        &mut self,
        path: &str,
        value: &Value,
        mut one: impl FnMut(&mut Self, &str, &Value) -> Option<T>,
    ) -> Vec<T> {
        let Some(items) = value.as_array() else {
            self.add(path, "must be an array");
            return Vec::new();
        };
        let items = items.iter().enumerate();
        items.filter_map(|(at, item)| one(self, &format!("{path}/{at}"), item)).collect()
    }

    pub(super) fn fields<'v>(&mut self, path: &str, value: &'v Value, known: &[&str]) -> Option<Fields<'v>> {
        let Some(map) = value.as_object() else {
            self.add(path, "must be an object");
            return None;
        };
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            self.add(&format!("{path}/{escaped}"), format!("is no field; known: {}", known.join(", ")));
        }
        Some(Fields { path: path.to_owned(), map })
    }
}

/// `AB:CD…` or `abcd…` as lower-case hex.
fn fingerprint(text: &str) -> Option<String> {
    let digits = text.replace(':', "").to_ascii_lowercase();
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
}
