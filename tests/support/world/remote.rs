//! The bucket of a story: our own server's, by hand, or an independent server's, by the SDK.

use crate::support::client::{External, client};
use crate::support::server::BucketHand;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

/// An object as a story looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Without quotes.
    pub etag: String,
    /// User metadata.
    pub meta: BTreeMap<String, String>,
}

/// The bucket of a story.
pub enum Remote {
    /// On the embedded server.
    Embedded(BucketHand),
    /// On an independent one.
    External(Far),
}

/// A bucket on an independent server.
pub struct Far {
    client: aws_sdk_s3::Client,
    runtime: Runtime,
    bucket: String,
}

impl Far {
    /// Makes a new bucket of this name there.
    pub fn new(server: &External, bucket: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let client = client(&format!("http://{}", server.address), &server.keys);
        let made = runtime.block_on(client.create_bucket().bucket(bucket).send());
        made.unwrap_or_else(|e| panic!("bucket {bucket}: {e:?}"));
        Self {
            client,
            runtime,
            bucket: bucket.to_owned(),
        }
    }

    fn put(&self, key: &str, bytes: &[u8], meta: &[(&str, &str)]) {
        let mut put = self.client.put_object().bucket(&self.bucket).key(key);
        for (name, value) in meta {
            put = put.metadata(*name, *value);
        }
        let put = put.body(bytes.to_vec().into());
        let done = self.runtime.block_on(put.send());
        done.unwrap_or_else(|e| panic!("put {key}: {e:?}"));
    }

    fn get(&self, key: &str) -> Option<Object> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        self.runtime.block_on(async {
            let got = match get.send().await {
                Ok(got) => got,
                Err(e)
                    if e.as_service_error()
                        .is_some_and(GetObjectError::is_no_such_key) =>
                {
                    return None;
                }
                Err(e) => panic!("get {key}: {e:?}"),
            };
            let etag = got.e_tag().unwrap_or_default().trim_matches('"').to_owned();
            let meta = got.metadata().cloned().unwrap_or_default();
            let bytes = got
                .body
                .collect()
                .await
                .unwrap_or_else(|e| panic!("get {key}: {e:?}"));
            Some(Object {
                bytes: bytes.to_vec(),
                etag,
                meta: meta.into_iter().collect(),
            })
        })
    }

    fn delete(&self, key: &str) {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key);
        let done = self.runtime.block_on(delete.send());
        done.unwrap_or_else(|e| panic!("delete {key}: {e:?}"));
    }

    fn keys(&self) -> Vec<String> {
        let list = self.client.list_objects_v2().bucket(&self.bucket);
        let mut pages = list
            .encoding_type(EncodingType::Url)
            .into_paginator()
            .send();
        self.runtime.block_on(async {
            let mut keys = Vec::new();
            while let Some(page) = pages.next().await {
                let page = page.unwrap_or_else(|e| panic!("list {}: {e:?}", self.bucket));
                keys.extend(page.contents().iter().filter_map(|o| {
                    let spaced = o.key()?.replace('+', " ");
                    Some(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
                }));
            }
            keys
        })
    }
}

impl Drop for Far {
    /// Leaves the independent server as it was found, as far as it lets us.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for key in self.keys() {
            self.delete(&key);
        }
        let delete = self.client.delete_bucket().bucket(&self.bucket);
        let _ = self.runtime.block_on(delete.send());
    }
}

impl Remote {
    /// Writes an object with user metadata.
    pub fn put(&self, key: &str, bytes: &[u8], meta: &[(&str, &str)]) {
        match self {
            Self::Embedded(hand) => hand.put_with(key, bytes.to_vec(), meta),
            Self::External(far) => far.put(key, bytes, meta),
        }
    }

    /// Reads an object.
    pub fn get(&self, key: &str) -> Option<Object> {
        match self {
            Self::Embedded(hand) => hand.get(key).map(|seen| Object {
                bytes: seen.bytes.unwrap_or_default().to_vec(),
                etag: seen.etag,
                meta: seen.meta,
            }),
            Self::External(far) => far.get(key),
        }
    }

    /// Deletes an object.
    pub fn delete(&self, key: &str) {
        match self {
            Self::Embedded(hand) => hand.delete(key),
            Self::External(far) => far.delete(key),
        }
    }

    /// All keys in order.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Self::Embedded(hand) => hand.keys(),
            Self::External(far) => far.keys(),
        }
    }

    /// The hand on our own server's bucket; says so where there is none.
    pub fn hand(&self) -> Option<&BucketHand> {
        match self {
            Self::Embedded(hand) => Some(hand),
            Self::External(_) => {
                crate::support::client::skipped("needs the embedded server");
                None
            }
        }
    }
}
