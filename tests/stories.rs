//! The stories of `docs/stories` happen as they are told: the commands of each page run in their order beside a demonstration of
//! its own, and what they print is held against the page. In the page `<time>`, `<referral>` and the like stand for what is new
//! each time (an id is the same wherever its name stands), and `…` for lines, or a part of one, that were left out.
//!
//! After a change that is meant: `cargo test --test stories write_the_stories -- --ignored`, and read what differs. It writes anew
//! only what does not hold any more, and whole: what should be left out is for whoever reads it.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is surprised"
)]

#[path = "stories/told.rs"]
mod told;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use told::Names;

/// What begins the output of each command.
const MARK: char = '\u{1e}';
/// How often something is looked at that is waited for, and how often at most: five minutes, for a busy machine.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: usize = 6_000;
const TOOLS: [&str; 6] = ["bash", "curl", "jq", "sqlite3", "python3", "openssl"];

/// A page, cut where commands and their output stand.
#[derive(Default)]
struct Page {
    path: PathBuf,
    lines: Vec<String>,
    scenes: Vec<Scene>,
}

/// Commands, and the place of what the page says they print: from this line up to that one.
struct Scene {
    commands: String,
    output: Option<(usize, usize)>,
}

impl Page {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stories").join(name);
        let text = fs::read_to_string(&path).unwrap();
        let mut page = Self { path, lines: text.lines().map(str::to_owned).collect(), scenes: Vec::new() };
        let end_of = |from: usize| from + page.lines[from..].iter().position(|line| line == "```").unwrap();
        let mut at = 0;
        while at < page.lines.len() {
            if page.lines[at] == "```sh" {
                let end = end_of(at + 1);
                let commands = page.lines[at + 1..end].join("\n");
                at = end;
                let shown = page.lines.get(end + 2).is_some_and(|line| line == "```text");
                let output = shown.then(|| (end + 3, end_of(end + 3)));
                page.scenes.push(Scene { commands, output });
            }
            at += 1;
        }
        assert!(page.scenes.len() > 3, "{name} tells next to nothing");
        page
    }

    fn says(&self, scene: &Scene) -> &[String] {
        scene.output.map_or(&[], |(from, to)| &self.lines[from..to])
    }

    /// Runs every command; the output of each scene, in order.
    fn play(&self) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"), at("docs")).unwrap();
        let _demonstration = Demonstration::start(folder.path());
        symlink(env!("CARGO_BIN_EXE_keyway"), at("keyway")).unwrap();
        let mut script = String::from("exec 2>&1\nset -u\nPATH=$PWD:$PATH\n");
        for scene in &self.scenes {
            let end = "code=$?; [ $code = 0 ] || echo \"(exit code $code)\"";
            script = format!("{script}printf '\\n{MARK}\\n'\n{{\n{}\n}}; {end}\n", scene.commands);
        }
        fs::write(at("script"), script).unwrap();
        let mut shell = Command::new("bash");
        shell.arg("script").env_remove("KEYWAY_CONFIG").env("LC_ALL", "C.UTF-8");
        let shell = shell.current_dir(folder.path()).stdin(Stdio::null());
        let mut shell = Running(shell.stdout(File::create(at("said")).unwrap()).spawn().unwrap());
        within_time(|| shell.0.try_wait().unwrap().is_some(), "the commands end", || text_of(&at("said")));
        let said = text_of(&at("said"));
        let said: Vec<&str> = said.split(MARK).skip(1).collect();
        assert_eq!(said.len(), self.scenes.len(), "the commands ended early: {}", said.concat());
        said.iter().map(|text| told::lines(text)).collect()
    }
}

/// A process of ours, which ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// `keyway demo --data play`, when its own stories are told and it serves.
struct Demonstration(#[expect(dead_code, reason = "held until the story has ended")] Running);

impl Demonstration {
    fn start(folder: &Path) -> Self {
        let log = folder.join("demonstration");
        let out = File::create(&log).unwrap();
        let mut demo = Command::new(env!("CARGO_BIN_EXE_keyway"));
        demo.args(["demo", "--data", "play"]).current_dir(folder).stdin(Stdio::null());
        let running = Running(demo.stdout(out.try_clone().unwrap()).stderr(out).spawn().unwrap());
        within_time(|| text_of(&log).contains("keep running"), "the demonstration serves", || text_of(&log));
        Self(running)
    }
}

fn text_of(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn within_time(mut is_so: impl FnMut() -> bool, what: &str, said: impl Fn() -> String) {
    for _ in 0..LOOKS_MAX {
        if is_so() {
            return;
        }
        sleep(LOOK_EVERY);
    }
    panic!("{what}: not in time: {}", said());
}

/// Whether everything is here that the commands call; what is not is said, past the capture of output.
fn tools_are_there(story: &str) -> bool {
    let is_there = |tool: &&str| {
        let found =
            Command::new("bash").args(["-c", "command -v \"$0\"", tool]).stdout(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = TOOLS.into_iter().filter(|tool| !is_there(tool)).collect();
    if !missing.is_empty() {
        writeln!(std::io::stderr(), "SKIPPED for want of {}: {story}", missing.join(", ")).ok();
    }
    missing.is_empty()
}

fn happens_as_told(name: &str) {
    if !tools_are_there(name) {
        return;
    }
    let page = Page::read(name);
    let mut names = Names::default();
    let mut differ = Vec::new();
    for (scene, real) in page.scenes.iter().zip(page.play()) {
        if let Err(line) = names.hold(page.says(scene), &real) {
            let real = names.placed(&real).join("\n");
            differ.push(format!("{}\n-- the page says:\n{line}\n-- it printed:\n{real}", scene.commands));
        }
    }
    assert!(
        differ.is_empty(),
        "{name} is not what happens. If that is meant: cargo test --test stories write_the_stories -- --ignored\n\n{}",
        differ.join("\n\n")
    );
}

#[test]
fn the_withdrawal_happens_as_told() {
    happens_as_told("withdrawal.md");
}

#[test]
fn the_explanation_happens_as_told() {
    happens_as_told("explanation.md");
}

#[test]
fn the_tampering_happens_as_told() {
    happens_as_told("tampering.md");
}

#[test]
#[ignore = "writes docs/stories"]
fn write_the_stories() {
    for name in ["withdrawal.md", "explanation.md", "tampering.md"] {
        let page = Page::read(name);
        let mut names = Names::default();
        let mut written = Vec::new();
        let mut from = 0;
        for (scene, real) in page.scenes.iter().zip(page.play()) {
            let holds = names.hold(page.says(scene), &real).is_ok();
            let real = names.placed(&real);
            let Some((begin, end)) = scene.output else {
                assert!(
                    holds,
                    "{name} shows nothing of what is printed by\n{}:\n{}",
                    scene.commands,
                    real.join("\n")
                );
                continue;
            };
            if !holds {
                written.extend_from_slice(&page.lines[from..begin]);
                written.extend(real);
                from = end;
            }
        }
        written.extend_from_slice(&page.lines[from..]);
        fs::write(&page.path, written.join("\n") + "\n").unwrap();
    }
}
