//! Rows to begin with. All of it is made up.

use keyway::{
    clock::Moment,
    directory::{
        AgencyKind, Agreement, Audience, Channel, EmergencyRow, LawfulBasis, Nature, Partner, PartnerStatus,
    },
    exchange::{
        ports::{Store, Write},
        rows::{
            AttemptRow, AuditRow, ConsentRow, DecisionRow, EpisodeRow, MessageKind, MessageRow, NewDelivery,
            PersonRow, ReferralRow, Sealed,
        },
    },
    ids::{
        AgreementId, AttemptId, ConsentId, DecisionId, DeliveryId, DisclosureId, EntryId, EpisodeId,
        MessageId, PartnerId, PersonId, ReferralId, SiteId,
    },
    referral::State,
};

use crate::{engine::START, processing_record::processing_record};

pub(crate) fn site() -> SiteId {
    SiteId::parse("riverside").unwrap()
}

pub(crate) fn partner_id(slug: &str) -> PartnerId {
    PartnerId::parse(slug).unwrap()
}

pub(crate) fn person_id(name: &str) -> PersonId {
    PersonId::parse(&format!("person-{name}")).unwrap()
}

pub(crate) fn delivery_id(name: &str) -> DeliveryId {
    DeliveryId::parse(&format!("delivery-{name}")).unwrap()
}

pub(crate) fn message_id(name: &str) -> MessageId {
    MessageId::parse(&format!("message-{name}")).unwrap()
}

pub(crate) fn referral_id(person: &str, recipient: &str) -> ReferralId {
    ReferralId::parse(&format!("referral-{person}-{recipient}")).unwrap()
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed(text.as_bytes().to_vec())
}

fn basis() -> LawfulBasis {
    LawfulBasis {
        data_protection: String::from("6.1.e + 9.2.h"),
        power: String::from("NHSA06-s3"),
        confidentiality: String::from("CONSENT-EXPLICIT"),
    }
}

pub(crate) fn partner(slug: &str, channel: Channel) -> Partner {
    Partner {
        site_id: site(),
        partner_id: partner_id(slug),
        kind: AgencyKind::Cmht,
        name: format!("{slug} team"),
        organisation_code: String::from("https://fhir.nhs.uk/Id/ods-organization-code|XKW01"),
        channel,
        endpoint: (channel != Channel::Mailbox).then(|| format!("https://{slug}.example/fhir")),
        client_id: format!("client-{slug}"),
        certificate_sha256: "ab".repeat(32),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: Some(String::from("cmht")),
        version: 1,
    }
}

pub(crate) fn agreement(partner: &str, version: i64) -> Agreement {
    Agreement {
        site_id: site(),
        agreement_id: AgreementId::parse(&format!("agreement-{partner}")).unwrap(),
        partner_id: partner_id(partner),
        version,
        purposes: vec![String::from("TREAT"), String::from("COC")],
        valid_from: START.plus_seconds(-3_600),
        valid_to: START.plus_seconds(3_600),
        basis: basis(),
        emergency: Some(EmergencyRow { blocks: vec![String::from("risk-to-self")], basis: basis() }),
        dpia_reference: String::from("DPIA-7"),
        record: processing_record(AgencyKind::Cmht),
    }
}

pub(crate) fn person(name: &str) -> PersonRow {
    PersonRow {
        site_id: site(),
        person_id: person_id(name),
        wrapped_key: vec![1, 2, 3],
        consent_seq: 1,
        created_at: START,
    }
}

pub(crate) fn episode_id(person: &str) -> EpisodeId {
    EpisodeId::parse(&format!("episode-{person}")).unwrap()
}

pub(crate) fn episode(person: &str) -> EpisodeRow {
    EpisodeRow {
        site_id: site(),
        episode_id: episode_id(person),
        person_id: person_id(person),
        status: String::from("open"),
        opened_at: START,
    }
}

pub(crate) fn consent(person: &str, recipient: &str, version: i64) -> ConsentRow {
    ConsentRow {
        site_id: site(),
        consent_id: ConsentId::parse(&format!("consent-{person}-{recipient}")).unwrap(),
        version,
        person_id: person_id(person),
        recipient_id: partner_id(recipient),
        status: String::from("active"),
        recorded_by: String::from("riverside-ld"),
        recorded_at: START.plus_seconds(version),
        body: sealed("consent"),
    }
}

pub(crate) fn referral(person: &str, recipient: &str) -> ReferralRow {
    ReferralRow {
        site_id: site(),
        referral_id: referral_id(person, recipient),
        episode_id: episode_id(person),
        person_id: person_id(person),
        assessment_id: None,
        sender_id: partner_id("riverside-ld"),
        recipient_id: partner_id(recipient),
        nature: Nature::Referral,
        audience: Some(Audience::Health),
        channel: Channel::FhirPush,
        urgency: String::from("routine"),
        need: String::from("mental-health"),
        state: State::Queued,
        business_status: String::from("sent"),
        reason: String::from("consent-given"),
        receiver_note: Some(sealed("note")),
        withheld: sealed("withheld"),
        disclosure_id: Some(DisclosureId::parse(&format!("disclosure-{person}-{recipient}")).unwrap()),
        decision_id: None,
        review_due_at: Some(START.plus_seconds(72 * 3_600)),
        recall_answer: None,
        correlation_id: String::from("correlation-1"),
        messages: 1,
        on_behalf_of: None,
        in_answer_to: None,
        version: 1,
        created_at: START,
        updated_at: START,
        answer_by: START.plus_seconds(3_600),
    }
}

pub(crate) fn decision(person: &str, recipient: &str) -> DecisionRow {
    DecisionRow {
        site_id: site(),
        decision_id: DecisionId::parse(&format!("decision-{person}-{recipient}")).unwrap(),
        referral_id: referral_id(person, recipient),
        person_id: person_id(person),
        recipient_id: partner_id(recipient),
        exit: String::from("plan"),
        answer: String::from("permit"),
        reason: String::from("consent-given"),
        consent: Some((ConsentId::parse(&format!("consent-{person}-{recipient}")).unwrap(), 3)),
        agreement: Some((AgreementId::parse(&format!("agreement-{recipient}")).unwrap(), 1)),
        body: sealed("decision"),
        policy_version: String::from("0f1e2d3c"),
        consent_seq: 1,
        partner_version: 1,
        decided_at: START,
    }
}

pub(crate) fn message(name: &str, person: &str, recipient: &str) -> MessageRow {
    MessageRow {
        site_id: site(),
        message_id: message_id(name),
        kind: MessageKind::Disclosure,
        referral_id: referral_id(person, recipient),
        person_id: person_id(person),
        sender_id: partner_id("riverside-ld"),
        recipient_id: partner_id(recipient),
        decision_id: None,
        disclosure_id: Some(DisclosureId::parse(&format!("disclosure-{name}")).unwrap()),
        wire_id: format!("wire-{name}"),
        workflow: String::from("servicerequest-request"),
        content_type: String::from("application/fhir+json"),
        body_sha256: [7; 32],
        body: sealed("body"),
        detail: None,
        lineage: sealed("lineage"),
        mapping_version: String::from("1"),
        made_by: Some(String::from("{}")),
        frame: Some(Sealed(b"sealed frame".to_vec())),
        created_at: START,
    }
}

pub(crate) fn new_delivery(name: &str, person: &str, recipient: &str, channel: Channel) -> NewDelivery {
    NewDelivery {
        site_id: site(),
        delivery_id: delivery_id(name),
        message_id: message_id(name),
        referral_id: referral_id(person, recipient),
        recipient_id: partner_id(recipient),
        person_id: person_id(person),
        channel,
        not_before: START,
        created_at: START,
    }
}

/// An attempt that is called like its delivery.
pub(crate) fn attempt(name: &str, begun_at: Moment) -> AttemptRow {
    AttemptRow {
        site_id: site(),
        attempt_id: AttemptId::parse(&format!("attempt-{name}-{}", begun_at.0)).unwrap(),
        delivery_id: delivery_id(name),
        decision_id: None,
        begun_at,
        send_by: begun_at.plus_seconds(10),
        ended_at: None,
        outcome: String::new(),
        http_status: None,
    }
}

pub(crate) fn entry(name: &str, at: Moment) -> AuditRow {
    AuditRow {
        site_id: site(),
        entry_id: EntryId::parse(&format!("entry-{name}")).unwrap(),
        at,
        kind: "moved",
        person_id: None,
        referral_id: None,
        partner_id: None,
        leaf: format!("leaf of {name}").into_bytes(),
        content: None,
    }
}

/// A person with an episode and a referral to each of `recipients`.
pub(crate) async fn referred(store: &dyn Store, name: &str, recipients: &[&str]) {
    let mut writes = vec![Write::Person(person(name)), Write::Episode(episode(name))];
    writes.extend(recipients.iter().map(|recipient| Write::Referral(referral(name, recipient))));
    store.commit(writes, Vec::new()).await.unwrap();
}

/// A message with its delivery at the end of its lane. Both are called `name`.
pub(crate) fn sent(name: &str, person: &str, recipient: &str, channel: Channel) -> Vec<Write> {
    vec![
        Write::Message(message(name, person, recipient)),
        Write::Enqueue(new_delivery(name, person, recipient, channel)),
    ]
}

/// Commits [`sent`].
pub(crate) async fn send(store: &dyn Store, name: &str, person: &str, recipient: &str) {
    store.commit(sent(name, person, recipient, Channel::FhirPush), Vec::new()).await.unwrap();
}
