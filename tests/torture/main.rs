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
fn plain_maps_survive() {
    survives("plain", 11..13);
    survives("versioned", 21..23);
}

#[test]
fn sealed_maps_survive() {
    survives("gzip", 31..32);
    survives("age", 41..42);
    survives("both", 51..53);
}

#[test]
fn maps_of_every_policy_survive() {
    survives("keep-both", 61..63);
    survives("local", 71..72);
    survives("remote", 81..82);
}

#[test]
fn maps_of_one_way_survive() {
    survives("push", 91..93);
    survives("pull", 101..103);
}
