//! An S3 server of our own, on loopback: the protocol by `s3s`, the behaviour here.
//!
//! It follows Amazon S3 in what a sync can notice: order and pages of listings, conditions and
//! their answers, multipart and its `ETags`, checksums, versions, the archive. Signatures are
//! checked. It proves nothing about Amazon; the independent servers in `.ci/servers` are for that.

#![allow(
    clippy::wildcard_imports,
    reason = "the protocol's input and output types come by the dozen"
)]

mod answers;
mod blob;
mod buckets;
mod copies;
mod deletes;
mod folder;
mod hand;
mod lists;
mod model;
mod objects;
mod profile;
mod service;
mod store;
mod sums;
mod uploads;

pub use buckets::REGION;
pub use hand::{BucketHand, Seen};
pub use model::{Bucket, Restore, Versioning};
pub use profile::{Answer, Profile, Quotes};
pub use store::{Rights, Store};

use s3s::service::{S3Service, S3ServiceBuilder};
use std::sync::Arc;

/// The access key that may do everything.
pub const ACCESS_KEY: &str = "TESTACCESSKEY";
/// Its secret half.
pub const SECRET_KEY: &str = "test-secret-key-on-loopback-only";

/// The store's HTTP service; [`ACCESS_KEY`] may do everything.
pub fn service(store: &Arc<Store>) -> S3Service {
    store.set_key(ACCESS_KEY, SECRET_KEY, Rights::Full);
    let service = service::Service(Arc::clone(store));
    let mut builder = S3ServiceBuilder::new(service.clone());
    builder.set_auth(service.clone());
    builder.set_access(service);
    builder.build()
}
