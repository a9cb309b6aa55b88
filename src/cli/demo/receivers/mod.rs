//! The agencies' own servers: real HTTPS on the loopback address, open only to the gateway's certificate.
//!
//! Each takes what is pushed to it, keeps the bytes, answers at once, and leaves the rest to its office. Not
//! here: housing, which has no server, and what staff say (`office`).

pub(super) mod cmht;
pub(super) mod events;
pub(super) mod mailbox;
mod signature;

#[cfg(test)]
mod tests;

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, rt::net::TcpStream, web};
use anyhow::{Context as _, Result};
use aws_lc_rs::digest;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::sync::mpsc;

use super::{
    office::Office,
    pki::{Identity, hex},
    record::header_lines,
};
use crate::directory::Channel;

/// Largest message that an agency takes, in bytes.
const MESSAGE_MAX_BYTES: usize = 1_048_576;

/// A message that was taken and is now read by the office.
pub(super) struct Taken {
    /// The bytes.
    body: Vec<u8>,
    /// One for the whole conversation.
    correlation_id: String,
}

/// A socket that an agency has opened, before its office is there.
pub(super) struct Door {
    listener: TcpListener,
    /// Where the gateway pushes to.
    pub(super) endpoint: String,
}

impl Door {
    /// Opens a free port on the loopback address.
    pub(super) fn open(channel: Channel) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .context("no port is free for an agency's server")?;
        let port = listener.local_addr()?.port();
        let path = if channel == Channel::FhirPush { "fhir" } else { "events" };
        Ok(Self { listener, endpoint: format!("https://localhost:{port}/{path}") })
    }

    /// Serves: `identity` is the agency's, and only a client with the certificate `gateway_sha256` gets in.
    pub(super) fn serve(
        self,
        office: Arc<Office>,
        authority: &str,
        identity: &Identity,
        gateway_sha256: &str,
    ) -> Result<ServerHandle> {
        let (taken, mut to_read) = mpsc::unbounded_channel();
        let desk = web::Data::new(Desk {
            office: Arc::clone(&office),
            gateway_sha256: gateway_sha256.to_owned(),
            taken,
            keys: tokio::sync::OnceCell::new(),
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(desk.clone())
                .app_data(web::PayloadConfig::new(MESSAGE_MAX_BYTES))
                .route("/fhir/$process-message", web::post().to(cmht::take))
                .route("/events", web::post().to(events::take))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .on_connect(|socket, extensions| {
            if let Some(stream) = socket.downcast_ref::<TlsStream<TcpStream>>()
                && let Some(leaf) = stream.get_ref().1.peer_certificates().and_then(<[_]>::first)
            {
                let sha256 = hex(digest::digest(&digest::SHA256, leaf).as_ref());
                extensions.insert(Peer(sha256));
            }
        })
        .listen_rustls_0_23(self.listener, tls(authority, identity)?)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        tokio::spawn(async move {
            while let Some(taken) = to_read.recv().await {
                let read = match office.agency.channel {
                    Channel::FhirPush => cmht::read(&office, &taken).await,
                    _ => events::read(&office, &taken).await,
                };
                if let Err(error) = read {
                    office.tell(&format!("cannot go on: {error:#}"));
                }
            }
        });
        Ok(handle)
    }
}

/// What a server's handlers need.
struct Desk {
    office: Arc<Office>,
    gateway_sha256: String,
    taken: mpsc::UnboundedSender<Taken>,
    /// The gateway's public keys, fetched at the first event.
    keys: tokio::sync::OnceCell<Vec<Vec<u8>>>,
}

/// The caller's certificate.
#[derive(Clone)]
struct Peer(String);

impl Desk {
    /// Whether the caller is the gateway; an answer when it is somebody else with a certificate of the same
    /// authority.
    fn stranger(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let known = request.conn_data::<Peer>().is_some_and(|peer| peer.0 == self.gateway_sha256);
        (!known).then(|| HttpResponse::Forbidden().finish())
    }

    /// Keeps the bytes.
    fn keep(&self, what: &str, request: &HttpRequest, body: &[u8]) -> Option<HttpResponse> {
        let headers = header_lines(request.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        let error = self.office.record.keep(what, &headers, body).err()?;
        self.office.tell(&format!("cannot keep what it received: {error:#}"));
        Some(HttpResponse::InternalServerError().finish())
    }

    /// Hands a message to the office.
    fn hand_on(&self, request: &HttpRequest, body: &[u8]) {
        let correlation_id = header(request, "x-correlation-id").unwrap_or_default().to_owned();
        // The office is gone only when the demonstration ends.
        let _gone = self.taken.send(Taken { body: body.to_vec(), correlation_id });
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn tls(authority: &str, identity: &Identity) -> Result<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build()?;
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())?;
    Ok(ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(chain, key)?)
}
