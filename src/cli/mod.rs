//! The command line: one file for each command. Results go to standard output, problems to standard error.
//!
//! Exit codes, the same everywhere: 0 when all is well, 1 when something is wrong (and told), 2 when the command
//! itself was not understood.

mod audit;
mod check_config;
mod consent;
mod decide;
pub mod demo;
mod directory;
mod document;
mod explain;
mod identifier;
mod ig;
mod map;
mod migrate;
mod partner;
#[cfg(test)]
mod people_test;
mod preview;
mod print;
mod private_file;
#[cfg(test)]
mod read_back_test;
mod rehearsing;
mod render;
mod revoke;
mod serve;
mod validate;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{self, Config},
    profile::hidden::is_hidden,
};

/// The gateway between a liaison and diversion service and the agencies round it.
#[derive(Debug, Parser)]
#[command(name = "keyway", version, after_help = "Exit codes: 0 all is well, 1 something is wrong, 2 usage.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Migrate(migrate::MigrateArgs),
    CheckConfig(check_config::CheckConfigArgs),
    Directory(directory::DirectoryArgs),
    Partner(partner::PartnerArgs),
    Audit(audit::AuditArgs),
    Validate(validate::ValidateArgs),
    Map(map::MapArgs),
    Identifier(identifier::IdentifierArgs),
    Preview(preview::PreviewArgs),
    VerifyDocument(document::VerifyDocumentArgs),
    Render(render::RenderArgs),
    Consent(consent::ConsentArgs),
    Ig(ig::IgArgs),
}

/// Which settings file.
#[derive(Clone, Debug, Args)]
struct ConfigArg {
    /// The settings file. Without it: the environment's `KEYWAY_CONFIG`, or `keyway.toml` in this folder.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArg {
    fn path(&self) -> PathBuf {
        self.config.clone().or_else(config::config_path).unwrap_or_else(|| PathBuf::from("keyway.toml"))
    }

    /// The settings, or every problem with them on standard error.
    fn load(&self) -> Option<Config> {
        Config::load(&self.path()).map_err(|problems| print::problems(&problems)).ok()
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Demo(args) => on_runtime(demo::run(args)),
        Command::Serve(args) => on_runtime(serve::run(args)),
        Command::Migrate(args) => migrate::run(&args),
        Command::CheckConfig(args) => Ok(check_config::run(&args)),
        Command::Directory(args) => on_runtime(directory::run(args)),
        Command::Partner(args) => on_runtime(partner::run(args)),
        Command::Audit(args) => on_runtime(audit::run(args)),
        Command::Validate(args) => Ok(validate::run(&args)),
        Command::Identifier(args) => identifier::run(&args),
        Command::Map(args) => map::run(args),
        Command::Preview(args) => on_runtime(preview::run(args)),
        Command::VerifyDocument(args) => document::run(&args),
        Command::Render(args) => on_runtime(render::run(args)),
        Command::Consent(args) => on_runtime(consent::run(args)),
        Command::Ig(args) => on_runtime(ig::run(args)),
    };
    let code = ended.unwrap_or_else(|error| {
        print::problem(&format!("{error:#}"));
        ExitCode::FAILURE
    });
    // An answer that could not be written is none: a full disk must not look like a good end.
    if let Some(error) = print::lost() {
        print::problem(&format!("standard output cannot be written: {error}"));
        return ExitCode::FAILURE;
    }
    code
}

/// Runs a command on a multi-thread runtime.
fn on_runtime(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// A path as people read it: what could upset a terminal is not written out.
fn shown(path: &Path) -> String {
    path.display()
        .to_string()
        .chars()
        .map(|letter| if is_hidden(letter) { '\u{fffd}' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_commands_are_well_formed_and_each_shows_an_example() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let with_inner = command.get_subcommands().chain([command]);
            let shows =
                with_inner.filter_map(|c| c.get_after_help()).any(|h| h.to_string().contains("keyway "));
            assert!(shows, "{} shows no example", command.get_name());
        }
    }
}
