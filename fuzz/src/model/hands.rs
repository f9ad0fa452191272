//! Carries out steps on the model as the real hands do, look by look and request by request
//! (`src/transfer.rs`): what a step expects is checked once more at the last moment.

use super::local::Placing;
use super::run::{Company, Work};
use super::server::Expect;
use super::turn::Due;
use super::world::{Object, etag, holds, record};
use s3_bsync::key::Key;
use s3_bsync::plan::{Loser, Receipt, Step};
use s3_bsync::stamp::{LocalStamp, RemoteStamp};
use s3_bsync::state::{Change, Encoding, Record};

/// Why a step was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A side is not what the step expects; worth another look.
    Stale,
    /// A name is taken by something of another kind, a conflict copy's name is taken, or the object
    /// is archived.
    Clash,
    /// A request has no answer, or the disk fails.
    Unreachable,
}

impl Work<'_> {
    pub(super) async fn step(&self, step: &Step) -> Result<Receipt, Failure> {
        self.pace.turn(Due::Step).await;
        match step {
            Step::Adopt(record) => Ok(vec![Change::Upsert((**record).clone())]),
            Step::Forget(key) => Ok(vec![Change::Remove(key.clone())]),
            Step::Upload {
                key,
                local,
                over,
                loser,
            } => {
                if let (Some(over), Loser::Keep) = (over, loser) {
                    self.keep(key, over).await?;
                }
                let record = self.upload(key, local, over.as_ref()).await?;
                Ok(vec![Change::Upsert(record)])
            }
            Step::Download {
                key,
                remote,
                over,
                loser,
            } => {
                let object = self.get(key, remote).await?;
                let record = self.finish(key, &object, over.as_ref(), *loser).await?;
                Ok(vec![Change::Upsert(record)])
            }
            Step::KeepBoth {
                key,
                aside,
                local,
                remote,
            } => self.keep_both([key, aside], local, remote).await,
            Step::DeleteLocal { key, local } => {
                if self.head(key).await?.is_some() {
                    return Err(Failure::Stale);
                }
                self.remove_to_recovery(key, local).await?;
                Ok(vec![Change::Remove(key.clone())])
            }
            Step::DeleteRemote { key, remote, loser } => {
                self.remove_object(key, remote, *loser).await
            }
            Step::MoveRemote {
                to, local, source, ..
            } => self.copy_renamed(to, local, source).await,
            Step::MoveLocal {
                to,
                local,
                remote,
                source,
            } => self.rename_moved(to, local, remote, source).await,
        }
    }

    async fn upload(
        &self,
        key: &Key,
        local: &LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let file = self.read(key, local).await?;
        super::laws::of_sending(&self.world.borrow(), self.who, (key, over), file.bytes);
        let expect = over.map_or(Expect::Absent, |object| Expect::Is(&object.etag));
        let sent = (file.bytes, file.stamp.mtime_ns);
        let remote = self.put(key, sent, expect).await?;
        Ok(record(key, &file, &remote))
    }

    async fn finish(
        &self,
        key: &Key,
        object: &Object,
        over: Option<&LocalStamp>,
        loser: Loser,
    ) -> Result<Record, Failure> {
        let placing = Placing {
            key,
            bytes: object.bytes,
            mtime_ns: object.mtime_ns,
            over,
            loser,
        };
        let file = self.place(placing).await?;
        Ok(record(key, &file, &object.stamp))
    }

    async fn keep_both(
        &self,
        [key, aside]: [&Key; 2],
        local: &LocalStamp,
        remote: &RemoteStamp,
    ) -> Result<Receipt, Failure> {
        let object = self.get(key, remote).await?;
        let renamed = self.rename(key, aside, local).await?;
        let theirs = match self.finish(key, &object, None, Loser::Discard).await {
            Ok(theirs) => theirs,
            Err(failure) => {
                let _ = self.rename(aside, key, &renamed).await;
                return Err(failure);
            }
        };
        let mut receipt = vec![Change::Upsert(theirs)];
        match self.upload(aside, &renamed, None).await {
            Ok(ours) => receipt.push(Change::Upsert(ours)),
            // The step is about another key, so to look at that one again would hide this.
            Err(Failure::Stale) => return Err(Failure::Clash),
            Err(failure) => return Err(failure),
        }
        Ok(receipt)
    }

    /// Removes an object whose file is gone.
    pub(super) async fn remove_object(
        &self,
        key: &Key,
        remote: &RemoteStamp,
        loser: Loser,
    ) -> Result<Receipt, Failure> {
        if self.stat(key).await?.is_some() {
            return Err(Failure::Stale);
        }
        if loser == Loser::Keep {
            self.keep(key, remote).await?;
        }
        self.delete(key, &remote.etag).await?;
        Ok(vec![Change::Remove(key.clone())])
    }

    async fn copy_renamed(
        &self,
        to: &Key,
        local: &LocalStamp,
        source: &Record,
    ) -> Result<Receipt, Failure> {
        if self.stat(&source.key).await?.is_some() {
            return Err(Failure::Stale);
        }
        let file = self.read(to, local).await?;
        if !holds(source, file.bytes) {
            return Err(Failure::Stale);
        }
        let is_md5 = source.remote.etag == etag(file.bytes);
        let is_plain = is_md5 && source.encoding == Encoding::Plain;
        let remote = if is_plain {
            self.copy_plain(&source.key, &source.remote, to).await?
        } else {
            self.copy(&source.key, &source.remote, to).await?
        };
        Ok(vec![Change::Upsert(Record {
            key: to.clone(),
            local: Some(*local),
            remote,
            ..source.clone()
        })])
    }

    async fn rename_moved(
        &self,
        to: &Key,
        local: &LocalStamp,
        remote: &RemoteStamp,
        source: &Record,
    ) -> Result<Receipt, Failure> {
        let new = self.head(to).await?;
        let old = self.head(&source.key).await?;
        let new = new.filter(|new| new.stamp.is_same_object(remote));
        let (Some(new), None) = (new, old) else {
            return Err(Failure::Stale);
        };
        if source.local != Some(*local) {
            let file = self.read(&source.key, local).await?;
            if !holds(source, file.bytes) {
                return Err(Failure::Stale);
            }
        }
        let renamed = self.rename(&source.key, to, local).await?;
        let from = source.key.clone();
        let record = Record {
            key: to.clone(),
            local: Some(renamed),
            remote: new.stamp,
            content: source.content.carried(),
            ..source.clone()
        };
        Ok(vec![Change::Upsert(record), Change::Remove(from)])
    }

    /// Records what a step did.
    pub(super) fn learn(&self, receipt: Receipt) {
        let mut world = self.world.borrow_mut();
        for change in receipt {
            super::laws::of_receipt(&world, self.who, &change);
            if self.terms.company == Company::Alone {
                super::laws::of_lone_receipt(&world, self.who, &change);
            }
            let machine = &mut world.machines[self.who];
            let key = change.key().clone();
            let before = match change {
                Change::Upsert(record) => machine.base.insert(key.clone(), record),
                Change::Remove(key) => machine.base.remove(&key),
            };
            machine.receipts.push((key, before));
        }
    }
}
