//! Random numbers that are the same on every machine: splitmix64, and the few shapes that the tree
//! needs, in whole numbers.

pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is at most 2^32.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn index(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(1);
        usize::try_from(self.below(end)).unwrap_or(0)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// A number from `2^low` to `2^high`, log-normal in good approximation, with its median in the
    /// middle of the octaves.
    pub(super) fn octaves(&mut self, low: u32, high: u32) -> u64 {
        let bits = self.next();
        let span = u64::from(high - low) << 14;
        let lanes = [bits, bits >> 16, bits >> 32, bits >> 48];
        let sum: u64 = lanes
            .iter()
            .map(|lane| ((lane & 0xffff) * span) >> 16)
            .sum();
        let (octave, fraction) = (sum >> 16, sum & 0xffff);
        (((1 << 16) + fraction) << (u64::from(low) + octave)) >> 16
    }
}
