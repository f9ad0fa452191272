//! A large object that changed elsewhere: only the parts that differ are fetched.

use crate::stage::{
    FILE_BYTES, MIB, NAME, PIECE_BYTES, agreed, bytes, expect_cost, expect_settled, overwrite,
};
use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Machine, World};
use std::sync::Mutex;

/// Both sides and a second machine hold the large file.
fn two() -> (World, Machine) {
    let (world, _) = agreed();
    let other = world.machine("b");
    other.init().sync();
    world.wire().forget();
    (world, other)
}

/// Bytes of all ranges that were asked for.
fn asked(log: &[Exchange]) -> u64 {
    let ranges = log.iter().filter(|e| e.op == Op::Get);
    ranges
        .map(|get| {
            let range = get.range().expect("a large object comes in ranges");
            let range = range.strip_prefix("bytes=").expect("bytes");
            let (first, last) = range.split_once('-').expect("two ends");
            let number = |text: &str| text.parse::<u64>().expect("a number");
            number(last) - number(first) + 1
        })
        .sum()
}

/// The machine syncs with these requests and fetches so many bytes.
#[track_caller]
fn expect_fetched(from: &Machine, machine: &Machine, requests: &[(Op, usize)], bytes: usize) {
    from.wire().forget();
    machine.sync();
    expect_cost(machine, requests, 0);
    assert_eq!(asked(&from.wire().log()), bytes as u64, "bytes fetched");
    machine.expect_local(NAME, from.read(NAME).expect("it is there"));
    machine.expect_nothing_kept().expect_idle();
}

#[test]
fn only_the_part_that_changed_is_fetched() {
    let (world, other) = two();
    overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
    world.sync();
    let cost = [(Op::Attributes, 1), (Op::Get, 1)];
    expect_fetched(&world, &other, &cost, PIECE_BYTES);
    expect_settled(&world);
}

#[test]
fn what_was_appended_is_all_that_is_fetched() {
    let (world, other) = two();
    let contents = world.read(NAME).expect("it is there");
    world.local(NAME, [contents, bytes(MIB, 2)].concat()).sync();
    expect_fetched(&world, &other, &[(Op::Attributes, 1), (Op::Get, 1)], MIB);
}

#[test]
fn what_was_fetched_can_be_changed_for_the_price_of_a_piece() {
    let (world, other) = two();
    overwrite(&other, 3 * MIB, &bytes(MIB, 2), 1_700_000_000);
    other.sync();
    expect_cost(
        &other,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 1),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        PIECE_BYTES,
    );
    let cost = [(Op::Attributes, 1), (Op::Get, 1)];
    expect_fetched(&other, &world, &cost, PIECE_BYTES);
}

#[test]
fn what_moved_is_fetched_whole() {
    let (world, other) = two();
    let contents = world.read(NAME).expect("it is there");
    world.local(NAME, [bytes(MIB, 2), contents].concat()).sync();
    let cost = [(Op::Attributes, 1), (Op::Get, 9)];
    expect_fetched(&world, &other, &cost, FILE_BYTES + MIB);
}

#[test]
fn a_server_that_tells_no_sums_sends_the_whole_object() {
    for (status, code) in [(501, "NotImplemented"), (403, "AccessDenied")] {
        let (world, other) = two();
        overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
        world.sync();
        let refusal = Fault::Status(status, code);
        world
            .wire()
            .fault(When::op(Op::Attributes).always(), refusal);
        let cost = [(Op::Attributes, 1), (Op::Get, 8)];
        expect_fetched(&world, &other, &cost, FILE_BYTES);
        world.wire().heal();
    }
}

#[test]
fn an_object_sent_in_one_piece_is_fetched_whole() {
    let (world, other) = two();
    let mut contents = world.read(NAME).expect("it is there");
    contents[0] ^= 1;
    world.remote(NAME, &contents).sync();
    expect_fetched(&world, &other, &[(Op::Get, 8)], FILE_BYTES);
}

#[test]
fn a_file_that_changes_meanwhile_is_not_mixed_in() {
    let (world, other) = two();
    overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
    world.sync();
    let theirs = world.read(NAME).expect("it is there");
    let machine = Mutex::new(other.clone());
    world.wire().fault(
        When::op(Op::Get),
        Fault::call(move || {
            let machine = machine.lock().expect("once");
            overwrite(&machine, 0, &bytes(MIB, 3), 1_600_000_000);
        }),
    );
    let mine = {
        let mut mine = other.read(NAME).expect("it is there");
        mine[..MIB].copy_from_slice(&bytes(MIB, 3));
        mine
    };
    other.sync();
    world.wire().heal();
    // The younger one has the name, the other is kept.
    other.expect_local(NAME, theirs);
    let mut kept = other.kept_local();
    kept.retain(|(path, _)| path.contains("Z-conflict/"));
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1, String::from_utf8_lossy(&mine));
    other.expect_idle();
}
