//! Carries out steps on the model as the real hands do: what a step expects is checked once more
//! at that moment, and where it does not hold nothing happens.

use super::story::{Act, Fault, Run};
use super::world::{Bytes, File, World, blake3, etag, holds, in_each_others_way, record};
use s3_bsync::key::Key;
use s3_bsync::plan::{Loser, Plan, Readability, Step};
use s3_bsync::stamp::{LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, Record};
use std::collections::BTreeSet;

/// The phase of deletions, among those of a plan.
const DELETIONS: usize = 3;

/// Why a step did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A side is not what the step expects; worth another look.
    Stale,
    /// A name is taken by something of another kind, or a conflict copy's name is taken.
    Clash,
}

/// What a run does, as far as it has come.
pub struct Work<'a> {
    pub world: &'a mut World,
    pub run: Run,
    /// What happens in its midst.
    pub disturbance: Option<Act>,
    /// Steps begun.
    pub steps: u8,
    pub failed: Vec<(Key, Failure)>,
    /// What it may not lose.
    unseen: BTreeSet<Bytes>,
    /// The records before each receipt, to take the last ones back.
    receipts: Vec<(Key, Option<Record>)>,
}

impl<'a> Work<'a> {
    pub fn new(world: &'a mut World, run: Run, disturbance: Option<Act>) -> Self {
        Self {
            unseen: world.unseen(),
            world,
            run,
            disturbance,
            steps: 0,
            failed: Vec::new(),
            receipts: Vec::new(),
        }
    }

    /// Carries out a plan. `None` when the run was killed on the way.
    pub fn carry_out(&mut self, plan: Plan) -> Option<()> {
        let mut copied = Vec::new();
        for (at, mut phase) in plan.into_phases().into_iter().enumerate() {
            if at == DELETIONS {
                phase.append(&mut copied);
            }
            while !phase.is_empty() {
                let turn = usize::from(self.run.order).wrapping_mul(usize::from(self.steps) + 1);
                let step = phase.swap_remove(turn % phase.len());
                self.happen()?;
                self.steps = self.steps.saturating_add(1);
                match (self.step(&step), &step) {
                    (Ok(()), Step::MoveRemote { source, .. }) => copied.push(Step::DeleteRemote {
                        key: source.key.clone(),
                        remote: source.remote.clone(),
                        loser: Loser::Discard,
                    }),
                    (Ok(()), _) => {}
                    (Err(failure), _) => {
                        // What cannot be moved is looked at anew under both names.
                        let old = step.old_key().map(|key| (key.clone(), Failure::Stale));
                        let failure = old.as_ref().map_or(failure, |_| Failure::Stale);
                        self.failed.extend(old);
                        self.failed.push((step.key().clone(), failure));
                    }
                }
            }
        }
        Some(())
    }

    /// Demands that nothing is lost so far.
    pub fn check_losses(&self) {
        let survivors = self.world.survivors();
        let lost: Vec<_> = self.unseen.difference(&survivors).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    }

    /// Lets happen what is due before the next step.
    fn happen(&mut self) -> Option<()> {
        match self.run.fault {
            Fault::Cut { steps, receipts } if steps <= self.steps => {
                for _ in 0..receipts {
                    let Some((key, before)) = self.receipts.pop() else {
                        break;
                    };
                    match before {
                        Some(record) => drop(self.world.base.insert(key, record)),
                        None => drop(self.world.base.remove(&key)),
                    }
                }
                None
            }
            Fault::Disturbed { steps } if steps <= self.steps => {
                if let Some(act) = self.disturbance.take() {
                    self.check_losses();
                    self.world.act(act);
                    // What the user replaced or removed himself is his loss.
                    self.unseen = self.world.unseen();
                }
                Some(())
            }
            _ => Some(()),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Adopt(record) => {
                self.learn(&record.key, (**record).clone());
                Ok(())
            }
            Step::Forget(key) => {
                self.forget(key);
                Ok(())
            }
            Step::Upload {
                key,
                local,
                over,
                loser,
            } => {
                if let (Some(over), Loser::Keep) = (over, loser) {
                    self.keep_remote(key, over)?;
                }
                let record = self.upload(key, local, over.as_ref())?;
                self.learn(key, record);
                Ok(())
            }
            Step::Download {
                key,
                remote,
                over,
                loser,
            } => {
                let record = self.download(key, remote, over.as_ref(), *loser)?;
                self.learn(key, record);
                Ok(())
            }
            Step::KeepBoth {
                key,
                aside,
                local,
                remote,
            } => self.keep_both(key, aside, local, remote),
            Step::DeleteLocal { key, local } => {
                if self.world.remote.contains_key(key) {
                    return Err(Failure::Stale);
                }
                let file = self.file(key, local)?;
                self.world.local.remove(key);
                self.world.kept.insert(file.bytes);
                self.forget(key);
                Ok(())
            }
            Step::DeleteRemote { key, remote, loser } => {
                if self.world.local.contains_key(key) {
                    return Err(Failure::Stale);
                }
                if *loser == Loser::Keep {
                    self.keep_remote(key, remote)?;
                }
                self.is_object(key, Some(remote))?;
                self.world.remote.remove(key);
                self.forget(key);
                Ok(())
            }
            Step::MoveRemote {
                to, local, source, ..
            } => self.move_remote(to, local, source),
            Step::MoveLocal {
                to,
                local,
                remote,
                source,
            } => self.move_local(to, local, remote, source),
        }
    }

    fn move_remote(
        &mut self,
        to: &Key,
        local: &LocalStamp,
        source: &Record,
    ) -> Result<(), Failure> {
        let file = self.file(to, local)?;
        if self.world.local.contains_key(&source.key) || !holds(source, file.bytes) {
            return Err(Failure::Stale);
        }
        self.is_object(&source.key, Some(&source.remote))?;
        self.is_object(to, None)?;
        let object = self.world.remote[&source.key].clone();
        if matches!(
            object.readability,
            Readability::Archived | Readability::Restoring
        ) {
            assert!(self.disturbance_was_archive(), "{to}: archived and copied");
            return Err(Failure::Stale);
        }
        let copied = etag(object.bytes);
        self.world
            .put_object(to, object.bytes, object.mtime_ns, copied);
        let record = Record {
            local: Some(*local),
            ..record(to, &file, &self.world.remote[to])
        };
        self.learn(to, record);
        Ok(())
    }

    fn move_local(
        &mut self,
        to: &Key,
        local: &LocalStamp,
        remote: &RemoteStamp,
        source: &Record,
    ) -> Result<(), Failure> {
        let from = source.key.clone();
        let file = self.file(&from, local)?;
        self.is_object(to, Some(remote))?;
        if self.world.remote.contains_key(&from) || self.world.local.contains_key(to) {
            return Err(Failure::Stale);
        }
        let mut others = self.world.local.keys().filter(|at| **at != from);
        if others.any(|at| in_each_others_way(at, to)) || in_each_others_way(&from, to) {
            return Err(Failure::Stale);
        }
        self.world.rename_file(&from, to);
        let renamed = self.world.local[to].clone();
        assert_eq!(renamed.bytes, file.bytes);
        let record = Record {
            key: to.clone(),
            local: Some(renamed.stamp),
            remote: remote.clone(),
            ..source.clone()
        };
        self.learn(to, record);
        self.forget(&from);
        Ok(())
    }

    fn keep_both(
        &mut self,
        key: &Key,
        aside: &Key,
        local: &LocalStamp,
        remote: &RemoteStamp,
    ) -> Result<(), Failure> {
        self.is_readable(key, remote)?;
        let ours = self.file(key, local)?;
        let in_way = |other: &Key| other != key && in_each_others_way(other, aside);
        if self.world.local.contains_key(aside) || self.world.local.keys().any(in_way) {
            return Err(Failure::Clash);
        }
        self.world.local.remove(key);
        self.world.put_file(aside, ours.bytes, ours.stamp.mtime_ns);
        let renamed = self.world.local[aside].stamp;
        let theirs = self.download(key, remote, None, Loser::Discard)?;
        let ours = self.upload(aside, &renamed, None).or(Err(Failure::Clash))?;
        self.learn(key, theirs);
        self.learn(aside, ours);
        Ok(())
    }

    fn upload(
        &mut self,
        key: &Key,
        local: &LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let file = self.file(key, local)?;
        self.is_object(key, over)?;
        let mtime_ns = file.stamp.mtime_ns;
        self.world
            .put_object(key, file.bytes, mtime_ns, etag(file.bytes));
        Ok(record(key, &file, &self.world.remote[key]))
    }

    fn download(
        &mut self,
        key: &Key,
        remote: &RemoteStamp,
        over: Option<&LocalStamp>,
        loser: Loser,
    ) -> Result<Record, Failure> {
        self.is_readable(key, remote)?;
        let object = self.world.remote[key].clone();
        match over {
            Some(over) => {
                let file = self.file(key, over)?;
                if loser == Loser::Keep && file.bytes == object.bytes {
                    return Ok(record(key, &file, &object));
                }
                if loser == Loser::Keep {
                    self.world.kept.insert(file.bytes);
                }
            }
            None if self.world.local.contains_key(key) => return Err(Failure::Stale),
            None => {}
        }
        if self
            .world
            .local
            .keys()
            .any(|at| in_each_others_way(at, key))
        {
            return Err(Failure::Clash);
        }
        self.world.put_file(key, object.bytes, object.mtime_ns);
        Ok(record(key, &self.world.local[key], &object))
    }

    fn file(&self, key: &Key, expected: &LocalStamp) -> Result<File, Failure> {
        match self.world.local.get(key) {
            Some(file) if file.stamp == *expected => Ok(file.clone()),
            _ => Err(Failure::Stale),
        }
    }

    fn is_object(&self, key: &Key, expected: Option<&RemoteStamp>) -> Result<(), Failure> {
        match (self.world.remote.get(key), expected) {
            (None, None) => Ok(()),
            (Some(object), Some(expected)) if object.stamp.is_same_object(expected) => Ok(()),
            _ => Err(Failure::Stale),
        }
    }

    fn is_readable(&self, key: &Key, expected: &RemoteStamp) -> Result<(), Failure> {
        self.is_object(key, Some(expected))?;
        if self.world.remote[key].readability == Readability::Readable {
            return Ok(());
        }
        assert!(self.disturbance_was_archive(), "{key} is archived and read");
        Err(Failure::Clash)
    }

    fn disturbance_was_archive(&self) -> bool {
        matches!(self.run.fault, Fault::Disturbed { .. })
    }

    fn keep_remote(&mut self, key: &Key, expected: &RemoteStamp) -> Result<(), Failure> {
        self.is_object(key, Some(expected))?;
        // What is not understood can be copied all the same.
        if self.world.remote[key].readability != Readability::Sealed {
            self.is_readable(key, expected)?;
        }
        self.world.kept.insert(self.world.remote[key].bytes);
        Ok(())
    }

    /// A record is made only of what both sides hold at that moment.
    fn learn(&mut self, key: &Key, record: Record) {
        let is_disturbed = matches!(self.run.fault, Fault::Disturbed { .. });
        let (file, object) = (self.world.local.get(key), self.world.remote.get(key));
        match (file, object) {
            (Some(file), Some(object)) if !is_disturbed => {
                assert_eq!(file.bytes, object.bytes, "{key} is recorded but differs");
                assert_eq!(record.local, Some(file.stamp), "{key}");
                assert!(record.remote.is_same_object(&object.stamp), "{key}");
                match record.content {
                    Content::Unknown => {}
                    Content::ETag => assert_eq!(record.remote.etag, etag(file.bytes), "{key}"),
                    Content::Blake3(sum) => assert_eq!(sum, blake3(file.bytes), "{key}"),
                }
            }
            _ => assert!(is_disturbed, "{key} is recorded but not there"),
        }
        assert_eq!(record.key, *key);
        let before = self.world.base.insert(key.clone(), record);
        self.receipts.push((key.clone(), before));
    }

    fn forget(&mut self, key: &Key) {
        if !matches!(self.run.fault, Fault::Disturbed { .. }) {
            let world = &self.world;
            assert!(
                !world.local.contains_key(key),
                "{key} is forgotten but here"
            );
            assert!(
                !world.remote.contains_key(key),
                "{key} is forgotten but in the bucket"
            );
        }
        let before = self.world.base.remove(key);
        self.receipts.push((key.clone(), before));
    }
}
