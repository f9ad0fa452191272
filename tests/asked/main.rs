//! Conflicts put to a person at a terminal, each answer as a story; and nothing is ever asked, and
//! nothing waits, where nobody is there.

mod passphrases;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use support::terminal::{Turn, at_a_terminal, at_a_terminal_in, turn};
use support::wire::Op;
use support::world::World;

const ASKS: &str = "the rest [s] ";

/// Files that changed on both sides, in a map that asks.
fn conflicts(names: &[&str]) -> World {
    let files: Vec<_> = names.iter().map(|name| (*name, "agreed\n")).collect();
    let world = World::agreed_with(&files, &["--conflict", "ask"]);
    for name in names {
        world.local_at(name, "written here\n", 1_000_000_000);
        world.remote_at(name, "written there, later\n", 1_000_000_060);
    }
    world
}

#[test]
fn the_question_tells_of_both_versions() {
    let world = conflicts(&["d/a.txt"]);
    let seen = at_a_terminal(&world, &[], &[turn(ASKS, "\n")]);
    seen.expect_code(1)
        .expect("conflict in map root: d/a.txt\n")
        .expect("  local   2001-09-09T01:46:40.000Z  13 bytes\n")
        .expect("  bucket  2001-09-09T01:47:40.000Z  21 bytes\n");
}

#[test]
fn local_keeps_the_object_and_sends_the_file() {
    let world = conflicts(&["a.txt"]);
    at_a_terminal(&world, &[], &[turn(ASKS, "l\n")]).expect_code(0);
    world
        .expect_both(&[("a.txt", "written here\n"), ("zz", "stays")])
        .expect_kept_remote("a.txt", "written there, later\n")
        .expect_idle();
}

#[test]
fn bucket_keeps_the_file_and_fetches_the_object() {
    let world = conflicts(&["a.txt"]);
    at_a_terminal(&world, &[], &[turn(ASKS, "bucket\n")]).expect_code(0);
    world
        .expect_both(&[("a.txt", "written there, later\n"), ("zz", "stays")])
        .expect_kept_local("a.txt", "written here\n")
        .expect_idle();
}

#[test]
fn keep_both_gives_the_file_another_name() {
    let world = conflicts(&["a.txt"]);
    at_a_terminal(&world, &[], &[turn(ASKS, "k\n")]).expect_code(0);
    world
        .expect_local("a.txt", "written there, later\n")
        .expect_same()
        .expect_findable("written here\n")
        .expect_nothing_kept();
    assert_eq!(world.tree().len(), 3, "{:?}", world.tree());
}

#[test]
fn enter_the_end_of_input_and_nonsense_change_nothing() {
    for typed in ["\n", "s\n", "\x04", "x\nx\nx\nx\nx\n"] {
        let world = conflicts(&["a.txt"]);
        let seen = at_a_terminal(&world, &[], &[turn(ASKS, typed)]);
        seen.expect_code(1).expect("skipped a.txt: both sides");
        world
            .expect_local("a.txt", "written here\n")
            .expect_remote("a.txt", "written there, later\n")
            .expect_nothing_kept();
    }
}

#[test]
fn diff_shows_the_lines_and_asks_again() {
    let world = conflicts(&["a.txt"]);
    let temporary = world.home().join("tmp");
    fs::create_dir(&temporary).expect("a folder can be made");
    let place = temporary.to_str().expect("temporary paths are UTF-8");
    let turns = [turn(ASKS, "d\n"), turn(ASKS, "l\n")];
    let seen = at_a_terminal_in(&world, &[("TMPDIR", place)], &[], &turns);
    seen.expect_code(0)
        .expect("--- local\n+++ bucket\n")
        .expect("-written here\n+written there, later\n");
    let left = fs::read_dir(&temporary).expect("it is there").count();
    assert_eq!(left, 0, "copies do not stay");
    world.expect_remote("a.txt", "written here\n");
}

#[test]
fn diff_runs_what_the_environment_names() {
    let world = conflicts(&["a.txt"]);
    let turns = [turn(ASKS, "d\n"), turn(ASKS, "\n")];
    let shows = "sh -c 'cat \"$@\"; stat -c \"mode %a\" \"$@\"' x";
    let seen = at_a_terminal_in(&world, &[("DIFF", shows)], &[], &turns);
    seen.expect_code(1)
        .expect("written here\nwritten there, later\nmode 600\nmode 600\n");
    let seen = at_a_terminal_in(&world, &[("DIFF", "no-such-program")], &[], &turns);
    seen.expect_code(1).expect("$DIFF could not be run");
}

#[test]
fn diff_opens_what_is_packed_and_tells_of_what_is_no_text() {
    let world = World::agreed_with(
        &[("a.txt", "agreed\n"), ("b.bin", "\0")],
        &["--conflict", "ask", "--compress", "6"],
    );
    let other = world.machine("b");
    let text = "a line as often as it takes to make it smaller\n".repeat(20);
    other.init_with(&["--compress", "6"]).sync();
    other.local("a.txt", &text).local("b.bin", "\0there").sync();
    world.local("a.txt", "here\n").local("b.bin", "\0");
    world.local("b.bin", "\0here");
    let turns = [
        turn(ASKS, "d\n"),
        turn(ASKS, "s\n"),
        turn(ASKS, "d\n"),
        turn(ASKS, "s\n"),
    ];
    let seen = at_a_terminal(&world, &[], &turns);
    seen.expect_code(1)
        .expect("-here\n+a line as often")
        .expect("local   5 bytes, BLAKE3 ")
        .expect("bucket  6 bytes, BLAKE3 ");
}

#[test]
fn a_capital_answers_for_all_further_conflicts() {
    let world = conflicts(&["a", "b", "c"]);
    let seen = at_a_terminal(&world, &[], &[turn(ASKS, "l\n"), turn(ASKS, "B\n")]);
    seen.expect_code(0);
    assert_eq!(seen.shown.matches(ASKS).count(), 2, "{}", seen.shown);
    world
        .expect_remote("a", "written here\n")
        .expect_local("b", "written there, later\n")
        .expect_local("c", "written there, later\n")
        .expect_same();
}

#[test]
fn an_edit_while_the_person_thinks_is_asked_about_anew() {
    let world = conflicts(&["a.txt"]);
    let path = world.path("a.txt");
    let edit = format!("printf 'written meanwhile\\n' > {}", path.display());
    let turns = [
        Turn {
            meanwhile: &edit,
            ..turn(ASKS, "b\n")
        },
        turn("18 bytes", ""),
        turn(ASKS, "l\n"),
    ];
    at_a_terminal(&world, &[], &turns).expect_code(0);
    world
        .expect_both(&[("a.txt", "written meanwhile\n"), ("zz", "stays")])
        .expect_kept_remote("a.txt", "written there, later\n");
}

#[test]
fn ctrl_c_at_a_question_ends_the_run_cleanly() {
    let world = conflicts(&["a", "b"]);
    world.local("c", "new");
    let seen = at_a_terminal(&world, &[], &[turn(ASKS, "\x03")]);
    seen.expect_code(130).expect_no("skipped").expect_no("b\n");
    world
        .expect_local("a", "written here\n")
        .expect_remote("a", "written there, later\n")
        .expect_nothing_kept();
    let seen = at_a_terminal(&world, &[], &[turn(ASKS, "L\n")]);
    seen.expect_code(0);
    world.expect_same().expect_idle();
}

#[test]
fn the_rest_is_synced_once_the_questions_are_answered() {
    let world = conflicts(&["a"]);
    world.local("new", "here").remote("other", "there");
    at_a_terminal(&world, &[], &[turn(ASKS, "\n")]).expect_code(1);
    world
        .expect_remote("new", "here")
        .expect_local("other", "there");
}

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_changes() {
    let world = conflicts(&["a"]);
    world.wire().forget();
    let run = world.run(&[]);
    run.expect_code(1).expect_stderr("skipped a: both sides");
    assert!(!run.stderr.contains("[s]"), "{}", run.stderr);
    for op in [Op::Put, Op::Copy, Op::Delete] {
        assert_eq!(world.wire().count(op), 0, "{op:?}");
    }
    world
        .expect_local("a", "written here\n")
        .expect_nothing_kept();
}

#[test]
fn who_wants_no_words_or_no_change_is_not_asked() {
    for args in [&["--quiet"][..], &["--json"], &["--dryrun"], &["status"]] {
        let world = conflicts(&["a"]);
        let seen = at_a_terminal(&world, args, &[]);
        seen.expect_code(1).expect_no("[s]");
        world
            .expect_local("a", "written here\n")
            .expect_remote("a", "written there, later\n")
            .expect_nothing_kept();
    }
}

#[test]
fn other_policies_ask_nobody() {
    for policy in ["newer", "keep-both", "local", "remote"] {
        let world = World::agreed_with(&[("a", "agreed")], &["--conflict", policy]);
        world.local("a", "here").remote("a", "there");
        let seen = at_a_terminal(&world, &[], &[]);
        seen.expect_code(0).expect_no("[s]");
    }
}
