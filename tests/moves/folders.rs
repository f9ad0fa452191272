//! A folder gets another name: many files, told in one line.

use crate::support::wire::Op;
use crate::support::world::World;
use crate::{agreed, expect_no_bytes, rename_remote, told};

const FILES: usize = 50;

fn with_folder() -> World {
    let names: Vec<String> = (0..FILES).map(|n| format!("docs/{}/{n}", n % 3)).collect();
    let contents: Vec<String> = (0..FILES).map(|n| format!("file {n}")).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .zip(&contents)
        .map(|(name, contents)| (name.as_str(), contents.as_str()))
        .collect();
    agreed(&files)
}

#[test]
fn a_folder_renamed_here_costs_a_copy_for_each_file_and_one_removal() {
    let w = with_folder();
    w.rename("docs", "papers");
    let run = told(&w);
    run.expect_stdout("moved docs/ -> papers/ (50 files): renamed here\n");
    let lines = run.stdout.lines().filter(|line| line.contains("papers/"));
    assert_eq!(lines.count(), 1, "{}", run.stdout);
    w.expect_requests(&[(Op::List, 1), (Op::Copy, FILES), (Op::BatchDelete, 1)]);
    expect_no_bytes(&w);
    w.expect_nothing_kept().expect_same().expect_quiet(1);
    w.expect_remote("papers/2/5", "file 5");
}

#[test]
fn a_folder_renamed_in_the_bucket_costs_no_byte() {
    let w = with_folder();
    for n in 0..FILES {
        let name = format!("{}/{n}", n % 3);
        rename_remote(&w, &format!("docs/{name}"), &format!("papers/{name}"));
    }
    let run = told(&w);
    run.expect_stdout("moved docs/ -> papers/ (50 files): renamed in the bucket\n");
    w.expect_requests(&[(Op::List, 1), (Op::Head, 2 * FILES)]);
    assert!(!w.path("docs").exists(), "the old folder is gone");
    w.expect_nothing_kept().expect_same().expect_quiet(1);
}

#[test]
fn names_that_need_care_travel_as_they_are() {
    let names = ["a b+c%20", "&<x>\"'", "e\u{301}\u{e9}", "\u{1}.txt", "#?;"];
    let w = World::embedded();
    for name in names {
        w.local(&format!("d/{name}"), name);
    }
    w.local("zz", "stays").init().sync();
    w.rename("d", "e").wire().forget();
    w.sync();
    expect_no_bytes(&w);
    // What a request's text would change goes by itself.
    let removals = [(Op::BatchDelete, 1), (Op::Delete, 1)];
    w.expect_requests(&[&[(Op::List, 1), (Op::Copy, 5)], &removals[..]].concat());
    w.expect_same().expect_quiet(1);
    for name in names {
        rename_remote(&w, &format!("e/{name}"), &format!("f/{name}"));
    }
    w.wire().forget();
    w.sync();
    expect_no_bytes(&w);
    w.expect_same().expect_quiet(1);
}

#[test]
fn a_thousand_removals_go_with_one_request() {
    let w = World::embedded();
    for n in 0..1001_u32 {
        w.local(&format!("docs/{n}"), n.to_string());
    }
    w.local("zz", "stays").init().sync();
    w.rename("docs", "papers").wire().forget();
    let run = told(&w);
    run.expect_stdout("moved docs/ -> papers/ (1,001 files): renamed here\n");
    let removals = [(Op::BatchDelete, 1), (Op::Delete, 1)];
    w.expect_requests(&[&[(Op::List, 2), (Op::Copy, 1001)], &removals[..]].concat());
    w.expect_same();
}

#[test]
fn a_folder_renamed_is_no_mass_deletion() {
    let w = with_folder();
    w.rename("docs", "papers").remove("papers/0/0");
    let run = w.run(&["--max-delete", "1"]);
    run.expect_code(0).expect_silence();
    w.expect_same().expect_no_remote("docs/0/0").expect_quiet(1);
}

#[test]
fn the_ignored_files_of_a_folder_stay_where_they_are() {
    let w = World::embedded();
    w.local(".s3syncignore", "*.tmp\n").local("docs/a", "v1");
    w.local("docs/b.tmp", "mine").local("zz", "stays");
    w.init().sync();
    rename_remote(&w, "docs/a", "papers/a");
    w.sync().expect_local("papers/a", "v1");
    w.expect_local("docs/b.tmp", "mine")
        .expect_no_local("docs/a");
    w.expect_no_remote("docs/b.tmp").expect_quiet(1);
}

#[test]
fn a_file_moved_into_an_ignored_folder_leaves_the_bucket_and_comes_back_out_of_it() {
    let w = World::embedded();
    w.local(".s3syncignore", "tmp/\n").local("a", "v1");
    w.local("zz", "stays").init().sync();
    w.rename("a", "tmp/a").sync().expect_no_remote("a");
    w.expect_local("tmp/a", "v1").expect_no_remote("tmp/a");
    w.rename("tmp/a", "b").sync().expect_remote("b", "v1");
    w.expect_quiet(1);
}

#[test]
fn a_renamed_folder_whose_files_were_edited_meanwhile_is_whole() {
    let w = with_folder();
    w.rename("docs", "papers")
        .local("papers/0/3", "edited here");
    w.remote("docs/1/1", "edited there").sync();
    w.expect_remote("papers/0/3", "edited here");
    w.expect_both_hold("docs/1/1", "edited there");
    w.expect_both_hold("papers/1/1", "file 1");
    w.expect_same().expect_quiet(1);
}

impl World {
    #[track_caller]
    fn expect_both_hold(&self, name: &str, contents: &str) {
        self.expect_local(name, contents)
            .expect_remote(name, contents);
    }
}
