//! The state file on disk in ordinary life: one writer, flat streams, the owner's eyes only.

#[path = "support/place.rs"]
mod place;
#[path = "support/states.rs"]
mod states;

use place::{NOW, Place, commit_edit, edit, edited, map_id, records};
use s3_bsync::state::{DirMap, MapId};
use s3_bsync::store::{Error, Mode, Store, is_own_file, purge};
use states::{one_map, plain_record};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_missing_file_is_missing_and_leaves_no_trace() {
    let place = Place::empty();
    assert!(matches!(place.open(), Err(Error::Missing(_))));
    assert!(matches!(place.read(), Err(Error::Missing(_))));
    assert!(matches!(purge(&place.state(), NOW), Err(Error::Missing(_))));
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn a_commit_is_read_back_and_keeps_the_generation_before() {
    let place = Place::with(2_000);
    let old = fs::read(place.state()).unwrap();
    let mut store = place.open().unwrap();
    let stream = store.records(0).unwrap();
    commit_edit(&mut store).unwrap();
    assert_eq!(stream.count(), 2_000, "a stream stays with its generation");
    for store in [&store, &place.read().unwrap()] {
        assert_eq!(records(store), edited(2_000));
        assert_eq!(store.state().generation, 8);
        assert_eq!(store.state().buckets[0].maps[0].generation, 4);
        assert_eq!(store.record_count(0), 2_000);
    }
    assert_eq!(fs::read(place.beside("~")).unwrap(), old);
    assert_eq!(place.names(), ["state", "state.lock", "state~"]);
    assert_eq!(store.find(0, &plain_record(0).key).unwrap(), None);
    assert!(store.find(0, &plain_record(7).key).unwrap().is_some());
}

#[test]
fn an_idle_commit_writes_the_time_and_no_other_byte() {
    let place = Place::with(100);
    let old = fs::read(place.state()).unwrap();
    let mut store = place.open().unwrap();
    let mut settings = store.state().clone();
    settings.synced_ms += 300_000;
    store.commit(settings.clone()).unwrap();
    let new = fs::read(place.state()).unwrap();
    assert_eq!(place.names(), ["state", "state.lock"], "no new generation");
    let differing: Vec<_> = (0..old.len()).filter(|&at| old[at] != new[at]).collect();
    assert!(!differing.is_empty());
    assert!(
        differing.iter().all(|at| (10..22).contains(at)),
        "{differing:?}"
    );
    assert_eq!(place.read().unwrap().state(), &settings);
    assert_eq!(store.state(), &settings);
}

#[test]
fn the_generation_before_is_never_written_in_place() {
    let place = Place::with(100);
    let old = fs::read(place.state()).unwrap();
    // So a crash between two steps of a commit leaves them, or a repair.
    fs::hard_link(place.state(), place.beside("~")).unwrap();
    let mut store = place.open().unwrap();
    let mut settings = store.state().clone();
    settings.synced_ms += 300_000;
    store.commit(settings.clone()).unwrap();
    assert_eq!(fs::read(place.beside("~")).unwrap(), old);
    settings.generation += 1;
    assert_eq!(place.read().unwrap().state(), &settings);
}

#[test]
fn maps_come_and_go_with_the_settings() {
    let place = Place::with(3);
    let mut store = place.open().unwrap();
    let mut settings = store.state().clone();
    let new = DirMap {
        id: MapId([1; 8]),
        path: "/srv".to_owned(),
        generation: 0,
        ..settings.buckets[0].maps[0].clone()
    };
    settings.buckets[0].maps.insert(0, new);
    store.commit(settings.clone()).unwrap();
    assert_eq!(records(&store), [], "a new map begins empty");
    assert_eq!(store.records(1).unwrap().count(), 3, "the old one moved");
    settings.buckets[0].maps.remove(1);
    store.commit(settings).unwrap();
    assert_eq!(store.state().maps().count(), 1);
    assert_eq!(store.record_count(0), 0);
    assert!(matches!(
        store.journal(map_id(), &edit()),
        Err(Error::UnknownMap(id)) if id == map_id()
    ));
}

#[test]
fn only_the_owner_may_read_what_is_written() {
    let place = Place::with(5);
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o644)).unwrap();
    let mut store = place.open().unwrap();
    commit_edit(&mut store).unwrap();
    store.journal(map_id(), &edit()).unwrap();
    assert_eq!(place.names().len(), 4);
    for name in place.names() {
        let metadata = fs::metadata(place.directory.path().join(&name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        assert!(is_own_file(
            store.own_name_prefix(),
            &store.own_name_prefix().with_file_name(name)
        ));
    }
}

#[test]
fn a_read_only_store_cannot_write() {
    let place = Place::with(5);
    let mut store = place.read().unwrap();
    let before = place.bytes();
    let journaled = store.journal(map_id(), &edit());
    assert!(matches!(journaled, Err(Error::ReadOnly)));
    let committed = commit_edit(&mut store);
    assert!(matches!(committed, Err(Error::ReadOnly)));
    assert_eq!(place.bytes(), before);
}

#[test]
fn create_and_purge() {
    let place = Place::empty();
    let store = Store::create(&place.state(), one_map(), NOW).unwrap();
    assert_eq!(store.state(), &one_map());
    assert!(matches!(place.open(), Err(Error::Locked { .. })));
    assert!(matches!(
        purge(&place.state(), NOW),
        Err(Error::Locked { .. })
    ));
    drop(store);
    let again = Store::create(&place.state(), one_map(), NOW);
    assert!(matches!(again, Err(Error::Exists(_))));
    drop(again);
    let mut store = place.open().unwrap();
    commit_edit(&mut store).unwrap();
    store.journal(map_id(), &edit()).unwrap();
    drop(store);
    purge(&place.state(), NOW).unwrap();
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn a_link_to_the_state_file_stays_a_link() {
    let place = Place::with(3);
    let link = place.directory.path().join("link");
    std::os::unix::fs::symlink(place.state(), &link).unwrap();
    let mut store = Store::open(&link, Mode::Write, NOW).unwrap();
    commit_edit(&mut store).unwrap();
    assert!(link.is_symlink());
    assert_eq!(records(&place.read().unwrap()), edited(3));
}

/// Runs this test program once more as the other process.
#[test]
fn another_process_that_holds_the_lock_is_named() {
    if let Ok(path) = std::env::var("S3_BSYNC_TEST_HOLD") {
        let _store = Store::open(Path::new(&path), Mode::Write, "19990101T000000Z").unwrap();
        println!("held");
        std::thread::sleep(std::time::Duration::from_mins(1));
        return;
    }
    let place = Place::with(3);
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "another_process_that_holds_the_lock_is_named",
            "--nocapture",
        ])
        .env("S3_BSYNC_TEST_HOLD", place.state())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = std::io::BufReader::new(other.stdout.take().unwrap());
    let is_held = std::io::BufRead::lines(out).any(|line| line.unwrap().contains("held"));
    assert!(is_held);
    match place.open() {
        Err(Error::Locked { holder, .. }) => {
            let holder = holder.unwrap();
            assert_eq!(holder.pid, other.id());
            assert_eq!(holder.since, "19990101T000000Z");
        }
        found => panic!("{:?}", found.map(|store| store.state().clone())),
    }
    assert_eq!(
        records(&place.read().unwrap()).len(),
        3,
        "reading needs no lock"
    );
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(
        records(&place.open().unwrap()).len(),
        3,
        "the lock died with it"
    );
}

#[test]
fn records_can_be_read_on_another_thread() {
    let place = Place::with(100);
    let stream = place.open().unwrap().records(0).unwrap();
    let count = std::thread::spawn(move || stream.map(Result::unwrap).count());
    assert_eq!(count.join().unwrap(), 100);
}
