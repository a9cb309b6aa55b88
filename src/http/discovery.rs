//! What a client needs to know before it has a token: the SMART configuration and the keys.

use serde_json::json;

use super::call::{Call, json_answer};
use crate::exchange::Answer;

/// How long discovery may be kept by whoever asks, as `Cache-Control`.
pub(super) const CACHED: (&str, &str) = ("cache-control", "public, max-age=300");

/// `GET /fhir/.well-known/smart-configuration`: SMART App Launch 2.2 and RFC 8414.
pub(super) fn smart_configuration(call: &Call) -> Answer {
    let base = &call.gateway.exchange.base_url;
    let mut answer = json_answer(
        200,
        "application/json",
        &json!({
            "issuer": base,
            "jwks_uri": format!("{base}/oauth/jwks"),
            "token_endpoint": format!("{base}/oauth/token"),
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "tls_client_auth"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES384", "EdDSA"],
            "tls_client_certificate_bound_access_tokens": true,
            "scopes_supported": call.gateway.authority.scopes(),
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        }),
    );
    answer.headers.push((CACHED.0, CACHED.1.to_owned()));
    answer
}

/// `GET /oauth/jwks`: the public keys with which events and tokens can be checked.
pub(super) fn key_set(call: &Call) -> Answer {
    let mut answer = json_answer(200, "application/jwk-set+json", &call.gateway.authority.key_set());
    answer.headers.push((CACHED.0, CACHED.1.to_owned()));
    answer
}
