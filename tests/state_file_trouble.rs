//! The state file in trouble: crashes, damage, foreign files. Whole at every instant, and nothing
//! that was told is forgotten.

#[path = "support/place.rs"]
mod place;
#[path = "support/states.rs"]
mod states;

use place::{NOW, Place, commit_edit, damage, edit, edited, map_id, records};
use s3_bsync::format::journal::{
    Intent, Origin, Upload, encode_entry, encode_header, encode_intent,
};
use s3_bsync::state::{Change, MapId, State};
use s3_bsync::store::{Error, Store, purge};
use states::{encode, one_map, plain_record};
use std::fs;

#[test]
fn what_a_dead_run_journaled_is_there_at_the_next() {
    let place = Place::with(50);
    let mut store = place.open().unwrap();
    let changes = edit();
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
    store.unsynced().unwrap().sync().unwrap();
    drop(store);

    let before = place.bytes();
    let seen = place.read().unwrap();
    assert_eq!(records(&seen), edited(50));
    assert_eq!(seen.uploads(), [(map_id(), pending.clone())]);
    assert_eq!(place.bytes(), before, "reading changes nothing");
    let generation = seen.state().buckets[0].maps[0].generation;
    assert_eq!(generation, 4, "the marker is that far already");

    let mut store = place.open().unwrap();
    assert_eq!(records(&store), edited(50));
    assert_eq!(store.uploads(), [(map_id(), pending.clone())]);
    assert_eq!(store.state().generation, 8);
    assert_eq!(store.state().buckets[0].maps[0].generation, 4);
    let idle = store.state().clone();
    store.commit(idle).unwrap();
    drop(store);

    let mut store = place.open().unwrap();
    let taken_along = "each commit takes the upload along";
    assert_eq!(
        store.uploads(),
        [(map_id(), pending.clone())],
        "{taken_along}"
    );
    assert_eq!(store.state().generation, 8, "a hint changes no record");
    store.end_upload(map_id(), &pending.key);
    let idle = store.state().clone();
    store.commit(idle).unwrap();
    assert_eq!(store.uploads(), []);
    assert!(!place.beside(".journal").exists());
}

fn intent(number: u64) -> Intent {
    Intent {
        record: plain_record(number),
        write_id: [2; 16],
        origin: Origin::Sent { crc64: number },
    }
}

fn intents(store: &Store) -> Vec<Intent> {
    store.intents(map_id()).cloned().collect()
}

#[test]
fn an_intent_of_a_dead_run_lasts_until_its_key_is_recorded_or_it_is_ended() {
    let place = Place::with(50);
    let mut store = place.open().unwrap();
    for number in [5, 6, 1] {
        store.journal_intent(map_id(), intent(number)).unwrap();
    }
    // Of these one is about the last key.
    store.journal(map_id(), &edit()).unwrap();
    drop(store);
    let open = [intent(5), intent(6)];
    assert_eq!(intents(&place.read().unwrap()), open);
    for _ in 0..2 {
        let mut store = place.open().unwrap();
        assert_eq!(records(&store), edited(50), "an intent changes no record");
        assert_eq!(intents(&store), open);
        let idle = store.state().clone();
        store.commit(idle).unwrap();
        assert_eq!(intents(&store), open, "each commit takes them along");
    }
    let mut store = place.open().unwrap();
    store.end_intent(map_id(), &open[0].record.key);
    store.end_intent(MapId([0; 8]), &open[1].record.key);
    assert_eq!(intents(&store), open[1..]);
    store.end_intent(map_id(), &open[1].record.key);
    let idle = store.state().clone();
    store.commit(idle).unwrap();
    assert!(!place.beside(".journal").exists());
}

/// As a run leaves it that dies in a commit, after the new state has its name.
#[test]
fn a_journal_of_the_generation_before_gives_its_intents_and_no_change() {
    for (generation, expected) in [(6, vec![intent(5)]), (5, vec![]), (8, vec![])] {
        let place = Place::with(3);
        let mut bytes = encode_header(one_map().replica, generation).unwrap();
        for change in edit() {
            bytes.extend(encode_entry(map_id(), &change).unwrap());
        }
        bytes.extend(encode_intent(map_id(), &intent(5)).unwrap());
        bytes.extend(encode_intent(MapId([0; 8]), &intent(6)).unwrap());
        fs::write(place.beside(".journal"), &bytes).unwrap();
        let before = records(&place.read().unwrap());
        let store = place.open().unwrap();
        assert_eq!(before.len(), 3);
        assert_eq!(records(&store), before, "{generation}");
        assert_eq!(intents(&store), expected, "{generation}");
        assert_eq!(store.state().generation, 7);
        drop(store);
        assert_eq!(intents(&place.open().unwrap()), expected, "{generation}");
    }
}

#[test]
fn of_a_journal_with_endless_intents_only_so_many_are_held() {
    const MOST: usize = 1 << 14;
    let place = Place::with(3);
    let mut bytes = encode_header(one_map().replica, 7).unwrap();
    for number in 0..MOST as u64 + 100 {
        bytes.extend(encode_intent(map_id(), &intent(number)).unwrap());
    }
    fs::write(place.beside(".journal"), &bytes).unwrap();
    let store = place.open().unwrap();
    assert_eq!(store.intents(map_id()).count(), MOST);
}

#[test]
fn a_torn_journal_gives_what_was_whole() {
    let changes = edit();
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
        bytes.extend(encode_entry(map_id(), &edit()[0]).unwrap());
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
    commit_edit(&mut store).unwrap();
    drop(store);
    let whole = fs::read(place.state()).unwrap();
    let damages = [
        whole[..whole.len() - 1].to_vec(),
        whole[..3].to_vec(),
        vec![0; whole.len()],
        Vec::new(),
        [&*whole, b"x"].concat(),
        [&whole[..100], &[whole[100] ^ 1], &whole[101..]].concat(),
        [&whole[..4], &[whole[4] ^ 1], &whole[5..]].concat(),
        [&whole[..4], &[whole[4] ^ 0x80], &whole[5..]].concat(),
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
        commit_edit(&mut store).unwrap();
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
    bytes[5] = 0xA0; // a block that version 2 does not have
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
    let list = edit();
    let mut journal = encode_header(one_map().replica, 7).unwrap();
    for change in &list {
        journal.extend(encode_entry(map_id(), change).unwrap());
    }
    let mut store = done.open().unwrap();
    commit_edit(&mut store).unwrap();
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
            commit_edit(&mut store).unwrap();
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
    commit_edit(&mut store).unwrap();
    assert_eq!(fs::read(place.beside("~")).unwrap(), old);
    assert_eq!(records(&place.read().unwrap()), edited(5));
    assert!(!place.beside(".link").exists());
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
    let unknown = store.journal(MapId([0; 8]), &edit());
    assert!(matches!(unknown, Err(Error::UnknownMap(_))));
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
fn create_keeps_what_an_earlier_state_left() {
    let place = Place::empty();
    fs::write(place.beside("~"), "an older state").unwrap();
    drop(Store::create(&place.state(), one_map(), NOW).unwrap());
    let kept = place.beside(".old-20250131T120000Z");
    assert_eq!(fs::read(kept).unwrap(), b"an older state");
    assert!(!place.beside("~").exists());
}

#[test]
fn settings_without_a_place_in_the_format_leave_the_old_state() {
    let place = Place::with(3);
    let mut store = place.open().unwrap();
    let before = place.bytes();
    let mut settings: State = store.state().clone();
    settings.buckets[0].maps[0].path = "relative".to_owned();
    let found = store.commit(settings);
    assert!(matches!(found, Err(Error::Refused { key: None, .. })));
    assert_eq!(place.bytes(), before);
    assert_eq!(records(&store).len(), 3);
}
