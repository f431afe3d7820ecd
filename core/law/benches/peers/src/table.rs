//! The same 64-row table in our own typed form and in three general rule engines, in one run: first row that
//! fits, the last one, so that every row is looked at. Each engine gets its rules compiled before the clock
//! runs, and must give the same answer.

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use ezhifa_law::rulebook::{Cond, Known, Table, Test};
use serde_json::{Value, json};

const ROWS: i64 = 64;
/// Row of the answer: the area of 63.5 m² falls into the last tier.
const LAST: i64 = 63;

fn facts() -> Value {
    json!({ "on_road": true, "harm": "slight", "minutes": 50, "area": 635, "gain": false, "items": 5 })
}

/// Six conditions a row; rows differ in the range of the area.
fn words(row: i64) -> [(&'static str, String); 6] {
    [
        ("on_road", "on_road == true".into()),
        ("harm", "harm != \"serious\"".into()),
        ("minutes", "minutes >= 0 && minutes <= 100".into()),
        ("area", format!("area >= {} && area <= {}", row * 10, row * 10 + 9)),
        ("gain", "gain == false".into()),
        ("items", "items >= 1 && items <= 9".into()),
    ]
}

fn ours(c: &mut Criterion) {
    let inputs = words(0).iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows = (0..ROWS)
        .map(|r| {
            vec![
                Cond { input: 0, test: Test::Atoms(0b10) },
                Cond { input: 1, test: Test::Atoms(0b011) },
                Cond { input: 2, test: Test::Between(0, 100) },
                Cond { input: 3, test: Test::Between(r * 10, r * 10 + 9) },
                Cond { input: 4, test: Test::Atoms(0b01) },
                Cond { input: 5, test: Test::Between(1, 9) },
            ]
        })
        .collect();
    let table = Table { inputs, rows };
    let known =
        [Known::Atom(1), Known::Atom(1), Known::Int(50), Known::Int(635), Known::Atom(0), Known::Int(5)];
    assert_eq!(table.first_fit(&known), usize::try_from(LAST).ok());
    c.bench_function("64 rows/e-Zhifa", |b| b.iter(|| black_box(&table).first_fit(black_box(&known))));
}

fn zen(c: &mut Criterion) {
    use zen_engine::{DecisionEngine, Variable, model::DecisionContent};
    let unary = |row: i64| {
        json!({
            "on_road": "true", "harm": "$ != 'serious'", "minutes": "[0..100]",
            "area": format!("[{}..{}]", row * 10, row * 10 + 9),
            "gain": "false", "items": "[1..9]", "row": row.to_string(),
        })
    };
    let inputs: Vec<Value> =
        words(0).iter().map(|(name, _)| json!({ "id": name, "name": name, "field": name })).collect();
    let graph = json!({
        "nodes": [
            { "id": "in", "name": "in", "type": "inputNode" },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": {
                "hitPolicy": "first", "inputs": inputs,
                "outputs": [{ "id": "row", "name": "row", "field": "row" }],
                "rules": (0..ROWS).map(|r| unary(r)).collect::<Vec<_>>(),
            } },
            { "id": "out", "name": "out", "type": "outputNode" },
        ],
        "edges": [
            { "id": "a", "sourceId": "in", "targetId": "table", "type": "edge" },
            { "id": "b", "sourceId": "table", "targetId": "out", "type": "edge" },
        ],
    });
    let content: DecisionContent = serde_json::from_value(graph).expect("a graph");
    let engine = DecisionEngine::default();
    let mut decision = engine.create_decision(content.into()).expect("a decision");
    decision.compile();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let facts = Variable::from(facts());
    // Each run gets facts of its own: the engine writes into them.
    let ask = || {
        let answer = runtime.block_on(decision.evaluate(facts.deep_clone())).expect("an answer");
        Value::from(answer.result)
    };
    assert_eq!(ask()["row"], LAST);
    c.bench_function("64 rows/zen-engine", |b| b.iter(ask));
}

fn cel(c: &mut Criterion) {
    use cel::{Context, Env};
    let env = Arc::new(Env::stdlib());
    let programs: Vec<_> = (0..ROWS)
        .map(|row| {
            let all: Vec<String> = words(row).into_iter().map(|(_, w)| format!("({w})")).collect();
            env.compile(&all.join(" && ")).expect("a program")
        })
        .collect();
    let mut context = Context::with_env(env);
    for (name, value) in facts().as_object().expect("facts") {
        context.add_variable(name.clone(), value).expect("a variable");
    }
    let ask = || programs.iter().position(|p| matches!(p.execute(&context), Ok(cel::Value::Bool(true))));
    assert_eq!(ask(), usize::try_from(LAST).ok());
    c.bench_function("64 rows/cel", |b| b.iter(ask));
}

fn rego(c: &mut Criterion) {
    let rules: Vec<String> = (0..ROWS)
        .map(|row| {
            let all: Vec<String> = words(row)
                .into_iter()
                .flat_map(|(_, w)| {
                    w.split(" && ").map(|part| format!("input.{part}")).collect::<Vec<_>>()
                })
                .collect();
            format!("fits contains {row} if {{ {} }}", all.join("; "))
        })
        .collect();
    let policy = format!("package table\nimport rego.v1\n{}\nrow := min(fits)\n", rules.join("\n"));
    let mut engine = regorus::Engine::new();
    engine.add_policy("table.rego".into(), policy).expect("a policy");
    let input = regorus::Value::from_json_str(&facts().to_string()).expect("facts");
    let mut ask = || {
        engine.set_input(input.clone());
        engine.eval_rule("data.table.row".into()).expect("an answer")
    };
    assert_eq!(ask(), regorus::Value::from(u64::try_from(LAST).unwrap_or(0)));
    c.bench_function("64 rows/regorus", |b| b.iter(&mut ask));
}

criterion_group!(peers, ours, zen, cel, rego);
criterion_main!(peers);
