//! s3-bsync keeps local directories and S3 prefixes the same, in both directions.
//!
//! The state file is the merge base of a three-way sync. A run goes one way, from argv to an exit
//! code; nothing flows back up:
//!
//! ```text
//! argv - cli -> Command - store -> lock, journal of a dead run, state
//!                                    | base records, sorted by key, streamed
//!  for each map:  local::scan  -----+ sorted stamps
//!                 remote::list -----+ sorted stamps
//!                                    v
//!      sync::join -> only the keys that differ -> reconcile::decide (a look where stamps do not
//!      tell), reconcile::steer where a map goes one way -> moves (what is gone and what is new, paired) -> draft (phases, clashes of names) -> guard -> plan -- dry run -> print
//!                                    v
//!      transfer, bounded -> a receipt per finished step -> journal, in batches
//!                                    v
//!      commit: old records and receipts -> new state -> report, exit code
//! ```
//!
//! # Layers
//!
//! A module uses only what stands below it; `tests/layers.rs` holds the house to it.
//!
//! | layer | modules | never sees |
//! |---|---|---|
//! | entry | `main` | |
//! | face | [`cli`], [`report`], [`commands`] | nom, aws |
//! | story | [`sync`] | nom, aws, argh |
//! | flow | [`transfer`] | nom, argh |
//! | hands | [`store`], [`local`], [`remote`], [`envelope`], [`digest`] | each other |
//! | waiting | [`stop`] | disk, net, clock |
//! | mind, pure | [`mod@format`], [`reconcile`], [`moves`], [`draft`], [`guard`], [`overlap`] | disk, net, tokio, clock |
//! | words, pure | [`key`], [`stamp`], [`state`], [`plan`], [`event`], [`exit`] | all else |
//!
//! Where to begin: [`reconcile::law`] is what the program is about, [`sync::sync`] tells the story of
//! a run, `spec/FORMAT.md` is the state file.

pub mod cli;
pub mod commands;
pub mod digest;
pub mod draft;
pub mod envelope;
pub mod event;
pub mod exit;
pub mod format;
pub mod guard;
pub mod key;
pub mod local;
pub mod moves;
pub mod overlap;
pub mod plan;
pub mod reconcile;
pub mod remote;
pub mod report;
pub mod stamp;
pub mod state;
pub mod stop;
pub mod store;
pub mod sync;
pub mod transfer;

pub use commands::main_with;
