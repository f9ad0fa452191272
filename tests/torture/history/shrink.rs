//! Makes a failing history shorter.

use super::play::{Finding, play};
use super::stage::MapKind;
use super::words::Step;
use std::time::{Duration, Instant};

/// Leaves out steps as long as the same check still fails, and time is left.
pub fn shrunk(
    kind: MapKind,
    steps: Vec<Step>,
    finding: Box<Finding>,
    patience: Duration,
) -> (Vec<Step>, Box<Finding>) {
    let begun = Instant::now();
    let (mut steps, mut finding) = (steps, finding);
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < steps.len() {
            if begun.elapsed() > patience {
                return (steps, finding);
            }
            let fewer: Vec<Step> = [&steps[..at], &steps[(at + chunk).min(steps.len())..]].concat();
            match play(kind, &fewer) {
                Err(still) if still.check == finding.check => {
                    steps = fewer;
                    finding = still;
                }
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    (steps, finding)
}
