//! What agencies ask of the service: it comes to the service, and to nobody else.

use keyway::exchange::request::Door;
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};
use serde_json::Value;

use crate::{
    assessments::add,
    harness::json,
    marks::{UNLISTED, property, put, unlisted},
    world::SERVICE,
};

/// Each kind's fixture, who asks and where.
const KINDS: [(&str, &str, Door); 11] = [
    ("screening", "custody-northgate", Door::Justice),
    ("assessment", "probation-harbour", Door::Justice),
    ("welfare-check", "custody-northgate", Door::Justice),
    ("out-of-court-view", "custody-northgate", Door::Justice),
    ("appropriate-adult-concern", "custody-northgate", Door::Justice),
    ("court-report", "court-harbour", Door::Justice),
    ("pre-sentence-contribution", "probation-harbour", Door::Justice),
    ("treatment-requirement-view", "probation-harbour", Door::Justice),
    ("concern", "housing-harbour", Door::Housing),
    ("referral", "veterans-harbour", Door::Community),
    ("self-referral", SERVICE, Door::SelfReferrals),
];

#[test]
fn what_is_asked_comes_to_the_service_alone_and_what_no_form_has_is_refused() {
    property(
        (select(&KINDS[..]), prop::collection::vec(unlisted(), 0..3)),
        |worlds, ((kind, by, door), fields)| {
            worlds.run(async |world, number| {
                let file = format!("{}/fixtures/requests/{kind}.json", env!("CARGO_MANIFEST_DIR"));
                let mut request: Value =
                    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
                put(&mut request, number, "", &|place, text| {
                    text.contains(' ') && !place.contains("telephone")
                });
                let odd = !fields.is_empty() && add(&mut request, &fields);
                let (body, key) = (request.to_string(), number.to_string());
                let answer =
                    world.rig.exchange.take_request(&world.caller(by), door, &key, body.as_bytes()).await;
                world.told(by, "the answer to a request", &answer);
                let mut referrals = Vec::new();
                match answer {
                    Ok(answer) if !odd => {
                        referrals.push(json(&answer)["referral_id"].as_str().unwrap().to_owned());
                    }
                    Err(_) if odd => {}
                    Ok(_) => return Err(TestCaseError::fail("a field that no form has was taken")),
                    Err(why) => return Err(TestCaseError::fail(format!("{why:?}"))),
                }
                world.carry().await;
                world.read(&referrals).await;
                world.at_rest();
                let leaks = world.leaks(|seen, mark| seen.who == SERVICE && mark != UNLISTED && !odd);
                prop_assert!(leaks.is_empty(), "{kind}: {leaks:#?}");
                prop_assert!(odd || world.marks_of(SERVICE) > 0, "{kind} did not arrive");
                Ok(())
            })
        },
    );
}
