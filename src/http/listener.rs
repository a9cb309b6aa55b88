//! Opens a listener: registers its part of the route table and recognises the certificates of its connections.

use std::{any::Any, io, net::SocketAddr, sync::Arc, time::Duration};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{
    App, HttpRequest, HttpServer,
    dev::{Extensions, ServerHandle},
    http::Method,
    rt::net::TcpStream,
    web,
};
use rustls::ServerConfig;
use tokio::task::JoinHandle;

use super::{
    Gateway,
    conduct::{Target, conduct},
    connections,
    rate::Client,
    routes::{self, Listener, Verb},
};
use crate::{
    exchange::authority::PeerCertificate,
    limits::{CONNECTION_IDLE_SECONDS, HANDSHAKE_SECONDS, HANDSHAKES_MAX, REQUEST_HEAD_TIMEOUT_SECONDS},
};

/// Threads that read and write the connections of the partners' listener. The work is done elsewhere.
const PARTNERS_THREADS: usize = 2;
/// How HTTP/2 is named in a TLS handshake.
const HTTP_2: &[u8] = b"h2";
/// How long open requests may take to end at shutdown, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// A listener that is open.
pub struct Served {
    /// Where it listens; never port 0.
    pub address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Served {
    /// Takes no more connections, lets open requests end, and closes.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        let _ended = self.task.await;
    }
}

/// Opens `listener` on `socket`, under TLS when it is given. Must be called on a runtime.
///
/// # Errors
/// The socket cannot be used.
pub fn serve(
    gateway: &Arc<Gateway>,
    listener: Listener,
    socket: std::net::TcpListener,
    tls: Option<ServerConfig>,
) -> io::Result<Served> {
    let address = socket.local_addr()?;
    let shared = Arc::clone(gateway);
    let at_the_door = Arc::clone(gateway);
    let threads = if listener == Listener::Partners { PARTNERS_THREADS } else { 1 };
    let server = HttpServer::new(move || {
        let shared = Arc::clone(&shared);
        App::new().configure(move |config| register(config, &shared, listener))
    })
    .on_connect(move |connection, data| let_in(&at_the_door, listener, connection, data))
    .workers(threads)
    // Both are for each thread.
    .max_connections(gateway.connections(listener).max().in_all.div_euclid(threads))
    .max_connection_rate(HANDSHAKES_MAX)
    // The default holds small HTTP/2 answers back for 40 ms.
    .tcp_nodelay(true)
    .keep_alive(Duration::from_secs(CONNECTION_IDLE_SECONDS))
    .client_request_timeout(Duration::from_secs(REQUEST_HEAD_TIMEOUT_SECONDS))
    .tls_handshake_timeout(Duration::from_secs(HANDSHAKE_SECONDS))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(socket, tls)?,
        None => server.listen(socket)?,
    }
    .run();
    let handle = server.handle();
    let task = gateway.runtime.spawn(server);
    Ok(Served { address, handle, task })
}

/// Registers every route of `listener`. Whatever else is asked for gets our own 404 or 405.
pub(super) fn register(config: &mut web::ServiceConfig, gateway: &Arc<Gateway>, listener: Listener) {
    let mut registered: Vec<&str> = Vec::new();
    for path in routes::of(listener).map(|route| route.path) {
        if registered.contains(&path) {
            continue;
        }
        registered.push(path);
        // A place in the log has as many parts as its number has.
        let mut resource = web::resource(path.replace("{place}", "{place:.+}"));
        for route in routes::of(listener).filter(|route| route.path == path) {
            let gateway = Arc::clone(gateway);
            let guard = web::method(method(route.method));
            resource = resource.route(guard.to(move |request: HttpRequest, payload: web::Payload| {
                conduct(Arc::clone(&gateway), Target::Route(route), request, payload)
            }));
        }
        let gateway = Arc::clone(gateway);
        config.service(resource.default_service(web::to(
            move |request: HttpRequest, payload: web::Payload| {
                let allow = Target::Method(routes::allowed(listener, path));
                conduct(Arc::clone(&gateway), allow, request, payload)
            },
        )));
    }
    let gateway = Arc::clone(gateway);
    config.default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
        conduct(Arc::clone(&gateway), Target::Nothing, request, payload)
    }));
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    }
}

/// Keeps the leaf certificate of a connection (the first of the chain; the last would be its issuer) and counts the
/// connection with those of the same client, or closes it.
fn let_in(gateway: &Gateway, listener: Listener, connection: &dyn Any, data: &mut Extensions) {
    if let Some(tls) = connection.downcast_ref::<TlsStream<TcpStream>>() {
        let (socket, session) = tls.get_ref();
        let leaf = session.peer_certificates().and_then(<[_]>::first);
        let peer = leaf.and_then(|leaf| gateway.authority.recognise(leaf));
        let pinged = session.alpn_protocol() == Some(HTTP_2);
        count(gateway, listener, socket, peer.as_ref(), pinged, data);
        if let Some(peer) = peer {
            data.insert(peer);
        }
    } else if let Some(socket) = connection.downcast_ref::<TcpStream>() {
        count(gateway, listener, socket, None, false, data);
    }
}

/// `pinged` says that its client may keep the connection open without asking anything.
fn count(
    gateway: &Gateway,
    listener: Listener,
    socket: &TcpStream,
    peer: Option<&PeerCertificate>,
    pinged: bool,
    data: &mut Extensions,
) {
    let client = Client::of(peer, socket.peer_addr().ok());
    let Some(mut counted) = gateway.connections(listener).take(&client) else {
        gateway.metrics.connection_closed(listener.word());
        connections::close(socket);
        return;
    };
    if pinged {
        counted.close_when_idle(socket, Duration::from_secs(CONNECTION_IDLE_SECONDS));
    }
    data.insert(counted);
}
