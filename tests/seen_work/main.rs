//! What a run leaves to be seen: its log, its metrics, its JSON lines, and what a terminal shows.

#[path = "../support/mod.rs"]
mod support;

mod events;
mod exposition;
mod logs;
mod metrics;
mod terminal;
