//! How many connections one certificate may have, and that the others get in whatever it does.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use keyway::limits::CONNECTIONS_PER_CLIENT_MAX;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::harness::{Caller as _, Gateway, actor::tls};

type Connection = StreamOwned<ClientConnection, TcpStream>;

/// A connection over which something was answered, and which stays open; `None`: it was closed.
fn open(address: &str, config: &Arc<ClientConfig>) -> Option<Connection> {
    let name = "localhost".try_into().unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), socket);
    let asked = stream.write_all(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let heard = asked.and_then(|()| stream.read(&mut [0]));
    heard.is_ok_and(|bytes| bytes == 1).then_some(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_certificate_cannot_take_every_connection() {
    let gateway = Gateway::start().await;
    let busy = gateway.authority.issue("busy");
    let address = gateway.base_url().strip_prefix("https://").unwrap().replace("localhost", "127.0.0.1");
    let config = Arc::new(tls(&gateway.authority, Some(&busy)));
    let mut held: Vec<Connection> = Vec::new();
    tokio::task::block_in_place(|| {
        held.extend((0..CONNECTIONS_PER_CLIENT_MAX).filter_map(|_| open(&address, &config)));
        assert_eq!(held.len(), CONNECTIONS_PER_CLIENT_MAX);
        assert!(open(&address, &config).is_none(), "one more is closed");
    });
    let other = gateway.ld.get("/fhir/metadata").await;
    assert_eq!(other.status, 200);
    // What ends makes room.
    held.clear();
    tokio::task::block_in_place(|| {
        let again = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            open(&address, &config).is_some()
        });
        assert!(again);
    });
    gateway.finish().await;
}
