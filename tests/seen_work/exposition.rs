//! A strict reader of Prometheus' text format: what it lets through, node_exporter does.

use std::collections::{BTreeMap, BTreeSet};

/// Samples by name and labels as they stand.
pub(crate) type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

fn is_name(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(is_first) && text.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// Reads a page, or panics with the line that is wrong.
#[track_caller]
pub(crate) fn read(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut samples = Samples::new();
    let (mut helped, mut typed, mut over) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut current = String::new();
    for line in text.lines() {
        let name = if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            assert!(
                !help.replace("\\\\", "").replace("\\n", "").contains('\\'),
                "{line}"
            );
            name
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect(line);
            assert!(["gauge", "counter", "untyped"].contains(&kind), "{line}");
            assert!(typed.insert(name.to_owned()), "{line}");
            let has_samples = samples.keys().any(|(known, _): &(String, _)| known == name);
            assert!(!has_samples, "its type comes before its samples: {line}");
            name
        } else {
            let end = line.find(['{', ' ']).expect(line);
            let (name, rest) = line.split_at(end);
            let (labels, value) = labels(rest, line);
            let value: f64 = value.strip_prefix(' ').expect(line).parse().expect(line);
            assert!(typed.contains(name) && helped.contains(name), "{line}");
            let before = samples.insert((name.to_owned(), labels), value);
            assert!(before.is_none(), "a sample stands once: {line}");
            name
        };
        assert!(is_name(name) && name.starts_with("s3bsync_"), "{line}");
        if name != current {
            assert!(
                over.insert(name.to_owned()),
                "a family stands together: {line}"
            );
            name.clone_into(&mut current);
        }
    }
    samples
}

/// Labels and what stands behind them.
fn labels<'a>(text: &'a str, line: &str) -> (BTreeMap<String, String>, &'a str) {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return (labels, text);
    };
    loop {
        let (name, after) = rest.split_once('=').expect(line);
        assert!(is_name(name) && !name.contains(':'), "{line}");
        let mut value = String::new();
        let mut chars = after.strip_prefix('"').expect(line).chars();
        loop {
            match chars.next().expect(line) {
                '"' => break,
                '\\' => value.push(match chars.next() {
                    Some('n') => '\n',
                    Some(c @ ('\\' | '"')) => c,
                    other => panic!("{other:?} after a backslash: {line}"),
                }),
                c => value.push(c),
            }
        }
        assert!(labels.insert(name.to_owned(), value).is_none(), "{line}");
        rest = chars.as_str();
        match rest.split_at(1) {
            (",", more) => rest = more,
            ("}", more) => return (labels, more),
            _ => panic!("{line}"),
        }
    }
}
