//! A person is told what is held about them: after somebody decided on what may not be theirs to see.

use keyway::{
    exchange::{
        ports::Store as _,
        refusal::Refused,
        subject::{Decision, Exemption},
    },
    ids::SubjectAccessId,
};
use serde_json::json;

use super::{DAY, number, officer, person_of};
use crate::harness::{Rig, Scripted, assessment, id, site, to};

fn shown(field: &str) -> Decision {
    Decision { field: field.to_owned(), withhold: None, reason: String::new() }
}

fn withheld(field: &str) -> Decision {
    let reason = String::from("Names a former partner; the law that the reviewer gave.");
    Decision { field: field.to_owned(), withhold: Some(Exemption::ThirdParty), reason }
}

#[tokio::test]
async fn a_copy_is_released_once_every_marked_field_was_decided_and_says_nothing_of_what_is_left_out() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["court-harbour", "housing-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let court = id(to(&answer, "court-harbour"), "referral_id");
    let person = person_of(&rig, &court).await;
    let exchange = &rig.exchange;
    let draft = exchange.draft_subject_access(&site(), &officer(), &person).await.unwrap();
    assert!(draft.held.len() > 100 && draft.undecided() > 50, "{} {}", draft.held.len(), draft.undecided());
    // Every leaf of the assessment is there.
    let whole = assessment(&["court-harbour", "housing-harbour"]);
    for pointer in ["/person/name/family", "/person/safe_contact/must_not_know/0", "/risk/to_self/current"] {
        let value = whole.pointer(pointer).unwrap();
        let field = draft.held.iter().find(|held| held.field.ends_with(&format!("#{pointer}"))).unwrap();
        assert_eq!(&field.value, value);
    }
    assert_eq!(draft.told_to.len(), 2);
    assert!(
        draft.told_to.iter().any(|told| told.name == "court harbour" && told.purposes == ["COORDINATION"])
    );
    assert!(draft.glossary.iter().any(|one| one.code == "COORDINATION"));
    assert!(!draft.sources.is_empty());

    // Undecided, it stays, and the refusal names fields and no values.
    let refused = exchange.release_subject_access(&site(), &officer(), &draft.request_id, "Ana Silva").await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.class, Refused::Conflict);
    assert!(!format!("{refused:?}").contains("Former partner"));

    let partner = draft.held.iter().find(|held| held.value == json!("Former partner")).unwrap().field.clone();
    let open: Vec<&str> =
        draft.held.iter().filter(|held| !held.may_be.is_empty()).map(|held| held.field.as_str()).collect();
    let mut decisions: Vec<Decision> =
        open.iter().filter(|field| **field != partner).map(|field| shown(field)).collect();
    let decide = |decisions: Vec<Decision>, reviewer: &'static str| {
        let request = draft.request_id.clone();
        async move { exchange.decide_subject_access(&site(), &officer(), &request, reviewer, &decisions).await }
    };
    // A reason, a reviewer and a field that is there are needed; else nothing is recorded.
    let mut bare = withheld(&partner);
    bare.reason.clear();
    for (wrong, reviewer) in [
        (vec![shown(&partner), bare], "Ana Silva"),
        (vec![shown("nothing#/here")], "Ana Silva"),
        (vec![shown(&partner)], " "),
    ] {
        assert_eq!(decide(wrong, reviewer).await.unwrap_err().class, Refused::Unprocessable);
    }
    assert_eq!(
        exchange.subject_access(&site(), &officer(), &draft.request_id).await.unwrap().undecided(),
        draft.undecided()
    );
    decisions.push(withheld(&partner));
    let last = decisions.split_off(decisions.len() / 2);
    assert!(decide(decisions, "Ana Silva").await.unwrap().undecided() > 0);
    let refused = exchange.release_subject_access(&site(), &officer(), &draft.request_id, "Ana Silva").await;
    assert_eq!(refused.unwrap_err().class, Refused::Conflict);
    assert_eq!(decide(last, "Ben Okoro").await.unwrap().undecided(), 0);

    let copy =
        exchange.release_subject_access(&site(), &officer(), &draft.request_id, "Ana Silva").await.unwrap();
    assert_eq!(copy.held.len(), draft.held.len() - 1);
    let text = serde_json::to_string(&copy).unwrap();
    // The same words stand in a narrative that the reviewer let through: the field alone is what was decided on.
    assert!(!text.contains("\"Former partner\"") && !text.contains(&partner), "not even its place");
    for word in ["withheld", "third-party", "Ana Silva", "exempt"] {
        assert!(!text.contains(word), "{word}");
    }
    // The words are the same where nothing was left out.
    assert!(copy.about.contains("may ask"));
    let again = exchange.release_subject_access(&site(), &officer(), &draft.request_id, "Ana Silva").await;
    assert_eq!(again.unwrap_err().class, Refused::Conflict);
    let late = decide(vec![shown(&partner)], "Ana Silva").await.unwrap_err();
    assert_eq!(late.class, Refused::Conflict, "what was released stands");
    // Who decided, and why, is kept, and each step is on record.
    let kept = exchange.subject_access(&site(), &officer(), &draft.request_id).await.unwrap();
    let decided = kept.held.iter().find(|held| held.field == partner).unwrap().decided.clone().unwrap();
    assert_eq!((decided.withhold, decided.reviewer.as_str()), (Some(Exemption::ThirdParty), "Ben Okoro"));
    assert!(decided.reason.contains("former partner"));
    let steps = rig.audit().await.iter().filter(|kind| *kind == "subject-access").count();
    assert_eq!(steps, 4);
    // Nothing of it lies open in the files.
    let files: Vec<u8> = ["", "-wal"]
        .iter()
        .flat_map(|end| std::fs::read(format!("{}{end}", rig.database.display())).unwrap_or_default())
        .collect();
    for name in ["Ben Okoro", "Former partner"] {
        assert!(!files.windows(name.len()).any(|part| part == name.as_bytes()), "{name}");
    }
}

#[tokio::test]
async fn a_draft_is_of_somebody_who_is_there_and_does_not_outlive_what_it_copies_for_long() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let person = person_of(&rig, &id(to(&answer, "court-harbour"), "referral_id")).await;
    let nobody = keyway::ids::PersonId::parse("nobody").unwrap();
    let none = SubjectAccessId::parse("none").unwrap();
    let exchange = &rig.exchange;
    let refused = exchange.draft_subject_access(&site(), &officer(), &nobody).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    let refused = exchange.subject_access(&site(), &officer(), &none).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    exchange.draft_subject_access(&site(), &officer(), &person).await.unwrap();
    for (days, left) in [(179, 1), (1, 0)] {
        rig.clock.advance_seconds(days * DAY);
        exchange.retention(&site(), &officer(), false).await.unwrap();
        assert_eq!(number(&rig, "SELECT COUNT(*) FROM subject_access"), left);
    }
    let _ = rig.store.log_head().await.unwrap();
}
