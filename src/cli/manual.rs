//! The manual page, made of what the help says.

use super::surface::{Entry, Part, parts};
use std::fmt::Write as _;

/// What the help need not say, since it is about one program run by one person.
const FILES: &[(&str, &str)] = &[
    (
        "~/.state.s3sync",
        "The state file, unless --file names another. Beside it stand the previous generation, with \
         a ~ after its name, and while a run is under way a journal and a lock. spec/FORMAT.md \
         defines every byte of it.",
    ),
    (
        ".s3syncignore",
        "In any directory: what is not synced, with the syntax and the meaning of .gitignore.",
    ),
    (
        "DIR/.s3bsync/marker",
        "Ties a mapped directory to the state file.",
    ),
    (
        "DIR/.s3bsync/recovery/TIME-WHY/PATH",
        "Local files that a run displaced, kept for the days of --keep.",
    ),
    (
        "s3://BUCKET/PREFIX/.s3bsync/recovery/TIME/KEY",
        "Objects that a run displaced, where the bucket keeps no versions.",
    ),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_REGION, \
         AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and others",
        "As all AWS tools read them.",
    ),
    (
        "AWS_EC2_METADATA_DISABLED",
        "Set to true, no instance role is asked for: outside of EC2 that saves seconds where no \
         credentials are found.",
    ),
    (
        "HTTPS_PROXY, NO_PROXY",
        "The proxy, and hosts that are reached without.",
    ),
    ("HOME", "Where the state file is, unless --file names it."),
];

/// Where lines end, before hyphens take two characters each.
const COLUMNS: usize = 68;

/// The page as roff source, with the macros of man(7).
#[must_use]
pub fn manual() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut page =
        format!(".TH S3\\-BSYNC 1 \"\" \"s3\\-bsync {version}\" \"User Commands\"\n.SH NAME\n");
    let mut parts = parts().into_iter();
    if let Some(Part::Paragraph(what)) = parts.next() {
        let what = what.trim_start_matches("s3-bsync ");
        let _ = writeln!(page, "s3\\-bsync \\- {}", roff(what));
    }
    page.push_str(".SH SYNOPSIS\n.B s3\\-bsync\n[COMMAND] [FLAG...]\n");
    let (paragraphs, rest): (Vec<_>, Vec<_>) =
        parts.partition(|part| matches!(part, Part::Paragraph(_)));
    page.push_str(".SH DESCRIPTION\n");
    let mut is_within_options = false;
    for part in paragraphs.into_iter().chain(rest) {
        match part {
            Part::Paragraph(text) => page.push_str(&filled(&text)),
            Part::Entry(Entry { term, about }) => entry(&mut page, &term, &about),
            Part::Heading(heading) => match heading.as_str() {
                "Usage" => page.push_str(".SH COMMANDS\n"),
                "Exit codes" => page.push_str(".SH EXIT STATUS\n"),
                "Examples" => page.push_str(".SH EXAMPLES\n"),
                heading => {
                    if !is_within_options {
                        page.push_str(".SH OPTIONS\n");
                        is_within_options = true;
                    }
                    options(&mut page, heading);
                }
            },
        }
    }
    for (title, entries) in [("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)] {
        let _ = writeln!(page, ".SH {title}");
        for (term, about) in entries {
            entry(&mut page, term, about);
        }
    }
    page.push_str(".SH SEE ALSO\n.BR age (1),\n.BR crontab (5),\n.BR gitignore (5)\n");
    page
}

/// A heading over flags: what they are, and the rest as text.
fn options(page: &mut String, heading: &str) {
    let (title, more) = heading.split_once([',', ';', '.']).unwrap_or((heading, ""));
    let _ = writeln!(page, ".SS {}", roff(title));
    let more = more.trim();
    if !more.is_empty() {
        page.push_str(&filled(&format!("{}:", sentence(more))));
    }
}

fn entry(page: &mut String, term: &str, about: &str) {
    let _ = writeln!(page, ".TP\n.B {}", roff(term));
    page.push_str(&filled(about));
}

/// Text in lines of a length that every tool takes.
fn filled(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() >= COLUMNS {
            let _ = writeln!(lines, "{}", roff(&line));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(lines, "{}", roff(&line));
    }
    lines
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Text in which nothing is taken for a request or a hyphenation.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.chars().next() {
        Some('.' | '\'') => format!("\\&{text}"),
        _ => text,
    }
}
