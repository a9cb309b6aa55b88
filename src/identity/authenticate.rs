//! Who makes this request: certificate and token must agree with each other and with what is registered now.

use super::{
    Identity,
    access_token::{BadToken, Claims},
    client::Client,
};
use crate::exchange::{
    authority::PeerCertificate,
    caller::{Caller, OfficerCaller},
    ig::Officer,
    refusal::{Refusal, Refused},
};

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Denied {
    NoCertificate,
    CertificateExpired,
    NoToken,
    TokenExpired,
    TokenInvalid,
    TokenOfAnother,
    UnknownClient,
    CertificateNotRegistered,
    Suspended,
    ScopeMissing(&'static str),
}

impl Denied {
    /// The code in the audit log.
    const fn code(self) -> &'static str {
        match self {
            Self::NoCertificate => "no-certificate",
            Self::CertificateExpired => "certificate-expired",
            Self::NoToken => "no-token",
            Self::TokenExpired => "token-expired",
            Self::TokenInvalid => "token-invalid",
            Self::TokenOfAnother => "token-of-another-certificate",
            Self::UnknownClient => "unknown-client",
            Self::CertificateNotRegistered => "certificate-not-registered",
            Self::Suspended => "suspended",
            Self::ScopeMissing(_) => "scope-missing",
        }
    }

    fn refusal(self) -> Refusal {
        let unauthorized =
            |code, text: &str| Refusal::new(Refused::Unauthorized, code, "Authorization", text);
        match self {
            Self::NoCertificate => unauthorized("login", "A client certificate is needed."),
            Self::CertificateExpired => unauthorized("security", "The client certificate has expired."),
            Self::NoToken => unauthorized(
                "login",
                "An access token is needed: Authorization: Bearer <token>, from POST /oauth/token.",
            ),
            Self::TokenExpired => {
                unauthorized("expired", "The access token has expired: get another from POST /oauth/token.")
            }
            Self::TokenInvalid => unauthorized("security", "The access token is not one of this gateway's."),
            Self::TokenOfAnother => {
                unauthorized("security", "The access token was issued to another client certificate.")
            }
            Self::UnknownClient => unauthorized("unknown", "The client of this access token is not known."),
            Self::CertificateNotRegistered => {
                unauthorized("security", "The client certificate is not the one registered for this client.")
            }
            Self::Suspended => Refusal::new(
                Refused::Forbidden,
                "forbidden",
                "",
                "This partner is suspended. Speak to the gateway's operator.",
            ),
            Self::ScopeMissing(scope) => Refusal::new(
                Refused::Forbidden,
                "forbidden",
                "Authorization",
                format!("The access token needs the scope {scope}."),
            ),
        }
    }
}

impl Identity {
    pub(super) async fn authenticate_request(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<Caller, Refusal> {
        match self.admitted(peer, authorization, scope).await? {
            (Client::Agency(partner), admitted) => Ok(Caller {
                site_id: partner.site_id,
                partner_id: partner.partner_id,
                kind: partner.kind,
                scopes: admitted.scopes,
                token_id: admitted.token_id,
                certificate_sha256: admitted.certificate_sha256,
            }),
            // No scope of an agency's is an officer's.
            (Client::Officer(_), _) => Err(Refusal::internal()),
        }
    }

    pub(super) async fn authenticate_officer_request(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<OfficerCaller, Refusal> {
        match self.admitted(peer, authorization, scope).await? {
            (Client::Officer(row), _) => {
                let officer = Officer::proved(&row.name).ok_or_else(Refusal::internal)?;
                Ok(OfficerCaller { site_id: row.site_id, officer })
            }
            (Client::Agency(_), _) => Err(Refusal::internal()),
        }
    }

    /// Who holds `scope` with this certificate and token, whoever that is.
    async fn admitted(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<(Client, Admitted), Refusal> {
        let (denied, client) = match self.claims_of(peer, authorization) {
            Err(denied) => (denied, None),
            Ok((peer, claims)) => {
                let client = Client::find(self.store.as_ref(), &claims.client_id).await;
                match client.map_err(|_| Refusal::unavailable())? {
                    None => (Denied::UnknownClient, None),
                    Some(client) => match admit(peer, claims, &client, scope) {
                        Ok(admitted) => return Ok((client, admitted)),
                        Err(denied) => (denied, Some(client)),
                    },
                }
            }
        };
        self.record_refusal(client.as_ref(), peer, denied.code()).await;
        Err(denied.refusal())
    }

    fn claims_of<'a>(
        &self,
        peer: Option<&'a PeerCertificate>,
        authorization: Option<&str>,
    ) -> Result<(&'a PeerCertificate, Claims), Denied> {
        let now = self.mint.clock().now();
        let peer = peer.ok_or(Denied::NoCertificate)?;
        if peer.not_after < now {
            return Err(Denied::CertificateExpired);
        }
        let token = authorization.and_then(bearer).ok_or(Denied::NoToken)?;
        match self.tokens.read(token, now, peer) {
            Ok(claims) => Ok((peer, claims)),
            Err(BadToken::Expired) => Err(Denied::TokenExpired),
            Err(BadToken::OtherCertificate) => Err(Denied::TokenOfAnother),
            Err(BadToken::Invalid) => Err(Denied::TokenInvalid),
        }
    }
}

/// The token of `Bearer <token>`; the scheme is taken in any case.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What token and certificate say of a client that is let in.
struct Admitted {
    scopes: Vec<String>,
    token_id: String,
    certificate_sha256: String,
}

/// What is registered now decides, not what was registered when the token was issued.
fn admit(
    peer: &PeerCertificate,
    claims: Claims,
    client: &Client,
    scope: &'static str,
) -> Result<Admitted, Denied> {
    let certificate_sha256 = peer.sha256_hex();
    if !client.has_certificate(&certificate_sha256) {
        return Err(Denied::CertificateNotRegistered);
    }
    if !client.is_active() {
        return Err(Denied::Suspended);
    }
    let scopes: Vec<String> = claims.scope.split(' ').map(str::to_owned).collect();
    if !scopes.iter().any(|held| held == scope) || !client.scopes().contains(&scope) {
        return Err(Denied::ScopeMissing(scope));
    }
    Ok(Admitted { scopes, token_id: claims.jti, certificate_sha256 })
}
