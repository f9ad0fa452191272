//! One writer at a time: an advisory lock that the system takes away from a process that dies.

use super::error::{Error, Holder};
use super::files::{self, Names};
use rustix::io::Errno;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;

/// The held lock; given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock and writes into it who holds it since when.
    pub(super) fn take(names: &Names, now_utc: &str) -> Result<Self, Error> {
        loop {
            let mut file = files::open_or_create(&names.lock)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Locked {
                        path: names.state.clone(),
                        holder: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(source))
                    if matches!(
                        Errno::from_io_error(&source),
                        Some(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS)
                    ) =>
                {
                    return Err(Error::NoLocks(names.lock.clone()));
                }
                Err(TryLockError::Error(source)) => {
                    return Err(Error::io("lock", &names.lock)(source));
                }
            }
            // Whoever purges removes the lock file with the rest: a lock on a file that has lost
            // its name excludes nobody.
            if !is_named(&file, names) {
                continue;
            }
            file.set_len(0)
                .and_then(|()| writeln!(file, "{} {now_utc}", std::process::id()))
                .map_err(Error::io("write", &names.lock))?;
            return Ok(Self { _file: file });
        }
    }
}

fn is_named(file: &File, names: &Names) -> bool {
    match (file.metadata(), names.lock.symlink_metadata()) {
        (Ok(held), Ok(there)) => held.dev() == there.dev() && held.ino() == there.ino(),
        _ => false,
    }
}

/// Who holds the lock now, by the system's own list: to try the lock would be to take it, and a run
/// that began in that moment would be turned away.
pub(super) fn holder_now(names: &Names) -> Option<Holder> {
    let mut file = files::open(&names.lock).ok()??;
    let inode = file.metadata().ok()?.ino().to_string();
    let told = holder(&mut file)?;
    let pid = told.pid.to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let is_held = locks.lines().any(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != pid);
        words.next().is_some()
            && words
                .next()
                .is_some_and(|place| place.rsplit(':').next() == Some(&inode))
    });
    is_held.then_some(told)
}

fn holder(file: &mut File) -> Option<Holder> {
    const MAX_BYTES: u64 = 100;
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    let (pid, since) = text.trim_end().split_once(' ')?;
    Some(Holder {
        pid: pid.parse().ok()?,
        since: since.to_owned(),
    })
}
