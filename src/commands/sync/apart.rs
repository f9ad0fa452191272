//! What a run writes of itself lies in no map: it would be sent each time, and change while it is
//! read.

use super::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Checks that nothing of what is `written` lies in the directory of this map.
///
/// # Errors
/// [`Error::Inside`] for the first that does.
pub(in crate::commands) fn apart(
    written: &[PathBuf],
    map: &str,
    directory: &str,
) -> Result<(), Error> {
    let directory = real(Path::new(directory));
    let inside = written
        .iter()
        .find(|path| real(path).starts_with(&directory));
    match inside {
        Some(path) => Err(Error::Inside {
            path: path.display().to_string(),
            map: map.to_owned(),
        }),
        None => Ok(()),
    }
}

/// The path without symlinks; of a file that may not be there yet, that of its directory.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path)
        && path.is_dir()
    {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => {
            fs::canonicalize(parent).map_or_else(|_| path.to_owned(), |real| real.join(name))
        }
        _ => path.to_owned(),
    }
}
