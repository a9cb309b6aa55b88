//! From the key of a JSON object to the element that it is: one small hash table for each shape, made once.

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which child of the shape.
    pub(super) child: usize,
    /// Which of the child's types; 0 where there is one.
    pub(super) alternative: usize,
}

/// The keys of one shape.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Places in `entries`, by hash; the length is a power of two, at most half full.
    places: Box<[Option<u32>]>,
    entries: Box<[(Box<str>, Hit)]>,
}

impl Keys {
    /// A table of these keys. Of a key that stands twice the first counts.
    pub(super) fn new(entries: Vec<(Box<str>, Hit)>) -> Self {
        let size = (entries.len() * 2).next_power_of_two();
        let mut places = vec![None; size];
        for (number, (key, _)) in entries.iter().enumerate() {
            let mut at = hash(key) & (size - 1);
            while let Some(Some(_)) = places.get(at) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = places.get_mut(at) {
                *place = u32::try_from(number).ok();
            }
        }
        Self { places: places.into(), entries: entries.into() }
    }

    /// What this key stands for.
    pub(super) fn get(&self, key: &str) -> Option<Hit> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = hash(key) & mask;
        while let Some(Some(number)) = self.places.get(at) {
            let (name, hit) = self.entries.get(usize::try_from(*number).ok()?)?;
            if **name == *key {
                return Some(*hit);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Every key, in the order of the definition.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Hit)> {
        self.entries.iter().map(|(key, hit)| (&**key, *hit))
    }
}

/// Names of elements differ in their length, their first eight or their last eight bytes.
fn hash(key: &str) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = key.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(MIX);
    usize::try_from(mixed >> 40).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_key_and_no_other() {
        let names =
            ["id", "extension", "valueQuantity", "valueString", "valueStringish", "status", "_status", ""];
        let entries: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(child, name)| ((*name).into(), Hit { child, alternative: child % 2 }))
            .collect();
        let keys = Keys::new(entries);
        for (child, name) in names.iter().enumerate() {
            assert_eq!(keys.get(name), Some(Hit { child, alternative: child % 2 }), "{name}");
        }
        for other in ["ids", "valueQuantitx", "Status", "v"] {
            assert_eq!(keys.get(other), None, "{other}");
        }
        assert_eq!(Keys::default().get("id"), None);
    }
}
