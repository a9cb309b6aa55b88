//! A TLS server that does with each connection exactly what a test says, and keeps what it received.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};

/// A certificate authority made for one test.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(super) fn issue(&self, names: &[&str]) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

/// A request as it came through the socket.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) request_line: String,
    /// Lower-case names.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    /// The client's certificate.
    pub(super) certificate: Option<CertificateDer<'static>>,
}

pub(super) type Connection = StreamOwned<ServerConnection, TcpStream>;

/// What a server has seen.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) requests: Vec<Received>,
    /// Connections taken.
    pub(super) connections: usize,
    /// Bytes of application data, also of requests that were never completed.
    pub(super) bytes: usize,
}

pub(super) struct Server {
    pub(super) port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// A server whose certificate is for `localhost` and 127.0.0.1, that asks clients for one of `clients`, and
    /// that lets `answer` write after each request. The connection is closed when `answer` says `false`.
    pub(super) fn start(
        authority: &Authority,
        clients: &Authority,
        answer: impl Fn(&mut Connection) -> bool + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(server_config(authority.issue(&["localhost", "127.0.0.1"]), clients));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (answer, shared) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, answer, seen) = (Arc::clone(&config), Arc::clone(&answer), Arc::clone(&shared));
                std::thread::spawn(move || serve(config, stream, answer.as_ref(), &seen));
            }
        });
        Self { port, seen }
    }

    pub(super) fn requests(&self) -> Vec<Received> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    pub(super) fn bytes(&self) -> usize {
        self.seen.lock().unwrap().bytes
    }
}

fn server_config(
    (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>),
    clients: &Authority,
) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(clients.root()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

fn serve(
    config: Arc<ServerConfig>,
    stream: TcpStream,
    answer: &dyn Fn(&mut Connection) -> bool,
    seen: &Mutex<Seen>,
) {
    seen.lock().unwrap().connections += 1;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut connection = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    while let Some(request) = receive(&mut connection, seen) {
        seen.lock().unwrap().requests.push(request);
        if !answer(&mut connection) {
            break;
        }
    }
    connection.conn.send_close_notify();
    let _ = connection.flush();
}

fn receive(connection: &mut Connection, seen: &Mutex<Seen>) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 4096];
    loop {
        if let Some(request) = parse(&bytes, connection) {
            return Some(request);
        }
        let count = connection.read(&mut piece).ok().filter(|&n| n > 0)?;
        seen.lock().unwrap().bytes += count;
        bytes.extend_from_slice(&piece[..count]);
    }
}

fn parse(bytes: &[u8], connection: &Connection) -> Option<Received> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let request_line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").expect("a length is announced").parse().unwrap();
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    let certificate = connection.conn.peer_certificates().map(|chain| chain[0].clone().into_owned());
    Some(Received { request_line, headers, body, certificate })
}

/// Writes a whole answer and says that the connection may stay.
pub(super) fn reply(connection: &mut Connection, status: &str, headers: &str, body: &[u8]) -> bool {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    let sent = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body));
    sent.and_then(|()| connection.flush()).is_ok()
}
