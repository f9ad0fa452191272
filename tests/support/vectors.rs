//! The vectors of the specification as bytes.

use std::fs;
use std::path::Path;

/// Every vector, by its name.
pub(crate) fn vectors() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "hex") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (_, body) = text.split_once("\n\n").unwrap();
        let bytes = body
            .lines()
            .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
            .map(|pair| u8::from_str_radix(pair, 16).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap();
        found.push((name.to_owned(), bytes.collect()));
    }
    found.sort();
    assert!(found.len() > 200);
    found
}
