//! The value of `--objects`: which keys.

use super::values::JOINT;
use crate::key::{Key, Shown};
use argh::FromArgValue;
use glob::{MatchOptions, Pattern};

/// Some of the keys of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// All of them.
    All,
    /// Those that match: `*`, `?` and `[a-z]` within a name, `**` for any names or none.
    Like(Pattern),
}

pub(super) const RULES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Keys {
    /// Whether a key is among them.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Like(pattern) => pattern.matches_with(key.as_str(), RULES),
        }
    }
}

fn pattern(text: &str) -> Result<Pattern, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('/') {
        return Err("a key is the path below the map's directory, and begins with no /");
    }
    if text.ends_with('/') {
        return Err("a key names a file; ** at the end stands for all below a directory");
    }
    Pattern::new(text).map_err(|error| error.msg)
}

impl FromArgValue for Keys {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        if text.chars().eq([JOINT]) {
            return Ok(Self::All);
        }
        pattern(text)
            .map(Self::Like)
            .map_err(|why| format!("'{}' is no pattern of keys: {why}", Shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stays_within_a_name_unless_it_has_two_stars() {
        for (text, fitting, other) in [
            ("a.txt", &["a.txt"][..], &["b/a.txt", "a.txt2", "a"][..]),
            ("*.txt", &["a.txt", ".txt"], &["b/a.txt", "a.txt/c"]),
            ("**/*.txt", &["a.txt", "b/a.txt", "b/c/a.txt"], &["b/a.tx"]),
            ("a/**", &["a/b", "a/b/c"], &["a", "ab/c"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/bz", "az"]),
            ("**", &["a", "a/b"], &[]),
            ("*a*b*", &["xaxbx", "ab", "aab"], &["ba", "a/b"]),
            ("?", &["a", "\u{e9}", "\u{1f600}"], &["ab"]),
            ("[a-c\u{e9}]x", &["bx", "\u{e9}x"], &["dx", "x"]),
            ("[!a-c]", &["d", "\u{e9}"], &["a", "dd"]),
            ("[*]", &["*"], &["a"]),
        ] {
            let keys = Keys::Like(pattern(text).unwrap());
            for key in fitting {
                assert!(keys.has(&Key::parse(key).unwrap()), "{text} fits {key}");
            }
            for key in other {
                assert!(!keys.has(&Key::parse(key).unwrap()), "{text}, {key}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_of_keys_is_refused() {
        for text in ["", "/a", "a/", "[a", "[", "[]", "a**b", "***"] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }
}
