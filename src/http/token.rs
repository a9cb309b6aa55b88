//! `POST /oauth/token`: RFC 6749 client credentials. Its own refusals are those of section 5.2, not problem+json.

use serde_json::json;

use super::{
    call::{Call, Outcome, json_answer},
    form,
};
use crate::exchange::{
    Answer,
    authority::{TokenRefused, TokenRequest},
};

pub(super) async fn issue_token(call: Call) -> Outcome {
    let issued = match (&call.peer, read_form(&call.body)) {
        (None, _) => Err(TokenRefused::InvalidClient("a client certificate is needed")),
        (Some(_), Err(refused)) => Err(refused),
        (Some(peer), Ok(request)) => call.gateway.authority.issue(peer, request).await,
    };
    Ok(match issued {
        Ok(token) => {
            if let Some(partner) = token.partner_id {
                call.partner.get_or_init(|| partner);
            }
            let mut answer = json_answer(
                200,
                "application/json",
                &json!({
                    "access_token": token.access_token,
                    "token_type": "Bearer",
                    "expires_in": token.expires_in_seconds,
                    "scope": token.scope,
                }),
            );
            answer.headers.push(("pragma", String::from("no-cache")));
            answer
        }
        Err(refused) => refusal(refused),
    })
}

fn read_form(body: &[u8]) -> Result<TokenRequest, TokenRefused> {
    let unreadable = TokenRefused::InvalidRequest("the form cannot be read");
    let text = std::str::from_utf8(body).map_err(|_| unreadable)?;
    let pairs = form::pairs(text, &[], "").map_err(|_| unreadable)?;
    let mut request = TokenRequest::default();
    for (name, value) in pairs {
        let field = match name.as_str() {
            "grant_type" => &mut request.grant_type,
            "client_id" => &mut request.client_id,
            "client_assertion_type" => &mut request.client_assertion_type,
            "client_assertion" => &mut request.client_assertion,
            "scope" => &mut request.scope,
            // RFC 6749, section 3.2: what is not known is not looked at.
            _ => continue,
        };
        if field.is_some() {
            return Err(TokenRefused::InvalidRequest("a parameter stands twice"));
        }
        // RFC 6749, section 3.2: a parameter without a value counts as not sent.
        *field = Some(value).filter(|v| !v.is_empty());
    }
    Ok(request)
}

fn refusal(refused: TokenRefused) -> Answer {
    let (status, error, text) = match refused {
        TokenRefused::InvalidRequest(text) => (400, "invalid_request", text),
        TokenRefused::InvalidClient(text) => (401, "invalid_client", text),
        TokenRefused::UnauthorizedClient(text) => (400, "unauthorized_client", text),
        TokenRefused::UnsupportedGrantType(text) => (400, "unsupported_grant_type", text),
        TokenRefused::InvalidScope(text) => (400, "invalid_scope", text),
        TokenRefused::Unavailable => (503, "temporarily_unavailable", "come back in a moment"),
    };
    let body = json!({"error": error, "error_description": text});
    let mut answer = json_answer(status, "application/json", &body);
    if status == 503 {
        answer.headers.push(("retry-after", String::from("2")));
    }
    answer
}
