//! Every route is described, nothing else is, and what is said of listeners, scopes, bodies and queries is what the
//! table says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use keyway::{
    exchange::{refusal::Refused, rest::RESULT_PARAMETERS},
    http::{
        capability_statement, refusals,
        routes::{Access, Interaction, Listener, ROUTES, Route, Takes},
    },
    referral::State,
};
use serde_json::Value;

fn described() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).expect("openapi.yaml is YAML")
}

/// Every operation by `METHOD path`.
fn operations(api: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.insert(format!("{} {path}", method.to_uppercase()), operation.clone());
        }
    }
    found
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method.as_str(), route.path)
}

fn texts(values: &Value) -> Vec<&str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Follows a reference within the document.
fn resolved<'a>(api: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => api.pointer(reference.strip_prefix('#').unwrap()).expect(reference),
        None => value,
    }
}

fn parameters<'a>(api: &'a Value, operation: &'a Value, place: &str) -> BTreeSet<&'a str> {
    let all = operation["parameters"].as_array().into_iter().flatten().map(|p| resolved(api, p));
    all.filter(|p| p["in"] == place).map(|p| p["name"].as_str().unwrap()).collect()
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let api = described();
    let described: BTreeSet<String> = operations(&api).into_keys().collect();
    let offered: BTreeSet<String> = ROUTES.iter().map(name).collect();
    let missing: Vec<&String> = offered.difference(&described).collect();
    let surplus: Vec<&String> = described.difference(&offered).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    assert!(surplus.is_empty(), "described and not offered: {surplus:?}");
}

#[test]
fn listeners_scopes_bodies_and_queries_are_those_of_the_table() {
    let api = described();
    let operations = operations(&api);
    for route in ROUTES {
        let (name, operation) = (name(route), &operations[&name(route)]);
        let listeners: Vec<&str> = route
            .listeners
            .iter()
            .map(|listener| match listener {
                Listener::Partners => "partners",
                Listener::Public => "public",
                Listener::Operators => "operators",
            })
            .collect();
        assert_eq!(texts(&operation["x-keyway-listeners"]), listeners, "{name}");

        let security = operation["security"].as_array().expect("security is stated");
        match route.access {
            Access::Open => assert!(security.is_empty(), "{name}"),
            Access::Certificate => {
                assert!(
                    security[0].get("certificate").is_some() && security[0].get("token").is_none(),
                    "{name}"
                );
            }
            Access::Scope(scope) | Access::Officer(scope) => {
                assert!(security[0].get("certificate").is_some(), "{name}");
                assert_eq!(texts(&security[0]["token"]), [scope], "{name}");
                for status in ["401", "403"] {
                    assert!(operation["responses"].get(status).is_some(), "{name} does not tell {status}");
                }
            }
        }

        let body = operation.get("requestBody");
        let types: Vec<&str> = body
            .and_then(|b| b["content"].as_object())
            .into_iter()
            .flatten()
            .map(|(k, _)| k.as_str())
            .collect();
        let (expected, required): (&[&str], bool) = match route.takes {
            Takes::Nothing => (&[], false),
            Takes::Json => (&["application/json"], true),
            Takes::OptionalJson => (&["application/json"], false),
            Takes::Fhir => (&["application/fhir+json", "application/json"], true),
            Takes::OptionalFhir => (&["application/fhir+json", "application/json"], false),
            Takes::Assessment => (&["application/json", "application/fhir+json", "text/csv"], true),
            Takes::Form => (&["application/x-www-form-urlencoded"], true),
            Takes::Bytes => (&["*/*"], true),
        };
        assert_eq!(types, expected, "{name}");
        assert_eq!(body.is_some_and(|b| b["required"] == true), required, "{name}");

        let query: BTreeSet<&str> = route.parameters().into_iter().collect();
        assert_eq!(parameters(&api, operation, "query"), query, "{name}");
        let in_path: BTreeSet<&str> =
            route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(parameters(&api, operation, "path"), in_path, "{name}");
    }
}

#[test]
fn every_operation_has_a_name_a_summary_and_says_how_it_goes_right_and_wrong() {
    let api = described();
    let mut names = BTreeSet::new();
    for (operation, told) in operations(&api) {
        assert!(names.insert(told["operationId"].as_str().unwrap().to_owned()), "{operation}");
        assert!(told["summary"].as_str().is_some_and(|s| s.ends_with('.')), "{operation}");
        let responses = told["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{operation}");
        let form =
            if operation.contains(" /fhir/") { "application/fhir+json" } else { "application/problem+json" };
        let wrong = resolved(&api, &responses["default"]);
        assert!(wrong["content"].get(form).is_some(), "{operation} tells refusals in another form");
    }
}

#[test]
fn every_refusal_of_the_table_is_described() {
    let api = described();
    let told: Vec<&str> = api["components"]["responses"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|response| response["description"].as_str())
        .collect();
    for class in Refused::ALL {
        let row = refusals(class);
        let begins = format!("{} {}", row.status.as_u16(), row.code);
        assert!(told.iter().any(|text| text.starts_with(&begins)), "{class:?}: {begins} is not described");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let api = described();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut references = BTreeSet::new();
    collect_references(&api, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(api.pointer(pointer).is_some(), "{reference}"),
            None => assert!(root.join(&reference).is_file(), "{reference} is not there"),
        }
    }
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                into.insert(reference.to_owned());
            }
            members.values().for_each(|member| collect_references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}

#[test]
fn scopes_and_states_are_those_of_the_code() {
    let api = described();
    let flows = &api["components"]["securitySchemes"]["token"]["flows"];
    let scopes = flows["clientCredentials"]["scopes"].as_object().unwrap();
    let told: BTreeSet<&str> = scopes.keys().map(String::as_str).collect();
    let asked = ROUTES.iter().filter_map(|route| match route.access {
        Access::Scope(scope) | Access::Officer(scope) => Some(scope),
        Access::Open | Access::Certificate => None,
    });
    assert_eq!(told, asked.collect::<BTreeSet<&str>>());
    let states: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(texts(&api["components"]["schemas"]["State"]["enum"]), states);
}

#[test]
fn the_capability_statement_offers_what_is_described_under_fhir() {
    let api = described();
    let mut described: BTreeSet<String> = operations(&api)
        .into_keys()
        .filter(|name| {
            name.contains(" /fhir/") && !name.ends_with("/metadata") && !name.contains("/.well-known/")
        })
        .collect();
    let statement = capability_statement("https://gateway.test");
    let rest = &statement["rest"][0];
    for operation in rest["operation"].as_array().unwrap() {
        let name = format!("POST /fhir/${}", operation["name"].as_str().unwrap());
        assert!(described.remove(&name), "{name} is stated and not described");
    }
    let of_types = |name: &str| {
        let mut offered = ROUTES.iter().filter_map(|route| route.fhir);
        offered.any(|one| matches!(one, Interaction::EveryTypeOperation(known) if known == name))
    };
    for resource in rest["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for operation in resource["operation"].as_array().into_iter().flatten() {
            let name = operation["name"].as_str().unwrap();
            if of_types(name) {
                let name = format!("POST /fhir/{{type}}/${name}");
                assert!(operations(&api).contains_key(&name), "{name} is stated and not described");
                described.remove(&name);
                continue;
            }
            let name = format!("POST /fhir/{kind}/{{id}}/${name}");
            assert!(described.remove(&name), "{name} is stated and not described");
        }
        for interaction in resource["interaction"].as_array().into_iter().flatten() {
            let name = match interaction["code"].as_str().unwrap() {
                "read" => format!("GET /fhir/{kind}/{{id}}"),
                "vread" => format!("GET /fhir/{kind}/{{id}}/_history/{{version}}"),
                "create" => format!("POST /fhir/{kind}"),
                "update" => format!("PUT /fhir/{kind}/{{id}}"),
                "search-type" => format!("GET /fhir/{kind}"),
                other => panic!("{kind}: {other} is stated, and no path is known for it"),
            };
            assert!(described.remove(&name), "{name} is stated and not described");
            // Whatever can be searched may be searched by a form as well, where the description says so.
            if name == format!("GET /fhir/{kind}") {
                described.remove(&format!("POST /fhir/{kind}/_search"));
            }
        }
        let stated: BTreeSet<&str> = resource["searchParam"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        let search = format!("GET /fhir/{kind}");
        let told = operations(&api).get(&search).map(|operation| {
            let names = parameters(&api, operation, "query").into_iter().map(str::to_owned);
            names.filter(|name| !RESULT_PARAMETERS.contains(&name.as_str())).collect::<Vec<_>>()
        });
        let told: BTreeSet<&str> =
            told.iter().flatten().map(|name| name.split(':').next().unwrap()).collect();
        assert_eq!(stated, told, "{kind}");
    }
    assert!(described.is_empty(), "described and not stated: {described:?}");
    assert!(ROUTES.iter().any(|route| route.fhir == Some(Interaction::Capabilities)));
}
