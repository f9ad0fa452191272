//! What is kept of one map: its recovery folder in the directory, and the one in the bucket.

use super::Error;
use crate::cli::{Meant, Side, Wanted};
use crate::commands::dump::words::{Size, utc};
use crate::commands::named;
use crate::key::{Key, Shown};
use crate::local::{self, Displaced, OwnFiles, RecoveryRun, Root};
use crate::remote::{Listed, Network, Remote};
use crate::stamp::RemoteStamp;
use crate::state::{Bucket, DirMap};
use serde_json::{Value, json};

/// One kept version.
pub(super) struct Kept {
    pub(super) side: Side,
    /// The folder that holds it.
    pub(super) folder: String,
    /// The run that displaced it.
    pub(super) run: RecoveryRun,
    /// The path that it had.
    pub(super) path: String,
    /// Of an object what it takes in the bucket.
    pub(super) size_bytes: u64,
    /// A listing does not tell that of an object's file.
    pub(super) mtime_ns: Option<i64>,
    pub(super) place: Place,
}

/// Where a version is kept.
pub(super) enum Place {
    Local(local::Kept),
    /// Under this key of the bucket's recovery folder.
    Bucket(Key, RemoteStamp),
}

/// The recovery folders of a map, as far as they are asked for.
pub(super) struct Folders {
    pub(super) map: DirMap,
    pub(super) root: Option<Root>,
    pub(super) remote: Option<Remote>,
}

impl Folders {
    /// Opens them; only that of `side`, if one is given.
    pub(super) async fn open(
        bucket: &Bucket,
        map: &DirMap,
        own: &OwnFiles,
        side: Option<Side>,
        network: &Network,
    ) -> Result<Self, Error> {
        let root = match side {
            Some(Side::Bucket) => None,
            _ => Some(Root::open(&map.path, Some(own.clone()))?.with_links(map.links)),
        };
        let remote = match side {
            Some(Side::Local) => None,
            _ => Some(named::remote(bucket, map, network).await?),
        };
        Ok(Self {
            map: map.clone(),
            root,
            remote,
        })
    }

    /// What they hold of what is wanted: the directory's first, each in the order of runs.
    pub(super) async fn list(&self, wanted: Option<&Wanted>) -> Result<Vec<Kept>, Error> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            found.extend(root.list_recovery()?.into_iter().map(of_file));
        }
        if let Some(remote) = &self.remote {
            let mut listing = remote.recovery().list(&[]);
            while let Some(batch) = listing.next().await? {
                found.extend(batch.into_iter().filter_map(of_object));
            }
        }
        if let Some(wanted) = wanted {
            let best = found.iter().filter_map(|kept| kept.meant(wanted)).max();
            found.retain(|kept| best.is_some() && kept.meant(wanted) == best);
        }
        Ok(found)
    }

    /// The same, where there must be something.
    pub(super) async fn some(&self, wanted: &Wanted) -> Result<Vec<Kept>, Error> {
        let found = self.list(Some(wanted)).await?;
        if found.is_empty() {
            return Err(Error::NoneKept(wanted.text().to_owned()));
        }
        Ok(found)
    }

    /// The same, where there must be one.
    pub(super) async fn one(&self, wanted: &Wanted) -> Result<Kept, Error> {
        let mut found = self.some(wanted).await?;
        match (found.pop(), found.len()) {
            (Some(kept), 0) => Ok(kept),
            (_, rest) => Err(Error::Several(wanted.text().to_owned(), rest + 1)),
        }
    }
}

fn of_file(kept: local::Kept) -> Kept {
    Kept {
        side: Side::Local,
        folder: kept.folder.clone(),
        run: kept.run.clone(),
        path: kept.path.clone(),
        size_bytes: kept.size_bytes,
        mtime_ns: Some(kept.mtime_ns),
        place: Place::Local(kept),
    }
}

/// Whatever lies there that no run has put there is nothing of ours.
fn of_object(listed: Listed) -> Option<Kept> {
    let Listed::Object { key, stamp, .. } = listed else {
        return None;
    };
    let (folder, path) = key.as_str().split_once('/')?;
    Some(Kept {
        side: Side::Bucket,
        folder: folder.to_owned(),
        run: RecoveryRun::parse(folder)?,
        path: path.to_owned(),
        size_bytes: stamp.size_bytes,
        mtime_ns: None,
        place: Place::Bucket(key, stamp),
    })
}

impl Kept {
    fn meant(&self, wanted: &Wanted) -> Option<Meant> {
        let folders = [&self.folder[..], self.run.name()];
        let meant = |folder| wanted.has(self.side, folder, &self.path);
        folders.into_iter().filter_map(meant).max()
    }

    /// What names it, and nothing else of its side.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.folder, self.path)
    }

    /// A line about it: map, side, name, size and time.
    pub(super) fn line(&self, map: &str) -> String {
        let size = Size(self.size_bytes);
        let time = self.mtime_ns.map(|ns| utc(ns.div_euclid(1_000_000)));
        let time = time.map_or_else(String::new, |time| format!(", of {time}"));
        let (map, from, name) = (Shown(map), self.side.name(), self.name());
        format!("{map}  {from:6}  {}  {size}{time}", Shown(&name))
    }

    /// The same for machines.
    pub(super) fn json(&self, map: &str) -> Value {
        json!({
            "map": map,
            "side": self.side.name(),
            "name": self.name(),
            "path": self.path,
            "why": match &self.place {
                Place::Local(kept) => kept.why.map(Displaced::name),
                Place::Bucket(..) => None,
            },
            "displaced": utc(self.run.started_ms()),
            "size_bytes": self.size_bytes,
            "modified": self.mtime_ns.map(|ns| utc(ns.div_euclid(1_000_000))),
        })
    }
}
