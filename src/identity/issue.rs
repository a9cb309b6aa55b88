//! `POST /oauth/token`: client credentials, proved by the certificate alone (`tls_client_auth`, RFC 8705) or also by
//! a signed assertion (`private_key_jwt`).

use super::{
    Identity,
    assertion::{self, ASSERTION_TYPE, Proof},
    client::Client,
    scopes,
};
use crate::{
    audit::Kind,
    exchange::{
        authority::{IssuedToken, PeerCertificate, TokenRefused, TokenRequest},
        ports::{CommitError, Write},
    },
    limits::TOKEN_LIFETIME_SECONDS,
};

/// The kind under which used assertions are kept.
const ONCE_KIND: &str = "client-assertion";

/// What was checked before a token is issued.
struct Approved {
    client: Client,
    proof: Option<Proof>,
    scope: String,
}

impl Identity {
    pub(super) async fn issue_token(
        &self,
        peer: &PeerCertificate,
        request: TokenRequest,
    ) -> Result<IssuedToken, TokenRefused> {
        let mut client = None;
        let approved = self.approve(peer, &request, &mut client).await;
        match approved {
            Ok(approved) => self.grant(peer, approved).await,
            Err(TokenRefused::Unavailable) => Err(TokenRefused::Unavailable),
            Err(refused) => {
                self.record_refusal(client.as_ref(), Some(peer), code(refused)).await;
                Err(refused)
            }
        }
    }

    async fn approve(
        &self,
        peer: &PeerCertificate,
        request: &TokenRequest,
        found: &mut Option<Client>,
    ) -> Result<Approved, TokenRefused> {
        match request.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(TokenRefused::UnsupportedGrantType("grant_type must be client_credentials"));
            }
            None => return Err(TokenRefused::InvalidRequest("grant_type is missing")),
        }
        let now = self.mint.clock().now();
        if peer.not_after < now {
            return Err(TokenRefused::InvalidClient("the client certificate has expired"));
        }
        let client_id = client_of(request)?;
        let client =
            Client::find(self.store.as_ref(), &client_id).await.map_err(|_| TokenRefused::Unavailable)?;
        let client = client.ok_or(TokenRefused::InvalidClient("the client is not known"))?;
        // Until the certificate is its own, nothing that happens here is put down to the client that is named.
        if client.has_certificate(&peer.sha256_hex()) {
            *found = Some(client.clone());
        } else {
            return Err(TokenRefused::InvalidClient(
                "the client certificate is not the one registered for this client",
            ));
        }
        let proof = match request.client_assertion.as_deref() {
            Some(text) => {
                let audiences = [self.base_url.clone(), format!("{}/oauth/token", self.base_url)];
                let proof = assertion::check(text, &client_id, client.jwks(), &audiences, now);
                Some(proof.map_err(TokenRefused::InvalidClient)?)
            }
            None if client.jwks().is_empty() => None,
            None => {
                return Err(TokenRefused::InvalidClient("this client is registered for private_key_jwt"));
            }
        };
        if !client.is_active() {
            return Err(TokenRefused::UnauthorizedClient("this client is suspended"));
        }
        let scope = scopes::grant(&client.scopes(), request.scope.as_deref())
            .ok_or(TokenRefused::InvalidScope("a scope was asked for that this client may not have"))?;
        Ok(Approved { client, proof, scope })
    }

    async fn grant(&self, peer: &PeerCertificate, approved: Approved) -> Result<IssuedToken, TokenRefused> {
        let Approved { client, proof, scope } = approved;
        let issued = self.tokens.issue(&self.mint, &client.client_id(), &scope, peer);
        let (access_token, token_id) = issued.map_err(|_| TokenRefused::Unavailable)?;
        let method = if proof.is_some() { "private_key_jwt" } else { "tls_client_auth" };
        let facts = vec![("token", token_id), ("method", method.to_owned())];
        let mut writes = vec![self.entry(Kind::TokenIssued, Some(&client), Some(peer), facts)];
        if let Some(proof) = proof {
            writes.push(Write::Once(ONCE_KIND.to_owned(), proof.once, proof.until));
        }
        match self.store.commit(writes, Vec::new()).await {
            Ok(()) => Ok(IssuedToken {
                access_token,
                expires_in_seconds: TOKEN_LIFETIME_SECONDS,
                scope,
                partner_id: client.partner_id().cloned(),
            }),
            Err(CommitError::Exists(_) | CommitError::Conflict(_)) => {
                let refused = TokenRefused::InvalidClient("the assertion's jti was used before");
                self.record_refusal(Some(&client), Some(peer), "assertion-used-twice").await;
                Err(refused)
            }
            Err(CommitError::Busy | CommitError::Unavailable(_)) => Err(TokenRefused::Unavailable),
        }
    }
}

/// The client that the request is for, by `client_id` or, when only an assertion was sent, by its `sub`.
fn client_of(request: &TokenRequest) -> Result<String, TokenRefused> {
    match (&request.client_assertion_type, &request.client_assertion) {
        (None, None) => request.client_id.clone().ok_or(TokenRefused::InvalidRequest("client_id is missing")),
        (Some(kind), Some(assertion)) if kind == ASSERTION_TYPE => {
            let claimed = assertion::claimed_client(assertion).ok_or(TokenRefused::InvalidClient(
                "the assertion is not a JWT whose iss and sub are the client",
            ))?;
            match &request.client_id {
                Some(named) if *named != claimed => {
                    Err(TokenRefused::InvalidClient("client_id and the assertion name different clients"))
                }
                _ => Ok(claimed),
            }
        }
        (Some(_), Some(_)) => Err(TokenRefused::InvalidClient("this client_assertion_type is not offered")),
        _ => Err(TokenRefused::InvalidRequest(
            "client_assertion and client_assertion_type are sent together or not at all",
        )),
    }
}

/// The code in the audit log.
const fn code(refused: TokenRefused) -> &'static str {
    match refused {
        TokenRefused::InvalidRequest(_) => "token-invalid-request",
        TokenRefused::InvalidClient(_) => "token-invalid-client",
        TokenRefused::UnauthorizedClient(_) => "token-suspended",
        TokenRefused::UnsupportedGrantType(_) => "token-unsupported-grant",
        TokenRefused::InvalidScope(_) => "token-invalid-scope",
        TokenRefused::Unavailable => "token-unavailable",
    }
}
