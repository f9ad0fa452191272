//! One file gets another name.

use crate::support::wire::Op;
use crate::support::world::World;
use crate::{ONE, ONE_BACK, agreed, ends_with, expect_no_bytes, rename_remote, told};
use std::fs;

#[test]
fn a_file_renamed_here_is_copied_and_removed_in_the_bucket() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "d/b");
    let run = told(&w);
    run.expect_stdout("moved a -> d/b: renamed here\n")
        .expect_stdout("moved 1\n");
    w.expect_requests(&ONE).expect_nothing_kept();
    ends_with(&w, &[("d/b", "v1")]);
}

#[test]
fn an_object_renamed_in_the_bucket_is_renamed_here() {
    let w = agreed(&[("d/a", "v1")]);
    let before = w.mtime_ns("d/a");
    rename_remote(&w, "d/a", "e/b");
    let run = told(&w);
    run.expect_stdout("moved d/a -> e/b: renamed in the bucket\n");
    w.expect_requests(&ONE_BACK).expect_nothing_kept();
    assert_eq!(w.mtime_ns("e/b"), before, "the time stays");
    assert!(!w.path("d").exists(), "its folder went with it");
    ends_with(&w, &[("e/b", "v1")]);
}

#[test]
fn a_name_in_another_case_is_another_name() {
    let w = agreed(&[("notes", "v1")]);
    w.rename("notes", "Notes").sync().expect_requests(&ONE);
    ends_with(&w, &[("Notes", "v1")]);
    rename_remote(&w, "Notes", "NOTES");
    w.wire().forget();
    w.sync().expect_requests(&ONE_BACK);
    ends_with(&w, &[("NOTES", "v1")]);
}

#[test]
fn an_empty_file_is_renamed_as_any_other() {
    let w = agreed(&[("a", "")]);
    w.rename("a", "b").sync().expect_requests(&ONE);
    ends_with(&w, &[("b", "")]);
}

#[test]
fn a_file_moved_from_another_disk_has_another_inode_and_the_same_time() {
    let w = agreed(&[("a", "v1")]);
    let time = fs::metadata(w.path("a")).unwrap().modified().unwrap();
    fs::copy(w.path("a"), w.path("b")).unwrap();
    let copy = fs::OpenOptions::new().write(true).open(w.path("b"));
    copy.unwrap().set_modified(time).unwrap();
    w.remove("a").sync().expect_requests(&ONE);
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn a_rename_back_is_a_rename() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b").sync();
    w.rename("b", "a").wire().forget();
    w.sync().expect_requests(&ONE);
    rename_remote(&w, "a", "b");
    w.wire().forget();
    w.sync().expect_requests(&ONE_BACK);
    rename_remote(&w, "b", "a");
    w.wire().forget();
    w.sync().expect_requests(&ONE_BACK);
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn a_dry_run_tells_of_a_rename_and_does_nothing() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b");
    let run = w.run(&["--dryrun", "--debug"]);
    run.expect_code(0)
        .expect_stdout("would move a -> b: renamed here\n")
        .expect_stdout("1 change, 0 bytes to transfer");
    w.expect_requests(&[(Op::List, 1)]);
    w.expect_remote("a", "v1").expect_no_remote("b");
    w.sync();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn each_rename_is_a_line_of_json() {
    let w = agreed(&[("d/a", "v1"), ("d/b", "v2")]);
    w.rename("d", "e");
    let run = w.run(&["--json"]);
    run.expect_code(0);
    for (from, to) in [("d/a", "e/a"), ("d/b", "e/b")] {
        run.expect_stdout(&format!(
            r#"{{"bytes":0,"event":"done","from":"{from}","key":"{to}","map":"root","step":"move remote","why":"renamed here"}}"#
        ));
    }
}

#[test]
fn a_large_file_is_renamed_without_a_byte_though_its_etag_is_no_md5() {
    let w = World::embedded();
    let bytes: Vec<u8> = (0..9_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    w.local("a", &bytes).local("zz", "stays").init().sync();
    w.rename("a", "b").wire().forget();
    w.sync();
    // Its ETag proves nothing, so that the object and its copy are looked at.
    w.expect_requests(&[(Op::List, 1), (Op::Head, 2), (Op::Copy, 1), (Op::Delete, 1)]);
    expect_no_bytes(&w);
    w.expect_remote("b", &bytes).expect_quiet(1);
    w.local("b", &bytes[1..])
        .sync()
        .expect_remote("b", &bytes[1..]);
}

#[test]
fn a_copy_in_parts_that_became_one_is_known_by_its_bytes() {
    let w = World::embedded();
    let bytes: Vec<u8> = (0..9_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    w.local("a", &bytes).local("zz", "stays").init().sync();
    let hand = w.hand().expect("the embedded server");
    hand.put("docs/whole", bytes.clone());
    let whole = hand.get("docs/whole").expect("it was put").etag;
    hand.delete("docs/whole");
    hand.rename("docs/a", "docs/b", Some(&whole));
    w.wire().forget();
    w.sync().expect_requests(&ONE_BACK);
    w.expect_local("b", &bytes).expect_no_local("a");
    w.expect_quiet(1);
}
