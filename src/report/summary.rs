//! What a run came to, in two lines for a person who waited for it.

use super::words;
use crate::commands::sync::Report;
use crate::event::Counts;
use crate::exit::Exit;
use crate::key::Shown;
use crate::sync::Mode;
use indicatif::{HumanBytes, HumanCount};
use std::time::Duration;

/// The lines: what was done, and unless nothing was done and all is well, what needs attention.
pub(super) fn lines(report: &Report, mode: Mode, took: Duration) -> Vec<String> {
    let mut counts = Counts::default();
    for ended in &report.maps {
        counts.add(&ended.counts);
    }
    let took = words::duration(took);
    let done = match mode {
        Mode::Apply => done(&counts),
        Mode::DryRun => Vec::new(),
    };
    let same = counts.unchanged_by_state + counts.unchanged_by_content;
    let files = match same {
        1 => "1 file is the same on both sides".to_owned(),
        same => format!("{} files are the same on both sides", HumanCount(same)),
    };
    let is_settled = report.exit <= Exit::Partial && counts.failed == 0;
    let is_empty = counts.scanned + counts.listed + counts.skipped == 0;
    let what = match (mode, &done[..]) {
        (Mode::DryRun, _) => {
            let halts = report.maps.iter().filter_map(|ended| ended.halt.as_ref());
            let pending = words::pending(&counts, halts);
            format!("a sync would come to this: {pending}")
        }
        (Mode::Apply, []) if is_settled && is_empty => {
            "nothing to do; there is no file on either side".to_owned()
        }
        (Mode::Apply, []) if is_settled => format!("nothing to do; {files}"),
        (Mode::Apply, []) => "nothing was done".to_owned(),
        (Mode::Apply, done) => format!("{}; {} unchanged", done.join(", "), HumanCount(same)),
    };
    let mut lines = vec![format!("{what} ({took})")];
    let attention = attention(report, &counts);
    if !attention.is_empty() {
        lines.push(format!("needs attention: {}", attention.join(", ")));
    } else if !done.is_empty() {
        lines.push("nothing needs attention".to_owned());
    }
    lines
}

fn done(counts: &Counts) -> Vec<String> {
    let settled = match counts.conflicts {
        1 => "conflict settled",
        _ => "conflicts settled",
    };
    let parts = [
        (counts.uploaded, "uploaded", Some(counts.uploaded_bytes)),
        (
            counts.downloaded,
            "downloaded",
            Some(counts.downloaded_bytes),
        ),
        (counts.moved, "renamed", None),
        (counts.deleted_local, "deleted here", None),
        (counts.deleted_remote, "deleted in the bucket", None),
        (counts.conflicts, settled, None),
    ];
    let done = parts.into_iter().filter(|(count, ..)| *count > 0);
    done.map(|(count, what, bytes)| match bytes {
        Some(bytes) => format!("{} {what} ({})", HumanCount(count), HumanBytes(bytes)),
        None => format!("{} {what}", HumanCount(count)),
    })
    .collect()
}

fn attention(report: &Report, counts: &Counts) -> Vec<String> {
    let parts = [(counts.failed, "failed"), (counts.skipped, "skipped")];
    let told = parts.into_iter().filter(|(count, _)| *count > 0);
    let told = told.map(|(count, what)| format!("{} {what}", HumanCount(count)));
    let halted = report.maps.iter().filter(|ended| ended.halt.is_some());
    let halted = halted.map(|ended| format!("map {} stopped", Shown(&ended.map)));
    let interrupted = (report.exit == Exit::Interrupted).then(|| "interrupted".to_owned());
    told.chain(halted).chain(interrupted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::sync::Ended;

    fn summed(counts: Counts, exit: Exit) -> Vec<String> {
        let maps = vec![Ended {
            map: "docs".to_owned(),
            counts,
            halt: None,
        }];
        let report = Report {
            maps,
            exit,
            synced_ms: 0,
            unencrypted: Vec::new(),
        };
        lines(&report, Mode::Apply, Duration::from_millis(1300))
    }

    #[test]
    fn an_idle_run_needs_one_line() {
        let counts = Counts {
            scanned: 12_345,
            unchanged_by_state: 12_345,
            ..Counts::default()
        };
        let told = ["nothing to do; 12,345 files are the same on both sides (1.3 s)"];
        assert_eq!(summed(counts, Exit::InSync), told);
    }

    #[test]
    fn nothing_done_is_told_by_why() {
        let told = ["nothing to do; there is no file on either side (1.3 s)"];
        assert_eq!(summed(Counts::default(), Exit::InSync), told);
        let counts = Counts {
            listed: 2,
            failed: 2,
            ..Counts::default()
        };
        let told = ["nothing was done (1.3 s)", "needs attention: 2 failed"];
        assert_eq!(summed(counts, Exit::Partial), told);
    }

    #[test]
    fn a_settled_conflict_is_done_with() {
        let counts = Counts {
            downloaded: 1,
            downloaded_bytes: 9,
            conflicts: 1,
            ..Counts::default()
        };
        let done = "1 downloaded (9 B), 1 conflict settled; 0 unchanged (1.3 s)";
        let told = [done, "nothing needs attention"];
        assert_eq!(summed(counts, Exit::InSync), told);
    }

    #[test]
    fn what_was_done_and_what_is_wrong_are_two_lines() {
        let mut counts = Counts {
            uploaded: 1200,
            uploaded_bytes: 3 << 20,
            deleted_local: 2,
            unchanged_by_state: 1,
            ..Counts::default()
        };
        let done = "1,200 uploaded (3.00 MiB), 2 deleted here; 1 unchanged (1.3 s)";
        assert_eq!(
            summed(counts, Exit::InSync),
            [done, "nothing needs attention"]
        );
        counts.failed = 3;
        assert_eq!(
            summed(counts, Exit::Partial),
            [done, "needs attention: 3 failed"]
        );
        assert_eq!(
            summed(Counts::default(), Exit::Interrupted),
            ["nothing was done (1.3 s)", "needs attention: interrupted"]
        );
    }
}
