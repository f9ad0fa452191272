//! The command line as data, read out of the help: what completions and the manual are made of. A
//! flag or a command that comes into the help comes into them by itself.

use super::help::HELP;
use super::misuse::Misuse;
use super::parse;
use super::verbs::VERBS;

/// A part of the help: a paragraph, or a list under its heading.
pub(super) enum Part {
    /// Text that runs on.
    Paragraph(String),
    /// What the entries after it are about.
    Heading(String),
    /// A term and what is said of it.
    Entry(Entry),
}

/// A term of the help and what is said of it.
pub(super) struct Entry {
    /// A flag with its value, a command with what it takes, an exit code.
    pub(super) term: String,
    /// What it does.
    pub(super) about: String,
}

/// Spaces before a line that goes on with the entry above it.
const CONTINUED: &str = "                 ";

/// The parts of the help, in its order.
pub(super) fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for block in HELP.split("\n\n") {
        let mut open: Option<Entry> = None;
        let mut text = String::new();
        for line in block.lines() {
            match (
                line.strip_prefix(CONTINUED),
                line.strip_prefix("  "),
                &mut open,
            ) {
                (Some(more), _, Some(entry)) => join(&mut entry.about, more.trim()),
                (None, Some(line), _) => {
                    flush(&mut parts, &mut text);
                    parts.extend(open.take().map(Part::Entry));
                    let (term, about) = line.split_once("  ").unwrap_or((line, ""));
                    open = Some(Entry {
                        term: term.to_owned(),
                        about: about.trim().to_owned(),
                    });
                }
                _ => join(&mut text, line.trim()),
            }
        }
        flush(&mut parts, &mut text);
        parts.extend(open.take().map(Part::Entry));
    }
    parts
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

fn flush(parts: &mut Vec<Part>, text: &mut String) {
    if text.is_empty() {
        return;
    }
    let text = std::mem::take(text);
    parts.push(match text.strip_suffix(':') {
        Some(heading) => Part::Heading(heading.to_owned()),
        None => Part::Paragraph(text),
    });
}

/// What a flag or a command takes, as far as a shell can offer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// One of these words.
    OneOf(Vec<String>),
    /// Names of maps.
    Maps,
    /// Names of maps, or a directory.
    MapsOrDirectory,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Something that only the user knows.
    Other,
}

impl Takes {
    fn of(placeholder: &str) -> Self {
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c == '-' || c.is_ascii_lowercase())
        };
        let first = placeholder.split(' ').next().unwrap_or_default();
        match placeholder {
            "" | "no name" => Self::Nothing,
            _ if first.contains('|') && first.split('|').all(is_word) => {
                Self::OneOf(first.split('|').map(str::to_owned).collect())
            }
            _ if placeholder.contains("DIR S3_URI") || placeholder.contains("S3_URI DIR") => {
                Self::MapsOrDirectory
            }
            _ if placeholder.starts_with("PATH")
                || placeholder.starts_with("DIR")
                || placeholder.starts_with("[DIR") =>
            {
                Self::Directory
            }
            _ if placeholder == "F" || placeholder.contains("FILE") => Self::File,
            _ => Self::Other,
        }
    }

    fn of_verb(placeholder: &str) -> Self {
        match Self::of(placeholder) {
            Self::Other if placeholder.contains("NAME") => Self::Maps,
            takes => takes,
        }
    }
}

/// A flag, as completions offer it.
pub(super) struct Flag {
    /// With its two hyphens.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) takes: Takes,
    /// What it does, in one line.
    pub(super) about: String,
    /// The commands that take it; the empty name is that of a run without a command.
    pub(super) verbs: Vec<&'static str>,
}

/// A command, as completions offer it.
pub(super) struct Word {
    /// As it is written.
    pub(super) name: &'static str,
    /// What it is about.
    pub(super) takes: Takes,
    /// What it does, in one line.
    pub(super) about: String,
}

/// All commands.
pub(super) fn words() -> Vec<Word> {
    let entries: Vec<Entry> = entries().collect();
    let word = |(_, name, takes): &(_, &'static str, &'static str)| {
        let of_it = |entry: &&Entry| {
            let term = entry.term.strip_prefix("s3-bsync ").unwrap_or_default();
            term.split(' ').next() == Some(name)
        };
        let about = entries.iter().find(of_it).map(|entry| brief(&entry.about));
        Word {
            name,
            takes: Takes::of_verb(takes),
            about: about.unwrap_or_default(),
        }
    };
    VERBS.iter().map(word).collect()
}

/// All flags that begin with two hyphens, in the order of the help. One that stands in brackets
/// beside a command, and nowhere else, is told of by that command.
pub(super) fn flags() -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    let (own, beside): (Vec<_>, Vec<_>) = entries().partition(|entry| entry.term.starts_with('-'));
    let beside = beside.into_iter().flat_map(|Entry { term, about }| {
        let inside: Vec<_> = term.split(['[', ']']).map(str::to_owned).collect();
        inside.into_iter().map(move |term| Entry {
            term,
            about: about.clone(),
        })
    });
    for Entry { term, about } in own.into_iter().chain(beside) {
        let mut words = term.split(' ').skip_while(|word| !word.starts_with("--"));
        let Some(name) = words.next().and_then(known) else {
            continue;
        };
        if flags.iter().any(|flag| flag.name == name) {
            continue;
        }
        let placeholder = words.collect::<Vec<_>>().join(" ");
        flags.push(Flag {
            name,
            takes: Takes::of(&placeholder),
            about: brief(&about),
            verbs: takers(name, &placeholder),
        });
    }
    flags
}

fn entries() -> impl Iterator<Item = Entry> {
    parts().into_iter().filter_map(|part| match part {
        Part::Entry(entry) => Some(entry),
        Part::Heading(_) | Part::Paragraph(_) => None,
    })
}

/// The flag of this name where it stands in the help, which lives as long as the program.
fn known(name: &str) -> Option<&'static str> {
    let at = HELP.find(name)?;
    HELP.get(at..at + name.len())
}

/// The first part of what is said.
fn brief(about: &str) -> String {
    let end = about.find([';', ':']).unwrap_or(about.len());
    let end = about[..end].find(". ").unwrap_or(end);
    about[..end].trim_end_matches('.').to_owned()
}

/// The commands that take a flag: each is tried.
fn takers(flag: &str, placeholder: &str) -> Vec<&'static str> {
    let without = std::iter::once("");
    let verbs = without.chain(VERBS.iter().map(|(_, name, _)| *name));
    verbs
        .filter(|verb| takes_flag(verb, flag, placeholder))
        .collect()
}

/// What a command may be about.
const OPERANDS: &[&[&str]] = &[
    &[],
    &["a"],
    &["/a", "s3://bucket"],
    &["s3://bucket", "/a"],
    &["bash"],
    &["show", "a", "b"],
    &["put-back", "a", "b"],
    &["drop", "a", "b"],
    &["a", "2026-11-20T22-55-01Z"],
];
/// What some flags go with only.
const COMPANY: &[&[&str]] = &[
    &[],
    &["--reencode"],
    &["--direction", "push"],
    &["--init"],
    &["--init", "--dir", "/a", "s3://bucket"],
    &[
        "--init",
        "--dir",
        "/a",
        "s3://bucket",
        "--direction",
        "push",
    ],
    &["--dump"],
];

fn takes_flag(verb: &str, flag: &str, placeholder: &str) -> bool {
    let value: &[&str] = match placeholder {
        "" => &[],
        "PATH S3_DEST" => &["/a", "s3://bucket"],
        "R" => &["age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"],
        "RATE" => &["1M"],
        "URL" => &["http://localhost"],
        _ if placeholder.starts_with('[') => &[],
        _ if Takes::of(placeholder) == Takes::File => &["/a"],
        _ if Takes::of(placeholder) == Takes::Directory => &["/a"],
        _ => match placeholder.split('|').next() {
            Some(word) if word.starts_with(|c: char| c.is_ascii_lowercase()) => &[],
            _ => &["1"],
        },
    };
    let choice = match Takes::of(placeholder) {
        Takes::OneOf(words) => words.into_iter().next(),
        _ => None,
    };
    let is_taken = |operands: &[&str], company: &[&str]| {
        let verb = Some(verb).filter(|verb| !verb.is_empty());
        let words = ["s3-bsync", "--file", "/s"]
            .into_iter()
            .chain(verb)
            .chain(operands.iter().copied())
            .chain(company.iter().copied())
            .chain([flag])
            .chain(choice.as_deref())
            .chain(value.iter().copied());
        match parse(words.map(Into::into)) {
            // The trial names no second file, and a value that is none says nothing of the rest.
            Ok(_) => true,
            Err(Misuse::Repeated(flag)) => flag == "--file",
            Err(Misuse::BadValue { flag: of, .. }) => of == flag,
            Err(_) => false,
        }
    };
    let operands = || {
        OPERANDS
            .iter()
            .filter(|operands| !verb.is_empty() || operands.is_empty())
    };
    operands().any(|operands| COMPANY.iter().any(|company| is_taken(operands, company)))
}
