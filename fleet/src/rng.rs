//! The one source of chance. SplitMix64: small, fast, and the same on every machine for ever.

use std::sync::Mutex;

use ezhifa_field::{
    casework::seal::hash::tagged,
    keys::Entropy,
    store::{StoreError, error::Result},
};

/// A stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The stream of this name under this seed: streams of different names do not touch each other, so that
    /// a change in one part of the world leaves the others as they were.
    pub(crate) fn of(seed: u64, name: &str) -> Rng {
        let digest = tagged("ezhifa.fleet.rng.v1", &[&seed.to_be_bytes(), name.as_bytes()]);
        Rng(u64::from_be_bytes(digest.prefix()))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `n` - 1; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next().checked_rem(n).unwrap_or(0)
    }

    /// One of `len` places.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(1))).unwrap_or(0)
    }

    /// True in so many of a thousand cases.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.below(1000) < u64::from(permille)
    }

    /// A place in a list of weights.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u64 = weights.clone().map(u64::from).sum();
        let mut left = self.below(total);
        for (at, weight) in weights.enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return at,
            }
        }
        0
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.next().to_be_bytes()) {
                *to = from;
            }
        }
    }
}

/// Chance behind the phone's own trait.
pub(crate) struct SeedEntropy(pub(crate) Mutex<Rng>);

impl Entropy for SeedEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.0.lock().map_err(|_| StoreError::Internal("entropy"))?.fill(buffer);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Rng;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut rng = Rng::of(721, "street");
        let first = [rng.below(1000), rng.below(1000), rng.below(1000)];
        let mut again = Rng::of(721, "street");
        assert_eq!(first, [again.below(1000), again.below(1000), again.below(1000)]);
        assert_ne!(Rng::of(721, "street").next(), Rng::of(722, "street").next());
        assert_ne!(Rng::of(721, "street").next(), Rng::of(721, "network").next());
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::of(1, "weights");
        let mut hits = [0_u32; 3];
        for _ in 0..10_000 {
            *hits.get_mut(rng.weighted([1, 0, 3].into_iter())).unwrap() += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((2_300..2_700).contains(&hits[0]), "{hits:?}");
    }
}
