//! Access tokens: JWTs of RFC 9068, signed by the gateway with Ed25519 and bound to a certificate (RFC 8705).
//!
//! The library checks the signature, the one algorithm, issuer and audience; times are checked here, because the
//! library would read the system's clock.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, ThumbprintHash},
};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    exchange::authority::PeerCertificate,
    ids::Mint,
    limits::{TOKEN_LEEWAY_SECONDS, TOKEN_LIFETIME_SECONDS},
};

/// Longest token that is looked at, in bytes.
const TOKEN_MAX_BYTES: usize = 4_096;
/// The `typ` of RFC 9068: a token of any other kind is not an access token.
const TYPE: &str = "at+jwt";

/// The keys for tokens do not work, or a forgery passes: the gateway must not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tokens cannot be used: {0}")]
pub struct SelfTestFailed(pub &'static str);

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// Its time is over.
    Expired,
    /// It belongs to another certificate.
    OtherCertificate,
    /// Anything else. Which, is nobody's business.
    Invalid,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    x5t_s256: String,
}

/// The claims. Every one is required; a wrong type is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    sub: String,
    pub(super) client_id: String,
    exp: i64,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    pub(super) jti: String,
    pub(super) scope: String,
    cnf: Confirmation,
}

/// Signs and reads access tokens.
pub(super) struct AccessTokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    jwk: Jwk,
    key_id: String,
    issuer: String,
}

impl AccessTokens {
    pub(super) fn new(pkcs8: &[u8], issuer: &str) -> Result<Self, SelfTestFailed> {
        let jwk = public_jwk(pkcs8)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self {
            signing: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_jwk(&jwk).map_err(|_| SelfTestFailed("the public key"))?,
            validation,
            key_id: jwk.common.key_id.clone().unwrap_or_default(),
            jwk,
            issuer: issuer.to_owned(),
        })
    }

    pub(super) const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// A fresh token and its id.
    pub(super) fn issue(
        &self,
        mint: &Mint,
        client_id: &str,
        scope: &str,
        peer: &PeerCertificate,
    ) -> Result<(String, String), SelfTestFailed> {
        let now = seconds(mint.clock().now());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: client_id.to_owned(),
            client_id: client_id.to_owned(),
            exp: now.saturating_add(TOKEN_LIFETIME_SECONDS),
            iat: now,
            nbf: None,
            jti: mint.uuid(),
            scope: scope.to_owned(),
            cnf: Confirmation { x5t_s256: thumbprint(peer) },
        };
        let token = self.sign(&claims, TYPE)?;
        Ok((token, claims.jti))
    }

    fn sign(&self, claims: &Claims, kind: &str) -> Result<String, SelfTestFailed> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.key_id.clone());
        encode(&header, claims, &self.signing).map_err(|_| SelfTestFailed("signing"))
    }

    /// The claims of a token that is in force at `now` and belongs to `peer`.
    pub(super) fn read(&self, token: &str, now: Moment, peer: &PeerCertificate) -> Result<Claims, BadToken> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(BadToken::Invalid);
        }
        let header = decode_header(token).map_err(|_| BadToken::Invalid)?;
        if header.typ.as_deref() != Some(TYPE)
            || header.kid.as_deref() != Some(self.key_id.as_str())
            || header.crit.is_some()
        {
            return Err(BadToken::Invalid);
        }
        let claims =
            decode::<Claims>(token, &self.verifying, &self.validation).map_err(|_| BadToken::Invalid)?.claims;
        let now = seconds(now);
        let soon = now.saturating_add(TOKEN_LEEWAY_SECONDS);
        if claims.sub != claims.client_id || claims.iat > soon || claims.nbf.is_some_and(|nbf| nbf > soon) {
            return Err(BadToken::Invalid);
        }
        if claims.exp.saturating_add(TOKEN_LEEWAY_SECONDS) <= now {
            return Err(BadToken::Expired);
        }
        if claims.cnf.x5t_s256 != thumbprint(peer) {
            return Err(BadToken::OtherCertificate);
        }
        Ok(claims)
    }

    /// Shows, before the first caller comes, that a token of ours is taken and that forgeries are not.
    pub(super) fn self_test(&self, mint: &Mint) -> Result<(), SelfTestFailed> {
        let peer = PeerCertificate { sha256: [1; 32], not_after: Moment(i64::MAX) };
        let stranger = PeerCertificate { sha256: [2; 32], not_after: Moment(i64::MAX) };
        let now = mint.clock().now();
        let (token, _) = self.issue(mint, "self-test", "none", &peer)?;
        let claims = self.read(&token, now, &peer).map_err(|_| SelfTestFailed("a good token is refused"))?;
        let late = now.plus_seconds(TOKEN_LIFETIME_SECONDS + TOKEN_LEEWAY_SECONDS + 1);
        let unsigned = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","typ":"{TYPE}","kid":"{}"}}"#, self.key_id)),
            token.split('.').nth(1).unwrap_or_default(),
        );
        let forgeries = [
            (self.read(&token, late, &peer), "an expired token passes"),
            (self.read(&token, now, &stranger), "a token of another certificate passes"),
            (self.read(&unsigned, now, &peer), "an unsigned token passes"),
            (self.read(&self.sign(&claims, "JWT")?, now, &peer), "a token of another type passes"),
        ];
        match forgeries.into_iter().find(|(read, _)| read.is_ok()) {
            Some((_, fault)) => Err(SelfTestFailed(fault)),
            None => Ok(()),
        }
    }
}

/// The public half of an Ed25519 key (PKCS#8 DER) as a JWK whose id is its RFC 7638 thumbprint.
pub(super) fn public_jwk(pkcs8: &[u8]) -> Result<Jwk, SelfTestFailed> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
        .map_err(|_| SelfTestFailed("a signing key is not Ed25519 in PKCS#8"))?;
    let public = DecodingKey::from_ed_der(pair.public_key().as_ref());
    let mut jwk = Jwk::from_decoding_key(&public, Some(Algorithm::EdDSA))
        .map_err(|_| SelfTestFailed("a public key has no JWK"))?;
    let id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| SelfTestFailed("a key has no thumbprint"))?;
    jwk.common.key_id = Some(id);
    Ok(jwk)
}

/// `x5t#S256`: the certificate's SHA-256 in base64url.
fn thumbprint(peer: &PeerCertificate) -> String {
    URL_SAFE_NO_PAD.encode(peer.sha256)
}

/// Whole seconds since 1970, as JWT counts.
pub(super) const fn seconds(moment: Moment) -> i64 {
    moment.0.div_euclid(1_000_000)
}
