//! The demonstration's own authority and the certificates that it issues: ECDSA P-256, valid for a few weeks.
//!
//! Not for real use: a real deployment takes the authorities that its partners already have.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, date_time_ymd,
};

use crate::{cli::private_file::write_new, clock::Moment};

/// How long the certificates hold, in days.
const VALID_DAYS: i64 = 60;

/// A certificate with its key, as PEM.
#[derive(Clone)]
pub(super) struct Identity {
    /// The certificate.
    pub(super) certificate_pem: String,
    /// Its private key, PKCS#8.
    pub(super) key_pem: String,
    /// SHA-256 of the certificate's DER, lower-case hex: how the gateway and its partners know it.
    pub(super) sha256: String,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Answer as a server on this machine.
    Server,
    /// Call as a client.
    Client,
    /// Both: an agency that has a server and also calls the gateway.
    Both,
}

/// The authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub(super) certificate_pem: String,
    key_pem: String,
    now: Moment,
}

impl Authority {
    /// A new authority.
    pub(super) fn make(now: Moment) -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name = named("Keyway demonstration authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, now)?;
        let certificate_pem = params.self_signed(&key)?.pem();
        let key_pem = key.serialize_pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem, key_pem, now })
    }

    /// Issues a certificate to `name` for `usage`. Servers answer as `localhost`, on the loopback addresses, and
    /// as `further` says.
    pub(super) fn issue(&self, name: &str, usage: Use, further: Option<&str>) -> Result<Identity> {
        let mut hosts: Vec<String> = Vec::new();
        if usage != Use::Client {
            hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
            hosts.extend(further.filter(|host| *host != "localhost").map(str::to_owned));
        }
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = named(name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        if usage != Use::Client {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        if usage != Use::Server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        }
        set_validity(&mut params, self.now)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            sha256: hex(digest::digest(&digest::SHA256, certificate.der()).as_ref()),
        })
    }

    /// Writes the authority's certificate (and its key, so that a further agency can be tried out) to `folder`.
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        save(&folder.join("ca.pem"), self.certificate_pem.as_bytes())?;
        write_new(&folder.join("ca-key.pem"), self.key_pem.as_bytes())
    }
}

/// A fresh Ed25519 key for signing events or tokens, PKCS#8 PEM.
pub(super) fn signing_key() -> Result<String> {
    Ok(KeyPair::generate_for(&PKCS_ED25519)?.serialize_pem())
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Writes a file that anyone may read.
pub(super) fn save(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))
}

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name.push(DnType::OrganizationName, "Keyway demonstration (synthetic)");
    name
}

fn set_validity(params: &mut CertificateParams, now: Moment) -> Result<()> {
    let day = |offset: i64| -> Result<_> {
        let text = now.plus_seconds(offset * 86_400).to_rfc3339();
        let date: jiff::civil::Date = text.get(..10).unwrap_or_default().parse()?;
        Ok(date_time_ymd(i32::from(date.year()), u8::try_from(date.month())?, u8::try_from(date.day())?))
    };
    params.not_before = day(-1)?;
    params.not_after = day(VALID_DAYS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::pem::parse_x509_pem;

    const NOW: Moment = Moment(1_795_000_000_000_000);

    #[test]
    fn a_certificate_says_what_it_is_for_and_for_how_long() {
        let authority = Authority::make(NOW).unwrap();
        let identity = authority.issue("Northgate Custody Suite", Use::Both, None).unwrap();
        let (_, pem) = parse_x509_pem(identity.certificate_pem.as_bytes()).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && usage.client_auth);
        assert!(!certificate.is_ca());
        let days = (certificate.validity().not_after.timestamp() - NOW.0 / 1_000_000) / 86_400;
        assert!((50..=VALID_DAYS).contains(&days), "{days}");
        assert_eq!(identity.sha256.len(), 64);

        let client = authority.issue("x", Use::Client, None).unwrap();
        let (_, pem) = parse_x509_pem(client.certificate_pem.as_bytes()).unwrap();
        assert!(!pem.parse_x509().unwrap().extended_key_usage().unwrap().unwrap().value.server_auth);
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Authority::make(NOW).unwrap().save(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join("ca-key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(write_new(&folder.path().join("ca-key.pem"), b"again").is_err(), "never overwritten");
    }

    #[test]
    fn a_signing_key_is_ed25519_in_pkcs8() {
        assert!(signing_key().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
