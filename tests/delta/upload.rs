//! Changes of a file of eight pieces, and what each costs.

use crate::stage::{
    FILE_BYTES, MIB, NAME, PIECE_BYTES, agreed, bytes, expect_cost, expect_settled, overwrite,
};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;
use std::fs;

#[test]
fn a_change_in_the_middle_sends_one_piece() {
    let (world, _) = agreed();
    overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
    world.sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 2),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        PIECE_BYTES,
    );
    expect_settled(&world);
}

#[test]
fn a_change_across_a_boundary_sends_two_pieces() {
    let (world, _) = agreed();
    let at = 2 * PIECE_BYTES - MIB / 2;
    overwrite(&world, at, &bytes(MIB, 2), 1_700_000_000);
    world.sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 2),
            (Op::UploadPart, 2),
            (Op::CompleteMpu, 1),
        ],
        2 * PIECE_BYTES,
    );
    expect_settled(&world);
}

#[test]
fn what_is_appended_is_all_that_is_sent() {
    let (world, contents) = agreed();
    world.local(NAME, [contents, bytes(MIB, 2)].concat()).sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 1),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        MIB,
    );
    expect_settled(&world);
    // And once more, on what is not a whole number of pieces now.
    world.wire().forget();
    let contents = world.read(NAME).expect("it is there");
    world.local(NAME, [contents, bytes(MIB, 3)].concat()).sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 1),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        2 * MIB,
    );
    expect_settled(&world);
}

#[test]
fn what_was_cut_off_sends_the_last_piece() {
    let (world, contents) = agreed();
    world.local(NAME, &contents[..FILE_BYTES - MIB]).sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 1),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        PIECE_BYTES - MIB,
    );
    expect_settled(&world);
}

#[test]
fn what_moved_is_sent_whole() {
    let (world, contents) = agreed();
    world.local(NAME, [bytes(MIB, 2), contents].concat()).sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::UploadPart, 9),
            (Op::CompleteMpu, 1),
        ],
        FILE_BYTES + MIB,
    );
    expect_settled(&world);
}

#[test]
fn a_touch_sends_nothing() {
    let (world, _) = agreed();
    world.touch(NAME, 1_700_000_000).sync();
    expect_cost(&world, &[], 0);
    // The pieces are still known afterwards.
    world.wire().forget();
    overwrite(&world, 0, &bytes(MIB, 2), 1_700_000_001);
    world.sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::PartCopy, 1),
            (Op::UploadPart, 1),
            (Op::CompleteMpu, 1),
        ],
        PIECE_BYTES,
    );
    expect_settled(&world);
}

#[test]
fn a_file_that_shrinks_to_one_request_and_grows_again_is_sent_whole() {
    let (world, contents) = agreed();
    world.local(NAME, &contents[..MIB]).sync();
    expect_cost(&world, &[(Op::Put, 1)], MIB);
    world.wire().forget();
    world.local(NAME, &contents).sync();
    expect_cost(
        &world,
        &[
            (Op::CreateMpu, 1),
            (Op::UploadPart, 8),
            (Op::CompleteMpu, 1),
        ],
        FILE_BYTES,
    );
    expect_settled(&world);
}

#[test]
fn an_object_of_copied_parts_is_known_again_without_the_state() {
    let (world, _) = agreed();
    overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
    world.sync();
    fs::remove_file(world.state_file()).expect("the state can be lost");
    fs::remove_file(world.home().join("state.s3sync~")).expect("and the one before");
    world.init();
    world.wire().forget();
    world.sync();
    expect_cost(&world, &[], 0);
    world.expect_nothing_kept();
    expect_settled(&world);
}

#[test]
fn a_compressed_map_sends_whole_files() {
    let world = World::embedded();
    let text = bytes(2 * PIECE_BYTES, 1);
    world.local("zz", "stays").local(NAME, &text);
    world.init_with(&["--compress", "1"]).sync();
    world.wire().forget();
    overwrite(&world, 0, b"another beginning", 1_700_000_000);
    world.sync();
    assert_eq!(world.wire().count(Op::PartCopy), 0);
    world.expect_idle();
}

#[test]
fn a_change_while_the_pieces_are_copied_is_seen() {
    let (world, _) = agreed();
    overwrite(&world, 35 * MIB, &bytes(MIB, 2), 1_700_000_000);
    let machine = world.machine("a");
    world.wire().fault(
        When::op(Op::UploadPart),
        Fault::call(move || overwrite(&machine, 0, &bytes(MIB, 3), 1_700_000_001)),
    );
    world.sync();
    world.wire().heal();
    let contents = world.read(NAME).expect("it is there");
    assert_eq!(contents[..MIB], bytes(MIB, 3));
    expect_settled(&world);
}
