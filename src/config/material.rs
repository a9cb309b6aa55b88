//! The keys and certificates that the settings name, read and checked. Nothing here is ever printed.

use std::{fmt, path::Path};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Config, Database, Problem, TlsFiles};
use crate::vault::key_ids;

/// Largest key, certificate or revocation-list file that is read, in bytes.
const FILE_MAX_BYTES: u64 = 16 * 1_048_576;

/// A certificate chain, leaf first, and its private key.
pub struct CertificateAndKey {
    /// The chain.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key.
    pub key: PrivateKeyDer<'static>,
}

impl Clone for CertificateAndKey {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// Everything secret or signed that a gateway needs to start.
pub struct Material {
    /// What the partners' listener shows.
    pub partners: CertificateAndKey,
    /// Who may issue the partners' certificates.
    pub client_authorities: Vec<CertificateDer<'static>>,
    /// Certificates that no longer count; empty when no list is configured.
    pub revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    /// What the public listener shows; `None` is plain HTTP.
    pub public: Option<CertificateAndKey>,
    /// What the gateway shows to partners.
    pub outbound: CertificateAndKey,
    /// Authorities of the partners' servers.
    pub outbound_authorities: Vec<CertificateDer<'static>>,
    /// Wraps the root key of the database.
    pub key_encryption_key: Zeroizing<[u8; 32]>,
    /// Ed25519, PKCS#8 DER: signs events.
    pub event_signing_key: Zeroizing<Vec<u8>>,
    /// Ed25519, PKCS#8 DER: signs tokens.
    pub token_signing_key: Zeroizing<Vec<u8>>,
    /// Ed25519, PKCS#8 DER: signs documents; `None`: none are signed.
    pub document_signing_key: Option<Zeroizing<Vec<u8>>>,
    /// Public keys that signed documents earlier, as JWK; what they signed can still be checked.
    pub retired_document_keys: Vec<Value>,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Material(…)")
    }
}

impl Config {
    /// Opens every file that the settings name.
    ///
    /// # Errors
    /// Every file that is missing, unreadable, or not what its setting needs.
    pub fn load_material(&self) -> Result<Material, Vec<Problem>> {
        let mut reader = Reader { problems: Vec::new() };
        let r = &mut reader;
        r.database(&self.database);
        let partners = r.certificate_and_key("partners", &self.partners.tls);
        let client_authorities = r.certificates("partners.client_ca_file", &self.partners.client_ca_file);
        let revocation_lists = match &self.partners.crl_file {
            Some(file) => r.revocation_lists("partners.crl_file", file),
            None => Some(Vec::new()),
        };
        let public = match &self.public.tls {
            Some(files) => r.certificate_and_key("public", files).map(Some),
            None => Some(None),
        };
        let outbound = r.certificate_and_key("outbound", &self.outbound.tls);
        let outbound_authorities = r.certificates("outbound.ca_file", &self.outbound.ca_file);
        let wrapping = r.wrapping_key("keys.key_encryption_key_file", &self.keys.key_encryption_key_file);
        let event = r.signing_key("keys.event_signing_key_file", &self.keys.event_signing_key_file);
        let token = r.signing_key("keys.token_signing_key_file", &self.keys.token_signing_key_file);
        if let (Some(event), Some(token)) = (&event, &token)
            && event == token
        {
            r.add("keys.token_signing_key_file", "must not hold the same key as event_signing_key_file");
        }
        let document = match &self.keys.document_signing_key_file {
            Some(file) => r.signing_key("keys.document_signing_key_file", file).map(Some),
            None => Some(None),
        };
        if let Some(Some(document)) = &document
            && [&event, &token].into_iter().any(|other| other.as_ref() == Some(document))
        {
            let text = "must not hold the key that signs events or tokens";
            r.add("keys.document_signing_key_file", text);
        }
        let retired = match &self.keys.retired_document_keys_file {
            Some(file) => r.public_keys("keys.retired_document_keys_file", file),
            None => Some(Vec::new()),
        };
        let material = (|| {
            Some(Material {
                partners: partners?,
                client_authorities: client_authorities?,
                revocation_lists: revocation_lists?,
                public: public?,
                outbound: outbound?,
                outbound_authorities: outbound_authorities?,
                key_encryption_key: wrapping?,
                event_signing_key: event?,
                token_signing_key: token?,
                document_signing_key: document?,
                retired_document_keys: retired?,
            })
        })();
        match material {
            Some(material) if reader.problems.is_empty() => Ok(material),
            _ => Err(reader.problems),
        }
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn add(&mut self, name: &str, text: impl Into<String>) {
        self.problems.push(Problem::setting(name, text));
    }

    fn database(&mut self, database: &Database) {
        let Database::Sqlite(file) = database;
        if !file.parent().is_some_and(Path::is_dir) {
            self.add("database.url", format!("the folder of {} is not there", file.display()));
        }
    }

    fn bytes(&mut self, name: &str, file: &Path) -> Option<Zeroizing<Vec<u8>>> {
        let size = std::fs::metadata(file).map(|m| m.len());
        let read = match size {
            Ok(size) if size > FILE_MAX_BYTES => {
                self.add(name, format!("{} is larger than {FILE_MAX_BYTES} bytes", file.display()));
                return None;
            }
            _ => std::fs::read(file),
        };
        read.map(Zeroizing::new)
            .map_err(|e| self.add(name, format!("{} {}", file.display(), Problem::unread(&e))))
            .ok()
    }

    /// One or more PEM sections of a kind.
    fn sections<T: PemObject>(&mut self, name: &str, file: &Path, what: &str) -> Option<Vec<T>> {
        let bytes = self.bytes(name, file)?;
        match T::pem_slice_iter(&bytes).collect::<Result<Vec<T>, _>>() {
            Ok(found) if !found.is_empty() => Some(found),
            _ => {
                self.add(name, format!("{} holds no {what} in PEM", file.display()));
                None
            }
        }
    }

    fn certificates(&mut self, name: &str, file: &Path) -> Option<Vec<CertificateDer<'static>>> {
        let found: Vec<CertificateDer<'static>> = self.sections(name, file, "certificate")?;
        if found.iter().any(|der| x509_parser::parse_x509_certificate(der).is_err()) {
            self.add(name, format!("{} holds a certificate that cannot be read", file.display()));
            return None;
        }
        Some(found)
    }

    fn revocation_lists(
        &mut self,
        name: &str,
        file: &Path,
    ) -> Option<Vec<CertificateRevocationListDer<'static>>> {
        let found: Vec<CertificateRevocationListDer<'static>> =
            self.sections(name, file, "revocation list")?;
        if found.iter().any(|der| x509_parser::parse_x509_crl(der).is_err()) {
            self.add(name, format!("{} holds a revocation list that cannot be read", file.display()));
            return None;
        }
        Some(found)
    }

    fn certificate_and_key(&mut self, section: &str, files: &TlsFiles) -> Option<CertificateAndKey> {
        let key_name = format!("{section}.key_file");
        let chain = self.certificates(&format!("{section}.certificate_file"), &files.certificate_file);
        let key = self
            .sections::<PrivateKeyDer<'static>>(&key_name, &files.key_file, "private key")
            .and_then(|keys| keys.into_iter().next());
        let (chain, key) = (chain?, key?);
        let Ok(signer) = any_supported_type(&key) else {
            self.add(&key_name, "holds a key of a kind that TLS here does not offer");
            return None;
        };
        if CertifiedKey::new(chain.clone(), signer).keys_match().is_err() {
            self.add(&key_name, "is not the key of the certificate");
            return None;
        }
        Some(CertificateAndKey { chain, key })
    }

    fn signing_key(&mut self, name: &str, file: &Path) -> Option<Zeroizing<Vec<u8>>> {
        let key = self
            .sections::<PrivateKeyDer<'static>>(name, file, "private key")
            .and_then(|keys| keys.into_iter().next())?;
        let der = Zeroizing::new(key.secret_der().to_vec());
        if Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).is_err() {
            self.add(name, format!("{} holds no Ed25519 key in PKCS#8", file.display()));
            return None;
        }
        Some(der)
    }

    /// The keys of a JWK set, each a public Ed25519 key under its thumbprint.
    fn public_keys(&mut self, name: &str, file: &Path) -> Option<Vec<Value>> {
        let bytes = self.bytes(name, file)?;
        let keys =
            serde_json::from_slice::<Value>(&bytes).ok().and_then(|set| set.get("keys")?.as_array().cloned());
        match (keys, key_ids(&bytes)) {
            (Some(keys), Ok(ids)) if ids.len() == keys.len() => Some(keys),
            _ => {
                let text = "must hold a JWK set of public Ed25519 keys, each with its RFC 7638 thumbprint as kid: \
                            the entries that /oauth/jwks showed for them";
                self.add(name, format!("{} {text}", file.display()));
                None
            }
        }
    }

    fn wrapping_key(&mut self, name: &str, file: &Path) -> Option<Zeroizing<[u8; 32]>> {
        let bytes = self.bytes(name, file)?;
        let text = Zeroizing::new(String::from_utf8_lossy(&bytes).trim().to_owned());
        let key = from_hex(&text).or_else(|| STANDARD.decode(text.as_bytes()).ok()).map(Zeroizing::new);
        let key = key.and_then(|k| <[u8; 32]>::try_from(k.as_slice()).ok());
        match key {
            Some(key) if key != [0; 32] => Some(Zeroizing::new(key)),
            _ => {
                self.add(
                    name,
                    format!("{} must hold 32 bytes: 64 hexadecimal digits, or base64", file.display()),
                );
                None
            }
        }
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() == 64)?;
    Some(digits.chunks(2).filter_map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect())
}
