//! Sets the stage: keys and certificates, the agencies' servers, the gateway's settings, and the gateway itself.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use anyhow::{Context as _, Result, bail};

use super::{
    client::Client,
    fixtures::{Agency, Fixtures, StaffAnswer},
    folder::Folder,
    office::Office,
    pki::{Authority, Identity, Use, save, save_secret, signing_key},
    receivers::Door,
    record::Record,
    voice::Voice,
};
use crate::{
    directory::{Agreement, Channel, Partner, PartnerStatus},
    ids::{AgreementId, Mint, PartnerId, SiteId},
};

/// Everything that stands ready before the first story.
pub(super) struct Stage {
    /// Every agency's office, by slug.
    pub(super) offices: HashMap<String, Arc<Office>>,
    /// What the gateway has to know about the agencies.
    pub(super) partners: Vec<Partner>,
    /// And about the agreements with them.
    pub(super) agreements: Vec<Agreement>,
    /// Where partners reach the gateway.
    pub(super) base_url: String,
    /// The agencies' servers.
    servers: Vec<ServerHandle>,
}

/// The three addresses of the gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    partners: SocketAddr,
    public: SocketAddr,
    operators: SocketAddr,
}

impl Addresses {
    /// The partners' listener as asked (port 0 takes a free one), the others on free ports.
    pub(super) fn choose(asked: Option<SocketAddr>) -> Result<Self> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Held together until all three are known, so that no port is given twice.
        let partners = hold(asked.unwrap_or(loopback))?;
        let (public, operators) = (hold(loopback)?, hold(loopback)?);
        Ok(Self {
            partners: partners.local_addr()?,
            public: public.local_addr()?,
            operators: operators.local_addr()?,
        })
    }

    fn base_url(self) -> String {
        let host = match self.partners.ip() {
            IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_unspecified() => ip.to_string(),
            IpAddr::V6(ip) if !ip.is_loopback() && !ip.is_unspecified() => format!("[{ip}]"),
            _ => String::from("localhost"),
        };
        format!("https://{host}:{}", self.partners.port())
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

impl Stage {
    /// Makes keys, certificates, servers and settings in `folder`. The gateway does not run yet.
    pub(super) fn set(
        fixtures: &Fixtures,
        folder: &Folder,
        addresses: Addresses,
        voice: &Arc<Voice>,
        mint: &Arc<Mint>,
    ) -> Result<Self> {
        let authority = Authority::make(mint.clock().now())?;
        authority.save(folder.root())?;
        let server = authority.issue("Keyway gateway", Use::Server)?;
        let client = authority.issue("Keyway gateway, calling", Use::Client)?;
        folder.keep_gateway("server", &server)?;
        folder.keep_gateway("client", &client)?;
        let mut key = [0_u8; 32];
        mint.chance().fill(&mut key);
        save_secret(&folder.path("keys/key-encryption.key"), super::pki::hex(&key).as_bytes())?;
        save_secret(&folder.path("keys/event-signing.pem"), signing_key()?.as_bytes())?;
        save_secret(&folder.path("keys/token-signing.pem"), signing_key()?.as_bytes())?;
        save(&folder.path("keyway.toml"), settings(fixtures, addresses).as_bytes())?;

        let mut stage = Self {
            offices: HashMap::new(),
            partners: Vec::new(),
            agreements: agreements(fixtures)?,
            base_url: addresses.base_url(),
            servers: Vec::new(),
        };
        for agency in &fixtures.directory.agencies {
            stage.open(agency, fixtures, folder, &authority, &client, voice, mint)?;
        }
        Ok(stage)
    }

    #[expect(clippy::too_many_arguments, reason = "one agency needs all of the stage once")]
    fn open(
        &mut self,
        agency: &Agency,
        fixtures: &Fixtures,
        folder: &Folder,
        authority: &Authority,
        gateway: &Identity,
        voice: &Arc<Voice>,
        mint: &Arc<Mint>,
    ) -> Result<()> {
        let identity = authority.issue(&agency.name, Use::Both)?;
        let client_id = mint.uuid();
        folder.keep_agency(&agency.id, &identity, &client_id)?;
        let client = Client::new(&authority.certificate_pem, &identity, &self.base_url, &client_id)?;
        let record = Record::open(&folder.path("received").join(agency.kind.as_str()))?;
        let answers = answers_of(&agency.id, fixtures)?;
        let office =
            Office::new(agency.clone(), client, record, answers, Arc::clone(voice), Arc::clone(mint));
        let office = Arc::new(office);
        let endpoint = match agency.channel {
            Channel::FhirPush | Channel::EventPush => {
                let door = Door::open(agency.channel)?;
                let endpoint = door.endpoint.clone();
                let served =
                    door.serve(Arc::clone(&office), &authority.certificate_pem, &identity, &gateway.sha256)?;
                self.servers.push(served);
                Some(endpoint)
            }
            Channel::Mailbox => None,
            Channel::Guest => bail!("{}: the demonstration has no guests", agency.id),
        };
        self.partners.push(Partner {
            site_id: SiteId::parse(&fixtures.directory.site_id).context("directory.json: site_id")?,
            partner_id: PartnerId::parse(&agency.id).context("directory.json: id")?,
            kind: agency.kind,
            name: agency.name.clone(),
            organisation_code: agency.organisation_code.clone(),
            channel: agency.channel,
            endpoint,
            client_id,
            certificate_sha256: identity.sha256,
            jwks: String::new(),
            status: PartnerStatus::Active,
            version: 1,
        });
        self.offices.insert(agency.id.clone(), office);
        Ok(())
    }

    /// Closes the agencies' servers.
    pub(super) async fn close(&self) {
        for server in &self.servers {
            server.stop(false).await;
        }
    }

    /// Messages that agencies sent in and that the gateway took.
    pub(super) fn inbound(&self) -> u32 {
        self.offices.values().map(|office| office.sent_in()).sum()
    }
}

fn answers_of(agency: &str, fixtures: &Fixtures) -> Result<BTreeMap<String, StaffAnswer>> {
    let mut answers = BTreeMap::new();
    for story in &fixtures.stories {
        if let Some(answer) = story.staff.get(agency) {
            answers.insert(story.family()?, answer.clone());
        }
    }
    Ok(answers)
}

fn agreements(fixtures: &Fixtures) -> Result<Vec<Agreement>> {
    let moment = |text: &str| {
        crate::clock::Moment::from_rfc3339(text)
            .with_context(|| format!("agreements.json: {text} is not a time"))
    };
    let site_id = SiteId::parse(&fixtures.directory.site_id).context("directory.json: site_id")?;
    fixtures
        .agreements
        .iter()
        .map(|agreement| {
            Ok(Agreement {
                site_id: site_id.clone(),
                agreement_id: AgreementId::parse(&agreement.agreement_id)
                    .context("agreements.json: agreement_id")?,
                partner_id: PartnerId::parse(&agreement.partner).context("agreements.json: partner")?,
                version: 1,
                purposes: agreement.purposes.clone(),
                valid_from: moment(&agreement.valid_from)?,
                valid_to: moment(&agreement.valid_to)?,
                basis: agreement.basis.clone(),
                emergency: agreement.emergency.clone(),
                dpia_reference: agreement.dpia_reference.clone(),
            })
        })
        .collect()
}

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
         token_signing_key_file = \"keys/token-signing.pem\"\n\n\
         [outbound]\nca_file = \"ca.pem\"\ncertificate_file = \"gateway/client.pem\"\n\
         key_file = \"gateway/client-key.pem\"\n# The agencies of a demonstration are on this machine.\n\
         allow_loopback = true\n\n\
         [log]\nformat = \"text\"\nlevel = \"info\"\n",
        id = text(&fixtures.directory.site_id),
        name = text(&fixtures.directory.site_name),
        base_url = text(&addresses.base_url()),
        partners = at(addresses.partners),
        public = at(addresses.public),
        operators = at(addresses.operators),
    )
}

/// The settings file of a demonstration.
pub(super) fn settings_file(folder: &Folder) -> std::path::PathBuf {
    Path::new(folder.root()).join("keyway.toml")
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
        let addresses = Addresses::choose(None).unwrap();
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
        let error = Addresses::choose(Some(held.local_addr().unwrap())).unwrap_err().to_string();
        assert!(error.contains("is in use") && error.contains("--listen"), "{error}");
    }
}
