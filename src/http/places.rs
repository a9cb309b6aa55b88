//! How many requests are worked on at once: over all, and for one client, so that one cannot take every place.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::rate::Client;
use crate::{
    exchange::refusal::Refusal,
    limits::{REQUESTS_IN_FLIGHT_MAX, REQUESTS_IN_FLIGHT_PER_CLIENT_MAX},
};

/// The places of one gateway.
#[derive(Default)]
pub(super) struct Places(Mutex<Taken>);

/// Who holds how many. Holds nobody who has none, so it has no more entries than there are places.
#[derive(Default)]
struct Taken {
    in_all: usize,
    by_client: HashMap<Client, usize>,
}

/// A place, free again when it is dropped.
pub(super) struct Place<'a> {
    places: &'a Places,
    client: Client,
}

impl Places {
    /// Takes a place for `client`.
    pub(super) fn take(&self, client: &Client) -> Result<Place<'_>, Refusal> {
        let mut taken = self.taken();
        let own = taken.by_client.get(client).copied().unwrap_or(0);
        if taken.in_all >= REQUESTS_IN_FLIGHT_MAX || own >= REQUESTS_IN_FLIGHT_PER_CLIENT_MAX {
            return Err(Refusal::unavailable());
        }
        taken.in_all += 1;
        taken.by_client.insert(client.clone(), own + 1);
        Ok(Place { places: self, client: client.clone() })
    }

    /// A panic elsewhere leaves the counts as they are: each is changed in one step.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.in_all -= 1;
        match taken.by_client.get_mut(&self.client) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.by_client.remove(&self.client)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: usize) -> Client {
        let mut sha256 = [0; 32];
        sha256[..8].copy_from_slice(&number.to_le_bytes());
        Client::Certificate(sha256)
    }

    #[test]
    fn one_client_cannot_take_every_place() {
        let places = Places::default();
        let mut own: Vec<_> =
            (0..REQUESTS_IN_FLIGHT_PER_CLIENT_MAX).map(|_| places.take(&client(1)).unwrap()).collect();
        let refusal = places.take(&client(1)).err().unwrap();
        assert!(refusal.retry_after_seconds.is_some());
        let _other = places.take(&client(2)).unwrap();
        own.pop();
        assert!(places.take(&client(1)).is_ok());
    }

    #[test]
    fn there_are_so_many_places_and_each_is_free_again() {
        let places = Places::default();
        let all: Vec<_> = (0..REQUESTS_IN_FLIGHT_MAX).map(|n| places.take(&client(n)).unwrap()).collect();
        assert!(places.take(&client(REQUESTS_IN_FLIGHT_MAX)).is_err());
        drop(all);
        assert!(places.take(&client(0)).is_ok());
        assert!(places.taken().by_client.is_empty(), "nobody is remembered who holds none");
    }
}
