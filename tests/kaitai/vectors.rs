//! The vectors of the specification.

use std::fs;
use std::path::Path;

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) expect: String,
    pub(crate) bytes: Vec<u8>,
}

impl Vector {
    pub(crate) fn is_good_state(&self) -> bool {
        self.expect == "ok"
    }

    /// Whether it is a journal of which at least the beginning counts.
    pub(crate) fn has_entries(&self) -> bool {
        self.expect.contains(" entries")
    }

    /// The kind of its defect; empty where it has none.
    pub(crate) fn kind(&self) -> &str {
        let defect = self.expect.split(", ").last().unwrap();
        defect.split_once(" @ ").map_or("", |(kind, _)| kind)
    }
}

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
        let digits = body.lines().filter_map(|line| line.split('#').next());
        let pairs = digits.flat_map(str::split_whitespace);
        all.push(Vector {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            expect: expect.unwrap().to_owned(),
            bytes: pairs
                .map(|pair| u8::from_str_radix(pair, 16).unwrap())
                .collect(),
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

pub(crate) fn vector(name: &str) -> Vec<u8> {
    vectors()
        .into_iter()
        .find(|it| it.name == name)
        .unwrap()
        .bytes
}
