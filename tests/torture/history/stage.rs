//! The stage of a history: a bucket, and machines that map their roots to one prefix of it.

use super::keys::{Pair, gunzip, gzip};
use super::look::Known;
use super::words::Step;
use crate::support::server::{BucketHand, Versioning};
use crate::support::world::{Machine, Object, World};

/// The side that a map follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Both.
    Both,
    /// The directory; the bucket is made equal to it.
    Push,
    /// The bucket; the directory is made equal to it.
    Pull,
}

/// A kind of map, and of bucket.
#[derive(Debug, Clone, Copy)]
pub struct MapKind {
    /// How it is called.
    pub name: &'static str,
    /// Settings of the map, but for keys.
    pub settings: &'static [&'static str],
    /// How objects are made by stock tools.
    pub chain: Option<&'static str>,
    /// Whether old versions are kept.
    pub versioning: Versioning,
    /// How many machines there are.
    pub machines: usize,
    /// Objects of one page of a listing, if fewer than S3 gives.
    pub page: Option<usize>,
    /// The side that it follows.
    pub way: Way,
}

/// All kinds that are played.
pub const KINDS: [MapKind; 10] = [
    kind("plain", &[], None, Versioning::Off, 2),
    MapKind {
        page: Some(3),
        ..kind("versioned", &[], None, Versioning::Enabled, 2)
    },
    kind(
        "gzip",
        &["--compress", "6"],
        Some("gzip"),
        Versioning::Off,
        2,
    ),
    kind("age", &[], Some("age"), Versioning::Off, 2),
    kind(
        "both",
        &["--compress", "1", "--conflict", "keep-both"],
        Some("gzip+age"),
        Versioning::Off,
        2,
    ),
    kind(
        "keep-both",
        &["--conflict", "keep-both"],
        None,
        Versioning::Off,
        3,
    ),
    kind(
        "local",
        &["--conflict", "local"],
        None,
        Versioning::Suspended,
        2,
    ),
    MapKind {
        page: Some(2),
        ..kind(
            "remote",
            &["--conflict", "remote"],
            None,
            Versioning::Off,
            3,
        )
    },
    MapKind {
        way: Way::Push,
        ..kind(
            "push",
            &["--direction", "push", "--delete"],
            None,
            Versioning::Off,
            1,
        )
    },
    MapKind {
        way: Way::Pull,
        ..kind(
            "pull",
            &["--direction", "pull", "--delete"],
            None,
            Versioning::Off,
            1,
        )
    },
];

const fn kind(
    name: &'static str,
    settings: &'static [&'static str],
    chain: Option<&'static str>,
    versioning: Versioning,
    machines: usize,
) -> MapKind {
    MapKind {
        name,
        settings,
        chain,
        versioning,
        machines,
        page: None,
        way: Way::Both,
    }
}

/// A stage.
pub struct Stage {
    /// The machines.
    pub machines: Vec<Machine>,
    /// The bucket.
    pub hand: BucketHand,
    /// The kind of map.
    pub kind: MapKind,
    /// What was looked into before.
    pub known: Known,
    /// Whether a machine's memory is ever lost.
    pub is_forgetful: bool,
    pair: Pair,
}

impl Stage {
    /// A stage of this kind for these steps, on which nothing has happened yet.
    pub fn new(kind: MapKind, steps: &[Step]) -> Self {
        let world = World::embedded();
        let hand = world.hand().expect("it is our own server").clone();
        hand.set_versioning(kind.versioning);
        if let Some(entries) = kind.page {
            hand.set_page(entries);
        }
        let mut machines = vec![(*world).clone()];
        for name in ["b", "c", "d"].iter().take(kind.machines - 1) {
            machines.push(world.machine(name));
        }
        let stage = Self {
            hand,
            kind,
            known: Known::default(),
            is_forgetful: steps.iter().any(|step| match step {
                Step::Act(_, _, act) => act.forgets(),
                _ => false,
            }),
            pair: Pair::new(world.home(), "key.txt"),
            machines,
        };
        for machine in &stage.machines {
            stage.map(machine);
        }
        stage
    }

    /// Maps a machine's root to the prefix.
    pub fn map(&self, machine: &Machine) {
        let age = self.pair.flags();
        let age: &[&str] = match self.kind.chain {
            Some("age" | "gzip+age") => &age,
            _ => &[],
        };
        machine.init_with(&[age, self.kind.settings].concat());
    }

    /// Whether a machine has found out what the server honours.
    pub fn knows(&self, at: usize) -> bool {
        let dump = self.machines[at].run(&["--dump", "--json"]);
        !dump.stdout.contains("\"capabilities\":null")
    }

    /// The file that an object holds.
    pub fn opened(&self, object: &Object) -> Vec<u8> {
        match object.meta.get("s3bsync-encoding").map(String::as_str) {
            None => object.bytes.clone(),
            Some("gzip") => gunzip(&object.bytes),
            Some("age") => self.pair.open(&object.bytes),
            Some(_) => gunzip(&self.pair.open(&object.bytes)),
        }
    }

    /// The bytes of an object of a file, and the metadata that say what they are.
    pub fn sealed(&self, plain: &[u8]) -> (Vec<u8>, Vec<(&'static str, String)>) {
        let Some(chain) = self.kind.chain else {
            return (plain.to_vec(), Vec::new());
        };
        let bytes = match chain {
            "gzip" => gzip(plain),
            "age" => self.pair.seal(plain),
            _ => self.pair.seal(&gzip(plain)),
        };
        let size = plain.len().to_string();
        (
            bytes,
            vec![
                ("s3bsync-encoding", chain.to_owned()),
                ("s3bsync-size", size),
            ],
        )
    }
}
