//! Where a command's asynchronous work runs, the signals that end it, and the clock.

use crate::exit::Exit;
use crate::report::Reporter;
use crate::stop::Stop;
use futures_util::future::select_all;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a stop may take. Work that is not over by then is cut off as by a crash, which every
/// file and the journal are made for: the next run takes up what is recorded.
const STOP_WITHIN: Duration = Duration::from_millis(1_900);

/// Signals that end a run. A second one ends it at once.
pub(super) const RUN_ENDS: [SignalKind; 3] = [
    SignalKind::interrupt(),
    SignalKind::terminate(),
    SignalKind::hangup(),
];

/// Signals that end a watch, for which a hangup means to sync now.
pub(super) const WATCH_ENDS: [SignalKind; 2] = [SignalKind::interrupt(), SignalKind::terminate()];

/// Does this work to its end; `None`, and a complaint, where no threads can be had.
///
/// One of `signals` requests a stop. From then on no thread is waited for that still blocks.
pub(super) fn in_runtime<T>(
    reporter: &Reporter,
    signals: &[SignalKind],
    work: impl AsyncFnOnce(Stop) -> T,
) -> Option<T> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = built
        .map_err(|error| reporter.complain("cannot start threads", &error))
        .ok()?;
    let stop = Stop::default();
    let done = runtime.block_on(async {
        if let Err(error) = heed_signals(signals, &stop) {
            reporter.complain("cannot listen for signals", &error);
        }
        work(stop.clone()).await
    });
    if stop.is_wished() {
        runtime.shutdown_background();
    }
    Some(done)
}

/// How work ended, unless the run was to stop: then nothing else counts.
pub(super) fn unless_stopped<E>(stop: &Stop, done: Result<Exit, E>) -> Result<Exit, E> {
    if stop.is_wished() {
        return Ok(Exit::Interrupted);
    }
    done
}

/// The time, milliseconds since the epoch: it enters the program here, once a run.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// The first of these signals ends the run cleanly, the second at once.
fn heed_signals(kinds: &[SignalKind], stop: &Stop) -> io::Result<()> {
    let mut signals = Vec::with_capacity(kinds.len());
    for kind in kinds {
        if !(*kind == SignalKind::hangup() && is_hangup_ignored()) {
            signals.push(signal(*kind)?);
        }
    }
    let stop = stop.clone();
    tokio::spawn(async move {
        any(&mut signals).await;
        stop.wish();
        // Whichever comes first.
        let _ = tokio::time::timeout(STOP_WITHIN, any(&mut signals)).await;
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    Ok(())
}

/// Waits for any of these signals.
async fn any(signals: &mut [Signal]) {
    let received = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    select_all(received).await;
}

/// Returns true if this process was started to survive a hangup, as by `nohup`.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 1)
}
