//! The fuzz targets on stable: every vector, every finding, every kept story, and fixed
//! walks of mutations.

#[path = "support/vectors.rs"]
mod support;
#[allow(unreachable_pub, reason = "a library in its own crate")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use support::{Vector, vector, vectors};

fn run_all(bytes: &[u8]) {
    targets::decode(bytes);
    targets::dump(bytes);
    targets::roundtrip(bytes);
    targets::journal(bytes);
}

/// A fixed sequence that looks random.
struct Walk(u64);

impl Walk {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

#[test]
fn every_vector_is_borne() {
    for vector in vectors() {
        run_all(&vector.bytes);
    }
}

#[test]
fn every_finding_is_borne() {
    let mut found = 0;
    for target in fs::read_dir(fuzz().join("artifacts")).unwrap() {
        let target = target.unwrap();
        for input in fs::read_dir(target.path()).unwrap() {
            let bytes = fs::read(input.unwrap().path()).unwrap();
            match target.file_name().to_str() {
                Some("reconcile") => targets::reconcile(&bytes),
                Some("open") => targets::open(&bytes),
                _ => run_all(&bytes),
            }
            found += 1;
        }
    }
    assert!(found > 0);
}

#[test]
fn every_kept_story_ends_well() {
    let stories = fs::read_to_string(fuzz().join("stories.hex")).unwrap();
    for story in stories.lines() {
        let byte = |at| u8::from_str_radix(&story[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..story.len()).step_by(2).map(byte).collect();
        targets::reconcile(&bytes);
    }
}

#[test]
fn mutated_vectors_are_borne() {
    let mut walk = Walk(1);
    let vectors = vectors();
    for Vector { bytes, .. } in &vectors {
        for _ in 0..300 {
            let mut mutant = bytes.clone();
            for _ in 0..=walk.below(3) {
                let at = walk.below(mutant.len());
                match walk.below(5) {
                    0 => mutant.truncate(at),
                    1 => mutant.insert(at.min(mutant.len()), walk.below(256).to_le_bytes()[0]),
                    2 if at < mutant.len() => drop(mutant.remove(at)),
                    3 => {
                        let other = &vectors[walk.below(vectors.len())].bytes;
                        let from = walk.below(other.len());
                        mutant.truncate(at);
                        mutant.extend(&other[from.min(other.len())..]);
                    }
                    _ if at < mutant.len() => mutant[at] = walk.below(256).to_le_bytes()[0],
                    _ => {}
                }
            }
            run_all(&mutant);
        }
    }
}

#[test]
fn stories_end_well() {
    let mut walk = Walk(2);
    for _ in 0..3_000 {
        let length = walk.below(160);
        let story: Vec<u8> = (0..length)
            .map(|_| walk.below(256).to_le_bytes()[0])
            .collect();
        targets::reconcile(&story);
    }
}

#[test]
fn offered_objects_are_borne() {
    let mut walk = Walk(3);
    let mut byte = || walk.below(256).to_le_bytes()[0];
    for round in 0_u32..3_000 {
        let length = usize::from(byte()) + 12;
        let mut object: Vec<u8> = (0..length).map(|_| byte()).collect();
        if round % 2 == 0 {
            // What repeats itself is compressed.
            let word = *object.last().unwrap();
            object[40.min(length)..].fill(word);
        }
        if round % 3 > 0 {
            // The size that is claimed is mostly the right one.
            object[1] = 4;
        }
        targets::open(&object);
    }
}

#[test]
fn mending_makes_a_changed_state_readable() {
    let example = vector("ok-example");
    assert_eq!(targets::mended(&example), example);
    let mut changed = example.clone();
    let at = changed.windows(4).position(|it| it == b"docs").unwrap();
    changed[at] = b'D';
    let mended = targets::mended(&changed);
    assert_ne!(mended, changed);
    let reader = s3_bsync::format::Reader::open(std::io::Cursor::new(mended)).unwrap();
    assert_eq!(reader.state().buckets[0].maps[0].name, "Docs");
}
