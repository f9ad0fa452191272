//! The vectors of the specification.

#![allow(dead_code, reason = "each test uses some of it")]

use std::fs;
use std::path::Path;

pub(crate) struct Vector {
    pub(crate) name: String,
    /// What its first line states.
    pub(crate) expect: String,
    pub(crate) bytes: Vec<u8>,
}

/// Every vector, by its name.
pub(crate) fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "hex") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap();
        let expect = head.lines().find_map(|line| line.strip_prefix("expect: "));
        let bytes = body
            .lines()
            .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        all.push(Vector {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            expect: expect.unwrap().to_owned(),
            bytes,
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(all.len() > 200);
    all
}

/// The bytes of one of them.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let found = vectors().into_iter().find(|it| it.name == name);
    found.unwrap().bytes
}
