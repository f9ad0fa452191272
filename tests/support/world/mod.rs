//! A world to tell stories in: a bucket, a wire to it, and machines that run the real program.
//!
//! ```text
//! World::new().local("a", "v1").init().sync().expect_remote("a", "v1");
//! ```
//!
//! The bucket is on the embedded server, or on the server that `S3BSYNC_TEST_ENDPOINT` names; what
//! needs our own server asks [`World::hand`] for it, and returns where there is none.

mod expect;
mod machine;
mod remote;
mod run;

pub use expect::counts;
pub use machine::{AS_PROGRAM, Machine, Tree};
pub use remote::{Object, Remote};
pub use run::{CALLS, Kill, Run, Running};

use super::client::{External, Keys};
use super::server::{BucketHand, Store};
use super::wire::{Backend, Wire};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// What all machines of a story share.
pub(crate) struct Scene {
    dir: TempDir,
    remote: Remote,
    bucket: String,
    wire: Wire,
    keys: Keys,
    begun: SystemTime,
    ticks: AtomicU64,
}

/// A story's world. It stands for its first machine, `a`, too.
pub struct World {
    first: Machine,
}

static BUCKETS: AtomicU64 = AtomicU64::new(0);

impl World {
    /// A world whose machines map their root to the prefix `docs`.
    pub fn new() -> Self {
        Self::at("docs")
    }

    /// A world whose machines map their root to this prefix; empty for the whole bucket.
    pub fn at(prefix: &str) -> Self {
        match External::from_env() {
            None => Self::over(&Arc::new(Store::in_memory()), prefix),
            Some(server) => {
                let bucket = fresh_bucket();
                let remote = Remote::External(remote::Far::new(&server, &bucket));
                let wire = Wire::start(Backend::Proxy(server.address.clone()));
                Self::of(remote, bucket, wire, server.keys, prefix)
            }
        }
    }

    /// A world on the embedded server over a folder, so that a later world finds its objects.
    pub fn in_folder(folder: &Path, prefix: &str) -> Self {
        let store = Store::in_folder(folder).expect("the folder can be opened");
        Self::over(&Arc::new(store), prefix)
    }

    /// A world on the embedded server, whatever the environment says.
    pub fn embedded() -> Self {
        Self::over(&Arc::new(Store::in_memory()), "docs")
    }

    fn over(store: &Arc<Store>, prefix: &str) -> Self {
        let bucket = "test-bucket".to_owned();
        let remote = Remote::Embedded(BucketHand::new(store, &bucket));
        let wire = Wire::embedded(store);
        Self::of(remote, bucket, wire, Keys::embedded(), prefix)
    }

    fn of(remote: Remote, bucket: String, wire: Wire, keys: Keys, prefix: &str) -> Self {
        let scene = Arc::new(Scene {
            dir: tempfile::Builder::new()
                .prefix("s3bsync-world-")
                .tempdir()
                .expect("a temporary folder can be made"),
            remote,
            bucket,
            wire,
            keys,
            begun: SystemTime::now(),
            ticks: AtomicU64::new(0),
        });
        Self {
            first: Machine::new(&scene, "a", prefix),
        }
    }

    /// A world with these files on both sides and in the base, and `zz`, which no story touches:
    /// a side that loses its last file is another story.
    #[track_caller]
    pub fn agreed(files: &[(&str, &str)]) -> Self {
        Self::agreed_with(files, &[])
    }

    /// The same with settings of the map.
    #[track_caller]
    pub fn agreed_with(files: &[(&str, &str)], settings: &[&str]) -> Self {
        let world = Self::new();
        for (name, contents) in files {
            world.local(name, contents);
        }
        world.local("zz", "stays").init_with(settings).sync();
        world.wire().forget();
        world
    }

    /// Another machine with its own home, root and state file, on the same bucket and prefix.
    pub fn machine(&self, name: &str) -> Machine {
        Machine::new(&self.first.scene, name, &self.first.prefix)
    }

    /// The hand on our own server's bucket; says so and gives `None` on an independent server.
    pub fn hand(&self) -> Option<&BucketHand> {
        self.first.scene.remote.hand()
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.first.scene.bucket
    }
}

impl Deref for World {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.first
    }
}

/// A bucket name that no other test, here or in another process, has.
pub fn fresh_bucket() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.map_or(0, |d| d.subsec_nanos());
    let n = BUCKETS.fetch_add(1, Ordering::Relaxed);
    format!("s3bsync-{}-{nanos}-{n}", std::process::id())
}
