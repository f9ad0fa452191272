//! A hand on one bucket of the store, without HTTP: what a test does behind the program's back,
//! and what it looks at afterwards.

use super::blob::Content;
use super::model::{Bucket, Meta, Object, Restore, Versioning};
use super::store::{Store, now_ms};
use super::sums::{Algorithm, Sums, hex, md5_of};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A hand on one bucket.
#[derive(Clone)]
pub struct BucketHand {
    store: Arc<Store>,
    name: String,
}

/// What one version of an object looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The key.
    pub key: String,
    /// Version id, `null` where there is none.
    pub version: String,
    /// Whether it is the current version.
    pub is_current: bool,
    /// The bytes; `None` for a delete marker.
    pub bytes: Option<Bytes>,
    /// Without quotes.
    pub etag: String,
    /// User metadata.
    pub meta: BTreeMap<String, String>,
    /// System headers such as `content-type`.
    pub headers: BTreeMap<String, String>,
    /// Storage class.
    pub class: String,
    /// How far a restore is.
    pub restore: Restore,
    /// Last-Modified, milliseconds since the epoch.
    pub modified_ms: i64,
}

impl BucketHand {
    /// A hand on `name`, which is made if it is not there.
    pub fn new(store: &Arc<Store>, name: &str) -> Self {
        let hand = Self {
            store: Arc::clone(store),
            name: name.to_owned(),
        };
        let mut state = store.lock();
        if !state.buckets.contains_key(name) {
            let bucket = Bucket {
                created_ms: now_ms(),
                ..Bucket::default()
            };
            state.buckets.insert(name.to_owned(), bucket);
            store
                .note_bucket(&state, name)
                .expect("the store's folder can be written");
        }
        drop(state);
        hand
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another hand, on another bucket of the same store.
    pub fn other(&self, name: &str) -> Self {
        Self::new(&self.store, name)
    }

    /// The store behind it.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// All that the bucket holds now.
    pub fn copy(&self) -> Bucket {
        let state = self.store.lock();
        state
            .bucket(&self.name)
            .expect("the bucket is there")
            .clone()
    }

    /// Makes the bucket, in memory, hold what it held when it was copied.
    pub fn restore(&self, copy: Bucket) {
        let mut state = self.store.lock();
        *state.bucket_mut(&self.name).expect("the bucket is there") = copy;
    }

    /// Writes an object.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.put_with(key, bytes, &[]);
    }

    /// Writes an object with user metadata.
    pub fn put_with(&self, key: &str, bytes: impl Into<Bytes>, meta: &[(&str, &str)]) {
        let content = self
            .store
            .keep(bytes.into())
            .expect("the store can keep bytes");
        let own = |text: &&str| (*text).to_owned();
        let object = Object {
            etag: hex(&md5_of(&content).expect("kept bytes can be read")),
            sums: Sums::of(Algorithm::Crc64Nvme, &content).expect("kept bytes can be read"),
            content,
            class: "STANDARD".to_owned(),
            meta: Meta {
                user: meta
                    .iter()
                    .map(|(name, value)| (own(name), own(value)))
                    .collect(),
                ..Meta::default()
            },
            ..Object::default()
        };
        let mut state = self.store.lock();
        let fresh = state.fresh_id();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        bucket.commit(key, object, now_ms(), fresh);
        self.noted(&state, key);
    }

    /// Deletes an object, as a plain DELETE would.
    pub fn delete(&self, key: &str) {
        let mut state = self.store.lock();
        let fresh = state.fresh_id();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        bucket.remove(key, None, now_ms(), fresh);
        self.noted(&state, key);
    }

    /// The current object.
    pub fn get(&self, key: &str) -> Option<Seen> {
        let versions = self.versions(key);
        versions
            .into_iter()
            .find(|v| v.is_current && v.bytes.is_some())
    }

    /// Keys of all current objects, in order.
    pub fn keys(&self) -> Vec<String> {
        let state = self.store.lock();
        let bucket = state.bucket(&self.name).expect("the bucket is there");
        bucket
            .keys
            .keys()
            .filter(|key| bucket.current(key).is_some())
            .cloned()
            .collect()
    }

    /// Keys of everything that has a version, deleted or not, in order.
    pub fn all_keys(&self) -> Vec<String> {
        let state = self.store.lock();
        let bucket = state.bucket(&self.name).expect("the bucket is there");
        bucket.keys.keys().cloned().collect()
    }

    /// All versions of a key, oldest first, delete markers too.
    pub fn versions(&self, key: &str) -> Vec<Seen> {
        let state = self.store.lock();
        let bucket = state.bucket(&self.name).expect("the bucket is there");
        let versions = bucket.keys.get(key).map_or(&[][..], |v| &v[..]);
        let current = versions.len().wrapping_sub(1);
        versions
            .iter()
            .enumerate()
            .map(|(n, version)| {
                let object = version.object.clone();
                let bytes = object
                    .as_ref()
                    .map(|o| o.content.bytes().expect("bytes are there"));
                let object = object.unwrap_or_default();
                Seen {
                    key: key.to_owned(),
                    version: version.name().to_owned(),
                    is_current: n == current,
                    bytes,
                    etag: object.etag,
                    meta: object.meta.user,
                    headers: object.meta.headers,
                    class: object.class,
                    restore: object.restore,
                    modified_ms: version.modified_ms,
                }
            })
            .collect()
    }

    /// Bytes of all versions together.
    pub fn bytes_held(&self) -> u64 {
        let versions = self.store.lock().versions(&self.name);
        versions
            .iter()
            .filter_map(|(_, version)| Some(version.object.as_ref()?.content.len()))
            .sum()
    }

    /// Keys and ids of uploads that were begun and neither completed nor aborted.
    pub fn pending_uploads(&self) -> Vec<(String, String)> {
        let state = self.store.lock();
        let bucket = state.bucket(&self.name).expect("the bucket is there");
        bucket
            .uploads
            .iter()
            .map(|(id, upload)| (upload.key.clone(), id.clone()))
            .collect()
    }

    /// Moves the beginning of all pending uploads back by so many milliseconds.
    pub fn age_uploads(&self, by_ms: i64) {
        let mut state = self.store.lock();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        for upload in bucket.uploads.values_mut() {
            upload.begun_ms -= by_ms;
        }
    }

    /// Replaces the first part of every pending upload by others of the same length.
    pub fn spoil_parts(&self) {
        let mut state = self.store.lock();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        for part in bucket
            .uploads
            .values_mut()
            .filter_map(|upload| upload.parts.values_mut().next())
        {
            let length = usize::try_from(part.content.len()).expect("parts fit in memory");
            let content = self.store.keep(vec![0xEE; length].into());
            part.content = content.expect("the store can keep bytes");
            part.md5 = md5_of(&part.content).expect("kept bytes can be read");
            part.sums = Sums::of(Algorithm::Crc64Nvme, &part.content).expect("they can be read");
        }
    }

    /// Flips a bit of the current object, as a failing disk would: whatever was said of the bytes
    /// stays.
    pub fn rot(&self, key: &str) {
        self.change(key, |object, _| {
            let mut bytes = object
                .content
                .bytes()
                .expect("kept bytes can be read")
                .to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            object.content = Content::memory(bytes.into());
        });
    }

    /// Drops the checksums of the current object, as one that was uploaded without any has none.
    pub fn forget_sums(&self, key: &str) {
        self.change(key, |object, _| object.sums = Sums::default());
    }

    /// Lists objects in pages of so many.
    pub fn set_page(&self, entries: usize) {
        self.store.lock().page = Some(entries);
    }

    /// Switches versioning.
    pub fn set_versioning(&self, versioning: Versioning) {
        let mut state = self.store.lock();
        state
            .bucket_mut(&self.name)
            .expect("the bucket is there")
            .versioning = versioning;
        self.store
            .note_bucket(&state, &self.name)
            .expect("the store's folder can be written");
    }

    /// Gives the current object another storage class, as a lifecycle rule would.
    pub fn set_class(&self, key: &str, class: &str) {
        self.change(key, |object, _| {
            class.clone_into(&mut object.class);
            object.restore = Restore::None;
        });
    }

    /// Moves the current object into an archive tier of Intelligent-Tiering.
    pub fn set_archive(&self, key: &str, tier: &str) {
        self.change(key, |object, _| {
            "INTELLIGENT_TIERING".clone_into(&mut object.class);
            object.archive = Some(tier.to_owned());
        });
    }

    /// Gives the current object another Last-Modified, milliseconds since the epoch.
    pub fn set_modified(&self, key: &str, modified_ms: i64) {
        self.change(key, |_, modified| *modified = modified_ms);
    }

    /// Gives the current object these tags.
    pub fn set_tags(&self, key: &str, tags: &[(&str, &str)]) {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let tags = tags.iter().map(own).collect();
        self.change(key, |object, _| object.meta.tags = tags);
    }

    /// The current object's tags.
    pub fn tags(&self, key: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.change(key, |object, _| {
            found.extend(object.meta.tags.clone());
        });
        found
    }

    /// Renames an object as another program would: a copy with all that belongs to it, then the old
    /// key goes. The copy of an object in parts has another ETag where `etag` says so.
    pub fn rename(&self, from: &str, to: &str, etag: Option<&str>) {
        let mut copy = Object::default();
        self.change(from, |object, _| copy = object.clone());
        if let Some(etag) = etag {
            etag.clone_into(&mut copy.etag);
        }
        let mut state = self.store.lock();
        let fresh = state.fresh_id();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        bucket.commit(to, copy, now_ms(), fresh);
        self.noted(&state, to);
        drop(state);
        self.delete(from);
    }

    fn change(&self, key: &str, change: impl FnOnce(&mut Object, &mut i64)) {
        let mut state = self.store.lock();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        let version = bucket
            .keys
            .get_mut(key)
            .and_then(|versions| versions.last_mut());
        let version = version.unwrap_or_else(|| panic!("no object {key:?}"));
        let object = version.object.as_mut();
        change(
            object.unwrap_or_else(|| panic!("{key:?} is deleted")),
            &mut version.modified_ms,
        );
        self.noted(&state, key);
    }

    /// Ends every restore that was asked for; returns the keys.
    pub fn finish_restores(&self) -> Vec<String> {
        let mut state = self.store.lock();
        let bucket = state.bucket_mut(&self.name).expect("the bucket is there");
        let mut finished = Vec::new();
        for (key, versions) in &mut bucket.keys {
            for object in versions.iter_mut().filter_map(|v| v.object.as_mut()) {
                if let Restore::Asked(days) = object.restore {
                    object.restore = match object.archive.take() {
                        Some(_) => Restore::None,
                        None => Restore::Until(now_ms() + days * 86_400_000),
                    };
                    finished.push(key.clone());
                }
            }
        }
        for key in &finished {
            self.noted(&state, key);
        }
        finished
    }

    fn noted(&self, state: &super::store::State, key: &str) {
        let noted = self.store.note_key(state, &self.name, key);
        noted.expect("the store's folder can be written");
    }
}
