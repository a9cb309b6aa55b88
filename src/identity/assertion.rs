//! `private_key_jwt`: a client proves who it is with a JWT that it signed (SMART Backend Services; RFC 7523).
//!
//! Whether the assertion was used before is not decided here: the caller puts [`Proof::once`] into the store.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm},
};
use serde::Deserialize;

use super::{access_token::seconds, sha256};
use crate::{clock::Moment, limits::TOKEN_LEEWAY_SECONDS};

/// The only `client_assertion_type`.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Furthest `exp` that is taken, in seconds from now.
const LIFETIME_MAX_SECONDS: i64 = 300;
/// Longest assertion that is looked at, in bytes.
const ASSERTION_MAX_BYTES: usize = 8_192;
/// Longest `jti` that is taken, in bytes.
const JTI_MAX_BYTES: usize = 256;

/// The claims; a wrong type is refused.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
}

/// `aud` is one text, or a list of exactly one.
#[derive(Debug)]
struct Audience(String);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let value = serde_json::Value::deserialize(from)?;
        let one = match &value {
            serde_json::Value::Array(items) => match items.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            other => Some(other),
        };
        let text = one.and_then(serde_json::Value::as_str);
        text.map(|t| Self(t.to_owned())).ok_or_else(|| D::Error::custom("aud"))
    }
}

/// An assertion whose every claim holds, but for its first use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// A hash of issuer and `jti`, which may be used once.
    pub(super) once: String,
    /// Until when a second use must be refused.
    pub(super) until: Moment,
}

/// The client that an assertion says it is from. Proves nothing: it only tells whose keys to look at.
pub(super) fn claimed_client(assertion: &str) -> Option<String> {
    if assertion.len() > ASSERTION_MAX_BYTES {
        return None;
    }
    let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(assertion).ok()?.claims;
    (claims.iss == claims.sub).then_some(claims.sub)
}

/// Checks an assertion of `client_id`, whose registered keys are `jwks`.
pub(super) fn check(
    assertion: &str,
    client_id: &str,
    jwks: &str,
    audiences: &[String],
    now: Moment,
) -> Result<Proof, &'static str> {
    if assertion.len() > ASSERTION_MAX_BYTES {
        return Err("the assertion is too long");
    }
    let header = decode_header(assertion).map_err(|_| "the assertion is not a signed JWT")?;
    if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err("the assertion's typ must be JWT");
    }
    if header.crit.is_some() || header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() {
        return Err("the assertion's header may not bring keys or critical extensions");
    }
    let key_id = header.kid.as_deref().ok_or("the assertion's header needs a kid")?;
    let (key, algorithm) =
        registered_key(jwks, key_id).ok_or("no usable key is registered under this kid")?;
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[client_id]);
    validation.sub = Some(client_id.to_owned());
    validation.set_audience(audiences);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(assertion, &key, &validation)
        .map_err(|_| "the assertion's signature, algorithm, iss, sub or aud is wrong")?
        .claims;
    if claims.iss != client_id || claims.sub != client_id || !audiences.contains(&claims.aud.0) {
        return Err("the assertion's iss, sub or aud is wrong");
    }
    let now = seconds(now);
    let soon = now.saturating_add(TOKEN_LEEWAY_SECONDS);
    if claims.exp.saturating_add(TOKEN_LEEWAY_SECONDS) <= now {
        return Err("the assertion has expired");
    }
    if claims.exp > soon.saturating_add(LIFETIME_MAX_SECONDS) {
        return Err("the assertion's exp may be at most 5 minutes ahead");
    }
    if claims.nbf.is_some_and(|nbf| nbf > soon) || claims.iat.is_some_and(|iat| iat > soon) {
        return Err("the assertion is not yet valid");
    }
    if claims.jti.is_empty() || claims.jti.len() > JTI_MAX_BYTES {
        return Err("the assertion needs a jti of at most 256 bytes");
    }
    let pair = format!("{}:{client_id}:{}", client_id.len(), claims.jti);
    Ok(Proof {
        once: URL_SAFE_NO_PAD.encode(sha256(pair.as_bytes())),
        until: Moment(claims.exp.saturating_mul(1_000_000)).plus_seconds(TOKEN_LEEWAY_SECONDS + 1),
    })
}

/// The one key under `key_id` and its one algorithm. A second key under the same id makes both useless.
fn registered_key(jwks: &str, key_id: &str) -> Option<(DecodingKey, Algorithm)> {
    let set: JwkSet = serde_json::from_str(jwks).ok()?;
    let mut named = set.keys.iter().filter(|jwk| jwk.common.key_id.as_deref() == Some(key_id));
    let jwk = named.next()?;
    if named.next().is_some() {
        return None;
    }
    let algorithm = algorithm_of(jwk)?;
    if jwk.common.key_algorithm.is_some_and(|named| !agrees(named, algorithm)) {
        return None;
    }
    Some((DecodingKey::from_jwk(jwk).ok()?, algorithm))
}

fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P384 => Some(Algorithm::ES384),
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// Whether the `alg` that a key was registered with is the one that its kind has here.
const fn agrees(named: KeyAlgorithm, algorithm: Algorithm) -> bool {
    matches!(
        (named, algorithm),
        (KeyAlgorithm::ES384, Algorithm::ES384) | (KeyAlgorithm::EdDSA, Algorithm::EdDSA)
    )
}
