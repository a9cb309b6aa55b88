//! The words of a part of the document, as XHTML: what the assessment says there, each under its name.

use super::words::said;
use crate::{
    mapping::{fhir_message::label, place::Place},
    minimise::Held,
};

const OPEN: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\">";

/// The text with what XML reads as markup written as entities; lines stay lines.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("<br/>"),
            '\r' => {}
            other => safe.push(other),
        }
    }
    safe
}

/// A constant sentence.
pub(super) fn sentence(text: &str) -> String {
    format!("{OPEN}<p>{}</p></div>", escaped(text))
}

/// What stands at these places, then the sentences of `after`.
pub(super) fn narrative(parts: &[(&str, Place<'_>)], after: &[&str]) -> String {
    let mut text = String::from(OPEN);
    if !parts.is_empty() {
        text.push_str("<ul>");
        for (name, place) in parts {
            named(name, place, &mut text);
        }
        text.push_str("</ul>");
    }
    for sentence in after {
        text.extend(["<p>", &escaped(sentence), "</p>"]);
    }
    text.push_str("</div>");
    text
}

fn named(name: &str, place: &Place<'_>, text: &mut String) {
    text.extend(["<li><b>", &escaped(&label(name)), "</b>: "]);
    content(place, text);
    text.push_str("</li>");
}

/// Texts of a list in a row; a list in which there are groups, and a group, as a list of its own.
fn content(place: &Place<'_>, text: &mut String) {
    match place.held() {
        Held::Group => {
            text.push_str("<ul>");
            for (name, field) in place.fields() {
                named(name, &field, text);
            }
            text.push_str("</ul>");
        }
        Held::List if place.is_list_of_groups() => {
            text.push_str("<ol>");
            for item in place.items() {
                text.push_str("<li>");
                content(&item, text);
                text.push_str("</li>");
            }
            text.push_str("</ol>");
        }
        Held::List => {
            let items: Vec<String> = place.items().iter().map(plain).collect();
            text.push_str(&items.join(", "));
        }
        _ => text.push_str(&plain(place)),
    }
}

fn plain(place: &Place<'_>) -> String {
    match place.held() {
        Held::Bool(yes) => String::from(if yes { "yes" } else { "no" }),
        Held::Text(text) => escaped(&said(place, text)),
        Held::Number(text) => escaped(text),
        Held::Group | Held::List | Held::Null => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::minimise::Places;

    #[test]
    fn what_looks_like_markup_is_words() {
        let said =
            json!({"own_words": "<script>&\"\nnext", "list": [{"a": true}, {"a": "x"}], "words": ["p", "q"]});
        let places = Places::of(&said);
        let root = Place::root(&places);
        let parts: Vec<(&str, Place<'_>)> = root.fields();
        assert_eq!(
            narrative(&parts, &["1 < 2"]),
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><ul><li><b>Own words</b>: &lt;script&gt;&amp;&quot;<br/>next</li>\
             <li><b>List</b>: <ol><li><ul><li><b>A</b>: yes</li></ul></li><li><ul><li><b>A</b>: x</li></ul></li></ol></li>\
             <li><b>Words</b>: p, q</li></ul><p>1 &lt; 2</p></div>"
        );
    }
}
