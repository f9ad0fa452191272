//! What a run tells of itself, kept for its page: of each kind as much as a person reads, and how
//! much more there was.

use crate::event::Event;
use crate::plan::Step;
use crate::report::words;
use std::sync::{Mutex, PoisonError};

/// Lines of one kind that are kept for a map.
const LINES: usize = 100;

/// Lines, the first of them and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    pub(super) kept: Vec<(String, String)>,
    pub(super) count: u64,
}

impl Lines {
    fn add(&mut self, line: impl FnOnce() -> (String, String)) {
        self.count += 1;
        if self.kept.len() < LINES {
            self.kept.push(line());
        }
    }
}

/// What was told of one map.
#[derive(Debug, Clone, Default)]
pub struct Tale {
    pub(super) map: String,
    pub(super) path: String,
    pub(super) uri: String,
    pub(super) failed: Lines,
    pub(super) skipped: Lines,
    pub(super) conflicts: Lines,
    pub(super) guard: Lines,
    pub(super) kept: Lines,
    pub(super) done: Lines,
}

/// Hears a run's events, of several maps in any order.
#[derive(Debug, Default)]
pub struct Listener(Mutex<Told>);

/// What a run told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub(super) notices: Lines,
    /// In the order of the state file.
    pub(super) maps: Vec<Tale>,
}

impl Listener {
    /// Hears of an event.
    pub fn hear(&self, of: Option<&str>, event: &Event<'_>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tale = |map: &String| Tale {
            map: map.clone(),
            ..Tale::default()
        };
        match event {
            Event::Maps(maps) => told.maps = maps.iter().map(tale).collect(),
            Event::Notice(text) => told.notices.add(|| (String::new(), (*text).to_owned())),
            event => {
                let mut tales = told.maps.iter_mut();
                if let Some(tale) = tales.find(|tale| of == Some(&tale.map)) {
                    tale.hear(event);
                }
            }
        }
    }

    /// What was heard, of the maps that were begun.
    #[must_use]
    pub fn told(&self) -> Told {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = told.clone();
        told.maps.retain(|tale| !tale.path.is_empty());
        told
    }
}

impl Tale {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Begun { path, uri, .. } => {
                (*path).clone_into(&mut self.path);
                (*uri).clone_into(&mut self.uri);
            }
            Event::Failed { key, cause } => {
                self.failed
                    .add(|| (key.as_str().to_owned(), cause.to_string()));
            }
            Event::Skipped { key, obstacle } => {
                let line = || (key.as_str().to_owned(), obstacle.to_string());
                self.skipped.add(line);
            }
            Event::Hidden { name, why } => {
                self.skipped.add(|| ((*name).to_owned(), (*why).to_owned()));
            }
            Event::Settled { key, settlement } => {
                let how = words::settled(*settlement);
                self.conflicts
                    .add(|| (key.as_str().to_owned(), how.to_owned()));
            }
            Event::KeptRemote { key, place, .. } => {
                self.kept
                    .add(|| (key.as_str().to_owned(), (*place).to_owned()));
            }
            Event::Guarded(held) => self.guard.add(|| (String::new(), held.to_string())),
            // They are told together, and what is only recorded is no news.
            Event::Would(step, _) | Event::Done(step, _)
                if step.old_key().is_some() || is_record(step) => {}
            Event::Would(step, why) => {
                self.done.add(|| (words::would(step), why.to_string()));
            }
            Event::Done(step, why) => self.done.add(|| (words::done(step), why.to_string())),
            Event::WouldMove(fold, why) => {
                self.done
                    .add(|| (format!("would move {fold}"), why.to_string()));
            }
            Event::HasMoved(fold, why) => {
                self.done.add(|| (format!("moved {fold}"), why.to_string()));
            }
            // What only a progress bar needs.
            _ => {}
        }
    }
}

fn is_record(step: &Step) -> bool {
    matches!(step, Step::Adopt(_) | Step::Forget(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::plan::Obstacle;

    #[test]
    fn a_million_failures_are_counted_and_a_hundred_kept() {
        let listener = Listener::default();
        let maps = ["mail", "docs", "never"].map(str::to_owned);
        listener.hear(None, &Event::Maps(&maps));
        listener.hear(None, &Event::Notice("once"));
        for map in ["docs", "mail"] {
            let (path, uri) = ("/docs", "s3://b");
            listener.hear(Some(map), &Event::Begun { map, path, uri });
        }
        for n in 0..1000 {
            let skipped = Event::Skipped {
                key: &Key::parse(&format!("k{n}")).unwrap(),
                obstacle: &Obstacle::Archived { size_bytes: 1 },
            };
            listener.hear(Some("mail"), &skipped);
        }
        let told = listener.told();
        let names: Vec<_> = told.maps.iter().map(|tale| &tale.map[..]).collect();
        assert_eq!((names, told.notices.count), (vec!["mail", "docs"], 1));
        let skipped = &told.maps[0].skipped;
        assert_eq!((skipped.count, skipped.kept.len()), (1000, LINES));
        assert_eq!(skipped.kept[0].0, "k0");
    }
}
