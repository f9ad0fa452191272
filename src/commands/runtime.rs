//! Where a command's asynchronous work runs, the signals that end it, and the clock.

use crate::exit::Exit;
use crate::report::Reporter;
use crate::stop::Stop;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};

/// Does this work to its end; `None`, and a complaint, where no threads can be had.
pub(super) fn in_runtime<T>(reporter: &Reporter, work: impl AsyncFnOnce(Stop) -> T) -> Option<T> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = built
        .map_err(|error| reporter.complain("cannot start threads", &error))
        .ok()?;
    let stop = Stop::default();
    Some(runtime.block_on(async {
        if let Err(error) = heed_signals(&stop) {
            reporter.complain("cannot listen for signals", &error);
        }
        work(stop).await
    }))
}

/// The time, milliseconds since the epoch: it enters the program here, once a run.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// The first Ctrl-C or SIGTERM ends the run cleanly, the second at once.
fn heed_signals(stop: &Stop) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.is_wished() {
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            stop.wish();
        }
    });
    Ok(())
}
