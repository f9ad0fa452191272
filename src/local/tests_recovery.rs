//! Removing, renaming, the recovery folder, the marker.

use super::tests_support::{Tree, kept, key, run};
use super::{Bounds, Displaced, Kind, Marker, RecoveryRun};
use crate::stamp::LocalStamp;
use crate::state::{MapId, ReplicaId};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

fn other(stamp: LocalStamp) -> LocalStamp {
    LocalStamp {
        mtime_ns: stamp.mtime_ns + 1,
        ..stamp
    }
}

#[test]
fn a_removed_file_is_kept_and_the_directories_that_it_emptied_go() {
    for n in 0..2 {
        let tree = Tree::with(&["a/b/c/file", "a/other", "top", "d/e/ignored", "d/e/file"]);
        let root = &tree.roots()[n];
        for path in ["a/b/c/file", "top", "d/e/file"] {
            let seen = tree.stamp(path);
            root.remove_to_recovery(&key(path), &seen, &run()).unwrap();
            assert!(!tree.exists(path));
            assert_eq!(tree.read(&kept(Displaced::Deleted, path)).unwrap(), path);
        }
        assert!(!tree.exists("a/b"));
        assert!(tree.exists("a/other"));
        assert!(tree.exists("d/e/ignored"));
        root.sync_directories().unwrap();
        let gone = root
            .remove_to_recovery(&key("top"), &tree.stamp("a/other"), &run())
            .unwrap_err();
        assert!(matches!(gone.kind, Kind::Missing), "{gone}");
    }
}

#[test]
fn another_file_than_the_expected_is_never_removed() {
    for n in 0..2 {
        let tree = Tree::with(&["a/b", "link-target"]);
        symlink("link-target", tree.path("link")).unwrap();
        let root = &tree.roots()[n];
        let seen = tree.stamp("a/b");
        for stamp in [
            other(seen),
            LocalStamp {
                ctime_ns: seen.ctime_ns + 1,
                ..seen
            },
        ] {
            let error = root
                .remove_to_recovery(&key("a/b"), &stamp, &run())
                .unwrap_err();
            assert!(matches!(error.kind, Kind::Stale), "{error}");
        }
        let target = tree.stamp("link-target");
        let error = root
            .remove_to_recovery(&key("link"), &target, &run())
            .unwrap_err();
        assert!(matches!(error.kind, Kind::Link), "{error}");
        assert_eq!(tree.all(), ["a/", "a/b", "link", "link-target"]);
    }
}

#[test]
fn a_key_that_was_a_file_and_then_a_directory_is_kept_twice() {
    let tree = Tree::with(&["a"]);
    let root = tree.root();
    root.remove_to_recovery(&key("a"), &tree.stamp("a"), &run())
        .unwrap();
    tree.write("a/b", "below");
    root.remove_to_recovery(&key("a/b"), &tree.stamp("a/b"), &run())
        .unwrap();
    tree.write("a", "again");
    root.remove_to_recovery(&key("a"), &tree.stamp("a"), &run())
        .unwrap();
    let mut texts: Vec<_> = root
        .list_recovery()
        .unwrap()
        .iter()
        .map(|found| {
            let path = format!(".s3bsync/recovery/{}/{}", found.folder, found.path);
            (found.path.clone(), tree.read(&path).unwrap())
        })
        .collect();
    texts.sort();
    let expected = [("a", "a"), ("a", "again"), ("a/b", "below")];
    assert_eq!(texts, expected.map(|(p, t)| (p.to_owned(), t.to_owned())));
}

#[test]
fn a_rename_never_overwrites_and_cleans_up_behind_it() {
    for n in 0..2 {
        let tree = Tree::with(&["a/b/file", "taken"]);
        fs::create_dir(tree.path("directory")).unwrap();
        let root = &tree.roots()[n];
        let seen = tree.stamp("a/b/file");
        let rename = |to: &str, seen| root.rename(&key("a/b/file"), &key(to), &seen);
        let before = tree.all();
        let kind = |to: &str, seen| rename(to, seen).unwrap_err().kind;
        assert!(matches!(kind("taken", seen), Kind::Stale));
        assert!(matches!(kind("directory", seen), Kind::Clash));
        assert!(matches!(kind("taken/below", seen), Kind::Clash));
        assert!(matches!(kind("new/dir/file", other(seen)), Kind::Stale));
        assert_eq!(tree.all(), before);
        let stamp = rename("x/y/moved", seen).unwrap();
        assert_eq!(stamp, tree.stamp("x/y/moved"));
        assert_eq!(stamp.inode, seen.inode);
        assert_eq!(
            tree.all(),
            ["directory/", "taken", "x/", "x/y/", "x/y/moved"]
        );
        root.sync_directories().unwrap();
    }
}

#[test]
fn recovery_expires_by_the_time_in_the_name() {
    let tree = Tree::with(&["a", "b", "c/d"]);
    let root = tree.root();
    let now_ms = 1_795_215_301_000;
    let day_ms = 86_400_000;
    for (path, age_days) in [("a", 31), ("b", 30), ("c/d", 0)] {
        let run = RecoveryRun::at(now_ms - age_days * day_ms);
        root.remove_to_recovery(&key(path), &tree.stamp(path), &run)
            .unwrap();
    }
    tree.write(".s3bsync/recovery/by-hand/x", "not ours");
    fs::create_dir_all(tree.path(".s3bsync/recovery/1999-01-01T00-00-00Z-2/x/y")).unwrap();
    let outside = Tree::with(&["precious"]);
    symlink(
        outside.top(),
        tree.path(".s3bsync/recovery/1999-01-01T00-00-00Z-2/x/link"),
    )
    .unwrap();
    assert_eq!(root.list_recovery().unwrap().len(), 4);
    assert_eq!(root.expire_recovery(now_ms, 30).unwrap(), 2);
    assert_eq!(root.expire_recovery(now_ms, 30).unwrap(), 0);
    let paths: Vec<_> = root
        .list_recovery()
        .unwrap()
        .into_iter()
        .map(|kept| kept.path)
        .collect();
    assert_eq!(paths, ["b", "c/d"]);
    assert!(tree.exists(".s3bsync/recovery/by-hand/x"));
    assert!(outside.exists("precious"));
    assert_eq!(root.expire_recovery(now_ms - 400 * day_ms, 0).unwrap(), 0);
}

/// When the run of this day began, milliseconds since the epoch.
fn start_of(day: i64) -> i64 {
    1_795_215_301_000 + day * 86_400_000
}

/// A tree with one kept file for each of these runs (days after the first) and reasons.
fn tree_of(kept: &[(i64, Displaced)]) -> Tree {
    let tree = Tree::new();
    for (day, why) in kept {
        let path = format!("{}{day}", why.name());
        tree.write(&path, &"x".repeat(8192));
        let run = RecoveryRun::at(start_of(*day));
        let stored = tree
            .root()
            .keep_aside(&key(&path), &tree.stamp(&path), &run, *why);
        stored.unwrap();
    }
    tree
}

#[test]
fn when_space_is_short_replaced_files_go_first_and_conflict_losers_stay() {
    use Displaced::{Conflict, Deleted, Interrupted, Replaced, Undone};
    let order = [
        (3, Replaced),
        (5, Undone),
        (6, Replaced),
        (1, Deleted),
        (2, Deleted),
        (0, Conflict),
        (0, Interrupted),
    ];
    let tree = tree_of(&[
        order[3], order[5], order[2], order[0], order[6], order[4], order[1],
    ]);
    let root = tree.root();
    let size = |root: &super::Root| -> u64 {
        let kept = root.list_recovery().unwrap();
        kept.iter().map(|one| one.disk_bytes).sum()
    };
    let each_bytes = size(&root) / 7;
    assert!(each_bytes >= 8192);
    for gone in 0..=7 {
        let bounds = Bounds {
            most_bytes: each_bytes * (7 - gone),
            least_free_bytes: 0,
        };
        let removed = root.trim_recovery(bounds, None).unwrap();
        // The last two lost a conflict, or may be all that is left of a file.
        let expected = u64::from((1..=5).contains(&gone));
        assert_eq!(
            (removed.files, removed.bytes),
            (expected, expected * each_bytes)
        );
        let mut left: Vec<_> = root.list_recovery().unwrap();
        left.retain(|kept| kept.path.starts_with(|c: char| c.is_ascii_lowercase()));
        let paths: Vec<_> = left.into_iter().map(|kept| kept.path).collect();
        for (at, (day, why)) in order.iter().enumerate() {
            let path = format!("{}{day}", why.name());
            let is_gone = (at as u64) < gone.min(5);
            assert_eq!(paths.contains(&path), !is_gone, "{path} after {gone}");
        }
    }
    let nothing_free = Bounds {
        most_bytes: u64::MAX,
        least_free_bytes: u64::MAX,
    };
    let tree = tree_of(&order);
    let root = tree.root();
    let latest = RecoveryRun::at(start_of(6));
    let removed = root.trim_recovery(nothing_free, Some(&latest)).unwrap();
    assert_eq!(removed.files, 4, "the latest run can be undone");
    let removed = root.trim_recovery(nothing_free, None).unwrap();
    assert_eq!(removed.files, 1, "free space counts as well");
}

#[test]
fn a_kept_file_takes_its_name_back_and_its_successor_is_kept() {
    for n in 0..2 {
        let tree = Tree::with(&["d/a"]);
        let root = &tree.roots()[n];
        let first = tree.stamp("d/a");
        root.remove_to_recovery(&key("d/a"), &first, &run())
            .unwrap();
        tree.write("d/a", "successor");
        let kept_file = root.list_recovery().unwrap().remove(0);
        let later = RecoveryRun::at(1_795_215_302_000);
        let wrong = other(tree.stamp("d/a"));
        let refused = root.put_back_over(&kept_file, &key("d/a"), &wrong, &later);
        assert!(matches!(refused.unwrap_err().kind, Kind::Stale));
        assert_eq!(tree.read("d/a").unwrap(), "successor");
        assert_eq!(
            root.list_recovery().unwrap(),
            std::slice::from_ref(&kept_file)
        );
        let present = tree.stamp("d/a");
        root.put_back_over(&kept_file, &key("d/a"), &present, &later)
            .unwrap();
        assert_eq!(tree.read("d/a").unwrap(), "d/a");
        assert_eq!(tree.stamp("d/a").inode, first.inode, "the very file");
        let left = root.list_recovery().unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(
            (left[0].why, &left[0].run),
            (Some(Displaced::Undone), &later)
        );
        assert_eq!(root.open_kept(&left[0]).unwrap().stamp.inode, present.inode);
        assert!(left[0].ctime_ns >= tree.stamp("d/a").ctime_ns);
        root.sync_directories().unwrap();
    }
}

#[test]
fn what_is_kept_can_be_put_back_or_dropped() {
    let tree = Tree::with(&["a/b", "c"]);
    let root = tree.root();
    for path in ["a/b", "c"] {
        root.remove_to_recovery(&key(path), &tree.stamp(path), &run())
            .unwrap();
    }
    let found = root.list_recovery().unwrap();
    tree.write("a/b", "newer");
    let error = root.put_back(&found[0], &key("a/b")).unwrap_err();
    assert!(matches!(error.kind, Kind::Stale), "{error}");
    root.put_back(&found[0], &key("a/b.back")).unwrap();
    assert_eq!(tree.read("a/b.back").unwrap(), "a/b");
    root.drop_kept(&found[1]).unwrap();
    root.drop_kept(&found[1]).unwrap();
    assert!(root.list_recovery().unwrap().is_empty());
    assert!(tree.exists(".s3bsync/recovery"));
    assert!(!tree.exists(".s3bsync/recovery/2026-11-20T22-55-01Z-deleted"));
    root.sync_directories().unwrap();
}

#[test]
fn an_own_folder_that_is_a_symlink_is_not_followed() {
    let outside = Tree::with(&["recovery/x", "marker"]);
    let tree = Tree::with(&["a"]);
    symlink(outside.top(), tree.path(".s3bsync")).unwrap();
    for root in tree.roots() {
        assert!(root.list_recovery().is_err());
        assert!(root.read_marker().is_err());
        let error = root
            .remove_to_recovery(&key("a"), &tree.stamp("a"), &run())
            .unwrap_err();
        assert!(matches!(error.kind, Kind::Clash), "{error}");
        assert!(tree.exists("a"));
    }
    assert_eq!(outside.all(), ["marker", "recovery/", "recovery/x"]);
}

#[test]
fn a_marker_survives_being_written_into_its_spare_and_read() {
    let tree = Tree::new();
    let root = tree.root();
    assert_eq!(root.read_marker().unwrap(), None);
    let mut marker = Marker {
        replica: ReplicaId([0xab; 16]),
        map: MapId([1, 2, 3, 4, 5, 6, 7, 8]),
        next: u64::MAX,
        base: 0,
    };
    root.write_marker(&marker).unwrap();
    assert_eq!(root.read_marker().unwrap(), Some(marker));
    marker.base = 41;
    root.write_marker(&marker).unwrap();
    assert_eq!(root.read_marker().unwrap(), Some(marker));
    let spare = ".s3bsync/marker.new";
    assert_eq!(tree.all(), [".s3bsync/", ".s3bsync/marker", spare]);
    // The next one goes into the spare, unless that file has another name as well.
    let inode = |name: &str| tree.path(name).metadata().unwrap().ino();
    let spare_inode = inode(spare);
    marker.base = 7;
    root.write_marker(&marker).unwrap();
    assert_eq!(root.read_marker().unwrap(), Some(marker));
    assert_eq!(inode(".s3bsync/marker"), spare_inode);
    fs::hard_link(tree.path(spare), tree.path("linked")).unwrap();
    let linked = tree.read("linked").unwrap();
    root.write_marker(&marker).unwrap();
    assert_eq!(tree.read("linked").unwrap(), linked);
    let mode = tree
        .path(".s3bsync")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_damaged_marker_is_refused() {
    let tree = Tree::new();
    let root = tree.root();
    root.write_marker(&Marker {
        replica: ReplicaId([0xab; 16]),
        map: MapId([9; 8]),
        next: 12,
        base: 11,
    })
    .unwrap();
    let good = tree.read(".s3bsync/marker").unwrap();
    let mut bad: Vec<String> = (0..good.len()).map(|end| good[..end].to_owned()).collect();
    bad.push(good.clone() + "\n");
    bad.push(good.replace("next 12", "next +12"));
    bad.push(good.replace("marker 1", "marker 2"));
    bad.push(good.replace("ab", "AB"));
    for text in bad {
        tree.write(".s3bsync/marker", &text);
        let error = root.read_marker().unwrap_err();
        assert!(
            matches!(error.kind, Kind::BadMarker(_)),
            "{text:?}: {error}"
        );
    }
}
