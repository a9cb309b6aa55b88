//! `keyway ig subject-access`: what a person is told of themselves, drafted, decided field by field, and released.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};

use super::{look::LookArgs, who_saw::person};
use crate::{
    cli::print,
    exchange::subject::{Decision, Draft, Released},
    ids::{PersonId, SubjectAccessId},
    limits::SUBJECT_ACCESS_DECISIONS_MAX_BYTES,
};

/// Draft what is held about a person for them, decide on each field that may be exempt, and release the copy.
#[derive(Debug, Subcommand)]
pub(super) enum SubjectAccessCommand {
    Draft(DraftArgs),
    Show(ShowArgs),
    Decide(DecideArgs),
    Release(ReleaseArgs),
}

/// Draft what is held about a person. What it prints is personal data.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig subject-access draft --person 01900000-0000-7000-8000-000000000001 --as ig.officer --json \\\n    \
    --config /etc/keyway/keyway.toml\n\n\
    Fields that may tell of somebody else, do serious harm or prejudice the prevention of crime are marked: each needs a\n\
    reviewer's decision. May run beside a gateway.\n\
    Exit codes: 0 drafted, 1 refused (and why), 2 usage.")]
pub(super) struct DraftArgs {
    /// Of whom.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: PersonId,
    #[command(flatten)]
    look: LookArgs,
}

/// Show a draft and what was decided of it so far. What it prints is personal data.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig subject-access show --request 01900000-0000-7000-8000-000000000001 --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 refused (and why), 2 usage.")]
pub(super) struct ShowArgs {
    /// The request.
    #[arg(long, value_name = "ID", value_parser = request)]
    request: SubjectAccessId,
    #[command(flatten)]
    look: LookArgs,
}

/// Record a named reviewer's decisions, all or none.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig subject-access decide --request 01900000-0000-7000-8000-000000000001 --reviewer 'Ana Silva' \\\n    \
    --decisions decisions.json --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    The file is a JSON array of {\"field\": as the draft names it, \"withhold\": third-party, serious-harm or crime (leave it\n\
    away to show the field), \"reason\": why, with the law for what is withheld}. - reads standard input.\n\
    Exit codes: 0 recorded, 1 refused (and why), 2 usage.")]
pub(super) struct DecideArgs {
    /// The request.
    #[arg(long, value_name = "ID", value_parser = request)]
    request: SubjectAccessId,
    /// The name of the person who decided.
    #[arg(long, value_name = "NAME")]
    reviewer: String,
    /// The decisions.
    #[arg(long, value_name = "FILE")]
    decisions: PathBuf,
    #[command(flatten)]
    look: LookArgs,
}

/// Release the copy for the person: refused while a marked field is undecided.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig subject-access release --request 01900000-0000-7000-8000-000000000001 --reviewer 'Ana Silva' --as ig.officer \\\n    \
    --json --config /etc/keyway/keyway.toml > copy.json\n\n\
    What is exempt is left out, and nothing in the copy says whether anything was. It is released once.\n\
    Exit codes: 0 released, 1 refused (and why), 2 usage.")]
pub(super) struct ReleaseArgs {
    /// The request.
    #[arg(long, value_name = "ID", value_parser = request)]
    request: SubjectAccessId,
    /// The name of the person who releases it.
    #[arg(long, value_name = "NAME")]
    reviewer: String,
    #[command(flatten)]
    look: LookArgs,
}

const NO_REQUEST: &str = "There is no such request. That it was asked is on record.";

pub(super) async fn run(command: SubjectAccessCommand) -> Result<ExitCode> {
    match command {
        SubjectAccessCommand::Draft(args) => {
            let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
            let (site, officer) = (&asked.config.site_id, &asked.officer);
            let answer = asked.exchange.draft_subject_access(site, officer, &args.person).await;
            Ok(asked.tell(answer, "There is no such person. That it was asked is on record.", show))
        }
        SubjectAccessCommand::Show(args) => {
            let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
            let (site, officer) = (&asked.config.site_id, &asked.officer);
            let answer = asked.exchange.subject_access(site, officer, &args.request).await;
            Ok(asked.tell(answer, NO_REQUEST, show))
        }
        SubjectAccessCommand::Decide(args) => {
            let decisions = decisions(&args.decisions)?;
            let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
            let (site, officer) = (&asked.config.site_id, &asked.officer);
            let decided = asked.exchange.decide_subject_access(
                site,
                officer,
                &args.request,
                &args.reviewer,
                &decisions,
            );
            Ok(asked.tell(decided.await, NO_REQUEST, |draft| {
                print::line(&format!("Recorded. {} fields wait for a decision.", draft.undecided()));
            }))
        }
        SubjectAccessCommand::Release(args) => {
            let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
            let (site, officer) = (&asked.config.site_id, &asked.officer);
            let answer =
                asked.exchange.release_subject_access(site, officer, &args.request, &args.reviewer).await;
            Ok(asked.tell(answer, NO_REQUEST, copy))
        }
    }
}

fn show(draft: &Draft) {
    print::line(&format!("Request {}, person {}, {}", draft.request_id, draft.person_id, draft.drafted_at));
    for held in &draft.held {
        let marks: Vec<&str> = held.may_be.iter().map(|one| one.as_str()).collect();
        let stands = match &held.decided {
            Some(decided) => decided.withhold.map_or("show", |_| "withhold"),
            None if marks.is_empty() => "show",
            None => "UNDECIDED",
        };
        print::line(&format!("{}: {} [{stands}] {}", held.field, held.value, marks.join(" ")));
    }
    print::line(&format!("{} fields wait for a decision.", draft.undecided()));
}

fn copy(copy: &Released) {
    print::line(copy.about);
    for held in &copy.held {
        print::line(&format!("{}: {}", held.field, held.value));
    }
    print::line("\nWho was told:");
    for told in &copy.told_to {
        print::line(&format!(
            "{} ({}), {}: {}, {}",
            told.name,
            told.kind,
            told.at,
            told.purposes.join(" "),
            told.state
        ));
    }
    print::line("\nFrom whom it is:");
    for source in &copy.sources {
        print::line(&format!("{}, {}: {}", source.name, source.at, source.what));
    }
    print::line("\nWhat the words mean:");
    for one in &copy.glossary {
        print::line(&format!("{}: {}", one.code, one.meaning));
    }
}

fn decisions(path: &Path) -> Result<Vec<Decision>> {
    let mut text = String::new();
    let most = SUBJECT_ACCESS_DECISIONS_MAX_BYTES.saturating_add(1);
    let read = if path == Path::new("-") {
        std::io::stdin().take(most).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > SUBJECT_ACCESS_DECISIONS_MAX_BYTES {
        bail!("{} is longer than 16 MiB", path.display());
    }
    // The parser's own words may repeat what stands there.
    serde_json::from_str(&text).map_err(|error| {
        anyhow!(
            "{}, line {}, column {}: this is no list of decisions; see --help",
            path.display(),
            error.line(),
            error.column()
        )
    })
}

fn request(text: &str) -> Result<SubjectAccessId, String> {
    SubjectAccessId::parse(text).ok_or_else(|| String::from("an id of 1 to 64 of A-Z a-z 0-9 - . _"))
}
