//! Why argv is no command, as facts; what to do about each is the business of the reports.

use crate::key::Shown;
use crate::state::MAX_RECIPIENTS;
use std::fmt;

/// Why argv is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misuse {
    /// An argument is not UTF-8; here it is as it can be shown.
    NotUtf8(String),
    /// There is no such flag.
    UnknownFlag(String),
    /// A flag and its value are one argument, joined by `=`.
    Joined(String),
    /// A word that is no command, no flag, and belongs to none.
    Stray(String),
    /// A flag lacks its value or values; both are named as the help names them.
    NoValue {
        /// The flag.
        flag: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A flag that can be given once was given twice.
    Repeated(String),
    /// A value is none that the flag takes.
    BadValue {
        /// The flag.
        flag: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// `--file` is not the absolute path of a file.
    BadFile(String),
    /// No `--file` was given and there is no home directory.
    NoHome,
    /// Two flags contradict each other.
    Contradiction(&'static str, &'static str),
    /// A flag of a dump, without `--dump`.
    WithoutDump(&'static str),
    /// A flag that changes settings, without `--init`.
    WithoutInit(&'static str),
    /// A flag of a run, with `--init`.
    WithInit(&'static str),
    /// A map setting without a map.
    WithoutDir(&'static str),
    /// A command lacks what it is about, or was given more.
    Operands {
        /// The command.
        verb: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// A flag with a command that has no use for it.
    NotTaken {
        /// The flag.
        flag: &'static str,
        /// The command.
        of: &'static str,
    },
    /// A flag of a run, with an edit that makes none.
    WithoutReencode(&'static str),
    /// A flag of an edit, without one.
    WithoutEdit(&'static str),
    /// A flag of one command, without it.
    WithoutVerb {
        /// The flag.
        flag: &'static str,
        /// The command.
        verb: &'static str,
    },
    /// A flag of `recover put-back`, without that.
    WithoutPutBack(&'static str),
    /// An edit without a setting.
    NoChange,
    /// The name of a directory is empty.
    EmptyPath,
    /// `--delete` without a direction that it could follow.
    Aimless,
    /// More recipients than a map can have.
    TooManyRecipients(usize),
    /// One name for several maps.
    NameOfMany,
    /// More than one pattern of keys.
    SecondGlob,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(word) => write!(f, "argument '{}' is not UTF-8", Shown(word)),
            Self::UnknownFlag(flag) | Self::Joined(flag) => {
                write!(f, "there is no flag '{}'", Shown(flag))
            }
            Self::Stray(word) => write!(
                f,
                "'{}' is no command, no flag and no flag's value",
                Shown(word)
            ),
            Self::NoValue { flag, takes } => write!(f, "{flag} lacks a value, it takes {takes}"),
            Self::Repeated(flag) => write!(f, "{flag} was given twice"),
            Self::BadValue { flag, reason } => write!(f, "{flag}: {reason}"),
            Self::BadFile(file) => {
                write!(
                    f,
                    "--file: '{}' is not the absolute path of a file",
                    Shown(file)
                )
            }
            Self::NoHome => write!(f, "there is no home directory to hold the state file"),
            Self::Contradiction(one, other) => write!(f, "{one} and {other} do not go together"),
            Self::WithoutDump(flag) => write!(f, "{flag} goes with --dump only"),
            Self::WithoutInit(flag) => write!(f, "{flag} changes settings and needs --init"),
            Self::WithInit(flag) => {
                write!(f, "{flag} is for a sync, and --init does not sync")
            }
            Self::WithoutDir(flag) => write!(f, "{flag} needs a --dir to apply to"),
            Self::Operands { verb, takes } => write!(f, "{verb} takes {takes}"),
            Self::NotTaken { flag, of } => write!(f, "{of} takes no {flag}"),
            Self::WithoutReencode(flag) => write!(
                f,
                "{flag} is for a sync, and edit makes one with --reencode only"
            ),
            Self::WithoutEdit(flag) => write!(f, "{flag} goes with edit only"),
            Self::WithoutVerb { flag, verb } => write!(f, "{flag} goes with {verb} only"),
            Self::WithoutPutBack(flag) => write!(f, "{flag} goes with recover put-back only"),
            Self::NoChange => write!(f, "edit was given nothing to change"),
            Self::EmptyPath => write!(f, "the name of the directory is empty"),
            Self::Aimless => write!(f, "--delete goes with --direction push or pull only"),
            Self::TooManyRecipients(count) => write!(
                f,
                "--age-recipient was given {count} times, and a map can have {MAX_RECIPIENTS}"
            ),
            Self::NameOfMany => write!(f, "--name can name only one map"),
            Self::SecondGlob => write!(f, "--objects takes one pattern"),
        }
    }
}

impl std::error::Error for Misuse {}

impl Misuse {
    /// What argh says, as a fact. `words` are those that argh read.
    pub(super) fn of_argh(output: &str, words: &[&str]) -> Self {
        let said = output.trim_end();
        if let Some(word) = said.strip_prefix("Unrecognized argument: ") {
            return match (word.starts_with('-'), word.contains('=')) {
                (false, _) => Self::Stray(word.to_owned()),
                (true, false) => Self::UnknownFlag(word.to_owned()),
                (true, true) => Self::Joined(word.to_owned()),
            };
        }
        let flag = said.split('\'').nth(1).unwrap_or_default().to_owned();
        if said.starts_with("No value provided") {
            let takes = super::help::takes(&flag);
            return Self::NoValue { flag, takes };
        }
        // The value may hold anything, so it is found among the words and not in the text.
        let value = said
            .split_once("' with value '")
            .map_or(said, |(_, rest)| rest);
        let reason = words
            .iter()
            .find_map(|word| value.strip_prefix(*word)?.strip_prefix("': "))
            .unwrap_or(value);
        match reason {
            "duplicate values provided" => Self::Repeated(flag),
            _ => Self::BadValue {
                flag,
                reason: reason.to_owned(),
            },
        }
    }
}
