//! What the tests stand on: an S3 server, faults in front of it, and a world to tell stories in.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "compiled into every test binary, each of which uses its own part"
)]

pub mod client;
pub mod mixed;
pub mod server;
pub mod terminal;
pub mod trace;
pub mod wire;
pub mod world;

/// Bytes that no compressor makes smaller, others for each seed.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    let mut bytes = vec![0; length];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
