//! Forms of services, with questions and columns that no rule of their adapter reads.

use keyway::{
    mapping::site::{Adapter, Form, SHIPPED, ShippedCase, ShippedSite},
    profile::{Profiles, Schema},
};
use proptest::{prelude::*, sample::select};
use serde_json::Value;

use crate::{
    assessments::add,
    marks::{UNLISTED, Unlisted, found, property, unlisted},
    world::SERVICE,
};

fn with(case: &ShippedCase, fields: &[Unlisted]) -> Option<Vec<u8>> {
    if let Ok(mut form) = serde_json::from_slice::<Value>(case.input) {
        return add(&mut form, fields).then(|| form.to_string().into_bytes());
    }
    // A table gets a column more.
    let text = std::str::from_utf8(case.input).unwrap();
    let mut lines = text.lines();
    let head = format!("{},Anything else", lines.next()?);
    let rows = lines.map(|line| format!("{line},{UNLISTED}"));
    Some(std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\r\n").into_bytes())
}

#[test]
fn an_answer_that_no_rule_reads_is_in_no_assessment_in_nothing_that_is_told_and_in_nothing_that_leaves() {
    let profiles = Profiles::compile().unwrap();
    let forms: Vec<Form> =
        Schema::ALL.iter().filter_map(|schema| profiles.document(*schema).and_then(Form::read)).collect();
    let cases: Vec<(&ShippedSite, &ShippedCase)> =
        SHIPPED.iter().flat_map(|site| site.cases.iter().map(move |case| (site, case))).collect();
    property((select(cases), prop::collection::vec(unlisted(), 1..4)), |worlds, ((site, case), fields)| {
        let Some(input) = with(case, &fields) else { return Ok(()) };
        let adapter = Adapter::compile(site.adapter, &forms).unwrap();
        let made = match adapter.run(&input) {
            Ok(made) => made,
            Err(told) => {
                prop_assert!(found(told.to_string().as_bytes()).is_empty(), "{told}");
                return Ok(());
            }
        };
        worlds.run(async |world, turn| {
            for (number, one) in made.into_iter().enumerate() {
                let made = match one {
                    Ok(made) => made,
                    Err(told) => {
                        world.heard("nobody", "what is told of a form", told.to_string().as_bytes());
                        continue;
                    }
                };
                for told in &made.told {
                    world.heard("nobody", "what is told of a form", told.to_string().as_bytes());
                }
                let body = made.value.to_string();
                world.heard("nobody", "the assessment", body.as_bytes());
                let (service, key) = (world.rig.caller(SERVICE), format!("{turn}-{number}"));
                let answer =
                    world.rig.exchange.submit_assessment(&service, &key, body.as_bytes(), false).await;
                world.told(SERVICE, "the answer to a submission", &answer);
            }
            world.carry().await;
            world.at_rest();
            let leaks = world.leaks(|_, _| false);
            prop_assert!(leaks.is_empty(), "{} {}: {leaks:#?}", site.name, case.name);
            Ok(())
        })
    });
}
