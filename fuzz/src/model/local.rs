//! What the program does in a machine's directory. Every look and every change is one moment, for
//! a change that met another file than the expected one is taken back (`src/local/place.rs`).

use super::hands::Failure;
use super::recovery::Displaced;
use super::run::Work;
use super::turn::{Due, Luck};
use super::world::{Bytes, File, Machine, World, holds, in_each_others_way};
use s3_bsync::key::Key;
use s3_bsync::plan::Loser;
use s3_bsync::stamp::LocalStamp;
use std::cell::RefMut;

/// A file on its way to its place.
pub(super) struct Placing<'a> {
    pub(super) key: &'a Key,
    pub(super) bytes: Bytes,
    pub(super) mtime_ns: i64,
    /// The file it replaces.
    pub(super) over: Option<&'a LocalStamp>,
    pub(super) loser: Loser,
}

impl Work<'_> {
    /// The moment of a look or a change.
    async fn moment(&self, what: impl Fn() -> String) -> Result<RefMut<'_, World>, Failure> {
        let luck = self.pace.turn(Due::Local).await;
        let mut world = self.world.borrow_mut();
        let fails = match luck {
            Luck::Fails => ", which fails",
            Luck::Good | Luck::Unheard => "",
        };
        world.tell(|| format!("{}: {}{fails}", self.who + 1, what()));
        match luck {
            Luck::Fails => Err(Failure::Unreachable),
            Luck::Good | Luck::Unheard => Ok(world),
        }
    }

    pub(super) async fn stat(&self, key: &Key) -> Result<Option<LocalStamp>, Failure> {
        let world = self.moment(|| format!("stats {key}")).await?;
        let file = world.machines[self.who].local.get(key);
        Ok(file.map(|file| file.stamp))
    }

    /// The file, where it is the expected one.
    pub(super) async fn read(&self, key: &Key, expected: &LocalStamp) -> Result<File, Failure> {
        let world = self.moment(|| format!("reads {key}")).await?;
        self.file(&world, key, expected)
    }

    fn file(&self, world: &World, key: &Key, expected: &LocalStamp) -> Result<File, Failure> {
        match world.machines[self.who].local.get(key) {
            Some(file) if file.stamp == *expected => Ok(file.clone()),
            _ => Err(Failure::Stale),
        }
    }

    pub(super) async fn remove_to_recovery(
        &self,
        key: &Key,
        expected: &LocalStamp,
    ) -> Result<(), Failure> {
        let mut world = self.moment(|| format!("removes {key}")).await?;
        self.file(&world, key, expected)?;
        assert!(!world.machines[self.who].is_fogged(key), "{key}");
        // A listing that fails, or is not whole, says of nothing that it is gone.
        let object = world.remote.get(key);
        let was_gone = object.is_none_or(|object| object.since > self.begun);
        assert!(
            was_gone,
            "{key} goes here, and was never gone from the bucket"
        );
        world.keep(self.who, key, Displaced::Deleted, self.begun);
        Ok(())
    }

    /// Puts a file in its place; where the one that would be displaced holds the very same bytes,
    /// that stays.
    pub(super) async fn place(&self, placing: Placing<'_>) -> Result<File, Failure> {
        let Placing {
            key,
            bytes,
            mtime_ns,
            over,
            loser,
        } = placing;
        let mut world = self.moment(|| format!("places {bytes} as {key}")).await?;
        let Machine { local, .. } = &world.machines[self.who];
        if local.keys().any(|at| in_each_others_way(at, key)) {
            return Err(Failure::Clash);
        }
        match over {
            Some(over) => {
                let file = self.file(&world, key, over)?;
                if loser == Loser::Keep && file.bytes == bytes {
                    return Ok(file);
                }
                let why = match loser {
                    Loser::Keep => Displaced::Lost,
                    Loser::Discard => Displaced::Replaced,
                };
                self.check_licence(&world, key, &file, why);
                world.keep(self.who, key, why, self.begun);
            }
            None if local.contains_key(key) => return Err(Failure::Stale),
            None => {}
        }
        world.put_file(self.who, key, bytes, mtime_ns);
        Ok(world.machines[self.who].local[key].clone())
    }

    /// Renames the expected file to where nothing may be.
    pub(super) async fn rename(
        &self,
        from: &Key,
        to: &Key,
        expected: &LocalStamp,
    ) -> Result<LocalStamp, Failure> {
        let mut world = self.moment(|| format!("renames {from} to {to}")).await?;
        let file = self.file(&world, from, expected)?;
        let Machine { local, .. } = &world.machines[self.who];
        if local.contains_key(to) {
            return Err(Failure::Stale);
        }
        let mut others = local.keys().filter(|at| *at != from);
        if others.any(|at| in_each_others_way(at, to)) || in_each_others_way(from, to) {
            return Err(Failure::Clash);
        }
        world.rename_file(self.who, from, to);
        let machine = &mut world.machines[self.who];
        machine.owed.follow(file.bytes, from, to);
        Ok(world.machines[self.who].local[to].stamp)
    }

    /// Only what the base has there may be displaced without a conflict.
    fn check_licence(&self, world: &World, key: &Key, file: &File, why: Displaced) {
        let machine = &world.machines[self.who];
        assert!(!machine.is_fogged(key), "{key} is not to be touched");
        let is_recorded = machine.base.get(key).is_some_and(|record| {
            record.is_proven() && (record.local == Some(file.stamp) || holds(record, file.bytes))
        });
        assert!(
            is_recorded || file.bytes == 0 || why == Displaced::Lost || machine.keeps(file.bytes),
            "{key}: {} goes from directory {} without licence",
            file.bytes,
            self.who + 1
        );
    }
}
