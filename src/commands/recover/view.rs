//! One kept version, printed or compared with the file that is there now.

use super::Error;
use super::kept::{Folders, Kept, Place};
use crate::cli::Recover;
use crate::digest::Blake3;
use crate::key::{Key, Shown};
use crate::local::{self, Opened, RecoveryRun, Root};
use crate::remote::Head;
use crate::report::ask::{Comparison, passphrase};
use crate::report::{Output, Reporter};
use crate::stamp::RemoteStamp;
use crate::state::ReplicaId;
use crate::stop::Stop;
use crate::sync::{Contents, Share, envelope};
use crate::transfer::{Hands, Known, SHOWN_BYTES, Unfinished};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Where versions are read.
pub(super) struct Viewer<'a> {
    pub(super) asked: &'a Recover,
    pub(super) folders: &'a Folders,
    pub(super) replica: ReplicaId,
    pub(super) now_ms: i64,
    pub(super) reporter: &'a Arc<Reporter>,
    pub(super) stop: &'a Stop,
}

impl Viewer<'_> {
    /// Prints a version, opened.
    pub(super) async fn show(&self, kept: &Kept) -> Result<(), Error> {
        let mut page = Page(io::stdout());
        match &kept.place {
            Place::Local(file) => {
                let mut opened = self.root()?.open_kept(file)?.file;
                io::copy(&mut opened, &mut page).map_err(Error::Output)?;
            }
            Place::Bucket(key, stamp) => {
                let hands = self.hands()?;
                let head = head(&hands, key, stamp).await?;
                hands.write_object(key, &head, page).await?;
            }
        }
        Page(io::stdout()).flush().map_err(Error::Output)
    }

    /// Compares a version with the file of its path.
    pub(super) async fn diff(&self, kept: &Kept) -> Result<(), Error> {
        let present = self.present(&kept.path)?;
        let size = present.stamp.size_bytes;
        let contents = match &kept.place {
            Place::Local(file) => {
                let old = self.root()?.open_kept(file)?;
                if old.stamp.size_bytes.max(size) <= SHOWN_BYTES {
                    Contents::Whole([whole(old.file)?, whole(present.file)?])
                } else {
                    Contents::Digests([digest(old.file)?, digest(present.file)?])
                }
            }
            Place::Bucket(key, stamp) => {
                let hands = self.hands()?;
                let head = head(&hands, key, stamp).await?;
                let old = head.told.plain_size_bytes.unwrap_or(stamp.size_bytes);
                if old.max(size) <= SHOWN_BYTES {
                    let old = hands.object_bytes(key, &head).await?;
                    Contents::Whole([old, whole(present.file)?])
                } else {
                    let old = hands.object_blake3(key, &head).await?;
                    Contents::Digests([old, digest(present.file)?])
                }
            }
        };
        let comparison = Comparison {
            name: kept.path.rsplit('/').next().unwrap_or_default(),
            names: ["kept", "present"],
        };
        comparison.show(&contents, &mut Output::new(), io::stdout());
        Ok(())
    }

    fn present(&self, path: &str) -> Result<Opened, Error> {
        let key = super::key_of(path)?;
        match self.root()?.open_file(&key) {
            Err(error) if matches!(error.kind, local::Kind::Missing) => Err(Error::NoFile(key)),
            opened => Ok(opened?),
        }
    }

    fn root(&self) -> Result<Root, Error> {
        if let Some(root) = &self.folders.root {
            return Ok(root.clone());
        }
        // Only what is kept in the bucket was asked for; the file is in the directory still.
        let map = &self.folders.map;
        Ok(Root::open(&map.path, None)?.with_links(map.links))
    }

    /// Hands that reach what the bucket keeps as if it were a map of its own.
    fn hands(&self) -> Result<Arc<Hands>, Error> {
        let Folders { map, remote, .. } = self.folders;
        let none = || Error::NoneKept(map.name.clone());
        let remote = remote.as_ref().ok_or_else(none)?;
        let command = self.asked.passphrase_command.as_deref();
        let passphrase = passphrase(command, self.reporter, self.stop);
        Ok(Arc::new(Hands {
            modes: map.modes,
            root: self.root()?,
            remote: remote.recovery(),
            recovery: RecoveryRun::at(self.now_ms),
            replica: self.replica,
            storage_class: None,
            envelope: envelope(map, &passphrase).map_err(Error::Key)?,
            known: Known::of(0, None),
            unfinished: Unfinished::of(map.id, None),
            stop: self.stop.clone(),
            sink: Arc::new(|_| {}),
            flow: Arc::clone(&Share::whole(None, None).flow),
        }))
    }
}

async fn head(hands: &Hands, key: &Key, stamp: &RemoteStamp) -> Result<Head, Error> {
    let head = hands.remote.head(key).await?;
    let head = head.filter(|head| head.stamp.is_same_object(stamp));
    head.ok_or_else(|| Error::NoneKept(Shown(key.as_str()).to_string()))
}

fn whole(file: File) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = file.take(SHOWN_BYTES).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    Ok(bytes)
}

fn digest(mut file: File) -> Result<[u8; 32], Error> {
    let mut hasher = Blake3::default();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

fn unreadable(error: io::Error) -> Error {
    Error::from(local::Error {
        operation: "read",
        path: "what is compared".to_owned(),
        kind: local::Kind::Io(error),
    })
}

/// Standard output, of which a reader that went away has seen enough.
struct Page(io::Stdout);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            answer => answer,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            answer => answer,
        }
    }
}
