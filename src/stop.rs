//! One wish to stop, shared by everything that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells whether the run should come to its end. Clones share the wish.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Wishes for the end.
    pub fn wish(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the end is wished for.
    #[must_use]
    pub fn is_wished(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
