//! What is read back to the person: every part has words, and nothing that would be seen is passed over.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{
    consent::Reason,
    directory::Audience,
    sheet::read_back::{Answer, Plan, ReadBack},
};

/// Nothing tells of another part.
static NOTHING: BTreeSet<String> = BTreeSet::new();

const BLOCKS: &str = include_str!("../../../profiles/disclosure/blocks.toml");
const COLUMNS: [&str; 8] = [
    include_str!("../../../profiles/disclosure/custody.toml"),
    include_str!("../../../profiles/disclosure/court.toml"),
    include_str!("../../../profiles/disclosure/probation.toml"),
    include_str!("../../../profiles/disclosure/youth-justice.toml"),
    include_str!("../../../profiles/disclosure/health.toml"),
    include_str!("../../../profiles/disclosure/housing.toml"),
    include_str!("../../../profiles/disclosure/social-care.toml"),
    include_str!("../../../profiles/disclosure/voluntary.toml"),
];

#[derive(Deserialize)]
struct Ids {
    block: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

fn set(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

fn plan<'a>(
    given: &'a BTreeSet<(String, String)>,
    kept: &'a BTreeSet<(String, String)>,
    answer: Answer<'a>,
) -> Plan<'a> {
    Plan {
        recipient: "Harbour Probation",
        audience: "probation",
        reader: None,
        because_of: None,
        answer,
        given,
        kept,
        tells: &NOTHING,
        emergency: false,
    }
}

fn said(plan: &Plan<'_>) -> String {
    ReadBack::of(plan).unwrap().text()
}

#[test]
fn every_part_that_may_leave_has_words_of_its_own() {
    let ids: Ids = toml::from_str(BLOCKS).unwrap();
    let known: Vec<String> = ids.block.into_iter().map(|block| block.id).collect();
    let mut parts: BTreeSet<(String, String)> =
        known.iter().map(|id| (id.clone(), String::from("full"))).collect();
    for column in COLUMNS {
        let column: toml::Table = toml::from_str(column).unwrap();
        for (block, cell) in column["cells"].as_table().unwrap() {
            for view in ["view", "override"].into_iter().filter_map(|key| cell.get(key)) {
                parts.insert((block.clone(), view.as_str().unwrap().to_owned()));
            }
            let by_law = cell.get("under_18").and_then(|law| law.get("view"));
            let by_need = cell.get("by_need").and_then(|views| views.as_table());
            for view in by_law.into_iter().chain(by_need.into_iter().flat_map(|views| views.values())) {
                parts.insert((block.clone(), view.as_str().unwrap().to_owned()));
            }
        }
    }
    assert!(parts.len() > 90, "{}", parts.len());
    let source: toml::Table = toml::from_str(include_str!("../../../profiles/print/read-back.toml")).unwrap();
    let rows: Vec<&str> =
        source["blocks"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).collect();
    for (block, view) in &parts {
        let id = if view == "full" { block.clone() } else { format!("{block}:{view}") };
        assert!(rows.contains(&id.as_str()), "no words for {id}");
    }
    for row in rows {
        let (block, view) = row.split_once(':').unwrap_or((row, "full"));
        assert!(parts.contains(&(block.to_owned(), view.to_owned())), "nothing leaves as {row}");
    }
}

#[test]
fn every_audience_has_its_readers_and_every_no_its_reason() {
    let (given, kept) = (set(&[("name", "full")]), set(&[]));
    for audience in Audience::ALL {
        let told = ReadBack::of(&Plan { audience: audience.as_str(), ..plan(&given, &kept, Answer::Agreed) });
        assert_eq!(told.unwrap().readers.len(), 1, "{}", audience.as_str());
    }
    let permits = [
        Reason::ConsentImplied,
        Reason::ConsentGiven,
        Reason::OverrideRiskToLife,
        Reason::ConsentAndOverride,
        Reason::OwnRequest,
    ];
    for reason in Reason::ALL.into_iter().filter(|reason| !permits.contains(reason)) {
        let told = said(&plan(&given, &kept, Answer::Denied(reason.as_str())));
        assert!(told.contains("othing goes to Harbour Probation"), "{told}");
        assert!(!told.contains(reason.as_str()), "{}: {told}", reason.as_str());
        assert!(!told.contains("your name"), "what does not go is not said to be seen: {told}");
    }
}

#[test]
fn what_is_seen_kept_back_and_never_seen_stand_apart() {
    let given = set(&[("risk-to-self", "full"), ("housing", "category"), ("name", "full")]);
    let kept = set(&[
        ("housing", "category-only"),
        ("vulnerabilities", "excluded-by-person"),
        ("trauma", "needs-specific-consent"),
        ("clinical", "never-for-audience"),
        ("money", "not-for-recipient"),
    ]);
    let told = said(&plan(&given, &kept, Answer::Agreed));
    let expected = "\
What Harbour Probation will see

Your probation officer will read it. What they put into a report goes to the court, and so to everybody in the case.

You said yes. Harbour Probation will see:
- your name
- the risk that you hurt yourself, and your safety plan
- your housing, as one word

You asked us to keep this back. They will not see:
- what makes things harder for you

They will not see this unless you say yes to it by name:
- the very hard things that happened to you

We have written this down, and they will not see it:
- your diagnoses, your medicines and your health history
- your money, debts, benefits and work
Other parts may still give a hint of it. Ask us to show you every word.

You can say no. You can change your mind later: tell us. What they have read by then, they have read.";
    assert_eq!(told, expected);
    let unknown = set(&[("new-block", "full")]);
    assert!(said(&plan(&unknown, &kept, Answer::Agreed)).contains("- new-block"), "never passed over");
}

/// A code goes, and with it what the code is about: that is not among what is not seen.
#[test]
fn what_a_code_tells_is_not_said_to_stay() {
    let given = set(&[("vulnerabilities", "stated"), ("housing", "category")]);
    let kept = set(&[
        ("trauma", "needs-specific-consent"),
        ("safeguarding", "never-for-audience"),
        ("household", "excluded-by-person"),
        ("money", "never-for-audience"),
    ]);
    let tells = ["trauma", "safeguarding", "housing"].map(str::to_owned).into();
    let told = ReadBack::of(&Plan { tells: &tells, ..plan(&given, &kept, Answer::Agreed) }).unwrap();
    let of_abuse = "what somebody may be doing to you or to others";
    assert!(told.sees.contains(&format!("a word or so about this: {of_abuse}")), "{:?}", told.sees);
    assert_eq!(told.sees.len(), 4, "the housing goes as it is, and is not said twice: {:?}", told.sees);
    let beyond = |part: &str| vec![format!("more than that word about this: {part}")];
    assert_eq!(told.needs_own_yes, beyond("the very hard things that happened to you"));
    assert_eq!(told.never[..1], beyond(of_abuse));
    assert_eq!(told.never[1..], ["your money, debts, benefits and work"]);
    assert_eq!(told.kept_by_person, ["who lives with you, and your children"]);
}

#[test]
fn who_reads_it_is_named_the_court_and_the_parties_among_them() {
    let (given, kept) = (set(&[("name", "full")]), set(&[]));
    let court =
        Plan { recipient: "Harbour Court", audience: "court", ..plan(&given, &kept, Answer::NotAsked) };
    let told = said(&court);
    assert!(told.contains("If you say yes, Harbour Court will see:"), "{told}");
    assert!(told.contains("the prosecution, the defence, and you"), "{told}");
    let on_behalf = Plan { reader: Some(("Harbour Court", "court")), ..plan(&given, &kept, Answer::Agreed) };
    let told = said(&on_behalf);
    assert!(told.contains("We send it to Harbour Probation for Harbour Court. Both will read it."), "{told}");
    assert!(told.contains("the prosecution, the defence, and you"), "{told}");
    assert!(told.contains("You said yes to both. Both will see:"), "{told}");
    for (reason, words) in [
        ("consent-refused", "for Harbour Court, and you said no to Harbour Court. So nothing goes."),
        ("no-agreement", "for Harbour Court. Nothing goes now, because of Harbour Court: "),
    ] {
        let answer = Answer::Denied(reason);
        let told = said(&Plan { because_of: Some("Harbour Court"), answer, ..on_behalf });
        assert!(told.contains(words), "{told}");
        assert!(!told.contains("You said no. "), "{told}");
    }
}

#[test]
fn an_emergency_is_told_before_it_happens() {
    let (given, kept) = (set(&[("name", "full")]), set(&[]));
    let refused = Answer::Denied("consent-refused");
    assert!(!said(&plan(&given, &kept, refused)).contains("even when you said no"));
    let told = said(&Plan { emergency: true, ..plan(&given, &kept, refused) });
    assert!(told.contains("You said no. Nothing goes to Harbour Probation."), "{told}");
    assert!(told.contains("even when you said no"), "{told}");
    let told = said(&Plan { emergency: true, ..plan(&given, &kept, Answer::Minimum) });
    assert!(told.contains("Your life may be at risk now.") && !told.contains("You said yes"), "{told}");
}
