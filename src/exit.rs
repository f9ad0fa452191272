//! Exit codes as a type with a merge rule.

/// How a run ended. Later variants outweigh earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Exit {
    /// Both sides are equal for every syncable path.
    #[default]
    InSync,
    /// Finished, but some paths were skipped, failed or are in conflict.
    Partial,
    /// The invocation was wrong.
    Misuse,
    /// Could not run, or stopped for safety.
    Stopped,
    /// Stopped by a signal, cleanly.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::InSync => 0,
            Self::Partial => 1,
            Self::Misuse => 2,
            Self::Stopped => 3,
            Self::Interrupted => 130,
        }
    }
}
