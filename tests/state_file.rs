//! The state file on disk: whole at every instant, one writer, nothing told is forgotten.

#[path = "support/states.rs"]
mod states;

use s3_bsync::format::journal::{Upload, encode_entry, encode_header};
use s3_bsync::key::Key;
use s3_bsync::state::{Change, DirMap, MapId, Record, State};
use s3_bsync::store::{Changes, Error, Mode, Store, is_own_file, purge};
use states::{encode, one_map, plain_record};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const NOW: &str = "20250131T120000Z";

/// A directory with a state file of `records` records in one map, generation 8, no previous one.
struct Place {
    directory: TempDir,
}

impl Place {
    fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn with(records: u64) -> Self {
        let place = Self::empty();
        let records = (0..records).map(plain_record).collect();
        fs::write(place.state(), encode(&(one_map(), vec![records])).unwrap()).unwrap();
        place
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("state{suffix}"))
    }

    fn open(&self) -> Result<Store, Error> {
        Store::open(&self.state(), Mode::Write, NOW)
    }

    fn read(&self) -> Result<Store, Error> {
        Store::open(&self.state(), Mode::ReadOnly, NOW)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Every file's bytes, to show that nothing was touched.
    fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        let read = |name: String| {
            let bytes = fs::read(self.directory.path().join(&name)).unwrap();
            (name, bytes)
        };
        self.names().into_iter().map(read).collect()
    }
}

fn records(store: &Store) -> Vec<Record> {
    store.records(0).unwrap().map(Result::unwrap).collect()
}

fn map_id() -> MapId {
    one_map().buckets[0].maps[0].id
}

fn edit() -> (Vec<Change>, Changes) {
    let mut changed = plain_record(1);
    changed.remote.size_bytes += 1;
    let list = vec![
        Change::Remove(plain_record(0).key),
        Change::Upsert(changed),
        Change::Upsert(plain_record(900_000)),
    ];
    let by_key: BTreeMap<Key, Change> = list
        .iter()
        .map(|change| (change.key().clone(), change.clone()))
        .collect();
    (list, BTreeMap::from([(map_id(), by_key)]))
}

fn edited(count: u64) -> Vec<Record> {
    let mut expected: Vec<_> = (1..count).map(plain_record).collect();
    expected[0].remote.size_bytes += 1;
    expected.push(plain_record(900_000));
    expected
}

fn damage(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

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
    store.commit(store.state().clone(), &edit().1).unwrap();
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
    store.commit(settings.clone(), &Changes::new()).unwrap();
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
    store.commit(settings.clone(), &Changes::new()).unwrap();
    assert_eq!(records(&store), [], "a new map begins empty");
    assert_eq!(store.records(1).unwrap().count(), 3, "the old one moved");
    settings.buckets[0].maps.remove(1);
    store.commit(settings, &Changes::new()).unwrap();
    assert_eq!(store.state().maps().count(), 1);
    assert_eq!(store.record_count(0), 0);
    let unknown = Changes::from([(map_id(), BTreeMap::new())]);
    assert!(matches!(
        store.commit(store.state().clone(), &unknown),
        Err(Error::UnknownMap(id)) if id == map_id()
    ));
}

#[test]
fn what_a_dead_run_journaled_is_there_at_the_next() {
    let place = Place::with(50);
    let mut store = place.open().unwrap();
    let (changes, _) = edit();
    let upload = |key| Upload {
        key,
        upload_id: "id".into(),
        part_bytes: 8 << 20,
        source: plain_record(5).local.unwrap(),
        write_id: [1; 16],
    };
    let pending = upload(plain_record(5).key);
    store.journal_upload(map_id(), &pending).unwrap();
    let ended = upload(plain_record(1).key);
    store.journal_upload(map_id(), &ended).unwrap();
    store.journal(map_id(), &changes).unwrap();
    store.sync_journal().unwrap();
    drop(store);

    let before = place.bytes();
    let seen = place.read().unwrap();
    assert_eq!(records(&seen), edited(50));
    assert_eq!(seen.uploads(), [(map_id(), pending.clone())]);
    assert_eq!(place.bytes(), before, "reading changes nothing");

    let store = place.open().unwrap();
    assert_eq!(records(&store), edited(50));
    assert_eq!(store.uploads(), [(map_id(), pending)]);
    assert_eq!(store.state().generation, 8);
    assert_eq!(store.state().buckets[0].maps[0].generation, 4);
    assert!(!place.beside(".journal").exists());
}

#[test]
fn a_torn_journal_gives_what_was_whole() {
    let (changes, _) = edit();
    let mut bytes = encode_header(one_map().replica, 7).unwrap();
    for change in &changes {
        bytes.extend(encode_entry(map_id(), change).unwrap());
    }
    for (cut, expected) in [(bytes.len() - 1, 2), (20, 3), (0, 3)] {
        let place = Place::with(3);
        fs::write(place.beside(".journal"), &bytes[..cut]).unwrap();
        let store = place.open().unwrap();
        assert_eq!(records(&store).len(), expected, "cut at {cut}");
        assert_eq!(place.read().unwrap().record_count(0), expected as u64);
        assert!(!place.beside(".journal").exists());
    }
}

#[test]
fn a_journal_of_another_state_is_ignored() {
    let mut foreign = one_map().replica;
    foreign.0[0] ^= 1;
    for (replica, generation) in [(foreign, 7), (one_map().replica, 6), (one_map().replica, 8)] {
        let place = Place::with(3);
        let mut bytes = encode_header(replica, generation).unwrap();
        bytes.extend(encode_entry(map_id(), &edit().0[0]).unwrap());
        fs::write(place.beside(".journal"), bytes).unwrap();
        assert_eq!(records(&place.read().unwrap()).len(), 3);
        assert_eq!(records(&place.open().unwrap()).len(), 3);
        assert!(!place.beside(".journal").exists());
    }
}

#[test]
fn a_damaged_state_gives_way_to_the_generation_before() {
    let place = Place::with(30);
    let mut store = place.open().unwrap();
    store.commit(store.state().clone(), &edit().1).unwrap();
    drop(store);
    let whole = fs::read(place.state()).unwrap();
    let damages = [
        whole[..whole.len() - 1].to_vec(),
        whole[..3].to_vec(),
        vec![0; whole.len()],
        Vec::new(),
        [&*whole, b"x"].concat(),
        [&whole[..100], &[whole[100] ^ 1], &whole[101..]].concat(),
    ];
    let previous = fs::read(place.beside("~")).unwrap();
    for damaged in damages {
        let place = Place::empty();
        fs::write(place.state(), &damaged).unwrap();
        fs::write(place.beside("~"), &previous).unwrap();
        fs::write(
            place.beside(".journal"),
            encode_header(one_map().replica, 8).unwrap(),
        )
        .unwrap();

        let before = place.bytes();
        let seen = place.read().unwrap();
        assert_eq!(records(&seen).len(), 30);
        assert!(seen.fell_back().unwrap().moved_to.is_none());
        assert_eq!(place.bytes(), before);

        let mut store = place.open().unwrap();
        let moved_to = store.fell_back().unwrap().moved_to.clone().unwrap();
        assert_eq!(
            moved_to,
            fs::canonicalize(place.beside(".corrupt-20250131T120000Z")).unwrap()
        );
        assert_eq!(fs::read(moved_to).unwrap(), damaged);
        assert_eq!(records(&store).len(), 30);
        assert_eq!(store.state().generation, 7);
        assert!(!place.beside(".journal").exists());
        store.commit(store.state().clone(), &edit().1).unwrap();
        drop(store);
        let again = place.open().unwrap();
        assert!(again.fell_back().is_none(), "once");
        assert_eq!(again.state().generation, 8);
        assert_eq!(records(&again), edited(30));
    }
}

#[test]
fn a_damaged_state_without_another_stays_where_it_is() {
    let place = Place::with(3);
    damage(&place.state(), 60);
    let before = place.bytes();
    assert!(matches!(place.read(), Err(Error::Corrupt { .. })));
    assert!(matches!(place.open(), Err(Error::Corrupt { .. })));
    fs::write(place.beside("~"), "also damaged").unwrap();
    assert!(matches!(place.open(), Err(Error::Corrupt { .. })));
    assert_eq!(place.bytes()[0], before[0]);

    let store = Store::create(&place.state(), one_map(), NOW).unwrap();
    assert_eq!(records(&store), []);
    assert_eq!(
        fs::read(place.beside(".corrupt-20250131T120000Z")).unwrap(),
        before[0].1
    );
}

#[test]
fn foreign_files_and_later_versions_are_left_alone() {
    let place = Place::empty();
    fs::write(place.state(), "a letter to a friend").unwrap();
    let is_foreign = |found| matches!(found, Err(Error::NotAStateFile(_)));
    assert!(is_foreign(place.open().map(drop)));
    assert!(is_foreign(purge(&place.state(), NOW)));
    assert!(is_foreign(
        Store::create(&place.state(), one_map(), NOW).map(drop)
    ));
    assert_eq!(fs::read(place.state()).unwrap(), b"a letter to a friend");

    let place = Place::with(1);
    let mut bytes = fs::read(place.state()).unwrap();
    bytes[4] = 3;
    fs::write(place.state(), &bytes).unwrap();
    fs::write(place.beside("~"), encode(&(one_map(), vec![])).unwrap()).unwrap();
    let found = place.open();
    assert!(matches!(
        found,
        Err(Error::UnknownVersion { version: 3, .. })
    ));
    assert_eq!(fs::read(place.state()).unwrap(), bytes);
}

/// A commit's steps, in order, each as what it leaves on disk.
#[test]
fn a_commit_cut_short_anywhere_leaves_the_old_or_the_new_state() {
    let done = Place::with(40);
    let old = fs::read(done.state()).unwrap();
    let (list, changes) = edit();
    let mut journal = encode_header(one_map().replica, 7).unwrap();
    for change in &list {
        journal.extend(encode_entry(map_id(), change).unwrap());
    }
    let mut store = done.open().unwrap();
    store.commit(store.state().clone(), &changes).unwrap();
    drop(store);
    let new = fs::read(done.state()).unwrap();

    let half = &new[..new.len() / 2];
    let steps: [&[(&str, &[u8])]; 7] = [
        &[("", &old)],
        &[("", &old), (".tmp", half)],
        &[("", &old), (".tmp", &new)],
        &[("", &old), (".tmp", &new), (".link", &old)],
        &[("", &old), (".tmp", &new), ("~", &old)],
        &[("", &old), (".tmp", &new), ("~", &old), (".link", &old)],
        &[("", &new), ("~", &old)],
    ];
    for (step, files) in steps.iter().enumerate() {
        for has_journal in [true, false] {
            let place = Place::empty();
            for (suffix, bytes) in *files {
                fs::write(place.beside(suffix), bytes).unwrap();
            }
            if has_journal {
                fs::write(place.beside(".journal"), &journal).unwrap();
            }
            let mut store = place.open().unwrap();
            assert!(store.fell_back().is_none(), "step {step}");
            let is_new = has_journal || step == 6;
            let expected = if is_new {
                edited(40)
            } else {
                (0..40).map(plain_record).collect()
            };
            assert_eq!(records(&store), expected, "step {step}");
            assert_eq!(
                store.state().generation,
                7 + u64::from(is_new),
                "step {step}"
            );
            store.commit(store.state().clone(), &changes).unwrap();
            assert_eq!(records(&store), edited(40), "step {step}");
            assert_eq!(
                place.names(),
                ["state", "state.lock", "state~"],
                "step {step}"
            );
        }
    }
}

#[test]
fn the_state_and_its_previous_generation_may_be_one_file() {
    let place = Place::with(5);
    fs::hard_link(place.state(), place.beside("~")).unwrap();
    let old = fs::read(place.state()).unwrap();
    let mut store = place.open().unwrap();
    store.commit(store.state().clone(), &edit().1).unwrap();
    assert_eq!(fs::read(place.beside("~")).unwrap(), old);
    assert_eq!(records(&place.read().unwrap()), edited(5));
    assert!(!place.beside(".link").exists());
}

#[test]
fn only_the_owner_may_read_what_is_written() {
    let place = Place::with(5);
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o644)).unwrap();
    let mut store = place.open().unwrap();
    store.commit(store.state().clone(), &edit().1).unwrap();
    store.journal(map_id(), &edit().0).unwrap();
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
fn a_record_that_cannot_be_stored_is_refused_before_anything_is_written() {
    let place = Place::with(5);
    let mut store = place.open().unwrap();
    let mut record = plain_record(1);
    record.remote.version = Some("v".repeat(2000).into());
    let changes = [Change::Remove(plain_record(0).key), Change::Upsert(record)];
    let found = store.journal(map_id(), &changes);
    assert!(
        matches!(found, Err(Error::Refused { key: Some(key), .. }) if key == plain_record(1).key)
    );
    assert!(!place.beside(".journal").exists());
    let unknown = store.journal(MapId([0; 8]), &edit().0);
    assert!(matches!(unknown, Err(Error::UnknownMap(_))));
}

#[test]
fn a_read_only_store_cannot_write() {
    let place = Place::with(5);
    let mut store = place.read().unwrap();
    let before = place.bytes();
    let journaled = store.journal(map_id(), &edit().0);
    assert!(matches!(journaled, Err(Error::ReadOnly)));
    let committed = store.commit(store.state().clone(), &edit().1);
    assert!(matches!(committed, Err(Error::ReadOnly)));
    assert_eq!(place.bytes(), before);
}

#[test]
fn a_version_1_file_becomes_version_2_when_written() {
    let place = Place::empty();
    let mut old = b"\x9D\x9F\x53\x33\x01\x9A\x01\0\0\0\0\0\0\0\x9B\x90bucket\0".to_vec();
    old.extend(b"\x92/home/ann/docs\0docs\0\x06\x01\x00\x93");
    old.extend(b"\x94docs/a\0\x02\0\0\0\0\0\0\0\x96ABCDEFGHIJKLMNOP\x03\0\0\0\0\0\0\0\x95");
    old.extend(b"\x94else/b\0\x02\0\0\0\0\0\0\0\x97x-2\0\x03\0\0\0\0\0\0\0\x95\x91");
    fs::write(place.state(), &old).unwrap();
    let seen = place.read().unwrap();
    assert_eq!(
        (seen.version(), seen.dropped(), records(&seen).len()),
        (1, 1, 1)
    );
    assert_eq!(place.names(), ["state"]);

    let store = place.open().unwrap();
    assert_eq!((store.version(), store.dropped()), (2, 1));
    assert_eq!(records(&store), records(&seen));
    assert_eq!(fs::read(place.beside("~")).unwrap(), old);
    let state = store.state().clone();
    assert_ne!(state.replica.0, [0; 16]);
    assert_ne!(state.buckets[0].maps[0].id.0, [0; 8]);
    drop(store);
    assert_eq!(place.open().unwrap().state(), &state, "ids are for good");
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
    store.commit(store.state().clone(), &edit().1).unwrap();
    store.journal(map_id(), &edit().0).unwrap();
    drop(store);
    purge(&place.state(), NOW).unwrap();
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn create_keeps_what_an_earlier_state_left() {
    let place = Place::empty();
    fs::write(place.beside("~"), "an older state").unwrap();
    drop(Store::create(&place.state(), one_map(), NOW).unwrap());
    let kept = place.beside(".old-20250131T120000Z");
    assert_eq!(fs::read(kept).unwrap(), b"an older state");
    assert!(!place.beside("~").exists());
}

#[test]
fn a_link_to_the_state_file_stays_a_link() {
    let place = Place::with(3);
    let link = place.directory.path().join("link");
    std::os::unix::fs::symlink(place.state(), &link).unwrap();
    let mut store = Store::open(&link, Mode::Write, NOW).unwrap();
    store.commit(store.state().clone(), &edit().1).unwrap();
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

#[test]
fn settings_without_a_place_in_the_format_leave_the_old_state() {
    let place = Place::with(3);
    let mut store = place.open().unwrap();
    let before = place.bytes();
    let mut settings: State = store.state().clone();
    settings.buckets[0].maps[0].path = "relative".to_owned();
    let found = store.commit(settings, &Changes::new());
    assert!(matches!(found, Err(Error::Refused { key: None, .. })));
    assert_eq!(place.bytes(), before);
    assert_eq!(records(&store).len(), 3);
}
