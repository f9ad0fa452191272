//! Which maps the system says something happened in. An event decides only that a map is looked at:
//! what happened is for the run to find out, so that events that are lost or come late lose nothing.

use crate::key::{OWN_FOLDER, TEMP_PREFIX};
use crate::state::Recursion;
use crate::store;
use notify::event::EventKind;
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A map as it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) recursion: Recursion,
}

/// The system's events.
pub(super) struct Events {
    watcher: RecommendedWatcher,
    heard: Arc<Heard>,
    /// What is watched, with the directory's device and inode.
    watched: Vec<(Watched, Option<(u64, u64)>)>,
}

/// What happened since it was last asked for.
#[derive(Default)]
struct Heard {
    maps: Mutex<Vec<Watched>>,
    touched: Mutex<BTreeSet<String>>,
    /// Maps of which the system no longer tells all: what is watched is watched anew.
    lost: Mutex<BTreeSet<String>>,
    /// The state file, whose companions are the program's own.
    state: PathBuf,
    news: Notify,
}

impl Events {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the system answers.
    pub(super) fn begin(state: &Path) -> Result<Self, notify::Error> {
        let heard = Arc::new(Heard {
            state: fs::canonicalize(state).unwrap_or_else(|_| state.to_owned()),
            ..Heard::default()
        });
        let listener = Arc::clone(&heard);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(move |event| listener.hear(event), config)?;
        Ok(Self {
            watcher,
            heard,
            watched: Vec::new(),
        })
    }

    /// Watches these maps and no others, and anew those whose directory is another by now. Gives
    /// why some are not watched.
    pub(super) fn watch(&mut self, maps: &[Watched]) -> Vec<String> {
        let lost = std::mem::take(&mut *lock(&self.heard.lost));
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.watched)
            .into_iter()
            .partition(|(map, id)| {
                let is_same = id.is_some() && *id == identity(&map.path);
                is_same && maps.contains(map) && !lost.contains(&map.name)
            });
        for (map, _) in gone {
            // A directory that is no longer there is not watched any more.
            let _ = self.watcher.unwatch(&map.path);
        }
        self.watched = kept;
        *lock(&self.heard.maps) = maps.to_vec();
        let mut troubles = Vec::new();
        for map in maps {
            if self.watched.iter().any(|(known, _)| known == map) {
                continue;
            }
            let id = identity(&map.path);
            let mode = match map.recursion {
                Recursion::Recursive => RecursiveMode::Recursive,
                Recursion::TopOnly => RecursiveMode::NonRecursive,
            };
            // Where there is no directory the run says so.
            let watched = id.map(|_| self.watcher.watch(&map.path, mode));
            if let Some(Err(error)) = watched {
                // What is watched of it is of no use, and the system's store of watches is small.
                let _ = self.watcher.unwatch(&map.path);
                troubles.push(format!("map {}: {}", map.name, told(&error)));
                continue;
            }
            self.watched.push((map.clone(), id));
        }
        troubles
    }

    /// The maps in which something happened since this was last asked.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *lock(&self.heard.touched))
    }

    /// Waits until something happens.
    pub(super) async fn wait(&self) {
        self.heard.news.notified().await;
    }
}

impl Heard {
    fn hear(&self, event: Result<Event, notify::Error>) {
        let maps = lock(&self.maps);
        let names: BTreeSet<String> = match event {
            // Somebody who reads changes nothing.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() => {
                return;
            }
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => {
                // A directory that is made again may get its old number, but not its watch.
                let is_root = |map: &&Watched| event.paths.contains(&map.path);
                if matches!(event.kind, EventKind::Remove(_)) {
                    lock(&self.lost).extend(maps.iter().filter(is_root).map(name));
                }
                let touched = |map: &&Watched| {
                    let of_map = |path: &PathBuf| self.is_of(map, path);
                    event.paths.iter().any(of_map)
                };
                maps.iter().filter(touched).map(name).collect()
            }
            // Something was lost: it may have been anywhere, and a directory among it.
            Ok(_) => {
                lock(&self.lost).extend(maps.iter().map(name));
                maps.iter().map(name).collect()
            }
            // That something cannot be watched is no change; the next run says so.
            Err(_) => {
                lock(&self.lost).extend(maps.iter().map(name));
                return;
            }
        };
        drop(maps);
        if !names.is_empty() {
            lock(&self.touched).extend(names);
            self.news.notify_one();
        }
    }

    /// Whether a path is a map's, and not one of the program's own files.
    fn is_of(&self, map: &Watched, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&map.path) else {
            return false;
        };
        let is_own = below.iter().any(|name| {
            name == OWN_FOLDER || name.as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes())
        });
        !is_own && !store::is_own_file(&self.state, path)
    }
}

fn name(map: &Watched) -> String {
    map.name.clone()
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

fn told(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "it has more directories than the system may watch \
             (fs.inotify.max_user_watches); it is synced each interval only"
            .to_owned(),
        _ => format!("it cannot be watched and is synced each interval only: {error}"),
    }
}

fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{Flag, RemoveKind};

    fn heard(path: &str) -> Heard {
        let map = Watched {
            name: "docs".to_owned(),
            path: path.into(),
            recursion: Recursion::Recursive,
        };
        Heard {
            maps: Mutex::new(vec![map]),
            state: "/home/state".into(),
            ..Heard::default()
        }
    }

    fn removed(path: &str) -> Event {
        Event::new(EventKind::Remove(RemoveKind::Any)).add_path(path.into())
    }

    #[test]
    fn own_files_are_no_news_and_others_are() {
        let heard = heard("/home");
        for own in [
            "/home/.s3bsync/trash/a".to_owned(),
            format!("/home/d/{TEMP_PREFIX}a"),
            "/home/state".to_owned(),
            "/elsewhere".to_owned(),
        ] {
            heard.hear(Ok(removed(&own)));
            assert!(lock(&heard.touched).is_empty(), "{own}");
        }
        heard.hear(Ok(removed("/home/d/a")));
        assert!(lock(&heard.touched).contains("docs"));
        assert!(lock(&heard.lost).is_empty());
    }

    #[test]
    fn a_root_that_was_removed_is_watched_anew() {
        let heard = heard("/home/docs");
        heard.hear(Ok(removed("/home/docs")));
        assert!(lock(&heard.touched).contains("docs"));
        assert!(lock(&heard.lost).contains("docs"));
    }

    #[test]
    fn lost_events_are_a_reason_to_look_and_to_watch_anew() {
        let heard = heard("/home/docs");
        heard.hear(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(lock(&heard.touched).contains("docs"));
        assert!(lock(&heard.lost).contains("docs"));
    }

    #[test]
    fn what_cannot_be_watched_is_tried_again_but_makes_no_run_of_its_own() {
        let heard = heard("/home/docs");
        heard.hear(Err(notify::Error::new(ErrorKind::MaxFilesWatch)));
        assert!(lock(&heard.touched).is_empty());
        assert!(lock(&heard.lost).contains("docs"));
    }
}
