//! Who makes this request: certificate and token must agree with each other and with what is registered now.

use super::{
    Identity,
    access_token::{BadToken, Claims},
    scopes,
};
use crate::{
    directory::{Partner, PartnerStatus},
    exchange::{
        authority::PeerCertificate,
        caller::Caller,
        refusal::{Refusal, Refused},
    },
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
        let (denied, partner) = match self.claims_of(peer, authorization) {
            Err(denied) => (denied, None),
            Ok((peer, claims)) => {
                let partner = self.store.partner_by_client(&claims.client_id).await;
                let partner = partner.map_err(|_| Refusal::unavailable())?;
                match admit(peer, claims, partner.as_ref(), scope) {
                    Ok(caller) => return Ok(caller),
                    Err(denied) => (denied, partner),
                }
            }
        };
        self.record_refusal(partner.as_ref(), peer, denied.code()).await;
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

/// What is registered now decides, not what was registered when the token was issued.
fn admit(
    peer: &PeerCertificate,
    claims: Claims,
    partner: Option<&Partner>,
    scope: &'static str,
) -> Result<Caller, Denied> {
    let partner = partner.ok_or(Denied::UnknownClient)?;
    let certificate_sha256 = peer.sha256_hex();
    if partner.certificate_sha256 != certificate_sha256 {
        return Err(Denied::CertificateNotRegistered);
    }
    if partner.status != PartnerStatus::Active {
        return Err(Denied::Suspended);
    }
    let scopes: Vec<String> = claims.scope.split(' ').map(str::to_owned).collect();
    if !scopes.iter().any(|held| held == scope) || !scopes::allowed(partner.kind).contains(&scope) {
        return Err(Denied::ScopeMissing(scope));
    }
    Ok(Caller {
        site_id: partner.site_id.clone(),
        partner_id: partner.partner_id.clone(),
        kind: partner.kind,
        scopes,
        token_id: claims.jti,
        certificate_sha256,
    })
}
