//! One story per command.

pub mod init;
pub mod sync;
