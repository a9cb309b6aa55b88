//! `keyway consent`: who would see what of an assessment, in words to be read out to the person; and what FHIR Consents say.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    decide::{self, DecideArgs},
    explain::{self, ExplainArgs},
    map::run::{agency, choose_by, to_whom},
    print,
    rehearsing::{self, RehearsalArgs, Stage},
    revoke::{self, RevokeArgs},
    shown,
};
use crate::{
    directory::{Audience, Partner},
    exchange::Rehearsed,
    ids::PartnerId,
    sheet::read_back::{Answer, EXCLUDED, Plan, ReadBack},
};

/// The reason of the answer where nobody has asked the person.
const NOT_ASKED: &str = "no-consent";
/// For how long a yes is thought of that was not said yet: a day, for nothing is sent under it.
const AS_IF_AGREED_SECONDS: i64 = 86_400;

/// What the person agrees to.
#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
    #[command(subcommand)]
    command: ConsentCommand,
}

#[derive(Debug, Subcommand)]
enum ConsentCommand {
    ReadBack(ReadBackArgs),
    Decide(DecideArgs),
    Explain(ExplainArgs),
    Revoke(RevokeArgs),
}

/// Say in plain words what an agency would see of an assessment, to be read out to the person.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway consent read-back assessment.json --recipient court-harbour --directory directory.json --directory agreements.json\n\n\
    What would be seen is told from the very message that would be sent, planned as POST /assessments plans it; nothing is\n\
    stored or sent. Where the person was not asked yet, it is told as if they had said yes to everything. No word of the\n\
    assessment is printed, only what kind of thing it holds.\n\
    Exit codes: 0 told, 1 the assessment or a list is refused, 2 usage.")]
struct ReadBackArgs {
    /// The assessment.
    #[arg(value_name = "ASSESSMENT")]
    file: PathBuf,
    /// Which agency; it must be among those whom the assessment asks.
    #[arg(long, value_name = "ID", value_parser = agency)]
    recipient: PartnerId,
    /// Only what it passes on for this agency.
    #[arg(long, value_name = "ID", value_parser = agency)]
    on_behalf_of: Option<PartnerId>,
    #[command(flatten)]
    rehearsal: RehearsalArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: ConsentArgs) -> Result<ExitCode> {
    match args.command {
        ConsentCommand::ReadBack(args) => read_back(args).await,
        ConsentCommand::Decide(args) => decide::run(&args),
        ConsentCommand::Explain(args) => explain::run(args).await,
        ConsentCommand::Revoke(args) => revoke::run(args).await,
    }
}

async fn read_back(args: ReadBackArgs) -> Result<ExitCode> {
    args.rehearsal.must_have_lists()?;
    let body = rehearsing::assessment(&args.file)?;
    let Some(stage) = args.rehearsal.stage().await? else { return Ok(ExitCode::FAILURE) };
    let Some(all) = rehearsed(&args, &stage, &body).await? else { return Ok(ExitCode::FAILURE) };
    if args.json && all.len() > 1 {
        bail!("it is asked for more than one thing: choose by {}", choose_by(&all));
    }
    let several = all.len() > 1;
    for mut one in all {
        let not_asked = not_asked(&one);
        let was_asked = not_asked.is_empty();
        if !was_asked {
            let until = args.rehearsal.moment().plus_seconds(AS_IF_AGREED_SECONDS).to_rfc3339();
            let body = as_if_agreed(&body, &not_asked, &until)?;
            let Some(agreed) = rehearsed(&args, &stage, &body).await? else { return Ok(ExitCode::FAILURE) };
            let same = agreed.into_iter().find(|agreed| agreed.on_behalf_of == one.on_behalf_of);
            one = same.context("it is not asked any more")?;
        }
        let told = told(&stage, &one, was_asked, &excluded(&body, &one)?)?;
        if args.json {
            print::object(&json!({
                "recipient": one.recipient, "on_behalf_of": one.on_behalf_of,
                "audience": one.audience.map(Audience::as_str), "read_back": told, "text": told.text(),
            }));
        } else {
            if several {
                print::line(&format!("== {}", to_whom(&one)));
            }
            print::line(&told.text());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the recipient would get, for itself and for each agency for which it passes something on; `None` when the assessment
/// is refused, which is told.
async fn rehearsed(args: &ReadBackArgs, stage: &Stage, body: &[u8]) -> Result<Option<Vec<Rehearsed>>> {
    let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, body).await;
    let Some(rehearsal) = rehearsing::unless_refused(rehearsed) else { return Ok(None) };
    let mut found = rehearsal.recipients;
    found.retain(|one| {
        one.recipient == args.recipient
            && args.on_behalf_of.as_ref().is_none_or(|id| one.on_behalf_of.as_ref() == Some(id))
    });
    if found.is_empty() {
        bail!("{} does not ask {}", shown(&args.file), args.recipient);
    }
    Ok(Some(found))
}

/// The agencies that would read it and about which nobody has asked the person: one, or two where the recipient passes it on.
fn not_asked(one: &Rehearsed) -> Vec<PartnerId> {
    let Some(decision) = &one.decision else { return Vec::new() };
    if decision.shares.is_empty() {
        let is_open = decision.reason.as_str() == NOT_ASKED;
        return is_open.then(|| one.recipient.clone()).into_iter().collect();
    }
    let open = decision.shares.iter().filter(|one| one.reason.as_str() == NOT_ASKED);
    open.map(|one| one.partner.clone()).collect()
}

/// The assessment as it would be if the person said yes to everything for these agencies, until then.
fn as_if_agreed(body: &[u8], agencies: &[PartnerId], until: &str) -> Result<Vec<u8>> {
    let mut assessment: Value = serde_json::from_slice(body)?;
    let when = assessment.get("assessed_at").cloned().unwrap_or_default();
    let yes = agencies.iter().map(|agency| {
        json!({
            "recipient": agency, "decision": "agree", "recorded_at": when, "valid_until": until,
            "captured_by": "read back", "how": "oral", "capacity": "has-capacity",
        })
    });
    let fields = assessment.as_object_mut().context("it is no object")?;
    let consents = fields.entry("consents").or_insert_with(|| json!([]));
    consents.as_array_mut().context("its consents are no list")?.extend(yes);
    Ok(serde_json::to_vec(&assessment)?)
}

/// The blocks that the person keeps back of whoever would read it. What their audience never sees is among them: the person
/// asked for it, and hears that it was heard.
pub(super) fn excluded(body: &[u8], one: &Rehearsed) -> Result<BTreeSet<String>> {
    let assessment: Value = serde_json::from_slice(body)?;
    let readers = [Some(&one.recipient), one.on_behalf_of.as_ref()];
    let is_reader = |consent: &&Value| {
        let named = consent.get("recipient").and_then(Value::as_str);
        readers.into_iter().flatten().any(|reader| named == Some(reader.as_str()))
    };
    let consents = assessment.get("consents").and_then(Value::as_array).into_iter().flatten();
    let kept = consents.filter(is_reader).filter_map(|consent| consent.get("excludes")?.as_array());
    Ok(kept.flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// What is said about `one`, whose person keeps the blocks `excluded` back.
pub(super) fn told(
    stage: &Stage,
    one: &Rehearsed,
    was_asked: bool,
    excluded: &BTreeSet<String>,
) -> Result<ReadBack> {
    let partner = |id: &str| stage.partners.iter().find(|partner| partner.partner_id.as_str() == id);
    let recipient = partner(one.recipient.as_str()).context("it is not in the lists")?;
    let audience = recipient.kind.audience();
    let audience = audience.context("no allow-list exists for this agency: nothing goes to it")?;
    let decision = one.decision.as_ref();
    let answer = match (decision, &one.message) {
        (Some(decision), Some(_)) if decision.is_override() => Answer::Minimum,
        (Some(decision), Some(_)) if decision.is_beside_consent() => Answer::Both,
        (Some(decision), Some(_)) if decision.is_implied() => Answer::Implied,
        (_, Some(_)) if was_asked => Answer::Agreed,
        (_, Some(_)) => Answer::NotAsked,
        (Some(decision), None) => Answer::Denied(decision.reason.as_str()),
        (None, None) => bail!("no message can be made for it, and nobody's consent was asked"),
    };
    let lineage = one.message.iter().flat_map(|message| message.lineage.lines());
    let given: BTreeSet<(String, String)> = lineage
        .filter_map(|line| line.through)
        .map(|through| (through.block.to_owned(), through.view.to_owned()))
        .collect();
    let kept: BTreeSet<(String, String)> = one
        .withheld
        .iter()
        .filter_map(|kept| Some((kept.rule.split_once('#')?.1.to_owned(), kept.reason.clone())))
        .filter(|(block, _)| !excluded.contains(block))
        .chain(excluded.iter().map(|block| (block.clone(), String::from(EXCLUDED))))
        .collect();
    let tells = one.tells.iter().filter_map(|one| Some(one.split_once('~')?.1.to_owned())).collect();
    let reader: Option<&Partner> = one.on_behalf_of.as_ref().and_then(|reader| partner(reader.as_str()));
    let no = decision.and_then(|decision| decision.shares.iter().find(|share| !share.permits));
    let because_of = no.and_then(|share| partner(share.partner.as_str()));
    // Of several agreements the one that decides says whether there is an emergency row.
    let agreement = decision.and_then(|decision| decision.agreement.as_ref());
    let emergency = stage.agreements.iter().any(|one| {
        one.emergency.is_some()
            && agreement.is_some_and(|(id, version)| (&one.agreement_id, one.version) == (id, *version))
    });
    ReadBack::of(&Plan {
        recipient: &recipient.name,
        audience: audience.as_str(),
        reader: reader.and_then(|reader| Some((&*reader.name, reader.kind.audience()?.as_str()))),
        because_of: because_of.map(|partner| &*partner.name),
        answer,
        given: &given,
        kept: &kept,
        tells: &tells,
        emergency,
    })
    .map_err(|text| anyhow!(text))
}
