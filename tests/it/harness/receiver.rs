//! Partners' servers: real HTTPS with mutual TLS, each connection on its own thread, raw bytes kept.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, server::WebPkiClientVerifier};

use super::pki::{Authority, Identity};

/// A request as it came through the socket.
#[derive(Clone, Debug)]
pub struct Received {
    pub request_line: String,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a receiver does with what it gets.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Takes it: a FHIR message is echoed, an event gets 200.
    Take,
    /// Keeps it, and answers with this status, these headers (each with its line end) and this body.
    Answer(u16, &'static str, &'static str),
    /// Keeps it and hangs up without an answer.
    HangUp,
    /// Does not take connections any more.
    Away,
}

/// A running receiver.
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    received: Mutex<Vec<Received>>,
}

impl Receiver {
    /// Starts one with a certificate of its own; only `gateway`'s certificate gets in.
    pub fn start(authority: &Authority, identity: &Identity) -> Self {
        let config = Arc::new(server_config(authority, identity));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { behaviour: Mutex::new(Behaviour::Take), received: Mutex::default() });
        let inner = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, shared) = (Arc::clone(&config), Arc::clone(&inner));
                std::thread::spawn(move || shared.serve(config, stream));
            }
        });
        Self { port, shared }
    }

    /// Where the gateway pushes to.
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}/in", self.port)
    }

    /// From now on it does this.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// Everything that came, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received().clone()
    }

    /// All bodies, one after the other, for searching.
    pub fn bytes(&self) -> Vec<u8> {
        self.received().into_iter().flat_map(|r| r.body).collect()
    }

    /// Waits for the `count`th request, and answers it.
    pub async fn wait_for(&self, count: usize) -> Received {
        for _ in 0..500 {
            if let Some(received) = self.shared.received().get(count - 1) {
                return received.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("request {count} did not come within ten seconds; {} came", self.received().len());
    }
}

impl Shared {
    fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap()
    }

    fn behaviour(&self) -> Behaviour {
        self.behaviour.lock().unwrap().clone()
    }

    fn serve(&self, config: Arc<ServerConfig>, stream: TcpStream) {
        if matches!(self.behaviour(), Behaviour::Away) {
            return;
        }
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut connection = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        let mut unread = Vec::new();
        while let Some(request) = receive(&mut connection, &mut unread) {
            // A connection that was kept open finds nobody home either.
            if matches!(self.behaviour(), Behaviour::Away) {
                return;
            }
            self.received().push(request.clone());
            let sent = match self.behaviour() {
                Behaviour::Take if request.request_line.contains("$process-message") => {
                    reply(&mut connection, 200, "content-type: application/fhir+json\r\n", &request.body)
                }
                Behaviour::Take => reply(&mut connection, 200, "", b""),
                Behaviour::Answer(status, headers, body) => {
                    reply(&mut connection, status, headers, body.as_bytes())
                }
                Behaviour::HangUp | Behaviour::Away => return,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

type Connection = StreamOwned<ServerConnection, TcpStream>;

fn server_config(authority: &Authority, identity: &Identity) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![identity.certificate.clone()], identity.key())
        .unwrap()
}

fn receive(connection: &mut Connection, unread: &mut Vec<u8>) -> Option<Received> {
    let mut piece = [0_u8; 16_384];
    loop {
        if let Some((request, length)) = parse(unread) {
            unread.drain(..length);
            return Some(request);
        }
        let count = connection.read(&mut piece).ok().filter(|&n| n > 0)?;
        unread.extend_from_slice(&piece[..count]);
    }
}

/// A whole request at the beginning of `bytes`, and its length.
fn parse(bytes: &[u8]) -> Option<(Received, usize)> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let request_line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let body = bytes.get(end..end + length)?.to_vec();
    Some((Received { request_line, headers, body }, end + length))
}

fn reply(connection: &mut Connection, status: u16, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {}\r\n\r\n", body.len());
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    connection.flush()
}
