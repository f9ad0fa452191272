//! D x M, M x D, D x D and A x A with a base: what was modified beats what was removed.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::World;

#[test]
fn an_object_modified_while_the_file_was_deleted_comes_back() {
    let w = World::agreed(&[("a", "v1")]);
    w.remove("a").remote("a", "v2").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Get, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_file_modified_while_the_object_was_deleted_is_uploaded_again() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "v2").remove_remote("a").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_file_only_touched_while_the_object_was_deleted_goes() {
    let w = World::agreed(&[("a", "v1")]);
    w.touch("a", 4_000_000_000).remove_remote("a").sync();
    w.expect_kept_local("a", "v1");
    ends_with(&w, &[]);
}

#[test]
fn deleted_on_both_sides_is_forgotten() {
    let w = World::agreed(&[("a", "v1")]);
    w.remove("a").remove_remote("a").sync();
    w.expect_requests(&[(Op::List, 1)]);
    w.expect_nothing_kept();
    let dump = w.run(&["--dump", "--objects", "--json"]);
    dump.expect_code(0).expect_stdout("\"zz\"");
    assert!(!dump.stdout.contains("\"a\""), "{}", dump.stdout);
    ends_with(&w, &[]);
}

#[test]
fn what_was_forgotten_is_new_when_it_comes_again() {
    for contents in ["v1", "v2"] {
        let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
        w.remove("a").remove_remote("a");
        w.remove("b").remove_remote("b").sync();
        w.remote("a", contents).local("b", contents).sync();
        w.expect_nothing_kept();
        ends_with(&w, &[("a", contents), ("b", contents)]);
    }
}

#[test]
fn what_was_deleted_on_one_side_is_new_when_it_comes_again() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    w.remove("a").remove_remote("b").sync();
    w.local("a", "v1").remote("b", "v1").sync();
    ends_with(&w, &[("a", "v1"), ("b", "v1")]);
}
