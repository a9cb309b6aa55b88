//! The agencies, the agreements and the stories of the demonstration, read from `fixtures/`.
//!
//! They are compiled in, so that the binary alone is enough. Times in them are words such as `@now-2h` or
//! `@today+28d`, so that a story stays true on whatever day it is told. Everyone in them is made up.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::time_words;
use crate::{
    clock::Moment,
    directory::{
        AgencyKind, Channel,
        import::{self, ListedAgency, ListedAgreement, Listing},
    },
    ids::SiteId,
};

const DIRECTORY: &str = include_str!("../../../fixtures/directory.json");
const AGREEMENTS: &str = include_str!("../../../fixtures/agreements.json");
const TRY: &str = include_str!("../../../fixtures/try-assessment.json");
const STORIES: [(&str, &str); 11] = [
    ("01-all-consented.json", include_str!("../../../fixtures/story/01-all-consented.json")),
    ("02-housing-refused.json", include_str!("../../../fixtures/story/02-housing-refused.json")),
    ("03-police-refused.json", include_str!("../../../fixtures/story/03-police-refused.json")),
    ("04-imminent-risk.json", include_str!("../../../fixtures/story/04-imminent-risk.json")),
    ("05-no-consent.json", include_str!("../../../fixtures/story/05-no-consent.json")),
    ("06-consent-expired.json", include_str!("../../../fixtures/story/06-consent-expired.json")),
    (
        "07-withdrawn-while-queued.json",
        include_str!("../../../fixtures/story/07-withdrawn-while-queued.json"),
    ),
    (
        "08-withdrawn-and-recalled.json",
        include_str!("../../../fixtures/story/08-withdrawn-and-recalled.json"),
    ),
    ("09-sent-twice.json", include_str!("../../../fixtures/story/09-sent-twice.json")),
    ("10-custody-asks.json", include_str!("../../../fixtures/story/10-custody-asks.json")),
    ("11-seventeen.json", include_str!("../../../fixtures/story/11-seventeen.json")),
];

/// Everything that the demonstration is made from.
pub(super) struct Fixtures {
    /// The service and the agencies round it.
    pub(super) directory: Directory,
    /// What was agreed with each agency.
    pub(super) agreements: Vec<ListedAgreement>,
    /// The stories, in the order in which they are told.
    pub(super) stories: Vec<Story>,
    /// The assessment that `try.sh` submits.
    pub(super) try_assessment: Value,
}

/// The service and the agencies round it.
#[derive(Debug)]
pub(super) struct Directory {
    /// The tenant.
    pub(super) site_id: SiteId,
    /// Its name.
    pub(super) site_name: String,
    /// The agencies, the service itself first.
    pub(super) agencies: Vec<Agency>,
}

/// An agency.
#[derive(Clone, Debug)]
pub(super) struct Agency {
    /// Its slug, also the id of its mailbox.
    pub(super) id: String,
    /// What it is.
    pub(super) kind: AgencyKind,
    /// Its name, for people.
    pub(super) name: String,
    /// A short name for the lines of the story.
    pub(super) short: String,
    /// `system|value`.
    pub(super) organisation_code: String,
    /// How messages reach it.
    pub(super) channel: Channel,
    /// What kind of service it is, where its kind does not say it.
    pub(super) service: Option<String>,
}

impl Agency {
    /// Its certificate, its client id and where it listens are made when the stage is set.
    fn listed(agency: &ListedAgency) -> Option<Self> {
        Some(Self {
            id: agency.id.as_ref()?.to_string(),
            kind: agency.kind?,
            name: agency.name.clone()?,
            short: agency.short.clone()?,
            organisation_code: agency.organisation_code.clone()?,
            channel: agency.channel?,
            service: agency.service.clone().filter(|word| !word.is_empty()),
        })
    }
}

/// One person's story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// The heading.
    pub(super) title: String,
    /// What goes on, in a few sentences.
    pub(super) scene: String,
    /// What L&D submits.
    #[serde(default)]
    pub(super) assessment: Option<Value>,
    /// What another agency asks of L&D.
    #[serde(default)]
    pub(super) asks: Option<Asks>,
    /// How often the same submission is sent, under one key.
    #[serde(default = "once")]
    pub(super) sent_times: u32,
    /// Whether housing looks into its mailbox during the story.
    #[serde(default = "yes")]
    pub(super) housing_collects: bool,
    /// What the staff of each agency say when they have read about this person.
    #[serde(default)]
    pub(super) staff: BTreeMap<String, StaffAnswer>,
    /// The consents that are taken back, and when.
    #[serde(default)]
    pub(super) withdraws: Option<Withdraws>,
    /// What must have happened, by recipient.
    pub(super) expect: BTreeMap<String, Expected>,
}

/// A request to L&D.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asks {
    /// Who asks.
    pub(super) agency: String,
    /// The request, as `POST /justice/requests` takes it.
    pub(super) request: Value,
    /// What L&D answers through its mailbox.
    pub(super) answer: Value,
}

/// What staff say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffAnswer {
    /// The action: `accept`, `decline`, `use`, `not-use`.
    pub(super) say: String,
    /// Why, as a code.
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// Why, in their words.
    #[serde(default)]
    pub(super) comment: Option<String>,
    /// An appointment that they offer.
    #[serde(default)]
    pub(super) appointment: Option<Appointment>,
    /// What they answer to a recall.
    #[serde(default)]
    pub(super) to_recall: Option<String>,
}

/// An appointment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Appointment {
    /// When.
    pub(super) start: String,
    /// Where.
    pub(super) place: String,
}

/// Consents that are taken back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdraws {
    /// The states that must be reached first, by recipient.
    pub(super) when: BTreeMap<String, String>,
    /// For whom.
    pub(super) recipients: Vec<String>,
    /// The person's words, for the story.
    pub(super) words: String,
}

/// What must have happened with one recipient.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// The state. Empty for an agency that asked: it has no referral of its own.
    #[serde(default)]
    pub(super) state: String,
    /// The reason code, as the referral shows it. Absent: not looked at.
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// The finer word.
    #[serde(default)]
    pub(super) business_status: Option<String>,
    /// Fields that must be named as withheld (these, or something above or below them).
    #[serde(default)]
    pub(super) withheld: Vec<String>,
    /// Whether the recipient got anything about this person.
    pub(super) received: bool,
    /// How many of the things that it received hold the person's name. Absent: not counted.
    #[serde(default)]
    pub(super) named: Option<usize>,
    /// Texts that the recipient must have got, somewhere in what it received about this person.
    #[serde(default)]
    pub(super) told: Vec<String>,
    /// Texts that it must not have got.
    #[serde(default)]
    pub(super) not_told: Vec<String>,
    /// Whether the disclosure is marked for review by a second person.
    #[serde(default)]
    pub(super) review: bool,
    /// The recall's answer.
    #[serde(default)]
    pub(super) recall_answer: Option<String>,
}

const fn once() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

impl Fixtures {
    /// The fixtures that are compiled in, or those of `folder`, with their time words read at `now`.
    pub(super) fn load(folder: Option<&Path>, now: Moment) -> Result<Self> {
        let Some(folder) = folder else {
            return Self::read(DIRECTORY, AGREEMENTS, &STORIES, now);
        };
        let text = |name: &str| {
            let file = folder.join(name);
            fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
        };
        let mut names: Vec<String> = fs::read_dir(folder.join("story"))
            .with_context(|| format!("{} has no folder `story`", folder.display()))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| Path::new(name).extension().is_some_and(|e| e == "json"))
            .collect();
        names.sort();
        let mut stories = Vec::new();
        for name in &names {
            stories.push((name.as_str(), text(&format!("story/{name}"))?));
        }
        let stories: Vec<(&str, &str)> = stories.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Self::read(&text("directory.json")?, &text("agreements.json")?, &stories, now)
    }

    fn read(directory: &str, agreements: &str, stories: &[(&str, &str)], now: Moment) -> Result<Self> {
        let directory = listing("directory.json", directory, now)?;
        let agreements = listing("agreements.json", agreements, now)?.agreements;
        let directory = Directory {
            site_id: directory.sites.first().map(|(_, id)| id.clone()).context("directory.json: site_id")?,
            site_name: directory.site_name.context("directory.json: site_name")?,
            agencies: directory
                .agencies
                .iter()
                .map(|a| Agency::listed(a).context("directory.json: an agency has no short name"))
                .collect::<Result<_>>()?,
        };
        let stories = stories
            .iter()
            .map(|(name, text)| part(&format!("story/{name}"), text, now))
            .collect::<Result<Vec<Story>>>()?;
        let try_assessment = part("try-assessment.json", TRY, now)?;
        let fixtures = Self { directory, agreements, stories, try_assessment };
        fixtures.check()?;
        Ok(fixtures)
    }

    /// Whether the parts fit together; a mistake here would look like a fault of the gateway later.
    fn check(&self) -> Result<()> {
        let known = |id: &String| self.directory.agencies.iter().any(|a| a.id == *id);
        let mut families: Vec<String> = Vec::new();
        for story in &self.stories {
            let title = &story.title;
            if let Some(id) = story.expect.keys().chain(story.staff.keys()).find(|id| !known(id)) {
                bail!("story \"{title}\": the directory has no agency {id}");
            }
            if story.assessment.is_some() == story.asks.is_some() {
                bail!("story \"{title}\": either an assessment or a request is needed");
            }
            let family = story.family()?;
            if families.contains(&family) {
                bail!("story \"{title}\": another story has a person of the same family name");
            }
            families.push(family);
        }
        self.sender()?;
        Ok(())
    }

    /// The L&D service.
    pub(super) fn sender(&self) -> Result<&Agency> {
        let sender = self.directory.agencies.iter().find(|a| a.kind == AgencyKind::LiaisonDiversion);
        sender.context("directory.json has no agency of kind liaison-diversion")
    }

    /// An agency by its slug.
    pub(super) fn agency(&self, id: &str) -> Option<&Agency> {
        self.directory.agencies.iter().find(|a| a.id == id)
    }
}

impl Story {
    /// The family name by which staff know this person in what they read.
    pub(super) fn family(&self) -> Result<String> {
        let document = self.assessment.as_ref().or(self.asks.as_ref().map(|a| &a.request));
        let family = document.and_then(|d| d.pointer("/person/name/family")).and_then(Value::as_str);
        family
            .map(str::to_owned)
            .with_context(|| format!("story \"{}\": /person/name/family is missing", self.title))
    }
}

fn part<T: serde::de::DeserializeOwned>(name: &str, text: &str, now: Moment) -> Result<T> {
    serde_json::from_value(settled(name, text, now)?)
        .with_context(|| format!("fixtures/{name} cannot be read"))
}

/// Agencies or agreements, read as `keyway directory import` reads them.
fn listing(name: &str, text: &str, now: Moment) -> Result<Listing> {
    let (listing, problems) = import::read_value(&format!("fixtures/{name}"), &settled(name, text, now)?);
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        bail!("{}", lines.join("\n  "));
    }
    Ok(listing)
}

fn settled(name: &str, text: &str, now: Moment) -> Result<Value> {
    let place = || format!("fixtures/{name} cannot be read");
    let mut value: Value = serde_json::from_str(text).with_context(place)?;
    time_words::settle(&mut value, now).with_context(place)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        assessment::{Assessment, NhsNumber},
        clock::{Clock as _, SystemClock},
        profile::{Profiles, Schema},
    };

    fn load() -> Fixtures {
        Fixtures::load(None, SystemClock.now()).unwrap()
    }

    #[test]
    fn what_is_submitted_is_valid_and_its_people_are_synthetic() {
        let fixtures = load();
        let profiles = Profiles::compile().unwrap();
        let assessments =
            fixtures.stories.iter().filter_map(|s| s.assessment.as_ref().map(|a| (&s.title, a)));
        let trial = (&String::from("try.sh"), &fixtures.try_assessment);
        for (title, assessment) in assessments.chain([trial]) {
            let is_of = |schema: &Schema| {
                let form = profiles.document(*schema).and_then(|document| document.get("$id"));
                form == assessment.get("profile")
            };
            let form = Schema::ALL.into_iter().find(is_of).unwrap();
            assert_eq!(profiles.check(form, assessment), vec![], "{title}");
            let contradictions = Assessment::new(assessment.clone()).contradictions(SystemClock.now());
            assert_eq!(contradictions, vec![], "{title}");
            let number = assessment.pointer("/person/nhs_number/value").unwrap().as_str().unwrap();
            assert!(number.starts_with("999") && NhsNumber::parse(number).is_ok(), "{title}");
        }
        for asks in fixtures.stories.iter().filter_map(|s| s.asks.as_ref()) {
            assert_eq!(profiles.check(Schema::ScreeningRequest, &asks.request), vec![]);
        }
    }

    #[test]
    fn one_of_them_is_seventeen_on_whatever_day_it_is_told() {
        for years in [0, 1, 4] {
            let now = SystemClock.now().plus_seconds(86_400 * 366 * years);
            let fixtures = Fixtures::load(None, now).unwrap();
            let youth = fixtures.stories.iter().filter_map(|s| s.assessment.as_ref()).find(|a| {
                a.get("profile").and_then(Value::as_str).is_some_and(|profile| profile.contains("/youth/"))
            });
            let youth = Assessment::new(youth.unwrap().clone());
            assert_eq!(youth.contradictions(now), vec![]);
            let born = Moment::from_rfc3339(&format!("{}T00:00:00Z", youth.birth_date().unwrap())).unwrap();
            let days = (now.0 - born.0) / 86_400_000_000;
            assert!((17 * 366..18 * 365).contains(&days), "{days}");
        }
    }

    #[test]
    fn no_agency_can_be_mistaken_for_a_person() {
        let fixtures = load();
        for family in fixtures.stories.iter().map(|s| s.family().unwrap()) {
            for agency in &fixtures.directory.agencies {
                assert!(!agency.name.contains(&family));
            }
            let elsewhere = |s: &&Story| s.family().unwrap() != family && format!("{s:?}").contains(&family);
            assert!(!fixtures.stories.iter().any(|s| elsewhere(&s)), "{family}");
        }
    }

    #[test]
    fn fixtures_can_come_from_a_folder_and_a_mistake_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("directory.json"), DIRECTORY).unwrap();
        fs::write(folder.path().join("agreements.json"), AGREEMENTS).unwrap();
        fs::create_dir(folder.path().join("story")).unwrap();
        let (name, text) = STORIES[0];
        fs::write(folder.path().join("story").join(name), text).unwrap();
        let fixtures = Fixtures::load(Some(folder.path()), SystemClock.now()).unwrap();
        assert_eq!(fixtures.stories.len(), 1);
        fs::write(folder.path().join("story/02-x.json"), r#"{"title": "x", "unknown": 1}"#).unwrap();
        let error = Fixtures::load(Some(folder.path()), SystemClock.now()).err().unwrap();
        assert!(format!("{error:#}").contains("02-x.json"), "{error:#}");
    }
}
