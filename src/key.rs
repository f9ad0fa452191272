//! Names: a [`Key`] is one file's path below its directory map, spelled as S3 spells it.
//!
//! Promises: a `Key` can be stored on disk and in a bucket under the very same bytes, never
//! leaves its root and never names one of the program's own files. Knows no disk and no net.

use std::fmt;

/// Longest object key S3 stores, in bytes, prefix included (S3 User Guide, "Naming objects").
pub const MAX_OBJECT_KEY_BYTES: usize = 1024;
/// Longest file name common file systems store, in bytes (`NAME_MAX`).
pub const MAX_COMPONENT_BYTES: usize = 255;
/// Folder below a root, and below a prefix, that holds the program's own files.
pub const OWN_FOLDER: &str = ".s3bsync";
/// How names of files being written begin, in whatever directory they will end.
pub const TEMP_PREFIX: &str = ".s3bsync-tmp-";
/// The name of the ignore file, in any directory.
pub const IGNORE_FILE: &str = ".s3syncignore";

/// A canonical relative path: UTF-8, `/` between non-empty components, no `.` or `..`, no NUL,
/// components of at most 255 bytes, at most 1024 bytes in all, not reserved.
///
/// Keys are ordered by their bytes, as S3 orders them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

/// Why a name cannot be a [`Key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing is left after the prefix.
    Empty,
    /// It is not UTF-8.
    NotUtf8,
    /// It holds a NUL byte.
    Nul,
    /// It begins or ends with `/`, or holds `//`.
    EmptyComponent,
    /// A component is `.` or `..`.
    DotComponent,
    /// A component has this many bytes, over 255.
    LongComponent(usize),
    /// The object key would have this many bytes, over 1024.
    LongKey(usize),
    /// The name belongs to the program itself.
    Reserved,
}

impl Key {
    /// Reads a key from text that uses `/` between components.
    ///
    /// # Errors
    /// [`Unfit`] says which rule the name breaks.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// Reads a key from the bytes of a path, as Unix has them.
    ///
    /// # Errors
    /// As [`Key::parse`], and [`Unfit::NotUtf8`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unfit> {
        std::str::from_utf8(bytes)
            .map_err(|_| Unfit::NotUtf8)
            .and_then(Self::parse)
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key's bytes, the order of which is the order of keys.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The directory part, empty for a file directly below the root.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.0.rfind('/').map_or("", |at| &self.0[..at])
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rfind('/').map_or(&self.0, |at| &self.0[at + 1..])
    }

    /// Whether this key lies below the directory `path` (no trailing `/`).
    #[must_use]
    pub fn is_below(&self, path: &str) -> bool {
        self.0
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The full object key of this key under `prefix` (no trailing `/`; empty for the bucket's root).
    #[must_use]
    pub fn object_key(&self, prefix: &str) -> String {
        if prefix.is_empty() {
            self.0.to_string()
        } else {
            format!("{prefix}/{}", self.0)
        }
    }

    /// Checks that the full object key under `prefix` is not over S3's limit.
    ///
    /// # Errors
    /// [`Unfit::LongKey`] with the length it would have.
    pub fn fits(&self, prefix: &str) -> Result<(), Unfit> {
        let separator = usize::from(!prefix.is_empty());
        match prefix.len() + separator + self.0.len() {
            bytes if bytes > MAX_OBJECT_KEY_BYTES => Err(Unfit::LongKey(bytes)),
            _ => Ok(()),
        }
    }
}

fn check(text: &str) -> Result<(), Unfit> {
    check_from(text, 0)
}

/// Checks all that can be wrong with a key whose components before `start`, where one begins, are
/// known to be sound.
fn check_from(text: &str, start: usize) -> Result<(), Unfit> {
    if text.is_empty() {
        return Err(Unfit::Empty);
    }
    if text.len() > MAX_OBJECT_KEY_BYTES {
        return Err(Unfit::LongKey(text.len()));
    }
    let mut unknown = &text.as_bytes()[start..];
    while let Some(at) = memchr::memchr2(0, b'/', unknown) {
        if unknown[at] == 0 {
            return Err(Unfit::Nul);
        }
        check_component(&unknown[..at])?;
        unknown = &unknown[at + 1..];
    }
    check_component(unknown)?;
    match text.strip_prefix(OWN_FOLDER) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Err(Unfit::Reserved),
        _ => Ok(()),
    }
}

fn check_component(name: &[u8]) -> Result<(), Unfit> {
    match name {
        b"" => Err(Unfit::EmptyComponent),
        b"." | b".." => Err(Unfit::DotComponent),
        long if long.len() > MAX_COMPONENT_BYTES => Err(Unfit::LongComponent(long.len())),
        [b'.', ..] if name.starts_with(TEMP_PREFIX.as_bytes()) => Err(Unfit::Reserved),
        _ => Ok(()),
    }
}

/// A key that turns into the next one by what differs, so that of a long list of neighbours only
/// the differences are looked at.
#[derive(Debug, Default)]
pub(crate) struct RunningKey(String);

impl RunningKey {
    /// The key's bytes; none before the first key.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Turns into this key.
    pub(crate) fn become_key(&mut self, key: &Key) {
        self.0.clear();
        self.0.push_str(key.as_str());
    }

    /// Keeps the first `shared` bytes, which it has, and goes on with `rest`.
    ///
    /// # Errors
    /// As [`Key::from_bytes`]; what it is then is no key, and it must not be used any more.
    pub(crate) fn advance(&mut self, shared: usize, rest: &[u8]) -> Result<Key, Unfit> {
        let kept = &self.0.as_bytes()[..shared];
        let start = kept
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(0, |at| at + 1);
        if self.0.is_char_boundary(shared) {
            let rest = std::str::from_utf8(rest).map_err(|_| Unfit::NotUtf8)?;
            self.0.truncate(shared);
            self.0.push_str(rest);
        } else {
            let changed = [&kept[start..], rest].concat();
            let changed = std::str::from_utf8(&changed).map_err(|_| Unfit::NotUtf8)?;
            self.0.truncate(start);
            self.0.push_str(changed);
        }
        check_from(&self.0, start)?;
        Ok(Key(self.0.as_str().into()))
    }
}

impl fmt::Display for Key {
    /// Control characters are escaped, so that a hostile key cannot drive a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

/// Whether `name` is the state file's name `state` or that of a file kept beside it: `NAME~`,
/// `NAME.journal` and the like, which are never synced.
#[must_use]
pub fn is_state_name(name: &[u8], state: &[u8]) -> bool {
    name.strip_prefix(state)
        .is_some_and(|rest| rest.is_empty() || rest == b"~" || rest.starts_with(b"."))
}

/// Control characters, those without a width, and those that turn the direction of writing around:
/// with them a name can pass for another. The joiners U+200C and U+200D are not among them, since
/// scripts and emoji need them.
fn drives_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Foreign text as it is shown to people: control characters escaped, the rest as it is.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = 0;
        for (at, c) in self.0.match_indices(drives_a_terminal) {
            f.write_str(&self.0[plain..at])?;
            c.chars()
                .try_for_each(|c| write!(f, "{}", c.escape_default()))?;
            plain = at + c.len();
        }
        f.write_str(&self.0[plain..])
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the name is empty"),
            Self::NotUtf8 => write!(f, "the name is not UTF-8"),
            Self::Nul => write!(f, "the name holds a NUL byte"),
            Self::EmptyComponent => write!(f, "the name begins or ends with / or holds //"),
            Self::DotComponent => write!(f, "a component of the name is . or .."),
            Self::LongComponent(bytes) => {
                write!(
                    f,
                    "a component has {bytes} bytes, over {MAX_COMPONENT_BYTES}"
                )
            }
            Self::LongKey(bytes) => {
                write!(
                    f,
                    "the object key has {bytes} bytes, over {MAX_OBJECT_KEY_BYTES}"
                )
            }
            Self::Reserved => write!(f, "the name is reserved for s3-bsync's own files"),
        }
    }
}

impl std::error::Error for Unfit {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_canonical_or_refused() {
        for (text, why) in [
            ("", Unfit::Empty),
            ("/a", Unfit::EmptyComponent),
            ("a/", Unfit::EmptyComponent),
            ("a//b", Unfit::EmptyComponent),
            ("../a", Unfit::DotComponent),
            ("a/./b", Unfit::DotComponent),
            ("a\0", Unfit::Nul),
            (".s3bsync", Unfit::Reserved),
            (".s3bsync/marker", Unfit::Reserved),
            ("a/.s3bsync-tmp-1", Unfit::Reserved),
        ] {
            assert_eq!(Key::parse(text), Err(why), "{text:?}");
        }
        for text in [
            "a",
            "a/b",
            ".x",
            " ",
            "a/.s3bsync",
            ".s3bsyncs",
            "..a",
            "e\u{301}",
        ] {
            assert_eq!(
                Key::parse(text).map(|k| k.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(Key::parse(&"x".repeat(256)), Err(Unfit::LongComponent(256)));
        assert_eq!(Key::from_bytes(b"\xff"), Err(Unfit::NotUtf8));
    }

    #[test]
    fn a_running_key_judges_as_the_whole_key_does() {
        let names = [
            "a",
            "a/b",
            "a//b",
            "a/./b",
            ".s3bsync",
            ".s3bsync/x",
            ".s3bsyncs",
            "d/.s3bsync-tmp-1",
            "d/.s3bsync-tm",
            "e\u{301}",
            "e\u{302}/x",
            "\u{e8}",
            "\u{e9}/\u{ea}",
            "a\0",
            "/",
            "..",
            "a/..",
            "a/..b",
        ];
        let long = "x".repeat(256);
        let names: Vec<_> = names
            .into_iter()
            .chain([long.as_str(), &long[1..]])
            .collect();
        for (before, after) in names.iter().flat_map(|a| names.iter().map(move |b| (a, b))) {
            let Ok(before) = Key::parse(before) else {
                continue;
            };
            let pairs = before.as_bytes().iter().zip(after.as_bytes());
            let common = pairs.take_while(|(a, b)| a == b).count();
            for shared in 0..=common {
                let mut running = RunningKey::default();
                running.become_key(&before);
                let found = running.advance(shared, &after.as_bytes()[shared..]);
                assert_eq!(found, Key::parse(after), "{before:?}, {after:?}, {shared}");
            }
        }
    }

    #[test]
    fn the_limit_counts_the_prefix() {
        let key = Key::parse(&["x".repeat(250), "y".repeat(250)].join("/")).unwrap();
        assert_eq!(key.fits(&"p".repeat(522)), Ok(()));
        assert_eq!(key.fits(&"p".repeat(523)), Err(Unfit::LongKey(1025)));
        assert_eq!(key.fits(""), Ok(()));
    }

    #[test]
    fn what_drives_a_terminal_is_shown_escaped() {
        for (text, shown) in [
            ("a\u{e9}\u{1f600}", "a\u{e9}\u{1f600}"),
            ("\x1b[31ma\nb", "\\u{1b}[31ma\\nb"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            (
                "a\u{200b}b\u{2060}c\u{feff}",
                "a\\u{200b}b\\u{2060}c\\u{feff}",
            ),
            ("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{200d}\u{1f4bb}"),
            ("", ""),
        ] {
            assert_eq!(Shown(text).to_string(), shown);
        }
    }

    #[test]
    fn below_is_a_matter_of_whole_components() {
        let key = Key::parse("docs/a").unwrap();
        assert!(key.is_below("docs"));
        assert!(!key.is_below("doc"));
        assert!(!key.is_below("docs/a"));
    }
}
