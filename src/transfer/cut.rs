//! Cuts a large file into the parts of an upload: which pieces are sent, and which runs of pieces
//! are copied from the object that the file replaces. Pure.
//!
//! Promises: the parts cover the pieces once and in order, and never are more than the pieces. So
//! where the pieces keep the limits of S3, the parts do.

use crate::digest::{self, MIB, PieceDigest};
use crate::state::Parts;
use std::ops::Range;

/// Most bytes that one request copies: what a server does in a moment.
const COPY_BYTES: u64 = 1024 * MIB;

/// Where a part's bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The file.
    File,
    /// The object that is replaced.
    Object,
}

/// The pieces of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) pieces: Range<usize>,
    pub(super) from: From,
}

/// Cuts piece after piece.
pub(super) struct Cutter {
    recorded: Vec<PieceDigest>,
    pieces_per_copy: usize,
    /// Unchanged pieces that await their end.
    run: Range<usize>,
}

impl Cutter {
    /// For a file that replaces an object of these pieces.
    pub(super) fn over(parts: &Parts) -> Self {
        let pieces = usize::try_from(COPY_BYTES / parts.part_bytes.max(1)).unwrap_or(usize::MAX);
        Self::with(parts.digests.clone(), pieces.max(1))
    }

    /// For a file that is sent whole, from this piece on.
    pub(super) fn plain(from: usize) -> Self {
        Self {
            run: from..from,
            ..Self::with(Vec::new(), 1)
        }
    }

    fn with(recorded: Vec<PieceDigest>, pieces_per_copy: usize) -> Self {
        Self {
            recorded,
            pieces_per_copy,
            run: 0..0,
        }
    }

    /// The piece that comes next.
    pub(super) fn at(&self) -> usize {
        self.run.end
    }

    /// Takes the next piece; gives the parts that are known to end before or with it, in order.
    pub(super) fn take(&mut self, digest: &PieceDigest) -> impl Iterator<Item = Span> + use<> {
        let at = self.run.end;
        let is_unchanged = self.recorded.get(at) == Some(digest);
        let mut ended = None;
        if !is_unchanged || self.run.len() == self.pieces_per_copy {
            ended = self.end();
        }
        let next = at + 1;
        let sent = if is_unchanged {
            self.run.end = next;
            None
        } else {
            self.run = next..next;
            Some(Span {
                pieces: at..next,
                from: From::File,
            })
        };
        ended.into_iter().chain(sent)
    }

    /// The last part, where it is a copied one.
    pub(super) fn end(&mut self) -> Option<Span> {
        let pieces = self.run.clone();
        self.run = pieces.end..pieces.end;
        (!pieces.is_empty()).then_some(Span {
            pieces,
            from: From::Object,
        })
    }
}

/// Whether recorded pieces are of use for a file of this size: as long as the program's own, or not
/// much longer, so that there are no more of them than parts in a plain upload.
pub(super) fn is_fit(parts: &Parts, size_bytes: u64) -> bool {
    let own = digest::part_bytes(size_bytes);
    (own..=2 * own).contains(&parts.part_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts_of(recorded: &[u8], file: &[u8], pieces_per_copy: usize) -> Vec<Span> {
        let digest = |n: &u8| [*n; 16];
        let mut cutter = Cutter::with(recorded.iter().map(digest).collect(), pieces_per_copy);
        let mut spans = Vec::new();
        for (at, piece) in file.iter().enumerate() {
            assert_eq!(cutter.at(), at);
            spans.extend(cutter.take(&digest(piece)));
        }
        spans.extend(cutter.end());
        spans
    }

    fn span(pieces: Range<usize>, from: From) -> Span {
        Span { pieces, from }
    }

    #[test]
    fn a_change_in_the_middle_costs_one_piece_and_two_copies() {
        let wanted = [
            span(0..3, From::Object),
            span(3..4, From::File),
            span(4..8, From::Object),
        ];
        assert_eq!(
            parts_of(&[1, 2, 3, 4, 5, 6, 7, 8], &[1, 2, 3, 9, 5, 6, 7, 8], 128),
            wanted
        );
    }

    #[test]
    fn what_is_appended_is_all_that_is_sent() {
        let wanted = [span(0..3, From::Object), span(3..4, From::File)];
        assert_eq!(parts_of(&[1, 2, 3], &[1, 2, 3, 4], 128), wanted);
    }

    #[test]
    fn what_moved_is_sent() {
        let spans = parts_of(&[1, 2, 3], &[0, 1, 2, 3], 128);
        assert!(spans.iter().all(|span| span.from == From::File));
        assert_eq!(spans.len(), 4);
    }

    #[test]
    fn recorded_pieces_must_be_about_as_long_as_the_own_ones() {
        let parts = |mib| Parts {
            part_bytes: mib * MIB,
            digests: Vec::new(),
        };
        let small = 64 * MIB;
        let large = 90_000 * MIB;
        assert!(is_fit(&parts(8), small) && is_fit(&parts(16), small));
        assert!(!is_fit(&parts(5), small) && !is_fit(&parts(17), small));
        assert!(!is_fit(&parts(8), large) && is_fit(&parts(9), large));
    }

    #[test]
    fn copies_keep_their_limit() {
        let part_bytes = 8 * MIB;
        let digests = vec![[7; 16]; 300];
        let mut cutter = Cutter::over(&Parts {
            part_bytes,
            digests: digests.clone(),
        });
        let mut spans: Vec<Span> = digests.iter().flat_map(|d| cutter.take(d)).collect();
        spans.extend(cutter.end());
        let lengths: Vec<usize> = spans.iter().map(|span| span.pieces.len()).collect();
        assert_eq!(lengths, [128, 128, 44]);
    }

    proptest! {
        #[test]
        fn parts_cover_the_file_once_and_copy_only_what_is_unchanged(
            recorded in prop::collection::vec(0_u8..4, 0..60),
            file in prop::collection::vec(0_u8..4, 1..60),
            pieces_per_copy in 1_usize..9,
        ) {
            let spans = parts_of(&recorded, &file, pieces_per_copy);
            let mut at = 0;
            for span in &spans {
                prop_assert_eq!(span.pieces.start, at, "no gap and no overlap");
                prop_assert!(!span.pieces.is_empty());
                at = span.pieces.end;
                match span.from {
                    From::File => prop_assert_eq!(span.pieces.len(), 1),
                    From::Object => {
                        prop_assert!(span.pieces.len() <= pieces_per_copy);
                        for piece in span.pieces.clone() {
                            prop_assert_eq!(recorded.get(piece), file.get(piece));
                        }
                    }
                }
            }
            prop_assert_eq!(at, file.len());
            prop_assert!(spans.len() <= file.len(), "no more parts than pieces");
            // A part is one whole piece at least, but for the file's last.
            let sent = spans.iter().filter(|span| span.from == From::File).count();
            let same = |at: &usize| recorded.get(*at) == file.get(*at);
            prop_assert_eq!(sent, (0..file.len()).filter(|at| !same(at)).count());
        }

        #[test]
        fn pieces_of_any_size_keep_the_limits_of_s3(size_bytes in 1_u64..50_000_000_000_000) {
            let own = digest::part_bytes(size_bytes);
            for part_bytes in [own, 2 * own] {
                let parts = Parts { part_bytes, digests: Vec::new() };
                prop_assert!(is_fit(&parts, size_bytes));
                prop_assert!(size_bytes.div_ceil(part_bytes) <= u64::from(crate::remote::MAX_PARTS));
                prop_assert!(part_bytes >= crate::remote::MIN_PART_BYTES);
                let copied = (COPY_BYTES / part_bytes).max(1) * part_bytes;
                prop_assert!(copied <= COPY_BYTES.max(part_bytes));
            }
        }
    }
}
