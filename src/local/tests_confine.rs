//! Confinement: nothing outside the root is ever reached, whatever stands in for a directory.

use super::Kind;
use super::tests_place::{mode, place, temp};
use super::tests_support::{Tree, key, scan_of};
use crate::plan::Loser;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

#[test]
fn what_stands_in_for_a_directory_is_a_clash() {
    for n in 0..2 {
        let tree = Tree::with(&["file", "outside-of-it/x"]);
        let outside = Tree::with(&["target/secret"]);
        symlink(outside.path("target"), tree.path("link")).unwrap();
        symlink("nowhere", tree.path("dangling")).unwrap();
        let root = &tree.roots()[n];
        for path in ["file/below", "link/new", "link/deep/new", "dangling/new"] {
            let error = root.create_temp(&key(path)).err().unwrap();
            assert!(matches!(error.kind, Kind::Clash), "{path}: {error}");
        }
        assert_eq!(outside.all(), ["target/", "target/secret"]);
        assert!(matches!(
            root.stat(&key("link/secret")).unwrap_err().kind,
            Kind::Loop
        ));
        assert!(root.open_file(&key("link/secret")).is_err());
        assert_eq!(root.stat(&key("file/below")).unwrap(), None);
        assert_eq!(root.stat(&key("no/such/file")).unwrap(), None);
    }
}

#[test]
fn a_symlink_swapped_in_for_a_directory_never_leads_outside() {
    for n in 0..2 {
        let tree = Tree::with(&["dir/file"]);
        let outside = Tree::with(&["file"]);
        let root = tree.roots()[n].clone();
        let secret = outside.path("file").metadata().unwrap().ino();
        symlink(outside.top(), tree.path("link")).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(order) {
                    let top = File::open(tree.top()).unwrap();
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    rustix::fs::renameat_with(&top, "dir", &top, "link", flags).unwrap();
                }
            });
            for round in 0..400 {
                if let Ok(Some(stamp)) = root.stat(&key("dir/file")) {
                    assert_ne!(stamp.inode, secret);
                }
                if let Ok(opened) = root.open_file(&key("dir/file")) {
                    assert_ne!(opened.stamp.inode, secret);
                }
                if let Ok(temp) = root.create_temp(&key(&format!("dir/{round}"))) {
                    let _ = place(temp, None, Loser::Discard);
                }
                assert!(scan_of(&root).all(|item| match item {
                    Ok(super::Found::File { stamp, .. }) => stamp.inode != secret,
                    _ => true,
                }));
            }
            stop.store(true, order);
        });
        assert_eq!(outside.all(), ["file"]);
    }
}

#[test]
fn a_file_is_not_placed_in_a_directory_that_was_moved_away() {
    let tree = Tree::with(&["dir/x"]);
    let outside = Tree::new();
    let root = tree.root();
    let ours = temp(&root, "dir/new", "ours");
    fs::rename(tree.path("dir"), outside.path("dir")).unwrap();
    let error = place(ours, None, Loser::Discard).unwrap_err();
    assert!(matches!(error.kind, Kind::Stale), "{error}");
    assert_eq!(outside.all(), ["dir/", "dir/x"]);
}

#[test]
fn only_regular_files_are_opened_and_pipes_do_not_block() {
    let tree = Tree::with(&["file", "dir/x"]);
    symlink("file", tree.path("link")).unwrap();
    let pipe = Command::new("mkfifo").arg(tree.path("pipe")).status();
    assert!(pipe.unwrap().success());
    for root in tree.roots() {
        assert_eq!(root.stat(&key("dir")).unwrap(), None);
        assert!(root.open_file(&key("dir")).is_err());
        for path in ["link", "pipe"] {
            let stat = root.stat(&key(path)).unwrap_err();
            assert!(matches!(stat.kind, Kind::NotARegularFile), "{stat}");
            let open = root.open_file(&key(path)).unwrap_err();
            assert!(matches!(open.kind, Kind::NotARegularFile), "{open}");
        }
        let opened = root.open_file(&key("file")).unwrap();
        assert_eq!(opened.stamp, tree.stamp("file"));
        assert_eq!(opened.mode, mode(&tree, "file"));
        let missing = root.open_file(&key("none")).unwrap_err();
        assert!(matches!(missing.kind, Kind::Missing));
    }
}

#[test]
fn empty_directories_make_way_and_nothing_else_does() {
    for n in 0..2 {
        let tree = Tree::with(&["full/a/b/file", "file"]);
        fs::create_dir_all(tree.path("empty/a/b/c")).unwrap();
        fs::create_dir_all(tree.path("empty/a/d")).unwrap();
        fs::create_dir_all(tree.path("full/z")).unwrap();
        symlink("file", tree.path("link")).unwrap();
        let root = &tree.roots()[n];
        root.make_way(&key("empty")).unwrap();
        root.make_way(&key("nothing")).unwrap();
        root.make_way(&key("nothing/at/all")).unwrap();
        root.make_way(&key("file")).unwrap();
        let before = tree.all();
        assert!(!tree.exists("empty"));
        for path in ["full", "link"] {
            let error = root.make_way(&key(path)).unwrap_err();
            assert!(matches!(error.kind, Kind::Clash), "{error}");
        }
        assert_eq!(tree.all(), before);
        root.sync_directories().unwrap();
    }
}

#[test]
fn a_name_that_leads_to_a_file_is_its_own_where_no_others_do() {
    let tree = Tree::new();
    let root = tree.root();
    let names = [
        "Dir/File",
        "dir/file",
        "\u{e9}/\u{e9}",
        "e\u{301}/e\u{301}",
        "1/2",
    ];
    for name in names {
        tree.write(name, name);
    }
    for name in names.map(key) {
        root.check_spelling(&name).unwrap();
        assert!(root.stat_spelled(&name).unwrap().is_some());
    }
    for name in ["DIR/file", "Dir/file", "1/2/3", "\u{e8}"].map(key) {
        root.check_spelling(&name).unwrap();
        assert_eq!(root.stat_spelled(&name).unwrap(), None);
    }
}
