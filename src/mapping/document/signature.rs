//! The signature of a document: a JSON Web Signature over its canonical bytes, beside them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::canonical;
use crate::{clock::Moment, mapping::frame::Frame};

/// What the bytes that are signed are, as `Signature.targetFormat` names it.
const SIGNED_FORMAT: &str =
    "application/fhir+json;canonicalization=http://hl7.org/fhir/canonicalization/json#document";
/// Why it was signed, as ASTM E1762 counts purposes: the gateway is the source of the document, not the author of what it
/// says.
const SIGNER_PURPOSE: &str = "1.2.840.10065.1.12.1.14";

/// What only somebody with a key, and with hash functions, can do for a document. The core has neither.
pub trait Seal {
    /// A JWS (RFC 7515) over `signed` in its compact form, with the payload left out.
    fn sign(&self, signed: &[u8]) -> String;
    /// SHA-1, which is what FHIR R4 has in `Attachment.hash`. It is not what protects the document.
    fn sha1(&self, bytes: &[u8]) -> [u8; 20];
}

/// What a signed document needs beside the frame.
#[derive(Clone, Copy)]
pub struct Sealing<'a> {
    /// Who can sign.
    pub seal: &'a dyn Seal,
    /// SHA-256, in hex, over the source of all mappings.
    pub mapping_sha256: &'a str,
    /// The short hash of the allow-lists, as decisions name it.
    pub policy: &'a str,
}

/// The signature of a document that has none yet.
pub(super) fn sign(document: &Value, frame: &Frame<'_>, sealing: &Sealing<'_>) -> Value {
    let jws = STANDARD.encode(sealing.seal.sign(&canonical(document)));
    signature(&frame.now.to_rfc3339(), &frame.urn("organization-sender"), &jws)
}

/// A signature as documents have it here: nothing may stand in it beside this, as it does not sign itself.
fn signature(when: &str, who: &str, data: &str) -> Value {
    json!({
        "type": [{
            "system": "urn:iso-astm:E1762-95:2013",
            "code": SIGNER_PURPOSE,
            "display": "Source Signature",
        }],
        "when": when,
        "who": {"reference": who},
        "targetFormat": SIGNED_FORMAT,
        "sigFormat": "application/jose",
        "data": data,
    })
}

/// What a document says of its signature. Only [`canonical`] bytes and a key tell whether it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The detached JWS.
    pub jws: String,
    /// When it was made, in whole seconds since 1970.
    pub when_seconds: i64,
}

/// Reads the signature of a document: of the one form that documents have here, for the organisation that keeps the
/// document. What the signature says beside the JWS is not signed, so it may be nothing but what the signed content says.
///
/// # Errors
/// What is not so, in words that repeat nothing.
pub fn said_signature(document: &Value) -> Result<Said, &'static str> {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    if text("/resourceType") != Some("Bundle") || text("/type") != Some("document") {
        return Err("it is no document: a Bundle of the type document is expected");
    }
    let found = document.get("signature").ok_or("it has no signature")?;
    let purposes = found.pointer("/type").and_then(Value::as_array).map_or(0, Vec::len);
    if !found.is_object() || purposes != 1 || text("/signature/type/0/code") != Some(SIGNER_PURPOSE) {
        return Err("its signature is not one by the source of the document");
    }
    if text("/signature/targetFormat") != Some(SIGNED_FORMAT)
        || text("/signature/sigFormat") != Some("application/jose")
    {
        return Err("its signature is of another format, or over other bytes, than documents have here");
    }
    let keeper = text("/entry/0/resource/custodian/reference");
    if keeper.is_none() || text("/signature/who/reference") != keeper {
        return Err("its signature is for another organisation than the one that keeps the document");
    }
    let when = text("/signature/when").and_then(Moment::from_rfc3339).ok_or("its signature has no time")?;
    let said = |path: &str| text(path).unwrap_or_default();
    let plain = signature(said("/signature/when"), said("/signature/who/reference"), said("/signature/data"));
    if *found != plain {
        return Err(
            "beside its signature stands what documents here do not have there, and nobody signed it",
        );
    }
    let data = text("/signature/data").and_then(|data| STANDARD.decode(data).ok());
    let jws = data.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or("its signature holds no JWS")?;
    Ok(Said { jws, when_seconds: when.0.div_euclid(1_000_000) })
}
