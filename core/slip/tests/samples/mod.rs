//! The two slips of the design's floor, by hand, so that layout and renderers are tested without a rulebook.
#![allow(dead_code, clippy::unwrap_used)]

pub mod pack;
pub mod random;
pub mod reader;

use ezhifa_law::{
    template::{Part, Style},
    terms::SlipKind,
};
use ezhifa_slip::{Block, Document, Line, Mark, Strokes};

pub fn block(part: Part, label: &str, style: Style, rule_above: bool, lines: &[&str]) -> Block {
    Block {
        part,
        label: label.into(),
        style,
        rule_above,
        lines: lines.iter().map(|l| Line::text(*l)).collect(),
    }
}

/// A signature as a finger draws it.
pub fn strokes() -> Strokes {
    let wave = |x0: u16, y0: u16| (0..40u16).map(|i| [x0 + i * 6, y0 + (i * i * 7 + i * 31) % 90]).collect();
    Strokes {
        width: 600,
        height: 240,
        lines: vec![wave(20, 40), wave(200, 90), vec![[40, 200], [400, 60]], vec![[300, 20], [320, 210]]],
    }
}

/// As long as a verification code gets (DESIGN 8): version 10 at level M.
pub fn code() -> String {
    let payload = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".chars().cycle().take(277).collect::<String>();
    format!("HTTPS://CG.DG.GOV.CN/V/{payload}")
}

fn tail(number: &str, check: &str, signed: bool) -> Vec<Block> {
    let mark = || if signed { Mark::Strokes { strokes: strokes() } } else { Mark::Ink };
    vec![
        Block {
            part: Part::Signatures,
            label: String::new(),
            style: Style::Normal,
            rule_above: true,
            lines: vec![
                Line::text("决定时间 2026年9月24日19时42分"),
                Line::text("决定地点 东城街道××路88号门前"),
                Line::Signature { text: "执法人员 王建国 证号19S00123".into(), mark: mark() },
                Line::Signature { text: "执法人员 李秀英 证号19S00456".into(), mark: mark() },
            ],
        },
        Block {
            part: Part::Service,
            label: "送达".into(),
            style: Style::Normal,
            rule_above: false,
            lines: vec![
                Line::text("打印后当场交付当事人。"),
                Line::Signature { text: "当事人（签名）".into(), mark: mark() },
            ],
        },
        Block {
            part: Part::Codes,
            label: String::new(),
            style: Style::Centred,
            rule_above: true,
            lines: vec![Line::Code { code: code(), caption: "扫码核验本文书".into() }],
        },
        block(
            Part::Contact,
            "",
            Style::Normal,
            false,
            &[
                "咨询、纠错、补领 0769-00000000",
                "投诉监督 12345",
                "个人信息仅用于本案和12个月内初次违法核查，可来电查询、更正。",
            ],
        ),
        block(Part::Heading, "", Style::Centred, true, &[number, &format!("校验码 {check}")]),
    ]
}

pub fn fine(signed: bool) -> Document {
    let number = "东城管当罚字〔2026〕第000123号";
    let check = "7K4M-2Q9D";
    let mut blocks = vec![
        block(Part::Mark, "", Style::Centred, false, &["〖样本·无法律效力〗"]),
        block(Part::Heading, "", Style::Centred, false, &["东莞市城市管理和综合执法局", "东城分局"]),
        block(Part::Heading, "", Style::Large, false, &["当场行政处罚决定书"]),
        block(Part::Heading, "", Style::Centred, false, &[number, &format!("校验码 {check}")]),
        block(
            Part::Party,
            "当事人",
            Style::Normal,
            true,
            &["陈志𬱖（公民）", "居民身份证 尾号1234（已核验）", "住址 东城街道××路6号302房"],
        ),
        block(
            Part::Fact,
            "违法事实",
            Style::Normal,
            false,
            &[
                "2026年9月24日19时25分，你在东城街道××路88号门前人行道堆放旧家具，未经批准占用城市道路约1.2平方米。有照片4张、录像1段、你的陈述为证。",
            ],
        ),
        block(Part::Basis, "违反规定", Style::Normal, false, &["《城市道路管理条例》第二十七条第（一）项"]),
        block(
            Part::Basis,
            "处罚依据",
            Style::Normal,
            false,
            &[
                "同条例第四十二条：责令限期改正，可以处以2万元以下的罚款；《中华人民共和国行政处罚法》第五十一条",
            ],
        ),
        block(
            Part::Reason,
            "裁量",
            Style::Normal,
            false,
            &[
                "占用不足2平方米并当场清除，从轻档（××裁量基准第3项）。2026年6月2日同类行为已不予处罚，不属初次。",
            ],
        ),
        block(
            Part::Statement,
            "告知与申辩",
            Style::Normal,
            false,
            &[
                "决定前已出示执法证件，告知拟处罚内容、事实、理由、依据和陈述、申辩权。你陈述：“等人来收，一会就搬。”经复核，违法事实成立；未因申辩加重。",
            ],
        ),
        block(Part::Order, "责令改正", Style::Normal, true, &["立即清除。19时38分已改正。"]),
        block(Part::Decision, "处罚决定", Style::Normal, false, &["罚款"]),
        block(Part::Decision, "", Style::Large, false, &["￥50.00"]),
        block(Part::Decision, "", Style::Centred, false, &["人民币伍拾元整"]),
        block(
            Part::Payment,
            "缴款",
            Style::Normal,
            true,
            &[
                "自收到本决定书之日起15日内（至2026年10月9日，含当日）缴纳50.00元。",
                "代收机构：××银行东莞东城支行，东城街道××路1号；或扫缴款码。",
                "缴款识别码 44192600000000000123",
                "逾期不缴的，每日按罚款数额的百分之三加处罚款，总额不超过50.00元。确有经济困难可申请延期或分期。",
                "执法人员不收现金和个人转账；缴款后可取财政电子票据。",
            ],
        ),
        Block {
            part: Part::Codes,
            label: String::new(),
            style: Style::Centred,
            rule_above: false,
            lines: vec![Line::Code { code: "44192600000000000123".into(), caption: "扫码缴款".into() }],
        },
        block(
            Part::Rights,
            "权利",
            Style::Normal,
            true,
            &[
                "对本决定不服的，应当自收到本决定书之日起六十日内，先向东莞市人民政府申请行政复议，也可以通过本机关提交；对行政复议决定不服的，可以自收到行政复议决定书之日起十五日内向有管辖权的人民法院提起行政诉讼。复议、诉讼期间不停止执行，加处罚款不予计算。",
                "复议受理 ××路1号 0769-00000000",
            ],
        ),
    ];
    blocks.extend(tail(number, check, signed));
    Document {
        version: 1,
        kind: SlipKind::Penalty,
        title: "当场行政处罚决定书".into(),
        number: number.into(),
        check_code: check.into(),
        code: code(),
        pay_code: Some("44192600000000000123".into()),
        keep: vec!["陈志𬱖".into(), "￥50.00".into(), "人民币伍拾元整".into()],
        blocks,
    }
}

pub fn no_penalty() -> Document {
    let number = "东城管不罚字〔2026〕第000456号";
    let check = "3F8R-6T2W";
    let mut blocks = vec![
        block(Part::Mark, "", Style::Centred, false, &["〖样本·无法律效力〗"]),
        block(Part::Heading, "", Style::Centred, false, &["东莞市城市管理和综合执法局", "东城分局"]),
        block(Part::Heading, "", Style::Large, false, &["不予行政处罚决定书"]),
        block(Part::Heading, "", Style::Centred, false, &[number, &format!("校验码 {check}")]),
        block(
            Part::Party,
            "当事人",
            Style::Normal,
            true,
            &["阿依古丽·买买提（公民）", "居民身份证 尾号5678（已核验）"],
        ),
        block(
            Part::Fact,
            "违法事实",
            Style::Normal,
            false,
            &[
                "2026年9月24日19时05分，你在东城街道××路112号门前人行道摆放货架，未经批准占用城市道路约1.5平方米，行人绕行约10分钟。有照片3张、你的陈述为证。",
            ],
        ),
        block(
            Part::Basis,
            "违反规定",
            Style::Normal,
            false,
            &["《城市道路管理条例》第二十七条第（一）项，依第四十二条可以处罚"],
        ),
        block(Part::Decision, "决定", Style::Normal, true, &[]),
        block(Part::Decision, "", Style::Large, false, &["不予行政处罚"]),
        block(
            Part::Basis,
            "依据",
            Style::Normal,
            false,
            &[
                "《中华人民共和国行政处罚法》第三十三条第一款（初次违法且危害后果轻微并及时改正的，可以不予行政处罚）",
            ],
        ),
        block(
            Part::Reason,
            "理由",
            Style::Normal,
            false,
            &[
                "1.初次违法：截至当日17时58分的记录，本机关12个月内未发现你有同类违法。",
                "2.危害后果轻微：未阻断通行，未造成人身、财产损害。",
                "3.及时改正：19时16分已全部搬离（改正前后照片各1张）。",
            ],
        ),
        block(
            Part::Order,
            "责令改正",
            Style::Normal,
            true,
            &["依该条例第四十二条，责令立即清除，已改正；不得再占。"],
        ),
        block(
            Part::Education,
            "教育",
            Style::Normal,
            false,
            &["依行政处罚法第三十三条第三款，执法人员已当面讲解占道危害及可以摆卖的地点。"],
        ),
        block(Part::Statement, "陈述申辩", Style::Normal, false, &["你陈述：“第一次来，马上收。”已听取。"]),
        block(
            Part::Notice,
            "提示",
            Style::Normal,
            false,
            &["这不是处罚，不用缴款。本次情况登记备查，再次发生同类行为将依法处理。"],
        ),
        block(
            Part::Rights,
            "权利",
            Style::Normal,
            true,
            &[
                "认为本决定侵犯你合法权益的，可以自收到之日起六十日内向东莞市人民政府申请行政复议，也可以自收到之日起六个月内直接向有管辖权的人民法院提起行政诉讼。",
            ],
        ),
    ];
    blocks.extend(tail(number, check, false));
    Document {
        version: 1,
        kind: SlipKind::NoPenalty,
        title: "不予行政处罚决定书".into(),
        number: number.into(),
        check_code: check.into(),
        code: code(),
        pay_code: None,
        keep: vec!["阿依古丽·买买提".into()],
        blocks,
    }
}

/// Every character that PRINTING and the law name as trouble.
pub fn rare() -> Document {
    let mut slip = no_penalty();
    slip.blocks.insert(
        5,
        block(
            Part::Notice,
            "生僻字",
            Style::Normal,
            false,
            &["𬱖 𬭎 㛃 䶮 𠮷 · ¥50.00 ￥50.00 龘 ㎡ ℃ №3 gjpqy|"],
        ),
    );
    slip
}

/// The slip of the comparison with other libraries (PRINTING): some 330 characters, three rules, no pictures.
pub fn text_only() -> Document {
    use Part::{Basis, Codes, Reason, Rights, Signatures, Statement};
    let mut slip = fine(false);
    slip.blocks.retain(|b| !matches!(b.part, Codes | Signatures | Rights | Reason | Statement | Basis));
    for block in &mut slip.blocks {
        block.lines.retain(|l| matches!(l, Line::Text { .. }));
    }
    slip
}

/// The same with the largest code and three signatures: the whole slip of the budget.
pub fn whole() -> Document {
    let mut slip = text_only();
    slip.blocks.extend(
        fine(true).blocks.into_iter().filter(|b| b.part == Part::Signatures || b.part == Part::Service),
    );
    slip.blocks.push(Block {
        part: Part::Codes,
        label: String::new(),
        style: Style::Centred,
        rule_above: false,
        lines: vec![Line::Code { code: code(), caption: "扫码核验本文书".into() }],
    });
    slip
}
