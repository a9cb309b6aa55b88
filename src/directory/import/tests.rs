//! What a list may say, and that everything wrong with it is said at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Change, Enrolment, Known, Leaving, Problem, check, read, read_value};
use crate::clock::Moment;
use crate::{
    directory::{Agreement, Audience, Partner, PartnerStatus},
    ids::SiteId,
};

fn agency(id: &str, digit: &str) -> Value {
    json!({
        "id": id, "kind": "housing", "name": "Housing Options", "organisation_code": "system|1",
        "channel": "mailbox", "certificate_sha256": digit.repeat(64),
    })
}

fn agreement(partner: &str) -> Value {
    json!({
        "agreement_id": format!("dsa-{partner}"), "partner": partner, "purposes": ["COORDINATION"],
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z",
        "basis": {
            "data_protection": "6.1.e + 9.2.h + sch1.2", "power": "HA96-s213B", "confidentiality": "CONSENT-EXPLICIT",
        },
        "emergency": null, "dpia_reference": "DPIA-1", "record": record(),
    })
}

fn record() -> Value {
    json!({
        "controller": {"name": "A trust", "contact": "records@trust.example"},
        "public_authority": true,
        "recipient": {"name": "A council", "contact": "records@council.example"},
        "recipient_role": "controller",
        "data_subjects": ["people whom the service sees"],
        "data_classes": ["name", "housing", "request"],
        "source": "the person", "onward_recipients": [], "transfers": "none", "retention_days": 30,
        "security": "mutual TLS", "automated_decisions": false, "review_by": "2027-01-01T00:00:00Z",
    })
}

fn with(mut value: Value, name: &str, to: Value) -> Value {
    value[name] = to;
    value
}

fn held_against(partners: &[Partner], agreements: &[Agreement], value: &Value) -> (Enrolment, Vec<Problem>) {
    let (listing, mut problems) = read_value("list.json", value);
    let known = Known {
        site_id: &SiteId::parse("site-1").unwrap(),
        partners,
        agreements,
        tolerances: &["unknown-codes", "bars-code-case"],
        blocks: &BTreeMap::from([(
            Audience::Housing,
            Leaving {
                ever: ["name", "housing", "pathway", "request"].map(String::from).to_vec(),
                under_override: ["name", "pathway"].map(String::from).to_vec(),
            },
        )]),
        fingerprint: &|_, file| if file == "a.pem" { Ok("a".repeat(64)) } else { Err(String::from("no")) },
    };
    let (enrolment, further) = check(&listing, &known);
    problems.extend(further);
    (enrolment, problems)
}

fn problems(value: &Value) -> Vec<String> {
    held_against(&[], &[], value).1.iter().map(ToString::to_string).collect()
}

/// The pointers of what is wrong with one agency.
fn wrong(agency: &Value) -> Vec<String> {
    let found = held_against(&[], &[], &json!({"agencies": [agency]})).1;
    found.into_iter().map(|p| p.place.path.replace("/agencies/0", "")).collect()
}

#[test]
fn a_list_that_fits_is_entered_and_the_same_again_changes_nothing() {
    let list = json!({
        "site_id": "site-1", "site_name": "x",
        "agencies": [with(agency("a", "a"), "certificate_sha256", json!("AB:".repeat(31) + "AB"))],
        "agreements": [agreement("a")],
    });
    let (first, wrong) = held_against(&[], &[], &list);
    assert_eq!(wrong, vec![]);
    let (partner, change) = first.partners[0].clone();
    assert_eq!((change, partner.client_id.as_str()), (Change::New, "a"));
    assert_eq!(partner.certificate_sha256, "ab".repeat(32));
    let stored = Partner { version: 7, ..partner };
    let entered = first.agreements[0].0.clone();
    let (again, _) = held_against(std::slice::from_ref(&stored), std::slice::from_ref(&entered), &list);
    assert_eq!((again.partners[0].1, again.agreements[0].1), (Change::Unchanged, Change::Unchanged));
}

#[test]
fn a_list_without_a_client_id_leaves_it_as_it_stands() {
    let named = with(agency("a", "a"), "client_id", json!("client-of-a"));
    let (first, _) = held_against(&[], &[], &json!({"agencies": [named]}));
    let stored = first.partners[0].0.clone();
    assert_eq!(stored.client_id, "client-of-a");
    let list = json!({"agencies": [with(agency("a", "a"), "name", json!("Another name"))]});
    let (again, _) = held_against(std::slice::from_ref(&stored), &[], &list);
    let (partner, change) = again.partners[0].clone();
    assert_eq!((change, partner.client_id.as_str()), (Change::Changed, "client-of-a"));
}

#[test]
fn a_changed_agreement_is_a_new_version() {
    let (first, _) =
        held_against(&[], &[], &json!({"agencies": [agency("a", "a")], "agreements": [agreement("a")]}));
    let (partner, entered) = (first.partners[0].0.clone(), first.agreements[0].0.clone());
    let changed = json!([with(agreement("a"), "dpia_reference", json!("DPIA-2"))]);
    let (second, wrong) = held_against(&[partner], &[entered], &changed);
    assert_eq!(wrong, vec![]);
    assert_eq!((second.agreements[0].0.version, second.agreements[0].1), (2, Change::Changed));
}

#[test]
fn a_list_that_is_silent_about_it_wakes_no_suspended_partner() {
    let list = json!({"agencies": [agency("a", "a")]});
    let mut partner = held_against(&[], &[], &list).0.partners[0].0.clone();
    partner.status = PartnerStatus::Suspended;
    let (again, _) = held_against(&[partner], &[], &list);
    assert_eq!(
        (again.partners[0].0.status, again.partners[0].1),
        (PartnerStatus::Suspended, Change::Unchanged)
    );
}

#[test]
fn each_field_of_an_agency_is_looked_at() {
    let a = || agency("a", "a");
    for (field, value) in [
        ("id", json!("no spaces")),
        ("kind", json!("army")),
        ("channel", json!("pigeon")),
        ("channel", json!("guest")),
        ("name", json!(" ")),
        ("name", json!(3)),
        ("organisation_code", json!("ZZ901")),
        ("client_id", json!("a b")),
        ("certificate_sha256", json!("abc")),
        ("status", json!("asleep")),
        ("jwks", json!({"keys": []})),
        ("jwks", json!({"keys": [{"kty": "oct", "kid": "1"}]})),
        ("jwks", json!({"keys": [{"kty": "EC", "kid": "1", "d": "secret"}]})),
        ("endpoint", json!("https://x.example")),
        ("nickname", json!("x")),
    ] {
        assert_eq!(wrong(&with(a(), field, value.clone())), [format!("/{field}")], "{field} {value}");
    }
    let pushed = |endpoint| with(with(a(), "channel", json!("event-push")), "endpoint", endpoint);
    for bad in [
        "http://x.example",
        "https://",
        "https://u@x.example/",
        "https://x.example?q",
        "https://x:0",
        "x.example",
    ] {
        assert_eq!(wrong(&pushed(json!(bad))), ["/endpoint"], "{bad}");
    }
    for good in
        ["https://x.example", "https://x.example:8443/in", "https://[2a00::1]:1/", "https://[2a00::1]"]
    {
        assert_eq!(wrong(&pushed(json!(good))), Vec::<String>::new(), "{good}");
    }
    assert_eq!(wrong(&pushed(Value::Null)), ["/endpoint"]);
    assert_eq!(wrong(&with(pushed(json!("https://x")), "channel", json!("fhir-push"))), ["/channel"]);
    assert_eq!(wrong(&with(a(), "certificate_file", json!("a.pem"))), [""]);
    let mut by_file = with(a(), "certificate_file", json!("a.pem"));
    by_file.as_object_mut().unwrap().remove("certificate_sha256");
    assert_eq!(wrong(&by_file), Vec::<String>::new());
    by_file["certificate_file"] = json!("b.pem");
    assert_eq!(wrong(&by_file), ["/certificate_file"]);
    by_file.as_object_mut().unwrap().remove("certificate_file");
    assert_eq!(wrong(&by_file), [""]);
}

#[test]
fn what_belongs_to_one_agency_belongs_to_no_other() {
    let found = problems(&json!({"agencies": [agency("a", "a"), agency("a", "b"), agency("c", "a")]}));
    assert_eq!(
        found,
        [
            "list.json: /agencies/1/id: is the id of list.json /agencies/0 too",
            "list.json: /agencies/2: has the same certificate as list.json /agencies/0",
        ]
    );
    let entered = held_against(&[], &[], &json!({"agencies": [agency("a", "a")]})).0.partners[0].0.clone();
    let thief = with(agency("b", "a"), "client_id", json!("a"));
    let found = held_against(&[entered], &[], &json!({"agencies": [thief]})).1;
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn each_field_of_an_agreement_is_looked_at() {
    let basis = with(agreement("a")["basis"].clone(), "confidentiality", json!("PUBLIC-INTEREST"));
    let row = |blocks| json!({"blocks": blocks, "basis": basis});
    let recorded = |name: &str, value| with(record(), name, value);
    for (field, value, place) in [
        ("partner", json!("nobody"), "/partner"),
        ("valid_from", json!("@now-2d"), "/valid_from"),
        ("valid_to", json!("2025-01-01T00:00:00Z"), "/valid_to"),
        ("purposes", json!([]), "/purposes"),
        ("purposes", json!([""]), "/purposes/0"),
        ("basis", json!({"data_protection": "x", "power": "y"}), "/basis/confidentiality"),
        ("basis", with(agreement("a")["basis"].clone(), "power", json!("any")), "/basis/power"),
        ("emergency", row(json!(["pathway"])), "/emergency/blocks/0"),
        ("record", Value::Null, "/record"),
        ("record", recorded("controller", json!({"name": "A trust"})), "/record/controller/contact"),
        ("record", recorded("public_authority", json!("yes")), "/record/public_authority"),
        ("record", recorded("recipient_role", json!("friend")), "/record/recipient_role"),
        ("record", recorded("data_subjects", json!([])), "/record/data_subjects"),
        ("record", recorded("data_classes", json!([])), "/record/data_classes"),
        (
            "record",
            recorded("data_classes", json!(["name", "clinical", "request"])),
            "/record/data_classes/1",
        ),
        ("record", recorded("data_classes", json!(["name", "name", "request"])), "/record/data_classes/1"),
        ("record", recorded("data_classes", json!(["name", "housing"])), "/record/data_classes"),
        ("record", recorded("retention_days", json!(0)), "/record/retention_days"),
        ("record", recorded("retention_days", json!(3_654)), "/record/retention_days"),
        ("record", recorded("automated_decisions", Value::Null), "/record/automated_decisions"),
        ("record", recorded("policy_document", json!(" ")), "/record/policy_document"),
        ("record", recorded("review_by", json!("soon")), "/record/review_by"),
        ("record", recorded("colour", json!("blue")), "/record/colour"),
        ("emergency", row(json!(["name", "housing"])), "/emergency/blocks/1"),
        ("emergency", row(json!(["name", "name"])), "/emergency/blocks/1"),
        ("emergency", row(json!([])), "/emergency/blocks"),
        ("emergency", json!({"blocks": ["name"], "basis": 1}), "/emergency/basis"),
        ("dpia_reference", Value::Null, "/dpia_reference"),
    ] {
        let list =
            json!({"agencies": [agency("a", "a")], "agreements": [with(agreement("a"), field, value)]});
        let found = held_against(&[], &[], &list).1;
        let found: Vec<&str> = found.iter().map(|p| p.place.path.as_str()).collect();
        assert_eq!(found, [format!("/agreements/0{place}")]);
    }
    let nothing_leaves = with(agency("a", "a"), "kind", json!("prison"));
    let one = with(agreement("a"), "emergency", row(json!(["name"])));
    let found = problems(&json!({"agencies": [nothing_leaves.clone()], "agreements": [one]}));
    assert_eq!(found.len(), 2, "{found:?}");
    let its_own_requests = with(agreement("a"), "record", recorded("data_classes", json!([])));
    let list = json!({"agencies": [nothing_leaves], "agreements": [its_own_requests]});
    assert_eq!(problems(&list), Vec::<String>::new());
}

#[test]
fn an_agreement_that_nobody_looked_at_again_in_time_is_entered_and_told() {
    let list = json!({"agencies": [agency("a", "a")], "agreements": [agreement("a")]});
    let (enrolment, wrong) = held_against(&[], &[], &list);
    assert_eq!(wrong, []);
    let overdue = |at: &str| {
        let late = enrolment.overdue(Moment::from_rfc3339(at).unwrap());
        late.map(|one| one.agreement_id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(overdue("2026-12-31T23:59:59Z"), Vec::<String>::new());
    assert_eq!(overdue("2027-01-01T00:00:00Z"), Vec::<String>::new());
    assert_eq!(overdue("2027-01-01T00:00:01Z").len(), 1);
}

#[test]
fn an_agreement_may_not_move_to_another_agency() {
    let both = json!({"agencies": [agency("a", "a"), agency("b", "b")], "agreements": [agreement("a")]});
    let (first, _) = held_against(&[], &[], &both);
    let partners: Vec<Partner> = first.partners.iter().map(|(p, _)| p.clone()).collect();
    let moved = json!([with(agreement("a"), "partner", json!("b"))]);
    let found = held_against(&partners, &[first.agreements[0].0.clone()], &moved).1;
    assert_eq!(found[0].place.path, "/0/agreement_id");
}

#[test]
fn a_file_for_another_site_and_one_that_is_no_list_are_refused() {
    assert_eq!(problems(&json!({"site_id": "other", "agencies": []})).len(), 1);
    assert_eq!(problems(&json!({})).len(), 1);
    assert_eq!(problems(&json!("x")).len(), 1);
    let (_, found) = read("list.json", br#"{"agencies": [], "agencies": []}"#);
    assert_eq!(found.len(), 1);
}

/// The kind of service is a word that the kind of agency may have; it stands until a list says otherwise.
#[test]
fn a_service_is_a_word_of_its_kind_of_agency_and_stands_until_a_list_says_otherwise() {
    let listed = |kind: &str, service: Option<&str>| {
        let agency = with(agency("a", "a"), "kind", json!(kind));
        let agency = match service {
            Some(word) => with(agency, "service", json!(word)),
            None => agency,
        };
        json!({"agencies": [agency]})
    };
    let (first, wrong) = held_against(&[], &[], &listed("health-other", Some("crisis")));
    assert_eq!(wrong, vec![]);
    let crisis = first.partners[0].0.clone();
    assert_eq!(crisis.service.as_deref(), Some("crisis"));
    let held = std::slice::from_ref(&crisis);
    let (silent, _) = held_against(held, &[], &listed("health-other", None));
    assert_eq!(
        (silent.partners[0].0.service.as_deref(), silent.partners[0].1),
        (Some("crisis"), Change::Unchanged)
    );
    for (kind, service) in [("health-other", Some("")), ("social-care", None)] {
        let (taken_back, wrong) = held_against(held, &[], &listed(kind, service));
        assert_eq!((wrong, taken_back.partners[0].0.service.as_deref()), (vec![], None), "{kind}");
    }
    for (kind, service, told) in [
        ("health-other", "cmht", "must be one of crisis, forensic"),
        ("cmht", "crisis", "must be one of cmht for cmht"),
        ("court", "crisis", "must be left out: no kind of service is told apart for court"),
    ] {
        let told_of: Vec<String> = problems(&listed(kind, Some(service)));
        assert!(
            told_of.iter().any(|text| text.contains("/agencies/0/service: ") && text.contains(told)),
            "{told_of:?}"
        );
    }
}
