//! Signs events in the manner of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::clock::Moment;

/// The value of `webhook-timestamp`: whole seconds since 1970.
pub(super) fn timestamp(now: Moment) -> String {
    now.0.div_euclid(1_000_000).to_string()
}

/// The value of `webhook-signature`: `v1a,` and the Ed25519 signature over `id.timestamp.body`.
pub(super) fn signature(key: &Ed25519KeyPair, id: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1a,{}", STANDARD.encode(key.sign(&signed)))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::{signature, timestamp};
    use crate::clock::Moment;

    #[test]
    fn the_signature_covers_id_timestamp_and_body() {
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let stamp = timestamp(Moment(1_700_000_000_999_999));
        assert_eq!(stamp, "1700000000");
        let value = signature(&key, "msg-1", &stamp, b"{}");
        let raw = STANDARD.decode(value.strip_prefix("v1a,").unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, key.public_key());
        public.verify(b"msg-1.1700000000.{}", &raw).unwrap();
        public.verify(b"msg-2.1700000000.{}", &raw).unwrap_err();
    }
}
