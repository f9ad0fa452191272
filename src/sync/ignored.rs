//! Reports when ignore rules begin to hide files that were synced.

use super::join::Joined;
use super::{Mode, Sync};
use crate::event::Event;
use crate::reconcile::Ground;

impl Sync<'_> {
    /// Reports the number of ignored files that were synced before if it grew since the last run.
    pub(super) fn report_ignored(&self, joined: &Joined) {
        if self.store.is_none() || self.ground != Ground::Based {
            return;
        }
        let (now, root) = (joined.by_rules, &self.hands.root);
        let before = root.last_ignored();
        if now > before {
            let files = match now {
                1 => "1 file that was synced is".to_owned(),
                _ => format!("{now} files that were synced are"),
            };
            let text = format!("{files} ignored now ({before} before) and left alone");
            (self.task.terms.sink)(Event::Notice(&text));
        }
        // Under a path that could not be read there may be more, which are nothing new afterwards.
        let is_certain = joined.hidden.is_empty() || now > before;
        if now != before && is_certain && self.task.terms.mode == Mode::Apply {
            // On failure the next run reports the number again.
            let _ = root.remember_ignored(now);
        }
    }
}
