//! s3-bsync keeps local directories and S3 prefixes the same, in both directions.

pub mod digest;
pub mod draft;
pub mod format;
pub mod guard;
pub mod key;
pub mod local;
pub mod plan;
pub mod reconcile;
pub mod remote;
pub mod stamp;
pub mod state;
pub mod store;
