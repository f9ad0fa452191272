//! `completions`: a script for a shell, made of what the help says.
//!
//! argh's own generator knows commands as types of their own, and a value only as a file or nothing;
//! here a command is a word among flags, `--dir` takes two values, and the names of maps are known.

mod bash;
mod fish;
mod zsh;

use super::surface::{Flag, Takes, Word, flags, words};

/// A shell that a script can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// The shells as they are named on the command line.
pub(super) const SHELLS: &str = "bash|zsh|fish";

impl Shell {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "bash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            _ => None,
        }
    }

    /// The script that completes this program's command lines.
    #[must_use]
    pub fn completions(self) -> String {
        let (words, flags) = (words(), flags());
        match self {
            Self::Bash => bash::script(&words, &flags),
            Self::Zsh => zsh::script(&words, &flags),
            Self::Fish => fish::script(&words, &flags),
        }
    }
}

/// The names of the commands that take such a thing.
fn names<'a>(words: &'a [Word], takes: &[Takes]) -> Vec<&'a str> {
    let of_them = words.iter().filter(|word| takes.contains(&word.takes));
    of_them.map(|word| word.name).collect()
}

/// The flags that a command takes; the empty name is that of a run without a command.
fn flags_of<'a>(flags: &'a [Flag], verb: &str) -> Vec<&'a Flag> {
    let of_it = flags.iter().filter(|flag| flag.verbs.contains(&verb));
    of_it.collect()
}

/// The names of flags whose value is such a thing, as alternatives of a `case`.
fn alternatives(flags: &[Flag], takes: impl Fn(&Takes) -> bool) -> String {
    let of_them = flags.iter().filter(|flag| takes(&flag.takes));
    of_them.map(|flag| flag.name).collect::<Vec<_>>().join("|")
}
