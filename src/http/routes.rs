//! Everything that is offered over HTTP: the one table from which routes are registered, `Allow` and the
//! `CapabilityStatement` are made, and against which `openapi.yaml` is checked.

use std::future::ready;

use super::{
    assessments, call::Handler, capabilities, consents, discovery, health, mailbox,
    process_message::process_message, referrals, requests::take_request, sheets::collect_sheet, token,
};

/// The three listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    /// Agencies, with a client certificate.
    Partners,
    /// Anybody: discovery and keys.
    Public,
    /// Health and metrics.
    Operators,
}

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl Verb {
    /// The method on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches the listener.
    Open,
    /// Whoever shows a client certificate: for getting a token.
    Certificate,
    /// A caller whose token has this scope.
    Scope(&'static str),
}

/// What a request's body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing; a body that is sent all the same is not looked at.
    Nothing,
    /// `application/json`.
    Json,
    /// `application/json`, or no body at all.
    OptionalJson,
    /// `application/fhir+json` or `application/json`.
    Fhir,
    /// The same, or no body at all.
    OptionalFhir,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Any bytes.
    Bytes,
}

/// What of FHIR a route is, for the `CapabilityStatement`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// The `CapabilityStatement` itself.
    Capabilities,
    /// An operation of the whole system, without its `$`.
    SystemOperation(&'static str),
    /// An operation of one resource: its type, and the operation without its `$`.
    InstanceOperation(&'static str, &'static str),
}

/// One thing that is offered.
pub struct Route {
    /// The method.
    pub method: Verb,
    /// The path, with `{name}` where it varies.
    pub path: &'static str,
    /// Where it is offered.
    pub listeners: &'static [Listener],
    /// To whom.
    pub access: Access,
    /// What the body may be.
    pub takes: Takes,
    /// The query parameters that are known; others are refused, because a mistyped one would change nothing.
    pub query: &'static [&'static str],
    /// What of FHIR it is.
    pub fhir: Option<Interaction>,
    pub(super) handler: Handler,
}

/// Partners only.
const PARTNERS: &[Listener] = &[Listener::Partners];
/// Where discovery is offered.
const DISCOVERY: &[Listener] = &[Listener::Partners, Listener::Public];
/// Operators only.
const OPERATORS: &[Listener] = &[Listener::Operators];

const fn get(path: &'static str, listeners: &'static [Listener], access: Access, handler: Handler) -> Route {
    Route {
        method: Verb::Get,
        path,
        listeners,
        access,
        takes: Takes::Nothing,
        query: &[],
        fhir: None,
        handler,
    }
}

const fn post(path: &'static str, takes: Takes, access: Access, handler: Handler) -> Route {
    Route { method: Verb::Post, path, listeners: PARTNERS, access, takes, query: &[], fhir: None, handler }
}

/// The table.
pub static ROUTES: &[Route] = &[
    // FHIR.
    Route {
        fhir: Some(Interaction::Capabilities),
        query: &["_format"],
        ..get("/fhir/metadata", DISCOVERY, Access::Open, |c| Box::pin(ready(capabilities::capabilities(&c))))
    },
    get("/fhir/.well-known/smart-configuration", DISCOVERY, Access::Open, |c| {
        Box::pin(ready(Ok(discovery::smart_configuration(&c))))
    }),
    Route {
        fhir: Some(Interaction::SystemOperation("process-message")),
        ..post("/fhir/$process-message", Takes::Fhir, Access::Scope("system/MessageHeader.c"), |c| {
            Box::pin(process_message(c))
        })
    },
    Route {
        fhir: Some(Interaction::InstanceOperation("Consent", "revoke")),
        ..post("/fhir/Consent/{id}/$revoke", Takes::OptionalFhir, Access::Scope("system/Consent.u"), |c| {
            Box::pin(consents::revoke_consent(c))
        })
    },
    // Tokens.
    post("/oauth/token", Takes::Form, Access::Certificate, |c| Box::pin(token::issue_token(c))),
    get("/oauth/jwks", DISCOVERY, Access::Open, |c| Box::pin(ready(Ok(discovery::key_set(&c))))),
    // Without FHIR.
    Route {
        query: &["dry-run"],
        ..post("/assessments", Takes::Json, Access::Scope("keyway/assessments.c"), |c| {
            Box::pin(assessments::submit_assessment(c))
        })
    },
    post("/justice/requests", Takes::Json, Access::Scope("keyway/requests.c"), |c| Box::pin(take_request(c))),
    get("/justice/sheets/{id}", PARTNERS, Access::Scope("keyway/sheets.r"), |c| Box::pin(collect_sheet(c))),
    get("/referrals/{id}", PARTNERS, Access::Scope("keyway/referrals.r"), |c| {
        Box::pin(referrals::read_referral(c))
    }),
    get("/referrals/{id}/audit", PARTNERS, Access::Scope("keyway/referrals.r"), |c| {
        Box::pin(referrals::read_referral_audit(c))
    }),
    get("/referrals/{id}/actions", PARTNERS, Access::Scope("keyway/referrals.r"), |c| {
        Box::pin(referrals::list_actions(c))
    }),
    post("/referrals/{id}/actions/{action}", Takes::OptionalJson, Access::Scope("keyway/referrals.u"), |c| {
        Box::pin(referrals::act(c))
    }),
    // Mailboxes.
    post("/messageexchange/{mailbox}", Takes::Nothing, Access::Scope("keyway/mailbox"), |c| {
        Box::pin(mailbox::handshake(c))
    }),
    Route {
        query: &["max_results", "continue_from"],
        ..get("/messageexchange/{mailbox}/inbox", PARTNERS, Access::Scope("keyway/mailbox"), |c| {
            Box::pin(mailbox::list(c))
        })
    },
    get("/messageexchange/{mailbox}/inbox/{id}", PARTNERS, Access::Scope("keyway/mailbox"), |c| {
        Box::pin(mailbox::read(c))
    }),
    Route {
        method: Verb::Put,
        ..post(
            "/messageexchange/{mailbox}/inbox/{id}/status/acknowledged",
            Takes::Nothing,
            Access::Scope("keyway/mailbox"),
            |c| Box::pin(mailbox::acknowledge(c)),
        )
    },
    post("/messageexchange/{mailbox}/outbox", Takes::Bytes, Access::Scope("keyway/mailbox"), |c| {
        Box::pin(mailbox::send(c))
    }),
    // Operators.
    get("/health/live", OPERATORS, Access::Open, |_| Box::pin(ready(Ok(health::live())))),
    get("/health/ready", OPERATORS, Access::Open, |c| Box::pin(health::ready(c))),
    get("/metrics", OPERATORS, Access::Open, |c| Box::pin(health::metrics(c))),
];

/// The routes of one listener.
pub fn of(listener: Listener) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.listeners.contains(&listener))
}

/// The methods that `path` has on `listener`, for `Allow`.
pub(super) fn allowed(listener: Listener, path: &str) -> String {
    let methods: Vec<&str> = of(listener).filter(|r| r.path == path).map(|r| r.method.as_str()).collect();
    methods.join(", ")
}
