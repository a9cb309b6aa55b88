//! In which order things are asked for: the person's own view comes first, and basic needs come before therapy
//! unless risk is urgent.

use crate::directory::AgencyKind;

/// One thing to ask of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanItem {
    /// What the recipient is.
    pub kind: AgencyKind,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: String,
    /// The person's own rank of the need, 1 the most important; `None` when they gave none.
    pub need_rank: Option<u32>,
}

/// When an item's turn comes; declared in the order of turns.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Emergency,
    Urgent,
    BasicNeed,
    InThePersonsOrder,
}

/// The places of `items` in the order in which they are asked. Within a turn the person's ranks decide, what
/// they did not rank comes last, and what is alike stays in the order given.
#[must_use]
pub fn order(items: &[PlanItem]) -> Vec<usize> {
    let mut places: Vec<(Turn, u32, usize)> = items
        .iter()
        .enumerate()
        .map(|(place, item)| (turn(item), item.need_rank.unwrap_or(u32::MAX), place))
        .collect();
    places.sort();
    places.into_iter().map(|(_, _, place)| place).collect()
}

fn turn(item: &PlanItem) -> Turn {
    match (item.urgency.as_str(), item.kind) {
        ("emergency", _) => Turn::Emergency,
        ("urgent", _) => Turn::Urgent,
        (_, AgencyKind::Housing) => Turn::BasicNeed,
        _ => Turn::InThePersonsOrder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: AgencyKind, urgency: &str, need_rank: Option<u32>) -> PlanItem {
        PlanItem { kind, urgency: urgency.into(), need_rank }
    }

    #[test]
    fn emergencies_then_urgent_risk_then_shelter_then_the_persons_own_order() {
        let items = [
            item(AgencyKind::Probation, "routine", None),
            item(AgencyKind::Voluntary, "routine", Some(1)),
            item(AgencyKind::Cmht, "routine", Some(2)),
            item(AgencyKind::Housing, "routine", Some(9)),
            item(AgencyKind::Cmht, "urgent", None),
            item(AgencyKind::Housing, "urgent", Some(1)),
            item(AgencyKind::SocialCare, "emergency", None),
        ];
        assert_eq!(order(&items), [6, 5, 4, 3, 1, 2, 0]);
    }

    #[test]
    fn shelter_comes_before_therapy_unless_risk_is_urgent() {
        let therapy = |urgency| item(AgencyKind::Cmht, urgency, Some(1));
        let shelter = item(AgencyKind::Housing, "routine", Some(2));
        assert_eq!(order(&[therapy("routine"), shelter.clone()]), [1, 0]);
        assert_eq!(order(&[shelter, therapy("urgent")]), [1, 0]);
    }

    #[test]
    fn what_is_alike_stays_in_the_order_given() {
        let items = vec![item(AgencyKind::Cmht, "routine", Some(3)); 4];
        assert_eq!(order(&items), [0, 1, 2, 3]);
        assert!(order(&[]).is_empty());
    }
}
