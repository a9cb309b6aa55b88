//! Tells one story: submits what L&D submits, lets the agencies do their part, and looks until what must happen
//! has happened or the time for it is over.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{
    client::Ask,
    fixtures::{Expected, Fixtures, Story},
    office::{Office, find_text},
    outcome::{Row, Told},
    receivers::mailbox,
    voice::{Voice, wrapped},
};
use crate::{clock::Stopwatch, directory::Channel, ids::Mint};

/// How long one expectation may take to come true, in milliseconds.
const PATIENCE_MS: u64 = 10_000;
/// How long all stories together may wait, in milliseconds; after that each looks once.
const PATIENCE_ALL_MS: u64 = 25_000;
/// First and longest time between two looks, in milliseconds.
const LOOK_MS: (u64, u64) = (20, 160);

/// Who tells the stories, and of whom.
pub(super) struct Teller<'a> {
    /// The directory and the stories.
    pub(super) fixtures: &'a Fixtures,
    /// Every agency's office, by slug.
    pub(super) offices: &'a HashMap<String, Arc<Office>>,
    /// Where the story is told.
    pub(super) voice: &'a Voice,
    /// Ids for the submissions.
    pub(super) mint: &'a Mint,
}

/// What a submission led to.
struct Submitted {
    person: String,
    /// Recipient and referral.
    referrals: Vec<(String, String)>,
    /// Recipient and consent.
    consents: BTreeMap<String, String>,
}

impl Teller<'_> {
    /// Tells one story. What goes wrong is in the answer, never an early end.
    pub(super) async fn tell(&self, number: usize, story: &Story) -> Told {
        self.voice.heading(&format!("{number}. {}", story.title));
        self.voice.line(&wrapped(&story.scene, 3, 100));
        let mut told = Told { title: format!("{number}. {}", story.title), ..Told::default() };
        let result = match (&story.assessment, &story.asks) {
            (Some(assessment), _) => self.assessment(story, assessment, &mut told).await,
            (None, Some(_)) => self.request(story, &mut told).await,
            (None, None) => Ok(()),
        };
        if let Err(error) = result {
            told.problems.push(format!("{error:#}"));
        }
        told
    }

    /// After all stories: does what each agency received match, and has nothing moved since?
    pub(super) async fn look_back(&self, told: &mut [Told]) {
        for (story, told) in self.fixtures.stories.iter().zip(told) {
            for row in &mut told.rows {
                let asker =
                    story.asks.as_ref().map_or_else(|| self.sender(), |asks| self.office(&asks.agency));
                match asker {
                    Ok(office) => match look(office, &row.referral_id).await {
                        Ok(shown) => row.shown = shown,
                        Err(error) => told.problems.push(format!("{}: {error:#}", row.recipient)),
                    },
                    Err(error) => told.problems.push(format!("{error:#}")),
                }
            }
            // What follows from a story that broke off would hide why it did.
            if told.problems.is_empty() {
                told.problems.extend(self.differences(story, &told.rows));
            }
        }
    }

    async fn assessment(&self, story: &Story, assessment: &Value, told: &mut Told) -> Result<()> {
        let sender = self.sender()?;
        let submitted = self.submit(sender, story, assessment, told).await?;
        told.assessed = true;
        for (recipient, referral) in &submitted.referrals {
            told.rows.push(Row {
                referral_id: referral.clone(),
                person: submitted.person.clone(),
                recipient: recipient.clone(),
                kind: self.fixtures.agency(recipient).map_or("", |a| a.kind.as_str()),
                shown: json!({}),
            });
        }
        if story.housing_collects {
            self.mailboxes(story).await?;
        }
        if let Some(withdraws) = &story.withdraws {
            self.wait(sender, &mut told.rows, |row| {
                withdraws.when.get(&row.recipient).is_none_or(|state| row.text("state") == state)
            })
            .await?;
            sender.tell(&format!("hears from the person: {}", withdraws.words));
            for recipient in &withdraws.recipients {
                let consent = submitted.consents.get(recipient).context("no consent to take back")?;
                self.revoke(sender, recipient, consent).await?;
            }
            if story.housing_collects {
                self.mailboxes(story).await?;
            }
        }
        self.wait(sender, &mut told.rows, |row| {
            let expected = story.expect.get(&row.recipient);
            row.is_settled() && expected.is_none_or(|expected| row.differences(expected).is_empty())
        })
        .await
    }

    /// Submits, as often as the story says, under one key; every repeat must get the first answer.
    async fn submit(
        &self,
        sender: &Office,
        story: &Story,
        assessment: &Value,
        told: &mut Told,
    ) -> Result<Submitted> {
        let key = self.mint.uuid();
        let ask = Ask::post("/assessments", assessment).header("idempotency-key", &key);
        let first = sender.client.send(ask.clone()).await?;
        let answer = first.success("submitting the assessment")?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let pairs = |list: &str, name: &str| -> Vec<(String, String)> {
            let items = answer.get(list).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| Some((text(item, "recipient")?, text(item, name)?))).collect()
        };
        for item in answer.get("referrals").and_then(Value::as_array).into_iter().flatten() {
            let recipient = text(item, "recipient").unwrap_or_default();
            let short = self.fixtures.agency(&recipient).map_or("", |a| a.short.as_str());
            let state = text(item, "state").unwrap_or_default();
            let reason = text(item, "reason").unwrap_or_default();
            sender.tell(&format!("submits; for {short}: {state} ({reason})"));
        }
        for _ in 1..story.sent_times {
            let again = sender.client.send(ask.clone()).await?;
            if again.body == first.body && again.status == first.status {
                told.duplicates_suppressed += 1;
                sender.tell("sends the same again, under the same key, and gets the first answer");
            } else {
                told.problems
                    .push(format!("the same submission again got another answer ({})", again.status));
            }
        }
        Ok(Submitted {
            person: text(&answer, "person").context("the answer names no person")?,
            referrals: pairs("referrals", "referral_id"),
            consents: pairs("consents", "consent_id").into_iter().collect(),
        })
    }

    /// Takes a consent back, and asks again until nothing is in flight any more.
    async fn revoke(&self, sender: &Office, recipient: &str, consent: &str) -> Result<()> {
        let path = format!("/fhir/Consent/{consent}/$revoke");
        let since = Stopwatch::start();
        let mut pause = LOOK_MS.0;
        loop {
            let ask = Ask::post(&path, &json!({}))
                .header("content-type", "application/fhir+json")
                .header("idempotency-key", self.mint.uuid())
                .header("x-request-id", self.mint.uuid());
            let reply = sender.client.send(ask).await?;
            let answer = reply.success("taking a consent back")?;
            let parameters = answer.get("parameter").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let count = |name: &str| parameters.iter().filter(|one| one["name"] == name).count();
            if count("in-flight") == 0 {
                let (stopped, recalled) = (count("stopped"), count("recalled"));
                sender.tell(&format!(
                    "takes back the consent for {recipient}: {stopped} stopped, {recalled} recalled"
                ));
                return Ok(());
            }
            if since.elapsed_micros() / 1_000 > PATIENCE_MS {
                bail!(
                    "taking back the consent for {recipient}: something was still in flight after {PATIENCE_MS} ms"
                );
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            pause = (pause * 2).min(LOOK_MS.1);
        }
    }

    /// Another agency asks L&D; L&D finds it in its mailbox and answers there.
    async fn request(&self, story: &Story, told: &mut Told) -> Result<()> {
        let asks = story.asks.as_ref().context("no request")?;
        let (asker, service) = (self.office(&asks.agency)?, self.sender()?);
        let ask = Ask::post("/justice/requests", &asks.request).header("idempotency-key", self.mint.uuid());
        let answer = asker.send_in("answer-to-request", ask).await?.success("asking for a screening")?;
        let referral = find_text(&answer, "referral_id").context("the answer names no referral")?.to_owned();
        asker.remember(&referral, &story.family()?);
        asker.tell("asks L&D to see a detainee");
        told.rows.push(Row {
            referral_id: referral.clone(),
            person: String::new(),
            recipient: service.agency.id.clone(),
            kind: service.agency.kind.as_str(),
            shown: json!({}),
        });
        for id in mailbox::waiting(service).await? {
            let Some((_, item)) = mailbox::open(service, &id).await? else { continue };
            mailbox::acknowledge(service, &id).await?;
            if find_text(&item, "referralId") != Some(referral.as_str()) {
                continue;
            }
            let mut said = asks.answer.clone();
            if let Some(fields) = said.as_object_mut() {
                fields.insert(String::from("referral_id"), json!(referral));
            }
            service.tell(
                "collects the request from its mailbox, sees the person, and answers through the mailbox",
            );
            mailbox::put_out(service, &asks.agency, "KEYWAY_SCREENING_ANSWER", &said).await?;
        }
        self.wait(asker, &mut told.rows, |row| {
            let expected = story.expect.get(&row.recipient);
            row.is_settled() && expected.is_none_or(|expected| row.differences(expected).is_empty())
        })
        .await?;
        // What the asker learns comes by its own socket, a moment later.
        self.until(|| {
            story
                .expect
                .get(&asks.agency)
                .is_none_or(|e| self.missing(story, &asks.agency, e, &told.rows).is_empty())
        })
        .await;
        for row in &mut told.rows {
            row.person = row.text("person").to_owned();
        }
        Ok(())
    }

    /// Agencies without a server look into their mailboxes.
    async fn mailboxes(&self, story: &Story) -> Result<()> {
        for office in self.offices.values() {
            let is_asked = story.expect.contains_key(&office.agency.id);
            if is_asked && office.agency.channel == Channel::Mailbox {
                mailbox::collect(office).await?;
            }
        }
        Ok(())
    }

    /// Looks at the rows until all are `right`, or the time for it is over: then the last look stands.
    async fn wait(&self, office: &Office, rows: &mut [Row], right: impl Fn(&Row) -> bool) -> Result<()> {
        let since = Stopwatch::start();
        let mut pause = LOOK_MS.0;
        loop {
            for row in rows.iter_mut() {
                row.shown = look(office, &row.referral_id).await?;
            }
            let over =
                since.elapsed_micros() / 1_000 > PATIENCE_MS || self.voice.elapsed_ms() > PATIENCE_ALL_MS;
            if rows.iter().all(&right) || over {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
            pause = (pause * 2).min(LOOK_MS.1);
        }
    }

    async fn until(&self, right: impl Fn() -> bool) {
        let since = Stopwatch::start();
        while !right()
            && since.elapsed_micros() / 1_000 < PATIENCE_MS
            && self.voice.elapsed_ms() < PATIENCE_ALL_MS
        {
            tokio::time::sleep(Duration::from_millis(LOOK_MS.0)).await;
        }
    }

    /// Everything about a story that is not as it must be.
    fn differences(&self, story: &Story, rows: &[Row]) -> Vec<String> {
        let mut found = Vec::new();
        for row in rows {
            match story.expect.get(&row.recipient) {
                Some(expected) => {
                    found.extend(
                        row.differences(expected).into_iter().map(|d| format!("{}: {d}", row.recipient)),
                    );
                }
                None => found.push(format!("{}: a referral that nobody expected", row.recipient)),
            }
        }
        for (recipient, expected) in &story.expect {
            // The asker of a request has no referral of its own here; what it got is looked at all the same.
            let is_asker = story.asks.as_ref().is_some_and(|asks| asks.agency == *recipient);
            if !is_asker && !rows.iter().any(|row| row.recipient == *recipient) {
                found.push(format!("{recipient}: no referral was made"));
            }
            found.extend(self.missing(story, recipient, expected, rows));
        }
        found
    }

    /// What an agency received about a person that it should not have, or should have and did not.
    fn missing(&self, story: &Story, recipient: &str, expected: &Expected, rows: &[Row]) -> Vec<String> {
        let (Ok(family), Ok(office)) = (story.family(), self.office(recipient)) else {
            return vec![format!("{recipient}: no such office")];
        };
        let mut words = vec![family.as_str()];
        let is_asker = story.asks.as_ref().is_some_and(|asks| asks.agency == recipient);
        words.extend(
            rows.iter().filter(|r| is_asker || r.recipient == recipient).map(|r| r.referral_id.as_str()),
        );
        let mut found = Vec::new();
        if office.record.knows(&words) != expected.received {
            let (wanted, was) =
                if expected.received { ("something", "nothing") } else { ("nothing", "something") };
            found.push(format!(
                "{recipient}: it should have received {wanted} about this person, and received {was}"
            ));
        }
        let named = office.record.about(&[&family]).count();
        if let Some(wanted) = expected.named.filter(|wanted| *wanted != named) {
            found.push(format!(
                "{recipient}: {wanted} of what it received should name the person, and {named} did"
            ));
        }
        let about: Vec<String> = office.record.about(&words).collect();
        let holds = |text: &String| about.iter().any(|heard| heard.contains(text.as_str()));
        for text in expected.told.iter().filter(|text| !holds(text)) {
            found.push(format!("{recipient}: it should have been told \"{text}\""));
        }
        for text in expected.not_told.iter().filter(|text| holds(text)) {
            found.push(format!("{recipient}: it should not have been told \"{text}\""));
        }
        found
    }

    fn sender(&self) -> Result<&Office> {
        self.office(&self.fixtures.sender()?.id)
    }

    fn office(&self, id: &str) -> Result<&Office> {
        self.offices.get(id).map(Arc::as_ref).with_context(|| format!("there is no agency {id}"))
    }
}

/// The referral as its sender sees it.
async fn look(office: &Office, referral: &str) -> Result<Value> {
    office.client.send(Ask::get(format!("/referrals/{referral}"))).await?.success("following a referral")
}
