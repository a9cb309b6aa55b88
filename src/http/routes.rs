//! Everything that is offered over HTTP: the one table from which routes are registered, `Allow` and the
//! `CapabilityStatement` are made, and against which `openapi.yaml` is checked.

use std::future::ready;

use super::{
    assessments,
    call::Handler,
    capabilities, consents, discovery, health, ig, log, mailbox, message_definitions,
    process_message::process_message,
    referrals,
    requests::take_request,
    rest,
    sheets::{collect_document, collect_sheet},
    token,
    validate::validate,
};
use crate::exchange::{
    request::Door,
    rest::{self as kinds, Kind},
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

impl Listener {
    /// Its name in settings and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Public => "public",
            Self::Operators => "operators",
        }
    }
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
    /// An information governance officer whose token has this scope. No agency may.
    Officer(&'static str),
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
    /// `application/json`; or a service's own form, which is `application/fhir+json` or `text/csv` too.
    Assessment,
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
    /// An operation of every type of resource, without its `$`.
    EveryTypeOperation(&'static str),
    /// Reading a resource of this type as it stands.
    Read(&'static str),
    /// Reading one as it was at a version.
    Vread(&'static str),
    /// Searching, with the parameters in the address.
    Search(&'static str),
    /// Searching, with the parameters in a form.
    SearchByForm(&'static str),
    /// Making a resource of this type.
    Create(&'static str),
    /// Changing one.
    Update(&'static str),
    /// An operation of one resource: its type, and the operation without its `$`.
    InstanceOperation(&'static str, &'static str),
}

impl Interaction {
    /// The type of resource that it is about.
    #[must_use]
    pub const fn resource(self) -> Option<&'static str> {
        match self {
            Self::Capabilities | Self::SystemOperation(_) | Self::EveryTypeOperation(_) => None,
            Self::Read(kind)
            | Self::Vread(kind)
            | Self::Search(kind)
            | Self::SearchByForm(kind)
            | Self::Create(kind)
            | Self::Update(kind)
            | Self::InstanceOperation(kind, _) => Some(kind),
        }
    }

    /// Whether it only looks at what there is.
    #[must_use]
    pub const fn is_look(self) -> bool {
        matches!(
            self,
            Self::Capabilities | Self::Read(_) | Self::Vread(_) | Self::Search(_) | Self::SearchByForm(_)
        )
    }

    /// FHIR's code for it, when it is one of the interactions of a type.
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Capabilities
            | Self::SystemOperation(_)
            | Self::EveryTypeOperation(_)
            | Self::InstanceOperation(..) => None,
            Self::Read(_) => Some("read"),
            Self::Vread(_) => Some("vread"),
            Self::Create(_) => Some("create"),
            Self::Update(_) => Some("update"),
            Self::Search(_) | Self::SearchByForm(_) => Some("search-type"),
        }
    }
}

/// One thing that is offered.
pub struct Route {
    /// The method.
    pub method: Verb,
    /// The path, with `{name}` where one part of it varies; `{place}` is all that is left of it.
    pub path: &'static str,
    /// Where it is offered.
    pub listeners: &'static [Listener],
    /// To whom.
    pub access: Access,
    /// What the body may be.
    pub takes: Takes,
    /// The query parameters that are known; of others `conduct` says what becomes of them.
    pub query: &'static [&'static str],
    /// What is searched: then the kind's own parameters are known, and what is not is told rather than refused, unless
    /// the caller wants it otherwise.
    pub searches: Option<&'static Kind>,
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
        searches: None,
        fhir: None,
        handler,
    }
}

const fn post(path: &'static str, takes: Takes, access: Access, handler: Handler) -> Route {
    Route {
        method: Verb::Post,
        path,
        listeners: PARTNERS,
        access,
        takes,
        query: &[],
        searches: None,
        fhir: None,
        handler,
    }
}

impl Route {
    /// The names of every query parameter that is known here.
    #[must_use]
    pub fn parameters(&self) -> Vec<&'static str> {
        let searched = self.searches.map(Kind::query).unwrap_or_default();
        self.query.iter().copied().chain(searched).collect()
    }
}

/// Reading a resource of one kind.
macro_rules! reads {
    ($name:literal) => {
        Route {
            fhir: Some(Interaction::Read($name)),
            query: &["_format"],
            ..get(concat!("/fhir/", $name, "/{id}"), PARTNERS, looking!($name), |c| Box::pin(rest::read(c)))
        }
    };
}

/// Reading a resource of one kind as it was at a version.
macro_rules! vreads {
    ($name:literal) => {
        Route {
            fhir: Some(Interaction::Vread($name)),
            query: &["_format"],
            ..get(concat!("/fhir/", $name, "/{id}/_history/{version}"), PARTNERS, looking!($name), |c| {
                Box::pin(rest::read(c))
            })
        }
    };
}

/// Searching one kind of resource.
macro_rules! searches {
    ($name:literal, $kind:ident) => {
        Route {
            fhir: Some(Interaction::Search($name)),
            searches: Some(&kinds::$kind),
            ..get(concat!("/fhir/", $name), PARTNERS, looking!($name), |c| Box::pin(rest::search(c)))
        }
    };
}

/// Searching one kind of resource without anything personal in an address.
macro_rules! searches_by_form {
    ($name:literal, $kind:ident) => {
        Route {
            fhir: Some(Interaction::SearchByForm($name)),
            searches: Some(&kinds::$kind),
            ..post(concat!("/fhir/", $name, "/_search"), Takes::Form, looking!($name), |c| {
                Box::pin(rest::search(c))
            })
        }
    };
}

/// Making a resource of one kind.
macro_rules! creates {
    ($name:literal) => {
        Route {
            fhir: Some(Interaction::Create($name)),
            ..post(
                concat!("/fhir/", $name),
                Takes::Fhir,
                Access::Scope(concat!("system/", $name, ".c")),
                |c| Box::pin(rest::create(c)),
            )
        }
    };
}

/// Changing a resource of one kind.
macro_rules! updates {
    ($name:literal) => {
        Route {
            method: Verb::Put,
            fhir: Some(Interaction::Update($name)),
            ..post(
                concat!("/fhir/", $name, "/{id}"),
                Takes::Fhir,
                Access::Scope(concat!("system/", $name, ".u")),
                |c| Box::pin(rest::update(c)),
            )
        }
    };
}

/// The scope for reading and searching one kind of resource.
macro_rules! looking {
    ($name:literal) => {
        Access::Scope(concat!("system/", $name, ".rs"))
    };
}

/// Asking something of the liaison and diversion service.
macro_rules! requests {
    ($path:literal, $door:ident) => {
        post($path, Takes::Json, Access::Scope("keyway/requests.c"), |c| {
            Box::pin(take_request(c, Door::$door))
        })
    };
}

/// A question of an information governance officer.
macro_rules! officers {
    ($path:literal, $query:expr, $handler:ident) => {
        Route {
            query: $query,
            ..get($path, PARTNERS, Access::Officer("keyway/ig.r"), |c| Box::pin(ig::$handler(c)))
        }
    };
}

/// The table.
pub static ROUTES: &[Route] = &[
    // FHIR.
    Route {
        fhir: Some(Interaction::Capabilities),
        query: &["_format"],
        ..get("/fhir/metadata", DISCOVERY, Access::Open, |c| {
            Box::pin(ready(Ok(capabilities::capabilities(&c))))
        })
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
        fhir: Some(Interaction::EveryTypeOperation("validate")),
        query: &["profile", "_format"],
        ..post("/fhir/{type}/$validate", Takes::Fhir, Access::Scope("keyway/validate"), |c| {
            Box::pin(ready(validate(&c)))
        })
    },
    Route {
        fhir: Some(Interaction::Search("MessageDefinition")),
        query: &["context", "_format"],
        ..get("/fhir/MessageDefinition", PARTNERS, Access::Scope("system/MessageHeader.c"), |c| {
            Box::pin(message_definitions::search(c))
        })
    },
    Route {
        fhir: Some(Interaction::SearchByForm("MessageDefinition")),
        query: &["context", "_format"],
        ..post("/fhir/MessageDefinition/_search", Takes::Form, Access::Scope("system/MessageHeader.c"), |c| {
            Box::pin(message_definitions::search(c))
        })
    },
    Route {
        fhir: Some(Interaction::Read("MessageDefinition")),
        query: &["_format"],
        ..get("/fhir/MessageDefinition/{id}", PARTNERS, Access::Scope("system/MessageHeader.c"), |c| {
            Box::pin(ready(message_definitions::read(&c)))
        })
    },
    Route {
        query: &["dry-run"],
        fhir: Some(Interaction::InstanceOperation("Consent", "revoke")),
        ..post("/fhir/Consent/{id}/$revoke", Takes::OptionalFhir, Access::Scope("system/Consent.u"), |c| {
            Box::pin(consents::revoke_consent(c))
        })
    },
    // FHIR, by REST. What is fixed in a path stands before what varies there.
    searches_by_form!("Task", TASK),
    searches!("Task", TASK),
    reads!("Task"),
    vreads!("Task"),
    updates!("Task"),
    searches_by_form!("ServiceRequest", SERVICE_REQUEST),
    searches!("ServiceRequest", SERVICE_REQUEST),
    reads!("ServiceRequest"),
    vreads!("ServiceRequest"),
    searches_by_form!("Consent", CONSENT),
    searches!("Consent", CONSENT),
    reads!("Consent"),
    vreads!("Consent"),
    creates!("Consent"),
    updates!("Consent"),
    searches_by_form!("Communication", COMMUNICATION),
    searches!("Communication", COMMUNICATION),
    reads!("Communication"),
    vreads!("Communication"),
    creates!("Communication"),
    searches_by_form!("Appointment", APPOINTMENT),
    searches!("Appointment", APPOINTMENT),
    reads!("Appointment"),
    vreads!("Appointment"),
    creates!("Appointment"),
    updates!("Appointment"),
    searches_by_form!("HealthcareService", HEALTHCARE_SERVICE),
    searches!("HealthcareService", HEALTHCARE_SERVICE),
    reads!("HealthcareService"),
    vreads!("HealthcareService"),
    searches_by_form!("Organization", ORGANIZATION),
    searches!("Organization", ORGANIZATION),
    reads!("Organization"),
    vreads!("Organization"),
    searches_by_form!("Endpoint", ENDPOINT),
    searches!("Endpoint", ENDPOINT),
    reads!("Endpoint"),
    vreads!("Endpoint"),
    searches_by_form!("Location", LOCATION),
    searches!("Location", LOCATION),
    reads!("Location"),
    vreads!("Location"),
    searches_by_form!("PractitionerRole", PRACTITIONER_ROLE),
    searches!("PractitionerRole", PRACTITIONER_ROLE),
    reads!("PractitionerRole"),
    vreads!("PractitionerRole"),
    searches_by_form!("Provenance", PROVENANCE),
    searches!("Provenance", PROVENANCE),
    reads!("Provenance"),
    vreads!("Provenance"),
    searches_by_form!("AuditEvent", AUDIT_EVENT),
    searches!("AuditEvent", AUDIT_EVENT),
    reads!("AuditEvent"),
    vreads!("AuditEvent"),
    // Tokens.
    post("/oauth/token", Takes::Form, Access::Certificate, |c| Box::pin(token::issue_token(c))),
    get("/oauth/jwks", DISCOVERY, Access::Open, |c| Box::pin(ready(Ok(discovery::key_set(&c))))),
    // Without FHIR.
    Route {
        query: &["dry-run", "adapter"],
        ..post("/assessments", Takes::Assessment, Access::Scope("keyway/assessments.c"), |c| {
            Box::pin(assessments::submit_assessment(c))
        })
    },
    Route {
        query: &["dry-run"],
        ..post("/assessments/{id}/amend", Takes::Json, Access::Scope("keyway/assessments.c"), |c| {
            Box::pin(assessments::amend_assessment(c))
        })
    },
    requests!("/justice/requests", Justice),
    requests!("/housing/requests", Housing),
    requests!("/health/requests", Health),
    requests!("/community/requests", Community),
    requests!("/self-referrals", SelfReferrals),
    get("/justice/sheets/{id}", PARTNERS, Access::Scope("keyway/sheets.r"), |c| Box::pin(collect_sheet(c))),
    get("/documents/{id}", PARTNERS, Access::Scope("keyway/documents.r"), |c| Box::pin(collect_document(c))),
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
    // The audit log. What is fixed in a path stands before what varies there.
    get("/disclosures/{id}/receipt", PARTNERS, Access::Scope("keyway/referrals.r"), |c| {
        Box::pin(log::receipt(c))
    }),
    get("/log/checkpoint", PARTNERS, Access::Scope("keyway/log.r"), |c| Box::pin(log::checkpoint(c))),
    get("/log/keys", PARTNERS, Access::Scope("keyway/log.r"), |c| Box::pin(log::keys(c))),
    get("/log/tile/entries/{place}", PARTNERS, Access::Scope("keyway/log-entries.r"), |c| {
        Box::pin(log::entries(c))
    }),
    get("/log/tile/{level}/{place}", PARTNERS, Access::Scope("keyway/log.r"), |c| Box::pin(log::tile(c))),
    // The questions of information governance officers.
    post("/ig/who-saw", Takes::Json, Access::Officer("keyway/ig.r"), |c| Box::pin(ig::who_saw(c))),
    officers!("/ig/why", &["referral", "disclosure"], why),
    officers!("/ig/relied-on", &["consent"], relied_on),
    officers!("/ig/recalls", &["open"], recalls),
    officers!("/ig/overrides", &["unreviewed"], overrides),
    post("/ig/overrides/{id}/review", Takes::Json, Access::Officer("keyway/ig.c"), |c| {
        Box::pin(ig::review(c))
    }),
    officers!("/ig/flows", &["format"], flows),
    officers!("/ig/looks", &["since", "until"], looks),
    officers!("/ig/explain", &["person", "recipient", "on-behalf-of", "as-of", "what-if"], explain),
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
