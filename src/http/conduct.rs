//! The way of every request: limits, identity, media types, body, handler, answer, one log line.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, http::header, web};

use super::{
    Gateway, body,
    call::{Call, Outcome},
    connections::Connection,
    error::{Form, table},
    form, media,
    prefer::Preferences,
    rate::Client,
    response,
    routes::{Access, Interaction, Route, Takes},
    trace_ids::TraceIds,
};
use crate::{
    clock::Stopwatch,
    exchange::{
        authority::PeerCertificate,
        caller::{Caller, OfficerCaller},
        refusal::{Issue, Refusal, Refused},
    },
    ids::PartnerId,
    limits::{
        ADDRESS_MAX_BYTES, HEADER_VALUE_MAX_BYTES, HEADERS_MAX, HEADERS_MAX_BYTES,
        NOTHING_HERE_AFTER_MILLISECONDS, REQUEST_TIMEOUT_SECONDS,
    },
};

/// What is said where an answer has no place for an `OperationOutcome` beside what was asked for.
const UNSUPPORTED: (&str, &str) =
    ("warning", "299 keyway \"A query parameter is not supported here and was not looked at.\"");

/// What a request was matched to.
pub(super) enum Target {
    /// A route of the table.
    Route(&'static Route),
    /// A path of the table, with a method that it does not have; the methods it has.
    Method(String),
    /// No path of the table.
    Nothing,
}

/// Takes one request from its head to its answer.
pub(super) async fn conduct(
    gateway: Arc<Gateway>,
    target: Target,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let watch = Stopwatch::start();
    let _asking = request.conn_data::<Connection>().map(Connection::ask);
    let ids = TraceIds::read(request.headers(), &gateway.exchange.mint);
    let form = Form::of_path(request.path());
    let partner = Arc::new(OnceLock::new());
    let outcome = attend(&gateway, &target, &request, &mut payload, &ids, &partner).await;
    if outcome.is_err() {
        body::drain(&mut payload).await;
    }
    let (status, answer) = match outcome {
        Ok(answer) => {
            let version = media::asked_version(request.headers());
            let response = response::of_answer(answer, &gateway.exchange.base_url, version.as_deref());
            (response.status().as_u16(), response)
        }
        Err(refusal) => {
            let allow = if let Target::Method(allow) = &target { Some(allow.as_str()) } else { None };
            (table(refusal.class).status.as_u16(), response::of_refusal(&refusal, form, allow))
        }
    };
    let route = if let Target::Route(route) = &target { route.path } else { "unmatched" };
    let micros = watch.elapsed_micros();
    gateway.metrics.request(method_word(&request), route, status, micros);
    log(&request, route, status, micros, partner.get(), &ids);
    if status == 404 {
        let whole = Duration::from_millis(NOTHING_HERE_AFTER_MILLISECONDS);
        tokio::time::sleep(watch.left_of(whole)).await;
    }
    response::finish(answer, &ids)
}

/// The method, if it is one that exists: anything else is the caller's own text, and goes into no log and no
/// metric.
fn method_word(request: &HttpRequest) -> &'static str {
    ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"]
        .into_iter()
        .find(|known| request.method().as_str() == *known)
        .unwrap_or("other")
}

/// One line for each request: the route's pattern and never the path, no query, no body, no token.
fn log(
    request: &HttpRequest,
    route: &str,
    status: u16,
    micros: u64,
    partner: Option<&PartnerId>,
    ids: &TraceIds,
) {
    let duration_ms = micros / 1_000;
    let partner = partner.map_or("-", PartnerId::as_str);
    let method = method_word(request);
    // What is not offered is the caller's to know, and nothing that went wrong here.
    if status >= 500 && status != 501 {
        tracing::error!(
            http.method = method,
            http.route = route,
            http.status = status,
            duration_ms,
            partner,
            request.id = ids.for_log(),
            "request failed"
        );
    } else if route.starts_with("/health/") {
        // Asked every few seconds: at the usual level they would bury everything else.
        tracing::debug!(
            http.method = method,
            http.route = route,
            http.status = status,
            duration_ms,
            request.id = ids.for_log(),
            "probe"
        );
    } else {
        tracing::info!(
            http.method = method,
            http.route = route,
            http.status = status,
            duration_ms,
            partner,
            request.id = ids.for_log(),
            "request"
        );
    }
}

async fn attend(
    gateway: &Arc<Gateway>,
    target: &Target,
    request: &HttpRequest,
    payload: &mut web::Payload,
    ids: &TraceIds,
    partner: &Arc<OnceLock<PartnerId>>,
) -> Outcome {
    let peer = request.conn_data::<PeerCertificate>().cloned();
    let client = Client::of(peer.as_ref(), request.peer_addr());
    gateway.rates.check(&client)?;
    check_address(request)?;
    let route = match target {
        Target::Route(route) => *route,
        Target::Method(_) => return Err(wrong_method()),
        Target::Nothing => return Err(nothing_here()),
    };
    let (caller, officer) = identify(gateway, route, request, peer.as_ref()).await?;
    if let Some(caller) = &caller {
        partner.get_or_init(|| caller.partner_id.clone());
    }
    media::check_accept(route.path, request.headers())?;
    media::check_content(route.takes, request.headers())?;
    let headers = headers(request)?;
    let pairs = form::pairs(request.query_string(), &route.parameters(), "query")?;
    let (mut query, mut unsupported) = understood(route, pairs, &headers)?;
    // A place is taken once there is something to work on: who sends half a body holds none.
    let body = if matches!(route.takes, Takes::Nothing) {
        Vec::new()
    } else {
        in_time(body::read(request.headers(), payload)).await??
    };
    // The form of a search counts as its address does.
    if matches!(route.fhir, Some(Interaction::SearchByForm(_))) {
        let text = std::str::from_utf8(&body).map_err(|_| form::unreadable(""))?;
        query.extend(form::pairs(text, &route.parameters(), "")?);
        let (whole, further) = understood(route, query, &headers)?;
        (query, unsupported) = (whole, unsupported || further);
    }
    let _place = if route.path.starts_with("/health/") { None } else { Some(gateway.places.take(&client)?) };
    let call = Call {
        gateway: Arc::clone(gateway),
        route,
        caller,
        officer,
        partner: Arc::clone(partner),
        peer,
        ids: ids.clone(),
        path: request.match_info().iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        query,
        unsupported,
        headers,
        body,
    };
    run(gateway, route, ids, call).await
}

/// The agency that calls, or the officer who asks; neither where anybody may.
async fn identify(
    gateway: &Gateway,
    route: &Route,
    request: &HttpRequest,
    peer: Option<&PeerCertificate>,
) -> Result<(Option<Caller>, Option<OfficerCaller>), Refusal> {
    if matches!(route.access, Access::Open | Access::Certificate) {
        return Ok((None, None));
    }
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let authorization = sent.next().and_then(|v| v.to_str().ok());
    if sent.next().is_some() {
        // Whoever stands between may have looked at the other one.
        let text = "This header may stand once only.";
        return Err(Refusal::new(Refused::BadRequest, "value", "Authorization", text));
    }
    let authority = &gateway.authority;
    match route.access {
        Access::Open | Access::Certificate => Ok((None, None)),
        Access::Scope(scope) => {
            authority.authenticate(peer, authorization, scope).await.map(|caller| (Some(caller), None))
        }
        Access::Officer(scope) => {
            let officer = authority.authenticate_officer(peer, authorization, scope).await;
            officer.map(|officer| (None, Some(officer)))
        }
    }
}

/// What is said of a parameter that is not known; its name is the caller's own text.
pub(super) fn unsupported(route: &Route) -> Issue {
    let known = if route.query.is_empty() { String::from("none") } else { route.query.join(", ") };
    let text = format!("A query parameter is not known here. Known: {known}.");
    Issue::new("not-supported", "query", text)
}

/// The parameters that are known, and whether there were others. These are refused, because a mistyped one would change
/// nothing; only where FHIR is looked at they are left to the caller's `Prefer`, as at every search.
fn understood(
    route: &Route,
    pairs: Vec<(String, String)>,
    headers: &[(String, String)],
) -> Result<(Vec<(String, String)>, bool), Refusal> {
    // A search understands its own parameters, which may stand more than once.
    let (pairs, unsupported) = if route.searches.is_some() {
        (pairs, false)
    } else {
        let is_look = route.fhir.is_some_and(Interaction::is_look);
        known(route, pairs, !is_look || Preferences::of_headers(headers)?.strict)?
    };
    for (_, format) in pairs.iter().filter(|(name, _)| name == "_format") {
        media::check_format(format)?;
    }
    Ok((pairs, unsupported))
}

/// The parameters that this route knows, each once, and whether there were others; these are refused where it is `strict`.
fn known(
    route: &Route,
    mut pairs: Vec<(String, String)>,
    strict: bool,
) -> Result<(Vec<(String, String)>, bool), Refusal> {
    let given = pairs.len();
    if !strict {
        pairs.retain(|(name, _)| route.query.contains(&name.as_str()));
    }
    for (at, (name, _)) in pairs.iter().enumerate() {
        if !route.query.contains(&name.as_str()) {
            return Err(Refusal::with_issues(Refused::BadRequest, vec![unsupported(route)]));
        }
        if pairs.iter().take(at).any(|(earlier, _)| earlier == name) {
            let text = "A query parameter stands twice.";
            return Err(Refusal::new(Refused::BadRequest, "value", "query", text));
        }
    }
    let unsupported = pairs.len() < given;
    Ok((pairs, unsupported))
}

/// What cannot be read of an address, or is too long, is not looked at.
fn check_address(request: &HttpRequest) -> Result<(), Refusal> {
    let address = request.uri();
    let bytes = address.path().len() + request.query_string().len();
    if bytes > ADDRESS_MAX_BYTES {
        let text =
            format!("An address has at most {ADDRESS_MAX_BYTES} bytes. A search may be sent as a form.");
        return Err(Refusal::new(Refused::AddressTooLong, "too-long", "", text));
    }
    if form::is_encoded(address.path()) { Ok(()) } else { Err(form::unreadable("path")) }
}

fn headers(request: &HttpRequest) -> Result<Vec<(String, String)>, Refusal> {
    let mut all = Vec::new();
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for (name, value) in request.headers() {
        count += 1;
        bytes = bytes.saturating_add(name.as_str().len()).saturating_add(value.len());
        if count > HEADERS_MAX || bytes > HEADERS_MAX_BYTES {
            return Err(Refusal::new(
                Refused::BadRequest,
                "too-long",
                "headers",
                format!("At most {HEADERS_MAX} headers with {HEADERS_MAX_BYTES} bytes in all."),
            ));
        }
        if value.len() > HEADER_VALUE_MAX_BYTES {
            return Err(Refusal::new(
                Refused::BadRequest,
                "too-long",
                "headers",
                format!("A header may have at most {HEADER_VALUE_MAX_BYTES} bytes."),
            ));
        }
        // What is not text is nothing that a handler reads.
        if let Ok(text) = value.to_str() {
            all.push((name.as_str().to_owned(), text.to_owned()));
        }
    }
    Ok(all)
}

/// Runs the handler on the gateway's runtime: a caller that hangs up does not break off what it began, and a panic
/// ends one request only.
async fn run(gateway: &Gateway, route: &'static Route, ids: &TraceIds, call: Call) -> Outcome {
    let unsupported = call.unsupported;
    let task = gateway.runtime.spawn((route.handler)(call));
    match in_time(task).await {
        Ok(Ok(Ok(mut answer))) if unsupported => {
            answer.headers.push((UNSUPPORTED.0, UNSUPPORTED.1.to_owned()));
            Ok(answer)
        }
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            tracing::error!(
                http.route = route.path,
                request.id = ids.for_log(),
                "a handler did not end well"
            );
            Err(Refusal::internal())
        }
        Err(late) => Err(late),
    }
}

async fn in_time<F: Future>(work: F) -> Result<F::Output, Refusal> {
    tokio::time::timeout(Duration::from_secs(REQUEST_TIMEOUT_SECONDS), work).await.map_err(|_| {
        Refusal::new(
            Refused::Timeout,
            "timeout",
            "",
            format!(
                "The request did not end within {REQUEST_TIMEOUT_SECONDS} seconds. \
                 Send it again with the same ids: it takes effect once."
            ),
        )
    })
}

fn wrong_method() -> Refusal {
    Refusal::new(
        Refused::MethodNotAllowed,
        "not-supported",
        "",
        "This path does not have this method. Allow names those that it has.",
    )
}

fn nothing_here() -> Refusal {
    Refusal::new(
        Refused::NotFound,
        "not-found",
        "",
        "This listener has no such path. openapi.yaml has all there are, and GET /fhir/metadata those of FHIR.",
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::{
        clock::SystemClock,
        ids::{Mint, SystemChance},
        telemetry::gather,
    };

    #[test]
    fn a_probe_that_went_well_is_for_debugging_only_and_a_partner_is_named() {
        let mint = Mint::new(Arc::new(SystemClock), Arc::new(SystemChance));
        let request = TestRequest::get().to_http_request();
        let ids = TraceIds::read(request.headers(), &mint);
        let partner = PartnerId::parse("cmht").unwrap();
        let (_guard, lines) = gather();
        log(&request, "/health/ready", 200, 1, None, &ids);
        log(&request, "/health/ready", 503, 1, None, &ids);
        log(&request, "/fhir/$process-message", 501, 1, None, &ids);
        log(&request, "/oauth/token", 200, 1, Some(&partner), &ids);
        let lines = lines.lock().unwrap();
        let told: Vec<_> = lines.iter().map(|l| l["level"].as_str().unwrap()).collect();
        assert_eq!(told, ["DEBUG", "ERROR", "INFO", "INFO"]);
        assert_eq!(lines[3]["partner"], "cmht");
    }
}
