//! Which directories must be made durable before a receipt is recorded.

use super::error::{At, Error, Kind};
use super::kernel;
use super::root::Root;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

/// Directories changed since they were last made durable.
#[derive(Default)]
pub(super) struct Touched {
    paths: Mutex<BTreeSet<String>>,
    /// Held while directories are made durable, so that no second caller takes an emptied list
    /// for a finished one.
    turn: Mutex<()>,
}

impl Root {
    /// Notes that names in the directory `path` changed. To be called after the change and before
    /// its caller hears of it.
    pub(super) fn touch(&self, path: &str) {
        let mut paths = lock(&self.inner().touched.paths);
        if !paths.contains(path) {
            paths.insert(path.to_owned());
        }
    }

    /// Makes every change of names since the last call durable.
    ///
    /// To be called before the receipts of those changes are recorded.
    ///
    /// # Errors
    /// [`Kind::Io`] and its likes; the directory stays on the list for the next call.
    pub fn sync_directories(&self) -> Result<(), Error> {
        let touched = &self.inner().touched;
        let _turn = lock(&touched.turn);
        let paths = std::mem::take(&mut *lock(&touched.paths));
        let mut failure = None;
        for path in paths {
            if let Err(error) = self.sync_directory(&path) {
                self.touch(&path);
                failure = Some(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn sync_directory(&self, path: &str) -> Result<(), Error> {
        // A directory that is gone, or is another one now, took its names with it: its parent was
        // touched by whoever removed it.
        let directory = match self.open_directory(path) {
            Ok(directory) => directory,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(errno) => {
                return Err(Error::new(
                    "make durable the directory",
                    path,
                    Kind::of(errno),
                ));
            }
        };
        kernel::make_durable(directory.as_fd()).at("make durable the directory", path)
    }
}

/// Locks, taking what a panicking thread left as it is: every holder keeps the value whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
