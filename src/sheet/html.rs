//! The page as HTML that stands alone: no script, nothing from elsewhere, black on white, one heading of the first level.

use std::fmt::Write as _;

use super::{Item, Page, Piece, lines};

/// The page may load nothing and run nothing, whatever stands in it.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

impl Page {
    /// The page as HTML, in UTF-8.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let title = escaped(&self.title);
        writeln!(out, "<!doctype html>\n<html lang=\"{}\">\n<head>", escaped(&self.language))?;
        writeln!(out, "<meta charset=\"utf-8\">")?;
        writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">")?;
        writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
        writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(out, "<title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>", style())?;
        writeln!(out, "<header>\n<p><strong>{}</strong></p>", said(&self.classification))?;
        writeln!(out, "<h1>{title}</h1>\n<p>{}</p>\n</header>\n<main>", said(&self.made))?;
        if !(self.warnings.is_empty() && self.notices.is_empty()) {
            writeln!(out, "<div role=\"note\">")?;
            self.warnings
                .iter()
                .try_for_each(|text| writeln!(out, "<p><strong>{}</strong></p>", said(text)))?;
            self.notices.iter().try_for_each(|text| writeln!(out, "<p>{}</p>", said(text)))?;
            writeln!(out, "</div>")?;
        }
        for section in &self.sections {
            writeln!(out, "<section>\n<h2>{}</h2>\n<div>", escaped(&section.heading))?;
            section.items.iter().try_for_each(|item| write_item(item, out))?;
            writeln!(out, "</div>\n</section>")?;
        }
        writeln!(out, "</main>\n<footer>\n<p>{}</p>\n</footer>\n</body>\n</html>", said(&self.reference))
    }
}

fn write_item(item: &Item, out: &mut String) -> std::fmt::Result {
    match item {
        Item::Line(pieces) => {
            let mut line = String::new();
            let mut before: Option<&Piece> = None;
            for one in pieces {
                line.push_str(before.map_or("", Piece::before_the_next));
                line.push_str(&piece(one));
                before = Some(one);
            }
            writeln!(out, "<p>{line}</p>")
        }
        Item::List(entries) => {
            writeln!(out, "<ul>")?;
            entries.iter().try_for_each(|entry| writeln!(out, "<li>{}</li>", said(entry)))?;
            writeln!(out, "</ul>")
        }
    }
}

fn piece(piece: &Piece) -> String {
    let label = piece.label.as_ref().map(|label| format!("<strong>{}:</strong> ", escaped(label)));
    label.unwrap_or_default() + &said(&piece.text)
}

/// What came from the sheet: escaped, its lines kept, and its direction of reading its own.
fn said(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text).replace('\n', "<br>"))
}

/// A text that no browser can take for markup. Everything that is written goes through here.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// The measures of [`lines`], so that the browser's page is the one that was fitted.
fn style() -> String {
    let [
        margin,
        width,
        title,
        heading,
        text,
        small,
        over_heading,
        over_notice,
        indent,
        bar,
        pad,
        headings,
        between,
    ] = [
        lines::MARGIN,
        lines::WIDTH,
        lines::TITLE,
        lines::HEADING,
        lines::TEXT,
        lines::SMALL,
        lines::OVER_HEADING,
        lines::OVER_NOTICE,
        lines::INDENT,
        lines::BAR,
        lines::INDENT - lines::BAR,
        lines::HEADINGS,
        lines::BESIDE - lines::HEADINGS,
    ]
    .map(|points| format!("{points:.2}pt"));
    let leading = lines::LEADING;
    format!(
        "@page {{ size: A4; margin: {margin}; }}\n\
         html {{ background: #fff; color: #000; }}\n\
         body {{ max-width: {width}; margin: 0 auto; overflow-wrap: anywhere; }}\n\
         body {{ font: {text}/{leading} \"Noto Sans\", Arial, Helvetica, \"Liberation Sans\", sans-serif; }}\n\
         h1, h2, p, ul {{ margin: 0; }}\n\
         h1 {{ font-size: {title}; }}\n\
         section {{ display: grid; grid-template-columns: {headings} minmax(0, 1fr); column-gap: {between}; }}\n\
         section {{ margin-top: {over_heading}; }}\n\
         h2 {{ font-size: {heading}; break-inside: avoid; }}\n\
         ul {{ padding-left: {indent}; }}\n\
         header p, footer p {{ font-size: {small}; }}\n\
         footer p {{ margin-top: {over_heading}; }}\n\
         [role=note] p {{ margin-top: {over_notice}; padding-left: {pad}; border-left: {bar} solid; }}\n\
         @media screen {{ body {{ padding: {indent}; }} }}\n\
         @media screen and (max-width: 30em) {{ section {{ display: block; }} }}\n"
    )
}
