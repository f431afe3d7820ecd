//! The page that a judge reads first: what happened, on what law, with which evidence, and how it is proved.
//!
//! One self-contained document, no script, prints on A4. Made from the members alone, so that a verifier
//! makes the very same page again.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime};
use ezhifa_casework::{
    case::Held,
    event::{Destination, Event, PrintState, Source, Stage, StatementKind},
    law::{
        decision::PackRef,
        terms::{Citation, Outcome, PartyKind},
    },
    people::{Identity, Sensitivity, SigningAct},
};

use crate::{
    examine::{Content, Examined, Step},
    format::{Audience, BodyState, Form},
};

const STYLE: &str = "\
@page{size:A4;margin:18mm 16mm}*{box-sizing:border-box}\
body{margin:0 auto;max-width:50rem;padding:1.2rem 1rem 3rem;color:#16191d;background:#fff;font:15px/1.7 'Noto Serif CJK SC','Songti SC','SimSun',serif}\
h1{font-size:1.55rem;margin:.2rem 0 .1rem;text-align:center}h2{font-size:1.12rem;margin:1.7rem 0 .5rem;border-bottom:2px solid #16191d;padding-bottom:.15rem;break-after:avoid}\
.sub{text-align:center;color:#4a525c;margin:0 0 1rem}.mark{border:2px solid #6b3fa0;color:#6b3fa0;text-align:center;font-weight:700;padding:.3rem;margin:.6rem 0}\
table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{border:1px solid #b9c0c8;padding:.28rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#f1f3f5;font-weight:600}tr{break-inside:avoid}td:first-child{white-space:nowrap;font-variant-numeric:tabular-nums}.k td{white-space:normal}.k th{width:8.5em}\
code{font:.84em/1.4 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}.ok{color:#0b6b3a;font-weight:700}.bad{color:#a32020;font-weight:700}\
p.small{font-size:.86rem;color:#4a525c}";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Asia/Shanghai is UTC+8.
fn local(ms: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(ms.saturating_add(8 * 3_600_000)).unwrap_or_default().naive_utc()
}

fn time(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A table from rows of cells that are HTML already.
struct Table(String);

impl Table {
    fn new(heads: &[&str]) -> Table {
        let heads: String = heads.iter().map(|h| format!("<th>{h}</th>")).collect();
        Table(format!("<table><tr>{heads}</tr>"))
    }

    fn facts() -> Table {
        Table("<table class=\"k\">".to_owned())
    }

    fn fact(&mut self, name: &str, value: &str) {
        if !value.trim().is_empty() {
            let _ = write!(self.0, "<tr><th>{name}</th><td>{}</td></tr>", escape(value));
        }
    }

    fn row(&mut self, cells: &[String]) {
        let cells: String = cells.iter().map(|c| format!("<td>{c}</td>")).collect();
        let _ = write!(self.0, "<tr>{cells}</tr>");
    }

    fn end(mut self, page: &mut String) {
        self.0.push_str("</table>");
        page.push_str(&self.0);
    }
}

/// The page.
pub(crate) fn html(content: &Content, examined: &Examined) -> String {
    let manifest = &content.manifest;
    let mut page = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>案件卷宗 {case}</title><style>{STYLE}</style><body><h1>案件卷宗</h1><p class=\"sub\">{organ} · 提交对象：{audience} · 制作时间：{made}</p>",
        case = escape(&manifest.case),
        organ = escape(&manifest.organ),
        audience = manifest.audience.zh(),
        made = time(local(manifest.made_ms)),
    );
    if examined.sample {
        page.push_str("<div class=\"mark\">样本卷宗：所用规则为样本，没有法律效力 SAMPLE, NOT LAW</div>");
    }
    if examined.case.is_drill() {
        page.push_str("<div class=\"mark\">演练无效 DRILL</div>");
    }
    if examined.case.sensitivity() == Sensitivity::Child {
        page.push_str("<div class=\"mark\">涉及不满十四周岁未成年人：敏感个人信息，不得公开（个人信息保护法第二十八条）</div>");
    }
    summary(content, examined, &mut page);
    proof(examined, &mut page);
    reasons(examined, &mut page);
    story(content, examined, &mut page);
    evidence(content, examined, &mut page);
    papers(content, &mut page);
    withheld(content, &mut page);
    chain(content, &mut page);
    page.push_str("</body></html>\n");
    page
}

fn summary(content: &Content, examined: &Examined, page: &mut String) {
    let case = &examined.case;
    page.push_str("<h2>一、案件概况</h2>");
    let mut table = Table::facts();
    table.fact("案件标识", &content.manifest.case);
    let numbers: Vec<&str> = content.manifest.slips.iter().map(|s| s.number.as_str()).collect();
    table.fact("文书编号", &numbers.join("、"));
    if let Some(party) = case.party() {
        let kind = match party.kind {
            PartyKind::Citizen => "公民",
            PartyKind::SoleTrader => "个体工商户",
            PartyKind::Organisation => "法人或者其他组织",
        };
        let how = match party.identity {
            Identity::DocumentRead => "已核验证件",
            Identity::Declared => "自报，未核验",
            Identity::Refused => "拒绝表明身份",
            Identity::Unknown => "身份不明",
        };
        // A child's number stays off every paper (invariant 21).
        let shown = case.party_on_paper().unwrap_or_else(|| party.clone());
        let name = shown.name.reveal();
        table.fact("当事人", &[name, shown.id_number.reveal(), kind, how].join("　"));
        table.fact("监护人", shown.guardian.reveal());
    }
    if let Some(act) = case.act() {
        table.fact("行为时间", &time(act.at));
        table.fact("违法事实", act.text.reveal());
    }
    table.fact("地点", case.place().map_or("", |p| p.address.as_str()));
    table.fact("处理结果", case.outcome().map_or("尚未处理", Outcome::name));
    if let Some(record) = case.record() {
        if record.amount.0 > 0 {
            table.fact("罚款", &format!("￥{}（{}）", record.amount.digits(), record.amount.capitals()));
        }
        table.fact("决定时间", &time(record.at));
    }
    table.fact("送达时间", &case.served().map(|s| time(s.at)).unwrap_or_default());
    let officers: Vec<String> =
        content.manifest.officers.iter().map(|o| format!("{}（{}）", o.name, o.certificate)).collect();
    table.fact("执法人员", &officers.join("、"));
    table.end(page);
}

fn proof(examined: &Examined, page: &mut String) {
    page.push_str("<h2>二、核验结果</h2>");
    let mut table = Table::new(&["结果", "对象", "说明"]);
    for finding in &examined.findings {
        let mark = if finding.ok {
            "<span class=\"ok\">✓ 通过</span>"
        } else {
            "<span class=\"bad\">✗ 不通过</span>"
        };
        table.row(&[
            mark.to_owned(),
            format!("<code>{}</code>", escape(&finding.place)),
            escape(&finding.zh),
        ]);
    }
    table.end(page);
    page.push_str(
        "<p class=\"small\">本表由制作程序根据卷宗内容得出。任何人可以用 <code>ezhifa case verify</code> 离线重新核验：\
         该命令从卷宗内容重新得出本页，逐字比对；并核对签名和每个文件的哈希值。签名密钥是否属于本机关，请与机关公布的密钥标识核对。</p>",
    );
}

fn citations(list: &[Citation]) -> String {
    list.iter().map(|c| escape(&c.to_string())).collect::<Vec<_>>().join("<br>")
}

fn reasons(examined: &Examined, page: &mut String) {
    let Some(record) = examined.case.record() else { return };
    page.push_str("<h2>三、依据和理由</h2>");
    let decision = &record.decision;
    let mut table = Table::new(&["规则", "理由", "出处"]);
    for reason in &decision.reasons {
        table.row(&[
            format!("<code>{}</code>", escape(&reason.rule)),
            escape(&reason.text),
            citations(&reason.citations),
        ]);
    }
    table.end(page);
    let mut law = Table::facts();
    law.fact("案由", &decision.offence_name);
    law.fact("裁量阶次", decision.tier_name.as_deref().unwrap_or_default());
    let pack = |p: &PackRef| format!("{} 第{}版 {}", p.id, p.version, p.hash);
    law.fact("决定时规则", &pack(&record.laws.at_decision));
    if record.laws.at_act != record.laws.at_decision {
        law.fact("行为时规则", &pack(&record.laws.at_act));
    }
    law.end(page);
    page.push_str("<table class=\"k\"><tr><th>违反规定</th><td>");
    page.push_str(&citations(&decision.violated));
    page.push_str("</td></tr><tr><th>处理依据</th><td>");
    page.push_str(&citations(&decision.basis));
    page.push_str("</td></tr></table>");
}

fn story(content: &Content, examined: &Examined, page: &mut String) {
    page.push_str("<h2>四、办案经过</h2>");
    let names = |id: &str| {
        content.manifest.officers.iter().find(|o| o.id == id).map_or(id.to_owned(), |o| o.name.clone())
    };
    let mut table = Table::new(&["时间", "经过", "执法人员", "日志"]);
    for step in &examined.steps {
        let crew = format!("{}、{}", names(&step.event.crew.lead.0), names(&step.event.crew.second.0));
        let mut what = escape(&sentence(step, examined));
        if step.withheld {
            what.push_str("<br><small>（本条部分内容已遮盖）</small>");
        }
        table.row(&[
            time(step.event.at),
            what,
            escape(crew.trim_matches('、')),
            format!("<code>{}</code>", step.header.seq),
        ]);
    }
    table.end(page);
}

#[allow(clippy::too_many_lines)] // One arm an event.
fn sentence(step: &Step, examined: &Examined) -> String {
    match &step.event.event {
        Event::Opened { source, place, .. } => {
            let from = match source {
                Source::Patrol => "巡查发现".to_owned(),
                Source::CitizenReport { .. } => "群众举报".to_owned(),
                Source::VideoLead { .. } => "视频线索，已经人工审核".to_owned(),
                Source::Petition { .. } => "信访".to_owned(),
                Source::Drone { .. } => "无人机巡查".to_owned(),
                Source::OtherOrgan { .. } => "其他机关移送".to_owned(),
                Source::PatrolLead { .. } => "其他巡查班组移交".to_owned(),
            };
            format!("{from}，地点：{}", place.address)
        }
        Event::CertificatesShown { certificates } => format!("出示执法证件：{}", certificates.join("、")),
        Event::EvidenceAdded { item } => format!("取证（{}）：{}", kind(&item.kind), item.caption),
        Event::PartyIdentified { .. } => "查明当事人身份".to_owned(),
        Event::OffenceChosen { fact_text, .. } => format!("记明事实：{}", fact_text.reveal()),
        Event::FactAnswered { name, value, .. } => {
            let plain = || format!("{name}：{}", serde_json::to_string(value).unwrap_or_default());
            let phrase = examined.book.as_ref().map(|b| b.phrase(name, value)).filter(|p| !p.is_empty());
            format!("查明事项：{}", phrase.unwrap_or_else(plain))
        }
        Event::HistoryAsked { earlier, as_of, .. } => {
            let found = match earlier {
                Some(true) => "有记录",
                Some(false) => "无记录",
                None => "未能确定",
            };
            format!(
                "核查初次违法：{found}（名单截至 {}）",
                as_of.map(time).unwrap_or_else(|| "未知".to_owned())
            )
        }
        Event::PriorOrderAttached { order, .. } => format!("关联此前的责令改正 {}", order.number),
        Event::Proposed { decision, .. } => format!("拟处理：{}", decision.outcome.name()),
        Event::NoticeGiven { .. } => "告知拟处理内容、事实、理由、依据和权利".to_owned(),
        Event::StatementHeard { statement, words, review, upheld, .. } => {
            let made = match statement {
                StatementKind::Made => "当事人陈述申辩",
                StatementKind::NotMade => "当事人未陈述申辩",
                StatementKind::Waived => "当事人明确放弃陈述申辩",
            };
            let upheld = if *upheld { "，予以采纳" } else { "" };
            [
                made,
                if words.is_blank() { "" } else { "：" },
                words.reveal(),
                if review.is_empty() { "" } else { "；复核：" },
                review,
                upheld,
            ]
            .concat()
        }
        Event::RecusalAsked { granted, .. } => match granted {
            None => "当事人申请回避".to_owned(),
            Some(true) => "回避申请：准许".to_owned(),
            Some(false) => "回避申请：驳回".to_owned(),
        },
        Event::Educated { how } => format!("教育：{how}"),
        Event::CorrectionSeen { at, .. } => format!("确认已改正（{}）", time(*at)),
        Event::CorrectionPromised { until } => format!("承诺改正，期限 {}", time(*until)),
        Event::Decided { record } => {
            format!("决定：{}，{}，两名执法人员分别确认", record.outcome.name(), record.number)
        }
        Event::KeyedIn { paper } => format!(
            "决定以手写文书作出：{}，手写时间 {}，照片 {}",
            paper.number,
            time(paper.written_at),
            paper.photo.get(..12).unwrap_or(&paper.photo)
        ),
        Event::PaperPrepared { number, .. } => format!("文书 {number} 取号"),
        Event::SlipIssued { number, check_code, .. } => format!("签发文书 {number}，核对码 {check_code}"),
        Event::Printed { number, copy, result, confirmed } => {
            let result = match (result, confirmed) {
                (PrintState::Printed, _) | (PrintState::Unknown, Some(true)) => "完整打印",
                (PrintState::NotPrinted { .. }, _) | (PrintState::Unknown, Some(false)) => "未打印成功",
                (PrintState::Unknown, None) => "打印结果待确认",
            };
            if *copy == 0 {
                format!("打印 {number}：{result}")
            } else {
                format!("补打第{copy}次 {number}：{result}")
            }
        }
        Event::Served { signing, .. } => {
            let act = match signing.act {
                SigningAct::Signed | SigningAct::Ink => "签收",
                SigningAct::RefusedToSign => "拒绝签名，已注明",
                SigningAct::Unable => "不能签名，已宣读、捺印",
                SigningAct::RefusedToTake => "拒绝接收，已注明",
            };
            format!("送达：{act}")
        }
        Event::TakingRefused { .. } => "拒绝接收文书，已注明并录像".to_owned(),
        Event::Undelivered { number, reason } => format!("文书 {number} 未交付：{reason}"),
        Event::Voided { number, reason, .. } => format!("文书 {number} 作废：{reason}"),
        Event::Rechecked { corrected, .. } => {
            format!("复查：{}", if *corrected { "已改正" } else { "未改正" })
        }
        Event::CorrectionRefused { .. } => "当事人拒不改正，已注明".to_owned(),
        Event::Paid { amount, receipt, .. } => format!("缴款 ￥{}，票据 {receipt}", amount.digits()),
        Event::CashHandedIn { receipt, .. } => format!("现金罚款上缴，票据 {receipt}"),
        Event::Refunded { amount, receipt } => format!("退还 ￥{}，凭证 {receipt}", amount.digits()),
        Event::Filed { .. } => "当场决定已备案".to_owned(),
        Event::Corrected { what, .. } => format!("补正：{what}"),
        Event::Revoked { reason, .. } => format!("负责人撤销决定：{reason}"),
        Event::WaiverRuled { granted, .. } => {
            format!("负责人审查拟不予处罚：{}", if *granted { "同意" } else { "不同意" })
        }
        Event::PaymentDeferred { deferral } => {
            let parts = if deferral.parts.is_empty() { "延期" } else { "分期" };
            format!("负责人准予{parts}缴纳罚款，至 {}", deferral.until)
        }
        Event::EServiceAgreed { .. } => "当事人签名同意电子送达".to_owned(),
        Event::Advised { text, .. } => format!("劝导：{text}"),
        Event::HandedTo { to, reason, .. } => match to {
            Destination::Ordinary => format!("转普通程序：{reason}"),
            Destination::Organ(organ) => format!("移送 {organ}：{reason}"),
        },
        Event::Closed { .. } => format!("结案：{}", examined.case.outcome().map_or("", Outcome::name)),
    }
}

fn kind(word: &str) -> &str {
    match word {
        "photo" => "照片",
        "video" => "录像",
        "audio" => "录音",
        "signature" => "签名",
        "document" => "书证",
        other => other,
    }
}

fn evidence(content: &Content, examined: &Examined, page: &mut String) {
    page.push_str("<h2>五、证据目录</h2>");
    let decided = examined.case.record().is_some();
    let mut table =
        Table::new(&["序号", "种类", "证明对象", "取得时间", "与决定", "文件及原件哈希值（SHA-256）"]);
    for (index, held) in examined.case.evidence().iter().enumerate() {
        let item = &held.item;
        let line = content.manifest.evidence.iter().find(|l| l.sha256.to_string() == item.sha256);
        let form = line.map_or("", |l| match l.form {
            Form::Original => "原件",
            Form::WithoutDeviceData => "去除设备数据的副本",
            Form::Withheld => "未提供",
            Form::Elsewhere => "文件不在制作地",
        });
        let place = line.and_then(|l| l.path.clone()).unwrap_or_default();
        let note = line.map(|l| l.note.clone()).unwrap_or_default();
        let stage = match item.stage {
            Stage::Fact => "违法事实",
            Stage::Corrected => "改正情况",
            Stage::Service => "送达",
            Stage::Other => "其他",
        };
        let when = match (decided, held.after_decision) {
            (false, _) => "尚未决定",
            (true, false) => "决定所依据",
            (true, true) => "决定之后，不作为依据",
        };
        table.row(&[
            index.saturating_add(1).to_string(),
            kind(&item.kind).to_owned(),
            escape(&format!("{stage}：{}", item.caption)),
            time(item.captured_at),
            when.to_owned(),
            format!(
                "{form} <code>{}</code> {}<br><code>{}</code>",
                escape(&place),
                escape(&note),
                escape(&item.sha256)
            ),
        ]);
    }
    table.end(page);
    let place = |held: &Held| {
        let at = examined.case.evidence().iter().position(|h| h == held).unwrap_or_default();
        format!("{}（{}）", at.saturating_add(1), time(held.item.captured_at))
    };
    let pairs = examined.case.before_and_after();
    if !pairs.is_empty() {
        let mut table = Table::new(&["改正前：证据序号（时间）", "改正后：证据序号（时间）"]);
        pairs.iter().for_each(|(before, after)| table.row(&[place(before), place(after)]));
        table.end(page);
    }
}

fn papers(content: &Content, page: &mut String) {
    page.push_str("<h2>六、文书目录</h2>");
    let mut table = Table::new(&["文书编号", "文件"]);
    for line in &content.manifest.slips {
        table.row(&[escape(&line.number), format!("<code>{}</code>", escape(&line.pdf))]);
    }
    table.end(page);
}

fn withheld(content: &Content, page: &mut String) {
    let manifest = &content.manifest;
    page.push_str("<h2>七、遮盖说明</h2>");
    let rule = match manifest.audience {
        Audience::Party => "向当事人提供：遮盖举报人、第三人个人信息和拍摄设备自带数据。",
        Audience::Organ => "向复议机关、上级机关提供：只遮盖举报人信息。",
        Audience::Court => "向人民法院提供：遮盖举报人和第三人个人信息，照片为原件。",
    };
    let _ = write!(
        page,
        "<p>{rule}被遮盖的条目保留日志条目头和正文摘要（加盐哈希），日志链仍可完整核验；需要时由本机关提供该条原文和盐值，与摘要核对即可证明遮盖之外一字未改。</p>"
    );
    let lines: Vec<_> = manifest.entries.iter().filter(|e| e.body != BodyState::Shown).collect();
    if lines.is_empty() {
        page.push_str("<p>本卷宗没有遮盖的条目。</p>");
        return;
    }
    let mut table = Table::new(&["日志条目", "原因", "正文摘要"]);
    for line in lines {
        let why = match line.body {
            BodyState::Purged => "保存期限届满，正文已删除".to_owned(),
            _ => line.why.iter().map(|w| w.zh()).collect::<Vec<_>>().join("；"),
        };
        let digest = content
            .runs
            .get(line.run)
            .and_then(|r| r.iter().find(|e| e.header.seq == line.seq))
            .map(|e| e.header.body.to_string())
            .unwrap_or_default();
        table.row(&[line.seq.to_string(), why, format!("<code>{digest}</code>")]);
    }
    table.end(page);
}

fn chain(content: &Content, page: &mut String) {
    let manifest = &content.manifest;
    page.push_str("<h2>八、日志和签名</h2>");
    let mut table = Table::new(&["设备", "纪元", "条目", "末条哈希值", "指挥中心回执"]);
    for run in &manifest.runs {
        table.row(&[
            escape(&run.until.device.0),
            format!("<code>{}</code>", run.until.epoch),
            format!("{}–{}", run.after.seq.saturating_add(1), run.until.seq),
            format!("<code>{}</code>", run.until.hash),
            if run.receipt.is_some() { "有" } else { "制作时尚无" }.to_owned(),
        ]);
    }
    table.end(page);
    let mut keys = Table::facts();
    let maker = if manifest.made_by.role == "hq" { "指挥中心" } else { "执法终端" };
    keys.fact("制作者", &format!("{maker} {}", manifest.made_by.id));
    keys.fact("签名密钥", &format!("{} {}", manifest.signer.alg.id(), manifest.signer.id().0));
    for key in &manifest.device_keys {
        keys.fact("终端密钥", &format!("{} {}", key.device, key.key.id().0));
    }
    for key in &manifest.hq_keys {
        keys.fact("指挥中心密钥", &key.id().0);
    }
    keys.end(page);
}
