//! A large file that both sides hold, and what its next change costs.

use crate::support::wire::{Exchange, Op};
use crate::support::world::{Machine, World, counts};
use std::fs;
use std::os::unix::fs::FileExt;

pub(crate) const MIB: usize = 1 << 20;
/// Eight pieces.
pub(crate) const FILE_BYTES: usize = 64 * MIB;
/// What a piece has.
pub(crate) const PIECE_BYTES: usize = 8 * MIB;
pub(crate) const NAME: &str = "large";

/// Text of which no two pieces are alike.
pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![b'.'; length];
    for (at, page) in bytes.chunks_exact_mut(4096).enumerate() {
        let mark = format!("{seed:08x}{at:08x}");
        page[..16].copy_from_slice(mark.as_bytes());
    }
    bytes
}

/// A world of our own server in which both sides hold the large file.
pub(crate) fn agreed() -> (World, Vec<u8>) {
    agreed_on(FILE_BYTES)
}

/// The same with so many bytes.
pub(crate) fn agreed_on(length: usize) -> (World, Vec<u8>) {
    let world = World::embedded();
    let contents = bytes(length, 1);
    world.local("zz", "stays").local(NAME, &contents).init();
    world.sync();
    world.wire().forget();
    (world, contents)
}

/// Writes into the file, and dates it so that the change is seen.
pub(crate) fn overwrite(machine: &Machine, at: usize, new: &[u8], seconds: u64) {
    let file = fs::OpenOptions::new().write(true).open(machine.path(NAME));
    let written = file.and_then(|file| file.write_all_at(new, at as u64));
    written.expect("the file can be written");
    machine.touch(NAME, seconds);
}

/// Bytes of all request bodies of these operations.
pub(crate) fn sent(log: &[Exchange]) -> u64 {
    let carries = |e: &&Exchange| matches!(e.op, Op::UploadPart | Op::Put);
    log.iter().filter(carries).map(|e| e.body_bytes).sum()
}

/// The requests about the file since the log was begun, but those that look, and what they sent.
#[track_caller]
pub(crate) fn expect_cost(machine: &Machine, requests: &[(Op, usize)], bytes: usize) {
    let mut log = machine.wire().log();
    log.retain(|exchange| exchange.key == format!("docs/{NAME}"));
    let mut counts = counts(&log);
    counts.retain(|op, _| {
        matches!(
            op,
            Op::CreateMpu
                | Op::UploadPart
                | Op::PartCopy
                | Op::CompleteMpu
                | Op::AbortMpu
                | Op::Put
                | Op::Copy
                | Op::Get
                | Op::Attributes
        )
    });
    let wanted = requests.iter().copied().collect();
    assert_eq!(counts, wanted, "requests: {log:#?}");
    assert_eq!(sent(&log), bytes as u64, "bytes sent: {log:#?}");
}

/// The object is the file, a further sync is idle, and no upload is left behind.
#[track_caller]
pub(crate) fn expect_settled(world: &World) {
    let contents = world.read(NAME).expect("the file is there");
    world.expect_remote(NAME, contents).expect_idle();
    if let Some(hand) = world.hand() {
        assert_eq!(hand.pending_uploads(), [], "an upload is left behind");
    }
}
