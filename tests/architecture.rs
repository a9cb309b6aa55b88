//! The shape of the house, read from the source itself.
//!
//! Fails on an import against the arrow of `ARCHITECTURE.md`, on a library outside the one room that may use it,
//! on time, chance, input or output in the core, on a file past 600 lines and on names that say nothing. The
//! checker is tested on bad snippets below, so that it cannot pass by reading nothing.

#[cfg(test)]
#[path = "architecture/source.rs"]
mod source;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use source::{Token, paths_in, tokens_of, without_tests};

/// A file is split before it gets longer than this.
const LINES_MAX: usize = 600;

/// What every room above them may use: time, ids and limits are parameters and names, not work.
const BASE: &[&str] = &["clock", "ids", "letters", "limits"];

/// Each room, and what it may use beside itself and [`BASE`]. An entry may name a part of a room only.
const ROOMS: &[(&str, &[&str])] = &[
    // The ground floor.
    ("clock", &[]),
    ("ids", &["clock"]),
    // Which letters cannot be seen: one list for what comes in, what is shown and what is printed.
    ("letters", &[]),
    ("limits", &[]),
    ("telemetry", &[]),
    // What this process may have open, and whether some is left.
    ("open_files", &[]),
    // Counts by the words of the directory and of an attempt's outcome; asks the store how much waits.
    ("metrics", &["exchange", "directory"]),
    // The pure core, from the bottom up.
    ("fhir", &[]),
    ("assessment", &["fhir"]),
    ("profile", &["assessment", "fhir"]),
    ("audit", &["assessment", "fhir"]),
    ("directory", &["assessment", "fhir"]),
    ("consent", &["directory", "assessment", "fhir"]),
    ("minimise", &["consent", "directory", "assessment", "fhir"]),
    ("referral", &["consent", "directory", "assessment", "fhir"]),
    // Agreed exception: mapping takes the types that it is handed, and asks neither room anything.
    ("mapping", &["directory", "minimise", "assessment", "fhir"]),
    // Takes the bytes that a recipient gets, and nothing else: it cannot show more than they hold.
    ("sheet", &[]),
    // Keys. Agreed exception: what it seals is the row type that the store keeps.
    ("vault", &["exchange::rows"]),
    // Use cases.
    (
        "exchange",
        &[
            "profile",
            "mapping",
            "consent",
            "minimise",
            "directory",
            "referral",
            "audit",
            "assessment",
            "fhir",
            "vault",
        ],
    ),
    // Adapters: they see the traits and rows of `exchange`, and the words of the core that those hold.
    ("store", &["exchange", "consent", "directory", "minimise", "referral", "audit", "metrics"]),
    ("outbound", &["exchange", "directory", "vault", "metrics"]),
    ("identity", &["exchange", "directory", "audit", "vault", "metrics"]),
    ("http", &["exchange", "identity", "directory", "fhir", "metrics", "open_files", "telemetry"]),
    ("worker", &["exchange", "metrics"]),
    // FHIR packages on disk: their bytes go to the definitions of `profile`.
    ("packages", &["profile"]),
    // A service's own adapters on disk: their texts go to `exchange`.
    ("site_folders", &["exchange"]),
    // What starts and wires.
    ("config", &["assessment", "directory", "fhir", "vault"]),
    (
        "app",
        &[
            "store",
            "outbound",
            "identity",
            "http",
            "worker",
            "exchange",
            "config",
            "directory",
            "audit",
            "vault",
            "minimise",
            "profile",
            "packages",
            "site_folders",
            "metrics",
            "open_files",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "config",
            "exchange",
            // `keyway consent decide` tries the evaluator of FHIR Consents by itself.
            "consent::r4",
            "directory",
            "audit",
            "assessment",
            "fhir",
            // The demonstration's team answers a FHIR message as any receiver may (`mapping::bars`).
            "mapping",
            "referral",
            "packages",
            "profile",
            "sheet",
            "vault",
            "metrics",
            "telemetry",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Rooms without async, SQL, HTTP, clock, chance, files or sockets.
const CORE: &[&str] = &[
    "letters",
    "limits",
    "fhir",
    "assessment",
    "profile",
    "mapping",
    "consent",
    "minimise",
    "directory",
    "referral",
    "audit",
    "sheet",
];

/// Words and paths that the core may not hold, with the reason.
const CORE_BANS: &[(&str, &str)] = &[
    ("async", "the core is not asynchronous"),
    ("await", "the core is not asynchronous"),
    ("async_trait", "the core is not asynchronous"),
    ("tokio", "the core is not asynchronous"),
    ("futures_util", "the core is not asynchronous"),
    ("SystemClock", "the core takes time as a parameter"),
    ("SystemChance", "the core takes chance as a parameter"),
    ("Stopwatch", "the core measures nothing"),
    ("tracing", "the core answers; its callers log"),
    ("std::fs", "the core reads no files: use include_str! or take bytes"),
    ("std::net", "the core opens no sockets"),
    ("std::process", "the core starts nothing"),
    ("std::thread", "the core starts nothing"),
    ("std::time", "the core takes time as a parameter"),
];

/// Libraries (a word, a path, or the beginning of a word before `*`) and the only places that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/store/"]),
    ("refinery", &["src/store/"]),
    ("actix*", &["src/http/", "src/app.rs", "src/app/", "src/cli/demo"]),
    ("reqwest", &["src/outbound/", "src/cli/demo"]),
    ("rustix", &["src/open_files.rs", "src/cli/ig/look.rs"]),
    ("flate2", &["src/packages/"]),
    ("tar", &["src/packages/"]),
    ("rcgen", &["src/cli/demo"]),
    ("krilla", &["src/sheet/pdf.rs"]),
    ("ttf_parser", &["src/sheet/font.rs"]),
    ("std::env", &["src/config/"]),
    // Only the worker sends: no handler may even name the trait.
    ("Courier", &["src/exchange/", "src/outbound/", "src/worker/", "src/app.rs", "src/app/"]),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];

#[test]
fn the_tree_keeps_its_shape() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut problems = Vec::new();
    let mut seen = 0_usize;
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root.join(folder)) {
            let text = fs::read_to_string(&file).expect("a source file is readable");
            let name = file.strip_prefix(root).expect("under the root").to_string_lossy().replace('\\', "/");
            problems.extend(check(&name, &text));
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} files were read: the checker looks in the wrong place");
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Everything that is wrong with one file; `name` is its path from the root of the project.
fn check(name: &str, text: &str) -> Vec<String> {
    let mut problems = shape(name, text);
    if let Some(module) = module_of(name) {
        let tokens = without_tests(&tokens_of(text));
        let paths = paths_in(&tokens);
        let room = module.first().map_or("lib", String::as_str);
        problems.extend(empty_names(&tokens));
        problems.extend(against_the_arrow(room, &module, &paths));
        problems.extend(out_of_place(name, room, &tokens, &paths));
    }
    problems.into_iter().map(|what| format!("{name}: {what}")).collect()
}

/// Length, head and name of a file.
fn shape(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        problems.push(format!("{lines} lines; split it by what its parts are for (at most {LINES_MAX})"));
    }
    let beside_the_code = name.starts_with("src/") && module_of(name).is_none();
    if !beside_the_code && !text.starts_with("//!") {
        problems.push(String::from("does not begin with a line (//!) that says what it is for"));
    }
    for part in name.trim_end_matches(".rs").split('/') {
        if EMPTY_NAMES.contains(&part) {
            problems.push(format!("\"{part}\" says nothing: name it for what it does"));
        }
    }
    problems
}

/// Modules and types whose names say nothing.
fn empty_names(tokens: &[Token]) -> Vec<String> {
    let mut problems = Vec::new();
    for pair in tokens.windows(2) {
        if let [Token::Word(keyword), Token::Word(word)] = pair
            && ["mod", "struct", "enum", "trait", "type"].contains(&keyword.as_str())
            && (EMPTY_NAMES.contains(&word.as_str())
                || ["Manager", "Helper", "Helpers", "Util", "Utils"].iter().any(|end| word.ends_with(end)))
        {
            problems.push(format!("\"{word}\" says nothing: name it for what it does"));
        }
    }
    problems
}

/// Imports that [`ROOMS`] does not allow.
fn against_the_arrow(room: &str, module: &[String], paths: &[Vec<String>]) -> Vec<String> {
    let Some((_, allowed)) = ROOMS.iter().find(|(known, _)| *known == room) else {
        return vec![format!(
            "the room \"{room}\" has no place in tests/architecture.rs: say what it may use"
        )];
    };
    let mut problems = Vec::new();
    for path in paths {
        let Some(target) = resolve(path, module) else { continue };
        let Some(other) = target.first() else { continue };
        if !ROOMS.iter().any(|(known, _)| known == other) {
            // `super` from an inline module lands above its file; only a path from the root is sure.
            if path.first().is_some_and(|p| p == "crate") {
                problems.push(format!("crate::{other} is not a room"));
            }
            continue;
        }
        let target = target.join("::");
        let under = |prefix: &str| target == prefix || target.starts_with(&format!("{prefix}::"));
        let base = BASE.contains(&other.as_str()) && !BASE.contains(&room);
        if other != room && !base && !allowed.iter().any(|prefix| under(prefix)) {
            problems
                .push(format!("uses {target}, against the arrow ({room} may use: {})", allowed.join(", ")));
        }
    }
    problems
}

/// Libraries outside their homes, and what the core may not name.
fn out_of_place(name: &str, room: &str, tokens: &[Token], paths: &[Vec<String>]) -> Vec<String> {
    let words: BTreeSet<&str> =
        tokens.iter().filter_map(|t| if let Token::Word(w) = t { Some(w.as_str()) } else { None }).collect();
    let names = |what: &str| match what.strip_suffix('*') {
        Some(start) => words.iter().any(|w| w.starts_with(start)),
        None if what.contains("::") => {
            paths.iter().map(|p| p.join("::")).any(|p| p == what || p.starts_with(&format!("{what}::")))
        }
        None => words.contains(what),
    };
    let mut problems = Vec::new();
    for (what, homes) in HOMES {
        if names(what) && !homes.iter().any(|home| name.starts_with(home)) {
            problems.push(format!("names {what}, which is for {} only", homes.join(", ")));
        }
    }
    if CORE.contains(&room) {
        for (what, why) in CORE_BANS {
            if names(what) {
                problems.push(format!("names {what}: {why}"));
            }
        }
    }
    problems
}

/// `src/exchange/submit.rs` is `["exchange", "submit"]`; `None` for what lies outside `src` or holds only tests.
fn module_of(name: &str) -> Option<Vec<String>> {
    let inner = name.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.iter().any(|p| p == "tests" || p.ends_with("_test") || p.ends_with("_tests")) {
        return None;
    }
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    Some(parts)
}

/// A path in the crate as its parts from the root; `None` for a path into another crate.
fn resolve(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" | "keyway" => Some(rest.to_vec()),
        "self" => Some(module.iter().chain(rest).cloned().collect()),
        "super" => {
            let ups = path.iter().take_while(|p| *p == "super").count();
            let kept = module.len().saturating_sub(ups);
            Some(module.iter().take(kept).chain(path.iter().skip(ups)).cloned().collect())
        }
        _ => None,
    }
}

#[test]
fn a_bad_file_is_found() {
    let long = format!("//! Long.\n{}", "// line\n".repeat(LINES_MAX));
    let cases: &[(&str, &str, &str)] = &[
        // Against the arrow, in each way that Rust can write it.
        ("src/consent/decide.rs", "use crate::exchange::rows::X;", "uses exchange::rows::X"),
        ("src/consent/decide.rs", "use crate::{ids::PersonId, store::Sqlite};", "uses store::Sqlite"),
        ("src/consent/decide.rs", "use crate::{\n a::{b, c},\n http::{self, x as y},\n};", "uses http::self"),
        ("src/audit/leaf.rs", "fn f(x: &crate::consent::Decision) {}", "uses consent::Decision"),
        ("src/audit/leaf.rs", "use super::super::mapping::Frame;", "uses mapping::Frame"),
        ("src/audit/mod.rs", "use super::mapping::*;", "uses mapping::*"),
        ("src/vault.rs", "use crate::exchange::ports::Store;", "uses exchange::ports::Store"),
        ("src/http/routes.rs", "use crate::store::Sqlite;", "uses store::Sqlite"),
        ("src/http/routes.rs", "use crate::outbound::Client;", "uses outbound::Client"),
        ("src/identity/token.rs", "use crate::consent::decide;", "uses consent::decide"),
        ("src/exchange/submit.rs", "use crate::http::error::Problem;", "uses http::error::Problem"),
        ("src/profile/mod.rs", "use crate::{minimise::Rules as R};", "uses minimise::Rules"),
        ("src/cli/serve.rs", "use crate::store::Sqlite;", "uses store::Sqlite"),
        ("src/main.rs", "fn main() { keyway::store::open(); }", "uses store::open"),
        ("src/ids.rs", "use crate::limits::X;", "uses limits::X"),
        ("src/fhir/mod.rs", "use crate::nowhere::X;", "crate::nowhere is not a room"),
        ("src/sundries/mod.rs", "fn f() {}", "the room \"sundries\" has no place"),
        // Libraries out of their rooms.
        ("src/exchange/submit.rs", "use rusqlite::Connection;", "names rusqlite"),
        ("src/exchange/submit.rs", "fn f() { reqwest::get(); }", "names reqwest"),
        ("src/exchange/submit.rs", "use actix_web::web;", "names actix*"),
        ("src/worker/mod.rs", "use actix_rt as rt;", "names actix*"),
        ("src/exchange/submit.rs", "use std::{env, fmt};", "names std::env"),
        ("src/store/mod.rs", "fn f() { let x = std::env::var(\"X\"); }", "names std::env"),
        ("src/http/routes.rs", "use crate::exchange::ports::Courier;", "names Courier"),
        // The core.
        ("src/consent/decide.rs", "pub async fn f() {}", "names async"),
        ("src/mapping/mod.rs", "use tokio::sync::Mutex;", "names tokio"),
        ("src/referral/plan.rs", "use crate::clock::{Clock, SystemClock};", "names SystemClock"),
        ("src/profile/mod.rs", "fn f() { std::fs::read(\"x\"); }", "names std::fs"),
        // Size, heads and names.
        ("src/fhir/long.rs", &long, "601 lines"),
        ("tests/it/utils.rs", "fn f() {}", "\"utils\" says nothing"),
        ("src/fhir/helpers.rs", "fn f() {}", "\"helpers\" says nothing"),
        ("src/store/mod.rs", "struct ConnectionManager;", "\"ConnectionManager\" says nothing"),
        ("src/store/mod.rs", "mod common { }", "\"common\" says nothing"),
    ];
    for (name, text, expected) in cases {
        let text = if text.starts_with("//!") { (*text).to_owned() } else { format!("//! Head.\n{text}") };
        let found = check(name, &text);
        assert!(
            found.iter().any(|p| p.contains(expected)),
            "{name}: {text}\nexpected {expected}; found {found:?}"
        );
    }
    assert!(check("src/fhir/x.rs", "fn f() {}").iter().any(|p| p.contains("does not begin")));
}

#[test]
fn a_good_file_passes() {
    let cases: &[(&str, &str)] = &[
        ("src/exchange/submit.rs", "use crate::{consent::{self, decide}, ids::*, vault::Vault};"),
        ("src/exchange/submit.rs", "use super::{ports::Store, rows};"),
        ("src/vault.rs", "use crate::exchange::rows::Sealed;"),
        ("src/mapping/cmht.rs", "use crate::{directory::Partner, minimise::Projection};"),
        ("src/consent/decide.rs", "// crate::store, async\n/* std::env /* twice */ tokio */ fn f() {}"),
        ("src/consent/decide.rs", "const A: &str = \"crate::store::X \\\" async\";"),
        ("src/consent/decide.rs", "const B: &str = r#\"tokio \" async\"#; const C: &[u8] = b\"tokio\";"),
        ("src/consent/decide.rs", "fn f<'a>(x: &'a str) -> char { if x == \"'\" { '\"' } else { '\\'' } }"),
        ("src/consent/decide.rs", "#[cfg(test)]\nmod tests { use crate::store::X; async fn f() {} }"),
        ("src/consent/decide.rs", "#[cfg(test)]\nmod tests;\nfn f() {}"),
        ("src/consent/tests.rs", "use crate::store::X;"),
        ("src/consent/decide_test.rs", "use crate::store::X;"),
        ("src/store/mod.rs", "use rusqlite::Connection; pub(crate) struct Pool;"),
        ("tests/it/main.rs", "use reqwest::Client;"),
        ("src/lib.rs", "pub mod app;"),
    ];
    for (name, text) in cases {
        assert_eq!(check(name, &format!("//! Head.\n{text}")), Vec::<String>::new(), "{text}");
    }
    // What follows a dropped test module is read again.
    let after = "//! Head.\n#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::store::X;";
    assert_eq!(check("src/consent/decide.rs", after).len(), 1);
}
