//! What a watch has said already: the same trouble run after run is said once, until it is gone.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was said in this round of runs, and in the one before.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Rounds>);

#[derive(Debug, Default)]
struct Rounds {
    before: HashSet<u64>,
    now: HashSet<u64>,
}

impl Memory {
    /// Whether this was said neither in this round nor in the one before; from now on it was.
    pub fn is_new(&self, text: &str) -> bool {
        // Digests, since of a thousand long paths nothing is needed but that they are the same.
        let digest = digest(text);
        let mut rounds = self.lock();
        rounds.now.insert(digest) && !rounds.before.contains(&digest)
    }

    /// Begins a round: what is not said in it is forgotten at its end.
    pub fn turn(&self) {
        let mut rounds = self.lock();
        rounds.before = std::mem::take(&mut rounds.now);
    }

    fn lock(&self) -> MutexGuard<'_, Rounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_said_once_and_again_when_it_comes_back() {
        let memory = Memory::default();
        assert!(memory.is_new("a"));
        assert!(!memory.is_new("a"));
        memory.turn();
        assert!(!memory.is_new("a"));
        memory.turn();
        assert!(!memory.is_new("a"));
        memory.turn();
        memory.turn();
        assert!(memory.is_new("a"));
    }
}
