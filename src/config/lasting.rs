//! How long our own certificates last, and who else may read our keys.
//!
//! Not here: the authorities' certificates and the revocation list; whoever issues those sees to their end.

use std::path::Path;

use rustls::pki_types::CertificateDer;

use super::{Config, Material, Problem};
use crate::clock::Moment;

/// How many days before its end a certificate is warned of.
const WARNED_DAYS: i64 = 30;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

impl Material {
    /// Our certificates that have ended at `now`: no partner trusts them any more.
    #[must_use]
    pub fn ended(&self, now: Moment) -> Vec<Problem> {
        let ended = self.ends().into_iter().filter(|(_, end)| *end < now);
        let told = ended.map(|(name, end)| {
            Problem::setting(
                name,
                format!("the certificate ended on {}: put a new one in its place", day(end)),
            )
        });
        told.collect()
    }

    /// Our certificates that still hold at `now`, and end soon.
    #[must_use]
    pub fn ending(&self, now: Moment) -> Vec<Problem> {
        let left = |end: Moment| end.micros_since(now) / DAY;
        let ending = self.ends().into_iter().filter(|(_, end)| *end >= now && left(*end) < WARNED_DAYS);
        let told = ending.map(|(name, end)| {
            let (day, left) = (day(end), left(end));
            Problem::setting(
                name,
                format!("the certificate ends on {day}, in {left} days: have a new one issued"),
            )
        });
        told.collect()
    }

    fn ends(&self) -> Vec<(&'static str, Moment)> {
        let ours = [
            ("partners.certificate_file", Some(&self.partners)),
            ("public.certificate_file", self.public.as_ref()),
            ("outbound.certificate_file", Some(&self.outbound)),
        ];
        ours.into_iter().filter_map(|(name, own)| Some((name, end_of(&own?.chain)?))).collect()
    }
}

/// A chain holds as long as each certificate in it.
fn end_of(chain: &[CertificateDer<'static>]) -> Option<Moment> {
    let read = chain.iter().filter_map(|der| x509_parser::parse_x509_certificate(der).ok());
    read.map(|(_, one)| Moment(one.validity().not_after.timestamp().saturating_mul(1_000_000))).min()
}

fn day(moment: Moment) -> String {
    moment.to_rfc3339().chars().take_while(|c| *c != 'T').collect()
}

impl Config {
    /// Key files that others than their owner may open.
    #[must_use]
    pub fn open_keys(&self) -> Vec<Problem> {
        let keys = [
            ("partners.key_file", Some(&self.partners.tls.key_file)),
            ("public.key_file", self.public.tls.as_ref().map(|tls| &tls.key_file)),
            ("outbound.key_file", Some(&self.outbound.tls.key_file)),
            ("keys.key_encryption_key_file", Some(&self.keys.key_encryption_key_file)),
            ("keys.event_signing_key_file", Some(&self.keys.event_signing_key_file)),
            ("keys.token_signing_key_file", Some(&self.keys.token_signing_key_file)),
            ("keys.document_signing_key_file", self.keys.document_signing_key_file.as_ref()),
        ];
        let named = keys.into_iter().filter_map(|(name, file)| Some((name, file?)));
        let open = named.filter(|(_, file)| open_to_others(file));
        let told = open.map(|(name, file)| {
            let file = file.display();
            Problem::setting(name, format!("{file} is open to others than its owner: run `chmod 600 {file}`"))
        });
        told.collect()
    }
}

#[cfg(unix)]
fn open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> bool {
    false
}
