//! Many moves told as one: a folder that got another name.

use crate::key::{Key, Shown};
use crate::plan::Fold;
use std::collections::BTreeMap;

/// Folds moves from one name to another. Two or more from one folder to another are told as that
/// folder's; a single one by its own names.
#[must_use]
pub fn fold<'a>(moves: impl IntoIterator<Item = (&'a Key, &'a Key)>) -> Vec<Fold> {
    let mut folders: BTreeMap<(&str, &str), Vec<(&Key, &Key)>> = BTreeMap::new();
    for (from, to) in moves {
        let parts = folders_of(from.as_str(), to.as_str());
        folders.entry(parts).or_default().push((from, to));
    }
    let told = folders.into_iter().flat_map(|((from, to), moves)| {
        if moves.len() > 1 {
            vec![Fold {
                from: shown(from),
                to: shown(to),
                files: moves.len(),
            }]
        } else {
            let single = |(from, to): (&Key, &Key)| Fold {
                from: from.to_string(),
                to: to.to_string(),
                files: 1,
            };
            moves.into_iter().map(single).collect()
        }
    });
    told.collect()
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
        let folds = fold(keys.iter().map(|(from, to)| (from, to)));
        let told: Vec<String> = folds.iter().map(ToString::to_string).collect();
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
