//! The methods of [`Store`], each one statement or a few.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use rusqlite::Connection;

use super::{
    SqliteStore,
    lanes::{self, Number},
    run, sequence,
};
use crate::{
    clock::Moment,
    directory::{Agreement, Channel, Partner},
    exchange::{
        ports::{CommitError, DeliveryBundle, Precondition, Read, Store, StoreError, Write, WriteSet},
        rows::{
            AssessmentRow, ConsentRow, ConversationRow, DecisionRow, DeliveryRow, DeliveryStatus, EpisodeRow,
            IdempotencyRow, InboundRow, LeasedLane, LogHead, MessageRow, OfficerRow, PersonRow, Quoted,
            RecallRow, ReferralRow, RootKeyRow, StoredEntry,
        },
    },
    ids::{
        AssessmentId, AttemptId, ConsentId, DecisionId, DeliveryId, DisclosureId, EpisodeId, MessageId,
        PartnerId, PersonId, ReferralId, SiteId,
    },
    limits::SEQUENCER_LAG_MAX,
    store::{
        cell::{Cell, RowReader},
        decode::FromRow,
        sql::{audit, conversations, directory, inbound, lanes as lane_sql, messages, people, referrals},
        steps,
    },
};

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, writes: WriteSet, preconditions: Vec<Precondition>) -> Result<(), CommitError> {
        let entries = writes.iter().filter(|write| matches!(write, Write::Audit(_))).count();
        // What has happened outside is recorded, however much waits; nothing further begins.
        let is_record = writes.iter().any(|write| matches!(write, Write::AttemptEnded(..)))
            && !writes.iter().any(|write| matches!(write, Write::AttemptBegun(..)));
        if entries > 0
            && !is_record
            && self.writer.shared().waiting.load(Ordering::Relaxed) > SEQUENCER_LAG_MAX
        {
            return Err(CommitError::Busy);
        }
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        let steps = steps::of_commit(writes, preconditions, self.clock.now());
        self.writer
            .submit_entering(
                move |connection| steps.iter().try_for_each(|step| run::step(connection, step)),
                move |()| entries,
            )
            .await
    }

    async fn root_key(&self) -> Read<Option<RootKeyRow>> {
        self.readers.row(people::ROOT_KEY, Vec::new()).await
    }

    async fn partner_by_client(&self, client_id: &str) -> Read<Option<Partner>> {
        self.readers.row(directory::PARTNER_BY_CLIENT, vec![client_id.into()]).await
    }

    async fn officer(&self, name: &str) -> Read<Option<OfficerRow>> {
        self.readers.row(directory::OFFICER, vec![name.into()]).await
    }

    async fn partner(&self, site: &SiteId, partner: &PartnerId) -> Read<Option<Partner>> {
        self.readers.row(directory::PARTNER, vec![site.into(), partner.into()]).await
    }

    async fn partners(&self, site: &SiteId) -> Read<Vec<Partner>> {
        self.readers.rows(directory::PARTNERS, vec![site.into()]).await
    }

    async fn agreements(&self, site: &SiteId, partner: &PartnerId) -> Read<Vec<Agreement>> {
        self.readers.rows(directory::AGREEMENTS, vec![site.into(), partner.into()]).await
    }

    async fn idempotent_answer(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        key: &str,
        now: Moment,
    ) -> Read<Option<IdempotencyRow>> {
        self.readers.row(inbound::ANSWER, vec![site.into(), partner.into(), key.into(), now.into()]).await
    }

    async fn people_by_lookup(&self, site: &SiteId, lookups: &[(String, [u8; 32])]) -> Read<Vec<PersonRow>> {
        let questions: Vec<[Cell; 3]> =
            lookups.iter().map(|(kind, hash)| [site.into(), kind.as_str().into(), (*hash).into()]).collect();
        self.readers
            .run(move |connection| {
                let mut people: Vec<PersonRow> = Vec::new();
                for question in &questions {
                    let found: Option<PersonRow> = run::row(connection, people::PERSON_BY_LOOKUP, question)?;
                    people.extend(found.filter(|p| people.iter().all(|q| q.person_id != p.person_id)));
                }
                Ok(people)
            })
            .await
    }

    async fn person(&self, site: &SiteId, person: &PersonId) -> Read<Option<PersonRow>> {
        self.readers.row(people::PERSON, vec![site.into(), person.into()]).await
    }

    async fn open_episode(&self, site: &SiteId, person: &PersonId) -> Read<Option<EpisodeRow>> {
        self.readers.row(people::OPEN_EPISODE, vec![site.into(), person.into()]).await
    }

    async fn consents_of(&self, site: &SiteId, person: &PersonId) -> Read<Vec<ConsentRow>> {
        self.readers.rows(people::CONSENTS_OF, vec![site.into(), person.into()]).await
    }

    async fn consent(&self, site: &SiteId, consent: &ConsentId) -> Read<Option<ConsentRow>> {
        self.readers.row(people::CONSENT, vec![site.into(), consent.into()]).await
    }

    async fn assessment(&self, site: &SiteId, assessment: &AssessmentId) -> Read<Option<AssessmentRow>> {
        self.readers.row(people::ASSESSMENT, vec![site.into(), assessment.into()]).await
    }

    async fn assessment_after(
        &self,
        site: &SiteId,
        assessment: &AssessmentId,
    ) -> Read<Option<AssessmentRow>> {
        self.readers.row(people::ASSESSMENT_AFTER, vec![site.into(), assessment.into()]).await
    }

    async fn referral(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<ReferralRow>> {
        self.readers.row(referrals::REFERRAL, vec![site.into(), referral.into()]).await
    }

    async fn referrals_of_episode(&self, site: &SiteId, episode: &EpisodeId) -> Read<Vec<ReferralRow>> {
        self.readers.rows(referrals::REFERRALS_OF_EPISODE, vec![site.into(), episode.into()]).await
    }

    async fn referrals_to(
        &self,
        site: &SiteId,
        person: &PersonId,
        recipient: &PartnerId,
    ) -> Read<Vec<ReferralRow>> {
        self.readers.rows(referrals::REFERRALS_TO, vec![site.into(), person.into(), recipient.into()]).await
    }

    async fn referrals_resting_on(
        &self,
        site: &SiteId,
        person: &PersonId,
        agency: &PartnerId,
    ) -> Read<Vec<ReferralRow>> {
        let cells = vec![site.into(), person.into(), agency.into()];
        self.readers.rows(referrals::REFERRALS_RESTING_ON, cells).await
    }

    async fn deliveries_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Vec<DeliveryRow>> {
        self.readers.rows(messages::DELIVERIES_OF, vec![site.into(), referral.into()]).await
    }

    async fn decision(&self, site: &SiteId, decision: &DecisionId) -> Read<Option<DecisionRow>> {
        self.readers.row(referrals::DECISION, vec![site.into(), decision.into()]).await
    }

    async fn message(&self, site: &SiteId, message: &MessageId) -> Read<Option<MessageRow>> {
        self.readers.row(messages::MESSAGE, vec![site.into(), message.into()]).await
    }

    async fn message_by_wire_id(
        &self,
        site: &SiteId,
        recipient: &PartnerId,
        wire_id: &str,
    ) -> Read<Option<MessageRow>> {
        self.readers
            .row(messages::MESSAGE_BY_WIRE_ID, vec![site.into(), recipient.into(), wire_id.into()])
            .await
    }

    async fn message_by_disclosure(
        &self,
        site: &SiteId,
        disclosure: &DisclosureId,
    ) -> Read<Option<MessageRow>> {
        self.readers.row(messages::MESSAGE_BY_DISCLOSURE, vec![site.into(), disclosure.into()]).await
    }

    async fn inbound(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        message_key: &str,
    ) -> Read<Option<InboundRow>> {
        self.readers.row(inbound::INBOUND, vec![site.into(), partner.into(), message_key.into()]).await
    }

    async fn conversation_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<ConversationRow>> {
        self.readers.row(conversations::CONVERSATION_OF, vec![site.into(), referral.into()]).await
    }

    async fn conversations(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        quoted: &Quoted,
    ) -> Read<Vec<ConversationRow>> {
        let (sql, value): (_, Cell) = match quoted {
            Quoted::Bundle(id) => (conversations::BY_BUNDLE, id.as_str().into()),
            Quoted::Correlation(id) => (conversations::BY_CORRELATION, id.as_str().into()),
            Quoted::Request(hash) => (conversations::BY_REQUEST, (*hash).into()),
        };
        self.readers.rows(sql, vec![site.into(), partner.into(), value]).await
    }

    async fn open_recall(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<RecallRow>> {
        self.readers.row(referrals::OPEN_RECALL, vec![site.into(), referral.into()]).await
    }

    async fn recalls_due(&self, now: Moment, limit: usize) -> Read<Vec<RecallRow>> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        self.readers.rows(referrals::RECALLS_DUE, vec![now.into(), most.into()]).await
    }

    async fn lease_lanes(
        &self,
        owner: &str,
        now: Moment,
        until: Moment,
        limit: usize,
    ) -> Result<Vec<LeasedLane>, CommitError> {
        let owner = owner.to_owned();
        self.writer.submit(move |connection| lanes::lease(connection, &owner, now, until, limit)).await
    }

    async fn next_due(&self) -> Read<Option<Moment>> {
        let due: Option<Number> = self.readers.row(lane_sql::NEXT_DUE, Vec::new()).await?;
        Ok(due.and_then(|Number(at)| at).map(Moment))
    }

    async fn delivery(&self, delivery: &DeliveryId) -> Read<Option<DeliveryBundle>> {
        let question = [delivery.into()];
        self.readers.run(move |connection| bundle(connection, messages::DELIVERY, &question)).await
    }

    async fn delivery_of_message(&self, site: &SiteId, message: &MessageId) -> Read<Option<DeliveryBundle>> {
        let question = [site.into(), message.into()];
        self.readers.run(move |connection| bundle(connection, messages::DELIVERY_OF_MESSAGE, &question)).await
    }

    async fn backlog(&self, site: &SiteId, partner: &PartnerId, stop_at: u64) -> Read<u64> {
        let stop_at = i64::try_from(stop_at).unwrap_or(i64::MAX);
        let waiting: Option<Number> =
            self.readers.row(lane_sql::BACKLOG, vec![site.into(), partner.into(), stop_at.into()]).await?;
        let waiting = waiting.and_then(|Number(count)| count).and_then(|count| u64::try_from(count).ok());
        waiting.ok_or(StoreError::Corrupt("delivery"))
    }

    async fn mailbox(
        &self,
        site: &SiteId,
        recipient: &PartnerId,
        now: Moment,
        after: Option<&DeliveryId>,
        limit: usize,
    ) -> Read<Vec<DeliveryRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut cells = vec![site.into(), recipient.into(), now.into()];
        let sql = match after {
            None => messages::MAILBOX,
            Some(after) => {
                cells.push(after.into());
                messages::MAILBOX_AFTER
            }
        };
        cells.push(limit.into());
        self.readers.rows(sql, cells).await
    }

    async fn sequence_audit(&self, limit: usize) -> Result<usize, CommitError> {
        self.writer
            .submit_entering(
                move |connection| sequence::sequence(connection, limit),
                |given| i64::try_from(*given).map_or(0, |given| -given),
            )
            .await
    }

    async fn log_head(&self) -> Read<LogHead> {
        let head: Option<LogHead> = self.readers.row(audit::HEAD_AND_WAITING, Vec::new()).await?;
        head.ok_or(StoreError::Corrupt("log_head"))
    }

    async fn audit_page(&self, from: i64, limit: usize) -> Read<Vec<StoredEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.readers.rows(audit::PAGE, vec![from.into(), limit.into()]).await
    }

    async fn audit_about(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        limit: usize,
    ) -> Read<Vec<StoredEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut latest: Vec<StoredEntry> =
            self.readers.rows(audit::ABOUT, vec![site.into(), referral.into(), limit.into()]).await?;
        latest.reverse();
        Ok(latest)
    }

    async fn delivery_counts(&self) -> Read<Vec<(Channel, DeliveryStatus, u64)>> {
        self.readers.rows(messages::DELIVERY_COUNTS, Vec::new()).await
    }

    async fn healthy(&self) -> Result<(), CommitError> {
        self.writer.submit(|connection| lanes::execute(connection, audit::TOUCH, &[]).map(|_| ())).await
    }
}

/// An attempt's id alone in its row.
struct OpenAttempt(AttemptId);

impl FromRow for OpenAttempt {
    const TABLE: &'static str = "attempt";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        row.id(AttemptId::parse).map(Self)
    }
}

/// A delivery with all that belongs to it, as it was at one moment.
fn bundle(connection: &Connection, sql: &str, question: &[Cell]) -> Read<Option<DeliveryBundle>> {
    let failed = |error: rusqlite::Error| StoreError::Unavailable(error.to_string());
    let snapshot = connection.unchecked_transaction().map_err(failed)?;
    let Some(delivery) = run::row::<DeliveryRow>(&snapshot, sql, question)? else {
        return Ok(None);
    };
    let site = Cell::from(&delivery.new.site_id);
    let message: MessageRow =
        run::row(&snapshot, messages::MESSAGE, &[site.clone(), (&delivery.new.message_id).into()])?
            .ok_or(StoreError::Corrupt("delivery"))?;
    let referral: ReferralRow =
        run::row(&snapshot, referrals::REFERRAL, &[site.clone(), (&delivery.new.referral_id).into()])?
            .ok_or(StoreError::Corrupt("delivery"))?;
    let decision = match &message.decision_id {
        None => None,
        Some(id) => run::row(&snapshot, referrals::DECISION, &[site, id.into()])?,
    };
    let open_attempt: Option<OpenAttempt> =
        run::row(&snapshot, messages::OPEN_ATTEMPT, &[(&delivery.new.delivery_id).into()])?;
    let open_attempt = open_attempt.map(|OpenAttempt(id)| id);
    Ok(Some(DeliveryBundle { delivery, message, referral, decision, open_attempt }))
}
