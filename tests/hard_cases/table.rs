//! The table of the hard cases speaks of each of them once, and of tests that exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("table.txt");
const CASES: usize = 80;

/// What a case of the table has below it.
#[derive(Default)]
struct Case {
    number: usize,
    /// File and name of each test.
    tests: Vec<(&'static str, &'static str)>,
    reasons: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in TABLE.lines() {
        if let Some(shown) = line.strip_prefix("    ") {
            let case = cases.last_mut().expect("a test stands below a case");
            match (shown.strip_prefix("not here: "), shown.split_once(' ')) {
                (Some(reason), _) => case.reasons.push(reason),
                (None, Some(test)) => case.tests.push(test),
                (None, None) => panic!("neither a test nor a reason: {line}"),
            }
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let (number, _) = line.split_once(' ').expect("a case has a name");
            cases.push(Case {
                number: number.parse().expect("a case has a number"),
                ..Case::default()
            });
        }
    }
    cases
}

#[test]
fn each_case_is_in_the_table_once_and_shown_or_explained() {
    let cases = cases();
    let numbers: Vec<_> = cases.iter().map(|case| case.number).collect();
    assert_eq!(numbers, (1..=CASES).collect::<Vec<_>>());
    for case in cases {
        let is_empty = case.tests.is_empty() && case.reasons.is_empty();
        assert!(!is_empty, "nothing is said of case {}", case.number);
    }
}

#[test]
fn each_test_of_the_table_exists() {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    for case in cases() {
        for (file, name) in case.tests {
            let source = sources.entry(file).or_insert_with(|| {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
            });
            let is_there = is_test(source, name);
            assert!(is_there, "case {}: no test {name} in {file}", case.number);
        }
    }
}

/// Whether the source has a test of this very name.
fn is_test(source: &str, name: &str) -> bool {
    let begins = format!("fn {name}(");
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| {
        let function = pair[1].strip_prefix("async ").unwrap_or(pair[1]);
        pair[0].starts_with("#[") && function.starts_with(&begins)
    })
}
