//! Which kept files a `recover` command is about.

use super::keys::RULES;
use crate::key::{Key, Shown};
use argh::FromArgValue;
use glob::Pattern;

/// A path below a map's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPath(pub(super) Key);

impl FromArgValue for KeyPath {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        Key::parse(text).map(Self).map_err(|why| {
            format!(
                "'{}' is no path below the map's directory: {why}",
                Shown(text)
            )
        })
    }
}

/// Which side a kept version was displaced from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The directory.
    Local,
    /// The bucket.
    Bucket,
}

impl Side {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Bucket => "bucket",
        }
    }
}

/// Some of the kept files: a path, a folder, or a pattern of paths, with or without the run before it
/// and `local:` or `bucket:` before all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    text: String,
    side: Option<Side>,
    /// The text without the side.
    path: String,
    pattern: Option<Pattern>,
}

impl Wanted {
    /// Reads what was typed. What is no pattern stands for itself only.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let sides = [Side::Local, Side::Bucket];
        let found = sides.into_iter().find_map(|side| {
            let rest = text.strip_prefix(side.name())?.strip_prefix(':')?;
            Some((side, rest))
        });
        let (side, path) = found.map_or((None, text), |(side, rest)| (Some(side), rest));
        let path = path.strip_suffix('/').unwrap_or(path);
        Self {
            text: text.to_owned(),
            side,
            path: path.to_owned(),
            pattern: Pattern::new(path).ok(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The only side that is meant, if it is one.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        self.side
    }

    /// Whether a version is meant that was displaced from `side` by `run`, and had this path.
    #[must_use]
    pub fn has(&self, side: Side, run: &str, path: &str) -> bool {
        let full = format!("{run}/{path}");
        self.side.is_none_or(|only| only == side)
            && [path, &full].into_iter().any(|name| self.names(name))
    }

    /// Whether a name is meant by its text, by a folder's above it, or by the pattern.
    fn names(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.path);
        let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_like = |pattern: &Pattern| pattern.matches_with(name, RULES);
        is_below || self.pattern.as_ref().is_some_and(is_like)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "2026-11-20T22-55-01Z";

    #[test]
    fn a_kept_file_is_named_by_path_folder_run_or_pattern() {
        for text in [
            "d/a[1].txt",
            "d",
            "d/",
            "d/*.txt",
            "**/*.txt",
            RUN,
            "2026-11-20T22-55-01Z/d/a[1].txt",
            "2026-11-*/d/*",
            "local:d",
            "local:2026-11-20T22-55-01Z/d",
        ] {
            assert!(
                Wanted::read(text).has(Side::Local, RUN, "d/a[1].txt"),
                "{text}"
            );
        }
        for text in [
            "a[1].txt",
            "*.txt",
            "d/a",
            "dd",
            "bucket:d",
            "2026-11-20",
            "[",
            "/d",
        ] {
            assert!(
                !Wanted::read(text).has(Side::Local, RUN, "d/a[1].txt"),
                "{text}"
            );
        }
        assert!(Wanted::read("bucket:**").has(Side::Bucket, RUN, "d/a"));
    }
}
