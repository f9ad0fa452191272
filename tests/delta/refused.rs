//! Where copying does not work, or somebody else was there, all ends as without it.

use crate::stage::{
    MIB, NAME, PIECE_BYTES, agreed_on, bytes, expect_cost, expect_settled, overwrite,
};
use crate::support::server::{Answer, Profile, Store};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Kill, World};

/// Four pieces.
const FILE_BYTES: usize = 4 * PIECE_BYTES;
/// Within the second piece.
const AT: usize = 11 * MIB;

const WHOLE: [(Op, usize); 3] = [
    (Op::CreateMpu, 1),
    (Op::UploadPart, 4),
    (Op::CompleteMpu, 1),
];

/// Both sides hold the large file, and the file has another mebibyte in its second piece.
fn changed() -> World {
    let (world, _) = agreed_on(FILE_BYTES);
    overwrite(&world, AT, &bytes(MIB, 2), 1_700_000_000);
    world
}

#[test]
fn a_copy_that_is_refused_is_sent_instead() {
    let world = changed();
    let denied = Fault::Status(403, "AccessDenied");
    world.wire().fault(When::op(Op::PartCopy).always(), denied);
    world.sync();
    let cost = [WHOLE[0], WHOLE[1], (Op::PartCopy, 1), WHOLE[2]];
    expect_cost(&world, &cost, FILE_BYTES);
    world.wire().heal();
    expect_settled(&world);
}

#[test]
fn a_later_copy_that_is_refused_is_sent_instead() {
    let world = changed();
    let denied = Fault::Status(403, "AccessDenied");
    world.wire().fault(When::op(Op::PartCopy).nth(2), denied);
    world.sync();
    let cost = [
        (Op::CreateMpu, 1),
        (Op::UploadPart, 3),
        (Op::PartCopy, 2),
        (Op::CompleteMpu, 1),
    ];
    expect_cost(&world, &cost, 3 * PIECE_BYTES);
    world.wire().heal();
    expect_settled(&world);
}

#[test]
fn a_server_without_conditions_on_copies_gets_the_whole_file() {
    let world = World::embedded();
    let Some(hand) = world.hand() else { return };
    let store: &Store = hand.store();
    store.set_profile(Profile::IGNORES_DELETE_AND_COPY);
    world.local("zz", "stays").local(NAME, bytes(FILE_BYTES, 1));
    world.init().sync();
    overwrite(&world, AT, &bytes(MIB, 2), 1_700_000_000);
    world.wire().forget();
    world.sync();
    expect_cost(&world, &WHOLE, FILE_BYTES);
    expect_settled(&world);
}

#[test]
fn where_no_sum_is_compared_the_object_is_looked_at() {
    let world = World::embedded();
    let Some(hand) = world.hand() else { return };
    hand.store().set_profile(Profile {
        sums: Answer::Ignore,
        ..Profile::HONEST
    });
    world.local("zz", "stays").local(NAME, bytes(FILE_BYTES, 1));
    world.init().sync();
    overwrite(&world, AT, &bytes(MIB, 2), 1_700_000_000);
    world.wire().forget();
    world.sync();
    let cost = [
        (Op::CreateMpu, 1),
        (Op::UploadPart, 1),
        (Op::PartCopy, 2),
        (Op::CompleteMpu, 1),
    ];
    expect_cost(&world, &cost, PIECE_BYTES);
    let log = world.wire().log();
    let last = log.last().expect("there were requests");
    assert_eq!(last.op, Op::Head, "{log:#?}");
    expect_settled(&world);
}

#[test]
fn an_object_that_was_replaced_before_is_a_conflict_and_kept() {
    let world = changed();
    world.remote(NAME, "somebody else's");
    world.sync();
    world.expect_findable("somebody else's");
}

/// The object is replaced at the nth request of this kind of a delta upload.
fn replaced_at(op: Op, nth: usize) {
    let world = changed();
    let mine = world.read(NAME).expect("it is there");
    let other = world.machine("a");
    world.wire().fault(
        When::op(op).nth(nth),
        Fault::call(move || {
            other.remote_at(NAME, "somebody else's", 1_000_000_000);
        }),
    );
    world.sync();
    assert_eq!(world.wire().heal(), 1, "it was replaced");
    world
        .expect_remote(NAME, mine)
        .expect_kept("somebody else's");
    expect_settled(&world);
}

#[test]
fn an_object_replaced_before_the_first_copy_is_kept() {
    replaced_at(Op::PartCopy, 1);
}

#[test]
fn an_object_replaced_between_the_copies_is_kept() {
    replaced_at(Op::PartCopy, 2);
}

#[test]
fn an_object_replaced_before_the_completion_is_kept() {
    replaced_at(Op::CompleteMpu, 1);
}

#[test]
fn answers_that_get_lost_change_nothing() {
    for op in [Op::UploadPart, Op::PartCopy, Op::CompleteMpu] {
        let world = changed();
        world.wire().fault(When::op(op), Fault::Lose);
        world.sync();
        assert_eq!(world.wire().heal(), 1, "{op} was lost");
        expect_settled(&world);
    }
}

#[test]
fn a_digest_that_does_not_fit_makes_the_file_go_whole() {
    let world = changed();
    world
        .wire()
        .fault(When::op(Op::CompleteMpu), Fault::Status(400, "BadDigest"));
    world.sync();
    world.wire().heal();
    let cost = [
        (Op::CreateMpu, 2),
        (Op::UploadPart, 5),
        (Op::PartCopy, 2),
        (Op::CompleteMpu, 2),
        (Op::AbortMpu, 1),
    ];
    expect_cost(&world, &cost, FILE_BYTES + PIECE_BYTES);
    expect_settled(&world);
}

#[test]
fn a_delta_killed_before_any_request_is_carried_on_by_the_next_run() {
    killed_everywhere(Kill::Before);
}

#[test]
fn a_delta_killed_after_any_request_is_carried_on_by_the_next_run() {
    killed_everywhere(Kill::After);
}

fn killed_everywhere(kill: Kill) {
    let world = changed();
    for n in 1.. {
        let seed = 100 + n as u64;
        overwrite(&world, AT, &bytes(MIB, seed), 1_700_000_000 + seed);
        world.wire().forget();
        let ended = world.killed(&["--jobs", "1"], When::any().nth(n), kill);
        let last = world.wire().log().last().map(|exchange| exchange.op);
        world.wire().forget();
        world.sync();
        if (last, kill) == (Some(Op::CreateMpu), Kill::After) {
            // Its name never came, so that only its age will give it away.
            let hand = world.hand().expect("our own server");
            assert_eq!(hand.pending_uploads().len(), 1);
            hand.age_uploads(25 * 60 * 60 * 1000);
            overwrite(&world, 0, &bytes(MIB, seed), 1_700_000_000 + seed);
            world.sync();
        }
        expect_settled(&world);
        if ended.is_some() {
            assert!(n > 6, "a delta upload makes more than {n} requests");
            return;
        }
    }
}
