//! The value of `--objects`: which keys.
//!
//! Patterns are matched character by character, a key's names one by one; the globs of the
//! `ignore` crate match bytes, so that their `?` would not stand for an accented letter.

use super::values::JOINT;
use crate::key::{Key, Shown};
use argh::FromArgValue;
use std::iter::Peekable;
use std::str::Chars;

/// Some of the keys of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// All of them.
    All,
    /// Those that match.
    Like(Glob),
}

/// A pattern of keys: `*`, `?` and `[a-z]` within a name, `**` for any names or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Any names, or none.
    Deep,
    /// One name.
    Name(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Any characters, or none.
    Any,
    /// One character, whichever.
    One,
    /// This character.
    Char(char),
    /// One character in these ranges; with `false`, one that is in none of them.
    Set(Vec<(char, char)>, bool),
}

impl Keys {
    /// Whether a key is among them.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Like(glob) => glob.fits(key.as_str()),
        }
    }
}

impl Glob {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.starts_with('/') {
            return Err("a key is the path below the map's directory, and begins with no /");
        }
        if text.ends_with('/') {
            return Err("a key names a file; ** at the end stands for all below a directory");
        }
        let mut parts = Vec::new();
        let mut rest = text.chars().peekable();
        while rest.peek().is_some() {
            let part = name(&mut rest)?;
            let is_deep = part.len() > 1 && part.iter().all(|piece| *piece == Piece::Any);
            parts.push(if is_deep {
                Part::Deep
            } else {
                Part::Name(part)
            });
        }
        if parts.last() == Some(&Part::Deep) {
            parts.push(Part::Name(vec![Piece::Any]));
        }
        Ok(Self(parts))
    }

    fn fits(&self, key: &str) -> bool {
        let names: Vec<&str> = key.split('/').collect();
        let is_deep = |part: &Part| *part == Part::Deep;
        wild(&self.0, &names, is_deep, |part, name| match part {
            Part::Deep => false,
            Part::Name(pieces) => {
                let chars: Vec<char> = name.chars().collect();
                wild(
                    pieces,
                    &chars,
                    |piece| *piece == Piece::Any,
                    |piece, c| is_one(piece, *c),
                )
            }
        })
    }
}

/// Reads one name of a pattern and the `/` after it.
fn name(rest: &mut Peekable<Chars<'_>>) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    while let Some(c) = rest.next() {
        pieces.push(match c {
            '/' => break,
            '*' => Piece::Any,
            '?' => Piece::One,
            '[' => set(rest)?,
            '\\' => Piece::Char(rest.next().ok_or("it ends in a backslash")?),
            c => Piece::Char(c),
        });
    }
    if pieces.is_empty() {
        return Err("it holds //, and no key does");
    }
    Ok(pieces)
}

/// Reads what follows a `[`; a `]` that comes first stands for itself.
fn set(rest: &mut Peekable<Chars<'_>>) -> Result<Piece, &'static str> {
    const OPEN: &str = "a [ has no ]";
    let is_in = rest.next_if(|c| matches!(c, '!' | '^')).is_none();
    let mut ranges = Vec::new();
    loop {
        let from = match rest.next().ok_or(OPEN)? {
            ']' if !ranges.is_empty() => return Ok(Piece::Set(ranges, is_in)),
            '\\' => rest.next().ok_or(OPEN)?,
            '/' => return Err("a / in [ ] matches nothing"),
            c => c,
        };
        let mut ahead = rest.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) if to != ']' => {
                *rest = ahead;
                if to == '\\' {
                    rest.next().ok_or(OPEN)?
                } else {
                    to
                }
            }
            _ => from,
        };
        if to < from {
            return Err("a range in [ ] runs backwards");
        }
        ranges.push((from, to));
    }
}

fn is_one(piece: &Piece, c: char) -> bool {
    match piece {
        Piece::Any => false,
        Piece::One => true,
        Piece::Char(own) => *own == c,
        Piece::Set(ranges, is_in) => {
            ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) == *is_in
        }
    }
}

/// Whether `pattern` fits all of `text`, where a star fits any number of items. To go back to the
/// last star alone is enough: what an earlier one could take, the last one can.
fn wild<P, T>(
    pattern: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut last_star = None;
    loop {
        match (pattern.get(at), text.get(seen)) {
            (Some(part), _) if is_star(part) => {
                at += 1;
                last_star = Some((at, seen));
            }
            (Some(part), Some(item)) if fits(part, item) => {
                at += 1;
                seen += 1;
            }
            (None, None) => return true,
            _ => match last_star {
                Some((after, taken)) if taken < text.len() => {
                    last_star = Some((after, taken + 1));
                    (at, seen) = (after, taken + 1);
                }
                _ => return false,
            },
        }
    }
}

impl FromArgValue for Keys {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        if text.chars().eq([JOINT]) {
            return Ok(Self::All);
        }
        Glob::parse(text)
            .map(Self::Like)
            .map_err(|why| format!("'{}' is no pattern of keys: {why}", Shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn a_pattern_stays_within_a_name_unless_it_has_two_stars() {
        for (pattern, fitting, other) in [
            ("a.txt", &["a.txt"][..], &["b/a.txt", "a.txt2", "a"][..]),
            ("*.txt", &["a.txt", ".txt"], &["b/a.txt", "a.txt/c"]),
            ("**/*.txt", &["a.txt", "b/a.txt", "b/c/a.txt"], &["b/a.tx"]),
            ("a/**", &["a/b", "a/b/c"], &["a", "ab/c"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/bz", "az"]),
            ("**", &["a", "a/b"], &[]),
            ("a**b", &["ab", "axb"], &["a/b"]),
            ("*a*b*", &["xaxbx", "ab", "aab"], &["ba", "a/b"]),
            ("?", &["a", "\u{e9}", "\u{1f600}"], &["", "ab", "/"]),
            ("[a-c\u{e9}]x", &["bx", "\u{e9}x"], &["dx", "x"]),
            ("[!a-c]", &["d", "\u{e9}"], &["a", "dd"]),
            ("[]a-]", &["]", "a", "-"], &["b"]),
            ("\\*[*]", &["**"], &["a*"]),
        ] {
            let glob = Glob::parse(pattern).unwrap();
            for key in fitting {
                assert!(glob.fits(key), "{pattern} fits {key}");
            }
            for key in other {
                assert!(!glob.fits(key), "{pattern} does not fit {key}");
            }
        }
    }

    #[test]
    fn what_can_match_no_key_is_refused() {
        for pattern in [
            "", "/a", "a/", "a//b", "[a", "[", "[]", "[z-a]", "a\\", "[a/b]",
        ] {
            assert!(Glob::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_soon_answered() {
        let glob = Glob::parse(&"**/*a*".repeat(40)).unwrap();
        assert!(!glob.fits(&"aaaaaaaaaa/".repeat(90)));
    }
}
