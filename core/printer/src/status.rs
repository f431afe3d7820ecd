//! What the printer says of itself, and what that means for the officer.

use std::fmt;

/// The roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperState {
    /// Not told.
    #[default]
    Unknown,
    /// Enough.
    Ok,
    /// Nearly used up; this slip will still come out.
    NearEnd,
    /// Used up.
    Out,
}

/// The printer's state as far as it told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Did it answer at all?
    pub answers: bool,
    /// It says it is off line.
    pub offline: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// The roll.
    pub paper: PaperState,
    /// Head too hot or battery too weak: it recovers by itself.
    pub resting: bool,
    /// Cutter or unrecoverable error.
    pub error: bool,
}

impl Status {
    /// Adds a DLE EOT n reply.
    pub(crate) fn take(&mut self, n: u8, b: u8) {
        let bit = |i: u8| b >> i & 1 == 1;
        self.answers = true;
        match n {
            1 => self.offline = bit(3),
            2 => {
                self.cover_open = bit(2);
                if bit(5) {
                    self.paper = PaperState::Out;
                }
                self.error |= bit(6);
            }
            3 => {
                self.error = bit(3) || bit(5);
                self.resting = bit(6);
            }
            4 => {
                self.paper = if bit(5) || bit(6) {
                    PaperState::Out
                } else if bit(2) || bit(3) {
                    PaperState::NearEnd
                } else {
                    PaperState::Ok
                };
            }
            _ => {}
        }
    }

    /// From four bytes of automatic status.
    pub(crate) fn from_asb(a: [u8; 4]) -> Status {
        let paper = match a[2] {
            p if p & 0x0C != 0 => PaperState::Out,
            p if p & 0x03 != 0 => PaperState::NearEnd,
            _ => PaperState::Ok,
        };
        Status {
            answers: true,
            offline: a[0] & 0x08 != 0,
            cover_open: a[0] & 0x20 != 0,
            paper,
            resting: a[1] & 0x40 != 0,
            error: a[1] & 0x28 != 0,
        }
    }

    /// The reason why nothing can be printed now, if there is one.
    pub fn trouble(&self) -> Option<Reason> {
        if self.cover_open {
            Some(Reason::CoverOpen)
        } else if self.paper == PaperState::Out {
            Some(Reason::PaperOut)
        } else if self.error {
            Some(Reason::PrinterError)
        } else if self.resting {
            Some(Reason::Resting)
        } else if self.offline {
            Some(Reason::Offline)
        } else {
            None
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.answers, self.trouble(), self.paper) {
            (false, _, _) => f.write_str("打印机没有应答状态查询 / the printer does not answer"),
            (_, Some(r), _) => r.fmt(f),
            (_, None, PaperState::NearEnd) => f.write_str("可以打印，纸快用完 / ready, paper nearly used up"),
            _ => f.write_str("可以打印 / ready"),
        }
    }
}

/// Why a slip did not come out, or why nobody can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// Head too hot, battery too weak.
    Resting,
    /// Cutter, unrecoverable error.
    PrinterError,
    /// Off line for a reason it does not tell.
    Offline,
    /// It answers nothing.
    NoAnswer,
    /// It tells its state but never answers the fence: the profile is wrong.
    NoFence,
    /// It went on answering but stopped printing.
    Stalled,
    /// The connection ended.
    LinkLost,
    /// Bytes were lost on the way.
    BytesLost,
    /// The profile says this printer cannot tell.
    Blind,
    /// The link may lose bytes, and text does not show a loss.
    LossyLink,
    /// Answers that no table has: its witness is not believed.
    StrangeAnswers,
    /// The caller gave no units, or one larger than the window.
    BadUnits,
    /// The caller stopped it.
    Cancelled,
}

impl Reason {
    /// What happened and what to do, in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Reason::PaperOut => "缺纸：请装纸，确认后重新打印整张",
            Reason::CoverOpen => "机盖打开：请合上机盖，确认后重新打印整张",
            Reason::Resting => "打印头过热或电量不足：请稍候或充电后再打印",
            Reason::PrinterError => "打印机报错：请关机重开，不行请换一台打印机",
            Reason::Offline => "打印机脱机：请检查纸、机盖和电源后再打印",
            Reason::NoAnswer => "打印机没有应答：请检查电源和距离后重新连接",
            Reason::NoFence => "打印机不应答完成查询：请在设置里换打印机型号（可先做探测）",
            Reason::Stalled => "打印机停止打印：请查看打印机，撕下残页后重新打印整张",
            Reason::LinkLost => "连接中断：请靠近打印机重新连接",
            Reason::BytesLost => "传输丢失数据：请撕下残页后重新打印整张",
            Reason::Blind => "这种打印机不报告结果：请看纸上凭证是否完整，再确认",
            Reason::LossyLink => "这种连接可能丢失数据：请看纸上文字是否完整，再确认",
            Reason::StrangeAnswers => "打印机应答异常：请看纸上凭证是否完整，再确认",
            Reason::BadUnits => "打印内容为空或单段过大：这是程序错误，请报告",
            Reason::Cancelled => "打印已取消：请撕下残页",
        }
    }

    /// The same in English.
    pub fn en(self) -> &'static str {
        match self {
            Reason::PaperOut => "paper out: load paper, then print the whole slip again",
            Reason::CoverOpen => "cover open: close it, then print the whole slip again",
            Reason::Resting => "head too hot or battery too weak: wait or charge, then print",
            Reason::PrinterError => "the printer reports an error: restart it or use another",
            Reason::Offline => "the printer is off line: check paper, cover and power",
            Reason::NoAnswer => "the printer does not answer: check power and distance, connect again",
            Reason::NoFence => {
                "the printer does not answer the completion query: choose another profile (probe it first)"
            }
            Reason::Stalled => {
                "the printer stopped: look at it, tear off the piece, print the whole slip again"
            }
            Reason::LinkLost => "the connection was lost: go nearer and connect again",
            Reason::BytesLost => "data was lost on the way: tear off the piece, print the whole slip again",
            Reason::Blind => "this printer does not report: look whether the slip is complete, then confirm",
            Reason::LossyLink => {
                "this connection can lose data: read whether the words are complete, then confirm"
            }
            Reason::StrangeAnswers => {
                "the printer's answers make no sense: look whether the slip is complete, then confirm"
            }
            Reason::BadUnits => "nothing to print, or one unit too large: a program error, please report it",
            Reason::Cancelled => "printing was cancelled: tear off the piece",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.zh(), self.en())
    }
}

/// How a print job ended. Only what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintResult {
    /// The whole slip came out.
    Printed,
    /// The slip did not come out, or not whole: what lies there is not a slip.
    NotPrinted(Reason),
    /// Everything was handed over and the last word is missing: the officer must look.
    Unknown {
        /// Units that the printer confirmed.
        confirmed: usize,
        /// Units of the slip.
        of: usize,
        /// Why it is not known.
        reason: Reason,
    },
}

impl fmt::Display for PrintResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrintResult::Printed => f.write_str("已打印 / printed"),
            PrintResult::NotPrinted(r) => write!(f, "未打印：{} / not printed: {}", r.zh(), r.en()),
            PrintResult::Unknown { confirmed, of, reason } => write!(
                f,
                "打印结果未知（已确认 {confirmed}/{of}）：{} / not known whether it was printed ({confirmed} of {of} confirmed): {}",
                reason.zh(),
                reason.en()
            ),
        }
    }
}
