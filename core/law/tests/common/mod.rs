//! The national pack from the repository and a small town pack that has every form of clause once.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_law::{
    decision::{History, Inquiry, PriorOrder},
    facts::{Facts, Value},
    money::Fen,
    rulebook::{Files, Rulebook},
    terms::PartyKind,
};

pub fn read_dir(dir: &Path) -> Files {
    fn walk(root: &Path, dir: &Path, files: &mut Files) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = Files::new();
    walk(dir, dir, &mut files);
    files
}

pub fn national_files() -> Files {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    read_dir(&above.map(|dir| dir.join("rulebooks/prc-national")).find(|dir| dir.is_dir()).unwrap())
}

pub fn national() -> Rulebook {
    Rulebook::load(&national_files(), &[]).unwrap_or_else(|e| panic!("{:#?}", e.findings))
}

pub const MANIFEST: &str = r#"
id = "town"
title = "测试规则包（样例）"
version = 1
semantics = 1
sample = true
effective_from = 2026-01-01
published_at = "样例"
[[import]]
id = "prc-national"
hash = ""
"#;

pub const FACTS: &str = r#"
[[fact]]
name = "on_road"
ask = "是否占用人行道？"
type = "bool"
yes = "占用人行道"
no = "没有占用人行道"
[[fact]]
name = "area"
ask = "占用面积？"
type = "int"
label = "面积"
unit = "㎡"
decimals = 1
min = 0
max = 1000
[[fact]]
name = "heads"
ask = "几只？"
type = "int"
label = "数量"
unit = "只"
min = 1
max = 100
"#;

pub const OFFENCES: &str = r#"
# 责令改正；拒不改正的，处五十元以上五百元以下罚款
[[offence]]
id = "stall"
name = "占道摆摊"
conduct = "occupy"
fact_text = "占用人行道摆摊[，占用面积{fact:area}]"
elements = { on_road = true }
violated = ["town 第一条"]
basis = ["town 第二条"]
order = { text = "立即清理", hours = 0 }
clause = "order_first"
boundary = "“以上”“以下”均包括本数"
overlap = "unique"
[offence.penalty]
fine = "must"
individual = { low = 50, high = 500 }
unit = { low = 50, high = 500 }
[[offence.tier]]
id = "light"
name = "从轻"
when = { area = "<2" }
individual = { low = 50, high = 100 }
unit = { low = 50, high = 100 }
[[offence.tier]]
id = "common"
name = "一般"
when = { area = "2..5" }
individual = { low = 100, high = 200 }
unit = { low = 100, high = 200 }
[[offence.tier]]
id = "heavy"
name = "从重"
when = { area = ">5" }
individual = { low = 200, high = 500 }
unit = { low = 200, high = 500 }
over_gate = true
[[offence.example]]
name = "light"
order = "not_corrected"
facts = { on_road = true, area = "1.9", gain = false, minor = false, harm = "slight" }
expect = { outcome = "fine", yuan = 50, tier = "light" }
[[offence.example]]
name = "common low"
order = "refused"
facts = { on_road = true, area = 2, gain = false, minor = false, harm = "slight" }
expect = { outcome = "fine", yuan = 100, tier = "common" }
[[offence.example]]
name = "common high"
order = "not_corrected"
facts = { on_road = true, area = 5, gain = false, minor = false, harm = "slight" }
expect = { outcome = "fine", tier = "common" }
[[offence.example]]
name = "heavy"
order = "not_corrected"
party = "sole_trader"
facts = { on_road = true, area = "5.1", gain = false, minor = false, harm = "slight" }
expect = { outcome = "ordinary_procedure", tier = "heavy", offence = "stall" }
[[offence.example]]
name = "no"
facts = { on_road = false }
expect = { outcome = "no_violation" }
[[offence.example]]
name = "first"
facts = { on_road = true, area = 2 }
expect = { outcome = "order" }

# 处二十元以上五十元以下罚款
[[offence]]
id = "litter"
name = "乱扔垃圾"
conduct = "litter"
fact_text = "乱扔垃圾"
violated = ["town 第三条"]
basis = ["town 第四条"]
order = { text = "立即清除", hours = 0 }
clause = "direct"
gain = "none"
gain_reason = "乱扔垃圾不会取得款项"
[offence.penalty]
fine = "must"
individual = { low = 20, high = 50 }
unit = { low = 500, high = 5000 }
over_gate = true
[[offence.example]]
name = "fine"
facts = { minor = false, harm = "slight", corrected = false }
expect = { outcome = "fine", yuan = 20 }

# 给予警告，可以并处二百元以下罚款
[[offence]]
id = "dog"
name = "未清除犬粪"
conduct = "dog"
fact_text = "未清除犬粪"
violated = ["town 第五条"]
basis = ["town 第六条"]
order = { text = "立即清除", hours = 0 }
clause = "direct"
gain = "none"
gain_reason = "不会取得款项"
[offence.penalty]
warning = "must"
fine = "may"
both = true
individual = { high = 200 }
unit = { high = 200 }
[[offence.example]]
name = "warning"
facts = { minor = false, harm = "slight", corrected = false }
expect = { outcome = "warning" }
[[offence.example]]
name = "both"
choose = "warning_and_fine"
facts = { minor = false, harm = "slight", corrected = false }
expect = { outcome = "warning_and_fine", yuan = 1 }

# 每只二十元以上五十元以下
[[offence]]
id = "poultry"
name = "饲养家禽"
conduct = "poultry"
fact_text = "饲养家禽{fact:heads}"
violated = ["town 第七条"]
basis = ["town 第八条"]
order = { text = "限期改正", hours = 72 }
clause = "direct"
[offence.penalty]
fine = "must"
individual = { low = 20, high = 50 }
unit = { low = 20, high = 50 }
per = "heads"
over_gate = true
[[offence.example]]
name = "two"
facts = { minor = false, harm = "slight", corrected = false, heads = 2, gain = false }
expect = { outcome = "fine", yuan = 40 }

# 没有罚则
[[offence]]
id = "advice"
name = "劝导事项"
conduct = "advice"
fact_text = "不文明行为"
violated = ["town 第九条"]
order = { text = "", hours = 0 }
clause = "direct"
[[offence.example]]
name = "advice"
facts = { corrected = false }
expect = { outcome = "advice" }

# 与占道摆摊同一行为，幅度更高
[[offence]]
id = "stall-city"
name = "擅自占用城市道路"
conduct = "occupy"
fact_text = "擅自占用城市道路"
elements = { on_road = true, area = ">5.5" }
violated = ["town 第十条"]
basis = ["town 第十一条"]
order = { text = "限期改正", hours = 24 }
clause = "direct"
[offence.penalty]
fine = "may"
individual = { high = 20000 }
unit = { high = 20000 }
over_gate = true
[[offence.example]]
name = "over"
facts = { minor = false, harm = "slight", corrected = false, on_road = true, area = "5.6", gain = false }
expect = { outcome = "ordinary_procedure" }
[[offence.example]]
name = "not"
facts = { on_road = true, area = "5.5" }
expect = { outcome = "no_violation" }
[[offence.example]]
name = "not"
facts = { on_road = false, area = 9 }
expect = { outcome = "no_violation" }

[[pair]]
a = "stall"
b = "stall-city"
relation = "higher_fine"
because = "两部规定均可适用"
cite = ["cfl 第二十九条"]
"#;

pub const NUMBERS: &str = r#"
[numbers]
penalty = "镇当罚〔{yyyy}〕第{seq:6}号"
no_penalty = "镇不罚〔{yyyy}〕第{seq}号"
order = "镇责改〔{yyyy}〕第{seq}号"
notice = "镇告〔{yyyy}〕第{seq}号"
hand_written = "镇手〔{yyyy}〕第{seq}号"
"#;

pub const ORGAN: &str = r#"
name = "某镇综合行政执法办公室"
code = "TOWN"
address = "某镇一路1号"
phone = "0000-1"
complaint_phone = "0000-2"
come_where = "某镇一路1号"
come_when = "工作日"
data_purpose = "仅用于本案"
[bank]
name = "样例银行"
address = "某镇二路"
[reconsideration]
name = "某市人民政府"
[court]
name = "某市人民法院"
"#;

pub fn town_files() -> Files {
    let mut files = Files::new();
    let mut put = |name: &str, text: &str| files.insert(name.to_owned(), text.as_bytes().to_vec());
    put(
        "manifest.toml",
        &MANIFEST.replace("hash = \"\"", &format!("hash = \"{}\"", national().reference().hash)),
    );
    put("facts.toml", FACTS);
    put("offences/all.toml", OFFENCES);
    put(
        "instruments.toml",
        "[instruments.town]\ntitle = \"某镇测试条例\"\nlevel = \"local_regulation\"\nversion = 2025-06-01\n",
    );
    put("settings.toml", "waiver = \"delegated\"\nwaiver_cite = [\"town 第二十条\"]\n");
    put("numbers.toml", NUMBERS);
    put("organ.toml", ORGAN);
    files
}

pub fn load(files: &Files) -> Rulebook {
    Rulebook::load(files, &[&national()]).unwrap_or_else(|e| panic!("{:#?}", e.findings))
}

pub fn town() -> Rulebook {
    load(&town_files())
}

/// The town pack with one piece of text replaced.
pub fn town_with(file: &str, from: &str, to: &str) -> Rulebook {
    load(&edited(file, from, to))
}

pub fn edited(file: &str, from: &str, to: &str) -> Files {
    let mut files = town_files();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{from}");
    files.insert(file.into(), text.replacen(from, to, 1).into_bytes());
    files
}

pub fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

pub fn inquiry(offence: &str, facts: &[(&str, Value)]) -> Inquiry {
    Inquiry {
        offence: offence.into(),
        party: PartyKind::Citizen,
        age_at_act: Some(30),
        act_at: at("2026-03-02 10:00"),
        decided_at: at("2026-03-02 10:05"),
        discovered_at: None,
        facts: Facts(facts.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()),
        prior_order: None,
        history: History { earlier: Some(false), as_of: Some(at("2026-03-02 08:00")), stale: false },
        encounter_fines: Fen::ZERO,
        defence_cap: None,
        choice: None,
    }
}

pub fn yes() -> Value {
    Value::Bool(true)
}

pub fn no() -> Value {
    Value::Bool(false)
}

pub fn choice(value: &str) -> Value {
    Value::Choice(value.into())
}

pub fn order(corrected: Option<bool>) -> PriorOrder {
    PriorOrder {
        number: "镇责改〔2026〕第1号".into(),
        offence: String::new(),
        ordered_on: NaiveDate::from_ymd_opt(2026, 3, 1).unwrap(),
        due: at("2026-03-01 18:00"),
        served: true,
        rechecked: corrected.map(|_| at("2026-03-02 09:00")),
        corrected,
        refused: false,
    }
}
