//! `undo`: the runs of a map with what each displaced here, and all of one run's files put back.
//!
//! A run may put back what it displaced if nothing else has changed the path since. The file system's
//! change times tell: a file is displaced right after its successor took the name, so a successor
//! with a later change time was changed since.

use super::kept::Folders;
use super::{Errand, Error, key_of};
use crate::cli::Side;
use crate::commands::dump::words::{Size, counted, utc};
use crate::commands::named;
use crate::exit::Exit;
use crate::key::{Key, Shown};
use crate::local::{self, Displaced, Kept, RecoveryRun, Root};
use crate::stamp::LocalStamp;
use crate::sync::{Mode, Safety};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Runs of a map that are listed for people.
const SHOWN_RUNS: usize = 20;

/// Files of one reason: how many, and their length in bytes.
#[derive(Clone, Copy, Default)]
struct Tally {
    files: u64,
    bytes: u64,
}

/// What one run displaced, by reason; the last one is for files that an earlier version kept.
type Tallies = [Tally; Displaced::ALL.len() + 1];

/// What is done about one path of a run.
enum Act {
    /// Nothing has the name.
    Return,
    /// This file has the name, and is kept in turn.
    Replace(LocalStamp),
    /// The path is left alone, for this reason.
    Leave(&'static str),
}

impl Errand<'_> {
    /// Lists the latest runs of each map, newest first.
    pub(super) async fn runs(&self, name: Option<&str>) -> Result<Exit, Error> {
        let names: Vec<String> = name.map(str::to_owned).into_iter().collect();
        let mut exit = Exit::InSync;
        let mut found = 0_usize;
        self.each_side(&names, &[Side::Local], &mut exit, async |folders| {
            let map = &folders.map.name;
            let mut runs: BTreeMap<String, Tallies> = BTreeMap::new();
            if let Some(root) = &folders.root {
                root.each_kept(&mut |kept| {
                    let run = runs.entry(kept.run.name().to_owned()).or_default();
                    let at = kept.why.map_or(Displaced::ALL.len(), |why| why as usize);
                    run[at].files += 1;
                    run[at].bytes += kept.size_bytes;
                    Ok(())
                })?;
            }
            found += runs.len();
            for (at, (run, tallies)) in runs.iter().rev().enumerate() {
                self.reporter.record(&record(map, run, tallies));
                if at < SHOWN_RUNS {
                    self.reporter.say(&line(map, run, tallies));
                }
            }
            if runs.len() > SHOWN_RUNS {
                let more = runs.len() - SHOWN_RUNS;
                let map = Shown(map);
                self.reporter
                    .say(&format!("{map}  and {more} earlier runs"));
            }
            Ok(())
        })
        .await?;
        if found == 0 && exit == Exit::InSync {
            self.reporter
                .say("nothing is kept, so there is nothing to undo");
        }
        Ok(exit)
    }

    /// Puts back everything that a run displaced here.
    pub(super) async fn undo(
        &self,
        name: &str,
        run: &RecoveryRun,
        safety: Safety,
    ) -> Result<Exit, Error> {
        let (bucket, map) = named::one(self.store.state(), name)?;
        let own = super::own_files(
            self.store.own_name_prefix(),
            self.store.state().maps().map(|(_, map)| map),
        );
        let folders = Folders::open(bucket, map, &own, Some(Side::Local), &self.network).await?;
        let none = || Error::NoneKept(run.name().to_owned());
        let root = folders.root.as_ref().ok_or_else(none)?;
        let versions = first_versions(root, run)?;
        if versions.is_empty() {
            return Err(none());
        }
        let latest = latest_versions(root, run, &versions)?;
        let mut undoing = Undoing {
            errand: self,
            root,
            map: &folders.map.name,
            run,
            safety,
            now: RecoveryRun::at(self.now_ms),
            returned: 0,
            replaced: 0,
            exit: Exit::InSync,
        };
        for (path, kept) in &versions {
            if self.stop.is_wished() {
                undoing.exit = Exit::Interrupted;
                break;
            }
            undoing.put_back(path, kept, latest.get(path));
        }
        root.sync_directories()?;
        Ok(undoing.sum_up())
    }
}

/// One undo on its way.
struct Undoing<'a> {
    errand: &'a Errand<'a>,
    root: &'a Root,
    map: &'a str,
    run: &'a RecoveryRun,
    safety: Safety,
    /// The run that displaces what is in the way: this one.
    now: RecoveryRun,
    returned: u64,
    replaced: u64,
    exit: Exit,
}

impl Undoing<'_> {
    fn put_back(&mut self, path: &str, kept: &Kept, latest: Option<&Kept>) {
        let done = self.try_put_back(path, kept, latest);
        match done {
            Ok(None) => self.report(path, None),
            Ok(Some(why)) => {
                self.report(path, Some(why));
                self.exit = self.exit.max(Exit::Partial);
            }
            Err(error) => {
                let what = format!("{}: {error}", Shown(path));
                self.errand.reporter.complain(&what, &error);
                self.exit = self.exit.max(Exit::Partial);
            }
        }
    }

    /// Puts one file back; returns the reason if the path is left alone.
    fn try_put_back(
        &mut self,
        path: &str,
        kept: &Kept,
        latest: Option<&Kept>,
    ) -> Result<Option<&'static str>, Error> {
        let key = key_of(path)?;
        if self.root.is_own(&key) {
            return Ok(Some("the name is reserved for s3-bsync's own files"));
        }
        let act = self.judge(&key, latest)?;
        let is_meant = self.errand.asked.mode == Mode::Apply;
        match act {
            Act::Leave(why) => return Ok(Some(why)),
            Act::Return => {
                if is_meant && let Err(error) = self.root.put_back(kept, &key) {
                    return match error.kind {
                        local::Kind::Stale | local::Kind::Clash | local::Kind::Alias => Ok(Some(
                            "something else has its name, or that of its directory",
                        )),
                        _ => Err(error.into()),
                    };
                }
            }
            Act::Replace(present) => {
                if is_meant {
                    self.root.put_back_over(kept, &key, &present, &self.now)?;
                }
                self.replaced += 1;
            }
        }
        self.returned += 1;
        Ok(None)
    }

    fn judge(&self, key: &Key, latest: Option<&Kept>) -> Result<Act, Error> {
        if self.root.is_free(key)? {
            return Ok(Act::Return);
        }
        let present = match self.root.stat_plain(key) {
            Ok(Some(present)) => present,
            Ok(None) => return Ok(Act::Leave("a directory has its name")),
            Err(error) if matches!(error.kind, local::Kind::NotARegularFile) => {
                return Ok(Act::Leave("something else has its name"));
            }
            Err(error) => return Err(error.into()),
        };
        let is_unchanged = latest.is_some_and(|latest| {
            let is_successor = match latest.why {
                Some(Displaced::Undone) => true,
                Some(Displaced::Deleted | Displaced::Interrupted) | None => false,
                Some(Displaced::Replaced | Displaced::Conflict) => latest.run == *self.run,
            };
            is_successor && present.ctime_ns <= latest.ctime_ns
        });
        if is_unchanged || self.safety == Safety::Forced {
            Ok(Act::Replace(present))
        } else {
            Ok(Act::Leave("it changed since that run"))
        }
    }

    fn report(&self, path: &str, left: Option<&str>) {
        let is_meant = self.errand.asked.mode == Mode::Apply;
        let reporter = self.errand.reporter;
        let action = match (left, is_meant) {
            (Some(_), true) => "left",
            (Some(_), false) => "would leave",
            (None, true) => "put back",
            (None, false) => "would put back",
        };
        reporter.record(&json!({
            "map": self.map,
            "run": self.run.name(),
            "path": path,
            "action": action,
            "reason": left,
        }));
        let path = Shown(path);
        match left {
            Some(why) => reporter.mention(&format!("{action} {path} as it is: {why}")),
            None if is_meant => reporter.debug(&format!("{action} {path}")),
            None => reporter.say(&format!("{action} {path}")),
        }
    }

    fn sum_up(&self) -> Exit {
        let reporter = self.errand.reporter;
        let files = counted(self.returned, "file");
        let (verb, kept) = match self.errand.asked.mode {
            Mode::Apply => ("put back", "is kept"),
            Mode::DryRun => ("would put back", "would be kept"),
        };
        let run = self.run.name();
        reporter.say(&match self.replaced {
            0 => format!("{verb} {files} of {run}"),
            replaced => {
                let why = Displaced::Undone.name();
                let there = counted(replaced, "file");
                let now = self.now.name();
                format!("{verb} {files} of {run}; of {there} what was there {kept} in {now}-{why}")
            }
        });
        self.exit
    }
}

/// Of each path that a run displaced, the version that was there before the run: the one that was
/// displaced first.
fn first_versions(root: &Root, run: &RecoveryRun) -> Result<BTreeMap<String, Kept>, Error> {
    let mut versions: BTreeMap<String, Kept> = BTreeMap::new();
    root.each_kept(&mut |kept| {
        if kept.run == *run && kept.why != Some(Displaced::Interrupted) {
            let first = versions.get(&kept.path);
            if first.is_none_or(|first| kept.ctime_ns < first.ctime_ns) {
                versions.insert(kept.path.clone(), kept);
            }
        }
        Ok(())
    })?;
    Ok(versions)
}

/// Of each of these paths, the version that this run or a later one displaced last.
fn latest_versions(
    root: &Root,
    run: &RecoveryRun,
    paths: &BTreeMap<String, Kept>,
) -> Result<HashMap<String, Kept>, Error> {
    let mut latest: HashMap<String, Kept> = HashMap::new();
    root.each_kept(&mut |kept| {
        if kept.run.started_ms() >= run.started_ms() && paths.contains_key(&kept.path) {
            let last = latest.get(&kept.path);
            if last.is_none_or(|last| kept.ctime_ns >= last.ctime_ns) {
                latest.insert(kept.path.clone(), kept);
            }
        }
        Ok(())
    })?;
    Ok(latest)
}

/// The reasons as `undo` lists them.
fn reasons() -> impl Iterator<Item = (usize, &'static str)> {
    let known = Displaced::ALL.iter().map(|why| why.name());
    known.chain(std::iter::once("other")).enumerate()
}

fn line(map: &str, run: &str, tallies: &Tallies) -> String {
    let counts: Vec<String> = reasons()
        .filter(|(at, _)| tallies[*at].files > 0)
        .map(|(at, name)| {
            let Tally { files, bytes } = tallies[at];
            format!("{files} {name} ({})", Size(bytes))
        })
        .collect();
    format!("{}  {run}  {}", Shown(map), counts.join(", "))
}

fn record(map: &str, run: &str, tallies: &Tallies) -> serde_json::Value {
    let started_ms = RecoveryRun::parse(run).map_or(0, |run| run.started_ms());
    let mut told = json!({"map": map, "run": run, "started": utc(started_ms)});
    for (at, name) in reasons() {
        let Tally { files, bytes } = tallies[at];
        told[name] = json!({"files": files, "bytes": bytes});
    }
    told
}
