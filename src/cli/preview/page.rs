//! The preview as a page for a browser: the fields beside the recipients, then what each would get, side by side. It runs
//! nothing and loads nothing.

use super::{
    answer, parts,
    table::{Fate, LEGEND, Row},
    to_whom,
};
use crate::{
    exchange::Rehearsed,
    sheet::{POLICY, escaped},
};

const STYLE: &str = "\
    body { font: 11pt/1.4 \"Noto Sans\", Arial, sans-serif; margin: 1rem; color: #000; background: #fff; }\n\
    .wide { overflow-x: auto; }\n\
    table { border-collapse: collapse; font-size: 10pt; }\n\
    th, td { border: 1px solid #767676; padding: .15rem .4rem; text-align: left; vertical-align: top; }\n\
    tbody th { font-weight: normal; font-family: monospace; }\n\
    td.goes { font-weight: bold; background: #d8f0d8; }\n\
    .beside { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(24rem, 1fr); gap: 1rem; }\n\
    pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #767676; padding: .4rem; font-size: 9pt; }\n";

/// The page, in UTF-8.
pub(super) fn html(rows: &[Row<'_>], recipients: &[Rehearsed]) -> String {
    let title = "What each recipient would get, and what is kept back";
    let heads: Vec<String> =
        recipients.iter().map(|one| format!("<th scope=\"col\">{}</th>", escaped(&to_whom(one)))).collect();
    let heads = heads.concat();
    let fields: String = rows.iter().map(row).collect();
    let legend: Vec<String> = LEGEND
        .iter()
        .map(|(word, meaning)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(word), escaped(meaning)))
        .collect();
    let legend = legend.concat();
    let beside: String = recipients.iter().map(column).collect();
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p>Nothing was stored or sent. This page holds personal data.</p>\n\
         <h2>Field by field</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Field by field\">\n\
         <table>\n<thead><tr><th scope=\"col\">Field</th>{heads}</tr></thead>\n<tbody>\n{fields}</tbody>\n</table>\n</div>\n\
         <h2>What the words mean</h2>\n<dl>\n{legend}</dl>\n\
         <h2>Byte for byte</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Byte for byte\">\n\
         <div class=\"beside\">\n{beside}</div>\n</div>\n</main>\n</body>\n</html>\n"
    )
}

fn row(row: &Row<'_>) -> String {
    let cell = |fate: &Fate<'_>| {
        let class = if *fate == Fate::Goes { " class=\"goes\"" } else { "" };
        format!("<td{class}>{}</td>", escaped(fate.word()))
    };
    let cells: String = row.fates.iter().map(cell).collect();
    format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escaped(&row.field))
}

/// One recipient: the answer, what is kept back by which rule, and every byte.
fn column(one: &Rehearsed) -> String {
    let item = |text: String| format!("<li>{}</li>\n", escaped(&text));
    let kept: String = one
        .withheld
        .iter()
        .map(|kept| item(format!("{} by {}: {}", kept.field, kept.rule, kept.reason)))
        .collect();
    let warned: String = one
        .warnings
        .iter()
        .map(|warning| item(format!("warning {}: {}", warning.path, warning.diagnostics)))
        .collect();
    let bodies: Vec<String> = one
        .message
        .iter()
        .flat_map(parts)
        .map(|(part, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            format!("<h4>{part}, {} bytes</h4>\n<pre><bdi>{}</bdi></pre>\n", bytes.len(), escaped(&text))
        })
        .collect();
    let bodies = bodies.concat();
    format!(
        "<section>\n<h3>{}</h3>\n<p>{}</p>\n{bodies}<h4>Kept back</h4>\n<ul>\n{warned}{kept}</ul>\n</section>\n",
        escaped(&to_whom(one)),
        escaped(&answer(one)),
    )
}
