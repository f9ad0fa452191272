//! The state file on disk.
