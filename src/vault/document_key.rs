//! The key that signs documents, and the check of a signature with public keys alone: a JSON Web Signature (RFC 7515) in
//! its compact form without the payload, by Ed25519 (`EdDSA`, RFC 8037), under a key whose name is its RFC 7638 thumbprint.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Longest signature that is looked at, in bytes: ours has about 200.
const JWS_MAX_BYTES: usize = 1_024;
/// Most keys of a set that are looked at.
const KEYS_MAX: usize = 100;

/// Signs documents. Never shown.
pub struct DocumentKey {
    pair: Ed25519KeyPair,
    id: String,
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentKey({})", self.id)
    }
}

/// The head of a signature: these three and nothing else, so that nothing in it can change how it is read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    kid: String,
    iat: i64,
}

/// What a signature says, once it has been found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The thumbprint of the key.
    pub key_id: String,
    /// When it was signed, in whole seconds since 1970.
    pub at_seconds: i64,
}

/// Why a signature does not count. Nothing of the document is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Not a compact JWS without its payload, or with another head than ours.
    #[error("the signature is not a detached JWS whose head is alg, kid and iat, and no more")]
    Form,
    /// Any `alg` but `EdDSA`.
    #[error("the signature is not made with EdDSA")]
    Algorithm,
    /// The set of keys cannot be read, or holds something that it must not.
    #[error("the keys are not a JWK set of public keys")]
    Keys,
    /// The key is not in the set, or stands there under a name that is not its thumbprint.
    #[error("the key of the signature is not among the keys, under its own thumbprint and for signatures")]
    UnknownKey,
    /// The bytes were changed, or somebody else signed.
    #[error("the signature does not fit the content: something was changed, or another key signed")]
    Wrong,
}

impl DocumentKey {
    /// The key in a PKCS#8 document; `None` where it is not Ed25519.
    #[must_use]
    pub fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        Some(Self::of(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?))
    }

    /// A key from 32 bytes; `None` where they are no seed. For rehearsals, whose keys nobody trusts.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Some(Self::of(Ed25519KeyPair::from_seed_unchecked(seed).ok()?))
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let id = thumbprint(&URL_SAFE_NO_PAD.encode(pair.public_key()));
        Self { pair, id }
    }

    /// Its name: its thumbprint.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A detached signature of `payload`, made at a moment given in whole seconds since 1970.
    #[must_use]
    pub fn sign(&self, payload: &[u8], at_seconds: i64) -> String {
        let head = Head { alg: String::from("EdDSA"), kid: self.id.clone(), iat: at_seconds };
        let head = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&head).unwrap_or_default());
        let signature = self.pair.sign(&signing_input(&head, payload));
        format!("{head}..{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Checks a detached signature of `payload` with a JWK set (RFC 7517, JSON text). Keys of other kinds in it are passed
/// over.
///
/// # Errors
/// Any doubt.
pub fn check_signature(jws: &str, payload: &[u8], key_set: &[u8]) -> Result<Attested, Doubt> {
    let parts: Vec<&str> = jws.split('.').collect();
    let &[head, "", signature] = parts.as_slice() else { return Err(Doubt::Form) };
    if jws.len() > JWS_MAX_BYTES {
        return Err(Doubt::Form);
    }
    let decoded = URL_SAFE_NO_PAD.decode(head).map_err(|_| Doubt::Form)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Doubt::Form)?;
    let said: serde_json::Value = serde_json::from_slice(&decoded).map_err(|_| Doubt::Form)?;
    if said.get("alg").and_then(serde_json::Value::as_str) != Some("EdDSA") {
        return Err(Doubt::Algorithm);
    }
    // Read again as what it must be: here a field that is there twice, or one too many, is found.
    let told: Head = serde_json::from_slice(&decoded).map_err(|_| Doubt::Form)?;
    let public = public_key(key_set, &told.kid)?;
    UnparsedPublicKey::new(&ED25519, public)
        .verify(&signing_input(head, payload), &signature)
        .map_err(|_| Doubt::Wrong)?;
    Ok(Attested { key_id: told.kid, at_seconds: told.iat })
}

/// A key of a set. Members that are not read here may be anything, but for the private one.
#[derive(Deserialize)]
struct PublicJwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    d: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<PublicJwk>,
}

/// Reads a set of public keys: the ids of those that can check documents.
///
/// # Errors
/// It is no JWK set, has too many keys, or holds a private one.
pub fn key_ids(key_set: &[u8]) -> Result<Vec<String>, Doubt> {
    let set = read(key_set)?;
    Ok(set.keys.into_iter().filter(serves).filter_map(|key| key.kid).collect())
}

fn read(key_set: &[u8]) -> Result<KeySet, Doubt> {
    let set: KeySet = serde_json::from_slice(key_set).map_err(|_| Doubt::Keys)?;
    if set.keys.len() > KEYS_MAX || set.keys.iter().any(|key| key.d.is_some()) {
        return Err(Doubt::Keys);
    }
    Ok(set)
}

/// Whether a key is an Ed25519 key for signatures, under its thumbprint.
fn serves(key: &PublicJwk) -> bool {
    let is_ed25519 = key.kty == "OKP" && key.crv.as_deref() == Some("Ed25519");
    let for_signatures = key.r#use.as_deref().is_none_or(|word| word == "sig");
    let by_eddsa = key.alg.as_deref().is_none_or(|word| word == "EdDSA");
    let own_name = key.x.as_deref().map(thumbprint).is_some_and(|own| key.kid.as_deref() == Some(&own));
    is_ed25519 && for_signatures && by_eddsa && own_name
}

fn public_key(key_set: &[u8], id: &str) -> Result<Vec<u8>, Doubt> {
    let set = read(key_set)?;
    let key = set.keys.into_iter().find(|key| key.kid.as_deref() == Some(id) && serves(key));
    let encoded = key.and_then(|key| key.x).ok_or(Doubt::UnknownKey)?;
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Doubt::UnknownKey)
}

/// RFC 7638, for an Ed25519 key by its `x`.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

fn signing_input(head: &str, payload: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b".", URL_SAFE_NO_PAD.encode(payload).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn key(seed: u8) -> DocumentKey {
        DocumentKey::from_seed(&[seed; 32]).unwrap()
    }

    fn jwk(of: &DocumentKey, id: &str) -> Value {
        let x = URL_SAFE_NO_PAD.encode(of.pair.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id, "use": "sig", "alg": "EdDSA"})
    }

    fn set(keys: &[Value]) -> Vec<u8> {
        json!({ "keys": keys }).to_string().into_bytes()
    }

    fn with_head(of: &DocumentKey, head: &str, payload: &[u8]) -> String {
        let head = URL_SAFE_NO_PAD.encode(head);
        let signature = of.pair.sign(&signing_input(&head, payload));
        format!("{head}..{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The example of RFC 8037, appendix A.3.
    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_signature_is_right_for_its_content_and_its_key_alone() {
        let own = key(1);
        let keys = set(&[json!({"kty": "EC", "kid": "other"}), jwk(&own, own.id())]);
        let jws = own.sign(b"content", 1_700_000_000);
        let attested = Attested { key_id: own.id().to_owned(), at_seconds: 1_700_000_000 };
        assert_eq!(check_signature(&jws, b"content", &keys), Ok(attested));
        assert_eq!(check_signature(&jws, b"Content", &keys), Err(Doubt::Wrong));
        assert_eq!(key_ids(&keys), Ok(vec![own.id().to_owned()]));
    }

    #[test]
    fn another_key_under_the_name_of_ours_is_not_known() {
        let (own, other) = (key(1), key(2));
        let jws = own.sign(b"content", 1);
        assert_eq!(check_signature(&jws, b"content", &set(&[jwk(&other, own.id())])), Err(Doubt::UnknownKey));
        assert_eq!(
            check_signature(&jws, b"content", &set(&[jwk(&other, other.id())])),
            Err(Doubt::UnknownKey)
        );
        // Signed by another, and said to be by ours.
        let head = format!(r#"{{"alg":"EdDSA","kid":"{}","iat":1}}"#, own.id());
        let forged = with_head(&other, &head, b"content");
        assert_eq!(check_signature(&forged, b"content", &set(&[jwk(&own, own.id())])), Err(Doubt::Wrong));
        let mut for_secrets = jwk(&own, own.id());
        for_secrets["use"] = json!("enc");
        assert_eq!(check_signature(&jws, b"content", &set(&[for_secrets])), Err(Doubt::UnknownKey));
    }

    #[test]
    fn no_algorithm_no_more_in_the_head_and_no_payload_of_its_own() {
        let own = key(1);
        let keys = set(&[jwk(&own, own.id())]);
        let id = own.id();
        for (head, doubt) in [
            (format!(r#"{{"alg":"none","kid":"{id}","iat":1}}"#), Doubt::Algorithm),
            (format!(r#"{{"alg":"HS256","kid":"{id}","iat":1}}"#), Doubt::Algorithm),
            (format!(r#"{{"kid":"{id}","iat":1}}"#), Doubt::Algorithm),
            (format!(r#"{{"alg":"EdDSA","kid":"{id}","iat":1,"b64":false}}"#), Doubt::Form),
            (format!(r#"{{"alg":"EdDSA","kid":"{id}","iat":1,"crit":["x"]}}"#), Doubt::Form),
            (format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{id}","iat":1}}"#), Doubt::Form),
            (format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#), Doubt::Form),
        ] {
            assert_eq!(check_signature(&with_head(&own, &head, b"c"), b"c", &keys), Err(doubt), "{head}");
        }
        let jws = own.sign(b"c", 1);
        let (head, signature) = jws.split_once("..").unwrap();
        for wrong in [
            format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(b"c")),
            format!("{head}..{signature}."),
            format!("{head}.."),
            format!("{head}.{signature}"),
            format!("..{signature}"),
            format!("{head}..{}", "A".repeat(JWS_MAX_BYTES)),
        ] {
            assert!(check_signature(&wrong, b"c", &keys).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_set_with_a_private_key_is_not_used() {
        let own = key(1);
        let mut private = jwk(&own, own.id());
        private["d"] = json!("AAAA");
        assert_eq!(check_signature(&own.sign(b"c", 1), b"c", &set(&[private])), Err(Doubt::Keys));
        assert_eq!(key_ids(b"[]"), Err(Doubt::Keys));
    }

    #[test]
    fn nothing_of_the_key_is_printed() {
        let own = key(1);
        assert_eq!(format!("{own:?}"), format!("DocumentKey({})", own.id()));
    }
}
