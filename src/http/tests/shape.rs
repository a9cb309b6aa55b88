//! The route table holds together, and discovery tells what is offered.

use std::collections::HashSet;

use actix_web::test::TestRequest;

use super::send;
use crate::http::{
    capability_statement,
    routes::{Access, Interaction, Listener, ROUTES, Verb},
};

#[test]
fn no_route_stands_twice_and_each_is_offered_somewhere() {
    let mut seen = HashSet::new();
    for route in ROUTES {
        assert!(seen.insert((route.method, route.path)), "{} {}", route.method.as_str(), route.path);
        assert!(!route.listeners.is_empty(), "{}", route.path);
        assert!(route.path.starts_with('/') && !route.path.ends_with('/'), "{}", route.path);
    }
}

#[test]
fn what_is_open_changes_nothing_and_partners_routes_ask_for_a_scope() {
    for route in ROUTES {
        match route.access {
            Access::Open => assert_eq!(route.method, Verb::Get, "{}", route.path),
            Access::Certificate | Access::Scope(_) | Access::Officer(_) => {
                assert_eq!(route.listeners, [Listener::Partners], "{}", route.path);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_says_where_tokens_and_keys_are() {
    let heard = send(Listener::Public, TestRequest::get().uri("/fhir/.well-known/smart-configuration")).await;
    let body = heard.json();
    assert_eq!(heard.status, 200);
    assert_eq!(body["token_endpoint"], "https://gateway.test/oauth/token");
    assert_eq!(body["token_endpoint_auth_methods_supported"][0], "private_key_jwt");
    assert_eq!(heard.header("cache-control"), "public, max-age=300");
    let heard = send(Listener::Public, TestRequest::get().uri("/oauth/jwks")).await;
    assert!(heard.json()["keys"].is_array());
}

#[test]
fn the_capability_statement_names_exactly_what_the_table_offers() {
    let statement = capability_statement("https://gateway.test");
    let rest = &statement["rest"][0];
    let mut named = Vec::new();
    for operation in rest["operation"].as_array().unwrap() {
        named.push(operation["name"].as_str().unwrap().to_owned());
    }
    for resource in rest["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for operation in resource["operation"].as_array().into_iter().flatten() {
            named.push(format!("{kind}.{}", operation["name"].as_str().unwrap()));
        }
        for interaction in resource["interaction"].as_array().into_iter().flatten() {
            named.push(format!("{kind} {}", interaction["code"].as_str().unwrap()));
        }
    }
    let listed: Vec<&str> =
        rest["resource"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    let mut offered: Vec<String> = ROUTES
        .iter()
        .filter_map(|route| route.fhir)
        .flat_map(|interaction| match interaction {
            Interaction::Capabilities => Vec::new(),
            Interaction::SystemOperation(name) => vec![name.to_owned()],
            // What every type has is told at each that is listed, and not as the system's own.
            Interaction::EveryTypeOperation(name) => {
                listed.iter().map(|kind| format!("{kind}.{name}")).collect()
            }
            Interaction::InstanceOperation(kind, name) => vec![format!("{kind}.{name}")],
            other => vec![format!("{} {}", other.resource().unwrap(), other.code().unwrap())],
        })
        .collect();
    named.sort();
    offered.sort();
    offered.dedup();
    assert_eq!(named, offered);
    assert_eq!(statement["fhirVersion"], "4.0.1");
}

#[test]
fn parameters_that_base_r4_does_not_have_name_a_definition_of_ours() {
    let statement = capability_statement("https://gateway.test");
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let mut named = 0;
    for resource in resources {
        let parameters = resource["searchParam"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter.get("definition").is_some()) {
            let id = parameter["definition"].as_str().unwrap().rsplit('/').next().unwrap();
            let file = format!("searchparameter/{id}.json");
            let built_in = crate::profile::definition::built_in_resources();
            let (_, text) = built_in.iter().find(|(name, _)| *name == file).unwrap();
            let definition: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                (&definition["url"], &definition["code"]),
                (&parameter["definition"], &parameter["name"])
            );
            assert_eq!(definition["base"][0], resource["type"]);
            named += 1;
        }
    }
    assert_eq!(named, 2);
}

#[test]
fn operations_that_fhir_does_not_have_name_a_definition_of_ours() {
    let statement = capability_statement("https://gateway.test");
    let rest = &statement["rest"][0];
    let of_kinds = rest["resource"].as_array().unwrap().iter();
    let own: Vec<&str> = of_kinds
        .chain([rest])
        .flat_map(|part| part["operation"].as_array().into_iter().flatten())
        .filter_map(|operation| operation["definition"].as_str())
        .filter_map(|url| url.strip_prefix("https://keyway.example/fhir/OperationDefinition/"))
        .collect();
    assert_eq!(own, ["Consent-revoke"]);
    let built_in = crate::profile::definition::built_in_resources();
    for id in own {
        let file = format!("operationdefinition/{id}.json");
        assert!(built_in.iter().any(|(name, _)| *name == file), "{file}");
    }
}

#[test]
fn the_capability_statement_names_messages_of_both_modes_by_definitions_that_are_given_out() {
    let statement = capability_statement("https://gateway.test");
    let messages = statement["messaging"][0]["supportedMessage"].as_array().unwrap().clone();
    for mode in ["sender", "receiver"] {
        assert!(messages.iter().any(|message| message["mode"] == mode), "{mode}");
    }
    for message in &messages {
        let id = message["definition"].as_str().unwrap().rsplit('/').next().unwrap();
        let answer = crate::exchange::read_message_definition(id).unwrap();
        let given: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(given["url"], message["definition"]);
    }
    assert!(crate::exchange::read_message_definition("ld-referral-message").is_err());
}
