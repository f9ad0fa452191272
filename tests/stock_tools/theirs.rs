//! What `gzip` and `age` make and boto3 puts, s3-bsync syncs down.

use super::boto::{Boto, Put};
use super::support::world::World;
use super::tools::{Key, Kind, shell};
use super::{noise, text};
use std::fs;
use std::path::PathBuf;

/// How an object is made of the file `$1`, and the chain that its metadata names. `$2` holds
/// recipients.
const CHAINS: [(&str, &str, &str); 8] = [
    ("gzip", "gzip", r#"gzip < "$1""#),
    ("gzip-9n", "gzip", r#"gzip -9n < "$1""#),
    ("named", "gzip", r#"gzip -1 -c "$1""#),
    (
        "members",
        "gzip",
        r#"head -c 1000 "$1" | gzip > a.gz; tail -c +1001 "$1" | gzip > b.gz; cat a.gz b.gz"#,
    ),
    ("age", "age", r#"age -R "$2" "$1""#),
    ("piped", "age", r#"age -R "$2" < "$1""#),
    ("both", "gzip+age", r#"gzip -n < "$1" | age -R "$2""#),
    (
        "both-members",
        "gzip+age",
        r#"(gzip -c < /dev/null; gzip -c "$1"; gzip -c < /dev/null) | age -R "$2""#,
    ),
];

/// Files made by every chain that is one of `chains`, at the key `docs/CHAIN/FILE`.
#[track_caller]
fn expect_synced_down(chains: &[&str], kind: Kind, files: &[(&str, Vec<u8>)]) {
    let world = World::embedded();
    let Some(boto) = Boto::on(&world) else {
        return;
    };
    let key = Key::new(world.home(), "key", kind);
    let list = world.home().join("recipients");
    fs::write(&list, &key.recipient).unwrap();
    let folder = world.home().join("made");
    let mut puts = Vec::new();
    for (name, chain, line) in CHAINS.iter().filter(|made| chains.contains(&made.1)) {
        let made = folder.join(name);
        fs::create_dir_all(&made).unwrap();
        for (file, contents) in files {
            let path = made.join(file);
            fs::write(&path, contents).unwrap();
            let words = [path.to_str().unwrap(), list.to_str().unwrap()];
            let object = made.join(format!("{file}.object"));
            shell(&made, &format!("({line}) > '{file}.object'"), &words);
            // As the documentation has it.
            let size = shell(&made, r#"stat -c %s "$1""#, &words);
            let time = shell(&made, r#"stat -c %.9Y "$1""#, &words);
            let key = format!("docs/{name}/{file}");
            puts.push((
                key,
                object,
                chain,
                size.trim().to_owned(),
                time.trim().to_owned(),
            ));
        }
    }
    let metas: Vec<[(&str, &str); 3]> = puts
        .iter()
        .map(|(_, _, chain, size, time)| {
            [
                ("s3bsync-encoding", **chain),
                ("s3bsync-size", size),
                ("mtime", time),
            ]
        })
        .collect();
    let orders: Vec<Put> = puts
        .iter()
        .zip(&metas)
        .map(|((key, file, ..), meta)| Put { key, file, meta })
        .collect();
    boto.put(&orders);

    match chains {
        ["gzip"] => world.init(),
        _ => world.init_with(&["--age-identity", &key.file]),
    };
    world.sync();
    for (key, object, ..) in &puts {
        let name = key.strip_prefix("docs/").unwrap();
        let original = PathBuf::from(object.to_str().unwrap().strip_suffix(".object").unwrap());
        world.expect_local(name, fs::read(&original).unwrap());
        let time = |path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(time(world.path(name)), time(original), "{name}");
    }
    assert_eq!(world.tree().len(), puts.len());
    world.expect_idle().expect_nothing_kept();
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("text", text(300_000, 1)),
        ("noise", noise(100_000, 2)),
        ("empty", Vec::new()),
        ("large", text(20 << 20, 3)),
    ]
}

#[test]
fn gzip_files_come_down() {
    expect_synced_down(&["gzip"], Kind::Native, &files());
}

#[test]
fn age_files_come_down() {
    expect_synced_down(&["age", "gzip+age"], Kind::Native, &files());
}

#[test]
fn age_files_for_ssh_keys_come_down() {
    for kind in [Kind::Ed25519, Kind::Rsa] {
        expect_synced_down(&["age", "gzip+age"], kind, &files()[..3]);
    }
}
