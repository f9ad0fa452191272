//! What s3-bsync uploads, boto3 fetches, and `age -d` and `gunzip` open.

use super::boto::Boto;
use super::support::wire::Op;
use super::support::world::{World, counts};
use super::tools::{Key, Kind, shell};
use super::{noise, text};
use std::fs;
use std::path::Path;

const LARGE: usize = 20 << 20;

/// A file, and whether gzip makes it smaller.
type File = (&'static str, Vec<u8>, bool);

fn small() -> Vec<File> {
    vec![
        ("small.txt", text(3000, 1), true),
        ("empty", Vec::new(), false),
        ("one", b"1".to_vec(), false),
        ("noise", noise(50_000, 2), false),
        ("sub folder/t\u{e9}xt", text(200_000, 3), true),
    ]
}

fn large() -> Vec<File> {
    vec![
        ("large.txt", text(LARGE, 4), true),
        ("large.noise", noise(LARGE, 5), false),
    ]
}

/// Uploads the files by a map with these settings, and opens every object with stock tools alone.
#[track_caller]
fn expect_opened(files: &[File], level: &str, keys: &[Kind]) {
    let world = World::embedded();
    let Some(boto) = Boto::on(&world) else {
        return;
    };
    let folder = world.home().join("fetched");
    fs::create_dir(&folder).unwrap();
    let keys: Vec<Key> = keys
        .iter()
        .map(|kind| Key::new(world.home(), &format!("{kind:?}"), *kind))
        .collect();
    let list = world.home().join("recipients");
    let lines: Vec<&str> = keys.iter().map(|key| &key.recipient[..]).collect();
    fs::write(&list, lines.join("\n")).unwrap();
    let mut settings = vec!["--compress", level];
    if !keys.is_empty() {
        settings.extend(["--age-recipients-file", list.to_str().unwrap()]);
    }
    for (name, contents, _) in files {
        world.local(name, contents);
    }
    world.init_with(&settings).wire().forget();
    world.sync();
    let is_large = |file: &&File| file.1.len() > (8 << 20);
    let uploads = counts(&world.wire().log()).get(&Op::CreateMpu).copied();
    let expected = files.iter().filter(is_large).count();
    // The probe begins some of its own.
    assert!(uploads >= Some(expected), "{uploads:?} uploads in parts");

    let wanted: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(number, file)| (format!("docs/{}", file.0), folder.join(number.to_string())))
        .collect();
    let fetched = boto.get(&wanted);
    for ((file, (_, path)), fetched) in files.iter().zip(&wanted).zip(fetched) {
        let (name, contents, shrinks) = file;
        let chain = match (*shrinks && level != "0", !keys.is_empty()) {
            (false, false) => None,
            (true, false) => Some("gzip"),
            (false, true) => Some("age"),
            (true, true) => Some("gzip+age"),
        };
        expect_documented(&world, name, chain, contents.len(), &fetched.meta);
        assert_eq!(fetched.content_encoding, None, "{name}");
        let in_parts = fetched.etag.contains('-');
        assert_eq!(in_parts, is_large(&file), "{name}: {}", fetched.etag);
        if keys.is_empty() {
            expect_opens(path, chain, None, contents);
        }
        for key in &keys {
            expect_opens(path, chain, Some(key), contents);
        }
    }
}

/// Metadata has the documented names, all of them and no others, and their documented values.
#[track_caller]
fn expect_documented(
    world: &World,
    name: &str,
    chain: Option<&str>,
    length: usize,
    meta: &std::collections::BTreeMap<String, String>,
) {
    let stat = shell(world.root(), r#"stat -c %.9Y "$1""#, &[name]);
    assert_eq!(meta.get("mtime").map(String::as_str), Some(stat.trim()));
    assert_eq!(meta.get("s3bsync-encoding").map(String::as_str), chain);
    let size = chain.map(|_| length.to_string());
    assert_eq!(meta.get("s3bsync-size"), size.as_ref(), "{name}");
    for id in ["s3bsync-writer", "s3bsync-write"] {
        let id = &meta[id];
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    let count = if chain.is_some() { 5 } else { 3 };
    assert_eq!(meta.len(), count, "{meta:?}");
}

#[track_caller]
fn expect_opens(object: &Path, chain: Option<&str>, key: Option<&Key>, contents: &[u8]) {
    let folder = object.parent().unwrap();
    let identity = key.map_or("", |key| &key.file);
    let line = match chain {
        None => r#"cat "$1" > opened"#,
        Some("gzip") => r#"gunzip < "$1" > opened"#,
        Some("age") => r#"age -d -i "$2" "$1" > opened"#,
        _ => r#"age -d -i "$2" "$1" | gunzip > opened"#,
    };
    shell(folder, line, &[object.to_str().unwrap(), identity]);
    let opened = fs::read(folder.join("opened")).unwrap();
    assert!(opened == contents, "{}", object.display());
}

#[test]
fn level_1_is_opened() {
    expect_opened(&[small(), large()].concat(), "1", &[]);
}

#[test]
fn level_6_is_opened() {
    expect_opened(&[small(), large()].concat(), "6", &[]);
}

#[test]
fn level_9_is_opened() {
    expect_opened(&[small(), large()].concat(), "9", &[]);
}

#[test]
fn levels_10_and_11_are_opened() {
    expect_opened(&small(), "10", &[]);
    expect_opened(&small(), "11", &[]);
}

#[test]
fn a_member_for_each_mebibyte_is_opened() {
    let files = [("large.txt", text(LARGE, 6), true)];
    expect_opened(&files, "10", &[]);
}

#[test]
fn encrypted_files_are_opened() {
    expect_opened(&[small(), large()].concat(), "0", &[Kind::Native]);
}

#[test]
fn compressed_and_encrypted_files_are_opened() {
    expect_opened(&[small(), large()].concat(), "6", &[Kind::Native]);
    expect_opened(&small(), "11", &[Kind::Native]);
}

#[test]
fn each_of_several_recipients_opens_all() {
    let everyone = [Kind::Native, Kind::Ed25519, Kind::Rsa];
    expect_opened(&[small(), large()].concat(), "6", &everyone);
}
