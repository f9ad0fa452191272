//! A run that has everything to do: what a person did on both sides since the last sync.

use super::world::Machine;
use std::collections::BTreeMap;

/// Just above what travels in one request.
pub const LARGE_BYTES: usize = 8 * 1024 * 1024 + 1000;

/// Changes on both sides, each content its own.
pub struct Mixed {
    turn: usize,
    /// What both sides hold in the end.
    wanted: BTreeMap<String, Vec<u8>>,
    /// What must be kept: it lost a conflict.
    losers: Vec<Vec<u8>>,
}

/// Names that are there before, so that they can be edited and removed.
const OLD: [&str; 8] = [
    "both-1",
    "both-2",
    "down",
    "gone/here",
    "gone/there",
    "same",
    "sub/same",
    "up",
];

impl Mixed {
    /// Puts down what the changes start from, and syncs.
    pub fn begin(machine: &Machine) -> Self {
        for name in OLD {
            machine.local(name, format!("{name} from the start"));
        }
        machine.init().sync();
        let wanted = OLD.map(|name| (name.to_owned(), format!("{name} from the start").into()));
        Self {
            turn: 0,
            wanted: wanted.into(),
            losers: Vec::new(),
        }
    }

    /// Changes everything once more. The file wins `both-1`, the object wins `both-2`.
    pub fn change(&mut self, machine: &Machine) {
        self.change_small(machine);
        let mut rest = vec![0; LARGE_BYTES];
        rest[..8].copy_from_slice(&self.turn.to_le_bytes());
        rest[LARGE_BYTES - 1] = 1;
        machine.local("large/up", &rest);
        self.wanted.insert("large/up".to_owned(), rest.clone());
        rest[LARGE_BYTES - 1] = 2;
        machine.remote("large/down", &rest);
        self.wanted.insert("large/down".to_owned(), rest);
    }

    /// The same without the two large files.
    pub fn change_small(&mut self, machine: &Machine) {
        self.turn += 1;
        let turn = self.turn;
        self.losers.clear();
        // Gone in the last turn, back in this: they must be known before they can be removed.
        for (name, other) in [("gone/here", "gone/there"), ("gone/there", "gone/here")] {
            if turn % 2 == 1 {
                self.wanted.remove(name);
            } else {
                let text = format!("{name} back in turn {turn}");
                self.wanted.insert(name.to_owned(), text.clone().into());
                match other {
                    "gone/there" => machine.remote(name, text),
                    _ => machine.local(name, text),
                };
            }
        }
        if turn % 2 == 1 {
            machine.remove("gone/here").remove_remote("gone/there");
        }
        self.edit(machine, Side::Local, "up");
        self.edit(machine, Side::Remote, "down");
        self.edit(machine, Side::Local, &format!("new/up-{turn}"));
        self.edit(machine, Side::Remote, &format!("new/down-{turn}"));
        let lost = format!("both-1 there in turn {turn}");
        machine.remote_at("both-1", &lost, 1_000_000_000);
        self.losers.push(lost.into());
        self.edit(machine, Side::Local, "both-1");
        let lost = format!("both-2 here in turn {turn}");
        machine.local_at("both-2", &lost, 1_000_000_000 + turn as u64);
        self.losers.push(lost.into());
        self.edit(machine, Side::Remote, "both-2");
    }

    fn edit(&mut self, machine: &Machine, side: Side, name: &str) {
        let text = format!("{name} as {side:?} wrote it in turn {}", self.turn);
        match side {
            Side::Local => machine.local(name, &text),
            Side::Remote => machine.remote(name, &text),
        };
        self.wanted.insert(name.to_owned(), text.into());
    }

    /// What an uninterrupted run leads to, on both sides.
    pub fn wanted(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.wanted
    }

    /// Both sides are as wanted, and the losers are kept.
    #[track_caller]
    pub fn expect_done(&self, machine: &Machine) {
        let names = |tree: Vec<(String, String)>| -> Vec<String> {
            tree.into_iter().map(|(name, _)| name).collect()
        };
        let wanted: Vec<String> = self.wanted.keys().cloned().collect();
        assert_eq!(names(machine.tree()), wanted, "the files");
        assert_eq!(names(machine.remote_tree()), wanted, "the objects");
        for (name, contents) in &self.wanted {
            machine
                .expect_local(name, contents)
                .expect_remote(name, contents);
        }
        for lost in &self.losers {
            machine.expect_findable(&String::from_utf8_lossy(lost));
        }
    }

    /// Nothing that somebody wrote is lost, whatever was interrupted.
    #[track_caller]
    pub fn expect_nothing_lost(&self, machine: &Machine) {
        let places = [
            machine.tree(),
            machine.remote_tree(),
            machine.kept_local(),
            machine.kept_remote(),
        ];
        for contents in self.wanted.values().chain(&self.losers) {
            let text = String::from_utf8_lossy(contents);
            let is_found = places.iter().flatten().any(|(_, found)| *found == text);
            let shown: String = text.chars().take(80).collect();
            assert!(is_found, "{shown:?} is lost");
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Local,
    Remote,
}
