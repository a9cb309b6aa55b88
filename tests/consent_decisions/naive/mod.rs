//! A second evaluator, written from `docs/consent-decisions.md` and not from the first: it reads the JSON again at each
//! question, flattens every provision with all that it inherits, and asks each by itself. It shares nothing with the
//! gateway's but the JSON that both are given.

mod dates;
mod faults;
mod questions;
mod standing;

use std::collections::BTreeSet;

use dates::{day, stretch};
use faults::fault;
use questions::{class, data, labels, purpose, same};
use serde_json::Value;
use standing::{Standing, standing};

/// What the naive evaluator says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opinion {
    pub(super) verdict: &'static str,
    pub(super) reasons: BTreeSet<String>,
    /// Of each item, whether it may go.
    pub(super) items: Vec<bool>,
    /// Where all data were asked for: place of the Consent, path, and whether all but that is kept back.
    pub(super) withheld: BTreeSet<(usize, String, bool)>,
}

const SURE: i8 = 2;
const PERHAPS: i8 = 1;
const NOT: i8 = 0;

/// One provision with what it states itself and what those round it state.
struct Flat<'a> {
    path: String,
    kind: &'a str,
    /// How many of those just before it stand in it.
    inner: usize,
    /// For each dimension, the places in the chain of those that must be met: for a refusal, and for labels, the innermost
    /// that states it; for a permission all that do.
    stated: [Vec<usize>; 9],
    /// From the outside in, each with its kind; the last is the provision itself.
    chain: Vec<(&'a str, &'a Value)>,
}

/// A person's Consents, looked at once.
pub(super) struct Looked<'a> {
    consents: &'a [Value],
    faults: Vec<&'static str>,
    flat: Vec<Vec<Flat<'a>>>,
}

impl<'a> Looked<'a> {
    pub(super) fn at(consents: &'a [Value]) -> Self {
        let faults: Vec<&str> = consents.iter().filter_map(fault).collect();
        let flat = if faults.is_empty() { consents.iter().map(flatten).collect() } else { Vec::new() };
        Self { consents, faults, flat }
    }
}

pub(super) fn opinion(looked: &Looked<'_>, request: &Value) -> Opinion {
    let consents = looked.consents;
    let no = |reasons: &[&str]| Opinion {
        verdict: "deny",
        reasons: reasons.iter().map(|code| (*code).to_owned()).collect(),
        ..Opinion::default()
    };
    let Some(now) = request["now"].as_str().and_then(day).map(|(first, _)| first) else {
        return no(&["request-unreadable", "date-unparsable"]);
    };
    if !looked.faults.is_empty() {
        return no(&looked.faults);
    }
    if consents.is_empty() {
        return no(&["no-consent"]);
    }
    if request.get("patient").is_none() && consents.iter().any(|one| one["patient"] != consents[0]["patient"])
    {
        return no(&["subjects-differ"]);
    }
    let standings: Vec<Standing> =
        (0..consents.len()).map(|place| standing(place, consents, request, now)).collect();
    let ask = Ask { looked, request, now, standings: &standings };
    let items: Vec<&Value> = match (request.get("resource"), request.get("resources")) {
        (Some(one), _) => vec![one],
        (_, Some(list)) => list.as_array().unwrap().iter().collect(),
        _ => return ask.about_all(),
    };
    let mut opinion = Opinion::default();
    let person =
        request.get("patient").cloned().unwrap_or_else(|| consents[0]["patient"]["reference"].clone());
    for item in items {
        let (may, reasons) = match item.get("subject") {
            Some(subject) if *subject != person => (false, BTreeSet::from([String::from("other-subject")])),
            _ => ask.about(Some(item), false),
        };
        opinion.items.push(may);
        opinion.reasons.extend(reasons);
    }
    let yes = opinion.items.iter().filter(|may| **may).count();
    opinion.verdict = if yes == 0 {
        "deny"
    } else if yes == opinion.items.len() {
        "permit"
    } else {
        "permit-redacted"
    };
    opinion
}

fn scope(consent: &Value) -> &str {
    consent["scope"]["coding"][0]["code"].as_str().unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

struct Ask<'a> {
    looked: &'a Looked<'a>,
    request: &'a Value,
    now: i64,
    standings: &'a [Standing],
}

impl Ask<'_> {
    /// Whether something may go, and why.
    fn about(&self, item: Option<&Value>, told: bool) -> (bool, BTreeSet<String>) {
        let (mut refusals, mut permits, mut nothing) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (place, (consent, standing)) in self.looked.consents.iter().zip(self.standings).enumerate() {
            if let Standing::Nothing(code) = standing {
                nothing.insert((*code).to_owned());
                continue;
            }
            let provisions = &self.looked.flat[place];
            let met: Vec<Asked> = provisions.iter().map(|one| self.ask(one, item)).collect();
            let speaks = |place: usize| {
                let applies = met[place].applies(&provisions[place], told);
                applies && (provisions[place].kind == "deny" || *standing == Standing::All)
            };
            let mut spoke = false;
            let mut sure_refusal: Option<bool> = None;
            let mut permitted = false;
            for (place, one) in provisions.iter().enumerate() {
                let within = (place - one.inner..place).any(speaks);
                if !speaks(place) || within {
                    continue;
                }
                spoke = true;
                if one.kind == "deny" {
                    let sure = met[place].sure(one);
                    sure_refusal = Some(sure_refusal.unwrap_or(false) || sure);
                } else {
                    permitted = true;
                }
            }
            let opts_in = consent["policyRule"]["coding"][0]["code"] == "OPTIN"
                && consent.get("provision").is_none_or(|root| root["type"] == "deny");
            if let Some(sure) = sure_refusal {
                refusals.insert(String::from(if sure { "provision-denies" } else { "provision-may-deny" }));
            } else if permitted {
                permits.insert(String::from("provision-permits"));
            } else if let Standing::RefusalsOnly(code) = standing {
                nothing.insert((*code).to_owned());
            } else if opts_in && !spoke {
                permits.insert(String::from("base-rule-permits"));
            } else {
                let far = met.iter().zip(provisions).filter(|(_, one)| one.kind == "permit");
                let nearest = far.filter_map(|(met, _)| met.first_missing(told)).max();
                nothing.insert(nearest.map_or("nothing-permitted", |(_, code)| code).to_owned());
            }
        }
        let may = refusals.is_empty() && !permits.is_empty();
        let reasons = if !refusals.is_empty() {
            refusals
        } else if !permits.is_empty() {
            permits
        } else {
            nothing
        };
        (may, reasons)
    }

    fn about_all(&self) -> Opinion {
        let (may, mut reasons) = self.about(None, true);
        if !may {
            return Opinion { verdict: "deny", reasons, ..Opinion::default() };
        }
        let (all, further) = self.about(None, false);
        if all {
            return Opinion { verdict: "permit", reasons, ..Opinion::default() };
        }
        reasons.extend(further);
        let mut withheld = BTreeSet::new();
        let mut unlimited = false;
        for (place, (consent, standing)) in self.looked.consents.iter().zip(self.standings).enumerate() {
            if matches!(standing, Standing::Nothing(_)) {
                continue;
            }
            unlimited |= *standing == Standing::All
                && consent["policyRule"]["coding"][0]["code"] == "OPTIN"
                && consent.get("provision").is_none_or(|root| root["type"] == "deny");
            for one in &self.looked.flat[place] {
                let met = self.ask(one, None);
                let (who, data) = (met.who(one.kind == "deny" && !one.states_period()), met.data());
                match one.kind {
                    "permit" if *standing == Standing::All && who == SURE && data == SURE => unlimited = true,
                    "permit" if *standing == Standing::All && who == SURE => {
                        withheld.insert((place, one.path.clone(), true));
                        withheld.extend(one.limits_round().map(|path| (place, path, true)));
                    }
                    "deny" if who != NOT && data == PERHAPS => {
                        withheld.insert((place, one.path.clone(), false));
                    }
                    _ => {}
                }
            }
        }
        if unlimited {
            withheld.retain(|(_, _, all_but)| !all_but);
        }
        Opinion { verdict: "permit-redacted", reasons, withheld, ..Opinion::default() }
    }

    /// How each question is answered of one provision.
    fn ask(&self, one: &Flat<'_>, item: Option<&Value>) -> Asked {
        let mut asked = [SURE; 9];
        for (place, name) in DIMENSIONS.iter().enumerate() {
            let answers = one.stated[place].iter().map(|at| self.question(name, one, *at, item));
            asked[place] = answers.min().unwrap_or(SURE);
        }
        let mut ends = one.stated[3].iter().filter_map(|at| one.chain[*at].1["period"]["end"].as_str());
        let over = ends.any(|end| day(end).unwrap().1 < self.now);
        Asked { asked, over }
    }

    fn question(&self, name: &str, one: &Flat<'_>, at: usize, item: Option<&Value>) -> i8 {
        let stated = list(one.chain[at].1, name);
        let best = |each: &dyn Fn(&Value) -> i8| stated.iter().map(each).max().unwrap();
        match name {
            "actor" => best(&|actor| self.actor(actor)),
            "purpose" => {
                self.request.get("purposeOfUse").map_or(PERHAPS, |asked| best(&|rule| purpose(rule, asked)))
            }
            "action" => {
                let asked =
                    self.request.get("action").map_or("disclose", |one| one["code"].as_str().unwrap());
                // One of them is of no system that is known.
                best(&|rule| match rule["coding"][0]["code"].as_str().unwrap() {
                    rule if rule == asked => SURE,
                    "tell" => PERHAPS,
                    _ if asked == "tell" => PERHAPS,
                    _ => NOT,
                })
            }
            "period" => {
                let (first, last) = stretch(&one.chain[at].1["period"]);
                if first <= self.now && self.now <= last { SURE } else { NOT }
            }
            "dataPeriod" => {
                let (first, last) = stretch(&one.chain[at].1["dataPeriod"]);
                match item.and_then(|item| item["authored"].as_str()).and_then(day) {
                    Some((from, to)) if first <= from && to <= last => SURE,
                    Some((from, to)) if to < first || last < from => NOT,
                    Some(_) | None => PERHAPS,
                }
            }
            "securityLabel" => labels(one, at, item.and_then(|item| item.get("securityLabel"))),
            "class" => best(&|rule| class(rule, item)),
            "code" => match item.and_then(|item| item.get("code")) {
                None => PERHAPS,
                Some(codes) => {
                    best(&|rule| if codes[0]["coding"][0] == rule["coding"][0] { SURE } else { NOT })
                }
            },
            _ => best(&|rule| data(rule, item)),
        }
    }

    fn actor(&self, rule: &Value) -> i8 {
        let part = rule["role"]["coding"][0]["code"].as_str().unwrap();
        let name = rule["reference"]["reference"].as_str().unwrap();
        let asked =
            |names: &[Value]| names.iter().map(|one| same(name, one.as_str().unwrap())).max().unwrap_or(NOT);
        if part == "CST" {
            let told = list(self.request, "actors");
            return if told.is_empty() {
                PERHAPS
            } else {
                same(name, told[0]["reference"].as_str().unwrap())
            };
        }
        let recipients = list(self.request, "actorReferences");
        if recipients.is_empty() {
            return PERHAPS;
        }
        // The request says who gets it, not whether as the primary recipient or by being tracked.
        asked(recipients).min(if part == "IRCP" { SURE } else { PERHAPS })
    }
}

const DIMENSIONS: [&str; 9] =
    ["actor", "purpose", "action", "period", "securityLabel", "class", "code", "dataPeriod", "data"];
const MISSING: [&str; 9] = [
    "recipient-not-covered",
    "purpose-not-covered",
    "action-not-covered",
    "",
    "label-not-covered",
    "class-not-covered",
    "code-not-covered",
    "data-period-not-covered",
    "data-not-covered",
];

struct Asked {
    asked: [i8; 9],
    over: bool,
}

impl Asked {
    fn who(&self, without_period: bool) -> i8 {
        let period = if without_period { SURE } else { self.asked[3] };
        self.asked[..3].iter().copied().min().unwrap().min(period)
    }

    fn data(&self) -> i8 {
        self.asked[4..].iter().copied().min().unwrap()
    }

    fn applies(&self, one: &Flat<'_>, told: bool) -> bool {
        match one.kind {
            "permit" => self.who(false) == SURE && self.data() >= if told { PERHAPS } else { SURE },
            "deny" => {
                self.who(!one.states_period()) != NOT && self.data() >= if told { SURE } else { PERHAPS }
            }
            _ => false,
        }
    }

    fn sure(&self, one: &Flat<'_>) -> bool {
        self.who(!one.states_period()) == SURE && self.data() == SURE
    }

    /// The first question that keeps a permission from applying.
    fn first_missing(&self, told: bool) -> Option<(usize, &'static str)> {
        let enough = |place: usize| if place >= 4 && told { PERHAPS } else { SURE };
        let place = (0..9).find(|place| self.asked[*place] < enough(*place))?;
        Some(match place {
            3 if self.over => (4, "period-over"),
            3 => (3, "period-not-begun"),
            0..3 => (place, MISSING[place]),
            _ => (place + 1, MISSING[place]),
        })
    }
}

impl Flat<'_> {
    /// Whether the provision states a period itself.
    fn states_period(&self) -> bool {
        self.chain[self.chain.len() - 1].1.get("period").is_some()
    }

    /// The refusals and frames round it that name data, by their paths: a permission in them is for no other.
    fn limits_round(&self) -> impl Iterator<Item = String> {
        let names_data = |round: &Value| DIMENSIONS[4..].iter().any(|name| round.get(name).is_some());
        let parts: Vec<&str> = self.path.split('.').collect();
        let round = self.chain.iter().enumerate();
        round
            .filter(move |(_, (kind, round))| *kind != "permit" && names_data(round))
            .map(move |(place, _)| parts[..=place].join("."))
    }
}

fn flatten(consent: &Value) -> Vec<Flat<'_>> {
    fn go<'a>(
        provision: &'a Value,
        path: String,
        round: &[(&'a str, &'a Value)],
        kind: &'a str,
        into: &mut Vec<Flat<'a>>,
    ) {
        let mut chain = round.to_vec();
        chain.push((kind, provision));
        let before = into.len();
        for (place, inner) in list(provision, "provision").iter().enumerate() {
            go(inner, format!("{path}.provision[{place}]"), &chain, inner["type"].as_str().unwrap(), into);
        }
        let stated = DIMENSIONS.map(|name| {
            let mut all = (0..chain.len()).filter(|at| chain[*at].1.get(name).is_some());
            if kind == "permit" && name != "securityLabel" {
                all.collect()
            } else {
                all.next_back().into_iter().collect()
            }
        });
        into.push(Flat { path, kind, inner: into.len() - before, stated, chain });
    }
    let mut into = Vec::new();
    if let Some(root) = consent.get("provision") {
        let opts_in = consent["policyRule"]["coding"][0]["code"] == "OPTIN";
        let kind = root["type"].as_str().unwrap_or(if opts_in { "permit" } else { "frame" });
        go(root, String::from("provision"), &[], kind, &mut into);
    }
    into
}
