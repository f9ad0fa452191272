//! The scan: order, what it hides, what ends it.

use super::tests_support::{Tree, files, found, is_superuser, key, scan_of, skip};
use super::{Astray, Found, Kind, OwnFiles, Root, Why};
use crate::key::{Key, Unfit};
use crate::state::Recursion;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "A",
            "a-b",
            "a.b",
            "a0",
            "a b",
            " ",
            ".x",
            "-",
            "+",
            "\u{e9}",
            "e\u{301}",
            "\n",
            "a\u{7f}",
            "~",
            "\\",
            ".s3bsyncs",
            "{",
            "0",
            "\u{10ffff}",
        ])
        .prop_map(str::to_owned),
        Just("x".repeat(255)),
        "[ab./!0~-]{1,3}"
            .prop_map(|name| name.replace('/', "_"))
            .prop_filter("no dots", |name| name != "." && name != ".."),
    ]
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_order_is_that_of_key_bytes(
        paths in prop::collection::vec(prop::collection::vec(name(), 1..4), 0..40)
    ) {
        let tree = Tree::new();
        let mut expected = BTreeSet::new();
        for components in paths {
            let path = components.join("/");
            let Ok(key) = Key::parse(&path) else { continue };
            let full = tree.path(&path);
            // Whatever clashes with an earlier path is left out.
            if fs::create_dir_all(full.parent().unwrap()).is_ok() && !full.is_dir() {
                File::create(full).unwrap();
                expected.insert(key);
            }
        }
        for root in tree.roots() {
            let found: Vec<_> = files(&root);
            let expected: Vec<_> = expected.iter().map(|key| key.as_str().to_owned()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
#[test]
fn a_directory_sorts_as_if_it_ended_in_a_slash() {
    let tree = Tree::with(
        &["a/b", "a-b", "a.b", "a0", "a!/z", "a/"].map(|path| match path {
            "a/" => "a/0",
            other => other,
        }),
    );
    assert_eq!(
        files(&tree.root()),
        ["a!/z", "a-b", "a.b", "a/0", "a/b", "a0"]
    );
}
#[test]
fn what_is_no_file_is_hidden_and_named_once() {
    let tree = Tree::with(&["dir/in", "file", "elsewhere/secret"]);
    symlink("dir", tree.path("link-to-dir")).unwrap();
    symlink("nowhere", tree.path("dangling")).unwrap();
    let _listener = UnixListener::bind(tree.path("socket")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(tree.path("dir/pipe"))
            .status()
            .unwrap()
            .success()
    );
    File::create(tree.top().join(std::ffi::OsStr::from_bytes(b"bad\xff\n"))).unwrap();
    tree.write("d/.s3bsync-tmp-mine", "not of our spelling");
    let hidden = |path: &str, why| Found::Hidden {
        path: path.to_owned(),
        why,
    };
    for root in tree.roots() {
        let unknown: Vec<_> = found(&root)
            .into_iter()
            .filter(|found| !matches!(found, Found::File { .. }))
            .collect();
        assert_eq!(
            unknown,
            [
                Found::Unfit {
                    path: "bad\\xff\\n".to_owned(),
                    why: Unfit::NotUtf8
                },
                Found::Unfit {
                    path: "d/.s3bsync-tmp-mine".to_owned(),
                    why: Unfit::Reserved
                },
                hidden("dangling", Why::Symlink(Astray::NotAsked)),
                hidden("dir/pipe", Why::Special),
                hidden("link-to-dir", Why::Symlink(Astray::NotAsked)),
                hidden("socket", Why::Special),
            ]
        );
        assert_eq!(files(&root), ["dir/in", "elsewhere/secret", "file"]);
    }
}
#[test]
fn own_files_are_never_met() {
    let tree = Tree::with(&[
        ".s3bsync/marker",
        ".s3bsync/recovery/x/y",
        "deep/.s3bsync/not-ours",
        "state/.state.s3sync",
        "state/.state.s3sync~",
        "state/other",
        "state/sub/.state.s3sync",
        ".state.s3sync",
        "a/.s3bsync-tmp-0123456789abcdef",
        "a/.s3bsync-tmp-0123456789abcdef-old-b",
    ]);
    let own = OwnFiles {
        directory: tree.path("state").to_str().unwrap().to_owned(),
        name_prefix: ".state.s3sync".to_owned(),
        identities: Vec::new(),
    };
    let root = Root::open(tree.top().to_str().unwrap(), Some(own)).unwrap();
    assert_eq!(
        files(&root),
        [
            ".state.s3sync",
            "deep/.s3bsync/not-ours",
            "state/other",
            "state/sub/.state.s3sync"
        ]
    );
    assert!(root.is_own(&key("state/.state.s3sync.journal")));
    assert!(root.rules().is_own(&key("state/.state.s3sync~")));
    assert!(!root.is_own(&key(".state.s3sync")));
    let mut scan = scan_of(&root);
    assert!(scan.by_ref().all(|item| item.is_ok()));
    assert_eq!(scan.take_leftovers().len(), 2);
}

#[test]
fn own_files_outside_the_root_or_not_yet_there_hide_nothing() {
    let tree = Tree::with(&["a", "state/x"]);
    for directory in ["/", "/nowhere/at/all"] {
        let own = OwnFiles {
            directory: directory.to_owned(),
            name_prefix: String::new(),
            identities: Vec::new(),
        };
        let root = Root::open(tree.path("state").to_str().unwrap(), Some(own)).unwrap();
        assert_eq!(files(&root), ["x"]);
    }
}

#[test]
fn without_recursion_only_the_top_is_met() {
    let tree = Tree::with(&["a", "b/c", "d"]);
    fs::create_dir(tree.path(".s3bsync-tmp-dir")).unwrap();
    symlink("a", tree.path("link")).unwrap();
    let root = tree.root();
    let found: Vec<_> = root
        .scan(Recursion::TopOnly, "", &root.rules())
        .map(|item| match item.unwrap() {
            Found::File { key, .. } => key.as_str().to_owned(),
            Found::Hidden { path, .. } | Found::Frozen { path, .. } | Found::Unfit { path, .. } => {
                format!("?{path}")
            }
        })
        .collect();
    assert_eq!(found, ["a", "d", "?link"]);
}

#[test]
fn a_key_too_long_under_the_prefix_is_hidden() {
    let tree = Tree::with(&["short", "longer-name", "dir/x"]);
    let prefix = "p".repeat(1024 - 6);
    let root = tree.root();
    let found: Vec<_> = root
        .scan(Recursion::Recursive, &prefix, &root.rules())
        .map(|item| item.unwrap())
        .collect();
    let too_long = |path: &str, bytes| Found::Hidden {
        path: path.to_owned(),
        why: Why::TooLong(Unfit::LongKey(bytes)),
    };
    assert_eq!(found.len(), 3);
    assert!(matches!(&found[0], Found::File { key, .. } if key.as_str() == "dir/x"));
    assert_eq!(found[1], too_long("longer-name", 1030));
    assert!(matches!(&found[2], Found::File { key, .. } if key.as_str() == "short"));
}

#[test]
fn a_tree_deeper_than_open_directories_is_met_whole() {
    let tree = Tree::new();
    let depth = 150;
    let mut expected = Vec::new();
    for level in 0..depth {
        let path = "d/".repeat(level);
        for name in ["a", "z"] {
            tree.write(&format!("{path}{name}"), "");
            expected.push(format!("{path}{name}"));
        }
    }
    expected.sort();
    for root in tree.roots() {
        assert_eq!(files(&root), expected);
    }
}

#[test]
fn a_root_that_goes_or_is_exchanged_ends_the_scan_with_an_error() {
    let outer = Tree::with(&["root/a", "root/b/c"]);
    let path = outer.path("root");
    let root = Root::open(path.to_str().unwrap(), None).unwrap();
    fs::rename(&path, outer.path("moved")).unwrap();
    let kinds = |root: &Root| -> Vec<_> { scan_of(root).filter_map(Result::err).collect() };
    assert!(matches!(kinds(&root)[..], [ref e] if matches!(e.kind, Kind::Missing)));
    fs::create_dir(&path).unwrap();
    assert!(matches!(kinds(&root)[..], [ref e] if matches!(e.kind, Kind::Stale)));
    fs::remove_dir(&path).unwrap();
    fs::rename(outer.path("moved"), &path).unwrap();
    let mut scan = scan_of(&root);
    assert!(scan.next().unwrap().is_ok());
    fs::rename(&path, outer.path("moved")).unwrap();
    let last = scan.last().unwrap();
    assert!(matches!(last, Err(e) if matches!(e.kind, Kind::Missing)));
}

#[test]
fn opening_says_why_it_cannot() {
    let tree = Tree::with(&["file"]);
    let kind = |path: &str| {
        Root::open(tree.path(path).to_str().unwrap(), None)
            .err()
            .unwrap()
            .kind
    };
    assert!(matches!(kind("nothing"), Kind::Missing));
    assert!(matches!(kind("file"), Kind::NotADirectory));
}

#[test]
fn times_before_1970_and_in_2076_are_ordinary() {
    let tree = Tree::with(&["old", "new"]);
    let set = |path: &str, time| {
        let file = File::options().write(true).open(tree.path(path)).unwrap();
        file.set_modified(time).unwrap();
    };
    set("old", UNIX_EPOCH - Duration::new(5, 250));
    set(
        "new",
        UNIX_EPOCH + Duration::new(3_345_000_000, 123_456_789),
    );
    let times: Vec<_> = found(&tree.root())
        .into_iter()
        .map(|found| match found {
            Found::File { stamp, .. } => stamp.mtime_ns,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(times, [3_345_000_000_123_456_789, -5_000_000_250]);
    assert_eq!(tree.stamp("old").mtime_ns, -5_000_000_250);
}

#[test]
fn a_mount_point_is_hidden_and_never_crossed() {
    if !is_superuser() {
        return skip("only the superuser can mount");
    }
    let tree = Tree::with(&["a", "bound/file", "mnt/covered", "z"]);
    let mount = |arguments: &[&str], at: &str| {
        let done = Command::new("mount")
            .args(arguments)
            .arg(tree.path(at))
            .output();
        done.is_ok_and(|output| output.status.success())
    };
    if !mount(&["-t", "tmpfs", "tmpfs"], "mnt") {
        return skip("mounting is not permitted here");
    }
    let source = Tree::with(&["inner"]);
    let is_bound = mount(&["--bind", source.top().to_str().unwrap()], "bound");
    fs::write(tree.path("mnt/inside"), "x").unwrap();
    let results: Vec<_> = tree
        .roots()
        .iter()
        .map(|root| {
            let stat = root.stat(&key("mnt/inside"));
            let temp = root.create_temp(&key("mnt/sub/new"));
            (found(root), stat.err(), temp.err())
        })
        .collect();
    for at in ["mnt", "bound"] {
        let _ = Command::new("umount").arg(tree.path(at)).output();
    }
    for (found, stat, temp) in &results {
        assert!(found.contains(&Found::Hidden {
            path: "mnt".to_owned(),
            why: Why::MountPoint
        }));
        assert!(!format!("{found:?}").contains("inside"));
        assert!(
            stat.as_ref()
                .is_some_and(|e| matches!(e.kind, Kind::MountPoint))
        );
        assert!(
            temp.as_ref()
                .is_some_and(|e| matches!(e.kind, Kind::MountPoint))
        );
    }
    if is_bound {
        // Only the kernel's own check sees a mount of the same file system.
        assert!(results[0].0.contains(&Found::Hidden {
            path: "bound".to_owned(),
            why: Why::MountPoint
        }));
    }
}

const UNREADABLE: &str = "S3_BSYNC_TEST_UNREADABLE";

#[test]
fn an_unreadable_directory_is_hidden() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::with(&["a", "closed/secret", "z"]);
    let open = |path: &str, mode| {
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    open("", 0o755);
    open("closed", 0o000);
    if !is_superuser() {
        look_at_unreadable(&tree.root());
        return open("closed", 0o755);
    }
    // The superuser can read everything: this test runs itself again as somebody else.
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local::tests_scan::somebody_else_looks"])
        .env(UNREADABLE, tree.top())
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output();
    match child {
        Err(error) => skip(&format!("the test cannot run itself as nobody: {error}")),
        Ok(output) => assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
            "{output:?}"
        ),
    }
}

#[test]
fn somebody_else_looks() {
    if let Ok(path) = std::env::var(UNREADABLE) {
        look_at_unreadable(&Root::open(&path, None).unwrap());
    }
}
fn look_at_unreadable(root: &Root) {
    let seen: Vec<_> = found(root)
        .into_iter()
        .map(|found| match found {
            Found::File { key, .. } => key.as_str().to_owned(),
            Found::Hidden { path, why } => format!("{path}: {why:?}"),
            Found::Frozen { path, .. } | Found::Unfit { path, .. } => path,
        })
        .collect();
    assert_eq!(
        seen,
        ["a", "closed: Unreadable(\"permission denied\")", "z"]
    );
    let error = root.stat(&key("closed/secret")).unwrap_err();
    assert!(matches!(error.kind, Kind::Denied), "{error}");
}
