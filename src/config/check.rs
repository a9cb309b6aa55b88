//! Settings as texts become settings with types; every problem is reported.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{
    Config, Database, KeyFiles, Log, LogFormat, Outbound, PartnersListener, PublicListener, TlsFiles,
    problem::Problem, settings::Settings,
};
use crate::{assessment::TagMax, ids::SiteId};

/// Longest wait between two tries that a schedule may name, in seconds (7 days).
const RETRY_SECONDS_MAX: i64 = 7 * 24 * 3600;
/// Most tries that may be asked for.
const ATTEMPTS_LIMIT: u32 = 100;

/// An address that is never used: it stands where a setting was wrong, so that the rest can be checked too.
const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Checks everything that can be checked without opening a file. `folder` is what relative paths start from. Where
/// something is wrong, the settings that are given back hold a stand-in and must not be used.
pub(super) fn check(settings: Settings, folder: &Path) -> (Option<Config>, Vec<Problem>) {
    let mut problems = Problems { folder, found: Vec::new() };
    let p = &mut problems;
    let site_id = SiteId::parse(&settings.site.id);
    if site_id.is_none() {
        p.add("site.id", "must be 1 to 64 letters, digits, '-', '.' or '_'");
    }
    if settings.site.name.trim().is_empty() {
        p.add("site.name", "must not be empty");
    }
    p.base_url(&settings.gateway.base_url);
    let partners = p.partners(&settings.partners);
    let public = p.public(&settings.public);
    let operators = p.address("operators.listen", &settings.operators.listen);
    p.distinct_ports(&[
        ("partners.listen", partners.listen),
        ("public.listen", public.listen),
        ("operators.listen", operators),
    ]);
    let database = p.database(&settings.database.url);
    let keys = p.keys(&settings.keys);
    let outbound = p.outbound(&settings.outbound);
    let packages = &settings.profiles.packages;
    let packages = p.folders("profiles.packages", packages, "must name folders or .tgz files");
    let tag_max = p.tag_max(&settings.assessment.tag_max);
    let site_folders = p.folders("sites.folders", &settings.sites.folders, "must name folders");
    let log = p.log(settings.log);
    let config = site_id.or_else(|| SiteId::parse("unnamed")).map(|site_id| Config {
        site_id,
        site_name: settings.site.name,
        base_url: settings.gateway.base_url,
        partners,
        public,
        operators,
        database,
        keys,
        outbound,
        packages,
        tag_max,
        site_folders,
        log,
    });
    (config, problems.found)
}

struct Problems<'a> {
    folder: &'a Path,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, name: &str, text: impl Into<String>) {
        self.found.push(Problem::setting(name, text));
    }

    fn address(&mut self, name: &str, text: &str) -> SocketAddr {
        text.parse().unwrap_or_else(|_| {
            self.add(name, "must be an IP address and a port, as in \"127.0.0.1:8443\" or \"[::1]:8443\"");
            NO_ADDRESS
        })
    }

    fn optional_path(&self, text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| self.folder.join(text))
    }

    fn path(&mut self, name: &str, text: &str) -> PathBuf {
        self.optional_path(text).unwrap_or_else(|| {
            self.add(name, "must name a file");
            PathBuf::new()
        })
    }

    fn folders(&mut self, name: &str, texts: &[String], must: &str) -> Vec<PathBuf> {
        if texts.iter().any(String::is_empty) {
            self.add(name, must);
        }
        texts.iter().map(|text| self.folder.join(text)).collect()
    }

    fn tag_max(&mut self, stated: &BTreeMap<String, i64>) -> TagMax {
        let mut tag_max = TagMax::default();
        for (domain, most) in stated {
            let set = u8::try_from(*most).is_ok_and(|most| tag_max.set(domain, most));
            if !set {
                self.add(&format!("assessment.tag_max.{domain}"), "must be from 0 to 4");
            }
        }
        tag_max
    }

    fn tls(&mut self, section: &str, certificate: &str, key: &str) -> TlsFiles {
        TlsFiles {
            certificate_file: self.path(&format!("{section}.certificate_file"), certificate),
            key_file: self.path(&format!("{section}.key_file"), key),
        }
    }

    fn base_url(&mut self, text: &str) {
        let authority = text.strip_prefix("https://").unwrap_or_default();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        if authority.is_empty() || !authority.bytes().all(allowed) {
            self.add("gateway.base_url", "must be https://host or https://host:port, with no path");
        }
    }

    fn partners(&mut self, from: &super::settings::Partners) -> PartnersListener {
        PartnersListener {
            listen: self.address("partners.listen", &from.listen),
            tls: self.tls("partners", &from.certificate_file, &from.key_file),
            client_ca_file: self.path("partners.client_ca_file", &from.client_ca_file),
            crl_file: self.optional_path(&from.crl_file),
        }
    }

    fn public(&mut self, from: &super::settings::Public) -> PublicListener {
        let listen = self.address("public.listen", &from.listen);
        if from.certificate_file.is_empty() && from.key_file.is_empty() {
            if !listen.ip().is_loopback() {
                self.add(
                    "public.certificate_file",
                    "is needed: plain HTTP is taken on a loopback address only",
                );
            }
            return PublicListener { listen, tls: None };
        }
        PublicListener { listen, tls: Some(self.tls("public", &from.certificate_file, &from.key_file)) }
    }

    fn distinct_ports(&mut self, listeners: &[(&str, SocketAddr)]) {
        for (at, (name, a)) in listeners.iter().enumerate() {
            for (other_name, b) in listeners.iter().take(at) {
                let same_ip = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
                if a.port() != 0 && a.port() == b.port() && same_ip {
                    self.add(name, format!("has the same port as {other_name}"));
                }
            }
        }
    }

    fn database(&mut self, url: &str) -> Database {
        let path = url.strip_prefix("sqlite:").unwrap_or_default();
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            self.add("database.url", "PostgreSQL is not yet offered; use sqlite:FILE");
        } else if path.is_empty() {
            self.add("database.url", "must be sqlite:FILE");
        }
        Database::Sqlite(self.folder.join(path))
    }

    fn keys(&mut self, from: &super::settings::Keys) -> KeyFiles {
        KeyFiles {
            key_encryption_key_file: self.path("keys.key_encryption_key_file", &from.key_encryption_key_file),
            event_signing_key_file: self.path("keys.event_signing_key_file", &from.event_signing_key_file),
            token_signing_key_file: self.path("keys.token_signing_key_file", &from.token_signing_key_file),
            document_signing_key_file: self.optional_path(&from.document_signing_key_file),
            retired_document_keys_file: self.optional_path(&from.retired_document_keys_file),
        }
    }

    fn outbound(&mut self, from: &super::settings::Outbound) -> Outbound {
        let retry_seconds = from.retry_seconds.clone();
        if retry_seconds.is_empty() || retry_seconds.iter().any(|s| !(1..=RETRY_SECONDS_MAX).contains(s)) {
            self.add(
                "outbound.retry_seconds",
                format!("must hold at least one wait, each from 1 to {RETRY_SECONDS_MAX} seconds"),
            );
        }
        let attempts_max = u32::try_from(from.attempts_max).unwrap_or(0);
        if !(1..=ATTEMPTS_LIMIT).contains(&attempts_max) {
            self.add("outbound.attempts_max", format!("must be from 1 to {ATTEMPTS_LIMIT}"));
        }
        Outbound {
            ca_file: self.path("outbound.ca_file", &from.ca_file),
            tls: self.tls("outbound", &from.certificate_file, &from.key_file),
            allow_loopback: from.allow_loopback,
            retry_seconds,
            attempts_max,
        }
    }

    fn log(&mut self, from: super::settings::Log) -> Log {
        let format = match from.format.as_str() {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            _ => {
                self.add("log.format", "must be \"json\" or \"text\"");
                LogFormat::Json
            }
        };
        if from.level.parse::<tracing_subscriber::filter::Targets>().is_err() {
            self.add("log.level", "must be error, warn, info, debug or trace, or target=level pairs");
        }
        Log { format, level: from.level }
    }
}
