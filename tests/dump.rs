//! `--dump` of every vector in every view: what it ends with, that machines can read it, and that
//! it leaves nothing behind. What it says to the letter stands in `tests/cli`.

#[path = "support/states.rs"]
mod states;
#[path = "support/vectors.rs"]
mod vectors;

use s3_bsync::format::Writer;
use s3_bsync::state::{MapId, State};
use serde_json::Value;
use states::{encode, one_map, plain_record};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use vectors::{Vector, vectors};

impl Vector {
    /// The kind and offset of the defect that it is to show.
    fn defect(&self) -> Option<(String, u64)> {
        if self.name == "journal-magic" {
            // What a file is stands in its signature, and this one has that of a state file.
            return Some(("UnexpectedTag".to_owned(), 5));
        }
        let last = self.expect.rsplit(", ").next()?;
        let (kind, offset) = last.split_once(" @ ")?;
        Some((kind.to_owned(), offset.parse().ok()?))
    }
}

/// Dumps these bytes, and sees that nothing else is done.
fn dump(bytes: &[u8], args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    fs::write(&file, bytes).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_s3-bsync"))
        .args(["--dump", "--file"])
        .arg(&file)
        .args(args)
        .output()
        .unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(fs::read(&file).unwrap(), bytes);
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn every_vector_is_told_by_its_defect_in_every_view() {
    for vector in vectors() {
        let name = &vector.name;
        if name == "defects-in-both-passes" {
            // A file is shown in one pass, in which a record's defect comes before a count's.
            continue;
        }
        let defect = vector.defect();
        let code = if defect.is_some() { 3 } else { 0 };
        for args in [
            &["--objects"][..],
            &["--hex"],
            &["--json"],
            &["--json", "--objects"],
        ] {
            let output = dump(&vector.bytes, args);
            let (said, error) = (text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(code), "{name} {args:?}: {error}");
            assert_eq!(
                error.is_empty(),
                defect.is_none(),
                "{name} {args:?}: {error}"
            );
            if args.contains(&"--json") {
                let value: Value = serde_json::from_str(said)
                    .unwrap_or_else(|error| panic!("{name}: {error}: {said}"));
                assert_eq!(value["format"], "s3-bsync-dump-1");
                let told = value["error"].as_object().map(|error| {
                    let kind = error["kind"].as_str().unwrap().to_owned();
                    (kind, error["offset"].as_u64().unwrap())
                });
                assert_eq!(told, defect, "{name}");
            } else if let Some((kind, _)) = &defect {
                let both = said.contains(&format!("({kind})")) && said.contains("DAMAGED");
                assert!(both, "{name} {args:?}: {said}");
            }
        }
    }
}

#[test]
fn what_is_before_a_bad_record_is_shown_and_what_is_behind_is_not() {
    let ordered = vectors().into_iter().find(|it| it.name == "order-unsorted");
    let output = dump(&ordered.unwrap().bytes, &["--json", "--objects"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let objects = value["maps"][0]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 1);
    assert_eq!(value["maps"][0]["records"], 1);
}

/// The names of all members in a value, and below.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            members(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        _ => {}
    }
}

#[test]
fn the_members_are_those_of_their_description() {
    let all = vectors();
    let mut found = BTreeSet::new();
    let dumped = all.iter().map(|vector| vector.bytes.clone());
    // A record in a damaged block.
    let example = all.iter().find(|it| it.name == "ok-example").unwrap();
    let cut = example.bytes[..example.bytes.len() - 60].to_vec();
    for bytes in dumped.chain([cut]) {
        let output = dump(&bytes, &["--json", "--objects"]);
        members(&serde_json::from_slice(&output.stdout).unwrap(), &mut found);
    }
    // What is seen beside a file in use; `tests/cli` has them.
    found.extend(["pid", "since"].map(str::to_owned));
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/DUMP.md");
    let spec = fs::read_to_string(spec).unwrap();
    let quoted: BTreeSet<_> = spec.split('`').skip(1).step_by(2).collect();
    let missing: Vec<_> = found.iter().filter(|it| !quoted.contains(&***it)).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    let rows = spec.lines().filter_map(|line| line.strip_prefix("| `"));
    let named = rows.flat_map(|row| row.split(" | ").next().unwrap().split(['`', ',', ' ']));
    let unknown: Vec<_> = named
        .filter(|name| !name.is_empty() && !found.contains(*name))
        .collect();
    assert!(unknown.is_empty(), "described and not there: {unknown:?}");
}

/// A file with this many maps of one record each.
fn many_maps(count: u64) -> Vec<u8> {
    let mut state: State = one_map();
    let map = state.buckets[0].maps.remove(0);
    for n in 0..count {
        let mut map = map.clone();
        map.id = MapId(n.to_be_bytes());
        map.name = format!("map-{n}");
        map.path = format!("/data/{n}");
        map.prefix = format!("data/{n}");
        state.buckets[0].maps.push(map);
    }
    let mut writer = Writer::new(Vec::new(), &state).unwrap();
    for n in 0..count {
        writer.start_map(usize::try_from(n).unwrap()).unwrap();
        writer.push(&plain_record(n)).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn no_map_one_and_a_thousand_are_told_each_in_its_way() {
    let none = dump(&many_maps(0), &[]);
    assert!(text(&none.stdout).ends_with("\nno maps\n"), "{none:?}");
    let one = dump(&many_maps(1), &[]);
    assert!(!text(&one.stdout).contains("all 1 maps"), "{one:?}");
    let all = dump(&many_maps(1000), &[]);
    let lines: Vec<_> = text(&all.stdout).lines().collect();
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("map ")).count(),
        1000
    );
    // The overview: a head, a line a map, and the sum.
    let head = lines.len() - 1002;
    assert_eq!(
        lines[head].split_whitespace().collect::<Vec<_>>(),
        ["files", "size", "map"]
    );
    let ends: Vec<_> = lines[head..].iter().map(|line| line.len()).collect();
    assert!(
        lines[head + 1].ends_with("  map-0") && ends[1] + 2 == ends[1000],
        "{ends:?}"
    );
    assert!(
        lines[lines.len() - 1].contains("1,000")
            && lines[lines.len() - 1].ends_with("all 1000 maps")
    );
    // By a pattern only the map that has the key is told.
    let key = plain_record(500).key;
    let some = dump(&many_maps(1000), &["--objects", key.as_str()]);
    assert!(
        text(&some.stdout).ends_with("matching     1 of 1,000 records\n"),
        "{some:?}"
    );
    assert!(text(&some.stdout).lines().count() < 30);
}

#[test]
fn numbers_beyond_those_of_javascript_are_told_to_the_last_digit() {
    let mut record = plain_record(0);
    let stamp = record.local.as_mut().unwrap();
    stamp.mtime_ns = 1_700_000_000_123_456_789;
    stamp.inode = u64::MAX;
    let bytes = encode(&(one_map(), vec![vec![record]])).unwrap();
    let output = dump(&bytes, &["--json", "--objects"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let local = &value["maps"][0]["objects"][0]["local"];
    assert_eq!(local["mtime_ns"], "1700000000123456789");
    assert_eq!(local["inode"], "18446744073709551615");
}
