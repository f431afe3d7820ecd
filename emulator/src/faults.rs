//! What shall go wrong, written as on the command line.

use std::ops::Range;
use std::time::Duration;

use crate::EmulatorError;

/// Faults by byte count since power-on. Each happens once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The paper ends when so many bytes were carried out.
    pub paper_out: Option<usize>,
    /// The cover is opened when so many bytes were carried out.
    pub cover_open: Option<usize>,
    /// New paper is in (or the cover closed) so long after that.
    pub mend: Option<Duration>,
    /// These bytes of what is received are lost.
    pub drop: Vec<Range<usize>>,
    /// The connection ends when so many bytes were received.
    pub disconnect: Option<usize>,
    /// Carries out so many bytes a second.
    pub slow: Option<usize>,
    /// Answers nothing.
    pub mute: bool,
    /// Answers with nonsense.
    pub garbage: bool,
}

impl Faults {
    /// Reads `paper-out@2000,drop@1:1000,disconnect@5000,slow=2000Bps,mute,cover-open@300,garbage,mend=500ms`.
    pub fn parse(text: &str) -> Result<Faults, EmulatorError> {
        let mut faults = Faults::default();
        for item in text.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            let bad = || EmulatorError::Fault(item.to_owned());
            let number = |s: &str| s.parse::<usize>().map_err(|_| bad());
            match item.split_once(['@', '=']) {
                None if item == "mute" => faults.mute = true,
                None if item == "garbage" => faults.garbage = true,
                Some(("paper-out", n)) => faults.paper_out = Some(number(n)?),
                Some(("cover-open", n)) => faults.cover_open = Some(number(n)?),
                Some(("disconnect", n)) => faults.disconnect = Some(number(n)?),
                Some(("mend", n)) => {
                    faults.mend = Some(Duration::from_millis(number(n.trim_end_matches("ms"))? as u64))
                }
                Some(("slow", n)) => faults.slow = Some(number(n.trim_end_matches("Bps"))?.max(1)),
                Some(("drop", n)) => {
                    let (at, len) = n.split_once(':').ok_or_else(bad)?;
                    let (at, len) = (number(at)?, number(len)?);
                    faults.drop.push(at..at.checked_add(len).ok_or_else(bad)?);
                }
                _ => return Err(bad()),
            }
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_the_command_line() {
        let f = Faults::parse("paper-out@2000, drop@1:1000,disconnect@5000,slow=2000Bps,mute").unwrap();
        assert_eq!((f.paper_out, f.disconnect, f.slow, f.mute), (Some(2000), Some(5000), Some(2000), true));
        assert_eq!(f.drop, vec![1..1001]);
        assert_eq!(Faults::parse("").unwrap(), Faults::default());
        let e = Faults::parse("paper-out@x").unwrap_err().to_string();
        assert!(e.contains("paper-out@x") && e.contains("drop@"), "{e}");
    }
}
