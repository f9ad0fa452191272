//! A listing that cannot be believed: nothing is deleted, nothing is done, the run says so.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;

/// A map with something to delete on each side, were the listing believed; it must not be.
#[track_caller]
fn does_nothing(fault: Fault) {
    let world = World::new();
    for name in ["a", "b", "c", "d", "sub/e"] {
        world.local(name, format!("the bytes of {name}"));
    }
    world.init().sync();
    world.remove("b").remove_remote("c").local("new", "bytes");
    let before = (world.tree(), world.remote_tree());
    let state = std::fs::read(world.state_file()).expect("there is a state file");
    world.wire().fault(When::op(Op::List).always(), fault);
    world.wire().forget();
    world.sync_code(3).expect_stderr("error: ");
    let struck = world.wire().heal();
    assert!(struck > 0, "the fault struck");
    assert_eq!((world.tree(), world.remote_tree()), before);
    let log = world.wire().log();
    assert!(
        log.iter().all(|exchange| exchange.op == Op::List),
        "{log:#?}"
    );
    let after = std::fs::read(world.state_file()).expect("there is a state file");
    assert!(
        state == after,
        "a run that did nothing leaves the state as it was"
    );
    world.sync();
    world
        .expect_same()
        .expect_no_local("c")
        .expect_no_remote("b");
}

#[test]
fn a_listing_cut_short_inside_its_xml_deletes_nothing() {
    does_nothing(Fault::TruncateList);
}

#[test]
fn a_listing_whose_next_page_is_always_the_same_deletes_nothing() {
    does_nothing(Fault::LoopList);
}

#[test]
fn a_listing_out_of_order_deletes_nothing() {
    does_nothing(Fault::ShuffleList);
}

#[test]
fn a_listing_that_names_a_key_twice_deletes_nothing() {
    does_nothing(Fault::RepeatKey);
}

#[test]
fn a_listing_whose_body_ends_too_soon_deletes_nothing() {
    does_nothing(Fault::Cut(300));
}

#[test]
fn a_listing_that_is_an_error_inside_a_200_deletes_nothing() {
    does_nothing(Fault::Hidden("InternalError"));
}

#[test]
fn a_listing_that_is_denied_deletes_nothing() {
    does_nothing(Fault::Status(403, "AccessDenied"));
}

#[test]
fn a_second_page_that_fails_deletes_nothing() {
    let world = World::new();
    world.local("kept", "bytes").local("sub/kept", "bytes");
    world.init().sync();
    for n in 0..1005 {
        world.remote(&format!("many/{n:04}"), "");
    }
    // The first page is whole; what comes after it is not known.
    world.remove_remote("sub/kept");
    world.wire().fault(
        When::op(Op::List).nth(2).always(),
        Fault::Status(403, "AccessDenied"),
    );
    world.sync_code(3);
    assert!(world.wire().heal() > 0, "there was a second page");
    world
        .expect_local("kept", "bytes")
        .expect_local("sub/kept", "bytes");
    assert_eq!(world.tree().len(), 2, "half a listing is not acted on");
}
