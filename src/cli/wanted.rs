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

    /// How a version is meant that was displaced from `side` by `run`, and had this path; `None`
    /// where it is not.
    #[must_use]
    pub fn has(&self, side: Side, run: &str, path: &str) -> Option<Meant> {
        let full = format!("{run}/{path}");
        if self.side.is_some_and(|only| only != side) {
            return None;
        }
        [path, &full]
            .into_iter()
            .filter_map(|name| self.names(name))
            .max()
    }

    fn names(&self, name: &str) -> Option<Meant> {
        let rest = name.strip_prefix(&self.path);
        let is_like = |pattern: &Pattern| pattern.matches_with(name, RULES);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some(Meant::ByText)
        } else if self.pattern.as_ref().is_some_and(is_like) {
            Some(Meant::ByPattern)
        } else {
            None
        }
    }
}

/// How a kept version is meant. What is meant by its text goes before what a pattern has: who names
/// `a[1]` does not mean `a1` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant {
    /// The pattern matches.
    ByPattern,
    /// It is named, or a folder above it.
    ByText,
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
            let meant = Wanted::read(text).has(Side::Local, RUN, "d/a[1].txt");
            assert!(meant.is_some(), "{text}");
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
            let meant = Wanted::read(text).has(Side::Local, RUN, "d/a[1].txt");
            assert_eq!(meant, None, "{text}");
        }
        let meant = |text, path| Wanted::read(text).has(Side::Bucket, RUN, path);
        assert_eq!(meant("bucket:**", "d/a"), Some(Meant::ByPattern));
        assert_eq!(meant("a[1]", "a[1]"), Some(Meant::ByText));
        assert_eq!(meant("a[1]", "a1"), Some(Meant::ByPattern));
    }
}
