//! One stream of reply bytes, taken apart: which question does each byte answer?

/// A reply, told apart by its fixed bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// DLE EOT n: which n only the asker knows.
    Status(u8),
    /// Automatic status back.
    Asb([u8; 4]),
    /// GS r, or GS I with one byte.
    Byte(u8),
    /// GS I with text.
    Text(String),
    /// GS ( H: our own number comes back.
    ProcessId([u8; 4]),
    /// DLE DC4 8 was carried out.
    Cleared,
    /// No table has it.
    Noise,
}

/// Longest GS I text that is believed.
const MAX_TEXT: usize = 80;

/// Takes the stream apart byte by byte.
#[derive(Debug, Clone, Default)]
pub struct Demux {
    held: Vec<u8>,
    /// Is automatic status switched on? Otherwise its first byte is noise, and eats nothing.
    pub asb: bool,
}

impl Demux {
    /// With or without automatic status.
    pub fn new(asb: bool) -> Demux {
        Demux { asb, ..Demux::default() }
    }

    /// Takes the next byte; gives an answer when one is complete.
    pub fn push(&mut self, b: u8) -> Option<Answer> {
        match self.held.first().copied() {
            None => self.first(b),
            Some(0x5F | 0x37) => {
                if b != 0 {
                    self.held.push(b);
                    if self.held.len() > MAX_TEXT {
                        self.held.clear();
                        return Some(Answer::Noise);
                    }
                    return None;
                }
                let held = std::mem::take(&mut self.held);
                Some(match held.as_slice() {
                    [0x37, 0x22, a, b, c, d] => Answer::ProcessId([*a, *b, *c, *d]),
                    [0x37, 0x25] => Answer::Cleared,
                    [0x5F, text @ ..] => Answer::Text(String::from_utf8_lossy(text).into_owned()),
                    _ => Answer::Noise,
                })
            }
            Some(_) if b & 0x90 == 0 => {
                self.held.push(b);
                if let [a, b, c, d] = self.held.as_slice() {
                    let all = [*a, *b, *c, *d];
                    self.held.clear();
                    return Some(Answer::Asb(all));
                }
                None
            }
            // Four bytes of status that break off: the byte begins something else.
            Some(_) => {
                self.held.clear();
                self.first(b).or(Some(Answer::Noise))
            }
        }
    }

    fn first(&mut self, b: u8) -> Option<Answer> {
        if b == 0x5F || b == 0x37 || (self.asb && b & 0x93 == 0x10) {
            self.held.push(b);
            return None;
        }
        Some(match b {
            // XON and XOFF say nothing about the slip; the link obeys them.
            0x11 | 0x13 => return None,
            b if b & 0x93 == 0x12 => Answer::Status(b),
            b if b & 0x90 == 0 => Answer::Byte(b),
            _ => Answer::Noise,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(asb: bool, bytes: &[u8]) -> Vec<Answer> {
        let mut d = Demux::new(asb);
        bytes.iter().filter_map(|b| d.push(*b)).collect()
    }

    #[test]
    fn a_merged_stream_comes_apart() {
        let got =
            all(true, b"\x12\x10\x00\x0F\x00\x00\x37\x22ab01\x00\x5FCHINA GB18030\x00\x32\x37\x25\x00\x11");
        assert_eq!(
            got,
            [
                Answer::Status(0x12),
                Answer::Asb([0x10, 0, 0x0F, 0]),
                Answer::Byte(0),
                Answer::ProcessId(*b"ab01"),
                Answer::Text("CHINA GB18030".into()),
                Answer::Status(0x32),
                Answer::Cleared,
            ]
        );
    }

    #[test]
    fn without_asb_its_first_byte_eats_nothing() {
        assert_eq!(all(false, b"\x10\x00"), [Answer::Noise, Answer::Byte(0)]);
    }

    #[test]
    fn endless_text_is_noise() {
        assert!(all(false, &[0x5F; 100]).contains(&Answer::Noise));
    }
}
