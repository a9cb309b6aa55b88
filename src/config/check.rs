//! Settings as texts become settings with types; every problem is reported.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{
    Config, Database, KeyFiles, Log, LogFormat, Outbound, PartnersListener, PublicListener, TlsFiles,
    problem::Problem, settings::Settings,
};
use crate::ids::SiteId;

/// Longest wait between two tries that a schedule may name, in seconds (7 days).
const RETRY_SECONDS_MAX: i64 = 7 * 24 * 3600;
/// Most tries that may be asked for.
const ATTEMPTS_LIMIT: i64 = 100;

/// Checks everything that can be checked without opening a file. `folder` is what relative paths start from.
pub(super) fn check(settings: Settings, folder: &Path) -> Result<Config, Vec<Problem>> {
    let mut problems = Problems { folder, found: Vec::new() };
    let p = &mut problems;
    let site_id = SiteId::parse(&settings.site.id);
    if site_id.is_none() {
        p.add("site.id", "must be 1 to 64 letters, digits, '-', '.' or '_'");
    }
    if settings.site.name.trim().is_empty() {
        p.add("site.name", "must not be empty");
    }
    let base_url = p.base_url(&settings.gateway.base_url);
    let partners = p.partners(&settings.partners);
    let public = p.public(&settings.public);
    let operators = p.address("operators.listen", &settings.operators.listen);
    p.distinct_ports(&[
        ("partners.listen", partners.as_ref().map(|l| l.listen)),
        ("public.listen", public.as_ref().map(|l| l.listen)),
        ("operators.listen", operators),
    ]);
    let database = p.database(&settings.database.url);
    let keys = p.keys(&settings.keys);
    let outbound = p.outbound(&settings.outbound);
    let log = p.log(settings.log);
    match (site_id, base_url, partners, public, operators, database, keys, outbound, log) {
        (
            Some(site_id),
            Some(base_url),
            Some(partners),
            Some(public),
            Some(operators),
            Some(database),
            Some(keys),
            Some(outbound),
            Some(log),
        ) if problems.found.is_empty() => Ok(Config {
            site_id,
            site_name: settings.site.name,
            base_url,
            partners,
            public,
            operators,
            database,
            keys,
            outbound,
            log,
        }),
        _ => Err(problems.found),
    }
}

struct Problems<'a> {
    folder: &'a Path,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, name: &str, text: impl Into<String>) {
        self.found.push(Problem::setting(name, text));
    }

    fn address(&mut self, name: &str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.add(name, "must be an IP address and a port, as in \"127.0.0.1:8443\" or \"[::1]:8443\"");
        }
        address
    }

    fn optional_path(&self, text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| self.folder.join(text))
    }

    fn path(&mut self, name: &str, text: &str) -> Option<PathBuf> {
        let path = self.optional_path(text);
        if path.is_none() {
            self.add(name, "must name a file");
        }
        path
    }

    fn tls(&mut self, section: &str, certificate: &str, key: &str) -> Option<TlsFiles> {
        let certificate_file = self.path(&format!("{section}.certificate_file"), certificate);
        let key_file = self.path(&format!("{section}.key_file"), key);
        Some(TlsFiles { certificate_file: certificate_file?, key_file: key_file? })
    }

    fn base_url(&mut self, text: &str) -> Option<String> {
        let authority = text.strip_prefix("https://").unwrap_or_default();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        let good = !authority.is_empty() && authority.bytes().all(allowed);
        if !good {
            self.add("gateway.base_url", "must be https://host or https://host:port, with no path");
        }
        good.then(|| text.to_owned())
    }

    fn partners(&mut self, from: &super::settings::Partners) -> Option<PartnersListener> {
        let listen = self.address("partners.listen", &from.listen);
        let tls = self.tls("partners", &from.certificate_file, &from.key_file);
        let client_ca_file = self.path("partners.client_ca_file", &from.client_ca_file);
        let crl_file = self.optional_path(&from.crl_file);
        Some(PartnersListener { listen: listen?, tls: tls?, client_ca_file: client_ca_file?, crl_file })
    }

    fn public(&mut self, from: &super::settings::Public) -> Option<PublicListener> {
        let listen = self.address("public.listen", &from.listen);
        let plain = from.certificate_file.is_empty() && from.key_file.is_empty();
        if plain {
            if listen.is_some_and(|l| !l.ip().is_loopback()) {
                self.add(
                    "public.certificate_file",
                    "is needed: plain HTTP is taken on a loopback address only",
                );
            }
            return Some(PublicListener { listen: listen?, tls: None });
        }
        let tls = self.tls("public", &from.certificate_file, &from.key_file);
        Some(PublicListener { listen: listen?, tls: Some(tls?) })
    }

    fn distinct_ports(&mut self, listeners: &[(&str, Option<SocketAddr>)]) {
        for (at, (name, address)) in listeners.iter().enumerate() {
            for (other_name, other) in listeners.iter().take(at) {
                if let (Some(a), Some(b)) = (address, other)
                    && a.port() != 0
                    && a.port() == b.port()
                    && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
                {
                    self.add(name, format!("has the same port as {other_name}"));
                }
            }
        }
    }

    fn database(&mut self, url: &str) -> Option<Database> {
        if let Some(path) = url.strip_prefix("sqlite:").filter(|p| !p.is_empty()) {
            return Some(Database::Sqlite(self.folder.join(path)));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            self.add("database.url", "PostgreSQL is not yet offered; use sqlite:FILE");
        } else {
            self.add("database.url", "must be sqlite:FILE");
        }
        None
    }

    fn keys(&mut self, from: &super::settings::Keys) -> Option<KeyFiles> {
        let wrapping = self.path("keys.key_encryption_key_file", &from.key_encryption_key_file);
        let event = self.path("keys.event_signing_key_file", &from.event_signing_key_file);
        let token = self.path("keys.token_signing_key_file", &from.token_signing_key_file);
        Some(KeyFiles {
            key_encryption_key_file: wrapping?,
            event_signing_key_file: event?,
            token_signing_key_file: token?,
        })
    }

    fn outbound(&mut self, from: &super::settings::Outbound) -> Option<Outbound> {
        let ca_file = self.path("outbound.ca_file", &from.ca_file);
        let tls = self.tls("outbound", &from.certificate_file, &from.key_file);
        let schedule = &from.retry_seconds;
        if schedule.is_empty() || schedule.iter().any(|s| !(1..=RETRY_SECONDS_MAX).contains(s)) {
            self.add(
                "outbound.retry_seconds",
                format!("must hold at least one wait, each from 1 to {RETRY_SECONDS_MAX} seconds"),
            );
        }
        let attempts_max = u32::try_from(from.attempts_max).ok();
        if !(1..=ATTEMPTS_LIMIT).contains(&from.attempts_max) {
            self.add("outbound.attempts_max", format!("must be from 1 to {ATTEMPTS_LIMIT}"));
        }
        Some(Outbound {
            ca_file: ca_file?,
            tls: tls?,
            allow_loopback: from.allow_loopback,
            retry_seconds: schedule.clone(),
            attempts_max: attempts_max?,
        })
    }

    fn log(&mut self, from: super::settings::Log) -> Option<Log> {
        let format = match from.format.as_str() {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        };
        if format.is_none() {
            self.add("log.format", "must be \"json\" or \"text\"");
        }
        let level = from.level;
        if level.parse::<tracing_subscriber::filter::Targets>().is_err() {
            self.add("log.level", "must be error, warn, info, debug or trace, or target=level pairs");
        }
        Some(Log { format: format?, level })
    }
}
