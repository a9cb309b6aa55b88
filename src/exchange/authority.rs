//! What `http` asks of whoever establishes identity: recognise a certificate, issue a token, authenticate a
//! request. Never what the caller may see of a person: that is consent's to say.

use async_trait::async_trait;

use super::{
    caller::{Caller, OfficerCaller},
    refusal::Refusal,
};
use crate::{clock::Moment, ids::PartnerId};

/// The leaf certificate that a caller showed in TLS, already verified against the partners' authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// SHA-256 of its DER.
    pub sha256: [u8; 32],
    /// The last moment of its validity: a connection may outlive it.
    pub not_after: Moment,
}

impl PeerCertificate {
    /// The fingerprint in lower-case hexadecimal, as partners are registered.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        crate::audit::hex(&self.sha256)
    }
}

/// The form of a token request; each field is `None` when it was not sent.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `client_assertion_type`.
    pub client_assertion_type: Option<String>,
    /// `client_assertion`.
    pub client_assertion: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
}

/// An access token, just issued. Not `Debug`: it must not reach a log.
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// Its life, in seconds.
    pub expires_in_seconds: i64,
    /// What it allows, separated by spaces.
    pub scope: String,
    /// Whose it is; `None` for an information governance officer's, who is no agency.
    pub partner_id: Option<PartnerId>,
}

/// Why no token was issued: the error codes of RFC 6749, section 5.2. The text tells what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// A parameter is missing, repeated or malformed.
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    /// The client is unknown or did not prove who it is.
    #[error("invalid_client: {0}")]
    InvalidClient(&'static str),
    /// The client may not have tokens.
    #[error("unauthorized_client: {0}")]
    UnauthorizedClient(&'static str),
    /// Only `client_credentials` is offered.
    #[error("unsupported_grant_type: {0}")]
    UnsupportedGrantType(&'static str),
    /// A scope was asked for that the client may not have.
    #[error("invalid_scope: {0}")]
    InvalidScope(&'static str),
    /// The issue cannot be recorded now, so there is none.
    #[error("temporarily_unavailable")]
    Unavailable,
}

/// Establishes who is calling.
#[async_trait]
pub trait Authority: Send + Sync + 'static {
    /// Reads the leaf certificate of a connection (DER). `None`: it cannot be read, so nobody is recognised.
    fn recognise(&self, leaf: &[u8]) -> Option<PeerCertificate>;

    /// Issues an access token, bound to the certificate.
    async fn issue(&self, peer: &PeerCertificate, request: TokenRequest)
    -> Result<IssuedToken, TokenRefused>;

    /// Establishes the caller of one request, who must hold `scope`. A refusal is recorded in the audit log.
    async fn authenticate(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<Caller, Refusal>;

    /// Establishes the information governance officer who asks, who must hold `scope`. A refusal is recorded in the audit log.
    async fn authenticate_officer(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<OfficerCaller, Refusal>;

    /// The public keys with which events and tokens can be checked: a JWK set.
    fn key_set(&self) -> serde_json::Value;

    /// Every scope that some kind of agency may have, sorted.
    fn scopes(&self) -> Vec<&'static str>;
}
