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
    let risk = message.at("/risk/to_self");
    let at = |path: &str| risk.as_ref().and_then(|risk| risk.at(path));
    let levels = codes::our_codes!("risk-level");
    let not_stated = || concept(levels, "not-stated", "Not stated");
    // Silence would read as "no risk", so what was not stated says so.
    let level = at("/level").map_or_else(not_stated, |place| our_concept(&place, levels));
    let prediction = map([
        ("outcome", Some(Tree::object([("text", "Harm to self".into())]))),
        ("qualitativeRisk", Some(level)),
        ("rationale", labelled(&[("Current", at("/current")), ("Imminent", at("/imminent"))])),
    ]);
    let fields = [
        ("status", Some(Tree::fixed("final"))),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("occurrenceDateTime", when(message)),
        ("basis", message.refer(answers::ROLE).and_then(|basis| list([basis]))),
        ("prediction", prediction.and_then(|one| list([one]))),
        ("mitigation", at("/safety_plan").map(|place| place.copy())),
        ("note", note(at("/handover_advice").as_ref())),
    ];
    message.entry("risk-to-self", "RiskAssessment", codes::ours!("ld-risk-assessment"), fields)
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
