//! Whether what the lists say fits together, and with what is entered already.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Change, Enrolment, ListedAgency, ListedAgreement, ListedCertificate, ListedEmergency, Listing, Place,
    Problem,
};
use crate::{
    directory::{
        AgencyKind, Agreement, Audience, Channel, EmergencyRow, Flow, Partner, PartnerStatus, service,
    },
    ids::SiteId,
};

/// Blocks that tell of proceedings: article 10 of the UK GDPR asks for a condition too.
const OF_PROCEEDINGS: [&str; 3] = ["pathway", "legal-status", "offence"];

/// Tells the SHA-256 (lower-case hex) of the certificate in the PEM file that stands in a list, or what is wrong
/// with it. Takes the list and the file's name.
pub type Fingerprint<'a> = dyn Fn(&str, &str) -> Result<String, String> + 'a;

/// What the lists are held against.
pub struct Known<'a> {
    /// The tenant that this gateway serves.
    pub site_id: &'a SiteId,
    /// The agencies that are entered.
    pub partners: &'a [Partner],
    /// The agreements that are entered, in their latest versions.
    pub agreements: &'a [Agreement],
    /// Blocks that may leave to each audience.
    pub blocks: &'a BTreeMap<Audience, Leaving>,
    /// What can be forgiven to an agency, by name.
    pub tolerances: &'a [&'a str],
    /// Reads certificates.
    pub fingerprint: &'a Fingerprint<'a>,
}

/// Which blocks of the disclosure table may leave to an audience.
#[derive(Debug, Default)]
pub struct Leaving {
    /// At all.
    pub ever: Vec<String>,
    /// Under an override.
    pub under_override: Vec<String>,
}

/// What is to be entered for `listing`, and every problem. Where there is one, nothing may be entered.
#[must_use]
pub fn check(listing: &Listing, known: &Known<'_>) -> (Enrolment, Vec<Problem>) {
    let mut checker = Checker { listing, known, problems: Vec::new() };
    for (place, site) in &listing.sites {
        if site != known.site_id {
            checker.add(place, "", "is not the site of the settings (site.id)");
        }
    }
    checker.repeated_ids();
    let mut enrolment = Enrolment::default();
    let mut places = Vec::new();
    for agency in &listing.agencies {
        if let Some(partner) = checker.partner(agency) {
            places.push(&agency.place);
            enrolment.partners.push(partner);
        }
    }
    checker.shared_identities(&enrolment.partners, &places);
    for agreement in &listing.agreements {
        enrolment.agreements.extend(checker.agreement(agreement));
    }
    (enrolment, checker.problems)
}

struct Checker<'a> {
    listing: &'a Listing,
    known: &'a Known<'a>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn add(&mut self, place: &Place, field: &str, text: impl Into<String>) {
        let place = Place { file: place.file.clone(), path: format!("{}{field}", place.path) };
        self.problems.push(Problem { place, text: text.into() });
    }

    fn repeated_ids(&mut self) {
        let listing = self.listing;
        for (at, agency) in listing.agencies.iter().enumerate() {
            let earlier = listing.agencies.iter().take(at).find(|a| a.id.is_some() && a.id == agency.id);
            if let Some(earlier) = earlier {
                self.add(&agency.place, "/id", format!("is the id of {} too", shown(&earlier.place)));
            }
        }
        for (at, one) in listing.agreements.iter().enumerate() {
            let mut before = listing.agreements.iter().take(at);
            let same = |a: &&ListedAgreement| a.agreement_id.is_some() && a.agreement_id == one.agreement_id;
            if let Some(earlier) = before.find(same) {
                self.add(&one.place, "/agreement_id", format!("is the id of {} too", shown(&earlier.place)));
            }
        }
    }

    fn partner(&mut self, agency: &ListedAgency) -> Option<(Partner, Change)> {
        self.reachable(agency);
        let certificate_sha256 = self.certificate(agency);
        let jwks = self.jwks(agency);
        let id = agency.id.as_ref()?;
        let entered = self.known.partners.iter().find(|p| p.partner_id == *id);
        let partner = Partner {
            site_id: self.known.site_id.clone(),
            partner_id: id.clone(),
            kind: agency.kind?,
            name: agency.name.clone()?,
            organisation_code: agency.organisation_code.clone()?,
            channel: agency.channel?,
            endpoint: agency.endpoint.clone(),
            // Another one than it has would lock it out: a list that says nothing about it changes nothing.
            client_id: agency
                .client_id
                .clone()
                .or_else(|| entered.map(|p| p.client_id.clone()))
                .unwrap_or_else(|| id.to_string()),
            certificate_sha256: certificate_sha256?,
            jwks: jwks?,
            // A list that says nothing about it must not wake up a partner that somebody suspended.
            status: agency.status.or(entered.map(|p| p.status)).unwrap_or(PartnerStatus::Active),
            forgives: self.forgives(agency, entered),
            service: self.service(agency, entered),
            version: entered.map_or(1, |p| p.version),
        };
        let change = match entered {
            None => Change::New,
            Some(entered) if *entered == partner => Change::Unchanged,
            Some(_) => Change::Changed,
        };
        Some((partner, change))
    }

    /// Names of the closed list, sorted and each once. Like its status, what is forgiven to an agency stands until a
    /// list says otherwise.
    fn forgives(&mut self, agency: &ListedAgency, entered: Option<&Partner>) -> Vec<String> {
        let Some(listed) = &agency.forgives else {
            return entered.map(|partner| partner.forgives.clone()).unwrap_or_default();
        };
        for (at, name) in listed.iter().enumerate() {
            if !self.known.tolerances.contains(&name.as_str()) {
                let text = format!("must be one of {}", self.known.tolerances.join(", "));
                self.add(&agency.place, &format!("/forgives/{at}"), text);
            }
        }
        let mut forgives = listed.clone();
        forgives.sort();
        forgives.dedup();
        forgives
    }

    /// A word that the kind of agency may have. Like its status, it stands until a list says otherwise, or makes it
    /// another kind of agency.
    fn service(&mut self, agency: &ListedAgency, entered: Option<&Partner>) -> Option<String> {
        let kind = agency.kind?;
        let Some(listed) = &agency.service else {
            return entered
                .filter(|partner| partner.kind == kind)
                .and_then(|partner| partner.service.clone());
        };
        let words = service::words(kind);
        if listed.is_empty() {
            return None;
        }
        if !words.contains(&listed.as_str()) {
            let text = if words.is_empty() {
                format!("must be left out: no kind of service is told apart for {}", kind.as_str())
            } else {
                format!("must be one of {} for {}", words.join(", "), kind.as_str())
            };
            self.add(&agency.place, "/service", text);
        }
        Some(listed.clone())
    }

    fn reachable(&mut self, agency: &ListedAgency) {
        match (agency.channel, &agency.endpoint) {
            (Some(Channel::FhirPush | Channel::EventPush), None) => {
                self.add(&agency.place, "/endpoint", "is missing: messages are pushed to it");
            }
            (Some(Channel::FhirPush | Channel::EventPush), Some(endpoint)) if !is_https(endpoint) => {
                let text =
                    "must be https://host, with a port and path or without; no user, query or fragment";
                self.add(&agency.place, "/endpoint", text);
            }
            (Some(Channel::Mailbox | Channel::Guest), Some(_)) => {
                self.add(
                    &agency.place,
                    "/endpoint",
                    "must be left out: this agency collects from its mailbox",
                );
            }
            _ => {}
        }
        let audience = agency.kind.and_then(AgencyKind::audience);
        if agency.channel == Some(Channel::FhirPush) && audience.is_some_and(|a| a != Audience::Health) {
            let text = "must be event-push or mailbox: FHIR messages are for health services";
            self.add(&agency.place, "/channel", text);
        }
    }

    fn certificate(&mut self, agency: &ListedAgency) -> Option<String> {
        match agency.certificate.as_ref() {
            Some(ListedCertificate::Sha256(digits)) => Some(digits.clone()),
            Some(ListedCertificate::File(file)) => {
                let read = (self.known.fingerprint)(&agency.place.file, file);
                read.map_err(|text| self.add(&agency.place, "/certificate_file", text)).ok()
            }
            Some(ListedCertificate::Wrong) => None,
            None => {
                let text = "has no certificate: give certificate_file (PEM) or certificate_sha256";
                self.add(&agency.place, "", text);
                None
            }
        }
    }

    fn jwks(&mut self, agency: &ListedAgency) -> Option<String> {
        let Some(set) = agency.jwks.as_ref() else { return Some(String::new()) };
        let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let public = |key: &Value| {
            let kid = key.get("kid").and_then(Value::as_str).is_some_and(|kid| !kid.is_empty());
            kid && key.get("kty").is_some_and(|kty| kty != "oct") && key.get("d").is_none()
        };
        if keys.is_empty() || !keys.iter().all(public) {
            let text = "must be a JWK set: {\"keys\": […]} with at least one key, each public and with a kid";
            self.add(&agency.place, "/jwks", text);
            return None;
        }
        Some(set.to_string())
    }

    /// One certificate, and one client id, belong to one agency: who calls must be one of them and no other.
    fn shared_identities(&mut self, partners: &[(Partner, Change)], places: &[&Place]) {
        let listed = || partners.iter().map(|(partner, _)| partner);
        let left_alone = |p: &&Partner| !listed().any(|l| l.partner_id == p.partner_id);
        for (at, (partner, place)) in listed().zip(places).enumerate() {
            let earlier =
                || listed().zip(places).take(at).filter(|(p, _)| p.partner_id != partner.partner_id);
            let entered = || self.known.partners.iter().filter(left_alone);
            let same_key = |p: &Partner| p.certificate_sha256 == partner.certificate_sha256;
            let same_client = |p: &Partner| p.client_id == partner.client_id;
            let holder = |same: &dyn Fn(&Partner) -> bool| {
                let listed = earlier().find(|(p, _)| same(p)).map(|(_, place)| shown(place));
                listed.or_else(|| {
                    entered().find(|p| same(p)).map(|p| format!("{}, entered already", p.partner_id))
                })
            };
            let (key_of, client_of) = (holder(&same_key), holder(&same_client));
            if let Some(other) = key_of {
                self.add(place, "", format!("has the same certificate as {other}"));
            }
            if let Some(other) = client_of {
                self.add(
                    place,
                    "/client_id",
                    format!("is the client id of {other} too (its id, when not given)"),
                );
            }
        }
    }

    fn agreement(&mut self, one: &ListedAgreement) -> Option<(Agreement, Change)> {
        if let (Some(from), Some(to)) = (one.valid_from, one.valid_to)
            && from >= to
        {
            self.add(&one.place, "/valid_to", "must be later than valid_from");
        }
        let entered =
            self.known.agreements.iter().find(|a| Some(&a.agreement_id) == one.agreement_id.as_ref());
        if let (Some(entered), Some(partner)) = (entered, &one.partner)
            && entered.partner_id != *partner
        {
            let text = format!(
                "is the id of an agreement with {}; a new agreement takes a new id",
                entered.partner_id
            );
            self.add(&one.place, "/agreement_id", text);
        }
        let kind = self.kind_of_partner(one);
        if let Some(row) = &one.emergency {
            self.emergency(one, row, kind);
        }
        self.data_classes(one, kind);
        self.bases(one);
        let emergency = match &one.emergency {
            None => None,
            Some(row) => Some(EmergencyRow { blocks: row.blocks.clone()?, basis: row.basis.clone()? }),
        };
        let mut agreement = Agreement {
            site_id: self.known.site_id.clone(),
            agreement_id: one.agreement_id.clone()?,
            partner_id: one.partner.clone()?,
            version: entered.map_or(1, |a| a.version),
            purposes: one.purposes.clone()?,
            valid_from: one.valid_from?,
            valid_to: one.valid_to?,
            basis: one.basis.clone()?,
            emergency,
            dpia_reference: one.dpia_reference.clone()?,
            record: Some(one.record.clone()?),
        };
        let change = match entered {
            None => Change::New,
            Some(entered) if *entered == agreement => Change::Unchanged,
            Some(_) => {
                agreement.version += 1;
                Change::Changed
            }
        };
        Some((agreement, change))
    }

    /// What the agreement's partner is. `None`: unknown, or listed with a wrong kind; both are reported.
    fn kind_of_partner(&mut self, one: &ListedAgreement) -> Option<AgencyKind> {
        let partner = one.partner.as_ref()?;
        if let Some(listed) = self.listing.agencies.iter().find(|a| a.id.as_ref() == Some(partner)) {
            return listed.kind;
        }
        let entered = self.known.partners.iter().find(|p| p.partner_id == *partner);
        if entered.is_none() {
            self.add(&one.place, "/partner", "is no agency of these files, and none that is entered");
        }
        entered.map(|p| p.kind)
    }

    fn emergency(&mut self, one: &ListedAgreement, row: &ListedEmergency, kind: Option<AgencyKind>) {
        let Some(kind) = kind else { return };
        let Some(allowed) =
            kind.audience().and_then(|a| self.known.blocks.get(&a)).map(|leaving| &leaving.under_override)
        else {
            self.add(
                &one.place,
                "/emergency",
                format!("must be null: nothing leaves to a {}", kind.as_str()),
            );
            return;
        };
        let blocks = row.blocks.as_deref().unwrap_or_default();
        self.each_of(one, "/emergency/blocks", blocks, allowed, "that may leave under an override");
        let classes = one.record.as_ref().map(|record| &record.data_classes);
        for (at, block) in blocks.iter().enumerate() {
            if classes.is_some_and(|classes| allowed.contains(block) && !classes.contains(block)) {
                let field = format!("/emergency/blocks/{at}");
                self.add(&one.place, &field, "must stand in record/data_classes too: it may flow");
            }
        }
    }

    /// What may flow is what the audience's table lets leave, or less.
    fn data_classes(&mut self, one: &ListedAgreement, kind: Option<AgencyKind>) {
        let (Some(record), Some(kind)) = (&one.record, kind) else { return };
        let leaving = kind.audience().and_then(|audience| self.known.blocks.get(&audience));
        let classes = &record.data_classes;
        match leaving {
            None if !classes.is_empty() => {
                let text = format!("must be empty: nothing leaves to a {}", kind.as_str());
                self.add(&one.place, "/record/data_classes", text);
            }
            Some(leaving) if classes.is_empty() => {
                let text = format!("must hold at least one of {}", leaving.ever.join(", "));
                self.add(&one.place, "/record/data_classes", text);
            }
            Some(leaving) => {
                let what = format!("that may leave to a {}", kind.as_str());
                self.each_of(one, "/record/data_classes", classes, &leaving.ever, &what);
                let needed = NEEDED.iter().filter(|block| leaving.ever.iter().any(|open| open == *block));
                let lacking: Vec<&str> =
                    needed.copied().filter(|block| !classes.iter().any(|class| class == block)).collect();
                if !lacking.is_empty() {
                    let text = format!("no message can be made without {}", lacking.join(", "));
                    self.add(&one.place, "/record/data_classes", text);
                }
            }
            None => {}
        }
    }

    /// Each of `blocks`, which stand at `field`, is one of `allowed`, and stands there once.
    fn each_of(
        &mut self,
        one: &ListedAgreement,
        field: &str,
        blocks: &[String],
        allowed: &[String],
        what: &str,
    ) {
        for (at, block) in blocks.iter().enumerate() {
            let field = format!("{field}/{at}");
            if !allowed.contains(block) {
                self.add(&one.place, &field, format!("must be a block {what}: {}", allowed.join(", ")));
            } else if blocks.iter().take(at).any(|b| b == block) {
                self.add(&one.place, &field, "stands there twice");
            }
        }
    }

    /// Whether both lawful bases answer what such a flow asks.
    fn bases(&mut self, one: &ListedAgreement) {
        let Some(record) = &one.record else { return };
        let flow = Flow {
            by_authority: record.public_authority,
            of_proceedings: of_proceedings(&record.data_classes),
            has_policy_document: record.policy_document.is_some(),
            not_asked: false,
        };
        let emergency = one.emergency.as_ref().and_then(|row| {
            let of_proceedings = of_proceedings(row.blocks.as_deref().unwrap_or_default());
            Some(("/emergency/basis", row.basis.as_ref()?, Flow { not_asked: true, of_proceedings, ..flow }))
        });
        let both = one.basis.as_ref().map(|basis| ("/basis", basis, flow)).into_iter().chain(emergency);
        for (at, basis, flow) in both {
            for (field, text) in basis.problems(flow) {
                self.add(&one.place, &format!("{at}/{field}"), text);
            }
        }
    }
}

/// Blocks without which an agency gets nothing that it could act on: of whom, on whose word, what is asked, and by whom.
const NEEDED: [&str; 4] = ["name", "own-consent", "request", "practitioner"];

fn of_proceedings(blocks: &[String]) -> bool {
    blocks.iter().any(|block| OF_PROCEEDINGS.contains(&block.as_str()))
}

/// Whether messages could be pushed there. The address itself is judged at each connection.
fn is_https(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("https://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority.get(after_bracket..).and_then(|tail| tail.rfind(':')) {
        Some(colon) => authority.split_at(after_bracket + colon),
        None => (authority, ""),
    };
    let port_fits = port.strip_prefix(':').is_none_or(|digits| digits.parse::<u16>().is_ok_and(|p| p > 0));
    let host_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'[' | b']' | b':');
    let plain = rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'@' | b'\\'));
    plain && port_fits && !host.is_empty() && host.bytes().all(host_byte)
}

fn shown(place: &Place) -> String {
    format!("{} {}", place.file, place.path)
}
