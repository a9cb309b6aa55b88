//! A page of what comes from referrals: by their ids, about people, or all that the caller sent and was sent in the order
//! of time.

use super::{asked::Asked, kinds::PATIENT, page::Place, referrals::record_of, search::Page, shown::Look};
use crate::{
    clock::Moment,
    exchange::{
        Exchange,
        browse::{By, ReferralPage, Side},
        caller::Caller,
        refusal::{Refusal, Refused},
        respond::may_see,
        rows::ReferralRow,
    },
    fhir::search::Comparator,
    ids::ReferralId,
    limits,
};

/// How rows are ordered and where to begin.
struct Order<'a> {
    by: By,
    backwards: bool,
    place: Option<&'a Place>,
}

impl Order<'_> {
    fn key(&self, row: &ReferralRow) -> (Moment, String) {
        let at = match self.by {
            By::Creation => row.created_at,
            By::Update => row.updated_at,
        };
        (at, row.referral_id.to_string())
    }

    fn sort(&self, rows: &mut Vec<ReferralRow>) {
        rows.sort_by_key(|row| self.key(row));
        if self.backwards {
            rows.reverse();
        }
        rows.dedup_by(|a, b| a.referral_id == b.referral_id);
    }
}

impl Exchange {
    pub(super) async fn search_referrals(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let by =
            if asked.sort == "_lastUpdated" || asked.sort.is_empty() { By::Update } else { By::Creation };
        let order = Order { by, backwards: asked.backwards, place };
        let mut page = Page::new(asked.count);
        let people = self.people_asked_for(caller, asked).await?;
        let few = match (ids_asked_for(asked), people) {
            (Some(ids), people) => {
                let mut rows = self.referrals_named(caller, asked, &ids).await?;
                rows.retain(|row| people.as_ref().is_none_or(|people| people.contains(&row.person_id)));
                Some(rows)
            }
            (None, Some(people)) => Some(self.referrals_about_people(caller, &people).await?),
            (None, None) => None,
        };
        if let Some(mut rows) = few {
            order.sort(&mut rows);
            // Up to the place where the page before ended, and that record again when it has more to give.
            let begin = place.map_or(0, |place| {
                let at = rows.iter().position(|row| row.referral_id.as_str() == place.id);
                let passed = rows.iter().take_while(|row| is_before(&order, row, place)).count();
                at.map_or(passed, |at| if place.part.is_some() { at } else { at + 1 })
            });
            self.fill(caller, asked, &order, rows.split_off(begin.min(rows.len())), &mut page).await?;
            return Ok(page);
        }
        self.scan(caller, asked, &order, &mut page).await?;
        Ok(page)
    }

    /// Goes through everything of the caller's in the order of time, as far as one page may.
    async fn scan(
        &self,
        caller: &Caller,
        asked: &Asked,
        order: &Order<'_>,
        page: &mut Page,
    ) -> Result<(), Refusal> {
        let mut after = order.place.map(Place::key);
        let mut scanned = 0;
        // A record that has more to give than the page before could hold comes first.
        if let Some(place) = order.place.filter(|place| place.part.is_some())
            && let Some(id) = ReferralId::parse(&place.id)
            && let Some(row) = self.store.referral(&caller.site_id, &id).await?
            && may_see(caller, &row)
            && !self.fill(caller, asked, order, vec![row], page).await?
        {
            return Ok(());
        }
        loop {
            let mut rows = Vec::new();
            for side in sides(caller, asked) {
                let question = ReferralPage {
                    site_id: caller.site_id.clone(),
                    partner_id: caller.partner_id.clone(),
                    side,
                    by: order.by,
                    backwards: order.backwards,
                    from: bound(asked, order.by, false),
                    to: bound(asked, order.by, true),
                    after: after.clone(),
                    limit: limits::SEARCH_BATCH,
                };
                rows.extend(self.store.referrals_of(&question).await?);
            }
            order.sort(&mut rows);
            // What both sides together have up to here is complete no further than one side's batch goes.
            rows.truncate(limits::SEARCH_BATCH);
            let Some(last) = rows.last().map(|row| order.key(row)) else { return Ok(()) };
            let whole = rows.len() < limits::SEARCH_BATCH;
            scanned += rows.len();
            if !self.fill(caller, asked, order, rows, page).await? || whole {
                return Ok(());
            }
            if scanned >= limits::SEARCH_SCAN_MAX {
                page.next = Some(Place::after(last.0, last.1));
                return Ok(());
            }
            after = Some(last);
        }
    }

    /// Adds what fits of these rows. `false`: the page is full.
    async fn fill(
        &self,
        caller: &Caller,
        asked: &Asked,
        order: &Order<'_>,
        rows: Vec<ReferralRow>,
        page: &mut Page,
    ) -> Result<bool, Refusal> {
        for row in rows {
            let (at, id) = order.key(&row);
            let begun = order.place.filter(|place| place.id == id).and_then(|place| place.part);
            for one in self.yielded(caller, asked.kind, &row, &row).await? {
                let passed = begun.is_some_and(|part| one.part <= part);
                if passed || !asked.fits(&one.resource, PATIENT) {
                    continue;
                }
                let part = one.part;
                let end = Place { at: at.0, id: id.clone(), part: Some(part) };
                if page.is_full() {
                    page.end();
                    return Ok(false);
                }
                match self.finish(caller, asked.kind, one, &row, &row, Look::Search).await {
                    Ok(shown) => {
                        page.add(shown, end);
                    }
                    // Not let out now: it is not on the page, and nothing says that it could have been.
                    Err(refusal) if matches!(refusal.class, Refused::NotFound | Refused::Gone) => {}
                    Err(refusal) => return Err(refusal),
                }
            }
        }
        Ok(true)
    }

    async fn referrals_named(
        &self,
        caller: &Caller,
        asked: &Asked,
        ids: &[String],
    ) -> Result<Vec<ReferralRow>, Refusal> {
        let mut rows = Vec::new();
        for id in ids {
            match self.referral_seen(caller, asked.kind, id).await {
                Ok(row) => rows.push(row),
                Err(refusal) if refusal.class == Refused::NotFound => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(rows)
    }
}

/// Whether a row stands before a place in the order.
fn is_before(order: &Order<'_>, row: &ReferralRow, place: &Place) -> bool {
    let (key, place) = (order.key(row), place.key());
    if order.backwards { key > place } else { key < place }
}

/// The referrals that are asked for by id, directly or by what belongs to them.
fn ids_asked_for(asked: &Asked) -> Option<Vec<String>> {
    let named = ["_id", "focus", "based-on", "about", "identifier"];
    let filter = named.into_iter().find_map(|name| asked.filters_on(name).next())?;
    let ids = filter.values.iter().map(|value| {
        let id = value.rsplit_once(['/', '|']).map_or(value.as_str(), |(_, id)| id);
        let kind = asked.kind;
        if filter.parameter.name == "_id" { record_of(kind, id).0.to_owned() } else { id.to_owned() }
    });
    Some(ids.collect())
}

/// In which part the caller stands, where the search says.
fn sides(caller: &Caller, asked: &Asked) -> Vec<Side> {
    let only_other = |name: &str, wanted: bool| {
        let own = format!("Organization/{}", caller.partner_id);
        asked.filters_on(name).any(|filter| filter.values.iter().all(|value| (*value == own) == wanted))
    };
    let recipient_only =
        only_other("owner", true) || only_other("performer", true) || only_other("requester", false);
    let sender_only =
        only_other("requester", true) || only_other("owner", false) || only_other("performer", false);
    match (recipient_only, sender_only) {
        (true, false) => vec![Side::Recipient],
        (false, true) => vec![Side::Sender],
        _ => vec![Side::Sender, Side::Recipient],
    }
}

/// The earliest or latest moment that the search leaves for the time that orders. What is shown has milliseconds: one
/// more on each side, and the filter itself decides.
fn bound(asked: &Asked, by: By, upper: bool) -> Moment {
    const SLACK: i64 = 1_000;
    let names: &[&str] = match by {
        By::Creation => &["authored-on", "authored"],
        By::Update => &["_lastUpdated"],
    };
    let exact = !matches!(asked.kind.name, "Communication");
    let mut bound = if upper { Moment(i64::MAX) } else { Moment(i64::MIN) };
    for filter in names.iter().flat_map(|name| asked.filters_on(name)) {
        let [(comparator, period)] = filter.dates.as_slice() else { continue };
        match (comparator, upper) {
            (Comparator::Equal | Comparator::AtLeast, false) => {
                bound = bound.max(Moment(period.start.0.saturating_sub(SLACK)));
            }
            (Comparator::After, false) => bound = bound.max(Moment(period.end.0.saturating_sub(SLACK))),
            (Comparator::Equal | Comparator::AtMost, true) if exact => {
                bound = bound.min(Moment(period.end.0.saturating_add(SLACK)));
            }
            (Comparator::Before, true) if exact => {
                bound = bound.min(Moment(period.start.0.saturating_add(SLACK)));
            }
            _ => {}
        }
    }
    bound
}
