//! `keyway render`: the sheet that a recipient in justice would get, on one page that people read and print.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use super::{
    map::run::{agency, answer, choose_by},
    print, private_file,
    rehearsing::{self, RehearsalArgs},
    shown,
};
use crate::{directory::Audience, exchange::Rehearsed, ids::PartnerId, sheet::Page};

/// Print the sheet that custody, a court or probation would get of an assessment, on one page in plain English.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway render assessment.json --view custody --format html --directory directory.json --directory agreements.json\n  \
    keyway render assessment.json --view court --format pdf --directory lists.json --output court.pdf\n\n\
    The page is made from the very bytes that the recipient would get, planned as POST /assessments plans them; nothing is\n\
    stored or sent. What does not fit on one page is left out by whole sections, and the page and standard error say which;\n\
    risk, adjustments, the appropriate adult and whom to ring are never left out. It holds personal data.\n\
    Exit codes: 0 a page, 1 none (and why: consent is refused, say), 2 usage.")]
pub(super) struct RenderArgs {
    /// The assessment.
    #[arg(value_name = "ASSESSMENT")]
    file: PathBuf,
    /// Whose sheet. Youth justice gets that of probation.
    #[arg(long)]
    view: View,
    /// How it is written.
    #[arg(long)]
    format: Format,
    /// The agency as the assessment names it, where more than one is of that view.
    #[arg(long, value_name = "ID", value_parser = agency)]
    recipient: Option<PartnerId>,
    /// The agency for which the recipient passes it on, where it is asked for more than one.
    #[arg(long, value_name = "ID", value_parser = agency)]
    on_behalf_of: Option<PartnerId>,
    #[command(flatten)]
    rehearsal: RehearsalArgs,
    /// Where to write it: a new file, for its owner only. Without it: standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    Court,
    Custody,
    Probation,
}

impl View {
    const fn is_of(self, audience: Audience) -> bool {
        match self {
            Self::Court => matches!(audience, Audience::Court),
            Self::Custody => matches!(audience, Audience::Custody),
            Self::Probation => matches!(audience, Audience::Probation | Audience::YouthJustice),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Html,
    Pdf,
}

pub(super) async fn run(args: RenderArgs) -> Result<ExitCode> {
    args.rehearsal.must_have_lists()?;
    let body = rehearsing::assessment(&args.file)?;
    let Some(stage) = args.rehearsal.stage().await? else { return Ok(ExitCode::FAILURE) };
    let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, &body).await;
    let Some(rehearsal) = rehearsing::unless_refused(rehearsed) else { return Ok(ExitCode::FAILURE) };
    let one = chosen(&args, &rehearsal.recipients)?;
    let Some(message) = &one.message else {
        bail!("{} would get nothing, so there is no page: {}", one.recipient, answer(one));
    };
    let sheet = message.detail.as_ref().unwrap_or(&message.body);
    let page = Page::of(sheet).with_context(|| format!("what {} would get is no page", one.recipient))?;
    let (page, bytes) = match args.format {
        Format::Html => {
            let page = page.fitted()?;
            let html = page.html().into_bytes();
            (page, html)
        }
        Format::Pdf => {
            let page = page.printable()?.fitted()?;
            let pdf = page.pdf()?;
            (page, pdf)
        }
    };
    for heading in page.left_out() {
        print::problem(&format!("left out to fit one page: {heading}"));
    }
    match &args.output {
        Some(file) => private_file::write_new(file, &bytes)?,
        None => print::bytes(&bytes),
    }
    Ok(ExitCode::SUCCESS)
}

/// The one recipient whose sheet is meant.
fn chosen<'a>(args: &RenderArgs, recipients: &'a [Rehearsed]) -> Result<&'a Rehearsed> {
    let is_meant = |one: &&Rehearsed| {
        one.audience.is_some_and(|audience| args.view.is_of(audience))
            && args.recipient.as_ref().is_none_or(|id| one.recipient == *id)
            && args.on_behalf_of.as_ref().is_none_or(|id| one.on_behalf_of.as_ref() == Some(id))
    };
    let meant: Vec<&Rehearsed> = recipients.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [one] => Ok(one),
        [] => bail!("{} asks no agency that gets this sheet", shown(&args.file)),
        several => {
            let by = choose_by(several.iter().copied());
            bail!("it asks for more than one such sheet: choose by {by}")
        }
    }
}
