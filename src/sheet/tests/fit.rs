//! One page: what weighs most stays, what is left out is named, and nothing is cut.

use proptest::prelude::*;

use super::*;
use crate::sheet::{font::Fonts, lines};

/// Texts of every length that a sheet may hold, in words or in one long row of letters.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "[a-zA-Z .,łŵ]{1,200}",
        2 => "[a-z]{1,30}( [a-z]{1,12}){0,200}",
        1 => "[a-z/-]{100,500}",
        1 => "([a-z]{1,20}\n){1,60}",
    ]
}

prop_compose! {
    fn sheets()(
        advice in words(), why in words(), route in words(), summary in words(), withdrawal in words(),
        notes in prop::collection::vec(words(), 0..22),
        suggestions in prop::collection::vec(words(), 0..12),
        services in prop::collection::vec("[a-z-]{1,40}", 0..20),
        telephone in prop::option::of("[0-9 ]{6,12}"),
    ) -> Value {
        let mut sheet = custody();
        sheet["riskToSelf"]["handoverAdvice"] = json!(advice);
        sheet["appropriateAdult"] = json!({"needed": "yes", "why": why});
        let notes: Vec<Value> = notes.iter().map(|note| json!({"code": "breaks", "note": note})).collect();
        sheet["communication"] = json!({"reasonableAdjustments": notes});
        sheet["safeguarding"] = json!({"concern": true, "route": route});
        sheet["capacity"] = json!({"status": "has-capacity", "summary": summary});
        sheet["substanceUse"] = json!({"withdrawalRisk": {"level": "high", "advice": withdrawal}});
        let suggestions: Vec<Value> =
            suggestions.iter().map(|text| json!({"code": "MHTR", "text": text})).collect();
        sheet["recommendations"] = json!(suggestions);
        let services: Vec<Value> = services.iter().map(|kind| json!({"serviceType": kind})).collect();
        sheet["currentServices"] = json!(services);
        sheet["practitioner"] = json!({"name": "Sample Practitioner", "telephone": telephone});
        sheet
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is on the sheet, what weighs most is on the page whole, and what is not on it is named there; where
    /// nothing is named, everything is there.
    #[test]
    fn what_weighs_most_is_never_left_out_and_what_is_left_out_is_named(sheet in sheets()) {
        let whole = page(&sheet).printable().unwrap();
        let fitted = whole.clone().fitted().unwrap();
        let is_one_page = lines::is_one_page(lines::height(&lines::blocks(&fitted, Fonts::read().unwrap())));
        prop_assert!(is_one_page || fitted.sections == whole.sections);
        prop_assert_eq!(fitted.notices.len(), usize::from(fitted != whole));
        for section in &whole.sections {
            let kept = fitted.sections.contains(section);
            prop_assert!(kept || section.rank > 0, "{} fell", section.heading);
            prop_assert_eq!(!kept, fitted.left_out.contains(&section.heading));
            if !kept {
                let lighter = fitted.sections.iter().filter(|other| other.rank > section.rank).count();
                prop_assert_eq!(lighter, 0, "{} fell before what weighs less", &section.heading);
                let name = section.heading.get(1..).unwrap();
                let count = format!("{} of {} parts", fitted.left_out.len(), whole.sections.len());
                prop_assert!(fitted.notices.iter().any(|n| n.contains(name) && n.contains(&count)));
            }
        }
    }

    /// No line is broader than the page, and the lines hold every word.
    #[test]
    fn every_word_is_in_a_line_that_the_page_holds(sheet in sheets()) {
        let page = page(&sheet).printable().unwrap();
        let fonts = Fonts::read().unwrap();
        let blocks = lines::blocks(&page, fonts);
        let mut lined = String::new();
        for block in &blocks {
            for line in &block.lines {
                for run in line {
                    let end = run.x + fonts.breadth(run.weight, block.size, run.text.trim_end());
                    prop_assert!(end <= lines::WIDTH + 0.1, "{end}");
                    lined.push_str(&run.text);
                }
            }
        }
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
        let told = text(&page);
        let (told, lined) = (letters(&told), letters(&lined));
        // The foot is not among the blocks.
        prop_assert!(told.starts_with(&lined), "{lined}");
    }
}

#[test]
fn what_is_too_long_even_alone_goes_on_another_page_uncut() {
    let mut sheet = custody();
    let long = "A long piece of advice that goes on and on. ".repeat(150);
    sheet["riskToSelf"]["handoverAdvice"] = json!(long);
    sheet["riskToSelf"]["safetyPlan"] = json!(long);
    sheet["safeguarding"] = json!({"concern": true});
    let whole = page(&sheet);
    let fitted = whole.clone().fitted().unwrap();
    assert_eq!(fitted.sections, whole.sections, "nothing is cut");
    assert_eq!(fitted.notices, ["This sheet is longer than one page. Read every page."]);
    assert!(fitted.left_out().is_empty());
    fitted.pdf().unwrap();
}

/// Of whom is asked what, and until when, stands on every page, whatever else there is no room for.
#[test]
fn what_the_reader_must_act_on_stands_before_the_rest_and_never_falls() {
    let long = "What was said at some length and does not end soon. ".repeat(8);
    let mut sheet = custody();
    sheet["profile"] = json!("https://keyway.example/profiles/justice/probation-summary/2");
    sheet["person"] = sheet.as_object_mut().unwrap().remove("detainedPerson").unwrap();
    sheet["request"] = json!({"reason": "Please tell the court of this.", "urgency": "urgent"});
    sheet["legal"] =
        json!({"nextHearing": {"court": "Harbour", "at": "2026-07-09"}, "summary": long.repeat(15)});
    sheet["safeguarding"] = json!({"concern": true, "route": "The council"});
    sheet["recommendations"] = json!([{"code": "MHTR", "text": long}]);
    sheet["treatmentRequirement"] = json!({"type": "MHTR", "suitable": "yes"});
    sheet["contact"] = json!({"seenAt": "2026-07-01T09:00:00Z", "site": "Northgate"});
    sheet["assessedAt"] = json!("2026-07-01T09:30:00Z");
    sheet["capacity"] = json!({"status": "has-capacity"});
    sheet["housing"] = json!({"summary": long, "narrative": long, "reasonForReferral": long});
    let whole = page(&sheet);
    let fitted = whole.clone().fitted().unwrap();
    let headings = |page: &Page| -> Vec<String> {
        page.sections.iter().map(|section| section.heading.clone()).collect()
    };
    let acted_on = [
        "Safeguarding",
        "What we ask of you",
        "The case and the hearing",
        "Seen and assessed",
        "What we suggest",
    ];
    let place = |heading: &str| headings(&fitted).iter().position(|one| one == heading);
    assert!(acted_on.iter().all(|heading| place(heading).is_some()), "{:?}", headings(&fitted));
    let all = headings(&whole);
    let first_light = whole.sections.iter().position(|section| section.rank > 0).unwrap();
    for heading in acted_on {
        assert!(all.iter().position(|one| one == heading).unwrap() < first_light, "{all:?}");
    }
    assert!(fitted.left_out()[0].starts_with("More on the case"), "{:?}", fitted.left_out());
    // What is too long for the page takes no room from what weighs as much and is short.
    let capacity = place("Could the person decide?").unwrap();
    assert_eq!(capacity, headings(&fitted).len() - 1, "{:?}", headings(&fitted));
    let count = format!("Left out to fit one page, {} of {} parts: ", fitted.left_out().len(), all.len());
    assert!(fitted.notices.iter().any(|notice| notice.starts_with(&count)), "{:?}", fitted.notices);
}

/// An old assessment is not read as today's, and what is suggested is on the page, however much else there is.
#[test]
fn when_and_where_the_person_was_seen_and_what_is_suggested_stand_on_every_page_that_may_have_them() {
    let long = "What was said at some length and does not end soon. ".repeat(12);
    let mut sheet = custody();
    sheet["contact"] =
        json!({"seenAt": "2026-07-01T09:00:00Z", "site": "Northgate", "contactOutcome": "seen"});
    sheet["assessedAt"] = json!("2026-07-01T09:30:00Z");
    sheet["recommendations"] = json!([{"code": "MHTR", "text": "Sampletown clinic"}]);
    let short = page(&sheet).fitted().unwrap();
    sheet["vulnerabilities"] = (0..12).map(|_| json!({"category": "trauma", "plainWords": long})).collect();
    sheet["capacity"] = json!({"status": "has-capacity", "summary": long});
    let full = page(&sheet).fitted().unwrap();
    assert!(short.left_out().is_empty() && !full.left_out().is_empty(), "{:?}", full.left_out());
    for told in [text(&short), text(&full)] {
        for words in ["Northgate", "Assessed: Wednesday 1 July 2026, 10:30", "Sampletown clinic"] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}

#[test]
fn a_short_sheet_is_whole_and_says_nothing_of_it() {
    let whole = page(&custody());
    assert_eq!(whole.clone().fitted().unwrap(), whole);
}
