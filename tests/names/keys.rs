//! Keys in the bucket and names on disk, one for one, or not at all.

use crate::support::world::{Machine, World};

/// Keys that no file can have, and a word of why.
const UNFIT: [(&str, &str); 12] = [
    ("../escape", ". or .."),
    ("..", ". or .."),
    (".", ". or .."),
    ("./x", ". or .."),
    ("d/../../escape", ". or .."),
    ("d/.", ". or .."),
    ("d//x", "holds //"),
    ("/rooted", "begins"),
    ("//", "begins"),
    ("nul\0x", "NUL"),
    ("d/", "ends"),
    ("", "empty"),
];

/// Odd names that any file can have.
const ODD: [&str; 22] = [
    " ",
    "  two  ",
    "a b",
    "a+b",
    "a%2Fb",
    "%",
    "a&b<c>\"d'",
    "a\\b",
    "*?[x]",
    "#~$@:;,=",
    "..x",
    "...",
    "-rf",
    "~",
    "x.",
    ".hidden",
    "\u{e9}",
    "e\u{301}",
    "A",
    "a",
    "\u{1f600}",
    "\u{feff}bom",
];

/// Names that drive a careless terminal, parser or server mad.
const WILD: [&str; 9] = [
    "new\nline",
    "cr\rlf\r\n",
    "tab\t",
    "\u{1}",
    "esc\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{fffe}",
    "\u{ffff}",
];

#[track_caller]
fn arrive_both_ways(w: &World, names: &[&str]) {
    w.init();
    for (n, name) in names.iter().enumerate() {
        w.local(&format!("up/{name}"), name)
            .remote(&format!("down/{name}"), name);
        if n % 2 == 0 {
            w.local(name, "here");
        } else {
            w.remote(name, "there");
        }
    }
    w.run(&[]).expect_code(0);
    w.expect_same().expect_quiet(1);
    assert_eq!(w.tree().len(), 3 * names.len());
    for name in names {
        w.local(&format!("down/{name}"), "edited")
            .remove(&format!("up/{name}"));
        w.remote(name, "edited there");
    }
    w.run(&["--force"]).expect_code(0).expect_silence();
    w.expect_same().expect_quiet(1);
    assert_eq!(w.tree().len(), 2 * names.len());
}

#[test]
fn odd_names_arrive_unchanged() {
    arrive_both_ways(&World::new(), &ODD);
}

#[test]
fn control_characters_arrive_unchanged() {
    arrive_both_ways(&World::embedded(), &WILD);
}

#[test]
fn odd_names_arrive_unchanged_in_a_whole_bucket() {
    let [blank, odd @ ..] = &ODD;
    assert_eq!(
        *blank, " ",
        "which only a prefix makes a key that clients accept"
    );
    arrive_both_ways(&World::at(""), odd);
}

#[test]
fn a_blank_name_in_a_whole_bucket_is_named_and_left_alone() {
    let w = World::at("");
    w.local(" ", "v1").local("a", "v1").init();
    for _ in 0..2 {
        w.sync_code(1).expect_stderr("error:  : cannot write s3://");
        w.expect_local(" ", "v1").expect_remote("a", "v1");
    }
}

#[test]
fn keys_that_no_file_can_have_are_named_and_left_alone() {
    let w = World::embedded();
    w.local("good", "v1").remote("fine", "v1");
    for (key, _) in UNFIT {
        w.remote(key, "hostile");
    }
    w.init();
    for _ in 0..2 {
        let run = w.sync_code(1);
        for (key, why) in UNFIT {
            assert!(
                run.stderr.contains(why),
                "{key:?}: {why:?} in {}",
                run.stderr
            );
            w.expect_remote(key, "hostile");
        }
        assert_eq!(run.stderr.lines().count(), UNFIT.len(), "{}", run.stderr);
        assert!(!run.stderr.contains('\0'), "names are shown escaped");
        let tree = [
            ("fine".to_owned(), "v1".to_owned()),
            ("good".to_owned(), "v1".to_owned()),
        ];
        assert_eq!(w.tree(), tree);
        w.expect_remote("good", "v1");
    }
    let outside = std::fs::read_dir(w.home()).expect("it can be read");
    let outside: Vec<_> = outside.flatten().map(|entry| entry.file_name()).collect();
    assert!(!outside.iter().any(|name| name == "escape"), "{outside:?}");
}

#[test]
fn names_are_shown_escaped() {
    let w = World::embedded();
    w.remote("d//esc\u{1b}[31m\n", "v1").init();
    let run = w.sync_code(1);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{:?}", run.stderr);
}

#[test]
fn directory_markers_are_no_files() {
    let w = World::embedded();
    w.local("d/a", "v1")
        .remote("d/", "")
        .remote("empty/", "")
        .remote("", "");
    w.init().run(&[]).expect_code(0).expect_silence();
    w.expect_remote("d/a", "v1")
        .expect_remote("d/", "")
        .expect_remote("empty/", "");
    assert!(
        !w.path("empty").exists(),
        "empty directories are not carried over"
    );
    w.expect_quiet(1);
    w.remove("d/a").run(&["--force"]).expect_code(0);
    w.expect_no_remote("d/a").expect_remote("d/", "");
}

fn file_and_folder_in_the_bucket() -> World {
    let w = World::new();
    w.remote("a", "file")
        .remote("a/b", "below")
        .remote("a-", "between");
    w
}

#[track_caller]
fn expect_untouched(w: &Machine) {
    w.expect_remote("a", "file")
        .expect_remote("a/b", "below")
        .expect_remote("a-", "between");
}

#[test]
fn of_a_key_and_keys_below_it_those_below_come_down() {
    let w = file_and_folder_in_the_bucket();
    w.init()
        .sync_code(1)
        .expect_stderr("skipped a: a directory holds its name");
    w.expect_local("a/b", "below").expect_local("a-", "between");
    expect_untouched(&w);
    w.expect_frozen(1, "skipped a: a directory holds its name");
}

#[test]
fn of_a_key_and_keys_below_it_what_is_on_disk_stays() {
    let w = file_and_folder_in_the_bucket();
    w.local("a", "file").init();
    w.sync_code(1)
        .expect_stderr("skipped a/b: the file a holds");
    w.expect_local("a", "file");
    expect_untouched(&w);
    w.expect_frozen(1, "skipped a/b: the file a holds");
    w.local("a", "edited").sync_code(1);
    w.expect_remote("a", "edited").expect_remote("a/b", "below");
}

#[test]
fn when_the_key_goes_those_below_it_come_down_and_the_other_way_round() {
    let w = file_and_folder_in_the_bucket();
    w.local("a", "file").init().sync_code(1);
    w.remove_remote("a").sync();
    w.expect_local("a/b", "below").expect_same().expect_quiet(1);
    w.expect_kept_local("a", "file");

    let w = file_and_folder_in_the_bucket();
    w.init().sync_code(1);
    w.remove_remote("a/b").sync();
    w.expect_local("a", "file").expect_same().expect_quiet(1);
}

#[test]
fn names_that_are_too_long_are_named_and_left_alone() {
    let w = World::new();
    let long = "x".repeat(256);
    let deep = vec!["y".repeat(255); 4].join("/");
    w.local("good", "v1").local(&deep, "v1");
    w.local(&"z".repeat(255), "v1").remote("fine", "v1");
    let is_stored = w.hand().is_some();
    if is_stored {
        w.remote(&long, "v1");
    }
    w.init();
    for _ in 0..2 {
        let run = w.sync_code(1);
        run.expect_stderr("the object key has 1028 bytes, over 1024");
        if is_stored {
            run.expect_stderr("a component has 256 bytes, over 255");
            w.expect_remote(&long, "v1");
        }
        w.expect_local("fine", "v1").expect_remote("good", "v1");
        w.expect_remote(&"z".repeat(255), "v1")
            .expect_local(&deep, "v1");
    }
}

#[test]
fn the_longest_key_arrives() {
    let w = World::at("p");
    let folder = vec!["y".repeat(254); 4].join("/");
    let longest = format!("{folder}/zz");
    assert_eq!(longest.len() + "p/".len(), 1024);
    w.local(&longest, "v1").init().sync();
    w.expect_remote(&longest, "v1").expect_quiet(1);
    w.remote(&longest, "v2").sync().expect_local(&longest, "v2");
}

#[test]
fn a_prefix_ends_where_its_name_ends() {
    let w = World::at("docs");
    let (other, near) = (w.also("other", "docs2"), w.also("near", "doc"));
    w.local("a", "docs");
    other.remote("a", "docs2").remote("b", "docs2");
    near.remote("a", "doc");
    w.init().sync();
    w.expect_both(&[("a", "docs")]);
    w.remove("a").local("c", "docs").sync();
    w.expect_both(&[("c", "docs")]);
    other
        .expect_remote("a", "docs2")
        .expect_remote("b", "docs2");
    near.expect_remote("a", "doc");
}

#[test]
fn the_programs_own_names_are_no_part_of_a_map() {
    let w = World::new();
    w.local("a", "v1")
        .remote(".s3bsync/recovery/x/y", "mine")
        .remote(".s3bsync/z", "mine");
    w.remote("d/.s3bsync/z", "yours")
        .local("e/.s3bsync/z", "yours");
    w.local(".s3bsync/note", "mine");
    w.init().run(&[]).expect_code(0);
    let names = [
        ("a", "v1"),
        ("d/.s3bsync/z", "yours"),
        ("e/.s3bsync/z", "yours"),
    ];
    w.expect_both(&names);
    w.expect_remote(".s3bsync/z", "mine")
        .expect_no_remote(".s3bsync/note");
    w.expect_no_local(".s3bsync/z")
        .expect_no_remote(".s3bsync/marker");
    w.expect_quiet(1);
}
