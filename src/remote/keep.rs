//! Keeping a conflict's loser: as an old version, or as a copy in the bucket's recovery folder.
//!
//! Promises: what is said to be kept is there, whole, before its key is overwritten; nothing that
//! was kept before is replaced.

use super::error::{Error, Kind, Operation};
use super::write::Expect;
use super::{RECOVERY, Remote};
use crate::key::{Key, MAX_OBJECT_KEY_BYTES};
use crate::stamp::RemoteStamp;

/// Recovery folders of one second that are tried for one key.
const FOLDERS: u32 = 9;

/// Where a conflict's loser is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// As an old version of its own key, once it is overwritten or deleted.
    Version(Box<str>),
    /// As a copy under this object key.
    Copy {
        /// The full object key.
        object_key: String,
        /// The copy's stamp.
        stamp: RemoteStamp,
    },
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(id) => write!(f, "version {}", crate::key::Shown(id)),
            Self::Copy { object_key, .. } => crate::key::Shown(object_key).fmt(f),
        }
    }
}

impl Remote {
    /// Makes sure that the object `key`, which must still be `loser`, can be found after it is
    /// overwritten or deleted: as an old version where the bucket keeps those, else as a verified
    /// copy `PREFIX/.s3bsync/recovery/RUN/KEY`. Where that name is taken, by another machine in the
    /// same second or by an earlier loser of this run, the folder is `RUN-2` and so on.
    ///
    /// # Errors
    /// As [`Remote::copy`], and [`Kind::Unsupported`] where the copy's key would be too long. Then
    /// nothing is kept, and the object must be left alone.
    pub async fn keep_loser(
        &self,
        key: &Key,
        loser: &RemoteStamp,
        run: &str,
    ) -> Result<Kept, Error> {
        let from = self.object_key(key);
        if self.capabilities.versioned {
            let head = self.head_object(&from).await?;
            let head = head.filter(|head| head.stamp.is_same_object(loser));
            let head = head.ok_or_else(|| self.error(Kind::Changed, Operation::Copy, &from))?;
            if let Some(version) = head.stamp.version {
                return Ok(Kept::Version(version));
            }
        }
        let mut number = 1;
        loop {
            let folder = match number {
                1 => run.to_owned(),
                _ => format!("{run}-{number}"),
            };
            let to = self.own_key(&format!("{RECOVERY}/{folder}/{}", key.as_str()));
            if to.len() > MAX_OBJECT_KEY_BYTES {
                return Err(self.error(Kind::Unsupported, Operation::Copy, &to));
            }
            let write = self.fresh_write(&to)?;
            let expect = Expect::Absent;
            match self.copy_object(&from, loser, &to, expect, write).await {
                Ok(stamp) => {
                    return Ok(Kept::Copy {
                        object_key: to,
                        stamp,
                    });
                }
                // A changed loser is told with its own key, or found out by the next attempt.
                Err(error)
                    if error.kind == Kind::Changed
                        && error.key.as_ref() == Some(&to)
                        && number < FOLDERS =>
                {
                    number += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives what is kept as `kept` (`RUN/KEY`), and must still be `stamp`, the key `to` of this
    /// prefix, where nothing may be; then it is kept no longer.
    ///
    /// # Errors
    /// As [`Remote::copy`]: [`Kind::Changed`] with the object key of `to` where that is taken. Where
    /// the kept object cannot be removed after that, it stays.
    pub async fn put_back(&self, kept: &Key, stamp: &RemoteStamp, to: &Key) -> Result<(), Error> {
        let recovery = self.recovery();
        let from = recovery.object_key(kept);
        let to = self.object_key(to);
        let write = self.fresh_write(&to)?;
        self.copy_object(&from, stamp, &to, Expect::Absent, write)
            .await?;
        recovery.delete(kept, &stamp.etag).await?;
        Ok(())
    }

    /// Whether a failure says that the key `to` of this prefix is taken.
    #[must_use]
    pub fn is_taken(&self, error: &Error, to: &Key) -> bool {
        error.kind == Kind::Changed && error.key.as_ref() == Some(&self.object_key(to))
    }
}
