//! Puts a gateway together from its settings and starts it. The only file that names every adapter.
//!
//! Must be called on a multi-thread runtime: the store's readers, the HTTP client, the worker and the handlers
//! live there, and not on the web server's own single-thread workers.

use std::{
    collections::HashSet,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::signature::Ed25519KeyPair;
use rustls::ServerConfig;
use tokio::runtime::Handle;

use crate::{
    clock::{Clock, SystemClock},
    config::{Config, Database, Material, Problem},
    directory::{Agreement, Partner},
    exchange::{
        CheckpointError, Exchange, RetrySchedule, RootKeyError,
        adapters::{AdapterFault, Adapters},
        open_root_key,
        ports::{CommitError, Store},
    },
    http::{self, Gateway, Served},
    identity::{Identity, IdentitySettings, SelfTestFailed, tls},
    ids::{Chance, Mint, SystemChance},
    limits,
    metrics::Metrics,
    open_files::{self, Shares},
    outbound::{AddressPolicy, CourierError, CourierSettings, HttpCourier, MeteredCourier},
    packages::{self, PackageFault},
    profile::{Profiles, check::Program, definition::Definitions},
    site_folders,
    store::sqlite::{self, NotOpened, SqliteStore},
    vault::{DocumentKey, Vault},
    worker::{Worker, WorkerHandle, WorkerSettings},
};

mod rehearsal;
#[cfg(test)]
mod tests;

pub use rehearsal::{RehearsalError, Rehearsing};

pub use crate::{http::routes::Listener, store::sqlite::MigrationReport};

/// How long a loop of the worker may be silent before the gateway says that it is not ready, in seconds.
const SILENT_MAX_SECONDS: i64 = 60;
/// How often, and how long each time, a shutdown waits for the listeners' threads to let go of the store: 5 seconds in
/// all.
const LETTING_GO_TRIES: u32 = 500;
const LETTING_GO_WAIT: Duration = Duration::from_millis(10);

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings, or the files that they name.
    #[error("the settings have {} problem(s); see `keyway check-config`", .0.len())]
    Settings(Vec<Problem>),
    /// The database.
    #[error(transparent)]
    Database(#[from] NotOpened),
    /// The key that all others in the database hang from.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// The key of the audit log.
    #[error(transparent)]
    LogKey(#[from] CheckpointError),
    /// The compiled-in tables.
    #[error("the compiled-in profiles or allow-lists do not serve: {0}")]
    Tables(String),
    /// A FHIR package that the settings name.
    #[error(transparent)]
    Package(#[from] PackageFault),
    /// A service's own site adapters.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Adapters(Vec<AdapterFault>),
    /// The keys for tokens.
    #[error(transparent)]
    Tokens(#[from] SelfTestFailed),
    /// A listener's TLS.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// The way out.
    #[error(transparent)]
    Courier(#[from] CourierError),
    /// The key that signs events.
    #[error("the event signing key does not serve")]
    EventKey,
    /// The key that signs documents.
    #[error("the document signing key does not serve")]
    DocumentKey,
    /// Too few files.
    #[error(
        "this process may have {0} files open, and needs {min}: raise `ulimit -Hn`, or LimitNOFILE of its service",
        min = limits::FILES_MIN
    )]
    Files(usize),
    /// A fault of ours.
    #[error("the start broke off")]
    Broken,
    /// A listener's address.
    #[error("{}", not_listening(setting, *address, error))]
    Listen {
        /// The setting.
        setting: &'static str,
        /// Its value.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A gateway that runs. It stops when [`Running::shutdown`] is called, not when it is dropped.
pub struct Running {
    /// The use cases.
    pub exchange: Arc<Exchange>,
    listeners: Vec<(Listener, Served)>,
    worker: WorkerHandle,
}

/// Starts gateways.
pub struct App;

impl App {
    /// Brings the database of these settings up to date.
    ///
    /// # Errors
    /// The database cannot be opened, or is newer than this release.
    pub fn migrate(config: &Config) -> Result<MigrationReport, NotOpened> {
        let Database::Sqlite(file) = &config.database;
        sqlite::migrate(file).map_err(NotOpened::of(file))
    }

    /// Opens the store of these settings, to look at it beside a gateway. It must have been migrated.
    ///
    /// # Errors
    /// The database cannot be opened, or is not of this release.
    pub fn open_store(config: &Config) -> Result<Arc<dyn Store>, NotOpened> {
        let Database::Sqlite(file) = &config.database;
        let store = SqliteStore::open(file, Arc::new(SystemClock)).map_err(NotOpened::of(file))?;
        Ok(Arc::new(store))
    }

    /// The use cases on the database of these settings, to look at what is there beside a gateway: nothing listens, and
    /// nothing is sent.
    ///
    /// # Errors
    /// The settings, the database or the keys do not serve.
    pub async fn open_beside(config: &Config) -> Result<Exchange, StartError> {
        let material = config.load_material().map_err(StartError::Settings)?;
        let chance: Arc<dyn Chance> = Arc::new(SystemChance);
        let mint = Arc::new(Mint::new(Arc::new(SystemClock), Arc::clone(&chance)));
        let store = Self::open_store(config)?;
        let root = open_root_key(store.as_ref(), &mint, &material.key_encryption_key).await?;
        let vault = Arc::new(Vault::open(root, chance));
        let base_url = config.base_url.clone();
        let exchange = Exchange::new(store, vault, mint, base_url, RetrySchedule::default());
        let mut exchange = exchange.map_err(StartError::Tables)?;
        exchange.document_key = document_key(&material)?;
        Ok(exchange)
    }

    /// Opens the store of these settings for the gateway that serves it.
    fn store_to_serve(config: &Config) -> Result<Arc<dyn Store>, NotOpened> {
        let Database::Sqlite(file) = &config.database;
        let store = SqliteStore::open_to_serve(file, Arc::new(SystemClock)).map_err(NotOpened::of(file))?;
        Ok(Arc::new(store))
    }

    /// Whether the keys and certificates serve for the listeners; the problems, if they do not.
    #[must_use]
    pub fn rehearse(material: &Material) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = partners_tls(material) {
            problems.push(Problem::setting("partners", error.to_string()));
        }
        if let Err(error) = public_tls(material) {
            problems.push(Problem::setting("public", error.to_string()));
        }
        problems.extend(material.ended(SystemClock.now()));
        problems
    }

    /// What does not keep a gateway from starting, and should be seen to: certificates that end soon, keys that
    /// others may read.
    #[must_use]
    pub fn warnings(config: &Config, material: &Material) -> Vec<Problem> {
        let mut warnings = material.ending(SystemClock.now());
        warnings.extend(config.open_keys());
        warnings
    }

    /// Base R4, Keyway's own profiles and these FHIR packages, compiled into the program that checks messages.
    ///
    /// # Errors
    /// A package that cannot be read, or definitions that cannot be used; each is named.
    pub fn fhir_program(packages: &[PathBuf]) -> Result<Arc<Program>, StartError> {
        if packages.is_empty() {
            return Program::shared().map_err(StartError::Tables);
        }
        let mut definitions =
            Definitions::built_in().map_err(|fault| StartError::Tables(fault.to_string()))?;
        let mut loaded = HashSet::new();
        for package in packages {
            // The settings and the command line may both name it.
            if !loaded.insert(package.canonicalize().unwrap_or_else(|_| package.clone())) {
                continue;
            }
            packages::load(&mut definitions, package)?;
        }
        let compiled = Program::compile(&definitions).map_err(PackageFault::Definitions)?;
        Ok(Arc::new(compiled))
    }

    /// The site adapters that are compiled in, and those of these folders beside them.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn site_adapters(folders: &[PathBuf]) -> Result<Arc<Adapters>, StartError> {
        let profiles = Profiles::compile().map_err(StartError::Tables)?;
        with_own(&Adapters::built_in(&profiles).map_err(StartError::Tables)?, folders)
    }

    /// Starts a gateway whose database has been migrated.
    ///
    /// # Errors
    /// What keeps it from starting. Nothing runs then.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let prepared = tokio::task::spawn_blocking(move || prepare(&config)).await;
        prepared.map_err(|_| StartError::Broken)??.open()
    }
}

/// Everything that can be made without opening a listener or sending anything.
struct Prepared {
    shares: Shares,
    sockets: Vec<Socket>,
    exchange: Exchange,
    identity: Identity,
    courier: HttpCourier,
}

/// A socket, open early so that its port is known.
struct Socket {
    listener: Listener,
    setting: &'static str,
    tcp: TcpListener,
    address: SocketAddr,
    tls: Option<ServerConfig>,
}

fn prepare(config: &Config) -> Result<Prepared, StartError> {
    let files = open_files::raise();
    let shares = Shares::of(files).ok_or(StartError::Files(files))?;
    let material = config.load_material().map_err(StartError::Settings)?;
    let ended = material.ended(SystemClock.now());
    if !ended.is_empty() {
        return Err(StartError::Settings(ended));
    }
    for warning in App::warnings(config, &material) {
        tracing::warn!(setting = warning.place, what = warning.text, "a setting should be seen to");
    }
    let own = partners_tls(&material)?;
    let partners = socket(Listener::Partners, "partners.listen", config.partners.listen, Some(own))?;
    let public = socket(Listener::Public, "public.listen", config.public.listen, public_tls(&material)?)?;
    let operators = socket(Listener::Operators, "operators.listen", config.operators, None)?;
    let base_url = with_port(&config.base_url, partners.address.port());

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let chance: Arc<dyn Chance> = Arc::new(SystemChance);
    let mint = Arc::new(Mint::new(Arc::clone(&clock), Arc::clone(&chance)));
    let store = App::store_to_serve(config)?;
    let root = open_root_key(store.as_ref(), &mint, &material.key_encryption_key);
    let vault = Arc::new(Vault::open(Handle::current().block_on(root)?, chance));
    let schedule = RetrySchedule {
        seconds: config.outbound.retry_seconds.clone(),
        attempts_max: config.outbound.attempts_max,
    };
    let identity = Identity::open(
        &IdentitySettings {
            site_id: config.site_id.clone(),
            base_url: &base_url,
            token_signing_key: &material.token_signing_key,
            event_signing_key: &material.event_signing_key,
            document_signing_key: material.document_signing_key.as_ref().map(|key| key.as_slice()),
            retired_document_keys: &material.retired_document_keys,
        },
        Arc::clone(&store),
        Arc::clone(&mint),
    )?;
    let mut exchange = Exchange::new(store, vault, mint, base_url, schedule).map_err(StartError::Tables)?;
    exchange.fhir = App::fhir_program(&config.packages)?;
    exchange.document_key = document_key(&material)?;
    exchange.tag_max = config.tag_max;
    exchange.adapters = with_own(&exchange.adapters, &config.site_folders)?;
    for own in exchange.adapters.all().filter(|known| known.file.is_some()) {
        tracing::info!(adapter = own.adapter.label(), sha256 = own.sha256, "a site adapter was loaded");
    }
    let courier = courier(config, &material, clock)?;
    Handle::current().block_on(exchange.begin_log(&config.site_id))?;
    Ok(Prepared { shares, sockets: vec![partners, public, operators], exchange, identity, courier })
}

fn with_own(built_in: &Arc<Adapters>, folders: &[PathBuf]) -> Result<Arc<Adapters>, StartError> {
    let files = site_folders::read(folders).map_err(StartError::Adapters)?;
    if files.is_empty() {
        return Ok(Arc::clone(built_in));
    }
    built_in.with(&files).map(Arc::new).map_err(StartError::Adapters)
}

fn document_key(material: &Material) -> Result<Option<DocumentKey>, StartError> {
    let read = |pkcs8| DocumentKey::from_pkcs8(pkcs8).ok_or(StartError::DocumentKey);
    material.document_signing_key.as_ref().map(|pkcs8| read(pkcs8)).transpose()
}

impl Prepared {
    fn open(self) -> Result<Running, StartError> {
        let exchange = Arc::new(self.exchange);
        let mint = &exchange.mint;
        let metrics = Arc::new(Metrics::new(mint.clock().now()));
        let courier = MeteredCourier::new(Arc::new(self.courier), Arc::clone(&metrics));
        let owner = format!("gateway-{}", mint.uuid());
        let worker = Worker::start(Arc::clone(&exchange), Arc::new(courier), WorkerSettings::new(owner));
        let liveness = worker.liveness();
        let missing = Box::new(move |now| {
            let mut missing = liveness.silent(now, SILENT_MAX_SECONDS);
            if !open_files::are_left(limits::FILES_LEFT_MIN) {
                missing.push("files to open");
            }
            missing
        });
        let authority = Arc::new(self.identity);
        let runtime = Handle::current();
        let gateway = Gateway::new(Arc::clone(&exchange), authority, metrics, runtime, missing, &self.shares);
        let gateway = Arc::new(gateway);
        let mut listeners = Vec::new();
        for Socket { listener, setting, tcp, address, tls } in self.sockets {
            let served = http::serve(&gateway, listener, tcp, tls);
            listeners
                .push((listener, served.map_err(|error| StartError::Listen { setting, address, error })?));
        }
        Ok(Running { exchange, listeners, worker })
    }
}

impl Running {
    /// Where partners reach it: `https://host:port`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.exchange.base_url
    }

    /// Where a listener is bound; never port 0.
    #[must_use]
    pub fn address(&self, listener: Listener) -> Option<SocketAddr> {
        self.listeners.iter().find(|(l, _)| *l == listener).map(|(_, served)| served.address)
    }

    /// Enters agencies and the agreements with them, new or changed, all or nothing.
    ///
    /// # Errors
    /// Nothing was entered.
    pub async fn enrol(&self, partners: Vec<Partner>, agreements: Vec<Agreement>) -> Result<(), CommitError> {
        self.exchange.enrol("operator:start", partners, agreements).await
    }

    /// Takes no more requests, lets open ones end, lets deliveries under way end, and closes the database.
    pub async fn shutdown(self) {
        for (_, served) in self.listeners {
            served.stop().await;
        }
        self.exchange.write_down_refused_looks().await;
        self.worker.shutdown().await;
        // The last to let go of the store closes it, which blocks until everything is written. That must be this
        // task, for whoever waits for it may open the database next; the listeners' threads let go a moment after
        // they have stopped.
        let store = Arc::clone(&self.exchange.store);
        drop(self.exchange);
        let closing = move || {
            for _ in 0..LETTING_GO_TRIES {
                if Arc::strong_count(&store) == 1 {
                    break;
                }
                std::thread::sleep(LETTING_GO_WAIT);
            }
            drop(store);
        };
        let _closed = tokio::task::spawn_blocking(closing).await;
    }
}

fn not_listening(setting: &str, address: SocketAddr, error: &std::io::Error) -> String {
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{setting}: port {port} on {ip} is in use. Stop what uses it, or choose another port for {setting}."
        ),
        ErrorKind::PermissionDenied => format!(
            "{setting}: port {port} may not be opened by this user. Choose one above 1023 for {setting}."
        ),
        ErrorKind::AddrNotAvailable => format!(
            "{setting}: {ip} is not an address of this machine. Choose one that is, or 0.0.0.0 for all of them."
        ),
        _ => format!("{setting}: {address} cannot be listened on ({error}). Choose another for {setting}."),
    }
}

fn socket(
    listener: Listener,
    setting: &'static str,
    address: SocketAddr,
    tls: Option<ServerConfig>,
) -> Result<Socket, StartError> {
    let opened = TcpListener::bind(address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
    let (address, tcp) = opened.map_err(|error| StartError::Listen { setting, address, error })?;
    Ok(Socket { listener, setting, tcp, address, tls })
}

/// A base URL with port 0 means the port that the partners' listener got.
fn with_port(base_url: &str, port: u16) -> String {
    base_url.strip_suffix(":0").map_or_else(|| base_url.to_owned(), |host| format!("{host}:{port}"))
}

fn partners_tls(material: &Material) -> Result<ServerConfig, tls::TlsError> {
    let own = material.partners.clone();
    let authorities = material.client_authorities.clone();
    tls::for_partners(own.chain, own.key, authorities, material.revocation_lists.clone())
}

fn public_tls(material: &Material) -> Result<Option<ServerConfig>, tls::TlsError> {
    material.public.clone().map(|own| tls::for_public(own.chain, own.key)).transpose()
}

fn courier(config: &Config, material: &Material, clock: Arc<dyn Clock>) -> Result<HttpCourier, StartError> {
    let signing_key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&material.event_signing_key);
    let own = material.outbound.clone();
    let settings = CourierSettings {
        partner_roots: material.outbound_authorities.clone(),
        certificate_chain: own.chain,
        private_key: own.key,
        signing_key: Arc::new(signing_key.map_err(|_| StartError::EventKey)?),
        address_policy: AddressPolicy { allow_loopback: config.outbound.allow_loopback },
        attempt_timeout: Duration::from_secs(limits::ATTEMPT_TIMEOUT_SECONDS),
    };
    Ok(HttpCourier::new(settings, clock)?)
}
