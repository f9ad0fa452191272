//! Names for files that cannot have their own: of conflicts that keep both sides, and put back.

use crate::key::{Key, MAX_COMPONENT_BYTES, MAX_OBJECT_KEY_BYTES};
use std::collections::HashSet;

/// Gives files names beside their own, each of them once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asides {
    tag: String,
    /// Longest key in bytes that the map's prefix leaves room for.
    longest: usize,
    /// Names that another file could get as well: all that were cut, or nearly.
    given: HashSet<Key>,
}

impl Asides {
    /// Names with `tag`, which tells why they were given, and when, in the map of `prefix`.
    #[must_use]
    pub fn new(tag: String, prefix: &str) -> Self {
        let taken = prefix.len() + usize::from(!prefix.is_empty());
        Self {
            tag,
            longest: MAX_OBJECT_KEY_BYTES.saturating_sub(taken),
            given: HashSet::new(),
        }
    }

    /// The name under which a file goes on: `notes.TAG.txt` for `notes.txt`.
    ///
    /// Long names are cut so that the whole can be stored on both sides; where two then are the
    /// same, the tag is followed by a number. `None` where the folder leaves no room.
    pub fn name(&mut self, key: &Key) -> Option<Key> {
        let mut number = 1_u32;
        loop {
            let (aside, is_short) = self.numbered(key, number)?;
            if is_short || self.given.insert(aside.clone()) {
                return Some(aside);
            }
            number = number.checked_add(1)?;
        }
    }

    /// A name, and whether it is so short that no name of another file is cut to it.
    fn numbered(&self, key: &Key, number: u32) -> Option<(Key, bool)> {
        let name = key.file_name();
        let (stem, extension) = match name.rfind('.') {
            Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
            _ => (name, ""),
        };
        let tag = &self.tag;
        let added = match number {
            1 => format!(".{tag}{extension}"),
            _ => format!(".{tag}-{number}{extension}"),
        };
        let folder = &key.as_str()[..key.as_str().len() - name.len()];
        let room = MAX_COMPONENT_BYTES
            .min(self.longest.checked_sub(folder.len())?)
            .checked_sub(added.len())?;
        let cut = (0..=stem.len().min(room))
            .rev()
            .find(|&at| stem.is_char_boundary(at))?;
        // A cut may fall short of the room by three bytes, before a character of four.
        let is_short = stem.len() + 3 < room;
        let aside = Key::parse(&format!("{folder}{}{added}", &stem[..cut])).ok()?;
        Some((aside, is_short))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    #[test]
    fn a_name_keeps_its_folder_and_its_extension() {
        let mut asides = Asides::new("conflict-T".to_owned(), "");
        for (name, aside) in [
            ("d.e/notes.txt", "d.e/notes.conflict-T.txt"),
            ("notes", "notes.conflict-T"),
            (".x", ".x.conflict-T"),
            (
                "a.no-extension-is-so-long",
                "a.no-extension-is-so-long.conflict-T",
            ),
        ] {
            assert_eq!(asides.name(&key(name)), Some(key(aside)));
        }
    }

    #[test]
    fn names_that_are_cut_to_the_same_are_told_apart() {
        let mut asides = Asides::new("conflict-T".to_owned(), "");
        let long = "x".repeat(254);
        let first = asides.name(&key(&format!("{long}a"))).unwrap();
        let second = asides.name(&key(&format!("{long}b"))).unwrap();
        assert!(first.as_str().ends_with("x.conflict-T"));
        assert!(second.as_str().ends_with("x.conflict-T-2"));
    }

    #[test]
    fn a_name_is_cut_to_what_the_prefix_leaves() {
        let (prefix, folder) = (
            "p".repeat(500),
            ["q".repeat(250), "r".repeat(250)].join("/"),
        );
        let mut asides = Asides::new("conflict-T".to_owned(), &prefix);
        let aside = asides
            .name(&key(&format!("{folder}/notes of a day.txt")))
            .unwrap();
        assert_eq!(aside.fits(&prefix), Ok(()));
        assert!(
            aside.as_str().ends_with("/notes .conflict-T.txt"),
            "{aside}"
        );
        let folder = format!("{folder}/{}", "s".repeat(8));
        assert_eq!(asides.name(&key(&format!("{folder}/n.txt"))), None);
    }
}
