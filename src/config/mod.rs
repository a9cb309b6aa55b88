//! What an operator sets. `config/keyway.toml` is the documented sample and, compiled in, the defaults.
//!
//! Every problem is found before any is reported, each with the file and line or the setting it is about.
//! The only room that reads the environment: `KEYWAY_CONFIG` and `KEYWAY_LOG`. Not here: what TLS, tokens or
//! the database make of a setting; they get typed values and loaded keys.

mod check;
mod environment;
mod lasting;
mod material;
mod problem;
mod settings;
mod source;

#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub use environment::{config_path, log_level, temporary_folder};
pub use material::{CertificateAndKey, Material};
pub use problem::Problem;
pub use source::SAMPLE;

use crate::{assessment::TagMax, ids::SiteId};

/// The settings of one gateway, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The tenant.
    pub site_id: SiteId,
    /// The tenant's name, for people.
    pub site_name: String,
    /// Where partners reach the gateway; no slash at the end.
    pub base_url: String,
    /// The partners' listener.
    pub partners: PartnersListener,
    /// The public listener.
    pub public: PublicListener,
    /// The operators' listener: plain HTTP.
    pub operators: SocketAddr,
    /// Where everything durable is kept.
    pub database: Database,
    /// Files that hold keys.
    pub keys: KeyFiles,
    /// How messages leave.
    pub outbound: Outbound,
    /// FHIR packages that are loaded beside the profiles that are compiled in: folders or `.tgz` files.
    pub packages: Vec<PathBuf>,
    /// The highest score of each domain of the Threshold Assessment Grid.
    pub tag_max: TagMax,
    /// Folders with a service's own site adapters, which are loaded beside those that are compiled in.
    pub site_folders: Vec<PathBuf>,
    /// How the gateway tells what it does.
    pub log: Log,
}

/// The partners' listener: TLS with client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnersListener {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The gateway's certificate chain and key.
    pub tls: TlsFiles,
    /// Authorities of the partners' client certificates.
    pub client_ca_file: PathBuf,
    /// Revocation lists.
    pub crl_file: Option<PathBuf>,
}

/// The public listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicListener {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key; `None` is plain HTTP, on a loopback address only.
    pub tls: Option<TlsFiles>,
}

/// A certificate chain and its private key, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub certificate_file: PathBuf,
    /// The key.
    pub key_file: PathBuf,
}

/// The engine and where it keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// The embedded engine, in this file.
    Sqlite(PathBuf),
}

/// Files that hold keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// 32 bytes, hexadecimal or base64.
    pub key_encryption_key_file: PathBuf,
    /// Ed25519, PKCS#8 PEM.
    pub event_signing_key_file: PathBuf,
    /// Ed25519, PKCS#8 PEM.
    pub token_signing_key_file: PathBuf,
    /// Ed25519, PKCS#8 PEM; `None`: no documents are signed.
    pub document_signing_key_file: Option<PathBuf>,
    /// A JWK set of public keys that signed documents earlier.
    pub retired_document_keys_file: Option<PathBuf>,
}

/// How messages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Authorities of the partners' servers.
    pub ca_file: PathBuf,
    /// What the gateway shows to partners.
    pub tls: TlsFiles,
    /// Whether messages may go to this machine itself.
    pub allow_loopback: bool,
    /// Wait before each further try, in seconds; the last is repeated. Never empty.
    pub retry_seconds: Vec<i64>,
    /// Tries before a delivery is set aside.
    pub attempts_max: u32,
}

/// How log lines look and which are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// A level or a filter as `tracing-subscriber` reads it.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Config {
    /// Reads `file` over the defaults. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// Every problem that can be found without opening the files that the settings name.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        let text = read_file(file).map_err(|problem| vec![problem])?;
        Self::read(&text, file)
    }

    /// Reads `text`, which came from `file`, over the defaults.
    ///
    /// # Errors
    /// Every problem that can be found without opening the files that the settings name.
    pub fn read(text: &str, file: &Path) -> Result<Self, Vec<Problem>> {
        match examine(text, file) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(problems),
        }
    }

    /// Everything that is wrong with `file` and with the files that it names. Where nothing is, what was loaded.
    ///
    /// # Errors
    /// Every problem.
    pub fn load_all(file: &Path) -> Result<(Self, Material), Vec<Problem>> {
        let text = read_file(file).map_err(|problem| vec![problem])?;
        let (config, mut problems) = examine(&text, file);
        let Some(config) = config else { return Err(problems) };
        match config.load_material() {
            Ok(material) if problems.is_empty() => return Ok((config, material)),
            Ok(_) => {}
            Err(more) => {
                // A setting that is wrong in itself is not blamed for its file too.
                let new = more.into_iter().filter(|m| problems.iter().all(|p| p.place != m.place));
                let new: Vec<Problem> = new.collect();
                problems.extend(new);
            }
        }
        Err(problems)
    }
}

fn read_file(file: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(file).map_err(|e| {
        let mut text = Problem::unread(&e);
        if e.kind() == std::io::ErrorKind::NotFound {
            text.push_str(
                "; --config names another, `keyway check-config --print-sample` prints one, and \
                 `keyway demo --data DIR` writes one with all that it names",
            );
        }
        Problem::file(file, None, text)
    })
}

fn examine(text: &str, file: &Path) -> (Option<Config>, Vec<Problem>) {
    let (settings, mut problems) = source::over_defaults(text, file);
    let Some(settings) = settings else { return (None, problems) };
    // The parent of a bare file name is empty, which is no folder.
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let (config, more) = check::check(settings, folder);
    problems.extend(more);
    (config, problems)
}
