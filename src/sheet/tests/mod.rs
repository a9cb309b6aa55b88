//! Tests of the printed sheets: that nothing is said in silence, nothing weighty is left out, and nothing deceives.

mod fit;
mod read_back;
mod words;

use serde_json::{Value, json};

use super::*;

/// What the forms and the sheets know.
const ASSESSMENT: &str = include_str!("../../../profiles/assessment/assessment.json");
const SHEETS: [(&str, &str); 3] = [
    ("custody-sheet", include_str!("../../../profiles/justice/custody-sheet.json")),
    ("court-sheet", include_str!("../../../profiles/justice/court-sheet.json")),
    ("probation-summary", include_str!("../../../profiles/justice/probation-summary.json")),
];

/// A custody sheet with little on it.
fn custody() -> Value {
    json!({
        "profile": "https://keyway.example/profiles/justice/custody-sheet/2",
        "messageId": "m-1", "referralId": "r-1", "disclosureId": "d-1",
        "issuedAt": "2026-07-01T23:30:00Z",
        "issuedBy": {"name": "Harbour Liaison and Diversion"}, "issuedTo": {"name": "Northgate Custody"},
        "classification": "OFFICIAL-SENSITIVE",
        "notice": "This does not replace a spoken handover.",
        "disclosure": {"basis": "consent", "minimum": false},
        "detainedPerson": {
            "reference": "LD-1", "name": {"family": "Testcase", "given": ["Morgan", "Ash"]},
            "dateOfBirth": "2008-07-02",
        },
        "riskToSelf": {"level": "high", "handoverAdvice": "Check every 30 minutes."},
        "practitioner": {"name": "Sample Practitioner", "telephone": "01632 960099"},
    })
}

fn page(sheet: &Value) -> Page {
    Page::of(sheet.to_string().as_bytes()).unwrap()
}

/// Everything that the page says, a line for each thing.
fn text(page: &Page) -> String {
    let mut said = vec![page.classification.clone(), page.title.clone(), page.made.clone()];
    said.extend(page.warnings.iter().chain(&page.notices).cloned());
    for section in &page.sections {
        said.push(format!("# {}", section.heading));
        for item in &section.items {
            match item {
                Item::List(entries) => said.extend(entries.iter().map(|entry| format!("- {entry}"))),
                Item::Line(pieces) => said.extend(pieces.iter().map(|piece| match &piece.label {
                    Some(label) => format!("{label}: {}", piece.text),
                    None => piece.text.clone(),
                })),
            }
        }
    }
    said.push(page.reference.clone());
    said.join("\n")
}

#[test]
fn what_was_not_said_is_told_and_the_handover_stands_on_every_custody_sheet() {
    let mut sheet = custody();
    sheet.as_object_mut().unwrap().remove("riskToSelf");
    let told = text(&page(&sheet));
    assert!(told.contains("This does not replace a spoken handover."), "{told}");
    assert!(
        told.contains("Risk to themselves: Not stated. This does not mean that there is none."),
        "{told}"
    );
    assert!(told.contains("Risk to others: Not stated."), "{told}");
    assert!(told.contains("Needed: Not stated. This does not mean that none is needed."), "{told}");
    assert!(told.contains("Nothing was stated. This does not mean that no help is needed."), "{told}");
    assert!(told.contains("Risk from withdrawal: Not stated."), "{told}");
}

#[test]
fn the_time_is_londons_and_so_is_the_birthday() {
    // Half past eleven at night in UTC is the next day in London in summer: the person's eighteenth birthday.
    let told = text(&page(&custody()));
    assert!(told.contains("From Harbour Liaison and Diversion, Thursday 2 July 2026, 00:30"), "{told}");
    assert!(told.contains("Born: 2 July 2008 (18 years old)"), "{told}");
    assert!(!told.contains("appropriate adult."), "{told}");
    let mut sheet = custody();
    sheet["issuedAt"] = json!("2026-07-01T22:59:59Z");
    let told = text(&page(&sheet));
    assert!(told.contains("17 years old"), "{told}");
    assert!(told.contains("This person is under 18. They must have an appropriate adult."), "{told}");
    sheet["issuedAt"] = json!("2026-01-01T10:00:00Z");
    assert!(text(&page(&sheet)).contains("Thursday 1 January 2026, 10:00"));
}

#[test]
fn every_sheet_of_somebody_under_18_says_so_before_anything_else() {
    for (kind, person) in
        [("custody-sheet", "detainedPerson"), ("court-sheet", "defendant"), ("probation-summary", "person")]
    {
        let mut sheet = custody();
        sheet["profile"] = json!(format!("https://keyway.example/profiles/justice/{kind}/2"));
        sheet[person] = sheet.as_object_mut().unwrap().remove("detainedPerson").unwrap();
        let says =
            |sheet: &Value| page(sheet).warnings.iter().any(|w| w.contains("This person is under 18."));
        assert!(!says(&sheet), "{kind}: eighteen is not under 18");
        sheet["issuedAt"] = json!("2026-07-01T22:59:59Z");
        assert!(says(&sheet), "{kind}");
        sheet[person]["dateOfBirth"] = json!("not a date");
        assert!(!says(&sheet), "{kind}: nothing is said of an age that nobody can tell");
    }
}

#[test]
fn an_emergency_says_so_before_anything_else() {
    let mut sheet = custody();
    sheet["disclosure"] = json!({"basis": "override-risk-to-life", "minimum": true});
    let page = page(&sheet);
    assert!(page.warnings.first().unwrap().starts_with("Emergency. Shared without the person's consent"));
    assert!(page.warnings.iter().any(|warning| warning == "This does not replace a spoken handover."));
}

#[test]
fn what_no_line_shows_stands_under_its_own_name_and_an_unknown_code_has_a_mark() {
    let mut sheet = custody();
    sheet["newPart"] = json!({"list": [{"word": "first"}, "second"], "empty": null});
    sheet["detainedPerson"]["shoeSize"] = json!(9);
    sheet["riskToSelf"]["level"] = json!("extreme");
    sheet["communication"] =
        json!({"reasonableAdjustments": [{"code": "swim", "note": "In the sea"}], "language": "xx"});
    let page = page(&sheet);
    let told = text(&page);
    for line in ["newPart, list, word: first", "newPart, list: second", "detainedPerson, shoeSize: 9"] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert_eq!(page.sections.last().unwrap().rank, 0, "what nobody weighed weighs most");
    assert!(told.contains("Risk to themselves: extreme (a code that has no words here)"), "{told}");
    assert!(told.contains("- swim (a code that has no words here): In the sea"), "{told}");
    assert!(told.contains("Language: xx (a code that has no words here)"), "{told}");
}

#[test]
fn no_text_is_taken_for_markup_and_no_letter_hides() {
    let mut sheet = custody();
    let evil = "<script>alert('1')</script> & \"</p>\u{202e}txt\u{202c}\u{200b}\u{0}";
    sheet["riskToSelf"]["handoverAdvice"] = json!(evil);
    sheet["detainedPerson"]["name"]["family"] = json!("</title><h1>{person}");
    sheet["issuedTo"]["name"] = json!("<img src=x>");
    sheet["practitioner"]["telephone"] = json!("' onload='x");
    sheet["<b>new</b>"] = json!("javascript:x");
    let html = page(&sheet).fitted().unwrap().html();
    assert_eq!(html.matches("<h1>").count(), 1);
    for markup in ["<script", "<img", "<b>", "</title><h1", "' onload"] {
        assert!(!html.contains(markup), "{markup} in {html}");
    }
    assert!(
        html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;&lt;/p&gt;"),
        "{html}"
    );
    assert!(html.contains("[a hidden character]txt[a hidden character]"), "{html}");
    assert!(html.contains("{person}"), "what a value holds is no name of the catalogue");
    assert!(!html.chars().any(text::is_hidden));
    // Nothing is run, and nothing is asked of elsewhere.
    for outside in ["src=\"", "href=", "url(", "@import", "<link"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("<html lang=\"en-GB\">") && html.contains("<main>") && html.contains("@page"));
    assert!(!html.contains("<title>Custody sheet: "), "a title is read at printers: nobody's name is in it");
    assert!(html.contains("<title>Custody sheet</title>"));
}

#[test]
fn what_is_no_sheet_is_no_page() {
    for bytes in ["", "[]", "{}", r#"{"profile": "https://keyway.example/profiles/housing/referral/2"}"#] {
        assert!(Page::of(bytes.as_bytes()).is_err(), "{bytes}");
    }
}

#[test]
fn a_letter_that_the_font_lacks_is_said_in_words() {
    let mut sheet = custody();
    sheet["detainedPerson"]["name"] =
        json!({"family": "\u{5d0}\u{5d1}", "given": ["Ŵyn", "Ąžuolas", "Ольга", "Ελένη"]});
    let page = page(&sheet).printable().unwrap();
    let told = text(&page);
    assert!(told.contains("Name: Ŵyn Ąžuolas Ольга Ελένη [letters that cannot be printed]"), "{told}");
    assert!(page.notices.iter().any(|notice| notice.contains("letters that cannot be printed")), "{told}");
    assert!(page.pdf().unwrap().starts_with(b"%PDF-"));
    let plain = super::tests::page(&custody());
    assert_eq!(plain.clone().printable().unwrap(), plain, "nothing is said where nothing lacks");
}

#[test]
fn a_pdf_has_the_same_bytes_each_time() {
    let page = page(&custody()).printable().unwrap().fitted().unwrap();
    assert_eq!(page.pdf().unwrap(), page.pdf().unwrap());
}
