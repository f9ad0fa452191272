//! Records to a tree of what is large. The records come sorted by key, so that a folder's stand
//! together: those that are open form one path, and what is closed is kept only as long as it is
//! among the largest. Memory does not grow with the records. Pure.

/// Components of a key that are told apart; what lies deeper counts for the folder at this depth.
const MAX_DEPTH: usize = 6;
/// Nodes that are kept, beside the open path.
const MAX_NODES: usize = 4096;

/// What a folder or a file comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) bytes: u64,
    pub(super) files: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.files = self.files.saturating_add(other.files);
    }
}

/// A folder, or a large file, which has nothing below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) sum: Sum,
    pub(super) kind: Kind,
    /// In the order of names; together with the rest they come to the sum.
    pub(super) below: Vec<Node>,
    /// What is too small to be kept by its name.
    pub(super) rest: Sum,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Folder,
    File,
}

impl Node {
    /// How many nodes are below.
    fn count(&self) -> usize {
        self.below.iter().map(|node| 1 + node.count()).sum()
    }

    /// Forgets the names of all that is smaller.
    fn prune(&mut self, least_bytes: u64) {
        let mut rest = self.rest;
        self.below.retain(|node| {
            let stays = node.sum.bytes >= least_bytes;
            if !stays {
                rest.add(node.sum);
            }
            stays
        });
        self.rest = rest;
        for node in &mut self.below {
            node.prune(least_bytes);
        }
    }
}

/// The tree as far as the records came.
#[derive(Debug)]
pub(super) struct Folders {
    /// The root, and the open folders below it.
    open: Vec<Node>,
    /// Nodes below them, and never fewer than there are.
    nodes: usize,
    /// What is smaller is not kept by its name.
    least_bytes: u64,
}

impl Default for Folders {
    fn default() -> Self {
        Self {
            open: vec![Node::default()],
            nodes: 0,
            least_bytes: 0,
        }
    }
}

impl Folders {
    /// Counts a file; keys must come in their order.
    pub(super) fn add(&mut self, key: &str, bytes: u64) {
        let mut names = key.split('/');
        let file = names.next_back().unwrap_or_default();
        let mut depth = 1;
        let mut is_deep = false;
        for name in names {
            if depth == MAX_DEPTH {
                is_deep = true;
                break;
            }
            if self.open.get(depth).is_none_or(|open| open.name != name) {
                self.close_to(depth);
                self.open.push(Node {
                    name: name.to_owned(),
                    ..Node::default()
                });
            }
            depth += 1;
        }
        self.close_to(depth);
        let sum = Sum { bytes, files: 1 };
        let Some(folder) = self.open.last_mut() else {
            return;
        };
        folder.sum.add(sum);
        if is_deep || bytes < self.least_bytes {
            folder.rest.add(sum);
        } else {
            folder.below.push(Node {
                name: file.to_owned(),
                sum,
                kind: Kind::File,
                ..Node::default()
            });
            self.grown();
        }
    }

    /// The tree.
    pub(super) fn finish(mut self) -> Node {
        self.close_to(1);
        self.open.pop().unwrap_or_default()
    }

    /// Closes the open folders from this depth on.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth.max(1) {
            let Some(node) = self.open.pop() else { return };
            let Some(parent) = self.open.last_mut() else {
                return;
            };
            parent.sum.add(node.sum);
            if node.sum.bytes < self.least_bytes {
                // Its nodes are counted still, until the next time that all are.
                parent.rest.add(node.sum);
            } else {
                parent.below.push(node);
                self.grown();
            }
        }
    }

    /// Keeps the number of nodes bounded, at a cost that each of them bears but twice.
    fn grown(&mut self) {
        self.nodes += 1;
        if self.nodes <= MAX_NODES {
            return;
        }
        let total = self
            .open
            .iter()
            .map(|node| node.sum.bytes)
            .fold(0, u64::saturating_add);
        self.least_bytes = self.least_bytes.max(total / 8192).max(1);
        loop {
            for node in &mut self.open {
                node.prune(self.least_bytes);
            }
            self.nodes = self.open.iter().map(Node::count).sum();
            if self.nodes <= MAX_NODES / 2 {
                return;
            }
            self.least_bytes = self.least_bytes.saturating_mul(2);
        }
    }

    #[cfg(test)]
    fn kept(&self) -> usize {
        self.open.iter().map(|node| 1 + node.count()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn tree(records: &[(&str, u64)]) -> Node {
        let mut folders = Folders::default();
        for (key, bytes) in records {
            folders.add(key, *bytes);
        }
        folders.finish()
    }

    fn names(node: &Node) -> Vec<(&str, u64, u64)> {
        let below = node.below.iter();
        below
            .map(|node| (&node.name[..], node.sum.bytes, node.sum.files))
            .collect()
    }

    #[test]
    fn folders_hold_what_is_below_them() {
        let root = tree(&[
            ("a-b/x", 1),
            ("a/b/c", 2),
            ("a/b/d", 3),
            ("a/e", 4),
            ("b", 5),
        ]);
        assert_eq!(
            root.sum,
            Sum {
                bytes: 15,
                files: 5
            }
        );
        assert_eq!(names(&root), [("a-b", 1, 1), ("a", 9, 3), ("b", 5, 1)]);
        assert_eq!(names(&root.below[1]), [("b", 5, 2), ("e", 4, 1)]);
        assert_eq!(root.below[2].kind, Kind::File);
    }

    #[test]
    fn what_lies_deep_counts_for_the_folder_above() {
        let root = tree(&[("1/2/3/4/5/6/7/file", 9), ("1/2/3/4/5/file", 1)]);
        let mut node = &root;
        while let Some(below) = node.below.iter().find(|node| node.kind == Kind::Folder) {
            assert_eq!(below.sum.bytes, 10);
            node = below;
        }
        assert_eq!(node.name, "5");
        assert_eq!(node.rest, Sum { bytes: 9, files: 1 });
    }

    #[test]
    fn a_million_folders_take_the_room_of_a_few_thousand() {
        let mut folders = Folders::default();
        let mut total = 0;
        for n in 0..300_000_u64 {
            let bytes = if n % 100_000 == 7 { 1 << 40 } else { n % 97 };
            total += bytes;
            folders.add(&format!("{:03}/{n:07}/file", n / 1000), bytes);
            assert!(n % 512 != 0 || folders.kept() <= MAX_NODES + MAX_DEPTH + 1);
        }
        let root = folders.finish();
        assert_eq!(
            root.sum,
            Sum {
                bytes: total,
                files: 300_000
            }
        );
        let large: Vec<_> = root
            .below
            .iter()
            .filter(|node| node.sum.bytes >= 1 << 40)
            .collect();
        assert_eq!(large.len(), 3, "what is large is kept by its name");
        assert!(
            large
                .iter()
                .all(|node| node.below.iter().any(|one| one.name.ends_with("00007")))
        );
    }

    #[test]
    fn empty_files_are_counted_all_the_same() {
        let mut folders = Folders::default();
        for n in 0..20_000 {
            folders.add(&format!("d{n:05}/e"), 0);
        }
        assert!(folders.kept() <= MAX_NODES + MAX_DEPTH + 1);
        assert_eq!(folders.finish().sum.files, 20_000);
    }

    fn check(node: &Node) -> Sum {
        let mut sum = node.rest;
        for below in &node.below {
            sum.add(check(below));
        }
        if node.kind == Kind::File {
            sum = node.sum;
        }
        assert_eq!(sum, node.sum, "{}", node.name);
        sum
    }

    proptest! {
        #[test]
        fn every_folder_is_the_sum_of_what_is_below(
            records in prop::collection::btree_map("([a-c]/){0,8}[d-f]{1,3}", 0_u64..1000, 0..200),
        ) {
            let records: BTreeMap<String, u64> = records;
            let mut folders = Folders::default();
            for (key, bytes) in &records {
                folders.add(key, *bytes);
            }
            let root = folders.finish();
            check(&root);
            prop_assert_eq!(root.sum.files, records.len() as u64);
            prop_assert_eq!(root.sum.bytes, records.values().sum::<u64>());
        }
    }
}
