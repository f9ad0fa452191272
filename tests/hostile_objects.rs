//! Objects that are not what their metadata claims leave no file on the disk and no part of one, and
//! a file that was there stays what it was.

mod support;

use age::secrecy::ExposeSecret;
use age::x25519;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use support::noise;
use support::world::World;

/// Every file below a folder, the program's own included, with its contents and its time.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let time = path.metadata().unwrap().modified().unwrap();
                let bytes = fs::read(&path).unwrap();
                found.insert(path, (bytes, time));
            }
        }
    }
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn seal(key: &x25519::Identity, bytes: &[u8]) -> Vec<u8> {
    age::encrypt(&key.to_public(), bytes).unwrap()
}

fn text(length: usize) -> Vec<u8> {
    b"all work and no play\n"
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

fn flipped(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 1;
    bytes
}

fn cut(mut bytes: Vec<u8>, by: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - by);
    bytes
}

/// An object's name, the chain and the size that it claims, its bytes.
type Offer = (&'static str, &'static str, Option<u64>, Vec<u8>);

/// Offers every object as a new one and in place of a file. The run tells of each and goes on.
#[track_caller]
fn expect_refused(settings: &[&str], offers: &[Offer]) {
    let world = World::new();
    let names: Vec<_> = offers.iter().map(|offer| offer.0).collect();
    for name in &names {
        world.local(&format!("old/{name}"), name);
    }
    world.local("zz", "stays").init_with(settings).sync();
    let before = files(world.root());
    for (name, chain, size, bytes) in offers {
        let size = size.map(|size| size.to_string());
        let mut meta = vec![("mtime", "1700000000.0"), ("s3bsync-encoding", chain)];
        meta.extend(size.as_deref().map(|size| ("s3bsync-size", size)));
        for key in [format!("old/{name}"), format!("new/deep/{name}")] {
            world.remote_with(&key, bytes, &meta);
        }
    }
    for _ in 0..2 {
        let run = world.sync_code(1);
        for name in &names {
            run.expect_stderr(&format!("old/{name}"));
            run.expect_stderr(&format!("new/deep/{name}"));
        }
        let left = files(world.root());
        assert!(left.len() >= before.len(), "{run:?}");
        for (path, file) in left {
            let was = before.get(&path);
            assert!(was.is_some(), "{} is left: {run:?}", path.display());
            // The marker counts the runs, by an exchange with its spare.
            let own = [".s3bsync/marker", ".s3bsync/marker.new"];
            let is_marker = own.iter().any(|name| path.ends_with(name));
            assert!(is_marker || was == Some(&file), "{}", path.display());
        }
    }
    for (name, _, _, bytes) in offers {
        world.expect_remote(&format!("old/{name}"), bytes);
    }
    world.expect_nothing_kept();
}

const BOMB_BYTES: usize = 100_000_000;
/// More than is read in one piece.
const LARGE_BYTES: usize = 9 << 20;

#[test]
fn compressed_objects_that_lie_leave_nothing() {
    let plain = text(100_000);
    let good = gzip(&plain);
    let size = Some(100_000);
    let large = gzip(&noise(LARGE_BYTES, 0));
    let large_size = Some(LARGE_BYTES as u64);
    expect_refused(
        &["--compress", "6"],
        &[
            ("unknown-chain", "zstd", size, plain.clone()),
            ("no-gzip", "gzip", size, plain.clone()),
            ("empty", "gzip", Some(0), Vec::new()),
            ("no-size", "gzip", None, good.clone()),
            ("too-long", "gzip", Some(99_999), good.clone()),
            ("too-short", "gzip", Some(100_001), good.clone()),
            ("huge", "gzip", Some(u64::MAX), good.clone()),
            ("bomb", "gzip", size, gzip(&vec![0; BOMB_BYTES])),
            ("cut", "gzip", size, cut(good.clone(), 4)),
            ("flipped", "gzip", size, flipped(good.clone(), 200)),
            ("more", "gzip", size, [&good[..], b"more"].concat()),
            ("twice", "gzip", size, [&good[..], &good].concat()),
            ("large-cut", "gzip", large_size, cut(large.clone(), 4)),
            (
                "large-flipped",
                "gzip",
                large_size,
                flipped(large, LARGE_BYTES / 2),
            ),
            ("no-identity", "age", size, plain),
        ],
    );
}

#[test]
fn encrypted_objects_that_lie_leave_nothing() {
    let (ours, theirs) = (x25519::Identity::generate(), x25519::Identity::generate());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, ours.to_string().expose_secret()).unwrap();
    let plain = text(100_000);
    let good = seal(&ours, &plain);
    let pressed = gzip(&plain);
    let size = Some(100_000);
    let end = good.len() - 1;
    let large = seal(&ours, &noise(LARGE_BYTES, 0));
    let large_size = Some(LARGE_BYTES as u64);
    let header = b"age-encryption.org/v1\n-> X25519 ".to_vec();
    let endless = [header.clone(), vec![b'a'; 2 << 20]].concat();
    let both = "gzip+age";
    expect_refused(
        &[
            "--compress",
            "6",
            "--age-recipient",
            &ours.to_public().to_string(),
            "--age-identity",
            file.to_str().unwrap(),
        ],
        &[
            ("plain", "age", size, plain.clone()),
            ("empty", "age", Some(0), Vec::new()),
            ("unencrypted", "gzip", size, pressed.clone()),
            ("theirs", "age", size, seal(&theirs, &plain)),
            ("too-long", "age", Some(99_999), good.clone()),
            ("too-short", "age", Some(100_001), good.clone()),
            ("huge", "age", Some(u64::MAX), good.clone()),
            ("cut", "age", size, cut(good.clone(), 1)),
            ("cut-at-chunk", "age", size, cut(good.clone(), 34_480)),
            ("header-cut", "age", size, header),
            ("header-endless", "age", size, endless),
            ("flipped", "age", size, flipped(good.clone(), end)),
            ("more", "age", size, [&good[..], b"more"].concat()),
            ("twice", "age", size, [&good[..], &good].concat()),
            ("as-both", both, size, good),
            ("no-size", both, None, seal(&ours, &pressed)),
            ("bomb", both, size, seal(&ours, &gzip(&vec![0; BOMB_BYTES]))),
            ("within-cut", both, size, seal(&ours, &cut(pressed, 4))),
            ("large-cut", "age", large_size, cut(large.clone(), 1)),
            (
                "large-flipped",
                "age",
                large_size,
                flipped(large, LARGE_BYTES),
            ),
        ],
    );
}
