//! Custody, court and probation: a thin signed event comes in, and the detail is fetched where it points.

use actix_web::{HttpRequest, HttpResponse, web};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{Desk, Taken, header, signature};
use crate::cli::demo::{
    client::Ask,
    office::{Office, find_text},
};

/// Takes an event: the gateway's certificate, its signature over these very bytes, and once for each id.
pub(super) async fn take(request: HttpRequest, body: web::Bytes, desk: web::Data<Desk>) -> HttpResponse {
    if let Some(refused) = desk.stranger(&request) {
        return refused;
    }
    let id = header(&request, "webhook-id").unwrap_or_default();
    if let Err(error) = verify(&desk, &request, id, &body).await {
        desk.office.tell(&format!("refuses an event: {error:#}"));
        return HttpResponse::Unauthorized().finish();
    }
    if let Some(failed) = desk.keep("event", &request, &body) {
        return failed;
    }
    if desk.office.is_new(id) {
        desk.hand_on(&request, &body);
    }
    HttpResponse::Ok().json(json!({"received": id}))
}

async fn verify(desk: &Desk, request: &HttpRequest, id: &str, body: &[u8]) -> Result<()> {
    let keys = desk
        .keys
        .get_or_try_init(|| async {
            let reply = desk.office.client.send_without_token(Ask::get("/oauth/jwks")).await?;
            Ok::<_, anyhow::Error>(signature::ed25519_keys(&reply.success("reading the gateway's keys")?))
        })
        .await?;
    let timestamp = header(request, "webhook-timestamp").context("webhook-timestamp is missing")?;
    let signed = header(request, "webhook-signature").context("webhook-signature is missing")?;
    signature::check(keys, id, timestamp, signed, body, desk.office.mint.clock().now())
}

/// Reads an event that was taken: fetches the detail, and says what staff say.
pub(super) async fn read(office: &Office, taken: &Taken) -> Result<()> {
    let event: Value = serde_json::from_slice(&taken.body)?;
    let kind = event.get("eventType").and_then(Value::as_str).context("eventType is missing")?;
    let referral = event.pointer("/additionalInformation/referralId").and_then(Value::as_str);
    let referral = referral.context("the event names no referral")?;
    let word = kind.rsplit_once("diversion.").map_or(kind, |(_, word)| word);
    office.tell(&format!("receives an event, signature right: {word}"));

    let detail = event.get("detailUrl").and_then(Value::as_str).context("detailUrl is missing")?;
    // Ours is the only gateway to which this agency shows its certificate.
    let path = detail.strip_prefix(office.client.base_url()).filter(|path| path.starts_with('/'));
    let Some(path) = path else { bail!("detailUrl leads away from the gateway") };
    let reply = office.ask("sheet", Ask::get(path)).await?;
    let sheet = reply.success("fetching the detail")?;

    if kind.ends_with(".recalled") {
        return office.answer_recall(referral).await;
    }
    if kind.ends_with(".answered") {
        let outcome = find_text(&sheet, "contactOutcome").unwrap_or("nothing");
        office.tell(&format!("learns that the outcome of its request is: {outcome}"));
        return Ok(());
    }
    let minimum = sheet.pointer("/disclosure/minimum").and_then(Value::as_bool) == Some(true);
    let Some((family, answer)) = office.opinion(&sheet) else {
        office.tell("reads the sheet, and files it");
        return Ok(());
    };
    office.remember(referral, family);
    let shown = if minimum { " (only the least that the risk calls for)" } else { "" };
    office.tell(&format!(
        "fetches the sheet{shown} and says: {}{}",
        answer.say,
        because(answer.reason.as_deref())
    ));
    office.act(referral, &answer.say, &Office::words(answer)).await
}

/// `: reason`, or nothing.
pub(super) fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(", because: {reason}")).unwrap_or_default()
}
