//! The exposition format of Prometheus, as far as it is written here: families of gauges, each with
//! its help, its type and its samples. Pure.

use super::super::redact::redacted;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const PREFIX: &str = "s3bsync_";
/// How a file of ours begins.
pub(super) const HEAD: &str = "# HELP s3bsync_";

/// Every family, in the order of the file, and its help.
const FAMILIES: [(&str, &str); 9] = [
    (
        "run_timestamp_seconds",
        "When the last run began, of whatever maps.",
    ),
    ("run_exit_code", "Exit code of the last run."),
    (
        "last_success_timestamp_seconds",
        "When the last run of the map began that ended with exit code 0; 0 if none has.",
    ),
    (
        "last_run_timestamp_seconds",
        "When the last run of the map began.",
    ),
    (
        "last_run_exit_code",
        "Exit code of the last run of the map: 0 in sync, 1 with skipped or failed files, 3 stopped, 130 interrupted.",
    ),
    (
        "last_run_duration_seconds",
        "How long the last run of the map took.",
    ),
    (
        "last_run_held_back",
        "Deletions that the guard held back in the last run of the map.",
    ),
    (
        "last_run_files",
        "Files, objects and keys of the last run of the map, by what became of them.",
    ),
    (
        "last_run_bytes",
        "Bytes of the files that the last run of the map sent and fetched.",
    ),
];

/// What tells a sample from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sample {
    family: usize,
    map: Option<String>,
    what: Option<String>,
}

impl Sample {
    /// That of a family of this name for a map.
    pub(super) fn of(family: &str, map: &str) -> Self {
        Self {
            map: Some(redacted(map).into_owned()),
            ..Self::of_run(family)
        }
    }

    /// That of a family of this name which is about no map.
    pub(super) fn of_run(family: &str) -> Self {
        let found = FAMILIES.iter().position(|(name, _)| *name == family);
        Self {
            family: found.unwrap_or_default(),
            map: None,
            what: None,
        }
    }

    /// The same for one kind of what is counted.
    pub(super) fn what(mut self, what: &str) -> Self {
        self.what = Some(what.to_owned());
        self
    }
}

/// All samples.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page(BTreeMap<Sample, String>);

impl Page {
    /// Reads what [`fmt::Display`] writes; lines of anything else are left out.
    pub(super) fn parse(text: &str) -> Self {
        let samples = text.lines().filter_map(sample);
        Self(samples.collect())
    }

    pub(super) fn put(&mut self, sample: Sample, value: String) {
        self.0.insert(sample, value);
    }

    /// The same, unless there is such a sample.
    pub(super) fn put_first(&mut self, sample: Sample, value: String) {
        self.0.entry(sample).or_insert(value);
    }

    pub(super) fn maps(&self) -> Vec<String> {
        let maps: BTreeSet<_> = self.0.keys().filter_map(|one| one.map.clone()).collect();
        maps.into_iter().collect()
    }

    /// Drops the samples of all other maps.
    pub(super) fn keep_maps(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0
            .retain(|one, _| one.map.as_deref().is_none_or(&is_kept));
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (family, (name, help)) in FAMILIES.iter().enumerate() {
            let samples = self.0.iter().filter(|(one, _)| one.family == family);
            let mut samples = samples.peekable();
            if samples.peek().is_none() {
                continue;
            }
            writeln!(f, "# HELP {PREFIX}{name} {help}")?;
            writeln!(f, "# TYPE {PREFIX}{name} gauge")?;
            for (sample, value) in samples {
                let labels = [("map", &sample.map), ("what", &sample.what)];
                let labels = labels.into_iter().filter_map(|(name, value)| {
                    Some(format!("{name}=\"{}\"", escaped(value.as_ref()?)))
                });
                let labels: Vec<_> = labels.collect();
                match &labels[..] {
                    [] => writeln!(f, "{PREFIX}{name} {value}")?,
                    labels => writeln!(f, "{PREFIX}{name}{{{}}} {value}", labels.join(","))?,
                }
            }
        }
        Ok(())
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// A line that holds a sample.
fn sample(line: &str) -> Option<(Sample, String)> {
    let rest = line.strip_prefix(PREFIX)?;
    let end = rest.find(['{', ' '])?;
    let (name, mut rest) = rest.split_at(end);
    let family = FAMILIES.iter().position(|(known, _)| *known == name)?;
    let (mut map, mut what) = (None, None);
    if let Some(mut labels) = rest.strip_prefix('{') {
        loop {
            let (name, quoted) = labels.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            match name {
                "map" => map = Some(value),
                "what" => what = Some(value),
                _ => return None,
            }
            let Some(more) = after.strip_prefix(',') else {
                rest = after.strip_prefix('}')?;
                break;
            };
            labels = more;
        }
    }
    let value = rest.strip_prefix(' ')?;
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let sample = Sample { family, map, what };
    is_number.then(|| (sample, value.to_owned()))
}

/// The value of a label up to its closing quote, and what stands behind that.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_a_map_is_called() {
        let mut page = Page::default();
        for map in ["docs", "a \"b\" \\ c\nd", "{x=\"y\"} 1", "\u{e9}", "\\n"] {
            page.put(
                Sample::of("last_run_files", map).what("uploaded"),
                "7".to_owned(),
            );
            page.put(
                Sample::of("last_success_timestamp_seconds", map),
                "1.500".to_owned(),
            );
        }
        page.put(Sample::of_run("run_exit_code"), "3".to_owned());
        assert_eq!(Page::parse(&page.to_string()), page);
        assert_eq!(page.maps().len(), 5);
    }

    #[test]
    fn what_is_not_ours_is_left_out() {
        for line in [
            "",
            "node_load1 1",
            "s3bsync_unknown{map=\"a\"} 1",
            "s3bsync_last_run_files{map=\"a} 1",
            "s3bsync_last_run_files{map=\"a\"",
            "s3bsync_last_run_files{map=\"a\"} NaN",
            "s3bsync_last_run_files{map=\"a\"} 1 2",
            "s3bsync_last_run_files{map=\"a\"}1",
            "s3bsync_last_run_files{other=\"a\"} 1",
            "s3bsync_last_run_files{map=\"a\\",
            "s3bsync_run_exit_code",
        ] {
            assert_eq!(Page::parse(line), Page::default(), "{line}");
        }
    }

    #[test]
    fn a_family_has_its_help_and_type_once_and_before_its_samples() {
        let mut page = Page::default();
        page.put(Sample::of("last_run_exit_code", "b"), "0".to_owned());
        page.put(Sample::of("last_run_exit_code", "a\"\\\n"), "3".to_owned());
        page.put(Sample::of_run("run_exit_code"), "3".to_owned());
        let text = page.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[1..3],
            [
                "# TYPE s3bsync_run_exit_code gauge",
                "s3bsync_run_exit_code 3"
            ]
        );
        assert_eq!(
            lines[4..],
            [
                "# TYPE s3bsync_last_run_exit_code gauge",
                r#"s3bsync_last_run_exit_code{map="a\"\\\n"} 3"#,
                r#"s3bsync_last_run_exit_code{map="b"} 0"#,
            ]
        );
    }

    #[test]
    fn maps_that_are_gone_are_dropped() {
        let mut page = Page::default();
        page.put(Sample::of("last_run_exit_code", "a"), "0".to_owned());
        page.put(Sample::of("last_run_exit_code", "b"), "0".to_owned());
        page.put(Sample::of_run("run_exit_code"), "3".to_owned());
        page.keep_maps(|map| map == "b");
        assert_eq!(page.maps(), ["b"]);
        assert_eq!(page.0.len(), 2);
    }
}
