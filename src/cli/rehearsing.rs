//! A gateway to rehearse with: an operator's lists of agencies and agreements, a moment, and nobody who is called.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;

use super::{directory, print};
use crate::{
    app::{App, Rehearsing},
    audit::{hex, merkle::sha256},
    clock::{Clock as _, Moment, SystemClock},
    directory::{
        AgencyKind, Agreement, Channel, Partner,
        import::{self, Known, ListedCertificate, Listing},
    },
    exchange::{caller::Caller, enrol, refusal::Refusal},
    ids::{Mint, SiteId, SystemChance},
    limits,
};

/// The site of a rehearsal whose lists name none.
const SITE: &str = "rehearsal";

/// With whom, and when.
#[derive(Clone, Debug, Args)]
pub(super) struct RehearsalArgs {
    /// Lists of agencies and agreements, as `keyway directory import` takes them; certificates and endpoints may be
    /// left out, as nobody is called. May be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(super) directory: Vec<PathBuf>,
    /// The moment to rehearse, as in 2026-11-23T10:00:00Z. Without it: now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) at: Option<Moment>,
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::from_rfc3339(text).ok_or_else(|| String::from("not a time such as 2026-11-23T10:00:00Z"))
}

/// Everything that stands ready for a rehearsal.
pub(super) struct Stage {
    /// The gateway.
    pub(super) gateway: Rehearsing,
    /// The liaison and diversion service, as the caller.
    pub(super) caller: Caller,
    /// The agencies of the lists.
    pub(super) partners: Vec<Partner>,
    /// The agreements of the lists.
    pub(super) agreements: Vec<Agreement>,
}

impl RehearsalArgs {
    /// The moment to rehearse.
    pub(super) fn moment(&self) -> Moment {
        self.at.unwrap_or_else(|| SystemClock.now())
    }

    /// For a command that says nothing without them.
    pub(super) fn must_have_lists(&self) -> Result<()> {
        if self.directory.is_empty() {
            bail!(
                "--directory is missing: whom the assessment asks, and what was agreed with them, stands there"
            );
        }
        Ok(())
    }

    /// Opens the gateway with the agencies of the lists; `None` when something is wrong with them, which is told.
    pub(super) async fn stage(&self) -> Result<Option<Stage>> {
        let (mut listing, mut problems) = directory::read(&self.directory);
        uncalled(&mut listing);
        let named = listing.sites.first().map(|(_, site)| site.clone());
        let site = named.or_else(|| SiteId::parse(SITE)).context("no site")?;
        let blocks = enrol::blocks().map_err(|text| anyhow!(text))?;
        let known = Known {
            site_id: &site,
            partners: &[],
            agreements: &[],
            blocks: &blocks,
            tolerances: &enrol::tolerances(),
            fingerprint: &directory::fingerprint,
        };
        let (enrolment, further) = import::check(&listing, &known);
        problems.extend(further);
        if !problems.is_empty() {
            for problem in &problems {
                print::problem(&problem.to_string());
            }
            return Ok(None);
        }
        let partners: Vec<Partner> = enrolment.partners.into_iter().map(|(partner, _)| partner).collect();
        let agreements: Vec<Agreement> =
            enrolment.agreements.into_iter().map(|(agreement, _)| agreement).collect();
        if agreements.is_empty() {
            print::problem(
                "the lists hold no agreement, so nothing may go to anybody: give those too, by --directory again",
            );
        }
        let mut services = partners.iter().filter(|p| p.kind == AgencyKind::LiaisonDiversion);
        let (Some(service), None) = (services.next(), services.next()) else {
            bail!("the lists must name one agency of the kind liaison-diversion: it sends the assessment");
        };
        let caller = caller(service);
        let gateway = open(self.moment(), partners.clone(), agreements.clone()).await?;
        Ok(Some(Stage { gateway, caller, partners, agreements }))
    }
}

/// Opens a gateway with these agencies.
pub(super) async fn open(
    at: Moment,
    partners: Vec<Partner>,
    agreements: Vec<Agreement>,
) -> Result<Rehearsing> {
    let name = Mint::new(Arc::new(SystemClock), Arc::new(SystemChance)).uuid();
    let folder = crate::config::temporary_folder().join(format!("keyway-rehearsal-{name}"));
    Ok(App::rehearsal(folder, at, partners, agreements).await?)
}

/// The service as it would call.
fn caller(service: &Partner) -> Caller {
    Caller {
        site_id: service.site_id.clone(),
        partner_id: service.partner_id.clone(),
        kind: service.kind,
        scopes: Vec::new(),
        token_id: String::from("rehearsal"),
        certificate_sha256: service.certificate_sha256.clone(),
    }
}

/// In a rehearsal nobody is called and nobody calls, so what is only for that may be missing from a list.
fn uncalled(listing: &mut Listing) {
    for agency in &mut listing.agencies {
        let Some(id) = &agency.id else { continue };
        if agency.certificate.is_none() {
            agency.certificate = Some(ListedCertificate::Sha256(hex(&sha256(id.as_str().as_bytes()))));
        }
        if matches!(agency.channel, Some(Channel::FhirPush | Channel::EventPush)) && agency.endpoint.is_none()
        {
            agency.endpoint = Some(format!("https://{id}.invalid/"));
        }
    }
}

/// The bytes of an assessment, of at most the size that the gateway takes.
pub(super) fn assessment(file: &Path) -> Result<Vec<u8>> {
    let shown = super::shown(file);
    let open = File::open(file).with_context(|| format!("{shown} cannot be read"))?;
    let most = u64::try_from(limits::BODY_MAX_BYTES)?;
    let mut bytes = Vec::new();
    open.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("{shown} cannot be read"))?;
    if bytes.len() > limits::BODY_MAX_BYTES {
        bail!("{shown} is larger than {most} bytes");
    }
    Ok(bytes)
}

/// What came of a rehearsal; `None` where the assessment is refused, which is told: every issue with its place.
pub(super) fn unless_refused<T>(outcome: Result<T, Refusal>) -> Option<T> {
    let told = |refusal: Refusal| {
        for issue in &refusal.issues {
            let place = if issue.path.is_empty() { "the assessment" } else { &issue.path };
            print::problem(&format!("{place}: {}", issue.diagnostics));
        }
    };
    outcome.map_err(told).ok()
}
