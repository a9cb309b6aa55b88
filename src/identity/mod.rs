//! Who is calling: mutual TLS, access tokens bound to the certificate, scopes. Implements
//! [`crate::exchange::authority::Authority`].
//!
//! Not here: what a caller may see of a person. That is consent's to say, at every exit.

mod access_token;
mod assertion;
mod authenticate;
mod client;
mod issue;
mod record;
mod scopes;
pub mod tls;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use serde_json::{Value, json};

use access_token::AccessTokens;
pub use access_token::SelfTestFailed;

use crate::{
    clock::Moment,
    exchange::{
        authority::{Authority, IssuedToken, PeerCertificate, TokenRefused, TokenRequest},
        caller::{Caller, OfficerCaller},
        ports::Store,
        refusal::Refusal,
    },
    ids::{Mint, SiteId},
};

/// What identity is made from.
pub struct IdentitySettings<'a> {
    /// The tenant under which refusals of unknown callers are recorded.
    pub site_id: SiteId,
    /// Issuer and audience of the tokens: `https://host:port`.
    pub base_url: &'a str,
    /// Ed25519, PKCS#8 DER.
    pub token_signing_key: &'a [u8],
    /// Ed25519, PKCS#8 DER; only its public half is used here.
    pub event_signing_key: &'a [u8],
    /// Ed25519, PKCS#8 DER; only its public half is used here. `None` where no documents are signed.
    pub document_signing_key: Option<&'a [u8]>,
    /// Public keys that signed documents earlier, as JWK.
    pub retired_document_keys: &'a [Value],
}

/// Establishes who is calling.
pub struct Identity {
    store: Arc<dyn Store>,
    mint: Arc<Mint>,
    site_id: SiteId,
    base_url: String,
    tokens: AccessTokens,
    event_key: Jwk,
    document_key: Option<Jwk>,
    retired_document_keys: Vec<Value>,
}

impl Identity {
    /// Prepares the keys and shows that tokens work: one is signed and read back, and forgeries are refused.
    ///
    /// # Errors
    /// A key is not Ed25519, or the self-test found that a forgery passes.
    pub fn open(
        settings: &IdentitySettings<'_>,
        store: Arc<dyn Store>,
        mint: Arc<Mint>,
    ) -> Result<Self, SelfTestFailed> {
        let tokens = AccessTokens::new(settings.token_signing_key, settings.base_url)?;
        tokens.self_test(&mint)?;
        Ok(Self {
            store,
            mint,
            site_id: settings.site_id.clone(),
            base_url: settings.base_url.to_owned(),
            tokens,
            event_key: access_token::public_jwk(settings.event_signing_key)?,
            document_key: settings.document_signing_key.map(access_token::public_jwk).transpose()?,
            retired_document_keys: settings.retired_document_keys.to_vec(),
        })
    }
}

#[async_trait]
impl Authority for Identity {
    fn recognise(&self, leaf: &[u8]) -> Option<PeerCertificate> {
        let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
        Some(PeerCertificate {
            sha256: sha256(leaf),
            not_after: Moment(certificate.validity().not_after.timestamp().saturating_mul(1_000_000)),
        })
    }

    async fn issue(
        &self,
        peer: &PeerCertificate,
        request: TokenRequest,
    ) -> Result<IssuedToken, TokenRefused> {
        self.issue_token(peer, request).await
    }

    async fn authenticate(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<Caller, Refusal> {
        self.authenticate_request(peer, authorization, scope).await
    }

    async fn authenticate_officer(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<OfficerCaller, Refusal> {
        self.authenticate_officer_request(peer, authorization, scope).await
    }

    fn key_set(&self) -> Value {
        let keys: Vec<Value> = [&self.event_key, self.tokens.jwk()]
            .into_iter()
            .chain(&self.document_key)
            .filter_map(|jwk| {
                let mut jwk = jwk.clone();
                jwk.common.public_key_use = Some(PublicKeyUse::Signature);
                serde_json::to_value(jwk).ok()
            })
            .chain(self.retired_document_keys.iter().cloned())
            .collect();
        json!({ "keys": keys })
    }

    fn scopes(&self) -> Vec<&'static str> {
        scopes::all()
    }
}

/// SHA-256 by AWS-LC.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    out.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    out
}
