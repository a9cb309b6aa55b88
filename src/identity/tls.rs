//! TLS of the listeners. The partners' listener lets nobody in without a certificate of the partners'
//! authorities; the public one never asks for a certificate.

use std::sync::Arc;

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};

/// A listener's TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The listener's own certificate or key does not serve.
    #[error("the listener's certificate and key do not serve: {0}")]
    Own(#[from] rustls::Error),
    /// The partners' authorities or revocation lists do not serve.
    #[error("the partners' authorities do not serve: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// TLS for partners: a client certificate is required, and no revoked or unknown one passes when revocation
/// lists are given; a list that has expired lets nobody in.
///
/// # Errors
/// The certificate, key, authorities or lists do not serve.
pub fn for_partners(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authorities: Vec<CertificateDer<'static>>,
    revocation_lists: Vec<CertificateRevocationListDer<'static>>,
) -> Result<ServerConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority)?;
    }
    let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    if !revocation_lists.is_empty() {
        verifier = verifier.with_crls(revocation_lists).enforce_revocation_expiration();
    }
    Ok(ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier.build()?)
        .with_single_cert(chain, key)?)
}

/// TLS for the public: no client certificate is asked for.
///
/// # Errors
/// The certificate or key does not serve.
pub fn for_public(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, TlsError> {
    Ok(ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
