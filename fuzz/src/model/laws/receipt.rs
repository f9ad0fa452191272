//! What is demanded of what is sent, and of what is recorded.

use super::super::world::{Bytes, Machine, World, blake3, etag, holds};
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, RemoteStamp};
use s3_bsync::state::{Change, Content};

/// A record is true: there was such a file, there was such an object, and they held the same. What
/// is forgotten was not recorded in the same breath.
pub fn of_receipt(world: &World, who: usize, change: &Change) {
    let Change::Upsert(record) = change else {
        return;
    };
    let key = &record.key;
    assert!(
        world.had_object(key, &record.remote.etag),
        "{key} is recorded and never was in the bucket"
    );
    let Some(stamp) = record.local else {
        return;
    };
    let bytes = world.bytes_of_file(who, key, &stamp);
    let bytes = bytes.unwrap_or_else(|| panic!("{key} is recorded and never was here"));
    match record.content {
        Content::Unknown => {}
        Content::Blake3(sum) | Content::ByMd5(sum) => {
            assert_eq!(sum, blake3(bytes), "{key}: untrue record");
            if matches!(record.remote.etag, ETag::Md5(_)) {
                assert_eq!(record.remote.etag, etag(bytes), "{key}: untrue record");
            }
        }
    }
}

/// Where nobody else is at work, both sides are what is recorded.
pub fn of_lone_receipt(world: &World, who: usize, change: &Change) {
    let Machine { local, .. } = &world.machines[who];
    let key = change.key();
    match (change, local.get(key), world.remote.get(key)) {
        (Change::Upsert(record), Some(file), Some(object)) => {
            assert_eq!(file.bytes, object.bytes, "{key} is recorded but differs");
            assert_eq!(record.local, Some(file.stamp), "{key}");
            assert!(record.remote.is_same_object(&object.stamp), "{key}");
        }
        (Change::Upsert(_), ..) => panic!("{key} is recorded but not there"),
        (Change::Remove(_), file, object) => {
            assert_eq!(file, None, "{key} is forgotten but here");
            assert_eq!(object, None, "{key} is forgotten but in the bucket");
        }
    }
}

/// Nothing is sent over an object that is known to hold the very same.
pub fn of_sending(
    world: &World,
    who: usize,
    (key, over): (&Key, Option<&RemoteStamp>),
    bytes: Bytes,
) {
    let base = world.machines[who].base.get(key);
    if let Some((base, over)) = base.zip(over) {
        let is_in_vain = base.remote.is_same_object(over) && holds(base, bytes);
        assert!(!is_in_vain, "{key}: {bytes} is sent in vain");
    }
}
