//! Random Consents and requests, the same for the same seed: mostly such as people write, some broken.

use serde_json::{Map, Value, json};

/// `SplitMix64`: small, and the same everywhere.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// One or more of a list, each once.
    fn some<T: Copy>(&mut self, list: &[T], most: usize) -> Vec<T> {
        let mut left = list.to_vec();
        (0..=self.below(most)).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

const REASONS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PURPOSES: [(&str, &str); 14] = [
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "TREAT"),
    (REASONS, "ETREAT"),
    (REASONS, "BTG"),
    (REASONS, "HPAYMT"),
    (REASONS, "HRESCH"),
    (REASONS, "CLINTRCH"),
    ("http://example.org/purposes", "FooBar"),
];
const LABELS: [(&str, &str); 14] = [
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "L"),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "N"),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "N"),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R"),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "V"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SPI"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SUD"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "ETHUD"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "ETH"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "HIV"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "NORDSCLCD"),
    (REASONS, "HTEST"),
    ("http://example.org/labels", "local"),
];
const ACTORS: [&str; 6] = [
    "Organization/a",
    "Organization/a",
    "Organization/b",
    "Group/g",
    "https://s.example/fhir/Organization/a",
    "urn:uuid:8b1a9953-0000-4000-8000-000000000001",
];
const ROLES: [&str; 8] = ["IRCP", "IRCP", "IRCP", "IRCP", "IRCP", "PRCP", "TRC", "CST"];
const ACTIONS: [(&str, &str); 5] = [
    ("http://terminology.hl7.org/CodeSystem/consentaction", "disclose"),
    ("http://terminology.hl7.org/CodeSystem/consentaction", "disclose"),
    ("http://terminology.hl7.org/CodeSystem/consentaction", "access"),
    ("http://terminology.hl7.org/CodeSystem/consentaction", "use"),
    ("http://example.org/actions", "tell"),
];
const CLASSES: [(&str, &str); 4] = [
    ("http://hl7.org/fhir/resource-types", "Observation"),
    ("http://hl7.org/fhir/resource-types", "Observation"),
    ("http://hl7.org/fhir/resource-types", "Condition"),
    ("http://example.org/classes", "letter"),
];
const CODES: [&str; 4] = ["housing", "risk", "money", "family"];
const DATES: [&str; 8] = [
    "2021",
    "2022-03",
    "2022-05-01",
    "2022-06-15",
    "2022-08-31",
    "2022-09-01T10:00:00Z",
    "2022-12-31",
    "2023-06-30T12:00:00.500+01:00",
];
const NOWS: [&str; 4] =
    ["2022-09-01T10:00:00Z", "2022-09-01T10:00:00Z", "2022-12-31T23:59:59Z", "2023-01-01T00:00:00Z"];
const RECORDED: [&str; 6] =
    ["2022-01-10", "2022-02-10", "2022-03-10T09:00:00Z", "2022-04", "2022-05-10", "2022-06-13"];
const AUTHORED: [&str; 6] =
    ["2020-02-02", "2021-06-01", "2022-03-31", "2022-06-15T08:00:00Z", "2022", "2022-12-31"];
const NAMED: [&str; 5] =
    ["Encounter/e", "Observation/1", "Observation/2", "Condition/3", "https://s.example/fhir/Encounter/e"];

fn coding((system, code): (&str, &str)) -> Value {
    json!({"system": system, "code": code})
}

fn concept(pair: (&str, &str)) -> Value {
    json!({"coding": [coding(pair)]})
}

/// A period that does not end before it starts.
fn period(chance: &mut Chance) -> Value {
    let start = chance.below(DATES.len() - 1);
    let end = start + 1 + chance.below(DATES.len() - 1 - start);
    match chance.below(3) {
        0 => json!({"start": DATES[start]}),
        1 => json!({"end": DATES[end]}),
        _ => json!({"start": DATES[start], "end": DATES[end]}),
    }
}

fn actor(chance: &mut Chance) -> Value {
    let role = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", chance.one(&ROLES));
    json!({"role": concept(role), "reference": {"reference": chance.one(&ACTORS)}})
}

fn provision(chance: &mut Chance, kind: Option<&str>, depth: usize) -> Value {
    let mut made = Map::new();
    if let Some(kind) = kind {
        made.insert("type".into(), json!(kind));
    }
    let each = if depth == 0 { 4 } else { 10 };
    let mut put = |name: &str, value: Value| made.insert(name.into(), value);
    if chance.percent(each + 12) {
        put("purpose", chance.some(&PURPOSES, 3).into_iter().map(coding).collect());
    }
    if chance.percent(each) {
        put("actor", (0..=chance.below(3)).map(|_| actor(chance)).collect());
    }
    if chance.percent(each / 2) {
        put("action", chance.some(&ACTIONS, 2).into_iter().map(concept).collect());
    }
    if chance.percent(each) {
        put("period", period(chance));
    }
    if chance.percent(if depth == 0 { 8 } else { 20 }) {
        put("securityLabel", chance.some(&LABELS, 3).into_iter().map(coding).collect());
    }
    if chance.percent(each) {
        put("class", chance.some(&CLASSES, 2).into_iter().map(coding).collect());
    }
    if chance.percent(if depth == 0 { 4 } else { 45 }) {
        put(
            "code",
            chance
                .some(&CODES, 2)
                .into_iter()
                .map(|code| concept(("http://example.org/codes", code)))
                .collect(),
        );
    }
    if chance.percent(each / 2) {
        put("dataPeriod", period(chance));
    }
    if chance.percent(each / 2) {
        let meaning = chance.one(&["instance", "related", "dependents", "authoredby"]);
        let named = if meaning == "authoredby" { chance.one(&ACTORS) } else { chance.one(&NAMED) };
        put("data", json!([{"meaning": meaning, "reference": {"reference": named}}]));
    }
    // An exception for everything would leave nothing of what it is an exception to.
    if depth > 0 && made.len() == 1 && chance.percent(90) {
        made.insert("code".into(), json!([concept(("http://example.org/codes", chance.one(&CODES)))]));
    }
    let inner =
        if depth < 3 && chance.percent(if depth == 0 { 60 } else { 25 }) { 1 + chance.below(2) } else { 0 };
    if inner > 0 {
        let turned = if kind == Some("permit") { "deny" } else { "permit" };
        let exceptions: Vec<Value> = (0..inner)
            .map(|_| {
                let kind = if chance.percent(75) { turned } else { chance.one(&["permit", "deny"]) };
                provision(chance, Some(kind), depth + 1)
            })
            .collect();
        made.insert("provision".into(), Value::Array(exceptions));
    }
    Value::Object(made)
}

fn capture(chance: &mut Chance) -> Value {
    let had = chance.percent(85);
    let mut parts = vec![
        json!({"url": "capturedBy", "valueString": "T. Officer"}),
        json!({"url": "how", "valueCode": "oral"}),
        json!({"url": "hadCapacity", "valueBoolean": had}),
    ];
    if chance.percent(50) {
        parts.push(json!({"url": "givenBy", "valueCode": chance.one(&["person", "both", "parental-responsibility"])}));
    }
    if chance.percent(50) {
        parts.push(json!({"url": "competence", "valueCode": chance.one(&["competent", "not-competent"])}));
    }
    if chance.percent(50) {
        parts.push(json!({"url": "parentalResponsibilityName", "valueString": "P. Testcase"}));
        parts.push(json!({"url": "parentalResponsibilityRelation", "valueString": "mother"}));
    }
    json!([{"url": "https://keyway.example/fhir/StructureDefinition/consent-capture", "extension": parts}])
}

/// One Consent, sound.
fn consent(chance: &mut Chance, place: usize, of: usize) -> Value {
    let status = if chance.percent(97) {
        "active"
    } else {
        chance.one(&["inactive", "inactive", "draft", "rejected", "entered-in-error"])
    };
    let scope = if chance.percent(97) { "patient-privacy" } else { chance.one(&["research", "adr"]) };
    let patient = if chance.percent(98) { "Patient/p" } else { "Patient/q" };
    let mut made = json!({
        "resourceType": "Consent", "id": format!("c{place}"), "meta": {"versionId": "1"}, "status": status,
        "scope": concept(("http://terminology.hl7.org/CodeSystem/consentscope", scope)),
        "category": [concept(("http://terminology.hl7.org/CodeSystem/v3-ActCode", chance.one(&["IDSCL", "INFA"])))],
        "patient": {"reference": patient},
        "policy": [{"uri": "http://example.org/policy"}],
    });
    let mut put = |name: &str, value: Value| made[name] = value;
    if chance.percent(97) {
        let later = chance.percent(3);
        put("dateTime", json!(if later { "2024-01-01" } else { chance.one(&RECORDED) }));
    }
    let performer = match chance.below(60) {
        0 => Some("Organization/a"),
        1 => Some("RelatedPerson/r"),
        2..6 => None,
        _ => Some(patient),
    };
    if let Some(performer) = performer {
        put("performer", json!([{"reference": performer}]));
    }
    if chance.percent(7) {
        put("extension", capture(chance));
    }
    if of > 1 && chance.percent(20) {
        let named = format!("Consent/c{}", chance.below(of));
        put("sourceReference", json!({"reference": named}));
    }
    match chance.below(10) {
        0 => put("policyRule", concept(("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"))),
        1 | 2 => put("policyRule", concept(("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT"))),
        _ => {}
    }
    if chance.percent(96) {
        let kind = match chance.below(40) {
            0 => Some("deny"),
            1 => None,
            _ => Some("permit"),
        };
        let root = provision(chance, kind, 0);
        if root != json!({}) {
            put("provision", root);
        }
    }
    made
}

/// Breaks one thing in a sound Consent; which kind of fault it must be found to be is for both evaluators to say.
fn broken(chance: &mut Chance, mut made: Value) -> Value {
    made["status"] = json!("active");
    made["scope"] = concept(("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"));
    if made.get("provision").is_none() {
        made["provision"] = json!({"type": "permit"});
    }
    let root = &mut made["provision"];
    match chance.below(11) {
        0 => root["purposes"] = json!(["TREAT"]),
        1 => root["modifierExtension"] = json!([{"url": "urn:x", "valueBoolean": true}]),
        2 => made["modifierExtension"] = json!([{"url": "urn:x", "valueBoolean": true}]),
        3 => root["type"] = json!("maybe"),
        4 => root["purpose"] = json!([{"code": "TREAT"}]),
        5 => {
            root["actor"] =
                json!([{"role": concept(("urn:x", "IRCP")), "reference": {"display": "the team"}}]);
        }
        6 => {
            root["period"] = json!({"end": chance.one(&["2022-13-45", "31/12/2022", "2022-12-31T10:00:00"])});
        }
        7 => root["dataPeriod"] = json!({"start": "2022-06-02", "end": "2022-06-01"}),
        8 => {
            let mut deep = json!({"type": "deny"});
            for _ in 0..20 {
                deep = json!({"type": "permit", "provision": [deep]});
            }
            *root = deep;
        }
        9 => root["securityLabel"] = (0..201).map(|_| coding(LABELS[1])).collect(),
        _ => made["implicitRules"] = json!("urn:x"),
    }
    made
}

/// A person's Consents.
pub(super) fn consents(chance: &mut Chance) -> Vec<Value> {
    let count = match chance.below(20) {
        0 if chance.percent(40) => 0,
        0..13 => 1,
        13..18 => 2,
        _ => 3,
    };
    (0..count)
        .map(|place| {
            let sound = consent(chance, place, count);
            if chance.percent(1) { broken(chance, sound) } else { sound }
        })
        .collect()
}

fn item(chance: &mut Chance) -> Value {
    let mut made = Map::new();
    let mut put = |name: &str, value: Value| made.insert(name.into(), value);
    if chance.percent(97) {
        put(
            "reference",
            json!(chance.one(&["Observation/1", "Observation/2", "Condition/3", "Observation/4"])),
        );
    }
    if chance.percent(5) {
        put("subject", json!(chance.one(&["Patient/p", "Patient/p", "Patient/q"])));
    }
    if chance.percent(95) {
        let labels = if chance.percent(15) { Vec::new() } else { chance.some(&LABELS, 2) };
        put("securityLabel", labels.into_iter().map(coding).collect());
    }
    if chance.percent(60) {
        put("class", if chance.percent(50) { json!([]) } else { json!([coding(CLASSES[3])]) });
    }
    if chance.percent(97) {
        put("code", json!([concept(("http://example.org/codes", chance.one(&CODES)))]));
    }
    if chance.percent(90) {
        put("authored", json!(chance.one(&AUTHORED)));
    }
    if chance.percent(85) {
        put("author", json!(chance.one(&ACTORS)));
    }
    if chance.percent(60) {
        put("encounter", json!(chance.one(&["Encounter/e", "Encounter/z"])));
    } else if chance.percent(70) {
        put("references", json!(["Condition/3"]));
    }
    Value::Object(made)
}

/// What is asked.
pub(super) fn request(chance: &mut Chance) -> Value {
    let mut made = json!({"now": chance.one(&NOWS)});
    let mut put = |name: &str, value: Value| made[name] = value;
    if chance.percent(97) {
        put("purposeOfUse", coding(if chance.percent(45) { PURPOSES[0] } else { chance.one(&PURPOSES) }));
    }
    if chance.percent(98) {
        put(
            "actorReferences",
            json!(if chance.percent(96) {
                vec!["Organization/a", "Group/g"]
            } else {
                vec!["Organization/b"]
            }),
        );
    }
    if chance.percent(10) {
        put(
            "actors",
            json!([{"role": coding(("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "CST")), "reference": "Organization/b"}]),
        );
    }
    if chance.percent(8) {
        put("action", coding(chance.one(&ACTIONS)));
    }
    if chance.percent(70) {
        put(
            "patient",
            json!(if chance.percent(98) { "Patient/p" } else { "https://s.example/fhir/Patient/p" }),
        );
    }
    if chance.percent(4) {
        put("birthDate", json!(chance.one(&["1990-01-01", "2006-03-10", "2010-02-28"])));
    }
    if chance.percent(2) {
        put("category", json!([coding(("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IDSCL"))]));
    }
    match chance.below(10) {
        0..2 => put("resource", item(chance)),
        2..8 => put("resources", (0..2 + chance.below(3)).map(|_| item(chance)).collect()),
        _ => {}
    }
    if chance.percent(1) {
        put("now", json!("yesterday"));
    }
    made
}
