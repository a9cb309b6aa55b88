//! `keyway demo`: one liaison and diversion service, seven agencies, eleven people, and a real gateway between them.
//!
//! Everything goes over mutual TLS and through the public interface; the agencies know only what comes through
//! their own sockets or mailboxes. Not here: anything that a real deployment needs, and any way into the
//! gateway's database.

mod client;
mod fixtures;
mod folder;
mod gateway;
mod office;
mod outcome;
mod pki;
mod receivers;
mod record;
mod report;
mod settings;
mod stage;
mod story;
mod table;
mod time_words;
mod try_sh;
mod voice;

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, Result};

use self::{
    fixtures::Fixtures,
    folder::Folder,
    gateway::Gateway,
    outcome::{Told, difference},
    report::{Counts, report},
    settings::Addresses,
    stage::{Keys, Stage},
    story::Teller,
    voice::{Voice, wrapped},
};
use crate::{
    clock::SystemClock,
    ids::{Mint, SystemChance},
};

/// `keyway demo`
#[derive(Clone, Debug, clap::Args)]
#[command(
    about = "Show eleven people's stories between L&D and seven agencies, over real mutual TLS",
    after_help = "Examples:\n  keyway demo                        tell the stories, then keep serving\n  keyway demo --once \
                  --json          one JSON object on standard output\n  keyway demo --data ./keyway-demo   keep keys, \
                  received bytes and try.sh there"
)]
pub struct DemoArgs {
    /// End after the stories; exit 0 only if everything happened as the fixtures say it must.
    #[arg(long)]
    pub once: bool,
    /// Print one JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Keep everything in this folder, which must be new or empty. Without it: a fresh folder, which is printed.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The partners' listener. Without it: a free port of this machine.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Other fixtures than the compiled-in ones, for tests.
    #[arg(long, value_name = "DIR", hide = true)]
    pub fixtures: Option<PathBuf>,
}

/// An address as it is listened on; a name could stand for several.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| String::from("an IP address and a port are needed, as in 127.0.0.1:8443 or [::1]:8443"))
}

/// Runs the demonstration on the present tokio runtime.
///
/// # Errors
/// What kept it from being told at all: a folder or port that is taken, unreadable fixtures. A story that goes
/// wrong is not an error but a difference, and exit code 1 with `--once`.
pub async fn run(args: DemoArgs) -> Result<ExitCode> {
    let voice = Arc::new(Voice::new(args.json));
    let mint = Arc::new(Mint::new(Arc::new(SystemClock), Arc::new(SystemChance)));
    let fixtures = Fixtures::load(args.fixtures.as_deref(), mint.clock().now())?;
    let asked = Addresses::asked(args.listen)?;
    let folder = Folder::prepare(args.data.as_deref(), &mint)?;
    voice.line(&format!("Everything of this demonstration is in {}", folder.root().display()));

    let keys = Keys::make(&folder, asked, &mint)?;
    settings::write(&fixtures, &folder, asked)?;
    let gateway = Gateway::start(&folder.path(settings::FILE)).await?;
    let addresses = gateway.addresses()?;
    settings::write(&fixtures, &folder, addresses)?;
    let stage = Stage::set(&fixtures, &folder, &keys, gateway.base_url(), &voice, &mint)?;
    try_sh::write(&folder.path("try.sh"), &stage.base_url)?;
    pki::save(&folder.path("try-assessment.json"), fixtures.try_assessment.to_string().as_bytes())?;
    gateway.enter(stage.partners.clone(), stage.agreements.clone()).await?;
    voice.tell("Gateway", &format!("listens for partners at {}", stage.base_url));
    voice.tell(
        "Gateway",
        &format!("public http://{}, operators http://{}", addresses.public, addresses.operators),
    );

    let told = tell_all(&fixtures, &stage, &voice, &mint).await;
    let log = gateway.log().await?;
    let counts = Counts { elapsed_ms: voice.elapsed_ms(), inbound: stage.inbound(), log };

    voice.heading("What became of it\n");
    voice.line(&table::table(&told));
    voice.line(&format!(
        "{} messages came in; the audit log has {} entries and {}.",
        counts.inbound,
        log.entries,
        if log.verified { "is whole, computed again from its bytes" } else { "DOES NOT VERIFY" }
    ));
    let as_told = verdict(&told, log.verified, &voice);
    if args.json {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", report(&told, counts)).context("standard output is gone")?;
    }
    if !args.once {
        serve(&folder, &stage, addresses, &voice).await?;
    }
    stage.close().await;
    gateway.stop().await;
    Ok(if as_told || !args.once { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn tell_all(fixtures: &Fixtures, stage: &Stage, voice: &Voice, mint: &Mint) -> Vec<Told> {
    let teller = Teller { fixtures, offices: &stage.offices, voice, mint };
    let mut told = Vec::new();
    for (place, story) in fixtures.stories.iter().enumerate() {
        told.push(teller.tell(place + 1, story).await);
    }
    teller.look_back(&mut told).await;
    told
}

/// Says whether everything happened as the fixtures say it must.
fn verdict(told: &[Told], audit_verified: bool, voice: &Voice) -> bool {
    let difference = difference(told);
    if difference.is_empty() && audit_verified {
        voice.line("Everything happened as the fixtures say it must.");
        return true;
    }
    voice.line("\nNOT everything happened as the fixtures say it must:");
    voice.line(&difference);
    if !audit_verified {
        voice.line("  The audit log does not verify.");
    }
    false
}

/// Keeps serving until it is interrupted.
async fn serve(folder: &Folder, stage: &Stage, addresses: Addresses, voice: &Voice) -> Result<()> {
    let at = |name: &str| -> String { Path::display(&folder.path(name)).to_string() };
    voice.heading("The gateway and the agencies keep running; Ctrl-C ends them\n");
    for (what, place) in [
        ("what each agency received, byte by byte", at("received")),
        ("certificates, keys and client ids", at("agencies")),
        ("the gateway, for partners", stage.base_url.clone()),
        ("discovery and keys, for anyone", format!("http://{}/oauth/jwks", addresses.public)),
        ("health and metrics, for operators", format!("http://{}/metrics", addresses.operators)),
        ("the same gateway on its own", format!("keyway serve --config {}", at(settings::FILE))),
        ("the commands below, ready to run", at("try.sh")),
    ] {
        voice.line(&format!("   {what:<42}{place}"));
    }
    let hint = format!("To try them one by one, go to {} first.", folder.root().display());
    voice.line(&format!("\n{}\n", wrapped(&hint, 3, 110)));
    voice.line(&try_sh::shown(&stage.base_url));
    super::serve::told_to_stop().await
}
