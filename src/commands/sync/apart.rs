//! What a run writes of itself lies in no map: it would be sent each time, and change while it is
//! read.

use super::Error;
use std::fs;
use std::os::unix::fs::MetadataExt;
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
    let inside = written.iter().find(|path| lies_in(&real(path), &directory));
    match inside {
        Some(path) => Err(Error::Inside {
            path: path.display().to_string(),
            map: map.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether a path is that of a directory or of something in it, however the two are spelled or
/// mounted. Both are without symlinks.
pub(in crate::commands) fn lies_in(path: &Path, directory: &Path) -> bool {
    let inode = |path: &Path| fs::metadata(path).ok().map(|of| (of.dev(), of.ino()));
    let of_directory = inode(directory);
    path.starts_with(directory)
        || of_directory.is_some() && path.ancestors().any(|above| inode(above) == of_directory)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_lies_in_a_directory_by_whatever_way_it_leads_there() {
        let top = tempfile::tempdir().unwrap();
        let (docs, beside) = (top.path().join("docs"), top.path().join("docs-2"));
        fs::create_dir_all(docs.join("below")).unwrap();
        fs::create_dir(&beside).unwrap();
        symlink(&docs, top.path().join("again")).unwrap();
        for inside in ["docs", "docs/log", "docs/below/log", "again/below/log"] {
            assert!(lies_in(&top.path().join(inside), &docs), "{inside}");
        }
        for outside in ["", "log", "docs-2/log", "none/log"] {
            assert!(!lies_in(&top.path().join(outside), &docs), "{outside}");
        }
        assert!(!lies_in(&docs, &top.path().join("none")));
    }
}
