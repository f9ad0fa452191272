//! Notices a bucket that does not answer any more, so that a map ends soon, however much waits.

use super::error::Kind;
use crate::state::Access;
use crate::stop::Stop;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys that failed in a row with which a bucket counts as dead, even if it answers a look.
const MANY: usize = 8;

/// Failures of one bucket in a row.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Keys whose requests were given up since the last answer.
    failed: Mutex<BTreeSet<String>>,
    /// Why the bucket is given up.
    cause: Mutex<Option<(Kind, String)>>,
    open: Stop,
}

/// What a request that was given up means for the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: it may be the key's own trouble.
    Own,
    /// It is to be asked whether it answers at all.
    Doubtful,
    /// It is dead.
    Dead,
}

impl Breaker {
    /// The server answered a request about an object, or listed some.
    pub(super) fn answered(&self) {
        lock(&self.failed).clear();
    }

    /// A request about this key got no answer, or was told to slow down, until it was given up.
    pub(super) fn failed(&self, key: &str) -> Verdict {
        let mut failed = lock(&self.failed);
        failed.insert(key.to_owned());
        match failed.len() {
            0 | 1 => Verdict::Own,
            MANY.. => Verdict::Dead,
            _ => Verdict::Doubtful,
        }
    }

    /// Gives the bucket up: whatever waits for it ends.
    pub(super) fn open(&self, kind: Kind, cause: String) {
        lock(&self.cause).get_or_insert((kind, cause));
        self.open.wish();
    }

    /// Waits until the bucket is given up; says why.
    pub(super) async fn opened(&self) -> (Kind, String) {
        self.open.wished().await;
        let cause = lock(&self.cause).clone();
        cause.unwrap_or((Kind::Unreachable, String::new()))
    }
}

/// The breakers of a run, one for each bucket: maps of one bucket share theirs.
#[derive(Debug, Clone, Default)]
pub(super) struct Breakers(Arc<Mutex<Vec<Of>>>);

/// The breaker of a bucket.
#[derive(Debug)]
struct Of {
    access: Access,
    bucket: String,
    breaker: Arc<Breaker>,
}

impl Breakers {
    pub(super) fn of(&self, access: &Access, bucket: &str) -> Arc<Breaker> {
        let mut all = lock(&self.0);
        let known = all
            .iter()
            .find(|of| of.access == *access && of.bucket == bucket);
        if let Some(of) = known {
            return Arc::clone(&of.breaker);
        }
        let breaker = Arc::<Breaker>::default();
        all.push(Of {
            access: access.clone(),
            bucket: bucket.to_owned(),
            breaker: Arc::clone(&breaker),
        });
        breaker
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_that_never_comes_is_its_own_trouble() {
        let breaker = Breaker::default();
        for _ in 0..3 * MANY {
            assert_eq!(breaker.failed("a"), Verdict::Own);
        }
    }

    #[test]
    fn failures_in_a_row_count_and_one_answer_ends_them() {
        let breaker = Breaker::default();
        breaker.failed("a");
        assert_eq!(breaker.failed("b"), Verdict::Doubtful);
        breaker.answered();
        let verdicts: Vec<_> = (0..MANY).map(|n| breaker.failed(&n.to_string())).collect();
        assert_eq!(verdicts[0], Verdict::Own);
        assert!(
            verdicts[1..MANY - 1]
                .iter()
                .all(|v| *v == Verdict::Doubtful)
        );
        assert_eq!(verdicts[MANY - 1], Verdict::Dead);
    }

    #[test]
    fn maps_of_one_bucket_share_a_breaker() {
        let (breakers, access) = (Breakers::default(), Access::default());
        let first = breakers.of(&access, "a");
        assert!(Arc::ptr_eq(&first, &breakers.clone().of(&access, "a")));
        assert!(!Arc::ptr_eq(&first, &breakers.of(&access, "b")));
    }
}
