//! The national templates and a full set of values for them.

use std::collections::BTreeMap;

use ezhifa_law::{
    rulebook::{Files, Rulebook},
    template::SlipTemplate,
    terms::SlipKind,
};
use ezhifa_slip::{Document, Mark, Marks, Places, fill};

use super::{code, strokes};

pub fn national() -> Rulebook {
    pack("prc-national", &[])
}

pub fn dongguan() -> Rulebook {
    pack("dongguan-sample", &[&national()])
}

/// The sample pack with one file written otherwise.
pub fn edited(file: &str, with: &dyn Fn(&str) -> String) -> Rulebook {
    let mut files = files("dongguan-sample");
    let text = with(std::str::from_utf8(&files[file]).unwrap());
    files.insert(file.to_owned(), text.into_bytes());
    Rulebook::load(&files, &[&national()]).unwrap()
}

fn pack(name: &str, imports: &[&Rulebook]) -> Rulebook {
    Rulebook::load(&files(name), imports).unwrap()
}

fn files(name: &str) -> Files {
    // Tests of other crates use these samples too: the packs lie somewhere above.
    let above = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = above.map(|d| d.join("rulebooks").join(name)).find(|d| d.is_dir()).unwrap();
    let mut files = Files::new();
    read(&root, "", &mut files);
    files
}

fn read(dir: &std::path::Path, prefix: &str, files: &mut Files) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// A value for every place that stands on some paper before the print.
pub fn places() -> Places {
    [
        ("sample", "样本·无法律效力"),
        ("organ", "东莞市城市管理和综合执法局"),
        ("branch", "东城分局"),
        ("number", "东城管当罚〔2026〕第000123号"),
        ("check_code", "7K4M-2Q9D"),
        ("party", "陈志𬱖"),
        ("party_kind", "公民"),
        ("party_id", "居民身份证 尾号1234（已核验）"),
        ("party_address", "东城街道××路6号302房"),
        ("guardian", "李秀兰"),
        ("child", "张某某（13周岁）"),
        ("act_time", "2026年9月24日19时25分"),
        ("act_place", "东城街道××路88号门前人行道"),
        ("fact", "堆放旧家具，未经批准占用城市道路约1.2平方米"),
        ("proof", "照片4张、录像1段、你的陈述"),
        ("violated", "《城市道路管理条例》第二十七条第一项"),
        ("basis", "《城市道路管理条例》第四十二条：责令限期改正，可以处以2万元以下的罚款"),
        ("reasons", "1.截至当日17时58分的记录，未查到同类违法记录。\n2.危害后果轻微。\n3.已及时改正。"),
        ("tier", "从轻（1.2平方米）"),
        ("limb_basis", "《中华人民共和国行政处罚法》第三十三条第一款（初次违法且危害后果轻微并及时改正的，可以不予行政处罚）"),
        ("limb_b", "是"),
        ("history_as_of", "2026年9月24日17时58分"),
        ("statement", "你陈述：“等人来收，一会就搬。”"),
        ("statement_review", "经复核，违法事实成立"),
        ("order", "立即清除占道物品"),
        ("order_done", "19时38分已改正（改正后照片1张）"),
        ("decision", "罚款"),
        ("amount_digits", "￥50.00"),
        ("amount_capitals", "人民币伍拾元整"),
        ("late_fee_cap", "50.00"),
        ("education", "当面讲解占道危害及可以摆卖的地点"),
        ("commitment", "你承诺于2026年9月25日18时00分前改正"),
        ("pay_bank", "××银行东莞东城支行"),
        ("pay_bank_address", "东城街道××路1号"),
        ("pay_last_day", "2026年10月9日"),
        ("pay_code", "44192600000000000123"),
        ("reconsideration_organ", "东莞市人民政府"),
        ("reconsideration_address", "××路1号"),
        ("reconsideration_phone", "0769-00000000"),
        ("reconsideration_online", "××网上复议"),
        ("court", "有管辖权的人民法院"),
        ("decided_at", "2026年9月24日19时42分"),
        ("decided_place", "东城街道××路88号门前"),
        ("officer_1", "王建国 证号19S00123"),
        ("officer_2", "李秀英 证号19S00456"),
        ("party_sign", "是"),
        ("contact_phone", "0769-00000000"),
        ("complaint_phone", "12345"),
        ("data_purpose", "仅用于本案和12个月内初次违法核查"),
        ("come_where", "东城分局综合执法队，××路1号"),
        ("come_when", "工作日9时至17时"),
        ("transfer_reason", "罚款幅度上限超过当场处罚限额"),
        ("void_reason", "打印机故障"),
        ("corrects", "东城管当罚〔2026〕第000122号"),
        ("correction", "“东城街道××路8号”补正为“东城街道××路88号”"),
        ("revokes", "东城管当罚〔2026〕第000121号"),
        ("revocation_reason", "违法事实不能成立"),
        ("e_address", "138****0000（短信）"),
        ("head", "赵志明"),
        ("filing", "东城管当罚〔2026〕第000123号 罚款￥50.00 9月24日19时42分\n东城管不罚〔2026〕第000456号 不予处罚 9月24日19时18分"),
        ("receipt", "4419000000000123"),
        ("you", "你"),
        ("title", ""),
    ]
    .into_iter()
    .map(|(k, v)| (k, v.to_owned()))
    .collect()
}

/// Every paper of the national pack, filled; those that read otherwise in another case, once more.
pub fn papers() -> Vec<Document> {
    let book = national();
    type Variant<'a> = (SlipKind, &'a [(&'static str, &'a str)], &'a [&'a str]);
    let variants: [Variant<'_>; 5] = [
        (SlipKind::Transfer, &[("handed_to", "公安机关交通管理部门")], &["order"]),
        (SlipKind::Transfer, &[], &["order"]),
        (SlipKind::Penalty, &[("cash", "是")], &["pay_code", "order_done", "statement_review"]),
        (SlipKind::OrderUnnamed, &[("identity_refused", "是")], &["order_done"]),
        (SlipKind::NoPenalty, &[("limb_e", "是"), ("act_ended", "2023年1月2日")], &["limb_b"]),
    ];
    let plain = book.templates().map(|t| filled(t, &[], &[]));
    let other = variants.iter().map(|(kind, add, take)| filled(book.template(*kind).unwrap(), add, take));
    plain.chain(other).collect()
}

fn filled(template: &SlipTemplate, add: &[(&'static str, &str)], take: &[&str]) -> Document {
    let marks = Marks {
        officers: [Some(Mark::Strokes { strokes: strokes() }), Some(Mark::Strokes { strokes: strokes() })],
        party: Some(Mark::Ink),
    };
    let mut places = places();
    places.insert("title", template.title.clone());
    places.insert("verify_code", code());
    places.extend(add.iter().map(|(name, value)| (*name, (*value).to_owned())));
    places.retain(|name, _| !take.contains(name));
    Document {
        version: 1,
        kind: template.kind,
        title: template.title.clone(),
        number: places["number"].clone(),
        check_code: places["check_code"].clone(),
        code: code(),
        pay_code: places.get("pay_code").cloned(),
        keep: vec![
            places["party"].clone(),
            places["amount_digits"].clone(),
            places["corrects"].clone(),
            places["revokes"].clone(),
        ],
        blocks: fill(template, &places, &marks).unwrap(),
    }
}

/// By place name, so that a test can take one away.
pub fn without(name: &str) -> Places {
    let mut places: BTreeMap<_, _> = places();
    places.remove(name);
    places
}
