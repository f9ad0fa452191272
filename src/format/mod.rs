//! The state file's bytes.
