//! How many connections are open: over all of a listener, and for one client, so that one cannot take every file
//! from everybody; and the end of a connection over which nobody asks anything.
//!
//! A client is told of its limit by a connection that is closed after the handshake: before it nobody knows who it is.

use std::{
    cell::Cell,
    collections::HashMap,
    net::{Shutdown, TcpStream},
    os::fd::{AsFd, OwnedFd},
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::rate::Client;
use crate::open_files::ConnectionsMax;

/// The connections of one listener.
pub(super) struct Connections {
    max: ConnectionsMax,
    open: Mutex<Open>,
}

/// Who has how many. Holds nobody who has none.
#[derive(Default)]
struct Open {
    in_all: usize,
    by_client: HashMap<Client, usize>,
}

/// A connection that counts until it is dropped.
pub(super) struct Connection {
    of: Arc<Connections>,
    client: Client,
    asked: Rc<Asked>,
    /// Dropped with the connection, which tells whoever watches it.
    watched: Option<oneshot::Sender<()>>,
}

/// What was asked over one connection.
#[derive(Default)]
struct Asked {
    begun: Cell<usize>,
    under_way: Cell<usize>,
}

/// A request over a connection, under way until it is dropped.
pub(super) struct Asking(Rc<Asked>);

impl Connections {
    pub(super) fn new(max: ConnectionsMax) -> Arc<Self> {
        Arc::new(Self { max, open: Mutex::default() })
    }

    /// Counts one more connection of `client`; `None` where it has all that it may have.
    pub(super) fn take(self: &Arc<Self>, client: &Client) -> Option<Connection> {
        let mut open = self.open();
        let own = open.by_client.get(client).copied().unwrap_or(0);
        if own >= self.max.per_client {
            return None;
        }
        open.in_all += 1;
        open.by_client.insert(client.clone(), own + 1);
        drop(open);
        let (of, client) = (Arc::clone(self), client.clone());
        Some(Connection { of, client, asked: Rc::default(), watched: None })
    }

    /// How many may be open.
    pub(super) const fn max(&self) -> ConnectionsMax {
        self.max
    }

    /// Whether nobody else is let in.
    pub(super) fn are_all_taken(&self) -> bool {
        self.open().in_all >= self.max.in_all
    }

    /// A panic elsewhere leaves the counts as they are: each is changed in one step.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.of.open();
        open.in_all -= 1;
        match open.by_client.get_mut(&self.client) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(open.by_client.remove(&self.client)),
        }
    }
}

impl Connection {
    /// A request begins.
    pub(super) fn ask(&self) -> Asking {
        self.asked.begun.set(self.asked.begun.get().wrapping_add(1));
        self.asked.under_way.set(self.asked.under_way.get() + 1);
        Asking(Rc::clone(&self.asked))
    }

    /// Closes `socket`, which is this connection's, once `idle` has passed without a request; after twice that at the
    /// latest. Must be called on the thread that serves the connection.
    pub(super) fn close_when_idle(&mut self, socket: &impl AsFd, idle: Duration) {
        // Without a file for it nothing is watched, and the counts still bound what this client has.
        let Ok(socket) = socket.as_fd().try_clone_to_owned() else { return };
        let (watched, ended) = oneshot::channel();
        self.watched = Some(watched);
        actix_web::rt::spawn(watch(socket, Rc::clone(&self.asked), ended, idle));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get().saturating_sub(1));
    }
}

async fn watch(socket: OwnedFd, asked: Rc<Asked>, mut ended: oneshot::Receiver<()>, idle: Duration) {
    loop {
        let before = asked.begun.get();
        tokio::select! {
            _ = &mut ended => return,
            () = tokio::time::sleep(idle) => {}
        }
        if asked.begun.get() == before && asked.under_way.get() == 0 {
            shut(socket);
            return;
        }
    }
}

/// Ends the connection of `socket` for both sides, at once.
pub(super) fn close(socket: &impl AsFd) {
    if let Ok(socket) = socket.as_fd().try_clone_to_owned() {
        shut(socket);
    }
}

fn shut(socket: OwnedFd) {
    // What is closed already is closed.
    let _closed = TcpStream::from(socket).shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, net::TcpListener};

    use super::*;

    const IDLE: Duration = Duration::from_millis(40);

    fn connections() -> Arc<Connections> {
        Connections::new(ConnectionsMax { in_all: 3, per_client: 2 })
    }

    fn client(number: u8) -> Client {
        Client::Certificate([number; 32])
    }

    #[test]
    fn one_client_has_so_many_connections_and_another_still_gets_in() {
        let connections = connections();
        let mut own = vec![connections.take(&client(1)).unwrap(), connections.take(&client(1)).unwrap()];
        assert!(connections.take(&client(1)).is_none());
        assert!(!connections.are_all_taken());
        let other = connections.take(&client(2)).unwrap();
        assert!(connections.are_all_taken());
        own.pop();
        assert!(connections.take(&client(1)).is_some());
        drop((own, other));
        assert!(connections.open().by_client.is_empty(), "nobody is remembered who has none");
        assert_eq!(connections.open().in_all, 0);
    }

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        far.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        (listener.accept().unwrap().0, far)
    }

    fn is_closed(far: &mut TcpStream) -> bool {
        far.read(&mut [0]).is_ok_and(|bytes| bytes == 0)
    }

    #[actix_web::test]
    async fn a_connection_over_which_nobody_asks_is_closed_and_one_in_use_is_not() {
        let connections = connections();
        let (near, mut far) = pair();
        let mut quiet = connections.take(&client(1)).unwrap();
        quiet.close_when_idle(&near, IDLE);
        let (near_in_use, mut far_in_use) = pair();
        let mut busy = connections.take(&client(1)).unwrap();
        busy.close_when_idle(&near_in_use, IDLE);
        let asking = busy.ask();
        tokio::time::sleep(IDLE * 10).await;
        assert!(is_closed(&mut far));
        assert!(!is_closed(&mut far_in_use), "a request is under way");
        drop(asking);
        tokio::time::sleep(IDLE * 10).await;
        assert!(is_closed(&mut far_in_use));
    }

    #[actix_web::test]
    async fn what_watches_a_connection_keeps_no_file_of_one_that_has_ended() {
        let (near, mut far) = pair();
        let mut ended = connections().take(&client(1)).unwrap();
        ended.close_when_idle(&near, Duration::from_mins(10));
        drop((ended, near));
        tokio::time::sleep(IDLE).await;
        assert!(is_closed(&mut far));
    }
}
