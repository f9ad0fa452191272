//! Many moves told as one: a folder that got another name.

use crate::key::{Key, Shown};
use crate::plan::Fold;
use std::collections::BTreeMap;

/// Pairs of folders that are held before they are told.
const MOST_HELD: usize = 4096;

/// Moves that are folded as they are made. Two or more from one folder to another are told as that
/// folder's; a single one by its own names.
#[derive(Debug, Default)]
pub struct Folds(BTreeMap<(String, String), Between>);

/// How many moves there were from one folder to another, and the names of a single one.
type Between = (usize, Option<(Key, Key)>);

impl Folds {
    /// Adds a move. Gives what there is to tell once there are moves between too many folders to
    /// hold; a folder may then be told more than once.
    #[must_use]
    pub fn add(&mut self, from: &Key, to: &Key) -> Vec<Fold> {
        let (above, below) = folders_of(from.as_str(), to.as_str());
        let entry = self.0.entry((above.to_owned(), below.to_owned()));
        let (files, single) = entry.or_default();
        *files += 1;
        *single = (*files == 1).then(|| (from.clone(), to.clone()));
        if self.0.len() > MOST_HELD {
            self.take()
        } else {
            Vec::new()
        }
    }

    /// All that was added since.
    #[must_use]
    pub fn take(&mut self) -> Vec<Fold> {
        let folds = std::mem::take(&mut self.0).into_iter();
        let told = folds.map(|((from, to), (files, single))| match single {
            Some((from, to)) => Fold {
                from: from.to_string(),
                to: to.to_string(),
                files,
            },
            None => Fold {
                from: shown(&from),
                to: shown(&to),
                files,
            },
        });
        told.collect()
    }
}

/// The folders, each with its `/`, that remain when the names that both paths end with are taken off.
fn folders_of<'a>(from: &'a str, to: &'a str) -> (&'a str, &'a str) {
    let (mut from, mut to) = (from, to);
    loop {
        let (above_from, name) = split(from);
        let (above_to, other) = split(to);
        if name != other || name.is_empty() {
            return (from, to);
        }
        (from, to) = (above_from, above_to);
    }
}

/// A path without its last name, and that name, with its `/` if it has one.
fn split(path: &str) -> (&str, &str) {
    let end = path.strip_suffix('/').unwrap_or(path).rfind('/');
    path.split_at(end.map_or(0, |at| at + 1))
}

fn shown(folder: &str) -> String {
    if folder.is_empty() {
        "./".to_owned()
    } else {
        Shown(folder).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_once_and_a_file_by_its_name() {
        let keys: Vec<(Key, Key)> = [
            ("docs/a", "papers/a"),
            ("docs/d/b", "papers/d/b"),
            ("x", "y"),
            ("q/old", "q/new"),
            ("m/one", "one"),
            ("m/two", "two"),
        ]
        .iter()
        .map(|(from, to)| (Key::parse(from).unwrap(), Key::parse(to).unwrap()))
        .collect();
        let mut folds = Folds::default();
        for (from, to) in &keys {
            assert_eq!(folds.add(from, to), []);
        }
        let told: Vec<String> = folds.take().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "docs/ -> papers/ (2 files)",
                "m/ -> ./ (2 files)",
                "q/old -> q/new",
                "x -> y"
            ]
        );
    }
}
