//! The audit log as files: `keyway audit export` writes them, `keyway audit verify --bundle` reads them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;

use super::{ConfigArg, print};
use crate::{
    app::App,
    audit::{
        Checkpoint,
        bundle::{self, BundleFault, CHECKPOINT, KEYS},
        note::VerifierKey,
        tiles::{TILE_WIDTH, TileId},
    },
    exchange::{Exchange, log_verifiers},
};

/// Largest file of an exported log that is read, in bytes: 256 of the longest leaves.
const FILE_MAX_BYTES: u64 = 256 * (65_535 + 2);
/// Tiles read from the database at once.
const TILES: usize = 64;
/// Who exports, in the log.
const ACTOR: &str = "operator:audit-export";

/// Write the log as files that public tools check: entries, hashes, the checkpoint over them and the keys.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  keyway audit export --config /etc/keyway/keyway.toml --to audit-2026-11-27\n\n\
                        The layout is C2SP tlog-tiles. Entries hold ids and codes, and no content; people appear as the\n\
                        pseudonyms that Keyway made. The export is itself an entry in the log. `keyway audit verify --bundle`\n\
                        checks it, and so do others: see docs/audit-format.md.\n\
                        Exit codes: 0 written, 1 not or not whole, 2 usage."
)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The folder to write. It must not be there yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn export(args: ExportArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let exchange = App::open_beside(&config).await?;
    new_folder(&args.to).with_context(|| format!("{} cannot be made", super::shown(&args.to)))?;
    let latest = exchange.begin_export(&config.site_id, ACTOR).await?;
    let size = u64::try_from(latest.size).context("the checkpoint has no size")?;
    write_tiles(&exchange, &args.to, size).await?;
    let keys: Vec<String> =
        log_verifiers(exchange.store.as_ref()).await?.iter().map(|key| key.to_text() + "\n").collect();
    put(&args.to, KEYS, keys.concat().as_bytes())?;
    // Last: a folder without it is not whole.
    put(&args.to, CHECKPOINT, latest.note.as_bytes())?;
    if args.json {
        print::object(&json!({"entries": size, "folder": args.to}));
    } else {
        print::line(&format!("{size} entries were written to {}.", super::shown(&args.to)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn write_tiles(exchange: &Exchange, folder: &Path, size: u64) -> Result<()> {
    let ids: Vec<TileId> = bundle::tiles(size).collect();
    for ids in ids.chunks(TILES) {
        for (id, tile) in ids.iter().zip(exchange.store.tiles(ids).await?) {
            let name = bundle::tile_file(*id, size);
            let tile = tile.and_then(|tile| tile.cut(id.width_at(size)));
            let tile = tile.with_context(|| format!("the log has no {name}: run `keyway audit verify`"))?;
            put(folder, &name, tile.as_bytes())?;
            if id.level > 0 {
                continue;
            }
            let first = i64::try_from(id.index.saturating_mul(TILE_WIDTH as u64))?;
            let mut file = Vec::new();
            for entry in exchange.store.audit_page(first, id.width_at(size)).await? {
                bundle::put_entry(&mut file, &entry.leaf).context("a leaf is too long")?;
            }
            put(folder, &bundle::entries_file(id.index, size), &file)?;
        }
    }
    Ok(())
}

/// For nobody else on this machine: who is known to whom can be read in it.
fn new_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let file = folder.join(name);
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, bytes));
    written.with_context(|| format!("{} cannot be written", super::shown(&file)))
}

/// Reads a file that is no larger than any of a bundle may be.
pub(super) fn read(file: &Path) -> Option<Vec<u8>> {
    let small = fs::metadata(file).is_ok_and(|about| about.is_file() && about.len() <= FILE_MAX_BYTES);
    small.then(|| fs::read(file).ok()).flatten()
}

/// Checks an exported log with these keys, or else with those that lie in it.
pub(super) fn check(
    folder: &Path,
    trusted: &[VerifierKey],
    kept: Option<&str>,
    see: impl FnMut(u64),
) -> Result<Result<Checkpoint, BundleFault>> {
    let keys = if trusted.is_empty() { keys_in(folder)? } else { trusted.to_vec() };
    let kept = kept.map(|note| super::kept_checkpoint(note, &keys)).transpose()?;
    Ok(bundle::check(|name| read(&folder.join(name)), &keys, kept.as_ref(), see))
}

fn keys_in(folder: &Path) -> Result<Vec<VerifierKey>> {
    let text = read(&folder.join(KEYS)).and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.with_context(|| format!("{} has no file {KEYS}: give --key", super::shown(folder)))?;
    let Some(keys) = text.lines().map(VerifierKey::parse).collect::<Option<Vec<_>>>() else {
        bail!("{}: a line is no key", super::shown(&folder.join(KEYS)));
    };
    Ok(keys)
}
