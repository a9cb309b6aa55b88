//! `keyway directory import`: enters agencies and the agreements with them from lists that an operator keeps.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::{Value, json};

use super::{ConfigArg, print, shown};
use crate::{
    app::App,
    audit::{hex, merkle::sha256},
    clock::{Clock as _, Moment, SystemClock},
    directory::import::{self, Change, Enrolment, Known, Listing, Place, Problem},
    exchange::{
        enrol::{self, Entered},
        ports::CommitError,
    },
    ids::{Mint, SystemChance},
    limits,
};

/// Who entered it, in the audit log.
const ACTOR: &str = "operator:directory-import";
/// What a gateway makes of it. It keeps no copy of the directory: every request and delivery reads it anew.
const WHEN: &str = "A gateway that serves this database goes by it from its next request or delivery on; \
                    it need not be stopped.";

/// Said of an agreement that nobody looked at again in time.
const OVERDUE: &str = "is past: look at the record again, and enter the day of the next review";

/// Enter agencies and the agreements with them.
#[derive(Debug, Args)]
pub(super) struct DirectoryArgs {
    #[command(subcommand)]
    command: DirectoryCommand,
}

#[derive(Debug, Subcommand)]
enum DirectoryCommand {
    Import(ImportArgs),
}

/// Enter agencies and agreements from JSON files: all of it, or nothing when there is a problem.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        keyway directory import directory.json agreements.json --config /etc/keyway/keyway.toml --dry-run\n  \
        keyway directory import directory.json --config /etc/keyway/keyway.toml\n\n\
        A file is {\"agencies\": […], \"agreements\": […]}, either or both, or an array of agreements:\n  \
        agency     id, kind, name, organisation_code, channel, endpoint (https; for fhir-push and event-push),\n             \
        certificate_file (PEM, relative to the list) or certificate_sha256; if wanted client_id (else\n             \
        that which is entered, or the id), jwks, status (active, suspended), forgives (what its messages are forgiven, by name),\n             \
        service (what kind of service it is, as in crisis)\n  \
        agreement  agreement_id, partner, purposes, valid_from, valid_to, basis, emergency, dpia_reference,\n             \
        record (of the processing: README, \"Agreements\")\n\n\
        May run beside a gateway, which goes by it from its next request or delivery on. What the files do not\n\
        name stays as it is. The same files again change nothing. Every change is in the audit log.\n\
        Exit codes: 0 entered (or could be, with --dry-run), 1 problems and nothing written, 2 usage.")]
struct ImportArgs {
    /// Lists of agencies, of agreements, or of both.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArg,
    /// Say what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: DirectoryArgs) -> Result<ExitCode> {
    let DirectoryCommand::Import(args) = args.command;
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let (listing, mut problems) = read(&args.files);
    let store = App::open_store(&config)?;
    let entered = enrol::entered(store.as_ref(), &config.site_id).await?;
    let blocks = enrol::blocks().map_err(|text| anyhow!(text))?;
    let known = Known {
        site_id: &config.site_id,
        partners: &entered.partners,
        agreements: &entered.agreements,
        blocks: &blocks,
        tolerances: &enrol::tolerances(),
        fingerprint: &fingerprint,
    };
    let (enrolment, further) = import::check(&listing, &known);
    problems.extend(further);
    if !problems.is_empty() {
        refuse(&problems, args.json);
        return Ok(ExitCode::FAILURE);
    }
    if !args.dry_run {
        let mint = Mint::new(Arc::new(SystemClock), Arc::new(SystemChance));
        write(store.as_ref(), &mint, &enrolment, &entered).await?;
    }
    tell(&enrolment, &args, SystemClock.now());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn read(files: &[PathBuf]) -> (Listing, Vec<Problem>) {
    let mut listing = Listing::default();
    let mut problems = Vec::new();
    for file in files {
        let name = shown(file);
        match bytes_of(file) {
            Ok(bytes) => {
                let (part, wrong) = import::read(&name, &bytes);
                listing.append(part);
                problems.extend(wrong);
            }
            Err(text) => {
                problems.push(Problem { place: Place { file: name, path: String::new() }, text });
            }
        }
    }
    (listing, problems)
}

/// The bytes of a file of reasonable size, or why there are none.
fn bytes_of(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let open = fs::File::open(file).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let read = open.take(limits::DIRECTORY_FILE_MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {}", error.kind()))?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size <= limits::DIRECTORY_FILE_MAX_BYTES) {
        Ok(bytes)
    } else {
        Err(format!("is larger than {} bytes", limits::DIRECTORY_FILE_MAX_BYTES))
    }
}

/// SHA-256 of the first certificate in the PEM file `name`, which stands in `list`.
pub(super) fn fingerprint(list: &str, name: &str) -> Result<String, String> {
    let file = Path::new(list).parent().unwrap_or(Path::new("")).join(name);
    let bytes = bytes_of(&file).map_err(|why| format!("{} {why}", file.display()))?;
    let unreadable = || format!("{} holds no certificate (PEM) that can be read", file.display());
    let leaf = CertificateDer::from_pem_slice(&bytes).map_err(|_| unreadable())?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&leaf).map_err(|_| unreadable())?;
    if certificate.is_ca() {
        return Err(format!(
            "{} begins with an authority's certificate, not the agency's own",
            file.display()
        ));
    }
    Ok(hex(&sha256(&leaf)))
}

async fn write(
    store: &dyn crate::exchange::ports::Store,
    mint: &Mint,
    enrolment: &Enrolment,
    entered: &Entered,
) -> Result<()> {
    let partners: Vec<_> = moved(&enrolment.partners).cloned().collect();
    let agreements: Vec<_> = moved(&enrolment.agreements).cloned().collect();
    if partners.is_empty() && agreements.is_empty() {
        return Ok(());
    }
    match enrol::enrol(store, mint, ACTOR, partners, agreements, &entered.partners).await {
        Ok(()) => Ok(()),
        Err(CommitError::Conflict(_) | CommitError::Exists(_)) => bail!(
            "nothing was written: somebody else changed the directory meanwhile, or a client id is taken by \
             another agency. Look at `keyway partner list` and run this again"
        ),
        Err(error) => Err(error).context("nothing was written"),
    }
}

/// What is not yet as it should be.
fn moved<T>(all: &[(T, Change)]) -> impl Iterator<Item = &T> {
    all.iter().filter(|(_, change)| *change != Change::Unchanged).map(|(one, _)| one)
}

fn refuse(problems: &[Problem], as_json: bool) {
    if as_json {
        let told: Vec<Value> = problems
            .iter()
            .map(|p| json!({"file": p.place.file, "path": p.place.path, "text": p.text}))
            .collect();
        print::object(&json!({"written": false, "problems": told}));
        return;
    }
    for one in problems {
        print::problem(&one.to_string());
    }
    print::problem(&format!("{} problem(s); nothing was written", problems.len()));
}

fn tell(enrolment: &Enrolment, args: &ImportArgs, now: Moment) {
    let partners = || enrolment.partners.iter().map(|(p, change)| (p.partner_id.as_str(), change.as_str()));
    let agreements =
        || enrolment.agreements.iter().map(|(a, change)| (a.agreement_id.as_str(), change.as_str()));
    let (new_partners, new_agreements) =
        (moved(&enrolment.partners).count(), moved(&enrolment.agreements).count());
    let written = !args.dry_run && new_partners + new_agreements > 0;
    if args.json {
        let partners: Vec<Value> = partners().map(|(id, c)| json!({"partner_id": id, "change": c})).collect();
        let agreements: Vec<Value> =
            agreements().map(|(id, c)| json!({"agreement_id": id, "change": c})).collect();
        print::object(&json!({
            "dry_run": args.dry_run, "written": written, "partners": partners, "agreements": agreements,
            "problems": [],
            "warnings": enrolment.overdue(now).map(|a| json!({
                "agreement_id": a.agreement_id.as_str(), "at": "/record/review_by", "text": OVERDUE,
            })).collect::<Vec<Value>>(),
        }));
        return;
    }
    for late in enrolment.overdue(now) {
        print::problem(&format!(
            "warning: agreement {}: /record/review_by {OVERDUE}",
            late.agreement_id.as_str()
        ));
    }
    for (id, change) in partners() {
        print::line(&format!("{change:<9}  agency     {id}"));
    }
    for (id, change) in agreements() {
        print::line(&format!("{change:<9}  agreement  {id}"));
    }
    let count = format!("{new_partners} agencies and {new_agreements} agreements");
    print::line(&if new_partners + new_agreements == 0 {
        String::from("Nothing changed: everything stands like this already.")
    } else if args.dry_run {
        format!("No problem found. Would enter {count}; nothing was written.")
    } else {
        format!("Entered {count}. {WHEN}")
    });
}
