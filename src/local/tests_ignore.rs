//! Ignore rules, held against git's reading of the same files.

use super::tests_support::{Tree, files, key, scan_of, skip};
use super::{Found, Root};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

fn ignored(root: &Root, keys: &[&str]) -> Vec<String> {
    let rules = root.rules();
    let scan = root.scan(crate::state::Recursion::Recursive, "", &rules);
    assert!(scan.into_iter().all(|item| item.is_ok()));
    keys.iter()
        .filter(|text| rules.is_ignored(&key(text)))
        .map(|text| (*text).to_owned())
        .collect()
}

#[test]
fn rules_are_read_as_in_a_gitignore() {
    let tree = Tree::with(&[
        "a/x.log",
        "a/keep.log",
        "b/build/out",
        "build",
        "c/only.txt",
    ]);
    tree.write(
        ".s3syncignore",
        "# logs\n*.log\nbuild/\n/c/*\n!/c/only.txt\n{x}\n",
    );
    tree.write("a/.s3syncignore", "!keep.log\n");
    let root = tree.root();
    assert_eq!(
        files(&root),
        [
            ".s3syncignore",
            "a/.s3syncignore",
            "a/keep.log",
            "build",
            "c/only.txt"
        ]
    );
    assert_eq!(
        ignored(
            &root,
            &[
                "remote.log",
                "a/keep.log",
                "n/build/y",
                "n/build",
                "c/z",
                "x",
                "{x}"
            ]
        ),
        ["remote.log", "n/build/y", "c/z", "{x}"]
    );
}

#[test]
fn nothing_below_an_ignored_directory_comes_back() {
    let tree = Tree::with(&["out/keep", "out/sub/keep"]);
    tree.write(".s3syncignore", "out\n!out/keep\n");
    tree.write("out/.s3syncignore", "!*\n");
    let root = tree.root();
    assert_eq!(files(&root), [".s3syncignore"]);
    assert_eq!(
        ignored(&root, &["out/keep", "out/sub/keep", "outer"]),
        ["out/keep", "out/sub/keep"]
    );
}

#[test]
fn an_ignored_symlink_or_directory_is_not_even_hidden() {
    let tree = Tree::with(&["a"]);
    symlink("a", tree.path("link")).unwrap();
    tree.write(".s3syncignore", "link\n");
    assert_eq!(super::tests_support::found(&tree.root()).len(), 2);
}

/// The directory that is frozen, the reason, and the files that a scan finds.
fn frozen(tree: &Tree) -> (String, String, Vec<String>) {
    let root = tree.root();
    let found: Vec<_> = scan_of(&root).map(Result::unwrap).collect();
    let mut frozen = found.into_iter().filter_map(|found| match found {
        Found::Frozen { path, reason } => Some((path, reason)),
        _ => None,
    });
    let (path, reason) = frozen.next().unwrap();
    assert_eq!(frozen.next(), None);
    (path, reason, files(&root))
}

#[test]
fn a_rule_file_that_cannot_be_used_freezes_its_directory_alone() {
    for (text, place) in [
        (&b"ok\n[a\n"[..], "line 2: "),
        (b"a\\", "line 1: "),
        (b"a\n\n\xff\n", "line 3: "),
        (b"[[:nonsense:]]", "line 1: "),
    ] {
        let tree = Tree::with(&["a", "d/x", "d/e/y", "e"]);
        fs::write(tree.path("d/.s3syncignore"), text).unwrap();
        let (path, reason, files) = frozen(&tree);
        assert_eq!(path, "d");
        assert!(
            reason.starts_with(&format!("d/.s3syncignore: {place}")),
            "{reason}"
        );
        assert_eq!(files, ["a", "d/.s3syncignore", "e"]);
    }
    let tree = Tree::with(&["rules", "d/x"]);
    symlink("rules", tree.path(".s3syncignore")).unwrap();
    let (path, reason, files) = frozen(&tree);
    assert_eq!((path.as_str(), files.len()), ("", 0));
    assert_eq!(reason, ".s3syncignore: a symlink is not followed");
    let tree = Tree::with(&["d/.s3syncignore/x", "y"]);
    assert_eq!(frozen(&tree).2, ["y"]);
    let tree = Tree::with(&["x"]);
    tree.write(".s3syncignore", &"#\n".repeat(600_000));
    assert_eq!(frozen(&tree).2, [".s3syncignore"]);
}

#[test]
fn no_rule_hides_a_rule_file_of_a_directory_that_is_synced() {
    let tree = Tree::with(&["a/x", "out/x"]);
    tree.write(".s3syncignore", "*\n!/a/\n.s3syncignore\n");
    tree.write("a/.s3syncignore", "*\n");
    tree.write("out/.s3syncignore", "!*\n");
    let root = tree.root();
    assert_eq!(files(&root), [".s3syncignore", "a/.s3syncignore"]);
    let asked = [
        ".s3syncignore",
        "a/.s3syncignore",
        "a/x",
        "out/.s3syncignore",
    ];
    assert_eq!(ignored(&root, &asked), ["a/x", "out/.s3syncignore"]);
}

#[test]
fn rules_of_this_machine_are_asked_last() {
    let tree = Tree::with(&["a.log", "b.log", "d/c.log", "d/e/f"]);
    tree.write(".s3bsync/ignore", "*.log\n/d/e/\n");
    tree.write("d/.s3syncignore", "!c.log\n");
    let root = tree.root();
    assert_eq!(files(&root), ["d/.s3syncignore", "d/c.log"]);
    assert_eq!(
        ignored(&root, &["new.log", "d/c.log", "d/e/g", ".s3syncignore"]),
        ["new.log", "d/e/g"]
    );
    tree.write(".s3bsync/ignore", "[\n");
    let (path, reason, files) = frozen(&tree);
    assert_eq!((path.as_str(), files.len()), ("", 0));
    assert!(reason.starts_with(".s3bsync/ignore: line 1: "), "{reason}");
}

const PATHS: [&str; 22] = [
    "a", "b", "ab", "abc", "a-b", "a.b", "a b", "A", "]", "-", "!", "#", "{a,b}", "a\\b", "x/a",
    "x/b", "x/ab", "x/y/a", "x/y/ab", "x/y/z/a", "y/a/b", "y/[a]",
];

fn pattern() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "x",
        "y",
        "z",
        "*",
        "**",
        "?",
        "/",
        "/",
        "[ab]",
        "[!a]",
        "[^b]",
        "[a-c]",
        "[]a]",
        "[a-]",
        "[\\]]",
        "[[:alpha:]]",
        "[+-9]",
        "\\a",
        "\\*",
        "\\\\",
        "-",
        ".",
        "{a,b}",
        "!",
        "#",
        " ",
        "\\ ",
        "x/",
        "/a",
        "**/",
        "/**",
        "[!]a]",
        "[\\!a]",
        "[ -~]",
    ]);
    // Git matches a plain beginning by itself and then takes `**` after it for the beginning of a
    // component. That is left out here.
    let body = prop::collection::vec(piece, 1..5)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("stars within a component", |body| {
            !body
                .match_indices("**")
                .any(|(at, _)| !body[..at].is_empty() && !body[..at].ends_with(['/', '*']))
        });
    let not = prop::sample::select(vec!["", "", "", "!"]);
    (not, body).prop_map(|(not, body)| not.to_owned() + &body)
}

/// Those of `PATHS` that git ignores in `tree`.
fn ignored_by_git(tree: &Tree) -> BTreeSet<String> {
    let mut git = Command::new("git")
        .args(["check-ignore", "--no-index", "--stdin", "-z"])
        .current_dir(tree.top())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = git.stdin.take().unwrap();
    input.write_all(PATHS.join("\0").as_bytes()).unwrap();
    drop(input);
    let output = git.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn git_reads_the_same_rules(
        top in prop::collection::vec(pattern(), 1..5),
        below in prop::collection::vec(pattern(), 0..3),
    ) {
        let tree = Tree::with(&PATHS);
        let init = Command::new("git").args(["init", "-q"]).current_dir(tree.top()).status();
        if !init.is_ok_and(|status| status.success()) {
            skip("git is not here");
            return Ok(());
        }
        for name in [".gitignore", ".s3syncignore"] {
            tree.write(name, &top.join("\n"));
            tree.write(&format!("x/{name}"), &below.join("\n"));
        }
        let root = tree.root();
        // What git reads as a pattern that matches nothing is an error here.
        if scan_of(&root).any(|item| matches!(item, Ok(Found::Frozen { .. }))) {
            return Ok(());
        }
        let expected = ignored_by_git(&tree);
        let asked: BTreeSet<_> = ignored(&root, &PATHS).into_iter().collect();
        prop_assert_eq!(&asked, &expected);
        let met: BTreeSet<_> = files(&root).into_iter().collect();
        let left_out: BTreeSet<_> = PATHS
            .iter()
            .map(|path| (*path).to_owned())
            .filter(|path| !met.contains(path))
            .collect();
        prop_assert_eq!(&left_out, &expected);
    }
}
