//! What can go wrong before a paper exists.

use ezhifa_law::template::Part;

/// Why a slip cannot be made. Found by [`crate::layout`], so before a number is used.
/// Carries no words of the slip: they may be about a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlipError {
    /// No font has the character: a hole in a name is worse than no paper.
    #[error(
        "{part:?} 栏有字库没有的字 U+{code:04X}，请检查输入或为本机加装字库 / no font has character U+{code:04X} in {part:?}: check the input or add a font source"
    )]
    MissingGlyph {
        /// Where it stands.
        part: Part,
        /// Code point.
        code: u32,
    },
    /// A control character would reach the printer.
    #[error(
        "{part:?} 栏有控制字符 U+{code:04X}，请重新输入该栏 / control character U+{code:04X} in {part:?}: enter that field again"
    )]
    Control {
        /// Where it stands.
        part: Part,
        /// Code point.
        code: u32,
    },
    /// The number does not fit on one line of this paper.
    #[error(
        "文书编号宽{columns}列，超过纸宽{paper}列，编号不得折行，请缩短编号格式或用宽纸 / number is {columns} columns wide, the paper has {paper}; it may not be broken: shorten the number format or use wider paper"
    )]
    NumberTooWide {
        /// Columns needed.
        columns: u16,
        /// Columns of the paper.
        paper: u16,
    },
    /// Longer than a person would accept, or the printer holds.
    #[error(
        "文书长{millimetres}毫米，超过上限{limit}毫米，请精简事实和理由或转普通程序 / slip is {millimetres} mm long, the limit is {limit} mm: shorten facts and reasons, or use the ordinary procedure"
    )]
    TooLong {
        /// Length.
        millimetres: u32,
        /// Limit.
        limit: u32,
    },
    /// The code does not fit into a QR symbol that a phone reads from thermal paper.
    #[error(
        "二维码内容{bytes}字节，放不下{version_limit}版，请缩短域名或缴款码 / {bytes} bytes do not fit a version {version_limit} QR code: shorten the host name or the pay code"
    )]
    CodeTooLong {
        /// Length of its text.
        bytes: usize,
        /// Highest QR version that fits the paper.
        version_limit: u8,
    },
    /// The rulebook has no template for this paper.
    #[error(
        "规则包没有{kind:?}文书模板，请换规则包 / the rulebook has no template for {kind:?}: use another pack"
    )]
    NoTemplate {
        /// Which paper.
        kind: ezhifa_law::terms::SlipKind,
    },
    /// A template names a place outside the vocabulary or one that this paper must fill and cannot.
    #[error(
        "模板空位 {place} 没有内容，请检查规则包模板和案件 / place {place} has no value: check the template and the case"
    )]
    EmptyPlace {
        /// Name of the place.
        place: String,
    },
    /// A sample or drill paper must say so loudly.
    #[error(
        "样本或演练文书缺少 {mark} 标记，请检查规则包模板 / the {mark} mark is missing from the template: check the pack"
    )]
    MarkMissing {
        /// `sample` or `drill`.
        mark: &'static str,
    },
    /// The PDF, PNG or command library failed.
    #[error(
        "生成{what}失败（{cause}），请报告开发者 / making {what} failed ({cause}): report it to the developers"
    )]
    Render {
        /// `PDF`, `PNG`, `ESC/POS`.
        what: &'static str,
        /// Cause, without words of the slip.
        cause: String,
    },
}
