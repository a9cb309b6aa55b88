//! What a system acts on: flags, scores, diagnoses, risk, the person's own aims. The whole text is among the
//! answers (`answers`), from which these derive.

use std::borrow::Cow;

use super::{
    Entry, Message, answers, bare, coding, concept, concept_of, labelled, note, our_concept, patient,
    safeguarding, words,
};
use crate::{
    assessment::TAG_DOMAINS,
    clock::Moment,
    mapping::{
        codes,
        place::Place,
        sections::{ADULT_BY_LAW, child_without_a_word},
        tree::{Tree, list, map},
    },
};

/// Scores whose SNOMED CT codes are in the reference data; any other tool is known by its name only.
const TOOLS: [(&str, &str); 4] =
    [("PHQ-9", "720433000"), ("GAD-7", "445455005"), ("K10", "720211004"), ("CORE-10", "718583008")];

/// Everything found, in a fixed order.
pub(super) fn entries(message: &Message<'_>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    found.extend(safeguarding::flags(message));
    found.extend(patient::safe_contact_flag(message));
    found.extend(adult_by_law(message));
    found.extend(each(message, "/communication/reasonable_adjustments", adjustment));
    found.push(risk_to_self(message));
    found.push(risk_from_others(message));
    found.push(risk_to_others(message));
    found.extend(from_others_flag(message));
    found.extend(to_others_flag(message));
    found.extend(tag(message));
    found.extend(each(message, "/screening/tools", tool));
    found.extend(each(message, "/clinical/diagnoses", diagnosis));
    found.extend(each(message, "/priorities", goal));
    found
}

type Finding = fn(&Message<'_>, usize, &Place<'_>) -> Option<Entry>;

fn each(message: &Message<'_>, path: &str, make: Finding) -> Vec<Entry> {
    let items = message.at(path).map(|place| place.items()).unwrap_or_default();
    items.iter().enumerate().filter_map(|(index, item)| make(message, index, item)).collect()
}

pub(super) fn flag(
    message: &Message<'_>,
    role: impl Into<Cow<'static, str>>,
    category: Tree,
    code: Option<Tree>,
) -> Entry {
    let fields = [
        ("status", Some(Tree::fixed("active"))),
        ("category", list([category])),
        ("code", code),
        ("subject", message.refer("patient")),
    ];
    message.entry(role, "Flag", codes::ours!("ld-flag"), fields)
}

/// That somebody under 18 must have an appropriate adult, where nothing that may leave says so.
fn adult_by_law(message: &Message<'_>) -> Option<Entry> {
    let born = child_without_a_word(message.root(), message.frame.now)?;
    let needed =
        coding(codes::our_codes!("flag-code"), "appropriate-adult-needed", "Appropriate adult needed");
    let code = map([
        ("coding", Some(born.becomes(Tree::array([needed])))),
        ("text", Some(Tree::fixed(ADULT_BY_LAW))),
    ]);
    let category = concept(codes::FLAG_CATEGORIES, "API", "Additional Patient Information");
    Some(flag(message, "flag-appropriate-adult", category, code))
}

fn adjustment(message: &Message<'_>, index: usize, item: &Place<'_>) -> Option<Entry> {
    let system = codes::our_codes!("reasonable-adjustment");
    let ours = item.at("/code").map(|place| Tree::array([bare(system, place.copy())]));
    let code = map([("coding", ours), ("text", item.at("/note").map(|place| place.copy()))])?;
    let category = concept(codes::FLAG_CATEGORIES, "RA", "Reasonable Adjustment");
    Some(flag(message, format!("flag-adjustment-{index}"), category, Some(code)))
}

fn risk_to_self(message: &Message<'_>) -> Entry {
    let at = |path: &str| message.at(&format!("/risk/to_self{path}"));
    let rationale = labelled(&[("Current", at("/current")), ("Imminent", at("/imminent"))]);
    let said = Risk {
        role: "risk-to-self",
        outcome: "Harm to self",
        level: at("/level"),
        rationale,
        mitigation: at("/safety_plan").map(|place| place.copy()),
        note: note(at("/handover_advice").as_ref()),
    };
    said.entry(message)
}

fn risk_from_others(message: &Message<'_>) -> Entry {
    let at = |path: &str| message.at(&format!("/risk/from_others{path}"));
    let said = Risk {
        role: "risk-from-others",
        outcome: "Harm from others",
        level: at("/level"),
        rationale: labelled(&[("Current", at("/current"))]),
        mitigation: None,
        note: note(at("/advice").as_ref()),
    };
    said.entry(message)
}

/// Of the risk to others the assessment has no level, only whether to ring before anybody meets the person.
fn risk_to_others(message: &Message<'_>) -> Entry {
    let alert = message.at("/risk/to_others/alert");
    let text = alert.as_ref().map(|alert| {
        let rings = alert.text() == Some(RING_FIRST);
        alert.becomes(if rings { RING } else { "No alert was raised. This is no level of risk" })
    });
    let said = Risk {
        role: "risk-to-others",
        outcome: "Harm to others",
        level: None,
        rationale: text,
        mitigation: None,
        note: note(message.at("/risk/to_others/contact").as_ref()),
    };
    said.entry(message)
}

/// What must be known before anybody rings back or opens the door: that somebody is after the person, and what to do.
fn from_others_flag(message: &Message<'_>) -> Option<Entry> {
    let (level, advice) = (message.at("/risk/from_others/level"), message.at("/risk/from_others/advice"));
    let is_risk = level.as_ref().is_some_and(|level| !matches!(level.text(), Some("none" | "unknown")));
    let source = if is_risk { level.as_ref() } else { advice.as_ref() }?;
    let system = codes::our_codes!("flag-code");
    let coded = Tree::array([coding(system, "risk-from-others", "Risk from others")]);
    let current = message.at("/risk/from_others/current");
    let text = labelled(&[("Risk from others", level), ("Current", current), ("What to do", advice)]);
    let code = map([("coding", Some(source.becomes(coded))), ("text", text)]);
    let category = concept(codes::FLAG_CATEGORIES, "API", "Additional Patient Information");
    Some(flag(message, "flag-risk-from-others", category, code))
}

/// That somebody is to be rung before anybody meets the person.
fn to_others_flag(message: &Message<'_>) -> Option<Entry> {
    let alert = alert(message)?;
    let system = codes::our_codes!("flag-code");
    let coded = coding(system, "risk-to-others-alert", "Call the practitioner about risk to others");
    let text = labelled(&[("Ring before meeting the person", message.at("/risk/to_others/contact"))]);
    let code = map([
        ("coding", Some(alert.becomes(Tree::array([coded])))),
        ("text", text.or_else(|| Some(Tree::fixed(RING)))),
    ]);
    let category = concept(codes::FLAG_CATEGORIES, "API", "Additional Patient Information");
    Some(flag(message, "flag-risk-to-others", category, code))
}

/// The alert about a risk to others, where one was raised.
pub(super) fn alert<'a>(message: &Message<'a>) -> Option<Place<'a>> {
    message.at("/risk/to_others/alert").filter(|alert| alert.text() == Some(RING_FIRST))
}

/// The code of the alert.
const RING_FIRST: &str = "alert-contact-practitioner";
/// The same in words.
pub(super) const RING: &str = "Ring the practitioner about a risk to others before meeting the person";

/// One kind of risk, as it was found. Only our own words say which: no published code for it was seen.
struct Risk<'a> {
    role: &'static str,
    outcome: &'static str,
    level: Option<Place<'a>>,
    rationale: Option<Tree>,
    mitigation: Option<Tree>,
    note: Option<Tree>,
}

impl Risk<'_> {
    fn entry(self, message: &Message<'_>) -> Entry {
        let levels = codes::our_codes!("risk-level");
        let not_stated = || concept(levels, "not-stated", "Not stated");
        // Silence would read as "no risk", so what was not stated says so.
        let level = self.level.map_or_else(not_stated, |place| our_concept(&place, levels));
        let prediction = map([
            ("outcome", Some(Tree::object([("text", self.outcome.into())]))),
            ("qualitativeRisk", Some(level)),
            ("rationale", self.rationale),
        ]);
        let fields = [
            ("status", Some(Tree::fixed("final"))),
            ("subject", message.refer("patient")),
            ("encounter", message.refer("encounter")),
            ("occurrenceDateTime", when(message)),
            ("basis", message.refer(answers::ROLE).and_then(|basis| list([basis]))),
            ("prediction", prediction.and_then(|one| list([one]))),
            ("mitigation", self.mitigation),
            ("note", self.note),
        ];
        message.entry(self.role, "RiskAssessment", codes::ours!("ld-risk-assessment"), fields)
    }
}

fn when(message: &Message<'_>) -> Option<Tree> {
    message
        .at("/assessed_at")
        .filter(|place| place.text().and_then(Moment::from_rfc3339).is_some())
        .map(|place| place.copy())
}

/// An observation without its value.
fn observation(message: &Message<'_>, code: Tree) -> [(&'static str, Option<Tree>); 7] {
    let survey = concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey", "Survey");
    [
        ("status", Some(Tree::fixed("final"))),
        ("category", list([survey])),
        ("code", Some(code)),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("effectiveDateTime", when(message)),
        ("derivedFrom", message.refer(answers::ROLE).and_then(|source| list([source]))),
    ]
}

/// The Threshold Assessment Grid: its domains and their scores. Its wording is copyright and is not here.
fn tag(message: &Message<'_>) -> Option<Entry> {
    let grid = message.at("/screening/tag")?;
    let system = codes::our_codes!("tag-domain");
    let scores: Vec<Tree> = TAG_DOMAINS
        .iter()
        .filter_map(|domain| {
            let score = grid.at(&format!("/{domain}"))?;
            let code = concept_of([bare(system, domain.replace('_', "-"))]);
            // Which domains end at 3 is not known here: whoever reads a 3 must know that.
            let range = Tree::array([Tree::object([("text", "Range not verified".into())])]);
            Some(Tree::object([("code", code), ("valueInteger", score.copy()), ("referenceRange", range)]))
        })
        .collect();
    if scores.is_empty() {
        return None;
    }
    let code = Tree::object([
        ("coding", Tree::array([bare(codes::our_codes!("screening-tool"), "tag")])),
        ("text", "Threshold Assessment Grid".into()),
    ]);
    let fields = observation(message, code)
        .into_iter()
        .chain([("component", list(scores)), ("note", note(grid.at("/note").as_ref()))]);
    Some(message.entry("observation-tag", "Observation", codes::ours!("ld-observation-tag"), fields))
}

fn tool(message: &Message<'_>, index: usize, item: &Place<'_>) -> Option<Entry> {
    let name = item.at("/tool")?;
    let known = TOOLS.iter().find(|(tool, _)| name.text() == Some(*tool));
    let coding = known.map(|(_, code)| name.becomes(Tree::array([bare(codes::SNOMED, *code)])));
    let code = map([("coding", coding), ("text", Some(name.copy()))])?;
    let score = item.at("/score");
    let whole = score.as_ref().is_some_and(|place| place.whole_number().is_some());
    let value = score.and_then(|place| {
        if whole {
            Some(("valueInteger", Some(place.copy())))
        } else {
            map([("value", Some(place.copy()))]).map(|quantity| ("valueQuantity", Some(quantity)))
        }
    });
    let fields = observation(message, code)
        .into_iter()
        .chain(value)
        .chain([("note", note(item.at("/note").as_ref()))]);
    let role = format!("observation-tool-{index}");
    Some(message.entry(role, "Observation", codes::ours!("ld-observation-score"), fields))
}

/// A diagnosis as it was told or read; L&D does not confirm it, so it has no verification status.
fn diagnosis(message: &Message<'_>, index: usize, item: &Place<'_>) -> Option<Entry> {
    let category = concept(
        "http://terminology.hl7.org/CodeSystem/condition-category",
        "encounter-diagnosis",
        "Encounter Diagnosis",
    );
    let fields = [
        ("category", list([category])),
        ("code", Some(words(item)?)),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("recordedDate", when(message)),
    ];
    let role = format!("condition-{index}");
    Some(message.entry(role, "Condition", codes::ours!("ld-condition"), fields))
}

/// What the person wants, in their own words.
fn goal(message: &Message<'_>, index: usize, item: &Place<'_>) -> Option<Entry> {
    let need = item.at("/need");
    let wanted = item.at("/own_words").or(need)?;
    let rank = item.at("/rank").and_then(|place| {
        let text = place.whole_number().map(|rank| format!("The person's own rank: {rank}"))?;
        map([("text", Some(place.becomes(text)))])
    });
    let place_given = item.at("/rank").and_then(|place| {
        map([("url", Some(Tree::fixed(codes::ours!("own-rank")))), ("valuePositiveInt", Some(place.copy()))])
    });
    let fields = [
        ("extension", place_given.and_then(|rank| list([rank]))),
        ("lifecycleStatus", Some(Tree::fixed("proposed"))),
        ("category", need.map(|place| Tree::array([our_concept(&place, codes::our_codes!("need"))]))),
        ("priority", rank),
        ("description", words(&wanted)),
        ("subject", message.refer("patient")),
    ];
    Some(message.entry(format!("goal-{index}"), "Goal", codes::ours!("ld-goal"), fields))
}
