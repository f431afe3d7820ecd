//! The order of thought, step by step, as an officer and a court would see it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use ezhifa_law::{
    decide::{LawError, decide, explain, questions},
    decision::{AnswerKind, Choice, Decision, DefenceCap, Duty, Inquiry},
    facts::Value,
    money::Fen,
    rulebook::Rulebook,
    terms::{Limb, Outcome, PartyKind, Remedy, Series, SlipKind},
};

fn ruled(book: &Rulebook, inquiry: &Inquiry) -> Decision {
    decide(book, book, inquiry).unwrap()
}

/// Litter, nothing corrected: the plain fine.
fn fine() -> Inquiry {
    inquiry("litter", &[("corrected", no()), ("minor", no()), ("harm", choice("slight"))])
}

fn ripe_stall(area: i64) -> Inquiry {
    let mut inquiry = inquiry(
        "stall",
        &[
            ("on_road", yes()),
            ("area", Value::Int(area)),
            ("minor", no()),
            ("harm", choice("slight")),
            ("gain", no()),
        ],
    );
    inquiry.prior_order = Some(order(Some(false)));
    inquiry
}

#[test]
fn a_plain_fine_carries_law_amount_paper_and_remedy() {
    let book = town();
    let d = ruled(&book, &fine());
    assert_eq!((d.outcome, d.amount), (Outcome::Fine, Fen::yuan(20)));
    assert_eq!(
        (d.slip, d.series, d.remedy),
        (SlipKind::Penalty, Series::Penalty, Remedy::ReconsiderationFirst)
    );
    assert_eq!(d.basis[0].to_string(), "《某镇测试条例》第四条");
    assert_eq!(d.pack, book.reference());
    let text = explain(&d);
    for word in ["罚款20.00元", "贰拾元", "《某镇测试条例》第三条", "未改正", "town 第1版"]
    {
        assert!(text.contains(word), "{word} in\n{text}");
    }
}

#[test]
fn limb_a_is_mandatory_and_even_a_warning_is_not_open() {
    let book = town();
    let mut case = inquiry("dog", &[("corrected", yes()), ("minor", yes()), ("harm", choice("none"))]);
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.limb), (Outcome::NoPenalty, Some(Limb::A)));
    assert!(d.may_choose.is_empty());
    assert_eq!(d.duties, [Duty::Educate, Duty::ProveCorrection]);
    assert_eq!((d.slip, d.remedy), (SlipKind::NoPenalty, Remedy::ReconsiderationOrCourt));
    case.choice = Some(Choice { outcome: Outcome::Warning, amount: None });
    assert_eq!(decide(&book, &book, &case), Err(LawError::ChoiceNotOpen));
}

#[test]
fn invariant_05_limb_b_leaves_the_choice_and_is_provisional_on_an_unknown_history() {
    let book = town();
    let mut case = inquiry("litter", &[("corrected", yes()), ("minor", no()), ("harm", choice("slight"))]);
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.limb, d.provisional), (Outcome::NoPenalty, Some(Limb::B), false));
    assert_eq!(d.may_choose, [Outcome::Fine]);
    case.choice = Some(Choice { outcome: Outcome::Fine, amount: None });
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.limb, d.amount), (Outcome::Fine, None, Fen::yuan(20)));
    case.choice = None;
    case.history.earlier = None;
    let d = ruled(&book, &case);
    assert!(d.provisional && d.duties.contains(&Duty::ConfirmHistory));
    case.history.earlier = Some(true);
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine);
}

#[test]
fn a_promise_only_postpones() {
    let book = town();
    let d = ruled(
        &book,
        &inquiry("litter", &[("corrected", Value::Unknown), ("minor", yes()), ("harm", choice("none"))]),
    );
    assert_eq!((d.outcome, d.slip), (Outcome::Order, SlipKind::Order));
    assert_eq!(d.duties, [Duty::Recheck]);
}

#[test]
fn a_conditional_clause_needs_its_order_service_and_recheck() {
    let book = town();
    let mut case = ripe_stall(15);
    assert_eq!((ruled(&book, &case).outcome, ruled(&book, &case).amount), (Outcome::Fine, Fen::yuan(50)));
    case.prior_order = None;
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order);
    let mut unserved = order(Some(false));
    unserved.served = false;
    case.prior_order = Some(unserved);
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order);
    let mut early = order(Some(false));
    early.rechecked = Some(at("2026-03-01 17:59"));
    case.prior_order = Some(early.clone());
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order, "re-checked before it was due");
    early.refused = true;
    case.prior_order = Some(early);
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine, "refused");
    case.prior_order = Some(order(Some(true)));
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.limb, d.slip), (Outcome::OrderComplied, None, SlipKind::Order));
}

#[test]
fn tiers_follow_the_measure_and_the_bounds_belong_where_the_pack_says() {
    let book = town();
    for (area, tier, yuan) in [(0, "light", 50), (19, "light", 50), (20, "common", 100), (50, "common", 100)]
    {
        let d = ruled(&book, &ripe_stall(area));
        assert_eq!((d.tier.as_deref(), d.amount), (Some(tier), Fen::yuan(yuan)), "{area}");
    }
    assert_eq!(ruled(&book, &ripe_stall(15)).fact_text, "占用人行道摆摊，占用面积1.5㎡");
}

#[test]
fn the_gate_is_last_and_nothing_is_lowered_to_fit_it() {
    let book = town();
    let d = ruled(&book, &ripe_stall(51));
    assert_eq!((d.outcome, d.slip, d.amount), (Outcome::OrdinaryProcedure, SlipKind::Transfer, Fen::ZERO));
    // 500..5000 straddles the 3,000 of an organisation.
    let mut unit = fine();
    unit.party = PartyKind::Organisation;
    assert_eq!(ruled(&book, &unit).outcome, Outcome::OrdinaryProcedure);
    // Two fines for one party in one encounter are summed.
    let mut second = fine();
    second.encounter_fines = Fen::yuan(180);
    assert_eq!(ruled(&book, &second).outcome, Outcome::Fine);
    second.encounter_fines = Fen(18001);
    assert_eq!(ruled(&book, &second).outcome, Outcome::OrdinaryProcedure);
}

#[test]
fn a_sole_trader_is_a_citizen_at_the_gate_unless_the_pack_says_otherwise() {
    let case = |party| Inquiry { party, encounter_fines: Fen::yuan(190), ..fine() };
    assert_eq!(ruled(&town(), &case(PartyKind::SoleTrader)).outcome, Outcome::OrdinaryProcedure);
    let book = town_with("settings.toml", "waiver =", "sole_trader_gate = \"organisation\"\nwaiver =");
    assert_eq!(ruled(&book, &case(PartyKind::SoleTrader)).outcome, Outcome::Fine);
}

#[test]
fn under_fourteen_is_never_punished_and_the_guardian_is_told() {
    let book = town();
    let d = ruled(&book, &Inquiry { age_at_act: Some(13), ..fine() });
    assert_eq!((d.outcome, d.limb, d.slip), (Outcome::NoPenalty, Some(Limb::D), SlipKind::Guardian));
    assert!(d.duties.contains(&Duty::NotifyGuardian) && d.may_choose.is_empty());
}

#[test]
fn fourteen_to_seventeen_is_strictly_below_even_at_the_floor() {
    let book = town();
    for age in 14..18 {
        let d = ruled(&book, &Inquiry { age_at_act: Some(age), ..fine() });
        assert_eq!((d.outcome, d.amount), (Outcome::Fine, Fen::yuan(10)), "{age}");
    }
    assert_eq!(ruled(&book, &Inquiry { age_at_act: Some(18), ..fine() }).amount, Fen::yuan(20));
}

/// Found by `robust.rs` (one case in eighteen thousand): an adult who confesses and a child of 14 who
/// confesses paid the same, so that 处罚法 30 had no effect.
#[test]
fn invariant_03_the_age_counts_beside_every_other_ground() {
    let book = town();
    for ground in ["reduced_harm", "coerced", "confessed", "merit"] {
        for answer in [yes(), Value::Unknown] {
            let mut adult = fine();
            adult.facts.0.insert(ground.into(), answer);
            let child = Inquiry { age_at_act: Some(14), ..adult.clone() };
            let (adult, child) = (ruled(&book, &adult), ruled(&book, &child));
            assert_eq!((adult.amount, child.amount), (Fen::yuan(10), Fen::yuan(5)), "{ground}");
        }
    }
    // Two grounds weigh more than one, whatever the age.
    let mut case = fine();
    case.facts.0.extend([("confessed".into(), yes()), ("merit".into(), yes())]);
    assert_eq!(ruled(&book, &case).amount, Fen::yuan(5));
    // With all of them nothing is left to fine: the order remains.
    for ground in ["reduced_harm", "coerced"] {
        case.facts.0.insert(ground.into(), yes());
    }
    case.age_at_act = Some(17);
    assert_eq!((ruled(&book, &case).outcome, ruled(&book, &case).amount), (Outcome::Order, Fen::ZERO));
}

/// A warning is the proposal and a fine may be added: the added fine is mitigated too.
#[test]
fn invariant_03_a_fine_that_may_be_added_is_mitigated_as_well() {
    let book = town_with(
        "offences/all.toml",
        "both = true\nindividual = { high = 200 }",
        "both = true\nindividual = { low = 50, high = 200 }",
    );
    let mut case = inquiry("dog", &[("corrected", no()), ("minor", no()), ("harm", choice("slight"))]);
    case.age_at_act = Some(15);
    assert_eq!(ruled(&book, &case).may_choose, [Outcome::WarningAndFine]);
    case.choice = Some(Choice { outcome: Outcome::WarningAndFine, amount: None });
    assert_eq!(ruled(&book, &case).amount, Fen::yuan(25));
    case.choice = Some(Choice { outcome: Outcome::WarningAndFine, amount: Some(Fen::yuan(50)) });
    assert_eq!(decide(&book, &book, &case), Err(LawError::ChoiceNotOpen));
    // Where nothing would be left of it, it cannot be added.
    case.choice = None;
    assert!(ruled(&town(), &case).may_choose.is_empty());
}

/// What is offered can be taken: limb B fits, and without it mitigation leaves only the order.
#[test]
fn every_choice_that_is_offered_can_be_taken() {
    let book = town_with(
        "offences/all.toml",
        "fine = \"must\"\nindividual = { low = 20, high = 50 }\nunit = { low = 500, high = 5000 }",
        "fine = \"may\"\nindividual = { high = 50 }\nunit = { low = 500, high = 5000 }",
    );
    let mut case = inquiry(
        "litter",
        &[("corrected", yes()), ("minor", no()), ("harm", choice("slight")), ("merit", yes())],
    );
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, &d.may_choose[..]), (Outcome::NoPenalty, &[Outcome::Order][..]));
    case.choice = Some(Choice { outcome: Outcome::Order, amount: None });
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order);
}

/// A clause beyond the gate is not brought under it by mitigation: its proposal here is a stand-in.
#[test]
fn mitigation_does_not_bring_a_clause_under_the_gate() {
    let book = town();
    let mut case = ripe_stall(60);
    case.facts.0.insert("merit".into(), yes());
    assert_eq!(ruled(&book, &case).outcome, Outcome::OrdinaryProcedure);
}

#[test]
fn an_unknown_age_is_asked_and_then_neither_fined_nor_waived() {
    let book = town();
    let mut case = Inquiry { age_at_act: None, ..fine() };
    assert_eq!(questions(&book, &book, &case).unwrap()[0].fact, "age_band");
    case.facts.0.insert("age_band".into(), Value::Unknown);
    assert_eq!(ruled(&book, &case).outcome, Outcome::OrdinaryProcedure);
    case.facts.0.insert("age_band".into(), choice("adult"));
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine);
}

#[test]
fn a_disputed_fact_goes_to_the_ordinary_procedure_unless_settled() {
    let book = town();
    let mut case = inquiry(
        "litter",
        &[("corrected", yes()), ("minor", yes()), ("harm", choice("none")), ("disputed", yes())],
    );
    assert_eq!(questions(&book, &book, &case).unwrap()[0].fact, "settled_on_spot");
    case.facts.0.insert("settled_on_spot".into(), no());
    assert_eq!(ruled(&book, &case).outcome, Outcome::OrdinaryProcedure, "no waiver either");
    case.facts.0.insert("settled_on_spot".into(), yes());
    assert_eq!(ruled(&book, &case).outcome, Outcome::NoPenalty);
}

#[test]
fn too_late_is_too_late() {
    let book = town();
    let mut case = Inquiry { act_at: at("2026-03-02 10:00"), decided_at: at("2028-03-02 23:00"), ..fine() };
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine, "the last day");
    case.decided_at = at("2028-03-03 00:01");
    assert_eq!((ruled(&book, &case).outcome, ruled(&book, &case).limb), (Outcome::NoPenalty, Some(Limb::E)));
    case.discovered_at = Some(at("2026-04-01 00:00"));
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine, "discovered in time");
}

#[test]
fn gain_belongs_to_the_ordinary_procedure_and_is_asked_last() {
    let book = town();
    let mut case = ripe_stall(15);
    case.facts.0.insert("gain".into(), yes());
    assert_eq!(ruled(&book, &case).outcome, Outcome::OrdinaryProcedure);
    case.facts.0.remove("gain");
    assert_eq!(questions(&book, &book, &case).unwrap()[0].fact, "gain");
}

#[test]
fn the_higher_ceiling_prevails_and_may_leave_the_summary_procedure() {
    let book = town();
    let d = ruled(&book, &ripe_stall(60));
    assert_eq!((d.offence.as_str(), d.outcome), ("stall-city", Outcome::OrdinaryProcedure));
    // Not ripe: no fine is due under either but the direct one.
    let mut case = ripe_stall(60);
    case.prior_order = None;
    assert_eq!(ruled(&book, &case).offence, "stall-city");
    assert_eq!(ruled(&book, &ripe_stall(50)).offence, "stall", "the other does not fit");
}

#[test]
fn the_floor_of_the_displaced_provision_holds() {
    // Same ceiling for both would keep `stall`; 600 moves it, its own floor is nothing, 50 remains.
    let book = town_with("offences/all.toml", "individual = { high = 20000 }", "individual = { high = 600 }");
    let d = ruled(&book, &ripe_stall(60));
    assert_eq!(d.offence, "stall-city");
    assert_eq!(d.range.unwrap().low, Fen::yuan(50));
}

#[test]
fn a_may_clause_starts_mild_and_offers_the_rest() {
    let book = town();
    let mut case = inquiry("dog", &[("corrected", no()), ("minor", no()), ("harm", choice("slight"))]);
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.amount), (Outcome::Warning, Fen::ZERO));
    assert_eq!(d.may_choose, [Outcome::WarningAndFine]);
    case.choice = Some(Choice { outcome: Outcome::WarningAndFine, amount: Some(Fen::yuan(150)) });
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.amount), (Outcome::WarningAndFine, Fen::yuan(150)));
    case.choice = Some(Choice { outcome: Outcome::WarningAndFine, amount: Some(Fen::yuan(201)) });
    assert_eq!(decide(&book, &book, &case), Err(LawError::ChoiceNotOpen));
}

#[test]
fn amounts_for_each_head_multiply_and_meet_the_gate() {
    let book = town();
    let case = |heads| {
        let facts = [
            ("corrected", no()),
            ("minor", no()),
            ("harm", choice("slight")),
            ("gain", no()),
            ("heads", heads),
        ];
        inquiry("poultry", &facts)
    };
    let d = ruled(&book, &case(Value::Int(4)));
    assert_eq!((d.outcome, d.amount, d.range.unwrap().high), (Outcome::Fine, Fen::yuan(80), Fen::yuan(200)));
    assert_eq!(ruled(&book, &case(Value::Int(5))).outcome, Outcome::OrdinaryProcedure);
    assert_eq!(ruled(&book, &case(Value::Unknown)).amount, Fen::yuan(20), "unknown counts as one");
}

/// 五只鸡, not 五件鸡: an offence counts in its own unit, in the fact, in a reason and in the question.
#[test]
fn an_offence_counts_in_its_own_unit() {
    let book = town_with(
        "offences/all.toml",
        "fact_text = \"饲养家禽{fact:heads}\"",
        "units = { heads = \"羽\" }\nfact_text = \"饲养家禽{fact:heads}\"",
    );
    let mut case = inquiry(
        "poultry",
        &[
            ("corrected", no()),
            ("minor", no()),
            ("harm", choice("slight")),
            ("gain", no()),
            ("heads", Value::Int(2)),
        ],
    );
    assert_eq!(ruled(&book, &case).fact_text, "饲养家禽2羽");
    assert_eq!(ruled(&town(), &case).fact_text, "饲养家禽2只");
    assert_eq!(book.phrase_for("poultry", "heads", &Value::Int(2)), "数量2羽");
    case.facts.0.remove("heads");
    let asked = questions(&book, &book, &case).unwrap();
    assert!(matches!(&asked[0].answer, AnswerKind::Int { unit, .. } if unit == "羽"), "{asked:?}");
}

#[test]
fn a_defence_never_makes_it_harsher() {
    let book = town();
    let mut case = ripe_stall(30);
    assert_eq!(ruled(&book, &case).amount, Fen::yuan(100));
    case.defence_cap = Some(DefenceCap { outcome: Outcome::Fine, amount: Fen::yuan(50) });
    assert_eq!(ruled(&book, &case).amount, Fen::yuan(50));
    let mut dog = inquiry("dog", &[("corrected", no()), ("minor", no()), ("harm", choice("slight"))]);
    dog.defence_cap = Some(DefenceCap { outcome: Outcome::Warning, amount: Fen::ZERO });
    assert!(ruled(&book, &dog).may_choose.is_empty());
}

#[test]
fn the_milder_of_old_and_new_law_applies() {
    let old = town();
    let milder = town_with(
        "offences/all.toml",
        "individual = { low = 20, high = 50 }",
        "individual = { low = 10, high = 40 }",
    );
    let harsher = town_with(
        "offences/all.toml",
        "individual = { low = 20, high = 50 }",
        "individual = { low = 50, high = 100 }",
    );
    let repealed = town_with("offences/all.toml", "id = \"litter\"", "id = \"litter-old\"");
    let d = decide(&old, &milder, &fine()).unwrap();
    assert_eq!((d.amount, &d.pack, &d.pack_at_act), (Fen::yuan(10), &milder.reference(), &old.reference()));
    assert!(d.reasons.iter().any(|r| r.rule == "milder_law" && r.citations[0].article == "第三十七条"));
    let d = decide(&old, &harsher, &fine()).unwrap();
    assert_eq!((d.amount, &d.pack), (Fen::yuan(20), &old.reference()));
    assert_eq!(decide(&old, &repealed, &fine()).unwrap().outcome, Outcome::NoViolation);
    assert_eq!(decide(&repealed, &old, &fine()).unwrap().outcome, Outcome::NoViolation, "no law at the act");
}

/// 处罚法 37 holds for the other provision of a pair too: one that came into force after the act and is
/// harsher is not applied, though the offence itself never changed.
#[test]
fn a_harsher_provision_of_a_pair_does_not_reach_back() {
    let mut files = town_files();
    let later = r#"
[[offence]]
id = "litter-city"
name = "市区乱扔垃圾"
conduct = "litter"
fact_text = "市区乱扔垃圾"
violated = ["town 第十二条"]
basis = ["town 第十三条"]
order = { text = "立即清除", hours = 0 }
clause = "direct"
gain = "none"
gain_reason = "乱扔垃圾不会取得款项"
effective_from = 2026-04-01
[offence.penalty]
fine = "must"
individual = { low = 100, high = 200 }
unit = { low = 100, high = 200 }
[[pair]]
a = "litter"
b = "litter-city"
relation = "higher_fine"
because = "两部规定均可适用"
"#;
    files.get_mut("offences/all.toml").unwrap().extend_from_slice(later.as_bytes());
    let book = load(&files);
    let mut case = fine();
    case.decided_at = at("2026-04-05 10:00");
    let d = ruled(&book, &case);
    assert_eq!((d.offence.as_str(), d.amount), ("litter", Fen::yuan(20)), "the law at the act");
    assert!(d.reasons.iter().any(|r| r.rule == "milder_law"));
    case.act_at = at("2026-04-05 09:00");
    let d = ruled(&book, &case);
    assert_eq!((d.offence.as_str(), d.amount), ("litter-city", Fen::yuan(100)), "both in force at the act");
}

/// Where one of the two laws asks for a fact that is not known, nobody can say which is milder: no penalty.
#[test]
fn an_unclear_fact_of_either_law_stops_a_penalty() {
    let wide = town();
    let narrow = town_with(
        "offences/all.toml",
        "fact_text = \"乱扔垃圾\"",
        "fact_text = \"乱扔垃圾\"\nelements = { on_road = true }",
    );
    let mut case = fine();
    case.facts.0.insert("on_road".into(), Value::Unknown);
    for (then, now) in [(&narrow, &wide), (&wide, &narrow)] {
        let d = decide(then, now, &case).unwrap();
        assert_eq!(d.outcome, Outcome::OrdinaryProcedure);
        assert!(d.reasons.iter().any(|r| r.rule == "milder_law" && r.text.contains("尚不能判断")), "{d:?}");
    }
    case.facts.0.insert("on_road".into(), no());
    assert_eq!(decide(&narrow, &wide, &case).unwrap().outcome, Outcome::NoViolation, "known: the milder");
}

/// The organ's first pack says nothing about the day before it: neither "no violation" nor a penalty on it.
#[test]
fn an_act_before_the_first_pack_is_not_punished_on_it() {
    let book = town();
    let mut case = fine();
    case.act_at = at("2025-12-31 23:00");
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.amount), (Outcome::OrdinaryProcedure, Fen::ZERO));
    assert!(d.reasons.iter().any(|r| r.rule == "milder_law" && r.text.contains("早于本规则包")));
    let waived = inquiry("litter", &[("corrected", yes()), ("minor", yes()), ("harm", choice("none"))]);
    let d = ruled(&book, &Inquiry { act_at: case.act_at, ..waived });
    assert_eq!((d.outcome, d.limb), (Outcome::NoPenalty, Some(Limb::A)));
}

/// 警告 only where the clause names it, also where a warning was what the party had been told.
#[test]
fn the_cap_of_a_defence_never_makes_up_a_warning() {
    let mut case = fine();
    case.defence_cap = Some(DefenceCap { outcome: Outcome::Warning, amount: Fen::ZERO });
    assert_eq!(ruled(&town(), &case).outcome, Outcome::Order);
}

#[test]
fn without_delegation_the_head_confirms() {
    let book = town_with("settings.toml", "\"delegated\"", "\"head_confirms\"");
    let d =
        ruled(&book, &inquiry("litter", &[("corrected", yes()), ("minor", yes()), ("harm", choice("none"))]));
    assert_eq!(
        (d.outcome, d.slip, d.remedy),
        (Outcome::NoPenaltyProposed, SlipKind::NoPenaltyProposed, Remedy::None)
    );
    assert!(d.duties.contains(&Duty::HeadConfirms));
}

#[test]
fn only_what_matters_is_asked_and_the_most_telling_first() {
    let book = town();
    let ask = |facts: &[(&str, Value)]| -> Vec<String> {
        questions(&book, &book, &inquiry("litter", facts)).unwrap().into_iter().map(|q| q.fact).collect()
    };
    assert_eq!(ask(&[]), ["corrected", "harm", "minor"]);
    assert_eq!(ask(&[("corrected", no())]), [""; 0], "both limbs are out, the clause has one tier");
    assert_eq!(ask(&[("corrected", yes()), ("harm", choice("none"))]), ["minor"]);
    assert_eq!(ask(&[("corrected", yes()), ("harm", choice("slight"))]), [""; 0]);
    let first = questions(&book, &book, &inquiry("stall", &[])).unwrap();
    assert_eq!(first[0].fact, "on_road");
    assert_eq!(first[0].text, "是否占用人行道？");
}

#[test]
fn answers_that_no_rulebook_knows_are_refused_by_name() {
    let book = town();
    let refused =
        |facts: &[(&str, Value)]| decide(&book, &book, &inquiry("litter", facts)).unwrap_err().to_string();
    assert!(refused(&[("weather", yes())]).contains("weather"));
    assert!(refused(&[("area", yes())]).contains("area"));
    assert!(refused(&[("area", Value::Int(1001))]).contains("area"));
    assert!(refused(&[("harm", choice("huge"))]).contains("harm"));
    assert!(decide(&book, &book, &inquiry("nothing", &[])).unwrap_err().to_string().contains("nothing"));
}

#[test]
fn no_penal_clause_ends_in_advice_and_no_fact_in_no_violation() {
    let book = town();
    assert_eq!(ruled(&book, &inquiry("advice", &[("corrected", no())])).outcome, Outcome::Advice);
    let d = ruled(&book, &inquiry("stall", &[("on_road", no())]));
    assert_eq!((d.outcome, d.remedy), (Outcome::NoViolation, Remedy::None));
}

#[test]
fn the_same_inquiry_gives_the_same_bytes() {
    let (a, b) = (town(), town());
    let json = |book: &Rulebook| serde_json::to_string(&ruled(book, &fine())).unwrap();
    assert_eq!(json(&a), json(&b));
}

#[test]
fn a_published_waiver_list_is_a_further_way_to_limb_b() {
    let list = "[[offence.waive]]\nid = \"l3\"\nlimb = \"B\"\nwhen = { corrected = true, earlier_find = false, heads = \"..3\" }\ntext = \"不满四只，首次发现并改正\"\ncite = [\"town 第三十条\"]\n[[offence.example]]\nname = \"two\"";
    let book = town_with("offences/all.toml", "[[offence.example]]\nname = \"two\"", list);
    let case = |heads| {
        let facts = [
            ("corrected", yes()),
            ("minor", no()),
            ("harm", choice("serious")),
            ("gain", no()),
            ("heads", heads),
        ];
        inquiry("poultry", &facts)
    };
    let d = ruled(&book, &case(Value::Int(3)));
    assert_eq!((d.outcome, d.limb), (Outcome::NoPenalty, Some(Limb::B)));
    assert_eq!(
        d.reasons.iter().find(|r| r.rule.ends_with("waive.l3")).unwrap().citations[0].article,
        "第三十条"
    );
    assert_eq!(ruled(&book, &case(Value::Int(4))).outcome, Outcome::Fine);
}

#[test]
fn a_special_provision_prevails_over_the_general_one() {
    let book = town_with(
        "offences/all.toml",
        "relation = \"higher_fine\"",
        "relation = \"special\"\nprevails = \"stall\"",
    );
    assert_eq!(ruled(&book, &ripe_stall(60)).offence, "stall");
    let city = inquiry("stall-city", &[("on_road", yes()), ("area", Value::Int(60))]);
    assert_eq!(ruled(&book, &city).offence, "stall");
}

#[test]
fn shared_bounds_go_to_the_milder_tier_where_the_table_says_so() {
    let milder = "overlap = \"milder\"";
    let files = {
        let mut files = edited("offences/all.toml", "overlap = \"unique\"", milder);
        let text = String::from_utf8(files["offences/all.toml"].clone()).unwrap();
        files.insert(
            "offences/all.toml".into(),
            text.replacen("area = \"<2\"", "area = \"..2\"", 1).into_bytes(),
        );
        files
    };
    assert_eq!(ruled(&load(&files), &ripe_stall(20)).tier.as_deref(), Some("light"));
}

#[test]
fn a_clause_with_confiscation_orders_on_the_spot_and_punishes_elsewhere() {
    let book = town_with(
        "offences/all.toml",
        "clause = \"order_first\"",
        "clause = \"order_first\"\nordinary_because = \"并处没收\"",
    );
    let mut case = ripe_stall(15);
    let d = ruled(&book, &case);
    assert_eq!((d.outcome, d.tier.as_deref()), (Outcome::OrdinaryProcedure, Some("light")));
    case.prior_order = None;
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order);
}

/// 处罚法 37 is about what is punished. Who may waive, what may end on the spot and which organ acts is settled
/// by what is in force at the decision, also where the law at the act is applied.
#[test]
fn procedure_and_competence_are_those_of_the_decision() {
    let old = town();
    let head = town_with("settings.toml", "\"delegated\"", "\"head_confirms\"");
    let child = Inquiry { age_at_act: Some(13), ..fine() };
    assert_eq!(decide(&old, &head, &child).unwrap().outcome, Outcome::NoPenaltyProposed);
    assert_eq!(decide(&head, &old, &child).unwrap().outcome, Outcome::NoPenalty);
    // Another organ's now: we do not fine, whatever was milder (38). No violation then stays none.
    let theirs =
        town_with("offences/all.toml", "id = \"litter\"", "id = \"litter\"\nrefer_to = \"生态环境局\"");
    let d = decide(&old, &theirs, &fine()).unwrap();
    assert_eq!((d.outcome, d.pack), (Outcome::Referral, theirs.reference()));
    assert_eq!(decide(&theirs, &old, &fine()).unwrap().outcome, Outcome::Fine, "ours now");
    let none = town_with("offences/all.toml", "id = \"litter\"", "id = \"litter-old\"");
    assert_eq!(decide(&none, &theirs, &fine()).unwrap().outcome, Outcome::NoViolation);
}

/// 处罚法 30: the order comes first under such a clause, and a child's guardian is told beside it, where the
/// pack says so; the golden decisions of packs that do not say it stay as they are.
#[test]
fn invariant_03_an_order_to_a_child_tells_the_guardian() {
    let book = town_with("settings.toml", "\"delegated\"", "\"delegated\"\nguardian_with_order = true");
    let stall = Inquiry { prior_order: None, age_at_act: Some(13), ..ripe_stall(15) };
    let d = ruled(&book, &stall);
    assert_eq!((d.outcome, d.slip), (Outcome::Order, SlipKind::Order));
    assert!(d.duties.contains(&Duty::NotifyGuardian), "{:?}", d.duties);
    assert!(d.reasons.iter().any(|r| r.citations.iter().any(|c| c.article == "第三十条")), "{:?}", d.reasons);
    for age in [14, 30] {
        let older = ruled(&book, &Inquiry { age_at_act: Some(age), ..stall.clone() });
        assert!(!older.duties.contains(&Duty::NotifyGuardian), "{age}");
    }
    let silent = "\"delegated\"\nguardian_with_order = false";
    let d = ruled(&town_with("settings.toml", "\"delegated\"", silent), &stall);
    assert!(d.outcome == Outcome::Order && !d.duties.contains(&Duty::NotifyGuardian));
}

/// An order on another matter is none for this one: the order comes first (invariant 7).
#[test]
fn invariant_07_an_order_on_another_offence_is_no_order() {
    let book = town();
    let mut case = ripe_stall(15);
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine);
    case.prior_order.as_mut().unwrap().offence = "stall".into();
    assert_eq!(ruled(&book, &case).outcome, Outcome::Fine);
    case.prior_order.as_mut().unwrap().offence = "dog".into();
    assert_eq!(ruled(&book, &case).outcome, Outcome::Order);
}
