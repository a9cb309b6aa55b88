//! Which fields of an assessment reach no message, and which fields of a message nothing fills: asked of all messages at
//! once, as if the person agreed to everything. Nobody's consent is asked, and nothing is ever sent like this.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    clock::Moment,
    consent::{Decision, Outcome, PermittedReferral, Reason, Scope},
    directory::{AgencyKind, Audience, Partner, service},
    ids::PartnerId,
    mapping::{self, Changed, Frame, InReplyTo, Mapped, render},
    minimise::{Ask, Outline, Rules},
    profile::{Profiles, Schema, definition::built_in_resources},
};

/// What is told to whom, and what is written where.
#[derive(Debug)]
pub struct Coverage {
    /// Each leaf of the assessment, with those whom it reaches.
    pub fields: Vec<(String, BTreeSet<Audience>)>,
    /// For each audience the leaves that may leave to it and that its message has no place for.
    pub without_place: BTreeMap<Audience, BTreeSet<String>>,
    /// For each document the leaves that nothing fills; of a FHIR message, the questions of its questionnaire.
    pub unfilled: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Coverage {
    /// What becomes of `assessment` in the messages of every audience, or of one. `stand_in` makes the agency of an id and
    /// a kind.
    ///
    /// # Errors
    ///
    /// The assessment asks nobody, or a message cannot be made of it.
    pub fn of(
        assessment: &Value,
        only: Option<Audience>,
        stand_in: impl Fn(PartnerId, AgencyKind) -> Option<Partner>,
    ) -> Result<Self, String> {
        let (rules, profiles) = (Rules::compile()?, Profiles::compile()?);
        let mut reaches: BTreeMap<&str, BTreeSet<Audience>> = BTreeMap::new();
        let mut filled: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut without_place: BTreeMap<Audience, BTreeSet<String>> = BTreeMap::new();
        let made = messages(&rules, assessment, only, stand_in)?;
        for one in &made {
            let here = without_place.entry(one.audience).or_default();
            here.extend(one.without_place.iter().cloned());
            for leaf in &one.told {
                reaches.entry(leaf).or_default().insert(one.audience);
            }
            let (document, written) = if is_fhir(one.document) {
                answers(&one.bytes).ok_or("a message answers no questionnaire that is known")?
            } else {
                (one.document, one.written.clone())
            };
            filled.entry(document).or_default().extend(written);
        }
        let fields = rules.leaves().iter();
        let fields =
            fields.map(|leaf| (leaf.clone(), reaches.get(leaf.as_str()).cloned().unwrap_or_default()));
        let unfilled = filled
            .iter()
            .map(|(document, written)| {
                let mut known = leaves_of(&profiles, document)?;
                known.retain(|leaf| !written.contains(leaf));
                Ok((*document, known))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { fields: fields.collect(), without_place, unfilled })
    }

    /// The fields that reach nobody.
    pub fn untold(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, reached)| reached.is_empty()).map(|(leaf, _)| leaf.as_str())
    }
}

/// The message of each audience and kind of health service: a first one to each agency that the assessment asks and for
/// each need that it names, and one on each other occasion.
fn messages(
    rules: &Rules,
    assessment: &Value,
    only: Option<Audience>,
    stand_in: impl Fn(PartnerId, AgencyKind) -> Option<Partner>,
) -> Result<Vec<Reach>, String> {
    let agency = |id: &str, kind| {
        let agency = PartnerId::parse(id).and_then(|id| stand_in(id, kind));
        agency.ok_or_else(|| String::from("/referrals: a recipient is no agency's id"))
    };
    let sender = agency("liaison-diversion", AgencyKind::LiaisonDiversion)?;
    let asks = asks(assessment);
    let mut made = Vec::new();
    for kind in AgencyKind::ALL {
        let Some(audience) = kind.audience().filter(|audience| only.is_none_or(|one| one == *audience))
        else {
            continue;
        };
        let named = service::words(kind).into_iter().map(Some);
        for service in named.chain([None]) {
            for (place, (whom, need)) in asks.iter().enumerate() {
                let recipient = Partner { service: service.map(str::to_owned), ..agency(whom, kind)? };
                let asking = Asking { rules, sender: &sender, recipient: &recipient, assessment, need };
                let first = asking.reach(audience, Occasion::First);
                made.push(first.ok_or_else(|| format!("no message can be made for {}", audience.as_str()))?);
                if place == 0 {
                    made.extend(asking.reach(audience, Occasion::Anew));
                    made.extend(asking.reach(audience, Occasion::Override));
                }
            }
        }
    }
    if made.is_empty() {
        return Err(String::from("the assessment asks nobody, in /referrals"));
    }
    Ok(made)
}

/// Whom the assessment asks for what, and the first of them for each other need that it names.
fn asks(assessment: &Value) -> Vec<(&str, &str)> {
    let asked = listed(assessment, "referrals").iter();
    let mut asks: Vec<(&str, &str)> =
        asked.filter_map(|one| Some((one.get("recipient")?.as_str()?, one.get("need")?.as_str()?))).collect();
    let Some((first, _)) = asks.first().copied() else { return asks };
    let needs = listed(assessment, "priorities").iter().filter_map(|one| one.get("need")?.as_str());
    let further: BTreeSet<&str> = needs.filter(|need| asks.iter().all(|(_, known)| known != need)).collect();
    asks.extend(further.into_iter().map(|need| (first, need)));
    asks
}

/// The entries of a list of the assessment.
fn listed<'v>(assessment: &'v Value, name: &str) -> &'v [Value] {
    assessment.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_fhir(document: &str) -> bool {
    document == mapping::FHIR_PROFILES
}

/// The leaves that a document may have; of a questionnaire, its questions.
fn leaves_of(profiles: &Profiles, document: &str) -> Result<BTreeSet<String>, String> {
    let mut leaves = Vec::new();
    if let Some((_, text)) =
        built_in_resources().iter().find(|(name, _)| questionnaire(name) == Some(document))
    {
        questions(&serde_json::from_str(text).map_err(|error| error.to_string())?, &mut leaves);
    } else {
        let schema = Schema::parse(document).and_then(|schema| profiles.document(schema));
        let schema = schema.ok_or_else(|| format!("there is no profile {document}"))?;
        Outline::read(schema).map_err(|error| format!("{document}: {error}"))?.leaves("", &mut leaves);
    }
    Ok(leaves.into_iter().collect())
}

/// The id of the questionnaire that a file of ours holds.
fn questionnaire(file: &'static str) -> Option<&'static str> {
    let (folder, name) = file.rsplit_once('/')?;
    folder.ends_with("questionnaire").then_some(name)?.strip_suffix(".json")
}

/// The questions that are answered, below `item`.
fn questions(item: &Value, into: &mut Vec<String>) {
    let below = item.get("item").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if let Some(link) = item.get("linkId").and_then(Value::as_str).filter(|_| below.is_empty()) {
        into.push(link.to_owned());
    }
    for one in below {
        questions(one, into);
    }
}

/// The questionnaire that the message answers, which holds the whole of the assessment, and the questions that it does.
fn answers(message: &[u8]) -> Option<(&'static str, BTreeSet<String>)> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let (mut answered, mut canonical) = (Vec::new(), None);
    let entries = message.get("entry").and_then(Value::as_array).into_iter().flatten();
    for resource in entries.filter_map(|entry| entry.get("resource")) {
        questions(resource, &mut answered);
        canonical = canonical.or_else(|| resource.get("questionnaire").and_then(Value::as_str));
    }
    let (_, id) = canonical?.rsplit_once('/')?;
    let known =
        built_in_resources().iter().find_map(|(name, _)| questionnaire(name).filter(|known| *known == id));
    Some((known?, answered.into_iter().collect()))
}

/// What one message tells.
#[derive(Debug)]
struct Reach {
    /// For whom it is.
    audience: Audience,
    /// What it follows, as in `custody-sheet`.
    document: &'static str,
    /// The leaves of the assessment that something in it comes from; `*` stands for the places of a list.
    told: BTreeSet<String>,
    /// The leaves of the assessment that may leave and that it has no place for.
    without_place: BTreeSet<String>,
    /// The leaves of the document that it has, in the same way.
    written: BTreeSet<String>,
    /// The document.
    bytes: Vec<u8>,
}

/// On what occasion a message is made: some of its fields are there on one of them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// A first message.
    First,
    /// A referral that its recipient has already is said anew.
    Anew,
    /// Without consent, at imminent risk: the minimum.
    Override,
}

/// Who asks whom for what.
struct Asking<'a> {
    rules: &'a Rules,
    sender: &'a Partner,
    recipient: &'a Partner,
    assessment: &'a Value,
    need: &'a str,
}

impl Asking<'_> {
    /// What the message tells when everything is agreed to, also what needs consent by name. `None` where nothing that may
    /// leave makes a message.
    fn reach(&self, audience: Audience, occasion: Occasion) -> Option<Reach> {
        let decision = Decision {
            outcome: Outcome::Permit { scope: self.scope(audience, occasion)? },
            reason: Reason::ConsentGiven,
            consent: None,
            provision: None,
            agreement: None,
            basis: None,
            override_basis: None,
            data_classes: None,
            shares: Vec::new(),
        };
        let permitted = PermittedReferral::new(&decision, self.recipient)?;
        let ask = Ask { recipient: self.recipient.partner_id.as_str(), need: self.need };
        let projection = self.rules.project(&permitted, self.assessment, ask);
        let ids = |role: &str| format!("urn:uuid:{role}");
        let before =
            Changed { since: Moment(0), task: "accepted", business_status: "accepted", supersedes: "before" };
        let frame = Frame {
            message_id: "message",
            wire_id: "wire",
            referral_id: "referral",
            disclosure_id: Some("disclosure"),
            correlation_id: "correlation",
            journey_id: "journey",
            sequence: 1,
            now: Moment(0),
            sender: self.sender,
            recipient: self.recipient,
            on_behalf_of: None,
            in_reply_to: Some(InReplyTo {
                request_type: "referral",
                request_reference: Some("reference"),
                request_message_id: "request",
                received_at: Moment(0),
            }),
            nature: self.recipient.kind.usual_nature(),
            urgency: "routine",
            base_url: "https://keyway.example",
            person_ref: "person",
            answer_by: Moment(0),
            review_due_at: Some(Moment(0)).filter(|_| occasion == Occasion::Override),
            changed: Some(before).filter(|_| occasion == Occasion::Anew),
            sealing: None,
            ids: &ids,
        };
        let mapped = render(&frame, audience, &projection).ok()?;
        let places = &projection.places;
        let told = mapped
            .lineage
            .sources()
            .flat_map(|number| number..number.saturating_add(places.size(number)))
            .filter(|number| places.is_leaf(*number))
            .map(|number| shape(&places.pointer(number)))
            .collect();
        let part = if mapped.detail.is_some() { "detail#" } else { "body#" };
        let lines = mapped.lineage.lines();
        let written = lines.filter_map(|line| line.output.strip_prefix(part).map(shape)).collect();
        let Mapped { body, body_schema, detail, detail_schema, warnings, .. } = mapped;
        Some(Reach {
            audience,
            document: detail_schema.unwrap_or(body_schema),
            told,
            without_place: warnings.iter().map(|warning| shape(&warning.path)).collect(),
            written,
            bytes: detail.unwrap_or(body),
        })
    }

    /// How much may leave; `None` where nothing may leave without consent.
    fn scope(&self, audience: Audience, occasion: Occasion) -> Option<Scope> {
        if occasion == Occasion::Override {
            let blocks = self.rules.override_blocks(audience);
            let blocks: Vec<String> = blocks.into_iter().map(str::to_owned).collect();
            return (!blocks.is_empty()).then_some(Scope::Minimum { blocks });
        }
        let specific = self.rules.blocks().map(|(id, _)| id.to_owned()).collect();
        Some(Scope::Agreed { excluded: Vec::new(), specific })
    }
}

/// A pointer with `*` for the places of lists. No field of an assessment or of a message is named by a number.
fn shape(pointer: &str) -> String {
    let is_entry = |step: &str| !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit());
    let steps = pointer.split('/').map(|step| if is_entry(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}
