//! A clock that is off, for one process: a library of a few lines that stands before the system's.

use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long off(void) { const char *s = getenv("SECONDS_OFF"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = syscall(SYS_clock_gettime, clock, time);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += off();
    return failed;
}
int gettimeofday(struct timeval *time, void *zone) {
    int failed = syscall(SYS_gettimeofday, time, zone);
    if (!failed) time->tv_sec += off();
    return failed;
}
time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
"#;

/// Built once; removed by the system's own cleaning of temporary folders.
static LIBRARY: OnceLock<Option<(TempDir, String)>> = OnceLock::new();

/// The library, where there is a compiler.
pub fn library() -> Option<&'static str> {
    let built = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().ok()?;
        let (source, library) = (folder.path().join("off.c"), folder.path().join("off.so"));
        std::fs::write(&source, SOURCE).ok()?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"])
            .args([&library, &source]);
        let is_built = cc.status().ok()?.success();
        let path = library.to_str()?.to_owned();
        is_built.then_some((folder, path))
    });
    built.as_ref().map(|(_, path)| &**path)
}
