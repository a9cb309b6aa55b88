//! What a command printed, held against what a page says that it prints.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::{Captures, Regex};

const ID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/// What is new each time, but for ids: the name in the page, what it stands for, and where it is known by. The last group of the
/// pattern is what the name stands for; what is before and behind it stays.
const NEW: [(&str, &str, &str); 9] = [
    ("time", r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"()({})()"),
    ("key", r"[0-9a-f]{8}\+[A-Za-z0-9+/]+=*", r"(\+)({})()"),
    ("signature", "[A-Za-z0-9+/]{60,}=*", r"(— \S+ )({})()"),
    ("hash", "(?:[0-9a-f]{64}|[A-Za-z0-9+/]{43}=)", r"()({})()"),
    ("pseudonym", "LD-[0-9A-Z]{10}", r"()({})()"),
    ("port", r"\d+", r"(localhost:)({})()"),
    ("n", r"\d+", r"(\b(?:place|entry|index) )({})()"),
    ("n", r"\d+", r"()({})( entries\b)"),
    ("account", r"\d+", r"(operator:ig\.officer  )({})()"),
];

static FORMS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    NEW.iter().map(|(name, form, place)| (*name, Regex::new(&place.replace("{}", form)).unwrap())).collect()
});
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("<([a-z][a-z0-9-]*)>|…").unwrap());
/// An id, and the word that says of what.
static NAMED_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)(?:\b([a-z]+?)(?:_?id)?[^a-z0-9<>]{{0,5}})?({ID})")).unwrap());
static GAPS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(\S) {2,}").unwrap());

/// The lines of an output, with the columns of its tables drawn together: how wide they are says nothing.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let drawn = |line: &str| GAPS.replace_all(line.trim_end(), "$1  ").into_owned();
    let mut lines: Vec<String> = text.lines().map(drawn).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Which name in the page stands for which id.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Holds an output against what the page says. The error is the first line of the page that is not there.
    pub(crate) fn hold(&mut self, told: &[String], real: &[String]) -> Result<(), String> {
        let before = self.0.clone();
        self.hold_on(told, real).inspect_err(|_| self.0 = before)
    }

    fn hold_on(&mut self, told: &[String], real: &[String]) -> Result<(), String> {
        let mut rest = real.iter();
        let mut may_skip = false;
        for line in told {
            if line == "…" {
                may_skip = true;
                continue;
            }
            let found = if may_skip {
                rest.any(|real| self.is(line, real))
            } else {
                rest.next().is_some_and(|real| self.is(line, real))
            };
            if !found {
                return Err(line.clone());
            }
            may_skip = false;
        }
        if may_skip || rest.next().is_none() { Ok(()) } else { Err(String::from("(nothing more)")) }
    }

    fn is(&mut self, told: &str, real: &str) -> bool {
        let mut form = String::from("^");
        let mut ids = Vec::new();
        let mut from = 0;
        for name in NAME.captures_iter(told) {
            let whole = name.get(0).unwrap();
            form.push_str(&regex::escape(&told[from..whole.start()]));
            from = whole.end();
            if whole.as_str() == "…" {
                form.push_str(".*");
            } else if let Some((_, known, _)) = NEW.iter().find(|(new, ..)| name[1] == **new) {
                form.push_str(known);
            } else {
                ids.push(whole.as_str());
                form.extend(["(", ID, ")"]);
            }
        }
        form.push_str(&regex::escape(&told[from..]));
        let Some(found) = Regex::new(&(form + "$")).unwrap().captures(real) else { return false };
        let mut names = self.0.clone();
        for (name, id) in ids.into_iter().zip(found.iter().skip(1)) {
            let id = id.unwrap().as_str();
            let same = names.entry(name.to_owned()).or_insert_with(|| id.to_owned()) == id;
            if !same || names.iter().any(|(other, known)| known == id && other != name) {
                return false;
            }
        }
        self.0 = names;
        true
    }

    /// An output as a page says it.
    pub(crate) fn placed(&mut self, real: &[String]) -> Vec<String> {
        real.iter().map(|line| self.placed_line(line)).collect()
    }

    fn placed_line(&mut self, line: &str) -> String {
        let mut line = NAMED_ID
            .replace_all(line, |found: &Captures<'_>| {
                let word = found.get(1).map_or(String::from("id"), |word| word.as_str().to_lowercase());
                let id = found[2].to_owned();
                let name = self.name(&word, &id);
                found[0].replace(&id, &name)
            })
            .into_owned();
        for (name, form) in FORMS.iter() {
            line = form.replace_all(&line, format!("$1<{name}>$3")).into_owned();
        }
        line
    }

    fn name(&mut self, word: &str, id: &str) -> String {
        if let Some((name, _)) = self.0.iter().find(|(_, known)| *known == id) {
            return name.clone();
        }
        let candidates = std::iter::once(format!("<{word}>")).chain((2..).map(|n| format!("<{word}-{n}>")));
        let name = candidates.into_iter().find(|name| !self.0.contains_key(name)).unwrap();
        self.0.insert(name.clone(), id.to_owned());
        name
    }
}

#[test]
fn a_page_is_held_to_what_is_printed() {
    let ids = ["01a21f7a-e426-70e5-b556-9077c64ee248", "01a21f7a-e426-7fb7-b248-72210fa52d19"];
    let real = lines(&format!(
        "Person {}\nwho      what\nreferral {}, sent 2026-11-28T00:07:57.223Z\n\nlog entry {}, place 512\n",
        ids[0], ids[1], ids[1]
    ));
    let told = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let holds = |text: &str| Names::default().hold(&told(text), &real);
    let placed = Names::default().placed(&real).join("\n");
    assert_eq!(
        placed,
        "Person <person>\nwho  what\nreferral <referral>, sent <time>\n\nlog entry <referral>, place <n>"
    );
    for right in
        [&placed, "…\nlog entry <entry>, place <n>", "Person <person>\n…", "…\nreferral …, sent <time>\n…"]
    {
        assert_eq!(holds(right), Ok(()), "{right}");
    }
    for wrong in [
        "Person <person>",
        "…\nreferral <person>, sent <time>",
        "Person <person>\n…\nlog entry <person>, place <n>",
        "…\nreferral <a>, sent <time>\n\nlog entry <b>, place <n>",
        "…\nlog entry <entry>, place 511",
        "…\nwho  what\nlog entry <entry>, place <n>",
        "",
    ] {
        assert!(holds(wrong).is_err(), "{wrong}");
    }
}
