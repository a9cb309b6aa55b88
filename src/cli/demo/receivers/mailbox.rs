//! An agency without a server looks into its mailbox at the gateway: list, read, answer, acknowledge.

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::events::because;
use crate::cli::demo::{
    client::{Ask, Reply},
    office::{Office, find_text},
};

/// Looks into the mailbox once and deals with everything in it. Answers how many messages there were.
pub(in crate::cli::demo) async fn collect(office: &Office) -> Result<usize> {
    let ids = waiting(office).await?;
    for id in &ids {
        let Some((reply, item)) = open(office, id).await? else { continue };
        let workflow = reply.header("mex-workflowid").unwrap_or_default().to_owned();
        let referral = find_text(&item, "referralId").context("the message names no referral")?;
        if item.get("whatToDo").is_some() {
            acknowledge(office, id).await?;
            office.answer_recall(referral).await?;
        } else if let Some((family, answer)) = office.opinion(&item) {
            office.remember(referral, family);
            office.tell(&format!(
                "collects a message ({workflow}) and says: {}{}",
                answer.say,
                because(answer.reason.as_deref())
            ));
            // Housing answers where it collects: in the mailbox, in one message with the action's words.
            let mut body = Office::words(answer);
            if let Some(fields) = body.as_object_mut() {
                fields.insert(String::from("referral_id"), json!(referral));
                fields.insert(String::from("action"), json!(answer.say));
            }
            acknowledge(office, id).await?;
            put_out(office, reply.header("mex-from").unwrap_or_default(), "KEYWAY_REFERRAL_ACTION", &body)
                .await?;
        } else {
            office.tell(&format!("collects a message ({workflow}) and files it"));
            acknowledge(office, id).await?;
        }
    }
    Ok(ids.len())
}

/// The ids of the messages that wait.
pub(in crate::cli::demo) async fn waiting(office: &Office) -> Result<Vec<String>> {
    let path = format!("/messageexchange/{}/inbox", office.agency.id);
    let listed = office.client.send(Ask::get(&path)).await?.success("listing the mailbox")?;
    let messages = listed.get("messages").and_then(Value::as_array).context("the list has no messages")?;
    Ok(messages.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

/// Reads one message. `None`: it was taken back.
pub(in crate::cli::demo) async fn open(office: &Office, id: &str) -> Result<Option<(Reply, Value)>> {
    let path = format!("/messageexchange/{}/inbox/{id}", office.agency.id);
    let reply = office.ask("mailbox-message", Ask::get(path)).await?;
    if reply.status == StatusCode::GONE {
        return Ok(None);
    }
    let item = reply.success("reading a message")?;
    Ok(Some((reply, item)))
}

/// Acknowledges one message; it leaves the mailbox.
pub(in crate::cli::demo) async fn acknowledge(office: &Office, id: &str) -> Result<()> {
    let path = format!("/messageexchange/{}/inbox/{id}/status/acknowledged", office.agency.id);
    office.client.send(Ask::put(path)).await?.success("acknowledging a message")?;
    Ok(())
}

/// Sends a message from the mailbox.
pub(in crate::cli::demo) async fn put_out(
    office: &Office,
    to: &str,
    workflow: &str,
    body: &Value,
) -> Result<()> {
    let ask = Ask::post(format!("/messageexchange/{}/outbox", office.agency.id), body)
        .header("mex-to", to)
        .header("mex-workflowid", workflow)
        .header("mex-localid", office.mint.uuid());
    office.send_in("outbox-answer", ask).await?.success("sending from the mailbox")?;
    Ok(())
}
