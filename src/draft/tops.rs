//! Finds names that are a file's on one side and a directory's on another, in one pass over
//! sorted keys.

use crate::key::Key;
use crate::plan::{Clash, Quiet};

/// The keys passed so far below which the next key could still lie.
///
/// A key `a` sorts before `a/b` but not always next to it (`a-b` lies between), so all keys that
/// the present one begins with, followed by a byte up to `/`, are kept: a short chain.
#[derive(Default)]
pub struct Tops {
    chain: Vec<Top>,
    clashes: Vec<Clash>,
}

struct Top {
    key: Key,
    quiet: Quiet,
    clash: Option<usize>,
}

impl Tops {
    /// Takes the next key that some side holds, in the order of keys, and whether it is quiet.
    pub fn pass(&mut self, key: Key, quiet: Quiet) {
        while self
            .chain
            .last()
            .is_some_and(|top| !may_lie_ahead(&top.key, &key))
        {
            self.chain.pop();
        }
        for top in &mut self.chain {
            if !key.is_below(top.key.as_str()) {
                continue;
            }
            let at = *top.clash.get_or_insert_with(|| {
                self.clashes.push(Clash {
                    top: top.key.clone(),
                    top_is_quiet: top.quiet,
                    below_is_quiet: Quiet::No,
                });
                self.clashes.len() - 1
            });
            if quiet == Quiet::Yes {
                self.clashes[at].below_is_quiet = Quiet::Yes;
            }
        }
        self.chain.push(Top {
            key,
            quiet,
            clash: None,
        });
    }

    /// All clashes, sorted by their tops.
    #[must_use]
    pub fn finish(mut self) -> Vec<Clash> {
        self.clashes.sort_by(|a, b| a.top.cmp(&b.top));
        self.clashes
    }
}

/// Whether keys below `top` can still come at `key` or after it.
fn may_lie_ahead(top: &Key, key: &Key) -> bool {
    key.as_bytes()
        .strip_prefix(top.as_bytes())
        .and_then(|rest| rest.first())
        .is_some_and(|next| *next <= b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_file_and_directory_is_found_past_its_neighbours() {
        let mut tops = Tops::default();
        for text in [
            "a", "a ", "a-b", "a.b", "a/b", "a/b/c", "a0", "b/c", "c", "c-",
        ] {
            tops.pass(Key::parse(text).unwrap(), Quiet::No);
        }
        let found: Vec<String> = tops.finish().iter().map(|c| c.top.to_string()).collect();
        assert_eq!(found, ["a", "a/b"]);
    }
}
