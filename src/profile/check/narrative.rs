//! Narrative: well-formed XHTML with the elements and attributes that FHIR allows, and nothing that acts.
//!
//! Source: FHIR R4 (4.0.1), "Narrative", invariants txt-1 and txt-2. One pass over the text, without recursion.

use serde_json::Value;

use super::{graph::Node, walk::Walk};
use crate::{
    limits,
    profile::{finding::Severity, leniency::Tolerance},
};

const ELEMENTS: &str = "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 \
    h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr \
    tt ul var address del";
const ATTRIBUTES: &str = "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char \
    charoff charset cite class colspan compact coords dir frame headers height href hreflang hspace \
    id lang longdesc name nowrap rel rev rowspan rules scope shape span src start style summary \
    tabindex title type valign value vspace width xml:lang xmlns xml:space xml:id idref \
    border-collapse";

const ACTIVE: &str = "script iframe object embed applet form input button select textarea link meta base style frame \
    frameset svg math audio video source noscript";

/// Most attributes of one tag.
const ATTRIBUTES_MAX: usize = 60;

/// What is wrong with a narrative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotWellFormed(&'static str),
    /// Something that does something: a script, a handler, a form, a frame, an outside image.
    Active(&'static str),
    /// Markup that FHIR does not allow and that does nothing.
    Markup(&'static str),
    Empty,
    TooLong,
}

impl<'a> Walk<'a> {
    /// Checks the XHTML of a narrative.
    pub(super) fn narrative(&mut self, node: &'a Node, value: &'a Value) {
        let Value::String(text) = value else { return };
        self.spend(u64::try_from(text.len() / 64).unwrap_or(u64::MAX));
        match fault(text) {
            None => {}
            Some(Fault::NotWellFormed(says) | Fault::Active(says)) => {
                self.say(Severity::Error, "invariant", node, "", || ("txt-1".into(), says.into()));
            }
            Some(Fault::Markup(says)) => {
                self.say_forgivable(
                    Tolerance::NarrativeMarkup,
                    Severity::Error,
                    "invariant",
                    node,
                    "",
                    || ("txt-1".into(), says.into()),
                );
            }
            Some(Fault::Empty) => self.say(Severity::Error, "invariant", node, "", || {
                ("txt-2".into(), "The narrative says nothing: it holds neither text nor an image.".into())
            }),
            Some(Fault::TooLong) => self.say(Severity::Error, "too-long", node, "", || {
                let most = limits::NARRATIVE_MAX_BYTES;
                ("narrative length".into(), format!("A narrative is at most {most} bytes long."))
            }),
        }
    }
}

/// Whether a narrative is well-formed, does nothing, and has only what FHIR allows.
pub(super) fn is_allowed(text: &str) -> bool {
    matches!(fault(text), None | Some(Fault::Empty))
}

fn fault(text: &str) -> Option<Fault> {
    if text.len() > limits::NARRATIVE_MAX_BYTES {
        return Some(Fault::TooLong);
    }
    if has_character_beyond_xml(text) {
        return Some(Fault::NotWellFormed(
            "A narrative has no control characters beside tab, new line and return; leave them out.",
        ));
    }
    Reader { left: text.trim(), open: Vec::new(), says: false, markup: None }.read().err()
}

struct Reader<'t> {
    left: &'t str,
    open: Vec<&'t str>,
    /// Whether there is text or an image.
    says: bool,
    /// Markup that is not allowed, told only where there is nothing worse.
    markup: Option<&'static str>,
}

impl<'t> Reader<'t> {
    fn read(mut self) -> Result<(), Fault> {
        if !self.left.starts_with('<') {
            return Err(Fault::NotWellFormed("A narrative is one `div` of XHTML."));
        }
        let mut begun = false;
        while !self.left.is_empty() {
            if begun && self.open.is_empty() {
                return Err(Fault::NotWellFormed("Nothing follows the `div` of a narrative."));
            }
            if let Some(rest) = self.left.strip_prefix("<!--") {
                let (inside, after) =
                    rest.split_once("-->").ok_or(Fault::NotWellFormed("A comment is not closed."))?;
                if inside.contains("--") || inside.ends_with('-') {
                    return Err(Fault::NotWellFormed("A comment has no `--` in it, nor a `-` at its end."));
                }
                self.left = after;
            } else if self.left.starts_with("<!") || self.left.starts_with("<?") {
                return Err(Fault::NotWellFormed(
                    "Declarations, instructions and CDATA have no place in a narrative.",
                ));
            } else if let Some(rest) = self.left.strip_prefix("</") {
                self.close(rest)?;
            } else if let Some(rest) = self.left.strip_prefix('<') {
                self.element(rest)?;
                begun = true;
            } else {
                self.text()?;
            }
        }
        if !self.open.is_empty() {
            return Err(Fault::NotWellFormed("An element of the narrative is not closed."));
        }
        match self.markup {
            _ if !self.says => Err(Fault::Empty),
            Some(says) => Err(Fault::Markup(says)),
            None => Ok(()),
        }
    }

    fn close(&mut self, rest: &'t str) -> Result<(), Fault> {
        let (name, after) = rest.split_once('>').ok_or(Fault::NotWellFormed("A tag is not closed."))?;
        if self.open.pop() != Some(name.trim_end()) {
            return Err(Fault::NotWellFormed("Elements are closed in the order in which they were opened."));
        }
        self.left = after;
        Ok(())
    }

    fn text(&mut self) -> Result<(), Fault> {
        let end = self.left.find('<').unwrap_or(self.left.len());
        let (text, after) = self.left.split_at(end);
        entities(text)?;
        if text.contains("]]>") {
            return Err(Fault::NotWellFormed("`]]>` in a text is written ]]&gt;."));
        }
        self.says |= !text.trim().is_empty();
        self.left = after;
        Ok(())
    }

    fn element(&mut self, rest: &'t str) -> Result<(), Fault> {
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(rest.len());
        let (name, mut rest) = rest.split_at(end);
        // The same element by another name: readers that go by names pass it over, and what is told here is one way.
        if name.contains(':') && !is_active(name) {
            return Err(Fault::NotWellFormed(
                "Elements of a narrative stand without a prefix: <div xmlns=\"http://www.w3.org/1999/xhtml\">.",
            ));
        }
        if self.open.is_empty() && name != "div" {
            return Err(Fault::NotWellFormed("A narrative is one `div` of XHTML."));
        }
        if !is_one_of(ELEMENTS, name) {
            self.unknown_element(name)?;
        }
        self.says |= name == "img";
        let mut named: Vec<&str> = Vec::new();
        loop {
            let trimmed = rest.trim_start();
            if self.open.is_empty() && trimmed.starts_with(['/', '>']) && !named.contains(&"xmlns") {
                return Err(Fault::NotWellFormed(
                    "The `div` of a narrative names its namespace: xmlns=\"http://www.w3.org/1999/xhtml\".",
                ));
            }
            if let Some(after) = trimmed.strip_prefix("/>") {
                self.left = after;
                return Ok(());
            }
            if let Some(after) = trimmed.strip_prefix('>') {
                if self.open.len() >= limits::NARRATIVE_DEPTH_MAX {
                    return Err(Fault::NotWellFormed("The narrative is nested too deep."));
                }
                self.open.push(name);
                self.left = after;
                return Ok(());
            }
            if trimmed.len() == rest.len() {
                return Err(Fault::NotWellFormed("A tag is not closed, or its attributes are not apart."));
            }
            let (attribute, value, after) = attribute(trimmed)?;
            if named.contains(&attribute) || named.len() >= ATTRIBUTES_MAX {
                return Err(Fault::NotWellFormed("An attribute stands twice in one tag."));
            }
            named.push(attribute);
            self.attribute(name, attribute, value)?;
            rest = after;
        }
    }

    fn unknown_element(&mut self, name: &str) -> Result<(), Fault> {
        if name.is_empty() {
            return Err(Fault::NotWellFormed("A `<` that begins no tag is written &lt;."));
        }
        if is_active(name) {
            return Err(Fault::Active(
                "A narrative holds no scripts, frames, forms, objects or style sheets, and nothing that loads something.",
            ));
        }
        self.markup = Some(
            "The narrative holds an element that FHIR does not allow; use those of basic HTML, in lower case.",
        );
        Ok(())
    }

    fn attribute(&mut self, element: &str, name: &str, value: &str) -> Result<(), Fault> {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("on")
            || matches!(lower.as_str(), "action" | "formaction" | "srcdoc" | "background")
        {
            return Err(Fault::Active(
                "A narrative has no handlers: attributes that begin with `on` are not allowed.",
            ));
        }
        entities(value)?;
        let address = plain_address(value);
        match lower.as_str() {
            "href" | "cite" | "longdesc"
                if has_scheme(&address, &["javascript", "vbscript", "data", "file"]) =>
            {
                return Err(Fault::Active(
                    "A link of a narrative leads to a page or a mail address; it runs nothing.",
                ));
            }
            "src"
                if element != "img" || !(address.starts_with('#') || address.starts_with("data:image/")) =>
            {
                return Err(Fault::Active(
                    "An image of a narrative lies in the resource (`#id`) or in the text itself (data:image/…).",
                ));
            }
            "style"
                if ["url(", "expression(", "@import", "javascript:", "behavior:", "-moz-binding"]
                    .iter()
                    .any(|w| address.contains(w)) =>
            {
                return Err(Fault::Active("A style of a narrative loads nothing and runs nothing."));
            }
            "xmlns" if value != "http://www.w3.org/1999/xhtml" => {
                return Err(Fault::NotWellFormed(
                    "The namespace of a narrative is http://www.w3.org/1999/xhtml.",
                ));
            }
            _ if !is_one_of(ATTRIBUTES, name) => {
                self.markup = Some(
                    "The narrative holds an attribute that FHIR does not allow; use those of basic HTML, in lower case.",
                );
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether an element does something or loads something, whatever its prefix.
fn is_active(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_one_of(ACTIVE, lower.rsplit(':').next().unwrap_or_default())
}

fn is_one_of(names: &str, name: &str) -> bool {
    names.split(' ').any(|one| one == name)
}

/// Splits off one attribute: its name, its value, and what follows.
fn attribute(text: &str) -> Result<(&str, &str, &str), Fault> {
    let unquoted = Fault::NotWellFormed("An attribute has a value in quotation marks.");
    let (name, rest) = text.split_once('=').ok_or(unquoted)?;
    let name = name.trim_end();
    if name.is_empty()
        || name.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '/'))
    {
        return Err(unquoted);
    }
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(unquoted)?;
    let (value, after) = rest.get(1..).and_then(|inner| inner.split_once(quote)).ok_or(unquoted)?;
    if value.contains('<') { Err(unquoted) } else { Ok((name, value, after)) }
}

/// Every `&` begins an entity that XML itself knows, or the number of a character that XML may hold.
fn entities(text: &str) -> Result<(), Fault> {
    for part in text.split('&').skip(1) {
        let Some((name, _)) = part.split_once(';') else {
            return Err(Fault::NotWellFormed("A `&` that begins no entity is written &amp;."));
        };
        match name.strip_prefix('#') {
            Some(digits) if character(digits).is_some_and(is_of_xml) => {}
            Some(_) => {
                return Err(Fault::NotWellFormed(
                    "A character is named by the number of one that XML may hold, as in &#160; or &#xa0;.",
                ));
            }
            None if is_one_of("amp lt gt quot apos", name) => {}
            None => {
                return Err(Fault::NotWellFormed(
                    "XML knows the entities amp, lt, gt, quot and apos; write any other character itself, or its number \
                     as in &#160;.",
                ));
            }
        }
    }
    Ok(())
}

/// The character of a number as XML writes it: `160`, `xa0`.
fn character(digits: &str) -> Option<char> {
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
    // What is read as a number may begin with a sign.
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
}

/// Whether XML may hold this character.
const fn is_of_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

fn has_character_beyond_xml(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
        || (!text.is_ascii() && text.contains(['\u{fffe}', '\u{ffff}']))
}

/// An address in lower case, without the characters that browsers pass over and with its entities read.
fn plain_address(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut left = value;
    while let Some(at) = left.find('&') {
        let (before, rest) = left.split_at(at);
        plain.push_str(before);
        let (name, after) = rest.get(1..).and_then(|rest| rest.split_once(';')).unwrap_or(("", ""));
        let read = match name.strip_prefix('#') {
            Some(digits) => character(digits),
            None => Some('&'),
        };
        plain.extend(read);
        left = after;
    }
    plain.push_str(left);
    plain.retain(|c| !c.is_whitespace() && !c.is_control());
    plain.to_lowercase()
}

fn has_scheme(address: &str, schemes: &[&str]) -> bool {
    address.split_once(':').is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn div(inside: &str) -> String {
        format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>")
    }

    #[test]
    fn takes_plain_narrative() {
        for right in [
            "<p>Seen &amp; safe &#160; &lt;3</p>",
            "<table class=\"x\"><tr><td colspan='2'>a<br/>b</td></tr></table>",
            "<a href=\"https://a.example\">a</a><img src=\"#pic\" alt=\"a\"/>",
            "<!-- a - b --><b>x</b>",
            "&lt;&gt;&amp;&quot;&apos;&#9;&#xA0;&#x1F600;\u{e9}\t\n",
        ] {
            assert_eq!(fault(&div(right)), None, "{right}");
        }
    }

    #[test]
    fn the_div_names_its_namespace() {
        let missing = |text: &str| matches!(fault(text), Some(Fault::NotWellFormed(_)));
        assert!(missing("<div>x</div>") && missing("<div lang=\"en\">x</div>") && missing("<div/>"));
        assert!(missing("<div xmlns=\"http://www.w3.org/TR/xhtml1\">x</div>"));
        assert_eq!(fault("<div lang='en' xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div>"), None);
    }

    #[test]
    fn one_that_says_nothing_or_too_much_is_told_apart() {
        assert_eq!(fault(&div("<p> </p>")), Some(Fault::Empty));
        assert_eq!(fault(&div("<img src=\"#a\" alt=\"a\"/>")), None);
        let long = |bytes: usize| fault(&div(&"x".repeat(bytes)));
        let frame = div("").len();
        assert_eq!(long(limits::NARRATIVE_MAX_BYTES - frame), None);
        assert_eq!(long(limits::NARRATIVE_MAX_BYTES - frame + 1), Some(Fault::TooLong));
    }

    #[test]
    fn refuses_what_acts() {
        for active in [
            "<script>x</script>",
            "<p onclick=\"x()\">x</p>",
            "<p ONCLICK=\"x()\">x</p>",
            "<a href=\"javascript:x()\">x</a>",
            "<a href=\" java&#10;script:x()\">x</a>",
            "<a href=\"&#106;avascript&#x3a;x()\">x</a>",
            "<iframe src=\"https://a.example\"></iframe>",
            "<form><input/></form>",
            "<img src=\"https://a.example/x.png\"/>",
            "<p style=\"background: url(https://a.example)\">x</p>",
            "<svg:svg>x</svg:svg>",
        ] {
            assert!(matches!(fault(&div(active)), Some(Fault::Active(_))), "{active}");
        }
    }

    #[test]
    fn refuses_what_is_not_well_formed() {
        for wrong in [
            "<p>x",
            "x</p>",
            "<p><b>x</p></b>",
            "a & b",
            "a < b",
            "<p a=b>x</p>",
            "<p a=\"1\" a=\"2\">x</p>",
            "<![CDATA[x]]>",
            "<p><![CDATA[<script>x</script>]]></p>",
            "<x:p xmlns:x=\"http://www.w3.org/1999/xhtml\">x</x:p>",
            "&#xd800;",
            "&foo;",
            "&nbsp;",
            "&;",
            "&#0;",
            "&#1;",
            "&#xFFFE;",
            "&#+65;",
            "&#X41;",
            "a\u{1}b",
            "a\u{ffff}b",
            "<!-- a -- b -->x",
            "<!-- a --->x",
            "x ]]> y",
            "<p title=\"&copy;\">x</p>",
            "<a href=\"javascript&colon;x()\">x</a>",
        ] {
            assert!(matches!(fault(&div(wrong)), Some(Fault::NotWellFormed(_))), "{wrong}");
        }
        for whole in [
            "x",
            "<p>x</p>",
            "<div>x</div><div>y</div>",
            "<div xmlns=\"http://a.example\">x</div>",
            "<x:div xmlns:x=\"http://www.w3.org/1999/xhtml\">x</x:div>",
            "<x:div xmlns:x=\"http://www.w3.org/1999/xhtml\" xmlns=\"http://www.w3.org/1999/xhtml\">x</x:div>",
            "<![CDATA[<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>]]>",
        ] {
            assert!(matches!(fault(whole), Some(Fault::NotWellFormed(_))), "{whole}");
        }
        assert!(matches!(fault(&div(&"<b>".repeat(50_000))), Some(Fault::NotWellFormed(_))));
        assert_eq!(fault(&"x".repeat(limits::NARRATIVE_MAX_BYTES + 1)), Some(Fault::TooLong));
    }

    #[test]
    fn refuses_what_is_empty_or_strange() {
        assert_eq!(fault(&div("  <p> </p>")), Some(Fault::Empty));
        assert!(matches!(fault(&div("<blink>x</blink>")), Some(Fault::Markup(_))));
        assert!(matches!(fault(&div("<P>x</P>")), Some(Fault::Markup(_))));
        assert!(matches!(fault(&div("<p data-x=\"1\">x</p>")), Some(Fault::Markup(_))));
    }
}
