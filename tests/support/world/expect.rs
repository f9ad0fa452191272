//! What a story expects.

use super::machine::Machine;
use crate::support::wire::{Exchange, Op};
use std::collections::BTreeMap;

impl Machine {
    /// The file has these contents.
    #[track_caller]
    pub fn expect_local(&self, name: &str, contents: impl AsRef<[u8]>) -> &Self {
        let found = self.read(name);
        let found = found.unwrap_or_else(|| panic!("no file {name}; there are {:?}", self.tree()));
        assert_bytes(name, &found, contents.as_ref());
        self
    }

    /// There is no such file.
    #[track_caller]
    pub fn expect_no_local(&self, name: &str) -> &Self {
        let path = self.path(name);
        assert!(path.symlink_metadata().is_err(), "{name} is still there");
        self
    }

    /// The object has these contents.
    #[track_caller]
    pub fn expect_remote(&self, key: &str, contents: impl AsRef<[u8]>) -> &Self {
        let found = self.object(key);
        let found =
            found.unwrap_or_else(|| panic!("no object {key}; there are {:?}", self.remote_tree()));
        assert_bytes(key, &found.bytes, contents.as_ref());
        self
    }

    /// There is no such object.
    #[track_caller]
    pub fn expect_no_remote(&self, key: &str) -> &Self {
        assert!(self.object(key).is_none(), "{key} is still there");
        self
    }

    /// Both sides hold exactly these files.
    #[track_caller]
    pub fn expect_both(&self, tree: &[(&str, &str)]) -> &Self {
        let own = |(name, contents): &(&str, &str)| ((*name).to_owned(), (*contents).to_owned());
        let tree: Vec<_> = tree.iter().map(own).collect();
        assert_eq!(self.tree(), tree, "the files");
        assert_eq!(self.remote_tree(), tree, "the objects");
        self
    }

    /// Both sides hold the same.
    #[track_caller]
    pub fn expect_same(&self) -> &Self {
        assert_eq!(self.tree(), self.remote_tree(), "files and objects");
        self
    }

    /// These contents can still be found: in place or in a recovery folder, on either side, or as
    /// an old version.
    #[track_caller]
    pub fn expect_findable(&self, contents: &str) -> &Self {
        let mut places = vec![
            self.tree(),
            self.remote_tree(),
            self.kept_local(),
            self.kept_remote(),
        ];
        if let super::remote::Remote::Embedded(hand) = &self.scene.remote {
            let keys = hand.all_keys();
            let versions = keys.iter().flat_map(|key| hand.versions(key));
            let old = versions
                .filter_map(|v| Some((v.key, String::from_utf8_lossy(&v.bytes?).into_owned())));
            places.push(old.collect());
        }
        let is_found = places.iter().flatten().any(|(_, found)| found == contents);
        assert!(is_found, "{contents:?} is lost; there are {places:#?}");
        self
    }

    /// A recovery folder, on either side, holds these contents.
    #[track_caller]
    pub fn expect_kept(&self, contents: &str) -> &Self {
        let mut kept = self.kept_local();
        kept.extend(self.kept_remote());
        assert!(
            kept.iter().any(|(_, found)| found == contents),
            "{contents:?} is not among {kept:?}"
        );
        self
    }

    /// Neither recovery folder holds anything but files that a download replaced.
    #[track_caller]
    pub fn expect_nothing_kept(&self) -> &Self {
        let mut kept = self.kept_local();
        kept.retain(|(path, _)| !path.contains("Z-replaced/"));
        assert_eq!((kept, self.kept_remote()), (vec![], vec![]), "what is kept");
        self
    }

    /// A sync that does nothing: silent, and these requests only, each so often.
    #[track_caller]
    pub fn expect_requests_of_sync(&self, requests: &[(Op, usize)]) -> &Self {
        self.wire().forget();
        self.sync();
        self.expect_requests(requests)
    }

    /// A further sync is idle: one LIST, nothing else, nothing said, nothing changed.
    #[track_caller]
    pub fn expect_idle(&self) -> &Self {
        let before = (self.tree(), self.remote_tree());
        self.wire().forget();
        self.run(&[]).expect_code(0).expect_silence();
        let log = self.wire().log();
        assert!(
            log.iter().all(|e| e.op == Op::List),
            "more than LIST: {log:#?}"
        );
        assert_eq!(
            (self.tree(), self.remote_tree()),
            before,
            "an idle sync changes nothing"
        );
        self
    }

    /// A further sync is idle and lists so often.
    #[track_caller]
    pub fn expect_quiet(&self, lists: usize) -> &Self {
        self.expect_idle().expect_requests(&[(Op::List, lists)])
    }

    /// A further sync asks for listings only, so often, changes nothing, and names again what it
    /// cannot make equal.
    #[track_caller]
    pub fn expect_frozen(&self, lists: usize, complaint: &str) -> &Self {
        let before = (self.tree(), self.remote_tree());
        self.wire().forget();
        self.sync_code(1).expect_stderr(complaint);
        self.expect_requests(&[(Op::List, lists)]);
        assert_eq!(
            (self.tree(), self.remote_tree()),
            before,
            "nothing is done about what is skipped"
        );
        self
    }

    /// The recovery folder below the root holds this file, and only once.
    #[track_caller]
    pub fn expect_kept_local(&self, name: &str, contents: &str) -> &Self {
        assert_kept(&self.kept_local(), name, contents);
        self
    }

    /// The recovery folder below the prefix holds this object, and only once.
    #[track_caller]
    pub fn expect_kept_remote(&self, name: &str, contents: &str) -> &Self {
        assert_kept(&self.kept_remote(), name, contents);
        self
    }

    /// Since the log was last begun, exactly these requests came, each so often, in any order.
    #[track_caller]
    pub fn expect_requests(&self, requests: &[(Op, usize)]) -> &Self {
        let log = self.wire().log();
        let wanted: BTreeMap<Op, usize> = requests.iter().copied().filter(|r| r.1 > 0).collect();
        assert_eq!(counts(&log), wanted, "requests: {log:#?}");
        self
    }
}

/// How often each operation is in a log.
pub fn counts(log: &[Exchange]) -> BTreeMap<Op, usize> {
    let mut counts = BTreeMap::new();
    for exchange in log {
        *counts.entry(exchange.op).or_default() += 1;
    }
    counts
}

/// What is kept lies in a folder that its run made.
#[track_caller]
fn assert_kept(kept: &super::Tree, name: &str, contents: &str) {
    let found = kept.iter().filter(|(path, found)| {
        path.split_once('/').is_some_and(|(_, path)| path == name) && found == contents
    });
    assert_eq!(found.count(), 1, "{name} with {contents:?} among {kept:?}");
}

#[track_caller]
fn assert_bytes(name: &str, found: &[u8], wanted: &[u8]) {
    if found == wanted {
        return;
    }
    if found.len().max(wanted.len()) > 200 {
        let at = found.iter().zip(wanted).position(|(a, b)| a != b);
        let lens = (found.len(), wanted.len());
        panic!("{name}: found and wanted have {lens:?} bytes, first differ at {at:?}");
    }
    let text = String::from_utf8_lossy;
    assert_eq!(text(found), text(wanted), "contents of {name}");
}
