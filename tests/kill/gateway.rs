//! The gateway as a process, and the folder that outlives it.

use std::{
    fmt::Write as _,
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rcgen::KeyPair;
use serde_json::Value;
use tempfile::TempDir;

use crate::pki::Authority;

const READY_WITHIN: Duration = Duration::from_secs(30);
const REST_WITHIN: Duration = Duration::from_mins(1);

/// Settings, keys, database and log of one gateway.
pub(crate) struct Site {
    folder: TempDir,
    ports: [u16; 3],
}

impl Site {
    /// Writes everything that a gateway needs to start, and makes its database.
    pub(crate) fn furnish(authority: &Authority) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap(), ports: free_ports() };
        let own = authority.issue("gateway");
        let signing = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
        let mut wrapping = String::new();
        for byte in 1..=32 {
            write!(wrapping, "{byte:02x}").unwrap();
        }
        for (name, text) in [
            ("keyway.toml", site.settings()),
            ("ca.pem", authority.root_pem()),
            ("gateway.pem", own.certificate_pem),
            ("gateway-key.pem", own.key_pem),
            ("wrapping.key", wrapping),
            ("event.pem", signing()),
            ("token.pem", signing()),
        ] {
            std::fs::write(site.folder.path().join(name), text).unwrap();
        }
        let migrated = site.command(&["migrate"]).output().unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        site
    }

    fn settings(&self) -> String {
        let [partners, public, operators] = self.ports;
        format!(
            r#"
[site]
id = "site-test"
[gateway]
base_url = "https://localhost:{partners}"
[partners]
listen = "127.0.0.1:{partners}"
certificate_file = "gateway.pem"
key_file = "gateway-key.pem"
client_ca_file = "ca.pem"
[public]
listen = "127.0.0.1:{public}"
[operators]
listen = "127.0.0.1:{operators}"
[database]
url = "sqlite:keyway.db"
[keys]
key_encryption_key_file = "wrapping.key"
event_signing_key_file = "event.pem"
token_signing_key_file = "token.pem"
[outbound]
ca_file = "ca.pem"
certificate_file = "gateway.pem"
key_file = "gateway-key.pem"
allow_loopback = true
retry_seconds = [1]
attempts_max = 50
"#
        )
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("keyway.db")
    }

    /// Where what belongs to this site is kept.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn base_url(&self) -> String {
        format!("https://localhost:{}", self.ports[0])
    }

    /// What all the gateways of this folder wrote to their log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// `keyway audit verify --json`: what it says of the whole log.
    pub(crate) fn audit_verdict(&self) -> Value {
        let output = self.command(&["audit", "verify", "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("audit verify said no JSON ({error}): {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// The binary with these words, for this site.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
        command.args(words).arg("--config").arg(self.folder.path().join("keyway.toml"));
        command
    }
}

/// Ports below those that the system gives to connections: no sender that tries again while nobody listens can
/// take one of them, and so keep the next gateway from starting.
fn free_ports() -> [u16; 3] {
    let first = 20_000 + u16::try_from(std::process::id() % 9_000).unwrap();
    let free = (first..30_000).filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.take(3).collect::<Vec<_>>().try_into().expect("three free ports")
}

/// A running gateway. Dropping it kills it.
pub(crate) struct Gateway {
    child: Child,
    operators: String,
    http: reqwest::Client,
}

impl Gateway {
    /// Starts the binary and waits until it says that it is ready.
    pub(crate) async fn start(site: &Site) -> Self {
        let mut gateway = Self::spawn(site);
        let until = tokio::time::Instant::now() + READY_WITHIN;
        while gateway.ask("/health/ready").await.is_none() {
            let ended = gateway.child.try_wait().unwrap();
            assert_eq!(ended, None, "the gateway did not start: {}", site.log());
            assert!(tokio::time::Instant::now() < until, "the gateway is not ready within {READY_WITHIN:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        gateway
    }

    /// Starts the binary.
    #[expect(clippy::disallowed_methods, reason = "an operator's own client, not the gateway's")]
    pub(crate) fn spawn(site: &Site) -> Self {
        let log = File::options().create(true).append(true).open(site.folder.path().join("log")).unwrap();
        let child = site
            .command(&["serve"])
            .env("KEYWAY_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        Self { child, operators: format!("http://127.0.0.1:{}", site.ports[2]), http }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "the gateway ended by itself");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until no delivery is under way or waits, and every audit entry has its place.
    pub(crate) async fn rest(&self) {
        let until = tokio::time::Instant::now() + REST_WITHIN;
        loop {
            let metrics = self.ask("/metrics").await.unwrap_or_default();
            let busy: Vec<&str> = metrics.lines().filter(|line| is_unfinished(line)).collect();
            if busy.is_empty() && metrics.contains("keyway_audit_waiting 0") {
                return;
            }
            assert!(
                tokio::time::Instant::now() < until,
                "left undone after {REST_WITHIN:?}: {busy:#?} of\n{metrics}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, path: &str) -> Option<String> {
        let answer = self.http.get(format!("{}{path}", self.operators)).send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        answer.text().await.ok()
    }
}

fn is_unfinished(line: &str) -> bool {
    line.starts_with("keyway_deliveries{")
        && ["\"queued\"", "\"attempting\""].iter().any(|status| line.contains(status))
        && !line.ends_with(" 0")
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
