//! The checks: what must be so after every step, and what when all is quiet.

use super::look::{Entry, Sight, Tree, files};
use super::play::{Checked, Play, text};
use super::run::Ended;
use super::stage::Way;
use crate::support::world::Run;

impl Play {
    pub(super) fn is_equal(&self, sight: &Sight) -> Checked {
        for (n, tree) in sight.trees.iter().enumerate() {
            if let Some(difference) = self.difference(tree, &sight.bucket) {
                let text = format!("machine {n} and the bucket: {difference}");
                return Err(("quiet rounds make all equal", text));
            }
        }
        Ok(())
    }

    pub(super) fn is_honest(&self, at: usize, run: &Run, sight: &Sight) -> Checked {
        // A mirror without a base deletes nothing yet, and its run says so.
        if run.stderr.contains("nothing is deleted this run") {
            return Ok(());
        }
        match self.difference(&sight.trees[at], &sight.bucket) {
            None => Ok(()),
            Some(difference) => Err(("exit code 0 means equal", difference)),
        }
    }

    pub(super) fn is_untouched(&self, before: &Sight, after: &Sight) -> Checked {
        for ((place, old), (_, new)) in before.places().zip(after.places()) {
            if let Some(difference) = self.difference(old, new) {
                let text = format!("{place}, before and after: {difference}");
                return Err(("a dry run changes nothing", text));
            }
        }
        if before.litter == after.litter {
            Ok(())
        } else {
            Err(("a dry run changes nothing", format!("{:?}", after.litter)))
        }
    }

    pub(super) fn difference(&self, tree: &Tree, bucket: &Tree) -> Option<String> {
        let (tree, bucket) = (files(tree), files(bucket));
        let mut names: Vec<_> = tree.keys().chain(bucket.keys()).collect();
        names.sort();
        let name = names
            .into_iter()
            .find(|name| tree.get(*name) != bucket.get(*name))?;
        let book = self.book();
        let text = |entry: Option<&Entry>| match entry {
            Some(Entry::File(id)) => book.label(*id),
            Some(other) => format!("{other:?}"),
            None => "nothing".to_owned(),
        };
        Some(format!(
            "{name} is {} here and {} there",
            text(tree.get(name)),
            text(bucket.get(name))
        ))
    }

    pub(super) fn is_tidy(&self, sight: &Sight) -> Checked {
        // A probe that is killed leaves a few bytes, and uploads are another story.
        let is_known = |litter: &&String| {
            litter.starts_with("upload ")
                || (litter.starts_with(".s3bsync/probe-") && self.tally.kills > 0)
        };
        match sight.litter.iter().find(|litter| !is_known(litter)) {
            None => Ok(()),
            Some(litter) => Err(("nothing is left lying about", litter.clone())),
        }
    }

    pub(super) fn nothing_taken(&self, before: &Sight, after: &Sight) -> Checked {
        let truth = match self.stage.kind.way {
            Way::Both => None,
            Way::Push => self.difference(&before.trees[0], &after.trees[0]),
            Way::Pull => self.difference(&before.bucket, &after.bucket),
        };
        if let Some(difference) = truth {
            return Err((
                "a map of one way leaves the side it follows alone",
                difference,
            ));
        }
        let taken = self.book().unlicensed(before, after);
        match taken.filter(|_| self.stage.kind.way == Way::Both) {
            None => Ok(()),
            Some(taken) => Err(("nothing is taken away without leave", taken)),
        }
    }

    /// What a run takes from a directory is in the recovery folder of that machine, or still in its
    /// directory.
    pub(super) fn nothing_displaced_is_lost(&self, before: &Sight, after: &Sight) -> Checked {
        let empty = blake3::hash(b"");
        for (at, tree) in before.trees.iter().enumerate() {
            for (name, entry) in tree {
                let Entry::File(id) = entry else {
                    continue;
                };
                let mut there = after.trees[at].values();
                let is_there = there.any(|other| other == entry) || *id == empty;
                if !is_there && !after.recovery[at].contains(id) {
                    let what = self.book().label(*id);
                    let text = format!("machine {at}: {name} with {what} is not kept");
                    return Err(("what a run displaces is kept", text));
                }
            }
        }
        Ok(())
    }

    pub(super) fn nothing_lost(&self, sight: &Sight) -> Checked {
        self.book().see(sight);
        if let Some(lost) = self.book().lost(sight) {
            return Err(("nothing is lost", lost));
        }
        match self.book().risen(sight) {
            None => Ok(()),
            Some(risen) => Err(("what is gone stays gone", risen)),
        }
    }

    /// The codes that are documented, and words wherever one is not 0.
    pub(super) fn code(ended: &Ended) -> Checked {
        let Some(run) = ended else {
            return Ok(());
        };
        if run.stderr.contains("panicked") {
            return Err(("no panic", text(run)));
        }
        match run.code {
            0 | 130 => Ok(()),
            1 | 3 if !run.stderr.is_empty() => Ok(()),
            _ => Err(("exit codes are those documented", text(run))),
        }
    }
}
