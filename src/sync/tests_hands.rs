//! Carries out plans on the model, each step only with the licence that the real hands ask for.

use super::tests_model::World;
use crate::key::Key;
use crate::plan::{Loser, Plan, Step};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Record};

/// The phase of deletions, among those of a plan.
const DELETIONS: usize = 3;

impl World {
    pub(super) fn record(&mut self, key: &Key) {
        let (Some((bytes, local)), Some((_, remote))) = (self.local.get(key), self.remote.get(key))
        else {
            panic!("{key} is recorded without being on both sides");
        };
        assert_eq!(
            remote.etag,
            ETag::Md5([*bytes; 16]),
            "{key} is recorded as equal but is not"
        );
        self.base.insert(
            key.clone(),
            Record {
                key: key.clone(),
                local: Some(*local),
                remote: remote.clone(),
                content: Content::Blake3([7; 20]),
                encoding: Encoding::Plain,
                parts: None,
            },
        );
    }

    pub(super) fn upload(&mut self, key: &Key, over: Option<&RemoteStamp>) {
        assert_eq!(
            self.remote.get(key).map(|(_, stamp)| stamp),
            over,
            "{key}: overwrite licence"
        );
        let bytes = self.local[key].0;
        self.put_object(key, bytes);
    }

    pub(super) fn download(&mut self, key: &Key, over: Option<&LocalStamp>) {
        assert_eq!(
            self.local.get(key).map(|(_, stamp)| stamp),
            over,
            "{key}: overwrite licence"
        );
        for other in self.local.keys() {
            let clash = other.is_below(key.as_str()) || key.is_below(other.as_str());
            assert!(!clash, "{key} cannot be placed beside {other}");
        }
        let bytes = self.remote[key].0;
        self.put_file(key, bytes);
    }

    pub(super) fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Adopt(record) => self.record(&record.key),
            Step::Forget(key) => {
                assert!(!self.local.contains_key(key) && !self.remote.contains_key(key));
                self.base.remove(key);
            }
            Step::Upload {
                key, over, loser, ..
            } => {
                if *loser == Loser::Keep {
                    self.kept.insert(self.remote[key].0);
                }
                self.upload(key, over.as_ref());
                self.record(key);
            }
            Step::Download {
                key, over, loser, ..
            } => {
                if *loser == Loser::Keep {
                    self.kept.insert(self.local[key].0);
                }
                self.download(key, over.as_ref());
                self.record(key);
            }
            Step::KeepBoth { key, aside, .. } => {
                let ours = self.local.remove(key).unwrap();
                assert!(self.local.insert(aside.clone(), ours).is_none());
                self.download(key, None);
                self.upload(aside, None);
                self.record(key);
                self.record(aside);
            }
            Step::DeleteLocal { key, local } => {
                let (bytes, stamp) = self.local.remove(key).unwrap();
                assert_eq!(stamp, *local, "{key}: delete licence");
                self.kept.insert(bytes);
                self.base.remove(key);
            }
            Step::DeleteRemote { key, remote, loser } => {
                assert!(!self.local.contains_key(key), "{key}: delete licence");
                let (bytes, stamp) = self.remote.remove(key).unwrap();
                assert_eq!(stamp, *remote, "{key}: delete licence");
                if *loser == Loser::Keep {
                    self.kept.insert(bytes);
                }
                self.base.remove(key);
            }
            Step::MoveRemote {
                to, local, source, ..
            } => {
                assert!(!self.local.contains_key(&source.key), "{to}: move licence");
                assert_eq!(self.local[to].1, *local, "{to}: move licence");
                let (bytes, stamp) = self.remote[&source.key].clone();
                assert!(stamp.is_same_object(&source.remote), "{to}: move licence");
                assert_eq!(self.local[to].0, bytes, "{to} is not what was renamed");
                assert!(!self.remote.contains_key(to), "{to}: overwrite licence");
                self.put_object(to, bytes);
                self.record(to);
            }
            Step::MoveLocal {
                to,
                local,
                remote,
                source,
            } => {
                assert!(!self.remote.contains_key(&source.key), "{to}: move licence");
                assert_eq!(self.remote[to].1, *remote, "{to}: move licence");
                assert!(!self.local.contains_key(to), "{to}: overwrite licence");
                let file = self.local.remove(&source.key).unwrap();
                assert_eq!(file.1, *local, "{to}: move licence");
                self.put_renamed(to, file);
                self.record(to);
                self.base.remove(&source.key);
            }
        }
    }

    pub(super) fn carry_out_all(&mut self, plan: Plan, order: &[usize]) {
        let mut copied = Vec::new();
        for (number, mut phase) in plan.into_phases().into_iter().enumerate() {
            let mut turn = 0;
            if number == DELETIONS {
                phase.append(&mut copied);
            }
            while !phase.is_empty() {
                let at = order[turn % order.len()] % phase.len();
                let step = phase.swap_remove(at);
                self.carry_out(&step);
                if let Step::MoveRemote { source, .. } = step {
                    copied.push(Step::DeleteRemote {
                        key: source.key.clone(),
                        remote: self.remote[&source.key].1.clone(),
                        loser: Loser::Discard,
                    });
                }
                turn += 1;
            }
        }
    }
}
