//! The store: all buckets under one mutex, on memory or over a folder, with the clock, the keys
//! that may sign, and the server's temperament.

use super::blob::{Blob, Content};
use super::folder::Folder;
use super::model::{Bucket, Version};
use super::profile::Profile;
use bytes::Bytes;
use s3s::{S3Error, S3Result, s3_error};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Everything the server knows.
pub struct Store {
    state: Mutex<State>,
    folder: Option<Folder>,
    profile: Mutex<Profile>,
    keys: Mutex<BTreeMap<String, Key>>,
}

/// The buckets.
#[derive(Default)]
pub struct State {
    /// By name.
    pub buckets: BTreeMap<String, Bucket>,
    /// The most entries of a page of a listing; `None` for as many as S3 gives.
    pub page: Option<usize>,
    serial: u64,
}

/// A pair of keys and what it may do.
#[derive(Clone)]
pub struct Key {
    /// The secret half.
    pub secret: String,
    /// What its owner may do.
    pub rights: Rights,
}

/// What the owner of a pair of keys may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    Full,
    /// Get, head and list.
    ReadOnly,
    /// Nothing: every request is 403 `AccessDenied`.
    Denied,
}

impl Store {
    /// An empty store in memory.
    pub fn in_memory() -> Self {
        Self::over(State::default(), None)
    }

    /// A store that keeps everything below `path`, and begins with what is there.
    ///
    /// # Errors
    /// Whatever reading or making the folder gives.
    pub fn in_folder(path: &Path) -> io::Result<Self> {
        let (folder, buckets) = Folder::open(path)?;
        let serial = u64::try_from(now_ms()).unwrap_or(0) << 16;
        let state = State {
            buckets,
            page: None,
            serial,
        };
        Ok(Self::over(state, Some(folder)))
    }

    fn over(state: State, folder: Option<Folder>) -> Self {
        Self {
            state: Mutex::new(state),
            folder,
            profile: Mutex::new(Profile::HONEST),
            keys: Mutex::default(),
        }
    }

    /// The buckets, for as long as nobody else may see them.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        held(&self.state)
    }

    /// Puts bytes away: in memory, or in a file of their own.
    pub fn keep(&self, bytes: Bytes) -> S3Result<Content> {
        let Some(folder) = &self.folder else {
            return Ok(Content::memory(bytes));
        };
        let len = bytes.len() as u64;
        let path = folder.keep(&bytes).map_err(S3Error::internal_error)?;
        Ok(Content(vec![Blob::File {
            path,
            offset: 0,
            len,
        }]))
    }

    /// Writes down that `key`'s versions are now what `state` says.
    pub fn note_key(&self, state: &State, bucket: &str, key: &str) -> S3Result<()> {
        self.note(|folder| {
            let versions = state.buckets.get(bucket).and_then(|b| b.keys.get(key));
            folder.note_key(bucket, key, versions.map_or(&[], |v| &v[..]))
        })
    }

    /// Writes down that an upload is now what `state` says.
    pub fn note_upload(&self, state: &State, bucket: &str, id: &str) -> S3Result<()> {
        self.note(|folder| {
            let upload = state.buckets.get(bucket).and_then(|b| b.uploads.get(id));
            folder.note_upload(bucket, id, upload)
        })
    }

    /// Writes down that a bucket is now there, or no more.
    pub fn note_bucket(&self, state: &State, bucket: &str) -> S3Result<()> {
        self.note(|folder| folder.note_bucket(bucket, state.buckets.get(bucket)))
    }

    fn note(&self, write: impl FnOnce(&Folder) -> io::Result<()>) -> S3Result<()> {
        match &self.folder {
            Some(folder) => write(folder).map_err(S3Error::internal_error),
            None => Ok(()),
        }
    }

    /// How honest the server is.
    pub fn profile(&self) -> Profile {
        *held(&self.profile)
    }

    /// Makes it another.
    pub fn set_profile(&self, profile: Profile) {
        *held(&self.profile) = profile;
    }

    /// Lets a pair of keys sign, with these rights from now on.
    pub fn set_key(&self, access: &str, secret: &str, rights: Rights) {
        let key = Key {
            secret: secret.to_owned(),
            rights,
        };
        held(&self.keys).insert(access.to_owned(), key);
    }

    /// A pair of keys by its public half.
    pub fn key(&self, access: &str) -> Option<Key> {
        held(&self.keys).get(access).cloned()
    }
}

impl State {
    /// A bucket to read.
    pub fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets.get(name).ok_or_else(|| no_bucket(name))
    }

    /// A bucket to change.
    pub fn bucket_mut(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| no_bucket(name))
    }

    /// A version or upload id that was never given out before.
    pub fn fresh_id(&mut self) -> String {
        self.serial += 1;
        format!("{:016x}{:04x}", self.serial, self.serial % 65_521)
    }

    /// All versions of all keys of a bucket, in the order of keys, oldest first.
    pub fn versions(&self, bucket: &str) -> Vec<(String, Version)> {
        let Some(bucket) = self.buckets.get(bucket) else {
            return Vec::new();
        };
        bucket
            .keys
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(|v| (key.clone(), v.clone())))
            .collect()
    }
}

fn no_bucket(name: &str) -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket {name} does not exist")
}

/// Locks, whatever became of the last holder.
pub fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
