//! Where a page goes: beside its name first, for its owner's eyes only, and under its name once it
//! is whole. Nothing is replaced but a page, and nothing is written through a symlink.

use super::Error;
use crate::commands::sync::lies_in;
use crate::key::TEMP_PREFIX;
use crate::report::Replaced;
use crate::report::page::HEAD;
use crate::store;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where a page goes.
#[derive(Debug)]
pub(super) struct Place {
    /// As it was named.
    shown: String,
    /// Without symlinks.
    directory: PathBuf,
    name: OsString,
}

/// A directory that is synced.
#[derive(Debug)]
pub(super) struct Root {
    /// By what it is called.
    pub(super) map: String,
    /// Without symlinks.
    pub(super) path: PathBuf,
}

impl Place {
    /// The place of this name, if its directory is there and nothing else has the name.
    pub(super) fn find(page: &Path) -> Result<Self, Error> {
        let shown = page.display().to_string();
        let Some(name) = page.file_name() else {
            return Err(Error::NotAFile(shown));
        };
        let parent = page.parent().filter(|path| !path.as_os_str().is_empty());
        let directory = fs::canonicalize(parent.unwrap_or(Path::new(".")))
            .map_err(|source| io_error("find the directory of", &shown, source))?;
        let place = Self {
            shown,
            directory,
            name: name.to_owned(),
        };
        place.check_name()?;
        Ok(place)
    }

    fn target(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// Only a page, or an empty file, is replaced by one.
    fn check_name(&self) -> Result<(), Error> {
        let found = Replaced::at(&self.target(), HEAD);
        match found.map_err(|source| io_error("look at", &self.shown, source))? {
            Replaced::Own => Ok(()),
            Replaced::Foreign => Err(Error::Foreign(self.shown.clone())),
            Replaced::Directory | Replaced::Special => Err(Error::NotAFile(self.shown.clone())),
        }
    }

    /// Checks that the page is in none of these directories, however they are spelled or mounted,
    /// and takes no name of the state file `own`.
    pub(super) fn check(&self, roots: &[Root], own: Option<&Path>) -> Result<(), Error> {
        let holds = |root: &&Root| lies_in(&self.directory, &root.path);
        if let Some(root) = roots.iter().find(holds) {
            return Err(Error::Synced {
                page: self.shown.clone(),
                map: root.map.clone(),
            });
        }
        match own {
            Some(own) if store::is_own_file(own, &self.target()) => {
                Err(Error::OwnFile(self.shown.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Finds out whether a file can be made there.
    pub(super) fn try_out(&self) -> Result<(), Error> {
        self.begin().map(drop)
    }

    /// Writes the page; until it is whole, what was there before stays.
    pub(super) fn write(
        &self,
        render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        let failed = |source| io_error("write", &self.shown, source);
        let beside = self.begin()?;
        let mut out = BufWriter::new(&beside.file);
        render(&mut out)
            .and_then(|()| out.flush())
            .and_then(|()| beside.file.sync_all())
            .map_err(failed)?;
        drop(out);
        // Much time may have passed.
        self.check_name()?;
        fs::rename(&beside.path, self.target())
            .and_then(|()| File::open(&self.directory)?.sync_all())
            .map_err(failed)
    }

    fn begin(&self) -> Result<Beside, Error> {
        let id = store::new_map_id()?;
        let path = self.directory.join(format!("{TEMP_PREFIX}{id}"));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| io_error("write", &self.shown, source))?;
        Ok(Beside { path, file })
    }
}

/// A page that is not whole yet; gone where it does not become one.
struct Beside {
    path: PathBuf,
    file: File,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Once renamed there is none.
        let _ = fs::remove_file(&self.path);
    }
}

fn io_error(operation: &'static str, page: &str, source: io::Error) -> Error {
    Error::Io {
        operation,
        page: page.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn page(text: &'static str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| write!(out, "{HEAD}{text}")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_page_is_its_owners_and_replaces_a_page_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        fs::write(&path, "").unwrap();
        for text in ["one", "two"] {
            let place = Place::find(&path).unwrap();
            place.write(page(text)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEAD}{text}"));
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o600);
        }
        let place = Place::find(&path).unwrap();
        let broken = place.write(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(matches!(broken, Err(Error::Io { .. })));
        assert!(fs::read_to_string(&path).unwrap().ends_with("two"));
        assert_eq!(names(folder.path()), ["page.html"]);
    }

    #[test]
    fn what_is_no_page_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("thesis"), "ten years of work").unwrap();
        assert!(matches!(Place::find(&at("thesis")), Err(Error::Foreign(_))));
        fs::write(at("page"), HEAD).unwrap();
        symlink(at("page"), at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        fs::create_dir(at("directory")).unwrap();
        for name in ["link", "dangling", "directory"] {
            assert!(
                matches!(Place::find(&at(name)), Err(Error::NotAFile(_))),
                "{name}"
            );
        }
        let place = Place::find(&at("late")).unwrap();
        fs::write(at("late"), "put there meanwhile").unwrap();
        assert!(matches!(place.write(page("x")), Err(Error::Foreign(_))));
        assert_eq!(
            fs::read_to_string(at("late")).unwrap(),
            "put there meanwhile"
        );
        assert!(!at("nothing").exists());
    }

    #[test]
    fn a_synced_directory_takes_no_page_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(real.join("docs/deep")).unwrap();
        symlink(real.join("docs/deep"), real.join("way")).unwrap();
        let roots = [Root {
            map: "docs".to_owned(),
            path: real.join("docs"),
        }];
        for name in [
            "docs/p.html",
            "docs/deep/p.html",
            "way/p.html",
            "way/../p.html",
        ] {
            let place = Place::find(&real.join(name)).unwrap();
            let checked = place.check(&roots, None);
            assert!(matches!(checked, Err(Error::Synced { .. })), "{name}");
        }
        let beside = Place::find(&real.join("docs.html")).unwrap();
        beside.check(&roots, None).unwrap();
        let own = real.join("docs.html");
        let checked = beside.check(&roots, Some(&own));
        assert!(matches!(checked, Err(Error::OwnFile(_))));
    }
}
