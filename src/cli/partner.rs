//! `keyway partner list`: the agencies that are entered, and the agreements with them.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ConfigArg, print};
use crate::{
    app::App,
    directory::{Agreement, Partner},
    exchange::enrol::{self, Entered},
};

/// Look at the agencies.
#[derive(Debug, Args)]
pub(super) struct PartnerArgs {
    #[command(subcommand)]
    command: PartnerCommand,
}

#[derive(Debug, Subcommand)]
enum PartnerCommand {
    List(ListArgs),
}

/// Show every agency that is entered, with its agreements.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keyway partner list --config /etc/keyway/keyway.toml --json\n\n\
                        May run beside a gateway.\n\
                        Exit codes: 0 shown, 1 the database cannot be read, 2 usage.")]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: PartnerArgs) -> Result<ExitCode> {
    let PartnerCommand::List(args) = args.command;
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let store = App::open_store(&config)?;
    let entered = enrol::entered(store.as_ref(), &config.site_id).await?;
    if args.json {
        let partners: Vec<Value> = entered.partners.iter().map(|p| object(p, &entered)).collect();
        print::object(&json!({"site_id": config.site_id, "partners": partners}));
    } else if entered.partners.is_empty() {
        print::line("No agency is entered: see `keyway directory import --help`.");
    } else {
        for partner in &entered.partners {
            show(partner, &entered);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn with<'a>(partner: &'a Partner, entered: &'a Entered) -> impl Iterator<Item = &'a Agreement> {
    entered.agreements.iter().filter(|a| a.partner_id == partner.partner_id)
}

fn show(partner: &Partner, entered: &Entered) {
    print::line(&format!("{}  {}", partner.partner_id, partner.name));
    print::line(&format!(
        "    {}, {}, {} {}",
        partner.status.as_str(),
        partner.kind.as_str(),
        partner.channel.as_str(),
        partner.endpoint.as_deref().unwrap_or_default()
    ));
    print::line(&format!("    client {}, certificate {}", partner.client_id, partner.certificate_sha256));
    if let Some(service) = &partner.service {
        print::line(&format!("    service {service}"));
    }
    if !partner.forgives.is_empty() {
        print::line(&format!("    forgives {}", partner.forgives.join(" ")));
    }
    for one in with(partner, entered) {
        let record = match &one.record {
            Some(record) => format!("record to be looked at again by {}", record.review_by),
            None => String::from("no record of processing, so nothing flows under it"),
        };
        let emergency = one.emergency.as_ref().map_or("no emergency row", |_| "with an emergency row");
        print::line(&format!(
            "    agreement {}/{}, {} to {}, {}, {emergency}, {record}",
            one.agreement_id,
            one.version,
            one.valid_from,
            one.valid_to,
            one.purposes.join(" ")
        ));
    }
}

fn object(partner: &Partner, entered: &Entered) -> Value {
    let agreements: Vec<Value> = with(partner, entered)
        .map(|a| {
            json!({
                "agreement_id": a.agreement_id, "version": a.version, "purposes": a.purposes,
                "valid_from": a.valid_from.to_rfc3339(), "valid_to": a.valid_to.to_rfc3339(),
                "basis": a.basis, "emergency": a.emergency, "dpia_reference": a.dpia_reference,
                "record": a.record,
            })
        })
        .collect();
    json!({
        "partner_id": partner.partner_id, "kind": partner.kind, "name": partner.name,
        "organisation_code": partner.organisation_code, "channel": partner.channel,
        "endpoint": partner.endpoint, "client_id": partner.client_id,
        "certificate_sha256": partner.certificate_sha256, "own_keys": !partner.jwks.is_empty(),
        "status": partner.status, "forgives": partner.forgives, "service": partner.service,
        "version": partner.version, "agreements": agreements,
    })
}
