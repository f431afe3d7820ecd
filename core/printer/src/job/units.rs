//! What is sent: the caller's units, made ready, and the session's own end of the slip.

use crate::profile::{Cutter, Profile};

/// The units as they will be sent. The job begins with its own ESC @, and a second one would switch
/// automatic status off; a feed or cut at the end belongs to the last unit with ink, which is the one
/// held back: once it is out, the slip is whole.
pub(super) fn prepare(units: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = units.to_vec();
    if let Some(first) = units.first_mut()
        && first.starts_with(b"\x1B@")
    {
        first.drain(..2);
    }
    units.retain(|u| !u.is_empty());
    while let [.., before, last] = units.as_mut_slice()
        && only_moves(last)
    {
        before.append(last);
        units.pop();
    }
    units
}

/// Does the unit only feed, cut, align or switch hanzi mode?
fn only_moves(unit: &[u8]) -> bool {
    let mut rest = unit;
    loop {
        rest = match rest {
            [] => return true,
            [0x0A | 0x0D | 0x00, more @ ..]
            | [0x1B, 0x32, more @ ..]
            | [0x1C, 0x26 | 0x2E, more @ ..]
            | [0x1B, 0x4A | 0x64 | 0x61 | 0x33 | 0x45, _, more @ ..]
            | [0x1D, 0x56, 65 | 66, _, more @ ..]
            | [0x1D, 0x56, 0 | 1 | 48 | 49, more @ ..] => more,
            _ => return false,
        }
    }
}

/// The next units that go under one fence, never the last unit: at most `most` bytes, and nothing after
/// a raster band. Gives the bytes and the index behind them.
pub(super) fn batch(units: &[Vec<u8>], from: usize, most: usize) -> (Vec<u8>, usize) {
    let last = units.len().saturating_sub(1);
    let mut batch = Vec::new();
    let mut upto = from;
    for unit in units.get(from..last).unwrap_or_default() {
        if !batch.is_empty() && batch.len() + unit.len() > most {
            break;
        }
        batch.extend_from_slice(unit);
        upto += 1;
        if unit.windows(3).any(|w| w == b"\x1Dv0") {
            break;
        }
    }
    (batch, upto)
}

/// Hanzi mode off, feed, cut.
pub(super) fn trailer(profile: &Profile) -> Vec<u8> {
    let mut end = b"\x1C.\n".to_vec();
    if profile.feed_at_end > 0 {
        end.extend_from_slice(&[0x1B, 0x64, profile.feed_at_end]);
    }
    match profile.cutter {
        Cutter::None => {}
        // 66 is "feed and partial cut"; 65 cuts through.
        Cutter::Partial => end.extend_from_slice(b"\x1DV\x42\x00"),
        Cutter::Full => end.extend_from_slice(b"\x1DV\x41\x00"),
    }
    end
}

#[cfg(test)]
mod tests {
    use super::{batch, prepare};

    #[test]
    fn the_unit_held_back_is_the_last_one_with_ink() {
        let units: Vec<Vec<u8>> =
            [&b"\x1B@\x1C&"[..], b"No. 1\n", b"3F8R\n", b"\x1Ba\x00\x1BJ\x60", b"\x1DV\x42\x00"]
                .map(<[u8]>::to_vec)
                .into();
        let got = prepare(&units);
        assert_eq!(got.len(), 3);
        assert_eq!(got[0], b"\x1C&");
        assert_eq!(got[2], b"3F8R\n\x1Ba\x00\x1BJ\x60\x1DV\x42\x00");
    }

    #[test]
    fn a_band_ends_its_batch_and_the_last_unit_is_never_in_one() {
        let units: Vec<Vec<u8>> =
            [&b"a\n"[..], b"\x1Dv0\0\x01\0\x01\0\xFF", b"b\n", b"c\n"].map(<[u8]>::to_vec).into();
        assert_eq!(batch(&units, 0, 1000).1, 2);
        assert_eq!(batch(&units, 2, 1000), (b"b\n".to_vec(), 3));
        assert_eq!(batch(&units, 0, 1).1, 1, "one unit always goes, however long");
    }
}
