//! What s3-bsync writes, stock tools read, and what they write, s3-bsync reads: `gzip`, `age`,
//! `ssh-keygen`, and boto3 as the other client of the bucket.

#[path = "../support/mod.rs"]
mod support;

mod boto;
mod ours;
mod passphrases;
mod theirs;
mod tools;

use support::noise;

/// Text that halves in gzip, another one for each seed: an object of it takes several parts where
/// the file has 20 MiB.
fn text(length: usize, seed: u64) -> Vec<u8> {
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    let mut lines: Vec<u8> = noise(length / 2 + 1, seed)
        .into_iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .take(length)
        .collect();
    lines
        .iter_mut()
        .skip(63)
        .step_by(64)
        .for_each(|end| *end = b'\n');
    lines
}
