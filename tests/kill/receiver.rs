//! Agencies' servers: real HTTPS that demands the gateway's certificate. Each takes effect once for each message id,
//! and is as slow and as rude as partners are.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use keyway::{
    audit::merkle::sha256,
    clock::{Clock, Moment, SystemClock},
    ids::Chance,
};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, server::WebPkiClientVerifier};
use serde_json::Value;

use crate::{
    pki::{Authority, Identity},
    tests::below,
};

const DUPLICATE: &str =
    r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}"#;

/// In what form an agency is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// BaRS messages; a repeat is answered with 409 and issue `duplicate`.
    Fhir,
    /// Signed events; a repeat is answered like the first.
    Event,
}

/// One request that came in whole.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// The gateway's id for the message.
    pub(crate) message_id: String,
    /// What it is about.
    pub(crate) referral_id: String,
    /// Whether it only takes something back.
    pub(crate) is_recall: bool,
    /// When its last byte was read.
    pub(crate) at: Moment,
    /// Whether it was the first of its id, and taken.
    pub(crate) is_effect: bool,
}

/// What an agency remembers.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Everything that came, in order.
    pub(crate) arrivals: Vec<Arrival>,
    /// Hash of the body of each message that was taken.
    bodies: BTreeMap<String, [u8; 32]>,
    /// What no gateway may send.
    pub(crate) complaints: Vec<String>,
}

pub(crate) struct Receiver {
    port: u16,
    ledger: Arc<Mutex<Ledger>>,
}

impl Receiver {
    pub(crate) fn start(
        authority: &Authority,
        identity: &Identity,
        speech: Speech,
        chance: Arc<dyn Chance>,
    ) -> Self {
        let config = Arc::new(server_config(authority, identity));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let desk = Arc::new(Desk { speech, chance, ledger: Arc::clone(&ledger) });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, desk) = (Arc::clone(&config), Arc::clone(&desk));
                thread::spawn(move || desk.serve(config, stream));
            }
        });
        Self { port, ledger }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("https://localhost:{}/in", self.port)
    }

    /// What it remembers; nothing more comes.
    pub(crate) fn close(self) -> Ledger {
        std::mem::take(&mut *self.ledger.lock().unwrap())
    }
}

struct Desk {
    speech: Speech,
    chance: Arc<dyn Chance>,
    ledger: Arc<Mutex<Ledger>>,
}

type Connection = StreamOwned<ServerConnection, TcpStream>;

impl Desk {
    fn serve(&self, config: Arc<ServerConfig>, stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut connection = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        let mut unread = Vec::new();
        while let Some(request) = receive(&mut connection, &mut unread) {
            let Some((status, body)) = self.take(&request) else { return };
            if reply(&mut connection, status, &body).is_err() {
                return;
            }
        }
    }

    /// Takes a request, or does not; answers status and body, or nothing at all.
    fn take(&self, request: &Request) -> Option<(u16, Vec<u8>)> {
        let at = SystemClock.now();
        // One in ten is turned away before it took effect.
        let turned_away = below(self.chance.as_ref(), 10) == 0;
        let is_effect = self.keep(request, at, turned_away);
        // Half the answers come late: kills meet attempts whose bytes have arrived and whose answer has not.
        if below(self.chance.as_ref(), 2) == 0 {
            thread::sleep(Duration::from_millis(50 + below(self.chance.as_ref(), 700)));
        }
        match (turned_away, is_effect, self.speech) {
            (true, ..) => Some((503, Vec::new())),
            // One in twenty gets no answer though it was taken.
            _ if below(self.chance.as_ref(), 20) == 0 => None,
            (_, true, Speech::Fhir) => Some((200, request.body.clone())),
            (_, false, Speech::Fhir) => Some((409, DUPLICATE.as_bytes().to_vec())),
            (.., Speech::Event) => Some((200, Vec::new())),
        }
    }

    /// Enters the request; answers whether it takes effect.
    fn keep(&self, request: &Request, at: Moment, turned_away: bool) -> bool {
        let read = read(self.speech, request);
        let mut ledger = self.ledger.lock().unwrap();
        let Some((message_id, referral_id, is_recall)) = read else {
            ledger.complaints.push(format!("cannot be understood: {}", request.head));
            return false;
        };
        let body = sha256(&request.body);
        let known = ledger.bodies.get(&message_id).copied();
        if known.is_some_and(|known| known != body) {
            ledger.complaints.push(format!("message {message_id} has two bodies"));
        }
        if !turned_away {
            ledger.bodies.insert(message_id.clone(), body);
        }
        let is_effect = !turned_away && known.is_none();
        ledger.arrivals.push(Arrival { message_id, referral_id, is_recall, at, is_effect });
        is_effect
    }
}

/// Message id, referral id, and whether it is a recall.
fn read(speech: Speech, request: &Request) -> Option<(String, String, bool)> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    match speech {
        Speech::Fhir => {
            let of_type = |name: &str| {
                let entries = body["entry"].as_array()?.iter().map(|entry| &entry["resource"]);
                entries.into_iter().find(|resource| resource["resourceType"] == name)
            };
            let reason = &of_type("MessageHeader")?["reason"]["coding"][0]["code"];
            let identifiers = of_type("ServiceRequest")?["identifier"].as_array()?;
            let own = identifiers.iter().find(|i| i["system"] == "https://keyway.example/Id/referral")?;
            let path = request.head.split(' ').nth(1)?;
            path.ends_with("/$process-message").then_some(())?;
            Some((request.header("x-request-id")?, text(&own["value"])?, reason == "delete"))
        }
        Speech::Event => {
            let referral = text(&body["additionalInformation"]["referralId"])?;
            let is_recall = body["eventType"] == "liaison-diversion.disclosure.recalled";
            Some((request.header("webhook-id")?, referral, is_recall))
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

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

struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, wanted: &str) -> Option<String> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.to_owned())
    }
}

fn receive(connection: &mut Connection, unread: &mut Vec<u8>) -> Option<Request> {
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
fn parse(bytes: &[u8]) -> Option<(Request, usize)> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let mut request = Request { head: String::from_utf8_lossy(&bytes[..end]).into_owned(), body: Vec::new() };
    let length: usize = request.header("content-length").map_or(0, |text| text.parse().unwrap());
    request.body = bytes.get(end..end + length)?.to_vec();
    Some((request, end + length))
}

fn reply(connection: &mut Connection, status: u16, body: &[u8]) -> std::io::Result<()> {
    let media_type = "content-type: application/fhir+json\r\n";
    let head = format!("HTTP/1.1 {status} Status\r\n{media_type}content-length: {}\r\n\r\n", body.len());
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    connection.flush()
}
