//! The model: who wrote what where, what he himself took away, and what follows from it.
//!
//! A content is *owed* under the name that somebody gave it until somebody takes it from that name,
//! and under none any more once somebody takes the last copy that he sees. A name and a content that somebody took apart are
//! *removed*; where such a pair is nowhere when all is quiet, it is *dead* and must not come back.

use super::look::{Entry, Id, Sight, Tree};
use super::words::{Act, Part, Place};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What is known of the people's wishes.
#[derive(Default)]
pub struct Book {
    labels: HashMap<Id, String>,
    owed: HashSet<(String, Id)>,
    removed: HashSet<(String, Id)>,
    /// Names that somebody let be nobody's since all was quiet.
    vacated: HashSet<String>,
    /// What has been in the bucket.
    uploaded: HashSet<(String, Id)>,
    dead: HashSet<(String, Id)>,
    touched: BTreeMap<String, Touch>,
    /// What symlinks stand in the place of.
    behind: BTreeMap<(Place, String), Id>,
    /// Whether a machine has lost its memory, or got an older one, since all was quiet.
    is_amnesiac: bool,
    /// How many runs did not end well so far.
    pub unclean: u64,
}

/// What was done to a name since all was quiet.
struct Touch {
    places: BTreeSet<Place>,
    last: Option<Entry>,
    /// Whether no run went wrong between the first and the last time.
    is_clean: bool,
    unclean: u64,
}

impl Book {
    /// A content in words.
    pub fn label(&self, id: Id) -> String {
        let label = self.labels.get(&id).cloned();
        label.unwrap_or_else(|| format!("unknown content {}", &id.to_hex()[..8]))
    }

    /// Writes down what an act changed in its place.
    pub fn note(&mut self, number: u64, place: Place, act: &Act, before: &Tree, after: &Tree) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let names = names
            .into_iter()
            .filter(|name| before.get(*name) != after.get(*name));
        let is_backup = matches!(act, Act::Restore(Part::Root | Part::Both));
        let is_attack = matches!(act, Act::Infect(_));
        let mut taken = HashSet::new();
        for name in names {
            if let Some(Entry::File(id)) = before.get(name) {
                taken.insert((name.clone(), *id));
                if after.get(name) == Some(&Entry::Link) {
                    // As long as the symlink is there the object stays.
                    self.behind.insert((place, name.clone()), *id);
                } else {
                    self.removed.insert((name.clone(), *id));
                }
            }
            if before.get(name) == Some(&Entry::Link)
                && let Some(id) = self.behind.remove(&(place, name.clone()))
            {
                self.removed.insert((name.clone(), id));
            }
            if let Some(Entry::File(id)) = after.get(name) {
                self.labels
                    .entry(*id)
                    .or_insert_with(|| format!("content of [{number}] {name}"));
                // A backup brings back what somebody may long have taken away.
                if !is_backup {
                    let pair = (name.clone(), *id);
                    // A name that gets back what it had in the bucket: a rename there and back is no
                    // change, so that what others have made of the name meanwhile holds.
                    let is_undone = self.uploaded.contains(&pair) && self.removed.contains(&pair);
                    self.revive(name, *id);
                    if !is_undone && !is_attack {
                        self.owe(name, *id);
                    }
                }
            }
            if !matches!(after.get(name), Some(Entry::File(_) | Entry::Link)) {
                self.vacated.insert(name.clone());
            }
            self.touch(name, place, after.get(name).copied());
        }
        if let (Place::Bucket, Act::Touch(name, _)) = (place, act)
            && let Some(entry) = after.get(name)
        {
            // In an envelope even the same content makes another object.
            self.touch(name, place, Some(*entry));
        }
        let stays = |id: &Id| after.values().any(|entry| *entry == Entry::File(*id));
        for pair in taken {
            // Who puts a backup in place has looked at no single file of what he replaces, and what
            // an attacker or `undo` replaces is nobody's loss.
            if !is_backup && !is_attack && *act != Act::Undo {
                self.owed.remove(&pair);
                if !stays(&pair.1) {
                    self.owed.retain(|(_, id)| *id != pair.1);
                }
            }
        }
    }

    fn owe(&mut self, name: &str, id: Id) {
        if id != blake3::hash(b"") {
            self.owed.insert((name.to_owned(), id));
        }
    }

    fn revive(&mut self, name: &str, id: Id) {
        let pair = (name.to_owned(), id);
        self.removed.remove(&pair);
        self.dead.remove(&pair);
    }

    fn touch(&mut self, name: &str, place: Place, now: Option<Entry>) {
        let unclean = self.unclean;
        let touch = self
            .touched
            .entry(name.to_owned())
            .or_insert_with(|| Touch {
                places: BTreeSet::new(),
                last: None,
                is_clean: true,
                unclean,
            });
        touch.places.insert(place);
        touch.last = now;
        touch.is_clean &= touch.unclean == unclean;
    }

    /// An accident destroys content: `before` could be found before, `after` after.
    pub fn write_off(&mut self, before: &Sight, after: &Sight) {
        self.owed
            .retain(|(_, id)| after.finds(*id) || !before.finds(*id));
    }

    /// A machine's memory is lost or replaced by an older one: `before` could be found before,
    /// `after` after.
    pub fn forget(&mut self, before: &Sight, after: &Sight) {
        self.is_amnesiac = true;
        self.write_off(before, after);
        let trees = after.trees.iter().chain([&after.bucket]);
        for (name, entry) in trees.flatten() {
            if let Entry::File(id) = entry {
                self.dead.remove(&(name.clone(), *id));
            }
        }
    }

    /// What is owed and nowhere.
    pub fn lost(&self, sight: &Sight) -> Option<String> {
        let (name, lost) = self.owed.iter().find(|(_, id)| !sight.finds(*id))?;
        Some(format!("{} is nowhere, {name} before", self.label(*lost)))
    }

    /// Writes down what others can see in the bucket.
    pub fn see(&mut self, sight: &Sight) {
        let objects = sight.bucket.iter().filter_map(|(name, entry)| match entry {
            Entry::File(id) => Some((name.clone(), *id)),
            _ => None,
        });
        self.uploaded.extend(objects);
    }

    /// What was dead and has come back.
    pub fn risen(&self, sight: &Sight) -> Option<String> {
        sight.places().find_map(|(place, tree)| {
            let mut files = tree.iter();
            files.find_map(|(name, entry)| match entry {
                Entry::File(id) if self.dead.contains(&(name.clone(), *id)) => Some(format!(
                    "{place}: {name} with {} has come back, which everybody had seen gone",
                    self.label(*id)
                )),
                _ => None,
            })
        })
    }

    /// What a run took away without leave.
    pub fn unlicensed(&self, before: &Sight, after: &Sight) -> Option<String> {
        before
            .places()
            .zip(after.places())
            .find_map(|((place, old), (_, new))| {
                old.iter().find_map(|(name, entry)| {
                    let Entry::File(id) = entry else {
                        return None;
                    };
                    let pair = (name.clone(), *id);
                    // An edit that nobody else could see outlives the removal of what was before.
                    let is_seen = place != "bucket"
                        && (self.uploaded.contains(&pair) || before.kept.contains(id));
                    let is_licensed = new.contains_key(name)
                        || self.removed.contains(&pair)
                        || (is_seen && self.vacated.contains(name))
                        || is_aside(name, *id, new)
                        || has_way_made(name, new)
                        || has_way_made(name, &after.bucket);
                    (!is_licensed)
                        .then(|| format!("{place}: {name} with {} was taken away", self.label(*id)))
                })
            })
    }

    /// A change in one place only that was not carried out everywhere.
    pub fn unheeded(&self, sight: &Sight) -> Option<String> {
        if self.is_amnesiac {
            return None;
        }
        self.touched.iter().find_map(|(name, touch)| {
            let is_plain = |entry: Option<Entry>| matches!(entry, None | Some(Entry::File(_)));
            let is_folder = |(_, tree): (String, &Tree)| {
                tree.get(name) == Some(&Entry::Folder) || has_way_made(name, tree)
            };
            let is_judged = touch.places.len() == 1
                && touch.is_clean
                && is_plain(touch.last)
                && !sight.places().any(is_folder)
                && !self.is_in_the_way(name, touch)
                && !self.is_unrecorded(name);
            if !is_judged {
                return None;
            }
            let found = sight.bucket.get(name).copied();
            (found != touch.last).then(|| {
                let text = |entry: Option<Entry>| match entry {
                    Some(Entry::File(id)) => self.label(id),
                    _ => "nothing".to_owned(),
                };
                format!(
                    "{name} was changed in {:?} only, to {}, and ended as {}",
                    touch.places,
                    text(touch.last),
                    text(found)
                )
            })
        })
    }

    /// Whether somebody else touched what is above or below the name.
    fn is_in_the_way(&self, name: &str, touch: &Touch) -> bool {
        let is_above = |folder: &str, name: &str| {
            name.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.touched.iter().any(|(other, its)| {
            (is_above(other, name) || is_above(name, other)) && its.places != touch.places
        })
    }

    /// Whether it may be a conflict copy that a run put into the bucket and did not live to record:
    /// whoever removes that there meets it again, from the machine that has it.
    fn is_unrecorded(&self, name: &str) -> bool {
        self.unclean > 0 && name.contains(".conflict-")
    }

    /// All is quiet and equal: what was taken away and is nowhere is dead.
    pub fn settle(&mut self, sight: &Sight) {
        let removed = self.removed.iter();
        let gone = removed.filter(|(name, id)| sight.bucket.get(name) != Some(&Entry::File(*id)));
        let empty = blake3::hash(b"");
        self.dead
            .extend(gone.filter(|(_, id)| *id != empty).cloned());
        self.touched.clear();
        self.vacated.clear();
        self.is_amnesiac = false;
    }
}

/// Whether the content has got the name of a conflict copy.
fn is_aside(name: &str, id: Id, tree: &Tree) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| match stem {
        "" => name,
        stem => stem,
    });
    tree.iter().any(|(other, entry)| {
        *entry == Entry::File(id)
            && (other.starts_with(&format!("{name}.conflict-"))
                || other.starts_with(&format!("{stem}.conflict-")))
    })
}

/// Whether what is above the name is a file, or the name itself a folder's.
fn has_way_made(name: &str, tree: &Tree) -> bool {
    let below = format!("{name}/");
    if tree.keys().any(|other| other.starts_with(&below)) {
        return true;
    }
    let ends = name.match_indices('/').map(|(at, _)| &name[..at]);
    ends.into_iter()
        .any(|above| matches!(tree.get(above), Some(Entry::File(_) | Entry::Link)))
}
