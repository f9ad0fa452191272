//! What users may rely on: bytes that somebody wrote and nobody has replaced or removed where they
//! could see them.

use super::world::Bytes;
use s3_bsync::key::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Claims to bytes, each under the name that a user gave them.
#[derive(Debug, Clone, Default)]
pub struct Owed {
    open: BTreeMap<Bytes, BTreeSet<Key>>,
    /// Every claim there ever was.
    ever: BTreeSet<(Bytes, Key)>,
    /// Claims that somebody gave up, which is for good: whoever gives the same bytes the same name
    /// once more has the file of which all know that it went.
    given_up: BTreeSet<(Bytes, Key)>,
}

impl Owed {
    /// A user gives bytes a name.
    pub fn claim(&mut self, bytes: Bytes, key: &Key) {
        let claim = (bytes, key.clone());
        if bytes != 0 && !self.given_up.contains(&claim) {
            self.open.entry(bytes).or_default().insert(key.clone());
            self.ever.insert(claim);
        }
    }

    /// A user replaces, removes or renames what he sees under a name. Whoever gave the same bytes
    /// another name still relies on that. Where the name is the program's, as a conflict copy's is,
    /// he means all of them.
    pub fn waive(&mut self, bytes: Bytes, key: &Key) {
        let is_a_users = self.ever.contains(&(bytes, key.clone()));
        let open = self.open.entry(bytes).or_default();
        if is_a_users {
            open.remove(key);
        } else {
            open.clear();
        }
        if open.is_empty() {
            self.open.remove(&bytes);
        }
        self.given_up.insert((bytes, key.clone()));
    }

    /// The program renames a file: the claim follows it.
    pub fn follow(&mut self, bytes: Bytes, from: &Key, to: &Key) {
        let names = self.open.get_mut(&bytes);
        if let Some(names) = names.filter(|names| names.contains(from)) {
            names.remove(from);
            names.insert(to.clone());
            self.ever.insert((bytes, to.clone()));
        }
    }

    /// They are lost by an accident that no program can mend.
    pub fn write_off(&mut self, bytes: Bytes, key: &Key) {
        self.open.remove(&bytes);
        self.given_up.insert((bytes, key.clone()));
    }

    /// Drops the claims to bytes that do not survive an accident.
    pub fn keep_only(&mut self, survivors: &BTreeSet<Bytes>) {
        self.open.retain(|bytes, _| survivors.contains(bytes));
    }

    /// What is owed and does not survive.
    pub fn lost(&self, survivors: &BTreeSet<Bytes>) -> Vec<Bytes> {
        let owed = self.open.keys().copied();
        owed.filter(|bytes| !survivors.contains(bytes)).collect()
    }
}
