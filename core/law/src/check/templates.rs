//! Template lint: the places exist, and each paper carries the clauses of its outcome, and no others.

use crate::{
    rulebook::{Files, Findings, Rulebook, format::TemplatesFile},
    template::{BlockTemplate, PLACES, Part, RETIRED, SlipTemplate},
    terms::{Remedy, SlipKind},
};

/// Papers that a pack with offences needs.
const NEEDED: [SlipKind; 7] = [
    SlipKind::Advice,
    SlipKind::Order,
    SlipKind::OrderUnnamed,
    SlipKind::NoPenalty,
    SlipKind::Guardian,
    SlipKind::Penalty,
    SlipKind::Transfer,
];

pub(super) fn check(book: &Rulebook, files: &Files, found: &mut Findings) {
    // Only this pack's own papers: inherited ones were checked with their pack.
    for (file, bytes) in files.iter().filter(|(path, _)| path.starts_with("templates/")) {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let read: TemplatesFile = toml::from_str(text).unwrap_or_default();
        for (i, template) in read.templates.iter().enumerate() {
            let mut lint = Lint { file, base: format!("template[{i}]"), found };
            lint.places(template);
            lint.remedy(template);
            lint.payment(template);
            lint.must_say(template);
        }
    }
    if !book.offences.is_empty() {
        for kind in NEEDED {
            if book.template(kind).is_none() {
                found.error(
                    "manifest.toml",
                    "import",
                    format!("缺少文书模板 {kind:?} / the template {kind:?} is missing"),
                );
            }
        }
    }
}

struct Lint<'a> {
    file: &'a str,
    base: String,
    found: &'a mut Findings,
}

/// The clause that belongs to each paper (LAW.md 1.7).
fn remedy_of(template: &SlipTemplate) -> Option<Remedy> {
    match template.kind {
        SlipKind::Penalty => Some(Remedy::ReconsiderationFirst),
        SlipKind::Order | SlipKind::OrderUnnamed | SlipKind::NoPenalty | SlipKind::Guardian => {
            Some(Remedy::ReconsiderationOrCourt)
        }
        // An order on it can be contested by itself.
        SlipKind::Transfer if orders(template) => Some(Remedy::ReconsiderationOrCourt),
        SlipKind::Advice | SlipKind::NoPenaltyProposed | SlipKind::Transfer => Some(Remedy::None),
        // A correction or revocation follows the decision that it changes; the rest decide nothing.
        _ => None,
    }
}

fn orders(template: &SlipTemplate) -> bool {
    template.blocks.iter().any(|b| b.lines.iter().any(|l| l.contains("{order}")))
}

impl Lint<'_> {
    fn error(&mut self, cell: &str, sentence: impl Into<String>) {
        let path = if cell.is_empty() { self.base.clone() } else { format!("{}.{cell}", self.base) };
        self.found.error(self.file, &path, sentence);
    }

    fn places(&mut self, template: &SlipTemplate) {
        for (b, block) in template.blocks.iter().enumerate() {
            for (key, names) in [("when", &block.when), ("unless", &block.unless)] {
                for name in names {
                    self.place(&format!("block[{b}].{key}"), name);
                }
            }
            for (l, line) in block.lines.iter().enumerate() {
                let cell = format!("block[{b}].lines[{l}]");
                if line.matches('{').count() != line.matches('}').count() {
                    self.error(&cell, "花括号不成对 / the braces do not match");
                }
                for place in line.split('{').skip(1).filter_map(|t| t.split('}').next()) {
                    self.place(&cell, &format!("{{{place}}}"));
                }
            }
        }
    }

    /// `written` as it stands: in braces in a line, bare in a condition.
    fn place(&mut self, cell: &str, written: &str) {
        let name = written.trim_matches(['{', '}']);
        if !PLACES.contains(&name) {
            self.error(cell, format!("没有“{written}”这个位置 / there is no place `{written}`"));
        } else if RETIRED.contains(&name) {
            self.error(
                cell,
                format!(
                    "位置“{name}”已停用，打印前没有内容可填 / the place `{name}` is retired: nothing fills it"
                ),
            );
        }
    }

    fn remedy(&mut self, template: &SlipTemplate) {
        if let Some(right) = remedy_of(template).filter(|right| *right != template.remedy) {
            self.error("remedy", format!("此文书的救济条款应为 {right:?} / this paper carries {right:?}"));
        }
        if template.kind == SlipKind::Transfer {
            let open = template
                .blocks
                .iter()
                .position(|b| b.part == Part::Rights && !b.when.iter().any(|w| w == "order"));
            if let Some(b) = open {
                self.error(
                    &format!("block[{b}].when"),
                    "转出时没有责令的，不告知复议、诉讼：when = [\"order\"] / a transfer names a remedy only with an order",
                );
            }
        }
        let rights = text_of(template, |block| block.part == Part::Rights);
        let all = text_of(template, |_| true);
        let (review, court) = (rights.contains("行政复议"), rights.contains("行政诉讼"));
        let first =
            rights.contains("应当") && (rights.contains("先向") || rights.contains("先申请")) && review;
        let six_months = rights.contains("六个月");
        match template.remedy {
            Remedy::ReconsiderationFirst => {
                if !first || !rights.contains("六十日") || !rights.contains("{reconsideration_organ}") {
                    self.error("remedy", "当场处罚须告知自收到之日起六十日内先向复议机关申请行政复议（复议法第二十三条） / say: within sixty days, first to the reconsideration organ");
                }
                if !court || !rights.contains("十五日") || !rights.contains("{court}") {
                    self.error("remedy", "当场处罚须告知对复议决定不服的，十五日内向哪一法院提起行政诉讼（处罚法第五十二条第二款） / say: fifteen days after the reconsideration, to which court");
                }
                if six_months {
                    self.error("remedy", "复议前置的文书不得告知六个月内直接起诉 / a paper with reconsideration first must not offer court within six months");
                }
            }
            Remedy::ReconsiderationOrCourt => {
                if !review || !court || !six_months || !rights.contains("六十日") {
                    self.error("remedy", "须告知六十日内申请行政复议或者六个月内提起行政诉讼 / say: reconsideration within sixty days or court within six months");
                }
                if rights.contains("应当先") || rights.contains("先申请") || rights.contains("先向") {
                    self.error("remedy", "此文书不适用复议前置 / reconsideration does not come first here");
                }
            }
            Remedy::None => {
                if review || court || all.contains("六个月内") {
                    self.error(
                        "remedy",
                        "没有作出决定的文书不应告知复议、诉讼 / a paper that decides nothing names no remedy",
                    );
                }
            }
        }
    }

    /// 15 days and 3 % only where there is a fine, and there always (处罚法 67, 72; 罚缴分离办法 7).
    fn payment(&mut self, template: &SlipTemplate) {
        let payment = text_of(template, |block| block.part == Part::Payment);
        let elsewhere = text_of(template, |block| !matches!(block.part, Part::Payment | Part::Rights));
        if template.kind == SlipKind::Penalty {
            for word in ["十五日", "百分之三", "{pay_bank}", "{pay_bank_address}"] {
                if !payment.contains(word) {
                    self.error("", format!("缴款部分缺少“{word}” / the payment block lacks `{word}`"));
                }
            }
            let open = template.blocks.iter().position(|b| {
                b.part == Part::Payment
                    && !b
                        .when
                        .iter()
                        .any(|w| matches!(w.as_str(), "amount_digits" | "pay_code" | "pay_code_absent"))
            });
            if let Some(b) = open {
                self.error(&format!("block[{b}].when"), "缴款内容只在有罚款时印：when = [\"amount_digits\"] / payment is printed only with a fine");
            }
        } else if matches!(
            template.kind,
            SlipKind::Advice
                | SlipKind::Order
                | SlipKind::OrderUnnamed
                | SlipKind::NoPenalty
                | SlipKind::NoPenaltyProposed
                | SlipKind::Guardian
                | SlipKind::Transfer
        ) {
            let words = format!("{payment}{elsewhere}");
            for word in ["百分之三", "缴纳罚款", "加处罚款"] {
                if words.contains(word) {
                    self.error(
                        "",
                        format!(
                            "没有罚款的文书不应出现“{word}” / a paper without a fine must not say `{word}`"
                        ),
                    );
                }
            }
        }
    }

    /// 处罚法 52 ②: what must stand on the paper.
    fn must_say(&mut self, template: &SlipTemplate) {
        let all = text_of(template, |_| true);
        for place in ["{organ}", "{title}", "{number}", "{sample}", "{drill}", "{officer_1}", "{officer_2}"] {
            let internal = matches!(
                template.kind,
                SlipKind::PaymentReference
                    | SlipKind::FilingSheet
                    | SlipKind::EServiceConsent
                    | SlipKind::Commitment
            );
            // The head of the organ decides these, not the officers.
            let by_head = place.starts_with("{officer")
                && matches!(template.kind, SlipKind::Correction | SlipKind::Revocation);
            if !all.contains(place) && !internal && !by_head {
                self.error("", format!("缺少“{place}” / `{place}` is missing"));
            }
        }
        if template.kind == SlipKind::Penalty {
            for place in [
                "{fact}",
                "{act_time}",
                "{act_place}",
                "{violated}",
                "{basis}",
                "{decision}",
                "{amount_digits}",
                "{amount_capitals}",
                "{decided_at}",
                "{decided_place}",
                "{court}",
            ] {
                if !all.contains(place) {
                    self.error(
                        "",
                        format!(
                            "当场处罚决定书缺少“{place}”（处罚法第五十二条） / the decision lacks `{place}`"
                        ),
                    );
                }
            }
            if !all.contains("拒绝签") {
                self.error(
                    "",
                    "缺少拒绝签收的注明（处罚法第五十二条） / the line for a refusal to sign is missing",
                );
            }
        }
        if matches!(template.kind, SlipKind::NoPenalty | SlipKind::NoPenaltyProposed)
            && !all.contains("{education}")
        {
            self.error("", "不予处罚须记载教育（处罚法第三十三条第三款） / a waiver records the education");
        }
    }
}

fn text_of(template: &SlipTemplate, keep: impl Fn(&BlockTemplate) -> bool) -> String {
    template
        .blocks
        .iter()
        .filter(|b| keep(b))
        .flat_map(|b| b.lines.iter())
        .cloned()
        .collect::<Vec<_>>()
        .join("\n")
}
