//! Checks the signature on an event (Standard Webhooks, Ed25519) with the keys that the gateway publishes.

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::clock::Moment;

/// How far an event's time may be from ours, in seconds.
const TOLERANCE_SECONDS: i64 = 300;

/// The Ed25519 keys of a JWK set.
pub(super) fn ed25519_keys(jwks: &Value) -> Vec<Vec<u8>> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter(|key| key.get("crv").and_then(Value::as_str) == Some("Ed25519"))
        .filter_map(|key| URL_SAFE_NO_PAD.decode(key.get("x")?.as_str()?).ok())
        .collect()
}

/// Whether `signature` (several may stand in it, with spaces between) is over `id.timestamp.body` by one of
/// `keys`, and `timestamp` is near `now`.
pub(super) fn check(
    keys: &[Vec<u8>],
    id: &str,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: Moment,
) -> Result<()> {
    let at: i64 = timestamp.parse().context("webhook-timestamp is not a number of seconds")?;
    if (now.0.div_euclid(1_000_000) - at).abs() > TOLERANCE_SECONDS {
        bail!("webhook-timestamp is too far from the present");
    }
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let holds =
        signature.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1a,")?).ok()).any(|raw| {
            keys.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(&signed, &raw).is_ok())
        });
    if holds { Ok(()) } else { bail!("webhook-signature does not hold") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    #[test]
    fn only_the_published_key_over_these_bytes_at_this_time_holds() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let keys = ed25519_keys(&json!({"keys": [{"kty": "RSA"}, {"kty": "OKP", "crv": "Ed25519", "x": x}]}));
        assert_eq!(keys.len(), 1);
        let signature = format!("v1a,{}", STANDARD.encode(pair.sign(b"id.1700000000.{}")));
        let now = Moment(1_700_000_010_000_000);
        check(&keys, "id", "1700000000", &signature, b"{}", now).unwrap();
        check(&keys, "id", "1700000000", &format!("v1,AAAA {signature}"), b"{}", now).unwrap();
        assert!(check(&keys, "other", "1700000000", &signature, b"{}", now).is_err());
        assert!(check(&keys, "id", "1700000000", &signature, b"{ }", now).is_err());
        assert!(check(&keys, "id", "1700000000", &signature, b"{}", now.plus_seconds(3_600)).is_err());
        assert!(check(&[], "id", "1700000000", &signature, b"{}", now).is_err());
    }
}
