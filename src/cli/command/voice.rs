//! How a command tells of itself.

/// How much a run tells, and in what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// How much.
    pub level: Level,
    /// In what form.
    pub form: Form,
}

/// How much a run tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Errors only.
    Quiet,
    /// Errors and what a person should know.
    Normal,
    /// Everything.
    Debug,
}

/// The form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
