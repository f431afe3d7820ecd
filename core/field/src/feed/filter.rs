//! The whole-city first-offence filter (`binaryfuse16.v1`, docs/protocol.md): 20 bytes of descriptor, then
//! 16-bit fingerprints, all little endian.

use xorf::{BinaryFuse16, Descriptor, Filter};

/// A filter whose numbers fit together, so that no look-up can run out of it.
pub struct CityFilter(BinaryFuse16);

impl CityFilter {
    /// Reads the file's bytes; `None` when they do not make a filter.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<CityFilter> {
        let (head, prints) = bytes.split_at_checked(Descriptor::DMA_LEN)?;
        let word = |at: usize| Some(u32::from_le_bytes(head.get(at..at.checked_add(4)?)?.try_into().ok()?));
        let descriptor = Descriptor {
            seed: u64::from_le_bytes(head.get(..8)?.try_into().ok()?),
            segment_length: word(8)?,
            segment_length_mask: word(12)?,
            segment_count_length: word(16)?,
        };
        let (halves, rest) = prints.as_chunks::<2>();
        let fingerprints: Box<[u16]> = halves.iter().map(|b| u16::from_le_bytes(*b)).collect();
        let length = descriptor.segment_length;
        let needed =
            u64::from(descriptor.segment_count_length).checked_add(u64::from(length).checked_mul(2)?)?;
        let fits = rest.is_empty()
            && length.is_power_of_two()
            && descriptor.segment_length_mask == length.wrapping_sub(1)
            && descriptor.segment_count_length.checked_rem(length) == Some(0)
            && descriptor.segment_count_length > 0
            && needed == u64::try_from(fingerprints.len()).ok()?
            && needed <= u64::from(u32::MAX);
        fits.then_some(CityFilter(BinaryFuse16 { descriptor, fingerprints }))
    }

    /// Whether the hash may be in it: a hit alone proves nothing.
    #[must_use]
    pub fn may_hold(&self, short: u64) -> bool {
        self.0.contains(&short)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;
    use xorf::DmaSerializable;

    use super::*;

    fn bytes(keys: &[u64]) -> Vec<u8> {
        let filter = BinaryFuse16::try_from(keys).unwrap();
        let mut out = vec![0; Descriptor::DMA_LEN];
        filter.dma_copy_descriptor_to(&mut out);
        out.extend_from_slice(filter.dma_fingerprints());
        out
    }

    #[test]
    fn what_hq_put_in_is_found_and_little_else() {
        let keys: Vec<u64> = (0..5_000u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let filter = CityFilter::parse(&bytes(&keys)).unwrap();
        assert!(keys.iter().all(|k| filter.may_hold(*k)));
        let false_hits = (0..5_000u64).filter(|n| filter.may_hold(n.wrapping_mul(3).wrapping_add(1))).count();
        assert!(false_hits < 5, "{false_hits}");
    }

    #[test]
    fn empty_and_tiny_filters_work() {
        for n in [1u64, 2, 3, 10] {
            let keys: Vec<u64> = (1..=n).collect();
            let filter = CityFilter::parse(&bytes(&keys)).unwrap();
            assert!(keys.iter().all(|k| filter.may_hold(*k)));
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_run_out_of_the_filter(cut in 0usize..200, at in 0usize..60, to: u8, probe: u64) {
            let mut file = bytes(&[1, 2, 3, 4, 5]);
            let len = file.len();
            file[at % len] = to;
            file.truncate(len.saturating_sub(cut));
            if let Some(filter) = CityFilter::parse(&file) {
                let _ = filter.may_hold(probe);
            }
        }
    }
}
