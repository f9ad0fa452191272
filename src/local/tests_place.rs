//! Writing: placed files, late edits, confinement, modes, times, leftovers.

use super::tests_support::{Tree, files, is_superuser, kept, key, run, scan_of, skip};
use super::{Displaced, Error, Kind, PlaceAs, Root, Temp};
use crate::plan::Loser;
use crate::stamp::LocalStamp;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

const MTIME_NS: i64 = 1_234_567_890_123_456_789;

pub(super) fn temp(root: &Root, path: &str, text: &str) -> Temp {
    let mut temp = root.create_temp(&key(path)).unwrap();
    temp.write_all(text.as_bytes()).unwrap();
    temp
}

pub(super) fn place(
    temp: Temp,
    replaces: Option<LocalStamp>,
    loser: Loser,
) -> Result<LocalStamp, Error> {
    temp.place(&PlaceAs {
        mode: None,
        mtime_ns: MTIME_NS,
        replaces,
        loser,
        run: &run(),
    })
}

pub(super) fn mode(tree: &Tree, path: &str) -> u32 {
    tree.path(path).metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(tree: &Tree, path: &str, mode: u32) {
    fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_file_appears_whole_under_its_key() {
    let tree = Tree::new();
    for (number, root) in tree.roots().iter().enumerate() {
        let path = format!("{number}/deep/file");
        let temp = temp(root, &path, "text");
        temp.write_all_at(b"E", 1).unwrap();
        assert!(!tree.exists(&path));
        assert_eq!(temp.file().metadata().unwrap().mode() & 0o777, 0o600);
        let stamp = place(temp, None, Loser::Discard).unwrap();
        assert_eq!(tree.read(&path).unwrap(), "tExt");
        assert_eq!(stamp, tree.stamp(&path));
        assert_eq!((stamp.mtime_ns, stamp.size_bytes), (MTIME_NS, 4));
        assert_ne!(stamp.ctime_ns, 0);
        File::create(tree.path("ordinary")).unwrap();
        assert_eq!(mode(&tree, &path), mode(&tree, "ordinary"));
        root.sync_directories().unwrap();
    }
    assert_eq!(
        tree.all(),
        [
            "0/",
            "0/deep/",
            "0/deep/file",
            "1/",
            "1/deep/",
            "1/deep/file",
            "ordinary"
        ]
    );
}

#[test]
fn a_file_that_is_not_placed_leaves_nothing() {
    let tree = Tree::with(&["kept/file"]);
    for root in tree.roots() {
        drop(temp(&root, "new/deep/file", "x"));
        drop(temp(&root, "kept/other", "x"));
        let used = temp(&root, "shared/one", "x");
        let other = temp(&root, "shared/two", "x");
        drop(used);
        place(other, None, Loser::Discard).unwrap();
        assert_eq!(tree.all(), ["kept/", "kept/file", "shared/", "shared/two"]);
        fs::remove_dir_all(tree.path("shared")).unwrap();
    }
}

#[test]
fn a_new_file_never_takes_the_place_of_another() {
    for n in 0..2 {
        let tree = Tree::new();
        let root = &tree.roots()[n];
        let one = temp(root, "a", "ours");
        tree.write("a", "theirs");
        let error = place(one, None, Loser::Discard).unwrap_err();
        assert!(matches!(error.kind, Kind::Stale), "{error}");
        assert_eq!(tree.read("a").unwrap(), "theirs");
        let two = temp(root, "b", "ours");
        fs::create_dir(tree.path("b")).unwrap();
        let error = place(two, None, Loser::Discard).unwrap_err();
        assert!(matches!(error.kind, Kind::Clash), "{error}");
        let last = temp(root, "c", "ours");
        symlink("a", tree.path("c")).unwrap();
        let error = place(last, None, Loser::Discard).unwrap_err();
        assert!(matches!(error.kind, Kind::Stale), "{error}");
        assert_eq!(tree.all(), ["a", "b/", "c"]);
    }
}

#[test]
fn a_replaced_file_is_kept_and_leaves_its_mode() {
    for n in 0..2 {
        let tree = Tree::with(&["a", "b/c"]);
        let root = &tree.roots()[n];
        set_mode(&tree, "a", 0o4751);
        set_mode(&tree, "b/c", 0o604);
        let seen = tree.stamp("a");
        let stamp = place(temp(root, "a", "new a"), Some(seen), Loser::Discard).unwrap();
        assert_eq!(stamp, tree.stamp("a"));
        assert_eq!(stamp.mtime_ns, MTIME_NS);
        assert_ne!(stamp.inode, seen.inode);
        assert_eq!(tree.read("a").unwrap(), "new a");
        assert_eq!(mode(&tree, "a"), 0o751, "no set-user bit on foreign bytes");
        let replaced = kept(Displaced::Replaced, "a");
        assert_eq!(tree.read(&replaced).unwrap(), "a");
        assert_eq!(tree.path(&replaced).metadata().unwrap().ino(), seen.inode);
        assert_eq!(mode(&tree, &replaced), 0o4751, "it is the very file");

        let seen = tree.stamp("b/c");
        place(temp(root, "b/c", "new c"), Some(seen), Loser::Keep).unwrap();
        assert_eq!(tree.read("b/c").unwrap(), "new c");
        assert_eq!(mode(&tree, "b/c"), 0o604);
        assert_eq!(tree.read(&kept(Displaced::Conflict, "b/c")).unwrap(), "b/c");
        assert_eq!(mode(&tree, ".s3bsync"), 0o700);
        assert_eq!(mode(&tree, ".s3bsync/recovery"), 0o700);
        assert_eq!(files(root), ["a", "b/c"]);
        root.sync_directories().unwrap();
    }
}

#[test]
fn a_second_loser_of_one_key_is_kept_beside_the_first() {
    let tree = Tree::with(&["a"]);
    let root = tree.root();
    for text in ["1", "2"] {
        let seen = tree.stamp("a");
        place(temp(&root, "a", text), Some(seen), Loser::Keep).unwrap();
    }
    assert_eq!(tree.read(&kept(Displaced::Conflict, "a")).unwrap(), "a");
    let second = ".s3bsync/recovery/2026-11-20T22-55-01Z-conflict-2/a";
    assert_eq!(tree.read(second).unwrap(), "1");
    assert_eq!(root.list_recovery().unwrap().len(), 2);
}

/// The promise to a program that has the file open: what it still writes is found.
#[test]
fn a_program_that_still_writes_to_a_replaced_file_writes_to_the_kept_one() {
    for n in 0..2 {
        let tree = Tree::with(&["log"]);
        let root = &tree.roots()[n];
        let mut open = File::options().append(true).open(tree.path("log")).unwrap();
        let seen = tree.stamp("log");
        place(temp(root, "log", "theirs"), Some(seen), Loser::Discard).unwrap();
        open.write_all(b", and a last line").unwrap();
        let replaced = kept(Displaced::Replaced, "log");
        assert_eq!(tree.read(&replaced).unwrap(), "log, and a last line");
        assert_eq!(tree.read("log").unwrap(), "theirs");
    }
}

/// What `undo` relies on.
#[test]
fn a_replaced_file_changes_no_earlier_than_its_successor() {
    for n in 0..2 {
        let tree = Tree::with(&["a"]);
        let root = &tree.roots()[n];
        let seen = tree.stamp("a");
        let placed = place(temp(root, "a", "new"), Some(seen), Loser::Discard).unwrap();
        let found = root.list_recovery().unwrap();
        assert!(found[0].ctime_ns >= placed.ctime_ns);
    }
}

#[test]
fn an_edit_made_before_placing_is_kept_in_place() {
    for n in 0..2 {
        for edit in ["in place", "by rename", "by removal", "into a directory"] {
            let tree = Tree::with(&["a"]);
            let root = &tree.roots()[n];
            let seen = tree.stamp("a");
            let ours = temp(root, "a", "ours");
            match edit {
                "in place" => tree.write("a", "edited"),
                "by rename" => {
                    tree.write("b", "edited");
                    fs::rename(tree.path("b"), tree.path("a")).unwrap();
                }
                "by removal" => fs::remove_file(tree.path("a")).unwrap(),
                _ => {
                    fs::remove_file(tree.path("a")).unwrap();
                    fs::create_dir(tree.path("a")).unwrap();
                }
            }
            let mut before = tree.all();
            before.retain(|path| !path.contains("tmp"));
            let text = tree.read("a");
            let error = place(ours, Some(seen), Loser::Discard).unwrap_err();
            match edit {
                "into a directory" => assert!(matches!(error.kind, Kind::Clash), "{error}"),
                _ => assert!(matches!(error.kind, Kind::Stale), "{edit}: {error}"),
            }
            assert_eq!((tree.all(), tree.read("a")), (before, text), "{edit}");
        }
    }
}

/// Somebody saves a file by rename, as editors do, in the moment in which it is being replaced.
#[test]
fn an_edit_made_in_the_last_moment_is_never_lost() {
    for n in 0..2 {
        let tree = Tree::with(&["a"]);
        let root = tree.roots()[n].clone();
        for round in 0..200 {
            tree.write("a", &format!("before {round}"));
            let seen = tree.stamp("a");
            let ours = temp(&root, "a", "ours");
            let edit = format!("edit {round}");
            tree.write("editor", &edit);
            let (from, to) = (tree.path("editor"), tree.path("a"));
            let is_placed = AtomicBool::new(false);
            let answer = std::thread::scope(|scope| {
                scope.spawn(|| {
                    // The name tells that nothing but the exchange is left to do.
                    let is_near = || tree.all().iter().any(|path| path.ends_with("-old"));
                    while !is_placed.load(Relaxed) && !is_near() {
                        std::thread::yield_now();
                    }
                    fs::rename(from, to).unwrap();
                });
                let answer = place(ours, Some(seen), Loser::Discard);
                is_placed.store(true, Relaxed);
                answer
            });
            let survives = tree.read("a").unwrap() == edit
                || root.list_recovery().unwrap().iter().any(|found| {
                    let path = format!(".s3bsync/recovery/{}/{}", found.folder, found.path);
                    tree.read(&path).unwrap() == edit
                });
            assert!(survives, "round {round}: {answer:?}");
            let left = |path: &String| path.contains("-tmp-");
            assert!(!tree.all().iter().any(left), "round {round}");
            let _ = fs::remove_dir_all(tree.path(".s3bsync"));
        }
    }
}

/// The exchange itself, met at its worst: the file was already another when it came out.

#[test]
fn an_exchange_that_brings_out_another_file_is_undone() {
    let tree = Tree::with(&["a", "other"]);
    let root = tree.root();
    let ours = temp(&root, "a", "ours");
    let expected = tree.stamp("other");
    let error = ours
        .exchange_blindly(
            &expected,
            &PlaceAs {
                mode: None,
                mtime_ns: MTIME_NS,
                replaces: Some(expected),
                loser: Loser::Discard,
                run: &run(),
            },
        )
        .unwrap_err();
    assert!(matches!(error.kind, Kind::Stale), "{error}");
    assert_eq!(tree.read("a").unwrap(), "a");
    assert_eq!(tree.all(), ["a", "other"]);
}

/// A directory on the way is exchanged for a symlink to the outside, again and again.

#[test]
fn a_new_file_gets_the_group_of_a_set_group_directory() {
    if !is_superuser() {
        return skip("only the superuser can give a directory another group");
    }
    let tree = Tree::with(&["dir/x"]);
    std::os::unix::fs::chown(tree.path("dir"), None, Some(12345)).unwrap();
    set_mode(&tree, "dir", 0o2775);
    let root = tree.root();
    place(temp(&root, "dir/sub/new", "x"), None, Loser::Discard).unwrap();
    assert_eq!(tree.path("dir/sub/new").metadata().unwrap().gid(), 12345);
    assert_eq!(mode(&tree, "dir/sub") & 0o2000, 0o2000);
    std::os::unix::fs::chown(tree.path("dir/x"), Some(777), Some(888)).unwrap();
    let seen = tree.stamp("dir/x");
    place(temp(&root, "dir/x", "new"), Some(seen), Loser::Discard).unwrap();
    let owner = tree.path("dir/x").metadata().unwrap();
    assert_eq!((owner.uid(), owner.gid()), (777, 888));
}

#[test]
fn a_new_file_gets_the_access_rules_that_its_directory_sets() {
    let tree = Tree::with(&["dir/x"]);
    // In the kernel's own form: version 2, then owner rwx, user 4242 rw-, group r-x, mask rwx,
    // others none.
    let mut rules = vec![2, 0, 0, 0];
    for (tag, bits, id) in [
        (1_u16, 7_u16, u32::MAX),
        (2, 6, 4242),
        (4, 5, u32::MAX),
        (16, 7, u32::MAX),
        (32, 0, u32::MAX),
    ] {
        rules.extend(tag.to_le_bytes());
        rules.extend(bits.to_le_bytes());
        rules.extend(id.to_le_bytes());
    }
    let directory = File::open(tree.path("dir")).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::fsetxattr(&directory, "system.posix_acl_default", &rules, flags).is_err() {
        return skip("the file system keeps no access rules");
    }
    let root = tree.root();
    place(temp(&root, "dir/new", "x"), None, Loser::Discard).unwrap();
    File::create(tree.path("dir/ordinary")).unwrap();
    assert_eq!(mode(&tree, "dir/new"), mode(&tree, "dir/ordinary"));
    assert_eq!(mode(&tree, "dir/new"), 0o660);
    assert_eq!(files(&root), ["dir/new", "dir/ordinary", "dir/x"]);
}

#[test]
fn times_that_no_clock_shows_survive_placing() {
    let tree = Tree::new();
    let root = tree.root();
    for mtime_ns in [-5_000_000_250, -1, 0, 3_345_000_000_123_456_789] {
        let path = format!("f{mtime_ns}");
        let stamp = temp(&root, &path, "x")
            .place(&PlaceAs {
                mode: None,
                mtime_ns,
                replaces: None,
                loser: Loser::Discard,
                run: &run(),
            })
            .unwrap();
        assert_eq!(stamp.mtime_ns, mtime_ns);
        assert_eq!(tree.stamp(&path), stamp);
    }
}

#[test]
fn leftovers_are_swept_and_displaced_files_kept() {
    let tree = Tree::with(&[
        "a/.s3bsync-tmp-0123456789abcdef",
        "a/.s3bsync-tmp-0123456789abcdef-old-c",
        "a/.s3bsync-tmp-not-ours",
        "b",
    ]);
    let root = tree.root();
    let mut scan = scan_of(&root);
    assert!(scan.by_ref().all(|item| item.is_ok()));
    let leftovers = scan.take_leftovers();
    root.sweep_temps(&leftovers, &run()).unwrap();
    root.sweep_temps(&leftovers, &run()).unwrap();
    root.sync_directories().unwrap();
    assert!(!tree.exists("a/.s3bsync-tmp-0123456789abcdef"));
    assert!(!tree.exists("a/.s3bsync-tmp-0123456789abcdef-old-c"));
    assert!(tree.exists("a/.s3bsync-tmp-not-ours"));
    assert!(tree.exists(&kept(Displaced::Interrupted, "a/c")));
}
