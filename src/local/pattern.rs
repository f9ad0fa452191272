//! One ignore file's text, turned into rules as git reads them.
//!
//! The glob dialect of the `ignore` crate is not quite git's: it knows `{a,b}`, reads a backslash
//! inside brackets as itself, lets a bracket match `/`, trims every kind of white space, and knows
//! no runs of three stars. Each pattern is therefore respelled before it is handed over.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::iter::Peekable;
use std::str::Chars;

/// Reads a whole ignore file.
///
/// # Errors
/// The number of the first line that is no pattern, from 1, and what is wrong with it.
pub(super) fn parse(text: &[u8]) -> Result<Gitignore, (usize, String)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut rules = GitignoreBuilder::new("");
    rules.allow_unclosed_class(false);
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = index + 1;
        let line = std::str::from_utf8(line).map_err(|_| (number, "it is not UTF-8".to_owned()))?;
        if line.starts_with('#') {
            continue;
        }
        let pattern = respell(trim_end(line)).map_err(|reason| (number, reason.to_owned()))?;
        if let Some(pattern) = pattern {
            rules
                .add_line(None, &pattern)
                .map_err(|error| (number, error.to_string()))?;
        }
    }
    rules.build().map_err(|error| (0, error.to_string()))
}

/// Cuts spaces off the end, up to one that a backslash protects.
fn trim_end(line: &str) -> &str {
    let bare = line.trim_end_matches(' ');
    let slashes = bare.len() - bare.trim_end_matches('\\').len();
    if slashes % 2 == 1 && bare.len() < line.len() {
        &line[..=bare.len()]
    } else {
        bare
    }
}

/// The crate's spelling of a pattern; `None` for one that matches nothing.
fn respell(line: &str) -> Result<Option<String>, &'static str> {
    let (not, pattern) = match line.strip_prefix('!') {
        Some(pattern) => ("!", pattern),
        None => ("", line),
    };
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut is_anchored = false;
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => literal(rest.next().ok_or("it ends in a backslash")?, &mut out),
            '[' => bracket(&mut rest, &mut out)?,
            '{' | '}' | ',' => literal(c, &mut out),
            '/' => {
                is_anchored |= out.is_empty() || rest.peek().is_some();
                out.push('/');
            }
            '*' => stars(&mut rest, &mut out),
            c if c.is_whitespace() => literal(c, &mut out),
            c => out.push(c),
        }
    }
    // The crate would take a `/` in brackets for one that ties the pattern to its directory.
    let depth = if is_anchored { "" } else { "**/" };
    // No path has an empty component.
    let matches_nothing = out.is_empty() || out == "/" || out.contains("//");
    Ok((!matches_nothing).then(|| format!("{not}{depth}{out}")))
}

/// Two stars or more that fill a component cross directories; all others are as one.
fn stars(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let begins = out.is_empty() || out.ends_with('/');
    let mut count = 1;
    while rest.next_if_eq(&'*').is_some() {
        count += 1;
    }
    let fills = begins && matches!(rest.peek(), None | Some('/'));
    out.push_str(if fills && count > 1 { "**" } else { "*" });
}

fn literal(c: char, out: &mut String) {
    match c {
        // Trimmed or not understood behind a backslash, but safe in brackets.
        c if c.is_whitespace() => out.extend(['[', c, ']']),
        '/' => out.push('/'),
        c => out.extend(['\\', c]),
    }
}

/// The ranges of characters that a named class stands for.
fn named_class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

const UNCLOSED: &str = "a bracket is not closed";

/// Reads what follows a `[` as git does, and writes the same set without `/`.
fn bracket(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), &'static str> {
    let negated = rest.next_if(|&c| c == '!' || c == '^').is_some();
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut is_first = true;
    loop {
        let c = rest.next().ok_or(UNCLOSED)?;
        match c {
            ']' if !is_first => break,
            '[' if rest.peek() == Some(&':') => {
                rest.next();
                let name: String =
                    std::iter::from_fn(|| rest.next_if(|&c| c != ':' && c != ']')).collect();
                if rest.next() != Some(':') || rest.next() != Some(']') {
                    return Err(UNCLOSED);
                }
                ranges.extend(named_class(&name).ok_or("a bracket names an unknown class")?);
            }
            _ => {
                let low = escaped(c, rest)?;
                let is_range = rest.peek() == Some(&'-')
                    && rest.clone().nth(1).is_some_and(|after| after != ']');
                let high = if is_range {
                    rest.next();
                    let c = rest.next().ok_or(UNCLOSED)?;
                    escaped(c, rest)?
                } else {
                    low
                };
                // An upside-down range matches nothing.
                if low <= high {
                    ranges.push((low, high));
                }
            }
        }
        is_first = false;
    }
    write_bracket(negated, &ranges, out);
    Ok(())
}

fn escaped(c: char, rest: &mut Peekable<Chars<'_>>) -> Result<char, &'static str> {
    match c {
        '\\' => rest.next().ok_or(UNCLOSED),
        c => Ok(c),
    }
}

/// Writes a set in the crate's dialect, which knows no escapes inside brackets.
///
/// `/` is cut out of every range. A `]` must come first and a `-` last, and `!` or `^` must not
/// come first; a NUL, which no name holds, keeps the first place where no `]` does.
fn write_bracket(negated: bool, ranges: &[(char, char)], out: &mut String) {
    let mut parts = ranges.to_vec();
    for special in ['/', ']', '-'] {
        parts = without(special, &parts);
    }
    let has = |special: char| {
        ranges
            .iter()
            .any(|&(low, high)| low <= special && special <= high)
    };
    out.push_str(if negated { "[!" } else { "[" });
    out.push(if has(']') { ']' } else { '\0' });
    for (low, high) in parts {
        if low == high {
            out.push(low);
        } else {
            out.extend([low, '-', high]);
        }
    }
    if negated {
        out.push('/');
    }
    if has('-') {
        out.push('-');
    }
    out.push(']');
}

/// The same ranges less one ASCII character.
fn without(gap: char, ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut left = Vec::new();
    for &(low, high) in ranges {
        if low <= gap && gap <= high {
            let (before, after) = (char::from(gap as u8 - 1), char::from(gap as u8 + 1));
            left.extend(
                [(low, before), (after, high)]
                    .into_iter()
                    .filter(|(low, high)| low <= high),
            );
        } else {
            left.push((low, high));
        }
    }
    left
}
