//! What the benches measure: a source tree that was never written, and a state file of its records.

pub mod tree;

use s3_bsync::format::{WriteError, Writer};
use s3_bsync::state::{Access, Bucket, DirMap, MapId, Record, ReplicaId, State};
use std::borrow::Borrow;
use std::io::Write;

/// The settings of a state file with one map.
#[must_use]
pub fn settings() -> State {
    let map = DirMap {
        generation: 1,
        ..DirMap::new(
            MapId(*b"benchmap"),
            "tree".to_owned(),
            "/home/ann/tree".to_owned(),
            "tree".to_owned(),
        )
    };
    let bucket = Bucket {
        name: "bucket".to_owned(),
        access: Access::default(),
        capabilities: None,
        maps: vec![map],
    };
    State {
        buckets: vec![bucket],
        ..State::new(ReplicaId(*b"0123456789abcdef"))
    }
}

/// Writes a state file whose one map has these records.
///
/// # Errors
/// Those of [`Writer`].
pub fn encode<W: Write, R: Borrow<Record>>(
    out: W,
    records: impl IntoIterator<Item = R>,
) -> Result<W, WriteError> {
    let mut writer = Writer::new(out, &settings())?;
    writer.start_map(0)?;
    for record in records {
        writer.push(record.borrow())?;
    }
    writer.finish()
}
