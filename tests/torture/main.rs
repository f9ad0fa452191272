//! Whole-program torture: random histories of people on several machines and in the bucket, with
//! every fault there is, judged by what people may expect. A short fixed set; the long runs are
//! `cargo run --release --example torture`.

mod history;
#[path = "../support/mod.rs"]
mod support;

use history::{KINDS, play, script};

/// Plays the histories of these seeds on a kind of map.
#[track_caller]
fn survives(kind: &str, seeds: std::ops::Range<u64>) {
    let kind = KINDS
        .iter()
        .find(|k| k.name == kind)
        .expect("a kind that there is");
    for seed in seeds {
        if let Err(finding) = play(*kind, &script(seed, kind.machines)) {
            let (told, check, detail) = (finding.told.join("\n"), finding.check, finding.detail);
            panic!("seed {seed}: {check}\n{told}\nFINDING {check}: {detail}");
        }
    }
}

#[test]
fn a_plain_map_survives() {
    survives("plain", 1..4);
}
