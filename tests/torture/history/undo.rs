//! A run, `undo` of that run, and a run after it, while nobody else does anything.

use super::look::{Entry, Id, Sight, Tree};
use super::play::{Checked, Play, text};
use super::run::run;
use super::stage::Way;
use super::words::{Act, Place, Trouble};
use crate::support::world::Machine;
use std::sync::Arc;
use std::time::Duration;

const PUTS_BACK: &str = "undo puts back what a run displaced";

impl Play {
    pub(super) fn undone(&mut self, number: u64, at: usize) -> Checked {
        // Runs are named by the second in which they began.
        std::thread::sleep(Duration::from_millis(1_100));
        let stage = Arc::clone(&self.stage);
        let machine = &stage.machines[at];
        let before = stage.look();
        let ran = run(machine, &["--force"], &Trouble::None);
        let after = stage.look();
        self.judge(&ran, (&before, &after))?;
        let displaced = displaced(&before.trees[at], &after.trees[at]);
        if displaced.is_empty() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1_100));
        let Some([map, latest]) = latest_run(machine) else {
            return Err(("undo lists what a run displaced", format!("{displaced:?}")));
        };
        let undo = machine.run(&["undo", &map, &latest]);
        let undone = stage.look();
        self.told.push(format!("  undo of {latest}"));
        Self::code(&Some(undo.clone()))?;
        if undone.bucket != after.bucket {
            return Err(("undo changes nothing in the bucket", text(&undo)));
        }
        self.nothing_displaced_is_lost(&after, &undone)?;
        let trees = [&after.trees[at], &undone.trees[at]];
        self.book()
            .note(number, Place::Machine(at), &Act::Undo, trees[0], trees[1]);
        let is_blocked = |name: &str| is_blocked(name, &after.trees[at]);
        let back: Vec<_> = displaced
            .into_iter()
            .filter(|(name, _)| !is_blocked(name))
            .collect();
        self.are_there(&back, &undone.trees[at], &text(&undo))?;
        let carried = run(machine, &["--force"], &Trouble::None);
        let sight = stage.look();
        self.judge(&carried, (&undone, &sight))?;
        let is_clean = [&ran, &carried].iter().all(|ended| {
            let run = ended.as_ref();
            run.is_some_and(|run| run.code == 0)
        });
        if is_clean && undo.code == 0 && stage.kind.way == Way::Both {
            self.are_there(&back, &sight.bucket, "the next run carries it there")?;
        }
        Ok(())
    }

    fn are_there(&self, wanted: &[(String, Id)], tree: &Tree, detail: &str) -> Checked {
        let has = |(name, id): &&(String, Id)| tree.get(name) == Some(&Entry::File(*id));
        match wanted.iter().find(|wanted| !has(wanted)) {
            None => Ok(()),
            Some((name, id)) => {
                let label = self.book().label(*id);
                Err((PUTS_BACK, format!("{name} is not {label}: {detail}")))
            }
        }
    }

    /// What holds of each run of which nobody else changes anything.
    fn judge(&mut self, ended: &super::run::Ended, sights: (&Sight, &Sight)) -> Checked {
        let (before, after) = sights;
        self.tell(ended, &Trouble::None);
        Self::code(ended)?;
        self.nothing_taken(before, after)?;
        self.nothing_displaced_is_lost(before, after)?;
        self.nothing_lost(after)
    }
}

/// Files whose content has left the tree.
fn displaced(before: &Tree, after: &Tree) -> Vec<(String, Id)> {
    let empty = blake3::hash(b"");
    let stays = |id: Id| after.values().any(|entry| *entry == Entry::File(id));
    before
        .iter()
        .filter_map(|(name, entry)| match entry {
            Entry::File(id) if *id != empty && !stays(*id) => Some((name.clone(), *id)),
            _ => None,
        })
        .collect()
}

/// Whether something that `undo` leaves alone has the name, or that of a directory above it.
fn is_blocked(name: &str, tree: &Tree) -> bool {
    let is_other = matches!(tree.get(name), Some(Entry::Folder | Entry::Link));
    let mut above = name.match_indices('/').map(|(at, _)| &name[..at]);
    is_other || above.any(|above| matches!(tree.get(above), Some(Entry::File(_) | Entry::Link)))
}

/// The map and the latest run that `undo` lists.
fn latest_run(machine: &Machine) -> Option<[String; 2]> {
    let listed = machine.run(&["undo", "--json"]);
    let records = listed.stdout.lines().filter_map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |field: &str| record[field].as_str().map(str::to_owned);
        Some([text("map")?, text("run")?])
    });
    records.max_by_key(|[_, run]| run.clone())
}
