//! The person agrees to less than before and the agency that has it is not asked anything new: what it holds is taken back
//! there and then, or something narrower comes; what is no longer given out says so in words that are true.

use keyway::{
    clock::Clock,
    directory::PartnerStatus,
    exchange::{
        ports::{Store, Write},
        refusal::{Refusal, Refused},
    },
};
use serde_json::{Value, json};

use crate::harness::{PARTNERS, Rig, Scripted, agreement, assessment, id, json as body_of, partner, to};

const CARRIER: &str = "probation-harbour";
const READER: &str = "court-harbour";

async fn sheet(rig: &Rig, who: &str, courier: &Scripted, place: usize) -> Result<Value, Refusal> {
    let message = courier.carried.lock().unwrap()[place].message_id.to_string();
    rig.exchange.collect_sheet(&rig.caller(who), &message).await.map(|answer| body_of(&answer))
}

/// An assessment that asks `recipient`, and says of `about` what `change` makes of a plain yes.
fn said_of(recipient: &str, about: &str, change: impl Fn(&mut Value)) -> Value {
    let mut value = assessment(&[recipient]);
    let mut consent = assessment(&[about])["consents"][0].clone();
    consent["recorded_at"] = "2026-11-23T09:30:00Z".into();
    change(&mut consent);
    let consents = value["consents"].as_array_mut().unwrap();
    consents.retain(|one| one["recipient"] != about);
    consents.push(consent);
    value
}

/// The place of the only recall after the first `place` messages, and of what else came.
fn recall_and_rest(courier: &Scripted, from: usize) -> (usize, Vec<usize>) {
    let texts = courier.texts();
    let is_recall = |place: &usize| texts[*place].contains("disclosure.recalled");
    let (recalls, rest): (Vec<_>, Vec<_>) = (from..texts.len()).partition(is_recall);
    assert_eq!(recalls.len(), 1, "{texts:?}");
    (recalls[0], rest)
}

async fn amend(rig: &Rig, earlier: &Value, value: &Value) -> Value {
    let (caller, body, id) = (rig.caller("ld-harbour"), value.to_string(), id(earlier, "assessment_id"));
    body_of(&rig.exchange.amend_assessment(&caller, &id, "k2", body.as_bytes(), false).await.unwrap())
}

#[tokio::test]
async fn whoever_is_not_named_and_holds_more_than_is_agreed_to_gets_a_recall_and_what_is_left() {
    for amended in [true, false] {
        let rig = Rig::new().await;
        let mut first = assessment(&[CARRIER]);
        first["risk"]["to_self"]["handover_advice"] = "canaryadvice".into();
        let first = rig.submit(&first, "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        sheet(&rig, CARRIER, &courier, 0).await.unwrap();
        let later = said_of(READER, CARRIER, |consent| consent["excludes"] = json!(["risk-to-self"]));
        let referral = id(to(&first, CARRIER), "referral_id");
        let answer = if amended {
            let answer = amend(&rig, &first, &later).await;
            let to_it =
                answer["referrals"].as_array().unwrap().iter().filter(|one| one["recipient"] == CARRIER);
            let changes: Vec<&str> = to_it.map(|one| one["change"].as_str().unwrap()).collect();
            assert_eq!(changes, ["recalled", "new"], "{answer}");
            answer
        } else {
            rig.submit(&later, "k2").await.unwrap()
        };
        let told = answer["warnings"].to_string();
        assert!(told.contains(&referral) && told.contains("was sent as referral"), "{told}");
        assert_eq!(rig.referral(&referral).await["state"], "recalled");
        rig.deliver_all(&courier).await;
        let (_, rest) = recall_and_rest(&courier, 1);
        let to_carrier =
            |place: &&usize| courier.carried.lock().unwrap()[**place].partner.partner_id.as_str() == CARRIER;
        let narrower = *rest.iter().find(to_carrier).unwrap();
        let seen = sheet(&rig, CARRIER, &courier, narrower).await.unwrap();
        assert!(!seen.to_string().contains("canaryadvice"));
        let gone = sheet(&rig, CARRIER, &courier, 0).await.unwrap_err();
        assert_eq!(gone.class, Refused::Gone);
        assert!(gone.issues[0].diagnostics.contains("taken back"));
    }
}

/// The row itself never went to such an agency; a code of another block said what it is about.
#[tokio::test]
async fn a_code_that_says_what_is_kept_back_now_is_taken_back_with_it() {
    for (row, words) in [("clinical", "feeling very low"), ("substance-use", "Drinks more than")] {
        let rig = Rig::new().await;
        let first = rig.submit(&assessment(&[CARRIER]), "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        assert!(sheet(&rig, CARRIER, &courier, 0).await.unwrap().to_string().contains(words));
        rig.submit(&said_of(READER, CARRIER, |consent| consent["excludes"] = json!([row])), "k2")
            .await
            .unwrap();
        assert_eq!(rig.referral(&id(to(&first, CARRIER), "referral_id")).await["state"], "recalled", "{row}");
        rig.deliver_all(&courier).await;
        assert_eq!(sheet(&rig, CARRIER, &courier, 0).await.unwrap_err().class, Refused::Gone);
        let (_, rest) = recall_and_rest(&courier, 1);
        for place in rest {
            if courier.carried.lock().unwrap()[place].partner.partner_id.as_str() == CARRIER {
                assert!(!sheet(&rig, CARRIER, &courier, place).await.unwrap().to_string().contains(words));
            }
        }
    }
}

#[tokio::test]
async fn a_yes_to_as_much_or_more_takes_nothing_back() {
    for change in [
        (|_: &mut Value| {}) as fn(&mut Value),
        |consent| consent["valid_until"] = "2027-09-01".into(),
        |consent| consent["specific"] = json!(["trauma"]),
    ] {
        let rig = Rig::new().await;
        rig.submit(&assessment(&[CARRIER]), "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        rig.submit(&said_of(READER, CARRIER, change), "k2").await.unwrap();
        rig.deliver_all(&courier).await;
        assert!(courier.texts().iter().all(|text| !text.contains("recalled")));
        sheet(&rig, CARRIER, &courier, 0).await.unwrap();
    }
}

#[tokio::test]
async fn a_later_yes_that_nobody_could_give_takes_back_what_the_earlier_let_go() {
    for (field, value) in [("capacity", "lacks-capacity"), ("valid_until", "2026-11-23T09:45:00Z")] {
        let change = |consent: &mut Value| consent[field] = value.into();
        // Named, or not: it comes to the same.
        for recipient in [READER, CARRIER] {
            let rig = Rig::new().await;
            let first = rig.submit(&assessment(&[CARRIER]), "k1").await.unwrap();
            let courier = Scripted::delivers();
            rig.deliver_all(&courier).await;
            let answer = amend(&rig, &first, &said_of(recipient, CARRIER, change)).await;
            let to_it = to(&answer, CARRIER);
            assert_eq!(to_it["change"], "recalled", "{answer}");
            rig.deliver_all(&courier).await;
            let mine: Vec<String> =
                courier.texts().into_iter().filter(|text| text.contains("recalled")).collect();
            assert_eq!(mine.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_courts_view_that_went_through_probation_goes_back_and_comes_narrower() {
    let rig = Rig::new().await;
    let mut first = assessment(&[CARRIER, READER]);
    let asked = first["referrals"].as_array_mut().unwrap();
    asked.retain(|one| one["recipient"] == CARRIER);
    asked[0]["on_behalf_of"] = READER.into();
    first["profile"] = "https://keyway.example/profiles/assessment/adult/2".into();
    let one = first.as_object_mut().unwrap().remove("treatment_requirement");
    first["treatment_requirements"] = one.into_iter().collect();
    first["offence"].as_object_mut().unwrap().remove("note");
    first["risk"]["to_self"]["handover_advice"] = "canaryadvice".into();
    rig.submit(&first, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let seen = sheet(&rig, CARRIER, &courier, 0).await.unwrap();
    assert!(seen["issuedFor"].is_object() && seen.to_string().contains("canaryadvice"));
    // The court alone is spoken of, and probation holds it.
    let later = said_of("cmht-riverside", READER, |consent| consent["excludes"] = json!(["risk-to-self"]));
    rig.submit(&later, "k2").await.unwrap();
    rig.deliver_all(&courier).await;
    let (recall, rest) = recall_and_rest(&courier, 1);
    let carried = courier.carried.lock().unwrap()[recall].partner.partner_id.to_string();
    assert_eq!(carried, CARRIER);
    let to_carrier =
        |place: &&usize| courier.carried.lock().unwrap()[**place].partner.partner_id.as_str() == CARRIER;
    let narrower = *rest.iter().find(to_carrier).unwrap();
    let seen = sheet(&rig, CARRIER, &courier, narrower).await.unwrap();
    assert!(seen["issuedFor"].is_object() && !seen.to_string().contains("canaryadvice"), "{seen}");
}

#[tokio::test]
async fn what_is_not_given_out_any_more_says_what_became_of_it() {
    // Time ran out: nobody took it back, and nothing newer comes.
    let rig = Rig::new().await;
    let mut short = assessment(&[CARRIER]);
    short["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    rig.submit(&short, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(3 * 3_600);
    let gone = sheet(&rig, CARRIER, &courier, 0).await.unwrap_err();
    let said = &gone.issues[0].diagnostics;
    assert!(said.contains("Nobody took it back, and nothing newer"), "{said}");
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);

    // A newer one has its place.
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&[READER]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut news = assessment(&[READER]);
    news["communication"]["language"] = "cy".into();
    amend(&rig, &first, &news).await;
    let gone = sheet(&rig, READER, &courier, 0).await.unwrap_err();
    assert!(gone.issues[0].diagnostics.contains("look for the newer message"), "{gone:?}");
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2);
}

/// Why nothing may flow to an agency, whatever the person agreed to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shut {
    Ended,
    OtherPurpose,
    NoRecord,
    Suspended,
}

impl Shut {
    const ALL: [Self; 4] = [Self::Ended, Self::OtherPurpose, Self::NoRecord, Self::Suspended];

    async fn to(self, rig: &Rig, agency: &str) {
        let mut agreement = agreement(agency);
        agreement.version = 2;
        match self {
            Self::Ended => agreement.valid_to = rig.clock.now(),
            Self::OtherPurpose => agreement.purposes = vec![String::from("HRESCH")],
            Self::NoRecord => agreement.record = None,
            Self::Suspended => return in_use(rig, agency, PartnerStatus::Suspended).await,
        }
        rig.store.commit(vec![Write::Agreement(agreement)], Vec::new()).await.unwrap();
    }
}

async fn in_use(rig: &Rig, agency: &str, status: PartnerStatus) {
    let (slug, kind, channel) = PARTNERS.into_iter().find(|(slug, ..)| *slug == agency).unwrap();
    let row = Write::Partner(keyway::directory::Partner { status, ..partner(slug, kind, channel) });
    rig.store.commit(vec![row], Vec::new()).await.unwrap();
}

/// Less than before, in three ways: a part kept back, a no, a yes that is over.
const LESS: [fn(&mut Value); 3] = [
    |consent| consent["excludes"] = json!(["risk-to-self"]),
    |consent| consent["decision"] = "decline".into(),
    |consent| consent["valid_until"] = "2026-11-23T09:45:00Z".into(),
];

async fn holding(rig: &Rig, courier: &Scripted) -> String {
    let mut first = assessment(&[CARRIER]);
    first["risk"]["to_self"]["handover_advice"] = "canaryadvice".into();
    let first = rig.submit(&first, "k1").await.unwrap();
    rig.deliver_all(courier).await;
    assert!(sheet(rig, CARRIER, courier, 0).await.unwrap().to_string().contains("canaryadvice"));
    id(to(&first, CARRIER), "referral_id")
}

fn recalls(courier: &Scripted) -> usize {
    courier.texts().iter().filter(|text| text.contains("disclosure.recalled")).count()
}

#[tokio::test]
async fn less_is_taken_back_although_no_agreement_stands_or_the_agency_is_suspended() {
    for shut in Shut::ALL {
        for (number, less) in LESS.into_iter().enumerate() {
            // Asked for something, or spoken of only: it comes to the same.
            for asked in [READER, CARRIER] {
                let rig = Rig::new().await;
                let courier = Scripted::delivers();
                let referral = holding(&rig, &courier).await;
                shut.to(&rig, CARRIER).await;
                rig.submit(&said_of(asked, CARRIER, less), "k2").await.unwrap();
                let about = format!("{shut:?}, less {number}, asked of {asked}");
                assert_eq!(rig.referral(&referral).await["state"], "recalled", "{about}");
                let gone = sheet(&rig, CARRIER, &courier, 0).await.unwrap_err();
                assert_eq!(gone.class, Refused::Gone, "{about}");
                assert!(gone.issues[0].diagnostics.contains("taken back: do not use"), "{about}: {gone:?}");
                rig.deliver_all(&courier).await;
                if shut == Shut::Suspended {
                    assert_eq!(recalls(&courier), 0, "it waits for whoever is suspended");
                    in_use(&rig, CARRIER, PartnerStatus::Active).await;
                    rig.clock.advance_seconds(3_600);
                    rig.deliver_all(&courier).await;
                }
                assert_eq!(recalls(&courier), 1, "{about}");
                let texts = courier.texts();
                let recall = texts.iter().find(|text| text.contains("disclosure.recalled")).unwrap();
                assert!(!recall.contains("canaryadvice"), "{recall}");
            }
        }
    }
}

#[tokio::test]
async fn as_much_as_before_takes_nothing_back_where_no_agreement_stands() {
    for shut in Shut::ALL {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let referral = holding(&rig, &courier).await;
        shut.to(&rig, CARRIER).await;
        rig.submit(&said_of(READER, CARRIER, |_| {}), "k2").await.unwrap();
        rig.deliver_all(&courier).await;
        assert_ne!(rig.referral(&referral).await["state"], "recalled", "{shut:?}");
        assert_eq!(recalls(&courier), 0, "{shut:?}");
        if shut == Shut::Suspended {
            in_use(&rig, CARRIER, PartnerStatus::Active).await;
            sheet(&rig, CARRIER, &courier, 0).await.unwrap();
            continue;
        }
        let gone = sheet(&rig, CARRIER, &courier, 0).await.unwrap_err();
        assert!(gone.issues[0].diagnostics.contains("Nobody took it back"), "{shut:?}: {gone:?}");
    }
}

/// Probation holds it for the court, and it is with the court that nothing stands any more.
#[tokio::test]
async fn what_another_passes_on_is_taken_back_although_nothing_stands_with_its_reader() {
    for shut in Shut::ALL {
        for less in LESS {
            let rig = Rig::new().await;
            let mut first = assessment(&[CARRIER, READER]);
            let asked = first["referrals"].as_array_mut().unwrap();
            asked.retain(|one| one["recipient"] == CARRIER);
            asked[0]["on_behalf_of"] = READER.into();
            first["profile"] = "https://keyway.example/profiles/assessment/adult/2".into();
            let one = first.as_object_mut().unwrap().remove("treatment_requirement");
            first["treatment_requirements"] = one.into_iter().collect();
            first["offence"].as_object_mut().unwrap().remove("note");
            let first = rig.submit(&first, "k1").await.unwrap();
            let courier = Scripted::delivers();
            rig.deliver_all(&courier).await;
            shut.to(&rig, READER).await;
            rig.submit(&said_of("cmht-riverside", READER, less), "k2").await.unwrap();
            let referral = id(to(&first, CARRIER), "referral_id");
            assert_eq!(rig.referral(&referral).await["state"], "recalled", "{shut:?}");
            rig.deliver_all(&courier).await;
            assert_eq!(recalls(&courier), 1, "{shut:?}");
        }
    }
}

/// What an override alone let go never rested on their word: a no takes nothing back, with an agreement or without.
#[tokio::test]
async fn a_no_takes_back_nothing_of_an_override_where_no_agreement_stands() {
    for shut in Shut::ALL {
        let rig = Rig::new().await;
        let custody = "custody-northgate";
        let mut first = assessment(&[custody]);
        first["consents"][0]["decision"] = "decline".into();
        first["risk"]["to_self"]["imminent"] = true.into();
        first["risk"]["to_self"]["current"] = "yes".into();
        first["overrides"] = json!([{
            "recipient": custody, "reason": "RISK-TO-LIFE-SELF", "practitioner": "Practitioner on duty",
            "justification": "Said what they will do tonight.",
        }]);
        let first = rig.submit(&first, "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let referral = id(to(&first, custody), "referral_id");
        assert_eq!(rig.referral(&referral).await["state"], "delivered");
        shut.to(&rig, custody).await;
        rig.submit(&said_of(READER, custody, |consent| consent["decision"] = "decline".into()), "k2")
            .await
            .unwrap();
        assert_eq!(rig.referral(&referral).await["state"], "delivered", "{shut:?}");
    }
}
