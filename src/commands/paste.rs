//! Commands as text for a person to paste into a shell.

use std::path::Path;

/// The command line of `s3-bsync` with these words, for this state file.
pub(super) fn command(file: &Path, words: &[&str]) -> String {
    let default = std::env::home_dir().map(|home| home.join(".state.s3sync"));
    let mut command = "s3-bsync".to_owned();
    if default.is_none_or(|default| default != file) {
        let file = quoted(&file.display().to_string());
        command.push_str(" --file ");
        command.push_str(&file);
    }
    for word in words {
        command.push(' ');
        command.push_str(&quoted(word));
    }
    command
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+,:".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
