//! Sets the stage: keys and certificates, and the agencies' offices and servers.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use anyhow::{Context as _, Result, bail};

use super::{
    client::Client,
    fixtures::{Agency, Fixtures, StaffAnswer},
    folder::Folder,
    office::Office,
    pki::{Authority, Identity, Use, hex, signing_key},
    receivers::Door,
    record::Record,
    settings::Addresses,
    voice::Voice,
};
use crate::{
    cli::private_file::write_new,
    directory::{
        Agreement, Channel, Partner, PartnerStatus,
        import::{Known, Listing, check},
    },
    exchange::enrol,
    ids::{Mint, PartnerId},
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

/// The authority, and the certificate that the gateway shows when it calls an agency.
pub(super) struct Keys {
    authority: Authority,
    gateway: Identity,
}

impl Keys {
    /// Makes the authority, the gateway's certificates and its other keys, and keeps them in `folder`.
    pub(super) fn make(folder: &Folder, addresses: Addresses, mint: &Mint) -> Result<Self> {
        let authority = Authority::make(mint.clock().now())?;
        authority.save(folder.root())?;
        let server = authority.issue("Keyway gateway", Use::Server, Some(&addresses.host()))?;
        let gateway = authority.issue("Keyway gateway, calling", Use::Client, None)?;
        folder.keep_gateway("server", &server)?;
        folder.keep_gateway("client", &gateway)?;
        let mut key = [0_u8; 32];
        mint.chance().fill(&mut key);
        write_new(&folder.path("keys/key-encryption.key"), hex(&key).as_bytes())?;
        write_new(&folder.path("keys/event-signing.pem"), signing_key()?.as_bytes())?;
        write_new(&folder.path("keys/token-signing.pem"), signing_key()?.as_bytes())?;
        write_new(&folder.path("keys/document-signing.pem"), signing_key()?.as_bytes())?;
        Ok(Self { authority, gateway })
    }
}

impl Stage {
    /// Opens the agencies' offices and servers; the gateway is at `base_url`.
    pub(super) fn set(
        fixtures: &Fixtures,
        folder: &Folder,
        keys: &Keys,
        base_url: &str,
        voice: &Arc<Voice>,
        mint: &Arc<Mint>,
    ) -> Result<Self> {
        let mut stage = Self {
            offices: HashMap::new(),
            partners: Vec::new(),
            agreements: Vec::new(),
            base_url: base_url.to_owned(),
            servers: Vec::new(),
        };
        for agency in &fixtures.directory.agencies {
            stage.open(agency, fixtures, folder, keys, voice, mint)?;
        }
        stage.agreements = agreements(fixtures, &stage.partners)?;
        Ok(stage)
    }

    fn open(
        &mut self,
        agency: &Agency,
        fixtures: &Fixtures,
        folder: &Folder,
        keys: &Keys,
        voice: &Arc<Voice>,
        mint: &Arc<Mint>,
    ) -> Result<()> {
        let Keys { authority, gateway } = keys;
        let identity = authority.issue(&agency.name, Use::Both, None)?;
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
            site_id: fixtures.directory.site_id.clone(),
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
            forgives: Vec::new(),
            service: agency.service.clone(),
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

/// What was agreed with each agency, held against the agencies as an operator's lists are.
fn agreements(fixtures: &Fixtures, partners: &[Partner]) -> Result<Vec<Agreement>> {
    let blocks = enrol::blocks().map_err(anyhow::Error::msg)?;
    let known = Known {
        site_id: &fixtures.directory.site_id,
        partners,
        agreements: &[],
        blocks: &blocks,
        tolerances: &enrol::tolerances(),
        fingerprint: &|_, _| Err(String::from("is not read here")),
    };
    let listing = Listing { agreements: fixtures.agreements.clone(), ..Listing::default() };
    let (enrolment, problems) = check(&listing, &known);
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        bail!("{}", lines.join("\n  "));
    }
    Ok(enrolment.agreements.into_iter().map(|(agreement, _)| agreement).collect())
}
