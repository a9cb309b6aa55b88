//! The gateway's settings in a demonstration, and the addresses that it listens on.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use anyhow::Result;

use super::{fixtures::Fixtures, folder::Folder, pki::save};

/// The three addresses of the gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    /// For partner agencies.
    pub(super) partners: SocketAddr,
    /// For discovery.
    pub(super) public: SocketAddr,
    /// For operators.
    pub(super) operators: SocketAddr,
}

impl Addresses {
    /// The partners' listener as asked, everything else on free ports (0). A port that is asked for is tried
    /// before anything is begun.
    pub(super) fn asked(partners: Option<SocketAddr>) -> Result<Self> {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let partners = partners.unwrap_or(free);
        drop(hold(partners)?);
        Ok(Self { partners, public: free, operators: free })
    }

    /// By which name or address partners reach the gateway, for its certificate.
    pub(super) fn host(self) -> String {
        match self.partners.ip() {
            ip if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST => {
                String::from("localhost")
            }
            ip => ip.to_string(),
        }
    }

    fn base_url(self) -> String {
        let host = self.host();
        let port = self.partners.port();
        if host.contains(':') { format!("https://[{host}]:{port}") } else { format!("https://{host}:{port}") }
    }
}

fn hold(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let (ip, port) = (address.ip(), address.port());
        match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {port} on {ip} is in use. Choose another with --listen {ip}:PORT, or leave --listen out and \
                 a free one is taken."
            ),
            std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
                "port {port} may not be opened by this user. Choose one above 1023 with --listen {ip}:PORT."
            ),
            _ => anyhow::anyhow!("{ip}:{port} cannot be listened on ({error}). Choose another with --listen."),
        }
    })
}

/// Writes the settings; once more when the ports are known, so that the same gateway can be run again.
pub(super) fn write(fixtures: &Fixtures, folder: &Folder, addresses: Addresses) -> Result<()> {
    save(&folder.path(FILE), settings(fixtures, addresses).as_bytes())
}

/// The settings file.
pub(super) const FILE: &str = "keyway.toml";

/// The gateway's settings, for the demonstration and for `keyway serve` after it.
fn settings(fixtures: &Fixtures, addresses: Addresses) -> String {
    let text = |value: &str| toml::Value::from(value).to_string();
    let at = |address: SocketAddr| text(&address.to_string());
    format!(
        "# The gateway of a demonstration. To run it again: keyway serve --config keyway.toml\n\n\
         [site]\nid = {id}\nname = {name}\n\n\
         [gateway]\nbase_url = {base_url}\n\n\
         [partners]\nlisten = {partners}\ncertificate_file = \"gateway/server.pem\"\n\
         key_file = \"gateway/server-key.pem\"\nclient_ca_file = \"ca.pem\"\n\n\
         [public]\nlisten = {public}\n\n\
         [operators]\nlisten = {operators}\n\n\
         [database]\nurl = \"sqlite:keyway.db\"\n\n\
         [keys]\nkey_encryption_key_file = \"keys/key-encryption.key\"\n\
         event_signing_key_file = \"keys/event-signing.pem\"\n\
         token_signing_key_file = \"keys/token-signing.pem\"\n\
         document_signing_key_file = \"keys/document-signing.pem\"\n\n\
         [outbound]\nca_file = \"ca.pem\"\ncertificate_file = \"gateway/client.pem\"\n\
         key_file = \"gateway/client-key.pem\"\n# The agencies of a demonstration are on this machine.\n\
         allow_loopback = true\n\n\
         [log]\nformat = \"text\"\nlevel = \"info\"\n",
        id = text(fixtures.directory.site_id.as_str()),
        name = text(&fixtures.directory.site_name),
        base_url = text(&addresses.base_url()),
        partners = at(addresses.partners),
        public = at(addresses.public),
        operators = at(addresses.operators),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{Clock as _, SystemClock},
        config::Config,
    };

    #[test]
    fn the_settings_are_ones_that_the_gateway_takes() {
        let fixtures = Fixtures::load(None, SystemClock.now()).unwrap();
        let addresses = Addresses::asked(None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = settings(&fixtures, addresses);
        let config = Config::read(&text, &folder.path().join("keyway.toml")).unwrap();
        assert_eq!(config.base_url, addresses.base_url());
        assert!(config.outbound.allow_loopback);
        assert_eq!(config.partners.client_ca_file, folder.path().join("ca.pem"));
    }

    #[test]
    fn a_port_in_use_is_an_error_that_says_what_to_do() {
        let held = hold(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let error = Addresses::asked(Some(held.local_addr().unwrap())).unwrap_err().to_string();
        assert!(error.contains("is in use") && error.contains("--listen"), "{error}");
    }
}
