//! Plays the cases: reads a file, does what it says, writes down what was said.

mod stage;
mod steady;

use crate::support::world::World;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

pub(crate) use stage::Stage;

/// A case as its file has it.
pub(crate) struct Case;

impl Case {
    /// Plays a case; gives what went another way than its file says, or writes it into the file.
    pub(crate) fn play(path: &Path) -> Option<String> {
        let script = fs::read_to_string(path).unwrap();
        let played = perform(path, &script);
        if played == script {
            return None;
        }
        if std::env::var_os("S3BSYNC_WRITE_CASES").is_some() {
            fs::write(path, played).unwrap();
            return None;
        }
        let first = played
            .lines()
            .zip(script.lines())
            .position(|(is, was)| is != was);
        Some(format!(
            "{}, from line {}:\n{played}",
            path.display(),
            first.unwrap_or_default() + 1
        ))
    }
}

fn perform(path: &Path, script: &str) -> String {
    let mut stage = match script.contains("{endpoint}") {
        true if needs_own_server(script) => Stage::world(World::embedded()),
        true => Stage::world(World::new()),
        false => Stage::bare(),
    };
    let mut played = String::new();
    for line in script.lines().filter(|line| !is_answer(line)) {
        played.push_str(line);
        played.push('\n');
        match line.strip_prefix("$") {
            None => stage.prepare(line),
            Some(args) => {
                let ended = stage.run_line(args);
                let is_dump = args.contains("--dump") && !ended.stdout.is_empty();
                if args.contains("--json") && (ended.code < 2 || is_dump) {
                    check_json(path, args, &ended.stdout);
                }
                let _ = writeln!(played, "exit {}", ended.code);
                for (sign, text) in [('>', &ended.stdout), ('!', &ended.stderr)] {
                    for line in steady::steady(text, &stage).lines() {
                        let _ = writeln!(played, "{}", format!("{sign} {line}").trim_end());
                    }
                }
            }
        }
    }
    played
}

/// Storage classes are changed by a hand that reaches into our own server only.
fn needs_own_server(script: &str) -> bool {
    script.lines().any(|line| line.starts_with("class "))
}

fn is_answer(line: &str) -> bool {
    line.starts_with('>') || line.starts_with('!') || line.starts_with("exit ")
}

fn check_json(path: &Path, args: &str, text: &str) {
    let is_fine = if args.contains("--dump") {
        serde_json::from_str::<Value>(text).is_ok()
    } else {
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    };
    assert!(is_fine, "{}: {args}: no JSON:\n{text}", path.display());
}

/// Each line as JSON.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(read).collect()
}
