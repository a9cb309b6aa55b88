//! `keyway map run`: one assessment as one audience would get it, with the lineage of every field.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    cli::{
        print,
        rehearsing::{self, RehearsalArgs},
        shown,
    },
    directory::{AgencyKind, Audience, Channel, Partner, PartnerStatus},
    exchange::{Rehearsed, RehearsedMessage, refusal::Refusal},
    ids::{PartnerId, SiteId},
    mapping::{Traced, questionnaire_response},
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::adapters::FormArgs;

/// Make the message that an audience would get of an assessment, and say where every field of it comes from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway map run assessment.json --to custody --recipient custody-northgate --lineage\n  \
    keyway map run assessment.json --to custody --directory directory.json --directory agreements.json --lineage\n  \
    keyway map run assessment.json --to health --recipient cmht-riverside --lineage --json\n  \
    keyway map run assessment.json --to health --recipient cmht-riverside --as questionnaire-response\n  \
    keyway map run our-form.json --adapter mo-del --to custody --recipient custody-northgate\n\n\
    With --directory, consent and agreements are asked as for a real submission. Without it nobody's consent is asked,\n\
    and the answer says so: what is shown is what the allow-list alone would let through.\n\
    Nothing is stored or sent. Ids and pseudonyms are the rehearsal's own. What is printed holds personal data.\n\
    Exit codes: 0 a message, 1 none (and why), 2 usage.")]
pub(super) struct RunArgs {
    /// The assessment; with --adapter, a form of your own.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// For whom: custody, court, probation, youth-justice, health, housing, voluntary, social-care.
    #[arg(long, value_name = "AUDIENCE", value_parser = audience)]
    to: Audience,
    /// The agency as the assessment names it: needed without --directory, and where more than one is of that audience.
    #[arg(long, value_name = "ID", value_parser = agency)]
    recipient: Option<PartnerId>,
    /// The agency for which the recipient passes it on, where it is asked for more than one.
    #[arg(long, value_name = "ID", value_parser = agency)]
    on_behalf_of: Option<PartnerId>,
    #[command(flatten)]
    form_in: FormArgs,
    #[command(flatten)]
    rehearsal: RehearsalArgs,
    /// Only the assessment itself out of a message to a health service: questionnaire-response.
    #[arg(long = "as", value_name = "FORM", value_parser = ["questionnaire-response"], conflicts_with = "lineage")]
    form: Option<String>,
    /// Say of every field where it comes from, by which rule, and what let it through.
    #[arg(long)]
    lineage: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn audience(text: &str) -> Result<Audience, String> {
    let known = Audience::ALL.map(Audience::as_str);
    let found = Audience::ALL.into_iter().find(|audience| audience.as_str() == text);
    found.ok_or_else(|| format!("must be one of {}", known.join(", ")))
}

pub(in crate::cli) fn agency(text: &str) -> Result<PartnerId, String> {
    PartnerId::parse(text).ok_or_else(|| String::from("not an agency's id"))
}

pub(super) async fn run(args: RunArgs) -> Result<ExitCode> {
    let Some(body) = args.form_in.assessment(&args.file)? else { return Ok(ExitCode::FAILURE) };
    let rehearsed = if args.rehearsal.directory.is_empty() {
        by_list(&args, &body).await?
    } else {
        let Some(stage) = args.rehearsal.stage().await? else { return Ok(ExitCode::FAILURE) };
        stage.gateway.exchange.rehearse(&stage.caller, &body).await.map(|r| r.recipients)
    };
    let Some(mut rehearsed) = rehearsing::unless_refused(rehearsed) else { return Ok(ExitCode::FAILURE) };
    let is_meant = |one: &Rehearsed| {
        args.recipient.as_ref().is_none_or(|id| one.recipient == *id)
            && args.on_behalf_of.as_ref().is_none_or(|id| one.on_behalf_of.as_ref() == Some(id))
    };
    rehearsed.retain(|one| one.audience == Some(args.to) && is_meant(one));
    if args.form.is_some() {
        for message in rehearsed.iter_mut().filter_map(|one| one.message.as_mut()) {
            answers_alone(message)?;
        }
    }
    let one = match rehearsed.as_slice() {
        [one] => one,
        [] => bail!("{} asks no agency of the audience {}", shown(&args.file), args.to.as_str()),
        several => {
            let by = choose_by(several);
            bail!("it asks for more than one of that audience: choose by {by}")
        }
    };
    if args.json {
        print::object(&whole(one, args.lineage));
    } else {
        told(one, args.lineage);
    }
    Ok(if one.message.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Leaves of a message the assessment alone.
fn answers_alone(message: &mut RehearsedMessage) -> Result<()> {
    let body: Value = serde_json::from_slice(&message.body).unwrap_or_default();
    let Some(alone) = questionnaire_response(&body) else {
        bail!("only a FHIR message to a health service holds the assessment as a QuestionnaireResponse");
    };
    message.body = alone.to_string().into_bytes();
    message.detail = None;
    Ok(())
}

/// As the allow-list alone would let it.
async fn by_list(args: &RunArgs, body: &[u8]) -> Result<Result<Vec<Rehearsed>, Refusal>> {
    let Some(id) = args.recipient.clone() else {
        bail!(
            "--recipient is missing: without --directory it is not known which agency of /referrals is of the \
             audience {}",
            args.to.as_str()
        );
    };
    let gateway = rehearsing::open(args.rehearsal.moment(), Vec::new(), Vec::new()).await?;
    let service = PartnerId::parse("liaison-diversion").context("no id")?;
    let (sender, viewer) = (stand_in(service, AgencyKind::LiaisonDiversion)?, kind(args.to)?);
    let (recipient, reader) = match meant_for(body, &id, args)? {
        None => (stand_in(id, viewer)?, None),
        Some(reader) => {
            let carrier = AgencyKind::ALL.into_iter().find(|kind| kind.passes_on_to(viewer));
            let carrier = carrier.with_context(|| {
                let to = args.to.as_str();
                format!(
                    "{id} is asked on behalf of another agency, and nothing is passed on to the audience {to}"
                )
            })?;
            (stand_in(id, carrier)?, Some(stand_in(reader, viewer)?))
        }
    };
    let exchange = &gateway.exchange;
    Ok(exchange.rehearse_by_list(&sender, &recipient, reader.as_ref(), body).map(|one| vec![one]))
}

/// The agency for which the referral to `recipient` is meant, as the assessment names it. Of several, one that is passed on to
/// an audience to which things are passed on, and for every other audience the one that is for the recipient itself.
fn meant_for(body: &[u8], recipient: &PartnerId, args: &RunArgs) -> Result<Option<PartnerId>> {
    if args.on_behalf_of.is_some() {
        return Ok(args.on_behalf_of.clone());
    }
    let assessment: Value = serde_json::from_slice(body).unwrap_or_default();
    let asked = assessment.get("referrals").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    let asked = asked.iter().filter(|one| text(one, "recipient").as_deref() == Some(recipient.as_str()));
    let readers: Vec<Option<PartnerId>> =
        asked.map(|one| text(one, "on_behalf_of").as_deref().and_then(PartnerId::parse)).collect();
    if let [one] = readers.as_slice() {
        return Ok(one.clone());
    }
    let viewer = kind(args.to)?;
    if !AgencyKind::ALL.into_iter().any(|carrier| carrier.passes_on_to(viewer)) {
        return Ok(None);
    }
    match readers.into_iter().flatten().collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => {
            let ids: Vec<&str> = several.iter().map(PartnerId::as_str).collect();
            bail!(
                "{recipient} is asked for more than one agency: choose by --on-behalf-of {}",
                ids.join(" or ")
            )
        }
    }
}

/// By which words one of several is chosen.
pub(in crate::cli) fn choose_by<'r>(several: impl IntoIterator<Item = &'r Rehearsed>) -> String {
    let words = several.into_iter().map(|one| match &one.on_behalf_of {
        Some(reader) => format!("--recipient {} --on-behalf-of {reader}", one.recipient),
        None => format!("--recipient {}", one.recipient),
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn kind(audience: Audience) -> Result<AgencyKind> {
    let found = AgencyKind::ALL.into_iter().find(|kind| kind.audience() == Some(audience));
    found.context("no kind of agency is of this audience")
}

/// An agency that stands for those of its kind.
pub(super) fn stand_in(id: PartnerId, kind: AgencyKind) -> Result<Partner> {
    let channel = match kind.audience() {
        Some(Audience::Health) => Channel::FhirPush,
        Some(Audience::Custody | Audience::Court | Audience::Probation | Audience::YouthJustice) => {
            Channel::EventPush
        }
        _ => Channel::Mailbox,
    };
    Ok(Partner {
        site_id: SiteId::parse("rehearsal").context("no site")?,
        name: id.to_string(),
        organisation_code: format!("https://keyway.example/id/agency|{id}"),
        channel,
        endpoint: (channel != Channel::Mailbox).then(|| format!("https://{id}.invalid/")),
        client_id: id.to_string(),
        partner_id: id,
        kind,
        certificate_sha256: String::new(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 1,
    })
}

fn told(one: &Rehearsed, lineage: bool) {
    print::line(&format!("For {}: {}", to_whom(one), answer(one)));
    if let Some(message) = &one.message {
        for (part, bytes) in parts(message) {
            print::line(&format!("\n{part} ({} bytes)\n{}", bytes.len(), String::from_utf8_lossy(bytes)));
        }
        if lineage {
            print::line("");
            message.lineage.lines().for_each(|line| print::line(&traced(&line)));
        }
        let made_by = &message.made_by;
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        let profiles = made_by.profiles.iter().map(|(name, hash)| format!("{name} ({})", short(hash)));
        print::line(&format!(
            "\nMade by {} ({}), allow-lists {}, profiles {}",
            made_by.mapping,
            short(&made_by.mapping_sha256),
            made_by.policy,
            profiles.collect::<Vec<_>>().join(", "),
        ));
    }
    for kept in &one.withheld {
        print::line(&format!("Withheld: {} {} {}", kept.field, kept.rule, kept.reason));
    }
    for warning in &one.warnings {
        print::line(&format!("Warning: {}: {}", warning.path, warning.diagnostics));
    }
}

/// To whom it goes, and for whom.
pub(in crate::cli) fn to_whom(one: &Rehearsed) -> String {
    match &one.on_behalf_of {
        Some(reader) => format!("{} on behalf of {reader}", one.recipient),
        None => one.recipient.to_string(),
    }
}

/// The answer of consent, in words.
pub(in crate::cli) fn answer(one: &Rehearsed) -> String {
    let Some(decision) = &one.decision else {
        return String::from("as the allow-list alone would let it: nobody's consent was asked");
    };
    let answer = if decision.permits() { "permit" } else { "deny" };
    let consent = decision.consent.as_ref().map(|(id, version)| format!(", consent {id}/{version}"));
    let agreement = decision.agreement.as_ref().map(|(id, version)| format!(", agreement {id}/{version}"));
    let shares = decision.shares.iter().map(|one| format!(", {} {}", one.partner, one.reason.as_str()));
    let told: String = [consent, agreement].into_iter().flatten().chain(shares).collect();
    format!("{answer}, {}{told}", decision.reason.as_str())
}

/// The parts of a message by name.
pub(in crate::cli) fn parts(message: &RehearsedMessage) -> impl Iterator<Item = (&'static str, &[u8])> {
    std::iter::once(("body", message.body.as_slice()))
        .chain(message.detail.as_deref().map(|detail| ("detail", detail)))
}

fn traced(line: &Traced<'_>) -> String {
    let Traced { output, source, rule, through } = line;
    let way = through.as_ref().map(|through| format!(" {} ({})", through.rule, through.view));
    let given = through.as_ref().and_then(|through| through.consent.as_ref());
    let given = given.map(|(consent, version)| format!(" consent {consent}/{version}"));
    let provision = through.as_ref().and_then(|through| through.provision.as_ref());
    let provision = provision.map(|provision| format!(" {provision}"));
    let told: String = [way, given, provision].into_iter().flatten().collect();
    format!("{output} <- {source} {rule}{told}")
}

/// What the decision rests on, as JSON; `null` when nobody's consent was asked.
pub(in crate::cli) fn decision(one: &Rehearsed) -> Value {
    one.decision.as_ref().map_or(Value::Null, |decision| {
        json!({
            "answer": if decision.permits() { "permit" } else { "deny" },
            "reason": decision.reason,
            "consent": decision.consent,
            "provision": decision.provision,
            "agreement": decision.agreement,
            "shares": decision.shares,
        })
    })
}

fn whole(one: &Rehearsed, lineage: bool) -> Value {
    let message = one.message.as_ref();
    let part = |bytes: Option<&Vec<u8>>| -> Value {
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    };
    let mut whole = json!({
        "recipient": one.recipient,
        "on_behalf_of": one.on_behalf_of,
        "audience": one.audience.map(Audience::as_str),
        "decision": decision(one),
        "made_by": message.map(|message| &message.made_by),
        "body": part(message.map(|message| &message.body)),
        "detail": part(message.and_then(|message| message.detail.as_ref())),
    });
    if let Some(whole) = whole.as_object_mut() {
        if lineage {
            whole.insert(String::from("lineage"), json!(message.map(|message| &message.lineage)));
        }
        whole.insert(String::from("withheld"), json!(one.withheld));
        let warnings = one.warnings.iter().map(|w| json!({"path": w.path, "text": w.diagnostics}));
        whole.insert(String::from("warnings"), warnings.collect());
    }
    whole
}
