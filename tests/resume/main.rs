//! What a crash cut off is carried on: what has arrived is not sent again.

mod downloads;
mod uploads;

#[path = "../support/mod.rs"]
mod support;

const MIB: usize = 1 << 20;
const PIECE_BYTES: usize = 8 * MIB;

/// Bytes of which no two pieces are alike.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![7; length];
    for (at, page) in bytes.chunks_mut(4096).enumerate() {
        let mark = (at as u64 + (seed << 32)).to_le_bytes();
        page[..8].copy_from_slice(&mark);
    }
    bytes
}
