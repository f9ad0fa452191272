//! Compressed and encrypted objects are renamed as they lie there.

use crate::support::wire::Op;
use crate::support::world::World;
use crate::{expect_no_bytes, rename_remote};

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn world(settings: &[&str]) -> World {
    let w = World::embedded();
    w.local("a", text()).local("zz", "stays");
    w.init_with(settings).sync();
    w.wire().forget();
    w
}

fn text() -> String {
    "some text that repeats\n".repeat(100)
}

#[test]
fn encoded_objects_are_copied_as_they_are() {
    for settings in [&["--compress", "6"][..], &["--age-recipient", KEY]] {
        let w = world(settings);
        let before = w.object("a").expect("it was sent");
        w.rename("a", "b").sync();
        w.expect_requests(&[(Op::List, 1), (Op::Head, 2), (Op::Copy, 1), (Op::Delete, 1)]);
        let after = w.object("b").expect("it was copied");
        assert_eq!(after.bytes, before.bytes, "{settings:?}");
        assert_eq!(
            after.meta.get("s3bsync-encoding"),
            before.meta.get("s3bsync-encoding")
        );
        w.expect_no_remote("a").expect_quiet(1);
    }
}

#[test]
fn an_encrypted_object_renamed_in_the_bucket_is_renamed_here_without_an_identity() {
    let w = world(&["--age-recipient", KEY]);
    rename_remote(&w, "a", "b");
    w.sync();
    expect_no_bytes(&w);
    w.expect_local("b", text());
    w.expect_no_local("a").expect_quiet(1);
}

#[test]
fn what_lies_in_the_clear_is_encrypted_under_its_new_name() {
    let w = world(&[]);
    w.run(&["edit", "root", "--age-recipient", KEY])
        .expect_code(0);
    w.rename("a", "b").sync();
    let object = w.object("b").expect("it was sent");
    let chain = object.meta.get("s3bsync-encoding").map(String::as_str);
    assert_eq!(chain, Some("age"));
    w.expect_no_remote("a").expect_quiet(1);
}

#[test]
fn all_sent_anew_is_sent_under_the_new_name() {
    let w = world(&[]);
    w.rename("a", "b");
    w.run(&["edit", "root", "--reencode"]).expect_code(0);
    assert!(w.wire().count(Op::Put) >= 2, "both files were sent");
    w.expect_same().expect_quiet(1);
}
