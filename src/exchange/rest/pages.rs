//! A page of what comes from referrals: by their ids, about people, or all that the caller sent and was sent in the order
//! of time.

use async_trait::async_trait;

use super::{
    asked::Asked,
    kinds::PATIENT,
    page::Place,
    referrals::record_of,
    search::Page,
    shown::Look,
    walk::{self, Key, Ordered, Stored},
};
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
    ids::ReferralId,
    limits,
};

impl Exchange {
    pub(super) async fn search_referrals(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let by_update = asked.sort == "_lastUpdated" || asked.sort.is_empty();
        let by = if by_update { By::Update } else { By::Creation };
        let mut referrals = Referrals { exchange: self, caller, asked, by, place };
        let mut page = Page::new(asked.count);
        let people = self.people_asked_for(caller, asked).await?;
        let named = match (ids_asked_for(asked), people) {
            (Some(ids), people) => {
                let mut rows = self.referrals_named(caller, asked, &ids).await?;
                rows.retain(|row| people.as_ref().is_none_or(|people| people.contains(&row.person_id)));
                Some(rows)
            }
            (None, Some(people)) => Some(self.referrals_about_people(caller, &people).await?),
            (None, None) => None,
        };
        if let Some(rows) = named {
            walk::few(&mut referrals, rows, place, &mut page).await?;
            return Ok(page);
        }
        // A record that has more to give than the page before could hold comes first.
        if let Some(begun) = place.filter(|place| place.part.is_some())
            && let Some(id) = ReferralId::parse(&begun.id)
            && let Some(row) = self.store.referral(&caller.site_id, &id).await?
            && may_see(caller, &row)
            && !referrals.put(row, &mut page).await?
        {
            return Ok(page);
        }
        walk::through(&mut referrals, place, &mut page).await?;
        Ok(page)
    }

    async fn referrals_named(
        &self,
        caller: &Caller,
        asked: &Asked,
        ids: &[String],
    ) -> Result<Vec<ReferralRow>, Refusal> {
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(Refusal::unless_missing(self.referral_seen(caller, asked.kind, id).await)?);
        }
        Ok(rows)
    }
}

/// What the caller sent and was sent, by one of its times.
struct Referrals<'a> {
    exchange: &'a Exchange,
    caller: &'a Caller,
    asked: &'a Asked,
    by: By,
    place: Option<&'a Place>,
}

#[async_trait]
impl Ordered for Referrals<'_> {
    type Row = ReferralRow;

    fn is_backwards(&self) -> bool {
        self.asked.backwards
    }

    fn key(&self, row: &ReferralRow) -> Key {
        let at = match self.by {
            By::Creation => row.created_at,
            By::Update => row.updated_at,
        };
        (at, row.referral_id.to_string())
    }

    async fn put(&mut self, row: ReferralRow, page: &mut Page) -> Result<bool, Refusal> {
        let (caller, kind) = (self.caller, self.asked.kind);
        let (at, id) = self.key(&row);
        let begun = self.place.filter(|place| place.id == id).and_then(|place| place.part);
        for one in self.exchange.yielded(caller, kind, &row, &row).await? {
            let passed = begun.is_some_and(|part| one.part <= part);
            if passed || !self.asked.fits(&one.resource, PATIENT) {
                continue;
            }
            if page.is_full() {
                page.end();
                return Ok(false);
            }
            let end = Place { at: at.0, id: id.clone(), part: Some(one.part) };
            match self.exchange.finish(caller, kind, one, &row, &row, Look::Search).await {
                Ok(shown) => {
                    page.add(shown, end);
                }
                // Not let out now: it is not on the page, and nothing says that it could have been.
                Err(refusal) if matches!(refusal.class, Refused::NotFound | Refused::Gone) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(true)
    }
}

#[async_trait]
impl Stored for Referrals<'_> {
    async fn batch(&self, after: Option<Key>) -> Result<Vec<ReferralRow>, Refusal> {
        let times: &[&str] = match self.by {
            By::Creation => &["authored-on", "authored"],
            By::Update => &["_lastUpdated"],
        };
        let (from, to) = self.asked.between(times);
        // What was said is older than the last move of what it is about.
        let to = if self.asked.kind.name == "Communication" { Moment(i64::MAX) } else { to };
        let mut rows = Vec::new();
        for side in sides(self.caller, self.asked) {
            let question = ReferralPage {
                site_id: self.caller.site_id.clone(),
                partner_id: self.caller.partner_id.clone(),
                side,
                by: self.by,
                backwards: self.asked.backwards,
                from,
                to,
                after: after.clone(),
                limit: limits::SEARCH_BATCH,
            };
            rows.extend(self.exchange.store.referrals_of(&question).await?);
        }
        rows.sort_by_cached_key(|row| self.key(row));
        rows.dedup_by(|a, b| a.referral_id == b.referral_id);
        if self.asked.backwards {
            rows.reverse();
        }
        // What both sides together have up to here is complete no further than one side's batch goes.
        rows.truncate(limits::SEARCH_BATCH);
        Ok(rows)
    }
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
