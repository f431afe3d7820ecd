//! The page behind the slip's code: what anybody with the paper may know, and nothing about the party.
//!
//! One self-contained HTML document: no script, no font, no address outside; first read on a 390 px phone
//! at night. Legal wording comes from the slip or its rulebook, never from here.

/// What HQ can say about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signature good, decision in HQ's journal.
    Filed,
    /// Signature good, the phone has not yet reported.
    NotYetArrived,
    /// Signature good, but the phone that made it is reported lost, and HQ holds no such decision from before
    /// the loss.
    DeviceLost,
    /// 作废.
    Voided,
    /// 补正: still in force, with a correction.
    Corrected,
    /// 撤销: no longer in force.
    Revoked,
    /// 撤销, and decided anew under another number.
    Superseded,
    /// Printed from a sample rulebook or in a drill.
    Sample,
    /// Not signed by a device of this organ.
    NotOurs,
}

impl Standing {
    /// Stable word for machines and tests.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::Filed => "filed",
            Standing::NotYetArrived => "not-yet-arrived",
            Standing::DeviceLost => "device-lost",
            Standing::Voided => "voided",
            Standing::Corrected => "corrected",
            Standing::Revoked => "revoked",
            Standing::Superseded => "superseded",
            Standing::Sample => "sample",
            Standing::NotOurs => "not-ours",
        }
    }

    fn tone(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Standing::Filed => ("#0b6b3a", "✓", "真实有效，已备案"),
            Standing::NotYetArrived => ("#8a5a00", "…", "签名真实，尚未传回"),
            Standing::DeviceLost => ("#a32020", "!", "签发设备已挂失，请向本机关核实"),
            Standing::Voided => ("#5b6470", "×", "已作废"),
            Standing::Corrected => ("#0b6b3a", "✓", "真实有效，已补正"),
            Standing::Revoked => ("#5b6470", "×", "已撤销"),
            Standing::Superseded => ("#5b6470", "×", "已撤销，另有新决定"),
            Standing::Sample => ("#6b3fa0", "样", "样本文书，没有法律效力"),
            Standing::NotOurs => ("#a32020", "!", "无法确认是本机关文书"),
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Standing::Filed => {
                "这张文书由本机关登记的执法设备签发，决定记录已经传回本机关。请核对下面各项是否与您手中的纸面一致。"
            }
            Standing::NotYetArrived => {
                "这张文书由本机关登记的执法设备签发，执法终端还没有连上网络，决定记录尚未传回。文书的效力不受影响，请稍后再查。"
            }
            Standing::DeviceLost => {
                "签发这张文书的执法设备已经挂失，仅凭验证码不能确认它的真伪。请先拨打下方电话向本机关核实；核实之前不要按照这张纸付款，也不要向任何个人转账。"
            }
            Standing::Voided => {
                "这个编号的文书在交付之前已经作废，您不需要按照它履行任何义务。如果您手中有这张纸，请与下方电话联系。"
            }
            Standing::Corrected => "这张文书真实有效。其中的文字差错已经另行补正，处理结果没有变化。",
            Standing::Revoked => "本机关已经撤销这份决定，不再执行。已经缴纳的款项予以退还。",
            Standing::Superseded => "本机关已经撤销这份决定，并且另行作出了新的决定。请以新的文书为准。",
            Standing::Sample => "这张纸由样本法规或者演练产生，只用于演示和培训，不需要履行任何义务。",
            Standing::NotOurs => {
                "验证码的签名与本机关登记的设备都对不上。请不要按照这张纸付款，也不要向任何个人转账；请先拨打下方电话核实。"
            }
        }
    }
}

/// A titled group of lines, as printed on the slip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// Lines; empty ones are left out.
    pub lines: Vec<String>,
}

/// All that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Organ's name, for the head of the page.
    pub organ: String,
    /// What HQ can say.
    pub standing: Standing,
    /// Name and value of what the signed code itself says.
    pub facts: Vec<(String, String)>,
    /// What the person may do next.
    pub next: Vec<Section>,
    /// Whom to ask.
    pub phone: String,
    /// When this was looked up, local time as text.
    pub asked_at: String,
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#16191d;--soft:#5b6470;--line:#e3e6ea;--paper:#fff;--ground:#f2f4f6}\
@media(prefers-color-scheme:dark){:root{--ink:#eef0f2;--soft:#a3abb5;--line:#333a42;--paper:#1b1f24;--ground:#101316}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:17px/1.65 -apple-system,'PingFang SC','HarmonyOS Sans SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif}\
main{max-width:34rem;margin:0 auto;padding:0 0 2rem}\
header{padding:1rem 1.1rem .4rem;color:var(--soft);font-size:.88rem}\
header b{display:block;color:var(--ink);font-size:1.02rem}\
.card{background:var(--paper);margin:.7rem .8rem 0;border-radius:14px;overflow:hidden;border:1px solid var(--line)}\
.seal{color:#fff;padding:1.15rem 1.1rem;display:flex;gap:.9rem;align-items:center}\
.seal i{flex:none;width:3rem;height:3rem;border:2.5px solid #fff;border-radius:50%;display:grid;place-items:center;font:700 1.6rem/1 sans-serif}\
.seal h1{margin:0;font-size:1.32rem;line-height:1.35}\
.card p{margin:.85rem 1.1rem}\
dl{margin:.2rem 1.1rem .8rem;display:grid;grid-template-columns:5.2em 1fr;gap:.15rem .7rem}\
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}\
h2{margin:0;padding:.85rem 1.1rem 0;font-size:1.05rem}\
.foot{color:var(--soft);font-size:.85rem;padding:1rem 1.1rem}\
a{color:inherit;font-weight:600}\
.call{display:block;text-align:center;text-decoration:none;border:1.5px solid currentColor;border-radius:10px;padding:.55rem}";

impl Page {
    /// The HTML document.
    #[must_use]
    pub fn html(&self) -> String {
        let facts: String = self
            .facts
            .iter()
            .filter(|(_, v)| !v.is_empty())
            .map(|(k, v)| format!("<dt>{}</dt><dd>{}</dd>", escape(k), escape(v)))
            .collect();
        let facts = if facts.is_empty() {
            String::new()
        } else {
            format!("<section class=\"card\"><h2>文书信息</h2><dl>{facts}</dl></section>")
        };
        let next: String = self
            .next
            .iter()
            .map(|s| {
                let lines: String = s
                    .lines
                    .iter()
                    .filter(|l| !l.is_empty())
                    .map(|l| format!("<p>{}</p>", escape(l)))
                    .collect();
                format!("<section class=\"card\"><h2>{}</h2>{lines}</section>", escape(&s.title))
            })
            .collect();
        let digits: String = self.phone.chars().filter(char::is_ascii_digit).collect();
        let phone = if digits.is_empty() {
            String::new()
        } else {
            format!(
                "<section class=\"card\"><h2>咨询与核实</h2><p><a class=\"call\" href=\"tel:{digits}\">拨打 {}</a></p></section>",
                escape(&self.phone)
            )
        };
        let organ = escape(&self.organ);
        let rest = format!(
            "{facts}{next}{phone}<div class=\"foot\">本页不显示当事人的任何信息。核验时间 {}</div>",
            escape(&self.asked_at)
        );
        framed(
            &format!("文书核验 · {organ}"),
            self.standing.word(),
            &format!("<b>{organ}</b>执法文书核验"),
            self.standing.tone(),
            self.standing.meaning(),
            &rest,
        )
    }
}

/// The document around what is said; every part is HTML already.
fn framed(
    title: &str,
    word: &str,
    head: &str,
    (colour, mark, headline): (&str, &str, &str),
    meaning: &str,
    rest: &str,
) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
<meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\
<body data-standing=\"{word}\"><main><header>{head}</header>\
<section class=\"card\"><div class=\"seal\" style=\"background:{colour}\"><i aria-hidden=\"true\">{mark}</i><h1>{headline}</h1></div><p>{meaning}</p></section>\
{rest}</main></body></html>"
    )
}

/// The page for somebody who has to come again: too many look-ups, or HQ is busy with itself.
#[must_use]
pub fn later(seconds: Option<u64>) -> String {
    let when = seconds.map_or_else(|| "稍后".to_owned(), |s| format!("{s} 秒后"));
    framed(
        "文书核验",
        "later",
        "执法文书核验",
        ("#8a5a00", "…", "现在无法查询"),
        &format!("查询过于频繁或者系统繁忙，请在{when}重新扫码。这不说明文书的真假。"),
        "",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_code_cannot_become_markup() {
        let page = Page {
            organ: "甲局".into(),
            standing: Standing::NotOurs,
            facts: vec![("文书编号".into(), "<script>alert(1)</script>".into())],
            next: vec![],
            phone: String::new(),
            asked_at: String::new(),
        };
        let html = page.html();
        assert!(!html.contains("<script"));
        assert!(html.contains("&lt;script"));
    }
}
