//! A view: the leaves of a block that it is of, by the numbers of their places.

use super::pattern::Condition;

/// Leaves, each with the alternatives of what must hold. It is asked for each leaf of each projection, so it is looked up by
/// the place's number and not by a hash of it.
#[derive(Default)]
pub(super) struct View {
    /// For each place, the number of its alternatives from 1; 0 where it has none.
    at: Vec<u16>,
    alternatives: Vec<Vec<Condition>>,
}

impl View {
    /// Adds the leaf at `place`, under this condition. An error when there are too many.
    pub(super) fn add(&mut self, place: usize, condition: Condition) -> Result<(), String> {
        if self.at.len() <= place {
            self.at.resize(place.saturating_add(1), 0);
        }
        let Some(number) = self.at.get_mut(place) else { return Ok(()) };
        if *number == 0 {
            self.alternatives.push(Vec::new());
            *number = u16::try_from(self.alternatives.len())
                .map_err(|_| String::from("a view has too many leaves"))?;
        }
        if let Some(of_leaf) = self.alternatives.get_mut(usize::from(*number).saturating_sub(1)) {
            of_leaf.push(condition);
        }
        Ok(())
    }

    /// The alternatives for the leaf at `place`; none, where it is not of the view.
    pub(super) fn get(&self, place: usize) -> &[Condition] {
        let number = self.at.get(place).copied().map_or(0, usize::from);
        let of_leaf = number.checked_sub(1).and_then(|number| self.alternatives.get(number));
        of_leaf.map_or(&[], Vec::as_slice)
    }

    /// How many leaves it has.
    pub(super) const fn len(&self) -> usize {
        self.alternatives.len()
    }

    /// Whether the leaf at `place` is of the view, whatever must hold.
    pub(super) fn has(&self, place: usize) -> bool {
        !self.get(place).is_empty()
    }
}
