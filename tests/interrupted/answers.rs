//! Answers that never come, come broken, or say that it did not work.

use crate::support::mixed::{LARGE_BYTES, Mixed};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;

/// Every kind of request that a run with everything to do makes.
const OPS: [Op; 9] = [
    Op::List,
    Op::Get,
    Op::Head,
    Op::Put,
    Op::Delete,
    Op::Copy,
    Op::CreateMpu,
    Op::UploadPart,
    Op::CompleteMpu,
];

/// A run with everything to do, in which the first requests of these kinds go wrong.
#[track_caller]
fn survives(ops: &[Op], times: usize, fault: &Fault) {
    let world = World::new();
    let mut mixed = Mixed::begin(&world);
    mixed.change(&world);
    for op in ops {
        world
            .wire()
            .fault(When::op(*op).times(times), fault.clone());
    }
    world.sync();
    let struck = world.wire().heal();
    assert_eq!(struck, ops.len() * times, "every fault struck");
    mixed.expect_done(&world);
    world.expect_idle();
}

#[test]
fn an_answer_lost_after_the_effect_is_found_out_and_no_conflict() {
    survives(&OPS, 1, &Fault::Lose);
}

#[test]
fn a_connection_that_breaks_is_opened_again() {
    survives(&OPS, 1, &Fault::Reset);
}

#[test]
fn a_burst_of_500_is_waited_out() {
    survives(&OPS, 2, &Fault::Status(500, "InternalError"));
}

#[test]
fn a_burst_of_503_is_waited_out() {
    survives(&OPS, 2, &Fault::Status(503, "SlowDown"));
}

#[test]
fn a_409_is_asked_again() {
    let conflict = Fault::Status(409, "ConditionalRequestConflict");
    survives(&[Op::Put, Op::Copy, Op::Delete], 1, &conflict);
}

#[test]
fn a_body_that_ends_too_soon_is_fetched_again() {
    survives(&[Op::List, Op::Get], 1, &Fault::Cut(5));
}

#[test]
fn a_copy_that_fails_with_200_is_asked_again() {
    survives(&[Op::Copy], 1, &Fault::Hidden("InternalError"));
}

/// A completion answered 200 with an error inside.
#[test]
fn a_completion_that_fails_with_200_is_asked_again() {
    survives(&[Op::CompleteMpu], 1, &Fault::Hidden("InternalError"));
}

#[test]
fn bytes_that_arrive_wrong_are_never_given_a_name() {
    let world = World::new();
    world.local("edited", "old").init().sync();
    world.remote("edited", "new bytes of the object");
    world.remote("fresh", "more bytes of an object");
    world
        .wire()
        .fault(When::op(Op::Get).always(), Fault::FlipBit);
    let run = world.sync_code(1);
    run.expect_stderr("edited").expect_stderr("fresh");
    world.wire().heal();
    world.expect_local("edited", "old").expect_no_local("fresh");
    world.sync();
    world.expect_local("edited", "new bytes of the object");
    world.expect_same();
}

#[test]
fn a_range_that_arrives_wrong_is_never_given_a_name() {
    let world = World::new();
    world
        .local("small", "so that the map has a base")
        .init()
        .sync();
    let mut bytes = vec![7; LARGE_BYTES];
    bytes[0] = 1;
    world.remote("large", &bytes);
    world.wire().fault(When::op(Op::Get), Fault::FlipBit);
    world.sync_code(1).expect_stderr("large");
    world.wire().heal();
    world.expect_no_local("large");
    world.sync();
    world.expect_local("large", &bytes);
}

#[test]
fn a_transfer_that_fails_for_good_hinders_no_other_and_is_named_once() {
    let world = World::new();
    world.local("gone", "1").local("bad", "2").init().sync();
    world
        .remove("gone")
        .local("bad", "2 edited")
        .local("new", "3");
    world.remote("far", "4");
    let refused = Fault::Status(400, "InvalidRequest");
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/bad").always(), refused);
    let run = world.sync_code(1);
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
    run.expect_stderr("bad");
    world.wire().heal();
    world.expect_remote("new", "3").expect_no_remote("gone");
    world.expect_remote("bad", "2").expect_local("far", "4");
    world.wire().forget();
    world.sync();
    world.expect_requests(&[(Op::List, 1), (Op::Put, 1)]);
    world.expect_same();
}
