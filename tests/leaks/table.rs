//! Who may see which text of an assessment, at most: one letter for each audience, by the path of the field.
//!
//! `C` custody, `M` magistrates' court, `P` probation, `J` youth justice, `H` health, `B` borough (housing), `V` charities,
//! `S` social care; `o`: custody sees it under the override for imminent risk too. What has no row nobody sees.

use serde_json::Value;

/// The beginning of the path (`*` for any entry of a list), the block that it is of, and who may see it. The longest
/// beginning counts.
const ROWS: &[(&str, &str, &str)] = &[
    ("person/name", "name", "CMPJHBVSo"),
    ("person/address", "address", "PJHBS"),
    ("person/safe_contact", "safe-contact", "PJHBVS"),
    ("person/gp_practice", "nhs-number", "H"),
    ("person/demographics", "demographics", "H"),
    ("person/preferred_name", "aliases", "H"),
    ("person/aliases", "aliases", "H"),
    ("communication", "communication", "H"),
    ("communication/needs", "communication", "CMPJHBVSo"),
    ("communication/interpreter", "communication", "CMPJHBVS"),
    ("communication/reasonable_adjustments/*/note", "communication", "CMPJHBVS"),
    ("pathway", "pathway", "H"),
    ("pathway/site", "pathway", "CMPJH"),
    ("legal", "legal-status", ""),
    ("legal/next_hearing/court", "legal-status", "MPJH"),
    ("legal/bail_needs", "legal-status", "MPJH"),
    ("legal/summary", "legal-status", "MPJH"),
    ("appropriate_adult", "appropriate-adult", ""),
    ("appropriate_adult/why", "appropriate-adult", "CPJHSo"),
    ("appropriate_adult/summary", "appropriate-adult", "CPJHS"),
    ("capacity", "capacity", "H"),
    ("capacity/summary", "capacity", "HS"),
    ("capacity/note", "capacity", "HS"),
    ("clinical", "clinical", "H"),
    ("risk/formulation", "clinical", "H"),
    ("screening", "screening", "H"),
    ("vulnerabilities", "vulnerabilities", "H"),
    ("vulnerabilities/*/plain_words", "vulnerabilities", "CMPJHS"),
    ("substance_use", "substance-use", "H"),
    ("substance_use/withdrawal_risk", "substance-use", "CHo"),
    ("substance_use/placement_summary", "substance-use", "HB"),
    ("learning_and_neurodiversity", "learning", "H"),
    ("learning_and_neurodiversity/adjustments_summary", "learning", "HB"),
    ("housing", "housing", "HB"),
    ("housing/summary", "housing", "PJHBVS"),
    ("housing/need", "housing", "PJHBVS"),
    ("housing/reason_for_referral", "housing", "PJHBVS"),
    ("housing/local_connection", "housing", "PJHBVS"),
    ("housing/narrative", "housing", "PJHBVS"),
    ("money", "money", "H"),
    ("money/summary", "money", "HV"),
    ("money/affordability", "money", "HBV"),
    ("money/debt", "money", "HV"),
    ("money/benefits", "money", "HV"),
    ("money/employment", "money", "HV"),
    ("money/literacy", "money", "HV"),
    ("recourse_to_public_funds", "recourse-to-public-funds", "B"),
    ("household", "household", "H"),
    ("household/summary", "household", "HBS"),
    ("household/members", "household", "HBS"),
    ("household/children", "household", "HBS"),
    ("household/note", "household", "HBS"),
    ("safeguarding", "safeguarding", "HS"),
    ("safeguarding/route", "safeguarding", "CPJHSo"),
    ("safeguarding/placement_summary", "safeguarding", "HBS"),
    ("risk/to_self", "risk-to-self", "H"),
    ("risk/to_self/handover_advice", "risk-to-self", "CMPJHSo"),
    ("risk/to_self/safety_plan", "risk-to-self", "CPJHBSo"),
    ("risk/to_others", "risk-to-others", "H"),
    ("risk/to_others/contact", "risk-to-others", "CPJHSo"),
    ("risk/to_others/placement_summary", "risk-to-others", "HB"),
    ("risk/from_others", "risk-from-others", "H"),
    ("risk/from_others/advice", "risk-from-others", "CPJHSo"),
    ("risk/from_others/placement_summary", "risk-from-others", "HB"),
    ("trauma", "trauma", "H"),
    ("bereavement", "trauma", "H"),
    ("priorities/*/own_words", "priorities", "PJHBVS"),
    ("strengths", "strengths", "H"),
    ("support_network", "strengths", "H"),
    ("crisis", "crisis", "H"),
    ("crisis/safety_plan", "crisis", "HB"),
    ("accompaniment", "accompaniment", "H"),
    ("accompaniment/who", "accompaniment", "PJHBVS"),
    ("accompaniment/appointment", "accompaniment", "PJHBVS"),
    ("accompaniment/hearing_support", "accompaniment", "MPJH"),
    ("recommendation", "recommendation", "CMPJH"),
    ("treatment_requirement", "treatment-requirement", "MPH"),
    ("treatment_requirements", "treatment-requirement", "MPH"),
    ("service_contact", "service-contact", "H"),
    ("service_contact/*/team_contact", "service-contact", "PJHS"),
    ("service_contact/*/support_worker", "service-contact", "PJHBS"),
    ("onward_referrals/*/note", "onward-referrals", "PJH"),
    ("practitioner", "practitioner", "CMPJHBVSo"),
    ("release", "release", "H"),
    ("release/from", "release", "PJH"),
    ("young_person/local_authority", "young-person", "JS"),
    ("relationships", "relationships", "H"),
    ("background", "background", "H"),
    ("referrals/*/reason", "request", "CMPJHBVS"),
    ("consents/*/captured_by", "own-consent", "CMPJHBVS"),
];

/// What a person may keep back.
pub const EXCLUDABLE: &[&str] = &[
    "safe-contact",
    "communication",
    "pathway",
    "legal-status",
    "capacity",
    "clinical",
    "screening",
    "vulnerabilities",
    "substance-use",
    "learning",
    "housing",
    "money",
    "household",
    "safeguarding",
    "priorities",
    "strengths",
    "crisis",
    "accompaniment",
    "recommendation",
    "treatment-requirement",
    "service-contact",
    "onward-referrals",
    "relationships",
    "risk-from-others",
];

/// Blocks that came after the table was decided, and under which of its rows they fall: what is kept back of a row is kept back
/// of them too.
const UNDER: &[(&str, &[&str])] = &[
    ("release", &["pathway", "legal-status"]),
    ("participation", &["accompaniment"]),
    ("risk-from-others", &["safeguarding"]),
    ("young-person", &["vulnerabilities", "money"]),
    ("aliases", &["name"]),
    ("relationships", &["household"]),
    ("background", &["vulnerabilities"]),
];

/// Codes of `vulnerabilities` and `priorities` that say what a row is about: what is kept back of the row is kept back with them.
const SAYS: &[(&str, &[&str])] = &[
    ("mental-health", &["clinical"]),
    ("physical-health", &["clinical"]),
    ("dementia-cognitive", &["clinical", "learning"]),
    ("learning-disability", &["learning"]),
    ("learning", &["learning"]),
    ("autism", &["learning"]),
    ("speech-language-communication", &["learning", "communication"]),
    ("sensory", &["clinical", "communication"]),
    ("substance-drugs", &["substance-use"]),
    ("substance-alcohol", &["substance-use"]),
    ("substance-use", &["substance-use"]),
    ("self-harm-suicide", &["risk-to-self"]),
    ("crisis", &["crisis", "risk-to-self"]),
    ("trauma", &["trauma"]),
    ("domestic-abuse-victim", &["safeguarding", "trauma", "risk-from-others"]),
    ("safeguarding-adult", &["safeguarding"]),
    ("safety", &["safeguarding", "risk-from-others"]),
    ("homelessness", &["housing"]),
    ("housing", &["housing"]),
    ("financial", &["money"]),
    ("debt", &["money"]),
    ("money", &["money"]),
    ("legal", &["legal-status"]),
    ("veteran", &["background"]),
    ("care-experienced", &["background", "young-person"]),
];

/// Kinds of service of the fixture and of its cases, in the same way. One that is not here could be about anything.
const SERVICES: &[(&str, &[&str])] = &[
    ("substance-misuse", &["substance-use"]),
    ("alcohol-detox", &["substance-use"]),
    ("community-mental-health", &["clinical"]),
    ("talking-therapies", &["clinical"]),
    ("housing-options", &["housing"]),
    ("domestic-abuse", &["safeguarding", "trauma", "risk-from-others"]),
    ("advice", &[]),
    ("day-centre", &[]),
];

/// What a kind of service can be about.
const OF_SERVICES: &[&str] = &[
    "substance-use",
    "clinical",
    "young-person",
    "crisis",
    "risk-to-self",
    "learning",
    "communication",
    "housing",
    "money",
    "safeguarding",
    "trauma",
    "risk-from-others",
    "risk-to-others",
    "legal-status",
    "pathway",
    "release",
    "background",
    "household",
    "relationships",
];

/// The rows that an entry tells of by its kind of service.
fn said_by_service(entry: &Value) -> &'static [&'static str] {
    let Some(kind) = entry["service_type"].as_str() else { return &[] };
    SERVICES.iter().find(|(known, _)| *known == kind).map_or(OF_SERVICES, |(_, rows)| rows)
}

/// The rows that the entry of a list tells of by its code.
fn said_by(entry: &Value) -> impl Iterator<Item = &'static str> {
    let code = entry["category"].as_str().or(entry["need"].as_str()).unwrap_or_default().to_owned();
    SAYS.iter().filter(move |(said, _)| *said == code).flat_map(|(_, rows)| rows.iter().copied())
}

fn row(place: &str) -> Option<(&'static str, &'static str)> {
    let steps: Vec<&str> = place.split('/').skip(1).collect();
    let begins = |path: &str| {
        let mut steps = steps.iter();
        path.split('/').all(|wanted| steps.next().is_some_and(|step| wanted == "*" || wanted == *step))
    };
    let rows = ROWS.iter().filter(|(path, ..)| begins(path));
    rows.max_by_key(|(path, ..)| path.split('/').count()).map(|(_, block, who)| (*block, *who))
}

/// By what a person is found or reached, and who comes with them: a housing authority has it where they agreed to be contacted.
const REACHES: &[&str] = &["address", "safe-contact", "accompaniment", "service-contact"];

/// Whether the person chose this housing authority, by its code or by its name. The first form has no place for it.
pub fn is_chosen(assessment: &Value, name: &str) -> bool {
    let chosen = &assessment["housing"]["chosen_authority"];
    let code = chosen["code"].as_str().map(|code| code == name.to_uppercase());
    let is_first = assessment["profile"].as_str().is_some_and(|form| form.ends_with("/adult/1"));
    is_first || code.unwrap_or_else(|| chosen["name"].as_str() == Some(name.replace('-', " ").as_str()))
}

/// Whether the agency with this letter and name may see the text at `place` of this assessment.
pub fn may_see(assessment: &Value, place: &str, letter: char, name: &str) -> bool {
    let about = |list: &str| {
        let mut entries = assessment[list].as_array().into_iter().flatten();
        entries.find(|entry| entry["recipient"] == name).cloned().unwrap_or_default()
    };
    let (consent, asked) = (about("consents"), about("referrals"));
    let Some((block, who)) = row(place) else { return false };
    if asked.is_null() || (letter == 'B' && !is_chosen(assessment, name)) {
        return false;
    }
    let entry = |list: &str| {
        let number = place.strip_prefix(&format!("/{list}/"))?.split('/').next()?.parse::<usize>().ok()?;
        Some(&assessment[list][number])
    };
    if consent["decision"] != "agree" {
        let over = assessment["overrides"].as_array().is_some_and(|all| !all.is_empty());
        return over && letter == 'C' && who.contains('o');
    }
    let names =
        |list: &Value, word: &str| list.as_array().is_some_and(|all| all.iter().any(|one| one == word));
    let rows = UNDER.iter().filter(|(id, _)| *id == block).flat_map(|(_, rows)| rows.iter().copied());
    if !who.contains(letter) || rows.chain([block]).any(|row| names(&consent["excludes"], row)) {
        return false;
    }
    if let Some(entry) = entry("consents").or_else(|| entry("referrals")) {
        return entry["recipient"] == name;
    }
    let service = entry("service_contact").or_else(|| entry("onward_referrals"));
    if service.into_iter().flat_map(said_by_service).any(|row| names(&consent["excludes"], row)) {
        return false;
    }
    if let Some(entry) = entry("onward_referrals") {
        return names(&entry["may_be_told"], name);
    }
    let said = entry("vulnerabilities").or_else(|| entry("priorities"));
    if said.into_iter().flat_map(said_by).any(|row| names(&consent["excludes"], row)) {
        return false;
    }
    if let Some(entry) = entry("priorities") {
        return match letter {
            'P' | 'J' => entry["clinical"] == false,
            'B' => entry["need"] == "housing",
            'V' => entry["need"] == asked["need"],
            _ => true,
        };
    }
    match block {
        "trauma" => names(&consent["specific"], "trauma"),
        _ if letter == 'B' && (REACHES.contains(&block) || place == "/housing/narrative") => {
            assessment["housing"]["consent_to_share_contact"] == true
        }
        "housing" if letter == 'V' => asked["need"] == "housing",
        "money" if letter == 'V' => {
            let field = place.rsplit('/').next().unwrap_or_default();
            match asked["need"].as_str().unwrap_or_default() {
                "money" => ["summary", "affordability", "debt", "benefits"].contains(&field),
                "debt" => ["affordability", "debt"].contains(&field),
                need => need == field,
            }
        }
        _ => true,
    }
}
